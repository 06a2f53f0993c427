/* The files of a source: those named, and those that a pattern such as "day-*.csv" finds. */
#ifndef INV_HOST_PATHS_H
#define INV_HOST_PATHS_H
#include "invar.h"
#include "errors.h"

struct inv_paths {
    char **path;
    int *file;                          /* of each: the number of the inv_data.file it came from */
    char (*hash)[65];                   /* of each: SHA-256, once it has been read */
    int count, room;
};

/* Adds `path`, of file number `file`, or, where it is a pattern, the files that it finds. */
void inv_paths_add(struct inv_paths *, const char *path, int file, struct inv_errors *);
/* given: see place.h.  What a pattern finds is in byte order of the names.  0 after an error. */
int inv_paths_find(struct inv_paths *, const struct inv_model *, const char *given,
                   enum inv_source_of, struct inv_errors *);
/* Appends those of another list that are not there yet. */
void inv_paths_append(struct inv_paths *, const struct inv_paths *);
/* hash[i]: of file i of the model: that of its one file, or, of several that a pattern found, that
 * of their hexadecimal hashes end to end. */
void inv_paths_hash(const struct inv_paths *, char (*hash)[65]);
void inv_paths_free(struct inv_paths *);

#endif
