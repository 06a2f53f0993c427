#include "report/scores.h"
#include <stdlib.h>
#include <string.h>
#include "host/csv.h"
#include "host/decimal.h"
#include "host/suggest.h"

struct table {
    struct inv_csv csv;
    struct arena *arena;
    struct inv_errors *errors;
    const char *path;
    const char **header;
    int columns, label, first;          /* columns of the label and of the first score */
};

/* ---- the header ---- */

/* Length of "probs" in "probs.setosa" or "probs[1]", or 0. */
static size_t stem_of(const char *name)
{
    size_t size = strcspn(name, ".[");
    return name[size] && name[size + 1] ? size : 0;
}

static int columns_of(const struct table *t, int first)
{
    size_t stem = stem_of(t->header[first]);
    int last = first + 1;
    while (stem && last < t->columns && stem_of(t->header[last]) == stem &&
           !strncmp(t->header[last], t->header[first], stem))
        last++;
    return last - first;
}

/* "setosa" of "probs.setosa", "1" of "probs[1]". */
static const char *class_of(struct arena *arena, const char *column)
{
    const char *name = column + stem_of(column) + 1;
    size_t size = strlen(name);
    return arena_strndup(arena, name, size - (column[stem_of(column)] == '[' && size));
}

static bool find_label(struct table *t, const char *label)
{
    t->label = -1;
    for (int i = 0; i < t->columns; i++)
        if (!strcmp(t->header[i], label))
            t->label = i;
    if (t->label >= 0)
        return true;
    const char *near = inv_suggest(label, t->header, t->columns);
    inv_error(t->errors, "%s: has no column %s%s%s%s; predict with --keep %s", t->path, label,
              near ? "; did you mean " : "", near ? near : "", near ? "?" : "", label);
    return false;
}

static bool read_header(struct table *t, const char *label, struct scores *s)
{
    int status = inv_csv_next(&t->csv);
    if (status == 0)
        inv_error(t->errors, "%s: has no lines", t->path);
    if (status <= 0)
        return false;
    t->columns = t->csv.count;
    t->header = ARENA_ARRAY(t->arena, const char *, t->columns);
    for (int i = 0; i < t->columns; i++)
        t->header[i] = arena_strdup(t->arena, inv_csv_cell(&t->csv, i));
    if (!find_label(t, label))
        return false;
    if (t->columns == 1) {
        inv_error(t->errors, "%s: has no column but %s", t->path, label);
        return false;
    }
    t->first = t->columns - 1 - (t->label == t->columns - 1);
    s->classes = 1;
    for (int i = 0; i < t->columns && s->classes == 1; i++)
        if (i != t->label && columns_of(t, i) > 1) {
            t->first = i;
            s->classes = columns_of(t, i);
        }
    s->name = ARENA_ARRAY(t->arena, const char *, s->classes);
    for (int c = 0; c < s->classes; c++)
        s->name[c] = s->classes > 1 ? class_of(t->arena, t->header[t->first + c])
                                    : t->header[t->first];
    return true;
}

/* ---- rows ---- */

/* A label is the name of a class, or its number. */
static int read_label(struct table *t, const struct scores *s)
{
    const char *text = inv_csv_cell(&t->csv, t->label);
    int32_t number;
    int most = s->classes > 1 ? s->classes : 2;
    for (int c = 0; c < s->classes && s->classes > 1; c++)
        if (!strcmp(text, s->name[c]))
            return c;
    if (inv_decimal_to_i32(text, '.', &number) == INV_DECIMAL_OK && number >= 0 && number < most)
        return number;
    inv_error(t->errors, "%s:%lld: '%s' in column %s is none of the %d classes", t->path,
              (long long)t->csv.line, text, t->header[t->label], most);
    return -1;
}

static bool read_score(struct table *t, int column, float *score)
{
    const char *text = inv_csv_cell(&t->csv, column);
    if (inv_decimal_to_f32(text, '.', score) == INV_DECIMAL_OK && *score >= 0 && *score <= 1)
        return true;
    inv_error(t->errors, "%s:%lld: '%s' in column %s is no probability", t->path,
              (long long)t->csv.line, text, t->header[column]);
    return false;
}

static bool read_row(struct table *t, struct scores *s)
{
    if (t->csv.count != t->columns) {
        inv_error(t->errors, "%s:%lld: %d cells under %d columns", t->path, (long long)t->csv.line,
                  t->csv.count, t->columns);
        return false;
    }
    for (int c = 0; c < s->classes; c++)
        if (!read_score(t, t->first + c, &s->score[s->rows * s->classes + c]))
            return false;
    s->truth[s->rows] = read_label(t, s);
    return s->truth[s->rows++] >= 0;
}

static void make_room(struct table *t, struct scores *s, int64_t *room)
{
    if (s->rows < *room)
        return;
    *room = *room ? *room * 2 : 256;
    float *score = ARENA_ARRAY(t->arena, float, *room * s->classes);
    int *truth = ARENA_ARRAY(t->arena, int, *room);
    if (s->rows) {
        memcpy(score, s->score, sizeof *score * (size_t)(s->rows * s->classes));
        memcpy(truth, s->truth, sizeof *truth * (size_t)s->rows);
    }
    s->score = score;
    s->truth = truth;
}

static bool read_rows(struct table *t, struct scores *s)
{
    int64_t room = 0;
    int status;
    while ((status = inv_csv_next(&t->csv)) > 0) {
        make_room(t, s, &room);
        if (!read_row(t, s))
            return false;
    }
    if (status == 0 && s->rows == 0)
        inv_error(t->errors, "%s: has no rows", t->path);
    return status == 0 && s->rows > 0;
}

bool scores_read(struct arena *arena, struct inv_errors *errors, const char *path,
                 const char *label, struct scores *s)
{
    struct table t = {.arena = arena, .errors = errors, .path = path};
    const struct inv_dialect dialect = {.delimiter = ',', .decimal = '.'};
    *s = (struct scores){.path = path, .label = label};
    bool good = inv_csv_open(&t.csv, path, &dialect, errors) && read_header(&t, label, s) &&
                read_rows(&t, s);
    inv_csv_close(&t.csv, NULL);
    return good;
}
