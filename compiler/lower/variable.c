/* Stored names: variables of the program, their start values, what is stored in them. */
#include <string.h>
#include "base/chains.h"
#include "lower/arguments.h"
#include "lower/call.h"
#include "lower/expr.h"
#include "lower/look.h"
#include "lower/optimizer.h"
#include "lower/scan.h"
#include "lower/shards.h"
#include "lower/variable.h"

struct declarations {
    struct declared *item;              /* by variable */
    int count, room;
    struct chains paths;                /* variables by their paths */
};

void lower_begin_variables(struct lower *l)
{
    l->declarations = ARENA_NEW(l->arena, struct declarations);
    chains_init(&l->declarations->paths, l->arena);
}

struct declared *lower_declared(struct lower *l, int variable)
{
    struct declarations *d = l->declarations;
    while (d->count <= variable)
        ARENA_PUSH(l->arena, d->item, d->count, d->room) =
            (struct declared){.read = -1, .stored = -1, .sum = -1};
    return &d->item[variable];
}

void lower_forget_reads(struct lower *l)
{
    for (int i = 0; i < l->declarations->count; i++)
        l->declarations->item[i].read = l->declarations->item[i].stored = -1;
}

void lower_forget_nodes(struct lower *l, int from)
{
    struct declarations *d = l->declarations;
    for (int i = 0; i < d->count; i++)
        if (d->item[i].read >= from)
            d->item[i].read = -1;
}

int lower_read(struct lower *l, int variable)
{
    struct declared *d = lower_declared(l, variable);
    if (d->read < 0)
        d->read = graph_read(l->graph, variable);
    return d->read;
}

int lower_current_value(struct lower *l, int variable)
{
    int stored = lower_declared(l, variable)->stored;
    return stored >= 0 ? stored : lower_read(l, variable);
}

void lower_name_variable(struct lower *l, int variable)
{
    lower_declared(l, variable);
    chains_add(&l->declarations->paths, variable,
               names_hash(program_variable(l->program, variable)->path));
}

void lower_forget_variables(struct lower *l, int from)
{
    struct declarations *d = l->declarations;
    chains_cut(&d->paths, from);
    if (d->count > from)
        d->count = from;
    l->program->variable_count = from;
}

static struct variable *find_variable(struct lower *l, enum variable_kind kind, const char *path)
{
    const struct chains *paths = &l->declarations->paths;
    for (int i = chains_first(paths, names_hash(path)); i >= 0; i = chains_next(paths, i)) {
        struct variable *v = program_variable(l->program, i);
        bool kept = v->kind <= VAR_BUFFER && kind <= VAR_BUFFER;
        if (!strcmp(v->path, path) && (v->kind == kind || kept))
            return v;
    }
    return NULL;
}

/* Another declaration of the same path: by another phase, or a use of a `let`, or an error. */
static bool declare_again(struct lower *l, struct frame *frame, struct variable *v,
                          enum variable_kind kind, const struct shape *shape, struct span span)
{
    struct declared *d = lower_declared(l, v->id);
    if (v->kind != kind || !shape_equal(&v->shape, shape)) {
        struct diag *e = lower_error(l, frame, span, "'%s' is %s here, and %s before", v->path,
                                     shape_print(l->arena, F32, shape),
                                     shape_print(l->arena, v->dtype, &v->shape));
        diag_note(e, d->span, "first here");
        if (frame->shared)
            diag_help(e, "uses of one layer share their parameters: all need the same shapes");
        return false;
    }
    if ((d->phases >> l->phase & 1) && !frame->shared) {
        struct diag *e = lower_error(l, frame, span, "the path '%s' is taken", v->path);
        diag_note(e, d->span, "by this");
        diag_help(e, kind == VAR_OUTPUT
                         ? "give one of the two another name: output other = ..."
                         : "give one of the two another name; a call gets one by 'as'");
        return false;
    }
    return true;
}

/* The variable of that path: new, or the one that an earlier phase (or use of a `let`) declared;
 * -1 after an error. */
int lower_declare(struct lower *l, struct frame *frame, enum variable_kind kind, const char *path,
                  enum dtype dtype, const struct shape *shape, struct span span)
{
    struct variable *v = find_variable(l, kind, path);
    if (v && !declare_again(l, frame, v, kind, shape, span))
        return -1;
    if (!v) {
        v = program_add_variable(l->program, kind, path, dtype, shape, span);
        v->frozen = kind <= VAR_BUFFER && lower_is_frozen(l, path);
        v->layer = l->graph->layer;
        lower_name_variable(l, v->id);
        lower_declared(l, v->id)->span = lower_user_span(l, frame, span);
    }
    lower_declared(l, v->id)->phases |= 1u << l->phase;
    return v->id;
}

/* ---- start values, in PHASE_INIT ---- */
static void store_initial(struct lower *l, struct frame *frame, struct variable *v,
                          struct value value, const struct ast *ast)
{
    struct shape shape;
    value = value_to_f32(l, value);
    if (value.kind == V_ERROR)
        return;
    if (!shape_broadcast(&value_node(l, value)->shape, &v->shape, &shape)
        || !shape_equal(&shape, &v->shape)) {
        struct diag *d = lower_error(
            l, frame, ast->span, "the start value of '%s' is %s, and it must fit %s", v->path,
            value_describe(l, value), shape_print(l->arena, v->dtype, &v->shape));
        diag_note(d, v->span, "declared here");
        return;
    }
    l->graph->span = ast->span;
    l->graph->call = lower_user_span(l, frame, ast->span);
    int node = value.node;
    if (!shape_equal(&value_node(l, value)->shape, &v->shape))
        node = graph_broadcast(l->graph, node, &v->shape);
    node = graph_flush(l->graph, node);
    graph_store(l->graph, v->id, node);
    lower_declared(l, v->id)->initial = node + 1;
}

static void set_initial(struct lower *l, struct frame *frame, int variable, const struct ast *ast)
{
    struct variable *v = program_variable(l->program, variable);
    struct graph *graph = l->graph;
    enum phase phase = l->phase;
    struct frame scope = *frame, *current = l->current;
    struct value value;
    if (lower_declared(l, variable)->initial)
        return;
    scope.role = ROLE_INITIALISER;
    scope.parameter = &v->shape;
    l->graph = l->program->phase[PHASE_INIT];
    l->phase = PHASE_INIT;
    l->current = &scope;
    if (ast->kind != AST_CHAIN && lower_is_layer(l, &scope, ast)) {
        struct layer *layer = lower_layer(l, &scope, ast);
        const char *path = path_join(l, v->path, layer->as ? layer->as : "");
        struct expansion e = {.path = path, .random_path = path, .span = ast->span};
        value = lower_apply(l, &scope, layer, &e);
    } else {
        value = lower_expr(l, &scope, ast);
    }
    store_initial(l, frame, v, value, ast);
    l->graph = graph;
    l->phase = phase;
    l->current = current;
}

/* ---- `param`, `buffer`, `state` ---- */
static bool belongs(struct lower *l, struct frame *frame, const struct ast *ast,
                    enum variable_kind kind)
{
    bool model = frame->role == ROLE_BLOCK || frame->role == ROLE_MODEL;
    const char *path = path_join(l, frame->path, ast->kid[0]->text);
    bool again = frame->role == ROLE_METRIC && frame->shared && find_variable(l, kind, path);
    if (kind == VAR_STATE ? frame->role == ROLE_OPTIMIZER : model || again)
        return true;
    struct diag *d = lower_error(l, frame, ast->name_span, "'%s' belongs to %s, and this is %s",
                                 ast->text,
                                 kind == VAR_STATE ? "an optimizer" : "a model or a layer",
                                 role_name(frame->role));
    if (frame->role == ROLE_METRIC && kind != VAR_STATE)
        diag_help(d, "give the layer's result a name above: z = x -> dense(3)");
    return false;
}

static bool stored_shape(struct lower *l, struct frame *frame, const struct ast *ast,
                         struct shape *shape)
{
    const struct ast *type = ast->kid[1];
    int64_t dim[RANK_MAX];
    int rank = 0;
    if (!type) {
        *shape = *l->updates->shape;
        return true;
    }
    if (type->kind != AST_TYPE || strcmp(type->text, "f32")) {
        lower_error(l, frame, type->span, "'%s' holds f32, not %s", ast->text,
                    lower_span_text(l, type->span));
        return false;
    }
    if (type->kid[0] && !lower_dims(l, frame, type->kid[0], &rank, dim))
        return false;
    *shape = shape_of(rank, -1, dim);
    return true;
}

static bool stored_complete(struct lower *l, struct frame *frame, const struct ast *ast,
                            enum variable_kind kind)
{
    if (ast->count > 2 && ast->kid[2] && (ast->kid[1] || kind == VAR_STATE))
        return true;
    bool start = ast->count > 2 && ast->kid[2];
    struct diag *d = lower_error(l, frame, ast->span, "'%s %s' needs a %s", ast->text,
                                 ast->kid[0]->text, start ? "type" : "start value");
    diag_help(d, "for example: %s %s: f32[n] = 0", ast->text, ast->kid[0]->text);
    return false;
}

void lower_stored(struct lower *l, struct frame *frame, const struct ast *ast,
                  enum variable_kind kind)
{
    const struct ast *name = ast->kid[0];
    struct shape shape;
    if (!belongs(l, frame, ast, kind) || !stored_complete(l, frame, ast, kind)
        || !stored_shape(l, frame, ast, &shape)) {
        frame_bind(l, frame, name->text, value_error(), name->span);
        return;
    }
    const char *path = path_join(l, frame->path, name->text);
    int id = lower_declare(l, frame, kind, path, F32, &shape, ast->span);
    if (id < 0) {
        frame_bind(l, frame, name->text, value_error(), name->span);
        return;
    }
    set_initial(l, frame, id, ast->kid[2]);
    struct span span = l->graph->span;
    l->graph->span = ast->span;
    struct value value = value_tensor(l, lower_current_value(l, id), false, ast->span);
    l->graph->span = span;
    frame_bind(l, frame, name->text, value, name->span)->variable = kind == VAR_PARAM ? -1 : id;
    lower_look(l, name->span, value);
}

/* ---- what is stored ---- */
static int stored_node(struct lower *l, struct frame *frame, const struct binding *b)
{
    struct variable *v = program_variable(l->program, b->variable);
    struct value value = value_to_f32(l, b->value);
    struct shape shape;
    if (value.kind == V_ERROR)
        return -1;
    if (value.per_row || !shape_broadcast(&value_node(l, value)->shape, &v->shape, &shape)
        || !shape_equal(&shape, &v->shape)) {
        struct diag *d = lower_error(l, frame, b->span, "'%s' cannot hold %s%s", b->name,
                                     value_describe(l, value), value.per_row ? " of each row" : "");
        diag_note(d, v->span, "it is declared as %s", shape_print(l->arena, v->dtype, &v->shape));
        if (value.per_row)
            diag_help(d, "a reduction with 'keep =' goes over the rows: mean(x, keep = 0)");
        return -1;
    }
    if (shape_equal(&value_node(l, value)->shape, &v->shape))
        return value.node;
    return graph_broadcast(l->graph, value.node, &v->shape);
}

static bool is_latest(const struct frame *frame, const struct binding *b)
{
    for (const struct binding *c = frame->names; c != b; c = c->next)
        if (c->variable == b->variable)
            return false;
    return true;
}

/* Reports a buffer that each turn of a scan would store anew. */
static bool stored_in_turn(struct lower *l, struct frame *frame, const struct binding *b)
{
    if (!lower_in_scan(l))
        return false;
    struct diag *d = lower_error(l, frame, b->span, "'%s' would be stored in each turn of a scan",
                                 b->name);
    diag_note(d, program_variable(l->program, b->variable)->span, "it is declared here");
    diag_help(d, "'carry' is what goes from turn to turn; a norm over the rows stands outside");
    return true;
}

/* A metric only looks: what it calls once more stores nothing. */
void lower_store_changed(struct lower *l, struct frame *frame)
{
    bool stores = l->phase == PHASE_TRAIN && frame->role != ROLE_METRIC;
    int held = l->updates->optimizing ? l->updates->held : -1;
    for (struct binding *b = frame->names; b && stores; b = b->next) {
        if (b->variable < 0 || !b->changed || !is_latest(frame, b))
            continue;
        struct variable *v = program_variable(l->program, b->variable);
        int node = v->frozen || stored_in_turn(l, frame, b) ? -1 : stored_node(l, frame, b);
        if (node >= 0 && v->kind == VAR_BUFFER)
            lower_declared(l, v->id)->stored = node;
        else if (node >= 0)
            graph_store(l->graph, v->id, lower_unless(l, held, v->id, node));
    }
}

int lower_unless(struct lower *l, int held, int variable, int node)
{
    struct span span = graph_node(l->graph, node)->span;
    if (held < 0)
        return node;
    struct value v[] = {value_tensor(l, held, false, span),
                        value_tensor(l, lower_read(l, variable), false, span),
                        value_tensor(l, node, false, span)};
    return value_map(l, OP_SELECT, 3, v, span).node;
}

static void store_buffer(struct lower *l, int buffer, int node)
{
    int held = lower_frozen_now(l, program_variable(l->program, buffer)->path);
    graph_store(l->graph, buffer, lower_unless(l, held, buffer, node));
}

/* All shards begin with what the buffer was before the step: a shard's value counts by its rows. */
static void sum_buffer(struct lower *l, int buffer)
{
    const struct variable *v = program_variable(l->program, buffer);
    int share = lower_share(l, lower_declared(l, buffer)->stored);
    int sum = lower_sum_shards(l, v->path, share, v->span);
    lower_declared(l, buffer)->sum = sum;
}

void lower_store_buffers(struct lower *l)
{
    const struct declarations *d = l->declarations;
    for (int i = 0; i < d->count; i++)
        if (d->item[i].stored >= 0 && program_updates_apart(l->program))
            sum_buffer(l, i);
        else if (d->item[i].stored >= 0)
            store_buffer(l, i, d->item[i].stored);
}

void lower_update_buffers(struct lower *l)
{
    const struct declarations *d = l->declarations;
    for (int i = 0; i < d->count; i++)
        if (d->item[i].sum >= 0)
            store_buffer(l, i, graph_read(l->graph, d->item[i].sum));
}
