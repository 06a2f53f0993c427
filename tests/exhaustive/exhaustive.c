/*
 * One elementary function over every binary32 input: at most 1 ulp.
 *
 * The reference is the C library's function in binary64, trusted to BOUND units in the last place
 * of binary32.  glibc's manual ("Known Maximum Errors in Math Functions") states 2 ulp of binary64
 * at most for those used here; 4 would be 2^-26 ulp of binary32.  That leaves a factor of 64, and
 * one input in SAMPLE holds the reference itself against MPFR.
 * An input whose error by the reference, plus BOUND, exceeds the worst so far (at least 1/2 ulp) is
 * evaluated by MPFR, so that the worst error printed is exact to 2^-40 and none is greater.
 */
#include "ops/functions.h"
#include "ops/pow.h"
#include "../unit/exact.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BOUND 0x1p-20
enum { SAMPLE = 65536, BLOCK = 4096, PARTS = 8 };
#define INPUTS (UINT64_C(1) << 32)
#define PAIRS UINT64_C(1000000000)

/* Inputs, results and references; second is the exponent of pow. */
static float first[BLOCK], second[BLOCK], result[BLOCK];
static double reference[BLOCK];

/* Each name_block(n) evaluates the first n inputs; its first loop vectorises. */
#define UNARY(name)                             \
    static void name##_block(int n)             \
    {                                           \
        for (int i = 0; i < n; i++)             \
            result[i] = inv_##name(first[i]);   \
        for (int i = 0; i < n; i++)             \
            reference[i] = name(first[i]);      \
    }

INV_FUNCTIONS(UNARY)

static void pow_block(int n)
{
    for (int i = 0; i < n; i++)
        result[i] = inv_pow(first[i], second[i]);
    for (int i = 0; i < n; i++)
        reference[i] = pow(first[i], second[i]);
}

/* exact is NULL for pow. */
struct task {
    const char *name;
    void (*block)(int n);
    exact_function *exact;
};

#define TASK(name) {#name, name##_block, mpfr_##name},

static const struct task unary[] = {
    INV_FUNCTIONS(TASK)
};
enum { UNARIES = sizeof unary / sizeof *unary };

static const float exponents[] = {
    -1000.7f, -65.0f, -7.0f,  -2.5f, -1.0f, -0.5f,  0.001f,  0.1f,     0.33333334f, 0.45f,
    0.5f,     0.75f,  0.999f, 1.5f,  2.0f,  2.2f,   3.0f,    10.0f,    100.3f,      30011.5f,
};
enum { EXPONENTS = sizeof exponents / sizeof *exponents };

static struct task task;
static double worst;
static float worst_first, worst_second;
static double reference_worst;
static time_t start;

static void exact_value(mpfr_t y, float x, float exponent)
{
    mpfr_t a, b;
    mpfr_inits2(70, a, b, (mpfr_ptr)0);
    mpfr_set_flt(a, x, MPFR_RNDN);
    mpfr_set_flt(b, exponent, MPFR_RNDN);
    if (task.exact)
        task.exact(y, a, MPFR_RNDN);
    else
        mpfr_pow(y, a, b, MPFR_RNDN);
    mpfr_clears(a, b, (mpfr_ptr)0);
}

/* How far the reference is off, in ulp of binary32; beyond its range only the sign counts. */
static double reference_error(double e, const mpfr_t exact)
{
    double d = mpfr_get_d(exact, MPFR_RNDN);
    if (isnan(e) || isnan(d))
        return isnan(e) && isnan(d) ? 0.0 : HUGE_VAL;
    if (fabs(e) >= 0x1p128 && fabs(d) >= 0x1p128)
        return signbit(e) == signbit(d) ? 0.0 : HUGE_VAL;
    return exact_ulps(e, exact);
}

static void check_exactly(int i)
{
    mpfr_t exact;
    mpfr_init2(exact, 70);
    exact_value(exact, first[i], second[i]);
    double error = exact_error(result[i], exact);
    if (error > worst) {
        worst = error;
        worst_first = first[i];
        worst_second = second[i];
    }
    error = reference_error(reference[i], exact);
    if (error > reference_worst)
        reference_worst = error;
    mpfr_clear(exact);
}

/*
 * The error of y by the reference e, not less than its true error less BOUND: next above a power of
 * two the unit is that of the binade below. Infinite or NaN where subtraction cannot tell.
 */
static double estimate(float y, double e)
{
    int64_t u;
    memcpy(&u, &e, sizeof u);
    int64_t exponent = ((u & INT64_MAX) - 4096) >> 52;
    exponent = exponent < 1023 - 126 ? 1023 - 126 : exponent;
    exponent = exponent > 1023 + 127 ? 1023 + 127 : exponent;
    int64_t unit = (1023 + 23 + 1023 - exponent) << 52;
    double scale;
    memcpy(&scale, &unit, sizeof scale);
    return fabs((double)y - e) * scale;
}

static void check_block(int n)
{
    for (int i = 0; i < n; i++) {
        float y = result[i];
        double e = reference[i], limit = (worst > 0.5 ? worst : 0.5) - BOUND;
        if (estimate(y, e) <= limit && !signbit(y) == !signbit(e))
            continue;
        if (isnan(y) && isnan(e))
            continue;
        if (isinf(y) && (float)e == y && fabs(e) >= 0x1p128)
            continue;
        check_exactly(i);
    }
}

/* xorshift64* (Vigna 2016) */
static uint32_t draw(void)
{
    static uint64_t state = 20261122;
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return (uint32_t)((state * UINT64_C(0x2545f4914f6cdd1d)) >> 32);
}

/* In turn: any positive base, its power in range; a base near 1; one very near; any pair. */
static void draw_pair(int i)
{
    float share = inv_mul((float)(int32_t)draw(), 0x1.3p-24f);
    switch (i & 3) {
    case 0:
        first[i] = inv_from_bits(draw() % 0x7f800000u);
        second[i] = (float)(share / log2(first[i]));
        break;
    case 1:
        first[i] = inv_from_bits(0x3f700000u + draw() % 0x200000u);
        second[i] = share;
        break;
    case 2:
        first[i] = inv_from_bits(0x3f7fff00u + draw() % 0x200u);
        second[i] = inv_mul(share, (float)(draw() % 65536u));
        break;
    default:
        first[i] = inv_from_bits(draw());
        second[i] = inv_from_bits(draw());
    }
}

static void tell_progress(const char *name, uint64_t done, uint64_t count)
{
    fprintf(stderr, "%s: %d %% after %ld s, so far %.4f ulp\n", name,
            (int)(done * 100 / count), (long)(time(NULL) - start), worst);
}

/* Fills block after block: all inputs, every stride-th, with their exponent; or pairs. */
static void check_all(const char *name, uint64_t stride, float exponent, int pairs)
{
    uint64_t count = ((pairs ? PAIRS : INPUTS) + stride - 1) / stride, told = 0;
    for (uint64_t done = 0; done < count;) {
        int n = count - done < BLOCK ? (int)(count - done) : BLOCK;
        for (int i = 0; i < n; i++) {
            first[i] = inv_from_bits((uint32_t)((done + (uint64_t)i) * stride));
            second[i] = exponent;
            if (pairs)
                draw_pair(i);
        }
        task.block(n);
        check_block(n);
        if (done % SAMPLE == 0)
            check_exactly((int)(done / SAMPLE % (uint64_t)n));
        done += (uint64_t)n;
        if (done * PARTS / count > told) {
            told = done * PARTS / count;
            tell_progress(name, done, count);
        }
    }
}

/* The name of task number i, NULL behind the last; sets what check_all wants. */
static const char *find_task(int i, float *exponent, int *pairs)
{
    static char name[40];
    *pairs = i == UNARIES + EXPONENTS;
    *exponent = 0.0f;
    task = (struct task){"pow", pow_block, NULL};
    if (i < UNARIES) {
        task = unary[i];
        return task.name;
    }
    if (i < UNARIES + EXPONENTS) {
        *exponent = exponents[i - UNARIES];
        snprintf(name, sizeof name, "pow(x,%g)", (double)*exponent);
        return name;
    }
    return *pairs ? "pow(x,y)" : NULL;
}

/* name, ulp, x, y, ok or FAILED with a reason; whether it is ok */
static int report(const char *name)
{
    int ok = worst <= 1.0 && reference_worst <= BOUND;
    printf("%-17s %8.5f  %-17a", name, worst, (double)worst_first);
    if (task.exact)
        printf(" %-17s", "");
    else
        printf(" %-17a", (double)worst_second);
    if (!(worst <= 1.0))
        printf(" FAILED: over 1 ulp\n");
    else if (!ok)
        printf(" FAILED: the reference itself is off by %.3g ulp\n", reference_worst);
    else
        printf(" ok\n");
    return ok;
}

static int usage(void)
{
    fprintf(stderr, "usage: exhaustive --list | exhaustive NAME STRIDE (a whole number above 0)\n");
    return 2;
}

int main(int argc, char **argv)
{
    int list = argc == 2 && strcmp(argv[1], "--list") == 0;
    uint64_t stride = argc == 3 ? strtoull(argv[2], NULL, 10) : 0;
    float exponent;
    int pairs;
    if (!list && (stride == 0 || stride >= INPUTS))
        return usage();
    start = time(NULL);
    const char *name;
    for (int i = 0; (name = find_task(i, &exponent, &pairs)) != NULL; i++) {
        if (list) {
            puts(name);
        } else if (strcmp(name, argv[1]) == 0) {
            check_all(name, stride, exponent, pairs);
            return !report(name);
        }
    }
    return list ? 0 : usage();
}
