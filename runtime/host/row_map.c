#include "row_map.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "errors.h"

int inv_row_bytes(int file, void *to, size_t bytes, int64_t at)
{
    while (bytes > 0) {
        ssize_t got = pread(file, to, bytes, (off_t)at);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return 0;
        to = (unsigned char *)to + got;
        bytes -= (size_t)got;
        at += got;
    }
    return 1;
}

int inv_row_map_open(struct inv_row_map *map, int file, int64_t most, int64_t rows)
{
    void *at = mmap(NULL, map->size, PROT_READ, MAP_SHARED, file, 0);
    if (at == MAP_FAILED)
        return 0;
    map->at = at;
    map->file = (uint64_t)map->size > (uint64_t)most ? fcntl(file, F_DUPFD_CLOEXEC, 0) : -1;
    if (map->file < 0)
        return 1;
    map->batch = inv_allocate((size_t)rows * map->row_bytes);
    map->place = inv_allocate((size_t)rows * sizeof *map->place);
    for (int64_t i = 0; i < rows; i++)
        map->place[i] = (int32_t)i;
    return 1;
}

/* A run as the group that reads rows sees it. */
struct reading {
    struct inv_run run;
    const struct inv_row_map *map;
    const int32_t *row;
};

/* Rows that follow one another are read at once. */
static void read_rows(const struct inv_run *run, int64_t begin, int64_t end)
{
    const struct reading *r = (const struct reading *)(const void *)run;
    const struct inv_row_map *map = r->map;
    for (int64_t i = begin, next; i < end; i = next) {
        for (next = i + 1; next < end && r->row[next] == r->row[next - 1] + 1;)
            next++;
        int64_t at = (int64_t)(map->first + (size_t)r->row[i] * map->row_bytes);
        errno = 0;
        if (inv_row_bytes(map->file, map->batch + (size_t)i * map->row_bytes,
                          (size_t)(next - i) * map->row_bytes, at))
            continue;
        fprintf(stderr, "error: %s: rows cannot be read any more: %s; run again, which makes the "
                "file anew\n", map->path, errno ? strerror(errno) : "it was cut short");
        exit(INV_BAD_DATA);
    }
}

void inv_row_map_read(const struct inv_row_map *map, const struct inv_run *run, const int32_t *row,
                      int64_t count)
{
    enum { COST = 4000 };               /* scalar operations in the time that a read takes */
    struct reading r = { .run = *run, .map = map, .row = row };
    inv_for(&r.run, read_rows, count, COST * count);
}

void inv_row_map_pass(const struct inv_row_map *map, int64_t row)
{
    int64_t rows = map->at ? (int64_t)(INV_ROW_MEMORY / 4 / map->row_bytes) + 1 : 1;
    if (map->at && map->file >= 0 && row % rows == rows - 1)
        (void)madvise(map->at, map->size, MADV_DONTNEED);
}

void inv_row_map_shuffle(const struct inv_row_map *map)
{
    if (!map->at)
        return;
    (void)madvise(map->at, map->size, MADV_RANDOM);
    if (map->file < 0)
        return;
    (void)madvise(map->at, map->size, MADV_DONTNEED);
    (void)posix_fadvise(map->file, 0, 0, POSIX_FADV_RANDOM);
}

void inv_row_map_close(struct inv_row_map *map)
{
    if (map->at)
        munmap(map->at, map->size);
    if (map->at && map->file >= 0)
        close(map->file);
    free(map->batch);
    free(map->place);
    free(map->path);
    *map = (struct inv_row_map){ .at = NULL };
}
