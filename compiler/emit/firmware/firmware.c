/* NAME.c and NAME.h for firmware: the same functions of groups as the host's trainer, over an
 * arena in pieces (runtime/core/run.h), tables of them in place of phases, and the API of
 * templates/program/firmware.h.
 *
 * requires: pass_plan has run. */
#include "emit/emit.h"
#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "emit/c/group.h"
#include "emit/c/row.h"
#include "emit/text.h"
#include "passes/firmware.h"
#include "invar.h"
#include "passes/schedule.h"

enum { FIRMWARE_ABI = 3, TILE_FLOATS = 64 };

/* ---- what emission asks for ---- */

enum { PIECE_FROZEN, PIECE_WEIGHTS, PIECE_STATE, PIECE_WORK };

static int firmware_piece(const struct emit *emit, int64_t offset)
{
    return offset < emit->program->frozen_bytes  ? PIECE_FROZEN
           : offset < emit->program->saved_bytes ? PIECE_WEIGHTS
           : offset < emit->state_end ? PIECE_STATE
                                      : PIECE_WORK;
}

static int64_t firmware_in_piece(const struct emit *emit, int64_t offset)
{
    const struct program *program = emit->program;
    if (program->text_bytes > 0 && offset >= program->text_start)
        return offset - program->text_start;
    bool work = firmware_piece(emit, offset) == PIECE_WORK;
    return offset - (work ? emit->work_start : program->frozen_bytes);
}

static const char *firmware_pointer(struct emit *emit, enum dtype dtype,
                                    const struct place *place, bool written, const char *number)
{
    static const char *const name[] = {[PIECE_FROZEN] = "frozen", [PIECE_WEIGHTS] = "weights",
                                       [PIECE_STATE] = "arena", [PIECE_WORK] = "work"};
    int piece = firmware_piece(emit, place->offset);
    if (piece < PIECE_STATE && written)
        piece = PIECE_STATE;
    return arena_printf(emit->arena, "inv_%s%s(run->%s, %s)", emit_storage(dtype),
                        piece < PIECE_STATE ? "_const" : "", name[piece], number);
}

/* "{train_00, NULL, 0, 1, 5120},": the group in the table of its phase. */
static const char *firmware_group(const struct function *f, const char *own, struct traced rows)
{
    (void)rows;
    int64_t batch = f->emit->program->train.rows;
    struct extent all = group_cost(f);
    int64_t count = f->count.constant + f->count.rows * batch;
    int64_t cost = (all.constant + all.rows * batch) / (count > 0 ? count : 1);
    cost = cost < 1 ? 1 : cost > INT32_MAX / 2 ? INT32_MAX / 2 : cost;
    return arena_printf(f->emit->arena, "{%s, %s%s%s, %" PRId64 ", %" PRId64 ", %" PRId64 "},",
                        f->name, own ? "OWN(" : "", own ? own : "NULL", own ? ")" : "",
                        f->count.constant, f->count.rows, cost);
}

_Static_assert(LOOPS_DEEP == INV_LOOPS_DEEP, "the runtime has room for as many turns");

/* The lists of a phase that has loops. */
static void firmware_loops(struct emit *emit, struct values *phase)
{
    if (emit->loop_count == 0)
        return;
    struct values *list = values_add_item(phase, "looped");
    for (int i = 0; i < emit->loop_count; i++) {
        const struct loop_steps *steps = &emit->loop[i];
        values_printf(values_add_item(list, "loop"), "loop", "%d, %d, %" PRId64 ", %d, %d",
                      steps->first, steps->end, steps->loop->turns, steps->loop->reverse,
                      steps->depth);
    }
    for (int i = 0; i < emit->move_count; i++) {
        const struct move *m = &emit->move[i];
        values_printf(values_add_item(list, "move"), "move",
                      "%d, %d, %d, %d, %" PRId64 ", %" PRId64, m->step, m->numbers, m->number,
                      m->loop, m->bytes.constant, m->bytes.rows);
        emit->numbers = emit->numbers > m->numbers ? emit->numbers : m->numbers;
    }
}

static bool has_loops(const struct program *program)
{
    bool has = false;
    for (int i = 0; i < PHASE_COUNT; i++)
        has |= program->phase[i] && program->phase[i]->loop_count > 0;
    return has;
}

/* The first groups of a table, as a phase of that name. */
static void list_groups(struct emit *emit, const char *name, const char *table, int groups)
{
    struct values *item = values_add_item(emit->file, "phase");
    values_set(item, "phase", name);
    values_set(item, "loops", has_loops(emit->program) ? ", NULL, 0, NULL" : "");
    if (emit->loop_count > 0)
        values_printf(item, "loops", ", %s_loops, %d, %s_moves", table, emit->loop_count,
                      table);
    values_set(item, "groups", groups ? arena_printf(emit->arena, "%s_groups", table) : "NULL");
    values_printf(item, "count", "%d", groups);
}

static void firmware_list_phase(struct emit *emit, const char *name, const char *index, int groups)
{
    (void)index;
    list_groups(emit, name, name, groups);
    if (strcmp(name, "init") == 0)
        list_groups(emit, "init_tuning", name, emit->program->tuning_groups);
}

static const struct emit_target target_firmware = {
    .phase = "templates/program/firmware_phase.c",
    .function = "templates/skeleton/function.c", .loops = "templates/skeleton/loops.c",
    .restrict_word = "restrict ", .integer = "int32_t",
    .tile_floats = TILE_FLOATS, .rows = &row_loops, .pointer = firmware_pointer,
    .flat = true, .piece = firmware_piece, .in_piece = firmware_in_piece, .narrow = true,
    .own = "run->at", .group = c_groups, .step = firmware_group, .list_loops = firmware_loops,
    .phase_list = "function", .list_phase = firmware_list_phase};

/* ---- lists of the templates ---- */

struct lists {
    struct emit *emit;
    const struct program *program;
    int64_t work;                       /* where the work piece begins */
};

static void set_whole(struct values *values, const char *key, int64_t value)
{
    values_printf(values, key, "%" PRId64, value);
}

static int64_t row_elements(const struct variable *v)
{
    int64_t count = 1;
    for (int i = 0; i < v->shape.rank; i++)
        count *= v->shape.dim[i];
    return count;
}

/* Where the variable lies from trained weights on. */
static int64_t arena_offset(const struct program *program, const struct variable *v)
{
    return v->offset - program->frozen_bytes;
}

/* A name beside the API's own. */
static const char *member_name(struct arena *arena, const char *name)
{
    static const char *const taken[] = {"sample", "outputs", "step", "epoch"};
    name = emit_identifier(arena, name);
    size_t size = strlen(name);
    while (size > 0 && name[size - 1] == '_')
        size--;
    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++)
        if (strlen(taken[i]) == size && strncmp(name, taken[i], size) == 0)
            return arena_printf(arena, "%s_", name);
    return name;
}

/* An array with a row for each row of the batch. */
static struct values *add_rows(const struct lists *l, const char *list, const char *name,
                               const struct variable *v)
{
    struct values *item = values_add_item(l->emit->file, list);
    values_set(item, "name", member_name(l->emit->arena, name));
    values_set(item, "ctype", emit_ctype(v->dtype));
    values_printf(item, "reader", "inv_%s", emit_storage(v->dtype));
    set_whole(item, "elements", row_elements(v));
    set_whole(item, "bytes", row_elements(v) * dtype_bytes(v->dtype));
    set_whole(item, "offset", v->offset - l->work);
    set_whole(item, "classes", v->dtype == F32 ? -1 : v->classes);
    values_set(item, "lift", v->dtype == F32 ? "1 + " : "");
    set_whole(item, "period", v->dtype != F32 && v->classes > 0 ? v->classes : 7);
    return item;
}

static bool has_fits(const struct program *program)
{
    for (int i = 0; i < program->data.field_count; i++)
        if (program->data.field[i].fit != FIT_NONE)
            return true;
    return false;
}

static void list_fit(const struct lists *l, const struct data_field *field)
{
    if (field->fit == FIT_NONE)
        return;
    const struct variable *input = program_variable(l->program, field->input);
    const struct variable *a = program_variable(l->program, field->fit_a);
    struct values *item = values_add_item(l->emit->file, "fit");
    values_set(item, "name", member_name(l->emit->arena, field->name));
    set_whole(item, "zscore", field->fit == FIT_ZSCORE);
    set_whole(item, "cells", row_elements(input));
    set_whole(item, "statistics", row_elements(a));
    set_whole(item, "input", input->offset - l->work);
    set_whole(item, "a", arena_offset(l->program, a));
    set_whole(item, "b", arena_offset(l->program, program_variable(l->program, field->fit_b)));
}

static void list_field(const struct lists *l, const struct data_field *field)
{
    const struct variable *input = program_variable(l->program, field->input);
    bool cells = field->raw >= 0 && !field->rows; /* windows come whole */
    const struct variable *raw = cells ? program_variable(l->program, field->raw) : NULL;
    add_rows(l, "field", field->name, input);
    if (raw || field->rows)
        add_rows(l, "cell", field->name, raw ? raw : input);
    if (!field->label)
        add_rows(l, "argument", field->name, raw ? raw : input);
    if (raw && !l->program->phase[PHASE_PREPARE]) {
        struct values *item = values_add_item(l->emit->file, "copy");
        set_whole(item, "from", raw->offset - l->work);
        set_whole(item, "to", input->offset - l->work);
        set_whole(item, "bytes", row_elements(input) * dtype_bytes(input->dtype));
    }
    list_fit(l, field);
}

static void list_variables(const struct lists *l)
{
    int averages = 0;
    for (int i = 0; i < l->program->variable_count; i++) {
        const struct variable *v = l->program->variable[i];
        int64_t bytes = row_elements(v) * dtype_bytes(v->dtype);
        if (v->kind == VAR_OUTPUT)
            add_rows(l, "output", v->path, v);
        if (v->kind == VAR_ACCUMULATOR) {
            struct values *item = values_add_item(l->emit->file, "accumulator");
            set_whole(item, "offset", arena_offset(l->program, v));
            set_whole(item, "bytes", bytes);
        }
        if (v->kind != VAR_AVERAGE)
            continue;
        const struct variable *of = program_average_of(l->program, v);
        if (of) {
            struct values *item = values_add_item(l->emit->file, "average");
            set_whole(item, "index", averages++);
            set_whole(item, "to", arena_offset(l->program, v));
            set_whole(item, "from", arena_offset(l->program, of));
            set_whole(item, "bytes", bytes);
        }
    }
}

static int list_reports(const struct lists *l)
{
    int losses = 0;
    for (int i = 0; i < l->program->report_count; i++) {
        const struct report *report = &l->program->report[i];
        const struct variable *v = program_variable(l->program, report->variable);
        struct values *item = add_rows(l, "report", report->name, v);
        struct values *by_kind = add_rows(l, report->loss ? "loss" : "metric", report->name, v);
        int64_t count = row_elements(v);
        values_set(item, "array", count == 1 ? "" : arena_printf(l->emit->arena, "[%" PRId64 "]",
                                                                 count));
        if (report->loss)
            set_whole(by_kind, "index", losses++);
    }
    return losses;
}

/* Reports that schedules follow; whether one is of the val part. */
static bool list_watched(const struct lists *l)
{
    bool val = false, train = false;
    for (int i = 0; i < l->program->watched_count; i++) {
        const struct watched *w = &l->program->watched[i];
        struct values *item = values_add_item(l->emit->file, "watched");
        bool of_val = !strcmp(w->part, "val");
        set_whole(item, "offset",
                  arena_offset(l->program, program_variable(l->program, w->variable)));
        values_set(item, "name", member_name(l->emit->arena, w->name));
        values_set(item, "reports", of_val ? "reports" : "(&train_reports)");
        val |= of_val;
        train |= !of_val;
    }
    if (train)
        values_add_item(l->emit->file, "watches_train");
    return val;
}

/* What keep best or patience alone look at. */
static void set_watch(const struct lists *l)
{
    const struct train_desc *train = &l->program->train;
    const struct report *report = &l->program->report[train->keep_best ? train->keep_report : 0];
    const struct variable *v = program_variable(l->program, report->variable);
    struct values *file = l->emit->file;
    set_whole(file, "watches", train->keep_best || train->patience > 0);
    set_whole(file, "keeps_best", train->keep_best != NULL); /* else the last weights stay */
    set_whole(file, "watch_val", !train->keep_best || strncmp(train->keep_best, "val.", 4) == 0);
    bool val = train->keep_best ? !strncmp(train->keep_best, "val.", 4) : train->patience > 0;
    set_whole(file, "watches_val", list_watched(l) || val);
    values_set(file, "patience_by", emit_float(l->emit->arena, train->patience_by));
    values_set(file, "watch_bar", report->better_lower ? "inv_sub" : "inv_add");
    set_whole(file, "patience", train->patience);
    values_set(file, "watch_name", member_name(l->emit->arena, report->name));
    values_set(file, "watch_ctype", emit_ctype(v->dtype));
    values_set(file, "watch_better", report->better_lower ? "<" : ">");
}

/* ---- the weights file ---- */

static int by_path(const void *a, const void *b)
{
    const struct variable *const *x = a, *const *y = b;
    return strcmp((*x)->path, (*y)->path);
}

static const struct variable **sorted_weights(const struct program *program, int *count)
{
    const struct variable **list =
        ARENA_ARRAY(program->arena, const struct variable *, program->variable_count + 1);
    *count = 0;
    for (int i = 0; i < program->variable_count; i++)
        if (program->variable[i]->kind == VAR_PARAM || program->variable[i]->kind == VAR_BUFFER)
            list[(*count)++] = program->variable[i];
    qsort(list, (size_t)*count, sizeof *list, by_path);
    return list;
}

/* The header's text for one tensor, as in runtime/host/safetensors.c. */
static int64_t print_tensor(struct text *text, const struct variable *v, int64_t offset)
{
    static const char *const dtype[] = {[F32] = "F32", [I32] = "I32", [BOOL] = "BOOL",
                                        [I64] = "I64"};
    int64_t bytes = variable_file_bytes(v);
    text_printf(text, "%s\"%s\":{\"dtype\":\"%s\",\"shape\":[", offset > 0 || text->size > 1 ? ","
                : "", v->path, dtype[v->dtype]);
    for (int d = 0; d < v->shape.rank; d++)
        text_printf(text, "%s%" PRId64, d ? "," : "", v->shape.dim[d]);
    text_printf(text, "],\"data_offsets\":[%" PRId64 ",%" PRId64 "]}", offset, offset + bytes);
    return offset + bytes;
}

static void add_header_piece(const struct lists *l, const char *literal)
{
    values_set(values_add_item(l->emit->file, "header"), "piece", literal);
}

/* The header in literals of a line each, before it its length in 8 bytes. */
static void set_header(const struct lists *l, const struct text *header)
{
    struct text length;
    text_init(&length, l->emit->arena);
    for (int i = 0; i < 8; i++)
        text_printf(&length, "\\%03o", (unsigned)((uint64_t)header->size >> (8 * i)) & 255u);
    add_header_piece(l, arena_printf(l->emit->arena, "\"%s\"", length.data));
    for (size_t at = 0; at < header->size; at += 64) {
        size_t size = header->size - at < 64 ? header->size - at : 64;
        add_header_piece(l, emit_string(l->emit->arena,
                                        arena_strndup(l->emit->arena, header->data + at, size)));
    }
    set_whole(l->emit->file, "header_bytes", (int64_t)header->size + 8);
}

static void list_weights(const struct lists *l)
{
    static const char *const kind[] = {[F32] = "f", [I32] = "i", [BOOL] = "b", [I64] = "l"};
    int count;
    int64_t offset = 0;
    const struct variable **list = sorted_weights(l->program, &count);
    struct text header;
    text_init(&header, l->emit->arena);
    text_puts(&header, "{");
    for (int i = 0; i < count; i++) {
        struct values *item = values_add_item(l->emit->file, "saved");
        set_whole(item, "offset", arena_offset(l->program, list[i]));
        set_whole(item, "elements", row_elements(list[i]));
        values_set(item, "kind", kind[list[i]->dtype]);
        set_whole(item, "trained", list[i]->kind == VAR_PARAM);
        values_set(item, "path", emit_comment(l->emit->arena, list[i]->path));
        offset = print_tensor(&header, list[i], offset);
    }
    text_puts(&header, "}");
    while (header.size % 8 != 0)
        text_puts(&header, " ");
    set_header(l, &header);
}

/* ---- numbers of the templates ---- */

/* Rows that a device splits: no windows, for what is split is the rows that they are made of. */
static bool has_main_rows(const struct data_desc *data)
{
    return data->window == 0 && (data->rows > 0 || data->source[SOURCE_MAIN].file_count > 0);
}

/* Rows that a device is given as those of the part. */
static bool has_own_rows(const struct data_desc *data, int part)
{
    return data->window > 0 || data->source[SOURCE_TRAIN + part].file_count > 0;
}

static int64_t whole_share(double share)
{
    return (int64_t)(share * 1e8 + 0.5);
}

static void set_data(const struct lists *l)
{
    const struct data_desc *data = &l->program->data;
    const struct train_desc *train = &l->program->train;
    struct values *file = l->emit->file;
    int64_t first = whole_share(data->train_share);
    int64_t second = first + whole_share(data->val_share);
    set_whole(file, "train_cut", first);
    set_whole(file, "val_cut", second);
    set_whole(file, "test_cut", second + whole_share(data->test_share));
    int own = 0;
    for (int part = 0; part < 3; part++)
        own |= has_own_rows(data, part) << part;
    set_whole(file, "own_parts", own);
    set_whole(file, "main_rows", has_main_rows(data));
    set_whole(file, "data_rows", data->kind == SOURCE_RANDOM ? data->rows : 0);
    set_whole(file, "split_shuffle", data->shuffle && has_main_rows(data));
    set_whole(file, "shuffle", train->shuffle);
    set_whole(file, "drop_last", train->drop_last);
    set_whole(file, "order_words", (data->shuffle && has_main_rows(data)) + train->shuffle);
    values_printf(file, "seed", "%" PRIu64 "u", train->seed);
    values_printf(file, "data_seed", "%" PRIu64 "u", data->has_seed ? data->seed : train->seed);
    values_printf(file, "stream_split", "0x%08" PRIx32 "u", l->program->stream_split);
    values_printf(file, "stream_shuffle", "0x%08" PRIx32 "u", l->program->stream_shuffle);
    set_whole(file, "batch", train->batch);
    set_whole(file, "epochs", train->epochs);
    set_whole(file, "steps", train->steps);
    set_whole(file, "sample_offset",
              program_variable(l->program, l->program->sample)->offset - l->work);
    set_whole(file, "cells_are_fields", !l->program->phase[PHASE_PREPARE]);
}

static void set_sizes(const struct lists *l)
{
    struct firmware_sizes sizes = firmware_sizes(l->program);
    struct values *file = l->emit->file;
    set_whole(file, "arena_bytes", sizes.arena);
    set_whole(file, "saved_bytes", sizes.weights);
    set_whole(file, "trained_bytes", sizes.weights - sizes.frozen);
    set_whole(file, "tuning_bytes", sizes.tuning);
    set_whole(file, "state_bytes", sizes.state);
    set_whole(file, "infer_bytes", sizes.infer);
    set_whole(file, "work_start", l->work - sizes.frozen);
    set_whole(file, "fit_sums", sizes.arena - sizes.fit - l->work);
    set_whole(file, "fit_together", FIRMWARE_FIT_TOGETHER);
}

static const char *upper_case(struct arena *arena, const char *name)
{
    char *upper = arena_strdup(arena, name);
    for (char *c = upper; *c; c++)
        *c = (char)toupper((unsigned char)*c);
    return upper;
}

static const char *sha_words(struct arena *arena, const char *hex)
{
    struct text text;
    text_init(&text, arena);
    for (int i = 0; i < 8; i++)
        text_printf(&text, "%s0x%.8su", i ? ", " : "", hex + 8 * i);
    return text.data;
}

static void set_names(const struct lists *l)
{
    struct values *file = l->emit->file;
    const char *name = emit_symbol(l->emit->arena, l->program->name);
    const char *upper = upper_case(l->emit->arena, name);
    values_set(file, "file", emit_file_name(l->program));
    values_set(file, "upper", upper);
    values_printf(file, "guard", "INVAR_FIRMWARE_%s_H", upper);
    set_whole(file, "abi", FIRMWARE_ABI);
    set_whole(file, "numerics", INV_NUMERICS);
    values_set(file, "model_words", sha_words(l->emit->arena, l->program->model_sha256));
}

/* A variable of phase generate, where it has that. */
static void list_of_text(const struct lists *l, struct values *text, const char *list, int variable)
{
    if (variable >= 0)
        set_whole(values_add_item(text, list), "offset",
                  program_variable(l->program, variable)->offset - l->program->text_start);
}

/* Token by token, where that is proved to be the whole window's text. */
static void list_text(const struct lists *l)
{
    const struct generate_desc *g = l->program->generate;
    if (!l->program->phase[PHASE_GENERATE])
        return;
    const struct data_field *field = &l->program->data.field[g->field];
    const struct variable *input = program_variable(l->program, field->input);
    struct values *text = values_add_item(l->emit->file, "text");
    set_whole(text, "places", row_elements(input));
    set_whole(text, "classes", input->classes);
    set_whole(text, "text_bytes", l->program->text_bytes);
    values_set(text, "temperature", emit_float(l->emit->arena, g->temperature));
    set_whole(text, "top_k", g->top_k);
    uint64_t seed = g->has_seed ? g->seed : l->program->train.seed;
    values_printf(text, "text_seed", "%" PRIu64 "u", seed);
    values_printf(text, "stream", "0x%08" PRIx32 "u", g->stream);
    list_of_text(l, text, "place", g->place);
    list_of_text(l, text, "token", g->token);
    list_of_text(l, text, "logits", g->logits);
}

/* Fills emit->file with all that the two templates need. */
static void firmware_open(struct emit *emit, const struct program *program)
{
    *emit = (struct emit){.program = program, .arena = program->arena,
                          .target = &target_firmware, .file = values_new(program->arena)};
    struct lists l = {.emit = emit, .program = program, .work = firmware_work_start(program)};
    emit_parts(emit);
    set_names(&l);
    set_data(&l);
    set_sizes(&l);
    set_watch(&l);
    int64_t row_cost = 0;
    for (int i = 0; i < program->data.field_count; i++) {
        list_field(&l, &program->data.field[i]);
        row_cost += row_elements(program_variable(program, program->data.field[i].input));
    }
    list_variables(&l);
    set_whole(emit->file, "row_cost", row_cost + 1);
    set_whole(emit->file, "loss_count", list_reports(&l));
    set_whole(emit->file, "loss_offset",
              program_variable(program, program->report[0].variable)->offset - l.work);
    if (has_fits(program))
        values_add_item(emit->file, "fits");
    if (has_loops(program))
        set_whole(values_add_item(emit->file, "has_loops"), "numbers", emit->numbers + 1);
    list_text(&l);
    list_weights(&l);
}

void emit_firmware(const struct program *program, struct text *out)
{
    struct emit emit;
    firmware_open(&emit, program);
    template_render("templates/program/firmware.c", emit.file, &out[0]);
    template_render("templates/program/operators.c", emit.file, &out[0]);
    template_render("templates/program/firmware.h", emit.file, &out[1]);
}

/* ---- what lies beside it ---- */

static const char *lower_case(struct arena *arena, const char *name)
{
    char *lower = arena_strdup(arena, name);
    for (char *c = lower; *c; c++)
        *c = (char)tolower((unsigned char)*c);
    return lower;
}

/* The text of a template as a value of others. */
static void set_part(struct values *file, const char *key, const char *path)
{
    struct text part;
    text_init(&part, values_arena(file));
    template_render(path, file, &part);
    values_set(file, key, part.data);
}

/* Whether there are rows that are split, and the parts that have files of their own. */
static void list_parts(const struct lists *l)
{
    static const char *const parts[] = {"TRAIN", "VAL", "TEST"};
    const struct data_desc *data = &l->program->data;
    if (has_main_rows(data))
        values_add_item(l->emit->file, "main");
    for (int part = 0; part < 3; part++)
        if (has_own_rows(data, part))
            values_set(values_add_item(l->emit->file, "own"), "part", parts[part]);
}

void emit_firmware_beside(const struct program *program, const char *path, struct text *out)
{
    enum { OWN_STACK = 4096 };          /* of an example, for printf above all */
    struct values *file = values_new(program->arena);
    struct emit emit = {.program = program, .arena = program->arena, .file = file};
    struct lists l = {.emit = &emit, .program = program};
    set_names(&l);
    set_data(&l);
    for (int i = 0; i < program->data.field_count; i++)
        list_field(&l, &program->data.field[i]);
    if (program->train.keep_best)
        values_add_item(file, "keeps");
    list_parts(&l);
    values_set(file, "model", emit_symbol(program->arena, program->name));
    values_set(file, "library", lower_case(program->arena, emit_file_name(program)));
    values_set(file, "report", member_name(program->arena, program->report[0].name));
    set_whole(file, "stack", emit_firmware_stack_bytes(program) + OWN_STACK);
    set_part(file, "train", "templates/firmware/train.c");
    set_part(file, "console", "templates/firmware/console.c");
    template_render(path, file, out);
}

int64_t emit_firmware_stack_bytes(const struct program *program)
{
    return emit_stack(program, &target_firmware);
}
