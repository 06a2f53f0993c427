/* Groups as kernels. */
#ifndef INVAR_EMIT_CUDA_GROUP_H
#define INVAR_EMIT_CUDA_GROUP_H
#include "emit/c/function.h"

/* By class: sets skeleton, values and launch. */
#define NEST(class, stem, ...) void cuda_##stem##_group(struct function *);
#include "graph/classes.def"

#endif
