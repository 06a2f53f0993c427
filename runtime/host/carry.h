/* Messages between the memories that ranks train in (memory.h).  Between devices they go as
 * inv_ranks_type.direct carries them or, without, by way of the host. */
#ifndef INV_HOST_CARRY_H
#define INV_HOST_CARRY_H
#include "ranks.h"

/* A block of the host's memory that messages are in on their way; the next is older. */
struct inv_stage { struct inv_stage *next; unsigned char *memory; int64_t bytes; };

/* What comes by way of the host. */
struct inv_arrival { void *to; const void *from; int64_t bytes; };

struct inv_carry {
    const struct inv_ranks *ranks;
    const struct inv_run *run;
    struct inv_stage *stage;
    int64_t used, all, most;            /* bytes of the first block; of what `wait` waits for, and
                                         * of what it ever did */
    struct inv_arrival *arrival;
    int arrivals, room;
};

/* Both stay where they are. */
void inv_carry_begin(struct inv_carry *, const struct inv_ranks *, const struct inv_run *);
void inv_carry_end(struct inv_carry *);
/* What `send` takes of bytes that are there and stay as they are up to `wait`: once for all that
 * they go to. */
const void *inv_carry_ready(struct inv_carry *, const void *, int64_t bytes);
/* As inv_ranks_type has them. */
void inv_carry_send(struct inv_carry *, const void *ready, int64_t bytes, int to);
void inv_carry_receive(struct inv_carry *, void *, int64_t bytes, int from);
void inv_carry_wait(struct inv_carry *);
void inv_carry_advance(struct inv_carry *);

#endif
