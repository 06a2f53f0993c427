#include "row_map.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include "row_window.h"

int inv_row_map_open(struct inv_row_map *map, int file, int64_t most, int64_t rows)
{
    void *at = mmap(NULL, map->size, PROT_READ, MAP_SHARED, file, 0);
    if (at == MAP_FAILED)
        return 0;
    map->at = at;
    map->file = (uint64_t)map->size > (uint64_t)most ? fcntl(file, F_DUPFD_CLOEXEC, 0) : -1;
    if (map->file >= 0)
        map->window = inv_row_window_new(map, most, rows);
    return 1;
}

struct inv_row_batch inv_row_map_read(const struct inv_row_map *map, const struct inv_run *run,
                                      const int32_t *row, int64_t count,
                                      const struct inv_row_ahead *ahead)
{
    if (map->window)
        return inv_row_window_read(map->window, map, run, row, count, ahead);
    return (struct inv_row_batch){ map->at + map->first, row };
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
    if (map->window)
        (void)madvise(map->at, map->size, MADV_DONTNEED);
    if (map->window && !inv_row_window_sparse(map->window, map))
        return;
    (void)madvise(map->at, map->size, MADV_RANDOM);
    if (map->window)
        (void)posix_fadvise(map->file, 0, 0, POSIX_FADV_RANDOM);
}

void inv_row_map_close(struct inv_row_map *map)
{
    if (map->at)
        munmap(map->at, map->size);
    if (map->at && map->file >= 0)
        close(map->file);
    inv_row_window_free(map->window);
    free(map->path);
    *map = (struct inv_row_map){ .at = NULL };
}
