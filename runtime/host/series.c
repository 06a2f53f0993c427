#include "series.h"
#include <string.h>

static int open_file(struct inv_series *s, struct inv_errors *errors)
{
    int good = inv_array_open(&s->array, s->file, s->paths.path[s->at], s->rank, s->dim, errors);
    if (good && s->characters.count > 0)
        inv_series_read_characters(s);
    return good;
}

void inv_series_read_characters(struct inv_series *s)
{
    inv_array_read_characters(&s->array, &s->characters);
    inv_array_read_lines(&s->array, s->line_from, s->line_reach);
}

int inv_series_open(struct inv_series *s, const struct inv_file *file, int number,
                    const char *path, int rank, const int64_t *dim, struct inv_errors *errors)
{
    *s = (struct inv_series){ .file = file, .rank = rank, .dim = dim };
    s->array.own.file = -1;
    inv_paths_add(&s->paths, path, number, errors);
    return s->paths.count > 0 && open_file(s, errors);
}

static void close_file(struct inv_series *s, char hash[65])
{
    unsigned char digest[32];
    if (!s->array.own.path)
        return;
    inv_array_close(&s->array, hash ? digest : NULL);
    if (hash)
        inv_sha256_hex(digest, hash);
}

/* Rows of the next file have the shape of those before. */
static int open_next(struct inv_series *s, struct inv_errors *errors)
{
    int64_t dim[INV_RANK];
    int rank = s->array.rank;
    memcpy(dim, s->array.dim, sizeof dim);
    close_file(s, s->paths.hash[s->at]);
    s->at++;
    if (!open_file(s, errors))
        return 0;
    if (s->array.rank == rank && memcmp(dim, s->array.dim, (size_t)rank * sizeof *dim) == 0)
        return 1;
    inv_error(errors, "%s: its rows have another shape than those of %s; files of one pattern hold "
              "rows of one kind", s->paths.path[s->at], s->paths.path[s->at - 1]);
    return 0;
}

int inv_series_next(struct inv_series *s, enum inv_dtype dtype, void *to)
{
    struct inv_errors *errors = s->array.stream->errors;
    int status = inv_array_next(&s->array, dtype, to);
    while (status == 0 && s->at + 1 < s->paths.count)
        status = open_next(s, errors) ? inv_array_next(&s->array, dtype, to) : -1;
    return status;
}

void inv_series_close(struct inv_series *s, char (*hash)[65], struct inv_paths *read)
{
    close_file(s, hash && s->paths.count > 0 ? s->paths.hash[s->at] : NULL);
    if (hash) {
        inv_paths_hash(&s->paths, hash);
        inv_paths_append(read, &s->paths);
    }
    inv_paths_free(&s->paths);
    inv_names_free(&s->characters);
}
