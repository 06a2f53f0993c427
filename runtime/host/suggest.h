/* "did you mean" for names that were mistyped. */
#ifndef INV_HOST_SUGGEST_H
#define INV_HOST_SUGGEST_H

/* The candidate nearest to name by edit distance (a swap of neighbours counts one), or NULL where
 * none is near: at most a third of its length away, at least one. */
const char *inv_suggest(const char *name, const char *const *candidate, int count);

#endif
