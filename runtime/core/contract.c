/*
 * Register-blocked contraction: a tile of up to ROWS x COLUMNS outputs stays in registers for a
 * chunk of k; lanes lie across outputs, so the order within a sum is the reference's. Operands
 * are packed where that pays: a panel of b (a chunk of k, COLUMNS wide) when many rows use it or
 * its columns are not contiguous, a block of a (BLOCK_ROWS, a chunk of k) when many columns do,
 * neither where the caches hold both as they lie.
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
#define WIDE 4 /* vectors of a tile of few rows */
#define WIDE_ROWS 3
#define WIDE_COLUMNS (WIDE * INV_WIDTH)
/* ROWS * VECTORS accumulators fit the registers; a chunk of BLOCK_ROWS half a level-2 cache. */
#if INV_WIDTH == 16
#define ROWS 12
#define BLOCK_ROWS (44 * ROWS)
#elif INV_WIDTH == 8
#define ROWS 6
#define BLOCK_ROWS (24 * ROWS)
#else
#define ROWS 4
#define BLOCK_ROWS (24 * ROWS)
#endif
#define GROUP_COLUMNS (8 * COLUMNS) /* columns of b packed at a time */
#define PACK_ROWS (8 * ROWS)       /* rows from which b is packed although it lies well */
#define PACK_COLUMNS (4 * COLUMNS) /* columns from which a is packed */

#define FAR_OUTPUTS (512 << 10) /* of a packed product: a level-2 cache loses them between chunks */
#define FAR_STEPS (CHUNK / 2)   /* of a chain: beside fewer, asking for outputs early takes long */

#define NEAR_FLOATS (272 << 10) /* of a chunk of both operands, read where they lie */
#define NEAR_STRIDE 1024 /* between rows of b: their lines displace one another from here on */

/* One operand pair as the kernel sees it; out has a column stride too, see inv_contract. */
struct job {
    float *out;
    const float *a, *b;
    long os_m, os_n, as_m, as_k, bs_k, bs_n, m, n, k;
    const struct inv_operand *a_walk, *b_walk; /* of operands without strides, else NULL */
    long a_first, b_first;
};

/* What one call of a tile kernel computes: columns of b and out are contiguous. */
struct tile {
    float *out;
    const float *a, *b;
    long ldo, as_m, as_k, bs_k, k;
    long last; /* columns of the last vector */
    int first; /* 1: out = +0 + chain, 0: out += chain */
};

#if defined(__GNUC__)
#define APART __attribute__((noinline))
#else
#define APART
#endif

#if defined(__GNUC__)
#define FETCH(address) __builtin_prefetch(address)
#else
#define FETCH(address) (void)0
#endif
#if defined(__GNUC__)
#define FETCH_LATER(address) __builtin_prefetch(address, 0, 2) /* to the level-2 cache */
#else
#define FETCH_LATER(address) (void)0
#endif
#define LINE 16 /* floats of a cache line; no more than a hint */

/* Hides what the compiler knows of a pointer, so that it keeps it in a register of its own. */
#if defined(__GNUC__)
#define OPAQUE(pointer) __asm__("" : "+r"(pointer))
#else
#define OPAQUE(pointer) (void)0
#endif

/* Steps of k before the end of a chain at which the outputs that it is added to are asked for,
 * where a is packed: what is asked for earlier is displaced by the operands. 0: not at all, as
 * where narrow vectors take too long for it to matter. */
#define NEAR (INV_WIDTH > 4 ? 48 : 0)

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

/*
 * fma chains over p of a[i][p] * b[p][j] from +0, for `rows` rows and `vectors` vectors of
 * columns (constants where this is inlined). beside: the rows of a are contiguous, else three
 * rows share a pointer, so that pointers do not run out. part: the last vector is not full.
 */
INV_FN void chain_tile(const struct tile *t, int rows, int vectors, int beside, int part)
{
    inv_vec acc[ROWS][WIDE];
    const float *a[(ROWS + 2) / 3], *b = t->b;
    const int groups = beside ? 1 : (rows + 2) / 3;
    const long near = !beside || vectors != VECTORS || t->first || t->k <= NEAR ? 0 : NEAR;
    UNROLL
    for (int g = 0; g < groups; g++) {
        a[g] = t->a + 3 * g * t->as_m;
        if (!beside)
            OPAQUE(a[g]);
    }
    UNROLL
    for (int i = 0; i < rows; i++)
        UNROLL
        for (int v = 0; v < vectors; v++)
            acc[i][v] = inv_vec_splat(0.0f);
    chain_steps(t, acc, a, &b, t->k - near, rows, vectors, beside, part);
    if (near > 0) {
        fetch_outputs(t, rows, vectors);
        chain_steps(t, acc, a, &b, near, rows, vectors, beside, part);
    }
    if (t->first)
        add_tile(t, acc, rows, vectors, part, 1);
    else
        add_tile(t, acc, rows, vectors, part, 0);
}

typedef void tile_kernel(const struct tile *);

#define KERNEL(rows, vectors, beside, part)                                          \
    static void chain_##rows##_##vectors##_##beside##_##part(const struct tile *t) \
    {                                                                                \
        chain_tile(t, rows, vectors, beside, part);                                  \
    }
#define KERNELS(rows)                                                     \
    KERNEL(rows, 1, 0, 0) KERNEL(rows, 1, 0, 1) KERNEL(rows, 1, 1, 0) \
    KERNEL(rows, 1, 1, 1) KERNEL(rows, 2, 0, 0) KERNEL(rows, 2, 0, 1) \
    KERNEL(rows, 2, 1, 0) KERNEL(rows, 2, 1, 1)
#define WIDE_KERNELS(rows) KERNEL(rows, 4, 0, 0) KERNEL(rows, 4, 0, 1)
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

static tile_kernel *const wide_kernels[WIDE_ROWS][2] = {
    {chain_1_4_0_0, chain_1_4_0_1}, {chain_2_4_0_0, chain_2_4_0_1}, {chain_3_4_0_0, chain_3_4_0_1}};

/* ---- Packing: to[p * stride + l] = from[p * s_k + l * s_l] for l < count, p < k ---- */

/* The lanes are contiguous. */
static void pack_beside(float *to, long stride, const float *from, long s_k, long count, long k)
{
    for (long p = 0; p < k; p++) {
        long l = 0;
        for (; l + INV_WIDTH <= count; l += INV_WIDTH)
            inv_vec_store(to + l, inv_vec_load(from + l));
        if (l < count)
            inv_vec_store(to + l, inv_vec_load_part(from + l, count - l));
        to += stride;
        from += s_k;
    }
}

static void pack_scalar(float *to, long stride, const float *from, long s_k, long s_l, long count,
                        long k)
{
    for (long p = 0; p < k; p++)
        for (long l = 0; l < count; l++)
            to[p * stride + l] = from[p * s_k + l * s_l];
}

/*
 * Each lane is contiguous along k, at least 4. Lanes past count repeat the last one. The last
 * four of k may be written twice; a store runs over into the next p, which is written after it.
 */
static void pack_turned(float *to, long stride, const float *from, long s_l, long count, long k)
{
    for (long g = 0; g < count; g += INV_WIDTH) {
        const float *row[INV_WIDTH];
        for (int l = 0; l < INV_WIDTH; l++)
            row[l] = from + (g + l < count ? g + l : count - 1) * s_l;
        for (long p = 0; p < k; p += 4) {
            p = p + 4 <= k ? p : k - 4;
            inv_vec_turn(to + g + p * stride, stride, row, p);
        }
    }
}

/* `to` has room for INV_WIDTH floats more. */
static void pack(float *to, long stride, const float *from, long s_k, long s_l, long count, long k)
{
    if (s_l == 1)
        pack_beside(to, stride, from, s_k, count, k);
    else if (s_k == 1 && k >= 4)
        pack_turned(to, stride, from, s_l, count, k);
    else
        pack_scalar(to, stride, from, s_k, s_l, count, k);
}

/* ---- Packing operands that several loops walk ---- */

#define LANES (COLUMNS > ROWS ? COLUMNS : ROWS)

static const float zeros[CHUNK];

/* Runs of lanes that lie side by side. */
struct runs {
    int count;
    long length[LANES];
    struct inv_place place[LANES];
};

static long shorter(long a, long b)
{
    return a < b ? a : b;
}

/* How many steps of the last loop lie side by side, and within the same limits. */
static long run_of(const struct inv_walk *walk, int count, const struct inv_place *p, long most)
{
    if (count == 0 || most <= 1)
        return most;
    const struct inv_walk *last = walk + count - 1;
    if (last->stride != 1 || !inv_walk_is_free(last))
        return 1;
    return count == 1 ? most : shorter(last->extent - p->index[count - 1], most);
}

static void find_runs(struct runs *runs, const struct inv_operand *o, long first, long count)
{
    struct inv_place place;
    inv_place_set(&place, o->own, o->owns, first);
    runs->count = 0;
    for (long l = 0, length; l < count; l += length) {
        length = run_of(o->own, o->owns, &place, count - l);
        runs->place[runs->count] = place;
        runs->length[runs->count++] = length;
        inv_place_go(&place, o->own, o->owns, length);
    }
}

/* One element of k: runs of lanes. */
static void pack_across(float *to, const struct inv_operand *o, const struct runs *runs,
                        const struct inv_place *k)
{
    for (int r = 0; r < runs->count; r++) {
        const float *from = inv_operand_at(o, &runs->place[r], k, zeros);
        for (long l = 0; l < runs->length[r]; l++)
            to[l] = from[l];
        to += runs->length[r];
    }
}

/* Lanes that are each contiguous over `run` elements of k. */
static void pack_along(float *to, long stride, const struct inv_operand *o,
                       const struct runs *lanes, const struct inv_place *k, long run)
{
    const float *row[LANES + INV_WIDTH];
    for (long l = 0; l < lanes->count; l++)
        row[l] = inv_operand_at(o, &lanes->place[l], k, zeros);
    for (long l = lanes->count; l < lanes->count + INV_WIDTH; l++)
        row[l] = row[lanes->count - 1];
    for (long g = 0; run >= 4 && g < lanes->count; g += INV_WIDTH)
        for (long p = 0; p < run; p += 4) {
            p = p + 4 <= run ? p : run - 4;
            inv_vec_turn(to + g + p * stride, stride, row + g, p);
        }
    for (long p = 0; run < 4 && p < run; p++)
        for (long l = 0; l < lanes->count; l++)
            to[p * stride + l] = row[l][p];
}

/* to[p * stride + l] = the element of row first + l at first_k + p; `to` as for pack. */
static void pack_walks(float *to, long stride, const struct inv_operand *o, long first, long count,
                       long first_k, long k)
{
    struct runs runs;
    struct inv_place place;
    find_runs(&runs, o, first, count);
    inv_place_set(&place, o->k, o->ks, first_k);
    for (long p = 0, run; p < k; p += run) {
        run = 1;
        if (runs.count == count) {
            run = run_of(o->k, o->ks, &place, k - p);
            pack_along(to + p * stride, stride, o, &runs, &place, run);
        } else {
            pack_across(to + p * stride, o, &runs, &place);
        }
        inv_place_go(&place, o->k, o->ks, run);
    }
}

/* ---- Loops over tiles ---- */

/* Rows of one block and chunk: at a, or packed in strips of ROWS. */
struct block {
    const float *packed; /* NULL: not packed */
    long i, m, p, k;
    int first;
};

static long divide_up(long a, long b)
{
    return (a + b - 1) / b;
}

/* Where parts of vectors are fast: four columns of the tile at a time, each contiguous in out. */
static void scatter_columns(const struct job *job, float *out, const float *tile, long rows,
                            long columns, int first)
{
    _Alignas(64) float turned[4 * INV_WIDTH];
    const float *row[INV_WIDTH];
    for (int l = 0; l < INV_WIDTH; l++)
        row[l] = tile + (l < rows ? l : rows - 1) * COLUMNS;
    for (long c = 0; c < columns; c += 4) {
        inv_vec_turn(turned, INV_WIDTH, row, c);
        for (long q = 0; q < 4 && c + q < columns; q++) {
            float *at = out + (c + q) * job->os_n;
            inv_vec sum = first ? inv_vec_splat(0.0f) : inv_vec_load_part(at, rows);
            inv_vec_store_part(at, inv_vec_add(sum, inv_vec_load(turned + q * INV_WIDTH)), rows);
        }
    }
}

/* out (column stride os_n; its rows are side by side) gets the chains of a tile of its own. */
static void scatter_tile(const struct job *job, float *out, const float *tile, long rows,
                         long columns, int first)
{
    if (INV_VEC_PARTS) {
        scatter_columns(job, out, tile, rows, columns, first);
        return;
    }
    for (long c = 0; c < columns; c++)
        for (long r = 0; r < rows; r++) {
            float *at = out + r * job->os_m + c * job->os_n;
            *at = inv_add(first ? 0.0f : *at, tile[r * COLUMNS + c]);
        }
}

/* A strip of up to ROWS rows from row i of the job, its a at t->a. */
static void contract_strip(const struct job *job, struct tile *t, long i, long j, long rows,
                           long columns)
{
    long vectors = divide_up(columns, INV_WIDTH);
    int part = t->last != INV_WIDTH;
    tile_kernel *kernel = vectors > VECTORS ? wide_kernels[rows - 1][part]
                                            : kernels[rows - 1][vectors - 1][t->as_m == 1][part];
    _Alignas(64) float tile[ROWS * COLUMNS];
    float *out = job->out + i * job->os_m + j * job->os_n;
    int first = t->first;
    t->out = out;
    t->ldo = job->os_m;
    if (job->os_n == 1) {
        kernel(t);
        return;
    }
    t->out = tile;
    t->ldo = COLUMNS;
    t->first = 1;
    kernel(t);
    t->first = first;
    scatter_tile(job, out, tile, rows, columns, first);
}

/* Asks for the outputs of a tile before its chains are done. Inlined always: gcc takes a function
 * that does no more than fetch for one without effect and leaves out its calls. */
INV_FN void fetch_tile(const struct job *job, long i, long j, long rows, long columns)
{
    const float *out = job->out + i * job->os_m + j * job->os_n;
    for (long r = 0; r < rows; r++)
        for (long c = 0; c < columns; c += LINE)
            FETCH_LATER(out + r * job->os_m + c * job->os_n);
}

static int is_far(const struct job *job, const struct block *block)
{
    return block->packed && job->m * job->n >= FAR_OUTPUTS && block->k >= FAR_STEPS;
}

/* All strips of the block for the panel of columns from j whose b is at t->b. */
static void contract_strips(const struct job *job, const struct block *block, struct tile *t,
                            long j, long columns)
{
    long strips = divide_up(block->m, ROWS);
    int far = is_far(job, block);
    for (long s = 0; s < strips; s++) {
        long begin = block->m * s / strips, end = block->m * (s + 1) / strips;
        if (far)
            fetch_tile(job, block->i + begin, j, end - begin, columns);
        if (block->packed) {
            t->a = block->packed + s * ROWS * block->k;
            t->as_m = 1;
            t->as_k = ROWS;
        } else {
            t->a = job->a + (block->i + begin) * job->as_m + block->p * job->as_k;
            t->as_m = job->as_m;
            t->as_k = job->as_k;
        }
        contract_strip(job, t, block->i + begin, j, end - begin, columns);
    }
}

/* Whether b is read where it lies. */
static int in_place(const struct job *job, const struct block *block, long columns)
{
    return job->bs_n == 1 && block->m < PACK_ROWS && (INV_VEC_PARTS || columns % INV_WIDTH == 0);
}

static void contract_block(const struct job *job, const struct block *block)
{
    _Alignas(64) float panel[CHUNK * COLUMNS + INV_WIDTH];
    int wide = job->m <= WIDE_ROWS && job->bs_n == 1 && job->os_n == 1 && INV_VEC_PARTS;
    long columns;
    for (long j = 0; j < job->n; j += columns) {
        long left = job->n - j;
        long width = wide && left > WIDE_COLUMNS - INV_WIDTH ? WIDE_COLUMNS : COLUMNS;
        columns = left < width ? left : width;
        struct tile t = {.k = block->k, .first = block->first};
        t.last = (columns - 1) % INV_WIDTH + 1;
        t.b = job->b + block->p * job->bs_k + j * job->bs_n;
        t.bs_k = job->bs_k;
        if (!in_place(job, block, columns)) {
            long stride = divide_up(columns, INV_WIDTH) * INV_WIDTH;
            pack(panel, stride, t.b, job->bs_k, job->bs_n, columns, block->k);
            t.b = panel;
            t.bs_k = stride;
        }
        contract_strips(job, block, &t, j, columns);
    }
}

/* Panels of b from column j, each k rows of COLUMNS; whole rows are read where they lie well. */
static void pack_group(const struct job *job, const struct block *block, long j, long columns,
                       float *group)
{
    for (long c = 0; c < columns && job->b_walk; c += COLUMNS)
        pack_walks(group + c * block->k, COLUMNS, job->b_walk, job->b_first + j + c,
                   shorter(columns - c, COLUMNS), block->p, block->k);
    if (job->b_walk)
        return;
    const float *b = job->b + block->p * job->bs_k + j * job->bs_n;
    long whole = job->bs_n == 1 ? columns / COLUMNS * COLUMNS : 0;
    for (long p = 0; p < block->k && whole > 0; p++) {
        for (long c = 0; c < whole; c += COLUMNS)
            UNROLL
            for (int v = 0; v < VECTORS; v++)
                inv_vec_store(group + c * block->k + p * COLUMNS + v * INV_WIDTH,
                              inv_vec_load(b + p * job->bs_k + c + v * INV_WIDTH));
    }
    for (long c = whole; c < columns; c += COLUMNS)
        pack(group + c * block->k, COLUMNS, b + c * job->bs_n, job->bs_k, job->bs_n,
             columns - c < COLUMNS ? columns - c : COLUMNS, block->k);
}

/* Both operands packed; group: room for GROUP_COLUMNS of a chunk. */
static void contract_group(const struct job *job, const struct block *block, float *group)
{
    for (long begin = 0; begin < job->n; begin += GROUP_COLUMNS) {
        long end = job->n - begin < GROUP_COLUMNS ? job->n : begin + GROUP_COLUMNS;
        pack_group(job, block, begin, end - begin, group);
        for (long j = begin; j < end; j += COLUMNS) {
            long columns = end - j < COLUMNS ? end - j : COLUMNS;
            struct tile t = {.k = block->k, .first = block->first, .bs_k = COLUMNS};
            t.last = (columns - 1) % INV_WIDTH + 1;
            t.b = group + (j - begin) * block->k;
            contract_strips(job, block, &t, j, columns);
        }
    }
}

static void pack_block(const struct job *job, const struct block *block, float *packed)
{
    long strips = divide_up(block->m, ROWS);
    for (long s = 0; s < strips; s++) {
        long begin = block->m * s / strips, end = block->m * (s + 1) / strips;
        if (job->a_walk)
            pack_walks(packed + s * ROWS * block->k, ROWS, job->a_walk,
                       job->a_first + block->i + begin, end - begin, block->p, block->k);
        else
            pack(packed + s * ROWS * block->k, ROWS,
                 job->a + (block->i + begin) * job->as_m + block->p * job->as_k, job->as_k,
                 job->as_m, end - begin, block->k);
    }
}

/* packed, group: room for a block of a and panels of b, or NULL to pack as little as possible */
static void contract_blocks(const struct job *job, float *packed, float *group)
{
    long blocks = divide_up(job->m, BLOCK_ROWS);
    for (long p = 0; p < job->k; p += CHUNK)
        for (long s = 0; s < blocks; s++) {
            struct block block = {.packed = packed, .i = job->m * s / blocks, .p = p};
            block.m = job->m * (s + 1) / blocks - block.i;
            block.k = job->k - p < CHUNK ? job->k - p : CHUNK;
            block.first = p == 0;
            if (packed) {
                pack_block(job, &block, packed);
                contract_group(job, &block, group);
            } else {
                contract_block(job, &block);
            }
        }
}

/* Apart, so that small contractions need little stack. */
APART static void contract_packed(const struct job *job)
{
    _Alignas(64) float packed[BLOCK_ROWS * CHUNK + INV_WIDTH];
    _Alignas(64) float group[GROUP_COLUMNS * CHUNK + INV_WIDTH];
    contract_blocks(job, packed, group);
}

/* ---- One column, the rows of a contiguous along k: lanes lie across rows ---- */

/* acc[l] = fma chain over p of row[l][p] * b[p * s], p < k */
static inv_vec chain_column(const float *const *row, const float *b, long s, long k)
{
    _Alignas(64) float turned[4 * INV_WIDTH];
    inv_vec acc = inv_vec_splat(0.0f);
    long p = 0;
    for (; p + 4 <= k; p += 4) {
        inv_vec_turn(turned, INV_WIDTH, row, p);
        UNROLL
        for (int q = 0; q < 4; q++)
            acc = inv_vec_fma(inv_vec_load(turned + q * INV_WIDTH), inv_vec_splat(b[(p + q) * s]),
                              acc);
    }
    for (; p < k; p++) {
        for (int l = 0; l < INV_WIDTH; l++)
            turned[l] = row[l][p];
        acc = inv_vec_fma(inv_vec_load(turned), inv_vec_splat(b[p * s]), acc);
    }
    return acc;
}

/* INV_WIDTH rows from row i, or those that are left */
static void contract_column_rows(const struct job *job, long i)
{
    _Alignas(64) float lane[INV_WIDTH];
    const float *row[INV_WIDTH];
    long rows = job->m - i < INV_WIDTH ? job->m - i : INV_WIDTH;
    inv_vec sum = inv_vec_splat(0.0f);
    for (long p = 0; p < job->k; p += CHUNK) {
        for (int l = 0; l < INV_WIDTH; l++)
            row[l] = job->a + (i + (l < rows ? l : rows - 1)) * job->as_m + p;
        sum = inv_vec_add(sum, chain_column(row, job->b + p * job->bs_k, job->bs_k,
                                            job->k - p < CHUNK ? job->k - p : CHUNK));
    }
    inv_vec_store(lane, sum);
    for (long l = 0; l < rows; l++)
        job->out[(i + l) * job->os_m] = lane[l];
}

/* ---- Operands that the caches hold where they lie ---- */

static int is_near(const struct job *job)
{
    long k = job->k < CHUNK ? job->k : CHUNK;
    int wide = job->m <= WIDE_ROWS && job->n > COLUMNS;
    int collide = job->bs_k >= NEAR_STRIDE && job->m > 2 * ROWS;
    return !wide && !collide && job->bs_n == 1 &&
           (INV_VEC_PARTS || job->n % INV_WIDTH == 0) && k * (job->m + job->n) <= NEAR_FLOATS;
}

/* One chunk of k: strips of nearly as many rows under each other, for COLUMNS columns at a time. */
static void contract_near_chunk(const struct job *job, long p, long k)
{
    unsigned m = (unsigned)job->m, strips = (m + ROWS - 1) / ROWS;
    unsigned rows = m / strips;
    long longer = m % strips * (rows + 1); /* rows in strips that have one more */
    for (long j = 0; j < job->n; j += COLUMNS) {
        long columns = job->n - j < COLUMNS ? job->n - j : COLUMNS;
        long vectors = divide_up(columns, INV_WIDTH);
        struct tile t = {.ldo = job->os_m, .k = k, .first = p == 0};
        t.last = (columns - 1) % INV_WIDTH + 1;
        t.a = job->a + p * job->as_k;
        t.as_m = job->as_m;
        t.as_k = job->as_k;
        t.b = job->b + p * job->bs_k + j;
        t.bs_k = job->bs_k;
        for (long i = 0, count; i < job->m; i += count) {
            count = rows + (i < longer);
            t.out = job->out + i * job->os_m + j;
            if (job->os_n == 1)
                kernels[count - 1][vectors - 1][t.as_m == 1][t.last != INV_WIDTH](&t);
            else
                contract_strip(job, &t, i, j, count, columns);
            t.a += count * t.as_m;
        }
    }
}

static void contract_near(const struct job *job)
{
    for (long p = 0; p < job->k; p += CHUNK)
        contract_near_chunk(job, p, job->k - p < CHUNK ? job->k - p : CHUNK);
}

static void clear_out(const struct job *job)
{
    for (long i = 0; i < job->m; i++)
        for (long j = 0; j < job->n; j++)
            job->out[i * job->os_m + j * job->os_n] = 0.0f;
}

static void contract_job(const struct job *job)
{
    if (job->m <= 0)
        return;
    if (job->k <= 0)
        clear_out(job);
    else if (job->n == 1 && job->as_k == 1 && job->as_m != 1)
        for (long i = 0; i < job->m; i += INV_WIDTH)
            contract_column_rows(job, i);
    else if (is_near(job))
        contract_near(job);
    else if (job->n >= PACK_COLUMNS && job->m > WIDE_ROWS)
        contract_packed(job);
    else
        contract_blocks(job, NULL, NULL);
}

#define SCATTER_COST 4 /* of an output */

/*
 * Estimated time for each step of k, in eighths of a cycle: what a tile's vectors cost, what
 * turning b costs, and what scattering out costs once.
 */
static long job_cost(const struct job *job)
{
    long vectors = divide_up(job->n, INV_WIDTH);
    long turn = job->bs_n == 1 ? 0 : 28;
    long scatter = job->os_n == 1 ? 0 : SCATTER_COST * job->m * job->n / (job->k + 1);
    return vectors * (4 * job->m + turn) + scatter;
}

/* Lanes lie across columns; where these are few and rows are many, the transposed job is done. */
void inv_contract(float *out, long ldo, const float *a, long as_m, long as_k, const float *b,
                  long bs_k, long bs_n, long m, long n, long k)
{
    as_m = m == 1 ? 1 : as_m;
    bs_n = n == 1 ? 1 : bs_n;
    struct job job = {out, a, b, ldo, 1, as_m, as_k, bs_k, bs_n, m, n, k, NULL, NULL, 0, 0};
    struct job flipped = {out, b, a, 1, ldo, bs_n, bs_k, as_k, as_m, n, m, k, NULL, NULL, 0, 0};
    int columns = n == 1 && as_k == 1 && as_m != 1, rows = m == 1 && bs_k == 1 && bs_n != 1;
    int ragged = n < 2 * INV_WIDTH && n % INV_WIDTH != 0;
    int flip = !columns && (rows || (ragged && job_cost(&flipped) < job_cost(&job)));
    contract_job(flip ? &flipped : &job);
}

/* Strides of an operand that has one for its rows and one for k. */
static int is_strided(const struct inv_operand *o)
{
    return o->owns <= 1 && o->ks <= 1 && o->limits == 0;
}

static long only_stride(const struct inv_walk *walk, int count)
{
    return count == 0 ? 1 : walk->stride;
}

void inv_contract_windows(float *out, long ldo, const struct inv_operand *a, long a_first,
                          const struct inv_operand *b, long b_first, long m, long n, long k)
{
    struct job job = {out, a->x, b->x, ldo, 1, 2, 2, 2, 2, m, n, k, a, b, a_first, b_first};
    if (is_strided(a)) {
        job.as_m = only_stride(a->own, a->owns);
        job.as_k = only_stride(a->k, a->ks);
        job.a += a->offset + a_first * job.as_m;
        job.a_walk = NULL;
    }
    if (is_strided(b)) {
        job.bs_n = only_stride(b->own, b->owns);
        job.bs_k = only_stride(b->k, b->ks);
        job.b += b->offset + b_first * job.bs_n;
        job.b_walk = NULL;
    }
    struct job flipped = {out, job.b, job.a, 1, ldo, job.bs_n, job.bs_k, job.as_k, job.as_m,
                          n, m, k, job.b_walk, job.a_walk, b_first, a_first};
    int ragged = n < 2 * INV_WIDTH && n % INV_WIDTH != 0;
    if (m > 0 && n > 0)
        contract_packed(ragged && job_cost(&flipped) < job_cost(&job) ? &flipped : &job);
}

void inv_contract_pages(float *out, long ldo, const struct inv_operand *a, long a_first,
                        const struct inv_operand *b, long b_first, long pages, long m, long n,
                        long k)
{
    for (long page = 0; page < pages; page++) {
        struct inv_operand left = inv_operand_page(a, page), right = inv_operand_page(b, page);
        inv_contract_windows(out + page * n, ldo, &left, a_first, &right, b_first, m, n, k);
    }
}
