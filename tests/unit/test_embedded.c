/* The table of embedded files: the same bytes as in the tree, sorted, what emission needs. */
#include <CUnit/Basic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/embedded.h"

static void test_same_bytes(void)
{
    for (int i = 0; i < embedded_file_count; i++) {
        const struct embedded_file *e = &embedded_files[i];
        char path[512];
        snprintf(path, sizeof path, "%s/%s", INVAR_SOURCE_DIR, e->path);
        FILE *file = fopen(path, "rb");
        CU_ASSERT_PTR_NOT_NULL_FATAL(file);
        char *text = malloc(e->size + 2);
        CU_ASSERT_PTR_NOT_NULL_FATAL(text);
        CU_ASSERT_EQUAL(fread(text, 1, e->size + 2, file), e->size);
        CU_ASSERT_EQUAL(memcmp(text, e->data, e->size), 0);
        CU_ASSERT_EQUAL(e->data[e->size], 0);
        free(text);
        fclose(file);
    }
}

static void test_sorted(void)
{
    CU_ASSERT(embedded_file_count > 0);
    for (int i = 1; i < embedded_file_count; i++)
        CU_ASSERT(strcmp(embedded_files[i - 1].path, embedded_files[i].path) < 0);
}

static void test_holds(void)
{
    static const char *const wanted[] = {
        "compiler/library/layers.inv", "runtime/core/arith.h", "runtime/core/contract.c",
        "runtime/host/pool.c", "runtime/include/invar.h", "templates/ops/add.h",
        "templates/program/main.c"
    };
    for (size_t w = 0; w < sizeof wanted / sizeof *wanted; w++) {
        int found = 0;
        for (int i = 0; i < embedded_file_count; i++)
            found += strcmp(embedded_files[i].path, wanted[w]) == 0;
        CU_ASSERT_EQUAL(found, 1);
    }
}

int main(void)
{
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("embedded", NULL, NULL);
    CU_ADD_TEST(suite, test_same_bytes);
    CU_ADD_TEST(suite, test_sorted);
    CU_ADD_TEST(suite, test_holds);
    CU_basic_run_tests();
    int failed = (int)CU_get_number_of_failures();
    CU_cleanup_registry();
    return failed != 0;
}
