/* The back end of struct inv_device_type on a CUDA device, and what a generated NAME.cu takes from
 * it.  Host code in C sees no more of CUDA than this. */
#ifndef INV_CUDA_DEVICE_H
#define INV_CUDA_DEVICE_H
#include "invar.h"

#ifdef __cplusplus
extern "C" {
#endif

/* inv_model.device_type of a model for CUDA. */
extern const struct inv_device_type inv_cuda;

/* Where `status`, a cudaError_t, is not cudaSuccess: prints the call, the reason and what helps,
 * and ends the program with INV_UNTRUSTED. */
void inv_cuda_check(int status, const char *call);

/* For launchers of phases, after each group with a traced node: where run->trace is set, and no
 * loss has stopped the step, waits for the group, brings its value into the mirror, calls
 * run->trace and takes back what that has changed. */
void inv_cuda_trace(const struct inv_run *run, int node, int64_t offset, int64_t count);

/* inv_model.library of a model whose contractions cuBLASLt computes. */
extern const struct inv_library_mode inv_cublaslt_mode;

/* An operand: float number page * .page + i * .own + p * .k from byte `offset` of the arena, for
 * row i of a, or column i of b, and element p of the sum. */
struct inv_side {
    int64_t offset, page, own, k;
};

/* product[page][i][j] = sum over p of a[page][i][p] * b[page][p][j], i < m, j < n, p < k */
struct inv_contraction {
    int64_t pages, m, n, k;
    struct inv_side a, b;
};

/* In library mode, for launchers: puts the product into run->workspace, as [page][i][j], by the
 * library's pinned kernel, or by an exact one where the library has none that may be taken. */
void inv_cuda_contract(const struct inv_run *run, struct inv_contraction contraction);

#ifdef __cplusplus
}
#endif

#endif
