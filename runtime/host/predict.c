/* The outputs of rows: of the model's own data, in its order, or of a file. */
#include <stdlib.h>
#include <string.h>
#include "device.h"
#include "predictions.h"
#include "suggest.h"
#include "variable.h"

/* ---- the model's own data ---- */

static int part_of_name(const char *name)
{
    int part = 0;
    while (part < INV_PARTS && strcmp(name, inv_dataset_part_name((enum inv_part)part)) != 0)
        part++;
    return part;
}

/* What stands before the predictions: number, part and the fields that --keep names.  These are
 * read of a batch before the model runs, whose values may take their place. */
struct beside {
    const struct inv_session *s;
    unsigned char *part;                /* of each row of the data set */
    int count, *field;
    char (*text)[INV_ELEMENT_TEXT];     /* field c of row i: i * count + c */
    const char **cell, **lead;          /* of the batch; of a row */
};

/* The field of that name, or -1 after an error. */
static int find_field(struct inv_session *s, const char *name)
{
    const struct inv_data *d = &s->model->data;
    const char **names = inv_allocate((size_t)d->field_count * sizeof *names);
    int found = -1;
    for (int f = 0; f < d->field_count; f++) {
        names[f] = d->field[f].key == INV_NO_KEY ? d->field[f].name : "";
        found = strcmp(names[f], name) == 0 ? f : found;
    }
    const char *near = inv_suggest(name, names, d->field_count);
    if (found < 0)
        inv_error(&s->errors, "--keep %s: data %s has no field of that name%s%s%s; of the model's "
                  "own data, without a FILE, --keep takes fields", name, d->name,
                  near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
    free(names);
    return found;
}

/* One of one number or class a row, or -1 after an error. */
static int field_named(struct inv_session *s, const char *name)
{
    int found = find_field(s, name);
    if (found < 0 ||
        inv_variable_elements(&s->model->variable[s->model->data.field[found].input]) == 1)
        return found;
    inv_error(&s->errors, "--keep %s: the field has more than one value a row, and a column before "
              "the predictions has one", name);
    return -1;
}

static int begin_beside(struct beside *b, struct inv_session *s, struct inv_predictions *p)
{
    size_t batch = (size_t)s->model->batch;
    *b = (struct beside){ .s = s };
    inv_predictions_lead(p, "row", 3);
    if (!s->data.whole)
        inv_predictions_lead(p, "part", 4);
    for (const char *names = s->options.keep; names;) {
        int length = (int)strcspn(names, ",");
        inv_predictions_lead(p, names, length);
        b->field = inv_resize(b->field, (size_t)(b->count + 1) * sizeof *b->field);
        b->field[b->count] = field_named(s, p->lead[p->lead_count - 1]);
        if (b->field[b->count++] < 0)
            return 0;
        names = names[length] ? names + length + 1 : NULL;
    }
    b->part = inv_dataset_parts(&s->data);
    b->text = inv_allocate(batch * (size_t)b->count * sizeof *b->text + 1);
    b->cell = inv_allocate(batch * (size_t)b->count * sizeof *b->cell + 1);
    b->lead = inv_allocate((size_t)p->lead_count * sizeof *b->lead);
    return 1;
}

static void end_beside(struct beside *b)
{
    free(b->part);
    free(b->field);
    free(b->text);
    free(b->cell);
    free(b->lead);
}

static void read_beside(struct beside *b, const struct inv_predictions *p, int64_t rows)
{
    for (int64_t i = 0; i < rows * b->count; i++) {
        int field = b->field[i % b->count];
        const struct inv_variable *v =
            &p->model->variable[p->model->data.field[field].input];
        const unsigned char *at = b->s->run.arena + v->offset +
                                  (size_t)(i / b->count) * inv_variable_bytes(v);
        b->cell[i] = inv_predictions_field(p, field, at, b->text[i]);
    }
}

/* Predicts rows row[0 .. count - 1] of the data set, which `rest` others follow. */
static void predict_batch(struct inv_session *s, struct inv_predictions *p, struct beside *b,
                          const int32_t *row, int64_t count, int64_t rest)
{
    inv_dataset_gather(&s->data, &s->run, row, count, &(struct inv_row_ahead){ .rest = rest });
    read_beside(b, p, count);
    inv_device_phase(s->model, &s->run, INV_PREDICT);
    for (int64_t i = 0; i < count; i++) {
        char number[INV_ELEMENT_TEXT];
        int of = b->part[row[i]], at = p->lead_count - b->count;
        snprintf(number, sizeof number, "%d", row[i]);
        b->lead[0] = number;
        if (at > 1)
            b->lead[1] = of < INV_PARTS ? inv_dataset_part_name((enum inv_part)of) : "";
        for (int c = 0; c < b->count; c++)
            b->lead[at + c] = b->cell[i * b->count + c];
        inv_predictions_row(p, s->run.arena, i, b->lead);
    }
}

/* The rows of that part, INV_PARTS: of all; of windows the first rows.  Returns how many. */
static int64_t list_rows(const struct inv_session *s, const struct beside *b, int wanted,
                         int32_t *row)
{
    int64_t count = 0;
    for (int64_t i = 0; i < s->data.rows; i++) {
        int windows = s->model->data.window > 0 && b->part[i] == INV_PARTS; /* none begins here */
        if (!windows && (wanted == INV_PARTS || b->part[i] == wanted))
            row[count++] = (int32_t)i;
    }
    return count;
}

static void predict_rows_of(struct inv_session *s, struct inv_predictions *p, struct beside *b,
                            int wanted)
{
    int64_t batch = s->model->batch;
    int32_t *row = inv_allocate((size_t)s->data.rows * sizeof *row);
    for (int64_t at = 0, left = list_rows(s, b, wanted, row); left > 0; at += batch, left -= batch)
        predict_batch(s, p, b, row + at, left < batch ? left : batch,
                      left < batch ? 0 : left - batch);
    free(row);
}

static int predict_own(struct inv_session *s, struct inv_predictions *p, const char *path)
{
    const char *part = s->options.part;
    struct beside b;
    int good = begin_beside(&b, s, p) && inv_predictions_open(p, path, &s->errors);
    if (good) {
        predict_rows_of(s, p, &b, part ? part_of_name(part) : INV_PARTS);
        good = inv_predictions_close(p, 1);
    }
    end_beside(&b);
    return good;
}

/* ---- a file ---- */

/* Keeps the columns that --keep names; they are the first of the predictions. */
static int keep_columns(struct inv_feed *feed, const char *names, struct inv_predictions *p)
{
    while (names) {
        int length = (int)strcspn(names, ",");
        inv_predictions_lead(p, names, length);
        if (!inv_feed_keep(feed, p->lead[p->lead_count - 1]))
            return 0;
        names = names[length] ? names + length + 1 : NULL;
    }
    return 1;
}

static int predict_rows(struct inv_session *s, struct inv_feed *feed, struct inv_predictions *p)
{
    for (int64_t rows; (rows = inv_feed_next(feed)) > 0 || feed->lines > 0;) {
        if (rows > 0 && inv_feed_normalise(feed))
            inv_device_phase(s->model, &s->run, INV_PREDICT);
        for (int64_t i = 0; i < feed->lines && s->errors.count == 0; i++)
            inv_predictions_row(p, s->run.arena, feed->slot[i],
                                (const char *const *)feed->kept + i * feed->keep_count);
    }
    return s->errors.count == 0;
}

static int predict_file(struct inv_session *s, struct inv_predictions *p, const char *path)
{
    struct inv_feed feed;
    int good = inv_session_feed(s, &feed, s->options.predict, 1);
    if (strcmp(path, "-") == 0)
        s->progress.to = NULL;          /* the rows may appear on the same terminal */
    good = good && keep_columns(&feed, s->options.keep, p) &&
           inv_predictions_open(p, path, &s->errors);
    if (good)
        good = inv_predictions_close(p, predict_rows(s, &feed, p));
    inv_feed_close(&feed, NULL);
    inv_table_free(&feed.rows);
    return good;
}

int inv_predict(struct inv_session *s)
{
    const struct inv_options *o = &s->options;
    const char *path = o->output ? o->output : "-";
    struct inv_predictions p = { .model = s->model, .fitted = &s->data.fitted,
        .format = (enum inv_format)inv_format_of(o->format, path) };
    int good = *o->predict && !s->data.whole ? predict_file(s, &p, path)
                                             : predict_own(s, &p, path);
    inv_predictions_free(&p);
    return good ? INV_OK : INV_BAD_DATA;
}
