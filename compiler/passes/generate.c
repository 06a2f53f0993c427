/* pass_generate: the phase that makes the logits of one place of a text, of its token and of what
 * is kept of the places before it.
 *
 * requires:    phase predict, whose output `generate` names.
 * establishes: phase generate and its variables; or program->generate->whole, the operator for
 *              which no proof was found that nothing depends on later places.
 *
 * A node of phase predict that is of all places becomes one of the place at hand: of its axis of
 * places, or a factor of it, one element is left (`cut`; struct cut of passes/later.h).  Where all
 * places of one are read, as keys and values are, their rows are kept in a variable: +0 but for the
 * places so far.  So is a carry of a loop over the places, of which one turn is left.  What a row
 * depends on is found on the way (passes/later.c); it is kept only where that is no later place, so
 * each row is what phase predict makes of the whole window at any later time, bit for bit: no
 * operator's order of sums changes where an axis is cut that it does not sum over.
 *
 * The batch is one row: rows vanish from shapes. */
#include "graph/loop.h"
#include "graph/op.h"
#include "passes/later.h"
#include "passes/pass.h"

/* A node, or with a stride its element of the place at hand, in the new graph; or -1. */
struct made {
    int64_t stride;                     /* 0: as it is */
    int node;
    const struct node *trouble;         /* what kept it from being made */
    struct made *before;
};

struct kept { int carry, variable; };   /* carries, still to be stored */

struct maker {
    struct program *program;
    struct arena *arena;
    const struct graph *from;
    struct graph *to;
    struct loops loops;
    int64_t places;
    int input, hand, token;             /* a variable; nodes of `to` */
    bool *depends;                      /* on the text; by ids of `from` */
    struct made **made;
    struct later *later;                /* by ids of `to` */
    int known, later_room;
    struct kept *kept;
    int kept_count, kept_room;
    int *rows;                          /* nodes of `to` that are stored in variable[i], both of */
    int *variable;                      /* places that are kept */
    int row_count, row_room, variable_room;
    const struct node *trouble;
};

static int make(struct maker *, int id, int64_t stride);

/* ---- the new graph ---- */

/* Marks of the nodes that were added.  -1 where one of them mixes what is later; else the node. */
static int settle(struct maker *m, int node)
{
    for (; m->known < m->to->count; m->known++) {
        struct later later;
        if (!later_of(m->to, m->to->node[m->known], m->places, m->later, &later))
            node = -1;
        int at = m->known;
        ARENA_PUSH(m->arena, m->later, at, m->later_room) = later;
    }
    return node;
}

static struct shape one_row(struct shape shape)
{
    shape.rows = -1;
    return shape;
}

static struct shape cut_shape(const struct maker *m, const struct node *n, const struct cut *cut)
{
    struct shape shape = one_row(n->shape);
    if (cut)
        shape.dim[cut->axis] /= m->places;
    return shape;
}

static int add(struct maker *m, const struct node *n, const int *operand, const struct shape *shape)
{
    struct node trial = *n;
    trial.id = m->to->count;
    trial.operand = (int *)operand;
    trial.shape = *shape;
    if (graph_infer(m->to, &trial) || !shape_equal(&trial.shape, shape))
        return -1;
    return settle(m, graph_add_shaped(m->to, n->op, n->count, operand, &n->attr, n->dtype, shape));
}

static int zero_of(struct maker *m, enum dtype dtype)
{
    return dtype == F32 ? graph_const(m->to, 0) : graph_const_whole(m->to, dtype, 0);
}

static int keep_variable(struct maker *m, const struct node *n, const struct shape *shape)
{
    const char *path = arena_printf(m->program->arena, "generate/kept%d", n->id);
    return program_add_variable(m->program, VAR_KEPT, path, n->dtype, shape, n->span)->id;
}

/* ---- places ---- */

/* The element of the place at hand of a value that no place before it changes. */
static int pick(struct maker *m, int whole, const struct node *n, int64_t stride,
                const struct shape *shape)
{
    int64_t outer = shape_elements(shape) / stride;
    struct shape lines = shape_of(3, -1, (int64_t[]){outer, m->places, stride});
    struct shape index = shape_of(2, -1, (int64_t[]){outer, 1});
    if (n->dtype != F32 && n->dtype != I32)
        return -1;
    int at = graph_broadcast(m->to, m->hand, &index);
    int row = graph_take(m->to, graph_reshape(m->to, whole, &lines), at);
    return settle(m, graph_reshape(m->to, row, shape));
}

/* All places of which `row` is one: those before are kept, those behind +0. */
static int with_row(struct maker *m, const struct node *n, int row, int64_t stride)
{
    struct shape whole = one_row(n->shape);
    int64_t outer = shape_elements(&whole) / (stride * m->places);
    struct shape lines = shape_of(3, -1, (int64_t[]){outer, m->places, stride});
    struct shape line = shape_of(3, -1, (int64_t[]){outer, 1, stride});
    struct shape place = shape_of(3, -1, (int64_t[]){1, m->places, 1});
    struct attr attr = {.axis = 1};
    int variable = keep_variable(m, n, &lines);
    int number = graph_add_shaped(m->to, OP_POSITION, 0, NULL, &attr, I32, &place);
    int before = graph_select(m->to, graph_binary(m->to, OP_LT, number, m->hand),
                              graph_read(m->to, variable), zero_of(m, n->dtype));
    int all = graph_select(m->to, graph_binary(m->to, OP_EQ, number, m->hand),
                           graph_reshape(m->to, row, &line), before);
    int at = m->row_count;
    ARENA_PUSH(m->program->arena, m->rows, at, m->row_room) = all;
    ARENA_PUSH(m->program->arena, m->variable, m->row_count, m->variable_room) = variable;
    settle(m, all);
    m->later[all] = (struct later){LATER, stride}; /* the text's later places would be there */
    return settle(m, graph_reshape(m->to, all, &whole));
}

/* Along which axis the places of a value lie is what can be proved. */
static int all_places(struct maker *m, const struct node *n)
{
    for (int axis = 0; axis < n->shape.rank; axis++)
        for (int64_t inner = 1; inner <= n->shape.dim[axis] / m->places; inner++) {
            int64_t stride = cut_stride(&n->shape, (struct cut){axis, inner});
            int row = n->shape.dim[axis] % (m->places * inner) ? -1 : make(m, n->id, stride);
            if (row >= 0 && !(m->later[row].marks & LATER))
                return with_row(m, n, row, stride);
        }
    return -1;
}

/* ---- operands ---- */

/* The stride in operand i of the same cut along its axis number `axis`; false where it is not
 * whole there. */
static bool same_axis(const struct maker *m, const struct node *n, struct cut cut, int i, int axis,
                      int64_t *stride)
{
    const struct shape *shape = &m->from->node[n->operand[i]]->shape;
    bool good = axis >= 0 && axis < shape->rank && shape->dim[axis] == n->shape.dim[cut.axis];
    *stride = good ? cut_stride(shape, (struct cut){axis, cut.inner}) : 0;
    return good;
}

static bool all_same(const struct maker *m, const struct node *n, struct cut cut, int64_t *stride)
{
    bool good = true;
    for (int i = 0; i < n->count; i++)
        good = good && same_axis(m, n, cut, i, cut.axis, &stride[i]);
    return good;
}

/* What broadcasts along the axis is whole. */
static bool of_map(const struct maker *m, const struct node *n, struct cut cut, int64_t *stride)
{
    for (int i = 0; i < n->count; i++) {
        const struct shape *shape = &m->from->node[n->operand[i]]->shape;
        int axis = cut.axis - (n->shape.rank - shape->rank);
        if (axis >= 0 && shape->dim[axis] != 1 && !same_axis(m, n, cut, i, axis, &stride[i]))
            return false;
    }
    return true;
}

static bool of_product(const struct maker *m, const struct node *n, struct cut cut, int64_t *stride)
{
    int rank[2] = {m->from->node[n->operand[0]]->shape.rank,
                   m->from->node[n->operand[1]]->shape.rank};
    int k = n->attr.axes, g = n->attr.grouped, left = rank[0] - k - g;
    bool good = true;
    if (n->op == OP_CONTRACT && cut.axis >= left + g)
        return same_axis(m, n, cut, 1, cut.axis - left + k, &stride[1]);
    if (n->op == OP_CONTRACT)
        return same_axis(m, n, cut, 0, cut.axis, &stride[0])
               && (cut.axis < left || same_axis(m, n, cut, 1, cut.axis - left, &stride[1]));
    if (cut.axis == n->shape.rank - 2)
        return same_axis(m, n, cut, 0, rank[0] - (n->attr.transpose_a ? 1 : 2), &stride[0]);
    if (cut.axis == n->shape.rank - 1)
        return same_axis(m, n, cut, 1, rank[1] - (n->attr.transpose_b ? 2 : 1), &stride[1]);
    for (int i = 0; i < 2; i++)
        good = good && (rank[i] == 2 || same_axis(m, n, cut, i, 0, &stride[i]));
    return good;
}

static bool of_take(const struct maker *m, const struct node *n, struct cut cut, int64_t *stride)
{
    bool x = cut.axis == 1 || same_axis(m, n, cut, 0, cut.axis, &stride[0]);
    return x && (cut.axis == 2 || same_axis(m, n, cut, 1, cut.axis, &stride[1]));
}

static bool of_box(const struct maker *m, const struct node *n, struct cut cut, int64_t *stride)
{
    return n->attr.start[cut.axis] == 0 && all_same(m, n, cut, stride);
}

static bool of_column(const struct maker *m, const struct node *n, struct cut cut, int64_t *stride)
{
    int first, last;
    column_axes(n, &first, &last);
    return (cut.axis < first || cut.axis >= last) && all_same(m, n, cut, stride);
}

/* The strides of the operands of which the node's element at the place is made; 0: whole. */
static bool strides_of(const struct maker *m, const struct node *n, struct cut cut, int64_t *stride)
{
    switch (n->op) {
    case OP_RESHAPE:
    case OP_STOP_GRADIENT:
        stride[0] = cut_stride(&n->shape, cut);
        return true;
    case OP_TRANSPOSE:
        return same_axis(m, n, cut, 0, (int)n->attr.perm[cut.axis], &stride[0]);
    case OP_SLICE:
    case OP_PAD:
        return of_box(m, n, cut, stride);
    case OP_MATMUL:
    case OP_CONTRACT:
        return of_product(m, n, cut, stride);
    case OP_TAKE:
        return of_take(m, n, cut, stride);
    case OP_COLUMN_SUM:
        return of_column(m, n, cut, stride);
    case OP_CONCAT:
        return cut.axis != n->attr.axis && all_same(m, n, cut, stride);
    case OP_CUMSUM:
    case OP_CUMPROD:
    case OP_RECURRENCE:
    case OP_ARGSORT:
        return cut.axis != 1 && all_same(m, n, cut, stride);
    default:
        if (op_def(n->op)->class == CLASS_ROW)
            return cut.axis != n->shape.rank - 1 && all_same(m, n, cut, stride);
        return (op_def(n->op)->class == CLASS_MAP || n->op == OP_BROADCAST)
               && of_map(m, n, cut, stride);
    }
}

/* ---- nodes ---- */

static int make_read(struct maker *m, const struct node *n, int64_t stride,
                     const struct shape *shape)
{
    if (n->attr.variable == m->input)
        return stride == 1 ? settle(m, graph_reshape(m->to, m->token, shape)) : -1;
    if (n->shape.rows >= 0)
        return -1;
    int whole = settle(m, graph_read(m->to, n->attr.variable));
    return stride ? pick(m, whole, n, stride, shape) : whole;
}

static int make_position(struct maker *m, const struct node *n, const struct cut *cut,
                         const struct shape *shape)
{
    if (!cut || cut->axis != n->attr.axis)
        return add(m, n, NULL, shape);
    if (n->shape.dim[cut->axis] != m->places)
        return -1;
    return settle(m, graph_broadcast(m->to, m->hand, shape));
}

/* Is it a loop over the places, one after another? */
static bool is_of_text(const struct maker *m, int loop)
{
    const struct loop *l = &m->from->loop[loop];
    return l->turns == m->places && !l->reverse && l->outer < 0;
}

/* The first turn begins with what the model says, each later one with what was kept. */
static int make_carry(struct maker *m, const struct node *n)
{
    struct shape shape = one_row(n->shape);
    int start = make(m, n->operand[0], 0);
    if (start < 0)
        return -1;
    struct kept kept = {n->id, keep_variable(m, n, &shape)};
    ARENA_PUSH(m->arena, m->kept, m->kept_count, m->kept_room) = kept;
    int first = graph_binary(m->to, OP_EQ, m->hand, graph_const_whole(m->to, I32, 0));
    return settle(m, graph_select(m->to, first, start, graph_read(m->to, kept.variable)));
}

static int make_of_loop(struct maker *m, const struct node *n, const struct cut *cut,
                        const struct shape *shape)
{
    const struct node *x = m->from->node[n->operand[0]];
    if (!is_of_text(m, n->attr.loop))
        return -1;
    if (n->op == OP_CARRY)
        return make_carry(m, n);
    bool turn = n->op == OP_TURN, all = n->op == OP_STACK && cut && cut->axis == 0;
    if (!turn && !all)
        return -1;
    int node = make(m, x->id, turn ? cut_stride(&x->shape, (struct cut){0, 1}) : 0);
    return node < 0 ? -1 : settle(m, graph_reshape(m->to, node, shape));
}

static int make_operator(struct maker *m, const struct node *n, const struct cut *cut,
                         const struct shape *shape)
{
    int64_t *stride = ARENA_ARRAY(m->arena, int64_t, n->count + 1);
    int *operand = ARENA_ARRAY(m->arena, int, n->count + 1);
    if (cut && !strides_of(m, n, *cut, stride))
        return -1;
    for (int i = 0; i < n->count; i++) {
        operand[i] = make(m, n->operand[i], stride[i]);
        if (operand[i] < 0)
            return -1;
    }
    m->to->span = n->span;
    m->to->call = n->call;
    return add(m, n, operand, shape);
}

static int make_const(struct maker *m, const struct node *n, int64_t stride,
                      const struct shape *shape)
{
    if (!stride || !n->attr.list)
        return add(m, n, NULL, shape);
    struct shape whole = one_row(n->shape);
    int all = add(m, n, NULL, &whole);
    return all < 0 ? -1 : pick(m, all, n, stride, shape);
}

static int make_node(struct maker *m, const struct node *n, int64_t stride)
{
    struct cut cut;
    enum op_class class = op_def(n->op)->class;
    if (stride && !cut_find(&n->shape, stride, m->places, &cut))
        return -1;
    bool in_loop = m->loops.at[n->id] >= 0;
    if (in_loop && stride)
        return -1;
    if (!in_loop && !stride && m->depends[n->id] && class != CLASS_VIEW)
        return all_places(m, n);
    const struct cut *at = stride ? &cut : NULL;
    struct shape shape = cut_shape(m, n, at);
    m->to->span = n->span;
    m->to->call = n->call;
    if (op_def(n->op)->attributes & ATTR_LOOP)
        return make_of_loop(m, n, at, &shape);
    if (op_def(n->op)->attributes & ATTR_RANDOM || n->op == OP_STEP_VALUE)
        return -1;
    return n->op == OP_READ       ? make_read(m, n, stride, &shape)
           : n->op == OP_CONST    ? make_const(m, n, stride, &shape)
           : n->op == OP_POSITION ? make_position(m, n, at, &shape)
                                  : make_operator(m, n, at, &shape);
}

/* Can an axis be that of the places? */
static bool has_places(const struct maker *m, const struct node *n)
{
    bool found = false;
    for (int axis = 0; axis < n->shape.rank; axis++)
        found |= n->shape.dim[axis] % m->places == 0;
    return found;
}

/* An operand that depends on the text, or NULL. */
static const struct node *operand_of_text(const struct maker *m, const struct node *n)
{
    for (int i = 0; i < n->count; i++)
        if (m->depends[n->operand[i]])
            return m->from->node[n->operand[i]];
    return NULL;
}

/* What has no places, but depends on the text, is made of all: by the node that read them last. */
static const struct node *reader_of_places(const struct maker *m, const struct node *n)
{
    for (const struct node *of = n; of && !has_places(m, of); of = operand_of_text(m, of))
        n = of;
    return n;
}

static int make_anew(struct maker *m, const struct node *n, int64_t stride)
{
    const struct node *outer = m->trouble;
    m->trouble = NULL;
    int node = make_node(m, n, stride);
    if (node < 0 && !m->trouble)
        m->trouble = stride ? n : reader_of_places(m, n);
    struct made *made = ARENA_NEW(m->arena, struct made);
    *made = (struct made){stride, node, m->trouble, m->made[n->id]};
    m->made[n->id] = made;
    m->trouble = outer;
    return node;
}

static int make(struct maker *m, int id, int64_t stride)
{
    const struct node *n = m->from->node[id];
    const struct made *made = m->made[id];
    while (made && made->stride != stride)
        made = made->before;
    int node = made ? made->node : make_anew(m, n, stride);
    made = made ? made : m->made[id];
    if (node < 0 && !m->trouble)
        m->trouble = made->trouble;
    return node;
}

/* ---- the phase ---- */

static void find_dependent(struct maker *m)
{
    for (int id = 0; id < m->from->count; id++) {
        const struct node *n = m->from->node[id];
        m->depends[id] = n->op == OP_CARRY || (n->op == OP_READ && n->attr.variable == m->input);
        for (int i = 0; i < n->count; i++)
            m->depends[id] |= m->depends[n->operand[i]];
    }
}

static int add_token(struct maker *m, const char *path, int *variable)
{
    struct shape scalar = shape_scalar();
    *variable = program_add_variable(m->program, VAR_TOKEN, path, I32, &scalar,
                                     m->program->generate->span)->id;
    return graph_read(m->to, *variable);
}

static const struct node *store_of(const struct graph *graph, int variable)
{
    for (int id = 0; id < graph->count; id++)
        if (graph->node[id]->op == OP_STORE && graph->node[id]->attr.variable == variable)
            return graph->node[id];
    return NULL;
}

static bool is_read(const struct graph *graph, const bool *marked, int variable)
{
    for (int id = 0; id < graph->count; id++)
        if (marked[id] && graph->node[id]->op == OP_READ
            && graph->node[id]->attr.variable == variable)
            return true;
    return false;
}

static bool *find_read(struct maker *m)
{
    bool *marked = ARENA_ARRAY(m->arena, bool, m->to->count + 1);
    for (int id = 0; id < m->to->count; id++)
        marked[id] = m->to->node[id]->op == OP_STORE;
    graph_mark_read(m->to, m->to->count - 1, marked);
    return marked;
}

/* Carries that are read, and those that are read to store these; false where one cannot be. */
static bool store_carries(struct maker *m)
{
    for (bool more = true; more;) {
        bool *marked = find_read(m);
        more = false;
        for (int i = 0; i < m->kept_count; i++) {
            struct kept kept = m->kept[i];
            if (kept.carry < 0 || !is_read(m->to, marked, kept.variable))
                continue;
            int value = make(m, m->from->node[m->loops.keep[kept.carry]]->operand[0], 0);
            if (value < 0 || m->later[value].marks & LATER)
                return false;
            graph_store(m->to, kept.variable, value);
            m->kept[i].carry = -1;
            more = true;
        }
    }
    return true;
}

static void store_rows(struct maker *m)
{
    bool *marked = find_read(m);
    for (int i = 0; i < m->row_count; i++)
        if (marked[m->rows[i]])
            graph_store(m->to, m->variable[i], m->rows[i]);
}

/* Whether the phase names the variable; there it has a new number. */
static bool rename_variable(const struct graph *graph, int from, int to)
{
    bool named = false;
    for (int i = 0; i < graph->count; i++) {
        struct node *n = graph->node[i];
        if ((n->op == OP_READ || n->op == OP_STORE) && n->attr.variable == from) {
            n->attr.variable = to;
            named = true;
        }
    }
    return named;
}

/* Of the variables from `first` on those stay that the phase names. */
static void drop_variables(struct program *program, const struct graph *graph, int first)
{
    struct generate_desc *g = program->generate;
    int *const found[] = {&g->place, &g->token, &g->logits}, count = first;
    for (int id = first; id < program->variable_count; id++) {
        bool named = rename_variable(graph, id, count);
        for (int i = 0; i < 3; i++)
            *found[i] = *found[i] == id ? named ? count : -1 : *found[i];
        program->variable[count] = program->variable[id];
        program->variable[count]->id = count;
        count += named;
    }
    program->variable_count = count;
}

static bool make_phase(struct maker *m, const struct node *store)
{
    const struct variable *output = program_variable(m->program, store->attr.variable);
    int64_t classes = output->shape.dim[2];
    struct shape shape = shape_of(1, -1, &classes);
    struct generate_desc *g = m->program->generate;
    m->hand = add_token(m, "generate/place", &g->place);
    m->token = add_token(m, "generate/token", &g->token);
    settle(m, m->hand);
    m->later[m->hand].marks = AT_HAND;
    int logits = make(m, store->operand[0], classes);
    if (logits < 0 || m->later[logits].marks & LATER)
        return false;
    g->logits = program_add_variable(m->program, VAR_LOGITS, "generate/logits", F32, &shape,
                                     store->span)->id;
    graph_store(m->to, g->logits, graph_reshape(m->to, logits, &shape));
    if (!store_carries(m))
        return false;
    store_rows(m);
    return true;
}

static void note_whole(struct generate_desc *g, const struct node *n)
{
    g->whole = node_title(n);
    g->whole_span = n->call.source ? n->call : n->span;
}

void pass_generate(struct program *program)
{
    struct generate_desc *g = program->generate;
    const struct graph *from = program->phase[PHASE_PREDICT];
    if (!g || !from)
        return;
    struct maker m = {.program = program, .arena = arena_new(), .from = from,
                      .to = graph_new(program, phase_name(PHASE_GENERATE)),
                      .input = program->data.field[g->field].input};
    int first = program->variable_count;
    m.places = program_variable(program, m.input)->shape.dim[1];
    m.loops = loops_of(from, m.arena);
    m.depends = ARENA_ARRAY(m.arena, bool, from->count + 1);
    m.made = ARENA_ARRAY(m.arena, struct made *, from->count + 1);
    const struct node *store = store_of(from, g->output);
    find_dependent(&m);
    if (m.places > 1 && make_phase(&m, store)) {
        graph_drop_dead(m.to);
        drop_variables(program, m.to, first);
        program->phase[PHASE_GENERATE] = m.to;
    } else {
        program->variable_count = first;
        g->place = g->token = g->logits = -1;
        note_whole(g, m.trouble ? m.trouble : store);
    }
    arena_free(m.arena);
}
