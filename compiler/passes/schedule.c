/* How values reach a node through views, and which storage they lie in. */
#include "passes/schedule.h"

#include <assert.h>

#include "graph/op.h"

void ids_add(struct arena *arena, struct ids *ids, int id)
{
    ARENA_PUSH(arena, ids->id, ids->count, ids->room) = id;
}

int64_t dtype_bytes(enum dtype dtype)
{
    return dtype == I64 ? 8 : 4;
}

bool shape_axis_is_one(const struct shape *shape, int axis)
{
    return shape->dim[axis] == 1 && axis != shape->rows;
}

int64_t schedule_bytes(const struct program *program, enum dtype dtype, const struct shape *shape)
{
    int64_t rows = shape->rows >= 0 ? program->train.batch : 1;
    return shape_elements(shape) * rows * dtype_bytes(dtype);
}

void shape_strides(const struct shape *shape, struct extent stride[RANK_MAX])
{
    struct extent step = {.constant = 1};
    for (int axis = shape->rank - 1; axis >= 0; axis--) {
        stride[axis] = step;
        if (axis == shape->rows)
            step = (struct extent){.rows = step.constant * shape->dim[axis]};
        else
            step = (struct extent){step.constant * shape->dim[axis], step.rows * shape->dim[axis]};
    }
}

bool schedule_is_view(const struct graph *graph, int node)
{
    bool view = op_def(graph->node[node]->op)->class == CLASS_VIEW;
    return view && graph->schedule->group_of[node] < 0;
}

/* Index `start + i[from]` of the iteration space, or `start` where from is -1, for each axis. */
struct index {
    int from[RANK_MAX];
    int64_t start[RANK_MAX];
};

/* The indices into `shape` of a loop over `space`, to which it broadcasts. */
static struct index broadcast_index(const struct shape *shape, const struct shape *space)
{
    struct index index = {.start = {0}};
    for (int axis = 0; axis < shape->rank; axis++)
        index.from[axis] = shape_axis_is_one(shape, axis) ? -1 : axis + space->rank - shape->rank;
    return index;
}

/* The indices into the operand of `view` that belong to those into `view`. */
static struct index view_index(const struct graph *graph, const struct node *view,
                               const struct index *outer)
{
    const struct shape *inner = &graph->node[view->operand[0]]->shape;
    struct index index = *outer;
    for (int axis = 0; axis < inner->rank; axis++)
        if (view->op == OP_SLICE) {
            index.start[axis] += view->attr.start[axis];
        } else if (view->op == OP_BROADCAST) {
            int same = axis + view->shape.rank - inner->rank;
            bool one = shape_axis_is_one(inner, axis);
            index.from[axis] = one ? -1 : outer->from[same];
            index.start[axis] = one ? 0 : outer->start[same];
        }
    for (int axis = 0; view->op == OP_TRANSPOSE && axis < inner->rank; axis++) {
        index.from[view->attr.perm[axis]] = outer->from[axis];
        index.start[view->attr.perm[axis]] = outer->start[axis];
    }
    return index;
}

static void extent_add(struct extent *sum, struct extent x, int64_t times)
{
    sum->constant += x.constant * times;
    sum->rows += x.rows * times;
}

/* The access that the indices into `node` amount to. */
static struct access dense_access(const struct graph *graph, int node, const struct index *index)
{
    struct access access = {.node = node};
    const struct shape *shape = &graph->node[node]->shape;
    struct extent stride[RANK_MAX];
    shape_strides(shape, stride);
    for (int axis = 0; axis < shape->rank; axis++) {
        extent_add(&access.offset, stride[axis], index->start[axis]);
        if (index->from[axis] >= 0)
            extent_add(&access.stride[index->from[axis]], stride[axis], 1);
    }
    return access;
}

/* Row-major in `space` from element offset.constant on. */
static bool access_is_dense(const struct access *access, const struct shape *space)
{
    struct extent stride[RANK_MAX];
    shape_strides(space, stride);
    for (int axis = 0; axis < space->rank; axis++)
        if (!shape_axis_is_one(space, axis) &&
            (access->stride[axis].constant != stride[axis].constant ||
             access->stride[axis].rows != stride[axis].rows))
            return false;
    return access->offset.rows == 0;
}

/* Constants and step values lie in no storage: views in their own order are the value itself. */
static int skip_dense_views(const struct graph *graph, int node)
{
    int base = node;
    while (schedule_is_view(graph, base))
        base = graph->node[base]->operand[0];
    bool stored = graph->node[base]->op != OP_CONST && graph->node[base]->op != OP_STEP_VALUE;
    return stored ? node : base;
}

/* The access of a loop over `space` whose indices into `node` are given; looks through views. */
static struct access access_through(const struct graph *graph, int node, struct index index,
                                    const struct shape *space)
{
    const struct place *place = graph->schedule->place;
    while (schedule_is_view(graph, node) && place[node].kind == PLACE_INLINE &&
           graph->node[node]->op != OP_RESHAPE) {
        index = view_index(graph, graph->node[node], &index);
        node = graph->node[node]->operand[0];
    }
    struct access access = dense_access(graph, node, &index);
    access.identity = access_is_dense(&access, space) && access.offset.constant == 0;
    access.node = skip_dense_views(graph, node);
    return access;
}

struct access schedule_access(const struct graph *graph, int operand, const struct shape *space)
{
    struct index index = broadcast_index(&graph->node[operand]->shape, space);
    return access_through(graph, operand, index, space);
}

struct access schedule_copied_access(const struct graph *graph, int view,
                                     const struct shape *space)
{
    const struct node *node = graph->node[view];
    struct index index = broadcast_index(&node->shape, space);
    if (node->op != OP_RESHAPE)
        return access_through(graph, node->operand[0], view_index(graph, node, &index), space);
    struct access access = dense_access(graph, view, &index); /* its operand lies dense */
    access.identity = access_is_dense(&access, space);
    access.node = skip_dense_views(graph, node->operand[0]);
    return access;
}

bool schedule_dense(const struct graph *graph, int view, int64_t *start)
{
    const struct node *node = graph->node[view];
    struct index index = broadcast_index(&node->shape, &node->shape);
    struct access access = {.node = view};
    if (node->op != OP_RESHAPE) {
        index = view_index(graph, node, &index);
        access = dense_access(graph, node->operand[0], &index);
    } else {
        access = dense_access(graph, view, &index);
    }
    *start = access.offset.constant;
    return access_is_dense(&access, &node->shape);
}

void schedule_sources(const struct graph *graph, int operand, struct arena *arena,
                      struct ids *sources)
{
    const struct node *node = graph->node[operand];
    if (node->op == OP_READ || graph->schedule->group_of[operand] >= 0) {
        ids_add(arena, sources, operand);
        return;
    }
    for (int i = 0; i < node->count; i++)
        schedule_sources(graph, node->operand[i], arena, sources);
}

bool schedule_overlap(const struct program *program, int a, int b)
{
    const struct variable *va = program->variable[a], *vb = program->variable[b];
    return a == b || (va->kind == VAR_PARAM && va->block == b) ||
           (vb->kind == VAR_PARAM && vb->block == a);
}

struct pairs {
    const struct graph *graph;
    struct arena *arena;
    struct ids *first, *second;
    struct ids stores;                  /* all of the graph */
    struct ids *of;                     /* variable -> stores of what shares bytes with it */
};

static void add_pair(struct pairs *pairs, int first, int second)
{
    ids_add(pairs->arena, pairs->first, first);
    ids_add(pairs->arena, pairs->second, second);
}

static int variable_of(const struct pairs *pairs, int id)
{
    return pairs->graph->node[id]->attr.variable;
}

/* Lists the stores of each variable, of its block and of the parameters in it. */
static void list_stores(struct pairs *pairs)
{
    const struct program *program = pairs->graph->program;
    pairs->of = ARENA_ARRAY(pairs->arena, struct ids, program->variable_count);
    for (int id = 0; id < pairs->graph->count; id++) {
        if (pairs->graph->node[id]->op != OP_STORE)
            continue;
        ids_add(pairs->arena, &pairs->stores, id);
        int variable = variable_of(pairs, id);
        const struct variable *stored = program->variable[variable];
        ids_add(pairs->arena, &pairs->of[variable], id);
        if (stored->kind == VAR_PARAM && stored->block >= 0)
            ids_add(pairs->arena, &pairs->of[stored->block], id);
        for (int v = 0; stored->kind == VAR_BLOCK && v < program->variable_count; v++)
            if (v != variable && schedule_overlap(program, v, variable))
                ids_add(pairs->arena, &pairs->of[v], id);
    }
}

/* What reads a variable comes before what stores it. */
static void pair_reader(struct pairs *pairs, int reader, int source)
{
    const struct ids *stores = &pairs->of[variable_of(pairs, source)];
    for (int i = 0; i < stores->count; i++)
        if (stores->id[i] != reader)
            add_pair(pairs, reader, stores->id[i]);
}

/* The loss is looked at, at graph->count, before anything else is stored. */
static void pair_loss(struct pairs *pairs, int store)
{
    const struct program *program = pairs->graph->program;
    if (program->variable[variable_of(pairs, store)]->kind == VAR_LOSS)
        add_pair(pairs, store, pairs->graph->count);
    else
        add_pair(pairs, pairs->graph->count, store);
}

void schedule_hazards(const struct graph *graph, struct arena *arena, struct ids *first,
                      struct ids *second)
{
    struct pairs pairs = {.graph = graph, .arena = arena, .first = first, .second = second};
    list_stores(&pairs);
    for (int i = 0; i < pairs.stores.count; i++)
        pair_loss(&pairs, pairs.stores.id[i]);
    struct ids sources = {0};
    for (int id = 0; id < graph->count; id++) {
        sources.count = 0;
        for (int i = 0; graph->schedule->group_of[id] >= 0 && i < graph->node[id]->count; i++)
            schedule_sources(graph, graph->node[id]->operand[i], arena, &sources);
        for (int i = 0; i < sources.count; i++)
            if (graph->node[sources.id[i]]->op == OP_READ)
                pair_reader(&pairs, id, sources.id[i]);
    }
}
