/* The command of a trained model: rows of a file or of standard input in, predictions out. */
#ifndef INV_HOST_INFER_H
#define INV_HOST_INFER_H
#include "invar.h"
#include "trained.h"

/* Returns the exit status. */
int inv_infer_main(int argc, char **argv, const struct inv_model *const *level,
                   const struct inv_trained *);

#endif
