#include "report/report.h"
#include <string.h>
#include "build/build.h"
#include "host/claims.h"
#include "host/digest.h"
#include "host/output.h"
#include "report/chart.h"
#include "report/events.h"
#include "report/page.h"

/* No page takes the place of what it is made of. */
static bool claim(struct inv_errors *errors, const struct report_request *report)
{
    struct inv_claims claims = {.errors = errors};
    for (int i = 0; i < report->count; i++)
        inv_claims_input(&claims, "a log that is read", report->log[i]);
    if (report->program)
        inv_claims_input(&claims, "the model file", report->program->model_path);
    inv_claims_input(&claims, "the weights that are read", report->weights);
    inv_claims_input(&claims, "the predictions that are read", report->predictions);
    bool good = inv_claims_output(&claims, "-o", report->out);
    inv_claims_free(&claims);
    return good;
}

static bool write_page(struct inv_errors *errors, const char *out, const struct text *page)
{
    struct inv_output output;
    if (!inv_output_open(&output, out, errors))
        return false;
    inv_output_write(&output, page->data, page->size);
    return inv_output_close(&output, NULL);
}

/* ---- the model and its weights ---- */

/* The log's model is that of the file, with the same -D. */
static bool same_model(struct inv_errors *errors, const struct report_request *report,
                       const struct run *run)
{
    const char *logged = run_fact(run, "model_sha256");
    if (!report->program || !strcmp(logged, report->program->model_sha256))
        return true;
    inv_error(errors, "%s: the run was of another model than %s with these -D (SHA-256 %s, not "
              "%s); take the file that it was run with", run->path, report->program->model_path,
              logged, report->program->model_sha256);
    return false;
}

/* The weights are those that one of the runs wrote. */
static bool same_weights(struct inv_errors *errors, const struct report_request *report,
                         const struct run *run)
{
    char hex[65];
    if (!report->weights)
        return true;
    if (!inv_digest_file(report->weights, "weights", hex, errors))
        return false;
    for (int i = 0; i < report->count; i++)
        if (run[i].weights && !strcmp(run[i].weights, hex))
            return true;
    inv_error(errors, "%s: these weights have SHA-256 %s, which no log names; take those that the "
              "run wrote", report->weights, hex);
    return false;
}

static bool read_all(struct arena *arena, struct inv_errors *errors,
                     const struct report_request *report, struct run *run)
{
    for (int i = 0; i < report->count; i++)
        if (!run_read(arena, errors, report->log[i], &run[i]) ||
            !same_model(errors, report, &run[i]))
            return false;
    return same_weights(errors, report, run);
}

static bool make_page(struct arena *arena, struct inv_errors *errors,
                 const struct report_request *report)
{
    struct run *run = ARENA_ARRAY(arena, struct run, report->count);
    struct scores scores;
    struct story story = {.run = run, .count = report->count, .program = report->program,
                          .scores = report->predictions ? &scores : NULL};
    struct text page;
    text_init(&page, arena);
    if (!claim(errors, report) || !read_all(arena, errors, report, run) ||
        (story.scores &&
         !scores_read(arena, errors, report->predictions, report->label, &scores)))
        return false;
    if (report->weights)
        story.word = build_read_weights(report->program, report->weights, errors);
    if (errors->count)
        return false;
    page_print(&page, &story);
    return write_page(errors, report->out, &page);
}

static bool make_events(struct arena *arena, struct inv_errors *errors,
                        const struct report_request *report)
{
    struct run *run = ARENA_ARRAY(arena, struct run, report->count);
    return read_all(arena, errors, report, run) &&
           events_write(arena, errors, run, report->count, report->out);
}

/* What is given without what it needs. */
static bool fits(struct inv_errors *errors, const struct report_request *report)
{
    if (report->events && (report->program || report->predictions || report->label))
        inv_error(errors, "--model, --predictions and --label are of a page, not of --to "
                  "tensorboard");
    else if (report->count > CHART_COLOURS && !report->events)
        inv_error(errors, "%d logs are too many to tell apart; name %d at most", report->count,
                  CHART_COLOURS);
    else if (report->weights && !report->program)
        inv_error(errors, "--weights needs the model, too: --model MODEL.inv");
    else if (!report->predictions != !report->label)
        inv_error(errors, "--predictions FILE and --label COLUMN need each other");
    return errors->count == 0;
}

int report_write(const struct report_request *report)
{
    struct inv_errors errors = {.to = stderr, .program = "invar report: "};
    struct arena *arena = arena_new();
    bool good = fits(&errors, report) &&
                (report->events ? make_events : make_page)(arena, &errors, report);
    arena_free(arena);
    return !good;
}
