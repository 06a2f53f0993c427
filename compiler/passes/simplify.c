/* pass_simplify: fewer nodes, the same bits.
 *
 * requires:    a verified graph in which gradients are made.
 * establishes: what reads memory only (matmul, take, scatter_add) has no CONST for an operand but
 *              a BROADCAST of it, which pass_fuse copies; no node that no store needs; no two
 *              nodes that compute the same; constants folded with the target's own arithmetic; no
 *              view that changes nothing.  Ids are dense, in the old order.  Only rewrites that
 *              are exact for signed zeros, subnormals and infinities are made (docs/numerics.md,
 *              section 3): x*1, x/1, x-(+0), -(-x), and x/2^k as x*2^-k where both powers are
 *              normal numbers: the quotient and the product are then the same real number, rounded
 *              once; a sum of arrays that are zeros but for parts that lie end to end as these
 *              parts, each plus 0, joined.  NaN stays NaN.  A product of a loop's slice, or a
 *              stacked one, by a matrix that no turn changes is one product of all turns: its rows
 *              are what they were; and so is a map of that and of what no turn changes. */
#include <assert.h>
#include <string.h>

#include "base/chains.h"
#include "core/arith.h"
#include "graph/fold.h"
#include "graph/loop.h"
#include "graph/op.h"
#include "passes/schedule.h"

/* A reshape goes up through so many maps at most: each is a call within a call. */
enum { RISE_MAX = GROUP_NODES_MAX / 4 };

struct simplify {
    struct graph *old;
    struct graph *new;                  /* the nodes made so far */
    int *map;                           /* old id -> new id */
    int *uses;                          /* old id -> number of its uses */
    struct arena *scratch;              /* of what only this pass needs */
    int *made_for;                      /* new id -> the old node it was first made for, or -1 */
    int made_count, made_room;
    int *at;                            /* new id -> the loop in which it stands, or -1 */
    int at_count, at_room;
    struct chains same;                 /* new ids by what they compute */
    int current;                        /* old id at hand */
    int rising;                         /* maps that a reshape has gone up by now */
};

static int add(struct simplify *, struct node *);

static struct node *operand(const struct simplify *s, const struct node *node, int index)
{
    return s->new->node[node->operand[index]];
}

static struct arena *arena_of(const struct simplify *s)
{
    return s->new->nodes;
}

/* A node that stands for what `like` does. */
static struct node *make(struct simplify *s, enum op op, const struct node *like, int count)
{
    struct node *node = ARENA_NEW(arena_of(s), struct node);
    *node = *like;
    node->op = op;
    node->count = count;
    node->attr = (struct attr){0};
    node->operand = ARENA_ARRAY(arena_of(s), int, count + 1);
    return node;
}

static int make_constant(struct simplify *s, const struct node *like, const struct attr *value)
{
    struct node *node = make(s, OP_CONST, like, 0);
    node->attr = *value;
    return add(s, node);
}

/* ---- constants ---- */

static bool is_float(const struct node *node, float value)
{
    return fold_is_fill(node) && node->dtype == F32 &&
           inv_bits(node->attr.value) == inv_bits(value);
}

static bool is_one(const struct node *node)
{
    if (node->dtype == F32)
        return is_float(node, 1.0f);
    return fold_is_fill(node) && node->attr.whole == 1;
}

/* A power of two whose reciprocal is one, too; neither subnormal. */
static bool has_exact_reciprocal(const struct node *node)
{
    uint32_t bits = inv_bits(node->attr.value);
    uint32_t exponent = bits >> 23 & 0xff;
    return fold_is_fill(node) && node->dtype == F32 && (bits & 0x7fffff) == 0 && exponent >= 1 &&
           exponent <= 253;
}

/* ---- maps: each returns the id to take instead of the node, or -1 ---- */

/* The operand, where it has the node's shape. */
static int take_operand(const struct simplify *s, const struct node *node, int index)
{
    bool same = shape_equal(&operand(s, node, index)->shape, &node->shape);
    return same ? node->operand[index] : -1;
}

static int simplify_mul(struct simplify *s, const struct node *node)
{
    int id = is_one(operand(s, node, 1)) ? take_operand(s, node, 0) : -1;
    return id < 0 && is_one(operand(s, node, 0)) ? take_operand(s, node, 1) : id;
}

static int simplify_div(struct simplify *s, const struct node *node)
{
    const struct node *by = operand(s, node, 1);
    if (is_one(by) && take_operand(s, node, 0) >= 0)
        return take_operand(s, node, 0);
    if (!has_exact_reciprocal(by))
        return -1;
    struct attr reciprocal = {.value = 1.0f / by->attr.value};
    struct node *mul = make(s, OP_MUL, node, 2);
    mul->operand[0] = node->operand[0];
    mul->operand[1] = make_constant(s, by, &reciprocal);
    return add(s, mul);
}

static int simplify_select(struct simplify *s, const struct node *node)
{
    const struct node *condition = operand(s, node, 0);
    if (!fold_is_fill(condition))
        return -1;
    return take_operand(s, node, condition->attr.whole != 0 ? 1 : 2);
}

/* ---- sums of parts, as gradients of slices are ---- */

enum { PARTS_MAX = 16 };

struct parts { int id[PARTS_MAX], count, axis, sums; };

/* The only axis along which the PAD's operand is not as long as the whole, or -1. */
static int padded_axis(const struct simplify *s, const struct node *pad)
{
    const struct shape *part = &operand(s, pad, 0)->shape;
    int axis = -1;
    for (int i = 0; i < pad->shape.rank; i++)
        if (part->dim[i] != pad->shape.dim[i])
            axis = axis < 0 ? i : RANK_MAX;
    return axis < RANK_MAX && axis != pad->shape.rows ? axis : -1;
}

static int64_t start_of(const struct simplify *s, int pad, int axis)
{
    return s->new->node[pad]->attr.start[axis];
}

/* Adds the PADs that the value of that shape is a sum of, by where they start; false: also of
 * something else, or of so many sums that their PADs are too many: a long chain is not walked. */
static bool find_parts(const struct simplify *s, int id, const struct shape *shape,
                       struct parts *parts)
{
    const struct node *node = s->new->node[id];
    if (node->dtype != F32 || !shape_equal(&node->shape, shape))
        return false;
    if (node->op == OP_ADD)
        return parts->sums++ < PARTS_MAX && find_parts(s, node->operand[0], shape, parts) &&
               find_parts(s, node->operand[1], shape, parts);
    int axis = node->op == OP_PAD ? padded_axis(s, node) : -1;
    if (axis < 0 || parts->count == PARTS_MAX || (parts->count > 0 && axis != parts->axis))
        return false;
    int at = parts->count++;
    for (; at > 0 && start_of(s, parts->id[at - 1], axis) > start_of(s, id, axis); at--)
        parts->id[at] = parts->id[at - 1];
    parts->id[at] = id;
    parts->axis = axis;
    return true;
}

/* Do they cover the whole, each of its elements once? */
static bool parts_tile(const struct simplify *s, const struct parts *parts,
                       const struct shape *shape)
{
    int64_t end = 0;
    for (int i = 0; i < parts->count; i++) {
        if (start_of(s, parts->id[i], parts->axis) != end)
            return false;
        end += operand(s, s->new->node[parts->id[i]], 0)->shape.dim[parts->axis];
    }
    return end == shape->dim[parts->axis];
}

/* x + 0, since of -0 the sum with the others' zeros has made +0. */
static int without_negative_zero(struct simplify *s, int x)
{
    struct node *sum = make(s, OP_ADD, s->new->node[x], 2);
    sum->operand[0] = x;
    sum->operand[1] = make_constant(s, s->new->node[x], &(struct attr){.value = 0});
    return add(s, sum);
}

/* A sum of PADs that lie end to end is what they surround, joined. */
static int simplify_add(struct simplify *s, const struct node *node)
{
    struct parts parts = {.count = 0};
    if (!find_parts(s, node->operand[0], &node->shape, &parts) ||
        !find_parts(s, node->operand[1], &node->shape, &parts) ||
        !parts_tile(s, &parts, &node->shape))
        return -1;
    struct node *whole = make(s, OP_CONCAT, node, parts.count);
    whole->attr.axis = parts.axis;
    for (int i = 0; i < parts.count; i++)
        whole->operand[i] =
            without_negative_zero(s, s->new->node[parts.id[i]]->operand[0]);
    return add(s, whole);
}

/* Operands broadcast by themselves: looks behind a BROADCAST where the shape stays. */
static void skip_broadcasts(struct simplify *s, struct node *node)
{
    for (int i = 0; i < node->count; i++) {
        const struct node *view = operand(s, node, i);
        struct shape shape = shape_scalar();
        bool fits = view->op == OP_BROADCAST;
        for (int j = 0; fits && j < node->count; j++) {
            const struct node *x = i == j ? operand(s, view, 0) : operand(s, node, j);
            fits = shape_broadcast(&shape, &x->shape, &shape);
        }
        if (fits && shape_equal(&shape, &node->shape))
            node->operand[i] = view->operand[0];
    }
}

/* The operand, or what is broadcast to it. */
static int behind_broadcast(const struct simplify *s, const struct node *node, int index)
{
    const struct node *x = operand(s, node, index);
    return x->op == OP_BROADCAST ? x->operand[0] : node->operand[index];
}

/* A map of nothing but broadcast values is the broadcast of a smaller map. */
static int sink_broadcasts(struct simplify *s, const struct node *node)
{
    struct shape shape = shape_scalar();
    for (int i = 0; i < node->count; i++)
        if (!shape_broadcast(&shape, &s->new->node[behind_broadcast(s, node, i)]->shape, &shape))
            return -1;
    if (node->count == 0 || shape_equal(&shape, &node->shape))
        return -1;
    struct node *map = make(s, node->op, node, node->count);
    map->attr = node->attr;
    map->shape = shape;
    for (int i = 0; i < node->count; i++)
        map->operand[i] = behind_broadcast(s, node, i);
    struct node *view = make(s, OP_BROADCAST, node, 1);
    view->operand[0] = add(s, map);
    return add(s, view);
}

static int simplify_map(struct simplify *s, struct node *node)
{
    struct attr value;
    if (fold_node(s->new, node, &value))
        return make_constant(s, node, &value);
    int sunk = sink_broadcasts(s, node);
    if (sunk >= 0)
        return sunk;
    skip_broadcasts(s, node);
    switch (node->op) {
    case OP_ADD:
        return simplify_add(s, node);
    case OP_MUL:
        return simplify_mul(s, node);
    case OP_DIV:
        return simplify_div(s, node);
    case OP_SUB:
        return is_float(operand(s, node, 1), 0.0f) ? take_operand(s, node, 0) : -1;
    case OP_NEG:
        return operand(s, node, 0)->op == OP_NEG ? operand(s, node, 0)->operand[0] : -1;
    case OP_SELECT:
        return simplify_select(s, node);
    default:
        return -1;
    }
}

/* ---- views ---- */

/* A map that one node uses. */
static bool is_private_map(const struct simplify *s, const struct node *node)
{
    int old = s->made_for[node->id];
    return op_def(node->op)->class == CLASS_MAP && old >= 0 && s->uses[old] == 1;
}

/* Is the map the end of what a reduction or contraction could compute in its own loops, a group of
 * nodes? */
static bool ends_reduction(const struct simplify *s, const struct node *map)
{
    const struct node *look[GROUP_NODES_MAX] = {map};
    int count = 1;
    for (int next = 0; next < count; next++)
        for (int i = 0; i < look[next]->count; i++) {
            const struct node *x = operand(s, look[next], i);
            enum op_class class = op_def(x->op)->class;
            if (!shape_equal(&x->shape, &map->shape))
                continue;
            if (class != CLASS_MAP && class_has(class, HAS_EPILOGUE))
                return true;
            if (is_private_map(s, x) && count < GROUP_NODES_MAX)
                look[count++] = x;
        }
    return false;
}

/* from[j]: the axis of `old` that axis j of `new` is, or -1 where it is a new one of extent 1.
 * False where more than axes of extent 1 came or went. */
static bool match_axes(const struct shape *old, const struct shape *new, int from[RANK_MAX])
{
    int axis = 0;
    for (int j = 0; j < new->rank; j++) {
        from[j] = -1;
        if (shape_axis_is_one(new, j))
            continue;
        while (axis < old->rank && shape_axis_is_one(old, axis))
            axis++;
        if (axis == old->rank || old->dim[axis] != new->dim[j] ||
            (axis == old->rows) != (j == new->rows))
            return false;
        from[j] = axis++;
    }
    while (axis < old->rank && shape_axis_is_one(old, axis))
        axis++;
    return axis == old->rank;
}

/* The shape of an operand of a map when the map's shape changes so. */
static struct shape match_operand(const struct shape *x, const struct node *map,
                                  const struct node *reshape, const int from[RANK_MAX])
{
    struct shape shape = {.rank = reshape->shape.rank, .rows = -1};
    for (int j = 0; j < shape.rank; j++) {
        int axis = from[j] < 0 ? -1 : from[j] - (map->shape.rank - x->rank);
        shape.dim[j] = axis < 0 ? 1 : x->dim[axis];
        if (axis >= 0 && axis == x->rows)
            shape.rows = j;
    }
    return shape;
}

/* The operand's shape when a map that reads it is reshaped; false where there is none: operands
 * that broadcast must do so along axes that the reshape keeps. */
static bool risen_shape(const struct node *x, const struct node *map, const struct node *reshape,
                        struct shape *shape)
{
    int from[RANK_MAX];
    *shape = x->shape;
    if (shape_equal(&x->shape, &map->shape))
        *shape = reshape->shape;
    else if (x->shape.rank <= shape_common_suffix(&map->shape, &reshape->shape))
        return true;
    else if (match_axes(&map->shape, &reshape->shape, from))
        *shape = match_operand(&x->shape, map, reshape, from);
    else
        return false;
    return true;
}

/* A reshape of a map that nothing else uses becomes the map of reshapes, so that the map can be
 * computed by what reads the reshape. */
static bool can_rise(const struct simplify *s, const struct node *map, const struct node *reshape)
{
    if (map->shape.rank == 0 || !is_private_map(s, map) || ends_reduction(s, map))
        return false;
    struct shape whole = shape_scalar(), shape;
    for (int i = 0; i < map->count; i++)
        if (!risen_shape(operand(s, map, i), map, reshape, &shape) ||
            !shape_broadcast(&whole, &shape, &whole))
            return false;
    return shape_equal(&whole, &reshape->shape);
}

static int raise_reshape(struct simplify *s, const struct node *reshape)
{
    const struct node *map = operand(s, reshape, 0);
    if (s->rising == RISE_MAX || !can_rise(s, map, reshape))
        return -1;
    s->rising++;
    struct node *risen = make(s, map->op, map, map->count);
    risen->attr = map->attr;
    risen->shape = reshape->shape;
    for (int i = 0; i < map->count; i++) {
        struct node *view = make(s, OP_RESHAPE, operand(s, map, i), 1);
        risen_shape(operand(s, map, i), map, reshape, &view->shape);
        view->operand[0] = map->operand[i];
        risen->operand[i] = add(s, view);
    }
    s->rising--;
    int id = add(s, risen);
    if (s->made_for[id] < 0)
        s->made_for[id] = s->current;
    return id;
}

/* A position under other axes of extent 1 is a position. */
static int reshape_position(struct simplify *s, const struct node *reshape,
                            const struct node *position)
{
    int from[RANK_MAX];
    if (!match_axes(&position->shape, &reshape->shape, from))
        return -1;
    struct node *node = make(s, OP_POSITION, position, 0);
    node->shape = reshape->shape;
    node->attr.axis = -1;
    for (int j = 0; j < reshape->shape.rank; j++)
        if (from[j] == position->attr.axis)
            node->attr.axis = j;
    return node->attr.axis < 0 ? -1 : add(s, node);
}

static bool permutes_nothing(const struct node *transpose)
{
    for (int i = 0; i < transpose->shape.rank; i++)
        if (transpose->attr.perm[i] != i)
            return false;
    return true;
}

/* transpose(transpose(x)) is one transpose. */
static void join_transposes(const struct simplify *s, struct node *node)
{
    const struct node *inner = operand(s, node, 0);
    if (inner->op != OP_TRANSPOSE)
        return;
    int64_t *perm = ARENA_ARRAY(arena_of(s), int64_t, node->shape.rank);
    for (int i = 0; i < node->shape.rank; i++)
        perm[i] = inner->attr.perm[node->attr.perm[i]];
    node->attr.perm = perm;
    node->operand[0] = inner->operand[0];
}

/* The transpose of a PAD that nothing else reads is the PAD of a transpose, which is smaller. */
static int transpose_pad(struct simplify *s, const struct node *transpose, const struct node *pad)
{
    const struct node *part = operand(s, pad, 0);
    if (s->made_for[pad->id] < 0 || s->uses[s->made_for[pad->id]] != 1)
        return -1;
    struct node *view = make(s, OP_TRANSPOSE, part, 1), *whole = make(s, OP_PAD, transpose, 1);
    int64_t *start = ARENA_ARRAY(arena_of(s), int64_t, RANK_MAX);
    for (int i = 0; i < part->shape.rank; i++) {
        int64_t from = transpose->attr.perm[i];
        view->shape.dim[i] = part->shape.dim[from];
        view->shape.rows = from == part->shape.rows ? i : view->shape.rows;
        start[i] = pad->attr.start[from];
    }
    view->attr.perm = transpose->attr.perm;
    view->operand[0] = part->id;
    whole->attr.start = start;
    whole->operand[0] = add(s, view);
    return add(s, whole);
}

static bool is_single(const struct shape *shape)
{
    return shape->rows < 0 && shape_elements(shape) == 1;
}

/* A reshaped scalar, and a reshaped broadcast of a single element, is a broadcast scalar. */
static int broadcast_single(struct simplify *s, const struct node *reshape, const struct node *x)
{
    struct node *scalar = make(s, OP_RESHAPE, x, 1), *view = make(s, OP_BROADCAST, reshape, 1);
    scalar->shape = shape_scalar();
    scalar->operand[0] = x->id;
    view->operand[0] = x->shape.rank == 0 ? x->id : add(s, scalar);
    return add(s, view);
}

/* A reshape of a broadcast is one where it changes only axes that the value does not have. */
static int broadcast_row(struct simplify *s, const struct node *reshape, const struct node *x)
{
    const struct node *row = operand(s, x, 0);
    int leading = 0, kept = shape_common_suffix(&x->shape, &reshape->shape);
    while (leading < row->shape.rank && shape_axis_is_one(&row->shape, leading))
        leading++;
    if (row->shape.rank - leading > kept)
        return -1;
    struct node *own = make(s, OP_RESHAPE, row, 1), *view = make(s, OP_BROADCAST, reshape, 1);
    own->operand[0] = row->id;
    own->shape.rank -= leading;
    own->shape.rows -= row->shape.rows < 0 ? 0 : leading;
    for (int axis = 0; axis < own->shape.rank; axis++)
        own->shape.dim[axis] = row->shape.dim[axis + leading];
    view->operand[0] = leading > 0 ? add(s, own) : row->id;
    return add(s, view);
}

static int simplify_reshape(struct simplify *s, const struct node *node)
{
    const struct node *x = operand(s, node, 0);
    if (x->op == OP_BROADCAST && is_single(&operand(s, x, 0)->shape))
        return broadcast_single(s, node, operand(s, x, 0));
    int broadcast = x->op == OP_BROADCAST ? broadcast_row(s, node, x) : -1;
    if (broadcast >= 0)
        return broadcast;
    if (x->shape.rank == 0)
        return broadcast_single(s, node, x);
    if (x->op == OP_POSITION)
        return reshape_position(s, node, x);
    if (x->op != OP_RESHAPE)
        return raise_reshape(s, node);
    struct node *whole = make(s, OP_RESHAPE, node, 1);
    whole->operand[0] = x->operand[0];
    return add(s, whole);
}

static int simplify_view(struct simplify *s, struct node *node)
{
    if (node->op == OP_STOP_GRADIENT || node->op == OP_TRANSPOSED)
        return node->operand[0];
    if (node->op == OP_WINDOW || node->op == OP_UNWINDOW || node->op == OP_CARRY ||
        node->op == OP_LAST)
        return -1;
    if (node->op == OP_TRANSPOSE)
        join_transposes(s, node);
    const struct node *x = operand(s, node, 0);
    if (fold_is_fill(x) || (x->op == OP_CONST && node->op == OP_RESHAPE))
        return make_constant(s, node, &x->attr);
    if (node->op == OP_TRANSPOSE && permutes_nothing(node))
        return node->operand[0];
    if (node->op == OP_TRANSPOSE)
        return x->op == OP_PAD ? transpose_pad(s, node, x) : -1;
    if (shape_equal(&x->shape, &node->shape))
        return node->operand[0];
    return node->op == OP_RESHAPE ? simplify_reshape(s, node) : -1;
}

/* ---- products of all turns ---- */

/* Is it a [m, k] by w [k, n] (or transposed), where nothing of the loop is in w? */
static bool is_product_by_fixed(const struct simplify *s, const struct node *node, int loop)
{
    if (node->op != OP_MATMUL || node->shape.rank != 2 || node->attr.transpose_a)
        return false;
    const struct shape *w = &operand(s, node, 1)->shape;
    return w->rank == 2 && w->rows < 0 &&
           loop_within(s->new, s->new->loop[loop].outer, s->at[node->operand[1]]);
}

static int add_view(struct simplify *s, enum op op, const struct node *like, int x,
                    const struct shape *shape, const int64_t *perm)
{
    struct node *view = make(s, op, like, 1);
    view->operand[0] = x;
    view->shape = *shape;
    view->attr.perm = perm;
    return add(s, view);
}

/* all [p, q, k] by the second operand of `product` -> [p, q, n] */
static int multiply_all(struct simplify *s, const struct node *product, int all)
{
    struct shape shape = s->new->node[all]->shape, flat = {.rank = 2, .rows = -1};
    flat.rows = shape.rows < 0 ? -1 : 0;
    flat.dim[0] = shape.dim[0] * shape.dim[1];
    flat.dim[1] = shape.dim[2];
    struct node *whole = make(s, OP_MATMUL, product, 2);
    whole->attr = product->attr;
    whole->shape = flat;
    whole->shape.dim[1] = shape.dim[2] = product->shape.dim[1];
    whole->operand[0] = add_view(s, OP_RESHAPE, operand(s, product, 0), all, &flat, NULL);
    whole->operand[1] = product->operand[1];
    return add_view(s, OP_RESHAPE, product, add(s, whole), &shape, NULL);
}

static const int64_t exchange[RANK_MAX] = {1, 0, 2};

static bool exchanges_first_axes(const struct node *node)
{
    return node->op == OP_TRANSPOSE && node->shape.rank == 3 && node->attr.perm[0] == 1 &&
           node->attr.perm[1] == 0;
}

/* The product of a slice is the slice of a product.  Of rows that a transpose brings into the order
 * of the turns, what is narrower is transposed: they, or those of the product. */
static int hoist_product(struct simplify *s, const struct node *product)
{
    const struct node *slice = product->count == 2 ? operand(s, product, 0) : product;
    if (slice->op != OP_TURN || !is_product_by_fixed(s, product, slice->attr.loop))
        return -1;
    const struct node *all = operand(s, slice, 0);
    bool turned = exchanges_first_axes(all) && slice->shape.dim[1] > product->shape.dim[1];
    int whole = multiply_all(s, product, turned ? all->operand[0] : all->id);
    if (turned) {
        struct shape shape = all->shape;
        shape.dim[2] = product->shape.dim[1];
        whole = add_view(s, OP_TRANSPOSE, product, whole, &shape, exchange);
    }
    struct node *turn = make(s, OP_TURN, product, 1);
    turn->attr.loop = slice->attr.loop;
    turn->operand[0] = whole;
    return add(s, turn);
}

/* A slice of a product of all turns, which nothing else reads. */
static bool is_product_of_turns(const struct simplify *s, const struct node *slice)
{
    int old = s->made_for[slice->id];
    if (slice->op != OP_TURN || old < 0 || s->uses[old] != 1)
        return false;
    const struct node *all = operand(s, slice, 0);
    while (op_def(all->op)->class == CLASS_VIEW && all->op != OP_CARRY && all->op != OP_LAST)
        all = operand(s, all, 0);
    return op_def(all->op)->class == CLASS_CONTRACT;
}

/* The operand of the map that is such a slice where the others are outside of its loop, else -1. */
static int hoisted_operand(const struct simplify *s, const struct node *map)
{
    int slice = -1;
    for (int i = 0; i < map->count; i++)
        if (is_product_of_turns(s, operand(s, map, i)))
            slice = i;
    if (slice < 0 || !shape_equal(&operand(s, map, slice)->shape, &map->shape))
        return -1;
    int loop = operand(s, map, slice)->attr.loop;
    for (int i = 0; i < map->count; i++)
        if (i != slice && !loop_within(s->new, s->new->loop[loop].outer, s->at[map->operand[i]]))
            return -1;
    return slice;
}

/* What the map is to be of, of all turns: the product itself where what all turns see is a reshape
 * of that and the map's other operands are the same in each row, so that it can be its epilogue. */
static int all_turns_of(const struct simplify *s, const struct node *map, int slice)
{
    const struct node *all = operand(s, operand(s, map, slice), 0);
    if (all->op != OP_RESHAPE || op_def(operand(s, all, 0)->op)->class != CLASS_CONTRACT)
        return all->id;
    int kept = shape_common_suffix(&all->shape, &operand(s, all, 0)->shape);
    for (int i = 0; i < map->count; i++)
        if (i != slice && operand(s, map, i)->shape.rank > kept)
            return all->id;
    return all->operand[0];
}

/* The map of a slice is the slice of a map, which is computed where the whole product is. */
static int hoist_map(struct simplify *s, const struct node *map)
{
    int slice = hoisted_operand(s, map);
    if (slice < 0)
        return -1;
    const struct node *of = operand(s, map, slice);
    int all = all_turns_of(s, map, slice);
    struct node *whole = make(s, map->op, map, map->count), *turn = make(s, OP_TURN, map, 1);
    whole->attr = map->attr;
    whole->shape = s->new->node[all]->shape;
    for (int i = 0; i < map->count; i++)
        whole->operand[i] = i == slice ? all : map->operand[i];
    turn->attr.loop = of->attr.loop;
    turn->operand[0] = add_view(s, OP_RESHAPE, map, add(s, whole), &operand(s, of, 0)->shape,
                                NULL);
    return add(s, turn);
}

/* Slices stacked are what they are of; products stacked are one of what is stacked. */
static int simplify_stack(struct simplify *s, const struct node *stack)
{
    const struct node *x = operand(s, stack, 0);
    int loop = stack->attr.loop, old = s->made_for[x->id];
    if (x->op == OP_TURN && x->attr.loop == loop)
        return x->operand[0];
    if (!is_product_by_fixed(s, x, loop) || s->at[x->id] != loop || old < 0 || s->uses[old] != 1)
        return -1;
    struct node *all = make(s, OP_STACK, operand(s, x, 0), 1);
    all->attr.loop = loop;
    all->operand[0] = x->operand[0];
    all->shape = stack->shape;
    all->shape.dim[2] = operand(s, x, 0)->shape.dim[1];
    return multiply_all(s, x, add(s, all));
}

/* ---- common subexpressions ---- */

/* Can the one stand for the other?  What is made again of a `recompute` is made for that alone. */
static bool is_same(const struct node *a, const struct node *b)
{
    return node_same(a, b) &&
           (a->region == b->region || op_def(a->op)->class == CLASS_SOURCE);
}

/* The node that computes the same, else this one with an id of its own. */
static int unify(struct simplify *s, struct node *node)
{
    uint32_t h = node_hash(node);
    int at = loop_of_node(s->new, node, s->at);
    int id = node_is_act(node) ? -1 : chains_first(&s->same, h);
    for (; id >= 0; id = chains_next(&s->same, id))
        if (is_same(s->new->node[id], node))
            return id;
    node->id = s->new->count;
    ARENA_PUSH(arena_of(s), s->new->node, s->new->count, s->new->room) = node;
    ARENA_PUSH(s->scratch, s->made_for, s->made_count, s->made_room) = -1;
    ARENA_PUSH(s->scratch, s->at, s->at_count, s->at_room) = at;
    chains_add(&s->same, node->id, h);
    return node->id;
}

/* Adds the node, whose operands are new ids, or finds what stands for it. */
static int add(struct simplify *s, struct node *node)
{
    enum op_class class = op_def(node->op)->class;
    int id = -1;
    if (class == CLASS_MAP) {
        id = simplify_map(s, node);
        id = id >= 0 ? id : hoist_map(s, node);
    } else if (class == CLASS_VIEW)
        id = simplify_view(s, node);
    else if (class == CLASS_CONTRACT)
        id = hoist_product(s, node);
    else if (node->op == OP_STACK)
        id = simplify_stack(s, node);
    return id >= 0 ? id : unify(s, node);
}

/* Puts constants in memory, by way of a BROADCAST to their own shape, for what reads only that. */
static void place_constants(struct simplify *s, struct node *node)
{
    enum op_class class = op_def(node->op)->class;
    if (class_has(class, READS_CONSTANTS))
        return;
    for (int i = 0; i < node->count; i++) {
        if (operand(s, node, i)->op != OP_CONST)
            continue;
        struct node *view = make(s, OP_BROADCAST, operand(s, node, i), 1);
        view->operand[0] = node->operand[i];
        node->operand[i] = unify(s, view);
    }
}

/* Moves the old node of that id to the new graph, or finds what stands for it there. */
static int move(struct simplify *s, int old)
{
    struct node *node = s->old->node[old];
    for (int i = 0; i < node->count; i++)
        node->operand[i] = s->map[node->operand[i]];
    if (node->forward >= 0)
        node->forward = s->map[node->forward];
    place_constants(s, node);
    int id = add(s, node);
    if (s->made_for[id] < 0)
        s->made_for[id] = old;
    else
        s->uses[s->made_for[id]] += s->uses[old];
    return id;
}

/* ---- the pass ---- */

static void count_uses(struct simplify *s)
{
    for (int id = 0; id < s->old->count; id++)
        for (int i = 0; i < s->old->node[id]->count; i++)
            s->uses[s->old->node[id]->operand[i]]++;
}

/* Lays the nodes that are left side by side, and frees those that are not. */
static void gather(struct graph *graph)
{
    struct arena *old = graph->nodes;
    graph->nodes = arena_within(graph->program->arena);
    struct node **list = ARENA_ARRAY(graph->nodes, struct node *, graph->count + 1);
    for (int id = 0; id < graph->count; id++) {
        struct node *node = list[id] = ARENA_NEW(graph->nodes, struct node);
        *node = *graph->node[id];
        node_keep_axes(graph->nodes, node);
        node->operand = ARENA_ARRAY(graph->nodes, int, node->count + 1);
        for (int i = 0; i < node->count; i++)
            node->operand[i] = graph->node[id]->operand[i];
    }
    graph->node = list;
    graph->room = graph->count + 1;
    arena_free(old);
}

void pass_simplify(struct graph *graph)
{
    struct arena *arena = arena_new();
    struct graph new = {.program = graph->program, .name = graph->name, .nodes = graph->nodes,
                        .loop = graph->loop, .loop_count = graph->loop_count};
    struct simplify s = {.old = graph, .new = &new, .scratch = arena};
    graph_drop_dead(graph);
    chains_init(&s.same, arena);
    s.map = ARENA_ARRAY(arena, int, graph->count + 1);
    s.uses = ARENA_ARRAY(arena, int, graph->count + 1);
    count_uses(&s);
    for (int id = 0; id < graph->count; id++) {
        s.current = id;
        s.map[id] = move(&s, id);
    }
    graph->node = new.node;
    graph->count = new.count;
    graph->room = new.room;
    graph_drop_dead(graph);
    arena_free(arena);
    gather(graph);
}
