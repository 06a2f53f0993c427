/* Philox against the answers published with Random123, and what is made of its words. */
#include "core/philox.h"
#include <CUnit/Basic.h>
#include <math.h>

static void test_known_answers(void)
{
    static const uint32_t answer[3][10] = {
        {0, 0, 0, 0, 0, 0, 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8},
        {0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0x408f276d,
         0x41c83b0e, 0xa20bc7c6, 0x6d5451fd},
        {0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344, 0xa4093822, 0x299f31d0, 0xd16cfe09,
         0x94fdcceb, 0x5001e420, 0x24126ea1},
    };
    for (int i = 0; i < 3; i++) {
        uint32_t out[4];
        inv_philox(answer[i], answer[i] + 4, out);
        for (int j = 0; j < 4; j++)
            CU_ASSERT_EQUAL(out[j], answer[i][6 + j]);
    }
}

static void test_counter(void)
{
    static const uint32_t key[2] = {42, 0};
    const uint32_t counter[4] = {5, 0x89abcdef, 0x01234567, 0xfeedbeef};
    uint32_t want[4], out[4];
    inv_philox(counter, key, want);
    inv_random_quad(key, 5, 0x0123456789abcdefu, 0xfeedbeef, out);
    for (uint32_t i = 0; i < 4; i++) {
        CU_ASSERT_EQUAL(out[i], want[i]);
        CU_ASSERT_EQUAL(inv_random_word(key, 20 + i, 0x0123456789abcdefu, 0xfeedbeef), want[i]);
    }
}

/* Every start within a quad, every count to past what fits, and counters that wrap around. */
static void test_quads(void)
{
    static const uint32_t key[2] = {42, 7};
    static const int64_t from[] = {0, 1, 2, 3, 4000, 0xfffffffe * 4 + 1};
    static struct inv_draws draws;
    for (size_t s = 0; s < sizeof from / sizeof *from; s++)
        for (int64_t count = 1; count < 4 * INV_QUADS + 9; count += count < 20 ? 1 : 17) {
            inv_draw_quads(&draws, key, from[s], count, 0x0123456789abcdefu, 0xfeedbeef);
            CU_ASSERT_EQUAL(draws.skip, from[s] % 4);
            CU_ASSERT_TRUE(draws.count == count || draws.skip + draws.count == 4 * INV_QUADS);
            for (int64_t e = draws.skip; e < draws.skip + draws.count; e++) {
                struct inv_draw draw = inv_draws_quad(&draws, e / 4);
                uint64_t element = (uint64_t)(from[s] / 4 * 4 + e);
                CU_ASSERT_EQUAL(draw.word[e % 4], inv_random_word(key, element,
                                                                  0x0123456789abcdefu, 0xfeedbeef));
            }
        }
}

static void test_uniform(void)
{
    CU_ASSERT_EQUAL(inv_uniform(0), 0.0f);
    CU_ASSERT_EQUAL(inv_uniform(0xff), 0.0f);
    CU_ASSERT_EQUAL(inv_uniform(0x100), 0x1p-24f);
    CU_ASSERT_EQUAL(inv_uniform(0xffffffff), 0x1.fffffep-1f);
    CU_ASSERT_EQUAL(inv_integer(0xffffffff, 10), 9);
    CU_ASSERT_EQUAL(inv_integer(0, 10), 0);
    CU_ASSERT_EQUAL(inv_integer(0x80000000, 10), 5);
    CU_ASSERT_EQUAL(inv_integer(0xffffffff, 1), 0);
    CU_ASSERT_EQUAL(inv_integer(0xffffffff, 0xffffffff), 0xfffffffe);
}

static void test_keep(void)
{
    CU_ASSERT_EQUAL(inv_keep_threshold(0.0), 0);
    CU_ASSERT_EQUAL(inv_keep_threshold(0.5), 0x80000000);
    CU_ASSERT_EQUAL(inv_keep_threshold(0.1), 429496729);
    CU_ASSERT_EQUAL(inv_keep_threshold(1.0), 0x100000000);
    CU_ASSERT_TRUE(inv_keep(0, 0));
    CU_ASSERT_FALSE(inv_keep(0x7fffffff, 0x80000000));
    CU_ASSERT_TRUE(inv_keep(0x80000000, 0x80000000));
    CU_ASSERT_FALSE(inv_keep(0xffffffff, 0x100000000));
}

/* Bits of a pair at the extreme words, where the radius is largest and zero. */
static void test_normal_ends(void)
{
    float pair[2];
    inv_normal_pair(0, 0, pair);
    CU_ASSERT_EQUAL(inv_bits(pair[0]), 0x40b89456);
    CU_ASSERT_EQUAL(pair[1], 0.0f);
    inv_normal_pair(0xffffffff, 0x40000000, pair);
    CU_ASSERT_EQUAL(pair[0], 0.0f);
    CU_ASSERT_EQUAL(pair[1], 0.0f);
    inv_normal_pair(0x6627e8d5, 0xe169c58d, pair);
    CU_ASSERT_EQUAL(inv_bits(pair[0]), 0x3f7dbb34);
    CU_ASSERT_EQUAL(inv_bits(pair[1]), 0xbf6cb6ad);
}

static void test_normal_elements(void)
{
    static const uint32_t key[2] = {7, 9};
    for (uint32_t quad = 0; quad < 100; quad++) {
        uint32_t words[4];
        float out[4];
        inv_random_quad(key, quad, 3, 17, words);
        inv_normal_quad(words, out);
        for (uint32_t i = 0; i < 4; i++)
            CU_ASSERT_EQUAL(out[i], inv_random_normal(key, 4 * quad + i, 3, 17));
    }
}

/* Moments of 2^18 draws; five standard errors either way, on fixed bits. */
static void test_moments(void)
{
    static const uint32_t key[2] = {42, 0};
    const int count = 1 << 18;
    double sum = 0, square = 0, uniform = 0, widest = 0;
    int redrawn = 0;
    for (uint32_t i = 0; i < (uint32_t)count; i++) {
        double z = inv_random_normal(key, i, 0, 1);
        double t = inv_random_truncated_normal(key, i, 0, 1);
        sum += z;
        square += z * z;
        uniform += inv_uniform(inv_random_word(key, i, 0, 2));
        widest = fabs(t) > widest ? fabs(t) : widest;
        redrawn += t != z;
        if (fabs(z) <= 2 && t != z)
            CU_FAIL("a draw within two deviations was drawn again");
    }
    CU_ASSERT_DOUBLE_EQUAL(sum / count, 0, 5 / 512.0);
    CU_ASSERT_DOUBLE_EQUAL(square / count, 1, 5 * 1.4143 / 512.0);
    CU_ASSERT_DOUBLE_EQUAL(uniform / count, 0.5, 5 * 0.2887 / 512.0);
    CU_ASSERT_DOUBLE_EQUAL((double)redrawn / count, 0.0455, 5 * 0.2084 / 512.0);
    CU_ASSERT_TRUE(widest > 1.999 && widest < 2);
}

int main(void)
{
    CU_pSuite suite;
    unsigned failed;

    CU_initialize_registry();
    suite = CU_add_suite("philox", NULL, NULL);
    CU_ADD_TEST(suite, test_known_answers);
    CU_ADD_TEST(suite, test_counter);
    CU_ADD_TEST(suite, test_quads);
    CU_ADD_TEST(suite, test_uniform);
    CU_ADD_TEST(suite, test_keep);
    CU_ADD_TEST(suite, test_normal_ends);
    CU_ADD_TEST(suite, test_normal_elements);
    CU_ADD_TEST(suite, test_moments);
    CU_basic_run_tests();
    failed = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failed > 0;
}
