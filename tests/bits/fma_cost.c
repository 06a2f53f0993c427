/*
 * What one fma costs, in nanoseconds: the instruction and the software form, each as a chain
 * (every call waits for the one before), as 8 independent chains, and in a loop over an array.
 * Compile with the runtime's flags; without -mfma or the like both columns are software.
 */
#include "core/arith.h"
#include <stdio.h>
#include <time.h>

enum { CALLS = 1 << 20, CHAINS = 8, ARRAY = 4096, ROUNDS = 7 };

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static volatile float sink;

#define KERNELS(name, fma)                                                        \
    static void name##_chain(float x)                                             \
    {                                                                             \
        float acc = x;                                                            \
        for (int i = 0; i < CALLS; i++)                                           \
            acc = fma(acc, x, 0.3f);                                              \
        sink = acc;                                                               \
    }                                                                             \
    static void name##_chains(float x)                                            \
    {                                                                             \
        float acc[CHAINS];                                                        \
        for (int c = 0; c < CHAINS; c++)                                          \
            acc[c] = x + (float)c;                                                \
        for (int i = 0; i < CALLS / CHAINS; i++)                                  \
            for (int c = 0; c < CHAINS; c++)                                      \
                acc[c] = fma(acc[c], x, 0.3f);                                    \
        for (int c = 0; c < CHAINS; c++)                                          \
            sink = acc[c];                                                        \
    }                                                                             \
    static void name##_array(float x)                                             \
    {                                                                             \
        static float a[ARRAY], b[ARRAY];                                          \
        for (int i = 0; i < ARRAY; i++)                                           \
            a[i] = b[i] = x + (float)i / ARRAY;                                   \
        for (int r = 0; r < CALLS / ARRAY; r++)                                   \
            for (int i = 0; i < ARRAY; i++)                                       \
                b[i] = fma(a[i], x, b[i]);                                        \
        sink = b[ARRAY / 2];                                                      \
    }

KERNELS(used, inv_fma)
KERNELS(soft, inv_fma_soft)

/* Nanoseconds a call, the best of ROUNDS. */
static double cost(void (*kernel)(float))
{
    volatile float x = 0.7f;
    double best = 1e30;
    for (int r = 0; r < ROUNDS; r++) {
        double start = now();
        kernel(x);
        double spent = (now() - start) / CALLS;
        best = spent < best ? spent : best;
    }
    return best;
}

int main(void)
{
    printf("%-20s %10s %10s\n", "ns a call", INV_HAS_FMA ? "hardware" : "inv_fma", "software");
    printf("%-20s %10.2f %10.2f\n", "one chain", cost(used_chain), cost(soft_chain));
    printf("%-20s %10.2f %10.2f\n", "8 chains", cost(used_chains), cost(soft_chains));
    printf("%-20s %10.2f %10.2f\n", "array", cost(used_array), cost(soft_array));
    return 0;
}
