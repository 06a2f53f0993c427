/* The generated file: its groups' functions, its phases, its tables.
 *
 * requires: schedules with running order and places (pass_plan). */
#include "emit/emit.h"
#include <inttypes.h>
#include <string.h>
#include <strings.h>
#include "emit/emit_private.h"

#ifndef INVAR_VERSION
#define INVAR_VERSION "0"
#endif

/* A function of struct inv_model's table. */
struct part {
    enum phase phase;
    bool update;
    const char *name, *index, *comment;
};

static const struct part parts[] = {
    {PHASE_INIT, false, "init", "INV_INIT", "Start values of parameters, buffers and states."},
    {PHASE_PREPARE, false, "prepare", "INV_PREPARE", "Cells as read become fields."},
    {PHASE_NORMALISE, false, "normalise", "INV_NORMALISE",
     "Fields are normalised by what was fitted on the training part."},
    {PHASE_AUGMENT, false, "augment", "INV_AUGMENT", "Fields are varied by sample and epoch."},
    {PHASE_TRAIN, false, "train", "INV_TRAIN",
     "The losses of a batch, then gradients: no parameter or state changes yet."},
    {PHASE_TRAIN, true, "update", "INV_UPDATE",
     "What is left of gradients, the step of the optimizer, totals; goes on from train."},
    {PHASE_EVALUATE, false, "evaluate", "INV_EVALUATE",
     "Losses and metrics of a batch, without training."},
    {PHASE_FINISH, false, "finish", "INV_FINISH", "Metrics of a whole part."},
    {PHASE_PREDICT, false, "predict", "INV_PREDICT", "Outputs of a batch."},
};

static void add_step(struct values *values, const char *line)
{
    values_set(values_add_item(values, "step"), "step", line);
}

static const char *node_elements(struct emit *emit, const struct graph *graph, int id)
{
    const struct shape *shape = &graph_node(graph, id)->shape;
    struct extent all = {.constant = 1};
    for (int axis = 0; axis < shape->rank; axis++)
        all = extent_multiply(all, extent_of(shape, axis));
    return emit_extent(emit->arena, all);
}

/* A row of the trace table, after `inner` others that went into it. */
static void add_trace(struct function *f, const struct node *node, int inner)
{
    struct emit *emit = f->emit;
    int line;
    const struct source *source = emit_source(emit, node, &line);
    const char *path = !source           ? ""
                       : source->library ? source->path
                                         : program_file(emit->program, source->path);
    struct values *item = values_add_item(emit->file, "node");
    values_set(item, "text", emit_string(emit->arena, emit_node_text(emit, f->graph, node)));
    values_set(item, "path", emit_string(emit->arena, path));
    values_printf(item, "line", "%d", source ? line : 0);
    values_set(item, "source_line", emit_string(emit->arena, emit_source_line(emit, node)));
    values_printf(item, "inner", "%d", inner);
    emit->trace_count++;
}

/* Marks what the group computes for the node without storing it. */
static void mark_inner(const struct function *f, const struct node *node, int mark)
{
    int *inner = f->emit->traced;
    for (int i = 0; i < node->count; i++) {
        const struct node *operand = graph_node(f->graph, node->operand[i]);
        bool view = op_def(operand->op)->class == CLASS_VIEW;
        if (inner[operand->id] == mark || function_stores(f, operand->id) ||
            (!view && !function_computes(f, operand->id)))
            continue;
        inner[operand->id] = mark;
        mark_inner(f, operand, mark);
    }
}

/* Rows of the trace table for what went into the node, where a loss that is not finite may be
 * traced to it; their number. */
static int trace_inner(struct function *f, const struct node *node)
{
    if (f->graph != f->emit->program->phase[PHASE_TRAIN] || f->group->update)
        return 0;
    int count = 0, mark = f->emit->trace_count + 1;
    mark_inner(f, node, mark);
    for (int i = 0; i < f->group->count; i++) {
        const struct node *other = graph_node(f->graph, f->group->node[i]);
        if (f->emit->traced[other->id] != mark || other->dtype != F32 ||
            op_def(other->op)->class == CLASS_VIEW)
            continue;
        add_trace(f, other, 0);
        count++;
    }
    return count;
}

/* Rows of the trace table for each value of the group that lies in memory as f32. */
static void trace_group(struct function *f, struct values *phase)
{
    struct emit *emit = f->emit;
    for (int i = 0; i < f->group->count; i++) {
        const struct node *node = graph_node(f->graph, f->group->node[i]);
        if (node->dtype != F32 || !function_stores(f, node->id) ||
            function_store_is_idle(f, node))
            continue;
        int inner = trace_inner(f, node);
        add_step(phase, arena_printf(emit->arena, "trace(run, %d, %" PRId64 ", %s);",
                                     emit->trace_count, function_place(f, node->id)->offset,
                                     node_elements(emit, f->graph, node->id)));
        add_trace(f, node, inner);
    }
}

static void emit_group(struct emit *emit, const struct part *part, int index,
                       struct values *phase, const char **last_line)
{
    const struct graph *graph = emit->program->phase[part->phase];
    struct function f = {.emit = emit, .graph = graph, .index = index,
                         .group = &graph->schedule->group[index],
                         .values = values_new(emit->arena)};
    f.name = arena_printf(emit->arena, "%s_%02d", phase_name(part->phase), index);
    emit->target->group(&f);
    function_finish(&f);
    emit->stack = f.stack > emit->stack ? f.stack : emit->stack;
    const char *line = emit_model_line(emit, graph_node(graph, f.group->node[f.group->count - 1]));
    if (*line && strcmp(line, *last_line) != 0)
        add_step(phase, arena_printf(emit->arena, "/* %s */", line));
    *last_line = line;
    add_step(phase, emit->target->step(&f));
    if (emit->target->traced)
        trace_group(&f, phase);
}

static void emit_part(struct emit *emit, const struct part *part)
{
    const struct graph *graph = emit->program->phase[part->phase];
    struct values *phase = values_new(emit->arena);
    const char *last_line = "";
    size_t nodes = graph ? (size_t)graph->count * sizeof *emit->traced : 0;
    emit->traced = memset(arena_alloc(emit->arena, nodes + 1), 0, nodes);
    int count = 0;
    for (int i = 0; graph && i < graph->schedule->group_count; i++)
        if (graph->schedule->group[i].update == part->update || part->phase != PHASE_TRAIN) {
            emit_group(emit, part, i, phase, &last_line);
            count++;
        }
    emit->target->list_phase(emit, part->name, part->index, count);
    if (count == 0)
        return;
    struct text text;
    text_init(&text, emit->arena);
    values_set(phase, "model", emit_symbol(emit->arena, emit->program->name));
    values_set(phase, "name", part->name);
    values_set(phase, "comment", part->comment);
    values_set(phase, "rows", ROWS_PLACE);
    template_render(emit->target->phase, phase, &text);
    values_set(values_add_item(emit->file, "function"), "function",
               emit_settle_rows(emit->arena, text.data));
}

/* ---- files ---- */

static void include_headers(struct emit *emit)
{
    for (int op = 0; op < OP_COUNT; op++)
        if (emit->used[op])
            values_printf(values_add_item(emit->file, "include"), "include", "ops/%s.h",
                          op_def((enum op)op)->stem);
}

void emit_parts(struct emit *emit)
{
    values_set(emit->file, "model", emit_symbol(emit->arena, emit->program->name));
    values_set(emit->file, "file", emit_file_name(emit->program));
    values_set(emit->file, "source",
               emit_comment(emit->arena, program_file(emit->program, emit->program->model_path)));
    values_set(emit->file, "compiler", "invar " INVAR_VERSION);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        emit_part(emit, &parts[i]);
    include_headers(emit);
}

const char *emit_arena_pointer(struct emit *emit, enum dtype dtype, int64_t offset, bool written)
{
    static const char *const reader[] = {[F32] = "f32_at", [I32] = "i32_at", [BOOL] = "i32_at",
                                         [I64] = "i64_at"};
    (void)written;
    return arena_printf(emit->arena, "%s(run, %" PRId64 ")", reader[dtype], offset);
}

static const char *c_step(const struct function *f)
{
    struct arena *arena = f->emit->arena;
    const char *count = emit_extent(arena, f->count);
    return arena_printf(arena, "inv_for(run, %s, %s, %s);", f->name, count,
                        emit_extent(arena, group_cost(f)));
}

static void c_list_phase(struct emit *emit, const char *name, const char *index, int groups)
{
    if (groups == 0)
        return;
    struct values *item = values_add_item(emit->file, "phase");
    values_set(item, "phase", index);
    values_set(item, "function", name);
}

const struct emit_target target_c = {
    .phase = "templates/program/phase.c", .function = "templates/skeleton/function.c",
    .restrict_word = "restrict ", .independent = true, .traced = true,
    .tile_floats = TILE_FLOATS, .tiles_stored = true, .rows = &row_loops,
    .short_rows = &row_beside, .pointer = emit_arena_pointer, .group = group_emit,
    .step = c_step, .list_phase = c_list_phase};

void emit_model(const struct program *program, struct text *out)
{
    struct emit emit = {.program = program, .arena = program->arena, .target = &target_c,
                        .file = values_new(program->arena)};
    emit_parts(&emit);
    emit_tables(&emit);
    values_printf(emit.file, "symbol", "INV_LEVEL_NAME(%s_model)",
                  emit_symbol(emit.arena, program->name));
    values_set(emit.file, "level", "INV_LEVEL_TEXT");
    template_render("templates/program/model.c", emit.file, out);
    template_render("templates/program/tables.c", emit.file, out);
}

int64_t emit_stack_bytes(const struct program *program, bool firmware)
{
    struct emit emit = {.program = program, .arena = program->arena,
                        .target = firmware ? &target_firmware : &target_c,
                        .file = values_new(program->arena)};
    emit_parts(&emit);
    return emit.stack;
}

const char *emit_file_name(const struct program *program)
{
    static const char *const reserved[] = {
        "all", "all_build", "aux", "clean", "cmakefiles", "cmakelists", "con", "core", "cuda",
        "default_target", "depend", "edit_cache", "help", "install", "invar", "main", "nul",
        "ops", "package", "package_source", "preinstall", "prn", "readme", "rebuild_cache",
        "run_tests", "runtime", "test", "testing", "zero_check"};
    size_t size = strlen(program->name);
    while (size > 0 && program->name[size - 1] == '_')
        size--;
    for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++)
        if (strlen(reserved[i]) == size && strncasecmp(program->name, reserved[i], size) == 0)
            return arena_printf(program->arena, "%s_", program->name);
    return program->name;
}

static void render_names(const struct program *program, const char *path, struct text *out)
{
    struct values *values = values_new(program->arena);
    char *guard = arena_printf(program->arena, "INVAR_MODEL_%s_H", program->name);
    for (char *c = guard; *c; c++)
        if (*c >= 'a' && *c <= 'z')
            *c = (char)(*c - 'a' + 'A');
    values_set(values, "model", emit_symbol(program->arena, program->name));
    values_set(values, "file", emit_file_name(program));
    values_set(values, "guard", guard);
    values_set(values, "folder", program->model_folder
                                     ? emit_string(program->arena, program->model_folder) : "NULL");
    template_render(path, values, out);
}

void emit_header(const struct program *program, struct text *out)
{
    render_names(program, "templates/program/model.h", out);
}

void emit_main(const struct program *program, struct text *out)
{
    render_names(program, "templates/program/main.c", out);
}

void emit_cuda_header(const struct program *program, struct text *out)
{
    render_names(program, "templates/program/cuda_model.h", out);
}

void emit_cuda_main(const struct program *program, struct text *out)
{
    render_names(program, "templates/program/cuda_main.c", out);
}
