/* The hash of traces: its definition in docs/receipts.md, and what it must not miss. */
#include "core/hash.h"
#include <CUnit/Basic.h>
#include <stdio.h>
#include <string.h>
#include "core/arith.h"

typedef uint64_t hash(const void *, int64_t, int);
#if defined(__x86_64__)
hash inv_hash_piece_avx2, inv_hash_piece_avx512;
#endif

enum { MOST = 200 };

static void fill(uint32_t *word)
{
    for (uint32_t i = 0; i < MOST; i++)
        word[i] = (i + 1) * 0x9e3779b9u & 0xff7fffffu; /* no NaN */
}

/* From docs/receipts.md alone, a bit of the definition a line. */
static uint64_t defined(const uint32_t *word, int count, int real)
{
    uint64_t lane[16];
    for (uint64_t l = 0; l < 16; l++)
        lane[l] = (l + 1) * 0x9e3779b97f4a7c15u;
    for (int i = 0; i < (count + 31) / 32 * 32; i++) {
        uint64_t w = i >= count ? 0 : word[i], *to = &lane[i / 2 % 16];
        if (real && (w & 0x7fffffffu) > 0x7f800000u)
            w = 0x7fc00000u;
        *to ^= w << (i % 2 * 32);
        if (i % 2) {
            *to *= 33;
            *to = *to << 29 | *to >> 35;
        }
    }
    for (int n = 8; n > 0; n /= 2)
        for (int l = 0; l < n; l++) {
            lane[l] *= 0xff51afd7ed558ccdu;
            lane[l] ^= lane[l] >> 32;
            lane[l] ^= lane[l + n];
        }
    lane[0] = (lane[0] ^ (uint64_t)count) * 0xff51afd7ed558ccdu;
    return lane[0] ^ lane[0] >> 32;
}

static void check_definition(hash *hash)
{
    uint32_t word[MOST + 1];
    for (int odd = 0; odd < 2; odd++) { /* at no whole multiple of 8 bytes, too */
        fill(word + odd);
        word[odd + 7] = 0x7f800001u;
        word[odd + 8] = 0xffffffffu;
        word[odd + 9] = 0xff800000u;
        for (int count = 0; count <= MOST; count++) {
            CU_ASSERT_EQUAL(hash(word + odd, count, INV_HASH_REAL), defined(word + odd, count, 1));
            CU_ASSERT_EQUAL(hash(word + odd, count, INV_HASH_WHOLE), defined(word + odd, count, 0));
        }
    }
}

/* Numbers of 8 bytes are their lower half, then the upper one. */
static void check_wide(hash *hash)
{
    uint32_t word[MOST];
    uint64_t wide[MOST / 2];
    fill(word);
    for (int i = 0; i < MOST / 2; i++)
        wide[i] = word[2 * i] | (uint64_t)word[2 * i + 1] << 32;
    for (int count = 0; count <= MOST; count += 2)
        CU_ASSERT_EQUAL(hash(wide, count, INV_HASH_WIDE), hash(word, count, INV_HASH_WHOLE));
}

/* Each bit alone, each sign with each other sign, each word with each other that it is exchanged
 * for: what machines and compilers do wrong. */
static void check_differences(hash *hash)
{
    uint32_t word[MOST];
    for (int count = 1; count <= MOST; count += count < 40 ? 13 : 51) {
        fill(word);
        uint64_t right = hash(word, count, INV_HASH_REAL);
        for (int bit = 0; bit < 32 * count; bit++) {
            word[bit / 32] ^= 1u << bit % 32;
            CU_ASSERT_NOT_EQUAL(hash(word, count, INV_HASH_REAL), right);
            word[bit / 32] ^= 1u << bit % 32;
        }
        for (int i = 0; i < count; i++)
            for (int j = 0; j < i; j++) {
                uint32_t a = word[i], b = word[j];
                word[i] ^= 0x80000000u, word[j] ^= 0x80000000u;
                CU_ASSERT_NOT_EQUAL(hash(word, count, INV_HASH_REAL), right);
                word[i] = b, word[j] = a;
                CU_ASSERT_NOT_EQUAL(hash(word, count, INV_HASH_REAL), right);
                word[i] = a, word[j] = b;
            }
        CU_ASSERT_NOT_EQUAL(hash(word, count - 1, INV_HASH_REAL), right);
    }
}

/* Zeros are told by their number, and of infinities and numbers none is a NaN. */
static void check_special(hash *hash)
{
    static const uint32_t special[] = {0, 0x80000000u, 0x7f800000u, 0xff800000u, 0x7f7fffffu, 1};
    uint32_t zeros[MOST] = {0}, word[2] = {0, 0x7fc00000u};
    for (int a = 0; a < MOST; a++)
        for (int b = 0; b < a; b++)
            CU_ASSERT_NOT_EQUAL(hash(zeros, a, INV_HASH_REAL), hash(zeros, b, INV_HASH_REAL));
    uint64_t nan = hash(word, 2, INV_HASH_REAL);
    for (size_t i = 0; i < sizeof special / sizeof *special; i++) {
        word[1] = special[i];
        CU_ASSERT_NOT_EQUAL(hash(word, 2, INV_HASH_REAL), nan);
    }
    word[1] = 0xff812345u;
    CU_ASSERT_EQUAL(hash(word, 2, INV_HASH_REAL), nan);
    CU_ASSERT_NOT_EQUAL(hash(word, 2, INV_HASH_WHOLE), nan);
}

static void check_level(hash *hash)
{
    check_definition(hash);
    check_wide(hash);
    check_differences(hash);
    check_special(hash);
}

static void test_portable(void)
{
    check_level(inv_hash_piece);
}

#if defined(__x86_64__)
static void test_avx2(void)
{
    if (__builtin_cpu_supports("avx2"))
        check_level(inv_hash_piece_avx2);
    else
        puts("skipped: this processor has no AVX2");
}

static void test_avx512(void)
{
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl"))
        check_level(inv_hash_piece_avx512);
    else
        puts("skipped: this processor has no AVX-512");
}
#endif

int main(void)
{
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("hash", NULL, NULL);
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
