/* Calls: sites and their paths, expansion of blocks, layers as values. */
#include <assert.h>
#include <string.h>
#include "lower/arguments.h"
#include "lower/body.h"
#include "lower/builtin.h"
#include "lower/call.h"
#include "lower/expr.h"
#include "lower/limit.h"
#include "lower/look.h"
#include "lower/operator.h"
#include "lower/require.h"
#include "lower/scan.h"
#include "lower/variable.h"

enum { DEPTH_MAX = 64 };

/* ---- ordinals of call sites, counted in the source of one body ---- */
static bool is_call_site(const struct ast *ast, const struct ast *parent, int index)
{
    if (ast->kind != AST_NAME)
        return false;
    return (parent->kind == AST_CALL && index == 0) || (parent->kind == AST_CHAIN && index == 1)
           || (parent->kind == AST_AS && index == 0);
}

struct ordinals { struct arena *arena; const struct names *last; };

static int next_ordinal(struct ordinals *o, const char *name)
{
    int *last = names_find(o->last, name);
    if (!last) {
        last = ARENA_NEW(o->arena, int);
        o->last = names_add(o->arena, o->last, name, last);
    }
    return ++*last;
}

static void number_calls(struct ordinals *o, struct ast *ast)
{
    if (ast->kind == AST_STATEMENT && !strcmp(ast->text, "repeat"))
        ast->ordinal = next_ordinal(o, "repeat {");
    for (int i = 0; i < ast->count; i++) {
        struct ast *kid = ast->kid[i];
        if (kid && is_call_site(kid, ast, i))
            kid->ordinal = next_ordinal(o, kid->text);
        else if (kid)
            number_calls(o, kid);
    }
}

/* An `augment` is counted by itself, whatever stands before it in its data. */
static void number_augments(struct lower *l, struct ast *ast)
{
    for (int i = 0; i < ast->count; i++) {
        struct ordinals o = {.arena = l->arena};
        struct ast *kid = ast->kid[i];
        if (kid && kid->kind == AST_STATEMENT && !strcmp(kid->text, "augment"))
            number_calls(&o, kid);
        else if (kid && (kid->kind == AST_BODY || kid->kind == AST_IF))
            number_augments(l, kid);
    }
}

void lower_number_calls(struct lower *l, struct ast *declaration)
{
    struct ordinals o = {.arena = l->arena};
    number_calls(&o, declaration);
    if (declaration->kind == AST_DATA)
        number_augments(l, declaration);
}

/* The component that a call site adds to paths: its `as` name, else name and ordinal.  A layer
 * given as argument may bring a name of its own: the block's first call of it is named so. */
static const char *site_component(struct lower *l, const struct ast *callee, const char *as,
                                  const struct layer *layer)
{
    int ordinal = callee->ordinal ? callee->ordinal : 1;
    const char *own = layer && !layer->path ? layer->as : NULL;
    if (as)
        return own ? path_join(l, as, own) : as;
    if (own && ordinal == 1)
        return own;
    return arena_printf(l->arena, "%s%d", own ? own : callee->text, ordinal);
}

/* ---- expanding a block ---- */
static struct value frame_result(struct lower *l, struct frame *f)
{
    if (!f->returned) {
        struct diag *d = lower_error(l, f->caller, f->call, "block '%s' returns nothing here",
                                     f->declaration->text);
        diag_note(d, f->declaration->name_span, "it needs a 'return' on every path");
        return value_error();
    }
    lower_note_maker(l, f->result, f->declaration);
    return f->result;
}

static bool can_expand(struct lower *l, struct frame *caller, const struct expansion *e)
{
    for (struct frame *f = caller; f; f = f->caller)
        if (f->declaration == e->block) {
            lower_error(l, caller, e->span, "block '%s' calls itself", e->block->text);
            return false;
        }
    if (l->depth >= DEPTH_MAX)
        lower_error(l, caller, e->span, "blocks call each other more than %d deep", DEPTH_MAX);
    return l->depth < DEPTH_MAX;
}

/* ---- layers, as `invar summary` lists them ---- */
static bool is_layer(const struct lower *l, const struct frame *caller)
{
    bool model = caller->role == ROLE_MODEL || caller->role == ROLE_BLOCK;
    return model && l->phase == PHASE_TRAIN && !caller->library;
}

static const char *describe_output(struct lower *l, struct value v)
{
    const char *text = v.kind == V_LIST ? "" : value_describe(l, v);
    for (int i = 0; v.kind == V_LIST && i < v.count; i++)
        text = arena_printf(l->arena, "%s%s%s", text, i ? ", " : "", value_describe(l, v.item[i]));
    return text;
}

int lower_begin_layer(struct lower *l, const char *path, const char *block)
{
    struct program *p = l->program;
    if (p->layer_count == 0)
        ARENA_PUSH(l->arena, p->layer, p->layer_count, p->layer_room) = (struct layer_call){0};
    ARENA_PUSH(l->arena, p->layer, p->layer_count, p->layer_room) = (struct layer_call){
        .path = path, .block = block, .output = "", .outer = l->graph->layer};
    return l->graph->layer = p->layer_count - 1;
}

/* ---- calls, as export wants to know them ---- */
static void note_given(struct block_given *given, const struct binding *b)
{
    const struct value *v = &b->value;
    *given = (struct block_given){.name = b->name, .node = v->kind == V_TENSOR ? v->node : -1,
                            .word = v->kind == V_WORD || v->kind == V_STRING ? v->text : NULL};
    if (v->kind == V_NUMBER || v->kind == V_BOOL)
        given->number[given->count++] = v->number;
    for (int i = 0; v->kind == V_LIST && i < v->count && i < GIVEN_NUMBERS; i++)
        given->number[given->count++] = v->item[i].number;
}

static void note_call(struct lower *l, struct frame *f, const struct expansion *e,
                      struct binding *arguments, int first_asked)
{
    struct block_call *c = ARENA_NEW(l->arena, struct block_call);
    if (f->result.kind != V_TENSOR)
        return;
    *c = (struct block_call){.block = e->block->text, .path = e->path,
                             .random_path = e->random_path, .library = f->library,
                             .first_asked = first_asked, .last_asked = l->program->asked_count,
                             .before = l->program->called};
    for (struct binding *b = arguments; b; b = b->next)
        c->given_count++;
    c->given = ARENA_ARRAY(l->arena, struct block_given, c->given_count + 1);
    int i = c->given_count;
    bool same = false;
    for (struct binding *b = arguments; b; b = b->next) {
        note_given(&c->given[--i], b);
        same |= c->given[i].node == f->result.node;
    }
    struct attr none = {0};
    if (same)                           /* a view, so that it is a node of its own */
        f->result.node = graph_add_shaped(l->graph, OP_RESHAPE, 1, &f->result.node, &none,
                                          value_node(l, f->result)->dtype,
                                          &value_node(l, f->result)->shape);
    c->result = f->result.node;
    l->program->called = c;
}

static void lower_block_body(struct lower *l, struct frame *f, const struct expansion *e)
{
    bool layer = is_layer(l, f->caller);
    int outer = l->graph->layer;
    int number = layer ? lower_begin_layer(l, f->path, e->block->text) : 0;
    struct binding *arguments = f->names;
    int first_asked = l->program->asked_count;
    if (e->block->kind == AST_OPERATOR)
        lower_operator(l, f);
    else
        lower_body(l, f, e->block->kid[1]);
    if (l->program->notes_calls && l->phase == PHASE_PREDICT)
        note_call(l, f, e, arguments, first_asked);
    lower_store_changed(l, f);
    lower_keep_carries(l, f);
    l->graph->layer = outer;
    if (layer)
        l->program->layer[number].output = describe_output(l, f->result);
}

static struct value expand(struct lower *l, struct frame *caller, const struct expansion *e)
{
    struct frame *f = ARENA_NEW(l->frames, struct frame), *current = l->current;
    if (!can_expand(l, caller, e) || !lower_step(l, caller, e->span))
        return value_error();
    struct within within = {.block = e->block->text, .span = e->span, .outer = l->limits->within};
    *f = (struct frame){.role = caller->role == ROLE_MODEL ? ROLE_BLOCK : caller->role,
                        .declaration = e->block, .path = e->path, .random_path = e->random_path,
                        .caller = caller, .call = e->span,
                        .user_call = lower_user_span(l, caller, e->span),
                        .parameter = caller->parameter,
                        .shared = e->shared || caller->shared,
                        .library = diags_source(l->diags, e->block->span.source)->library};
    l->depth++;
    l->limits->within = &within;
    lower_look_at_call(l, e->span, e->path);
    bool good = lower_bind_arguments(l, f, e);
    if (good) {
        l->current = f;
        lower_block_body(l, f, e);
        l->current = current;
    }
    l->depth--;
    l->limits->within = within.outer;
    return good && !l->limits->too_large ? frame_result(l, f) : value_error();
}

/* ---- operators ---- */
static struct value layer_argument(struct lower *l, struct frame *frame, const char *name,
                                   const struct ast *ast)
{
    struct value v = {.kind = V_LAYER, .span = ast->span};
    if (lower_is_layer(l, frame, ast)) {
        v.layer = lower_layer(l, frame, ast);
        return v;
    }
    struct diag *d = lower_error(l, frame, ast->span, "'%s' runs a block, and this is none", name);
    diag_help(d, "it takes a name, a call without the values that it is given, or a chain of these:"
              " %s(x, gru_cell(64))", name);
    return value_error();
}

/* missing = mean, shorter = zero, longer = cut: what cells and sounds become. */
static bool takes_word(const char *argument)
{
    return !strcmp(argument, "missing") || !strcmp(argument, "shorter")
           || !strcmp(argument, "longer");
}

static bool add_argument(struct lower *l, struct frame *frame, const char *name,
                         struct arguments *list, const struct ast *a)
{
    if (list->count == BUILTIN_ARGUMENTS) {
        lower_error(l, frame, a->span, "an operator takes at most %d arguments", BUILTIN_ARGUMENTS);
        return false;
    }
    list->name[list->count] = a->kind == AST_NAMED ? a->text : NULL;
    list->ast[list->count] = a;
    const struct ast *value = a->kind == AST_NAMED ? a->kid[0] : a;
    bool word = frame->role == ROLE_DATA && a->kind == AST_NAMED && value->kind == AST_NAME
                && takes_word(a->text);
    list->item[list->count] =
        word ? (struct value){.kind = V_WORD, .text = value->text, .span = value->span}
        : builtin_takes_layer(name, list->count, list->name[list->count])
            ? layer_argument(l, frame, name, value)
            : lower_expr(l, frame, value);
    return list->item[list->count++].kind != V_ERROR;
}

static struct value call_builtin(struct lower *l, struct frame *frame, const char *name,
                                 const struct expansion *e)
{
    struct arguments list = {.call = e};
    if (e->given_count)
        list.item[list.count++] = e->given[0];
    for (int k = 0; k < 2; k++)
        for (int i = 0; e->arguments[k] && i < e->arguments[k]->count; i++)
            if (!add_argument(l, e->scope[k], name, &list, e->arguments[k]->kid[i]))
                return value_error();
    return builtin_call(l, frame, name, &list, e->random_path, e->span);
}

/* ---- layers as values ---- */
struct used { const char **name; int count, room; };

/* Call sites within a chain are numbered along it. */
static const char *chain_part(struct lower *l, struct used *used, const struct layer *layer)
{
    int ordinal = 1;
    for (int i = 0; i < used->count; i++)
        ordinal += !strcmp(used->name[i], layer->name);
    ARENA_PUSH(l->arena, used->name, used->count, used->room) = layer->name;
    return layer->as ? layer->as : arena_printf(l->arena, "%s%d", layer->name, ordinal);
}

static struct value apply_chain(struct lower *l, struct frame *caller, struct layer *layer,
                                const struct expansion *e, struct used *used)
{
    struct expansion part = *e;
    if (!layer->first && !layer->name)
        return value_error();           /* reported where the chain was made */
    if (layer->path)
        return lower_apply(l, caller, layer, e);
    if (layer->first) {
        struct value first = apply_chain(l, caller, layer->first, e, used);
        part.given = &first;
        part.given_count = 1;
        return first.kind == V_ERROR ? first : apply_chain(l, caller, layer->second, &part, used);
    }
    const char *name = chain_part(l, used, layer);
    part.path = path_join(l, e->path, name);
    part.random_path = path_join(l, e->random_path, name);
    return lower_apply(l, caller, layer, &part);
}

/* A chain takes one value, before "->" or as only argument; a start value takes none. */
static struct value apply_to_one(struct lower *l, struct frame *caller, struct layer *layer,
                                 struct expansion e)
{
    const struct ast *arguments = e.arguments[0];
    struct used used = {0};
    struct value value;
    int more = arguments ? arguments->count : 0;
    if (e.given_count + more > 1 || (more && arguments->kid[0]->kind == AST_NAMED)) {
        lower_error(l, caller, e.span, "a chain of layers takes one value");
        return value_error();
    }
    if (more) {
        value = lower_expr(l, e.scope[0], arguments->kid[0]);
        e.given = &value;
        e.given_count = 1;
        e.arguments[0] = NULL;
    }
    if (e.given_count && e.given->kind == V_ERROR)
        return value_error();
    return apply_chain(l, caller, layer, &e, &used);
}

struct value lower_apply(struct lower *l, struct frame *caller, struct layer *layer,
                         const struct expansion *call)
{
    struct expansion e = *call;
    bool shared = caller->shared;
    struct value v;
    if (layer->path) {
        const char *as = layer->as ? layer->as : "";
        e.path = path_join(l, layer->path, as);
        e.random_path = path_join(l, arena_printf(l->arena, "%s%d", layer->random_path,
                                                  ++layer->uses), as);
        caller->shared = true;
    }
    if (layer->first) {
        struct layer chain = *layer;
        chain.path = NULL;
        v = apply_to_one(l, caller, &chain, e);
    } else {
        struct frame *scope = ARENA_NEW(l->frames, struct frame);
        *scope = *layer->frame;
        scope->names = layer->names;
        e.block = layer->block;
        e.arguments[1] = layer->arguments;
        e.scope[1] = scope;
        v = e.block ? expand(l, caller, &e)
            : layer->name ? call_builtin(l, caller, layer->name, &e) : value_error();
    }
    caller->shared = shared;
    return v;
}

/* ---- calls ---- */
static struct value not_callable(struct lower *l, struct frame *frame, const struct ast *callee,
                                 const struct binding *b)
{
    struct diag *d = lower_error(l, frame, callee->span, "'%s' is %s here, and no layer",
                                 callee->text, value_describe(l, b->value));
    diag_note(d, b->span, "it gets its value here");
    return value_error();
}

static void name_call(struct lower *l, struct frame *frame, const char *name, const char *path)
{
    frame->called = names_add(l->frames, frame->called, name, (void *)path);
}

struct value lower_call(struct lower *l, struct frame *frame, const struct ast *callee,
                        const struct ast *arguments, const struct value *first, const char *as,
                        struct span span)
{
    if (callee->kind != AST_NAME) {
        lower_error(l, frame, callee->span, "only a block or an operator can be called");
        return value_error();
    }
    struct binding *b = frame_find(frame, callee->text);
    const struct layer *layer = b && b->value.kind == V_LAYER ? b->value.layer : NULL;
    const char *part = site_component(l, callee, as, layer);
    struct expansion e = {.given = first, .given_count = first != NULL, .arguments = {arguments},
                          .scope = {frame}, .path = path_join(l, frame->path, part),
                          .random_path = path_join(l, frame->random_path, part), .span = span};
    name_call(l, frame, as ? as : part, layer && layer->path ? layer->path : e.path);
    if (b && b->value.kind == V_LAYER)
        return lower_apply(l, frame, b->value.layer, &e);
    if (b && b->value.kind == V_ERROR)
        return value_error();
    bool user = !frame->library && scope_find(&l->user_blocks, callee->text);
    if (!user && builtin_exists(callee->text))
        return call_builtin(l, frame, callee->text, &e);
    e.block = lower_find_block(l, frame->library, callee->text);
    if (!e.block)
        return b ? not_callable(l, frame, callee, b)
                 : lower_unknown(l, frame, callee, "block or operator");
    return expand(l, frame, &e);
}

