#include "base/chains.h"
#include <assert.h>

enum { FIRST_BUCKETS = 64, NONE = -1, UNUSED = -2 };

void chains_init(struct chains *c, struct arena *arena)
{
    *c = (struct chains){.arena = arena};
}

static int *bucket_of(const struct chains *c, uint32_t hash)
{
    return &c->bucket[hash & (uint32_t)(c->buckets - 1)];
}

static void push(struct chains *c, int number)
{
    int *bucket = bucket_of(c, c->link[number].hash);
    c->link[number].next = *bucket;
    *bucket = number;
}

/* Twice the buckets, so that chains stay short. */
static void widen(struct chains *c)
{
    c->buckets = c->buckets > 0 ? 2 * c->buckets : FIRST_BUCKETS;
    c->bucket = ARENA_ARRAY(c->arena, int, c->buckets);
    for (int i = 0; i < c->buckets; i++)
        c->bucket[i] = NONE;
    for (int number = 0; number < c->count; number++)
        if (c->link[number].next != UNUSED)
            push(c, number);
}

void chains_add(struct chains *c, int number, uint32_t hash)
{
    assert(number >= c->count);
    if (c->count >= c->buckets)
        widen(c);
    while (c->count <= number)
        ARENA_PUSH(c->arena, c->link, c->count, c->room) = (struct chain_link){0, UNUSED};
    c->link[number].hash = hash;
    push(c, number);
}

static int find(const struct chains *c, uint32_t hash, int number)
{
    while (number >= 0 && c->link[number].hash != hash)
        number = c->link[number].next;
    return number;
}

int chains_first(const struct chains *c, uint32_t hash)
{
    return c->buckets > 0 ? find(c, hash, *bucket_of(c, hash)) : NONE;
}

int chains_next(const struct chains *c, int number)
{
    return find(c, c->link[number].hash, c->link[number].next);
}

bool chains_has(const struct chains *c, int number)
{
    return number < c->count && c->link[number].next != UNUSED;
}

void chains_cut(struct chains *c, int from)
{
    for (; c->count > from; c->count--) {
        const struct chain_link *link = &c->link[c->count - 1];
        if (link->next != UNUSED)
            *bucket_of(c, link->hash) = link->next;
    }
}
