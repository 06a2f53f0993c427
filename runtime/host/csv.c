#include "csv.h"
#include <stdlib.h>
#include <string.h>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

enum { WINDOW = 1 << 17, MOST = 1 << 28 }; /* bytes at first; a longer record makes it grow */

/* ---- the window ---- */

#if defined(__SSE2__)
/* Lists marked bytes from `from` on, 16 at a time; where it ended, less than 16 before the end. */
static size_t list_quickly(struct inv_csv *csv, size_t from, size_t *count)
{
    const __m128i delimiter = _mm_set1_epi8(csv->dialect.delimiter), feed = _mm_set1_epi8('\n');
    const __m128i quote = _mm_set1_epi8('"'), back = _mm_set1_epi8('\r');
    const __m128i zero = _mm_setzero_si128();
    for (; from + 16 <= csv->end; from += 16) {
        __m128i text = _mm_loadu_si128((const __m128i *)(const void *)(csv->window + from));
        __m128i a = _mm_or_si128(_mm_cmpeq_epi8(text, delimiter), _mm_cmpeq_epi8(text, feed));
        __m128i b = _mm_or_si128(_mm_cmpeq_epi8(text, quote), _mm_cmpeq_epi8(text, back));
        a = _mm_or_si128(_mm_or_si128(a, b), _mm_cmpeq_epi8(text, zero));
        for (unsigned found = (unsigned)_mm_movemask_epi8(a); found; found &= found - 1)
            csv->place[(*count)++] = (uint32_t)(from + (size_t)__builtin_ctz(found));
    }
    return from;
}
#else
static size_t list_quickly(struct inv_csv *csv, size_t from, size_t *count)
{
    (void)csv, (void)count;
    return from;
}
#endif

/* Lists the marked bytes of the window, once they are known.  The last are written for every byte,
 * counted for some: no branch that the lengths of cells make unforeseeable. */
static void list_places(struct inv_csv *csv)
{
    const unsigned char *text = (const unsigned char *)csv->window;
    uint32_t *place = csv->place;
    size_t count = 0;
    for (size_t i = csv->mark[0] ? list_quickly(csv, csv->begin, &count) : csv->begin;
         i < csv->end; i++) {
        place[count] = (uint32_t)i;
        count += csv->mark[text[i]];
    }
    csv->next = 0;
    csv->places = count;
}

static size_t read_text(struct inv_csv *csv, char *to, size_t bytes)
{
    switch (csv->holds) {
    case INV_CSV_OBJECTS: return inv_lines_read(csv->lines, to, bytes);
    case INV_CSV_NUMBERS: return inv_grid_read(csv->grid, to, bytes);
    default: return inv_stream_read(&csv->stream, to, bytes);
    }
}

/* Moves the unused bytes to the front and reads on behind them.  0 where nothing is left to read:
 * the window is as it was. */
static int read_on(struct inv_csv *csv)
{
    if (csv->ended)
        return 0;
    size_t held = csv->end - csv->begin;
    if (held > MOST / 2) {
        inv_error(csv->stream.errors, "%s:%lld: this line is longer than 128 MB; is it a CSV file, "
                  "and are its quotes closed?", csv->stream.path, (long long)csv->next_line);
        csv->ended = csv->stream.failed = 1;
        return 0;
    }
    memmove(csv->window, csv->window + csv->begin, held);
    if (held > csv->room / 2) {
        csv->room *= 2;
        csv->window = inv_resize(csv->window, csv->room + INV_CSV_PADDING + 1);
        csv->place = inv_resize(csv->place, (csv->room + 1) * sizeof *csv->place);
    }
    size_t got = read_text(csv, csv->window + held, csv->room - held);
    csv->begin = 0;
    csv->end = held + got;
    csv->ended = csv->end < csv->room;
    memset(csv->window + csv->end, 0, INV_CSV_PADDING + 1);
    list_places(csv);
    return 1;
}

/* ---- lines ---- */

/* Bytes of the line end at `at`: 1 or 2; -1 where that is not yet known. */
static int line_end(const struct inv_csv *csv, size_t at)
{
    if (csv->window[at] == '\n')
        return 1;
    if (at + 1 == csv->end && !csv->ended)
        return -1;
    return at + 1 < csv->end && csv->window[at + 1] == '\n' ? 2 : 1;
}

static int is_line_end(char c)
{
    return c == '\n' || c == '\r';
}

static void use(struct inv_csv *csv, size_t to)
{
    csv->begin = to;
    while (csv->next < csv->places && csv->place[csv->next] < to)
        csv->next++;
}

/* Leaves the rest of the line out, with its end: 0 at the end of the file. */
static int skip_line(struct inv_csv *csv)
{
    for (;;) {
        size_t at = csv->begin;
        while (at < csv->end && !is_line_end(csv->window[at]))
            at++;
        int bytes = at < csv->end ? line_end(csv, at) : -1;
        if (bytes > 0) {
            use(csv, at + (size_t)bytes);
            csv->next_line++;
            return 1;
        }
        use(csv, at);
        if (!read_on(csv)) {
            use(csv, csv->end);
            return 0;
        }
    }
}

/* Whether a record begins at csv->begin, past empty lines and comments. */
static int find_record(struct inv_csv *csv)
{
    for (;;) {
        if (csv->begin == csv->end && !read_on(csv))
            return 0;
        if (csv->begin == csv->end)
            return 0;
        char c = csv->window[csv->begin];
        if (!is_line_end(c) && !(csv->dialect.comment && c == csv->dialect.comment))
            return 1;
        skip_line(csv);
    }
}

/* ---- cells ---- */

static int fail(struct inv_csv *csv, const char *what)
{
    if (!csv->stream.failed)
        inv_error(csv->stream.errors, "%s:%lld: column(%d): %s", csv->stream.path,
                  (long long)csv->line, csv->count, what);
    return -1;
}

static void add_cell(struct inv_csv *csv, size_t begin, size_t end)
{
    if (csv->count == csv->cell_room) {
        csv->cell_room = csv->cell_room * 2 + 16;
        csv->cell = inv_resize(csv->cell, (size_t)csv->cell_room * sizeof *csv->cell);
    }
    csv->cell[csv->count++] = (struct inv_csv_cell){ begin, end };
}

/* What became of a cell or record. */
enum { BAD = -1, CUT_OFF, WHOLE };      /* CUT_OFF: the window ends first */

/* The end of the quoted cell whose opening quote is the marked byte *k; *k becomes the marked byte
 * that ends the cell, or `places`. */
static int find_quoted_end(struct inv_csv *csv, size_t *k, size_t *end)
{
    const char *text = csv->window;
    size_t at;
    for (++*k;; ++*k) {
        if (*k >= csv->places)
            return csv->ended ? fail(csv, "the quoted cell is never closed; add the missing \"")
                              : CUT_OFF;
        at = csv->place[*k];
        if (text[at] == 0)
            return fail(csv, INV_ZERO_BYTE);
        if (text[at] != '"')
            continue;
        if (at + 1 == csv->end && !csv->ended)
            return CUT_OFF;
        if (text[at + 1] != '"')
            break;
        ++*k;
    }
    for (++at; at < csv->end && text[at] != csv->dialect.delimiter; at++)
        if (text[at] != ' ' && text[at] != '\t')
            break;
    if (at == csv->end && !csv->ended)
        return CUT_OFF;
    ++*k;
    *end = at;
    if (at < csv->end && text[at] != csv->dialect.delimiter && !is_line_end(text[at]))
        return fail(csv, "text follows the closing quote; quote the whole cell, and write a "
                         "quote inside it twice");
    return WHOLE;
}

/* The same of a cell without quotes around it; those inside it are text. */
static int find_plain_end(struct inv_csv *csv, size_t *k, size_t *end)
{
    while (*k < csv->places && csv->window[csv->place[*k]] == '"')
        ++*k;
    if (*k == csv->places && !csv->ended)
        return CUT_OFF;
    *end = *k < csv->places ? csv->place[*k] : csv->end;
    if (*end < csv->end && csv->window[*end] == 0)
        return fail(csv, INV_ZERO_BYTE);
    return WHOLE;
}

/* The cells of a record that has nothing but separators and ends in LF or CR LF, as most have; 0 of
 * another. */
static int find_plain_cells(struct inv_csv *csv, size_t *after)
{
    const char *text = csv->window, delimiter = csv->dialect.delimiter;
    size_t begin = csv->begin, places = csv->places;
    int count = 0, room = csv->cell_room;
    for (size_t k = csv->next; k < places && count < room; k++) {
        size_t at = csv->place[k];
        csv->cell[count++] = (struct inv_csv_cell){ begin, at };
        begin = at + 1;
        if (text[at] == delimiter)
            continue;
        csv->count = count;
        *after = begin + (text[at] == '\r');
        return text[*after - 1] == '\n';
    }
    return 0;
}

/* Finds the cells of the record that begins at csv->begin; *after: where the next one begins. */
static int find_cells(struct inv_csv *csv, size_t *after)
{
    const char *text = csv->window;
    size_t begin = csv->begin, end = 0, k = csv->next;
    csv->count = 0;
    for (;;) {
        int status = text[begin] == '"' && begin < csv->end ? find_quoted_end(csv, &k, &end)
                                                            : find_plain_end(csv, &k, &end);
        if (status != WHOLE)
            return status;
        add_cell(csv, begin, end);
        if (end == csv->end || text[end] != csv->dialect.delimiter)
            break;
        begin = end + 1;
        k++;
    }
    int bytes = end < csv->end ? line_end(csv, end) : 0;
    *after = end + (size_t)bytes;
    return bytes < 0 ? CUT_OFF : WHOLE;
}

/* The text of a quoted cell, from its opening quote on; where it ends then. */
static char *unquote(char *text)
{
    char *to = text;
    for (const char *from = text + 1; from[0] != '"' || from[1] == '"'; from++) {
        from += from[0] == '"';
        *to++ = *from;
    }
    *to = 0;
    return to;
}

/* Cuts the record up; lines that end inside quotes are counted. */
static void end_cells(struct inv_csv *csv)
{
    for (int i = 0; i < csv->count; i++) {
        char *text = csv->window + csv->cell[i].begin;
        int quoted = *text == '"' && csv->cell[i].end > csv->cell[i].begin;
        csv->window[csv->cell[i].end] = 0;
        if (!quoted)
            continue;
        csv->cell[i].end = csv->cell[i].begin + (size_t)(unquote(text) - text);
        for (; csv->holds == INV_CSV_TEXT && (text = strchr(text, '\n')); text++)
            csv->next_line++;
    }
}

int inv_csv_next(struct inv_csv *csv)
{
    size_t after = 0;
    int status = CUT_OFF;
    csv->count = 0;
    if (!find_record(csv))
        return csv->stream.failed ? -1 : 0;
    csv->line = csv->next_line;
    if (find_plain_cells(csv, &after)) {
        for (int i = 0; i < csv->count; i++)
            csv->window[csv->cell[i].end] = 0;
    } else {
        while ((status = find_cells(csv, &after)) == CUT_OFF)
            read_on(csv);
        if (status == BAD || csv->stream.failed)
            return -1;
        end_cells(csv);
    }
    csv->next_line += !csv->made_header;
    csv->made_header = 0;
    use(csv, after);
    return 1;
}

/* ---- the file ---- */

/* The separator that the first line has most of, outside quotes. */
static char guess_delimiter(struct inv_csv *csv)
{
    static const char known[] = ",;\t|";
    int count[4] = { 0 }, best = 0, quoted = 0;
    for (size_t at = csv->begin; at < csv->end && !is_line_end(csv->window[at]); at++) {
        const char *found = csv->window[at] ? strchr(known, csv->window[at]) : NULL;
        quoted ^= csv->window[at] == '"';
        if (found && !quoted)
            count[found - known]++;
    }
    for (int i = 1; i < 4; i++)
        if (count[i] > count[best])
            best = i;
    for (int i = 0; i < 4; i++)
        if (i != best && count[i] == count[best] && count[i] > 0)
            inv_error(csv->stream.errors, "%s:%lld: cells may be separated by '%c' or by '%c'; "
                      "say which: csv(..., delimiter = \"%c\")", csv->stream.path,
                      (long long)csv->next_line, known[best], known[i], known[best]);
    return known[best];
}

/* JSON lines are written alike everywhere; the header that they get counts as no line. */
static void open_lines(struct inv_csv *csv)
{
    csv->holds = INV_CSV_OBJECTS;
    csv->lines = inv_lines_open(&csv->stream, csv->dialect.decimal, csv->window + csv->begin,
                                csv->end - csv->begin);
    csv->dialect = (struct inv_dialect){ .delimiter = ',', .decimal = csv->dialect.decimal };
    csv->begin = csv->end = 0;
    csv->ended = 0;
    csv->made_header = 1;
    read_on(csv);
}

/* The dialect of the model is not that of an array; 0 after an error. */
static int open_grid(struct inv_csv *csv)
{
    csv->holds = INV_CSV_NUMBERS;
    csv->grid = inv_grid_open(&csv->stream, csv->dialect.decimal);
    csv->dialect = (struct inv_dialect){ .delimiter = INV_GRID_DELIMITER,
                                         .decimal = csv->dialect.decimal };
    return csv->grid != NULL;
}

/* An archive is no table. */
static int check_zip(struct inv_csv *csv)
{
    if (!inv_stream_begins(&csv->stream, "PK\3\4", 4))
        return 1;
    inv_error(csv->stream.errors, "%s: is a zip or NPZ archive, and a table is one file of CSV, "
              "JSON lines or NPY: unpack it, or save the array with numpy.save", csv->stream.path);
    csv->stream.failed = 1;
    return 0;
}

static int begin(struct inv_csv *csv)
{
    csv->next_line = 1;
    csv->room = WINDOW;
    csv->window = inv_allocate(csv->room + INV_CSV_PADDING + 1);
    csv->place = inv_allocate((csv->room + 1) * sizeof *csv->place);
    if (!check_zip(csv) || (inv_grid_begins(&csv->stream) && !open_grid(csv)))
        return 0;
    read_on(csv);
    if (csv->end >= 3 && memcmp(csv->window, "\xef\xbb\xbf", 3) == 0)
        csv->begin = 3;
    if (csv->holds == INV_CSV_TEXT
        && inv_lines_begin(csv->window + csv->begin, csv->end - csv->begin))
        open_lines(csv);
    for (int64_t i = 0; i < csv->dialect.skip && skip_line(csv); i++)
        continue;
    if (!csv->dialect.delimiter && find_record(csv))
        csv->dialect.delimiter = guess_delimiter(csv);
    csv->mark[(unsigned char)csv->dialect.delimiter] = 1;
    csv->mark[0] = csv->mark['\n'] = csv->mark['\r'] = csv->mark['"'] = 1;
    list_places(csv);
    return !csv->stream.failed;
}

int inv_csv_open(struct inv_csv *csv, const char *path, const struct inv_dialect *dialect,
                 struct inv_errors *errors)
{
    *csv = (struct inv_csv){ .dialect = *dialect };
    return inv_stream_open(&csv->stream, path, errors) && begin(csv);
}

int inv_csv_open_listed(struct inv_csv *csv, const char *path, char *text,
                        enum inv_csv_holds holds, struct inv_errors *errors)
{
    *csv = (struct inv_csv){ .dialect = { .delimiter = ',', .decimal = '.' }, .holds = holds };
    inv_stream_text(&csv->stream, path, text, errors);
    return begin(csv);
}

void inv_csv_close(struct inv_csv *csv, unsigned char digest[32])
{
    inv_stream_close(&csv->stream, digest);
    inv_lines_free(csv->lines);
    inv_grid_free(csv->grid);
    free(csv->window);
    free(csv->place);
    free(csv->cell);
    csv->lines = NULL;
    csv->grid = NULL;
    csv->window = NULL;
    csv->place = NULL;
    csv->cell = NULL;
}
