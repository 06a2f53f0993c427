/* Figures of layers as a table and as JSON. */
#include "emit/summary.h"

#include <inttypes.h>
#include <string.h>

#include "emit/figures.h"
#include "emit/plan_text.h"

static int64_t predict_flops(const struct program *program)
{
    const struct graph *graph = program->phase[PHASE_PREDICT];
    int64_t sum = 0;
    for (int id = 0; graph && id < graph->count; id++)
        sum += plan_flops(graph, graph->node[id]);
    return sum;
}

/* Of parameters and buffers, as the weights file has them. */
static int64_t saved_bytes(const struct program *program)
{
    int64_t bytes = 0;
    for (int i = 0; i < program->variable_count; i++) {
        const struct variable *v = program->variable[i];
        if (v->kind == VAR_PARAM || v->kind == VAR_BUFFER)
            bytes += variable_file_bytes(v);
    }
    return bytes;
}

/* ---- as a table ---- */

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
    struct arena *arena = s->arena;
    const struct figures *f = &s->of[number];
    cell[0] = !number ? "optimizer" : arena_printf(arena, "%*s%s", 2 * s->depth[number], "",
                                                   figures_title(s, number));
    cell[1] = number ? s->program->layer[number].output : "";
    cell[2] = s->shared[number] ? "shared" : text_grouped(arena, f->trained + f->frozen);
    cell[3] = text_grouped(arena, f->forward);
    cell[4] = text_grouped(arena, f->step);
    cell[5] = text_grouped(arena, f->kept);
}

void summary_print(const struct program *program, struct text *text)
{
    struct summary s = figures_of(program, text->arena);
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
    text_printf(text, "summary of %s at %s\n\n", program->name, plan_batch(program, arena));
    print_rows(text, cell, count + 1);
    text_printf(text, "\nparameters  %s: %s trained, %s frozen",
                text_grouped(arena, s.all.trained + s.all.frozen),
                text_grouped(arena, s.all.trained), text_grouped(arena, s.all.frozen));
    text_printf(text, "; %s in buffers beside them\n", text_grouped(arena, s.all.buffers));
    text_printf(text, "FLOPs       forward %s, a training step %s, predicting %s (a batch)\n",
                text_grouped(arena, s.all.forward), text_grouped(arena, s.all.step),
                text_grouped(arena, predict_flops(program)));
    text_printf(text, "bytes       activations %s, weights file's arrays %s, all memory %s\n",
                text_grouped(arena, s.all.kept), text_grouped(arena, saved_bytes(program)),
                text_grouped(arena, program->arena_bytes));
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
    struct summary s = figures_of(program, text->arena);
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
                saved_bytes(program), program->arena_bytes);
}
