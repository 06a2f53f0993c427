#include "lower/shards.h"

static int rows_of(struct lower *l, enum step_value which)
{
    struct shape scalar = shape_scalar();
    struct attr attr = {.step_value = which};
    int rows = graph_add_shaped(l->graph, OP_STEP_VALUE, 0, NULL, &attr, I32, &scalar);
    return graph_to(l->graph, F32, rows);
}

int lower_share(struct lower *l, int node)
{
    if (!program_has_shards(l->program))
        return node;
    int rows = rows_of(l, VALUE_ROWS), batch = rows_of(l, VALUE_BATCH);
    return graph_binary(l->graph, OP_MUL, node, graph_binary(l->graph, OP_DIV, rows, batch));
}

int lower_sum_shards(struct lower *l, const char *path, int node, struct span span)
{
    const struct shape *shape = &graph_node(l->graph, node)->shape;
    int id = program_add_variable(l->program, VAR_SHARD, path, F32, shape, span)->id;
    graph_store(l->graph, id, node);
    return id;
}

void lower_begin_update(struct lower *l)
{
    struct span span = l->graph->span, call = l->graph->call;
    l->graph = l->program->phase[PHASE_UPDATE] =
        graph_new(l->program, phase_name(PHASE_UPDATE));
    l->graph->forward = -1;
    l->graph->span = span;
    l->graph->call = call;
}
