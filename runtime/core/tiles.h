/*
 * Tiles of a contraction: up to ROWS x COLUMNS outputs stay in registers for a chunk of k; lanes
 * lie across columns, so that the order within a sum is the reference's.
 */
#ifndef INV_CORE_TILES_H
#define INV_CORE_TILES_H

#include "core/vector.h"

#if defined(__GNUC__)
#define APART __attribute__((noinline))
#else
#define APART
#endif

/* Before the accumulators are taken apart into registers: clang needs the word "full" for that.
 * INV_COMPACT: code of a library that must stay small has fewer kernels, and where fma is software
 * one for all forms of a tile, whose loops stay as they are. */
#if defined(INV_COMPACT) && !INV_HAS_FMA
#define UNROLL
#define TILE INV_CALLED
#else
#define TILE INV_FN
#endif
#if defined(UNROLL)
#elif defined(__clang__)
#define UNROLL _Pragma("clang loop unroll(full)")
#elif defined(__GNUC__)
#define UNROLL _Pragma("GCC unroll 16")
#else
#define UNROLL
#endif

#define CHUNK 256
#define VECTORS 2
#define COLUMNS (VECTORS * INV_WIDTH)
#define WIDE 4 /* vectors of a tile of few rows */
#define WIDE_ROWS 3
#define WIDE_COLUMNS (WIDE * INV_WIDTH)
/* ROWS * VECTORS accumulators fit the registers; a chunk of BLOCK_ROWS half a level-2 cache. */
#if INV_WIDTH == 16
#define ROWS 12
#define BLOCK_ROWS (44 * ROWS)
#elif INV_WIDTH == 8 && !defined(INV_COMPACT)
#define ROWS 6
#define BLOCK_ROWS (24 * ROWS)
#else
#define ROWS 4
#define BLOCK_ROWS (24 * ROWS)
#endif

/* How a tile's rows of a lie. */
enum form {
    STRIDED, /* at a, as_m apart */
    ALONG,   /* pieces of k, of a length each: at[piece * ROWS + row], elements as_k apart */
    ACROSS   /* row + from of at[p] for each p */
};

/* What one call of a tile kernel computes: columns of b and out are contiguous. */
struct tile {
    float *out;
    const float *a, *b;
    long ldo, as_m, as_k, bs_k, k;
    long last; /* columns of the last vector */
    int first; /* 1: out = +0 + chain, 0: out += chain */
    const float *next; /* of a packed a: outputs of the next tile, to be asked for, or NULL */
    enum form form;
    const float *const *at; /* of a that is not at `a`: see enum form */
    const long *length;     /* of each piece */
    long pieces, from;
    int finishes; /* outputs are finished before they are stored, by those below: see inv_finish */
    int relu;
    const float *bias, *above; /* or NULL */
    long bias_m, above_m;
};

#if defined(__GNUC__)
#define FETCH(address) __builtin_prefetch(address)
#define FETCH_NEAR(address) __builtin_prefetch(address, 0, 2) /* to the level-2 cache */
#else
#define FETCH(address) (void)0
#define FETCH_NEAR(address) (void)0
#endif

/* Hides what the compiler knows of a pointer, so that it keeps it in a register of its own. */
#if defined(__GNUC__)
#define OPAQUE(pointer) __asm__("" : "+r"(pointer))
#else
#define OPAQUE(pointer) (void)0
#endif

/* Steps of k before the end of a chain at which the outputs that it is added to are asked for,
 * where a is packed: what is asked for earlier is displaced by the operands. 0: not at all, as
 * where narrow vectors take too long for it to matter, or code must stay small. */
#if INV_WIDTH > 4 && !defined(INV_COMPACT)
#define NEAR 48
#else
#define NEAR 0
#endif

/* Rows of the next tile. */
INV_FN void fetch_next_rows(const struct tile *t, int begin, int end, int vectors)
{
    UNROLL
    for (int i = begin; i < end; i++)
        UNROLL
        for (int v = 0; v < vectors; v++)
            FETCH_NEAR(t->next + i * t->ldo + v * INV_WIDTH);
}

INV_FN void fetch_outputs(const struct tile *t, int rows, int vectors)
{
    UNROLL
    for (int i = 0; i < rows; i++)
        UNROLL
        for (int v = 0; v < vectors; v++)
            FETCH(t->out + i * t->ldo + v * INV_WIDTH);
}

/*
 * acc[i][v] = fma(a[i], b[v], acc[i][v]) for `steps` values of p, a and b going on. Arrays and
 * constants are those of chain_tile.
 */
INV_FN void chain_steps(const struct tile *t, inv_vec acc[ROWS][WIDE], const float **a,
                        const float **b, long steps, int rows, int vectors, int beside, int part)
{
    const int groups = beside ? 1 : (rows + 2) / 3;
    const long as_m = t->as_m, as_k = t->as_k, bs_k = t->bs_k, last = t->last;
    for (; steps > 0; steps--) {
        inv_vec right[WIDE];
        UNROLL
        for (int v = 0; v < vectors; v++)
            right[v] = INV_VEC_PARTS && part && v == vectors - 1
                           ? inv_vec_load_part(*b + v * INV_WIDTH, last)
                           : inv_vec_load(*b + v * INV_WIDTH);
        UNROLL
        for (int i = 0; i < rows; i++) {
            inv_vec left = inv_vec_splat(beside ? a[0][i] : a[i / 3][i % 3 * as_m]);
            UNROLL
            for (int v = 0; v < vectors; v++)
                acc[i][v] = inv_vec_fma(left, right[v], acc[i][v]);
        }
        *b += bs_k;
        UNROLL
        for (int g = 0; g < groups; g++)
            a[g] += as_k;
    }
}

/* out = +0 + acc or out += acc; the rest as chain_tile. */
INV_FN void add_tile(const struct tile *t, inv_vec acc[ROWS][WIDE], int rows, int vectors, int part,
                     int first)
{
    float *out = t->out;
    const long ldo = t->ldo, last = t->last;
    UNROLL
    for (int i = 0; i < rows; i++) {
        UNROLL
        for (int v = 0; v < vectors; v++) {
            float *at = out + v * INV_WIDTH;
            inv_vec sum = inv_vec_splat(0.0f);
            if (part && v == vectors - 1) {
                if (!first)
                    sum = inv_vec_load_part(at, last);
                inv_vec_store_part(at, inv_vec_add(sum, acc[i][v]), last);
            } else {
                if (!first)
                    sum = inv_vec_load(at);
                inv_vec_store(at, inv_vec_add(sum, acc[i][v]));
            }
        }
        out += ldo;
    }
}

INV_FN void finish_tile(const struct tile *t, inv_vec acc[ROWS][WIDE], int rows, int vectors,
                        int part)
{
    if (t->first)
        add_tile(t, acc, rows, vectors, part, 1);
    else
        add_tile(t, acc, rows, vectors, part, 0);
}

/* Vector v of what stands at `from`; the last one may be a part. */
INV_FN inv_vec load_last(const struct tile *t, const float *from, int v, int vectors, int part)
{
    return part && v == vectors - 1 ? inv_vec_load_part(from + v * INV_WIDTH, t->last)
                                    : inv_vec_load(from + v * INV_WIDTH);
}

/* Chains that are whole products become what the caller makes of these. */
INV_FN void finish_chains(const struct tile *t, inv_vec acc[ROWS][WIDE], int rows, int vectors,
                          int part)
{
    if (t->bias)
        UNROLL
        for (int i = 0; i < rows; i++)
            UNROLL
            for (int v = 0; v < vectors; v++)
                acc[i][v] = inv_vec_add(inv_vec_add(inv_vec_splat(0.0f), acc[i][v]),
                                        load_last(t, t->bias + i * t->bias_m, v, vectors, part));
    if (t->relu)
        UNROLL
        for (int i = 0; i < rows; i++)
            UNROLL
            for (int v = 0; v < vectors; v++)
                acc[i][v] = inv_vec_above(acc[i][v], acc[i][v]);
    if (t->above)
        UNROLL
        for (int i = 0; i < rows; i++)
            UNROLL
            for (int v = 0; v < vectors; v++)
                acc[i][v] = inv_vec_above(
                    load_last(t, t->above + i * t->above_m, v, vectors, part), acc[i][v]);
}

INV_FN void clear_tile(inv_vec acc[ROWS][WIDE], int rows, int vectors)
{
    UNROLL
    for (int i = 0; i < rows; i++)
        UNROLL
        for (int v = 0; v < vectors; v++)
            acc[i][v] = inv_vec_splat(0.0f);
}

/*
 * fma chains over p of a[i][p] * b[p][j] from +0, for `rows` rows and `vectors` vectors of
 * columns (constants where this is inlined). beside: the rows of a are contiguous, else three
 * rows share a pointer, so that pointers do not run out. part: the last vector is not full.
 */
TILE void chain_tile(const struct tile *t, int rows, int vectors, int beside, int part)
{
    inv_vec acc[ROWS][WIDE];
    const float *a[(ROWS + 2) / 3], *b = t->b;
    const int groups = beside ? 1 : (rows + 2) / 3;
    const int fetches = beside && vectors == VECTORS && t->k > NEAR;
    const long near = fetches && (!t->first || t->next) ? NEAR : 0;
    UNROLL
    for (int g = 0; g < groups; g++) {
        a[g] = t->a + 3 * g * t->as_m;
        if (!beside)
            OPAQUE(a[g]);
    }
    clear_tile(acc, rows, vectors);
    chain_steps(t, acc, a, &b, t->k - near, rows, vectors, beside, part);
    if (near > 0) {                     /* too many at once would fill what waits for memory */
        if (!t->first)
            fetch_outputs(t, rows, vectors);
        if (t->next)
            fetch_next_rows(t, 0, rows / 2, vectors);
        chain_steps(t, acc, a, &b, near, rows, vectors, beside, part);
        if (t->next)
            fetch_next_rows(t, rows / 2, rows, vectors);
    }
    if (!beside && t->finishes)
        finish_chains(t, acc, rows, vectors, part);
    finish_tile(t, acc, rows, vectors, part);
}

/* One step of k: b at `b`, a[i] at left(i). */
#define STEP(b, left)                                                   \
    do {                                                                \
        inv_vec right[VECTORS];                                         \
        UNROLL                                                          \
        for (int v = 0; v < vectors; v++)                               \
            right[v] = inv_vec_load((b) + v * INV_WIDTH);               \
        UNROLL                                                          \
        for (int i = 0; i < rows; i++)                                  \
            UNROLL                                                      \
            for (int v = 0; v < vectors; v++)                           \
                acc[i][v] = inv_vec_fma(inv_vec_splat(left), right[v], acc[i][v]); \
    } while (0)

/* The links of a piece: elements of a `step` apart up to the end at which a[i] points, of b
 * `stride`. Where these are constants, counting up to 0 leaves a register for each pointer. */
#define PIECE(length, step, stride)                      \
    for (long p = -(length) * (step); p != 0; p += step) { \
        STEP(b, a[i][p]);                                \
        b += stride;                                     \
    }

/* The chains of a tile whose a is ALONG; whole vectors of b and out. */
TILE void chain_along(const struct tile *t, int rows, int vectors)
{
    inv_vec acc[ROWS][WIDE];
    const float *b = t->b, *const *at = t->at;
    const long as_k = t->as_k, bs_k = t->bs_k;
    clear_tile(acc, rows, vectors);
    for (long piece = 0; piece < t->pieces; piece++) {
        const float *a[ROWS];
        const long length = t->length[piece];
        UNROLL
        for (int i = 0; i < rows; i++)
            a[i] = at[i] + length * as_k;
        at += ROWS;
        if (piece + 1 == t->pieces && !t->first)
            fetch_outputs(t, rows, vectors);
        if (as_k == 1 && bs_k == COLUMNS)
            PIECE(length, 1, COLUMNS)
        else
            PIECE(length, as_k, bs_k)
    }
    finish_tile(t, acc, rows, vectors, 0);
}

/* The same where it is ACROSS. */
TILE void chain_across(const struct tile *t, int rows, int vectors)
{
    inv_vec acc[ROWS][WIDE];
    const float *b = t->b;
    const long bs_k = t->bs_k, from = t->from, k = t->k;
    clear_tile(acc, rows, vectors);
    for (long p = 0; p < k; p++) {
        const float *a = t->at[p] + from;
        OPAQUE(a);
        STEP(b, a[i]);
        b += bs_k;
    }
    finish_tile(t, acc, rows, vectors, 0);
}

typedef void tile_kernel(const struct tile *);

#define KERNEL(rows, vectors, beside, part)                                          \
    static void chain_##rows##_##vectors##_##beside##_##part(const struct tile *t) \
    {                                                                                \
        chain_tile(t, rows, vectors, beside, part);                                  \
    }
#define REACHING(rows, vectors)                                                      \
    static void along_##rows##_##vectors(const struct tile *t)                       \
    {                                                                                \
        chain_along(t, rows, vectors);                                               \
    }                                                                                \
    static void across_##rows##_##vectors(const struct tile *t)                      \
    {                                                                                \
        chain_across(t, rows, vectors);                                              \
    }
#define KERNELS(rows)                                                     \
    REACHING(rows, 1) REACHING(rows, 2)                                   \
    KERNEL(rows, 1, 0, 0) KERNEL(rows, 1, 0, 1) KERNEL(rows, 1, 1, 0) \
    KERNEL(rows, 1, 1, 1) KERNEL(rows, 2, 0, 0) KERNEL(rows, 2, 0, 1) \
    KERNEL(rows, 2, 1, 0) KERNEL(rows, 2, 1, 1)
#define WIDE_KERNELS(rows) KERNEL(rows, 4, 0, 0) KERNEL(rows, 4, 0, 1)
#define REACHING_ENTRY(rows) \
    {{along_##rows##_1, across_##rows##_1}, {along_##rows##_2, across_##rows##_2}}
#define ENTRY(rows)                                                                  \
    {{{chain_##rows##_1_0_0, chain_##rows##_1_0_1},                                \
      {chain_##rows##_1_1_0, chain_##rows##_1_1_1}},                               \
     {{chain_##rows##_2_0_0, chain_##rows##_2_0_1},                                \
      {chain_##rows##_2_1_0, chain_##rows##_2_1_1}}}

KERNELS(1) KERNELS(2) KERNELS(3) KERNELS(4)
#if ROWS > 4
KERNELS(5) KERNELS(6)
#endif
#if ROWS > 6
KERNELS(7) KERNELS(8) KERNELS(9) KERNELS(10) KERNELS(11) KERNELS(12)
#endif
WIDE_KERNELS(1) WIDE_KERNELS(2) WIDE_KERNELS(3)

/* [rows - 1][vectors - 1][beside][part] */
static tile_kernel *const kernels[ROWS][VECTORS][2][2] = {
    ENTRY(1), ENTRY(2), ENTRY(3), ENTRY(4),
#if ROWS > 4
    ENTRY(5), ENTRY(6),
#endif
#if ROWS > 6
    ENTRY(7), ENTRY(8), ENTRY(9), ENTRY(10), ENTRY(11), ENTRY(12),
#endif
};

/* [rows - 1][vectors - 1][form - ALONG] */
static tile_kernel *const reaching_kernels[ROWS][VECTORS][2] = {
    REACHING_ENTRY(1), REACHING_ENTRY(2), REACHING_ENTRY(3), REACHING_ENTRY(4),
#if ROWS > 4
    REACHING_ENTRY(5), REACHING_ENTRY(6),
#endif
#if ROWS > 6
    REACHING_ENTRY(7), REACHING_ENTRY(8), REACHING_ENTRY(9), REACHING_ENTRY(10),
    REACHING_ENTRY(11), REACHING_ENTRY(12),
#endif
};

static tile_kernel *const wide_kernels[WIDE_ROWS][2] = {
    {chain_1_4_0_0, chain_1_4_0_1}, {chain_2_4_0_0, chain_2_4_0_1}, {chain_3_4_0_0, chain_3_4_0_1}};

#endif
