#include "emit/template.h"
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/embedded.h"

struct entry {
    const char *key, *value;
};

struct list {
    const char *key;
    struct values **item;
    int count, room;
};

struct values {
    struct arena *arena;
    const struct values *outer;
    struct entry *entry;
    int entry_count, entry_room;
    struct list *list;
    int list_count, list_room;
};

/* One line of a template, without its newline. */
struct line {
    const char *text;
    size_t size;
};

struct values *values_new(struct arena *arena)
{
    struct values *values = ARENA_NEW(arena, struct values);
    values->arena = arena;
    return values;
}

struct arena *values_arena(const struct values *values)
{
    return values->arena;
}

void values_set(struct values *values, const char *key, const char *value)
{
    struct entry entry = {key, value};
    ARENA_PUSH(values->arena, values->entry, values->entry_count, values->entry_room) = entry;
}

void values_printf(struct values *values, const char *key, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const char *text = arena_vprintf(values->arena, format, arguments);
    va_end(arguments);
    values_set(values, key, text);
}

struct values *values_add_item(struct values *values, const char *key)
{
    struct list *list = NULL;
    for (int i = 0; i < values->list_count; i++)
        if (strcmp(values->list[i].key, key) == 0)
            list = &values->list[i];
    if (!list) {
        list = &ARENA_PUSH(values->arena, values->list, values->list_count, values->list_room);
        memset(list, 0, sizeof *list);
        list->key = key;
    }
    struct values *item = values_new(values->arena);
    item->outer = values;
    ARENA_PUSH(values->arena, list->item, list->count, list->room) = item;
    return item;
}

static bool is_key(const char *name, const char *key, size_t size)
{
    return strncmp(name, key, size) == 0 && name[size] == '\0';
}

static const char *find_value(const struct values *values, const char *key, size_t size)
{
    for (; values; values = values->outer)
        for (int i = values->entry_count - 1; i >= 0; i--)
            if (is_key(values->entry[i].key, key, size))
                return values->entry[i].value;
    return NULL;
}

static const struct list *find_list(const struct values *values, const char *key, size_t size)
{
    for (; values; values = values->outer)
        for (int i = 0; i < values->list_count; i++)
            if (is_key(values->list[i].key, key, size))
                return &values->list[i];
    return NULL;
}

static bool take_line(const char **cursor, struct line *line)
{
    if (**cursor == '\0')
        return false;
    const char *end = strchr(*cursor, '\n');
    line->text = *cursor;
    line->size = end ? (size_t)(end - *cursor) : strlen(*cursor);
    *cursor += line->size + (end ? 1 : 0);
    return true;
}

static bool line_starts(const struct line *line, const char *word)
{
    return line->size >= strlen(word) && memcmp(line->text, word, strlen(word)) == 0;
}

static void template_fail(const char *name, const char *what, const struct line *line)
{
    fprintf(stderr, "invar: bug: template %s: %s: %.*s\n", name, what, (int)line->size, line->text);
    exit(1);
}

/* The bytes up to the next $ behind the first one. */
static size_t plain_size(const char *text, size_t size)
{
    const char *next = memchr(text + 1, '$', size - 1);
    return next ? (size_t)(next - text) : size;
}

static bool is_blank(const char *text, size_t size)
{
    size_t i = 0;
    while (i < size && text[i] == ' ')
        i++;
    return i == size;
}

static void render_line(const char *name, const struct line *line, const struct values *values,
                        struct text *out)
{
    size_t start = out->size;
    bool only_values = true;
    for (size_t i = 0; i < line->size; i++) {
        const char *at = line->text + i;
        if (line->size - i >= 3 && memcmp(at, "$${", 3) == 0) {
            text_add(out, "${", 2);
            i += 2;
            only_values = false;
            continue;
        }
        if (at[0] != '$' || i + 1 >= line->size || at[1] != '{') {
            size_t size = plain_size(at, line->size - i);
            text_add(out, at, size);
            i += size - 1;
            only_values = only_values && is_blank(at, size);
            continue;
        }
        const char *close = memchr(at, '}', line->size - i);
        const char *value = close ? find_value(values, at + 2, (size_t)(close - at - 2)) : NULL;
        if (!value)
            template_fail(name, "no value", line);
        text_puts(out, value);
        i += (size_t)(close - at);
    }
    bool empty = out->size == start || is_blank(out->data + start, out->size - start);
    if (empty && only_values && line->size > 0)
        out->size = start;
    else if (out->size == start || out->data[out->size - 1] != '\n' || line->size == 0)
        text_puts(out, "\n");
}

/* The lines after an @each up to its own @end; leaves the cursor behind that. */
static const char *take_block(const char *name, const char **cursor, const struct line *head,
                              struct arena *arena)
{
    const char *begin = *cursor;
    struct line line;
    for (int depth = 1; take_line(cursor, &line);) {
        depth += line_starts(&line, "@each ") - line_starts(&line, "@end");
        if (depth == 0)
            return arena_strndup(arena, begin, (size_t)(line.text - begin));
    }
    template_fail(name, "no @end for", head);
    return NULL;
}

void template_render_text(const char *name, const char *text, const struct values *values,
                          struct text *out)
{
    struct line line;
    while (take_line(&text, &line)) {
        if (!line_starts(&line, "@each ")) {
            render_line(name, &line, values, out);
            continue;
        }
        const char *block = take_block(name, &text, &line, values->arena);
        const struct list *list = find_list(values, line.text + 6, line.size - 6);
        for (int i = 0; list && i < list->count; i++)
            template_render_text(name, block, list->item[i], out);
    }
}

void template_render(const char *path, const struct values *values, struct text *out)
{
    for (int i = 0; i < embedded_file_count; i++)
        if (strcmp(embedded_files[i].path, path) == 0) {
            template_render_text(path, embedded_files[i].data, values, out);
            return;
        }
    fprintf(stderr, "invar: bug: no template %s in this executable\n", path);
    exit(1);
}
