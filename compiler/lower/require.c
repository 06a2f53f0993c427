/* What blocks say of their arguments: `require`, `warn`, and what a value was made by. */
#include <string.h>
#include "lower/builtin.h"
#include "lower/call.h"
#include "lower/expr.h"
#include "lower/require.h"

/* ---- what made a value ---- */

/* The blocks whose result a node is, the last one first. */
struct maker { const struct node *node; const struct ast *block; const struct maker *before; };

struct makers {
    const struct maker **item;          /* by node; of the node that it names alone */
    int count, room;
};

void lower_note_maker(struct lower *l, struct value v, const struct ast *block)
{
    if (v.kind != V_TENSOR)
        return;
    if (!l->makers)
        l->makers = ARENA_NEW(l->arena, struct makers);
    struct makers *makers = l->makers;
    struct maker *maker = ARENA_NEW(l->arena, struct maker);
    while (makers->count <= v.node)
        ARENA_PUSH(l->arena, makers->item, makers->count, makers->room) = NULL;
    *maker = (struct maker){value_node(l, v), block, makers->item[v.node]};
    makers->item[v.node] = maker;
}

static bool made_by_block(const struct lower *l, const struct node *n, const struct ast *block)
{
    const struct makers *makers = l->makers;
    const struct maker *m = makers && n->id < makers->count ? makers->item[n->id] : NULL;
    while (m && (m->node != n || m->block != block))
        m = m->before;
    return m != NULL;
}

bool lower_made_by(struct lower *l, struct value v, const struct layer *layer)
{
    enum op op;
    bool operator = !layer->block && builtin_map(layer->name, &op);
    const struct node *n = v.kind == V_TENSOR ? value_node(l, v) : NULL;
    for (; n; n = graph_node(l->graph, n->operand[0])) {
        if (operator ? n->op == op : made_by_block(l, n, layer->block))
            return true;
        if (n->op != OP_RESHAPE && n->op != OP_STOP_GRADIENT)
            return false;               /* these two leave every number as it is */
    }
    return false;
}

/* ---- statements ---- */
static const char *value_text(struct lower *l, struct value v);

/* A list of numbers, or the one that all of them are. */
static const char *list_text(struct lower *l, struct value list)
{
    const char *text = list.count ? value_text(l, list.item[0]) : "";
    bool same = true;
    for (int i = 1; i < list.count; i++)
        same = same && list.item[i].number == list.item[0].number;
    for (int i = 1; !same && i < list.count; i++)
        text = arena_printf(l->arena, "%s, %s", text, value_text(l, list.item[i]));
    return same ? text : arena_printf(l->arena, "[%s]", text);
}

static const char *value_text(struct lower *l, struct value v)
{
    switch (v.kind) {
    case V_LIST: return list_text(l, v);
    case V_NUMBER: return arena_printf(l->arena, "%.9g", v.number);
    case V_WORD:
    case V_STRING: return v.text;
    default: return value_describe(l, v);
    }
}

/* The name between the next { and }, and what stands behind it; NULL where there is none. */
static const char *next_name(struct lower *l, const char **at)
{
    *at += strcspn(*at, "{");
    if (!**at)
        return NULL;
    const char *name = *at + 1;
    size_t size = strcspn(name, "}");
    *at = name + size + (name[size] != '\0');
    return arena_strndup(l->frames, name, size);
}

/* Are all names in {} known?  An error otherwise. */
static bool names_known(struct lower *l, struct frame *frame, const struct ast *string)
{
    const char *at = string->text, *name;
    while ((name = next_name(l, &at)) != NULL)
        if (at[-1] != '}' || !frame_find(frame, name)) {
            lower_error(l, frame, string->span, "between { and } stands a name of this body, not "
                        "'%s'", name);
            return false;
        }
    return true;
}

/* The text with the values of the names in {}, which are known. */
static const char *fill_in(struct lower *l, struct frame *frame, const struct ast *string)
{
    struct text text;
    text_init(&text, l->frames);
    text_puts(&text, "");
    for (const char *at = string->text; *at;) {
        text_add(&text, at, strcspn(at, "{"));
        const char *name = next_name(l, &at);
        if (name)
            text_puts(&text, value_text(l, frame_find(frame, name)->value));
    }
    return text.data;
}

static bool is_argument(const struct frame *frame, const char *name)
{
    const struct ast *formals = frame->declaration->kid[0];
    for (int i = 0; i < formals->count; i++)
        if (!strcmp(formals->kid[i]->text, name))
            return true;
    return false;
}

/* The user's text of the first argument that the condition names and the user gave. */
static bool find_given(struct lower *l, struct frame *frame, const struct ast *condition,
                       struct span *span)
{
    const struct binding *b = condition->kind == AST_NAME && is_argument(frame, condition->text)
                                  ? frame_find(frame, condition->text)
                                  : NULL;
    if (b && b->value.span.source && !diags_source(l->diags, b->value.span.source)->library) {
        *span = b->value.span;
        return true;
    }
    for (int i = 0; i < condition->count; i++)
        if (condition->kid[i] && find_given(l, frame, condition->kid[i], span))
            return true;
    return false;
}

/* After what is required and is not so, nothing of the block is lowered. */
static void report(struct lower *l, struct frame *frame, const struct ast *ast, const char *text,
                   const char *help)
{
    struct span span = ast->span;
    bool required = !strcmp(ast->text, "require");
    if (frame->role != ROLE_MODEL && !find_given(l, frame, ast->kid[0]->kid[0], &span))
        span = lower_user_span(l, frame->caller, frame->call);
    struct diag *d = (required ? diag_error : diag_warning)(l->diags, span, "%s", text);
    if (help)
        diag_help(d, "%s", help);
    if (frame->role != ROLE_MODEL)
        diag_note(d, ast->span, required ? "'%s' requires it" : "'%s' warns of it",
                  frame->declaration->text);
    frame->returned = required && frame->role != ROLE_MODEL;
}

static bool is_computed_number(struct lower *l, struct value v)
{
    return v.kind == V_TENSOR && !v.per_row && value_rank(l, v) == 0;
}

/* Whether the condition compares a number that is computed, such as a schedule: its nodes would
 * stand in the graph for nothing. */
static bool compares_computed(struct lower *l, struct frame *frame, const struct ast *condition)
{
    const struct binding *b =
        condition->kind == AST_NAME ? frame_find(frame, condition->text) : NULL;
    bool computed = b && is_computed_number(l, b->value);
    for (int i = 0; condition->kind != AST_CALL && i < condition->count && !computed; i++)
        computed = condition->kid[i] && compares_computed(l, frame, condition->kid[i]);
    return computed;
}

enum known { FALSE, TRUE, NOT_YET, NOT_EVER };

/* NOT_YET: it is a computed number's; NOT_EVER: an error was reported. */
static enum known is_so(struct lower *l, struct frame *frame, const struct ast *ast)
{
    const struct ast *condition = ast->kid[0]->kid[0];
    if (compares_computed(l, frame, condition))
        return NOT_YET;
    struct value v = lower_expr(l, frame, condition);
    if (v.kind == V_BOOL)
        return v.number != 0 ? TRUE : FALSE;
    if (is_computed_number(l, v) && value_node(l, v)->dtype == BOOL)
        return NOT_YET;
    if (v.kind != V_ERROR)
        lower_error(l, frame, condition->span, "'%s' needs a bool known at compile time, not %s",
                    ast->text, value_describe(l, v));
    return NOT_EVER;
}

static bool is_well_formed(const struct ast *ast)
{
    const struct ast *operands = ast->kid[0];
    bool good = operands && operands->count >= 2 && operands->count <= 3;
    for (int i = 1; good && i < operands->count; i++)
        good = operands->kid[i]->kind == AST_STRING;
    return good;
}

void lower_require(struct lower *l, struct frame *frame, const struct ast *ast)
{
    if (!is_well_formed(ast)) {
        struct diag *d = lower_error(l, frame, ast->span, "'%s' takes a condition and a text, and "
                                     "maybe a second text that helps", ast->text);
        diag_help(d, "for example: require units > 0, \"'units' must be above 0, not {units}\"");
        return;
    }
    const struct ast *operands = ast->kid[0];
    enum known so = is_so(l, frame, ast);
    bool good = true;
    for (int i = 1; i < operands->count && good; i++)
        good = names_known(l, frame, operands->kid[i]);
    if (good && so == (strcmp(ast->text, "warn") ? FALSE : TRUE))
        report(l, frame, ast, fill_in(l, frame, operands->kid[1]),
               operands->count > 2 ? fill_in(l, frame, operands->kid[2]) : NULL);
}
