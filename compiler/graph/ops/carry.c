#include "graph/ops/rules.h"

static const char *infer(const struct graph *graph, struct node *n)
{
    const struct node *init = rule_operand(graph, n, 0);
    n->dtype = init->dtype;
    n->shape = init->shape;
    return NULL;
}

/* Gradients that fade from turn to turn are +0 before they, and products with them, are subnormal,
 * which some processors take hundreds of cycles for: docs/numerics.md, section 1, rule 8. */
static int faded(struct gradient *d, int dy)
{
    int least = graph_const(gradient_graph(d), 0x1p-96f);
    int small = graph_binary(gradient_graph(d), OP_LT, rule_unary(d, OP_ABS, dy), least);
    return rule_where_not(d, small, dy);
}

static void gradient(struct gradient *d, const struct node *n, int dy)
{
    struct graph *graph = gradient_graph(d);
    int kept = graph_keep(graph, faded(d, dy), d->carried[n->id]);
    gradient_add(d, n, 0, graph_last(graph, kept));
}

const struct op_def op_carry = {
    OP_ROW(CARRY, carry),
    .attributes = ATTR_LOOP,
    .doc = "in a loop: what the turn before kept, in the first turn the operand",
    .formula = "a, then what is kept",
    .derivative = "to a what the first turn gives back, to what was kept in the turn before g, "
                  "+0 where |g| < 2^-96",
    .bound = "exact",
    .infer = infer,
    .gradient = gradient,
};
