/* ${model}: the kernels of the training program of ${source},
 * written by ${compiler}.
 *
 * Values lie in one arena at fixed offsets, as dense arrays; b is the number of rows of the batch
 * at hand, at most ${batch}.  add_5 is value 5 of its phase, out_5 what it is written through,
 * row_5 a row of it in shared memory: at an offset in a warp's bytes, inv_shared_row(bytes,
 * offset).  An array that another value takes over says "then".
 *
 * A kernel computes a group of the schedule, or all groups that are alike: these differ in `own`.
 * A loss that was not finite stops the run, and kernels do nothing; any number of blocks and
 * threads gives the same bits.  A phase launches its kernels in order on one stream:
 * INV_LAUNCH(run, kernel, blocks, threads, bytes of shared memory).
 * cuda/contract.cuh says what the strides are that contractions take, and what the tiles.  What
 * invar writes belongs to its user. */
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

/* Shows what lies at the offset, row `node` of trace_nodes, to who asks for it. */
static inline void trace(const struct inv_run *run, int node, int64_t offset, int64_t count)
{
    if (run->trace)
        inv_cuda_trace(run, node, offset, count);
}

@each prototype
INV_FN ${prototype};

@end
@each constant
static __device__ const float ${name}[${count}] = {
    ${elements}};

@end
@each function
${function}
@end
