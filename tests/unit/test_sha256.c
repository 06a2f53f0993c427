/* SHA-256 against the published vectors (FIPS 180-4 examples and NIST's million a). */
#include "core/sha256.h"
#include <CUnit/Basic.h>
#include <stdlib.h>
#include <string.h>

static void check_digest(const char *text, const char *want)
{
    struct inv_sha256 hash;
    uint8_t digest[32];
    char hex[65];
    inv_sha256_init(&hash);
    inv_sha256_update(&hash, text, strlen(text));
    inv_sha256_final(&hash, digest);
    inv_sha256_hex(digest, hex);
    CU_ASSERT_STRING_EQUAL(hex, want);
}

static void test_published(void)
{
    check_digest("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    check_digest("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    check_digest("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                 "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    check_digest("abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmn"
                 "hijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
                 "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1");
}

static void test_million(void)
{
    struct inv_sha256 hash;
    uint8_t digest[32];
    char hex[65], piece[20000];
    memset(piece, 'a', sizeof piece);
    for (size_t size = 1000; size <= sizeof piece; size *= 20) {
        inv_sha256_init(&hash);
        for (size_t i = 0; i < 1000000; i += size)
            inv_sha256_update(&hash, piece, size);
        inv_sha256_final(&hash, digest);
        inv_sha256_hex(digest, hex);
        CU_ASSERT_STRING_EQUAL(hex,
                               "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    }
}

/* Every length around the block boundaries, cut at every place, hashes as in one piece; and so it
 * does by the processor's instructions, where it has some, as without. */
static void test_pieces(void)
{
    uint8_t data[200], whole[32], cut[32];
    struct inv_sha256 hash;
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)(i * 37 + 11);
    for (size_t size = 0; size <= sizeof data; size++) {
        inv_sha256_init(&hash);
        inv_sha256_update(&hash, data, size);
        inv_sha256_final(&hash, whole);
        for (size_t first = 0; first <= size; first += 7) {
            inv_sha256_init(&hash);
            if (first % 2)
                inv_sha256_ask(&hash);
            inv_sha256_update(&hash, data, first);
            inv_sha256_update(&hash, NULL, 0);
            inv_sha256_update(&hash, data + first, size - first);
            inv_sha256_final(&hash, cut);
            if (memcmp(whole, cut, sizeof cut) != 0)
                CU_FAIL("a hash depends on how its input is cut");
        }
    }
}

int main(void)
{
    CU_pSuite suite;
    unsigned failed;

    CU_initialize_registry();
    suite = CU_add_suite("sha256", NULL, NULL);
    CU_ADD_TEST(suite, test_published);
    CU_ADD_TEST(suite, test_million);
    CU_ADD_TEST(suite, test_pieces);
    CU_basic_run_tests();
    failed = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failed > 0;
}
