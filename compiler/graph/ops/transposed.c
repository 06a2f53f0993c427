#include "graph/contraction.h"
#include "graph/ops/rules.h"

static const char *infer(const struct graph *graph, struct node *n)
{
    const struct node *y = rule_operand(graph, n, 0), *windows = rule_operand(graph, n, 3);
    for (int i = 0; i < n->count; i++)
        if (rule_dtype(graph, n, i, F32))
            return "operands must be f32";
    n->dtype = F32;
    n->shape = y->shape;
    if (windows->op != OP_WINDOW || windows->operand[0] != n->operand[0])
        return "the last operand must be windows of the first";
    return NULL;
}

/* What y is the gradient of, forwards, and that one's filter gradient. */
static void gradient(struct gradient *d, const struct node *n, int dy)
{
    struct graph *graph = gradient_graph(d);
    const struct node *windows = rule_operand(graph, n, 3);
    bool grouped = n->attr.grouped;
    int first, axes = window_axes(&windows->shape, &windows->attr, &first), m = first + axes;
    int k = windows->shape.rank - m - grouped;
    int seen = graph_add_shaped(graph, OP_WINDOW, 1, &dy, &windows->attr, F32, &windows->shape);
    seen = contraction_groups_first(graph, seen, first, axes, grouped);
    if (gradient_wanted(d, n, 1))
        gradient_add(d, n, 1, contraction_add(graph, seen, n->operand[2], k, grouped));
    if (gradient_wanted(d, n, 2))
        gradient_add(d, n, 2, contraction_filter(graph, seen, n->operand[1], m, k, grouped));
}

const struct op_def op_transposed = {
    OP_ROW(TRANSPOSED, transposed),
    .attributes = ATTR_GROUPED,
    .doc = "a transposed contraction (numerics 3.3): a is what the contraction of d, which are "
           "windows of a, with the filter c gives back for b, as nodes before it make it; "
           "gradients pass to b and c",
    .formula = "a",
    .derivative = "windows of g by c to b, and b by windows of g, summed over places, to c",
    .bound = "0.5 ulp of the sum of |terms|, per addition in the longest chain",
    .infer = infer,
    .gradient = gradient,
};
