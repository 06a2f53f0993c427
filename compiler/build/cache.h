/* Trainers and runtimes that were built before. */
#ifndef INVAR_BUILD_CACHE_H
#define INVAR_BUILD_CACHE_H
#include <stdbool.h>
#include "base/arena.h"

/* What was built before, in a folder that no other user can write to. */
struct cache {
    struct arena *arena;
    const char *folder;                 /* NULL: no cache */
    int handle;                         /* of the folder */
};

/* Opens the cache's folder; its path is NULL where there is none, or where it is no good, which
 * then was said. */
struct cache cache_open(struct arena *);
/* The entry of that name and key, open and with its path in *path, or -1.  What is not as it was
 * written, and what others could have written, is removed. */
int cache_find(const struct cache *, const char *name, const char *key, const char **path);
/* Adds a file to the cache and removes the oldest ones; false, and says why, where that cannot be:
 * everything then works without. */
bool cache_add(const struct cache *, const char *name, const char *key, const char *file);

#endif
