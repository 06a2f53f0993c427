/* Permutations by counters, and the cuts of a split. */
#include "host.h"
#include <stdint.h>
#include "core/philox.h"
#include "host/split.h"

/* As docs/numerics.md states it, one counter for each element. */
static void permute_slowly(int32_t *order, int64_t count, uint32_t epoch, uint32_t stream,
                           const uint32_t key[2])
{
    for (int64_t i = 0; i < count; i++)
        order[i] = (int32_t)i;
    for (int64_t i = count - 1; i > 0; i--) {
        uint32_t counter[4] = { (uint32_t)(i / 4), epoch, 0, stream }, word[4];
        inv_philox(counter, key, word);
        int64_t j = (int64_t)((uint64_t)word[i % 4] * (uint64_t)(i + 1) >> 32);
        int32_t other = order[i];
        order[i] = order[j];
        order[j] = other;
    }
}

static void test_permutation(void)
{
    int32_t own[1000], want[1000], seen[1000];
    uint32_t key[2];
    inv_split_key(0x123456789abcdef0u, key);
    CU_ASSERT_EQUAL(key[0], 0x9abcdef0u);
    CU_ASSERT_EQUAL(key[1], 0x12345678u);
    for (int64_t count = 0; count <= 1000; count += count < 20 ? 1 : 98) {
        inv_split_permute(own, count, 3, 0xfeedu, key);
        permute_slowly(want, count, 3, 0xfeedu, key);
        CU_ASSERT_EQUAL(memcmp(own, want, (size_t)count * sizeof own[0]), 0);
        memset(seen, 0, sizeof seen);
        for (int64_t i = 0; i < count; i++)
            seen[own[i]]++;
        for (int64_t i = 0; i < count; i++)
            CU_ASSERT_EQUAL(seen[i], 1);
    }
}

static void test_orders_differ(void)
{
    int32_t a[100], b[100];
    uint32_t key[2] = { 42, 0 }, other[2] = { 43, 0 };
    inv_split_permute(a, 100, 0, 1, key);
    inv_split_permute(b, 100, 1, 1, key);
    CU_ASSERT_NOT_EQUAL(memcmp(a, b, sizeof a), 0);
    inv_split_permute(b, 100, 0, 2, key);
    CU_ASSERT_NOT_EQUAL(memcmp(a, b, sizeof a), 0);
    inv_split_permute(b, 100, 0, 1, other);
    CU_ASSERT_NOT_EQUAL(memcmp(a, b, sizeof a), 0);
    inv_split_permute(b, 100, 0, 1, key);
    CU_ASSERT_EQUAL(memcmp(a, b, sizeof a), 0);
}

static void check_cut(int64_t rows, double train, double val, double test, int64_t a, int64_t b,
                      int64_t c)
{
    int64_t end[3];
    inv_split_cut(rows, train, val, test, end);
    CU_ASSERT_EQUAL(end[0], a);
    CU_ASSERT_EQUAL(end[1], b);
    CU_ASSERT_EQUAL(end[2], c);
}

static void test_cuts(void)
{
    check_cut(1797, 0.7, 0.1, 0.2, 1257, 1437, 1797);
    check_cut(150, 0.8, 0, 0.2, 120, 120, 150);
    check_cut(100, 1, 0, 0, 100, 100, 100);
    check_cut(10, 0.29, 0.29, 0.42, 2, 5, 10);
    check_cut(100, 0.29, 0.28, 0.43, 29, 57, 100);     /* 0.29 * 100 is 28.999... in binary64 */
    check_cut(0, 0.5, 0.25, 0.25, 0, 0, 0);
    check_cut(3, 0.333, 0.333, 0.334, 0, 1, 3);
    check_cut(2147483647, 0.7, 0.1, 0.2, 1503238552, 1717986917, 2147483647);
    check_cut(1000, 0.1, 0.2, 0.7, 100, 300, 1000);    /* 0.1 + 0.2 is not 0.3 */
}

HOST_MAIN("split", { "permutation", test_permutation }, { "orders differ", test_orders_differ },
          { "cuts", test_cuts })
