/* The generated file: its groups' functions, its phases, its tables.
 *
 * requires: schedules with running order and places (pass_plan). */
#include "emit/emit.h"
#include <inttypes.h>
#include <string.h>
#include <strings.h>
#include "emit/c/function.h"
#include "emit/share.h"
#include "emit/target.h"
#include "emit/text.h"
#include "graph/custom.h"
#include "graph/custom_text.h"
#include "graph/loop.h"
#include "passes/firmware.h"
#include "passes/schedule.h"

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
     "The losses of a batch, and gradients: no parameter or state changes yet."},
    {PHASE_TRAIN, true, "update", "INV_UPDATE",
     "Gradients, and steps of the optimizer as soon as these exist, totals; goes on from train."},
    {PHASE_EVALUATE, false, "evaluate", "INV_EVALUATE",
     "Losses and metrics of a batch, without training."},
    {PHASE_FINISH, false, "finish", "INV_FINISH", "Metrics of a whole part."},
    {PHASE_PREDICT, false, "predict", "INV_PREDICT", "Outputs of a batch."},
    {PHASE_GENERATE, false, "generate", "INV_GENERATE",
     "What follows a place of a text, of its token and what is kept of those before."},
};

/* What stands there for the parts of PHASE_TRAIN where the update is apart. */
static const struct part apart[] = {
    {PHASE_TRAIN, false, "train", "INV_TRAIN",
     "The losses and gradients of a shard, by its share of the batch's rows; its totals."},
    {PHASE_UPDATE, true, "update", "INV_UPDATE",
     "Steps of the optimizer and buffers, of the sums over the shards."},
};

static const struct part *part_of(const struct program *program, const struct part *part)
{
    return part->phase == PHASE_TRAIN && program_updates_apart(program) ? &apart[part->update]
                                                                        : part;
}

/* Loops that have begun and not ended, the outermost first in `loop`; how many they are. */
static int open_loops(const struct emit *emit, int *loop)
{
    int count = 0;
    for (int i = emit->open; i >= 0; i = emit->loop[i].around)
        count++;
    for (int i = emit->open, at = count; i >= 0; i = emit->loop[i].around)
        loop[--at] = i;
    return count;
}

/* Lines of the phase; within loops that are lines, too, deeper by a step for each. */
static void add_step(struct emit *emit, const char *lines)
{
    int loop[LOOPS_DEEP], depth = emit->target->loop_lines ? open_loops(emit, loop) : 0;
    for (size_t size;; lines += size + 1) {
        size = strcspn(lines, "\n");
        for (int i = 0; i <= depth; i++)
            text_puts(&emit->steps, "    ");
        text_add(&emit->steps, lines, size);
        text_puts(&emit->steps, "\n");
        if (lines[size] == '\0')
            return;
    }
}

/* "add %12 of %3 %11 : f32[b, 64]", "custom softclip %12 .."; nodes of the update are numbered
 * behind those of the shards. */
static void add_node_text(struct text *text, const struct graph *graph, const struct node *node)
{
    const struct program *program = graph->program;
    int before = graph == program->phase[PHASE_UPDATE] ? program->phase[PHASE_TRAIN]->count : 0;
    text_puts(text, op_def(node->op)->stem);
    if (node->op == OP_CUSTOM)
        text_printf(text, " %s", node->attr.function);
    text_puts(text, " %");
    text_int(text, before + node->id);
    for (int i = 0; i < node->count; i++) {
        text_puts(text, i == 0 ? " of %" : " %");
        text_int(text, before + node->operand[i]);
    }
    if (node->op == OP_STORE) {
        text_puts(text, " into ");
        text_puts(text, program_variable(program, node->attr.variable)->path);
    }
    text_puts(text, " : ");
    shape_add(text, node->dtype, &node->shape);
}

/* A row of the trace table, after `inner` others that went into it; what is not stored has no
 * offset. */
static void add_trace(struct function *f, const struct node *node, int64_t offset, int inner)
{
    struct emit *emit = f->emit;
    struct text *rows = &emit->trace;
    text_puts(rows, "    {\"");
    add_node_text(rows, f->graph, node);
    text_puts(rows, "\", &trace_lines[");
    text_int(rows, emit_trace_line(emit, node));
    text_puts(rows, "], ");
    text_int(rows, inner);
    text_puts(rows, ", ");
    text_int(rows, offset);
    text_puts(rows, ", ");
    emit_add_pair(rows, extent_of_all(&node->shape));
    text_puts(rows, "},\n");
    emit->trace_count++;
}

/* Is the node computed by the group, or by another one of its band? */
static bool is_inside(const struct function *f, int id)
{
    const struct schedule *schedule = f->graph->schedule;
    int g = schedule->group_of[id];
    if (g < 0)
        return false;
    const struct group *group = &schedule->group[g];
    return group == f->group || (f->group->band > 0 && group->band == f->group->band);
}

/* Of what is inside: is it there when its step, or its band, has run? */
static bool is_traced(const struct function *f, int id)
{
    const struct place *place = function_place(f, id);
    return (place->kind == PLACE_ARENA || place->kind == PLACE_VARIABLE) && !place->inner;
}

/* Marks what is computed inside for the node without being there later. */
static void mark_inner(const struct function *f, const struct node *node, int mark)
{
    int *inner = f->emit->traced;
    for (int i = 0; i < node->count; i++) {
        const struct node *operand = graph_node(f->graph, node->operand[i]);
        bool view = op_def(operand->op)->class == CLASS_VIEW, inside = is_inside(f, operand->id);
        if (inner[operand->id] == mark || (inside && is_traced(f, operand->id)) ||
            (!view && !inside))
            continue;
        inner[operand->id] = mark;
        mark_inner(f, operand, mark);
    }
}

/* Rows of the trace table for what a group computed for the node; their number. */
static int trace_marked(struct function *f, const struct group *group, int mark)
{
    int count = 0;
    for (int i = 0; i < group->count; i++) {
        const struct node *other = graph_node(f->graph, group->node[i]);
        if (f->emit->traced[other->id] != mark || other->dtype != F32 ||
            op_def(other->op)->class == CLASS_VIEW)
            continue;
        add_trace(f, other, -1, 0);
        count++;
    }
    return count;
}

/* Rows of the trace table for what went into the node; their number. */
static int trace_inner(struct function *f, const struct node *node)
{
    const struct schedule *schedule = f->graph->schedule;
    int mark = f->emit->trace_count + 1, count = 0, first = f->index, groups = 1;
    mark_inner(f, node, mark);
    if (f->group->band > 0) {
        first = schedule->band[f->group->band - 1].first;
        groups = schedule->band[f->group->band - 1].count;
    }
    for (int g = first; g < first + groups; g++)
        count += trace_marked(f, &schedule->group[g], mark);
    return count;
}

/* Rows of the trace table for each value of the group that lies in memory as f32, and lines of the
 * phase for targets that want them. */
static struct traced trace_group(struct function *f, struct text *lines)
{
    struct emit *emit = f->emit;
    struct traced rows = {emit->trace_count, emit->trace_count};
    for (int i = 0; i < f->group->count; i++) {
        const struct node *node = graph_node(f->graph, f->group->node[i]);
        if (node->dtype != F32 || !is_traced(f, node->id) || function_store_is_idle(f, node))
            continue;
        int inner = trace_inner(f, node);
        const struct place *place = function_place(f, node->id);
        if (emit->target->trace_lines)
            text_printf(lines, "%strace(run, %d, %s, %s);", lines->size > 0 ? "\n" : "",
                        emit->trace_count, emit_offset(emit, place),
                        emit_extent(emit->arena, extent_of_all(&node->shape)));
        add_trace(f, node, place->offset, inner);
    }
    rows.end = emit->trace_count;
    return rows;
}

/* "4880, 32832": the group's own numbers, for the function that it shares. */
static const char *own_text(struct emit *emit, const struct user *user)
{
    const struct emit_target *target = emit->target;
    struct text text;
    text_init(&text, emit->arena);
    for (int i = 0; i < user->shared->own_count; i++) {
        int64_t number = user->own[i];
        text_puts(&text, i > 0 ? ", " : "");
        if (i < user->shared->streams)
            text_printf(&text, "%s0x%08" PRIx32 "u", target->narrow ? "(int32_t)" : "",
                        (uint32_t)number);
        else
            emit_add_offset(emit, &text, user->place[i - user->shared->streams]);
    }
    return text.size > 0 ? text.data : "0";
}

/* Writes the function of the group and of all that share it. */
static struct function *write_function(const struct function *group, struct shared *shared)
{
    struct emit *emit = group->emit;
    struct function *f = ARENA_NEW(emit->arena, struct function);
    *f = *group;
    f->values = values_new(emit->arena);
    f->shared = share_has_own(shared) ? shared : NULL;
    bool one_phase = (shared->phases & (shared->phases - 1)) == 0;
    f->name = one_phase ? arena_printf(emit->arena, "%s_%02d", f->graph->name, f->index)
                        : arena_printf(emit->arena, "shared_%02d", emit->shared_count++);
    emit->target->group[f->group->kind](f);
    function_finish(f);
    emit->stack = f->stack > emit->stack ? f->stack : emit->stack;
    return f;
}

/* The group's line of its phase, and its rows of the trace table; before it the model's line where
 * that is another one than the last. */
static void emit_step(struct function *f, const struct user *user, bool traced,
                      const char **last_line)
{
    struct emit *emit = f->emit;
    struct traced rows = {0};
    struct text traces;
    text_init(&traces, emit->scratch);
    if (traced)
        rows = trace_group(f, &traces);
    const struct node *last = graph_node(f->graph, f->group->node[f->group->count - 1]);
    const char *line = emit_model_line(emit, last);
    if (*line && strcmp(line, *last_line) != 0)
        add_step(emit, arena_printf(emit->scratch, "/* %s */", line));
    *last_line = line;
    const char *own = share_has_own(user->shared) ? own_text(emit, user) : NULL;
    struct function user_of = *user->shared->function;
    user_of.graph = f->graph;
    user_of.group = f->group;
    if (user->shared->flat)
        user_of.count = user->elements;
    add_step(emit, emit->target->step(&user_of, own, rows));
    if (traces.size > 0)
        add_step(emit, traces.data);
}

/* What of the step's own numbers moves in the loops around it, which have begun. */
static void list_moves(struct emit *emit, const struct user *user)
{
    const struct shared *shared = user->shared;
    int loop[LOOPS_DEEP], loops = open_loops(emit, loop);
    for (int i = 0; i < shared->own_count - shared->streams; i++)
        for (int k = 0; k < loops; k++) {
            struct extent bytes = user->place[i]->advance[emit->loop[loop[k]].depth];
            struct move move = {emit->step_count, shared->own_count, shared->streams + i, loop[k],
                                bytes};
            if (!extent_is(bytes, 0))
                ARENA_PUSH(emit->arena, emit->move, emit->move_count, emit->move_room) = move;
        }
}

static void begin_loop(struct emit *emit, const struct graph *graph, int number)
{
    const struct loop *loop = &graph->loop[number];
    struct loop_steps steps = {loop, emit->step_count, -1, schedule_depth(graph, number),
                               emit->open};
    const char *name = arena_printf(emit->arena, "index%d", steps.depth);
    if (emit->target->loop_lines && loop->reverse)
        add_step(emit, arena_printf(emit->arena, "for (int64_t %s = %" PRId64 "; %s >= 0; %s--) {",
                                    name, loop->turns - 1, name, name));
    else if (emit->target->loop_lines)
        add_step(emit, arena_printf(emit->arena, "for (int64_t %s = 0; %s < %" PRId64 "; %s++) {",
                                    name, name, loop->turns, name));
    emit->open = emit->loop_count;
    ARENA_PUSH(emit->arena, emit->loop, emit->loop_count, emit->loop_room) = steps;
}

/* Ends the innermost loop. */
static void end_loop(struct emit *emit)
{
    emit->loop[emit->open].end = emit->step_count;
    emit->open = emit->loop[emit->open].around;
    if (emit->target->loop_lines)
        add_step(emit, "}");
}

/* The step is in that loop, or none (-1): ends those that it is not in, begins those that it is. */
static void enter_loop(struct emit *emit, const struct graph *graph, int loop)
{
    while (emit->open >= 0 &&
           !loop_within(graph, loop, (int)(emit->loop[emit->open].loop - graph->loop)))
        end_loop(emit);
    if (loop < 0 || (emit->open >= 0 && emit->loop[emit->open].loop == &graph->loop[loop]))
        return;
    enter_loop(emit, graph, graph->loop[loop].outer);
    begin_loop(emit, graph, loop);
}

/* Lists the band of a group, if it begins with that. */
static void begin_band(struct emit *emit, int group, const struct band *band)
{
    if (group != band->first)
        return;
    struct band steps = {emit->step_count, band->count, band->rows, band->page};
    ARENA_PUSH(emit->arena, emit->band, emit->band_count, emit->band_room) = steps;
}

static void emit_group(struct emit *emit, const struct part *part, int index,
                       const char **last_line)
{
    const struct graph *graph = emit->program->phase[part->phase];
    struct function f = {.emit = emit, .graph = graph, .index = index,
                         .group = &graph->schedule->group[index]};
    const struct user *user = &emit->user[part->phase][index];
    bool traced = emit->target->traced &&
                  (part->phase == PHASE_TRAIN || part->phase == PHASE_UPDATE);
    if (!user->shared->function)
        user->shared->function = write_function(&f, user->shared);
    enter_loop(emit, graph, f.group->loop);
    list_moves(emit, user);
    if (schedule_is_by_rows(graph, f.group))
        begin_band(emit, index, &graph->schedule->band[f.group->band - 1]);
    struct arena *kept = emit->arena;
    emit->arena = emit->scratch;
    emit_step(&f, user, traced, last_line);
    emit->arena = kept;
    emit->step_count += user->shared->function->chunks ? 2 : 1;
}

enum { PHASE_ROOM = 1024 };             /* beside the steps and traces */

/* The phase of the steps at hand. */
static void render_phase(struct emit *emit, const struct part *part)
{
    struct values *phase = values_new(emit->scratch);
    struct text text;
    text_init(&text, emit->arena);
    text_reserve(&text, emit->steps.size + PHASE_ROOM);
    emit->steps_size += text.room;
    values_set(phase, "model", emit_symbol(emit->arena, emit->program->name));
    values_set(phase, "name", part->name);
    values_set(phase, "comment", part->comment);
    bool rows = emit_names_rows(emit->steps.data);
    values_set(phase, "batch", rows ? "const int64_t b = run->rows;" : "");
    values_set(phase, "steps", emit->steps.data);
    if (emit->target->list_loops)
        emit->target->list_loops(emit, phase);
    template_render(emit->target->phase, phase, &text);
    values_set(values_add_item(emit->file, emit->target->phase_list), "function", text.data);
}

enum { SCRATCH_GROUPS = 256 };          /* whose texts the scratch arena holds */

static void emit_part(struct emit *emit, const struct part *part)
{
    const struct graph *graph = emit->program->phase[part->phase];
    const char *last_line = "";
    size_t nodes = graph ? (size_t)graph->count * sizeof *emit->traced : 0;
    emit->traced = memset(arena_alloc(emit->arena, nodes + 1), 0, nodes);
    int count = 0;
    emit->step_count = emit->loop_count = emit->band_count = emit->move_count = 0;
    emit->open = -1;
    struct arena *steps = arena_new();
    emit->scratch = arena_new();
    text_init(&emit->steps, steps);
    for (int i = 0; graph && i < graph->schedule->group_count; i++)
        if (graph->schedule->group[i].update == part->update || part->phase != PHASE_TRAIN) {
            emit_group(emit, part, i, &last_line);
            if (++count % SCRATCH_GROUPS == 0) {
                arena_free(emit->scratch);
                emit->scratch = arena_new();
            }
        }
    if (graph)
        enter_loop(emit, graph, -1);
    emit->target->list_phase(emit, part->name, part->index, count);
    if (count > 0)
        render_phase(emit, part);
    arena_free(emit->scratch);
    arena_free(steps);
}

/* ---- files ---- */

static void include_headers(struct emit *emit)
{
    for (int op = 0; op < OP_COUNT; op++)
        if (emit->used[op])
            values_printf(values_add_item(emit->file, "include"), "include", "ops/%s.h",
                          op_def((enum op)op)->stem);
}

static void list_prototype(struct emit *emit, const struct custom *custom, int argument)
{
    if (custom_has(emit->program, custom, argument))
        values_set(values_add_item(emit->file, "prototype"), "prototype",
                   custom_prototype(emit->arena, custom, argument, false));
}

/* Is it that of an operator, or of its gradient? */
static bool is_called(const struct program *program, const char *function)
{
    int argument;
    return custom_find(program, function, &argument) != NULL;
}

/* Around the file, so that files know nothing of each other: each name that it defines is another
 * one, and what it had meant as a macro, it means again behind it. */
static void part_names(struct emit *emit, const struct custom_text *c, int number,
                       struct values *item)
{
    struct text before, behind;
    text_init(&before, emit->arena);
    text_init(&behind, emit->arena);
    text_puts(&before, "");
    text_puts(&behind, "");
    for (int i = 0; i < c->count; i++) {
        const char *name = c->name[i].text;
        if (c->name[i].kind == CUSTOM_HEADER)
            continue;
        text_printf(&before, "#pragma push_macro(\"%s\")\n#undef %s\n", name, name);
        if (c->name[i].kind != CUSTOM_MACRO && is_called(emit->program, name))
            text_printf(&before, "#define %s " CUSTOM_PREFIX "%s\n", name, name);
        else if (c->name[i].kind != CUSTOM_MACRO)
            text_printf(&before, "#define %s " CUSTOM_PREFIX "%d_%s\n", name, number, name);
        text_printf(&behind, "%s#undef %s\n#pragma pop_macro(\"%s\")",
                    behind.size ? "\n" : "", name, name);
    }
    values_set(item, "before", before.data);
    values_set(item, "behind", behind.data);
}

static void list_file(struct emit *emit, const struct custom *custom, int number)
{
    const struct source *source = diags_source(emit->program->diags, custom->source);
    struct values *item = values_add_item(emit->file, "operator");
    struct custom_text text;
    custom_read(emit->arena, source->text, &text);
    values_set(item, "file", emit_comment(emit->arena, custom_file(emit->program, custom)));
    values_set(item, "text", source->text);
    part_names(emit, &text, number, item);
    for (int i = 0; i < text.count; i++)
        if (text.name[i].kind == CUSTOM_HEADER)
            values_set(values_add_item(emit->file, "operator_header"), "header",
                       text.name[i].text);
}

/* The functions of the model's own C, and each file of it once. */
static void list_operators(struct emit *emit)
{
    const struct program *program = emit->program;
    for (int i = 0; i < program->custom_count; i++) {
        const struct custom *custom = &program->custom[i];
        bool again = false;
        for (int k = CUSTOM_FORWARD; k < custom->argument_count; k++)
            list_prototype(emit, custom, k);
        for (int k = 0; k < i && !again; k++)
            again = custom->source == program->custom[k].source;
        if (!again)
            list_file(emit, custom, i + 1);
    }
}

void emit_parts(struct emit *emit)
{
    values_set(emit->file, "model", emit_symbol(emit->arena, emit->program->name));
    values_set(emit->file, "file", emit_file_name(emit->program));
    values_set(emit->file, "source",
               emit_comment(emit->arena, program_file(emit->program, emit->program->model_path)));
    values_set(emit->file, "compiler", "invar " INVAR_VERSION);
    text_init(&emit->trace, emit->arena);
    text_init(&emit->trace_lines, emit->arena);
    emit->state_end = firmware_state_end(emit->program);
    emit->work_start = firmware_work_start(emit->program);
    share_groups(emit);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        emit_part(emit, part_of(emit->program, &parts[i]));
    values_set(emit->file, "trace", emit->trace.size > 0 ? emit->trace.data : "");
    values_set(emit->file, "trace_lines",
               emit->trace_lines.size > 0 ? emit->trace_lines.data : "");
    include_headers(emit);
    list_operators(emit);
}

const char *emit_arena_pointer(struct emit *emit, enum dtype dtype, const struct place *place,
                               bool written, const char *number)
{
    (void)written;
    if (place->row_bytes > 0)
        return arena_printf(emit->arena, "%s_of_band(run, %s, %" PRId64 ")", emit_storage(dtype),
                            number, place->row_bytes);
    return arena_printf(emit->arena, "%s_at(run, %s)", emit_storage(dtype), number);
}

int64_t emit_stack(const struct program *program, const struct emit_target *target)
{
    struct emit emit = {.program = program, .arena = program->arena, .target = target,
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
