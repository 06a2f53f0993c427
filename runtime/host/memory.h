/* Memory that a step works in: this program's or, where phases run on a device, that device's,
 * which functions here alone touch.  What they do on a device comes behind all that was begun
 * there, and they do not wait for it. */
#ifndef INV_HOST_MEMORY_H
#define INV_HOST_MEMORY_H
#include "invar.h"

/* Where the arena begins; on a device run->arena is its mirror. */
unsigned char *inv_memory_arena(const struct inv_run *);
/* New memory beside it; what: "the sums of other ranks", for a message that there is too little. */
void *inv_memory_take(const struct inv_run *, int64_t bytes, const char *what);
void inv_memory_give(const struct inv_run *, void *, int64_t bytes);
/* to[i] = a[i] + b[i] of so many. */
void inv_memory_add(const struct inv_run *, float *to, const float *a, const float *b,
                    int64_t count);
void inv_memory_move(const struct inv_run *, void *to, const void *from, int64_t bytes);
void inv_memory_clear(const struct inv_run *, void *, int64_t bytes);

#endif
