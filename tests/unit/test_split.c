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
    inv_split_cut(&(struct inv_split){ { train, val, test }, 0, 0 }, rows, 0, end);
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

/* part[row] of `count` rows in the order given, by the words of docs/numerics.md, without any
 * table: the place of row i among those of its kind, or of its group among all. */
static int part_slowly(const struct inv_split *s, const int32_t *order, int64_t count, int64_t i,
                       const int32_t *kind, int groups)
{
    int64_t n = 0, place = 0, unit = 0, end[3], first = i;
    for (int64_t k = 0; k < count && groups; k++)
        if (kind[order[k]] == kind[order[i]] && k < first)
            first = k;
    for (int64_t k = 0; k < count; k++) {
        int same = !kind || groups || kind[order[k]] == kind[order[i]];
        int64_t head = 0;               /* the first of its group */
        for (; groups && kind[order[head]] != kind[order[k]]; head++)
            ;
        n += same;
        place += groups ? head < first : same && k < i;
        unit += groups && head == k && k < first;
    }
    inv_split_cut(s, n, kind && !groups, end);
    for (int32_t c = 0; kind && !groups && c < kind[order[i]]; c++) {
        int64_t of_c = 0, end_c[3];
        for (int64_t k = 0; k < count; k++)
            of_c += kind[k] == c;
        inv_split_cut(s, of_c, 1, end_c);
        unit += end_c[1];
    }
    unit += groups ? 0 : place;
    if (s->folds && place < end[1])
        return unit % s->folds == s->fold;
    return place < end[0] ? 0 : place < end[1] ? 1 : 2;
}

static void check_parts(const struct inv_split *s, int64_t count, int kinds, int groups)
{
    int32_t order[200], kind[200];
    unsigned char part[200];
    uint32_t key[2] = { (uint32_t)kinds, 1 };
    inv_split_permute(order, count, 0, 3, key);
    for (int64_t i = 0; i < count; i++)
        kind[i] = (int32_t)(i * i % 101 % kinds);
    if (groups)
        inv_split_groups(s, order, count, kind, kinds, part);
    else
        inv_split_strata(s, order, count, kinds > 1 ? kind : NULL, kinds, part);
    for (int64_t i = 0; i < count; i++)
        CU_ASSERT_EQUAL(part[order[i]],
                        part_slowly(s, order, count, i, kinds > 1 ? kind : NULL, groups));
    for (int64_t i = 0; i < count && groups; i++)
        for (int64_t k = 0; k < i; k++)
            CU_ASSERT_TRUE(kind[i] != kind[k] || part[i] == part[k]);
}

static void test_parts(void)
{
    static const struct inv_split split[] = {
        { { 0.7, 0.1, 0.2 }, 0, 0 }, { { 0.5, 0.5, 0 }, 0, 0 }, { { 0.8, 0.2, 0 }, 0, 5 },
        { { 0.6, 0.2, 0.2 }, 2, 4 }, { { 1, 0, 0 }, 0, 0 },
    };
    for (int s = 0; s < 5; s++)
        for (int kinds = 1; kinds < 30; kinds += kinds < 4 ? 1 : 12) {
            check_parts(&split[s], 143, kinds, 0);
            check_parts(&split[s], 5, kinds, 0);
            if (kinds > 1)
                check_parts(&split[s], 143, kinds, 1);
        }
}

/* Each fold is val once for each row, and folds differ by a row at most. */
static void test_folds(void)
{
    int32_t order[103], kind[103];
    int times[103] = { 0 };
    for (int i = 0; i < 103; i++) {
        order[i] = i;
        kind[i] = i % 7 == 0;
    }
    for (int fold = 0; fold < 4; fold++) {
        struct inv_split s = { { 0.75, 0.25, 0 }, fold, 4 };
        unsigned char part[103];
        int rows = 0, rare = 0;
        inv_split_strata(&s, order, 103, kind, 2, part);
        for (int i = 0; i < 103; i++) {
            times[i] += part[i] == 1;
            rows += part[i] == 1;
            rare += part[i] == 1 && kind[i];
        }
        CU_ASSERT_TRUE(rows == 25 || rows == 26);
        CU_ASSERT_TRUE(rare == 3 || rare == 4);
    }
    for (int i = 0; i < 103; i++)
        CU_ASSERT_EQUAL(times[i], 1);
}

HOST_MAIN("split", { "parts", test_parts }, { "folds", test_folds },
          { "permutation", test_permutation }, { "orders differ", test_orders_differ },
          { "cuts", test_cuts })
