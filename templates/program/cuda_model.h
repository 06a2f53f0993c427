/* ${model}: the model on a CUDA device. */
#ifndef ${guard}
#define ${guard}
#include "invar.h"

extern const struct inv_model ${model}_model_cuda;

#endif
