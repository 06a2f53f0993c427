/* Loops over the first axis of a row: `scan(x, cell)`, and what its cells carry. */
#ifndef INVAR_LOWER_SCAN_H
#define INVAR_LOWER_SCAN_H
#include "lower/lower.h"

/* The statement `carry NAME: TYPE = START`. */
void lower_carry(struct lower *, struct frame *, const struct ast *);
/* At the end of a block: its carries have the values that their names have now. */
void lower_keep_carries(struct lower *, struct frame *);
/* Whether the nodes made now are those of a turn. */
bool lower_in_scan(const struct lower *);
/* The numbers of turns of the scans around, the outermost first; how many they are. */
int lower_turns(const struct lower *, int64_t *turns);
/* Of a value whose rows have an axis for each of these scans first: the slice of the turn. */
struct value lower_of_turn(struct lower *, struct value);

#endif
