/*
 * The pairwise tree over the shards of a step (docs/numerics.md, section 5.2), whose sums come one
 * shard after another: partial sums of 2^k neighbours each wait, one for each bit that is set in
 * the number of shards before.  Bit for bit what runtime/host/shards.c adds up.
 */
#ifndef INV_CUDA_SHARDS_CUH
#define INV_CUDA_SHARDS_CUH

#include "cuda/launch.cuh"

/* How many partial sums wait behind so many shards. */
INV_DEVICE int inv_shards_waiting(int64_t shards)
{
    int count = 0;
    for (; shards > 0; shards &= shards - 1)
        count++;
    return count;
}

/* Takes in one element of the sums of shard `shard` of so many, when those before it are: behind
 * the last one *sum is the sum over all.  Partial sum p of the element is partial[p * stride]. */
INV_DEVICE void inv_shard_add(float value, int64_t shard, int64_t shards, float *partial,
                              int64_t stride, float *sum)
{
    int waiting = inv_shards_waiting(shard);
    bool last = shard + 1 == shards;
    for (int64_t pairs = shard; waiting > 0 && (last || pairs % 2 == 1); pairs /= 2)
        value = inv_add(value, partial[--waiting * stride]);
    *(last ? sum : partial + waiting * stride) = value;
}

#endif
