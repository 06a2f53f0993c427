#include "report/matrix.h"
#include <math.h>
#include <string.h>
#include "report/html.h"

enum { SHADES = 10, SIDE_MAX = 200 };   /* SIDE_MAX: rows or columns that a page shows */

struct list {
    const struct run *run;
    const struct member *member;
    bool of_epoch, done;                /* in a line of an epoch; on the page */
};

struct lists {
    struct list *list;
    int count, room;
};

static bool is_matrix(const struct member *m)
{
    return !m->is_text && (m->rank == 1 || m->rank == 2) && m->count > 0 &&
           m->dim[0] <= SIDE_MAX && m->dim[m->rank - 1] <= SIDE_MAX;
}

/* The names of the only field of so many classes, or NULL. */
static const char **class_names(const struct program *program, int64_t classes)
{
    const char **names = NULL;
    for (int i = 0; program && i < program->data.field_count; i++) {
        const struct data_field *field = &program->data.field[i];
        if (!field->class_name || field->class_count != classes)
            continue;
        if (names)
            return NULL;
        names = field->class_name;
    }
    return names;
}

static const char *name_of(struct arena *arena, const char **names, int64_t i)
{
    return names ? names[i] : html_number(arena, (double)i);
}

/* The shade of a cell by the root of its share of the largest of its row, so that a few errors are
 * seen beside many hits: 0 to SHADES - 1, and 0 of zeros only. */
static int shade_of(const double *row, int64_t columns, int64_t c)
{
    double most = 0;
    for (int64_t i = 0; i < columns; i++)
        most = fmax(most, fabs(row[i]));
    return most > 0 && isfinite(row[c]) ? (int)ceil(sqrt(fabs(row[c]) / most) * (SHADES - 1))
                                         : 0;
}

/* A metric confusion of the library, by its name. */
static bool is_confusion(const struct member *m)
{
    static const char name[] = "confusion";
    size_t size = strlen(m->key), end = sizeof name - 1;
    return m->rank == 2 && size >= end && !strcmp(m->key + size - end, name);
}

/* What the rows and columns are; numbers of an epoch without a part are of its training. */
static const char *note_of(struct arena *arena, const struct list *list)
{
    bool training = list->of_epoch && !strchr(list->member->key, '.');
    if (!is_confusion(list->member))
        return "";
    return arena_printf(arena, "%srows: labels; columns: guesses; shades compare the cells of "
                        "a row",
                        training ? "of the training of the last epoch; " : "");
}

static void add_matrix(struct values *values, const struct story *story, const struct list *list)
{
    const struct member *m = list->member;
    struct arena *arena = values_arena(values);
    int64_t rows = m->rank == 2 ? m->dim[0] : 1, columns = m->dim[m->rank - 1];
    const char **names = class_names(story->program, columns);
    struct values *item = values_add_item(values, "matrix");
    html_set(item, "key", story->count == 1
                              ? m->key
                              : arena_printf(arena, "%s of %s", m->key, list->run->name));
    values_set(item, "note", note_of(arena, list));
    for (int64_t c = 0; c < columns; c++)
        html_set(values_add_item(item, "head"), "name", name_of(arena, names, c));
    for (int64_t r = 0; r < rows; r++) {
        struct values *row = values_add_item(item, "row");
        const char **of_rows = rows == columns ? names : NULL;
        html_set(row, "name", m->rank == 1 ? "value" : name_of(arena, of_rows, r));
        for (int64_t c = 0; c < columns; c++) {
            struct values *cell = values_add_item(row, "cell");
            values_set(cell, "value", html_number(arena, m->value[r * columns + c]));
            values_printf(cell, "shade", "h%d", shade_of(m->value + r * columns, columns, c));
        }
    }
}

static void collect(struct lists *lists, struct arena *arena, const struct run *run,
                    const struct entry *line, bool of_epoch)
{
    for (int i = 0; i < line->count; i++)
        if (is_matrix(&line->member[i]))
            ARENA_PUSH(arena, lists->list, lists->count, lists->room) =
                (struct list){run, &line->member[i], of_epoch, false};
}

/* Those of one name stand beside each other, run by run. */
void matrices_set(struct values *values, const struct story *story)
{
    struct values *item = values_add_item(values, "lists");
    struct lists lists = {.list = NULL};
    for (int r = 0; r < story->count; r++) {
        const struct run *run = &story->run[r];
        if (run->epoch_count)
            collect(&lists, values_arena(values), run, &run->epoch[run->epoch_count - 1], true);
        for (int i = 0; i < run->other_count; i++)
            collect(&lists, values_arena(values), run, &run->other[i], false);
    }
    for (int i = 0; i < lists.count; i++)
        for (int j = i; j < lists.count && !lists.list[i].done; j++)
            if (!strcmp(lists.list[i].member->key, lists.list[j].member->key)) {
                add_matrix(item, story, &lists.list[j]);
                lists.list[j].done = j > i;
            }
}
