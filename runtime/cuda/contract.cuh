/*
 * Contraction in the order of docs/numerics.md, section 3, bit for bit inv_contract of
 * runtime/core: for each output an fma chain with k ascending from +0 over a chunk of 256, the
 * chunks added ascending from +0.
 *
 * A block computes a tile of outputs, a thread 8 x 8 or 4 x 4 of them in registers.  Panels of 16
 * elements of k lie in shared memory, k by k, two deep: while one is multiplied, the next is on its
 * way through registers.  Nothing is split along k within a chunk.
 */
#ifndef INV_CUDA_CONTRACT_CUH
#define INV_CUDA_CONTRACT_CUH

#include "core/sums.h"
#include "cuda/launch.cuh"

#define INV_SLICE 16 /* elements of k; INV_CHUNK is a multiple */

/* How a block of `threads` shares M x N outputs: warps side by side along n, then along m; in a
 * warp 4 x 8 threads; of a thread, groups of 4 rows and of 4 columns, spread evenly. */
template <int M, int N> struct inv_tile {
    static const int m = M, n = N;
    static const int rows = M < 128 ? 4 : 8, columns = N < 128 ? 4 : 8;
    static const int warps_n = N / columns / 8, warps_m = M / rows / 4;
    static const int threads = INV_WARP * warps_m * warps_n;
    static const int pitch_a = M + 4, pitch_b = N + 4; /* rows of a panel start at other banks */
    static const int panel = INV_SLICE * (pitch_a + pitch_b);
    static const int shared = 2 * panel * (int)sizeof(float);
};

typedef struct inv_tile<128, 128> inv_tile_128x128;
typedef struct inv_tile<128, 64> inv_tile_128x64;
typedef struct inv_tile<64, 128> inv_tile_64x128;
typedef struct inv_tile<64, 64> inv_tile_64x64;
typedef struct inv_tile<64, 32> inv_tile_64x32;
typedef struct inv_tile<32, 64> inv_tile_32x64;
typedef struct inv_tile<32, 32> inv_tile_32x32;

/* ---- for launchers ---- */

/* A kernel of inv_contract_tiles<tile>, and one of inv_contract_split<tile>. */
#define INV_LAUNCH_TILES(run, kernel, tile, m, n, pages, ...)                          \
    INV_LAUNCH(run, kernel, inv_tiles<tile>(m, n, pages), tile::threads, tile::shared, \
               ##__VA_ARGS__)
#define INV_LAUNCH_CHUNKS(run, kernel, tile, m, n, k, pages, ...)                               \
    INV_LAUNCH(run, kernel, inv_split_tiles<tile>(m, n, k, pages), tile::threads, tile::shared, \
               ##__VA_ARGS__)

template <class T> static inline dim3 inv_tiles(int64_t m, int64_t n, int64_t pages)
{
    int64_t tiles = (m + T::m - 1) / T::m * ((n + T::n - 1) / T::n);
    unsigned z = (unsigned)(pages < 1 ? 1 : pages < 65535 ? pages : 65535);
    return dim3((unsigned)(tiles < 1 ? 1 : tiles), 1, z);
}

/* The same with the chunks of k over blocks: for inv_contract_split. */
template <class T> static inline dim3 inv_split_tiles(int64_t m, int64_t n, int64_t k,
                                                      int64_t pages)
{
    dim3 blocks = inv_tiles<T>(m, n, pages);
    int64_t chunks = (k + INV_CHUNK - 1) / INV_CHUNK;
    blocks.y = (unsigned)(chunks < 1 ? 1 : chunks < 65535 ? chunks : 65535);
    return blocks;
}

/* ---- for kernels ---- */

/* for (i = inv_page(); i < pages; i += inv_pages()) */
INV_DEVICE int64_t inv_page(void)
{
    return blockIdx.z;
}

INV_DEVICE int64_t inv_pages(void)
{
    return gridDim.z;
}

/* ---- operands ---- */

/* Element (row, k) is x[row * stride + k * stride_k]; rows are those of a, or the columns of b. */
struct inv_rows {
    const float *x;
    int64_t stride, stride_k;
};

/* Which four elements at a multiple of four are neighbours in memory, and there or +0 together. */
enum { INV_APART, INV_ALONG_K, INV_ALONG_ROWS };

/* The same of an operand as core/windows.h has them: at(row, k) is the address of an element, or
 * nullptr where it is +0. */
template <int ALONG, class AT> struct inv_windows {
    AT at;
};

template <int ALONG, class AT> INV_DEVICE struct inv_windows<ALONG, AT> inv_windows_at(AT at)
{
    return {at};
}

/*
 * An operand's way into shared memory: SIZE rows times 16 elements of k, lying as
 * panel[k * PITCH + row].  A thread carries COUNT vectors of four, along k or along the rows.
 *
 * What lies outside the operand is +0.  Along k that happens at the end of the last chunk, in both
 * operands: fma(+0, +0, chain) is the chain, but for a chain of -0, which becomes +0; and either
 * adds the same to a total, as a total is never -0.
 */
template <int SIZE, int THREADS> struct inv_panel {
    static const int count = SIZE * INV_SLICE / 4 / THREADS, rows = SIZE, threads = THREADS;
    static_assert(SIZE * INV_SLICE % (4 * THREADS) == 0, "a panel is shared evenly");
    const float *x; /* element (0, 0) of the panel of k = 0 */
    int64_t stride, stride_k;
    int64_t size; /* rows within the operand */
    bool along, wide, whole; /* vectors lie along k; are loads of 16 bytes; in all rows */
    float4 held[count];
};

template <int SIZE, int THREADS, int ALONG, class AT> struct inv_window_panel {
    static const int count = SIZE * INV_SLICE / 4 / THREADS, rows = SIZE, threads = THREADS;
    static const bool along = ALONG != INV_ALONG_ROWS;
    AT at;
    int64_t first, size; /* rows within the operand */
    float4 held[count];
};

/* The panel of rows first .. first + SIZE - 1 of an operand of `size` rows. */
template <int SIZE, int THREADS>
INV_DEVICE struct inv_panel<SIZE, THREADS> inv_panel_open(const struct inv_rows &of, int64_t first,
                                                         int64_t size)
{
    struct inv_panel<SIZE, THREADS> p;
    p.x = of.x + first * of.stride;
    p.stride = of.stride;
    p.stride_k = of.stride_k;
    p.size = size - first;
    p.along = of.stride_k == 1;
    p.wide = (p.along ? of.stride % 4 : of.stride == 1 ? of.stride_k % 4 : 1) == 0 &&
             (uintptr_t)p.x % 16 == 0;
    p.whole = p.wide && p.size >= SIZE;
    return p;
}

template <int SIZE, int THREADS, int ALONG, class AT>
INV_DEVICE struct inv_window_panel<SIZE, THREADS, ALONG, AT>
inv_panel_open(const struct inv_windows<ALONG, AT> &of, int64_t first, int64_t size)
{
    return {of.at, first, size - first, {}};
}

/* Where vector number u of this thread begins.  Along k a warp carries 16 rows by 8 elements: whole
 * sectors of memory, and stores to 32 different banks. */
template <class P> INV_DEVICE void inv_panel_place(const P *p, int u, int *row, int *k)
{
    int v = (int)threadIdx.x + u * P::threads;
    *row = p->along ? v / 64 * 16 + v % 16 : v % (P::rows / 4) * 4;
    *k = p->along ? v / 16 % 4 * 4 : v / (P::rows / 4);
}

/* The vector at row, k of a panel that begins at `from` and of which `left` elements of k exist:
 * element by element, where it may end early or is not 16 bytes side by side. */
template <int SIZE, int THREADS>
INV_DEVICE float4 inv_panel_gather(const struct inv_panel<SIZE, THREADS> *p, const float *at,
                                   int row, int k, int64_t left)
{
    int64_t step = p->along ? p->stride_k : p->stride;
    int64_t inside = p->along ? left - k : p->size - row;
    if (p->along ? row >= p->size : k >= left)
        inside = 0;
    if (p->wide && inside >= 4)
        return *(const float4 *)(const void *)at;
    return make_float4(inside > 0 ? at[0] : 0.0f, inside > 1 ? at[step] : 0.0f,
                       inside > 2 ? at[2 * step] : 0.0f, inside > 3 ? at[3 * step] : 0.0f);
}

/* Reads the panel that begins at k = `from`, of which `left` elements of k exist. */
template <int SIZE, int THREADS>
INV_DEVICE void inv_panel_fetch(struct inv_panel<SIZE, THREADS> *p, int64_t from, int64_t left)
{
    const bool whole = p->whole && left >= INV_SLICE;
    INV_UNROLL
    for (int u = 0; u < inv_panel<SIZE, THREADS>::count; u++) {
        int row, k;
        inv_panel_place(p, u, &row, &k);
        const float *at = inv_global(p->x + row * p->stride + (from + k) * p->stride_k);
        p->held[u] = whole ? *(const float4 *)(const void *)at
                           : inv_panel_gather(p, at, row, k, left);
    }
}

/* Four neighbours, or +0 where there are none. */
INV_DEVICE float4 inv_window_four(const float *at)
{
    if (!at)
        return make_float4(0.0f, 0.0f, 0.0f, 0.0f);
    const float *from = inv_global(at);
    if ((uintptr_t)at % 16 == 0)
        return *(const float4 *)(const void *)from;
    return make_float4(from[0], from[1], from[2], from[3]);
}

/* The vector at row, k: four elements that are apart are looked for one by one. */
template <int SIZE, int THREADS, int ALONG, class AT>
INV_DEVICE float4 inv_window_vector(const struct inv_window_panel<SIZE, THREADS, ALONG, AT> *p,
                                    int row, int k, int64_t from, int64_t left)
{
    if constexpr (ALONG != INV_APART) {
        bool there = row < p->size && k < left;
        return inv_window_four(there ? p->at(p->first + row, from + k) : nullptr);
    } else {
        float four[4];
        INV_UNROLL
        for (int q = 0; q < 4; q++) {
            bool there = row < p->size && k + q < left;
            const float *at = there ? p->at(p->first + row, from + k + q) : nullptr;
            four[q] = at ? *inv_global(at) : 0.0f;
        }
        return make_float4(four[0], four[1], four[2], four[3]);
    }
}

template <int SIZE, int THREADS, int ALONG, class AT>
INV_DEVICE void inv_panel_fetch(struct inv_window_panel<SIZE, THREADS, ALONG, AT> *p, int64_t from,
                                int64_t left)
{
    INV_UNROLL
    for (int u = 0; u < inv_window_panel<SIZE, THREADS, ALONG, AT>::count; u++) {
        int row, k;
        inv_panel_place(p, u, &row, &k);
        p->held[u] = inv_window_vector(p, row, k, from, left);
    }
}

template <class P> INV_DEVICE void inv_panel_put(const P *p, float *panel)
{
    const int pitch = P::rows + 4;
    INV_UNROLL
    for (int u = 0; u < P::count; u++) {
        int row, k;
        inv_panel_place(p, u, &row, &k);
        float *to = panel + k * pitch + row;
        if (p->along) {
            to[0] = p->held[u].x;
            to[pitch] = p->held[u].y;
            to[2 * pitch] = p->held[u].z;
            to[3 * pitch] = p->held[u].w;
        } else {
            *(float4 *)(void *)to = p->held[u];
        }
    }
}

/* ---- tiles ---- */

/*
 * Row number r of the thread's, counted in the tile; columns likewise.  Lanes l and l ^ 1 share
 * their columns, l and l ^ 2 their rows: so a load of 16 bytes a lane from shared memory takes two
 * turns, not four.
 */
template <class T> INV_DEVICE int inv_tile_row(int r)
{
    int thread = inv_block_warp() / T::warps_n * 4 + inv_lane() / 16 * 2 + inv_lane() % 2;
    return r / 4 * (T::m / (T::rows / 4)) + 4 * thread + r % 4;
}

template <class T> INV_DEVICE int inv_tile_column(int c)
{
    int thread = inv_block_warp() % T::warps_n * 8 + inv_lane() / 2 % 8;
    return c / 4 * (T::n / (T::columns / 4)) + 4 * thread + c % 4;
}

/* Four neighbours of a panel's row in one load. */
INV_DEVICE void inv_take_four(float *to, const float *panel)
{
    float4 four = *(const float4 *)(const void *)panel;
    to[0] = four.x;
    to[1] = four.y;
    to[2] = four.z;
    to[3] = four.w;
}

/* chain[r][c] = fma(a, b, chain[r][c]) for the 16 elements of k of two panels, ascending */
template <class T>
INV_DEVICE void inv_tile_multiply(float (&chain)[T::rows][T::columns], const float *panel_a,
                                  const float *panel_b)
{
    const float *a = panel_a + inv_tile_row<T>(0), *b = panel_b + inv_tile_column<T>(0);
    INV_UNROLL
    for (int k = 0; k < INV_SLICE; k++) {
        float left[T::rows], right[T::columns];
        INV_UNROLL
        for (int r = 0; r < T::rows; r += 4)
            inv_take_four(left + r, a + k * T::pitch_a + r / 4 * (T::m / (T::rows / 4)));
        INV_UNROLL
        for (int c = 0; c < T::columns; c += 4)
            inv_take_four(right + c, b + k * T::pitch_b + c / 4 * (T::n / (T::columns / 4)));
        INV_UNROLL
        for (int r = 0; r < T::rows; r++)
            INV_UNROLL
            for (int c = 0; c < T::columns; c++)
                chain[r][c] = inv_fma(left[r], right[c], chain[r][c]);
    }
}

template <class T> INV_DEVICE void inv_tile_clear(float (&x)[T::rows][T::columns])
{
    INV_UNROLL
    for (int r = 0; r < T::rows; r++)
        INV_UNROLL
        for (int c = 0; c < T::columns; c++)
            x[r][c] = 0.0f;
}

template <class T>
INV_DEVICE void inv_tile_add(float (&total)[T::rows][T::columns],
                             const float (&chunk)[T::rows][T::columns])
{
    INV_UNROLL
    for (int r = 0; r < T::rows; r++)
        INV_UNROLL
        for (int c = 0; c < T::columns; c++)
            total[r][c] = inv_add(total[r][c], chunk[r][c]);
}

/* The tile's outputs from elements begin .. end - 1 of k; begin is a multiple of 256.  Ends with
 * all threads past their last look at shared memory. */
template <class T, class A, class B>
INV_DEVICE void inv_tile_total(float (&total)[T::rows][T::columns], A *a, B *b, int64_t begin,
                               int64_t end)
{
    float *panel = (float *)(void *)inv_shared();
    const int right = INV_SLICE * T::pitch_a;
    int turn = 0;
    inv_tile_clear<T>(total);
    inv_panel_fetch(a, begin, end - begin);
    inv_panel_fetch(b, begin, end - begin);
    inv_panel_put(a, panel);
    inv_panel_put(b, panel + right);
    __syncthreads();
    for (int64_t first = begin; first < end; first += INV_CHUNK) {
        int64_t last = end - first < INV_CHUNK ? end : first + INV_CHUNK;
        float chunk[T::rows][T::columns];
        inv_tile_clear<T>(chunk);
        for (int64_t k = first; k < last; k += INV_SLICE) {
            int64_t next = k + INV_SLICE;
            const float *now = panel + turn * T::panel;
            turn ^= 1;
            if (next < end) {
                inv_panel_fetch(a, next, end - next);
                inv_panel_fetch(b, next, end - next);
            }
            inv_tile_multiply<T>(chunk, now, now + right);
            if (next < end) {
                inv_panel_put(a, panel + turn * T::panel);
                inv_panel_put(b, panel + turn * T::panel + right);
            }
            __syncthreads();
        }
        inv_tile_add<T>(total, chunk);
    }
}

template <class T, class F>
INV_DEVICE void inv_tile_finish(const float (&total)[T::rows][T::columns], int64_t m0, int64_t n0,
                                int64_t m, int64_t n, F finish)
{
    INV_UNROLL
    for (int r = 0; r < T::rows; r++)
        INV_UNROLL
        for (int c = 0; c < T::columns; c++) {
            int64_t i = m0 + inv_tile_row<T>(r), j = n0 + inv_tile_column<T>(c);
            if (i < m && j < n)
                finish(i, j, total[r][c]);
        }
}

/* finish(i, j, sum over p of a(i, p) * b(j, p)) for i < m, j < n, p from begin, a multiple of 256,
 * to end - 1; a and b are operands as above. */
template <class T, class A, class B, class F>
INV_DEVICE void inv_product_tiles(int64_t m, int64_t n, int64_t begin, int64_t end, A a, B b,
                                  F finish)
{
    int64_t across = (n + T::n - 1) / T::n, tiles = (m + T::m - 1) / T::m * across;
    for (int64_t tile = blockIdx.x; tile < tiles; tile += gridDim.x) {
        int64_t m0 = tile / across * T::m, n0 = tile % across * T::n;
        auto left = inv_panel_open<T::m, T::threads>(a, m0, m);
        auto right = inv_panel_open<T::n, T::threads>(b, n0, n);
        float total[T::rows][T::columns];
        inv_tile_total<T>(total, &left, &right, begin, end);
        inv_tile_finish<T>(total, m0, n0, m, n, finish);
    }
}

/* finish(i, j, sum over p of a[i * as_m + p * as_k] * b[p * bs_k + j * bs_n]) for i < m, j < n,
 * p < k; strides count floats. */
template <class T, class F>
INV_DEVICE void inv_contract_tiles(const float *a, int64_t as_m, int64_t as_k, const float *b,
                                   int64_t bs_k, int64_t bs_n, int64_t m, int64_t n, int64_t k,
                                   F finish)
{
    inv_product_tiles<T>(m, n, 0, k, inv_rows{a, as_m, as_k}, inv_rows{b, bs_n, bs_k}, finish);
}

/*
 * For few outputs and a long k, two kernels: this one puts the sum of each chunk of 256 into
 * chunk[(page * chunks + c) * m * n + i * n + j], its blocks along y being the chunks, and
 * inv_contract_join adds them up.  The workspace takes pages * chunks * m * n floats.
 */
template <class T>
INV_DEVICE void inv_contract_split(float *chunk, int64_t page, const float *a, int64_t as_m,
                                   int64_t as_k, const float *b, int64_t bs_k, int64_t bs_n,
                                   int64_t m, int64_t n, int64_t k)
{
    int64_t chunks = (k + INV_CHUNK - 1) / INV_CHUNK;
    for (int64_t c = blockIdx.y; c < chunks; c += gridDim.y) {
        int64_t begin = c * INV_CHUNK, end = k - begin < INV_CHUNK ? k : begin + INV_CHUNK;
        float *to = chunk + (page * chunks + c) * m * n;
        inv_product_tiles<T>(m, n, begin, end, inv_rows{a, as_m, as_k}, inv_rows{b, bs_n, bs_k},
                             [=](int64_t i, int64_t j, float sum) {
                                 *inv_global(to + i * n + j) = sum;
                             });
    }
}

/* finish(page, i, j, product) for all outputs, one a thread: the chunks added ascending from +0. */
template <class F>
INV_DEVICE void inv_contract_join(const float *chunk, int64_t pages, int64_t m, int64_t n,
                                  int64_t k, F finish)
{
    int64_t chunks = (k + INV_CHUNK - 1) / INV_CHUNK;
    for (int64_t e = inv_thread(); e < pages * m * n; e += inv_threads()) {
        int64_t page = e / (m * n), at = e % (m * n);
        const float *from = chunk + page * chunks * m * n + at;
        float total = 0.0f;
        INV_UNROLL_32 /* loads on their way at a time */
        for (int64_t c = 0; c < chunks; c++)
            total = inv_add(total, from[c * m * n]);
        finish(page, at / n, at % n, total);
    }
}

#endif
