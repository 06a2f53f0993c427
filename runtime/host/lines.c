#include "lines.h"
#include <stdlib.h>
#include <string.h>

static void add(struct inv_text_buffer *b, const char *text, size_t size)
{
    if (b->size + size + 1 > b->room) {
        b->room = 2 * b->room + size + 256;
        b->text = inv_resize(b->text, b->room);
    }
    memcpy(b->text + b->size, text, size);
    b->size += size;
    b->text[b->size] = 0;
}

static size_t skip_blanks(const char *text, size_t size, size_t at)
{
    while (at < size && text[at] && strchr(" \t\r\n", text[at]))
        at++;
    return at;
}

int inv_lines_begin(const char *text, size_t size)
{
    size_t at = skip_blanks(text, size, 0), next = skip_blanks(text, size, at + 1);
    return next < size && text[at] == '{' && (text[next] == '"' || text[next] == '}');
}

struct inv_lines *inv_lines_open(struct inv_stream *stream, char decimal, const char *start,
                                 size_t size)
{
    struct inv_lines *lines = inv_allocate(sizeof *lines);
    lines->stream = stream;
    lines->decimal = decimal;
    add(&lines->ahead, start, size);
    return lines;
}

void inv_lines_free(struct inv_lines *lines)
{
    if (!lines)
        return;
    for (int i = 0; i < lines->names.count; i++)
        free(lines->cell[i].text);
    free(lines->cell);
    free(lines->seen);
    free(lines->ahead.text);
    free(lines->object.text);
    free(lines->record.text);
    inv_names_free(&lines->names);
    free(lines);
}

/* ---- lines of the file ---- */

static int next_byte(struct inv_lines *lines)
{
    if (lines->ahead_used < lines->ahead.size)
        return (unsigned char)lines->ahead.text[lines->ahead_used++];
    return inv_stream_next(lines->stream);
}

/* 0 at the end of the file. */
static int read_line(struct inv_lines *lines)
{
    int byte = next_byte(lines);
    lines->object.size = 0;
    if (byte < 0)
        return 0;
    lines->line++;
    for (; byte >= 0 && byte != '\n'; byte = next_byte(lines)) {
        char c = (char)byte;
        add(&lines->object, &c, 1);
        if (byte > 0)
            continue;
        inv_error(lines->stream->errors, "%s:%lld: " INV_ZERO_BYTE, lines->stream->path,
                  (long long)lines->line);
        lines->stream->failed = 1;
        return 0;
    }
    add(&lines->object, "", 0);
    return 1;
}

/* ---- objects ---- */

/* A number, or true, false and null, as they stand; null is an empty cell. */
static void take_word(struct inv_lines *lines, struct inv_json *json, struct inv_text_buffer *to)
{
    static const char *const word[] = { "true", "false", "null" };
    const char *start = json->at;
    inv_json_peek(json);
    for (start = json->at; json->at < json->limit && !strchr(" \t\r,}]", *json->at);)
        json->at++;
    size_t size = (size_t)(json->at - start);
    int known = size > 0 && strchr("-0123456789", *start) != NULL;
    for (int i = 0; i < 3; i++)
        known |= strlen(word[i]) == size && memcmp(word[i], start, size) == 0;
    if (!known)
        inv_json_fail(json, "a text, a number, true, false or null expected");
    if (size == 4 && memcmp(start, "null", 4) == 0)
        return;
    add(to, start, size);
    char *point = strchr(to->text, '.');
    if (point)
        *point = lines->decimal;
}

static void take_value(struct inv_lines *lines, struct inv_json *json, struct inv_text_buffer *to)
{
    to->size = 0;
    add(to, "", 0);
    if (inv_json_peek(json) != '"') {
        take_word(lines, json, to);
        return;
    }
    char *text = inv_json_string(json);
    if (text)
        add(to, text, strlen(text));
    free(text);
}

/* The column of a name; the first object names them all. */
static int column_of(struct inv_lines *lines, struct inv_json *json, const char *name)
{
    int first = !lines->named, count = lines->names.count;
    int column = first ? inv_names_add(&lines->names, name) : inv_names_find(&lines->names, name);
    if (first && column == count) {
        lines->cell = inv_resize(lines->cell, (size_t)(count + 1) * sizeof *lines->cell);
        lines->seen = inv_resize(lines->seen, (size_t)(count + 1) * sizeof *lines->seen);
        lines->cell[count] = (struct inv_text_buffer){ .text = NULL };
        lines->seen[count] = 0;
    }
    if (column < 0)
        inv_json_fail(json, "a name that the first object has not");
    else if (lines->seen[column]++)
        inv_json_fail(json, "a name that the object has before");
    return column;
}

/* Name and value pairs into cells; 0 after an error. */
static int read_object(struct inv_lines *lines, struct inv_json *json)
{
    for (int i = 0; i < lines->names.count; i++)
        lines->seen[i] = 0;
    inv_json_expect(json, '{');
    while (!json->failed && inv_json_peek(json) != '}') {
        char *name = inv_json_string(json);
        int column = name ? column_of(lines, json, name) : -1;
        free(name);
        if (column < 0 || !inv_json_expect(json, ':'))
            break;
        take_value(lines, json, &lines->cell[column]);
        if (!inv_json_accept(json, ','))
            break;
        if (inv_json_peek(json) != '"')
            inv_json_fail(json, "a name expected");
    }
    if (!json->failed && inv_json_expect(json, '}') && !inv_json_end(json))
        inv_json_fail(json, "something follows the object");
    return !json->failed;
}

/* ---- records ---- */

static void add_quoted(struct inv_text_buffer *b, const char *text, size_t size)
{
    add(b, "\"", 1);
    for (const char *quote; (quote = memchr(text, '"', size)); text = quote + 1) {
        size_t before = (size_t)(quote - text) + 1;
        add(b, text, before);
        add(b, "\"", 1);
        size -= before;
    }
    add(b, text, size);
    add(b, "\"", 1);
}

/* Before the first record stands the header. */
static void write_record(struct inv_lines *lines, int header)
{
    for (int i = 0; i < lines->names.count; i++) {
        const struct inv_text_buffer *cell = &lines->cell[i];
        add(&lines->record, ",", i > 0);
        if (header)
            add_quoted(&lines->record, lines->names.name[i], strlen(lines->names.name[i]));
        else
            add_quoted(&lines->record, lines->seen[i] ? cell->text : "",
                       lines->seen[i] ? cell->size : 0);
    }
    add(&lines->record, "\n", 1);
}

/* The record of the next line: none of an empty one.  0 at the end or after an error. */
static int next_record(struct inv_lines *lines)
{
    lines->record.size = lines->taken = 0;
    if (lines->stream->failed || !read_line(lines) || lines->stream->failed)
        return 0;
    char *part = inv_text("line %lld", (long long)lines->line);
    struct inv_json json = { .place = lines->stream->path, .part = part,
        .cure = "a line is one object of names and texts or numbers, with the names of the first",
        .errors = lines->stream->errors, .start = lines->object.text,
        .at = lines->object.text, .limit = lines->object.text + lines->object.size };
    int empty = inv_json_end(&json), good = empty || read_object(lines, &json);
    free(part);
    if (!good) {
        lines->stream->failed = 1;
        return 0;
    }
    if (empty)
        add(&lines->record, "\n", 1);
    else if (!lines->named)
        write_record(lines, 1);
    if (!empty)
        write_record(lines, 0);
    lines->named |= !empty;
    return 1;
}

size_t inv_lines_read(struct inv_lines *lines, char *to, size_t bytes)
{
    size_t got = 0;
    while (got < bytes) {
        size_t rest = lines->record.size - lines->taken;
        if (rest == 0 && !next_record(lines))
            break;
        rest = lines->record.size - lines->taken;
        rest = rest < bytes - got ? rest : bytes - got;
        memcpy(to + got, lines->record.text + lines->taken, rest);
        lines->taken += rest;
        got += rest;
    }
    return got;
}
