/* What the tests of runtime/host share: files in a folder of their own, and errors as text. */
#ifndef TEST_HOST_H
#define TEST_HOST_H
#include <CUnit/Basic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>
#include "host/errors.h"

static char host_folder[] = "/tmp/invar-test-XXXXXX";

static inline int host_begin(void)
{
    return mkdtemp(host_folder) ? 0 : -1;
}

static inline int host_end(void)
{
    char command[64];
    snprintf(command, sizeof command, "rm -rf %s", host_folder);
    return system(command);
}

/* The path of a file of that name; the text stays valid until the 8th call from here. */
static inline const char *host_path(const char *name)
{
    static char path[8][512];
    static int next;
    next = (next + 1) % 8;
    snprintf(path[next], sizeof path[next], "%s/%s", host_folder, name);
    return path[next];
}

static inline const char *host_write(const char *name, const void *bytes, size_t count)
{
    const char *path = host_path(name);
    FILE *file = fopen(path, "wb");
    if (!file || fwrite(bytes, 1, count, file) != count || fclose(file) != 0)
        abort();
    return path;
}

static inline const char *host_write_text(const char *name, const char *text)
{
    return host_write(name, text, strlen(text));
}

static inline const char *host_write_gzip(const char *name, const void *bytes, size_t count)
{
    const char *path = host_path(name);
    gzFile file = gzopen(path, "wb");
    if (!file || gzwrite(file, bytes, (unsigned)count) != (int)count || gzclose(file) != Z_OK)
        abort();
    return path;
}

/* The whole file in new memory, with a zero byte behind. */
static inline char *host_read(const char *path, size_t *count)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return NULL;
    fseek(file, 0, SEEK_END);
    *count = (size_t)ftell(file);
    rewind(file);
    char *text = calloc(*count + 1, 1);
    if (!text || fread(text, 1, *count, file) != *count)
        abort();
    fclose(file);
    return text;
}

/* Errors that go to memory. */
struct host_errors {
    struct inv_errors errors;
    char *text;
    size_t size;
};

static inline void host_errors_begin(struct host_errors *e)
{
    memset(e, 0, sizeof *e);
    e->errors.to = open_memstream(&e->text, &e->size);
}

/* Whether there were errors, and `part` stands in their text. */
static inline int host_errors_have(struct host_errors *e, const char *part)
{
    fflush(e->errors.to);
    int found = e->errors.count > 0 && strstr(e->text, part) != NULL;
    if (!found)
        printf("\n  no \"%s\" in: %s\n", part, e->text);
    return found;
}

static inline void host_errors_end(struct host_errors *e)
{
    fclose(e->errors.to);
    free(e->text);
}

#define HOST_MAIN(name, ...)                                                                    \
    int main(void)                                                                              \
    {                                                                                           \
        static const struct { const char *title; CU_TestFunc run; } tests[] = { __VA_ARGS__ };  \
        CU_initialize_registry();                                                               \
        CU_pSuite suite = CU_add_suite(name, host_begin, host_end);                             \
        for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++)                             \
            CU_add_test(suite, tests[i].title, tests[i].run);                                   \
        CU_basic_run_tests();                                                                   \
        unsigned failed = CU_get_number_of_failures();                                          \
        CU_cleanup_registry();                                                                  \
        return failed > 0;                                                                      \
    }

#endif
