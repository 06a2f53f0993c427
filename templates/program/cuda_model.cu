/* ${model}: the kernels of the training program of ${source}, written by ${compiler}.
 *
 * Values lie in one arena at fixed offsets, as dense arrays; b is the number of rows of the batch
 * at hand, at most ${batch}.  A kernel computes one group of the schedule and gets the device's
 * copy of the state; any number of blocks and threads gives the same bits.  A phase launches its
 * kernels in order on one stream.  What invar writes belongs to its user. */
#include "core/arith.h"
#include "core/sums.h"
#include "cuda/columns.cuh"
#include "cuda/contract.cuh"
#include "cuda/device.h"
#include "cuda/launch.cuh"
#include "cuda/rows.cuh"
#include "cuda/scatter.cuh"
#include "invar.h"
@each include
#include "${include}"
@end

INV_DEVICE float *f32_at(const struct inv_run *run, int64_t offset)
{
    return inv_global((float *)(void *)(run->arena + offset));
}

INV_DEVICE int32_t *i32_at(const struct inv_run *run, int64_t offset)
{
    return inv_global((int32_t *)(void *)(run->arena + offset));
}

INV_DEVICE int64_t *i64_at(const struct inv_run *run, int64_t offset)
{
    return inv_global((int64_t *)(void *)(run->arena + offset));
}

static inline void trace(const struct inv_run *run, int node, int64_t offset, int64_t count)
{
    if (run->trace)
        inv_cuda_trace(run, node, offset, count);
}

@each constant
static __device__ const float ${name}[${count}] = {
    ${elements}};

@end
@each function
${function}
@end
