#include "base/arena.h"
#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

/* Chunks are twice as large each time, for many arenas are short-lived, up to CHUNK_BYTES.  What is
 * LARGE has a chunk of its own, which can grow. */
enum { FIRST_BYTES = 4 * 1024, CHUNK_BYTES = 64 * 1024, LARGE = CHUNK_BYTES / 4, FIRST_ROOM = 4 };

/* Arenas that came to have MANY bytes take WIDE chunks, and ask for large pages for these: the
 * system gives what is touched of them, PAGE bytes at once, not 4 KB at a time. */
enum { PAGE = 2 * 1024 * 1024, MANY = PAGE, WIDE = 4 * PAGE };

/* What pieces hold at most asks for: max_align_t, for long double, would double small ones. */
union widest { void *pointer; int64_t whole; double real; };

struct chunk {
    struct chunk *next, *previous;
    size_t used, size;
    alignas(union widest) unsigned char data[];
};

struct arena {
    struct chunk *chunk;                /* the newest; only this one is filled */
    size_t bytes;                       /* of chunks, without large ones */
    struct chunk *large;                /* a list of chunks of one piece */
    struct arena *inner;                /* arenas that end with this one: a list by next */
    struct arena *next, **link;         /* link: what points to this one, or NULL */
};

static void out_of_memory(void)
{
    fputs("invar: out of memory\n", stderr);
    exit(1);
}

/* A chunk of a single piece made `size` bytes large, or a new one; what is new in it is zero. */
static struct chunk *chunk_sized(struct chunk *old, size_t size)
{
    struct chunk *c;

    if (size > SIZE_MAX - sizeof *c)
        out_of_memory();
    c = old ? realloc(old, sizeof *c + size) : calloc(1, sizeof *c + size);
    if (!c)
        out_of_memory();
    if (old)
        memset(c->data + c->size, 0, size - c->size);
    c->size = size;
    return c;
}

static void *allocate_wide(void)
{
    void *memory = aligned_alloc(PAGE, WIDE);

#ifdef MADV_HUGEPAGE
    if (memory)
        madvise(memory, WIDE, MADV_HUGEPAGE); /* a wish: where it fails, so be it */
#endif
    return memory;
}

/* A chunk to fill, of `size` bytes at least; nothing in it is set. */
static struct chunk *chunk_next(struct arena *a, size_t size)
{
    size_t room = sizeof *a->chunk + (a->chunk ? 2 * a->chunk->size : FIRST_BYTES);
    struct chunk *c;

    room = room < CHUNK_BYTES ? room : CHUNK_BYTES;
    room = room > sizeof *c + size ? room : sizeof *c + size;
    room = a->bytes < MANY ? room : WIDE;
    c = room == WIDE ? allocate_wide() : malloc(room);
    if (!c)
        out_of_memory();
    *c = (struct chunk){.size = room - sizeof *c};
    a->bytes += room;
    return c;
}

static struct chunk *chunk_first(struct chunk *c, struct chunk *next)
{
    c->next = next;
    if (next)
        next->previous = c;
    return c;
}

static void chunks_free(struct chunk *c)
{
    for (struct chunk *next; c; c = next) {
        next = c->next;
        free(c);
    }
}

struct arena *arena_new(void)
{
    struct arena *a = calloc(1, sizeof *a);

    if (!a)
        out_of_memory();
    return a;
}

struct arena *arena_within(struct arena *outer)
{
    struct arena *a = arena_new();

    a->link = &outer->inner;
    a->next = outer->inner;
    if (a->next)
        a->next->link = &a->next;
    outer->inner = a;
    return a;
}

void arena_free(struct arena *a)
{
    if (!a)
        return;
    while (a->inner)
        arena_free(a->inner);
    if (a->link)
        *a->link = a->next;
    if (a->next)
        a->next->link = a->link;
    chunks_free(a->chunk);
    chunks_free(a->large);
    free(a);
}

void arena_trim(void)
{
#ifdef __GLIBC__
    malloc_trim(0);
#endif
}

static size_t aligned(size_t size)
{
    const size_t align = alignof(union widest);

    if (size > SIZE_MAX - align)
        out_of_memory();
    return (size + align - 1) / align * align;
}

/* A piece of a chunk, as it lies there. */
static void *take(struct arena *a, size_t size)
{
    struct chunk *c = a->chunk;

    if (!c || size > c->size - c->used)
        c = a->chunk = chunk_first(chunk_next(a, size), c);
    c->used += size;
    return c->data + c->used - size;
}

void *arena_alloc(struct arena *a, size_t size)
{
    size = aligned(size);
    if (size <= LARGE)
        return memset(take(a, size), 0, size);
    a->large = chunk_first(chunk_sized(NULL, size), a->large);
    return a->large->data;
}

static void *resize_large(struct arena *a, void *piece, size_t size)
{
    struct chunk *c = (void *)((unsigned char *)piece - offsetof(struct chunk, data));
    struct chunk **to = c->previous ? &c->previous->next : &a->large, *next = c->next;

    *to = chunk_first(chunk_sized(c, size), next);
    return (*to)->data;
}

void *arena_resize(struct arena *a, void *piece, size_t old, size_t size)
{
    struct chunk *c = a->chunk;
    void *moved;

    old = aligned(old);
    size = aligned(size);
    if (piece && old > LARGE)
        return resize_large(a, piece, size);
    if (piece && size <= LARGE && (unsigned char *)piece + old == c->data + c->used &&
        size - old <= c->size - c->used) {
        memset(take(a, size - old), 0, size - old);
        return piece;
    }
    moved = arena_alloc(a, size);
    if (piece)
        memcpy(moved, piece, old);
    return moved;
}

char *arena_strndup(struct arena *a, const char *text, size_t size)
{
    char *copy = arena_alloc(a, size + 1);

    if (size)
        memcpy(copy, text, size);
    return copy;
}

char *arena_strdup(struct arena *a, const char *text)
{
    return arena_strndup(a, text, strlen(text));
}

/* Printed where the next piece lies; once more where that has too little room. */
char *arena_vprintf(struct arena *a, const char *format, va_list args)
{
    va_list again;
    struct chunk *c = a->chunk;
    size_t left = c ? c->size - c->used : 0, room = left < LARGE ? left : LARGE;
    char *text = c ? (char *)c->data + c->used : NULL;
    int n;

    va_copy(again, args);
    n = vsnprintf(text, room, format, again);
    va_end(again);
    if (n < 0)
        out_of_memory();
    if ((size_t)n < room)
        return take(a, aligned((size_t)n + 1));
    text = arena_alloc(a, (size_t)n + 1);
    vsnprintf(text, (size_t)n + 1, format, args);
    return text;
}

char *arena_printf(struct arena *a, const char *format, ...)
{
    va_list args;
    char *text;

    va_start(args, format);
    text = arena_vprintf(a, format, args);
    va_end(args);
    return text;
}

void *arena_grow(struct arena *a, void *array, int count, int *room, size_t size)
{
    void *moved;

    if (count < *room)
        return array;
    if (*room > INT32_MAX / 2)
        out_of_memory();
    *room = *room ? 2 * *room : FIRST_ROOM;
    moved = arena_alloc(a, (size_t)*room * size);
    if (count)
        memcpy(moved, array, (size_t)count * size);
    return moved;
}
