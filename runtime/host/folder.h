/* A folder of images or sounds, or one of them, as the text of a table with the columns file and
 * label: the path of each from the folder, in byte order, and the first folder of that path, which
 * is empty where the file lies in the folder itself. */
#ifndef INV_HOST_FOLDER_H
#define INV_HOST_FOLDER_H
#include <stddef.h>
#include "invar.h"

struct inv_errors;

enum { INV_FOLDER_ENDS = 3, INV_FOLDER_FIRST = 12 };

struct inv_folder_kind {
    const char *name, *what;            /* "image", "PNG or JPEG" */
    const char *end[INV_FOLDER_ENDS];   /* of names of files that count; two at least */
    int (*begins)(const unsigned char *file, size_t size); /* whether it is of the kind, by its
                                                            * first INV_FOLDER_FIRST bytes */
};

/* As inv_reader.list. */
int inv_folder_list(const struct inv_folder_kind *, const char *path, char **text, int again,
                    struct inv_errors *);
/* What is in a file of the kind, unless it is what was read last; 0 after an error. */
int inv_folder_read(const struct inv_folder_kind *, struct inv_named *, const char *path,
                    struct inv_errors *);

#endif
