/* How many threads run a kernel, what they have beside the arena, and which of them stores. */
#ifndef INVAR_EMIT_LAUNCH_H
#define INVAR_EMIT_LAUNCH_H
#include "emit/c/nest.h"

enum {
    CUDA_BLOCKS = 128,                  /* keep a device busy */
    CUDA_SPLIT_CHUNKS = 4,              /* of a sum, at least, to share them out */
    CUDA_SPLIT_BYTES = 64 << 20         /* of workspace for it, at most */
};

/* Groups run one by one: each has the workspace to itself. */
void cuda_take_workspace(struct emit *, int64_t bytes);
/* Iterations that differ only in loops which the stored node does not have store the same: the
 * condition under which one of them does it. */
const char *cuda_store_guard(struct nest *, const struct node *);
/* "inv_blocks(128 * b, 256), 256, 0": enough for `count` outputs, one a thread. */
const char *cuda_threads_for(struct function *, struct extent count);

#endif
