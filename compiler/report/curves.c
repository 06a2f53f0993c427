#include "report/curves.h"
#include <string.h>

enum { AT_ONCE = 12 };                  /* charts that are not folded away */

/* Is it the first series of its name, over all runs? */
static bool is_first(const struct run *run, int r, int s)
{
    const struct series *wanted = &run[r].series[s];
    for (int i = 0; i <= r; i++)
        for (int j = 0; j < (i < r ? run[i].series_count : s); j++)
            if (run[i].series[j].pace == wanted->pace &&
                !strcmp(run[i].series[j].name, wanted->name))
                return false;
    return true;
}

/* "train" and "val" of one run, "a, train" and "a, val" of several. */
static const char *label_of(struct arena *arena, const struct run *run, int runs,
                            const struct series *s)
{
    bool has_val = run_series(run, s->pace, arena_printf(arena, "val.%s", s->name)) != NULL;
    const char *part = *s->part ? s->part : has_val ? "train" : NULL;
    if (runs > 1)
        return part ? arena_printf(arena, "%s, %s", run->name, part) : run->name;
    return part ? part : s->name;
}

static const char *title_of(struct arena *arena, const struct series *s)
{
    if (!strcmp(s->name, "seconds"))
        return arena_printf(arena, "seconds of each %s", run_pace[s->pace]);
    const char *name = !strncmp(s->name, "lr", 2) && (!s->name[2] || s->name[2] == ' ')
                           ? arena_printf(arena, "learning rate%s", s->name + 2)
                           : s->name;
    return s->pace == BY_STEP ? arena_printf(arena, "%s of steps", name) : name;
}

/* The chart of all series of that name. */
static struct chart chart_of(struct arena *arena, const struct run *run, int count,
                             const struct series *wanted)
{
    struct chart chart = {.title = title_of(arena, wanted), .x_name = run_pace[wanted->pace]};
    for (int r = 0; r < count; r++)
        for (int i = 0; i < run[r].series_count; i++) {
            const struct series *s = &run[r].series[i];
            if (s->pace != wanted->pace || strcmp(s->name, wanted->name))
                continue;
            int val = *s->part != 0;
            ARENA_PUSH(arena, chart.curve, chart.curve_count, chart.curve_room) = (struct curve){
                .label = label_of(arena, &run[r], count, s), .colour = count > 1 ? r : val,
                .dash = val, .x = s->x, .y = s->y, .count = s->count};
        }
    return chart;
}

static int count_charts(const struct run *run, int count)
{
    int charts = 0;
    for (int r = 0; r < count; r++)
        for (int s = 0; s < run[r].series_count; s++)
            charts += is_first(run, r, s);
    return charts;
}

int curves_print(struct text *text, const struct run *run, int count)
{
    int charts = 0;                     /* of many, such as norms for each parameter, most fold */
    for (int pace = 0; pace < PACES; pace++)
        for (int r = 0; r < count; r++)
            for (int s = 0; s < run[r].series_count; s++) {
                if ((int)run[r].series[s].pace != pace || !is_first(run, r, s))
                    continue;
                struct chart chart = chart_of(text->arena, run, count, &run[r].series[s]);
                if (charts == AT_ONCE)
                    text_printf(text, "<details class=\"more\"><summary>more curves: %d</summary>\n"
                                "<div class=\"charts\">\n", count_charts(run, count) - AT_ONCE);
                chart.number = ++charts;
                chart_print(text, &chart);
            }
    if (charts > AT_ONCE)
        text_puts(text, "</div>\n</details>\n");
    return charts;
}
