/*
 * Random contractions at every level against the chain of docs/numerics.md, section 3: shapes,
 * strides, depths, a part of the rows as a thread has it. Operands end where their memory ends,
 * so that a sanitizer sees a read past them.
 */
#include "core/contract.h"
#include "core/arith.h"

#include <CUnit/Basic.h>
#include <stdio.h>
#include <stdlib.h>

typedef void contraction(float *, long, const float *, long, long, const float *, long, long, long,
                         long, long);
#if defined(__x86_64__)
contraction inv_contract_avx2, inv_contract_avx512;
#endif

static uint32_t state = 1;

/* 0 .. limit - 1 */
static long draw(long limit)
{
    state = state * 1664525u + 1013904223u;
    return (long)(((uint64_t)state * (uint64_t)limit) >> 32);
}

/* a[m, k] b[k, n]; the stride between rows of out is ldo */
struct problem {
    long m, n, k, ldo, as_m, as_k, bs_k, bs_n;
};

/* Strides of rows x columns: row-major, its transpose, or with gaps between all elements. */
static void lay_out(long rows, long columns, long *row, long *column)
{
    long gap = draw(3) ? 0 : draw(5), step = draw(8) ? 1 : 2;
    if (draw(2)) {
        *column = step;
        *row = step * columns + gap;
    } else {
        *row = step;
        *column = step * rows + gap;
    }
}

static float *fill(long rows, long columns, long row, long column)
{
    long count = rows > 0 && columns > 0 ? (rows - 1) * row + (columns - 1) * column + 1 : 0;
    float *data = malloc((size_t)(count + 1) * sizeof *data);
    for (long i = 0; i < count; i++)
        data[i + 1] = (float)(draw(4001) - 2000) * 0x1.234568p-9f;
    return data; /* the elements begin at 1, off any alignment */
}

static float chain(const struct problem *s, const float *a, const float *b, long i, long j)
{
    float out = 0;
    for (long begin = 0; begin < s->k; begin += 256) {
        float acc = 0;
        for (long p = begin; p < s->k && p < begin + 256; p++)
            acc = inv_fma(a[i * s->as_m + p * s->as_k], b[p * s->bs_k + j * s->bs_n], acc);
        out += acc;
    }
    return out;
}

static int element_differs(const struct problem *s, const float *a, const float *b,
                           const float *out, long i, long j)
{
    return inv_bits(out[i * s->ldo + j]) != inv_bits(chain(s, a, b, i, j));
}

/* Whether an output differs from its chain: all of them, or of a large problem some of each row
 * and column. */
static int differs(const struct problem *s, const float *a, const float *b, const float *out)
{
    if (s->m * s->n * s->k < 200000) {
        for (long i = 0; i < s->m; i++)
            for (long j = 0; j < s->n; j++)
                if (element_differs(s, a, b, out, i, j))
                    return 1;
        return 0;
    }
    for (long i = 0; i < s->m; i++)
        if (element_differs(s, a, b, out, i, draw(s->n)))
            return 1;
    for (long j = 0; j < s->n; j++)
        if (element_differs(s, a, b, out, draw(s->m), j))
            return 1;
    return 0;
}

static const float untouched = -77.0f;

static int gaps_are_untouched(const struct problem *s, const float *out)
{
    for (long i = 0; i < s->m; i++)
        for (long j = s->n; j < s->ldo; j++)
            if (out[i * s->ldo + j] != untouched)
                return 0;
    return 1;
}

/* The problem in two calls, split at a row. */
static void check_problem(contraction *contract, const struct problem *s)
{
    float *left = fill(s->m, s->k, s->as_m, s->as_k), *right = fill(s->k, s->n, s->bs_k, s->bs_n);
    float *out = malloc((size_t)(s->m * s->ldo + 1) * sizeof *out);
    const float *a = left + 1, *b = right + 1;
    long cut = draw(2) ? 0 : draw(s->m + 1);
    for (long i = 0; i < s->m * s->ldo; i++)
        out[i] = untouched;
    contract(out, s->ldo, a, s->as_m, s->as_k, b, s->bs_k, s->bs_n, cut, s->n, s->k);
    contract(out + cut * s->ldo, s->ldo, a + cut * s->as_m, s->as_m, s->as_k, b, s->bs_k, s->bs_n,
             s->m - cut, s->n, s->k);
    int good = !differs(s, a, b, out) && gaps_are_untouched(s, out);
    CU_ASSERT_TRUE(good);
    if (!good)
        printf("m %ld n %ld k %ld ldo %ld a %ld %ld b %ld %ld cut %ld\n", s->m, s->n, s->k, s->ldo,
               s->as_m, s->as_k, s->bs_k, s->bs_n, cut);
    free(left);
    free(right);
    free(out);
}

static void check_size(contraction *contract, long m, long n, long k)
{
    struct problem s = {.m = m, .n = n, .k = k, .ldo = n + (draw(2) ? 0 : draw(20))};
    lay_out(m, k, &s.as_m, &s.as_k);
    lay_out(k, n, &s.bs_k, &s.bs_n);
    check_problem(contract, &s);
}

static void check_level(contraction *contract)
{
    static const long depth[] = {0, 1, 3, 4, 5, 10, 64, 255, 256, 257, 600};
    static const long large[][3] = {
        {1, 600, 4100},  {600, 1, 4100},  {3, 300, 700}, {560, 140, 270},
        {130, 530, 300}, {64, 256, 1100}, {250, 7, 600}, {7, 250, 600}, {600, 530, 260},
        {30, 1030, 260}};
    for (int i = 0; i < 1500; i++)
        check_size(contract, 1 + draw(draw(4) ? 40 : 150), 1 + draw(draw(4) ? 70 : 300),
                   draw(4) ? draw(50) : depth[draw(11)]);
    for (int i = 0; i < 200; i++)
        check_size(contract, 1 + draw(100), 1, depth[draw(11)]);
    for (int i = 0; i < 200; i++)
        check_size(contract, 1 + draw(4), 1 + draw(200), depth[draw(11)]);
    for (int i = 0; i < 10; i++)
        for (int turn = 0; turn < 6; turn++)
            check_size(contract, large[i][0], large[i][1], large[i][2]);
}

static void test_portable(void)
{
    check_level(inv_contract);
}

#if defined(__x86_64__)
static void test_avx2(void)
{
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        check_level(inv_contract_avx2);
    else
        puts("skipped: this processor has no AVX2");
}

static void test_avx512(void)
{
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl"))
        check_level(inv_contract_avx512);
    else
        puts("skipped: this processor has no AVX-512");
}
#endif

int main(void)
{
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("contract", NULL, NULL);
    CU_ADD_TEST(suite, test_portable);
#if defined(__x86_64__)
    CU_ADD_TEST(suite, test_avx2);
    CU_ADD_TEST(suite, test_avx512);
#endif
    CU_basic_run_tests();
    unsigned failed = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failed > 0;
}
