/*
 * Contractions of many pages of one column each, side by side, as depthwise convolutions have them:
 * lanes lie across pages.
 */
#ifndef INV_CORE_PAGES_H
#define INV_CORE_PAGES_H

#include "core/reach.h"

#define PAGE_ROWS 9 /* filters of 3 x 3 have a gradient of so many rows */
#define PAGE_VECTORS (INV_WIDTH == 16 ? 2 : 1) /* accumulators fit the registers */
#define PAGE_BLOCK (CHUNK / PAGE_ROWS * PAGE_ROWS)
#define PAGE_TILE (PAGE_BLOCK / 4)
#define PAGE_COLUMNS 8 /* of a page, up to which its vectors would be half empty */
#define POINTERS (CHUNK * PAGE_ROWS)

/* Some rows of up to CHUNK pages, for a chunk of k: where their elements lie. */
struct pages {
    const float *left[POINTERS], *right[CHUNK]; /* see reach_many and reach_few */
    float packed[CHUNK * CHUNK]; /* of b, where its pages lie apart */
    struct spots spots;
    long page, pages, rows, p, k, step;
};

static struct spot spot_at(const struct inv_walk *walk, int loops, long number)
{
    struct inv_place place;
    inv_place_set(&place, walk, loops, number);
    return spot_of(&place);
}

/* How many rows the table takes: few where there are many k, and the other way round. */
static long rows_at_once(long k)
{
    return POINTERS / k / PAGE_ROWS * PAGE_ROWS;
}

/* Many rows: a pointer for each of them, one element of k after another. Those past the last one
 * repeat it. */
static void reach_many(struct pages *t, const struct inv_operand *a, long first)
{
    t->step = divide_up(t->rows, PAGE_ROWS) * PAGE_ROWS;
    find_spots(&t->spots, a->own, a->owns, a->limits, first, t->rows);
    for (long q = 0; q < t->k; q++) {
        const float **to = t->left + q * t->step;
        struct spot k = spot_at(a->k, a->ks, a->k_first + t->p + q);
        point(to, a, &t->spots, 0, t->rows, &k);
        for (long r = t->rows; r < t->step; r++)
            to[r] = to[t->rows - 1];
    }
}

/* Up to PAGE_ROWS rows: a pointer for each element of k, one row after another. */
static void reach_few(struct pages *t, const struct inv_operand *a, long first)
{
    t->step = 1;
    find_spots(&t->spots, a->k, a->ks, a->limits, a->k_first + t->p, t->k);
    for (long r = 0; r < PAGE_ROWS; r++) {
        struct spot row = spot_at(a->own, a->owns, first + shorter(r, t->rows - 1));
        point(t->left + r * CHUNK, a, &t->spots, 0, t->k, &row);
    }
}

static void reach_column(struct pages *t, const struct inv_operand *b, long first)
{
    struct spot column = spot_at(b->own, b->owns, first);
    find_spots(&t->spots, b->k, b->ks, b->limits, b->k_first + t->p, t->k);
    point(t->right, b, &t->spots, 0, t->k, &column);
    for (long q = 0; q < t->k && b->page.stride != 1; q++) {
        const float *at = t->right[q];
        if (at == zeros)
            continue;
        for (long page = 0; page < t->pages; page++)
            t->packed[q * CHUNK + page] = at[page * b->page.stride];
        t->right[q] = t->packed + q * CHUNK;
    }
}

/* PAGE_ROWS rows from `first` on of some vectors of pages from page v on, of which the last has
 * `count`: arrays and constants are those of chain_tile. */
INV_FN void chain_pages(const struct pages *t, float *out, long ldo, long first, long v, long count,
                        int vectors, int part, long row)
{
    inv_vec acc[PAGE_ROWS][PAGE_VECTORS];
    const float *const *left = t->left + first * row;
    const long step = t->step, rows = t->rows - first;
    UNROLL
    for (int r = 0; r < PAGE_ROWS; r++)
        UNROLL
        for (int w = 0; w < vectors; w++)
            acc[r][w] = inv_vec_splat(0.0f);
    for (long q = 0; q < t->k; q++) {
        const float *right = t->right[q] + v;
        inv_vec b[PAGE_VECTORS];
        UNROLL
        for (int w = 0; w < vectors; w++)
            b[w] = part ? inv_vec_load_part(right, count) : inv_vec_load(right + w * INV_WIDTH);
        UNROLL
        for (int r = 0; r < PAGE_ROWS; r++) {
            const float *at = left[r * row] + v;
            UNROLL
            for (int w = 0; w < vectors; w++)
                acc[r][w] = inv_vec_fma(part ? inv_vec_load_part(at, count)
                                             : inv_vec_load(at + w * INV_WIDTH), b[w], acc[r][w]);
        }
        left += step;
    }
    UNROLL
    for (int r = 0; r < PAGE_ROWS; r++)
        UNROLL
        for (int w = 0; w < vectors; w++) {
            float *at = out + (first + r) * ldo + v + w * INV_WIDTH;
            inv_vec sum = inv_vec_splat(0.0f);
            if (r >= rows)
                continue;
            if (t->p > 0)
                sum = part ? inv_vec_load_part(at, count) : inv_vec_load(at);
            sum = inv_vec_add(sum, acc[r][w]);
            if (part)
                inv_vec_store_part(at, sum, count);
            else
                inv_vec_store(at, sum);
        }
}

/* All pages of the rows that the table knows, whose pointers lie `row` apart: a constant. */
INV_FN void chain_rows(const struct pages *t, float *out, long ldo, long row)
{
    const long wide = PAGE_VECTORS * INV_WIDTH;
    for (long first = 0; first < t->rows; first += PAGE_ROWS) {
        long v = 0;
        for (; PAGE_VECTORS > 1 && v + wide <= t->pages; v += wide)
            chain_pages(t, out, ldo, first, v, INV_WIDTH, PAGE_VECTORS, 0, row);
        for (; v + INV_WIDTH <= t->pages; v += INV_WIDTH)
            chain_pages(t, out, ldo, first, v, INV_WIDTH, 1, 0, row);
        if (v < t->pages)
            chain_pages(t, out, ldo, first, v, t->pages - v, 1, 1, row);
    }
}

static void many_rows(struct pages *t, const struct inv_operand *a, long first, float *out,
                      long ldo)
{
    reach_many(t, a, first);
    chain_rows(t, out, ldo, 1);
}

static void few_rows(struct pages *t, const struct inv_operand *a, long first, float *out, long ldo)
{
    reach_few(t, a, first);
    chain_rows(t, out, ldo, CHUNK);
}

/* Apart: its table lies on the stack. */
APART static void contract_beside(float *out, long ldo, const struct inv_operand *a, long a_first,
                                  const struct inv_operand *b, long b_first, long pages, long m,
                                  long k)
{
    struct pages t;
    for (t.page = 0; t.page < pages; t.page += CHUNK) {
        struct inv_operand left = inv_operand_page(a, t.page), right = inv_operand_page(b, t.page);
        t.pages = shorter(pages - t.page, CHUNK);
        for (t.p = 0; t.p < k; t.p += CHUNK) {
            t.k = shorter(k - t.p, CHUNK);
            reach_column(&t, &right, b_first);
            for (long i = 0, most = rows_at_once(t.k); i < m; i += t.rows) {
                t.rows = shorter(m - i, shorter(most, PAGE_BLOCK));
                if (t.rows > PAGE_ROWS)
                    many_rows(&t, &left, a_first + i, out + i * ldo + t.page, ldo);
                else
                    few_rows(&t, &left, a_first + i, out + i * ldo + t.page, ldo);
            }
        }
    }
}

/* The same of `n` columns a page, which stand side by side. */
APART static void contract_columns(float *out, long ldo, const struct inv_operand *a, long a_first,
                                   const struct inv_operand *b, long b_first, long pages, long m,
                                   long n, long k)
{
    float tile[PAGE_TILE * CHUNK];
    for (long page = 0, count; page < pages; page += count) {
        struct inv_operand left = inv_operand_page(a, page), right = inv_operand_page(b, page);
        count = shorter(pages - page, CHUNK);
        for (long i = 0, rows; i < m; i += rows) {
            float *to = out + i * ldo + page * n;
            rows = shorter(m - i, PAGE_TILE);
            for (long j = 0; j < n; j++) {
                contract_beside(tile, count, &left, a_first + i, &right, b_first + j, count, rows,
                                k);
                for (long r = 0; r < rows; r++)
                    for (long c = 0; c < count; c++)
                        to[r * ldo + c * n + j] = tile[r * count + c];
            }
        }
    }
}

#endif
