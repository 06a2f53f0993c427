/* A growing text buffer. */
#ifndef INVAR_TEXT_H
#define INVAR_TEXT_H
#include <stddef.h>
#include <stdint.h>
#include "base/arena.h"

struct text {
    struct arena *arena;
    char *data;                         /* always ends in NUL once something was added */
    size_t size, room;
};

void text_init(struct text *, struct arena *);
/* Room for `size` more bytes and the NUL behind them. */
void text_reserve(struct text *, size_t size);
void text_add(struct text *, const char *bytes, size_t size);
void text_puts(struct text *, const char *string);
/* In decimal; for what is printed often, where text_printf takes most of the time. */
void text_int(struct text *, int64_t);
void text_printf(struct text *, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Bytes of the well-formed UTF-8 character at the first of `left` bytes, 0 where there is none. */
int text_character(const char *, size_t left);

/* What stands behind the last / of a path. */
const char *text_base_name(const char *path);

/* "-1,352" */
const char *text_grouped(struct arena *, int64_t);

#endif
