/* A training run that repeats the one of a receipt and compares: model, data files, weights to
 * begin with, every step, metrics, weights.  What differs first is named, and the run ends. */
#ifndef INV_HOST_VERIFY_H
#define INV_HOST_VERIFY_H
#include "session.h"

/* Each: the exit status; INV_MISMATCH once "mismatch: ..." has been said, and INV_OK where no
 * receipt is verified. */

/* Reads the receipt and takes its options. */
int inv_verify_begin(struct inv_session *);
/* The file of weights that the receipt is of, in new memory: named by --weights, or beside the
 * receipt. */
char *inv_verify_weights(const struct inv_session *);
/* The model, and the weights that are there. */
int inv_verify_model(struct inv_session *);
/* Where data could not be loaded: because they are other ones? */
int inv_verify_unread(struct inv_session *);
/* The data and weights that were read. */
int inv_verify_inputs(struct inv_session *);
/* The link before step 0. */
int inv_verify_start(struct inv_session *, int64_t steps);
/* The last link; mark: where it is one, else NULL; loss: of its step. */
int inv_verify_step(struct inv_session *, const struct inv_mark *, float loss);
/* The checkpoint at `path` has been read: its link and, where there is a mark, its weights. */
int inv_verify_resumed(struct inv_session *, const char *path);
/* The steps before `end` have been run again. */
int inv_verify_stretch(struct inv_session *, int64_t end);
/* The state after the steps of that checkpoint; digest: of the file that it would be. */
int inv_verify_state(struct inv_session *, const struct inv_left *, const char *digest);
/* A loss or a weight is not finite, which has been said; INV_NOT_FINITE where no receipt is
 * verified: the run of one came to its end. */
int inv_verify_finite(struct inv_session *);
/* Whether the steps that were run again end where the run of the receipt does. */
int inv_verify_reaches_end(const struct inv_session *);
/* Says which part agrees. */
int inv_verify_part(struct inv_session *);
/* Metrics and weights of the finished run. */
int inv_verify_end(struct inv_session *);
void inv_verify_free(struct inv_session *);

#endif
