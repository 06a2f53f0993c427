/* Figures of each layer_call, what it calls counted in. */
#include "emit/summary.h"

#include <inttypes.h>
#include <string.h>

#include "base/names.h"
#include "emit/plan_text.h"
#include "passes/schedule.h"

struct figures {
    int64_t trained, frozen, buffers;   /* elements */
    int64_t forward, step;              /* FLOPs of a batch: forward; with gradients and updates */
    int64_t kept;                       /* bytes of forward values that wait for the gradients */
};

struct summary {
    const struct program *program;
    struct text *text;
    struct figures *of;                 /* by number of the call; 0: the optimizer */
    struct figures all;
    bool *shared;                       /* parameters are those of an earlier call */
    int *depth;
};

static void add(struct figures *sum, const struct figures *f)
{
    sum->trained += f->trained;
    sum->frozen += f->frozen;
    sum->buffers += f->buffers;
    sum->forward += f->forward;
    sum->step += f->step;
    sum->kept += f->kept;
}

/* Buffers of no call hold what was fitted to the data. */
static void count_variables(struct summary *s)
{
    for (int i = 0; i < s->program->variable_count; i++) {
        const struct variable *v = s->program->variable[i];
        struct figures *f = &s->of[v->layer];
        int64_t elements = shape_elements(&v->shape);
        if (v->kind == VAR_PARAM)
            *(v->frozen ? &f->frozen : &f->trained) += elements;
        else if (v->kind == VAR_BUFFER && v->layer)
            f->buffers += elements;
    }
}

static void count_flops(struct summary *s, const struct graph *graph)
{
    for (int id = 0; id < graph->count; id++) {
        const struct node *node = graph->node[id];
        int64_t flops = graph->schedule->group_of[id] >= 0 ? plan_flops(graph, node) : 0;
        s->of[node->layer].step += flops;
        s->of[node->layer].forward += node->layer && !node->gradient ? flops : 0;
    }
}

static bool makes_gradients(const struct graph *graph, const struct group *group)
{
    bool makes = false;
    for (int m = 0; m < group->count; m++)
        makes |= graph->node[group->node[m]]->gradient;
    return makes;
}

static void count_kept(struct summary *s, const struct graph *graph)
{
    const struct schedule *schedule = graph->schedule;
    for (int i = 0; i < schedule->storage_count; i++) {
        const struct storage *storage = &schedule->storage[i];
        const struct node *node = graph->node[storage->node];
        bool forward = node->layer && !node->gradient;
        if (forward && makes_gradients(graph, &schedule->group[storage->last]))
            s->of[node->layer].kept += storage->bytes;
    }
}

/* Calls of one path: the first declared what is there. */
static void find_shared(struct summary *s)
{
    struct arena *arena = s->text->arena;
    const struct names *first = NULL;
    for (int i = 1; i < s->program->layer_count; i++) {
        const char *path = s->program->layer[i].path;
        const struct figures *before = names_find(first, path);
        s->shared[i] = before && before->trained + before->frozen + before->buffers;
        if (!before)
            first = names_add(arena, first, path, &s->of[i]);
    }
}

static struct summary summarize(const struct program *program, struct text *text)
{
    int count = program->layer_count;
    struct summary s = {.program = program, .text = text,
                        .of = ARENA_ARRAY(text->arena, struct figures, count),
                        .shared = ARENA_ARRAY(text->arena, bool, count),
                        .depth = ARENA_ARRAY(text->arena, int, count)};
    count_variables(&s);
    count_flops(&s, program->phase[PHASE_TRAIN]);
    count_kept(&s, program->phase[PHASE_TRAIN]);
    for (int i = 2; i < count; i++)
        s.depth[i] = s.depth[program->layer[i].outer] + 1;
    for (int i = count - 1; i > 1; i--)
        add(&s.of[program->layer[i].outer], &s.of[i]);
    s.all = s.of[1];
    add(&s.all, &s.of[0]);
    find_shared(&s);
    return s;
}

static int64_t predict_flops(const struct program *program)
{
    const struct graph *graph = program->phase[PHASE_PREDICT];
    return graph ? plan_phase_flops(graph) : 0;
}

/* ---- as a table ---- */

static const char *grouped(struct arena *arena, int64_t n)
{
    const char *low = n < 1000 ? arena_printf(arena, "%" PRId64, n)
                               : arena_printf(arena, ",%03" PRId64, n % 1000);
    return n < 1000 ? low : arena_printf(arena, "%s%s", grouped(arena, n / 1000), low);
}

/* What stands in the call's column: its path from that of the call around it. */
static const char *title(const struct summary *s, int number)
{
    const struct layer_call *layer = &s->program->layer[number];
    const char *outer = s->program->layer[layer->outer].path, *path = layer->path;
    size_t skip = number > 1 ? strlen(outer) : 0;
    if (number == 1)
        path = layer->block;
    else if (skip && !strncmp(path, outer, skip) && path[skip] == '/')
        path += skip + 1;
    return arena_printf(s->text->arena, "%*s%s", 2 * s->depth[number], "", path);
}

enum { COLUMNS = 6 };

static void print_rows(struct text *text, const char *(*cell)[COLUMNS], int count)
{
    int width[COLUMNS] = {0};
    for (int i = 0; i < count; i++)
        for (int c = 0; c < COLUMNS; c++)
            width[c] = (int)strlen(cell[i][c]) > width[c] ? (int)strlen(cell[i][c]) : width[c];
    for (int i = 0; i < count; i++) {
        text_printf(text, "%-*s  %-*s", width[0], cell[i][0], width[1], cell[i][1]);
        for (int c = 2; c < COLUMNS; c++)
            text_printf(text, "  %*s", width[c], cell[i][c]);
        text_puts(text, "\n");
    }
}

static void fill_row(const struct summary *s, const char **cell, int number)
{
    struct arena *arena = s->text->arena;
    const struct figures *f = &s->of[number];
    cell[0] = number ? title(s, number) : "optimizer";
    cell[1] = number ? s->program->layer[number].output : "";
    cell[2] = s->shared[number] ? "shared" : grouped(arena, f->trained + f->frozen);
    cell[3] = grouped(arena, f->forward);
    cell[4] = grouped(arena, f->step);
    cell[5] = grouped(arena, f->kept);
}

void summary_print(const struct program *program, struct text *text)
{
    struct summary s = summarize(program, text);
    struct arena *arena = text->arena;
    int count = program->layer_count;
    const char *(*cell)[COLUMNS] = (const char *(*)[COLUMNS])ARENA_ARRAY(
        arena, const char *, COLUMNS * (count + 1));
    const char *const head[COLUMNS] = {"layer", "output", "parameters", "forward FLOPs",
                                       "step FLOPs", "activation bytes"};
    memcpy(cell, head, sizeof head);
    for (int i = 1; i < count; i++)
        fill_row(&s, cell[i], i);
    fill_row(&s, cell[count], 0);
    text_printf(text, "summary of %s at batch %" PRId64 "\n\n", program->name,
                program->train.batch);
    print_rows(text, cell, count + 1);
    text_printf(text, "\nparameters  %s: %s trained, %s frozen",
                grouped(arena, s.all.trained + s.all.frozen), grouped(arena, s.all.trained),
                grouped(arena, s.all.frozen));
    text_printf(text, "; %s in buffers beside them\n", grouped(arena, s.all.buffers));
    text_printf(text, "FLOPs       forward %s, a training step %s, predicting %s (a batch)\n",
                grouped(arena, s.all.forward), grouped(arena, s.all.step),
                grouped(arena, predict_flops(program)));
    text_printf(text, "bytes       activations %s, weights file's arrays %s, all memory %s\n",
                grouped(arena, s.all.kept), grouped(arena, program->saved_bytes),
                grouped(arena, program->arena_bytes));
}

/* ---- as JSON ---- */

static void print_figures(struct text *text, const struct figures *f)
{
    text_printf(text,
                "\"parameters\": %" PRId64 ", \"trained\": %" PRId64 ", \"frozen\": %" PRId64
                ", \"buffers\": %" PRId64 ", \"forward_flops\": %" PRId64
                ", \"step_flops\": %" PRId64 ", \"activation_bytes\": %" PRId64,
                f->trained + f->frozen, f->trained, f->frozen, f->buffers, f->forward, f->step,
                f->kept);
}

/* Names and types hold nothing that a JSON string would have to escape. */
void summary_print_json(const struct program *program, struct text *text)
{
    struct summary s = summarize(program, text);
    text_printf(text, "{\"model\": \"%s\", \"batch\": %" PRId64 ", \"layers\": [", program->name,
                program->train.batch);
    for (int i = 2; i < program->layer_count; i++) {
        const struct layer_call *layer = &program->layer[i];
        text_printf(text, "%s\n  {\"path\": \"%s\", \"block\": \"%s\", \"depth\": %d, ",
                    i > 2 ? "," : "", layer->path, layer->block, s.depth[i]);
        text_printf(text, "\"output\": \"%s\", \"shared\": %s, ", layer->output,
                    s.shared[i] ? "true" : "false");
        print_figures(text, &s.of[i]);
        text_puts(text, "}");
    }
    text_puts(text, "],\n \"total\": {");
    print_figures(text, &s.all);
    text_printf(text, ", \"optimizer_flops\": %" PRId64 ", \"predict_flops\": %" PRId64,
                s.of[0].step, predict_flops(program));
    text_printf(text, ", \"saved_bytes\": %" PRId64 ", \"arena_bytes\": %" PRId64 "}}\n",
                program->saved_bytes, program->arena_bytes);
}
