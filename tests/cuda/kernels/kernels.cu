/*
 * Each device function of runtime/cuda against the function of runtime/core that it must equal bit
 * for bit, over lengths and shapes around every edge.  Runs emulated (run) and, built by nvcc, on a
 * device.  `kernels small` leaves out what is long, -DONE_TILE what is long to compile.
 */
#include <stdio.h>
#include <stdlib.h>
#include "core/contract.h"
#include "core/philox.h"
#include "core/sums.h"
#include "cuda/columns.cuh"
#include "cuda/contract.cuh"
#include "cuda/launch.cuh"
#include "cuda/rows.cuh"
#include "cuda/scatter.cuh"
#include "cuda/shards.cuh"
#include "ops/functions.h"
#include "ops/pow.h"
#include "ops/scatter_add.h"

static int passed, failed;
static cudaStream_t stream;

extern "C" void inv_cuda_check(int status, const char *call)
{
    if (status == 0)
        return;
    printf("FAILED %s: %s\n", call, cudaGetErrorString((cudaError_t)status));
    exit(1);
}

#define CHECK(call) inv_cuda_check((int)(call), #call)

/* ---- values ---- */

/* Values whose sums round, of both signs, as a function of the index alone; kind 1: zeros of both
 * signs and numbers whose products vanish; kind 2: infinities and NaN among them. */
INV_FN float value_of(int64_t i, int kind)
{
    uint32_t u = (uint32_t)i * 2654435761u;
    u ^= u >> 15;
    u *= 2246822519u;
    u ^= u >> 13;
    float x = inv_mul((float)(int32_t)u, inv_from_bits((100u + u % 16u) << 23));
    float tiny = inv_from_bits((u & 0x80000000u) | (u % 5 < 2 ? 0 : 0x00800000u + u % 9999));
    if (kind == 1)
        return u % 7 == 0 ? x : tiny;
    return kind == 2 && u % 61 == 0 ? INV_INFINITY : kind == 2 && u % 67 == 0 ? INV_NAN : x;
}

/* An array in both memories; `host` starts as values or, for results, as marks. */
struct array {
    float *host, *device;
    int64_t count;
};

/* On the stream of the kernels: cudaMemcpy may return before its bytes have arrived, and that
 * stream waits for no other. */
static void put(void *device, const void *host, size_t bytes)
{
    CHECK(cudaMemcpyAsync(device, host, bytes, cudaMemcpyHostToDevice, stream));
    CHECK(cudaStreamSynchronize(stream));
}

static struct array make_array(int64_t count, int64_t seed, int kind)
{
    struct array a = {NULL, NULL, count};
    a.host = (float *)malloc((size_t)count * sizeof *a.host + 4);
    for (int64_t i = 0; i < count; i++)
        a.host[i] = kind < 0 ? 12345.0f : value_of(seed + i, kind);
    CHECK(cudaMalloc(&a.device, (size_t)count * sizeof *a.host + 4));
    put(a.device, a.host, (size_t)count * sizeof *a.host);
    return a;
}

static void free_array(struct array a)
{
    free(a.host);
    CHECK(cudaFree(a.device));
}

/* Is what the device holds, after all work, `expected`?  Any NaN is any other. */
static void compare(struct array a, const float *expected, const char *what, int64_t detail)
{
    CHECK(cudaStreamSynchronize(stream));
    CHECK(cudaMemcpy(a.host, a.device, (size_t)a.count * sizeof *a.host, cudaMemcpyDeviceToHost));
    for (int64_t i = 0; i < a.count; i++)
        if (inv_bits(inv_canonical(a.host[i])) != inv_bits(inv_canonical(expected[i]))) {
            failed++;
            printf("FAILED %s (%lld): element %lld is %a, not %a\n", what, (long long)detail,
                   (long long)i, (double)a.host[i], (double)expected[i]);
            return;
        }
    passed++;
}

/* ---- rows ---- */

#if defined(__CUDACC__)
#define MEMBER __host__ __device__
#else
#define MEMBER
#endif

/* A row that lies nowhere. */
struct formula {
    MEMBER float operator[](int64_t i) const { return value_of(i, 0); }
};

static __global__ void row_kernel(const float *x, int64_t rows, int64_t n, float *out)
{
    for (int64_t i = inv_warp(); i < rows; i += inv_warps()) {
        float *copy = inv_shared_row<float>(((int)n * 4 + 15) / 16 * 16, 0);
        for (int64_t j = inv_lane(); j < n; j += 32)
            copy[j] = x[i * n + n - 1 - j];
        __syncwarp();
        float sum = inv_warp_row_sum(x + i * n, n), turned = inv_warp_row_sum(copy, n);
        float most = n > 0 ? inv_warp_row_max(copy, n) : 0.0f;
        float least = n > 0 ? inv_warp_row_min(copy, n) : 0.0f;
        int64_t at_most = n > 0 ? inv_warp_row_argmax(copy, n) : 0;
        int64_t at_least = n > 0 ? inv_warp_row_argmin(copy, n) : 0;
        if (inv_lane() == i % 32) {
            float *to = out + i * 6;
            to[0] = sum;
            to[1] = turned;
            to[2] = most;
            to[3] = least;
            to[4] = (float)at_most;
            to[5] = (float)at_least;
        }
        __syncwarp();
    }
}

static void row_reference(const float *x, int64_t n, float *copy, float *out)
{
    for (int64_t j = 0; j < n; j++)
        copy[j] = x[n - 1 - j];
    out[0] = inv_row_sum(x, n);
    out[1] = inv_row_sum(copy, n);
    out[2] = n > 0 ? inv_row_max(copy, n) : 0.0f;
    out[3] = n > 0 ? inv_row_min(copy, n) : 0.0f;
    out[4] = (float)(n > 0 ? inv_row_argmax(copy, n) : 0);
    out[5] = (float)(n > 0 ? inv_row_argmin(copy, n) : 0);
}

static void test_rows(int64_t rows, int64_t n, int kind)
{
    struct array x = make_array(rows * n, n, kind), out = make_array(rows * 6, 0, -1);
    float *expected = (float *)malloc((size_t)(rows * 6 + n) * sizeof *expected);
    for (int64_t i = 0; i < rows; i++)
        row_reference(x.host + i * n, n, expected + rows * 6, expected + i * 6);
    int warps = n > 2000 ? 1 : 3, bytes = ((int)n * 4 + 15) / 16 * 16;
    INV_LAUNCH_ON(stream, row_kernel, 2, 32 * warps, (size_t)(warps * bytes), x.device, rows, n,
                  out.device);
    compare(out, expected, "reductions of rows", n);
    free(expected);
    free_array(x);
    free_array(out);
}

static __global__ void formula_kernel(int64_t n, float *out)
{
    float sum = inv_warp_row_sum(formula(), n);
    if (inv_thread() == 0)
        out[0] = sum;
}

static void test_long_row(int64_t n)
{
    struct array out = make_array(1, 0, -1);
    float sum;
    INV_ROW_SUM(sum, n, i, value_of(i, 0));
    INV_LAUNCH_ON(stream, formula_kernel, 1, 32, 0, n, out.device);
    compare(out, &sum, "sum of a long row", n);
    free_array(out);
}

/* ---- columns ---- */

static __global__ void column_kernel(const float *x, int64_t pages, int64_t rows, int64_t columns,
                                     float *out)
{
    inv_column_sum(pages, rows, columns,
        [=](int64_t i, int64_t j, int64_t k) { return x[(i * rows + j) * columns + k]; },
        [=](int64_t i, int64_t k, float total) { out[i * columns + k] = total; });
}

static __global__ void column_split_kernel(const float *x, int64_t pages, int64_t rows,
                                           int64_t columns, float *chunk)
{
    inv_column_split(chunk, pages, rows, columns,
        [=](int64_t i, int64_t j, int64_t k) { return x[(i * rows + j) * columns + k]; });
}

static __global__ void column_join_kernel(const float *chunk, int64_t pages, int64_t rows,
                                          int64_t columns, float *out)
{
    inv_contract_join(chunk, pages, 1, columns, rows,
        [=](int64_t i, int64_t, int64_t k, float total) { out[i * columns + k] = total; });
}

static void test_columns(int64_t pages, int64_t rows, int64_t columns, int kind)
{
    struct array x = make_array(pages * rows * columns, rows, kind);
    struct array out = make_array(pages * columns, 0, -1);
    float *expected = (float *)malloc((size_t)(pages * columns) * sizeof *expected);
    for (int64_t i = 0; i < pages; i++)
        inv_column_sum(expected + i * columns, x.host + i * rows * columns, columns, rows, columns);
    unsigned blocks = inv_column_blocks(pages, columns);
    INV_LAUNCH_ON(stream, column_kernel, (blocks + 1) / 2, INV_COLUMN_THREADS, INV_COLUMN_SHARED,
                  x.device, pages, rows, columns, out.device);
    compare(out, expected, "sums of columns", rows * 1000 + columns);
    struct array chunk = make_array(pages * columns * ((rows + 255) / 256), 0, -1);
    struct array joined = make_array(pages * columns, 0, -1);
    INV_LAUNCH_ON(stream, column_split_kernel, blocks, INV_SPLIT_WARPS * INV_WARP, 0, x.device,
                  pages, rows, columns, chunk.device);
    INV_LAUNCH_ON(stream, column_join_kernel, 2, 64, 0, chunk.device, pages, rows, columns,
                  joined.device);
    compare(joined, expected, "sums of columns joined of chunks", rows * 1000 + columns);
    free_array(chunk);
    free_array(joined);
    free(expected);
    free_array(x);
    free_array(out);
}

/* ---- scatter ---- */

static __global__ void scatter_kernel(const float *g, const int32_t *index, int64_t n, int64_t rows,
                                      int64_t columns, float *out)
{
    for (int64_t part = inv_warp(); part < inv_scatter_parts(n, columns); part += inv_warps())
        inv_scatter_part(out, g, index, n, rows, columns, part);
}

static __global__ void sort_kernel(uint64_t *keys, const int32_t *index, int64_t n, int64_t rows)
{
    inv_scatter_sort(keys, index, n, rows);
}

static __global__ void sorted_kernel(const float *g, const uint64_t *keys, int64_t n, int64_t rows,
                                     int64_t columns, float *out)
{
    for (int64_t part = inv_warp(); part < inv_scatter_parts(n, columns); part += inv_warps())
        inv_scatter_sorted(out, g, inv_sorted_keys(keys, rows), rows, columns, part);
}

/* Indices from below 0 to above n, most of them few. */
static void test_scatter(int64_t n, int64_t rows, int64_t columns, int kind)
{
    struct array g = make_array(rows * columns, rows, kind), out = make_array(n * columns, 0, -1);
    struct array index = make_array(rows, 0, 0);
    float *expected = (float *)malloc((size_t)(n * columns) * sizeof *expected);
    int32_t *points = (int32_t *)malloc((size_t)rows * sizeof *points + 4);
    for (int64_t r = 0; r < rows; r++)
        points[r] = (int32_t)(inv_bits(value_of(r, 0)) % (r % 3 ? 3 : n + 2)) - 1;
    put(index.device, points, (size_t)rows * sizeof *points);
    inv_scatter_add(expected, g.host, points, n, rows, columns, 0, columns);
    INV_LAUNCH_ON(stream, scatter_kernel, 3, 64, 0, g.device,
                  (const int32_t *)(const void *)index.device, n, rows, columns, out.device);
    compare(out, expected, "scatter", n * 1000 + columns);
    struct array keys = make_array(4 * rows, 0, -1), sorted = make_array(n * columns, 0, -1);
    INV_LAUNCH_ON(stream, sort_kernel, 1, 64, 0, (uint64_t *)(void *)keys.device,
                  (const int32_t *)(const void *)index.device, n, rows);
    INV_LAUNCH_ON(stream, sorted_kernel, 3, 64, 0, g.device,
                  (const uint64_t *)(const void *)keys.device, n, rows, columns, sorted.device);
    compare(sorted, expected, "scatter of sorted reads", n * 1000 + columns);
    free_array(keys);
    free_array(sorted);
    free(expected);
    free(points);
    free_array(g);
    free_array(out);
    free_array(index);
}

/* ---- sums over shards ---- */

static __global__ void shard_kernel(const float *x, int64_t shard, int64_t shards, int64_t count,
                                    float *partial, float *sum)
{
    for (int64_t e = inv_thread(); e < count; e += inv_threads())
        inv_shard_add(x[shard * count + e], shard, shards, partial + e, count, sum + e);
}

/* Element 0 over shards first .. first + size - 1, as far as there are such. */
static float tree(const float *x, int64_t count, int64_t first, int64_t size, int64_t shards)
{
    if (size == 1)
        return x[first * count];
    float left = tree(x, count, first, size / 2, shards);
    return first + size / 2 >= shards
               ? left : inv_add(left, tree(x, count, first + size / 2, size / 2, shards));
}

static void test_shards(int64_t shards, int64_t count, int kind)
{
    struct array x = make_array(shards * count, shards, kind), sum = make_array(count, 0, -1);
    struct array partial = make_array(8 * count, 0, -1);
    float *expected = (float *)malloc((size_t)count * sizeof *expected);
    for (int64_t e = 0; e < count; e++)
        expected[e] = tree(x.host + e, count, 0, 128, shards);
    for (int64_t s = 0; s < shards; s++)
        INV_LAUNCH_ON(stream, shard_kernel, 2, 32, 0, x.device, s, shards, count, partial.device,
                      sum.device);
    compare(sum, expected, "sums over shards", shards);
    free(expected);
    free_array(x);
    free_array(sum);
    free_array(partial);
}

/* ---- contraction ---- */

struct product {
    int64_t m, n, k, as_m, as_k, bs_k, bs_n, a_floats, b_floats;
};

template <class T>
static __global__ void __launch_bounds__(T::threads)
    contract_kernel(const float *a, const float *b, struct product p, int64_t pages, float *out)
{
    for (int64_t i = inv_page(); i < pages; i += inv_pages()) {
        float *to = out + i * p.m * p.n;
        inv_contract_tiles<T>(a + i * p.a_floats, p.as_m, p.as_k, b + i * p.b_floats, p.bs_k,
                              p.bs_n, p.m, p.n, p.k, [=](int64_t j, int64_t k, float product) {
                                  to[j * p.n + k] = product;
                              });
    }
}

template <class T>
static __global__ void __launch_bounds__(T::threads)
    split_kernel(const float *a, const float *b, struct product p, int64_t pages, float *chunk)
{
    for (int64_t i = inv_page(); i < pages; i += inv_pages())
        inv_contract_split<T>(chunk, i, a + i * p.a_floats, p.as_m, p.as_k, b + i * p.b_floats,
                              p.bs_k, p.bs_n, p.m, p.n, p.k);
}

static __global__ void join_kernel(const float *chunk, struct product p, int64_t pages, float *out)
{
    inv_contract_join(chunk, pages, p.m, p.n, p.k,
                      [=](int64_t page, int64_t i, int64_t j, float product) {
                          out[(page * p.m + i) * p.n + j] = product;
                      });
}

/* How operands lie: a by rows, b by rows; either turned; with gaps; every other element. */
enum layout { PLAIN, TURNED_A, TURNED_B, GAPS, SPREAD, LAYOUTS };

static struct product lay_out(int64_t m, int64_t n, int64_t k, enum layout layout)
{
    struct product p = {m, n, k, k, 1, n, 1, m * k, n * k};
    if (layout == TURNED_A)
        p.as_m = 1, p.as_k = m;
    if (layout == TURNED_B)
        p.bs_k = 1, p.bs_n = k;
    if (layout == GAPS)
        p.as_m = k + 3, p.bs_k = n + 4, p.a_floats = m * (k + 3) + 1, p.b_floats = (n + 4) * k;
    if (layout == SPREAD)
        p.as_m = 2 * k, p.as_k = 2, p.bs_k = 3 * n, p.bs_n = 3, p.a_floats *= 2, p.b_floats *= 3;
    return p;
}

template <class T>
static void test_contract(int64_t m, int64_t n, int64_t k, enum layout layout, int kind)
{
    const int64_t pages = m * n < 5000 ? 2 : 1, chunks = (k + 255) / 256;
    struct product p = lay_out(m, n, k, layout);
    struct array a = make_array(pages * p.a_floats, m, kind);
    struct array b = make_array(pages * p.b_floats, n, kind);
    struct array out = make_array(pages * m * n, 0, -1), joined = make_array(pages * m * n, 0, -1);
    struct array chunk = make_array(pages * m * n * chunks, 0, -1);
    float *expected = (float *)malloc((size_t)(pages * m * n) * sizeof *expected);
    for (int64_t i = 0; i < pages; i++)
        inv_contract(expected + i * m * n, (long)n, a.host + i * p.a_floats, (long)p.as_m,
                     (long)p.as_k, b.host + i * p.b_floats, (long)p.bs_k, (long)p.bs_n, (long)m,
                     (long)n, (long)k);
    INV_LAUNCH_ON(stream, (contract_kernel<T>), inv_tiles<T>(m, n, pages), T::threads, T::shared,
                  a.device, b.device, p, pages, out.device);
    compare(out, expected, "product", (m * 1000 + n) * 10000 + k * 10 + layout);
    INV_LAUNCH_ON(stream, (split_kernel<T>), inv_split_tiles<T>(m, n, k, 1), T::threads, T::shared,
                  a.device, b.device, p, pages, chunk.device);
    INV_LAUNCH_ON(stream, join_kernel, 3, 64, 0, chunk.device, p, pages, joined.device);
    compare(joined, expected, "product joined of chunks", (m * 1000 + n) * 10000 + k * 10 + layout);
    free(expected);
    free_array(a);
    free_array(b);
    free_array(out);
    free_array(joined);
    free_array(chunk);
}

/* Shapes below, at and above a tile and a chunk, each layout in turn. */
template <class T> static void test_tile(bool small)
{
    const int64_t edge_m[] = {T::m, 1, T::m + 5, T::m - 1, 2 * T::m};
    const int64_t edge_n[] = {T::n, T::n + 3, 1, 2 * T::n, T::n - 1};
    const int64_t depth[] = {16, 0, 1, 255, 256, 257, 300, 512, 530, 7, 20};
    int count = small ? 2 : 11;
    for (int i = 0; i < count; i++)
        test_contract<T>(edge_m[i % 5], edge_n[i * 3 % 5], depth[small ? 6 * i : i],
                         (enum layout)(i % LAYOUTS), i % 5 == 4 ? 2 : i % 3 == 2);
}

static void test_products(bool small)
{
    test_tile<inv_tile_32x32>(small);
#if !defined(ONE_TILE)
    test_tile<inv_tile_64x64>(small);
    test_tile<inv_tile_128x128>(small);
    for (int i = 0; i < LAYOUTS && !small; i++) {
        test_contract<inv_tile_128x64>(140, 70, 270, (enum layout)i, 0);
        test_contract<inv_tile_64x128>(64, 128, 33 + i, (enum layout)i, 1);
        test_contract<inv_tile_64x32>(70 + i, 32, 40, (enum layout)i, 1);
        test_contract<inv_tile_32x64>(33, 61 + i, 258, (enum layout)i, 0);
    }
#endif
}

/* ---- what threads do alone: one thread an element of these ---- */

#define ONE(name) +1
#define APPLY(name) *out++ = inv_##name(y);

enum { FUNCTIONS = 8 INV_FUNCTIONS(ONE) };

INV_FN void apply_functions(int64_t i, const uint32_t key[2], float *out)
{
    float x = value_of(i, 2), y = inv_mul((float)(i % 400 - 200), 0.37f);
    uint32_t words[4];
    inv_random_quad(key, (uint32_t)i, 7, 99, words);
    inv_normal_quad(words, out);
    out[4] = inv_pow(inv_abs(x), inv_mul(y, 0.01f));
    out[5] = inv_div(x, y);
    out[6] = inv_max(inv_min(x, y), inv_floor(inv_sqrt(inv_abs(y))));
    out[7] = inv_erf(inv_mul(y, 0.1f));
    out += 8;
    INV_FUNCTIONS(APPLY)
}

static __global__ void function_kernel(const struct inv_run *run, int64_t count, float *out)
{
    if (inv_stopped(run))
        return;
    for (int64_t i = inv_thread(); i < count; i += inv_threads())
        apply_functions(i, run->key, out + i * FUNCTIONS);
}

/* Once, and once more where the device's flag says that all work has stopped. */
static void test_functions(int64_t count)
{
    struct array out = make_array(count * FUNCTIONS, 0, -1), state = make_array(256, 0, 0);
    struct inv_run run = {};
    int32_t stopped[2] = {0, 1};
    float *expected = (float *)malloc((size_t)(count * FUNCTIONS) * sizeof *expected);
    run.key[0] = 5;
    put(state.device + 200, stopped, sizeof stopped);
    for (int i = 1; i >= 0; i--) {
        run.stopped = (const int32_t *)(const void *)(state.device + 200) + i;
        put(state.device, &run, sizeof run);
        for (int64_t e = 0; e < count; e++)
            if (i == 0)
                apply_functions(e, run.key, expected + e * FUNCTIONS);
            else
                for (int f = 0; f < FUNCTIONS; f++)
                    expected[e * FUNCTIONS + f] = 12345.0f;
        INV_LAUNCH_ON(stream, function_kernel, inv_blocks(count, 100), 64, 0,
                      (const struct inv_run *)(const void *)state.device, count, out.device);
        compare(out, expected, i ? "stopped work" : "functions", count);
    }
    free(expected);
    free_array(out);
    free_array(state);
}

/* ---- which ---- */

static void test_all(bool small)
{
    static const int64_t length[] = {33, 10, 0, 1, 2, 31, 32, 64, 1000, 4095, 4096, 4097, 8193};
    static const int64_t height[] = {2049, 1, 0, 2, 255, 256, 257, 512, 2047, 2048, 5000};
    for (int i = 0; i < (small ? 2 : 13); i++)
        for (int kind = 0; kind < (small ? 1 : 3); kind++)
            test_rows(i % 2 ? 5 : 9, length[i], kind);
    for (int i = 0; i < (small ? 2 : 11); i++)
        test_columns(1 + i % 3, height[i], i % 4 == 1 ? 1 : 31 + 3 * i, i % 3);
    test_scatter(7, 70, 40, 0);
    test_scatter(1, 33, 1, 1);
    test_scatter(40, 300, 65, 2);
    for (int shards = 2; shards < (small ? 12 : 130); shards += shards < 17 ? 1 : 37)
        test_shards(shards, 70, shards % 3);
    test_products(small);
    test_functions(small ? 50 : 2000);
    if (small)
        return;
    test_long_row(131073);
    test_long_row(16777216);
    test_long_row(16777216 + 4096 * 33 + 5);
}

int main(int argc, char **argv)
{
    CHECK(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));
    test_all(argc > 1 && strcmp(argv[1], "small") == 0);
    CHECK(cudaStreamDestroy(stream));
    printf("%d passed, %d failed, 0 skipped\n", passed, failed);
    return failed != 0;
}
