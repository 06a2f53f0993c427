/* A model whose phases run on a device (inv_model.device_type): run.arena is then a mirror in this
 * program's memory.  Without a device each of these is a plain call, or nothing. */
#ifndef INV_HOST_DEVICE_H
#define INV_HOST_DEVICE_H
#include "session.h"

/* Runs a phase, where the model has it, for run->rows and so on.  On a device: brings what the
 * host sets for that phase there, and afterwards what the host reads of it into the mirror.
 * Sums of shards stay there: see memory.h. */
void inv_device_phase(const struct inv_model *, const struct inv_run *, enum inv_phase);
/* Parameters and buffers, from the device into the mirror and back. */
void inv_device_pull_saved(const struct inv_session *);
void inv_device_push_saved(const struct inv_session *);
/* The variables of a kind, for run.rows rows. */
void inv_device_pull(const struct inv_model *, const struct inv_run *, enum inv_kind);
void inv_device_push(const struct inv_model *, const struct inv_run *, enum inv_kind);

/* The device of this rank: that of --device, else those of a machine in turn. */
int64_t inv_device_number(const struct inv_session *);
/* Takes it; the plan of its memory is told to the user.  Notes where ranks share one, or it is an
 * error, where what carries their messages cannot.  INV_OK, or the exit status of all ranks. */
int inv_device_open(struct inv_session *);
void inv_device_close(struct inv_session *);
/* Hands the loaded data set to the device, if passes over it are to come. */
void inv_device_keep(struct inv_session *);
/* Evaluates rows row[0 .. rows - 1], or trains on them as steps first_step and on, and takes the
 * losses into the pass.  `loss`: NULL, or of each step.  The steps done. */
int64_t inv_device_pass(struct inv_session *, struct inv_pass *, const int32_t *row, int64_t rows,
                        int64_t first_step, int training, float *loss);

/* The kernels of a library that the run took, as a line of the log. */
void inv_device_log_kernels(struct inv_session *);
/* The environment of a device into the log, or onto standard output. */
void inv_device_log(struct inv_session *);
void inv_device_print(const struct inv_session *);
/* "devices":[0,1]: of ranks in order, as a part of a line of the log. */
void inv_device_log_ranks(struct inv_session *);

#endif
