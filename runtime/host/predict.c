/* The outputs of rows: of the model's own data, in its order, or of a file. */
#include <stdlib.h>
#include <string.h>
#include "device.h"
#include "predictions.h"

/* ---- the model's own data ---- */

static int part_of_name(const char *name)
{
    int part = 0;
    while (part < INV_PARTS && strcmp(name, inv_dataset_part_name((enum inv_part)part)) != 0)
        part++;
    return part;
}

/* Predicts rows row[0 .. count - 1] of the data set. */
static void predict_batch(struct inv_session *s, struct inv_predictions *p, const int32_t *row,
                          int64_t count, const unsigned char *part)
{
    inv_dataset_gather(&s->data, &s->run, row, count);
    inv_device_phase(s->model, &s->run, INV_PREDICT);
    for (int64_t i = 0; i < count; i++) {
        char number[24];
        int of = part[row[i]];
        const char *lead[] = { number,
                               of < INV_PARTS ? inv_dataset_part_name((enum inv_part)of) : "" };
        snprintf(number, sizeof number, "%d", row[i]);
        inv_predictions_row(p, s->run.arena, i, lead);
    }
}

static void predict_own(struct inv_session *s, struct inv_predictions *p, int wanted)
{
    int64_t batch = s->model->batch, fill = 0;
    int32_t *row = inv_allocate((size_t)batch * sizeof *row);
    unsigned char *part = inv_dataset_parts(&s->data);
    for (int64_t i = 0; i < s->data.rows; i++) {
        int windows = s->model->data.window > 0 && part[i] == INV_PARTS; /* none begins here */
        if (!windows && (wanted == INV_PARTS || part[i] == wanted))
            row[fill++] = (int32_t)i;
        if (fill == 0 || (fill < batch && i + 1 < s->data.rows))
            continue;
        predict_batch(s, p, row, fill, part);
        fill = 0;
    }
    free(part);
    free(row);
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
    int good;
    if (*o->predict && !s->data.whole) {
        good = predict_file(s, &p, path);
    } else {
        inv_predictions_lead(&p, "row", 3);
        if (!s->data.whole)
            inv_predictions_lead(&p, "part", 4);
        good = inv_predictions_open(&p, path, &s->errors);
        if (good) {
            predict_own(s, &p, o->part ? part_of_name(o->part) : INV_PARTS);
            good = inv_predictions_close(&p, 1);
        }
    }
    inv_predictions_free(&p);
    return good ? INV_OK : INV_BAD_DATA;
}
