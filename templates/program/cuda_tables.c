/* ${model}: what the training program of ${source} consists of,
 * written by ${compiler}; its kernels are in ${file}.cu. */
#include "${file}.h"
#include "core/arith.h"
#include "core/check_level.h"
#include "core/hash.h"
#include "cuda/device.h"

@each phase
void ${function}(const struct inv_run *run);
@end

