/* ${model}: the model at each instruction-set level that it was compiled for. */
#ifndef ${guard}
#define ${guard}
#include "invar.h"

extern const struct inv_model ${model}_model_portable;
extern const struct inv_model ${model}_model_neon;
extern const struct inv_model ${model}_model_avx2;
extern const struct inv_model ${model}_model_avx512;

#endif
