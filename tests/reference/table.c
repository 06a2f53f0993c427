/* CSV: lines of cells into the raw variables. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "reference.h"

struct line {
    char **cell;
    int count;
};

struct table {
    struct program *program;
    const char *path, *at;
    struct line header;
    int number;                         /* of data lines read */
};

/* One cell, ended by a separator or line end, which stays. */
static char *read_cell(const char **at, int delimiter)
{
    const char ends[] = {(char)delimiter, '\r', '\n', 0};
    size_t size = strcspn(*at, ends);
    char *cell;
    if (**at != '"') {
        cell = copy_text(*at, size);
        *at += size;
        return cell;
    }
    cell = allocate((int64_t)strlen(*at) + 1, 1);
    (*at)++;
    for (size_t n = 0; **at && (**at != '"' || (*at)[1] == '"'); (*at)++) {
        *at += **at == '"';
        cell[n++] = **at;
    }
    (*at)++;
    *at += strspn(*at, " \t");
    return cell;
}

static bool next_line(struct table *t, struct line *line)
{
    int comment = t->program->comment;
    *line = (struct line){0};
    t->at += strspn(t->at, "\r\n");
    while (comment && *t->at == comment) {
        t->at += strcspn(t->at, "\r\n");
        t->at += strspn(t->at, "\r\n");
    }
    if (!*t->at)
        return false;
    do {
        t->at += line->count > 0;
        int i = append(&line->cell, &line->count, sizeof *line->cell);
        line->cell[i] = read_cell(&t->at, t->program->delimiter);
    } while (*t->at == t->program->delimiter);
    return true;
}

static void free_line(struct line *line)
{
    for (int i = 0; i < line->count; i++)
        free(line->cell[i]);
    free(line->cell);
}

static bool is_number(const char *cell)
{
    char *end;
    double value = strtod(cell, &end);
    end += strspn(end, " \t");
    return end > cell && *end == '\0' && isfinite(value);
}

static bool begins_with_header(const struct table *t, const struct line *first)
{
    bool names = false, numbers = false;
    if (t->program->header >= 0)
        return t->program->header == 1;
    for (int f = 0; f < t->program->field_count; f++)
        for (int i = 0; i < t->program->field[f].range_count; i++)
            names = names || (t->program->field[f].raw >= 0
                              && t->program->field[f].range[i].first < 0);
    for (int i = 0; i < first->count; i++)
        numbers = numbers || is_number(first->cell[i]);
    return names || !numbers;
}

static int find_column(const struct table *t, const char *name)
{
    for (int i = 0; i < t->header.count; i++)
        if (strcmp(t->header.cell[i], name) == 0)
            return i;
    die("%s has no column %s", t->path, name);
}

static void bind_columns(struct table *t, struct field *f)
{
    f->column_count = 0;
    for (int i = 0; f->raw >= 0 && i < f->range_count; i++) {
        const struct range *r = &f->range[i];
        int first = *r->first_name ? find_column(t, r->first_name) : r->first;
        int last = *r->last_name ? find_column(t, r->last_name) : r->last;
        for (int column = first; column <= last; column++) {
            int at = append(&f->column, &f->column_count, sizeof *f->column);
            f->column[at] = column;
        }
    }
}

/* Names that the model does not list: the distinct ones of the file, by byte. */
static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void collect_names(const struct table *t, struct field *f)
{
    struct table again = *t;
    struct line line;
    while (next_line(&again, &line)) {
        const char *cell = line.cell[f->column[0]];
        bool known = cell_is_missing(t->program, f, cell);
        for (int i = 0; i < f->class_count; i++)
            known = known || strcmp(f->class_name[i], cell) == 0;
        if (!known) {
            int i = append(&f->class_name, &f->class_count, sizeof *f->class_name);
            f->class_name[i] = copy_text(cell, strlen(cell));
        }
        free_line(&line);
    }
    qsort(f->class_name, (size_t)f->class_count, sizeof *f->class_name, by_bytes);
}

static int32_t class_of(const struct table *t, const struct field *f, const char *cell)
{
    for (int i = 0; i < f->class_count; i++)
        if (strcmp(f->class_name[i], cell) == 0)
            return i;
    die("%s: row %d: no class '%s'", t->path, t->number, cell);
}

static void put(const struct variable *v, int64_t e, double value)
{
    if (v->type == TYPE_F32)
        ((float *)v->data)[e] = (float)value;
    else
        ((int32_t *)v->data)[e] = (int32_t)value;
}

static void put_missing(const struct table *t, const struct field *f, int64_t e)
{
    if (f->missing == FILL_NONE)
        die("%s: row %d: a missing value", t->path, t->number);
    put(&t->program->variable[f->raw], e, f->missing == FILL_VALUE ? (double)f->missing_value : 0);
    t->program->drop = t->program->drop || f->missing == FILL_DROP;
    f->hole[e] = f->missing >= FILL_MEAN;
}

static void put_value(const struct table *t, const struct field *f, char *cell, int64_t e)
{
    const struct variable *v = &t->program->variable[f->raw];
    char *comma = f->text || t->program->decimal == '.' ? NULL : strchr(cell, ',');
    if (comma)
        *comma = '.';
    if (!f->text && !is_number(cell))
        die("%s: row %d: '%s' is no number", t->path, t->number, cell);
    if (f->text)
        ((int32_t *)v->data)[e] = class_of(t, f, cell);
    else if (v->type == TYPE_F32)
        ((float *)v->data)[e] = strtof(cell, NULL);
    else
        ((int32_t *)v->data)[e] = (int32_t)strtod(cell, NULL);
}

static void put_cell(const struct table *t, const struct field *f, char *cell, int64_t e)
{
    const struct variable *v = &t->program->variable[f->raw];
    bool missing = cell_is_missing(t->program, f, cell);
    f->hole[e] = false;
    if (f->form == FORM_MISSING)
        put(v, e, missing);
    else if (missing)
        put_missing(t, f, e);
    else if (f->form != FORM_NUMBER)
        put(v, e, (double)cell_date(f->form, cell));
    else
        put_value(t, f, cell, e);
}

/* Keys are those of the rows that are split. */
static void keep_key(const struct table *t, struct field *f, const struct line *line)
{
    if (t->program->reading != 0)
        return;
    if (f->column[0] >= line->count)
        die("%s: row %d has only %d cells", t->path, t->number, line->count);
    const char *cell = line->cell[f->column[0]];
    int i = append(&f->row_text, &f->row_texts, sizeof *f->row_text);
    f->row_text[i] = copy_text(cell, strlen(cell));
}

static void put_line(const struct table *t, const struct line *line)
{
    for (int i = 0; i < t->program->field_count; i++) {
        struct field *f = &t->program->field[i];
        if (f->key) {
            keep_key(t, f, line);
            continue;
        }
        for (int c = 0; c < f->column_count; c++) {
            if (f->column[c] >= line->count)
                die("%s: row %d has only %d cells", t->path, t->number, line->count);
            put_cell(t, f, line->cell[f->column[c]], c);
        }
    }
}

static void drop_keys(struct program *p)
{
    for (int i = 0; i < p->field_count; i++)
        if (p->field[i].key && p->reading == 0)
            free(p->field[i].row_text[--p->field[i].row_texts]);
}

void table_read(struct program *p, const struct file *file, const char *folder,
                void (*take)(void *state), void *state)
{
    char *path = path_in(folder, file->path);
    size_t size;
    struct line line;
    char *text = read_file(path, &size);
    bool mark = size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0;
    struct table t = {.program = p, .path = path, .at = text + (mark ? 3 : 0)};
    for (int64_t i = 0; i < p->skip; i++) {
        t.at += strcspn(t.at, "\n");
        t.at += *t.at == '\n';
    }
    const char *begin = t.at;
    if (!next_line(&t, &t.header))
        die("%s is empty", path);
    if (!begins_with_header(&t, &t.header))
        t.at = begin;
    for (int i = 0; i < p->field_count; i++) {
        if (p->field[i].key && p->reading != 0)
            continue;
        bind_columns(&t, &p->field[i]);
        free(p->field[i].hole);
        p->field[i].hole = allocate(p->field[i].column_count, sizeof *p->field[i].hole);
        if (p->field[i].text && p->field[i].class_count == 0)
            collect_names(&t, &p->field[i]);
    }
    for (; next_line(&t, &line); t.number++) {
        p->drop = false;
        put_line(&t, &line);
        if (p->drop)
            drop_keys(p);
        else
            take(state);
        free_line(&line);
    }
    free_line(&t.header);
    free(text);
    free(path);
}
