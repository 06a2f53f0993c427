/* Whether a device computes the bits of docs/numerics.md: the canary of core/arith.h, and each
 * function on many operands against the processor, which passed its own test before. */
#include "cuda/private.cuh"
#include "core/philox.h"
#include "ops/cos.h"
#include "ops/erf.h"
#include "ops/exp.h"
#include "ops/exp2.h"
#include "ops/expm1.h"
#include "ops/log.h"
#include "ops/log1p.h"
#include "ops/log2.h"
#include "ops/pow.h"
#include "ops/rsqrt.h"
#include "ops/sigmoid.h"
#include "ops/sin.h"
#include "ops/tanh.h"
#include <stdlib.h>
#include <string.h>

enum { OPERANDS = 4096, THREADS = 128, FUNCTIONS = 20 };

static const char *const function_name[FUNCTIONS] = {
    "addition", "subtraction", "multiplication", "division", "fma", "square root", "minimum",
    "exp", "exp2", "expm1", "log", "log2", "log1p", "tanh", "sigmoid", "erf", "sin", "cos",
    "rsqrt", "pow",
};

/* Function f of operands x, y and z. */
INV_FN float apply(int f, float x, float y, float z)
{
    switch (f) {
    case 0: return inv_add(x, y);
    case 1: return inv_sub(x, y);
    case 2: return inv_mul(x, y);
    case 3: return inv_div(x, y);
    case 4: return inv_fma(x, y, z);
    case 5: return inv_sqrt(x);
    case 6: return inv_min(x, y);
    case 7: return inv_exp(x);
    case 8: return inv_exp2(x);
    case 9: return inv_expm1(x);
    case 10: return inv_log(x);
    case 11: return inv_log2(x);
    case 12: return inv_log1p(x);
    case 13: return inv_tanh(x);
    case 14: return inv_sigmoid(x);
    case 15: return inv_erf(x);
    case 16: return inv_sin(x);
    case 17: return inv_cos(x);
    case 18: return inv_rsqrt(x);
    default: return inv_pow(x, y);
    }
}

/* Operand number n: half of them any bits, half near 1 in size, where most functions live. */
INV_FN float operand(int64_t n, int which)
{
    uint32_t counter[4] = { (uint32_t)n, (uint32_t)which, 0, 0 }, key[2] = { 1, 2 }, word[4];
    inv_philox(counter, key, word);
    if (n % 2 == 0)
        return inv_from_bits(word[0]);
    return inv_from_bits((word[0] & 0x807fffffu) | (118 + word[1] % 16) << 23);
}

INV_FN uint32_t answer(int64_t e)
{
    int64_t n = e % OPERANDS;
    return inv_bits(inv_canonical(apply((int)(e / OPERANDS), operand(n, 0), operand(n, 1),
                                        operand(n, 2))));
}

/* bits[FUNCTIONS][OPERANDS], and after them the canary. */
static __global__ void answers(uint32_t *bits)
{
    for (int64_t e = inv_thread(); e < FUNCTIONS * OPERANDS; e += inv_threads())
        bits[e] = answer(e);
    if (inv_thread() == 0)
        bits[FUNCTIONS * OPERANDS] = inv_canary();
}

static const char *compare(const uint32_t *bits)
{
    if (bits[FUNCTIONS * OPERANDS] != 0)
        return "the GPU's code was not compiled with -fmad=false -ftz=false -prec-div=true "
               "-prec-sqrt=true";
    for (int64_t e = 0; e < FUNCTIONS * OPERANDS; e++) {
        if (bits[e] == answer(e))
            continue;
        return inv_text("the GPU gives %s of operand %lld as 0x%08x, the processor as 0x%08x",
                        function_name[e / OPERANDS], (long long)(e % OPERANDS), bits[e],
                        answer(e));
    }
    return NULL;
}

const char *inv_cuda_selftest(void)
{
    const size_t bytes = (FUNCTIONS * OPERANDS + 1) * sizeof(uint32_t);
    uint32_t *bits = (uint32_t *)inv_allocate(bytes), *device = NULL;
    cudaStream_t stream;
    CHECK(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));
    CHECK(cudaMalloc(&device, bytes));
    INV_LAUNCH_ON(stream, answers, 160, THREADS, 0, device);
    CHECK(cudaMemcpyAsync(bits, device, bytes, cudaMemcpyDeviceToHost, stream));
    CHECK(cudaStreamSynchronize(stream));
    CHECK(cudaFree(device));
    CHECK(cudaStreamDestroy(stream));
    const char *why = compare(bits);
    free(bits);
    return why;
}
