#include "grid.h"
#include <stdlib.h>
#include <string.h>

int inv_grid_begins(struct inv_stream *stream)
{
    return inv_stream_begins(stream, "\x93NUMPY", 6);
}

struct inv_grid *inv_grid_open(struct inv_stream *stream, char decimal)
{
    struct inv_grid *grid = inv_allocate(sizeof *grid);
    int good = inv_array_begin_npy(&grid->array, stream);
    grid->decimal = decimal;
    if (good && grid->array.rank > 1)
        inv_error(stream->errors, "%s: is an array of %d axes, and a table has two, rows and "
                  "columns; reshape it", stream->path, grid->array.rank + 1);
    if (good && grid->array.rank <= 1)
        return grid;
    stream->failed = 1;
    inv_grid_free(grid);
    return NULL;
}

void inv_grid_free(struct inv_grid *grid)
{
    if (grid)
        inv_array_close(&grid->array, NULL);
    free(grid);
}

/* The next cell into grid->text; 0 at the end or after an error. */
static int next_cell(struct inv_grid *grid)
{
    struct inv_array *a = &grid->array;
    int status = a->stream->failed ? -1 : grid->cell > 0 ? 1 : inv_array_fetch(a);
    a->stream->failed |= status < 0;
    if (status < 1)
        return 0;
    inv_array_text(a, grid->cell++, grid->text);
    char *point = strchr(grid->text, '.');
    if (point)
        *point = grid->decimal;
    grid->cell %= a->row_cells;
    grid->size = strlen(grid->text);
    grid->text[grid->size++] = grid->cell ? INV_GRID_DELIMITER : '\n';
    grid->taken = 0;
    return 1;
}

size_t inv_grid_read(struct inv_grid *grid, char *to, size_t bytes)
{
    size_t got = 0;
    while (got < bytes && (grid->taken < grid->size || next_cell(grid))) {
        size_t rest = grid->size - grid->taken;
        rest = rest < bytes - got ? rest : bytes - got;
        memcpy(to + got, grid->text + grid->taken, rest);
        grid->taken += rest;
        got += rest;
    }
    return got;
}
