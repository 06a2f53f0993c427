/* Which setting needs rows in which part, once for all that a trainer does. */
#include <stdlib.h>
#include <string.h>
#include "session.h"
#include "variable.h"

/* A part whose rows something needs. */
struct need {
    enum inv_part part;
    /* NULL, or what needs the part in this run, as the user knows it; in new memory. */
    char *(*who)(const struct inv_session *);
};

static int trains(const struct inv_session *s)
{
    return !s->options.evaluate && !s->options.predict && !s->options.generate;
}

static char *training(const struct inv_session *s)
{
    return trains(s) ? inv_copy_text("training") : NULL;
}

static char *keep_best(const struct inv_session *s)
{
    const char *keep = s->model->keep_best;
    return inv_options_train(&s->options) && keep && strncmp(keep, "val.", 4) == 0
               ? inv_text("'keep best = %s'", keep) : NULL;
}

static char *patience(const struct inv_session *s)
{
    return inv_options_train(&s->options) && s->model->patience > 0
               ? inv_text("'patience %lld'", (long long)s->model->patience) : NULL;
}

static char *schedule(const struct inv_session *s)
{
    int watches = 0;
    for (int i = 0; i < s->model->watched_count; i++)
        watches |= s->model->watched[i].val;
    return inv_options_train(&s->options) && watches
               ? inv_copy_text("a schedule of a result of it") : NULL;
}

static const struct need needs[] = {
    { INV_PART_TRAIN, training }, { INV_PART_VAL, keep_best }, { INV_PART_VAL, patience },
    { INV_PART_VAL, schedule },
};

enum { NEEDS = (int)(sizeof needs / sizeof *needs) };

/* Why the part is empty and what helps. */
static char *reason(const struct inv_session *s, enum inv_part part)
{
    const struct inv_data *d = &s->model->data;
    const double share[INV_PARTS] = { d->train_share, d->val_share, d->test_share };
    int64_t rows = s->data.count[INV_MAIN];
    if (d->part_value[INV_PART_VAL] || d->part_value[INV_PART_TEST])
        return inv_text("no row's column says so: it would be \"%s\"",
                        d->part_value[part] ? d->part_value[part] : "any other");
    if (share[part] <= 0)
        return inv_text("the model gives it none; name it in 'split'");
    if (d->window > 0)
        return inv_text("no window of %lld rows fits into its share, %.9g%% of what follows one "
                        "another; take a shorter window, a larger share or more data",
                        (long long)d->window, share[part] * 100);
    return inv_text("its share is %.9g%% of %lld row%s; give it a larger share or more data",
                    share[part] * 100, (long long)rows, rows == 1 ? "" : "s");
}

static void report(struct inv_session *s, enum inv_part part, const char *who)
{
    char *why = reason(s, part);
    inv_error(&s->errors, "data %s: the %s part has no rows, and %s needs some: %s",
              s->model->data.name, inv_dataset_part_name(part), who, why);
    free(why);
}

/* A part that the model names and that has no rows reports nothing; the train part is needed. */
static void note_empty(struct inv_session *s, enum inv_part part)
{
    const struct inv_data *d = &s->model->data;
    int named = d->part_value[part] || (part == INV_PART_VAL ? d->val_share : d->test_share) > 0;
    if (!named || !trains(s) || inv_dataset_part_rows(&s->data, part) > 0)
        return;
    char *why = reason(s, part);
    inv_note(&s->errors, "data %s: the %s part has no rows, so that nothing is reported of it: %s",
             d->name, inv_dataset_part_name(part), why);
    free(why);
}

/* Full batches only: there must be one. */
static int has_full_batch(struct inv_session *s)
{
    int64_t rows = inv_dataset_part_rows(&s->data, INV_PART_TRAIN);
    if (!s->model->drop_last || !trains(s) || rows >= inv_model_step_rows(s->model))
        return 1;
    inv_error(&s->errors, "data %s: the train part has %lld row%s, fewer than a batch of %lld, and "
              "'drop_last' leaves it out; take a smaller batch or more data",
              s->model->data.name, (long long)rows, rows == 1 ? "" : "s",
              (long long)inv_model_step_rows(s->model));
    return 0;
}

int inv_parts_check(struct inv_session *s)
{
    int told[INV_PARTS] = { 0 }, good = 1;
    for (int i = 0; i < NEEDS; i++) {
        enum inv_part part = needs[i].part;
        char *who = told[part] || inv_dataset_part_rows(&s->data, part) > 0 ? NULL
                                                                            : needs[i].who(s);
        if (who)
            report(s, part, who);
        told[part] |= who != NULL;
        good &= who == NULL;
        free(who);
    }
    for (int p = INV_PART_TRAIN + 1; good && p < INV_PARTS; p++)
        note_empty(s, (enum inv_part)p);
    return good && has_full_batch(s);
}
