/* The groups of a phase, one after another. */
#ifndef INV_CORE_STEPS_H
#define INV_CORE_STEPS_H

#include "core/arith.h"
#include "invar.h"

INV_FN int64_t inv_extent_of(const struct inv_run *run, struct inv_extent extent)
{
    return extent.constant + extent.rows * run->rows;
}

/* Shows what the step has stored to who asks for it. */
INV_FN void inv_trace_step(const struct inv_run *run, const struct inv_step *step,
                           const struct inv_trace_node *nodes)
{
    for (int n = step->traced; n < step->traced_end; n++)
        if (nodes[n].offset >= 0)
            run->trace(run, n, (const float *)(const void *)(run->arena + nodes[n].offset),
                       inv_extent_of(run, nodes[n].elements));
}

INV_FN void inv_run_steps(const struct inv_run *run, const struct inv_step *step, size_t count,
                          const struct inv_trace_node *nodes)
{
    struct inv_run here = *run;
    for (size_t i = 0; i < count; i++) {
        here.at = step[i].at;
        inv_for(&here, step[i].group, inv_extent_of(run, step[i].outputs),
                inv_extent_of(run, step[i].operations));
        if (run->trace)
            inv_trace_step(run, &step[i], nodes);
    }
}

#endif
