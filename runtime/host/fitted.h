/* What reading the training data fixed besides numbers: the names and order of each field's columns
 * and the names of its classes.  Later files obey it: the same part's further files, parts of their
 * own, and every file that the trained weights are used on. */
#ifndef INV_HOST_FITTED_H
#define INV_HOST_FITTED_H
#include <stdint.h>
#include "names.h"

struct inv_fitted_field {
    int columns;                        /* 0: found by position (no header), or not yet */
    char **column;                      /* as the header had them, in the order of the field */
    int classes;                        /* of `text = true`: class i is class_name[i]; else 0 */
    char **class_name;
};

struct inv_fitted {
    int known;                          /* 1: of trained weights; 0: readers fill it */
    char *parts;                        /* digest of the training's files and parts, or NULL */
    struct inv_fitted_field *field;     /* one for each inv_data.field, or NULL */
};

/* The names become the classes of the field. */
void inv_fitted_keep(struct inv_fitted_field *, const struct inv_names *);
/* "element 2 of size", with the column where elements are columns of names that are known, in new
 * memory.  elements: how many the field has. */
char *inv_fitted_element(const struct inv_fitted *, int field, const char *name, int64_t element,
                         int64_t elements);
/* Makes room for so many fields where there is none yet. */
void inv_fitted_begin(struct inv_fitted *, int fields);
void inv_fitted_free(struct inv_fitted *, int fields);

#endif
