/* Whether the rows of a data set are kept in a file (row_file.h), where that lies, and which files
 * they come from. */
#ifndef INV_HOST_ROW_PLACE_H
#define INV_HOST_ROW_PLACE_H
#include "dataset.h"

/* A file that rows are read from, as it was before they were.  One that is read for several of the
 * model's files is there for each. */
struct inv_row_source {
    char *given, *place;                /* as it is named; its absolute path */
    int file;                           /* which inv_data.file it stands for */
    char hash[65];                      /* SHA-256 of what rows were read from; "": none were */
    int64_t device, inode, bytes, modified, changed; /* times in ns since 1970 */
};

struct inv_row_place {
    char *path;                         /* of the row file; NULL: there is no place for one */
    int asked;                          /* --rows names it: where it cannot be is an error */
    char key[65];                       /* SHA-256 of what decides rows but for the files' bytes */
    int count;
    struct inv_row_source *source;      /* as the model names them */
    int64_t begun;                      /* when the sources were looked at, in ns since 1970 */
    int64_t memory;                     /* bytes that rows may take where they are in memory; 0:
                                         * any number, as nothing else gives them */
};

/* 1: rows are to be kept at place->path; 0: in memory, unless they are more than place->memory
 * bytes; -1 after an error.  Freeing is needed in all cases. */
int inv_row_place_find(const struct inv_dataset *, struct inv_row_place *);
/* Rows that were to be in memory are too many: whether they can be kept at place->path. */
int inv_row_place_instead(struct inv_row_place *, const struct inv_dataset *);
void inv_row_place_free(struct inv_row_place *);

#endif
