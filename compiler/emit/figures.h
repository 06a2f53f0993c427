/* Figures of each layer_call, what it calls counted in. */
#ifndef INVAR_FIGURES_H
#define INVAR_FIGURES_H
#include "graph/program.h"

struct figures {
    int64_t trained, frozen, buffers;   /* elements */
    int64_t forward, step;              /* FLOPs of a batch: forward; with gradients and updates */
    int64_t kept;                       /* bytes of forward values that wait for the gradients */
};

struct summary {
    const struct program *program;
    struct arena *arena;
    struct figures *of;                 /* by number of the call; 0: the optimizer */
    struct figures all;
    bool *shared;                       /* parameters are those of an earlier call */
    int *depth;
};

/* Of a planned program. */
struct summary figures_of(const struct program *, struct arena *);
/* What stands for the call beside those around it: its path from that of the call around it. */
const char *figures_title(const struct summary *, int number);

#endif
