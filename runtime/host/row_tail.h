/* What a row file holds behind its rows: whole numbers of 8 bytes in the machine's byte order, and
 * texts, each with its length before it. */
#ifndef INV_HOST_ROW_TAIL_H
#define INV_HOST_ROW_TAIL_H
#include "row_place.h"

struct inv_row_tail {
    unsigned char *byte;
    size_t size, room, at;              /* at: of reading */
    int bad;                            /* what was read is no tail of this data set */
};

/* All that reading found out besides rows. */
void inv_row_tail_write(struct inv_row_tail *, const struct inv_dataset *,
                        const struct inv_row_place *);
/* The sources that the tail names: why they are not those of the place, one by one, in new memory;
 * NULL where they are, and the place then has their hashes.  Then comes inv_row_tail_take(). */
char *inv_row_tail_differs(struct inv_row_tail *, const struct inv_dataset *,
                           struct inv_row_place *);
/* Puts the rest into the data set; 0 where it does not fit its model, or the names of columns and
 * classes are not those that trained weights go with, or such of other weights. */
int inv_row_tail_take(struct inv_row_tail *, struct inv_dataset *, const struct inv_row_place *);

#endif
