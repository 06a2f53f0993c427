#define INV_SMALL 1
#include "small.h"
#include "core/firmware.h"
#include "core/sums.h"

void small_contract(float *out, int32_t ldo, const float *a, int32_t as_m, int32_t as_k,
                    const float *b, int32_t bs_k, int32_t bs_n, int32_t m, int32_t n, int32_t k)
{
    inv_contract(out, ldo, a, as_m, as_k, b, bs_k, bs_n, m, n, k);
}

float small_row_sum(const float *x, int32_t n)
{
    return inv_row_sum(x, n);
}

void small_column_sum(float *out, const float *x, int32_t stride, int32_t rows, int32_t columns)
{
    inv_column_sum(out, x, stride, rows, columns);
}
