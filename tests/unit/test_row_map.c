/* Rows of a mapped file, in memory and read into windows: the right ones in any order. */
#include "host.h"
#include <fcntl.h>
#include <stdint.h>
#include <sys/wait.h>
#include "host/ending.h"
#include "host/row_window.h"

enum { FIRST = 64, BATCH = 16 };

static unsigned char byte_of(int64_t row, size_t at)
{
    return (unsigned char)(row * 131 + row / 256 * 7 + (int64_t)at * 29);
}

static int write_rows(size_t bytes, int64_t rows)
{
    size_t size = FIRST + (size_t)rows * bytes;
    unsigned char *all = calloc(size + 5, 1);   /* a tail, as row files have one */
    for (int64_t r = 0; r < rows; r++)
        for (size_t i = 0; i < bytes; i++)
            all[FIRST + (size_t)r * bytes + i] = byte_of(r, i);
    int file = open(host_write("rows", all, size + 5), O_RDWR);
    free(all);
    return file;
}

static struct inv_row_map open_rows(int file, size_t bytes, int64_t rows, int64_t most)
{
    struct inv_row_map map = { .size = FIRST + (size_t)rows * bytes + 5, .first = FIRST,
                               .row_bytes = bytes, .path = strdup("rows") };
    CU_ASSERT_TRUE_FATAL(inv_row_map_open(&map, file, most, BATCH));
    inv_row_map_shuffle(&map);
    return map;
}

static void check_batch(const struct inv_row_map *map, const int32_t *row, int64_t count,
                        const struct inv_row_ahead *ahead)
{
    const struct inv_run run = { .pool = NULL };
    struct inv_row_batch batch = inv_row_map_read(map, &run, row, count, ahead);
    int wrong = 0;
    for (int64_t i = 0; i < count; i++)
        for (size_t k = 0; k < map->row_bytes; k++)
            wrong += batch.byte[(size_t)batch.row[i] * map->row_bytes + k] != byte_of(row[i], k);
    CU_ASSERT_EQUAL(wrong, 0);
}

/* Two epochs, then batches out of their turn, one of them twice. */
static void check_order(const struct inv_row_map *map, int64_t rows, int64_t stride)
{
    int32_t *row = calloc((size_t)rows, sizeof *row);
    for (int epoch = 0; epoch < 2; epoch++) {
        for (int64_t i = 0; i < rows; i++)
            row[i] = (int32_t)((i * stride + epoch * 5) % rows);
        for (int64_t at = 0, count; at < rows; at += count) {
            count = rows - at < BATCH ? rows - at : BATCH;
            check_batch(map, row + at, count, &(struct inv_row_ahead){ .rest = rows - at - count });
        }
    }
    int64_t some = rows < 3 ? rows : 3;
    check_batch(map, row + rows / 2, some, NULL);
    check_batch(map, row + rows / 2, some, NULL);
    check_batch(map, row, some, &(struct inv_row_ahead){ .rest = rows - some });
    check_batch(map, row + rows / 3, some,
                &(struct inv_row_ahead){ .rest = rows - rows / 3 - some });
    free(row);
}

static void test_orders(void)
{
    static const struct { size_t bytes; int64_t rows, most[4]; } cases[] = {
        { 4, 1, { 1, 8, 1 << 20 } }, { 132, 4000, { 1, 9000, 100000, 1 << 20 } },
        { 20, 70000, { 1, 4000, 300000, 1 << 21 } }, { 40000, 40, { 1, 200000, 1 << 20, 1 << 22 } },
        { 70000, 20, { 1, 300000, 1 << 20, 1 << 22 } } };
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        int file = write_rows(cases[c].bytes, cases[c].rows);
        for (int m = 0; m < 4 && cases[c].most[m]; m++) {
            struct inv_row_map map = open_rows(file, cases[c].bytes, cases[c].rows,
                                               cases[c].most[m]);
            check_order(&map, cases[c].rows, 1);
            check_order(&map, cases[c].rows, 17);
            inv_row_map_close(&map);
        }
        close(file);
    }
}

/* A rank reads its shares of the batches to come, the partial one at the end, too: they are right
 * when the file no longer holds them. */
static void test_shares(void)
{
    enum { ROWS = 5 * BATCH + 7, BYTES = 12, PARTS = 7, RANKS = 3 };
    static const unsigned char nothing[ROWS * BYTES];
    int32_t row[ROWS];
    for (int i = 0; i < ROWS; i++)
        row[i] = (i * 17 + 3) % ROWS;
    for (int rank = 0; rank < RANKS; rank++) {
        int file = write_rows(BYTES, ROWS);
        struct inv_row_map map = open_rows(file, BYTES, ROWS, ROWS * (BYTES + 12) / RANKS + 300);
        int first = PARTS * rank / RANKS, last = PARTS * (rank + 1) / RANKS;
        for (int at = 0; at < ROWS; at += BATCH) {
            int batch = ROWS - at < BATCH ? ROWS - at : BATCH, end = last * batch / PARTS;
            for (int part = first, begin; part < last; part++) {
                begin = part * batch / PARTS;
                int count = (part + 1) * batch / PARTS - begin;
                struct inv_row_ahead ahead = { .rest = end - begin - count, .next = BATCH - begin,
                    .step = BATCH, .end = ROWS - at - begin, .batch = BATCH, .first = first,
                    .last = last, .parts = PARTS };
                check_batch(&map, row + at + begin, count, &ahead);
                CU_ASSERT_TRUE(pwrite(file, nothing, sizeof nothing, FIRST) > 0);
            }
        }
        inv_row_map_close(&map);
        close(file);
    }
}

/* Behind the share of an order that is at hand come rows of others, as far as there is room. */
static void test_then(void)
{
    enum { ROOM = 12 };
    static const int32_t row[] = { 10, 11, 12, 13, 14, 15, 16, 17, 18, 19 }, then[] = { 7, 3, 5 };
    static const int32_t want[] = { 10, 11, 14, 15, 18, 7, 3, 5 };
    struct inv_row_ahead ahead = { .next = 4, .step = 4, .end = 10, .batch = 4, .last = 1,
                                   .parts = 2, .then = then, .then_count = 3 };
    int32_t to[ROOM];
    for (int64_t room = 1; room <= ROOM; room++) {
        int64_t count = room < 8 ? room : 8;
        CU_ASSERT_EQUAL(inv_row_ahead_list(&ahead, row, room < 2 ? 1 : 2, to, room), count);
        CU_ASSERT_EQUAL(memcmp(to, want, (size_t)count * sizeof *to), 0);
    }
}

/* A file that is cut short under the program ends it with a message, in each way to read. */
static void test_cut(void)
{
    static const int64_t most[] = { 1, 1 << 18, 1 << 20 };
    for (size_t m = 0; m < sizeof most / sizeof *most; m++) {
        int file = write_rows(132, 4000), status = 0;
        struct inv_row_map map = open_rows(file, 132, 4000, most[m]);
        pid_t child = fork();
        if (child == 0) {
            int32_t row[BATCH];
            for (int i = 0; i < BATCH; i++)
                row[i] = 3000 + i;
            if (ftruncate(file, FIRST + 132 * 1000) || !freopen(host_path("said"), "w", stderr))
                _exit(99);
            inv_row_map_read(&map, &(struct inv_run){ .pool = NULL }, row, BATCH, NULL);
            _exit(0);
        }
        CU_ASSERT_EQUAL(waitpid(child, &status, 0), child);
        CU_ASSERT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == INV_BAD_DATA);
        size_t size;
        char *said = host_read(host_path("said"), &size);
        CU_ASSERT_PTR_NOT_NULL(strstr(said, "error: rows: rows cannot be read any more: it was cut "
                                            "short; run again, which makes the file anew"));
        free(said);
        inv_row_map_close(&map);
        close(file);
    }
}

/* So does one that is cut short while its rows are copied from where they are mapped; another that
 * is mapped after it is not named. */
static void test_cut_later(void)
{
    static const unsigned char nothing[4096];
    int file = write_rows(132, 4000), status = 0;
    int whole = open(host_write("other", nothing, sizeof nothing), O_RDWR);
    struct inv_row_map map = open_rows(file, 132, 4000, 1 << 20);
    struct inv_row_map other = { .size = sizeof nothing, .row_bytes = 64, .path = strdup("other") };
    CU_ASSERT_TRUE_FATAL(inv_row_map_open(&other, whole, 1 << 20, 1));
    pid_t child = fork();
    if (child == 0) {
        int32_t row = 3999;
        inv_ending_watch();
        struct inv_row_batch batch = inv_row_map_read(&map, &(struct inv_run){ .pool = NULL }, &row,
                                                      1, NULL);
        if (ftruncate(file, FIRST) || !freopen(host_path("said"), "w", stderr))
            _exit(99);
        _exit(batch.byte[(size_t)batch.row[0] * 132] ? 98 : 97);
    }
    CU_ASSERT_EQUAL(waitpid(child, &status, 0), child);
    CU_ASSERT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == INV_BAD_DATA);
    size_t size;
    char *said = host_read(host_path("said"), &size);
    CU_ASSERT_PTR_NOT_NULL(strstr(said, "error: rows: cannot be read any more where it is mapped"));
    free(said);
    inv_row_map_close(&map);
    inv_row_map_close(&other);
    close(file);
    close(whole);
}

#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__)
/* Bytes of this process that are in memory. */
static long resident(void)
{
    long pages[2] = { 0 };
    FILE *file = fopen("/proc/self/statm", "r");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    CU_ASSERT_EQUAL(fscanf(file, "%ld %ld", &pages[0], &pages[1]), 2);
    fclose(file);
    return pages[1] * sysconf(_SC_PAGESIZE);
}

/* Large blocks go back to the system, also one that is smaller than what was freed before. */
static void test_given_back(void)
{
    enum { MB = 1 << 20 };
    free(memset(inv_allocate(20 * MB), 1, 20 * MB));
    long before = resident();
    free(memset(inv_allocate(12 * MB), 1, 12 * MB));
    CU_ASSERT_TRUE(resident() - before < 6 * MB);
}
#define GIVEN_BACK , { "given back", test_given_back }
#else
#define GIVEN_BACK                      /* memory is another's there */
#endif

HOST_MAIN("row map", { "orders", test_orders }, { "shares", test_shares }, { "then", test_then },
          { "cut", test_cut }, { "cut later", test_cut_later }
          GIVEN_BACK)
