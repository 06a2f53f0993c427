/* The rows of one batch on their way to the model: cells in the INV_RAW variables become fields in
 * the INV_INPUT variables. */
#ifndef INV_HOST_BATCH_H
#define INV_HOST_BATCH_H
#include "invar.h"
#include "errors.h"

/* Where the cells of a batch lie, of an INV_RAW variable; shards at one time may each have their
 * own. */
static inline unsigned char *inv_batch_cells(const struct inv_model *model,
                                             const struct inv_run *run,
                                             const struct inv_variable *raw)
{
    return run->arena + raw->offset - (raw->offset < model->shard_begin ? run->aside : 0);
}

/* INV_PREPARE of `count` rows, which have the numbers first .. in the data set; without that phase
 * the cells are the fields.  Sets run->rows. */
void inv_batch_prepare(const struct inv_model *, struct inv_run *, int64_t first, int64_t count);
/* The same of the rows of any numbers, for the step at hand, which INV_PREPARE does not see. */
void inv_batch_prepare_rows(const struct inv_model *, struct inv_run *, const int32_t *row,
                            int64_t count);
/* INV_NORMALISE of the batch. */
void inv_batch_normalise(const struct inv_model *, struct inv_run *);
/* Reports elements that the model must not see: not finite, or no class of its field. */
struct inv_batch_check {
    struct inv_errors *errors;
    int inputs_only;                    /* labels are not there */
    int cells;                          /* the INV_RAW variables hold the cells of these rows */
    char *(*place)(const void *state, int64_t slot); /* of a row, in new memory */
    const void *state;
};
void inv_batch_check(const struct inv_model *, const struct inv_run *,
                     const struct inv_batch_check *);

#endif
