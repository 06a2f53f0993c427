/* The basic operations against MPFR, bit for bit, and their special values. */
#include "core/arith.h"
#include <CUnit/Basic.h>
#include <mpfr.h>

static uint64_t random_state = 0x9e3779b97f4a7c15u;

/* xorshift64* (Vigna 2016) */
static uint32_t draw(void)
{
    random_state ^= random_state >> 12;
    random_state ^= random_state << 25;
    random_state ^= random_state >> 27;
    return (uint32_t)((random_state * 0x2545f4914f6cdd1du) >> 32);
}

static float draw_float(void)
{
    return inv_from_bits(draw());
}

static int same(float a, float b)
{
    return inv_bits(a) == inv_bits(b) || (inv_is_nan(a) && inv_is_nan(b));
}

enum operation { FMA, DIV, SQRT };

/* The correctly rounded result in binary32, subnormals included. */
static float exact(enum operation operation, float a, float b, float c)
{
    static mpfr_t x, y, z;
    static int ready;
    if (!ready) {
        mpfr_inits2(24, x, y, z, (mpfr_ptr)0);
        mpfr_set_emin(-148);
        mpfr_set_emax(128);
        ready = 1;
    }
    mpfr_set_flt(x, a, MPFR_RNDN);
    mpfr_set_flt(y, b, MPFR_RNDN);
    mpfr_set_flt(z, c, MPFR_RNDN);
    int way = operation == FMA   ? mpfr_fma(z, x, y, z, MPFR_RNDN)
              : operation == DIV ? mpfr_div(z, x, y, MPFR_RNDN)
                                 : mpfr_sqrt(z, x, MPFR_RNDN);
    mpfr_subnormalize(z, way, MPFR_RNDN);
    return mpfr_get_flt(z, MPFR_RNDN);
}

static void check_fma(float a, float b, float c)
{
    float want = exact(FMA, a, b, c);
    if (!same(inv_fma_soft(a, b, c), want) || !same(inv_fma(a, b, c), want))
        CU_FAIL("fma is not exact");
}

/* Any bits; sums that nearly cancel; subnormal results; ties broken far below. */
static void test_fma(void)
{
    for (int i = 0; i < 100000; i++) {
        float a = draw_float(), b = draw_float();
        check_fma(a, b, draw_float());
        check_fma(a, b, inv_from_bits(inv_bits(-(a * b)) + draw() % 5 - 2));
        float p = inv_from_bits(0x1f000000u + draw() % 0x2000000u);
        float q = inv_from_bits(0x1f000000u + draw() % 0x2000000u);
        check_fma(p, q, inv_from_bits((draw() & 0x80000000u) | draw() % 0x1000000u));
        float m = (float)(draw() % 4096u), n = (float)(draw() % 8192u);
        float far = inv_from_bits((inv_bits(m * n) & 0x7f800000u) + (draw() % 48u << 23));
        far = inv_mul(far, 0x1p-84f);
        check_fma(m, n, (draw() & 1u) != 0 ? -far : far);
    }
}

static void test_fma_special(void)
{
    static const uint32_t value[] = {0x00000000, 0x80000000, 0x00000001, 0x80000001, 0x007fffff,
                                     0x00800000, 0x3f800000, 0xbf800000, 0x7f7fffff, 0xff7fffff,
                                     0x7f800000, 0xff800000, 0x7fc00000, 0x34000000, 0x00400000};
    const int count = sizeof value / sizeof *value;
    for (int i = 0; i < count; i++)
        for (int j = 0; j < count; j++)
            for (int k = 0; k < count; k++)
                check_fma(inv_from_bits(value[i]), inv_from_bits(value[j]),
                          inv_from_bits(value[k]));
}

/* digits * 2^e, whatever the exponent: subnormal or infinite where that must be. */
static float scaled(uint32_t digits, int e, uint32_t sign)
{
    float x = (float)digits;
    for (; e > 0 && inv_is_finite(x); e--)
        x = inv_mul(x, 2.0f);
    for (; e < 0 && x != 0.0f; e++)
        x = inv_mul(x, 0.5f);
    return (sign & 1u) != 0 ? -x : x;
}

/* Significands whose products and sums end at, just above and just below half a unit. */
static const uint32_t digits_of[] = {0x800000, 0x800001, 0xffffff, 0xfffffe, 0xc00000, 0xaaaaab,
                                     0x800800, 0x801000, 0xfff001, 0xb504f3, 0xb504f4, 1,
                                     3,        0x1001,   0xfff};
enum { SIGNIFICANDS = sizeof digits_of / sizeof *digits_of };

/*
 * Every distance between the product and the addend, from one far below the other to far above:
 * exact ties, ties broken from far below, cancellation to any depth; twice, so that the result
 * is normal, and subnormal or about to be.
 */
static void test_fma_alignments(void)
{
    static const int product_exponent[] = {-30, -190};
    for (int place = 0; place < 2; place++)
        for (int e = -80; e <= 80; e++)
            for (int i = 0; i < SIGNIFICANDS; i++)
                for (int j = 0; j < 4; j++) {
                    uint32_t w = draw();
                    float a = scaled(digits_of[i], product_exponent[place] / 2, w);
                    float b = scaled(digits_of[w >> 8 & 7], product_exponent[place] / 2, w >> 1);
                    float c = scaled(digits_of[(w >> 16) % SIGNIFICANDS],
                                     product_exponent[place] + 24 + e, w >> 2);
                    check_fma(a, b, c);
                }
}

/* a * b is an odd number of halves of c's last bit, exactly; or but for a product's last bits. */
static void test_fma_ties(void)
{
    for (int e = -149; e <= 100; e++)
        for (int i = 0; i < 40; i++) {
            uint32_t w = draw(), odd = (draw() & 0xfffu) | 1u;
            float c = scaled((w & 0x7fffffu) | 0x800000u, e, w >> 24);
            float a = scaled(odd, e / 2 - 1, w >> 25), b = scaled(1, e - e / 2, w >> 26);
            float near = scaled(0x800001, e - e / 2 - 23, w >> 26);
            check_fma(a, b, c);
            check_fma(a, near, c);
            check_fma(inv_from_bits(inv_bits(a) + 1), near, c);
        }
}

/* Sums next to the largest number and half a unit beyond, where infinity begins. */
static void test_fma_overflow(void)
{
    for (int i = 0; i < 20000; i++) {
        uint32_t w = draw();
        float a = inv_from_bits(0x7f7fffffu - (w & 7u));
        float b = inv_from_bits(0x3f7ffffcu + (w >> 3 & 7u));
        float c = scaled(0x800000u + (w >> 6 & 3u), 78 + (int)(w >> 8 & 7u), w >> 12);
        check_fma(a, b, c);
        check_fma(-a, b, c);
        check_fma(a, b, -a);
        check_fma(inv_from_bits(0x5f800000u + (w & 3u)), inv_from_bits(0x5f000000u + (w >> 4 & 3u)),
                  c);
    }
}

#if INV_HAS_FMA
/* The instruction is another judge, fast enough for many more. */
static void test_fma_instruction(void)
{
    int wrong = 0;
    for (int i = 0; i < 20000000; i++) {
        float a = draw_float(), b = draw_float(), c = draw_float();
        uint32_t below = (inv_bits(a * b) & 0xff800000u) + (draw() % 61u << 23) - (30u << 23);
        float d = inv_from_bits(below | (draw() & 0x80400003u));
        float e = inv_from_bits(inv_bits(-(a * b)) + draw() % 5 - 2);
        wrong += !same(inv_fma_soft(a, b, c), inv_fma(a, b, c));
        wrong += !same(inv_fma_soft(a, b, d), inv_fma(a, b, d));
        wrong += !same(inv_fma_soft(a, b, e), inv_fma(a, b, e));
    }
    CU_ASSERT_EQUAL(wrong, 0);
}
#endif

static void test_division_and_root(void)
{
    for (int i = 0; i < 200000; i++) {
        float a = draw_float(), b = draw_float();
        if (i % 2 != 0)
            a = inv_from_bits(draw() % 0x1000000u);
        if (!same(inv_div(a, b), exact(DIV, a, b, 0)))
            CU_FAIL("division is not correctly rounded");
        float root = exact(SQRT, a, 0, 0);
        if (!same(inv_sqrt(a), root) || !same(inv_sqrt_soft(a), root))
            CU_FAIL("a square root is not correctly rounded");
    }
    CU_ASSERT_EQUAL(inv_bits(inv_sqrt_soft(-0.0f)), 0x80000000);
    CU_ASSERT_EQUAL(inv_sqrt_soft(INV_INFINITY), INV_INFINITY);
    CU_ASSERT_TRUE(inv_is_nan(inv_sqrt_soft(-1.0f)) && inv_is_nan(inv_sqrt_soft(INV_NAN)));
}

/* Roots next to powers of two, and of subnormals: where a digit recurrence goes wrong first. */
static void test_root_edges(void)
{
    for (uint32_t e = 0; e < 255; e++)
        for (uint32_t i = 0; i < 16; i++) {
            float x = inv_from_bits((e << 23) + i - 8);
            if (!inv_is_finite(x) || x < 0)
                continue;
            if (!same(inv_sqrt_soft(x), exact(SQRT, x, 0, 0)))
                CU_FAIL("a square root at the edge of a binade is wrong");
        }
}

static void test_minimum_maximum(void)
{
    const float inf = INV_INFINITY, nan = INV_NAN;
    CU_ASSERT_EQUAL(inv_bits(inv_min(0.0f, -0.0f)), 0x80000000);
    CU_ASSERT_EQUAL(inv_bits(inv_min(-0.0f, 0.0f)), 0x80000000);
    CU_ASSERT_EQUAL(inv_bits(inv_max(0.0f, -0.0f)), 0);
    CU_ASSERT_EQUAL(inv_bits(inv_max(-0.0f, 0.0f)), 0);
    CU_ASSERT_EQUAL(inv_bits(inv_max(-0.0f, -0.0f)), 0x80000000);
    CU_ASSERT_EQUAL(inv_bits(inv_min(0.0f, 0.0f)), 0);
    CU_ASSERT_TRUE(inv_is_nan(inv_min(nan, -inf)) && inv_is_nan(inv_min(1.0f, nan)));
    CU_ASSERT_TRUE(inv_is_nan(inv_max(nan, inf)) && inv_is_nan(inv_max(inf, nan)));
    CU_ASSERT_EQUAL(inv_max(-inf, inf), inf);
    CU_ASSERT_EQUAL(inv_min(inf, inf), inf);
    for (int i = 0; i < 100000; i++) {
        float a = draw_float(), b = draw_float();
        CU_ASSERT_TRUE_FATAL(same(inv_max(a, b), inv_max(b, a)));
        CU_ASSERT_TRUE_FATAL(same(inv_min(a, b), inv_min(b, a)));
        if (a < b)
            CU_ASSERT_TRUE_FATAL(inv_min(a, b) == a && inv_max(a, b) == b);
    }
}

static float exact_floor(float x)
{
    static mpfr_t y;
    static int ready;
    if (!ready)
        mpfr_init2(y, 24);
    ready = 1;
    mpfr_set_flt(y, x, MPFR_RNDN);
    mpfr_floor(y, y);
    return mpfr_get_flt(y, MPFR_RNDN);
}

static void test_floor(void)
{
    for (uint32_t e = 0; e < 256; e++)
        for (int i = 0; i < 400; i++) {
            uint32_t mantissa = i < 2 ? (uint32_t)i * 0x7fffffu : draw() & 0x7fffffu;
            float x = inv_from_bits((draw() & 0x80000000u) | e << 23 | mantissa);
            if (!same(inv_floor(x), exact_floor(x)))
                CU_FAIL("floor is wrong");
        }
    for (float x = -20.0f; x <= 20.0f; x += 0.25f)
        CU_ASSERT_TRUE(same(inv_floor(x), exact_floor(x)));
}

static void test_bits(void)
{
    CU_ASSERT_EQUAL(inv_bits(inv_neg(0.0f)), 0x80000000);
    CU_ASSERT_EQUAL(inv_bits(inv_abs(-0.0f)), 0);
    CU_ASSERT_EQUAL(inv_copysign(3.0f, -0.0f), -3.0f);
    CU_ASSERT_EQUAL(inv_bits(inv_canonical(inv_from_bits(0xffa01234))), 0x7fc00000);
    CU_ASSERT_EQUAL(inv_bits(inv_canonical(-0.0f)), 0x80000000);
    CU_ASSERT_EQUAL(inv_sign(-3.5f), -1.0f);
    CU_ASSERT_EQUAL(inv_sign(INV_INFINITY), 1.0f);
    CU_ASSERT_EQUAL(inv_bits(inv_sign(-0.0f)), 0x80000000);
    CU_ASSERT_TRUE(inv_is_nan(inv_sign(INV_NAN)));
    CU_ASSERT_FALSE(inv_is_finite(INV_INFINITY) || inv_is_finite(INV_NAN));
    CU_ASSERT_TRUE(inv_is_finite(FLT_MAX) && inv_is_finite(-0.0f));
    CU_ASSERT_EQUAL(inv_select(1, 2.0f, 3.0f), 2.0f);
    CU_ASSERT_EQUAL(inv_select(0, 2.0f, 3.0f), 3.0f);
}

/* One rounding, even where the result is subnormal or the scale passes through infinity. */
static void test_scale(void)
{
    for (int e = -252; e <= 252; e++)
        for (int i = 0; i < 20; i++) {
            float x = inv_from_bits(0x3f000000u + draw() % 0x1000000u);
            mpfr_t y;
            mpfr_init2(y, 24);
            mpfr_set_flt(y, x, MPFR_RNDN);
            int way = mpfr_mul_2si(y, y, e, MPFR_RNDN);
            mpfr_subnormalize(y, way, MPFR_RNDN);
            if (!same(inv_scale(x, (uint32_t)e), mpfr_get_flt(y, MPFR_RNDN)))
                CU_FAIL("scaling by a power of two is wrong");
            mpfr_clear(y);
        }
}

int main(void)
{
    CU_pSuite suite;
    unsigned failed;

    CU_initialize_registry();
    suite = CU_add_suite("arith", NULL, NULL);
    CU_ADD_TEST(suite, test_fma);
    CU_ADD_TEST(suite, test_fma_special);
    CU_ADD_TEST(suite, test_fma_alignments);
    CU_ADD_TEST(suite, test_fma_ties);
    CU_ADD_TEST(suite, test_fma_overflow);
#if INV_HAS_FMA
    CU_ADD_TEST(suite, test_fma_instruction);
#endif
    CU_ADD_TEST(suite, test_division_and_root);
    CU_ADD_TEST(suite, test_root_edges);
    CU_ADD_TEST(suite, test_minimum_maximum);
    CU_ADD_TEST(suite, test_floor);
    CU_ADD_TEST(suite, test_bits);
    CU_ADD_TEST(suite, test_scale);
    CU_basic_run_tests();
    failed = CU_get_number_of_failures();
    CU_cleanup_registry();
    mpfr_free_cache();
    return failed > 0;
}
