#include "graph/ops/rules.h"

static const char *infer(const struct graph *graph, struct node *n)
{
    int axis = n->attr.axis;
    if (n->count < 1)
        return "nothing to join";
    const struct node *first = rule_operand(graph, n, 0);
    struct shape shape = first->shape;
    if (axis < 0 || axis >= shape.rank || axis == shape.rows)
        return "pieces cannot be joined along this axis";
    shape.dim[axis] = 0;
    for (int i = 0; i < n->count; i++) {
        const struct node *piece = rule_operand(graph, n, i);
        struct shape rest = piece->shape;
        if (piece->dtype != first->dtype || rest.rank != shape.rank)
            return "pieces differ in rank or element type";
        rest.dim[axis] = shape.dim[axis];
        if (!shape_equal(&rest, &shape))
            return "pieces differ in another axis";
        shape.dim[axis] += piece->shape.dim[axis];
    }
    n->dtype = first->dtype;
    n->shape = shape;
    return NULL;
}

static void gradient(struct gradient *d, const struct node *n, int dy)
{
    struct graph *graph = gradient_graph(d);
    int64_t start[RANK_MAX] = {0};
    for (int i = 0; i < n->count; i++) {
        const struct shape *piece = &rule_operand(graph, n, i)->shape;
        if (gradient_wanted(d, n, i))
            gradient_add(d, n, i, graph_slice(graph, dy, start, piece));
        start[n->attr.axis] += piece->dim[n->attr.axis];
    }
}

const struct op_def op_concat = {
    OP_ROW(CONCAT, concat),
    .attributes = ATTR_AXIS,
    .doc = "pieces end to end along an axis",
    .formula = "a, b, .. along axis",
    .derivative = "to each piece its part of g",
    .bound = "exact",
    .infer = infer,
    .gradient = gradient,
};
