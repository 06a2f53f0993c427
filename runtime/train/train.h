/* What a library does beyond infer/library.h that trains on arrays of who calls it; NAME.c of the
 * library gives the functions their names. */
#ifndef INV_TRAIN_TRAIN_H
#define INV_TRAIN_TRAIN_H
#include "infer/library.h"

/* Rows in the place of those of files.  Parts are the sources of the model's data that have files,
 * fields those of its data declaration, both in its order. */
struct inv_arrays {
    const int64_t *rows;                /* of each part */
    const void *const *cells;           /* of field f in part p at p * fields + f: dense, row after
                                         * row, f32 (NaN: without a value) or i32 */
    const char *const *const *names;    /* of each field, NULL at their end: of the classes where
                                         * cells are texts in the model file; of the columns where
                                         * it names only the first and last; else NULL */
};

/* Gets a line of the log, or NULL about ten times a second; not 0: no further step. */
typedef int inv_told(void *state, const char *line);

/* Trains.  option: of a trainer, "--epochs", "5", NULL at the end.  NULL after an error. */
struct inv_library *inv_library_train(const struct inv_model *const *level,
                                      const struct inv_arrays *, const char *const *option,
                                      inv_told *tell, void *state, char *error, size_t size);
/* Writes the weights and the names beside them: 0, or the exit status of a trainer. */
int inv_library_save(struct inv_library *, const char *path, char *error, size_t size);
/* What it takes and gives, before there are weights (host/describe.h), in memory that stays; NULL
 * where that is out. */
const char *inv_library_training(const struct inv_model *const *level);
/* SHA-256 of the file that this writes. */
const char *inv_library_hash(const struct inv_library *);

#endif
