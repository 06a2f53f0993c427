/*
 * What every kernel and launcher of a generated NAME.cu stands on: who a thread is, shared memory,
 * and the one place where a launch is spelt.  Common subset of CUDA C++17 under nvcc and of plain
 * C++17 with the header of tests/cuda/emu, in which kernels are functions of the host.
 *
 * A kernel gets the device's copy of struct inv_run and begins with
 *     if (inv_stopped(run))
 *         return;
 * Outputs do not depend on each other, so any number of blocks and threads gives the same bits;
 * sums over several outputs' elements are taken only by rows.cuh, columns.cuh and contract.cuh.
 */
#ifndef INV_CUDA_LAUNCH_CUH
#define INV_CUDA_LAUNCH_CUH

#include <cuda_runtime.h>
#include "core/arith.h"
#include "cuda/device.h"
#include "invar.h"

#if defined(__CUDACC__)
#define INV_DEVICE static __device__ __forceinline__
#define INV_UNROLL _Pragma("unroll")
#define INV_UNROLL_8 _Pragma("unroll 8")
#define INV_UNROLL_32 _Pragma("unroll 32")
#define INV_LAUNCH_ON(stream, kernel, blocks, threads, shared, ...)                             \
    do {                                                                                        \
        (kernel)<<<dim3(blocks), dim3(threads), (shared), (cudaStream_t)(stream)>>>(            \
            __VA_ARGS__);                                                                       \
        inv_cuda_check((int)cudaGetLastError(), "launch of " #kernel);                          \
    } while (0)
#else
#define INV_DEVICE static inline __attribute__((unused))
#define INV_UNROLL
#define INV_UNROLL_8
#define INV_UNROLL_32
#define INV_LAUNCH_ON(stream, kernel, blocks, threads, shared, ...)                             \
    do {                                                                                        \
        emulate::launch((cudaStream_t)(stream), #kernel, (kernel), dim3(blocks), dim3(threads), \
                        (shared), __VA_ARGS__);                                                 \
        inv_cuda_check((int)cudaGetLastError(), "launch of " #kernel);                          \
    } while (0)
#endif

/* A group's kernel, for the launcher of a phase: `run` is the host's.  A kernel that several groups
 * share takes as a last argument what each has for itself: numbers of streams, then offsets. */
#define INV_LAUNCH(run, kernel, blocks, threads, shared, ...)                                   \
    INV_LAUNCH_ON((run)->device->stream, kernel, blocks, threads, shared, (run)->device->run, \
                  ##__VA_ARGS__)

template <int N> struct inv_own {
    int64_t at[N];
};

#define INV_WARP 32
#define INV_ALL_LANES 0xffffffffu
#define INV_MOST_BLOCKS 65535

/* ---- for launchers: blocks for `count` outputs, `each` a block; kernels stride over more ---- */

static inline unsigned inv_blocks(int64_t count, int64_t each)
{
    int64_t blocks = (count + each - 1) / each;
    return (unsigned)(blocks < 1 ? 1 : blocks > INV_MOST_BLOCKS ? INV_MOST_BLOCKS : blocks);
}

/* ---- for kernels ---- */

/* The pointer, of which the compiler then knows that it points into global memory. */
template <class T> INV_DEVICE T *inv_global(T *pointer)
{
#if defined(__CUDA_ARCH__)
    __builtin_assume(__isGlobal(pointer));
#endif
    return pointer;
}

/* After a loss that is not finite: this and all later work of the pass leaves memory as it is. */
INV_DEVICE bool inv_stopped(const struct inv_run *run)
{
    return run->stopped != NULL && *inv_global(run->stopped) != 0;
}

/* This thread among all threads of a launch: for (e = inv_thread(); e < n; e += inv_threads()) */
INV_DEVICE int64_t inv_thread(void)
{
    return (int64_t)blockIdx.x * blockDim.x + threadIdx.x;
}

INV_DEVICE int64_t inv_threads(void)
{
    return (int64_t)gridDim.x * blockDim.x;
}

/* Of `count` outputs that the elements of a sum over shards update, which lies at `gradient` in the
 * arena: those of this rank begin and end so; all of them where there is one rank. */
INV_DEVICE int64_t inv_own_first(const struct inv_run *run, int64_t gradient)
{
    return run->own_begin > gradient ? (run->own_begin - gradient) / 4 : 0;
}

INV_DEVICE int64_t inv_own_end(const struct inv_run *run, int64_t gradient, int64_t count)
{
    int64_t end = (run->own_end - gradient) / 4;
    return run->own_end > 0 && end < count ? end : count;
}

INV_DEVICE int inv_lane(void)
{
    return (int)(threadIdx.x % INV_WARP);
}

/* This warp in its block, and among all warps of a launch; blockDim.x is a multiple of 32. */
INV_DEVICE int inv_block_warp(void)
{
    return (int)(threadIdx.x / INV_WARP);
}

INV_DEVICE int64_t inv_warp(void)
{
    return (int64_t)blockIdx.x * (blockDim.x / INV_WARP) + threadIdx.x / INV_WARP;
}

INV_DEVICE int64_t inv_warps(void)
{
    return (int64_t)gridDim.x * (blockDim.x / INV_WARP);
}

/* The block's dynamic shared memory, aligned to 16 bytes. */
INV_DEVICE unsigned char *inv_shared(void)
{
#if defined(__CUDACC__)
    extern __shared__ __align__(16) unsigned char inv_shared_memory[];
    return inv_shared_memory;
#else
    return emulate::shared_memory();
#endif
}

/*
 * An array of a warp in its share of the block's shared memory: each warp has `bytes` of it, a
 * multiple of 16, and the array begins `offset` bytes in.  Launch with shared = warps of a block *
 * bytes.  __syncwarp() between a loop that writes the array and what reads elements of other lanes.
 */
template <class T> INV_DEVICE T *inv_shared_row(int bytes, int offset)
{
    return (T *)(void *)(inv_shared() + inv_block_warp() * bytes + offset);
}

/* The same for rows too long for shared memory, in run->workspace from `start` bytes on, which has
 * room for `bytes` a warp of the launch. */
template <class T>
INV_DEVICE T *inv_workspace_row(const struct inv_run *run, int64_t start, int64_t bytes,
                                int64_t offset)
{
    unsigned char *workspace = (unsigned char *)(void *)inv_global(run->workspace);
    return (T *)(void *)(workspace + start + inv_warp() * bytes + offset);
}

/* ---- no atomic operation on floats: their order, and with it the bits, would be chance ---- */

template <class T> struct inv_is_float {
    static const bool value = false;
};
template <> struct inv_is_float<float> {
    static const bool value = true;
};
template <> struct inv_is_float<double> {
    static const bool value = true;
};

template <class T, class V> INV_DEVICE T inv_atomic_add(T *address, V value)
{
    static_assert(!inv_is_float<T>::value, "a float atomic would make bits depend on chance");
    return atomicAdd(address, (T)value);
}

#define atomicAdd(address, value) inv_atomic_add(address, value)

#endif
