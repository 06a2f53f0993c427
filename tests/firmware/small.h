/* The small forms of the core under names of their own. */
#ifndef SMALL_H
#define SMALL_H
#include <stdint.h>

void small_contract(float *out, int32_t ldo, const float *a, int32_t as_m, int32_t as_k,
                    const float *b, int32_t bs_k, int32_t bs_n, int32_t m, int32_t n, int32_t k);
float small_row_sum(const float *x, int32_t n);
void small_column_sum(float *out, const float *x, int32_t stride, int32_t rows, int32_t columns);

#endif
