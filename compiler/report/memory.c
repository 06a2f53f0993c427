#include <math.h>
#include <string.h>
#include "emit/plan_text.h"
#include "graph/op.h"
#include "passes/schedule.h"
#include "report/html.h"
#include "report/model.h"

enum { WIDTH = 640, HEIGHT = 300, LEFT = 4, RIGHT = 636, TOP = 4, BOTTOM = 296 };

static const double LEAST = 1.5;        /* height of what takes few bytes, to be seen */

struct picture {
    const struct graph *graph;
    int64_t low, high;                  /* bytes of the arena that scratch takes */
    struct text *text;
};

/* ---- scratch ---- */

static double place_x(const struct picture *p, int group)
{
    return LEFT + (RIGHT - LEFT) * ((double)group / p->graph->schedule->group_count);
}

static double place_y(const struct picture *p, int64_t byte)
{
    return BOTTOM - (BOTTOM - TOP) * ((double)(byte - p->low) / (double)(p->high - p->low));
}

static const char *kind_of(const struct node *node)
{
    return node->again ? "again" : node->gradient ? "gradient" : node->layer ? "forward" : "update";
}

/* A stretch from the group that writes it to the last that reads it. */
static void print_stretch(const struct picture *p, const struct storage *s)
{
    const struct node *node = p->graph->node[s->node];
    struct arena *arena = p->text->arena;
    double left = place_x(p, s->first), right = place_x(p, s->last + 1);
    double top = place_y(p, s->offset + s->bytes), bottom = place_y(p, s->offset);
    text_printf(p->text, "<rect class=\"m-%s\" x=\"%.1f\" y=\"%.1f\" ", kind_of(node), left, top);
    text_printf(p->text, "width=\"%.1f\" height=\"%.1f\">", right - left,
                fmax(bottom - top, LEAST));
    text_printf(p->text, "<title>%s %s, %s bytes, groups %d to %d</title></rect>\n",
                node_title(node), shape_print(arena, node->dtype, &node->shape),
                text_grouped(arena, s->bytes), s->first, s->last);
}

/* The first group that makes gradients. */
static int turning_point(const struct graph *graph)
{
    for (int g = 0; g < graph->schedule->group_count; g++)
        for (int m = 0; m < graph->schedule->group[g].count; m++)
            if (graph->node[graph->schedule->group[g].node[m]]->gradient)
                return g;
    return graph->schedule->group_count;
}

static void print_map(struct picture *p)
{
    const struct schedule *schedule = p->graph->schedule;
    double turn = place_x(p, turning_point(p->graph));
    text_printf(p->text, "<figure class=\"map\">\n<p class=\"along\">%s bytes</p>\n<svg "
                "viewBox=\"0 0 %d %d\" role=\"img\" aria-labelledby=\"map-caption\">\n",
                text_grouped(p->text->arena, p->high - p->low), WIDTH, HEIGHT);
    for (int i = 0; i < schedule->storage_count; i++)
        print_stretch(p, &schedule->storage[i]);
    text_printf(p->text, "<path class=\"under\" d=\"M%.1f %dV%d\"/>", turn, TOP, BOTTOM);
    text_printf(p->text, "<path class=\"cursor\" d=\"M%.1f %dV%d\"/>\n", turn, TOP, BOTTOM);
    text_printf(p->text, "<path class=\"axis\" d=\"M%d %dH%d\"/>\n</svg>\n"
                "<p class=\"along\"><span>group 0</span> <span>group %d</span></p>\n", LEFT, BOTTOM,
                RIGHT, schedule->group_count - 1);
}

static bool occurs(const struct graph *graph, const char *kind)
{
    bool found = false;
    for (int i = 0; i < graph->schedule->storage_count; i++)
        found |= !strcmp(kind_of(graph->node[graph->schedule->storage[i].node]), kind);
    return found;
}

static void print_caption(const struct picture *p)
{
    static const char *const kinds[][2] = {{"forward", "forward values"}, {"again", "made again"},
                                           {"gradient", "gradients"}, {"update", "the rest"}};
    const struct schedule *schedule = p->graph->schedule;
    text_printf(p->text, "<figcaption id=\"map-caption\">Scratch memory of a training step: %s "
                "bytes by the %d groups of operators that run in it, one group after another; what "
                "lives at one time takes %s bytes at least. A box is a value: as high as its "
                "bytes, as long as from the group that writes it to the last that reads it. The "
                "dashed line is where gradients begin; invar plan prints all of it."
                "</figcaption>\n"
                "<ul class=\"legend row\">",
                text_grouped(p->text->arena, schedule->scratch_bytes), schedule->group_count,
                text_grouped(p->text->arena, schedule->lower_bound));
    for (int i = 0; i < 4; i++)
        if (occurs(p->graph, kinds[i][0]))
            text_printf(p->text, "<li><svg viewBox=\"0 0 26 10\" aria-hidden=\"true\"><rect "
                        "class=\"m-%s\" x=\"1\" width=\"24\" height=\"10\"/></svg> %s</li>\n",
                        kinds[i][0], kinds[i][1]);
    text_puts(p->text, "</ul>\n</figure>\n");
}

/* ---- the arena ---- */

/* Bytes of the variables of these kinds, bit i for kind i. */
static int64_t bytes_of(const struct program *program, unsigned kinds)
{
    int64_t bytes = 0;
    for (int i = 0; i < program->variable_count; i++) {
        const struct variable *v = program->variable[i];
        if (kinds >> v->kind & 1)
            bytes += schedule_bytes(program, v->dtype, &v->shape);
    }
    return bytes;
}

static void print_row(struct text *text, const char *name, int64_t bytes)
{
    text_printf(text, "<tr><th scope=\"row\">%s</th><td class=\"number\">%s bytes</td></tr>\n",
                name, text_grouped(text->arena, bytes));
}

/* What outlives a step, by kind. */
static void print_arena(struct text *text, const struct program *program)
{
    static const struct { const char *name; unsigned kinds; } rows[] = {
        {"parameters and buffers", 1u << VAR_PARAM | 1u << VAR_BUFFER},
        {"state of the optimizer", 1u << VAR_STATE}, {"moving averages", 1u << VAR_AVERAGE},
        {"gradients and buffers summed over shards", 1u << VAR_SHARD},
        {"data at hand", 1u << VAR_RAW | 1u << VAR_INPUT | 1u << VAR_SAMPLE},
        {"losses, metrics and outputs", 1u << VAR_LOSS | 1u << VAR_REPORT | 1u << VAR_OUTPUT
                                            | 1u << VAR_ACCUMULATOR | 1u << VAR_COLLECTED}};
    text_puts(text, "<table>\n<tbody>\n");
    for (size_t r = 0; r < sizeof rows / sizeof *rows; r++)
        if (bytes_of(program, rows[r].kinds))
            print_row(text, rows[r].name, bytes_of(program, rows[r].kinds));
    if (program_has_shards(program))
        print_row(text, "the same of shards before, that wait to be added", program->partial_bytes);
    print_row(text, "the whole arena, scratch included", program->arena_bytes);
    if (program_has_shards(program))
        print_row(text, "more for each further shard at a time", plan_shard_bytes(program));
    text_puts(text, "</tbody>\n</table>\n");
}

void memory_print(struct text *text, const struct program *program)
{
    struct picture p = {.graph = program->phase[PHASE_TRAIN], .text = text, .low = INT64_MAX};
    const struct schedule *schedule = p.graph->schedule;
    for (int i = 0; i < schedule->storage_count; i++) {
        const struct storage *s = &schedule->storage[i];
        p.low = s->offset < p.low ? s->offset : p.low;
        p.high = s->offset + s->bytes > p.high ? s->offset + s->bytes : p.high;
    }
    if (schedule->storage_count) {
        print_map(&p);
        print_caption(&p);
    }
    print_arena(text, program);
}
