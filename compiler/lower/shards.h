/* Shards: a batch is cut into parts, whose gradients and losses are added up before the update,
 * which is a phase of its own then (docs/numerics.md, section 5.2). */
#ifndef INVAR_LOWER_SHARDS_H
#define INVAR_LOWER_SHARDS_H
#include "lower/lower.h"

/* The node times the share of the batch's rows that the shard has; without shards the node. */
int lower_share(struct lower *, int node);
/* Phase train stores the node, of a shard, as what is summed up for the variable of that path; the
 * variable of the sum. */
int lower_sum_shards(struct lower *, const char *path, int node, struct span);
/* From now on nodes are of the phase that follows the sums; what was read is to be forgotten. */
void lower_begin_update(struct lower *);

#endif
