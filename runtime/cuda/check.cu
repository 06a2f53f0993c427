/* Whether a device computes the bits of docs/numerics.md: the canary of core/arith.h, and each
 * function on many operands against the processor, which passed its own test before. */
#include "cuda/private.cuh"
#include "core/philox.h"
#include "ops/functions.h"
#include "ops/pow.h"
#include <stdlib.h>
#include <string.h>

enum { OPERANDS = 4096, THREADS = 128 };

#define NUMBER(name) NUMBER_##name,
#define NAME(name) #name,
#define CASE(name) case NUMBER_##name: return inv_##name(x);

enum { ADD, SUB, MUL, DIV, FMA, SQRT, MIN, POW, INV_FUNCTIONS(NUMBER) FUNCTIONS };

static const char *const function_name[FUNCTIONS] = {
    "addition", "subtraction", "multiplication", "division", "fma", "square root", "minimum",
    "pow", INV_FUNCTIONS(NAME)
};

/* Function f of operands x, y and z. */
INV_FN float apply(int f, float x, float y, float z)
{
    switch (f) {
    case ADD: return inv_add(x, y);
    case SUB: return inv_sub(x, y);
    case MUL: return inv_mul(x, y);
    case DIV: return inv_div(x, y);
    case FMA: return inv_fma(x, y, z);
    case SQRT: return inv_sqrt(x);
    case MIN: return inv_min(x, y);
    INV_FUNCTIONS(CASE)
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
