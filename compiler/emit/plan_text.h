/* Schedules and memory plans as text. */
#ifndef INVAR_PLAN_TEXT_H
#define INVAR_PLAN_TEXT_H
#include "passes/pass.h"

/* What `invar plan` prints, after pass_plan. */
void plan_print(const struct program *, struct text *);
/* --dump after pass_fuse, pass_order and pass_plan: one line a group, then one a node in it. */
void schedule_print(const struct graph *, struct text *);
/* Floating-point operations of a node for the declared batch, in all of its shards and all turns
 * of the loops around it; 0 where it does not run: one for each element that a map operator gives
 * (an elementary function counts as one) and for each element that a reduction or a scatter_add
 * takes, two for each product and sum of a contraction; whole-number work, random numbers and moves
 * count nothing. */
int64_t plan_flops(const struct graph *, const struct node *);
/* With shards: bytes that each of several at a time takes, beyond the first. */
int64_t plan_shard_bytes(const struct program *);
/* "batch 256", or "batch 256 in 8 shards of 32 rows". */
const char *plan_batch(const struct program *, struct arena *);

#endif
