/* NAME.c: the groups of the schedule as functions of C, and the tables that run them. */
#include "emit/emit.h"
#include <assert.h>
#include <inttypes.h>
#include "emit/c/group.h"
#include "emit/c/row.h"
#include "emit/c/table.h"
#include "emit/text.h"

enum {
    TILE_FLOATS = 32768,                /* of products that wait for their epilogue */
    FILE_ROOM = 128 << 10               /* beside the steps and traces */
};

/* "{train_05, OWN(4880, 32832), {1024, 0}, {13312, 0}, 7, 8, 0}," */
static const char *c_line(const struct function *f, const char *name, const char *own,
                          struct extent count, struct extent cost, struct traced rows)
{
    struct text text;
    text_init(&text, f->emit->arena);
    text_puts(&text, "{");
    text_puts(&text, name);
    text_puts(&text, own ? ", OWN(" : ", NULL, ");
    text_puts(&text, own ? own : "");
    text_puts(&text, own ? "), " : "");
    emit_add_pair(&text, count);
    text_puts(&text, ", ");
    emit_add_pair(&text, cost);
    const int64_t number[] = {rows.first, rows.end,
                              emit_group_gradient(f->emit, f->graph, f->group)};
    for (size_t i = 0; i < sizeof number / sizeof *number; i++) {
        text_puts(&text, ", ");
        text_int(&text, number[i]);
    }
    text_puts(&text, "},");
    return text.data;
}

/* What a group whose sums are shared out by chunks does once these are there: an addition a chunk
 * and output. */
static struct extent join_cost(const struct function *f)
{
    struct extent chunks = {.constant = sum_chunks(function_most(f, f->terms))};
    return extent_multiply(f->count, chunks);
}

static const char *c_step(const struct function *f, const char *own, struct traced rows)
{
    struct traced none = {rows.first, rows.first - 1};
    if (!f->chunks)
        return c_line(f, f->name, own, f->count, group_cost(f), rows);
    return arena_printf(f->emit->arena, "%s\n%s",
                        c_line(f, f->chunks, own, f->terms, group_cost(f), none),
                        c_line(f, f->name, own, f->count, join_cost(f), rows));
}

/* What a phase runs through, and how often, as the lists `straight` or `looped`. */
static void c_loops(struct emit *emit, struct values *phase)
{
    struct values *list = values_add_item(phase, emit->loop_count   ? "looped"
                                                 : emit->band_count ? "banded"
                                                                    : "straight");
    int move = 0, numbers = 1;
    assert(emit->loop_count == 0 || emit->band_count == 0);
    for (int i = 0; i < emit->band_count; i++)
        values_printf(values_add_item(list, "band"), "band", "%d, %d, %" PRId64 ", %" PRId64,
                      emit->band[i].first, emit->band[i].count, emit->band[i].rows,
                      emit->band[i].page);
    for (int i = 0; i < emit->loop_count; i++) {
        const struct loop_steps *steps = &emit->loop[i];
        while (move < emit->move_count && emit->move[move].step < steps->first)
            move++;
        values_printf(values_add_item(list, "loop"), "loop", "%d, %d, %" PRId64 ", %d, %d, %d",
                      steps->first, steps->end, steps->loop->turns, steps->loop->reverse,
                      steps->depth, move);
    }
    for (int i = 0; i < emit->move_count; i++) {
        const struct move *m = &emit->move[i];
        values_printf(values_add_item(list, "move"), "move",
                      "%d, %d, %d, %d, {%" PRId64 ", %" PRId64 "}", m->step, m->numbers, m->number,
                      m->loop, m->bytes.constant, m->bytes.rows);
        numbers = numbers > m->numbers ? numbers : m->numbers;
    }
    values_printf(list, "numbers", "%d", numbers);
}

static void c_list_phase(struct emit *emit, const char *name, const char *index, int groups)
{
    if (groups == 0)
        return;
    struct values *item = values_add_item(emit->file, "phase");
    values_set(item, "phase", index);
    values_set(item, "function", name);
}

static const struct emit_target target_c = {
    .phase = "templates/program/phase.c", .function = "templates/skeleton/function.c",
    .loops = "templates/skeleton/loops.c", .restrict_word = "restrict ", .integer = "int64_t",
    .independent = true, .flat = true, .traced = true, .quads = true, .tile_floats = TILE_FLOATS,
    .tiles_stored = true, .finishes = true,
    .rows = &row_loops, .short_rows = &row_beside, .pointer = emit_arena_pointer, .own = "run->at",
    .group = c_groups, .step = c_step, .list_loops = c_loops, .phase_list = "steps",
    .list_phase = c_list_phase};

/* How far from run->arena an offset is: what lies before what is of a shard all shards share. */
static const char *c_place(const struct program *program)
{
    return !program_has_shards(program) ? "offset"
           : arena_printf(program->arena, "offset - (offset < %" PRId64 " ? run->aside : 0)",
                          program->shard_begin);
}

void emit_model(const struct program *program, struct text *out)
{
    struct emit emit = {.program = program, .arena = program->arena, .target = &target_c,
                        .file = values_new(program->arena)};
    emit_parts(&emit);
    emit_tables(&emit);
    values_printf(emit.file, "symbol", "INV_LEVEL_NAME(%s_model)",
                  emit_symbol(emit.arena, program->name));
    values_set(emit.file, "level", "INV_LEVEL_TEXT");
    values_set(emit.file, "place", c_place(program));
    if (program->band_bytes > 0) {
        struct values *bands = values_add_item(emit.file, "bands");
        values_printf(bands, "bytes", "%" PRId64, program->band_bytes);
        values_printf(bands, "start", "%" PRId64, program->band_start);
    }
    text_reserve(out, emit.steps_size + emit.trace.size + FILE_ROOM);
    template_render("templates/program/model.c", emit.file, out);
    template_render("templates/program/tables.c", emit.file, out);
    template_render("templates/program/operators.c", emit.file, out);
}

int64_t emit_stack_bytes(const struct program *program)
{
    return emit_stack(program, &target_c) + program->band_bytes;
}
