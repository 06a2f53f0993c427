/* pass_windows, for firmware: windows come whole, as the model sees them.
 *
 * requires:    phase prepare as it is lowered.
 * establishes: no phase prepare, where all that it does is to take cells as rows of windows. */
#include "passes/firmware.h"
#include "passes/pass.h"

static const struct node *viewed(const struct graph *graph, int id)
{
    while (graph->node[id]->op == OP_RESHAPE)
        id = graph->node[id]->operand[0];
    return graph->node[id];
}

bool firmware_window_is_plain(const struct program *program, const struct data_field *field)
{
    const struct graph *graph = program->phase[PHASE_PREPARE];
    for (int id = 0; graph && id < graph->count; id++) {
        const struct node *store = graph->node[id];
        if (store->op != OP_STORE || store->attr.variable != field->single)
            continue;
        const struct node *value = viewed(graph, store->operand[0]);
        if (value->op != OP_READ || value->attr.variable != field->raw)
            return false;
    }
    return field->fit == FIT_NONE;
}

void pass_windows(struct program *program)
{
    bool plain = program->data.window > 0;
    for (int i = 0; plain && i < program->data.field_count; i++)
        plain = firmware_window_is_plain(program, &program->data.field[i]);
    if (plain)
        program->phase[PHASE_PREPARE] = NULL;
}
