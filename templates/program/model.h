/* ${model}: the model at each instruction-set level that it was compiled for. */
#ifndef ${guard}
#define ${guard}
#include "invar.h"

extern const struct inv_model ${model}_model_base;
extern const struct inv_model ${model}_model_v3;
extern const struct inv_model ${model}_model_v4;

#endif
