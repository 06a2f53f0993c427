/* Threads that share the outputs of one group at a time.  They sleep while there is nothing to
 * do, after a look of 50 microseconds for more, and are made when the first group is large enough
 * to need them. */
#ifndef INV_HOST_POOL_H
#define INV_HOST_POOL_H
#include "invar.h"
#include "errors.h"

/* NULL for one thread: everything then runs in the caller.  level, stack_bytes: as in
 * inv_model. */
struct inv_pool *inv_pool_new(int threads, const char *level, int64_t stack_bytes);
void inv_pool_free(struct inv_pool *);
/* 0 after an error: INVAR_THREAD_COST is no number of operations. */
int inv_pool_accepts_cost(struct inv_errors *);
/* work(argument) in a thread of the caller's floating-point mode whose stack has that room,
 * however small the caller's is; -1 after an error: there is no such thread. */
int inv_pool_work(int64_t stack_bytes, int (*work)(void *), void *argument, struct inv_errors *);
/* Processors that this process may use, at least 1. */
int inv_pool_processors(void);

#endif
