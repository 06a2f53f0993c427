/* The parameters and buffers of a program with their values, apart from any plan of memory. */
#ifndef INVAR_SAVED_H
#define INVAR_SAVED_H
#include <stdbool.h>
#include "graph/program.h"
#include "host/tensors.h"

struct saved {
    struct inv_tensor *tensor;          /* in byte order of their names */
    const struct variable **variable;   /* of each */
    int count;
};

/* With values of 0. */
struct saved saved_new(const struct program *);
/* Fills them from the weights that a trainer wrote; false after an error. */
bool saved_load(const struct program *, struct saved *, const char *path, struct inv_errors *);
/* Elements of a tensor. */
int64_t saved_elements(const struct inv_tensor *);
/* A copy whose axis i is axis order[i] of the tensor. */
struct inv_tensor saved_permuted(struct arena *, const struct inv_tensor *, const int *order);

#endif
