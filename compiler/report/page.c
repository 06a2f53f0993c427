#include "report/page.h"
#include <string.h>
#include "base/embedded.h"
#include "report/compare.h"
#include "report/curves.h"
#include "report/html.h"
#include "report/matrix.h"
#include "report/model.h"
#include "report/tables.h"

/* A file of templates/report as it is. */
static const struct embedded_file *file_of(const char *path)
{
    const struct embedded_file *file = embedded_files;
    while (strcmp(file->path, path))
        file++;
    return file;
}

/* The page allows its own script and style by their hashes, and no request at all. */
static void set_code(struct values *values)
{
    static const struct { const char *key, *hash, *path; } code[] = {
        {"style", "style_hash", "templates/report/page.css"},
        {"script", "script_hash", "templates/report/page.js"}};
    for (int i = 0; i < 2; i++) {
        const struct embedded_file *file = file_of(code[i].path);
        values_set(values, code[i].key, file->data);
        values_set(values, code[i].hash, html_hash(values_arena(values), file->data, file->size));
    }
}

static const char *title_of(struct arena *arena, const struct run *run, int count)
{
    const char *model = run_fact(run, "model");
    if (count == 1)
        return model;
    return runs_share(run, count, "model") ? arena_printf(arena, "%s: %d runs", model, count)
                                           : arena_printf(arena, "%d runs", count);
}

static const char *plural(struct arena *arena, double count, const char *name)
{
    return arena_printf(arena, "%s %s%s", html_number(arena, count), name, count == 1 ? "" : "s");
}

/* "30 epochs, 1,350 steps, 12.3 seconds; seed 42" */
static const char *extent_of(struct arena *arena, const struct run *run)
{
    const struct series *seconds = run_series(run, BY_EPOCH, "seconds");
    const struct member *steps =
        run->epoch_count ? entry_find(&run->epoch[run->epoch_count - 1], "steps") : NULL;
    const char *text = run->epoch_count ? plural(arena, run->epoch_count, "epoch") : "no epochs";
    double sum = 0;
    for (int i = 0; seconds && i < seconds->count; i++)
        sum += seconds->y[i];
    if (steps && member_is_number(steps))
        text = arena_printf(arena, "%s, %s", text, plural(arena, steps->value[0], "step"));
    if (seconds)
        text = arena_printf(arena, "%s, %.3g seconds", text, sum);
    return arena_printf(arena, "%s; seed %s", text, run_fact(run, "seed"));
}

static void set_runs(struct values *values, const struct run *run, int count)
{
    struct arena *arena = values_arena(values);
    for (int r = 0; r < count; r++) {
        struct values *item = values_add_item(values, "run");
        if (count > 1)
            values_add_item(item, "beside");
        values_printf(item, "number", "%d", r);
        html_set(item, "name", run[r].name);
        values_printf(item, "colour", "c%d", r);
        html_set(item, "extent", extent_of(arena, &run[r]));
        if (run[r].weights)
            html_set(values_add_item(item, "trained"), "hash", run[r].weights);
    }
}

/* One sentence for each run after the first: what it shares with that, bit for bit. */
static void set_partings(struct values *values, const struct run *run, int count)
{
    struct arena *arena = values_arena(values);
    for (int r = 1; r < count; r++) {
        struct values *item = values_add_item(values, "parting");
        struct parting at = runs_part(&run[0], &run[r]);
        bool both = run[0].weights && run[r].weights;
        html_set(item, "first", run[0].name);
        html_set(item, "name", run[r].name);
        values_set(item, "weights", !both ? "no weights are known of both"
                   : strcmp(run[0].weights, run[r].weights)
                       ? "the weights differ" : "the weights are the same, bit for bit");
        if (!at.a)
            values_set(item, "place", "no number that both logs have differs, times apart");
        else
            html_set(item, "place", arena_printf(arena, "the logs differ first at %s %.15g, where "
                                                 "%s is %.9g and %.9g",
                                                 at.a->pace == BY_EPOCH ? "epoch" : "step", at.x,
                                                 at.a->key, at.y_a, at.y_b));
    }
}

static void set_charts(struct values *values, const struct story *story)
{
    struct text curves, scores;
    text_init(&curves, values_arena(values));
    text_init(&scores, values_arena(values));
    int charts = curves_print(&curves, story->run, story->count);
    if (charts)
        values_set(values_add_item(values, "drawn"), "charts", curves.data);
    if (story->scores) {
        scores_print(&scores, story->scores, charts + 1);
        struct values *item = values_add_item(values, "scores");
        const char *slash = strrchr(story->scores->path, '/');
        values_set(item, "rows", html_number(values_arena(values), (double)story->scores->rows));
        html_set(item, "file", slash ? slash + 1 : story->scores->path);
        html_set(item, "label", story->scores->label);
        values_set(item, "charts", scores.data);
    }
}

/* A section of the model, which there is where its file is known. */
static void set_section(struct values *values, const char *list, const struct text *html)
{
    if (html->size)
        values_set(values_add_item(values, list), "html", html->data);
}

static void set_model(struct values *values, const struct story *story)
{
    struct text blocks, memory, weights;
    text_init(&blocks, values_arena(values));
    text_init(&memory, values_arena(values));
    text_init(&weights, values_arena(values));
    if (!story->program)
        return;
    blocks_print(&blocks, story->program);
    memory_print(&memory, story->program);
    if (story->word)
        weights_print(&weights, story->program, story->word);
    set_section(values, "blocks", &blocks);
    set_section(values, "memory", &memory);
    set_section(values, "weights", &weights);
}

void page_print(struct text *out, const struct story *story)
{
    struct values *values = values_new(out->arena);
    html_set(values, "title", title_of(out->arena, story->run, story->count));
    values_set(values, "version", INVAR_VERSION);
    set_code(values);
    set_runs(values, story->run, story->count);
    if (story->count > 1)
        values_add_item(values, "several");
    set_partings(values, story->run, story->count);
    set_charts(values, story);
    matrices_set(values, story);
    set_model(values, story);
    tables_set(values, story->run, story->count);
    template_render("templates/report/page.html", values, out);
}
