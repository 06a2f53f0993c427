#include "graph/ops/rules.h"

static const char *infer(const struct graph *graph, struct node *n)
{
    if (rule_dtype(graph, n, 0, F32) || rule_dtype(graph, n, 1, I32))
        return "operands must be f32 and i32";
    n->dtype = F32;
    return rule_broadcast(graph, n, 0);
}

static void gradient(struct gradient *d, const struct node *n, int dy)
{
    struct graph *graph = gradient_graph(d);
    const struct node *b = rule_operand(graph, n, 1);
    if (b->op == OP_CONST && b->attr.whole == 0)
        return;
    int less = graph_binary(graph, OP_SUB, b->id, graph_const_whole(graph, I32, 1));
    int power = graph_binary(graph, OP_POWI, n->operand[0], less);
    int slope = rule_mul(d, graph_to(graph, F32, b->id), power);
    if (b->op != OP_CONST) {
        int zero = graph_binary(graph, OP_EQ, b->id, graph_const_whole(graph, I32, 0));
        slope = rule_where_not(d, zero, slope);
    }
    gradient_add(d, n, 0, rule_mul(d, dy, slope));
}

const struct op_def op_powi = {
    OP_ROW(POWI, powi),
    .doc = "power with a whole exponent by binary exponentiation",
    .formula = "a^n, n an i32",
    .derivative = "g * (n * a^(n-1)), 0 where n = 0",
    .bound = "|n| ulp",
    .infer = infer,
    .gradient = gradient,
};
