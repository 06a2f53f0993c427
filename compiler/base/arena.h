/* Memory of one compilation: everything is allocated here and freed at once. */
#ifndef INVAR_ARENA_H
#define INVAR_ARENA_H
#include <stdarg.h>
#include <stddef.h>

struct arena;

struct arena *arena_new(void);
/* One that is freed at the latest with `outer`. */
struct arena *arena_within(struct arena *outer);
void arena_free(struct arena *);
/* Gives back to the system what ended arenas had, where the C library would keep it. */
void arena_trim(void);

/* Zeroed, aligned for pointers, int64_t and double; never returns NULL (exits with a message when
 * memory is out). */
void *arena_alloc(struct arena *, size_t size);
/* A piece of `old` bytes of that arena, or NULL, made larger, what is new in it zeroed; it may
 * move, and is gone then from where it was. */
void *arena_resize(struct arena *, void *piece, size_t old, size_t size);
char *arena_strdup(struct arena *, const char *text);
char *arena_strndup(struct arena *, const char *text, size_t size);
char *arena_printf(struct arena *, const char *format, ...) __attribute__((format(printf, 2, 3)));

char *arena_vprintf(struct arena *, const char *format, va_list)
    __attribute__((format(printf, 2, 0), nonnull(2)));

/* Room for one more element of `size` bytes in a growing array; returns the (moved) array. */
void *arena_grow(struct arena *, void *array, int count, int *room, size_t size);

#define ARENA_NEW(arena, type) ((type *)arena_alloc((arena), sizeof(type)))
#define ARENA_ARRAY(arena, type, n) ((type *)arena_alloc((arena), sizeof(type) * (size_t)(n)))
/* Appends one element: ARENA_PUSH(arena, list->item, list->count, list->room) = value; */
#define ARENA_PUSH(arena, array, count, room)                                        \
    (*((array) = arena_grow((arena), (array), (count), &(room), sizeof *(array)),    \
       &(array)[(count)++]))

#endif
