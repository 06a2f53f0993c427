/* Arena, text buffer and diagnostics. */
#include "base/arena.h"
#include "base/chains.h"
#include "base/diag.h"
#include "base/names.h"
#include "base/text.h"
#include <CUnit/Basic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static void test_arena_pieces(void)
{
    static const size_t size[] = {1, 3, 16, 17, 1000, 60000, 70000, 5, 200000, 0, 64};
    struct arena *a = arena_new();
    unsigned char *piece[11];

    for (int round = 0; round < 50; round++) {
        for (size_t i = 0; i < 11; i++) {
            piece[i] = arena_alloc(a, size[i]);
            CU_ASSERT_EQUAL((uintptr_t)piece[i] % _Alignof(void *), 0);
            CU_ASSERT_EQUAL((uintptr_t)piece[i] % _Alignof(int64_t), 0);
            CU_ASSERT_EQUAL((uintptr_t)piece[i] % _Alignof(double), 0);
            for (size_t k = 0; k < size[i]; k++)
                if (piece[i][k])
                    CU_FAIL("an arena's memory is not zero");
            memset(piece[i], (int)i + 1, size[i]);
        }
        for (size_t i = 0; i < 11; i++)
            for (size_t k = 0; k < size[i]; k++)
                if (piece[i][k] != i + 1)
                    CU_FAIL("pieces of an arena overlap");
    }
    arena_free(a);
    arena_free(NULL);
}

static void test_arena_strings(void)
{
    struct arena *a = arena_new();

    CU_ASSERT_STRING_EQUAL(arena_strdup(a, "dense"), "dense");
    CU_ASSERT_STRING_EQUAL(arena_strndup(a, "dense", 3), "den");
    CU_ASSERT_STRING_EQUAL(arena_strndup(a, NULL, 0), "");
    CU_ASSERT_STRING_EQUAL(arena_printf(a, "%s/%d", "repeat", 7), "repeat/7");
    CU_ASSERT_STRING_EQUAL(arena_printf(a, "%s", ""), "");
    int wrong = 0;
    for (int width = 1; width < 60000; width += width / 7 + 1) {
        const char *text = arena_printf(a, "%*d", width, 5);
        wrong += strlen(text) != (size_t)width || text[width - 1] != '5';
        for (int i = 0; i < 40; i++)    /* what did not fit leaves no trace */
            for (const char *c = arena_alloc(a, 64), *end = c + 64; c < end; c++)
                wrong += *c != '\0';
    }
    CU_ASSERT_EQUAL(wrong, 0);
    arena_free(a);
}

static void test_arena_push(void)
{
    struct arena *a = arena_new();
    int *item = NULL, count = 0, room = 0, wrong = 0;

    for (int i = 0; i < 100000; i++)
        ARENA_PUSH(a, item, count, room) = i;
    CU_ASSERT_EQUAL(count, 100000);
    for (int i = 0; i < count; i++)
        wrong += item[i] != i;
    CU_ASSERT_EQUAL(wrong, 0);
    arena_free(a);
}

/* What is given out is zero, whatever lay there: in small chunks, in wide ones, in chunks of their
 * own, and where a text was printed that found no room. */
static void test_arena_is_zero(void)
{
    int wrong = 0;

    for (int turn = 0; turn < 2; turn++) {
        struct arena *a = arena_new();
        for (int i = 0; i < 3000; i++) {
            size_t size = (size_t)(i % 7 == 0 ? 20000 : 8 + i * 37 % 2000);
            unsigned char *piece = arena_alloc(a, size);
            for (size_t k = 0; k < size; k++)
                wrong += piece[k] != 0;
            memset(piece, 0xa5, size);
            piece = arena_resize(a, piece, size, 2 * size);
            for (size_t k = 0; k < 2 * size; k++)
                wrong += k < size ? piece[k] != 0xa5 : k >= size + 8 && piece[k] != 0;
            memset(piece, 0xa5, 2 * size);
            arena_printf(a, "%0*d", i * 53 % 3000, i);
        }
        arena_free(a);
    }
    CU_ASSERT_EQUAL(wrong, 0);
}

static void test_names(void)
{
    struct arena *a = arena_new();
    const struct names *all[1001] = {NULL};
    int number[1000], other = 0, wrong = 0;

    for (int i = 0; i < 1000; i++)
        all[i + 1] = names_add(a, all[i], arena_printf(a, "n%d", i), &number[i]);
    for (int i = 0; i < 1000; i++)
        for (int k = 0; k < 1000; k += 37)
            wrong += names_find(all[i], arena_printf(a, "n%d", k)) != (k < i ? &number[k] : NULL);
    CU_ASSERT_EQUAL(wrong, 0);
    all[0] = names_add(a, all[1000], "n7", &other);
    CU_ASSERT_PTR_EQUAL(names_find(all[0], "n7"), &other);
    CU_ASSERT_PTR_EQUAL(names_find(all[0], "n8"), &number[8]);
    CU_ASSERT_PTR_EQUAL(names_find(all[1000], "n7"), &number[7]);
    CU_ASSERT_PTR_NULL(names_find(all[0], "n1000"));
    arena_free(a);
}

/* Every third number of 3,000, of 100 hashes that end alike. */
static void test_chains(void)
{
    struct arena *a = arena_new();
    struct chains chains;
    int wrong = 0;

    chains_init(&chains, a);
    CU_ASSERT_EQUAL(chains_first(&chains, 7), -1);
    for (int i = 0; i < 3000; i += 3)
        chains_add(&chains, i, (uint32_t)(i / 3 % 100) << 16);
    for (int count = 3000; count > 0; count -= 500) {
        chains_cut(&chains, count);
        for (int h = 0; h < 100; h++) {
            int number = chains_first(&chains, (uint32_t)h << 16);
            for (int i = count - 1; i >= 0; i--)
                if (i % 3 == 0 && i / 3 % 100 == h) {
                    wrong += number != i;
                    number = chains_next(&chains, i);
                }
            wrong += number != -1;
        }
    }
    CU_ASSERT_EQUAL(wrong, 0);
    chains_add(&chains, 600, 7);
    CU_ASSERT_EQUAL(chains_first(&chains, 7), 600);
    CU_ASSERT_EQUAL(chains_next(&chains, 600), -1);
    CU_ASSERT_TRUE(chains_has(&chains, 600));
    CU_ASSERT_FALSE(chains_has(&chains, 599));
    CU_ASSERT_FALSE(chains_has(&chains, 601));
    arena_free(a);
}

/* Two names of one hash (FNV-1a, 32 bits) are told apart all the same. */
static void test_names_of_one_hash(void)
{
    struct arena *a = arena_new();
    int one = 1, two = 2;
    const struct names *names = names_add(a, NULL, "costarring", &one);

    names = names_add(a, names, "liquid", &two);
    CU_ASSERT_PTR_EQUAL(names_find(names, "costarring"), &one);
    CU_ASSERT_PTR_EQUAL(names_find(names, "liquid"), &two);
    arena_free(a);
}

static void test_text(void)
{
    struct arena *a = arena_new();
    struct text t;
    char expected[] = "0123456789";

    text_init(&t, a);
    text_add(&t, "", 0);
    CU_ASSERT_STRING_EQUAL(t.data, "");
    for (int i = 0; i < 1000; i++)
        text_printf(&t, "%d", i % 10);
    CU_ASSERT_EQUAL(t.size, 1000);
    CU_ASSERT_EQUAL(strlen(t.data), 1000);
    CU_ASSERT_EQUAL(memcmp(t.data + 990, expected, 10), 0);
    text_puts(&t, "end");
    text_add(&t, "a\0b", 3);
    CU_ASSERT_EQUAL(t.size, 1006);
    CU_ASSERT_EQUAL(memcmp(t.data + 1000, "enda\0b", 7), 0);
    arena_free(a);
}

/* --- Diagnostics --- */

static struct arena *arena;
static struct diags *diags;

static int begin(const char *text)
{
    arena = arena_new();
    diags = diags_new(arena);
    return diags_add_source(diags, "model.inv", text, strlen(text), false);
}

static struct span at(int source, int line, int column, int last_line, int last_column)
{
    return (struct span){source, line, column, last_line, last_column};
}

/* Compares what is printed with `expected`, then ends what begin() began. */
static void expect(const char *expected)
{
    char *printed = NULL;
    size_t size;
    FILE *f = open_memstream(&printed, &size);

    diags_print(diags, f);
    fclose(f);
    if (strcmp(printed, expected))
        fprintf(stderr, "\n--- expected\n%s--- printed\n%s---\n", expected, printed);
    CU_ASSERT_STRING_EQUAL(printed, expected);
    free(printed);
    arena_free(arena);
}

static void test_diag_caret(void)
{
    int s = begin("a = 1\n\n  logits = x -> dens(64)\nblock b() {\n}\n");
    struct diag *d = diag_error(diags, at(s, 3, 17, 3, 20), "there is no block '%s'", "dens");

    diag_help(d, "did you mean '%s'?", "dense");
    diag_note(d, at(s, 4, 1, 4, 5), "declared %s", "here");
    diag_note(d, (struct span){0}, "in the library");
    CU_ASSERT_EQUAL(diags_error_count(diags), 1);
    expect("model.inv:3:17: error: there is no block 'dens'\n"
           "    3 |   logits = x -> dens(64)\n"
           "      |                 ^~~~\n"
           "help: did you mean 'dense'?\n"
           "model.inv:4:1: note: declared here\n"
           "    4 | block b() {\n"
           "      | ^~~~~\n"
           "note: in the library\n");
}

static void test_diag_nowhere(void)
{
    begin("");
    diag_error(diags, (struct span){0}, "there is no model");
    expect("error: there is no model\n");
}

static void test_diag_order(void)
{
    int s = begin("one\ntwo\n"), t = diags_add_source(diags, "library/a.inv", "three\n", 6, true);

    diag_error(diags, at(t, 1, 1, 1, 5), "fourth");
    diag_error(diags, at(s, 2, 2, 2, 2), "third");
    diag_error(diags, at(s, 2, 1, 2, 1), "first");
    diag_error(diags, at(s, 2, 1, 2, 3), "second");
    diag_error(diags, at(s, 2, 1, 2, 1), "first");
    CU_ASSERT_TRUE(diags_source(diags, t)->library);
    CU_ASSERT_STRING_EQUAL(diags_source(diags, 99)->path, "");
    expect("model.inv:2:1: error: first\n"
           "    2 | two\n"
           "      | ^\n"
           "model.inv:2:1: error: second\n"
           "    2 | two\n"
           "      | ^~~\n"
           "model.inv:2:2: error: third\n"
           "    2 | two\n"
           "      |  ^\n"
           "library/a.inv:1:1: error: fourth\n"
           "    1 | three\n"
           "      | ^~~~~\n");
}

static void test_diag_shapes_of_lines(void)
{
    /* tabs, letters of two bytes, broken UTF-8, control bytes, lines that end with CR */
    int s = begin("\tif \xC3\xA9 x\r\n\x01\xFF y\rend");

    diag_error(diags, at(s, 1, 8, 1, 8), "behind a tab and a letter");
    diag_error(diags, at(s, 1, 5, 2, 1), "over two lines");
    diag_error(diags, at(s, 2, 4, 2, 4), "behind bytes that cannot be shown");
    diag_error(diags, at(s, 3, 4, 3, 4), "behind the end");
    diag_error(diags, at(s, 9, 1, 9, 1), "behind the file");
    expect("model.inv:1:5: error: over two lines\n"
           "    1 |     if \xC3\xA9 x\n"
           "      |        ^~~\n"
           "model.inv:1:8: error: behind a tab and a letter\n"
           "    1 |     if \xC3\xA9 x\n"
           "      |          ^\n"
           "model.inv:2:4: error: behind bytes that cannot be shown\n"
           "    2 | ?? y\n"
           "      |    ^\n"
           "model.inv:3:4: error: behind the end\n"
           "    3 | end\n"
           "      |    ^\n"
           "model.inv:9:1: error: behind the file\n"
           "    9 |\n"
           "      | ^\n");
}

static void test_diag_byte_order_mark(void)
{
    int s = begin("\xEF\xBB\xBF" "model m\n");

    diag_error(diags, at(s, 1, 7, 1, 7), "here");
    expect("model.inv:1:7: error: here\n"
           "    1 | model m\n"
           "      |       ^\n");
}

static void test_diag_long_line(void)
{
    char line[301];
    int s;

    memset(line, '.', 300);
    line[300] = '\0';
    memcpy(line + 200, "here", 4);
    s = begin(line);
    diag_error(diags, at(s, 1, 201, 1, 204), "far right");
    diag_error(diags, at(s, 1, 2, 1, 300), "long");
    expect("model.inv:1:2: error: long\n"
           "    1 | ............................................................................."
           "......."
           "...................\n"
           "      |  ^~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~"
           "~~~~~"
           "~~~~~~~~~~~~~~~~~~\n"
           "model.inv:1:201: error: far right\n"
           "    1 | ...............................................................here.........."
           "........"
           ".....................\n"
           "      |                                                                ^~~~\n");
}

static void test_diag_many(void)
{
    int s = begin("x\n");
    char *printed = NULL;
    size_t size;
    FILE *f;

    for (int i = 62; i > 0; i--)
        diag_error(diags, at(s, i, 1, i, 1), "error %d", i);
    f = open_memstream(&printed, &size);
    diags_print(diags, f);
    fclose(f);
    CU_ASSERT_PTR_NOT_NULL(strstr(printed, "model.inv:50:1: error: error 50\n"));
    CU_ASSERT_PTR_NULL(strstr(printed, "model.inv:51:1:"));
    CU_ASSERT_PTR_NOT_NULL(strstr(printed, "\n... and 12 more errors\n"));
    free(printed);
    arena_free(arena);
}

static void test_diag_warning(void)
{
    int s = begin("x = y\n");

    diag_help(diag_warning(diags, at(s, 1, 5, 1, 5), "y is %d", 0), "set it");
    CU_ASSERT_EQUAL(diags_error_count(diags), 0);
    diag_warning(diags, at(s, 1, 5, 1, 5), "y is 0");
    diag_error(diags, at(s, 1, 1, 1, 1), "no x");
    CU_ASSERT_EQUAL(diags_error_count(diags), 1);
    expect("model.inv:1:1: error: no x\n"
           "    1 | x = y\n"
           "      | ^\n"
           "model.inv:1:5: warning: y is 0\n"
           "    1 | x = y\n"
           "      |     ^\n"
           "help: set it\n");
}

/* Printed once; errors are not crowded out by warnings. */
static void test_diag_warnings_many(void)
{
    int s = begin("x\n");
    char *printed = NULL;
    size_t size;
    FILE *f = open_memstream(&printed, &size);

    for (int i = 1; i <= 52; i++)
        diag_warning(diags, at(s, i, 1, i, 1), "warning %d", i);
    diag_error(diags, at(s, 99, 1, 99, 1), "the error");
    diags_print(diags, f);
    diag_warning(diags, at(s, 100, 1, 100, 1), "one more");
    diags_print(diags, f);
    fclose(f);
    CU_ASSERT_PTR_NOT_NULL(strstr(printed, "model.inv:99:1: error: the error\n"));
    CU_ASSERT_PTR_NULL(strstr(printed, "warning 51\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(printed, "\n... and 2 more warnings\n"
                                           "model.inv:100:1: warning: one more"));
    const char *first = strstr(printed, "warning 1\n");
    CU_ASSERT_PTR_NULL(strstr(first + 1, "warning 1\n"));
    free(printed);
    arena_free(arena);
}

static void test_diag_strict(void)
{
    int s = begin("x\n");

    diags_be_strict(diags);
    diag_warning(diags, at(s, 1, 1, 1, 1), "x is odd");
    CU_ASSERT_EQUAL(diags_error_count(diags), 1);
    expect("model.inv:1:1: error: x is odd\n"
           "    1 | x\n"
           "      | ^\n");
}

static void check_nearest(const char *word, const char *expected)
{
    static const char *const choice[] = {"dense", "dropout", "loss", "max_pool", "on", "relu",
                                         "relu6", "cross_entropy", "mse", "mae"};
    const char *near = diag_nearest(word, choice, 10);

    CU_ASSERT_STRING_EQUAL(near ? near : "nothing", expected ? expected : "nothing");
}

static void test_nearest(void)
{
    static char huge[2000];

    check_nearest("dens", "dense");
    check_nearest("desne", "dense");
    check_nearest("los", "loss");
    check_nearest("maxpool", "max_pool");
    check_nearest("MaxPool", "max_pool");
    check_nearest("relu7", "relu");
    check_nearest("crossentropie", "cross_entropy");
    check_nearest("msa", "mse");
    check_nearest("of", NULL);
    check_nearest("a", NULL);
    check_nearest("x", NULL);
    check_nearest("", NULL);
    check_nearest("conv2d", NULL);
    check_nearest("dropin", NULL);
    memset(huge, 'x', sizeof huge - 1);
    check_nearest(huge, NULL);
}

int main(void)
{
    CU_pSuite suite;
    unsigned failed;

    CU_initialize_registry();
    suite = CU_add_suite("base", NULL, NULL);
    CU_ADD_TEST(suite, test_arena_pieces);
    CU_ADD_TEST(suite, test_arena_strings);
    CU_ADD_TEST(suite, test_arena_push);
    CU_ADD_TEST(suite, test_arena_is_zero);
    CU_ADD_TEST(suite, test_chains);
    CU_ADD_TEST(suite, test_names);
    CU_ADD_TEST(suite, test_names_of_one_hash);
    CU_ADD_TEST(suite, test_text);
    CU_ADD_TEST(suite, test_diag_caret);
    CU_ADD_TEST(suite, test_diag_nowhere);
    CU_ADD_TEST(suite, test_diag_order);
    CU_ADD_TEST(suite, test_diag_shapes_of_lines);
    CU_ADD_TEST(suite, test_diag_byte_order_mark);
    CU_ADD_TEST(suite, test_diag_long_line);
    CU_ADD_TEST(suite, test_diag_many);
    CU_ADD_TEST(suite, test_diag_warning);
    CU_ADD_TEST(suite, test_diag_warnings_many);
    CU_ADD_TEST(suite, test_diag_strict);
    CU_ADD_TEST(suite, test_nearest);
    CU_basic_run_tests();
    failed = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failed > 0;
}
