/*
 * The elementary functions against MPFR: at most 1 ulp over all exponents, dense where they bend
 * and at points that were once hard; their special values; and hashes over the bits of a
 * sample, the same for every compiler, flag and instruction set.
 */
#include "core/sha256.h"
#include "ops/functions.h"
#include "ops/pow.h"
#include "ops/powi.h"
#include "exact.h"
#include <CUnit/Basic.h>
#include <stdio.h>
#include <stdlib.h>

struct function {
    const char *name;
    float (*function)(float);
    exact_function *exact;
    uint32_t x, y; /* the answer that core/selftest.c knows */
};

#define FUNCTION(name) {#name, inv_##name, mpfr_##name, INV_ANSWER_##name},

static const struct function functions[] = {INV_FUNCTIONS(FUNCTION)};
enum { FUNCTIONS = sizeof functions / sizeof *functions };

static uint64_t random_state;

/* xorshift64* (Vigna 2016) */
static uint32_t draw(void)
{
    random_state ^= random_state >> 12;
    random_state ^= random_state << 25;
    random_state ^= random_state >> 27;
    return (uint32_t)((random_state * 0x2545f4914f6cdd1du) >> 32);
}

static void draw_from(uint64_t seed)
{
    random_state = seed;
}

static double worst, worst_x;

static void check_point(const struct function *f, float x)
{
    static mpfr_t a, y;
    static int ready;
    if (!ready)
        mpfr_inits2(70, a, y, (mpfr_ptr)0);
    ready = 1;
    mpfr_set_flt(a, x, MPFR_RNDN);
    f->exact(y, a, MPFR_RNDN);
    double error = exact_error(f->function(x), y);
    if (error > worst) {
        worst = error;
        worst_x = x;
    }
}

static void report(const char *name)
{
    char text[100];
    snprintf(text, sizeof text, "%s: %.4f ulp at %a", name, worst, worst_x);
    if (!(worst <= 1.0))
        CU_FAIL("a function is off by more than 1 ulp");
    puts(text);
    worst = worst_x = 0;
}

/* Every binade of both signs, its ends and random points, many from 2^-4 to 2^8, where functions
 * bend; what lies around 1 evenly. */
static void check_function(const struct function *f)
{
    for (uint32_t e = 0; e < 512; e++) {
        int points = e % 256 >= 123 && e % 256 <= 134 ? 4000 : 60;
        check_point(f, inv_from_bits(e << 23));
        check_point(f, inv_from_bits((e << 23) + 1u));
        check_point(f, inv_from_bits((e << 23) + 0x7fffffu));
        for (int i = 0; i < points; i++)
            check_point(f, inv_from_bits(e << 23 | (draw() & 0x7fffffu)));
    }
    for (int i = -40000; i <= 40000; i++)
        check_point(f, inv_mul((float)i, 0x1.ap-14f));
}

static void test_one_ulp(void)
{
    puts("");
    for (int i = 0; i < FUNCTIONS; i++) {
        draw_from(12345);
        check_function(&functions[i]);
        report(functions[i].name);
    }
}

static void test_answers(void)
{
    for (int i = 0; i < FUNCTIONS; i++) {
        const struct function *f = &functions[i];
        uint32_t y = inv_bits(f->function(inv_from_bits(f->x)));
        if (y == f->y)
            continue;
        printf("\ntemplates/ops/%s.h: #define INV_ANSWER_%s 0x%08xu, 0x%08xu is what it gives\n",
               f->name, f->name, f->x, y);
        CU_FAIL("an answer that trainers' self-test knows is another one");
    }
}

static const struct function *find_function(float (*function)(float))
{
    const struct function *f = functions;
    while (f->function != function)
        f++;
    return f;
}

/* 64 neighbours either way of points near which an earlier form erred or an exact tie lies */
static void check_around(float (*function)(float), float x)
{
    const struct function *f = find_function(function);
    for (uint32_t i = 0; i <= 128; i++)
        check_point(f, inv_from_bits(inv_bits(x) + i - 64u));
    report(f->name);
}

static void test_hard_points(void)
{
    puts("");
    check_around(inv_log, 0x1.827a74p-7f);
    check_around(inv_log, 0x1.2f1fd6p+3f);
    check_around(inv_log, 0x1.bacb4ap+25f);
    check_around(inv_log, 0x1.b121a6p+76f);
    check_around(inv_log, 0x1.6351d8p+95f);
    check_around(inv_log, 0x1.6a09e6p-1f);
    check_around(inv_expm1, 0x1.62e430p-2f);
    check_around(inv_expm1, 0x1.0ff378p+4f);
    check_around(inv_exp, 0x1.62e430p+6f);
    check_around(inv_exp, -0x1.9fe368p+6f);
    check_around(inv_sin, 0x1.921fb6p+1f);
    check_around(inv_sin, 0x1.fe2bfcp+99f);
    check_around(inv_cos, 0x1.921fb6p+0f);
    check_around(inv_cos, 0x1.33333ap+13f);
    check_around(inv_sin, 0x1.5706b2p+83f);
    check_around(inv_erf, 1.0f);
    check_around(inv_tanh, 0.65f);
    check_around(inv_log1p, 0x1.a82798p-2f);
}

static void check_bits(float y, uint32_t want)
{
    CU_ASSERT_EQUAL(inv_bits(inv_canonical(y)), want);
}

static void test_special_values(void)
{
    const float inf = INV_INFINITY, tiny = 0x1p-149f;
    for (int i = 0; i < FUNCTIONS; i++)
        CU_ASSERT_TRUE(inv_is_nan(functions[i].function(INV_NAN)));
    check_bits(inv_exp(-inf), 0);
    check_bits(inv_exp(-0.0f), 0x3f800000);
    check_bits(inv_exp2(-150.0f), 0);
    check_bits(inv_exp2(-149.0f), 1);
    check_bits(inv_expm1(-0.0f), 0x80000000);
    check_bits(inv_expm1(-inf), 0xbf800000);
    check_bits(inv_expm1(tiny), 1);
    check_bits(inv_log(-0.0f), 0xff800000);
    check_bits(inv_log(1.0f), 0);
    check_bits(inv_log2(tiny), inv_bits(-149.0f));
    check_bits(inv_log1p(-0.0f), 0x80000000);
    check_bits(inv_log1p(-1.0f), 0xff800000);
    check_bits(inv_tanh(-0.0f), 0x80000000);
    check_bits(inv_tanh(-inf), 0xbf800000);
    check_bits(inv_sigmoid(0.0f), 0x3f000000);
    check_bits(inv_sigmoid(-inf), 0);
    check_bits(inv_erf(-0.0f), 0x80000000);
    check_bits(inv_erf(inf), 0x3f800000);
    check_bits(inv_sin(-0.0f), 0x80000000);
    check_bits(inv_sin(inf), 0x7fc00000);
    check_bits(inv_cos(-inf), 0x7fc00000);
    check_bits(inv_cos(0.0f), 0x3f800000);
    check_bits(inv_rsqrt(-0.0f), 0xff800000);
    check_bits(inv_rsqrt(inf), 0);
    check_bits(inv_rsqrt(-1.0f), 0x7fc00000);
}

static void check_pow(float x, float y)
{
    static mpfr_t a, b, z;
    static int ready;
    if (!ready)
        mpfr_inits2(70, a, b, z, (mpfr_ptr)0);
    ready = 1;
    mpfr_set_flt(a, x, MPFR_RNDN);
    mpfr_set_flt(b, y, MPFR_RNDN);
    mpfr_pow(z, a, b, MPFR_RNDN);
    double error = exact_error(inv_pow(x, y), z);
    if (error > worst) {
        worst = error;
        worst_x = x;
    }
}

/* Exponents whose power lies in range for the base drawn; bases near 1 with large exponents. */
static void test_pow(void)
{
    draw_from(777);
    for (int i = 0; i < 60000; i++) {
        float x = inv_from_bits(draw() >> 1);
        float share = inv_mul((float)(int32_t)draw(), 0x1.3p-24f);
        check_pow(x, (float)(share / log2(x)));
        check_pow(inv_from_bits(0x3f700000u + draw() % 0x200000u), share);
        check_pow(inv_from_bits(0x3f7fff00u + draw() % 0x200u),
                  inv_mul(share, (float)(draw() % 65536u)));
        check_pow(inv_from_bits(draw()), (float)(draw() % 64u) * 0.5f - 16.0f);
    }
    puts("");
    report("pow");
}

static void test_pow_special(void)
{
    static const float value[] = {0.0f, 0x1p-149f, 0x1p-126f, 0.5f, 1.0f, 1.5f, 2.0f, 3.0f,
                                  -0.0f, -0.5f, -1.0f, -1.5f, -2.0f, -3.0f, 0x1p23f, 0x1.000002p23f,
                                  0x1p24f, -0x1.000002p23f, FLT_MAX, -FLT_MAX, 0x1p-24f, 7.5f};
    enum { COUNT = sizeof value / sizeof *value };
    float all[COUNT + 3];
    memcpy(all, value, sizeof value);
    all[COUNT] = INV_INFINITY;
    all[COUNT + 1] = -INV_INFINITY;
    all[COUNT + 2] = INV_NAN;
    for (int i = 0; i < COUNT + 3; i++)
        for (int j = 0; j < COUNT + 3; j++)
            check_pow(all[i], all[j]);
    puts("");
    report("pow at special values");
}

static void test_powi(void)
{
    const float x = 1.1f;
    CU_ASSERT_EQUAL(inv_powi(x, 0), 1.0f);
    CU_ASSERT_EQUAL(inv_powi(x, 1), x);
    CU_ASSERT_EQUAL(inv_powi(x, 5), inv_mul(x, inv_mul(inv_mul(x, x), inv_mul(x, x))));
    CU_ASSERT_EQUAL(inv_powi(x, 6),
                    inv_mul(inv_mul(x, x), inv_mul(inv_mul(x, x), inv_mul(x, x))));
    CU_ASSERT_EQUAL(inv_powi(x, -5), inv_div(1.0f, inv_powi(x, 5)));
    CU_ASSERT_EQUAL(inv_powi(-1.0f, INT32_MIN), 1.0f);
    CU_ASSERT_EQUAL(inv_powi(2.0f, -149), 0.0f);
    CU_ASSERT_EQUAL(inv_powi(INV_NAN, 0), 1.0f);
}

static void feed(struct inv_sha256 *hash, float y)
{
    uint32_t u = inv_bits(inv_canonical(y));
    uint8_t bytes[4] = {(uint8_t)u, (uint8_t)(u >> 8), (uint8_t)(u >> 16), (uint8_t)(u >> 24)};
    inv_sha256_update(hash, bytes, sizeof bytes);
}

/* ---- the bits of a sample: a line for each function ---- */

static void end_line(FILE *out, const char *name, struct inv_sha256 *hash)
{
    uint8_t digest[32];
    char hex[65];
    inv_sha256_final(hash, digest);
    inv_sha256_hex(digest, hex);
    fprintf(out, "%-8s %s\n", name, hex);
}

static void hash_function(FILE *out, const struct function *f)
{
    struct inv_sha256 hash;
    inv_sha256_init(&hash);
    draw_from(99);
    for (int i = 0; i < 20000; i++) {
        feed(&hash, f->function(inv_from_bits(draw())));
        feed(&hash, f->function(inv_from_bits(0x3e000000u + draw() % 0x4000000u)));
        feed(&hash, f->function(inv_from_bits(0xbe000000u + draw() % 0x4000000u)));
    }
    end_line(out, f->name, &hash);
}

static void hash_powers(FILE *out)
{
    struct inv_sha256 hash;
    inv_sha256_init(&hash);
    draw_from(99);
    for (int i = 0; i < 40000; i++) {
        float x = inv_from_bits(0x3e000000u + draw() % 0x2000000u);
        feed(&hash, inv_pow(x, inv_mul((float)(int32_t)draw(), 0x1p-26f)));
        feed(&hash, inv_powi(x, (int32_t)(draw() % 41u) - 20));
    }
    end_line(out, "pow", &hash);
}

/* Changing a bit of any function is a change of the numerics: docs/numerics.md. */
static void test_bits(void)
{
    static const char path[] = INVAR_SOURCE_DIR "/tests/golden/elementary.txt";
    char got[4096] = "", golden[4096] = "";
    FILE *out = fmemopen(got, sizeof got, "w");
    for (int i = 0; i < FUNCTIONS; i++)
        hash_function(out, &functions[i]);
    hash_powers(out);
    fclose(out);
    FILE *file = fopen(path, getenv("UPDATE_GOLDEN") ? "w+" : "r");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    if (getenv("UPDATE_GOLDEN"))
        fputs(got, file);
    rewind(file);
    golden[fread(golden, 1, sizeof golden - 1, file)] = '\0';
    fclose(file);
    if (strcmp(got, golden) != 0)
        printf("\ntests/golden/elementary.txt differs (a new function, or an old one's bits); "
               "renew it by UPDATE_GOLDEN=1 BUILD/tests/test_elementary\nexpected:\n%sgot:\n%s",
               golden, got);
    CU_ASSERT_STRING_EQUAL(got, golden);
}

int main(void)
{
    CU_pSuite suite;
    unsigned failed;

    CU_initialize_registry();
    suite = CU_add_suite("elementary", NULL, NULL);
    CU_ADD_TEST(suite, test_one_ulp);
    CU_ADD_TEST(suite, test_answers);
    CU_ADD_TEST(suite, test_hard_points);
    CU_ADD_TEST(suite, test_special_values);
    CU_ADD_TEST(suite, test_pow);
    CU_ADD_TEST(suite, test_pow_special);
    CU_ADD_TEST(suite, test_powi);
    CU_ADD_TEST(suite, test_bits);
    CU_basic_run_tests();
    failed = CU_get_number_of_failures();
    CU_cleanup_registry();
    mpfr_free_cache();
    return failed > 0;
}
