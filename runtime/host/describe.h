/* What a trained model takes and gives, as JSON that programs read. */
#ifndef INV_HOST_DESCRIBE_H
#define INV_HOST_DESCRIBE_H
#include "invar.h"
#include "fitted.h"

/* {"model": ..., "inputs": [{"name", "dtype", "shape" of a row, "classes", "columns", "names" of
 * classes}, ...], "outputs": [...]} in new memory: model, weights and compiler are told, too.
 * digest: of the weights. */
char *inv_describe(const struct inv_model *, const struct inv_fitted *, const char *digest);
/* Before there are weights: {"model", "inputs", "outputs", "fields": all that training takes, with
 * whether it is a "label" and what it "wants" (cell.h), "parts": those that have rows of their
 * own}. */
char *inv_describe_training(const struct inv_model *);
/* The field whose classes an output stands for, or -1. */
int inv_describe_field(const struct inv_model *, const struct inv_variable *output);

#endif
