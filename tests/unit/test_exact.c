/* Exact sums against MPFR with as many bits as they need: docs/numerics.md, section 3, rule 10. */
#include "core/exact.h"
#include <CUnit/Basic.h>
#include <mpfr.h>

enum { PRECISION = 1200 };

static uint32_t state = 1;

static uint32_t draw(void)
{
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return state;
}

/* The nearest float; a zero is +0. */
static float nearest(mpfr_t value)
{
    float result = mpfr_get_flt(value, MPFR_RNDN);
    return result == 0.0f ? 0.0f : result;
}

/* Numbers of any size, or of sizes near one another, each some times; the mean over `by`. */
static int differs(int count, uint32_t lowest, uint32_t sizes, int64_t by)
{
    int64_t word[INV_EXACT_WORDS] = {0};
    mpfr_t sum, term;
    mpfr_inits2(PRECISION, sum, term, (mpfr_ptr)NULL);
    mpfr_set_zero(sum, 1);
    for (int i = 0; i < count; i++) {
        float x = inv_from_bits((draw() & 0x807fffffu) | (lowest + draw() % sizes) << 23);
        uint32_t times = draw() % 4 ? 1 : draw() >> draw() % 32;
        inv_exact_add(word, x, times);
        mpfr_set_flt(term, x, MPFR_RNDN);
        mpfr_mul_ui(term, term, times, MPFR_RNDN);
        mpfr_add(sum, sum, term, MPFR_RNDN);
    }
    mpfr_div_si(sum, sum, by, MPFR_RNDN);
    float wanted = nearest(sum), got = inv_exact_mean(word, 1, by);
    mpfr_clears(sum, term, (mpfr_ptr)NULL);
    return inv_bits(wanted) != inv_bits(got);
}

static void mean_is_rounded_once(void)
{
    int wrong = 0;
    for (int i = 0; i < 20000; i++) {
        uint32_t lowest = draw() % 250, sizes = draw() % 2 ? 255 - lowest : 1 + draw() % 4;
        wrong += differs(1 + (int)(draw() % 20), lowest, sizes < 255 - lowest ? sizes : 1,
                         draw() % 3 ? 1 + (int64_t)(draw() % 1000) : 1 + (int64_t)draw());
    }
    CU_ASSERT_EQUAL(wrong, 0);
}

static void what_is_not_finite_stays_so(void)
{
    const float up = INV_INFINITY, nan = INV_NAN;
    int64_t word[INV_EXACT_WORDS] = {0};
    inv_exact_add(word, inv_neg(up), 3);
    inv_exact_add(word, 5.0f, 1);
    CU_ASSERT_EQUAL(inv_exact_mean(word, 1, 7), inv_neg(up));
    inv_exact_add(word, up, 1);
    CU_ASSERT(inv_is_nan(inv_exact_mean(word, 1, 7)));
    int64_t other[INV_EXACT_WORDS] = {0};
    inv_exact_add(other, nan, 1);
    CU_ASSERT(inv_is_nan(inv_exact_mean(other, 1, 1)));
    int64_t large[INV_EXACT_WORDS] = {0};
    inv_exact_add(large, inv_from_bits(0x7f7fffffu), 3);
    CU_ASSERT_EQUAL(inv_exact_mean(large, 1, 1), up);
    CU_ASSERT_EQUAL(inv_exact_mean(large, 1, 3), inv_from_bits(0x7f7fffffu));
}

/* Mean and mean square of the distance from it, as fitting takes them. */
static void fit(const float *x, int64_t count, float *mean, float *variance)
{
    int64_t sum[INV_EXACT_WORDS] = {0}, squares[INV_EXACT_WORDS] = {0};
    float rest;
    for (int64_t i = 0; i < count; i++)
        inv_exact_add(sum, x[i], 1);
    inv_exact_centre(sum, count, mean, &rest);
    for (int64_t i = 0; i < count; i++)
        inv_exact_add_square(squares, inv_exact_away(x[i], *mean, rest));
    *variance = inv_exact_mean(squares, 1, count);
}

static void constants_do_not_vary(void)
{
    static const float constant[] = {14.62f, 0.1f, 0.3f, 2.54f, 98.6f, 1e-3f, 1234567.0f, -5e-39f};
    static float x[10007];
    for (size_t c = 0; c < sizeof constant / sizeof *constant; c++)
        for (int64_t count = 1; count <= 10007; count = 3 * count + 4) {
            float mean, variance;
            for (int64_t i = 0; i < count; i++)
                x[i] = constant[c];
            fit(x, count, &mean, &variance);
            CU_ASSERT_EQUAL(mean, constant[c]);
            CU_ASSERT_EQUAL(variance, 0.0f);
        }
}

/* The mean to half an ulp, the variance to two, whatever the offset. */
static void offsets_cost_nothing(void)
{
    static float x[5000];
    static const float offset[] = {0.0f, 1.0f, -5000.0f, 1e6f, -16e6f};
    mpfr_t sum, term;
    mpfr_inits2(PRECISION, sum, term, (mpfr_ptr)NULL);
    for (size_t o = 0; o < sizeof offset / sizeof *offset; o++) {
        float mean, variance;
        mpfr_set_zero(sum, 1);
        for (int i = 0; i < 5000; i++) {
            x[i] = inv_add(offset[o], inv_mul((float)(int32_t)draw(), 0x1p-30f));
            mpfr_set_flt(term, x[i], MPFR_RNDN);
            mpfr_add(sum, sum, term, MPFR_RNDN);
        }
        fit(x, 5000, &mean, &variance);
        mpfr_div_si(sum, sum, 5000, MPFR_RNDN);
        CU_ASSERT_EQUAL(mean, nearest(sum));
        mpfr_t spread;
        mpfr_init2(spread, PRECISION);
        mpfr_set_zero(spread, 1);
        for (int i = 0; i < 5000; i++) {
            mpfr_set_flt(term, x[i], MPFR_RNDN);
            mpfr_sub(term, term, sum, MPFR_RNDN);
            mpfr_sqr(term, term, MPFR_RNDN);
            mpfr_add(spread, spread, term, MPFR_RNDN);
        }
        mpfr_div_si(spread, spread, 5000, MPFR_RNDN);
        int64_t away = (int64_t)inv_bits(variance) - (int64_t)inv_bits(nearest(spread));
        CU_ASSERT(away >= -2 && away <= 2);
        mpfr_clear(spread);
    }
    mpfr_clears(sum, term, (mpfr_ptr)NULL);
}

/* A number of any size, or of sizes near one another. */
static float draw_near(uint32_t lowest, uint32_t sizes)
{
    return inv_from_bits((draw() & 0x807fffffu) | (lowest + draw() % sizes) << 23);
}

struct sums { mpfr_t s, q, w, term; };

/* Adds w, w x and w x^2. */
static void add_case(struct sums *sums, float x, float w)
{
    mpfr_set_flt(sums->term, w, MPFR_RNDN);
    mpfr_add(sums->w, sums->w, sums->term, MPFR_RNDN);
    mpfr_mul_d(sums->term, sums->term, x, MPFR_RNDN);
    mpfr_add(sums->s, sums->s, sums->term, MPFR_RNDN);
    mpfr_mul_d(sums->term, sums->term, x, MPFR_RNDN);
    mpfr_add(sums->q, sums->q, sums->term, MPFR_RNDN);
}

/* q - s^2 / (w times), rounded once: the division is of many more bits than what it leaves. */
static float spread_of(struct sums *sums, unsigned times)
{
    mpfr_mul_ui(sums->w, sums->w, times, MPFR_RNDN);
    mpfr_mul_ui(sums->q, sums->q, times, MPFR_RNDN);
    mpfr_mul_ui(sums->s, sums->s, times, MPFR_RNDN);
    mpfr_sqr(sums->s, sums->s, MPFR_RNDN);
    mpfr_mul(sums->q, sums->q, sums->w, MPFR_RNDN);
    mpfr_sub(sums->q, sums->q, sums->s, MPFR_RNDN);
    if (mpfr_zero_p(sums->w))
        return 0.0f;
    mpfr_div(sums->q, sums->q, sums->w, MPFR_RNDN);
    return nearest(sums->q);
}

/* Each number stands `times` times in a row, as the elements of a row of data that are equal. */
static int spread_differs(int count, uint32_t lowest, uint32_t sizes, unsigned times, int weighted)
{
    int64_t word[INV_EXACT_WEIGHTED_WORDS] = {0}, weight[INV_EXACT_WORDS] = {0};
    struct sums sums;
    mpfr_inits2(4 * PRECISION, sums.s, sums.q, sums.w, sums.term, (mpfr_ptr)NULL);
    mpfr_set_zero(sums.s, 1);
    mpfr_set_zero(sums.q, 1);
    mpfr_set_zero(sums.w, 1);
    for (int i = 0; i < count; i++) {
        float x = draw_near(lowest, sizes), w = 1.0f;
        if (weighted)
            w = draw() % 8 ? inv_abs(draw_near(draw() % 2 ? 120 : lowest, sizes)) : 0.0f;
        add_case(&sums, x, w);
        inv_exact_add(weight, w, 1);
        for (unsigned t = 0; t < times; t++)
            if (weighted)
                inv_exact_add_weighted(word, x, w);
            else
                inv_exact_add_spread(word, x);
    }
    float wanted = spread_of(&sums, times);
    float got = weighted ? inv_exact_weighted_spread_of(word, 1, weight, times)
                         : inv_exact_spread_of(word, 1, (uint64_t)count * times);
    mpfr_clears(sums.s, sums.q, sums.w, sums.term, (mpfr_ptr)NULL);
    return inv_bits(wanted) != inv_bits(got);
}

static void spreads_are_rounded_once(void)
{
    int wrong = 0;
    for (int i = 0; i < 4000; i++) {
        uint32_t lowest = draw() % 250, sizes = draw() % 2 ? 255 - lowest : 1 + draw() % 4;
        sizes = sizes < 255 - lowest ? sizes : 255 - lowest;
        wrong += spread_differs(1 + (int)(draw() % 20), lowest, sizes < 134 ? sizes : 134,
                                1 + draw() % 3, i % 2);
    }
    CU_ASSERT_EQUAL(wrong, 0);
}

static void spreads_of_what_is_not_finite_are_nan(void)
{
    const float what[] = {INV_INFINITY, inv_neg(INV_INFINITY), INV_NAN};
    for (int i = 0; i < 3; i++) {
        int64_t word[INV_EXACT_WEIGHTED_WORDS] = {0}, weight[INV_EXACT_WORDS] = {0};
        inv_exact_add_spread(word, what[i]);
        CU_ASSERT(inv_is_nan(inv_exact_spread_of(word, 1, 1)));
        memset(word, 0, sizeof word);
        inv_exact_add(weight, 1.0f, 1);
        inv_exact_add_weighted(word, what[i], 1.0f);
        CU_ASSERT(inv_is_nan(inv_exact_weighted_spread_of(word, 1, weight, 1)));
    }
}

int main(void)
{
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("exact sums", NULL, NULL);
    CU_add_test(suite, "a mean is rounded once", mean_is_rounded_once);
    CU_add_test(suite, "what is not finite stays so", what_is_not_finite_stays_so);
    CU_add_test(suite, "constants do not vary", constants_do_not_vary);
    CU_add_test(suite, "offsets cost nothing", offsets_cost_nothing);
    CU_add_test(suite, "spreads are rounded once", spreads_are_rounded_once);
    CU_add_test(suite, "spreads of what is not finite", spreads_of_what_is_not_finite_are_nan);
    CU_basic_set_mode(CU_BRM_VERBOSE);
    CU_basic_run_tests();
    unsigned int failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failures != 0;
}
