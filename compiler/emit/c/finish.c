#include "emit/c/finish.h"

#include "core/arith.h"
#include "emit/c/side.h"
#include "graph/fold.h"

enum {
    CHAIN_LEAST = 8,                    /* links: tiles of fewer only start and end */
    CHAIN_MOST = 256,                   /* one chunk: tiles hold the whole product */
    ELEMENTS_MOST = 32 << 10            /* of a product that stays near until loops look at it */
};

/* What was made of the product by the nodes looked at so far. */
struct finish {
    const struct function *function;
    const struct shape *shape;
    int value;                          /* the node that it is by now */
    int bias, above;                    /* operands, or -1 */
    bool each;                          /* each row has a bias of its own */
    bool relu;
    int outside;                        /* 0 >= above, until it was used; or -1 */
};

static struct access read_access(const struct finish *x, const struct node *node, int operand)
{
    return schedule_access(x->function->graph, node->operand[operand], x->shape);
}

static bool is_value(const struct finish *x, const struct node *node, int operand)
{
    struct access access = read_access(x, node, operand);
    return access.node == x->value && access.identity;
}

static bool is_zero(const struct finish *x, const struct node *node, int operand)
{
    const struct node *zero =
        graph_node(x->function->graph, read_access(x, node, operand).node);
    return fold_is_fill(zero) && zero->dtype == F32 && inv_bits(zero->attr.value) == 0;
}

/* Is it the same row for each row of the product? */
static bool is_row(const struct access *access, int rank)
{
    bool row = access->limits == 0 && extent_is(access->offset, 0);
    for (int axis = 0; axis < rank; axis++)
        row = row && extent_is(access->stride[axis], axis == rank - 1);
    return row;
}

/* Does the operand lie in memory outside of the group: as the product, or as a row of it? */
static bool is_stored(const struct finish *x, const struct node *node, int operand, bool row)
{
    struct access access = read_access(x, node, operand);
    const struct node *stored = graph_node(x->function->graph, access.node);
    bool fits = access.identity || (row && is_row(&access, x->shape->rank));
    return fits && stored->dtype == F32 && stored->op != OP_CONST &&
           !function_computes(x->function, access.node);
}

static bool take_add(struct finish *x, const struct node *node)
{
    int other = is_value(x, node, 0) ? 1 : 0;
    if (!is_value(x, node, 1 - other) || !is_stored(x, node, other, true) || x->bias >= 0 ||
        x->relu || x->above >= 0)
        return false;
    x->bias = node->operand[other];
    x->each = read_access(x, node, other).identity;
    return true;
}

static bool take_max(struct finish *x, const struct node *node)
{
    bool zero = (is_zero(x, node, 0) && is_value(x, node, 1)) ||
                (is_zero(x, node, 1) && is_value(x, node, 0));
    bool first = !x->relu && x->above < 0;
    x->relu = true;
    return zero && first;
}

static bool take_select(struct finish *x, const struct node *node)
{
    bool known = x->outside >= 0 && read_access(x, node, 0).node == x->outside;
    x->outside = -1;
    return known && is_zero(x, node, 1) && is_value(x, node, 2);
}

/* Goes on by a node; false where tiles do not compute it. */
static bool take_node(struct finish *x, const struct node *node)
{
    if (node->op == OP_GE && x->above < 0 && is_zero(x, node, 0) &&
        is_stored(x, node, 1, false)) {
        x->above = node->operand[1];
        x->outside = node->id;
        return true;
    }
    bool taken = node->op == OP_ADD      ? take_add(x, node)
                 : node->op == OP_MAX    ? take_max(x, node)
                 : node->op == OP_SELECT ? take_select(x, node)
                                         : false;
    x->value = node->id;
    return taken;
}

/* Is `stored` all that the group stores, made of nothing but what tiles compute? */
static bool find_finish(struct finish *x, int stored)
{
    const struct function *f = x->function;
    for (int i = 0; i < f->group->count; i++) {
        const struct node *node = graph_node(f->graph, f->group->node[i]);
        if (function_stores(f, node->id) != (node->id == stored) ||
            (i > 0 && !take_node(x, node)))
            return false;
    }
    return f->group->count > 1 && x->value == stored && x->outside < 0;
}

static const char *pointer(struct function *f, int operand, const struct shape *shape,
                           struct extent row, const char *from)
{
    if (operand < 0)
        return "NULL";
    struct access access = schedule_access(f->graph, operand, shape);
    return function_pointer_at(f, function_pointer(f, access.node, false), row, from);
}

/* Is it one that tiles finish: short chains, or windows by filters, of any length? */
static bool is_finished(struct function *f, const struct node *product)
{
    const struct node *a = graph_node(f->graph, product->operand[0]);
    if (product->op == OP_CONTRACT) {
        struct contraction c = group_contraction(f, product);
        return c.windowed && !c.beside && c.columns == 1;
    }
    if (product->shape.rank != 2)
        return false;
    int64_t links = function_most(f, extent_of(&a->shape, product->attr.transpose_a ? 0 : 1));
    return links >= CHAIN_LEAST && links <= CHAIN_MOST;
}

/* Is all that is read beside the product one row?  Else what a large one reads is better asked for
 * ahead, as loops of its epilogue do. */
static bool reads_little(const struct function *f, const struct finish *x)
{
    bool row = x->above < 0 && !(x->bias >= 0 && x->each);
    return row || function_most(f, extent_of_all(x->shape)) < ELEMENTS_MOST;
}

const char *finish_line(struct function *f, const struct node *product, int stored,
                        const char *row)
{
    const struct shape *shape = &product->shape;
    struct finish x = {f, shape, product->id, -1, -1, false, false, -1};
    if (!f->emit->target->finishes || !is_finished(f, product) || !find_finish(&x, stored) ||
        (product->op == OP_MATMUL && !reads_little(f, &x)))
        return NULL;
    struct extent width = extent_of(shape, shape->rank - 1);
    const char *bias = pointer(f, x.bias, shape, x.each ? width : (struct extent){0}, row);
    const char *above = pointer(f, x.above, shape, width, row), *ld = function_extent(f, width);
    return arena_printf(f->emit->arena,
                        "const struct inv_finish finish = {%s, %d, %s, %s, %s};", bias, x.relu,
                        above, x.above < 0 ? "0" : ld, x.each ? ld : "0");
}
