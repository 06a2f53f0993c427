#include "names.h"
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "errors.h"

/* The place of the name, or the free one where it belongs: FNV-1a, then linear probing. */
static int find_slot(const struct inv_names *n, const char *name)
{
    uint32_t hash = 2166136261u;
    for (const char *at = name; *at; at++)
        hash = (hash ^ (unsigned char)*at) * 16777619u;
    int i = (int)(hash ^ hash >> 15) & (n->slots - 1);
    while (n->slot[i] && strcmp(n->name[n->slot[i] - 1], name) != 0)
        i = (i + 1) & (n->slots - 1);
    return i;
}

static void fill_slots(struct inv_names *n)
{
    memset(n->slot, 0, (size_t)n->slots * sizeof *n->slot);
    for (int i = 0; i < n->count; i++)
        n->slot[find_slot(n, n->name[i])] = i + 1;
}

static void grow(struct inv_names *n)
{
    n->room = n->room * 2 + 16;
    n->name = inv_resize(n->name, (size_t)n->room * sizeof *n->name);
    n->slots = 64;
    while (n->slots < 2 * n->room)
        n->slots *= 2;
    n->slot = inv_resize(n->slot, (size_t)n->slots * sizeof *n->slot);
    fill_slots(n);
}

int inv_names_find(const struct inv_names *n, const char *name)
{
    return n->slots ? n->slot[find_slot(n, name)] - 1 : -1;
}

int inv_names_add(struct inv_names *n, const char *name)
{
    if (n->count == n->room)
        grow(n);
    int *slot = &n->slot[find_slot(n, name)];
    if (!*slot) {
        n->name[n->count++] = inv_copy_text(name);
        *slot = n->count;
    }
    return *slot - 1;
}

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

void inv_names_sort(struct inv_names *n)
{
    if (n->count == 0)
        return;
    qsort(n->name, (size_t)n->count, sizeof *n->name, by_bytes);
    fill_slots(n);
}

void inv_names_free(struct inv_names *n)
{
    for (int i = 0; i < n->count; i++)
        free(n->name[i]);
    free(n->name);
    free(n->slot);
    *n = (struct inv_names){ .count = 0 };
}
