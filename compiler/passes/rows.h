/* The stages of a ROW group, and the arrays of a row's length that lie on the stack between them:
 * what fusing bounds and emission declares. */
#ifndef INVAR_ROWS_H
#define INVAR_ROWS_H
#include "passes/schedule.h"

/* Rows of few columns lie INV_BESIDE (runtime/core/rows.h) beside one another: their arrays hold
 * so many of them. */
enum { ROWS_BESIDE = 16, BESIDE_ROWS_MIN = 8, BESIDE_COLUMNS_MIN = 2, BESIDE_COLUMNS_MAX = 32 };

/* By position in the group, where no node is meant. */
struct rows {
    const struct graph *graph;
    const int *node;                    /* ascending ids */
    int count;
    struct shape space;
    bool beside;
    int down;                           /* the axis of the rows beside one another; -1: any */
    bool *stored;                       /* lies in memory */
    int stages;
    int *stage;
    bool *full;                         /* has the row axis; else one value a row */
    bool *array;                        /* other loops find it in an array */
    bool *fill;                         /* a reduction whose operand is copied to an array */
    int *from;                          /* operands' positions, -1 for what is made outside, of */
    int *first;                         /* a node from this place on */
    int *use;                           /* the first stage whose loop or rows need it */
    int room, operand_room;
};

/* The node's position, or -1. */
int rows_position(const struct rows *, int id);
/* Room for `count` nodes with `operands` in all: every array is zeroed. */
void rows_reserve(struct rows *, struct arena *, int count, int operands);
/* Graph, node, count, space, beside, down and stored are set: finds the rest. */
void rows_find(struct rows *);
/* The row's length at the declared batch. */
int64_t rows_length(const struct rows *);
/* Bytes of all its arrays, each rounded up to a multiple of `align`. */
int64_t rows_bytes(const struct rows *, int align);

#endif
