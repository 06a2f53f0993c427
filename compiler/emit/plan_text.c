/* Text of schedules and memory plans. */
#include "emit/plan_text.h"

#include <inttypes.h>
#include <string.h>

#include "emit/emit.h"
#include "invar.h"
#include "graph/loop.h"
#include "graph/op.h"
#include "passes/schedule.h"

static const char *const variable_names[] = {
    [VAR_PARAM] = "param",   [VAR_BUFFER] = "buffer",   [VAR_BLOCK] = "block",
    [VAR_STATE] = "state",   [VAR_AVERAGE] = "average", [VAR_ACCUMULATOR] = "accumulator",
    [VAR_RAW] = "raw",       [VAR_INPUT] = "input",     [VAR_SAMPLE] = "sample",
    [VAR_LOSS] = "loss",     [VAR_REPORT] = "report",   [VAR_OUTPUT] = "output",
    [VAR_COLLECTED] = "collected", [VAR_SHARD] = "shard",
    [VAR_TOKEN] = "token",   [VAR_KEPT] = "kept",       [VAR_LOGITS] = "logits",
};

/* How often the group runs. */
static int64_t turns_of(const struct graph *graph, const struct group *group)
{
    int64_t turns = 1;
    for (int loop = group->loop; loop >= 0; loop = graph->loop[loop].outer)
        turns *= graph->loop[loop].turns;
    return turns;
}

static struct extent flops_of(const struct graph *graph, const struct node *node)
{
    const struct schedule *schedule = graph->schedule;
    int group = schedule->group_of[node->id];
    struct extent flops = node_work(graph, node).flops;
    int64_t turns = group >= 0 ? turns_of(graph, &schedule->group[group]) : 0;
    return (struct extent){flops.constant * turns, flops.rows * turns};
}

/* Of all nodes, in one run over as many rows as there may be. */
static int64_t phase_flops(const struct graph *graph)
{
    int64_t sum = 0;
    for (int id = 0; id < graph->count; id++)
        sum += extent_at(flops_of(graph, graph->node[id]), graph->program->train.rows);
    return sum;
}

int64_t plan_flops(const struct graph *graph, const struct node *node)
{
    const struct train_desc *train = &graph->program->train;
    int64_t shards = train->shards < train->batch ? train->shards : train->batch;
    int64_t runs = graph == graph->program->phase[PHASE_UPDATE] ? 1 : shards;
    struct extent flops = flops_of(graph, node);
    return extent_at((struct extent){flops.constant * runs, flops.rows}, train->batch);
}

/* ---- groups ---- */

static void print_place(const struct graph *graph, int id, struct text *text)
{
    const struct place *place = &graph->schedule->place[id];
    if (place->kind == PLACE_ARENA && graph->schedule->storage == NULL)
        text_puts(text, " stored");
    else if (place->kind == PLACE_ARENA)
        text_printf(text, " @%" PRId64, place->offset);
    else if (place->kind == PLACE_VARIABLE)
        text_printf(text, " $%s", graph->program->variable[place->variable]->path);
}

static void print_node(const struct graph *graph, int id, struct text *text)
{
    const struct node *node = graph->node[id];
    text_printf(text, "      %%%d = %s", id, node_title(node));
    for (int i = 0; i < node->count; i++)
        text_printf(text, " %%%d", node->operand[i]);
    text_printf(text, " : %s", shape_print(text->arena, node->dtype, &node->shape));
    print_place(graph, id, text);
    text_puts(text, "\n");
}

static bool makes_again(const struct graph *graph, const struct group *group)
{
    bool again = false;
    for (int m = 0; m < group->count; m++)
        again |= graph->node[group->node[m]]->again;
    return again;
}

/* The model line of the group's last node that has one; the user's call rather than the library's
 * line. */
static void print_source(const struct program *program, struct span span, struct text *text)
{
    text_printf(text, "  # %s:%d", diags_source(program->diags, span.source)->path, span.line);
}

static void print_line(const struct graph *graph, const struct group *group, struct text *text)
{
    for (int m = group->count - 1; m >= 0; m--) {
        const struct node *node = graph->node[group->node[m]];
        struct span span = node->call.source != 0 ? node->call : node->span;
        if (span.source == 0)
            continue;
        print_source(graph->program, span, text);
        text_printf(text, "%s%s", node->forward >= 0 ? ", gradient" : "",
                    makes_again(graph, group) ? ", again" : "");
        return;
    }
}

/* "      loop of 64 turns, reversed", for each loop that begins with the group. */
static void print_loops(const struct graph *graph, int g, int loop, struct text *text)
{
    const struct group *before = g > 0 ? &graph->schedule->group[g - 1] : NULL;
    if (loop < 0 || (before && loop_within(graph, before->loop, loop)))
        return;
    print_loops(graph, g, graph->loop[loop].outer, text);
    text_printf(text, "  %*sloop of %" PRId64 " turns%s\n", 4 + 2 * schedule_depth(graph, loop), "",
                graph->loop[loop].turns, graph->loop[loop].reverse ? ", reversed" : "");
}

/* Where a band begins with the group: its rows at a time, and what its scratch holds of them. */
static void print_band(const struct graph *graph, int g, struct text *text)
{
    const struct schedule *schedule = graph->schedule;
    int number = schedule->group[g].band;
    if (number == 0 || schedule->band[number - 1].first != g ||
        schedule->band[number - 1].rows == 0)
        return;
    const struct band *band = &schedule->band[number - 1];
    text_printf(text, "      band of %" PRId64 " rows at a time, for which a thread has",
                band->rows);
    for (int k = g; k < g + band->count; k++)
        for (int m = 0; m < schedule->group[k].count; m++) {
            const struct node *node = graph->node[schedule->group[k].node[m]];
            if (schedule->place[node->id].inner)
                text_printf(text, " %%%d %s", node->id,
                            shape_print(text->arena, node->dtype, &node->shape));
        }
    text_puts(text, "\n");
}

static void print_group(const struct graph *graph, int g, struct text *text)
{
    const struct group *group = &graph->schedule->group[g];
    print_loops(graph, g, group->loop, text);
    print_band(graph, g, text);
    int deep = group->loop >= 0 ? schedule_depth(graph, group->loop) + 1 : group->band > 0;
    text_printf(text, "  %3d %*s%s%s:", g, 2 * deep, "",
                class_def(group->kind)->stem, group->update ? " update" : "");
    for (int m = 0; m < group->count; m++)
        text_printf(text, " %s", node_title(graph->node[group->node[m]]));
    print_line(graph, group, text);
    text_puts(text, "\n");
}

void schedule_print(const struct graph *graph, struct text *text)
{
    text_printf(text, "schedule %s\n", graph->name);
    for (int g = 0; g < graph->schedule->group_count; g++) {
        const struct group *group = &graph->schedule->group[g];
        print_group(graph, g, text);
        for (int m = 0; m < group->count; m++)
            print_node(graph, group->node[m], text);
    }
}

/* ---- the plan ---- */

const char *plan_batch(const struct program *program, struct arena *arena)
{
    const struct train_desc *t = &program->train;
    const char *batch = arena_printf(arena, "batch %" PRId64, t->batch);
    if (!program_has_shards(program))
        return batch;
    return arena_printf(arena, "%s in %" PRId64 " shards of %s%" PRId64 " row%s", batch, t->shards,
                        t->batch % t->shards ? "up to " : "", t->rows, t->rows == 1 ? "" : "s");
}

struct streams {
    const char **path;
    uint32_t *number;
    int count, room, number_room;
};

static void add_stream(struct arena *arena, struct streams *streams, const char *path,
                       uint32_t number)
{
    for (int i = 0; i < streams->count; i++)
        if (strcmp(streams->path[i], path) == 0)
            return;
    int at = streams->count;
    ARENA_PUSH(arena, streams->number, at, streams->number_room) = number;
    ARENA_PUSH(arena, streams->path, streams->count, streams->room) = path;
}

static void print_streams(const struct program *program, struct text *text)
{
    struct streams streams = {0};
    for (int phase = 0; phase < PHASE_COUNT; phase++) {
        const struct graph *graph = program->phase[phase];
        for (int id = 0; graph != NULL && id < graph->count; id++)
            if (graph->node[id]->attr.path != NULL)
                add_stream(text->arena, &streams, graph->node[id]->attr.path,
                           graph->node[id]->attr.stream);
    }
    text_puts(text, "random streams\n");
    for (int i = 0; i < streams.count; i++)
        text_printf(text, "  %08" PRIx32 "  %s\n", streams.number[i], streams.path[i]);
    if (program->data.name != NULL) {
        text_printf(text, "  %08" PRIx32 "  data/%s/split\n", program->stream_split,
                    program->data.name);
        text_printf(text, "  %08" PRIx32 "  data/%s/shuffle\n", program->stream_shuffle,
                    program->data.name);
    }
}

static void print_variables(const struct program *program, struct text *text)
{
    text_printf(text, "variables          offset      bytes  (the first %" PRId64
                      " bytes are saved)\n", program->saved_bytes);
    for (int i = 0; i < program->variable_count; i++) {
        const struct variable *v = program->variable[i];
        text_printf(text, "  %-12s %10" PRId64 " %10" PRId64 "  %s : %s", variable_names[v->kind],
                    v->offset, schedule_bytes(program, v->dtype, &v->shape), v->path,
                    shape_print(text->arena, v->dtype, &v->shape));
        if (v->loaded)
            text_printf(text, "  # %s of %s", v->loaded->name, v->loaded->file);
        text_puts(text, "\n");
    }
    if (program_has_shards(program))
        text_printf(text, "  sums over shards: %" PRId64 " bytes at %" PRId64 ", and %d partial "
                    "one%s of as many at %" PRId64 "\n", program->sums_bytes, program->sums,
                    program->partial_count, program->partial_count == 1 ? "" : "s",
                    program->partial_sums);
}

static void print_phase(const struct graph *graph, struct text *text)
{
    const struct schedule *schedule = graph->schedule;
    text_printf(text, "phase %s: %" PRId64 " FLOPs, scratch %" PRId64 " bytes, bound %" PRId64 "\n",
                graph->name, phase_flops(graph), schedule->scratch_bytes,
                schedule->lower_bound);
    for (int g = 0; g < schedule->group_count; g++)
        print_group(graph, g, text);
    if (schedule->storage_count > 0)
        text_puts(text, "  scratch            offset      bytes  groups\n");
    for (int i = 0; i < schedule->storage_count; i++) {
        const struct storage *s = &schedule->storage[i];
        const struct node *node = graph->node[s->node];
        text_printf(text, "    %%%-9d %11" PRId64 " %10" PRId64 "  %d-%d  %s%s %s\n", s->node,
                    s->offset, s->bytes, s->first, s->last, s->chunks ? "chunks of " : "",
                    op_def(node->op)->stem,
                    shape_print(text->arena, node->dtype, &node->shape));
    }
}

int64_t plan_shard_bytes(const struct program *program)
{
    return program->shard_end - program->shard_begin;
}

static void print_at_once(const struct program *program, struct text *text)
{
    int64_t more = plan_shard_bytes(program), shards = program->train.shards;
    if (program_has_shards(program))
        text_printf(text, "shards at once: each beyond the first takes %" PRId64 " bytes more, "
                          "all %" PRId64 " take %" PRId64 "\n",
                    more, shards, program->arena_bytes + (shards - 1) * more);
}

/* What a token of a generated text costs while the window is not full. */
static void print_generate(const struct program *program, struct text *text)
{
    const struct generate_desc *g = program->generate;
    int64_t kept = 0;
    for (int i = 0; i < program->variable_count; i++)
        if (program->variable[i]->kind == VAR_KEPT)
            kept += schedule_bytes(program, program->variable[i]->dtype,
                                   &program->variable[i]->shape);
    if (program->phase[PHASE_GENERATE])
        text_printf(text, "generate: one place a token, keeps %" PRId64 " bytes\n", kept);
    else if (g && g->whole) {
        text_printf(text, "generate: the whole window a token, for %s", g->whole);
        print_source(program, g->whole_span, text);
        text_puts(text, "\n");
    }
}

void plan_print(const struct program *program, struct text *text)
{
    text_printf(text, "plan of %s at %s\n", program->name, plan_batch(program, text->arena));
    print_streams(program, text);
    print_variables(program, text);
    for (int phase = 0; phase < PHASE_COUNT; phase++)
        if (program->phase[phase] != NULL)
            print_phase(program->phase[phase], text);
    text_printf(text, "arena %" PRId64 " bytes, lower bound %" PRId64 " bytes: %.1f%% of it\n",
                program->arena_bytes, program->arena_bound,
                100.0 * (double)program->arena_bytes /
                    (double)(program->arena_bound > 0 ? program->arena_bound : 1));
    print_at_once(program, text);
    print_generate(program, text);
    if (program->frozen_bytes > 0)
        text_printf(text, "tuning %" PRId64 " bytes in firmware, whose flash keeps %" PRId64
                    " of frozen weights\n", program->arena_bytes - program->frozen_bytes,
                    program->frozen_bytes);
    int64_t arrays = emit_stack_bytes(program);
    text_printf(text, "stack %" PRId64 " bytes a thread: %" PRId64 " are arrays of its groups",
                INV_STACK + arrays, arrays - program->band_bytes);
    if (program->band_bytes > 0)
        text_printf(text, ", %" PRId64 " rows of its bands", program->band_bytes);
    text_printf(text, "; in firmware %" PRId64 "\n", emit_firmware_stack_bytes(program));
}
