/*
 * Register-blocked contraction: a tile of up to ROWS x COLUMNS outputs stays in registers for a
 * chunk of k; lanes lie across outputs, so the order within a sum is the reference's.
 */
#include "core/contract.h"

#include "core/vector.h"

/* Before the accumulators are taken apart into registers: clang needs the word "full" for that. */
#if defined(__clang__)
#define UNROLL _Pragma("clang loop unroll(full)")
#elif defined(__GNUC__)
#define UNROLL _Pragma("GCC unroll 16")
#else
#define UNROLL
#endif

#define CHUNK 256
#define VECTORS 2
#define COLUMNS (VECTORS * INV_WIDTH)
#if INV_WIDTH == 16
#define ROWS 12
#elif INV_WIDTH == 8
#define ROWS 6
#else
#define ROWS 4
#endif
#define BLOCK_ROWS (16 * ROWS)

/* One operand pair as the kernel sees it; out has a column stride too, see inv_contract. */
struct job {
    float *out;
    const float *a, *b;
    long os_m, os_n, as_m, as_k, bs_k, bs_n, m, n, k;
};

/*
 * tile[i][j] = fma chain over p of a[i][p] * b[p][j] from +0, for `rows` rows (a constant where
 * this is inlined) and COLUMNS columns; b's columns are contiguous.
 */
INV_FN void chain_tile(float *restrict tile, const float *a, long as_m, long as_k, const float *b,
                       long bs_k, long k, int rows)
{
    inv_vec acc[ROWS][VECTORS];
    UNROLL
    for (int i = 0; i < rows; i++)
        UNROLL
        for (int v = 0; v < VECTORS; v++)
            acc[i][v] = inv_vec_splat(0.0f);
    for (long p = 0; p < k; p++) {
        inv_vec right[VECTORS];
        UNROLL
        for (int v = 0; v < VECTORS; v++)
            right[v] = inv_vec_load(b + p * bs_k + v * INV_WIDTH);
        UNROLL
        for (int i = 0; i < rows; i++) {
            inv_vec left = inv_vec_splat(a[i * as_m + p * as_k]);
            UNROLL
            for (int v = 0; v < VECTORS; v++)
                acc[i][v] = inv_vec_fma(left, right[v], acc[i][v]);
        }
    }
    UNROLL
    for (int i = 0; i < rows; i++)
        UNROLL
        for (int v = 0; v < VECTORS; v++)
            inv_vec_store(tile + i * COLUMNS + v * INV_WIDTH, acc[i][v]);
}

#define CASE(r)                                             \
    case r:                                                 \
        chain_tile(tile, a, as_m, as_k, b, bs_k, k, r); \
        break

static void chain_rows(float *tile, const float *a, long as_m, long as_k, const float *b,
                       long bs_k, long k, long rows)
{
    switch (rows) {
        CASE(1);
        CASE(2);
        CASE(3);
        CASE(4);
#if ROWS > 4
        CASE(5);
        CASE(6);
#endif
#if ROWS > 6
        CASE(7);
        CASE(8);
        CASE(9);
        CASE(10);
        CASE(11);
        CASE(12);
#endif
    }
}

/* out = +0 + tile for the first chunk, else out + tile */
static void add_tile(const struct job *job, long i, long j, const float *tile, long rows,
                     long columns, int first)
{
    for (long r = 0; r < rows; r++) {
        float *out = job->out + (i + r) * job->os_m + j * job->os_n;
        const float *from = tile + r * COLUMNS;
        if (first)
            for (long c = 0; c < columns; c++)
                out[c * job->os_n] = inv_add(0.0f, from[c]);
        else
            for (long c = 0; c < columns; c++)
                out[c * job->os_n] = inv_add(out[c * job->os_n], from[c]);
    }
}

/* b[p .. p+k-1][j .. j+columns-1] as k rows of COLUMNS, the missing columns zero */
static void pack_panel(float *panel, const struct job *job, long p, long j, long k, long columns)
{
    const float *b = job->b + p * job->bs_k + j * job->bs_n;
    if (columns < COLUMNS)
        memset(panel, 0, (size_t)(k * COLUMNS) * sizeof *panel);
    for (long r = 0; r < k; r++)
        for (long c = 0; c < columns; c++)
            panel[r * COLUMNS + c] = b[r * job->bs_k + c * job->bs_n];
}

/* outputs of rows i .. i+m-1 and one panel of columns, over one chunk of k */
static void contract_panel(const struct job *job, long i, long m, long j, long p, long k)
{
    float panel[CHUNK * COLUMNS];
    float tile[ROWS * COLUMNS];
    long columns = job->n - j < COLUMNS ? job->n - j : COLUMNS;
    const float *b = job->b + p * job->bs_k + j;
    long bs_k = job->bs_k;
    if (columns < COLUMNS || job->bs_n != 1) {
        pack_panel(panel, job, p, j, k, columns);
        b = panel;
        bs_k = COLUMNS;
    }
    for (long r = 0; r < m; r += ROWS) {
        long rows = m - r < ROWS ? m - r : ROWS;
        const float *a = job->a + (i + r) * job->as_m + p * job->as_k;
        chain_rows(tile, a, job->as_m, job->as_k, b, bs_k, k, rows);
        add_tile(job, i + r, j, tile, rows, columns, p == 0);
    }
}

static void clear_out(const struct job *job)
{
    for (long i = 0; i < job->m; i++)
        for (long j = 0; j < job->n; j++)
            job->out[i * job->os_m + j * job->os_n] = 0.0f;
}

static void contract_job(const struct job *job)
{
    if (job->k <= 0)
        clear_out(job);
    for (long p = 0; p < job->k; p += CHUNK) {
        long k = job->k - p < CHUNK ? job->k - p : CHUNK;
        for (long i = 0; i < job->m; i += BLOCK_ROWS) {
            long m = job->m - i < BLOCK_ROWS ? job->m - i : BLOCK_ROWS;
            for (long j = 0; j < job->n; j += COLUMNS)
                contract_panel(job, i, m, j, p, k);
        }
    }
}

/* Lanes lie across columns; where these are few and rows are many, the transposed job is done. */
void inv_contract(float *out, long ldo, const float *a, long as_m, long as_k, const float *b,
                  long bs_k, long bs_n, long m, long n, long k)
{
    struct job job = {out, a, b, ldo, 1, as_m, as_k, bs_k, bs_n, m, n, k};
    struct job flipped = {out, b, a, 1, ldo, bs_n, bs_k, as_k, as_m, n, m, k};
    contract_job(n < INV_WIDTH && m > n ? &flipped : &job);
}
