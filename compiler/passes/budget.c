/* pass_budget: the arena and the constants against the targets of the model file.
 *
 * requires:    pass_plan.
 * establishes: nothing; an error for each target that is too small, with what takes most. */
#include <inttypes.h>
#include <stdlib.h>
#include "passes/firmware.h"
#include "graph/op.h"
#include "passes/schedule.h"

enum { LINES = 12 };

/* A tensor of the bill. */
struct entry {
    int64_t bytes;
    const char *text;
    struct span span;
};

struct bill {
    struct arena *arena;
    struct entry *entry;
    int count, room;
};

static void add_entry(struct bill *bill, int64_t bytes, struct span span, const char *text)
{
    struct entry entry = {bytes, text, span};
    ARENA_PUSH(bill->arena, bill->entry, bill->count, bill->room) = entry;
}

/* Larger first; of the same size in the order of their making. */
static void sort_bill(struct bill *bill)
{
    for (int i = 1; i < bill->count; i++) {
        struct entry entry = bill->entry[i];
        int at = i;
        for (; at > 0 && bill->entry[at - 1].bytes < entry.bytes; at--)
            bill->entry[at] = bill->entry[at - 1];
        bill->entry[at] = entry;
    }
}

static void add_variable(struct bill *bill, const struct program *program,
                         const struct variable *v)
{
    static const char *const kind[] = {
        [VAR_PARAM] = "parameter", [VAR_BUFFER] = "buffer", [VAR_STATE] = "optimizer state",
        [VAR_AVERAGE] = "moving average", [VAR_ACCUMULATOR] = "total of a metric",
        [VAR_RAW] = "cells of a batch", [VAR_INPUT] = "field of a batch",
        [VAR_SAMPLE] = "numbers of the batch's rows", [VAR_LOSS] = "loss", [VAR_REPORT] = "metric",
        [VAR_OUTPUT] = "output of a batch", [VAR_COLLECTED] = "scores of a batch",
        [VAR_TOKEN] = "number of a text", [VAR_KEPT] = "kept of a text",
        [VAR_LOGITS] = "logits of a text"};
    add_entry(bill, schedule_bytes(program, v->dtype, &v->shape), v->span,
              arena_printf(bill->arena, "%s %s: %s", kind[v->kind], v->path,
                           shape_print(bill->arena, v->dtype, &v->shape)));
}

/* Those in flash count where `flash` is false. */
static void add_variables(struct bill *bill, const struct program *program, bool flash)
{
    for (int i = 0; i < program->variable_count; i++) {
        const struct variable *v = program->variable[i];
        if (v->kind != VAR_BLOCK && !(flash && v->in_flash) && !firmware_is_of_text(v))
            add_variable(bill, program, v);
    }
}

static const struct graph *largest_phase(const struct program *program)
{
    const struct graph *most = NULL;
    for (int i = 0; i < PHASE_COUNT; i++) {
        const struct graph *graph = i == PHASE_GENERATE ? NULL : program->phase[i];
        if (graph && (!most || graph->schedule->scratch_bytes > most->schedule->scratch_bytes))
            most = graph;
    }
    return most;
}

static void add_scratch(struct bill *bill, const struct graph *graph)
{
    for (int i = 0; graph && i < graph->schedule->storage_count; i++) {
        const struct storage *s = &graph->schedule->storage[i];
        const struct node *node = graph->node[s->node];
        add_entry(bill, s->bytes, node->call.source ? node->call : node->span,
                  arena_printf(bill->arena, "scratch of %s for %s: %s, groups %d to %d",
                               graph->name, node_title(node),
                               shape_print(bill->arena, node->dtype, &node->shape), s->first,
                               s->last));
    }
}

static int64_t constant_bytes(const struct node *node)
{
    return node->op == OP_CONST && node->dtype == F32 && node->attr.list
               ? shape_elements(&node->shape) * 4 : 0;
}

static int64_t add_constants(struct bill *bill, const struct program *program)
{
    int64_t sum = 0;
    for (int p = 0; p < PHASE_COUNT; p++) {
        const struct graph *graph = program->phase[p];
        for (int id = 0; graph && id < graph->count; id++) {
            const struct node *node = graph->node[id];
            if (!constant_bytes(node))
                continue;
            sum += constant_bytes(node);
            add_entry(bill, constant_bytes(node), node->call.source ? node->call : node->span,
                      arena_printf(bill->arena, "constant of %s: %s", graph->name,
                                   shape_print(bill->arena, node->dtype, &node->shape)));
        }
    }
    return sum;
}

static struct bill ram_bill(const struct program *program, bool flash)
{
    struct bill bill = {.arena = program->arena};
    add_variables(&bill, program, flash);
    add_scratch(&bill, largest_phase(program));
    sort_bill(&bill);
    return bill;
}

/* What of the bill is no part of the arena, but of each text that goes on. */
static struct bill text_bill(const struct program *program)
{
    struct bill bill = {.arena = program->arena};
    for (int i = 0; i < program->variable_count; i++)
        if (firmware_is_of_text(program->variable[i]))
            add_variable(&bill, program, program->variable[i]);
    add_scratch(&bill, program->phase[PHASE_GENERATE]);
    sort_bill(&bill);
    return bill;
}

static void note_bill(struct diag *d, const struct bill *bill)
{
    for (int i = 0; i < bill->count && i < LINES; i++)
        diag_note(d, bill->entry[i].span, "%" PRId64 " bytes: %s", bill->entry[i].bytes,
                  bill->entry[i].text);
}

/* Bytes of a value at another batch. */
static int64_t bytes_at(const struct program *program, int64_t bytes, const struct shape *shape,
                        int64_t batch)
{
    return shape->rows < 0 ? bytes : bytes / program->train.batch * batch;
}

/* The most scratch that is alive at one time, were the batch another. */
static int64_t scratch_at(const struct graph *graph, int64_t batch)
{
    int64_t most = 0;
    for (int g = 0; g < graph->schedule->group_count; g++) {
        int64_t sum = 0;
        for (int i = 0; i < graph->schedule->storage_count; i++) {
            const struct storage *s = &graph->schedule->storage[i];
            if (s->first <= g && g <= s->last)
                sum += bytes_at(graph->program, s->bytes, &graph->node[s->node]->shape, batch);
        }
        most = sum > most ? sum : most;
    }
    return most;
}

/* The arena at another batch, with frozen weights in flash, but for what packing loses. */
static int64_t arena_at(const struct program *program, int64_t batch)
{
    struct firmware_sizes sizes = firmware_sizes(program);
    int64_t sum = sizes.state - sizes.frozen + sizes.fit, scratch = 0;
    for (int i = 0; i < program->variable_count; i++) {
        const struct variable *v = program->variable[i];
        if (v->kind >= VAR_RAW && !firmware_is_of_text(v))
            sum += bytes_at(program, schedule_bytes(program, v->dtype, &v->shape), &v->shape,
                            batch);
    }
    for (int p = 0; p < PHASE_COUNT; p++) {
        bool runs = program->phase[p] && p != PHASE_GENERATE;
        int64_t phase = runs ? scratch_at(program->phase[p], batch) : 0;
        scratch = phase > scratch ? phase : scratch;
    }
    return sum + scratch;
}

static void hint_ram(struct diag *d, const struct program *program, int64_t ram)
{
    int64_t batch = program->train.batch - 1;
    while (batch > 0 && arena_at(program, batch) > ram)
        batch -= batch > 64 ? batch / 64 : 1;
    if (batch > 0)
        diag_help(d, "a batch of %" PRId64 " would take about %" PRId64 " bytes", batch,
                  arena_at(program, batch));
    else
        diag_help(d, "with a batch of 1 it is still about %" PRId64 ": freeze parameters (for "
                  "\"...\" { frozen = true }), or take an optimizer that keeps less, such as sgd",
                  arena_at(program, 1));
}

static void check_ram(const struct program *program, const struct target_desc *target)
{
    struct firmware_sizes sizes = firmware_sizes(program);
    if (sizes.tuning <= target->ram)
        return;
    struct bill bill = ram_bill(program, true);
    const char *frozen = sizes.frozen == 0 ? ""
                         : arena_printf(program->arena, ", with %" PRId64 " of frozen weights left "
                                        "in flash,", sizes.frozen);
    struct diag *d = diag_error(program->diags, target->ram_span,
                                "%s needs %" PRId64 " bytes of ram%s on %s, which has %" PRId64
                                ": %" PRId64 " are weights, %" PRId64 " optimizer state and totals"
                                ", %" PRId64 " a batch of %" PRId64,
                                program->name, sizes.tuning, frozen, target->name, target->ram,
                                sizes.weights - sizes.frozen, sizes.state - sizes.weights,
                                sizes.arena - sizes.state, program->train.batch);
    note_bill(d, &bill);
    hint_ram(d, program, target->ram);
}

static void check_flash(const struct program *program, const struct target_desc *target)
{
    struct bill bill = {.arena = program->arena};
    struct firmware_sizes sizes = firmware_sizes(program);
    bool tuned = sizes.frozen > 0 && sizes.arena > target->ram;
    int64_t bytes = add_constants(&bill, program) + (tuned ? sizes.weights : 0);
    if (bytes <= target->flash)
        return;
    struct diag *d = diag_error(program->diags, target->flash_span,
                                "the constants%s of %s take %" PRId64 " bytes of flash, but %s has "
                                "%" PRId64, tuned ? " and weights" : "", program->name, bytes,
                                target->name, target->flash);
    if (tuned)
        add_entry(&bill, sizes.weights, target->flash_span,
                  "weights, of which ram has no room for those that are frozen");
    sort_bill(&bill);
    note_bill(d, &bill);
    diag_help(d, "take smaller constants; code%s on top of them",
              tuned ? " comes" : " and weights come");
}

/* Rows come to a device without gaps, and it fits no statistics to fill them with. */
static bool fills_none(const struct program *program)
{
    for (int i = 0; i < program->data.field_count; i++) {
        const struct data_field *field = &program->data.field[i];
        if (field->fill < 0)
            continue;
        struct diag *d = diag_error(program->diags, field->span,
                                    "missing cells of field '%s' are filled with a statistic, "
                                    "which firmware does not compute", field->name);
        diag_help(d, "give a number, missing = 0, or leave such rows out: missing = drop");
        return false;
    }
    return true;
}

/* A device gets each window whole, as the model sees it: it has no rows to make them of. */
static bool windows_are_cells(const struct program *program)
{
    for (int i = 0; i < program->data.field_count; i++) {
        const struct data_field *field = &program->data.field[i];
        if (!field->rows || firmware_window_is_plain(program, field))
            continue;
        struct diag *d = diag_error(program->diags, field->span,
                                    "field '%s' is a window, which firmware takes as it stands: "
                                    "without expressions, zscore and minmax", field->name);
        diag_help(d, "scale in the model: h = (x - 12) / 5");
        return false;
    }
    return true;
}

/* Offsets are of 32 bits on a device. */
bool firmware_fits(const struct program *program)
{
    struct firmware_sizes sizes = firmware_sizes(program);
    if (!fills_none(program) || !windows_are_cells(program))
        return false;
    if (sizes.arena <= INT32_MAX && sizes.text <= INT32_MAX)
        return true;
    bool fits = sizes.arena <= INT32_MAX;
    struct bill bill = fits ? text_bill(program) : ram_bill(program, false);
    struct diag *d = diag_error(program->diags, bill.entry[0].span,
                                "%s needs %" PRId64 " bytes of ram%s; a model for firmware has at "
                                "most 2147483647", program->name, fits ? sizes.text : sizes.arena,
                                fits ? " for a text" : "");
    note_bill(d, &bill);
    if (!fits)
        hint_ram(d, program, INT32_MAX);
    return false;
}

void pass_budget(struct program *program)
{
    if (program_updates_apart(program))
        return; /* which no device does: emission says so */
    for (int i = 0; i < program->target_count; i++) {
        check_ram(program, &program->target[i]);
        check_flash(program, &program->target[i]);
    }
}

/* Bytes of arrays of constants in NAME.c. */
static int64_t constants(const struct program *program)
{
    struct bill bill = {.arena = program->arena};
    return add_constants(&bill, program);
}

static void print_entries(const struct bill *bill, struct text *text)
{
    for (int i = 0; i < bill->count; i++)
        text_printf(text, "%10" PRId64 "  %s\n", bill->entry[i].bytes, bill->entry[i].text);
}

static void print_text_bill(const struct program *program, int64_t bytes, struct text *text)
{
    struct bill bill = text_bill(program);
    print_entries(&bill, text);
    if (bytes > 0)
        text_printf(text, "%10" PRId64 "  = text: of each that goes on, beside the arena\n", bytes);
}

/* Every line of the arena, larger first, then the sums.  `tuning` stands there where it is less. */
void firmware_print_bill(const struct program *program, struct text *text)
{
    struct firmware_sizes sizes = firmware_sizes(program);
    struct bill bill = ram_bill(program, false);
    text_printf(text, "# Memory of %s at batch %" PRId64 ", in bytes.  Scratch shares its place "
                "with what is not alive at the same time.\n", program->name, program->train.batch);
    print_entries(&bill, text);
    text_printf(text, "%10" PRId64 "  = arena\n", sizes.arena);
    print_text_bill(program, sizes.text, text);
    if (sizes.frozen > 0)
        text_printf(text, "%10" PRId64 "  = tuning: the arena, frozen weights left in flash\n"
                    "%10" PRId64 "  = frozen\n", sizes.tuning, sizes.frozen);
    text_printf(text, "%10" PRId64 "  = weights: parameters and buffers\n"
                "%10" PRId64 "  = state: weights, optimizer state, totals\n"
                "%10" PRId64 "  = work memory of inference\n%10" PRId64 "  = constants in flash\n",
                sizes.weights, sizes.state, sizes.infer, constants(program));
}
