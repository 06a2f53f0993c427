/* What ranks under MPI would have to do, as text: see docs/scale.md. */
#ifndef INVAR_PLAN_RANKS_H
#define INVAR_PLAN_RANKS_H
#include "graph/program.h"

struct network {
    int ranks;
    double bandwidth, latency;          /* bytes a second each way, seconds a message */
};

/* From texts such as "64", "1.25G" (bytes a second; K, M, G of 1000) and "20us" (s, ms, us, ns);
 * NULL stands for 10 Gbit/s and 20 us.  NULL, or what is wrong with which. */
const char *network_read(struct network *, const char *ranks, const char *bandwidth,
                         const char *latency, struct arena *);

/* For each rank, alike ones in one line: shards, partial sums, bytes and messages of a step, memory
 * and the time that a step's exchange takes; beside a ring allreduce.  After pass_plan, of a
 * program that has shards. */
void plan_print_ranks(const struct program *, const struct network *, struct text *);

#endif
