/* The machine that a trainer runs on. */
#ifndef INV_HOST_ENVIRONMENT_H
#define INV_HOST_ENVIRONMENT_H
#include "invar.h"
#include "errors.h"

/* Sets what the system leaves in a state that changes bits, where only that can be set; the
 * self-test finds all else.  Threads made later inherit it. */
void inv_environment_prepare(void);
/* The model compiled for the best instruction set that this processor has, or for the one that
 * INVAR_ISA names; NULL after an error. */
const struct inv_model *inv_environment_choose(const struct inv_model *const *level,
                                               struct inv_errors *);
/* The highest level that processor and operating system support: 0 portable or neon, 1 avx2,
 * 2 avx512. */
int inv_environment_rank(void);
/* Text in new memory: "Linux 6.1.0 x86_64"; "Intel(R) Xeon(R) ..."; "gcc 12.2.0 -O2 ...". */
char *inv_environment_kernel(void);
char *inv_environment_processor(void);
char *inv_environment_compiler(void);

#endif
