/* Statements of a body. */
#include <string.h>
#include "lower/body.h"
#include "lower/call.h"
#include "lower/expr.h"
#include "lower/limit.h"
#include "lower/look.h"
#include "lower/model.h"
#include "lower/require.h"
#include "lower/scan.h"
#include "lower/variable.h"

enum { REPEAT_MAX = 10000 };

/* ---- statements of a body ---- */
static void bind_one(struct lower *l, struct frame *frame, const struct ast *name,
                     struct value value)
{
    struct binding *old = frame_find(frame, name->text);
    bool stored = old && old->variable >= 0;
    if (stored && value.kind == V_TENSOR && value_node(l, value)->dtype == F32)
        value.node = graph_flush(l->graph, value.node);
    struct binding *b = frame_bind(l, frame, name->text, value, name->span);
    if (stored) {
        b->variable = old->variable;
        b->changed = true;
    }
    b->carry = old ? old->carry : -1;
    lower_look(l, name->span, value);
    if (l->program->notes_calls && l->phase == PHASE_PREDICT && frame->role == ROLE_MODEL &&
        value.kind == V_TENSOR) {
        struct node_name *named = ARENA_NEW(l->arena, struct node_name);
        *named = (struct node_name){name->text, value.node, l->program->named};
        l->program->named = named;
    }
}

static void lower_bind(struct lower *l, struct frame *frame, const struct ast *ast)
{
    const struct ast *names = ast->kid[0];
    struct value v;
    v = lower_expr(l, frame, ast->kid[1]);
    if (v.kind == V_LAYER) {
        struct diag *d = lower_error(l, frame, ast->kid[1]->span, "a layer alone is no value");
        diag_help(d, "call it, or name it by 'let'");
        v = value_error();
    }
    if (names->count == 1) {
        bind_one(l, frame, names->kid[0], v);
        return;
    }
    if (v.kind != V_ERROR && (v.kind != V_LIST || v.count != names->count)) {
        lower_error(l, frame, ast->span, "%d names for %s", names->count, value_describe(l, v));
        v = value_error();
    }
    for (int i = 0; i < names->count; i++)
        bind_one(l, frame, names->kid[i], v.kind == V_LIST ? v.item[i] : value_error());
}

/* The branch that is taken, or NULL. */
static const struct ast *branch_taken(struct lower *l, struct frame *frame, const struct ast *ast)
{
    struct value v = lower_expr(l, frame, ast->kid[0]);
    if (v.kind == V_ERROR)
        return NULL;
    if (v.kind != V_BOOL) {
        struct diag *d =
            lower_error(l, frame, ast->kid[0]->span,
                        "'if' needs a bool known at compile time, not %s", value_describe(l, v));
        if (v.kind == V_TENSOR)
            diag_help(d, "select(condition, a, b) chooses element by element");
        return NULL;
    }
    const struct ast *taken = v.number != 0 ? ast->kid[1] : ast->count > 2 ? ast->kid[2] : NULL;
    return taken && taken->kind == AST_IF ? branch_taken(l, frame, taken) : taken;
}

void lower_each(struct lower *l, const struct ast *body,
                void (*each)(struct lower *, const struct ast *))
{
    for (int i = 0; i < body->count; i++) {
        const struct ast *ast = body->kid[i];
        const struct ast *taken = ast->kind == AST_IF ? branch_taken(l, l->current, ast) : NULL;
        if (taken)
            lower_each(l, taken, each);
        else if (ast->kind != AST_IF)
            each(l, ast);
    }
}

static void lower_repeat(struct lower *l, struct frame *frame, const struct ast *ast)
{
    const struct ast *operands = ast->kid[0],
                     *count_ast = operands && operands->count == 1 ? operands->kid[0] : NULL;
    const char *name = NULL, *path = frame->path, *random_path = frame->random_path;
    int64_t count;
    if (count_ast && count_ast->kind == AST_AS) {
        name = count_ast->text;
        count_ast = count_ast->kid[0];
    }
    if (!count_ast || ast->count < 2 || !ast->kid[1]) {
        lower_error(l, frame, ast->span,
                    "'repeat' takes a count and a body: repeat 3 as stage { ... }");
        return;
    }
    struct value v = lower_expr(l, frame, count_ast);
    if (v.kind == V_ERROR)
        return;
    if (!value_whole(v, &count) || count < 0 || count > REPEAT_MAX) {
        lower_error(l, frame, count_ast->span, "'repeat' takes a whole number from 0 to %d, not %s",
                    REPEAT_MAX, value_describe(l, v));
        return;
    }
    const char *base = name ? name : arena_printf(l->arena, "repeat%d", ast->ordinal);
    struct within within = {.span = ast->span, .turns = count, .outer = l->limits->within};
    l->limits->within = &within;
    for (int64_t i = 0; i < count && !frame->returned && !l->limits->too_large; i++) {
        within.turn = i;
        const char *turn = arena_printf(l->arena, "%lld", (long long)i);
        const char *part = path_join(l, base, turn);
        frame->path = path_join(l, path, part);
        frame->random_path = path_join(l, random_path, part);
        if (name)
            frame_bind(l, frame, name, value_number((double)i, count_ast->span), count_ast->span);
        lower_body(l, frame, ast->kid[1]);
    }
    l->limits->within = within.outer;
    frame->path = path;
    frame->random_path = random_path;
}

/* The nodes made next stand in a `recompute` of their own, within the one at hand. */
static void begin_region(struct graph *graph)
{
    struct arena *arena = graph->program->arena;
    if (graph->region_count == 0)
        ARENA_PUSH(arena, graph->outer, graph->region_count, graph->region_room) = 0;
    ARENA_PUSH(arena, graph->outer, graph->region_count, graph->region_room) = graph->region;
    graph->region = graph->region_count - 1;
}

/* The values of the body are made again for gradients: see pass_recompute. */
static void lower_recompute(struct lower *l, struct frame *frame, const struct ast *ast)
{
    int outer = l->graph->region;
    bool model = frame->role == ROLE_MODEL || frame->role == ROLE_BLOCK ||
                 frame->role == ROLE_METRIC;
    if (!model) {
        lower_error(l, frame, ast->name_span, "'recompute' belongs to a model or a layer, and this "
                    "is %s", role_name(frame->role));
        return;
    }
    if (ast->kid[0] || ast->count < 2 || !ast->kid[1] || ast->kid[1]->count == 0) {
        struct diag *d = lower_error(l, frame, ast->span, "'recompute' takes statements alone");
        diag_help(d, "for example: recompute { h = h -> dense(64) -> relu }");
        return;
    }
    begin_region(l->graph);
    lower_body(l, frame, ast->kid[1]);
    l->graph->region = outer;
}

static void lower_let(struct lower *l, struct frame *frame, const struct ast *ast)
{
    const struct ast *name = ast->kid[0], *chain = ast->count > 2 ? ast->kid[2] : NULL;
    if (!chain || !lower_is_layer(l, frame, chain)) {
        lower_error(l, frame, ast->span, "'let' names a layer: let encoder = dense(64) -> relu");
        frame_bind(l, frame, name->text, value_error(), name->span);
        return;
    }
    struct layer *layer = ARENA_NEW(l->arena, struct layer);
    *layer = *lower_layer(l, frame, chain);
    layer->path = path_join(l, frame->path, name->text);
    layer->random_path = path_join(l, frame->random_path, name->text);
    struct value v = {.kind = V_LAYER, .layer = layer, .span = ast->span};
    frame_bind(l, frame, name->text, v, name->span);
}

static void lower_return(struct lower *l, struct frame *frame, const struct ast *ast)
{
    const struct ast *operands = ast->kid[0];
    if (frame->role == ROLE_MODEL) {
        lower_error(l, frame, ast->span,
                    "a model has no 'return'; it has 'loss', 'output' and 'metric'");
        return;
    }
    frame->returned = true;
    if (!operands) {
        lower_error(l, frame, ast->span, "'return' needs a value");
        return;
    }
    if (operands->count == 1) {
        frame->result = lower_expr(l, frame, operands->kid[0]);
        return;
    }
    struct value list = {.kind = V_LIST, .count = operands->count, .span = ast->span};
    list.item = ARENA_ARRAY(l->arena, struct value, operands->count);
    for (int i = 0; i < operands->count; i++)
        list.item[i] = lower_expr(l, frame, operands->kid[i]);
    frame->result = list;
}

static const char *const block_heads[] = {"param", "buffer", "state", "accumulate", "better",
                                          "carry", "let", "recompute", "repeat", "return",
                                          "require", "warn"};
static const char *const model_heads[] = {"loss", "output", "metric", "param", "buffer", "let",
                                          "recompute", "repeat", "require", "warn"};

enum {
    BLOCK_HEADS = sizeof block_heads / sizeof *block_heads,
    MODEL_HEADS = sizeof model_heads / sizeof *model_heads
};

const char *body_head(bool model, int i)
{
    return i >= (model ? MODEL_HEADS : BLOCK_HEADS) ? NULL : (model ? model_heads : block_heads)[i];
}

static bool is_one_of(const char *word, const char *const *list, int count)
{
    for (int i = 0; i < count; i++)
        if (!strcmp(word, list[i]))
            return true;
    return false;
}

static void unknown_head(struct lower *l, struct frame *frame, const struct ast *ast)
{
    bool model = frame->role == ROLE_MODEL;
    const char *const *heads = model ? model_heads : block_heads;
    int count = model ? MODEL_HEADS : BLOCK_HEADS;
    const char *near = diag_nearest(ast->text, heads, count), *kind = model ? "model" : "block";
    struct diag *d;
    if (is_one_of(ast->text, heads, count)) {
        d = lower_error(l, frame, ast->span, "'%s' is not written so", ast->text);
        diag_help(d, "for example: param w: f32[3] = 0, let f = dense(3), repeat 3 { }, return x");
    } else if (is_one_of(ast->text, model ? block_heads : model_heads,
                         model ? BLOCK_HEADS : MODEL_HEADS)) {
        d = lower_error(l, frame, ast->name_span, "'%s' does not belong in a %s", ast->text, kind);
        diag_help(d, "it belongs to %s",
                  !model                        ? "a model"
                  : !strcmp(ast->text, "state") ? "an optimizer"
                  : !strcmp(ast->text, "carry") ? "a cell that 'scan' runs"
                                                : "a metric");
    } else {
        d = lower_error(l, frame, ast->name_span, "unknown statement '%s' in a %s", ast->text,
                        kind);
        if (near)
            diag_help(d, "did you mean '%s'?", near);
        else
            diag_help(d, "a value gets a name by '='");
    }
    if (ast->kind == AST_DECLARE)
        frame_bind(l, frame, ast->kid[0]->text, value_error(), ast->kid[0]->span);
}

static bool lower_declaration(struct lower *l, struct frame *frame, const struct ast *ast)
{
    const char *head = ast->text;
    if (!strcmp(head, "param"))
        lower_stored(l, frame, ast, VAR_PARAM);
    else if (!strcmp(head, "buffer"))
        lower_stored(l, frame, ast, VAR_BUFFER);
    else if (!strcmp(head, "state") && frame->role != ROLE_MODEL)
        lower_stored(l, frame, ast, VAR_STATE);
    else if (!strcmp(head, "accumulate") && frame->role != ROLE_MODEL)
        lower_accumulate(l, frame, ast);
    else if (!strcmp(head, "carry") && frame->role != ROLE_MODEL)
        lower_carry(l, frame, ast);
    else if (!strcmp(head, "let"))
        lower_let(l, frame, ast);
    else
        return false;
    return true;
}

static void lower_headed(struct lower *l, struct frame *frame, const struct ast *ast)
{
    const char *head = ast->text;
    bool declares = ast->kind == AST_DECLARE, model = frame->role == ROLE_MODEL;
    if (declares && lower_declaration(l, frame, ast))
        return;
    if (!declares && !strcmp(head, "repeat"))
        lower_repeat(l, frame, ast);
    else if (!declares && !strcmp(head, "recompute"))
        lower_recompute(l, frame, ast);
    else if (!declares && !strcmp(head, "return"))
        lower_return(l, frame, ast);
    else if (!declares && (!strcmp(head, "require") || !strcmp(head, "warn")))
        lower_require(l, frame, ast);
    else if (!declares && !model && !strcmp(head, "better"))
        lower_better(l, frame, ast);
    else if (model && is_one_of(head, model_heads, 3))
        lower_model_statement(l, frame, ast);
    else
        unknown_head(l, frame, ast);
}

void lower_body(struct lower *l, struct frame *frame, const struct ast *body)
{
    for (int i = 0; i < body->count && !frame->returned; i++) {
        const struct ast *ast = body->kid[i], *taken;
        if (!lower_step(l, frame, ast->span))
            return;
        if (ast->kind == AST_BIND)
            lower_bind(l, frame, ast);
        else if (ast->kind == AST_IF && (taken = branch_taken(l, frame, ast)) != NULL)
            lower_body(l, frame, taken);
        else if (ast->kind == AST_DECLARE || ast->kind == AST_STATEMENT)
            lower_headed(l, frame, ast);
    }
}
