/* How operators hand on what depends on later places: see passes/later.h.
 *
 * A value that is masked by place (`select(j <= i, x, 0)`) is clean, whatever x has there, and 0 at
 * later places.  In a contraction these are terms fma(0, v, acc): they change no acc but a zero's
 * sign, which a chunk that is added to +0 loses (numerics 3.1); so v may differ there. */
#include "passes/later.h"
#include "graph/op.h"

bool cut_find(const struct shape *shape, int64_t stride, int64_t places, struct cut *cut)
{
    int64_t behind = 1;
    for (int axis = shape->rank - 1; axis >= 0; axis--) {
        int64_t all = behind * shape->dim[axis];
        *cut = (struct cut){axis, stride / behind};
        if (stride < all)
            return stride % behind == 0 && all % (stride * places) == 0;
        behind = all;
    }
    return false;
}

int64_t cut_stride(const struct shape *shape, struct cut cut)
{
    int64_t stride = cut.inner;
    for (int axis = cut.axis + 1; axis < shape->rank; axis++)
        stride *= shape->dim[axis];
    return stride;
}

struct look {
    const struct graph *graph;
    const struct node *node;
    int64_t places;
    const struct later *known;
};

static const struct node *operand(const struct look *l, int i)
{
    return graph_node(l->graph, l->node->operand[i]);
}

static struct later known(const struct look *l, int i)
{
    return l->known[l->node->operand[i]];
}

/* What operand i says of an axis of the node: its own axis moved by so many.  Marks that follow no
 * axis of the node are dropped, and false where one is LATER. */
static bool moved(const struct look *l, int i, int by, struct later *to)
{
    struct cut cut;
    *to = known(l, i);
    if (to->stride == 0)
        return true;
    bool found = cut_find(&operand(l, i)->shape, to->stride, l->places, &cut);
    cut.axis += by;
    bool whole = found && cut.axis >= 0
                 && l->node->shape.dim[cut.axis] == operand(l, i)->shape.dim[cut.axis - by];
    if (whole)
        to->stride = cut_stride(&l->node->shape, cut);
    else if (to->marks & LATER)
        return false;
    else
        *to = (struct later){0};
    return true;
}

static int rank_more(const struct look *l, int i)
{
    return l->node->shape.rank - operand(l, i)->shape.rank;
}

/* ---- maps ---- */

static bool is_zero(const struct graph *graph, int id)
{
    const struct node *n = graph_node(graph, id);
    while (n->op == OP_BROADCAST)
        n = graph_node(graph, n->operand[0]);
    return n->op == OP_CONST && !n->attr.list && n->attr.value == 0 && n->attr.whole == 0;
}

/* A number of a place that is not above that of the place at hand: false at later ones. */
static bool is_reach(enum op op, unsigned a, unsigned b)
{
    bool up = op == OP_LE || op == OP_LT || op == OP_EQ, down = op == OP_GE || op == OP_GT;
    return (up && a & NUMBERS && b & AT_HAND) || ((down || op == OP_EQ) && a & AT_HAND
                                                  && b & NUMBERS);
}

static unsigned map_marks(const struct look *l, const unsigned *m)
{
    const struct node *n = l->node;
    unsigned any = 0;
    for (int i = 0; i < n->count; i++)
        any |= m[i];
    if (n->op == OP_SELECT && m[0] & NOUGHT)
        return (m[2] & (LATER | NOUGHT)) | (is_zero(l->graph, n->operand[2]) ? NOUGHT : 0);
    if (n->op == OP_AND && any & NOUGHT)
        return NOUGHT;
    if (any & LATER)
        return LATER;
    if (n->count == 2 && is_reach(n->op, m[0], m[1]))
        return NOUGHT;
    if (n->op == OP_MUL)
        return any & NOUGHT;
    return n->op == OP_DIV || n->op == OP_TO_F32 ? m[0] & NOUGHT : 0;
}

/* All that is later must be so along one axis; what is known of another does not count then. */
static bool of_map(const struct look *l, struct later *result)
{
    struct later each[3];
    unsigned marks[3] = {0};
    int64_t stride = 0;
    for (int i = 0; i < l->node->count; i++) {
        if (!moved(l, i, rank_more(l, i), &each[i]))
            return false;
        if (each[i].marks & LATER && stride != 0 && stride != each[i].stride)
            return false;
        stride = each[i].marks & LATER ? each[i].stride : stride;
    }
    for (int i = 0; i < l->node->count; i++) {
        stride = stride ? stride : each[i].stride;
        if (each[i].stride == 0 || each[i].stride == stride)
            marks[i] = each[i].marks;
    }
    result->marks = map_marks(l, marks);
    result->stride = result->marks ? stride : 0;
    return true;
}

/* ---- products ---- */

/* The marks of operand i along the axis that is contracted, in *inner the factor of it; LATER along
 * another stands in *kept, as marks of the node. */
static unsigned contracted(const struct look *l, int i, bool transposed, int64_t *inner,
                           struct later *kept)
{
    const struct shape *shape = &operand(l, i)->shape;
    struct later k = known(l, i);
    struct cut cut;
    int rows = shape->rank - 2, columns = shape->rank - 1;
    int over = (i == 0) == transposed ? rows : columns;
    *kept = (struct later){0};
    *inner = -1 - i;                    /* none, and not the other operand's */
    if (k.stride == 0 || !cut_find(shape, k.stride, l->places, &cut))
        return k.marks & LATER;
    *inner = cut.inner;
    if (cut.axis == over)
        return k.marks;
    cut.axis = cut.axis < rows ? 0 : l->node->shape.rank - (i == 0 ? 2 : 1);
    if (k.marks & LATER)
        *kept = (struct later){LATER, cut_stride(&l->node->shape, cut)};
    return 0;
}

/* A term that a mask makes 0 counts as none, even of an infinity (numerics: generated text). */
static bool of_matmul(const struct look *l, struct later *result)
{
    struct later kept[2];
    int64_t inner[2];
    unsigned a = contracted(l, 0, l->node->attr.transpose_a, &inner[0], &kept[0]);
    unsigned b = contracted(l, 1, l->node->attr.transpose_b, &inner[1], &kept[1]);
    bool same = inner[0] == inner[1];
    if ((a & LATER && !(same && b & NOUGHT)) || (b & LATER && !(same && a & NOUGHT)))
        return false;
    *result = kept[0].marks ? kept[0] : kept[1];
    return !(kept[0].marks && kept[1].marks);
}

/* ---- all ---- */

static bool of_view(const struct look *l, struct later *result)
{
    const struct node *n = l->node;
    struct cut cut;
    if (n->op == OP_RESHAPE || n->op == OP_STOP_GRADIENT) {
        *result = known(l, 0);
        return true;
    }
    if (n->op != OP_TRANSPOSE)
        return moved(l, 0, n->op == OP_BROADCAST ? rank_more(l, 0) : 0, result);
    *result = known(l, 0);
    if (result->stride == 0)
        return true;
    bool found = cut_find(&operand(l, 0)->shape, result->stride, l->places, &cut);
    if (!found && result->marks & LATER)
        return false;
    int axis = 0;
    while (found && n->attr.perm[axis] != cut.axis)
        axis++;
    *result = (struct later){found ? result->marks : 0,
                             found ? cut_stride(&n->shape, (struct cut){axis, cut.inner}) : 0};
    return true;
}

static bool of_row(const struct look *l, struct later *result)
{
    bool good = moved(l, 0, 0, result);
    result->marks &= LATER;
    result->stride = result->marks ? result->stride : 0;
    return good;
}

static bool is_clean(const struct look *l)
{
    bool clean = true;
    for (int i = 0; i < l->node->count; i++)
        clean = clean && !(known(l, i).marks & LATER);
    return clean;
}

bool later_of(const struct graph *graph, const struct node *node, int64_t places,
              const struct later *known, struct later *result)
{
    struct look l = {graph, node, places, known};
    *result = (struct later){0};
    if (node->op == OP_POSITION) {
        if (node->shape.dim[node->attr.axis] == places)
            *result = (struct later){NUMBERS, cut_stride(&node->shape,
                                                         (struct cut){node->attr.axis, 1})};
        return true;
    }
    bool view = node->op == OP_RESHAPE || node->op == OP_STOP_GRADIENT || node->op == OP_TRANSPOSE
                || node->op == OP_BROADCAST || node->op == OP_SLICE;
    return view                                  ? of_view(&l, result)
           : node->op == OP_MATMUL               ? of_matmul(&l, result)
           : op_def(node->op)->class == CLASS_MAP ? of_map(&l, result)
           : op_def(node->op)->class == CLASS_ROW ? of_row(&l, result)
                                                 : is_clean(&l);
}
