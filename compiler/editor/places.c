/* Places as editors name them. */
#include <stdlib.h>
#include <string.h>
#include "base/text.h"
#include "editor/places.h"

static bool is_end(char c)
{
    return c == '\n' || c == '\r';
}

void lines_read(struct lines *l, struct arena *arena, const char *text, size_t size, bool utf8)
{
    *l = (struct lines){.text = text, .size = size, .utf8 = utf8};
    l->marked = size >= 3 && !memcmp(text, "\xEF\xBB\xBF", 3);
    ARENA_PUSH(arena, l->start, l->count, l->room) = l->marked ? 3 : 0;
    for (size_t i = l->start[0]; i < size; i++) {
        if (text[i] == '\r' && i + 1 < size && text[i + 1] == '\n')
            i++;
        if (is_end(text[i]))
            ARENA_PUSH(arena, l->start, l->count, l->room) = i + 1;
    }
    ARENA_PUSH(arena, l->start, l->count, l->room) = size;
    l->count--;
}

/* A line, from 0, without its end. */
static size_t line_size(const struct lines *l, int line)
{
    size_t end = l->start[line + 1];
    while (end > l->start[line] && is_end(l->text[end - 1]))
        end--;
    return end - l->start[line];
}

/* Bytes of what stands there, and what it counts for an editor. */
static int step(const struct lines *l, size_t at, size_t end, int *units)
{
    int bytes = text_character(l->text + at, end - at);
    bytes = bytes ? bytes : 1;
    *units = l->utf8 ? bytes : bytes == 4 ? 2 : 1;
    return bytes;
}

/* What a mark before the first line counts. */
static int mark_units(const struct lines *l, int line)
{
    return l->marked && line == 0 ? (l->utf8 ? 3 : 1) : 0;
}

struct position lines_position(const struct lines *l, int line, int column)
{
    if (line < 1)
        return (struct position){0, 0};
    if (line > l->count)
        return lines_end(l);
    struct position p = {line - 1, mark_units(l, line - 1)};
    size_t begin = l->start[p.line], end = begin + line_size(l, p.line);
    for (size_t at = begin; at < end && at < begin + (size_t)(column > 1 ? column - 1 : 0);) {
        int units;
        at += (size_t)step(l, at, end, &units);
        p.character += units;
    }
    return p;
}

int lines_column(const struct lines *l, struct position p)
{
    if (p.line < 0 || p.line >= l->count)
        return 1;
    size_t begin = l->start[p.line], end = begin + line_size(l, p.line), at = begin;
    for (int units, seen = mark_units(l, p.line); at < end && seen < p.character; seen += units)
        at += (size_t)step(l, at, end, &units);
    return (int)(at - begin) + 1;
}

size_t lines_offset(const struct lines *l, struct position p)
{
    return p.line >= l->count ? l->size
                              : l->start[p.line < 0 ? 0 : p.line] + (size_t)lines_column(l, p) - 1;
}

struct position lines_end(const struct lines *l)
{
    return lines_position(l, l->count, (int)line_size(l, l->count - 1) + 1);
}

/* ---- URIs ---- */
static int hex(char c)
{
    const char *digits = "0123456789abcdef0123456789ABCDEF", *at = c ? strchr(digits, c) : NULL;
    return at ? (int)(at - digits) % 16 : -1;
}

const char *uri_path(struct arena *arena, const char *uri)
{
    static const char scheme[] = "file://";
    if (strncmp(uri, scheme, sizeof scheme - 1))
        return uri;
    const char *from = strchr(uri + sizeof scheme - 1, '/');
    char *path = arena_strdup(arena, from ? from : "/"), *to = path;
    for (const char *at = path; *at; at++) {
        int high = *at == '%' ? hex(at[1]) : -1, low = high >= 0 ? hex(at[2]) : -1;
        bool coded = low >= 0 && high + low > 0;
        *to++ = coded ? (char)(16 * high + low) : *at;
        at += coded ? 2 : 0;
    }
    *to = 0;
    char *real = realpath(path, NULL);
    const char *copy = real ? arena_strdup(arena, real) : path;
    free(real);
    return copy;
}

const char *uri_of(struct arena *arena, const char *path)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "-._~/";
    struct text uri;
    text_init(&uri, arena);
    text_puts(&uri, *path == '/' ? "file://" : "");
    for (const char *at = path; *at; at++)
        if (*path != '/' || strchr(plain, *at))
            text_add(&uri, at, 1);
        else
            text_printf(&uri, "%%%02X", (unsigned char)*at);
    return uri.data;
}
