/*
 * Register-blocked contraction: a tile of up to ROWS x COLUMNS outputs stays in registers for a
 * chunk of k; lanes lie across outputs, so the order within a sum is the reference's. Operands
 * are packed where that pays: a panel of b (a chunk of k, COLUMNS wide) when many rows use it or
 * its columns are not contiguous, a block of a (BLOCK_ROWS, a chunk of k) when many columns do,
 * neither where the caches hold both as they lie. An a that several loops walk is read through
 * pointers (core/reach.h) where elements lie side by side.
 */
#include "core/contract.h"

#include "core/packing.h"
#include "core/tiles.h"
#if INV_WINDOWS
#include "core/pages.h"
#include "core/reach.h"
#endif

#define GROUP_COLUMNS (8 * COLUMNS) /* columns of b packed at a time */
#define PACK_ROWS (8 * ROWS)       /* rows from which b is packed although it lies well */
#define PACK_COLUMNS (4 * COLUMNS) /* columns from which a is packed */

#define FEW_STEPS 64 /* of a chain: up to so many, a is no sooner packed than read */
#define FEW_FLOATS (16 << 10) /* of an a that near caches hold where it lies */

#define FAR_OUTPUTS (512 << 10) /* of a packed product: a level-2 cache loses them between chunks */
#define FAR_STEPS (CHUNK / 2)   /* of a chain: beside fewer, asking for outputs early takes long */

#define NEAR_FLOATS (272 << 10) /* of a chunk of both operands, read where they lie */
#define NEAR_STRIDE 512 /* between elements of k: their lines displace one another from here on */

/* One operand pair as the kernel sees it; out has a column stride too, see inv_contract. */
struct job {
    float *out;
    const float *a, *b;
    long os_m, os_n, as_m, as_k, bs_k, bs_n, m, n, k;
    const struct inv_operand *a_walk, *b_walk; /* of operands without strides, else NULL */
    long a_first, b_first;
    const struct inv_finish *finish; /* or NULL: by tiles, or strips of contract_in_place */
};

#define LINE 16 /* floats of a cache line; no more than a hint */

/* Up to a vector of outputs that are stored already. */
INV_FN void finish_part(float *out, const float *bias, int relu, const float *above, long count)
{
    inv_vec sum = inv_vec_load_part(out, count);
    if (bias != NULL)
        sum = inv_vec_add(sum, inv_vec_load_part(bias, count));
    if (relu)
        sum = inv_vec_above(sum, sum);
    if (above != NULL)
        sum = inv_vec_above(inv_vec_load_part(above, count), sum);
    inv_vec_store_part(out, sum, count);
}

/* Outputs of some rows from i on and columns from `begin` on, which lie as ldo says. */
static void finish_outputs(const struct inv_finish *f, float *out, long ldo, long i, long rows,
                           long begin, long end)
{
    for (; rows > 0; rows--, i++)
        for (long j = begin; j < end; j += INV_WIDTH)
            finish_part(out + i * ldo + j, f->bias ? f->bias + i * f->bias_ld + j : NULL, f->relu,
                        f->above ? f->above + i * f->ld + j : NULL, shorter(end - j, INV_WIDTH));
}

/* ---- Loops over tiles ---- */

/* Rows of one block and chunk: at a, or packed in strips of ROWS. */
struct block {
    const float *packed; /* NULL: not packed */
    struct reach *reach; /* NULL: does not say it */
    long i, m, p, k;
    long tail; /* links of the last chunk, which are done with this one, or 0 */
    int first;
};

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

/* out gets the chains of a tile of its own, whose last vectors are not full. */
static void add_rows(const struct job *job, float *out, const float *tile, long rows, long columns,
                     int first)
{
    for (long r = 0; r < rows; r++) {
        for (long c = 0; c < columns; c += INV_WIDTH) {
            long count = shorter(columns - c, INV_WIDTH);
            float *at = out + r * job->os_m + c;
            inv_vec sum = first ? inv_vec_splat(0.0f) : inv_vec_load_part(at, count);
            sum = inv_vec_add(sum, inv_vec_load(tile + r * COLUMNS + c));
            inv_vec_store_part(at, sum, count);
        }
    }
}

/* Kernels for rows of a that lie side by side finish nothing; others take such rows, too. */
static int is_beside(const struct tile *t)
{
    return t->as_m == 1 && !t->finishes;
}

static tile_kernel *choose_kernel(const struct tile *t, long rows, long vectors)
{
    int part = t->last != INV_WIDTH;
    if (INV_WINDOWS && t->form != STRIDED)
        return reaching_kernels[rows - 1][vectors - 1][t->form - ALONG];
    return vectors > VECTORS ? wide_kernels[rows - 1][part]
                             : kernels[rows - 1][vectors - 1][is_beside(t)][part];
}

/* The finish of a tile whose first output is i, j. */
INV_FN void finish_from(const struct job *job, struct tile *t, long i, long j)
{
    const struct inv_finish *finish = job->finish;
    t->finishes = finish != NULL;
    if (finish == NULL)
        return;
    t->bias = finish->bias ? finish->bias + i * finish->bias_ld + j : NULL;
    t->bias_m = finish->bias_ld;
    t->relu = finish->relu;
    t->above = finish->above ? finish->above + i * finish->ld + j : NULL;
    t->above_m = finish->ld;
}

/* A strip of up to ROWS rows from row i of the job, whose a the tile knows. */
static void contract_strip(const struct job *job, struct tile *t, long i, long j, long rows,
                           long columns)
{
    finish_from(job, t, i, j);
    tile_kernel *kernel = choose_kernel(t, rows, divide_up(columns, INV_WIDTH));
    _Alignas(64) float tile[ROWS * COLUMNS];
    float *out = job->out + i * job->os_m + j * job->os_n;
    int first = t->first;
    t->out = out;
    t->ldo = job->os_m;
    if (job->os_n == 1 && (t->form == STRIDED || t->last == INV_WIDTH)) {
        kernel(t);
        return;
    }
    t->next = NULL;
    t->out = tile;
    t->ldo = COLUMNS;
    t->first = 1;
    kernel(t);
    t->first = first;
    if (job->os_n == 1)
        add_rows(job, out, tile, rows, columns, first);
    else
        scatter_tile(job, out, tile, rows, columns, first);
}

/* Asks for the outputs of a tile before its chains are done. Inlined always: gcc takes a function
 * that does no more than fetch for one without effect and leaves out its calls. */
INV_FN void fetch_tile(const struct job *job, long i, long j, long rows, long columns)
{
    const float *out = job->out + i * job->os_m + j * job->os_n;
    for (long r = 0; r < rows; r++)
        for (long c = 0; c < columns; c += LINE)
            FETCH_NEAR(out + r * job->os_m + c * job->os_n);
}

/* The outputs of the tile from that row of the block on, where they have left the near caches. */
static const float *next_tile(const struct job *job, const struct block *block, long row, long j)
{
    int far = block->packed && job->m * job->n >= FAR_OUTPUTS && block->k >= FAR_STEPS;
    return far ? job->out + (block->i + row) * job->os_m + j * job->os_n : NULL;
}

/* All strips of the block for the panel of columns from j whose b is at t->b. */
static void contract_strips(const struct job *job, const struct block *block, struct tile *t,
                            long j, long columns)
{
    long strips = divide_up(block->m, ROWS);
    for (long s = 0; s < strips; s++) {
        long begin = block->m * s / strips, end = block->m * (s + 1) / strips;
        t->next = s + 1 < strips ? next_tile(job, block, end, j) : NULL;
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

/* Rows first .. first + k - 1 of panels of b from column j, each of COLUMNS, `panel` floats apart;
 * whole rows are read where they lie well. k <= LINKS. */
static void pack_panels(const struct job *job, long first, long k, long j, long columns,
                        float *group, long panel)
{
    for (long c = 0; c < columns && job->b_walk; c += COLUMNS)
        pack_walks(group + c / COLUMNS * panel, COLUMNS, job->b_walk, job->b_first + j + c,
                   shorter(columns - c, COLUMNS), first, k);
    if (job->b_walk)
        return;
    const float *b = job->b + first * job->bs_k + j * job->bs_n;
    long whole = job->bs_n == 1 ? columns / COLUMNS * COLUMNS : 0;
    for (long p = 0; p < k && whole > 0; p++) {
        for (long c = 0; c < whole; c += COLUMNS)
            UNROLL
            for (int v = 0; v < VECTORS; v++)
                inv_vec_store(group + c / COLUMNS * panel + p * COLUMNS + v * INV_WIDTH,
                              inv_vec_load(b + p * job->bs_k + c + v * INV_WIDTH));
    }
    for (long c = whole; c < columns; c += COLUMNS)
        pack(group + c / COLUMNS * panel, COLUMNS, b + c * job->bs_n, job->bs_k, job->bs_n,
             columns - c < COLUMNS ? columns - c : COLUMNS, k);
}

/* Both operands packed; group: room for GROUP_COLUMNS of a chunk, which hold all columns of b if
 * there are no more and `held`. */
static void contract_group(const struct job *job, const struct block *block, float *group, int held)
{
    for (long begin = 0; begin < job->n; begin += GROUP_COLUMNS) {
        long end = job->n - begin < GROUP_COLUMNS ? job->n : begin + GROUP_COLUMNS;
        if (!held || job->n > GROUP_COLUMNS)
            pack_panels(job, block->p, block->k, begin, end - begin, group, block->k * COLUMNS);
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
                contract_group(job, &block, group, s > 0);
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

/* ---- Operands that several loops walk, read where they lie ---- */

#if INV_WINDOWS

/* Goes from the chunk to its tail, by 1, or back, by -1. */
static void turn_tile(struct tile *t, const struct block *block, long by)
{
    t->first = by < 0 && block->first;
    t->k = by > 0 ? block->tail : block->k;
    t->b += by * block->k * t->bs_k;
    if (t->form == ALONG) {
        const struct pieces *pieces = block->reach->pieces;
        t->at += by * pieces->chunk * ROWS;
        t->length += by * pieces->chunk;
        t->pieces = by > 0 ? pieces->count - pieces->chunk : pieces->chunk;
    } else {
        t->at += by * block->k;
    }
}

/* Strip i of a chunk, and of its tail, and what becomes of its outputs, while these are near. */
static void reach_strip(const struct job *job, const struct block *block, struct tile *t, long i,
                        long j, long rows, long columns)
{
    contract_strip(job, t, i, j, rows, columns);
    if (block->tail > 0) {
        turn_tile(t, block, 1);
        contract_strip(job, t, i, j, rows, columns);
        turn_tile(t, block, -1);
    }
    if (job->finish && block->p + block->k + block->tail == job->k)
        finish_outputs(job->finish, job->out, job->os_m, i, rows, j, j + columns);
}

/* Asks for the outputs of the strip from row i on, as many as the one before it has. */
INV_FN void fetch_next(const struct job *job, const struct block *block, long i, long j, long rows,
                       long columns)
{
    if (block->k >= FAR_STEPS)
        fetch_tile(job, i, j, shorter(rows, job->m - i), columns);
}

static void along_strips(const struct job *job, const struct block *block, struct tile *t, long j,
                         long columns)
{
    struct reach *reach = block->reach;
    long strips = divide_up(block->m, ROWS);
    t->at = reach->at;
    t->as_k = job->a_walk->ks > 0 ? job->a_walk->k[job->a_walk->ks - 1].stride : 1;
    for (long s = 0; s < strips; s++) {
        long begin = block->m * s / strips, end = block->m * (s + 1) / strips;
        point_along(reach, job->a_walk, begin);
        t->length = reach->pieces->length;
        t->pieces = reach->pieces->chunk;
        fetch_next(job, block, block->i + end, j, end - begin, columns);
        reach_strip(job, block, t, block->i + begin, j, end - begin, columns);
    }
}

static void across_strips(const struct job *job, const struct block *block, struct tile *t, long j,
                          long columns)
{
    struct reach *reach = block->reach;
    const struct inv_operand *a = job->a_walk;
    struct inv_place place;
    inv_place_set(&place, a->own, a->owns, job->a_first + block->i);
    t->at = reach->at;
    for (long i = 0, run; i < block->m; i += run) {
        struct spot spot = spot_of(&place);
        run = run_of(a->own, a->owns, &place, block->m - i);
        point(reach->at, a, &reach->spots, 0, block->k + block->tail, &spot);
        long strips = divide_up(run, ROWS);
        for (long s = 0; s < strips; s++) {
            long begin = run * s / strips, end = run * (s + 1) / strips;
            t->from = begin;
            fetch_next(job, block, block->i + i + end, j, end - begin, columns);
            reach_strip(job, block, t, block->i + i + begin, j, end - begin, columns);
        }
        inv_place_go(&place, a->own, a->owns, run);
    }
}

/* Where panels of b are packed for contract_in_place. */
struct panels {
    float *group; /* room for GROUP_FLOATS */
    int whole;    /* all of b is there */
};

/* One chunk of a block. */
static void contract_reached(const struct job *job, const struct block *block,
                             const struct panels *panels)
{
    int packed = !(job->bs_n == 1 && !job->b_walk && block->m < PACK_ROWS &&
                   job->n % INV_WIDTH == 0);
    long links = block->k + block->tail;
    for (long j = 0, columns; j < job->n; j += columns) {
        columns = shorter(job->n - j, COLUMNS);
        struct tile t = {.form = block->reach->form, .k = block->k, .first = block->first};
        t.last = (columns - 1) % INV_WIDTH + 1;
        t.b = panels->whole ? panels->group + j * job->k + block->p * COLUMNS
              : packed      ? panels->group + j % GROUP_COLUMNS * links
                            : job->b + block->p * job->bs_k + j;
        t.bs_k = packed || panels->whole ? COLUMNS : job->bs_k;
        if (packed && !panels->whole && j % GROUP_COLUMNS == 0)
            pack_panels(job, block->p, links, j, shorter(job->n - j, GROUP_COLUMNS),
                        panels->group, links * COLUMNS);
        (t.form == ALONG ? along_strips : across_strips)(job, block, &t, j, columns);
    }
}

/* All chunks of a block. */
static void contract_reached_block(const struct job *job, struct block *block,
                                   const struct panels *panels)
{
    const struct inv_operand *a = job->a_walk;
    struct reach *reach = block->reach;
    if (reach->form == ALONG)
        find_rows(reach, a, job->a_first + block->i, block->m);
    for (long p = 0; p < job->k; p += block->k + block->tail) {
        block->p = p;
        block->k = shorter(job->k - p, CHUNK);
        block->tail = job->k - p - block->k <= TAIL ? job->k - p - block->k : 0;
        block->first = p == 0;
        if (reach->form == ALONG)
            find_pieces(reach, a, p, block->k, block->tail);
        else
            find_spots(&reach->spots, a->k, a->ks, a->limits, a->k_first + p,
                       block->k + block->tail);
        contract_reached(job, block, panels);
    }
}

#define GROUP_FLOATS (GROUP_COLUMNS * (CHUNK + TAIL))

APART static void contract_in_place(const struct job *job, enum form form)
{
    _Alignas(64) float group[GROUP_FLOATS + INV_WIDTH];
    struct reach reach;
    struct panels panels = {.group = group};
    long blocks = divide_up(job->m, BLOCK_ROWS);
    reach.form = form;
    panels.whole = blocks > 1 && job->k * divide_up(job->n, COLUMNS) * COLUMNS <= GROUP_FLOATS;
    for (long p = 0; p < job->k && panels.whole; p += CHUNK)
        pack_panels(job, p, shorter(job->k - p, CHUNK), 0, job->n, group + p * COLUMNS,
                    job->k * COLUMNS);
    for (long s = 0; s < blocks; s++) {
        struct block block = {.i = job->m * s / blocks, .reach = &reach};
        block.m = job->m * (s + 1) / blocks - block.i;
        contract_reached_block(job, &block, &panels);
    }
}

/* Elements of the last loop that lie side by side within the same limits; some are enough. */
static long side_by_side(const struct inv_walk *walk, int loops, long all)
{
    struct inv_place start = {.index = {0}};
    return run_of(walk, loops, &start, all);
}

#define FEW 8 /* elements that lie side by side, from which on it pays to count in them */

/* How a contraction of windows reaches its a: STRIDED stands for packing it. */
static enum form choose_form(const struct job *job)
{
    const struct inv_operand *a = job->a_walk;
    if (a == NULL)
        return STRIDED;
    if (side_by_side(a->k, a->ks, job->k) >= FEW)
        return ALONG;
    long as_k = a->ks > 0 ? a->k[a->ks - 1].stride : 1;
    int far = as_k >= NEAR_STRIDE && job->n >= PACK_COLUMNS; /* each strip would read it anew */
    if (side_by_side(a->own, a->owns, job->m) >= FEW)
        return far ? STRIDED : ACROSS;
    return job->n <= 2 * COLUMNS && as_k > 0 && as_k <= ZEROS / CHUNK ? ALONG : STRIDED;
}

#endif

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
    int collide_a = job->as_m == 1 && job->as_k >= NEAR_STRIDE && job->n >= PACK_COLUMNS &&
                    job->k > FEW_STEPS;
    return !wide && !collide && !collide_a && job->bs_n == 1 &&
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
            finish_from(job, &t, i, j);
            if (job->os_n == 1)
                kernels[count - 1][vectors - 1][is_beside(&t)][t.last != INV_WIDTH](&t);
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

/* Whether it pays to pack both operands. */
static int is_packed(const struct job *job)
{
    int few = job->k <= FEW_STEPS && job->m * job->k <= FEW_FLOATS && job->as_m < NEAR_STRIDE &&
              job->as_k < NEAR_STRIDE;
    return job->n >= PACK_COLUMNS && job->m > WIDE_ROWS && !few;
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
    else if (is_packed(job))
        contract_packed(job);
    else
        contract_blocks(job, NULL, NULL);
}

/* ---- A right operand that lies in panels ---- */

void inv_panels(float *to, const float *b, long bs_k, long bs_n, long n, long k)
{
    for (long j = 0; j < n; j += INV_PANEL)
        pack(to + j * k, INV_PANEL, b + j * bs_n, bs_k, bs_n, shorter(n - j, INV_PANEL), k);
}

static void contract_panel_chunks(const struct job *job, long panel, float *packed)
{
    for (long p = 0; p < job->k; p += CHUNK) {
        struct block block = {.packed = packed, .m = job->m, .p = p, .first = p == 0};
        block.k = shorter(job->k - p, CHUNK);
        if (packed)
            pack_block(job, &block, packed);
        for (long j = 0; j < job->n; j += COLUMNS) {
            long columns = shorter(job->n - j, COLUMNS);
            struct tile t = {.k = block.k, .first = block.first, .bs_k = job->bs_k,
                             .last = (columns - 1) % INV_WIDTH + 1};
            t.b = job->b + j / job->bs_k * panel + p * job->bs_k + j % job->bs_k;
            contract_strips(job, &block, &t, j, columns);
        }
    }
}

/* a is packed, for many columns use it; its rows are at most those of a block. */
APART static void contract_panels_packed(const struct job *job, long panel)
{
    _Alignas(64) float packed[BLOCK_ROWS * CHUNK + INV_WIDTH];
    contract_panel_chunks(job, panel, packed);
}

/* What becomes of the outputs is the tiles' where these hold whole products, else looked to
 * after. */
void inv_contract_panels(float *out, long ldo, const float *a, long as_m, long as_k, const float *b,
                         long width, long panel, long m, long n, long k,
                         const struct inv_finish *finish)
{
    struct job job = {.out = out, .a = a, .b = b, .os_m = ldo, .os_n = 1, .as_m = as_m,
                      .as_k = as_k, .bs_k = width, .bs_n = 1, .m = m, .n = n, .k = k,
                      .finish = k <= CHUNK ? finish : NULL};
    if (n >= PACK_COLUMNS && m > ROWS && m <= BLOCK_ROWS)
        contract_panels_packed(&job, panel);
    else
        contract_panel_chunks(&job, panel, NULL);
    if (finish != NULL && job.finish == NULL)
        finish_outputs(finish, out, ldo, 0, m, 0, n);
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

/* The transposed job. */
static struct job flip(const struct job *job)
{
    return (struct job){.out = job->out, .a = job->b, .b = job->a, .os_m = job->os_n,
                        .os_n = job->os_m, .as_m = job->bs_n, .as_k = job->bs_k,
                        .bs_k = job->as_k, .bs_n = job->as_m, .m = job->n, .n = job->m,
                        .k = job->k};
}

/* Lanes lie across columns; where these are few and rows are many, the transposed job is done. */
static int is_better_flipped(const struct job *job, const struct job *flipped)
{
    long m = job->m, n = job->n;
    int columns = n == 1 && job->as_k == 1 && job->as_m != 1;
    int rows = m == 1 && job->bs_k == 1 && job->bs_n != 1;
    int ragged = n < 2 * INV_WIDTH && n % INV_WIDTH != 0;
    return !columns && (rows || (ragged && job_cost(flipped) < job_cost(job)));
}

/* Whether tiles hold whole products before they store them. */
static int finishes_in_tiles(const struct job *job)
{
    int column = job->n == 1 && job->as_k == 1 && job->as_m != 1;
    return job->k > 0 && job->k <= CHUNK && !column && (is_near(job) || !is_packed(job));
}

/* The job in the form that is faster, and the finish of its outputs. */
static void contract_piece(struct job *job, const struct inv_finish *finish)
{
    job->as_m = job->m == 1 ? 1 : job->as_m;
    job->bs_n = job->n == 1 ? 1 : job->bs_n;
    struct job flipped = flip(job);
    int flips = is_better_flipped(job, &flipped);
    if (finish != NULL && !flips && finishes_in_tiles(job))
        job->finish = finish;
    contract_job(flips ? &flipped : job);
    if (finish != NULL && job->finish == NULL)
        finish_outputs(finish, job->out, job->os_m, 0, job->m, 0, job->n);
}

#define FINISH_ROWS 256 /* that caches hold until they are finished, where tiles do not do it */

static void contract_and_finish(struct job *job, const struct inv_finish *finish)
{
    if (finish == NULL || job->m <= FINISH_ROWS || finishes_in_tiles(job)) {
        contract_piece(job, finish);
        return;
    }
    for (long i = 0; i < job->m; i += FINISH_ROWS) {
        struct job piece = *job;
        struct inv_finish of = *finish;
        piece.m = shorter(job->m - i, FINISH_ROWS);
        piece.out += i * job->os_m;
        piece.a += i * job->as_m;
        of.bias = of.bias ? of.bias + i * of.bias_ld : NULL;
        of.above = of.above ? of.above + i * of.ld : NULL;
        contract_piece(&piece, &of);
    }
}

#define MORE_ROWS 64     /* of a chunk's sums before they are added */
#define MORE_COLUMNS 256

static void add_chunk(float *out, long ldo, const float *tile, long rows, long columns)
{
    for (long r = 0; r < rows; r++)
        for (long c = 0; c < columns; c++)
            out[r * ldo + c] = inv_add(out[r * ldo + c], tile[r * MORE_COLUMNS + c]);
}

void inv_contract_more(float *out, long ldo, const float *a, long as_m, long as_k, const float *b,
                       long bs_k, long bs_n, long m, long n, long k)
{
    _Alignas(64) float tile[MORE_ROWS * MORE_COLUMNS];
    for (long j = 0; j < n; j += MORE_COLUMNS)
        for (long i = 0; i < m; i += MORE_ROWS) {
            long rows = shorter(m - i, MORE_ROWS), columns = shorter(n - j, MORE_COLUMNS);
            inv_contract(tile, MORE_COLUMNS, a + i * as_m, as_m, as_k, b + j * bs_n, bs_k, bs_n,
                         rows, columns, k);
            add_chunk(out + i * ldo + j, ldo, tile, rows, columns);
        }
}

void inv_contract_finish(float *out, long ldo, const float *a, long as_m, long as_k, const float *b,
                         long bs_k, long bs_n, long m, long n, long k,
                         const struct inv_finish *finish)
{
    struct job job = {.out = out, .a = a, .b = b, .os_m = ldo, .os_n = 1, .as_m = as_m,
                      .as_k = as_k, .bs_k = bs_k, .bs_n = bs_n, .m = m, .n = n, .k = k};
    contract_and_finish(&job, finish);
}

void inv_contract(float *out, long ldo, const float *a, long as_m, long as_k, const float *b,
                  long bs_k, long bs_n, long m, long n, long k)
{
    inv_contract_finish(out, ldo, a, as_m, as_k, b, bs_k, bs_n, m, n, k, NULL);
}

#if INV_WINDOWS

/* Strides of an operand that has one for its rows and one for k. */
static int is_strided(const struct inv_operand *o)
{
    return o->owns <= 1 && o->ks <= 1 && o->limits == 0;
}

static long only_stride(const struct inv_walk *walk, int count)
{
    return count == 0 ? 1 : walk->stride;
}

/* The job as it stands and the transposed one: which of them is faster. */
static int set_walked(struct job jobs[2], float *out, long ldo, const struct inv_operand *a,
                      long a_first, const struct inv_operand *b, long b_first, long m, long n,
                      long k)
{
    struct job job = {out, a->x, b->x, ldo, 1, 2, 2, 2, 2, m, n, k, a, b, a_first, b_first, NULL};
    if (is_strided(a)) {
        job.as_m = only_stride(a->own, a->owns);
        job.as_k = only_stride(a->k, a->ks);
        job.a += a->offset + a_first * job.as_m + a->k_first * job.as_k;
        job.a_walk = NULL;
    }
    if (is_strided(b)) {
        job.bs_n = only_stride(b->own, b->owns);
        job.bs_k = only_stride(b->k, b->ks);
        job.b += b->offset + b_first * job.bs_n + b->k_first * job.bs_k;
        job.b_walk = NULL;
    }
    jobs[0] = job;
    jobs[1] = (struct job){out, job.b, job.a, 1, ldo, job.bs_n, job.bs_k, job.as_k, job.as_m,
                           n, m, k, job.b_walk, job.a_walk, b_first, a_first, NULL};
    int ragged = n < 2 * INV_WIDTH && n % INV_WIDTH != 0;
    return ragged && job_cost(&jobs[1]) < job_cost(&jobs[0]);
}

static void contract_walked(const struct job *job, enum form form)
{
    if (job->m <= 0 || job->n <= 0)
        return;
    if (form == STRIDED)
        contract_packed(job);
    else
        contract_in_place(job, form);
}

void inv_contract_windows(float *out, long ldo, const struct inv_operand *a, long a_first,
                          const struct inv_operand *b, long b_first, long m, long n, long k)
{
    struct job jobs[2];
    const struct job *job = &jobs[set_walked(jobs, out, ldo, a, a_first, b, b_first, m, n, k)];
    contract_walked(job, choose_form(job));
}

void inv_contract_windows_finish(float *out, long ldo, const struct inv_operand *a, long a_first,
                                 const struct inv_operand *b, long b_first, long m, long n, long k,
                                 const struct inv_finish *finish)
{
    struct job jobs[2];
    int flips = set_walked(jobs, out, ldo, a, a_first, b, b_first, m, n, k);
    enum form form = choose_form(&jobs[flips]);
    if (!flips && form != STRIDED && k > 0) {
        jobs[0].finish = finish;
        contract_walked(&jobs[0], form);
        return;
    }
    for (long i = 0, rows; i < m; i += rows) {
        rows = shorter(m - i, BLOCK_ROWS);
        inv_contract_windows(out + i * ldo, ldo, a, a_first + i, b, b_first, rows, n, k);
        finish_outputs(finish, out, ldo, i, rows, 0, n);
    }
}

void inv_contract_pages(float *out, long ldo, const struct inv_operand *a, long a_first,
                        const struct inv_operand *b, long b_first, long pages, long m, long n,
                        long k)
{
    int same = inv_walk_is_free(&a->page) && inv_walk_is_free(&b->page); /* limits, for all pages */
    int beside = k > 0 && same && a->page.stride == 1;
    if (beside && n == 1) {
        contract_beside(out, ldo, a, a_first, b, b_first, pages, m, k);
        return;
    }
    if (beside && n <= PAGE_COLUMNS) {
        contract_columns(out, ldo, a, a_first, b, b_first, pages, m, n, k);
        return;
    }
    for (long page = 0; page < pages; page++) {
        struct inv_operand left = inv_operand_page(a, page), right = inv_operand_page(b, page);
        inv_contract_windows(out + page * n, ldo, &left, a_first, &right, b_first, m, n, k);
    }
}

#endif
