/* Patterns of paths: * is within one part of a path, ** crosses '/', and a "/" behind that goes
 * with it where it stands for nothing. */
#ifndef INVAR_LOWER_PATTERN_H
#define INVAR_LOWER_PATTERN_H
#include <stdbool.h>
#include "base/arena.h"

bool pattern_matches(const char *pattern, const char *path);
/* Whether both have the same wildcards in the same order, at most six. */
bool pattern_alike(const char *, const char *);

/* What `to` becomes with the texts that the wildcards of a pattern stand for in a path, in their
 * order: of a pattern that is alike.  Patterns may add several, of which two are kept. */
struct pattern_names {
    struct arena *arena;                /* set this, zero the rest */
    const char *name[2];
    int count;                          /* at most 2 */
};
void pattern_rewrite(struct pattern_names *, const char *pattern, const char *path, const char *to);

#endif
