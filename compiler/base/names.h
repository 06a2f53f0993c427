/* A map from names to pointers.  Adding gives another map, which shares most of the old one; the
 * old one stays as it is, so that a layer goes on to see the names that it was made among. */
#ifndef INVAR_NAMES_H
#define INVAR_NAMES_H
#include <stdint.h>
#include "base/arena.h"

struct names;                           /* NULL is the empty map */

/* The value hides what the name stood for before. */
const struct names *names_add(struct arena *, const struct names *, const char *name, void *value);
uint32_t names_hash(const char *name);
void *names_find(const struct names *, const char *name); /* NULL: there is no such name */

#endif
