#include "base/text.h"
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { FIRST_ROOM = 64, LARGE = 1 << 20 };

void text_init(struct text *t, struct arena *a)
{
    *t = (struct text){.arena = a};
}

void text_reserve(struct text *t, size_t size)
{
    size_t room = t->room ? t->room : FIRST_ROOM;

    if (size < t->room - t->size)
        return;
    while (room - t->size <= size)
        room += room < LARGE ? room : room / 4;
    if (!t->data && size >= FIRST_ROOM)
        room = size + 1;
    t->data = arena_resize(t->arena, t->data, t->room, room);
    t->room = room;
}

void text_add(struct text *t, const char *bytes, size_t size)
{
    text_reserve(t, size);
    if (size)
        memcpy(t->data + t->size, bytes, size);
    t->size += size;
    t->data[t->size] = '\0';
}

void text_puts(struct text *t, const char *string)
{
    text_add(t, string, strlen(string));
}

void text_int(struct text *t, int64_t n)
{
    char digits[20];                    /* of the largest, and a sign */
    char *first = digits + sizeof digits;
    uint64_t left = n < 0 ? -(uint64_t)n : (uint64_t)n;

    do {
        *--first = (char)('0' + left % 10);
        left /= 10;
    } while (left > 0);
    if (n < 0)
        *--first = '-';
    text_add(t, first, (size_t)(digits + sizeof digits - first));
}

__attribute__((format(printf, 2, 0), nonnull(2)))
static void add_formatted(struct text *t, const char *format, va_list args)
{
    va_list again;
    size_t room = t->room - t->size;
    int n;

    va_copy(again, args);
    n = vsnprintf(t->data ? t->data + t->size : NULL, room, format, again);
    va_end(again);
    if (n < 0)
        return;
    if ((size_t)n >= room) {
        text_reserve(t, (size_t)n);
        vsnprintf(t->data + t->size, (size_t)n + 1, format, args);
    }
    t->size += (size_t)n;
}

void text_printf(struct text *t, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    add_formatted(t, format, args);
    va_end(args);
}

const char *text_base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

const char *text_grouped(struct arena *arena, int64_t n)
{
    if (n < 0)
        return arena_printf(arena, "-%s", text_grouped(arena, -n));
    const char *low = n < 1000 ? arena_printf(arena, "%" PRId64, n)
                               : arena_printf(arena, ",%03" PRId64, n % 1000);
    return n < 1000 ? low : arena_printf(arena, "%s%s", text_grouped(arena, n / 1000), low);
}

int text_character(const char *at, size_t left)
{
    const unsigned char *b = (const unsigned char *)at;
    int n = b[0] < 0x80 ? 1 : b[0] < 0xE0 ? 2 : b[0] < 0xF0 ? 3 : 4;

    if ((b[0] >= 0x80 && b[0] < 0xC2) || b[0] > 0xF4)
        return 0;
    if ((size_t)n > left)
        return 0;
    for (int i = 1; i < n; i++)
        if ((b[i] & 0xC0) != 0x80)
            return 0;
    if ((b[0] == 0xE0 && b[1] < 0xA0) || (b[0] == 0xED && b[1] > 0x9F)
        || (b[0] == 0xF0 && b[1] < 0x90) || (b[0] == 0xF4 && b[1] > 0x8F))
        return 0;
    return n;
}
