/* Expressions: names, arithmetic, chains, indices. */
#include <assert.h>
#include <math.h>
#include <stdarg.h>
#include <string.h>
#include "lower/builtin.h"
#include "lower/call.h"
#include "lower/data.h"
#include "lower/expr.h"
#include "lower/look.h"
#include "lower/run.h"
#include "lower/units.h"
#include "lower/variable.h"

enum {
    CONSTS_DEEP = 200,
    EXPRESSIONS_DEEP = 1000             /* a level takes up to 1.2 KB of the stack */
};

struct value lower_const(struct lower *l, struct named_ast *c)
{
    struct frame frame = {.role = ROLE_CONST, .path = "", .random_path = "", .caller = l->current};
    if (c->value)
        return c->value->value;
    if (c->busy) {
        diag_error(l->diags, c->ast->name_span, "const '%s' is defined by itself", c->name);
        return value_error();
    }
    if (l->const_depth == CONSTS_DEEP) {
        if (!l->consts_deep)
            diag_error(l->diags, c->ast->name_span,
                       "consts are made of one another more than %d deep", CONSTS_DEEP);
        l->consts_deep = true;
        return value_error();
    }
    c->busy = true;
    l->const_depth++;
    struct frame *before = l->current;
    l->current = &frame;
    frame_bind(l, &frame, c->name, lower_expr(l, &frame, c->ast->kid[0]), c->ast->span);
    l->current = before;
    l->const_depth--;
    c->busy = false;
    c->value = frame_find(&frame, c->name);
    enum value_kind kind = c->value->value.kind;
    if (kind == V_TENSOR || kind == V_LAYER)
        diag_error(l->diags, c->ast->kid[0]->span, "a const must be known at compile time");
    return c->value->value;
}

/* ---- names ---- */
struct choices { const char **name; int count, room; };

static void add_choice(struct lower *l, struct choices *c, const char *name)
{
    ARENA_PUSH(l->arena, c->name, c->count, c->room) = name;
}

static void add_scope(struct lower *l, struct choices *c, const struct scope *scope)
{
    for (int i = 0; i < scope->count; i++)
        add_choice(l, c, scope->item[i]->name);
}

static const char *file_of(struct lower *l, const struct named_ast *block)
{
    return diags_source(l->diags, block->ast->span.source)->path;
}

/* The blocks of the library that fit the place: no loss is a metric, and train has optimizers and
 * schedules alone. */
static void add_library(struct lower *l, struct choices *c, enum role role)
{
    const struct scope *scope = &l->library_blocks;
    for (int i = 0; i < scope->count; i++) {
        const char *file = file_of(l, scope->item[i]);
        bool training = strstr(file, "optimizers") || strstr(file, "schedules");
        bool fits = role == ROLE_TRAIN    ? training
                    : role == ROLE_METRIC ? !training && !strstr(file, "losses")
                                          : !strstr(file, "optimizers");
        if (fits || role == ROLE_OPTIMIZER)
            add_choice(l, c, scope->item[i]->name);
    }
}

const char *lower_nearest_metric(struct lower *l, const char *name)
{
    struct choices c = {0};
    const struct scope *scope = &l->library_blocks;
    for (int i = 0; i < scope->count; i++)
        if (strstr(file_of(l, scope->item[i]), "metrics") && strcmp(scope->item[i]->name, name))
            add_choice(l, &c, scope->item[i]->name);
    return diag_nearest(name, c.name, c.count);
}

struct value lower_unknown(struct lower *l, struct frame *frame, const struct ast *name,
                           const char *what)
{
    struct choices c = {0};
    bool value = !strcmp(what, "name");
    struct diag *d;
    if (!strcmp(name->text, "zscore") || !strcmp(name->text, "minmax")) {
        lower_error(l, frame, name->span,
                    "'%s' stands last in a field of data: columns(0..3) -> %s", name->text,
                    name->text);
        return value_error();
    }
    d = lower_error(l, frame, name->span, "unknown %s '%s'", what, name->text);
    if (!diag_wants_help(d))
        return value_error();
    for (struct binding *b = frame->names; b; b = b->next)
        if (value || b->value.kind == V_LAYER)
            add_choice(l, &c, b->name);
    if (value && !frame->library)
        add_scope(l, &c, &l->consts);
    add_scope(l, &c, &l->user_blocks);
    add_library(l, &c, frame->role);
    for (int i = 0; builtin_name(i); i++)
        add_choice(l, &c, builtin_name(i));
    for (int i = 0; frame->role == ROLE_DATA && i < l->program->data.file_count; i++)
        if (*l->program->data.file[i].name)
            add_choice(l, &c, l->program->data.file[i].name);
    const char *near = diag_nearest(name->text, c.name, c.count);
    if (near)
        diag_help(d, "did you mean '%s'?", near);
    else if (frame->role == ROLE_DATA)
        lower_help_arrays(l, d);
    return value_error();
}

static bool holds_tensor(struct value v)
{
    bool any = v.kind == V_TENSOR;
    for (int i = 0; !any && v.kind == V_LIST && i < v.count; i++)
        any = holds_tensor(v.item[i]);
    return any;
}

static struct value lower_name(struct lower *l, struct frame *frame, const struct ast *ast)
{
    struct value value;
    struct binding *b = frame_find(frame, ast->text);
    if (b && b->graph != l->graph && holds_tensor(b->value)) {
        struct diag *d = lower_error(
            l, frame, ast->span, "'%s' is not known yet where start values are made", ast->text);
        diag_help(
            d, "numbers, consts and shapes are; so are shape, fan_in and fan_out of the parameter");
        return value_error();
    }
    if (b)
        return lower_own_units(l, frame, b->value);
    struct named_ast *c = frame->library ? NULL : scope_find(&l->consts, ast->text);
    if (c)
        return lower_const(l, c);
    if (builtin_value(l, frame, ast->text, ast->span, &value))
        return value;
    if (lower_is_layer(l, frame, ast))
        return (struct value){.kind = V_LAYER, .layer = lower_layer(l, frame, ast)};
    return lower_unknown(l, frame, ast, "name");
}

/* ---- layers ---- */
static const struct ast *strip_parens(const struct ast *ast)
{
    while (ast->kind == AST_PARENS && ast->count == 1)
        ast = ast->kid[0];
    return ast;
}

static bool names_layer(struct lower *l, struct frame *frame, const struct ast *name,
                        bool operators)
{
    if (name->kind != AST_NAME)
        return false;
    struct binding *b = frame_find(frame, name->text);
    if (b)
        return b->value.kind == V_LAYER;
    return lower_find_block(l, frame->library, name->text)
           || (operators && builtin_takes_value(name->text));
}

/* Whether the expression can stand where a layer is wanted: the name of a block or an operator, a
 * call of a block, or a chain that begins with such. */
bool lower_is_layer(struct lower *l, struct frame *frame, const struct ast *ast)
{
    bool chain = false;
    for (ast = strip_parens(ast); ast->kind == AST_AS || ast->kind == AST_CHAIN;) {
        chain |= ast->kind == AST_CHAIN;
        ast = strip_parens(ast->kid[0]);
    }
    bool call = ast->kind == AST_CALL;
    return names_layer(l, frame, call ? ast->kid[0] : ast, !call || chain);
}

static struct layer *new_layer(struct lower *l, struct frame *frame)
{
    struct layer *layer = ARENA_NEW(l->arena, struct layer);
    layer->frame = frame;
    layer->names = frame->names;
    return layer;
}

/* f(...) where f is a layer by itself: it must have no arguments yet. */
static struct layer *add_arguments(struct lower *l, struct frame *frame, struct layer *layer,
                                   const struct layer *of, const struct ast *ast)
{
    if (of->first || of->arguments || of->path) {
        lower_error(l, frame, ast->span, "the layer '%s' has its arguments already",
                    ast->kid[0]->text);
        return layer;
    }
    layer->block = of->block;
    layer->name = of->name;
    layer->arguments = ast->kid[1];
    return layer;
}

static struct layer *named_layer(struct lower *l, struct frame *frame, const struct ast *ast)
{
    struct layer *layer = new_layer(l, frame);
    const struct ast *name = ast->kind == AST_CALL ? ast->kid[0] : ast;
    struct binding *b = name->kind == AST_NAME ? frame_find(frame, name->text) : NULL;
    if (b && b->value.kind == V_LAYER)
        return ast->kind == AST_NAME ? b->value.layer
                                     : add_arguments(l, frame, layer, b->value.layer, ast);
    layer->arguments = ast->kind == AST_CALL ? ast->kid[1] : NULL;
    if (name->kind == AST_NAME)
        layer->block = lower_find_block(l, frame->library, name->text);
    if (layer->block || (name->kind == AST_NAME && builtin_exists(name->text)))
        layer->name = name->text;
    else if (name->kind == AST_NAME)
        lower_unknown(l, frame, name, "block or operator");
    else
        lower_error(l, frame, ast->span, "a chain of layers is made of names and calls");
    return layer;
}

struct layer *lower_layer(struct lower *l, struct frame *frame, const struct ast *ast)
{
    ast = strip_parens(ast);
    if (ast->kind == AST_CHAIN) {
        struct layer *layer = new_layer(l, frame);
        layer->first = lower_layer(l, frame, ast->kid[0]);
        layer->second = lower_layer(l, frame, ast->kid[1]);
        return layer;
    }
    if (ast->kind == AST_AS) {
        struct layer *layer = new_layer(l, frame);
        *layer = *lower_layer(l, frame, ast->kid[0]);
        layer->as = ast->text;
        return layer;
    }
    return named_layer(l, frame, ast);
}

/* ---- the rest ---- */
static struct value lower_list(struct lower *l, struct frame *frame, const struct ast *ast)
{
    struct value list = {.kind = V_LIST, .count = ast->count, .span = ast->span};
    list.item = ARENA_ARRAY(l->arena, struct value, ast->count + 1);
    for (int i = 0; i < ast->count; i++) {
        list.item[i] = lower_expr(l, frame, ast->kid[i]);
        if (list.item[i].kind == V_ERROR)
            return value_error();
    }
    return list;
}

static struct value lower_range(struct lower *l, struct frame *frame, const struct ast *ast)
{
    struct value v = {.kind = V_RANGE, .count = 2, .span = ast->span};
    v.item = ARENA_ARRAY(l->arena, struct value, 2);
    for (int i = 0; i < 2; i++) {
        v.item[i] = lower_expr(l, frame, ast->kid[i]);
        if (v.item[i].kind == V_ERROR)
            return value_error();
    }
    return v;
}

static struct value lower_index(struct lower *l, struct frame *frame, const struct ast *ast)
{
    struct value item[RANK_MAX + 1], v = lower_expr(l, frame, ast->kid[0]);
    const struct ast *elements = ast->kid[1];
    if (elements->count > RANK_MAX) {
        lower_error(l, frame, ast->span, "an index has at most %d parts", RANK_MAX);
        return value_error();
    }
    for (int i = 0; i < elements->count; i++) {
        item[i] = lower_expr(l, frame, elements->kid[i]);
        item[i].span = elements->kid[i]->span;
    }
    return value_index(l, v, item, elements->count, ast->span);
}

/* NAME.p, NAME.part.p: a parameter or buffer of a layer named by `let` or `as`, or of a call. */
static const char *member_path(struct lower *l, struct frame *frame, const struct ast *ast)
{
    if (ast->kind == AST_NAME) {
        struct binding *b = frame_find(frame, ast->text);
        if (b && b->value.kind == V_LAYER && b->value.layer->path)
            return b->value.layer->path;
        const char *path = names_find(frame->called, ast->text);
        return path ? path : ast->text;
    }
    const char *of = ast->kind == AST_MEMBER ? member_path(l, frame, ast->kid[0]) : NULL;
    return of ? path_join(l, of, ast->text) : NULL;
}

static struct value lower_member(struct lower *l, struct frame *frame, const struct ast *ast)
{
    const char *path = member_path(l, frame, ast);
    struct choices c = {0};
    struct value value;
    if (lower_run_value(l, frame, ast, &value))
        return value;
    if (!path) {
        lower_error(l, frame, ast->span, "'.' follows the name of a layer");
        return value_error();
    }
    if (l->phase == PHASE_INIT) {
        lower_error(l, frame, ast->span, "a start value cannot be made of another parameter");
        return value_error();
    }
    for (int i = 0; i < l->program->variable_count; i++) {
        struct variable *v = program_variable(l->program, i);
        if (v->kind > VAR_BUFFER)
            continue;
        if (!strcmp(v->path, path))
            return value_tensor(l, lower_current_value(l, i), false, ast->span);
        add_choice(l, &c, v->path);
    }
    struct diag *d = lower_error(l, frame, ast->span, "no parameter '%s' so far", path);
    const char *near = diag_nearest(path, c.name, c.count);
    if (near)
        diag_help(d, "did you mean '%s'?", near);
    else
        diag_help(d, "name the layer by 'let' or 'as', and use it above this line");
    return value_error();
}

static struct value lower_callish(struct lower *l, struct frame *frame, const struct ast *ast,
                                  const struct value *first, const char *as)
{
    if (ast->kind == AST_CALL)
        return lower_call(l, frame, ast->kid[0], ast->kid[1], first, as, ast->span);
    return lower_call(l, frame, ast, NULL, first, as, ast->span);
}

static struct value lower_chain(struct lower *l, struct frame *frame, const struct ast *ast)
{
    struct value first = lower_expr(l, frame, ast->kid[0]);
    const struct ast *next = ast->kid[1];
    const char *as = NULL;
    if (first.kind == V_ERROR)
        return first;
    if (next->kind == AST_AS) {
        as = next->text;
        next = next->kid[0];
    }
    return lower_callish(l, frame, next, &first, as);
}

static struct value lower_not(struct lower *l, struct frame *frame, const struct ast *ast)
{
    struct value v = lower_expr(l, frame, ast->kid[0]);
    if (v.kind == V_BOOL)
        return value_bool(v.number == 0, ast->span);
    if (v.kind == V_TENSOR && value_node(l, v)->dtype == BOOL)
        return value_map(l, OP_NOT, 1, &v, ast->span);
    if (v.kind != V_ERROR)
        lower_error(l, frame, ast->span, "'not' needs a bool, not %s", value_describe(l, v));
    return value_error();
}

static struct value lower_negative(struct lower *l, struct frame *frame, const struct ast *ast)
{
    struct value v = lower_expr(l, frame, ast->kid[0]);
    if (v.kind == V_NUMBER)
        return value_number(-v.number, ast->span);
    if (v.kind == V_TENSOR && value_node(l, v)->dtype == I32 && !v.classes)
        return value_binary(l, AST_SUB, value_number(0, ast->span), v, ast->span);
    return value_unary(l, OP_NEG, v, ast->span);
}

/* The option word that the name is of the set `of`. */
static struct value lower_word(struct lower *l, struct frame *frame, const struct ast *name,
                               const struct ast *of)
{
    const char **choice = ARENA_ARRAY(l->arena, const char *, of ? of->count + 1 : 1);
    int count = 0;
    struct binding *b = frame_find(frame, name->text);
    if (b && b->value.kind == V_WORD)
        return b->value;
    for (int i = 0; of && i < of->count; i++) {
        choice[count++] = of->kid[i]->text;
        if (!strcmp(name->text, of->kid[i]->text))
            return value_word(name->text, name->span);
    }
    struct diag *d = lower_error(l, frame, name->span, "'%s' is none of %s", name->text,
                                 of ? lower_span_text(l, of->span) : "the words");
    const char *near = diag_nearest(name->text, choice, count);
    if (near)
        diag_help(d, "did you mean '%s'?", near);
    if (of)
        diag_note(d, of->span, "the words are declared here");
    return value_error();
}

/* Compared with an option word, a bare name is a word of the same set. */
static bool lower_words(struct lower *l, struct frame *frame, const struct ast *ast,
                        struct value v[2])
{
    for (int i = 0; i < 2 && (ast->kind == AST_EQ || ast->kind == AST_NE); i++) {
        const struct ast *word = ast->kid[i], *other = ast->kid[1 - i];
        struct binding *b = word->kind == AST_NAME ? frame_find(frame, word->text) : NULL;
        if (!b || b->value.kind != V_WORD || other->kind != AST_NAME)
            continue;
        v[i] = b->value;
        v[1 - i] = lower_word(l, frame, other, b->value.words);
        return true;
    }
    return false;
}

static struct value lower_operator(struct lower *l, struct frame *frame, const struct ast *ast)
{
    struct value v[2];
    if (!lower_words(l, frame, ast, v)) {
        v[0] = lower_expr(l, frame, ast->kid[0]);
        if (v[0].kind == V_BOOL && ast->kind == AST_AND && v[0].number == 0)
            return value_bool(false, ast->span);
        if (v[0].kind == V_BOOL && ast->kind == AST_OR && v[0].number != 0)
            return value_bool(true, ast->span);
        v[1] = lower_expr(l, frame, ast->kid[1]);
    }
    if (v[0].kind == V_ERROR || v[1].kind == V_ERROR)
        return value_error();
    if (ast->kind == AST_POW)
        return value_power(l, v[0], v[1], ast->span);
    if (ast->kind == AST_MATMUL)
        return value_matmul(l, v[0], v[1], ast->span);
    return value_binary(l, ast->kind, v[0], v[1], ast->span);
}

static struct value lower_misplaced(struct lower *l, struct frame *frame, const struct ast *ast)
{
    if (ast->kind == AST_NAMED) {
        lower_error(l, frame, ast->span, "'%s = ...' is an argument: it stands in a call",
                    ast->text);
        return value_error();
    }
    struct diag *d = lower_error(l, frame, ast->span, "'%s %s' is no expression", ast->text,
                                 lower_span_text(l, ast->kid[0]->span));
    diag_help(d,
              "a name and a number side by side are a share, as in: split train 80%%, test 20%%");
    return value_error();
}

static struct value lower_kind(struct lower *l, struct frame *frame, const struct ast *ast)
{
    switch (ast->kind) {
    case AST_NUMBER: return value_number(ast->number, ast->span);
    case AST_STRING: return (struct value){.kind = V_STRING, .text = ast->text, .span = ast->span};
    case AST_NAME: return lower_name(l, frame, ast);
    case AST_PARENS:
        if (ast->count == 1)
            return lower_expr(l, frame, ast->kid[0]);
        lower_error(l, frame, ast->span, "one expression stands between parentheses");
        return value_error();
    case AST_LIST: return lower_list(l, frame, ast);
    case AST_RANGE: return lower_range(l, frame, ast);
    case AST_ELLIPSIS: return (struct value){.kind = V_ELLIPSIS, .span = ast->span};
    case AST_INDEX: return lower_index(l, frame, ast);
    case AST_MEMBER: return lower_member(l, frame, ast);
    case AST_CALL: return lower_callish(l, frame, ast, NULL, NULL);
    case AST_AS: return lower_callish(l, frame, ast->kid[0], NULL, ast->text);
    case AST_CHAIN: return lower_chain(l, frame, ast);
    case AST_NOT: return lower_not(l, frame, ast);
    case AST_NEG: return lower_negative(l, frame, ast);
    case AST_ERROR: return value_error();
    case AST_NAMED:
    case AST_SHARE: return lower_misplaced(l, frame, ast);
    default: return lower_operator(l, frame, ast);
    }
}

/* Nodes made here carry the span of their expression and of the user's call around it. */
struct value lower_expr(struct lower *l, struct frame *frame, const struct ast *ast)
{
    if (l->expr_depth == EXPRESSIONS_DEEP) {
        lower_error(l, frame, ast->span, "expressions and calls are nested more than %d deep",
                    EXPRESSIONS_DEEP);
        return value_error();
    }
    l->expr_depth++;
    struct span span = l->graph->span, call = l->graph->call;
    l->graph->span = ast->span;
    l->graph->call = lower_user_span(l, frame, ast->span);
    struct value v = lower_kind(l, frame, ast);
    l->expr_depth--;
    if (v.kind == V_TENSOR
        && !dims_fit(value_rank(l, v), value_node(l, v)->shape.dim + v.per_row)) {
        lower_error(l, frame, ast->span, "%s has more than 2147483647 elements",
                    value_describe(l, v));
        v = value_error();
    }
    lower_look(l, ast->span, v);
    bool argument = ast->kind == AST_NAME && lower_in_library(l, ast->span) && v.span.source
                    && !lower_in_library(l, v.span);
    if (!argument)                      /* else the user's expression stays its place */
        v.span = ast->span;
    l->graph->span = span;
    l->graph->call = call;
    return v;
}
