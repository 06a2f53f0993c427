/*
 * Sums of columns by blocks of 8 warps: 32 columns a block, a lane a column, a warp a chunk of 256
 * rows, the chunks' sums added ascending.  Bit for bit inv_column_sum of runtime/core/sums.h.
 */
#ifndef INV_CUDA_COLUMNS_CUH
#define INV_CUDA_COLUMNS_CUH

#include "core/sums.h"
#include "cuda/launch.cuh"

#define INV_COLUMN_WARPS 8
#define INV_SPLIT_WARPS 2 /* of a block: many blocks, for few warps have work */
#define INV_COLUMN_THREADS (INV_COLUMN_WARPS * INV_WARP)
#define INV_COLUMN_SHARED (INV_COLUMN_THREADS * (int)sizeof(float))

/* For launchers: a kernel of inv_column_sum. */
#define INV_LAUNCH_COLUMNS(run, kernel, pages, columns, ...)                       \
    INV_LAUNCH(run, kernel, inv_column_blocks(pages, columns), INV_COLUMN_THREADS, \
               INV_COLUMN_SHARED, ##__VA_ARGS__)

/* For launchers: a kernel of inv_column_split. */
#define INV_LAUNCH_COLUMN_CHUNKS(run, kernel, pages, rows, columns, ...)   \
    INV_LAUNCH(run, kernel, inv_column_split_blocks(pages, rows, columns), \
               INV_SPLIT_WARPS *INV_WARP, 0, ##__VA_ARGS__)

static inline unsigned inv_column_blocks(int64_t pages, int64_t columns)
{
    return inv_blocks(pages * ((columns + INV_WARP - 1) / INV_WARP), 1);
}

static inline unsigned inv_column_split_blocks(int64_t pages, int64_t rows, int64_t columns)
{
    int64_t strips = pages * ((columns + INV_WARP - 1) / INV_WARP);
    return inv_blocks(strips * ((rows + INV_CHUNK - 1) / INV_CHUNK), INV_SPLIT_WARPS);
}

/* The chain over rows begin .. end - 1 of column k. */
template <class V>
INV_DEVICE float inv_column_chunk(int64_t i, int64_t begin, int64_t end, int64_t k, V value)
{
    float chunk = 0.0f;
    INV_UNROLL_32 /* loads on their way at a time: a chain waits for each */
    for (int64_t j = begin; j < end; j++)
        chunk = inv_add(chunk, value(i, j, k));
    return chunk;
}

/*
 * store(i, k, sum of value(i, j, k) over j) for i < pages, k < columns; j < rows: the chain over j
 * ascending from +0 in chunks of 256, whose sums are added ascending from +0.
 */
template <class V, class S>
INV_DEVICE void inv_column_sum(int64_t pages, int64_t rows, int64_t columns, V value, S store)
{
    float *part = (float *)(void *)inv_shared();
    int lane = inv_lane(), warp = inv_block_warp();
    int64_t strips = (columns + INV_WARP - 1) / INV_WARP;
    for (int64_t strip = blockIdx.x; strip < pages * strips; strip += gridDim.x) {
        int64_t i = strip / strips, k = strip % strips * INV_WARP + lane;
        float total = 0.0f;
        for (int64_t first = 0; first < rows; first += INV_COLUMN_WARPS * INV_CHUNK) {
            int64_t begin = first + warp * INV_CHUNK;
            int64_t end = rows - begin < INV_CHUNK ? rows : begin + INV_CHUNK;
            part[threadIdx.x] = k < columns ? inv_column_chunk(i, begin, end, k, value) : 0.0f;
            __syncthreads();
            /* warps past the last row hold +0, which changes no total: that is never -0 */
            if (warp == 0)
                for (int w = 0; w < INV_COLUMN_WARPS; w++)
                    total = inv_add(total, part[w * INV_WARP + lane]);
            __syncthreads();
        }
        if (warp == 0 && k < columns)
            store(i, k, total);
    }
}

/*
 * For few columns of many rows, two kernels: this one, a warp 32 columns of a chunk, puts the
 * chunks' sums into chunk[(i * chunks + c) * columns + k], and inv_contract_join of
 * cuda/contract.cuh adds them up.  The workspace takes pages * chunks * columns floats.
 */
template <class V>
INV_DEVICE void inv_column_split(float *chunk, int64_t pages, int64_t rows, int64_t columns,
                                 V value)
{
    int64_t strips = (columns + INV_WARP - 1) / INV_WARP;
    int64_t chunks = (rows + INV_CHUNK - 1) / INV_CHUNK;
    for (int64_t at = inv_warp(); at < pages * chunks * strips; at += inv_warps()) {
        int64_t page_chunk = at / strips, k = at % strips * INV_WARP + inv_lane();
        int64_t i = page_chunk / chunks, begin = page_chunk % chunks * INV_CHUNK;
        int64_t end = rows - begin < INV_CHUNK ? rows : begin + INV_CHUNK;
        if (k < columns)
            chunk[page_chunk * columns + k] = inv_column_chunk(i, begin, end, k, value);
    }
}

#endif
