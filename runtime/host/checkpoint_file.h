/* All that a run goes on from, as a safetensors file (tensors.h): random numbers are counters, so
 * that nothing is beside these tensors but the step.
 *
 *     parameter/PATH, buffer/PATH, state/PATH, average/PATH, total/PATH    variables of the model
 *     best/PATH              parameters and buffers of the best epoch so far, with `keep best`
 *     watch/best, /mark, /epoch, /misses     what `keep best` and `patience` have seen
 *     pass/sums              the exact sums of the losses of the epoch so far (core/exact.h)
 *     pass/ranking0, ...     what rankings keep of its rows
 *
 * __metadata__ begins with sha256, that of the file with zeros in the place of its digits, and says
 * what the run is of: two runs that agree in it have the same bits.  The same step of the same run
 * gives the same bytes everywhere. */
#ifndef INV_HOST_CHECKPOINT_FILE_H
#define INV_HOST_CHECKPOINT_FILE_H
#include "checkpoint.h"

/* The state after `step` steps, in memory of its own, so that the run may go on; where there is not
 * so much, is_copy gives 0, and it must be written at once. */
struct inv_snapshot *inv_checkpoint_copy(const struct inv_checkpoint *, int64_t step);
int inv_snapshot_is_copy(const struct inv_snapshot *);
/* Writes and frees it; `older` of the files that are there stay.  0 after an error. */
int inv_snapshot_write(struct inv_snapshot *, const char *path, int older, struct inv_errors *);
extern const struct inv_output_sign inv_checkpoint_sign; /* of a damaged one, too */
/* What is wrong with the file, in new memory: no checkpoint, or damaged.  NULL: it is sound. */
char *inv_checkpoint_damage(FILE *);
/* SHA-256 of the file that would be written. */
void inv_checkpoint_digest(const struct inv_checkpoint *, int64_t step, char digest[65]);
/* Of which step a sound file is, and its SHA-256; 0 after an error. */
int inv_checkpoint_peek(const char *path, FILE *, struct inv_left *, struct inv_errors *);
/* Whether a sound file is of this run, by what its header says; 0 after an error. */
int inv_checkpoint_is_of_run(const struct inv_checkpoint *, const char *path, FILE *);
/* Reads a sound file, which must be of this run: what differs is an error or, where that may be and
 * --resume-anyway is given, a note.  0 after an error. */
int inv_checkpoint_read(struct inv_checkpoint *, const char *path, FILE *, int64_t *step);

#endif
