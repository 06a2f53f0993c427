/* Operators whose C the model brings along, called as blocks are.
 *
 * What a call of the C gets of a tensor are the axes that the signature names; the rows of the
 * batch, and leading axes where it says `...`, are calls.  Numbers come behind the tensors: sizes
 * that the signature names first, and arguments known at compile time, in its order. */
#include <inttypes.h>
#include <string.h>
#include "graph/custom.h"
#include "graph/custom_text.h"
#include "lower/arguments.h"
#include "lower/operator.h"

enum { TENSORS_MAX = 16 };

static bool type_is(const struct ast *type, const char *name)
{
    return type->kind == AST_TYPE && !strcmp(type->text, name);
}

static const struct ast *type_dims(const struct ast *type)
{
    return type->count ? type->kid[0] : NULL;
}

static bool has_leading(const struct ast *type)
{
    const struct ast *dims = type_dims(type);
    return dims && dims->count > 0 && dims->kid[0]->kind == AST_ELLIPSIS;
}

/* f32, or whole numbers with a shape; `int` and `bool` alone are known at compile time. */
static bool is_tensor(const struct ast *type)
{
    return type_is(type, "f32") || (type_is(type, "int") && type_dims(type));
}

static bool is_number(const struct ast *type)
{
    return (type_is(type, "int") || type_is(type, "bool")) && !type_dims(type);
}

/* ---- declarations ---- */

/* What C may not have, whoever compiles it; the rest is looked at when it is linted. */
static void check_text(struct lower *l, const struct ast *item, const struct custom_text *text)
{
    int source = item->kid[3]->span.source;
    struct span span = {source, text->line, text->column, text->line, text->end};
    if (!text->fault)
        return;
    struct diag *d = diag_error(l->diags, span, "in the C of an operator: %s", text->fault);
    diag_help(d, "%s", text->cure);
    diag_note(d, item->kid[1]->span, "'%s' is declared here", item->text);
}

static void check_c(struct lower *l, const struct ast *item)
{
    const struct source *c = diags_source(l->diags, item->kid[3]->span.source);
    struct custom_text text;
    custom_read(l->arena, c->text, &text);
    check_text(l, item, &text);
    if (!text.fault && !custom_defines(&text, CUSTOM_FUNCTION, item->text))
        diag_error(l->diags, item->kid[1]->span, "there is no function %s in %s", item->text,
                   c->path);
}

static void check_source(struct lower *l, const struct ast *item)
{
    if (item->count > 3) {
        check_c(l, item);
        return;
    }
    struct diag *d = diag_error(l->diags, item->kid[1]->span, "operator '%s' is no C", item->text);
    diag_help(d, "name a file beside the model: = c(\"%s.c\")", item->text);
}

static void check_leading(struct lower *l, const struct ast *type)
{
    const struct ast *dims = type_dims(type);
    for (int i = 1; dims && i < dims->count; i++)
        if (dims->kid[i]->kind == AST_ELLIPSIS)
            diag_error(l->diags, dims->kid[i]->span, "'...' stands first in the shapes of an "
                       "operator in C: it is called for each index of these axes");
}

/* An argument, or the result. */
static void check_type(struct lower *l, const struct ast *type, bool result)
{
    bool fits = is_tensor(type) || (!result && is_number(type));
    check_leading(l, type);
    if (fits)
        return;
    struct diag *d = diag_error(l->diags, type->span, "an operator in C has no such %s",
                                result ? "result" : "argument");
    diag_help(d, result ? "it is f32, f32[..] or int[..]"
                        : "there are tensors, f32, f32[..] and int[..], and what is known at "
                          "compile time, int and bool");
}

void lower_check_operator(struct lower *l, const struct ast *item)
{
    const struct ast *formals = item->kid[0], *result = item->kid[2];
    int tensors = 0;
    bool leading = false;
    lower_check_formals(l, item);
    check_source(l, item);
    for (int i = 0; i < formals->count; i++) {
        const struct ast *type = formals->kid[i]->kid[0];
        check_type(l, type, false);
        tensors += is_tensor(type);
        leading |= has_leading(type);
    }
    check_type(l, result, true);
    if (tensors == 0 || tensors > TENSORS_MAX)
        diag_error(l->diags, item->name_span, "an operator in C takes 1 to %d tensors",
                   TENSORS_MAX);
    if (leading && !has_leading(result))
        diag_error(l->diags, result->span, "an argument has leading axes '...', for each of which "
                   "there is a result: it begins with '...', too");
    if (custom_is_word_of_c(item->text))
        diag_help(diag_error(l->diags, item->name_span, "an operator in C is not named '%s': that "
                             "is a word of C", item->text), "give it another name, and its "
                  "functions");
    if (!custom_may_be_named(item->text))
        diag_error(l->diags, item->name_span, "an operator in C is not named '%s': so are "
                   "functions of gradients", item->text);
}

/* ---- calls ---- */

/* What a call of the C is given: tensors as operands of the node, then numbers. */
struct call_of_c {
    struct value tensor[TENSORS_MAX];
    const struct ast *type[TENSORS_MAX];
    int count;
    int64_t leading;                    /* how many indices the leading axes have */
    bool rows;
    struct custom custom;
    struct text numbers;
};

static void add_number(struct lower *l, struct frame *f, struct call_of_c *c, const char *name)
{
    const struct value *v = &frame_find(f, name)->value;
    text_printf(&c->numbers, "%s%" PRId64, c->numbers.size ? ", " : "", (int64_t)v->number);
    ARENA_PUSH(l->arena, c->custom.number, c->custom.number_count,
               c->custom.number_room) = name;
}

/* Is the name that of an argument, or of a size that the first `count` arguments have? */
static bool is_known(struct lower *l, const struct ast *formals, int count, const char *name)
{
    bool known = scope_find(&l->consts, name) != NULL;
    for (int i = 0; i < formals->count && !known; i++) {
        const struct ast *dims = i < count ? type_dims(formals->kid[i]->kid[0]) : NULL;
        known = !strcmp(formals->kid[i]->text, name);
        for (int k = 0; dims && k < dims->count && !known; k++)
            known = dims->kid[k]->kind == AST_NAME && !strcmp(dims->kid[k]->text, name);
    }
    return known;
}

static void add_sizes(struct lower *l, struct frame *f, struct call_of_c *c, int formal)
{
    const struct ast *formals = f->declaration->kid[0];
    const struct ast *dims = type_dims(formals->kid[formal]->kid[0]);
    for (int i = 0; dims && i < dims->count; i++) {
        const struct ast *dim = dims->kid[i];
        bool again = false;
        for (int k = 0; k < i; k++)
            again |= dims->kid[k]->kind == AST_NAME && dim->kind == AST_NAME &&
                     !strcmp(dims->kid[k]->text, dim->text);
        if (dim->kind == AST_NAME && !again && !is_known(l, formals, formal, dim->text))
            add_number(l, f, c, dim->text);
    }
}

static void add_tensor(struct lower *l, struct call_of_c *c, const struct ast *formal,
                       struct value v)
{
    v = value_to_tensor(l, v);
    c->type[c->count] = formal->kid[0];
    c->custom.argument[c->count] = (struct custom_argument){formal->text, value_node(l, v)->dtype};
    c->tensor[c->count++] = v;
    c->rows |= v.per_row;
}

static void gather(struct lower *l, struct frame *f, struct call_of_c *c)
{
    const struct ast *formals = f->declaration->kid[0];
    const struct binding *leading = frame_find(f, "...");
    text_init(&c->numbers, l->arena);
    text_puts(&c->numbers, "");
    c->custom.argument = ARENA_ARRAY(l->arena, struct custom_argument, TENSORS_MAX);
    c->leading = 1;
    for (int i = 0; leading && i < leading->value.count; i++)
        c->leading *= (int64_t)leading->value.item[i].number;
    for (int i = 0; i < formals->count; i++) {
        const struct ast *formal = formals->kid[i];
        if (is_number(formal->kid[0])) {
            add_number(l, f, c, formal->text);
        } else {
            add_tensor(l, c, formal, frame_find(f, formal->text)->value);
            add_sizes(l, f, c, i);
        }
    }
    c->custom.argument_count = c->count;
}

/* [calls, n] of a value of which each call gets n elements; [1, n] where all get the same.  -1: for
 * all calls, as their gradients are, these are too many. */
static int operand(struct lower *l, struct frame *f, const struct call_of_c *c, int i)
{
    struct value v = c->tensor[i];
    int64_t elements = value_elements(l, v), leading = 1;
    const struct ast *dims = type_dims(c->type[i]);
    if (has_leading(c->type[i]) && value_rank(l, v) >= dims->count - 1)
        for (int k = 0; k < value_rank(l, v) - (dims->count - 1); k++)
            leading *= value_dim(l, v, k);
    int64_t n = elements / leading;
    struct shape part = shape_of(3, v.per_row ? 0 : -1, (int64_t[]){1, leading, n});
    struct shape whole = shape_of(3, c->rows ? 0 : -1, (int64_t[]){1, c->leading, n});
    struct shape flat = shape_of(2, c->rows ? 0 : -1, (int64_t[]){c->leading, n});
    if (!dims_fit(2, (int64_t[]){c->leading, n})) {
        lower_error(l, f->caller, f->call, "more than 2147483647 elements of '%s' in all calls",
                    c->custom.argument[i].name);
        return -1;
    }
    if (!v.per_row && leading == 1)
        return graph_reshape(l->graph, v.node, &(struct shape){2, -1, {1, n}});
    int id = graph_reshape(l->graph, v.node, &part);
    if (!shape_equal(&part, &whole))
        id = graph_broadcast(l->graph, id, &whole);
    return graph_reshape(l->graph, id, &flat);
}

/* Declared so: then the order of calls says nothing. */
static bool is_before(const struct custom *a, const struct custom *b)
{
    if (a->span.source != b->span.source)
        return a->span.source < b->span.source;
    return a->span.line != b->span.line ? a->span.line < b->span.line
                                        : a->span.column < b->span.column;
}

static void note_custom(struct lower *l, struct frame *f, struct call_of_c *c)
{
    struct program *p = l->program;
    int argument;
    c->custom.name = f->declaration->text;
    c->custom.span = f->declaration->name_span;
    c->custom.source = f->declaration->kid[3]->span.source;
    c->custom.dtype = type_is(f->declaration->kid[2], "f32") ? F32 : I32;
    if (custom_find(p, c->custom.name, &argument))
        return;
    ARENA_PUSH(p->arena, p->custom, p->custom_count, p->custom_room) = c->custom;
    for (int i = p->custom_count - 1; i > 0 && is_before(&c->custom, &p->custom[i - 1]); i--) {
        p->custom[i] = p->custom[i - 1];
        p->custom[i - 1] = c->custom;
    }
}

void lower_operator(struct lower *l, struct frame *f)
{
    struct call_of_c c = {.count = 0};
    int rank, id[TENSORS_MAX];
    int64_t dim[RANK_MAX], n = 1;
    gather(l, f, &c);
    f->returned = true;
    f->result = value_error();
    if (!lower_dims(l, f, type_dims(f->declaration->kid[2]), &rank, dim))
        return;
    for (int i = 0; i < rank; i++)
        n *= dim[i];
    for (int i = 0; i < c.count; i++)
        if ((id[i] = operand(l, f, &c, i)) < 0)
            return;
    note_custom(l, f, &c);
    struct attr attr = {.function = c.custom.name, .numbers = c.numbers.data};
    struct shape calls = shape_of(2, c.rows ? 0 : -1, (int64_t[]){c.leading, n / c.leading});
    struct shape shape = shape_rows(rank, dim, c.rows);
    int result = graph_add_shaped(l->graph, OP_CUSTOM, c.count, id, &attr, c.custom.dtype, &calls);
    f->result = value_tensor(l, graph_reshape(l->graph, result, &shape), c.rows, f->call);
}
