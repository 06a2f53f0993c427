#include "row_map.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include "ending.h"
#include "row_window.h"

int inv_row_map_open(struct inv_row_map *map, int file, int64_t most, int64_t rows)
{
    int own = fcntl(file, F_DUPFD_CLOEXEC, 0);
    void *at = own < 0 ? MAP_FAILED : mmap(NULL, map->size, PROT_READ, MAP_SHARED, own, 0);
    if (at == MAP_FAILED) {
        if (own >= 0)
            close(own);
        return 0;
    }
    map->at = at;
    map->file = own;
    map->listed = inv_ending_map(at, map->size, map->path);
    if ((uint64_t)map->size > (uint64_t)most)
        map->window = inv_row_window_new(map, most, rows);
    return 1;
}

struct inv_row_batch inv_row_map_read(const struct inv_row_map *map, const struct inv_run *run,
                                      const int32_t *row, int64_t count,
                                      const struct inv_row_ahead *ahead)
{
    if (map->window)
        return inv_row_window_read(map->window, map, run, row, count, ahead);
    inv_row_check_size(map);
    return (struct inv_row_batch){ map->at + map->first, row };
}

void inv_row_map_pass(const struct inv_row_map *map, int64_t row)
{
    int64_t rows = map->at ? (int64_t)(INV_ROW_MEMORY / 4 / map->row_bytes) + 1 : 1;
    if (map->window && row % rows == rows - 1)
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
    if (map->at) {
        inv_ending_unmap(map->listed);
        munmap(map->at, map->size);
        close(map->file);
    }
    inv_row_window_free(map->window);
    free(map->path);
    *map = (struct inv_row_map){ .at = NULL };
}
