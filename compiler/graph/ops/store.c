#include "graph/ops/rules.h"
#include "graph/program.h"

static const char *infer(const struct graph *graph, struct node *n)
{
    const struct variable *variable = program_variable(graph->program, n->attr.variable);
    n->dtype = variable->dtype;
    n->shape = variable->shape;
    if (rule_dtype(graph, n, 0, variable->dtype))
        return "the value has not the variable's element type";
    return shape_equal(&rule_operand(graph, n, 0)->shape, &variable->shape)
               ? NULL
               : "the value has not the variable's shape";
}

const struct op_def op_store = {
    OP_ROW(STORE, store),
    .attributes = ATTR_VARIABLE,
    .doc = "a variable takes the value",
    .formula = "variable = a",
    .bound = "exact",
    .infer = infer,
};
