/* Whether the rows of a data set are kept in a file (row_file.h), where that lies, and which files
 * they come from. */
#ifndef INV_HOST_ROW_PLACE_H
#define INV_HOST_ROW_PLACE_H
#include "dataset.h"

/* A file that rows are read from, as it was before they were. */
struct inv_row_source {
    char *given, *place;                /* as it is named; its absolute path */
    int64_t device, inode, bytes, modified, changed; /* times in ns since 1970 */
};

struct inv_row_place {
    char *path;                         /* of the row file */
    int asked;                          /* --rows names it: where it cannot be is an error */
    char key[65];                       /* SHA-256 of what decides rows but for the files' bytes */
    int count;
    struct inv_row_source *source;
    int64_t begun;                      /* when the sources were looked at, in ns since 1970 */
};

/* 1: rows are to be kept at place->path; 0: in memory; -1 after an error.  Freeing is needed in all
 * cases. */
int inv_row_place_find(const struct inv_dataset *, struct inv_row_place *);
void inv_row_place_free(struct inv_row_place *);

#endif
