/* Numbers by the hash of what they stand for, which their owner compares.  Those of one hash form a
 * chain, the newest first; nothing depends on the order of different hashes. */
#ifndef INVAR_CHAINS_H
#define INVAR_CHAINS_H
#include <stdbool.h>
#include <stdint.h>
#include "base/arena.h"

struct chain_link {
    uint32_t hash;
    int next;                           /* in its bucket, or -1; -2: the number is in no chain */
};

struct chains {
    struct arena *arena;
    struct chain_link *link;            /* by number */
    int count, room;
    int *bucket;                        /* the newest number, or -1 */
    int buckets;                        /* a power of two, or 0 */
};

void chains_init(struct chains *, struct arena *);
/* The number is above all that were added before. */
void chains_add(struct chains *, int number, uint32_t hash);
/* The newest number of that hash, and the next one of the same hash; or -1. */
int chains_first(const struct chains *, uint32_t hash);
int chains_next(const struct chains *, int number);
bool chains_has(const struct chains *, int number);
/* Forgets the numbers from that one on. */
void chains_cut(struct chains *, int from);

#endif
