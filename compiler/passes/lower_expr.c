/* Expressions: names, arithmetic, chains, indices; and the errors of lowering. */
#include <assert.h>
#include <math.h>
#include <stdarg.h>
#include <string.h>
#include "passes/lower.h"

/* ---- errors: at the user's own line; what lies in a library body is added as a note ---- */
struct frame *lower_current(struct lower *l)
{
    return l->current;
}

static bool in_library(struct lower *l, struct span span)
{
    return span.source && diags_source(l->diags, span.source)->library;
}

struct diag *lower_error(struct lower *l, struct frame *frame, struct span span, const char *format, ...)
{
    va_list list;
    char text[1024];
    va_start(list, format);
    vsnprintf(text, sizeof text, format, list);
    va_end(list);
    struct span at = span;
    for (struct frame *f = frame; f && in_library(l, at); f = f->caller)
        at = f->call;
    struct diag *d = diag_error(l->diags, at, "%s", text);
    if (in_library(l, span) && !in_library(l, at))
        diag_note(d, span, "in the library's '%s'", frame->declaration ? frame->declaration->text : "?");
    return d;
}

const char *path_join(struct lower *l, const char *a, const char *b)
{
    return !*a ? b : !*b ? a : arena_printf(l->arena, "%s/%s", a, b);
}

/* ---- scopes ---- */
struct named_ast *scope_find(const struct scope *scope, const char *name)
{
    for (int i = 0; i < scope->count; i++)
        if (!strcmp(scope->item[i].name, name))
            return &scope->item[i];
    return NULL;
}

void scope_add(struct lower *l, struct scope *scope, const struct ast *ast)
{
    ARENA_PUSH(l->arena, scope->item, scope->count, scope->room) =
        (struct named_ast){.name = ast->text, .ast = ast};
}

const struct ast *lower_find_block(struct lower *l, bool library, const char *name)
{
    struct named_ast *found = library ? NULL : scope_find(&l->user_blocks, name);
    if (!found)
        found = scope_find(&l->library_blocks, name);
    return found ? found->ast : NULL;
}

struct binding *frame_find(struct frame *frame, const char *name)
{
    for (struct binding *b = frame->names; b; b = b->next)
        if (!strcmp(b->name, name))
            return b;
    return NULL;
}

struct binding *frame_bind(struct lower *l, struct frame *frame, const char *name, struct value value,
                           struct span span)
{
    struct binding *b = ARENA_NEW(l->arena, struct binding);
    *b = (struct binding){.name = name, .value = value, .span = span, .variable = -1,
                          .next = frame->names};
    frame->names = b;
    return b;
}

struct value lower_const(struct lower *l, struct named_ast *c)
{
    struct frame frame = {.role = ROLE_CONST, .path = "", .random_path = "", .caller = l->current};
    if (c->value)
        return c->value->value;
    if (c->busy) {
        diag_error(l->diags, c->ast->name_span, "const '%s' is defined by itself", c->name);
        return value_error();
    }
    c->busy = true;
    struct frame *before = l->current;
    l->current = &frame;
    frame_bind(l, &frame, c->name, lower_expr(l, &frame, c->ast->kid[0]), c->ast->span);
    l->current = before;
    c->busy = false;
    c->value = frame_find(&frame, c->name);
    enum value_kind kind = c->value->value.kind;
    if (kind == V_TENSOR || kind == V_LAYER)
        diag_error(l->diags, c->ast->kid[0]->span, "a const must be known at compile time");
    return c->value->value;
}

/* ---- names ---- */
static void suggest_name(struct lower *l, struct frame *frame, const char *name, struct diag *d)
{
    const char *choice[1024];
    int count = 0;
    for (struct binding *b = frame->names; b && count < 200; b = b->next)
        choice[count++] = b->name;
    for (int i = 0; i < l->consts.count && count < 300; i++)
        choice[count++] = l->consts.item[i].name;
    for (int i = 0; i < l->user_blocks.count && count < 500; i++)
        choice[count++] = l->user_blocks.item[i].name;
    for (int i = 0; i < l->library_blocks.count && count < 800; i++)
        choice[count++] = l->library_blocks.item[i].name;
    for (int i = 0; builtin_name(i) && count < 1000; i++)
        choice[count++] = builtin_name(i);
    const char *near = diag_nearest(name, choice, count);
    if (near)
        diag_help(d, "did you mean '%s'?", near);
}

static struct value unknown_name(struct lower *l, struct frame *frame, const struct ast *ast, const char *what)
{
    struct diag *d = lower_error(l, frame, ast->span, "unknown %s '%s'", what, ast->text);
    suggest_name(l, frame, ast->text, d);
    return value_error();
}

static struct value lower_name(struct lower *l, struct frame *frame, const struct ast *ast)
{
    struct value value;
    struct binding *b = frame_find(frame, ast->text);
    if (b)
        return b->value;
    struct named_ast *c = frame->library ? NULL : scope_find(&l->consts, ast->text);
    if (c)
        return lower_const(l, c);
    if (builtin_value(l, frame, ast->text, ast->span, &value))
        return value;
    if (lower_find_block(l, frame->library, ast->text)) {
        value = (struct value){.kind = V_LAYER, .span = ast->span, .layer = lower_layer(l, frame, ast)};
        return value;
    }
    return unknown_name(l, frame, ast, "name");
}

/* ---- layers ---- */
static const struct ast *strip(const struct ast *ast)
{
    while (ast->kind == AST_AS || (ast->kind == AST_PARENS && ast->count == 1))
        ast = ast->kid[0];
    return ast;
}

static bool names_block(struct lower *l, struct frame *frame, const struct ast *name)
{
    if (name->kind != AST_NAME)
        return false;
    struct binding *b = frame_find(frame, name->text);
    if (b)
        return b->value.kind == V_LAYER;
    return lower_find_block(l, frame->library, name->text) != NULL;
}

/* Whether the expression can stand where a layer is wanted: a block's name, a call of one, or a
 * chain that begins with such. */
bool lower_is_layer(struct lower *l, struct frame *frame, const struct ast *ast)
{
    ast = strip(ast);
    if (ast->kind == AST_CHAIN)
        return lower_is_layer(l, frame, ast->kid[0]);
    return names_block(l, frame, ast->kind == AST_CALL ? ast->kid[0] : ast);
}

struct layer *lower_layer(struct lower *l, struct frame *frame, const struct ast *ast)
{
    struct layer *layer = ARENA_NEW(l->arena, struct layer);
    ast = strip(ast);
    layer->frame = frame;
    layer->names = frame->names;
    if (ast->kind == AST_CHAIN) {
        layer->first = lower_layer(l, frame, ast->kid[0]);
        layer->second = lower_layer(l, frame, ast->kid[1]);
        return layer;
    }
    const struct ast *name = ast->kind == AST_CALL ? ast->kid[0] : ast;
    struct binding *b = name->kind == AST_NAME ? frame_find(frame, name->text) : NULL;
    if (b && b->value.kind == V_LAYER && ast->kind == AST_NAME)
        return b->value.layer;
    if (b && b->value.kind == V_LAYER)
        layer->block = b->value.layer->block;
    else if (name->kind == AST_NAME)
        layer->block = lower_find_block(l, frame->library, name->text);
    layer->arguments = ast->kind == AST_CALL ? ast->kid[1] : NULL;
    return layer;
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

/* NAME.p: parameter p of a layer named by `let` or `as`. */
static struct value lower_member(struct lower *l, struct frame *frame, const struct ast *ast)
{
    const struct ast *of = ast->kid[0];
    if (of->kind != AST_NAME) {
        lower_error(l, frame, ast->span, "'.' follows the name of a layer");
        return value_error();
    }
    const char *path = path_join(l, path_join(l, frame->path, of->text), ast->text);
    const char *choice[512];
    int count = 0;
    for (int i = 0; i < l->program->variable_count; i++) {
        struct variable *v = program_variable(l->program, i);
        if (v->kind != VAR_PARAM && v->kind != VAR_BUFFER)
            continue;
        if (!strcmp(v->path, path))
            return value_tensor(l, lower_read(l, i), false, ast->span);
        if (count < 512)
            choice[count++] = v->path;
    }
    struct diag *d = lower_error(l, frame, ast->span, "no parameter '%s' so far", path);
    const char *near = diag_nearest(path, choice, count);
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

static void bind_as(struct lower *l, struct frame *frame, const struct ast *as, struct value value)
{
    (void)value;
    for (struct binding *b = frame->names; b; b = b->next)
        if (b->value.kind == V_LAYER && b->value.layer->is_let && !strcmp(b->name, as->text))
            lower_error(l, frame, as->name_span, "'%s' is the name of a layer already", as->text);
}

static struct value lower_as(struct lower *l, struct frame *frame, const struct ast *ast)
{
    const struct ast *call = ast->kid[0];
    if (call->kind != AST_CALL) {
        lower_error(l, frame, ast->name_span, "'as' names a call");
        return value_error();
    }
    struct value v = lower_callish(l, frame, call, NULL, ast->text);
    bind_as(l, frame, ast, v);
    return v;
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
    if (next->kind != AST_CALL && next->kind != AST_NAME) {
        lower_error(l, frame, next->span, "only a call or a block's name follows '->'");
        return value_error();
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

static struct value lower_operator(struct lower *l, struct frame *frame, const struct ast *ast)
{
    struct value a = lower_expr(l, frame, ast->kid[0]);
    if (a.kind == V_BOOL && ast->kind == AST_AND && a.number == 0)
        return value_bool(false, ast->span);
    if (a.kind == V_BOOL && ast->kind == AST_OR && a.number != 0)
        return value_bool(true, ast->span);
    bool word = a.kind == V_WORD && ast->kid[1]->kind == AST_NAME;
    struct value b = word ? value_word(ast->kid[1]->text, ast->kid[1]->span) : lower_expr(l, frame, ast->kid[1]);
    if (a.kind == V_TENSOR)
        a.span = ast->kid[0]->span;
    if (b.kind == V_TENSOR)
        b.span = ast->kid[1]->span;
    if (a.kind == V_ERROR || b.kind == V_ERROR)
        return value_error();
    if (ast->kind == AST_POW)
        return value_power(l, a, b, ast->span);
    if (ast->kind == AST_MATMUL)
        return value_matmul(l, a, b, ast->span);
    return value_binary(l, ast->kind, a, b, ast->span);
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
    case AST_AS: return lower_as(l, frame, ast);
    case AST_CHAIN: return lower_chain(l, frame, ast);
    case AST_NOT: return lower_not(l, frame, ast);
    case AST_NEG: return lower_negative(l, frame, ast);
    case AST_ERROR: return value_error();
    default: return lower_operator(l, frame, ast);
    }
}

/* Nodes made here carry the span of their expression and of the user's call around it. */
struct value lower_expr(struct lower *l, struct frame *frame, const struct ast *ast)
{
    struct span span = {0}, call = {0};
    if (l->graph) {
        span = l->graph->span;
        call = l->graph->call;
        l->graph->span = ast->span;
        struct span at = ast->span;
        for (struct frame *f = frame; f && in_library(l, at); f = f->caller)
            at = f->call;
        l->graph->call = at;
    }
    struct value v = lower_kind(l, frame, ast);
    if (l->graph) {
        l->graph->span = span;
        l->graph->call = call;
    }
    return v;
}
