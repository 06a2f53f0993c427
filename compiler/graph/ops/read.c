#include "graph/ops/rules.h"
#include "graph/program.h"

static const char *infer(const struct graph *graph, struct node *n)
{
    const struct variable *variable = program_variable(graph->program, n->attr.variable);
    n->dtype = variable->dtype;
    n->shape = variable->shape;
    return NULL;
}

const struct op_def op_read = {
    OP_ROW(READ, read),
    .attributes = ATTR_VARIABLE,
    .doc = "the value of a variable before any store of this phase",
    .formula = "variable",
    .bound = "exact",
    .infer = infer,
};
