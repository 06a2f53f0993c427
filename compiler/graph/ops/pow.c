#include "graph/ops/rules.h"

/* Where b = 0 the formula would give 0 * inf at a = 0.  A constant exponent needs no such care. */
static void add_to_base(struct gradient *d, const struct node *n, int dy)
{
    struct graph *graph = gradient_graph(d);
    const struct node *b = rule_operand(graph, n, 1);
    bool fixed = b->op == OP_CONST && !b->attr.list;
    if (fixed && b->attr.value == 0.0f)
        return;
    int less = graph_binary(graph, OP_SUB, b->id, graph_const(graph, 1.0f));
    int power = graph_binary(graph, OP_POW, n->operand[0], less);
    int slope = rule_mul(d, b->id, power);
    if (!fixed) {
        int zero = graph_binary(graph, OP_EQ, b->id, graph_const(graph, 0.0f));
        slope = rule_where_not(d, zero, slope);
    }
    gradient_add(d, n, 0, rule_mul(d, dy, slope));
}

/* At a = 0 with b >= 0 the power is flat in b, though ln a is infinite. */
static void add_to_exponent(struct gradient *d, const struct node *n, int dy)
{
    struct graph *graph = gradient_graph(d);
    int zero = graph_const(graph, 0.0f);
    int flat = graph_binary(graph, OP_EQ, n->operand[0], zero);
    flat = graph_binary(graph, OP_AND, flat, graph_binary(graph, OP_GE, n->operand[1], zero));
    int slope = rule_mul(d, n->id, rule_unary(d, OP_LOG, n->operand[0]));
    gradient_add(d, n, 1, rule_mul(d, dy, rule_where_not(d, flat, slope)));
}

static void gradient(struct gradient *d, const struct node *n, int dy)
{
    if (gradient_wanted(d, n, 0))
        add_to_base(d, n, dy);
    if (gradient_wanted(d, n, 1))
        add_to_exponent(d, n, dy);
}

const struct op_def op_pow = {
    OP_ROW(POW, pow),
    .doc = "power with a real exponent",
    .formula = "a^b",
    .derivative = "g * (b * a^(b-1)) to a, 0 where b = 0; g * (y * ln a) to b, 0 where a = "
           "0 and b >= 0",
    .bound = "1 ulp",
    .infer = rule_float_map,
    .gradient = gradient,
};
