/*
 * Contraction in the order of docs/numerics.md, section 3: for each output an fma chain with k
 * ascending from +0 over a chunk of 256, the chunks added ascending from +0.
 *
 *   out[i * ldo + j] = sum over p of a[i * as_m + p * as_k] * b[p * bs_k + j * bs_n]
 *
 * for i < m, j < n, p < k; strides count floats. k = 0 gives +0. out overlaps neither operand.
 * Work is split across outputs by calling it for a part of the rows or of the columns.
 */
#ifndef INV_CORE_CONTRACT_H
#define INV_CORE_CONTRACT_H

#if defined(INV_SMALL)
#include "core/firmware.h"
#else
#include "core/level.h"
#include "core/windows.h"

#ifdef __cplusplus
extern "C" {
#endif

/* 0: nothing that is linked with it contracts windows or pages: there is no code for that. */
#if defined(INV_NO_WINDOWS)
#define INV_WINDOWS 0
#else
#define INV_WINDOWS 1
#endif

#define inv_contract INV_LEVEL_NAME(inv_contract)
#define inv_contract_finish INV_LEVEL_NAME(inv_contract_finish)
#define inv_contract_more INV_LEVEL_NAME(inv_contract_more)
#define inv_panels INV_LEVEL_NAME(inv_panels)
#define inv_contract_panels INV_LEVEL_NAME(inv_contract_panels)
#define inv_contract_windows INV_LEVEL_NAME(inv_contract_windows)
#define inv_contract_windows_finish INV_LEVEL_NAME(inv_contract_windows_finish)
#define inv_contract_pages INV_LEVEL_NAME(inv_contract_pages)

void inv_contract(float *out, long ldo, const float *a, long as_m, long as_k, const float *b,
                  long bs_k, long bs_n, long m, long n, long k);

/* What becomes of each output, in this order: bias[i * bias_ld + j] is added; then it is max(0,
 * output); then +0 where above[i * ld + j] <= 0. A pointer that is NULL stands for nothing of the
 * kind; bias_ld is 0 where the same row is added to all. */
struct inv_finish {
    const float *bias;
    int relu;
    const float *above;
    long ld, bias_ld;
};

/* The same, and outputs are finished while registers hold them, where chains are short. */
void inv_contract_finish(float *out, long ldo, const float *a, long as_m, long as_k, const float *b,
                         long bs_k, long bs_n, long m, long n, long k,
                         const struct inv_finish *finish);

/* Columns of b that lie side by side in panels, which each hold all of k: tiles read these as they
 * are. */
#define INV_PANEL 32

/* Writes n columns of b in such panels; `to` has room for whole ones. */
void inv_panels(float *to, const float *b, long bs_k, long bs_n, long n, long k);

/* The same of a b in panels, whose element of p and j is
 * b[j / width * panel + p * width + j % width]: width is INV_PANEL; k > 0.  finish: or NULL. */
void inv_contract_panels(float *out, long ldo, const float *a, long as_m, long as_k, const float *b,
                         long width, long panel, long m, long n, long k,
                         const struct inv_finish *finish);

/* One more chunk of the sums that are in out already: k is at most 256.  Each began as +0, so
 * none is -0. */
void inv_contract_more(float *out, long ldo, const float *a, long as_m, long as_k, const float *b,
                       long bs_k, long bs_n, long m, long n, long k);

/* The same of operands as core/windows.h has them, from those rows of each on. */
void inv_contract_windows(float *out, long ldo, const struct inv_operand *a, long a_first,
                          const struct inv_operand *b, long b_first, long m, long n, long k);

/* And outputs are finished, as above, while caches hold them. */
void inv_contract_windows_finish(float *out, long ldo, const struct inv_operand *a, long a_first,
                                 const struct inv_operand *b, long b_first, long m, long n, long k,
                                 const struct inv_finish *finish);

/* The same for each page, whose outputs stand after those of the page before in each row. */
void inv_contract_pages(float *out, long ldo, const struct inv_operand *a, long a_first,
                        const struct inv_operand *b, long b_first, long pages, long m, long n,
                        long k);

#ifdef __cplusplus
}
#endif

#endif
#endif
