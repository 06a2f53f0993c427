#include "base/names.h"
#include <string.h>

/* A digital search tree: below depth d, names part by bit d of their hash.  Names that agree in all
 * bits form a list along kid[0]. */
struct names {
    uint32_t hash;
    const char *name;
    void *value;
    const struct names *kid[2];
};

uint32_t names_hash(const char *name)
{
    uint32_t hash = 2166136261u;        /* FNV-1a */

    for (; *name; name++)
        hash = (hash ^ (unsigned char)*name) * 16777619u;
    return hash;
}

static int is_name(const struct names *n, uint32_t hash, const char *name)
{
    return n->hash == hash && !strcmp(n->name, name);
}

const struct names *names_add(struct arena *arena, const struct names *names, const char *name,
                              void *value)
{
    uint32_t hash = names_hash(name), bits = hash;
    const struct names *root = NULL, **link = &root;
    struct names *copy;

    for (; names && !is_name(names, hash, name); bits >>= 1) {
        copy = ARENA_NEW(arena, struct names);
        *copy = *names;
        *link = copy;
        link = &copy->kid[bits & 1];
        names = names->kid[bits & 1];
    }
    copy = ARENA_NEW(arena, struct names);
    *copy = (struct names){.hash = hash, .name = name, .value = value};
    if (names)
        memcpy(copy->kid, names->kid, sizeof copy->kid);
    *link = copy;
    return root;
}

void *names_find(const struct names *names, const char *name)
{
    uint32_t hash = names_hash(name), bits = hash;

    for (; names && !is_name(names, hash, name); bits >>= 1)
        names = names->kid[bits & 1];
    return names ? names->value : NULL;
}
