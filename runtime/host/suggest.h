/* "did you mean" for names that were mistyped, by the compiler and by trainers. */
#ifndef INV_HOST_SUGGEST_H
#define INV_HOST_SUGGEST_H
#include "errors.h"

/* The candidate nearest to name by edit distance (a swap of neighbours counts one, case nothing),
 * or NULL where none is near: one edit for every three letters of the shorter of the two, so that
 * words of one or two letters differ by case only. */
const char *inv_suggest(const char *name, const char *const *candidate, int count);
/* An error of a file that holds arrays of these names, and not that one. */
void inv_suggest_array(struct inv_errors *, const char *path, const char *name,
                       const char *const *there, int count);

#endif
