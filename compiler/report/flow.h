/* Which blocks a block reads from, beside those that are called around it. */
#ifndef INVAR_REPORT_FLOW_H
#define INVAR_REPORT_FLOW_H
#include "graph/program.h"
#include "passes/schedule.h"

struct flow {
    struct ids from;                    /* calls of the same outer call, ascending */
    bool input;                         /* and what comes from outside of that */
};

/* By number of the call, from the forward pass of a training step. */
struct flow *flow_of(const struct program *, struct arena *);

#endif
