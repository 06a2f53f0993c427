#include "csv.h"
#include <stdlib.h>

int inv_csv_open(struct inv_csv *csv, const char *path, struct inv_errors *errors)
{
    *csv = (struct inv_csv){ .next_line = 1 };
    if (!inv_stream_open(&csv->stream, path, errors))
        return 0;
    struct inv_stream *s = &csv->stream;
    if (inv_stream_peek(s) == 0xef && s->end - s->begin >= 3 && s->plain[s->begin + 1] == 0xbb &&
        s->plain[s->begin + 2] == 0xbf)
        s->begin += 3;
    return !s->failed;
}

static void add_byte(struct inv_csv *csv, int byte)
{
    if (csv->length == csv->room) {
        csv->room = csv->room * 2 + 256;
        csv->text = inv_resize(csv->text, csv->room);
    }
    csv->text[csv->length++] = (char)byte;
}

static void begin_cell(struct inv_csv *csv)
{
    if (csv->count == csv->cell_room) {
        csv->cell_room = csv->cell_room * 2 + 16;
        csv->cell = inv_resize(csv->cell, (size_t)csv->cell_room * sizeof *csv->cell);
    }
    csv->cell[csv->count++] = csv->length;
}

static int fail(struct inv_csv *csv, const char *what)
{
    if (!csv->stream.failed)
        inv_error(csv->stream.errors, "%s:%lld: column %d: %s", csv->stream.path,
                  (long long)csv->line, csv->count - 1, what);
    return -1;
}

/* The cell after its opening quote; what follows the closing one, or -1 with *bad set. */
static int read_quoted(struct inv_csv *csv, int *bad)
{
    struct inv_stream *s = &csv->stream;
    for (;;) {
        int c = inv_stream_next(s);
        if (c < 0) {
            *bad = fail(csv, "the quoted cell is never closed; add the missing \"");
            return -1;
        }
        if (c == '\n')
            csv->next_line++;
        if (c == '"' && inv_stream_peek(s) != '"')
            break;
        if (c == '"')
            inv_stream_next(s);
        add_byte(csv, c);
    }
    int c = inv_stream_next(s);
    while (c == ' ' || c == '\t')
        c = inv_stream_next(s);
    if (c >= 0 && c != ',' && c != '\r' && c != '\n')
        *bad = fail(csv, "text follows the closing quote; quote the whole cell, and write a "
                         "quote inside it twice");
    return c;
}

/* One cell whose first byte is c; returns the byte that ended it, or -1. */
static int read_cell(struct inv_csv *csv, int c, int *bad)
{
    begin_cell(csv);
    if (c == '"') {
        c = read_quoted(csv, bad);
    } else {
        for (; c >= 0 && c != ',' && c != '\r' && c != '\n'; c = inv_stream_next(&csv->stream)) {
            if (c == 0) {
                *bad = fail(csv, "a zero byte; this is not a text file");
                return -1;
            }
            add_byte(csv, c);
        }
    }
    add_byte(csv, 0);
    return c;
}

/* The first byte of the next line that is not empty, or -1. */
static int skip_empty_lines(struct inv_csv *csv)
{
    int c = inv_stream_next(&csv->stream);
    while (c == '\n' || c == '\r') {
        if (c == '\n' || inv_stream_peek(&csv->stream) != '\n')
            csv->next_line++;
        c = inv_stream_next(&csv->stream);
    }
    return c;
}

int inv_csv_next(struct inv_csv *csv)
{
    struct inv_stream *s = &csv->stream;
    int bad = 0;
    csv->count = 0;
    csv->length = 0;
    int c = skip_empty_lines(csv);
    csv->line = csv->next_line;
    if (c < 0)
        return s->failed ? -1 : 0;
    while ((c = read_cell(csv, c, &bad)) == ',' && !bad)
        c = inv_stream_next(s);
    if (c == '\r' && inv_stream_peek(s) == '\n')
        inv_stream_next(s);
    csv->next_line++;
    return bad || s->failed ? -1 : 1;
}

const char *inv_csv_cell(const struct inv_csv *csv, int column)
{
    return csv->text + csv->cell[column];
}

void inv_csv_close(struct inv_csv *csv, unsigned char digest[32])
{
    inv_stream_close(&csv->stream, digest);
    free(csv->text);
    free(csv->cell);
    csv->text = NULL;
    csv->cell = NULL;
}
