/* How values reach a node through views, and which storage they lie in. */
#include "passes/schedule.h"

#include <assert.h>
#include <string.h>

#include "graph/loop.h"
#include "graph/op.h"

void ids_add(struct arena *arena, struct ids *ids, int id)
{
    ARENA_PUSH(arena, ids->id, ids->count, ids->room) = id;
}

bool shape_axis_is_one(const struct shape *shape, int axis)
{
    return shape->dim[axis] == 1 && axis != shape->rows;
}

bool schedule_is_copy(const struct graph *graph, int node)
{
    const struct node *n = graph->node[node];
    return n->op == OP_RESHAPE && shape_equal(&n->shape, &graph->node[n->operand[0]]->shape);
}

bool schedule_stores(const struct node *node)
{
    return op_def(node->op)->class == CLASS_STORE;
}

int schedule_depth(const struct graph *graph, int loop)
{
    int depth = 0;
    while ((loop = graph->loop[loop].outer) >= 0)
        depth++;
    return depth;
}

bool place_same(const struct place *a, const struct place *b)
{
    bool same = a->offset == b->offset;
    for (int i = 0; i < LOOPS_DEEP; i++)
        same = same && extent_equal(a->advance[i], b->advance[i]);
    return same;
}

bool place_moves(const struct place *place)
{
    bool moves = false;
    for (int i = 0; i < LOOPS_DEEP; i++)
        moves = moves || !extent_is(place->advance[i], 0);
    return moves;
}

int64_t schedule_bytes(const struct program *program, enum dtype dtype, const struct shape *shape)
{
    int64_t rows = shape->rows >= 0 ? program->train.rows : 1;
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

/* Indices into a value, as forms of the loops' indices; what windows see of it is within limits. */
struct index {
    struct linear axis[RANK_MAX];
    int limits;
    struct limit limit[LIMITS_MAX];
    float outside;
};

/* The indices into `shape` of a loop over `space`, to which it broadcasts.  Where it has more axes
 * than that (what a copied view is of), only the node of the access means something. */
static struct index broadcast_index(const struct shape *shape, const struct shape *space)
{
    struct index index = {.limits = 0};
    for (int axis = 0; axis < shape->rank; axis++) {
        index.axis[axis] = (struct linear){.quotient = -1};
        int loop = axis + space->rank - shape->rank;
        if (loop >= 0 && !shape_axis_is_one(shape, axis))
            index.axis[axis].times[loop] = 1;
    }
    return index;
}

static void form_add(struct linear *sum, const struct linear *x, int64_t times)
{
    sum->start += x->start * times;
    for (int loop = 0; loop < RANK_MAX; loop++)
        sum->times[loop] += x->times[loop] * times;
    if (x->quotient >= 0) {
        assert(sum->quotient < 0);
        sum->quotient = x->quotient;
        sum->by = x->by * times;
    }
}

/* The least and largest value of a form that a limit holds; false where it depends on the rows. */
static bool form_range(const struct linear *form, const struct shape *space, int64_t *least,
                       int64_t *most)
{
    *least = *most = form->start;
    for (int loop = 0; loop < space->rank; loop++) {
        int64_t last = form->times[loop] * (space->dim[loop] - 1);
        if (form->times[loop] != 0 && loop == space->rows)
            return false;
        *(last < 0 ? least : most) += last;
    }
    return form->quotient < 0;
}

static int add_limit(struct index *index, const struct linear *at, int64_t extent, int64_t divisor)
{
    assert(index->limits < LIMITS_MAX);
    index->limit[index->limits] = (struct limit){*at, extent, divisor, {0, 0}};
    return index->limits++;
}

/* The indices into what `view` is a window of. */
static void window_index(const struct node *view, const struct shape *inner,
                         const struct shape *space, struct index *index)
{
    struct linear form[RANK_MAX];
    int first, axes = window_axes(&view->shape, &view->attr, &first);
    for (int axis = 0; axis < inner->rank; axis++) {
        int64_t least, most;
        form[axis] = index->axis[axis < first ? axis : axis + axes];
        if (axis < first || axis >= first + axes)
            continue;
        struct window_axis window = window_axis(&view->attr, first, axes, axis - first);
        form[axis] = (struct linear){.start = -window.before, .quotient = -1};
        form_add(&form[axis], &index->axis[axis], window.stride);
        form_add(&form[axis], &index->axis[axis + axes], window.dilation);
        if (!form_range(&form[axis], space, &least, &most) || least < 0 ||
            most >= inner->dim[axis])
            add_limit(index, &form[axis], inner->dim[axis], 1);
    }
    memcpy(index->axis, form, sizeof form);
    index->outside = view->attr.value;
}

/* The indices of the windows that see an element by a tap. */
static void unwindow_index(const struct node *view, const struct shape *inner,
                           struct index *index)
{
    int first, axes = window_axes(&view->shape, &view->attr, &first);
    for (int axis = first; axis < first + axes; axis++) {
        struct window_axis window = window_axis(&view->attr, first, axes, axis - first);
        struct linear seen = {.start = window.before, .quotient = -1};
        form_add(&seen, &index->axis[axis], 1);
        form_add(&seen, &index->axis[axis + axes], -window.dilation);
        int limit = add_limit(index, &seen, inner->dim[axis], window.stride);
        index->axis[axis] = seen;
        if (window.stride > 1)
            index->axis[axis] = (struct linear){.quotient = limit, .by = 1};
    }
    index->outside = 0.0f;
}

static void transpose_index(const struct node *view, struct index *index)
{
    struct linear form[RANK_MAX];
    memcpy(form, index->axis, sizeof form);
    for (int axis = 0; axis < view->shape.rank; axis++)
        index->axis[view->attr.perm[axis]] = form[axis];
}

static void spread_index(const struct node *view, const struct shape *inner, struct index *index)
{
    int missing = view->shape.rank - inner->rank;
    for (int axis = 0; axis < inner->rank; axis++) {
        index->axis[axis] = index->axis[axis + missing];
        if (shape_axis_is_one(inner, axis))
            index->axis[axis] = (struct linear){.quotient = -1};
    }
}

/* The slice at index 0: what moves is its place. */
static void turn_index(const struct node *view, struct index *index)
{
    memmove(&index->axis[1], &index->axis[0], sizeof index->axis[0] * (size_t)view->shape.rank);
    index->axis[0] = (struct linear){.quotient = -1};
}

/* Makes of the indices into `view` those into its operand. */
static void view_index(const struct graph *graph, const struct node *view,
                       const struct shape *space, struct index *index)
{
    const struct shape *inner = &graph->node[view->operand[0]]->shape;
    if (view->op == OP_SLICE)
        for (int axis = 0; axis < inner->rank; axis++)
            index->axis[axis].start += view->attr.start[axis];
    else if (view->op == OP_BROADCAST)
        spread_index(view, inner, index);
    else if (view->op == OP_TRANSPOSE)
        transpose_index(view, index);
    else if (view->op == OP_TURN)
        turn_index(view, index);
    else if (view->op == OP_WINDOW)
        window_index(view, inner, space, index);
    else if (view->op == OP_UNWINDOW)
        unwindow_index(view, inner, index);
}

static void extent_add(struct extent *sum, struct extent x, int64_t times)
{
    sum->constant += x.constant * times;
    sum->rows += x.rows * times;
}

/* The access that the indices into `node` amount to. */
static struct access dense_access(const struct graph *graph, int node, const struct index *index)
{
    struct access access = {.node = node, .limits = index->limits, .outside = index->outside};
    const struct shape *shape = &graph->node[node]->shape;
    struct extent stride[RANK_MAX];
    shape_strides(shape, stride);
    memcpy(access.limit, index->limit, sizeof *access.limit * (size_t)index->limits);
    for (int axis = 0; axis < shape->rank; axis++) {
        const struct linear *form = &index->axis[axis];
        extent_add(&access.offset, stride[axis], form->start);
        for (int loop = 0; loop < RANK_MAX; loop++)
            extent_add(&access.stride[loop], stride[axis], form->times[loop]);
        if (form->quotient >= 0)
            extent_add(&access.limit[form->quotient].stride, stride[axis], form->by);
    }
    return access;
}

/* Row-major in `space` from element offset.constant on. */
static bool access_is_dense(const struct access *access, const struct shape *space)
{
    struct extent stride[RANK_MAX];
    shape_strides(space, stride);
    if (access->limits > 0)
        return false;
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
        view_index(graph, graph->node[node], space, &index);
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
    if (node->op != OP_RESHAPE) {
        view_index(graph, node, space, &index);
        return access_through(graph, node->operand[0], index, space);
    }
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
        view_index(graph, node, &node->shape, &index);
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

void schedule_group_sources(const struct graph *graph, const struct group *group,
                            struct arena *arena, struct ids *sources)
{
    for (int m = 0; m < group->count; m++)
        for (int i = 0; i < graph->node[group->node[m]]->count; i++)
            schedule_sources(graph, graph->node[group->node[m]]->operand[i], arena, sources);
}

bool schedule_overlap(const struct program *program, int a, int b)
{
    const struct variable *va = program->variable[a], *vb = program->variable[b];
    return a == b || (va->kind == VAR_PARAM && va->block == b) ||
           (vb->kind == VAR_PARAM && vb->block == a);
}

bool schedule_is_by_rows(const struct graph *graph, const struct group *group)
{
    return group->band > 0 && graph->schedule->band[group->band - 1].rows > 0;
}

int schedule_moments(const struct graph *graph)
{
    return 1 + 2 * graph->loop_count;
}

int schedule_begin(const struct graph *graph, int loop)
{
    return graph->count + 1 + 2 * loop;
}

int schedule_end(const struct graph *graph, int loop)
{
    return schedule_begin(graph, loop) + 1;
}

/* Of `loop` and those around it, the outermost that `other` is not in; -1: it is in all. */
static int loop_apart(const struct graph *graph, int loop, int other)
{
    int apart = -1;
    for (; !loop_within(graph, other, loop); loop = graph->loop[loop].outer)
        apart = loop;
    return apart;
}

void schedule_edge(const struct graph *graph, int first_loop, int second_loop, int *first,
                   int *second)
{
    int before = loop_apart(graph, first_loop, second_loop);
    int after = loop_apart(graph, second_loop, first_loop);
    *first = before < 0 ? *first : schedule_end(graph, before);
    *second = after < 0 ? *second : schedule_begin(graph, after);
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

/* What reads what a loop carries comes before what is kept of it for the next turn. */
static void pair_carry(struct pairs *pairs, const struct loops *loops, int reader, int carry)
{
    if (loops->keep[carry] >= 0 && loops->keep[carry] != reader)
        add_pair(pairs, reader, loops->keep[carry]);
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

/* What is made again comes after the loss was looked at, and after the gradient it waits for: not
 * while forward values are there, or those that another region makes again. */
static void pair_again(struct pairs *pairs, const struct node *node)
{
    struct ids sources = {0};
    add_pair(pairs, pairs->graph->count, node->id);
    if (node->after >= 0)
        schedule_sources(pairs->graph, node->after, pairs->arena, &sources);
    for (int i = 0; i < sources.count; i++)
        if (pairs->graph->node[sources.id[i]]->op != OP_READ)
            add_pair(pairs, sources.id[i], node->id);
}

void schedule_hazards(const struct graph *graph, struct arena *arena, struct ids *first,
                      struct ids *second)
{
    struct pairs pairs = {.graph = graph, .arena = arena, .first = first, .second = second};
    list_stores(&pairs);
    for (int i = 0; i < pairs.stores.count; i++)
        pair_loss(&pairs, pairs.stores.id[i]);
    struct ids sources = {0};
    const struct loops loops = loops_of(graph, arena);
    for (int id = 0; id < graph->count; id++) {
        sources.count = 0;
        if (graph->node[id]->again && graph->schedule->group_of[id] >= 0)
            pair_again(&pairs, graph->node[id]);
        for (int i = 0; graph->schedule->group_of[id] >= 0 && i < graph->node[id]->count; i++)
            schedule_sources(graph, graph->node[id]->operand[i], arena, &sources);
        for (int i = 0; i < sources.count; i++)
            if (graph->node[sources.id[i]]->op == OP_READ)
                pair_reader(&pairs, id, sources.id[i]);
            else if (graph->node[sources.id[i]]->op == OP_CARRY)
                pair_carry(&pairs, &loops, id, sources.id[i]);
    }
}
