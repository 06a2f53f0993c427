/*
 * ceilings [SECONDS]: what one core of this machine can do at most, each the best of some runs
 * within SECONDS (0.5): flop/s of independent fma chains in registers, at the widest vectors the
 * CPU has, and bytes/s of y = a x + y over arrays larger than any cache; and flop/s over all of
 * SECONDS, for a processor that gets warm slows down, which a run of some 40 microseconds does not
 * show.
 * Build with -O2 -march=native -ffp-contract=fast.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#if defined(__AVX512F__)
enum { LANES = 16 };
#elif defined(__AVX__)
enum { LANES = 8 };
#else
enum { LANES = 4 };
#endif

enum { CHAINS = 12, ROUNDS = 20000, ELEMENTS = 32 << 20 };

typedef float vector __attribute__((vector_size(LANES * sizeof(float))));

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Chains enough to hide the latency of an fma on two ports; few enough for the registers. */
static double flops_per_second(float *sink, float factor)
{
    vector chain[CHAINS], scale = factor - (vector){0};
    for (int i = 0; i < CHAINS; i++)
        chain[i] = (float)i - (vector){0};
    double start = seconds();
    for (int round = 0; round < ROUNDS; round++)
#pragma GCC unroll 12
        for (int i = 0; i < CHAINS; i++)
            chain[i] = chain[i] * scale + scale;
    double spent = seconds() - start;
    for (int i = 0; i < CHAINS; i++)
        *sink += chain[i][0];
    return 2.0 * LANES * CHAINS * ROUNDS / spent;
}

/* Two arrays are read, one is written. */
static double bytes_per_second(float *restrict y, const float *restrict x, float factor)
{
    double start = seconds();
    for (long i = 0; i < ELEMENTS; i++)
        y[i] = x[i] * factor + y[i];
    return 3.0 * sizeof *y * ELEMENTS / (seconds() - start);
}

int main(int argc, char **argv)
{
    double limit = argc > 1 ? strtod(argv[1], NULL) : 0.5, flops = 0, bytes = 0, runs = 0;
    float sink = 0, factor = argc > 2 ? 1.5f : 0.5f;
    float *x = calloc(ELEMENTS, sizeof *x), *y = calloc(ELEMENTS, sizeof *y);
    if (!x || !y)
        return fprintf(stderr, "ceilings: not enough memory (256 MiB)\n"), 1;
    double start = seconds();
    for (; seconds() < start + limit; runs++) {
        double value = flops_per_second(&sink, factor);
        flops = value > flops ? value : flops;
    }
    double lasting = runs * 2.0 * LANES * CHAINS * ROUNDS / (seconds() - start);
    for (double end = seconds() + limit; seconds() < end;) {
        x[0] += 1;
        double value = bytes_per_second(y, x, factor);
        bytes = value > bytes ? value : bytes;
    }
    printf("%.3e %.3e %.3e\n", flops, bytes, lasting);
    return sink + y[0] == 12345.0f;
}
