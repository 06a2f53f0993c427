/* Groups that are computed alike, which one function serves. */
#ifndef INVAR_SHARE_H
#define INVAR_SHARE_H
#include "emit/target.h"

/* What such groups have in common.  `own` lists what each has for itself, in one order for all:
 * numbers of random streams, then offsets of storage; these are the first group's. */
struct shared {
    int groups;
    unsigned phases;                    /* bit set: those that the groups are of */
    int64_t *own;
    const struct place **place;         /* of each of its offsets */
    int own_count, streams;
    bool moves;                         /* storage of some group moves in loops */
    bool flat;                          /* of different shapes: each user says how many elements */
    struct function *function;          /* NULL until it is written */
};

struct user {
    struct shared *shared;
    const int64_t *own;
    const struct place **place;
    struct extent elements;             /* of one that is flat */
};

/* Does the function find its groups' own numbers in run->at?  Else it has them as constants. */
bool share_has_own(const struct shared *);
/* Finds for each group of the program's phases what it shares: emit->user.
 *
 * Two groups are alike where all is the same that emission looks at: operators, shapes, attributes,
 * how operands are reached, which values lie in memory, and which of their storage overlaps.  Where
 * one loop walks elements in their order, how many there are is not looked at. */
void share_groups(struct emit *);

#endif
