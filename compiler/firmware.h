/* Memory of a model for firmware. */
#ifndef INVAR_FIRMWARE_H
#define INVAR_FIRMWARE_H
#include "program.h"

/* Bytes; the arena holds the others but `infer`, which is of a work piece by itself. */
struct firmware_sizes {
    int64_t weights, state, arena, fit, infer;
};

/* requires: pass_plan has run. */
struct firmware_sizes firmware_sizes(const struct program *);

#endif
