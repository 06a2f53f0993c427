/* Carries that a scan keeps from batch to batch: scan(x, cell, stateful = true). */
#ifndef INVAR_LOWER_CARRIED_H
#define INVAR_LOWER_CARRIED_H
#include "lower/lower.h"

/* While training: what a carry begins with, its value after the last turn of the batch before, and
 * in the first step of an epoch `start`, a node of its shape.  Its number for lower_carry_on is
 * *kept; -1 after an error. */
int lower_carried_start(struct lower *, struct frame *, const char *name, int start, int *kept);
/* What that carry is after the last turn. */
void lower_carry_on(struct lower *, int kept, int last);
/* Once the loss is known: stores them for the next batch. */
void lower_store_carried(struct lower *);
/* With the update: in what epoch that was. */
void lower_store_epoch(struct lower *);
/* Can train and data go on from batch to batch? */
void lower_check_carried(struct lower *);

#endif
