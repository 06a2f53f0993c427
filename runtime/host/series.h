/* An array of data that lies in one file or, where a pattern names several, in these one after the
 * other, in byte order of their names. */
#ifndef INV_HOST_SERIES_H
#define INV_HOST_SERIES_H
#include "array.h"
#include "paths.h"

struct inv_series {
    struct inv_array array;             /* of the file at hand; its stream has no path: closed */
    struct inv_paths paths;
    int at;                             /* the file at hand */
    const struct inv_file *file;
    int rank;                           /* of a row, as the reader wants it */
    const int64_t *dim;
    struct inv_names characters;        /* of a text that is read by these */
    int64_t line_from, line_reach;      /* as of the array */
};

/* path: a file or a pattern, of file number `number` of the model; rank and dim as of
 * inv_array_open, and must outlive the series.  0 after an error; closing is needed in any case. */
int inv_series_open(struct inv_series *, const struct inv_file *, int number, const char *path,
                    int rank, const int64_t *dim, struct inv_errors *);
/* A text, just opened, is read by characters: those that are named in `characters`, as lines where
 * line_reach is set. */
void inv_series_read_characters(struct inv_series *);
/* As inv_array_next. */
int inv_series_next(struct inv_series *, enum inv_dtype, void *to);
/* hash[i]: of file i of the model, as of inv_paths_hash; `read` gets the files.  hash may be NULL:
 * then neither. */
void inv_series_close(struct inv_series *, char (*hash)[65], struct inv_paths *read);

#endif
