#include "feed.h"
#include <stdlib.h>
#include "batch.h"
#include "core/arith.h"
#include "missing.h"
#include "progress.h"

int inv_feed_open(struct inv_feed *feed, struct inv_run *run)
{
    int64_t batch = feed->rows.model->batch;
    feed->run = run;
    feed->place = inv_allocate((size_t)batch * sizeof *feed->place);
    feed->slot = inv_allocate((size_t)batch * sizeof *feed->slot);
    feed->rows.row = 0;
    feed->rows.at = 0;
    inv_fitted_begin(feed->rows.fitted, feed->rows.model->data.field_count);
    feed->more = inv_rows_open(&feed->rows);
    return feed->more;
}

int inv_feed_keep(struct inv_feed *feed, const char *column)
{
    int at = inv_rows_column(&feed->rows, column);
    if (at < 0)
        return 0;
    feed->keep = inv_resize(feed->keep, (size_t)(feed->keep_count + 1) * sizeof *feed->keep);
    feed->keep[feed->keep_count++] = at;
    return 1;
}

static void free_kept(struct inv_feed *feed)
{
    int64_t cells = feed->kept ? feed->rows.model->batch * feed->keep_count : 0;
    for (int64_t i = 0; i < cells; i++)
        free(feed->kept[i]);
    free(feed->kept);
    feed->kept = NULL;
}

static void keep_cells(struct inv_feed *feed, int64_t line)
{
    for (int c = 0; c < feed->keep_count; c++)
        feed->kept[line * feed->keep_count + c] =
            inv_copy_text(inv_rows_cell(&feed->rows, feed->keep[c]));
}

static int64_t read_batch(struct inv_feed *feed)
{
    const struct inv_errors *errors = feed->rows.errors;
    int64_t batch = feed->rows.model->batch, count = 0;
    free_kept(feed);
    feed->lines = 0;
    if (feed->keep_count > 0)
        feed->kept = inv_allocate((size_t)(batch * feed->keep_count) * sizeof *feed->kept);
    while (feed->lines < batch && feed->more) {
        feed->more = inv_rows_next(&feed->rows, count) > 0 && !inv_errors_full(errors);
        if (!feed->more)
            break;
        keep_cells(feed, feed->lines);
        feed->slot[feed->lines++] = feed->rows.drop ? -1 : count;
        feed->place[count] = inv_rows_here(&feed->rows);
        count += !feed->rows.drop;
    }
    return count;
}

static char *row_place(const void *state, int64_t slot)
{
    const struct inv_feed *feed = state;
    return inv_rows_place(&feed->rows, feed->rows.row - feed->run->rows + slot, feed->place[slot]);
}

static char *normalised_place(const void *state, int64_t slot)
{
    char *place = row_place(state, slot), *whole = inv_text("%s, normalised", place);
    free(place);
    return whole;
}

static void check(struct inv_feed *feed, int normalised)
{
    inv_batch_check(feed->rows.model, feed->run, &(struct inv_batch_check){
        .errors = feed->rows.errors, .inputs_only = feed->rows.inputs_only, .cells = !normalised,
        .place = normalised ? normalised_place : row_place, .state = feed });
}

static void show(const struct inv_feed *feed)
{
    struct inv_progress *progress = feed->rows.errors->progress;
    const char *path = feed->rows.csv.stream.path;
    if (progress && feed->lines > 0)
        inv_progress_show(progress, path ? path : "reading", 0, feed->lines);
    else if (progress)
        inv_progress_clear(progress);
}

int64_t inv_feed_next(struct inv_feed *feed)
{
    const struct inv_errors *errors = feed->rows.errors;
    for (;;) {
        int before = errors->count;
        int64_t count = read_batch(feed);
        show(feed);
        if (errors->count == before && count > 0) {
            inv_batch_prepare(feed->rows.model, feed->run, feed->first, count);
            inv_missing_put(&feed->rows, feed->run, 0.0f);
            check(feed, 0);
            if (feed->fill)
                inv_missing_put_statistics(&feed->rows, feed->run);
            else
                inv_missing_put(&feed->rows, feed->run, INV_NAN);
            feed->first += count;
        }
        if (errors->count == before)
            return count;
        if (!feed->more || feed->fill) {
            feed->lines = 0;
            return 0;
        }
    }
}

int inv_feed_normalise(struct inv_feed *feed)
{
    int before = feed->rows.errors->count;
    if (!feed->rows.model->phase[INV_NORMALISE])
        return 1;
    inv_batch_normalise(feed->rows.model, feed->run);
    check(feed, 1);
    return feed->rows.errors->count == before;
}

void inv_feed_close(struct inv_feed *feed, char (*hash)[65])
{
    inv_rows_close(&feed->rows, hash);
    free_kept(feed);
    free(feed->keep);
    free(feed->place);
    free(feed->slot);
    feed->keep = NULL;
    feed->place = NULL;
    feed->slot = NULL;
    feed->keep_count = 0;
}
