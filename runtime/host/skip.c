/* Steps whose loss is not finite, of which --on-nan skip leaves everything as it was. */
#include <string.h>
#include "device.h"

static void log_step(struct inv_session *s, int skipped, const struct inv_bad_rows *rows)
{
    inv_log_begin(&s->log);
    inv_log_whole(&s->log, "step", (uint64_t)s->run.step);
    inv_log_text(&s->log, "not_finite", "loss");
    inv_log_whole(&s->log, "skipped", (uint64_t)skipped);
    inv_log_wholes(&s->log, "rows", rows->row, rows->count);
    inv_log_end(&s->log);
}

int inv_skip_step(struct inv_session *s, struct inv_pass *pass, const struct inv_bad_rows *rows)
{
    const char *way = s->options.on_nan;
    int skip = way && strcmp(way, "skip") == 0 && inv_finite_saved(s);
    log_step(s, skip, rows);
    if (skip && pass->skipped++ == 0)
        inv_note(&s->errors, "step %d (epoch %d): the loss is not finite; its update is left out, "
                 "and so are those of others like it in this epoch", s->run.step,
                 s->run.epoch + 1);
    return skip;
}

int inv_skip_check(struct inv_session *s, const struct inv_pass *pass)
{
    if (pass->rows > 0)
        return INV_OK;
    inv_log_begin(&s->log);
    inv_log_text(&s->log, "not_finite", "loss of each step");
    inv_log_end(&s->log);
    inv_error(&s->errors, "epoch %d: the loss of no step is finite, and every update was left out; "
              "no weights are written; without --on-nan skip the first of these steps says where "
              "it comes from", s->run.epoch + 1);
    return INV_NOT_FINITE;
}
