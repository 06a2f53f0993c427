#include "base/diag.h"
#include "base/text.h"
#include "host/suggest.h"
#include <stdlib.h>
#include <string.h>

enum {
    MAX_PRINTED = 50,                   /* of a severity; the rest is counted */
    TAB = 4,
    WINDOW = 100,                       /* printed columns of a source line */
    LEAD = 60,                          /* of them left of the caret, where a line is clipped */
    MAX_HELPED = 200,                   /* errors that are searched a "did you mean" for */
    MAX_LISTED = 8                      /* choices of which none is near */
};

struct diags {
    struct arena *arena;
    struct source *source;              /* [0] is "nowhere" */
    int source_count, source_room;
    struct diag **diag;
    int count, room;
    int errors;
    bool strict;
};

static const char *const severity_name[] = {"warning", "error"};

struct diags *diags_new(struct arena *arena)
{
    struct diags *d = ARENA_NEW(arena, struct diags);

    d->arena = arena;
    ARENA_PUSH(arena, d->source, d->source_count, d->source_room) = (struct source){.path = ""};
    return d;
}

int diags_add_source(struct diags *d, const char *path, const char *text, size_t size, bool library)
{
    struct source s = {.path = path, .text = text, .size = size, .library = library};

    ARENA_PUSH(d->arena, d->source, d->source_count, d->source_room) = s;
    return d->source_count - 1;
}

const struct source *diags_source(const struct diags *d, int source)
{
    return &d->source[source > 0 && source < d->source_count ? source : 0];
}

int diags_error_count(const struct diags *d)
{
    return d->errors;
}

int diags_error_line(const struct diags *d, int source)
{
    for (int i = 0; i < d->count; i++)
        if (d->diag[i]->severity == DIAG_ERROR && d->diag[i]->span.source == source)
            return d->diag[i]->span.line;
    return 0;
}

void diags_be_strict(struct diags *d)
{
    d->strict = true;
}

static struct diag *add_diag(struct diags *all, enum severity severity, struct span span,
                             const char *format, va_list args)
{
    struct diag *d = ARENA_NEW(all->arena, struct diag);

    *d = (struct diag){.all = all, .severity = severity, .span = span, .order = all->count};
    d->text = arena_vprintf(all->arena, format, args);
    all->errors += severity == DIAG_ERROR;
    return ARENA_PUSH(all->arena, all->diag, all->count, all->room) = d;
}

struct diag *diag_error(struct diags *all, struct span span, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    struct diag *d = add_diag(all, DIAG_ERROR, span, format, args);
    va_end(args);
    return d;
}

struct diag *diag_warning(struct diags *all, struct span span, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    struct diag *d = add_diag(all, all->strict ? DIAG_ERROR : DIAG_WARNING, span, format, args);
    va_end(args);
    return d;
}

void diag_note(struct diag *d, struct span span, const char *format, ...)
{
    struct diag_note note = {.span = span};
    va_list args;

    va_start(args, format);
    note.text = arena_vprintf(d->all->arena, format, args);
    va_end(args);
    ARENA_PUSH(d->all->arena, d->note, d->count, d->room) = note;
}

void diag_help(struct diag *d, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    d->help = arena_vprintf(d->all->arena, format, args);
    va_end(args);
}

/* A line ends at LF, CR LF or CR; a byte order mark is in none.  Returns the first byte of the
 * line and sets its size. */
const char *diags_line(const struct source *s, int line, size_t *size)
{
    const char *at = s->text, *end = s->text + s->size, *stop;

    if (s->size >= 3 && !memcmp(at, "\xEF\xBB\xBF", 3))
        at += 3;
    for (int i = 1; i < line && at < end; i++) {
        while (at < end && *at != '\n' && *at != '\r')
            at++;
        if (at + 1 < end && at[0] == '\r' && at[1] == '\n')
            at++;
        if (at < end)
            at++;
    }
    for (stop = at; stop < end && *stop != '\n' && *stop != '\r'; stop++)
        ;
    *size = (size_t)(stop - at);
    return at;
}

/* One line made printable: tabs expanded, other control bytes and broken UTF-8 as "?".
 * Cell i is one printed column; start[i] its first byte in `text`. */
struct shown {
    struct text text;
    int *start;
    int cells, room;
    int first, last;                    /* cells to underline */
};

static void show_cell(struct shown *s, const char *bytes, size_t size)
{
    ARENA_PUSH(s->text.arena, s->start, s->cells, s->room) = (int)s->text.size;
    text_add(&s->text, bytes, size);
}

static void show_line(struct shown *s, const char *line, size_t size, struct span span)
{
    size_t last = span.last_line > span.line ? size : (size_t)span.last_column;

    s->first = s->last = -1;
    for (size_t i = 0; i < size;) {
        int n = text_character(line + i, size - i);
        if ((size_t)span.column <= i + 1 && s->first < 0)
            s->first = s->cells;
        if (line[i] == '\t')
            do
                show_cell(s, " ", 1);
            while (s->cells % TAB);
        else if (n == 0 || (unsigned char)line[i] < ' ' || line[i] == 0x7F)
            show_cell(s, "?", 1);
        else
            show_cell(s, line + i, (size_t)n);
        i += n > 0 ? (size_t)n : 1;
        if (i <= last || s->last < s->first)
            s->last = s->cells - 1;
    }
    if (s->first < 0)
        s->first = s->last = s->cells;  /* behind the line's end */
}

/* The number's gutter, the line and the underline, clipped to WINDOW columns. */
static void print_line(const struct diags *d, struct span span, FILE *out)
{
    struct shown s = {0};
    size_t size;
    const char *line = diags_line(diags_source(d, span.source), span.line, &size);
    int from, to, width;

    while (size && (line[size - 1] == ' ' || line[size - 1] == '\t'))
        size--;
    text_init(&s.text, d->arena);
    show_line(&s, line, size, span);
    from = s.first > LEAD && s.cells > WINDOW ? s.first - LEAD : 0;
    to = s.cells - from > WINDOW ? from + WINDOW : s.cells;
    show_cell(&s, "", 0);               /* closes the last cell */
    width = fprintf(out, "%5d |", span.line) - 1;
    if (to > 0)
        fprintf(out, " %s%.*s%s", from > 0 ? "..." : "", s.start[to] - s.start[from],
                s.text.data + s.start[from], to < s.cells - 1 ? "..." : "");
    fprintf(out, "\n%*s| %*s^", width, "", s.first - from + (from > 0 ? 3 : 0), "");
    for (int i = s.first + 1; i <= s.last && i < to; i++)
        fputc('~', out);
    fputc('\n', out);
}

static void print_place(const struct diags *d, struct span span, const char *what,
                        const char *text, FILE *out)
{
    if (span.source <= 0 || span.source >= d->source_count) {
        fprintf(out, "%s: %s\n", what, text);
        return;
    }
    fprintf(out, "%s:%d:%d: %s: %s\n", diags_source(d, span.source)->path, span.line, span.column,
            what, text);
    print_line(d, span, out);
}

static int compare_ints(int a, int b)
{
    return (a > b) - (a < b);
}

static int compare_places(const struct diag *a, const struct diag *b)
{
    int c = compare_ints(a->span.source, b->span.source);

    c = c ? c : compare_ints(a->span.line, b->span.line);
    return c ? c : compare_ints(a->span.column, b->span.column);
}

static int compare_diags(const void *left, const void *right)
{
    const struct diag *a = *(struct diag *const *)left, *b = *(struct diag *const *)right;
    int c = compare_places(a, b);

    return c ? c : compare_ints(a->order, b->order);
}

/* Sorts them by place, each place and text once; how many stay. */
static int sort_diags(struct diag **sorted, int count)
{
    int kept = 0;

    qsort(sorted, (size_t)count, sizeof *sorted, compare_diags);
    for (int i = 0; i < count; i++) {
        int j = kept - 1;
        while (j >= 0 && !compare_places(sorted[j], sorted[i])
               && strcmp(sorted[j]->text, sorted[i]->text))
            j--;
        if (j < 0 || compare_places(sorted[j], sorted[i]))
            sorted[kept++] = sorted[i];
    }
    return kept;
}

int diags_sorted(const struct diags *d, struct diag ***sorted)
{
    *sorted = ARENA_ARRAY(d->arena, struct diag *, d->count + 1);
    if (d->count)
        memcpy(*sorted, d->diag, sizeof **sorted * (size_t)d->count);
    return sort_diags(*sorted, d->count);
}

static void print_diag(const struct diags *all, const struct diag *d, FILE *out)
{
    print_place(all, d->span, severity_name[d->severity], d->text, out);
    if (d->help)
        fprintf(out, "help: %s\n", d->help);
    for (int i = 0; i < d->count; i++)
        print_place(all, d->note[i].span, "note", d->note[i].text, out);
}

void diags_print(struct diags *d, FILE *out)
{
    struct diag **sorted = ARENA_ARRAY(d->arena, struct diag *, d->count + 1);
    int count = 0, seen[DIAG_SEVERITIES] = {0};

    for (int i = 0; i < d->count; i++) {
        if (!d->diag[i]->printed)
            sorted[count++] = d->diag[i];
        d->diag[i]->printed = true;
    }
    count = sort_diags(sorted, count);
    for (int i = 0; i < count; i++)
        if (seen[sorted[i]->severity]++ < MAX_PRINTED)
            print_diag(d, sorted[i], out);
    for (int i = 0; i < DIAG_SEVERITIES; i++)
        if (seen[i] > MAX_PRINTED)
            fprintf(out, "... and %d more %s%s\n", seen[i] - MAX_PRINTED, severity_name[i],
                    seen[i] - MAX_PRINTED == 1 ? "" : "s");
}

/* What other tools call things, and the choice that stands for them here: the first that is one. */
static const struct { const char *word, *here; } elsewhere[] = {
    {"learning_rate", "lr"}, {"weight_decay", "decay"}, {"epsilon", "eps"},
    {"beta1", "b1"}, {"beta_1", "b1"}, {"beta2", "b2"}, {"beta_2", "b2"},
    {"batch_size", "batch"}, {"num_epochs", "epochs"}, {"max_epochs", "epochs"},
    {"early_stopping", "patience"}, {"momentum", "sgd"},
    {"mae", "mean_absolute_error"}, {"l1", "mean_absolute_error"},
    {"mse", "mean_squared_error"}, {"rmse", "mean_squared_error"},
    {"root_mean_squared_error", "mean_squared_error"},
    {"mape", "mean_absolute_percentage_error"}, {"mcc", "matthews"}, {"roc_auc", "auc"},
    {"acc", "accuracy"}, {"top_k_accuracy", "top_k"},
    {"mean_absolute_error", "mae"}, {"l1_loss", "mae"}, {"mse_loss", "mse"},
    {"crossentropy", "cross_entropy"}, {"categorical_crossentropy", "cross_entropy"},
    {"sparse_categorical_crossentropy", "cross_entropy"}, {"nll_loss", "cross_entropy"},
    {"bce", "binary_cross_entropy"}, {"binary_crossentropy", "binary_cross_entropy"},
    {"linear", "dense"}, {"fully_connected", "dense"},
};

const char *diag_nearest(const char *word, const char *const *choice, int count)
{
    for (size_t k = 0; k < sizeof elsewhere / sizeof *elsewhere; k++)
        for (int i = 0; i < count && !strcmp(word, elsewhere[k].word); i++)
            if (!strcmp(choice[i], elsewhere[k].here))
                return choice[i];
    return inv_suggest(word, choice, count);
}

bool diag_wants_help(const struct diag *d)
{
    return d->order < MAX_HELPED;
}

const char *diag_list(const struct diag *d, const char *const *item, int count, const char *last)
{
    struct text text;

    text_init(&text, d->all->arena);
    text_puts(&text, "");
    for (int i = 0; i < count && i < MAX_LISTED; i++) {
        text_puts(&text, i == 0 ? "" : i == count - 1 ? " " : ", ");
        text_printf(&text, "%s%s%s", i > 0 && i == count - 1 ? last : "",
                    i > 0 && i == count - 1 ? " " : "", item[i]);
    }
    if (count > MAX_LISTED)
        text_printf(&text, " and %d more", count - MAX_LISTED);
    return text.data;
}

void diag_suggest(struct diag *d, const char *word, const char *const *choice, int count)
{
    const char *near = diag_wants_help(d) ? diag_nearest(word, choice, count) : NULL;

    if (near)
        diag_help(d, "did you mean '%s'?", near);
    else if (count > 0)
        diag_help(d, "there %s %s", count == 1 ? "is" : "are", diag_list(d, choice, count, "and"));
}
