/* The state of a run of a model for firmware, and what its phases consist of. */
#ifndef INV_CORE_RUN_H
#define INV_CORE_RUN_H

#include <stdint.h>

#define INV_FIRMWARE_ABI 2

/* Group functions read and write an arena in three pieces; offsets count from each piece. */
struct inv_run {
    unsigned char *arena;               /* parameters, buffers, state; NULL: inference only */
    const unsigned char *weights;       /* parameters and buffers: the arena's, or in flash */
    unsigned char *work;                /* rows of the batch, results, scratch */
    uint32_t key[2];                    /* seed low, seed high */
    int32_t rows;                       /* b: rows of the batch at hand */
    int32_t first_row;
    int32_t step, steps, epoch;
    const int32_t *at;                  /* of the group at hand: see struct inv_group */
};

/* A group's function does outputs begin .. end - 1 of count + count_rows * b; any split gives the
 * same bits.  One output takes about `cost` scalar operations, at least 1.  A function of several
 * groups takes from run->at what each has for itself: numbers of streams, offsets of storage. */
struct inv_group {
    void (*function)(const struct inv_run *, int32_t begin, int32_t end);
    const int32_t *at;                  /* NULL: the function has them as constants */
    int32_t count, count_rows, cost;
};

struct inv_phase {
    const struct inv_group *group;
    int32_t count;
};

/* How far a phase has come. */
struct inv_cursor {
    int32_t group, output;
};

#endif
