/*
 * Reductions of INV_BESIDE short rows at a time, which lie beside one another: element j of row r
 * is x[INV_BESIDE * j + r], so that vectors go across rows. Bit for bit the functions of
 * core/sums.h, each on one row: rows of n <= INV_LANES elements, of which the first `rows` are
 * there, 1 <= rows <= INV_BESIDE. out[r] is what row r makes.
 */
#ifndef INV_CORE_ROWS_H
#define INV_CORE_ROWS_H

#include "core/sums.h"

#define INV_BESIDE 16

/* to[r] += from[r] */
INV_FN void inv_beside_add(float *to, const float *from, inv_index rows)
{
    for (inv_index r = 0; r < rows; r++)
        to[r] = inv_add(to[r], from[r]);
}

/* inv_row_sum: lanes are added to one another as inv_lanes_join does; those past n count as +0,
 * which changes no sum, and are left out. */
INV_CALLED void inv_beside_row_sum(float *out, const float *x, inv_index n, inv_index rows)
{
    float lane[INV_LANES * INV_BESIDE];
    for (inv_index l = 0; l < n; l++)
        for (inv_index r = 0; r < rows; r++)
            lane[INV_BESIDE * l + r] = inv_add(0.0f, x[INV_BESIDE * l + r]);
    for (inv_index s = INV_LANES / 2; s > 0; s /= 2)
        for (inv_index l = 0; l < s && l + s < n; l++)
            inv_beside_add(lane + INV_BESIDE * l, lane + INV_BESIDE * (l + s), rows);
    for (inv_index r = 0; r < rows; r++)
        out[r] = lane[r];
}

/* inv_row_most */
INV_FN void inv_beside_most(float *out, const float *x, inv_index n, inv_index rows, uint32_t flip)
{
    uint32_t most[INV_BESIDE];
    for (inv_index r = 0; r < rows; r++)
        most[r] = inv_order_key(x[r], flip);
    for (inv_index j = 1; j < n; j++)
        for (inv_index r = 0; r < rows; r++)
            most[r] = inv_more(most[r], inv_order_key(x[INV_BESIDE * j + r], flip));
    for (inv_index r = 0; r < rows; r++)
        out[r] = inv_of_order_key(most[r], flip);
}

/* inv_row_argmax */
INV_CALLED void inv_beside_row_argmax(int32_t *out, const float *x, inv_index n, inv_index rows)
{
    uint32_t most[INV_BESIDE];
    int32_t best[INV_BESIDE];
    for (inv_index r = 0; r < rows; r++) {
        most[r] = inv_order_key(x[r] + 0.0f, 0);
        best[r] = 0;
    }
    for (inv_index j = 1; j < n; j++)
        for (inv_index r = 0; r < rows; r++) {
            uint32_t key = inv_order_key(x[INV_BESIDE * j + r] + 0.0f, 0);
            best[r] = key > most[r] ? (int32_t)j : best[r];
            most[r] = inv_more(most[r], key);
        }
    for (inv_index r = 0; r < rows; r++)
        out[r] = best[r];
}

INV_CALLED void inv_beside_row_max(float *out, const float *x, inv_index n, inv_index rows)
{
    inv_beside_most(out, x, n, rows, 0);
}

INV_CALLED void inv_beside_row_min(float *out, const float *x, inv_index n, inv_index rows)
{
    inv_beside_most(out, x, n, rows, 0xffffffffu);
}

#endif
