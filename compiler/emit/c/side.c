/* Sides of contractions: where their elements lie, and which loops walk them. */
#include "emit/c/side.h"

#include "passes/schedule.h"

/* Goes on from the last walk: the axis is an inner part of the same loop. */
static bool join_walk(struct walk *last, const struct walk *next, int limits)
{
    if (next->stride.rows != 0 && next->extent.rows != 0)
        return false;
    if (!extent_equal(last->stride, extent_multiply(next->stride, next->extent)))
        return false;
    for (int l = 0; l < limits; l++)
        if (last->step[l] != next->step[l] * next->extent.constant ||
            (next->extent.rows != 0 && next->step[l] != 0))
            return false;
    last->extent = extent_multiply(last->extent, next->extent);
    last->stride = next->stride;
    for (int l = 0; l < limits; l++)
        last->step[l] = next->step[l];
    return true;
}

/* The loops over axes first .. last - 1 of what the access reads. */
static int find_walks(const struct shape *shape, const struct access *access, int first, int last,
                      struct walk *walk)
{
    int count = 0;
    for (int axis = first; axis < last; axis++) {
        struct walk next = {extent_of(shape, axis), access->stride[axis], {0}};
        for (int l = 0; l < access->limits; l++)
            next.step[l] = access->limit[l].at.times[axis];
        if (extent_is(next.extent, 1) ||
            (count > 0 && join_walk(&walk[count - 1], &next, access->limits)))
            continue;
        walk[count++] = next;
    }
    return count;
}

/* All of a side of OP_CONTRACT but the pointer. */
static void windows_side(struct function *f, const struct node *contract, int index,
                         struct side *side)
{
    const struct node *operand = graph_node(f->graph, contract->operand[index]);
    struct access access = schedule_access(f->graph, operand->id, &operand->shape);
    int rank = operand->shape.rank, axes = contract->attr.axes, pages = contract->attr.grouped;
    int page = index == 0 ? rank - axes - pages : 0, middle = index == 0 ? page : pages + axes;
    struct walk *before = index == 0 ? side->own_walk : side->k_walk;
    struct walk *after = index == 0 ? side->k_walk : side->own_walk;
    int first = index == 0 ? 0 : pages, second = index == 0 ? middle + pages : middle;
    int counts[2] = {find_walks(&operand->shape, &access, first, middle, before),
                     find_walks(&operand->shape, &access, second, rank, after)};
    if (pages)
        find_walks(&operand->shape, &access, page, page + 1, &side->page_walk);
    side->node = access.node;
    side->offset = access.offset;
    side->owns = counts[index];
    side->ks = counts[!index];
    side->limits = access.limits;
    for (int l = 0; l < access.limits; l++) {
        side->first[l] = access.limit[l].at.start;
        side->extent[l] = access.limit[l].extent;
    }
    side->length = index == 0 ? extent_between(&operand->shape, second, rank)
                              : extent_between(&operand->shape, first, middle);
    side->windowed = side->owns > 1 || side->ks > 1 || side->limits > 0;
    struct extent unit = {.constant = 1};
    side->own = side->owns > 0 ? side->own_walk[side->owns - 1].stride : unit;
    side->k = side->ks > 0 ? side->k_walk[side->ks - 1].stride : unit;
}

/* All of a side of OP_MATMUL but the pointer.  A right operand in panels has the stride of k in
 * one, and for its own that from one panel to the next. */
static void matmul_side(struct function *f, const struct node *matmul, int index,
                        struct side *side)
{
    const struct node *operand = graph_node(f->graph, matmul->operand[index]);
    struct access access = schedule_access(f->graph, operand->id, &operand->shape);
    int rank = operand->shape.rank;
    bool swapped = index == 0 ? matmul->attr.transpose_a : matmul->attr.transpose_b;
    int own = index == 0 ? rank - 2 : rank - 1, k = index == 0 ? rank - 1 : rank - 2;
    side->node = access.node;
    side->offset = access.offset;
    side->own = access.stride[swapped ? k : own];
    side->k = access.stride[swapped ? own : k];
    side->length = extent_of(&operand->shape, swapped ? own : k);
    if (index == 1 && matmul->attr.panel > 0)
        side->own = access.stride[0];
    else if (rank == 3)
        side->page = access.stride[0];
}

/* The side but for its pointer. */
static struct side find_side(struct function *f, const struct node *contract, int index)
{
    struct side side = {0};
    (contract->op == OP_MATMUL ? matmul_side : windows_side)(f, contract, index, &side);
    return side;
}

struct side group_contract_side(struct function *f, const struct node *contract, int index)
{
    struct side side = find_side(f, contract, index);
    side.pointer = side.base = function_pointer(f, side.node, false);
    if (!extent_is(side.offset, 0))
        side.pointer = arena_printf(f->emit->arena, "%s + %s", side.pointer,
                                    function_extent(f, side.offset));
    return side;
}

struct contraction group_contraction(struct function *f, const struct node *node)
{
    const struct shape *shape = &node->shape;
    int pages = node->attr.grouped;
    int m = graph_node(f->graph, node->operand[0])->shape.rank - node->attr.axes - pages;
    struct side a = find_side(f, node, 0), b = find_side(f, node, 1);
    struct contraction c = {.columns = 1, .pages = {.constant = 1}, .k = a.length,
                            .beside = pages > 0,
                            .windowed = a.windowed || b.windowed || pages > 0};
    if (node->op == OP_MATMUL) {
        c.paged = shape->rank == 3;
        c.pages = c.paged ? extent_of(shape, 0) : c.pages;
        c.m = extent_of(shape, shape->rank - 2);
        c.n = c.row = extent_of(shape, shape->rank - 1);
    } else {
        c.columns = shape->rank - m;
        c.m = extent_between(shape, 0, m);
        c.pages = extent_between(shape, m, m + pages);
        c.n = extent_between(shape, m + pages, shape->rank);
        c.row = extent_between(shape, m, shape->rank);
    }
    return c;
}

/* What the loop carries may yet be read. */
static bool lies_in_carry(const struct function *f, int id)
{
    int whole = f->graph->schedule->whole[id];
    return whole >= 0 && graph_node(f->graph, whole)->op == OP_KEEP;
}

/* Does a store take the product itself, once other values have been stored? */
static bool is_stored_later(const struct function *f, const struct node *matmul)
{
    for (int i = 1; i < f->group->count; i++) {
        const struct node *node = graph_node(f->graph, f->group->node[i]);
        if (schedule_stores(node) && node->operand[0] == matmul->id)
            return true;
    }
    return false;
}

int group_product_storage(const struct function *f, const struct node *matmul)
{
    if (function_stores(f, matmul->id))
        return matmul->id;
    if (is_stored_later(f, matmul))
        return -1;
    for (int i = 1; i < f->group->count; i++) {
        const struct node *node = graph_node(f->graph, f->group->node[i]);
        if (node->dtype == F32 && function_place(f, node->id)->kind == PLACE_ARENA &&
            !lies_in_carry(f, node->id) && !schedule_stores(node) &&
            shape_equal(&node->shape, &matmul->shape))
            return node->id;
    }
    return -1;
}

void group_contract_call(struct function *f, const char *call, const char *line, const char *name)
{
    values_set(f->values, "more", line);
    values_set(f->values, "contract", call);
    values_set(f->values, "and_more", *line ? arena_printf(f->emit->arena, ", &%s", name) : "");
}
