/*
 * Contractions of many pages of one column each, side by side, as depthwise convolutions have them:
 * lanes lie across pages.
 */
#ifndef INV_CORE_PAGES_H
#define INV_CORE_PAGES_H

#include "core/packing.h"

#define PAGE_ROWS 9 /* filters of 3 x 3 have a gradient of so many rows */

/* Up to PAGE_ROWS rows of up to CHUNK pages, for a chunk of k: where their elements lie. */
struct pages {
    const float *left[CHUNK][PAGE_ROWS], *right[CHUNK];
    float packed[CHUNK * CHUNK]; /* of b, where its pages lie apart */
    long page, pages, rows, p, k;
};

/* The element at the two places of the first page, or +0 for all. */
static const float *page_at(const struct pages *t, const struct inv_operand *o,
                            const struct inv_place *own, const struct inv_place *k)
{
    const float *at = inv_operand_at(o, own, k, zeros);
    return at == zeros ? at : at + t->page * o->page.stride;
}

static void reach_rows(struct pages *t, const struct inv_operand *a, long first)
{
    struct inv_place row[PAGE_ROWS], k;
    inv_place_set(&row[0], a->own, a->owns, first);
    for (int r = 1; r < PAGE_ROWS; r++) {
        row[r] = row[r - 1];
        if (r < t->rows)
            inv_place_go(&row[r], a->own, a->owns, 1);
    }
    inv_place_set(&k, a->k, a->ks, t->p);
    for (long q = 0; q < t->k; q++) {
        for (int r = 0; r < PAGE_ROWS; r++)
            t->left[q][r] = page_at(t, a, &row[r], &k);
        inv_place_go(&k, a->k, a->ks, 1);
    }
}

static void reach_column(struct pages *t, const struct inv_operand *b, long first)
{
    struct inv_place column, k;
    inv_place_set(&column, b->own, b->owns, first);
    inv_place_set(&k, b->k, b->ks, t->p);
    for (long q = 0; q < t->k; q++) {
        const float *at = page_at(t, b, &column, &k);
        t->right[q] = at;
        if (b->page.stride != 1 && at != zeros) {
            for (long page = 0; page < t->pages; page++)
                t->packed[q * CHUNK + page] = at[page * b->page.stride];
            t->right[q] = t->packed + q * CHUNK;
        }
        inv_place_go(&k, b->k, b->ks, 1);
    }
}

/* One vector of pages from page v on, of which there are `count`. */
INV_FN void chain_pages(const struct pages *t, float *out, long ldo, long v, long count, int part)
{
    inv_vec acc[PAGE_ROWS];
    UNROLL
    for (int r = 0; r < PAGE_ROWS; r++)
        acc[r] = inv_vec_splat(0.0f);
    for (long q = 0; q < t->k; q++) {
        const float *right = t->right[q] + v;
        inv_vec b = part ? inv_vec_load_part(right, count) : inv_vec_load(right);
        UNROLL
        for (int r = 0; r < PAGE_ROWS; r++) {
            const float *left = t->left[q][r] + v;
            inv_vec a = part ? inv_vec_load_part(left, count) : inv_vec_load(left);
            acc[r] = inv_vec_fma(a, b, acc[r]);
        }
    }
    UNROLL
    for (int r = 0; r < PAGE_ROWS; r++) {
        float *at = out + r * ldo + v;
        if (r < t->rows && part) {
            inv_vec sum = t->p == 0 ? inv_vec_splat(0.0f) : inv_vec_load_part(at, count);
            inv_vec_store_part(at, inv_vec_add(sum, acc[r]), count);
        } else if (r < t->rows) {
            inv_vec sum = t->p == 0 ? inv_vec_splat(0.0f) : inv_vec_load(at);
            inv_vec_store(at, inv_vec_add(sum, acc[r]));
        }
    }
}

/* Apart: its table lies on the stack. */
APART static void contract_beside(float *out, long ldo, const struct inv_operand *a, long a_first,
                                  const struct inv_operand *b, long b_first, long pages, long m,
                                  long k)
{
    struct pages t;
    for (t.page = 0; t.page < pages; t.page += CHUNK)
        for (t.p = 0; t.p < k; t.p += CHUNK) {
            t.pages = shorter(pages - t.page, CHUNK);
            t.k = shorter(k - t.p, CHUNK);
            reach_column(&t, b, b_first);
            for (long i = 0; i < m; i += PAGE_ROWS) {
                float *at = out + i * ldo + t.page;
                long v = 0;
                t.rows = shorter(m - i, PAGE_ROWS);
                reach_rows(&t, a, a_first + i);
                for (; v + INV_WIDTH <= t.pages; v += INV_WIDTH)
                    chain_pages(&t, at, ldo, v, INV_WIDTH, 0);
                if (v < t.pages)
                    chain_pages(&t, at, ldo, v, t.pages - v, 1);
            }
        }
}

#endif
