/* The state of a run of a model for firmware, and what its phases consist of. */
#ifndef INV_CORE_RUN_H
#define INV_CORE_RUN_H

#include <stdint.h>

#define INV_FIRMWARE_ABI 3

/* Group functions read and write an arena in pieces; offsets count from each piece, those of
 * frozen weights, which lie before what is trained, down from their end. */
struct inv_run {
    unsigned char *arena;               /* trained weights, state; NULL: inference only */
    const unsigned char *weights;       /* trained weights: the arena's, or in flash */
    const unsigned char *frozen;        /* the end of the other weights, likewise */
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

/* Groups first .. end - 1 of a phase run in each turn: turn t at index t, or turns - 1 - t where it
 * is reversed.  A loop within another stands behind it; depth: how many are around it. */
struct inv_loop {
    int32_t first, end, turns, reverse, depth;
};

/* Storage of a group that moves: number `number` of inv_group.at, of `numbers`, is so much more for
 * each index of that loop: bytes + bytes_rows * b.  Rows are in order of groups; behind the last is
 * one of group -1. */
struct inv_move {
    int32_t group, numbers, number, loop, bytes, bytes_rows;
};

struct inv_phase {
    const struct inv_group *group;
    int32_t count;
#if defined(INV_TURNS)                  /* by models with loops, before they include this */
    const struct inv_loop *loop;
    int32_t loops;
    const struct inv_move *move;        /* NULL: no loops */
#endif
};

#define INV_LOOPS_DEEP 3                /* loops within one another, at most */

/* How far a phase has come. */
struct inv_cursor {
    int32_t group, output;
    int32_t turn[INV_LOOPS_DEEP];       /* of the loops around the group, by their depth */
};

#endif
