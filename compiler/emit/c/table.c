/* The tables of runtime/include/invar.h. */
#include <inttypes.h>
#include <string.h>
#include "emit/c/table.h"
#include "emit/text.h"
#include "graph/program_text.h"

static const char *const kinds[] = {
    [VAR_PARAM] = "INV_PARAM", [VAR_BUFFER] = "INV_BUFFER", [VAR_BLOCK] = "INV_BLOCK",
    [VAR_STATE] = "INV_STATE", [VAR_AVERAGE] = "INV_AVERAGE",
    [VAR_ACCUMULATOR] = "INV_ACCUMULATOR", [VAR_RAW] = "INV_RAW", [VAR_INPUT] = "INV_INPUT",
    [VAR_SAMPLE] = "INV_SAMPLE", [VAR_LOSS] = "INV_LOSS", [VAR_REPORT] = "INV_REPORT",
    [VAR_OUTPUT] = "INV_OUTPUT", [VAR_COLLECTED] = "INV_COLLECTED", [VAR_SHARD] = "INV_SHARD",
    [VAR_TOKEN] = "INV_TOKEN", [VAR_KEPT] = "INV_KEPT", [VAR_LOGITS] = "INV_LOGITS"};
static const char *const rankings[] = {
    [RANKING_ROC_AREA] = "INV_ROC_AREA", [RANKING_AVERAGE_PRECISION] = "INV_AVERAGE_PRECISION"};
static const char *const dtypes[] = {
    [F32] = "INV_F32", [I32] = "INV_I32", [BOOL] = "INV_BOOL", [I64] = "INV_I64"};
static const char *const sources[] = {
    [SOURCE_CSV] = "INV_CSV", [SOURCE_IDX] = "INV_IDX", [SOURCE_NPY] = "INV_NPY",
    [SOURCE_NPZ] = "INV_NPZ", [SOURCE_SAFETENSORS] = "INV_SAFETENSORS",
    [SOURCE_RAW] = "INV_FILE_RAW", [SOURCE_CIFAR10] = "INV_CIFAR10",
    [SOURCE_CIFAR100] = "INV_CIFAR100", [SOURCE_LINES] = "INV_FILE_LINES",
    [SOURCE_TEXT] = "INV_FILE_TEXT",
    [SOURCE_TOKENS_U8] = "INV_TOKENS_U8", [SOURCE_TOKENS_U16] = "INV_TOKENS_U16",
    [SOURCE_TOKENS_U32] = "INV_TOKENS_U32", [SOURCE_RANDOM] = "INV_RANDOM"};
static const char *const fits[] = {
    [FIT_NONE] = "INV_FIT_NONE", [FIT_ZSCORE] = "INV_FIT_ZSCORE", [FIT_MINMAX] = "INV_FIT_MINMAX"};

static const char *const keys[] = {
    [KEY_NONE] = "INV_NO_KEY", [KEY_PART] = "INV_KEY_PART", [KEY_GROUP] = "INV_KEY_GROUP",
    [KEY_ORDER] = "INV_KEY_ORDER"};
static const char *const forms[] = {
    [FORM_NUMBER] = "INV_CELL_NUMBER", [FORM_MISSING] = "INV_CELL_MISSING",
    [FORM_DAYS] = "INV_CELL_DAYS", [FORM_SECONDS] = "INV_CELL_SECONDS",
    [FORM_WEEKDAY] = "INV_CELL_WEEKDAY", [FORM_MONTH] = "INV_CELL_MONTH",
    [FORM_YEAR] = "INV_CELL_YEAR", [FORM_DAY_OF_YEAR] = "INV_CELL_DAY_OF_YEAR",
    [FORM_IMAGE] = "INV_CELL_IMAGE", [FORM_SOUND] = "INV_CELL_SOUND"};
static const char *const missing[] = {
    [MISSING_ERROR] = "INV_MISSING_ERROR", [MISSING_DROP] = "INV_MISSING_DROP",
    [MISSING_VALUE] = "INV_MISSING_VALUE", [MISSING_MEAN] = "INV_MISSING_MEAN",
    [MISSING_MEDIAN] = "INV_MISSING_MEDIAN"};

static void set_string(struct values *values, const char *key, const char *string)
{
    struct arena *arena = values_arena(values);
    values_set(values, key, emit_string(arena, string));
}

static void set_whole(struct values *values, const char *key, int64_t value)
{
    values_printf(values, key, "%" PRId64, value);
}

static void set_dims(struct values *values, int rank, const int64_t *dim)
{
    struct text text;
    text_init(&text, values_arena(values));
    text_puts(&text, rank == 0 ? "0" : "");
    for (int i = 0; i < rank; i++)
        text_printf(&text, "%s%" PRId64, i == 0 ? "" : ", ", dim[i]);
    values_set(values, "dims", text.data);
}

int64_t emit_gradient(const struct emit *emit, const struct variable *variable)
{
    int by = variable->updated_by;
    return by ? emit->program->variable[by - 1]->offset : 0;
}

int64_t emit_group_gradient(const struct emit *emit, const struct graph *graph,
                            const struct group *group)
{
    int64_t gradient = 0;
    for (int m = 0; m < group->count && graph == emit->program->phase[PHASE_UPDATE]; m++) {
        const struct node *node = graph_node(graph, group->node[m]);
        if (node->op == OP_STORE)
            gradient = emit_gradient(emit, emit->program->variable[node->attr.variable]);
    }
    return gradient;
}

/* Of what is kept from batch to batch all rows are there. */
static struct shape table_shape(const struct program *program, const struct variable *variable)
{
    struct shape shape = variable->shape;
    if (variable->kind == VAR_STATE && shape.rows >= 0) {
        shape.dim[shape.rows] = program->train.rows;
        shape.rows = -1;
    }
    return shape;
}

static void emit_variables(struct emit *emit)
{
    const struct program *program = emit->program;
    for (int i = 0; i < program->variable_count; i++) {
        const struct variable *variable = program->variable[i];
        struct shape shape = table_shape(program, variable);
        struct values *item = values_add_item(emit->file, "variable");
        set_string(item, "path", variable->path);
        values_set(item, "kind", kinds[variable->kind]);
        values_set(item, "dtype", dtypes[variable->dtype]);
        set_whole(item, "rank", shape.rank);
        set_whole(item, "rows", shape.rows);
        set_dims(item, shape.rank, shape.dim);
        set_whole(item, "classes", variable->classes);
        set_whole(item, "offset", variable->offset);
        set_whole(item, "gradient", emit_gradient(emit, variable));
    }
    set_whole(emit->file, "variable_count", program->variable_count);
}

/* What training begins with of files of weights. */
static void emit_loads(struct emit *emit)
{
    const struct program *program = emit->program;
    struct values *list = NULL;
    int count = 0;
    for (int i = 0; i < program->variable_count && !program->only_predicts; i++) {
        const struct loaded *loaded = program->variable[i]->loaded;
        if (!loaded)
            continue;
        if (!list)
            list = values_add_item(emit->file, "loads");
        struct values *item = values_add_item(list, "load");
        set_whole(item, "variable", i);
        set_string(item, "path", loaded->file);
        set_string(item, "name", loaded->name);
        count++;
    }
    if (list)
        set_whole(list, "count", count);
}

static void emit_files(struct emit *emit)
{
    const struct data_desc *data = &emit->program->data;
    for (int i = 0; i < data->file_count; i++) {
        const struct data_file *file = &data->file[i];
        struct values *item = values_add_item(emit->file, "file");
        set_string(item, "name", file->name ? file->name : "");
        set_string(item, "path", file->path);
        values_set(item, "kind", sources[file->kind]);
        values_set(item, "dtype", dtypes[file->raw_dtype]);
        set_whole(item, "rank", file->rank);
        set_dims(item, file->rank, file->dim);
        set_string(item, "member", file->member);
    }
    set_whole(emit->file, "file_count", data->file_count);
}

/* The listed class names of a field, as an array of the file; "NULL" where there are none. */
static const char *emit_classes(struct emit *emit, const struct data_field *field, int number)
{
    if (!field->class_name)
        return "NULL";
    const char *name = arena_printf(emit->arena, "classes_%d", number);
    struct values *list = values_add_item(emit->file, "classes");
    values_set(list, "name", name);
    for (int i = 0; i < field->class_count; i++)
        set_string(values_add_item(list, "class"), "class", field->class_name[i]);
    return name;
}

/* The columns of a field, as an array of the file; "NULL" where there are none. */
static const char *emit_ranges(struct emit *emit, const struct data_field *field, int number)
{
    if (field->range_count == 0)
        return "NULL";
    const char *name = arena_printf(emit->arena, "columns_%d", number);
    struct values *list = values_add_item(emit->file, "columns");
    values_set(list, "name", name);
    for (int i = 0; i < field->range_count; i++) {
        struct values *item = values_add_item(list, "range");
        set_whole(item, "first", field->range[i].first);
        set_whole(item, "last", field->range[i].last);
        set_string(item, "first_name", field->range[i].first_name);
        set_string(item, "last_name", field->range[i].last_name);
    }
    return name;
}

/* How files that cells name are read. */
static const char *reader(const struct program *program)
{
    return program_reads(program, FORM_IMAGE)   ? "&inv_images"
           : program_reads(program, FORM_SOUND) ? "&inv_sounds"
                                                : "NULL";
}

static void emit_csv(struct emit *emit)
{
    const struct csv_desc *csv = &emit->program->data.csv;
    struct values *file = emit->file;
    set_whole(file, "header", csv->header);
    set_whole(file, "delimiter", csv->delimiter);
    set_whole(file, "decimal", csv->decimal ? csv->decimal : '.');
    set_whole(file, "comment", csv->comment);
    set_whole(file, "skip", csv->skip);
    values_set(file, "files", reader(emit->program));
    set_whole(file, "na_count", csv->has_na ? csv->na_count : -1);
    for (int i = 0; i < csv->na_count; i++)
        set_string(values_add_item(file, "na"), "text", csv->na[i]);
}

static void emit_field(struct emit *emit, const struct data_field *field, int number)
{
    struct values *item = values_add_item(emit->file, "field");
    set_string(item, "name", field->name);
    set_whole(item, "label", field->label);
    values_set(item, "key", keys[field->key]);
    set_string(item, "file", field->array ? field->array : "");
    values_set(item, "ranges", emit_ranges(emit, field, number));
    set_whole(item, "range_count", field->range_count);
    values_set(item, "form", forms[field->form]);
    if (field->form == FORM_SOUND) {
        struct values *sound = values_add_item(item, "sound");
        set_whole(sound, "samples", field->sound.samples);
        set_whole(sound, "rate", field->sound.rate);
        set_whole(sound, "channels", field->sound.channels);
        set_whole(sound, "fill", field->sound.fill);
        set_whole(sound, "cut", field->sound.cut);
        set_whole(sound, "pieces", field->sound.pieces);
    }
    values_set(item, "missing", missing[field->missing]);
    values_set(item, "missing_value", emit_float(emit->arena, field->missing_value));
    set_whole(item, "fill", field->fill);
    set_whole(item, "text", field->text);
    set_string(item, "expression", field->expression);
    set_whole(item, "class_count", field->class_name ? field->class_count : 0);
    values_set(item, "class_name", emit_classes(emit, field, number));
    set_whole(item, "image", field->image);
    values_set(item, "fit", fits[field->fit]);
    set_whole(item, "raw", field->raw);
    set_whole(item, "input", field->input);
    if (field->rows || field->from) {
        struct values *window = values_add_item(item, "window");
        set_whole(window, "from", field->from);
        set_whole(window, "rows", field->rows);
        set_whole(window, "single", field->single);
    }
    set_whole(item, "fit_a", field->fit_a);
    set_whole(item, "fit_b", field->fit_b);
    set_whole(item, "balance", field->balance);
    set_whole(item, "weight", field->weight);
}

static void emit_data(struct emit *emit)
{
    const struct data_desc *data = &emit->program->data;
    struct values *file = emit->file;
    char key[65];
    for (int i = 0; i < data->field_count; i++)
        emit_field(emit, &data->field[i], i);
    set_string(file, "data_name", data->name ? data->name : "");
    values_set(file, "data_kind", sources[data->kind]);
    for (int i = 0; i < SOURCE_COUNT; i++) {
        struct values *item = values_add_item(file, "source");
        set_whole(item, "first", data->source[i].first_file);
        set_whole(item, "count", data->source[i].file_count);
    }
    emit_csv(emit);
    program_rows_key(emit->program, key);
    values_set(file, "rows_key", arena_strdup(emit->arena, key));
    set_whole(file, "rows_seeded", program_draws_rows(emit->program));
    set_whole(file, "data_rows", data->rows);
    if (data->window) {
        struct values *windows = values_add_item(file, "windows");
        set_whole(windows, "window", data->window);
        set_whole(windows, "stride", data->stride);
    }
    set_whole(file, "field_count", data->field_count);
    values_printf(file, "train_share", "%.17g", data->train_share);
    values_printf(file, "val_share", "%.17g", data->val_share);
    values_printf(file, "test_share", "%.17g", data->test_share);
    set_whole(file, "fold", data->fold);
    set_whole(file, "folds", data->folds);
    set_whole(file, "stratify", data->stratify);
    for (int i = 0; i < 3; i++)
        set_string(values_add_item(file, "part_value"), "value", data->part_value[i]);
    set_whole(file, "split_shuffle", data->shuffle);
    set_whole(file, "has_seed", data->has_seed);
    values_printf(file, "data_seed", "%" PRIu64 "u", data->seed);
    values_printf(file, "stream_split", "0x%08" PRIx32 "u", emit->program->stream_split);
    values_printf(file, "stream_shuffle", "0x%08" PRIx32 "u", emit->program->stream_shuffle);
}

/* So many first bytes of the sums stay as they are when so many groups of train have run. */
static int64_t settled_bytes(const struct program *program, int groups)
{
    int64_t bytes = program->sums_bytes;
    for (int i = 0; i < program->variable_count; i++) {
        const struct variable *v = program->variable[i];
        bool sum = v->kind == VAR_SHARD || v->kind == VAR_LOSS;
        if (sum && v->settled > groups && v->offset - program->sums < bytes)
            bytes = v->offset - program->sums;
    }
    return bytes;
}

/* Phases that are lists of steps tell when each has run. */
static bool tells_settled(const struct emit *emit)
{
    return program_has_shards(emit->program) && strcmp(emit->target->phase_list, "steps") == 0;
}

static void emit_settled(struct emit *emit)
{
    const struct program *program = emit->program;
    const struct schedule *schedule = program->phase[PHASE_TRAIN]->schedule;
    struct values *list = values_add_item(emit->file, "settling");
    for (int g = 0; g < schedule->group_count; g++) {
        if (schedule->group[g].chunks)
            set_whole(values_add_item(list, "settled"), "bytes", settled_bytes(program, g));
        set_whole(values_add_item(list, "settled"), "bytes", settled_bytes(program, g + 1));
    }
}

static void emit_shards(struct emit *emit)
{
    const struct program *program = emit->program;
    struct values *list = values_add_item(emit->file, "sharded");
    set_whole(list, "shards", program->train.shards);
    set_whole(list, "step_rows", program->train.batch);
    set_whole(list, "sums", program->sums);
    set_whole(list, "sums_bytes", program->sums_bytes);
    values_set(list, "settled", tells_settled(emit) ? "train_settled" : "NULL");
    set_whole(list, "partial_sums", program->partial_sums);
    set_whole(list, "shard_begin", program->shard_begin);
    set_whole(list, "shard_end", program->shard_end);
}

static void emit_train(struct emit *emit)
{
    const struct train_desc *train = &emit->program->train;
    struct values *file = emit->file;
    values_printf(file, "seed", "%" PRIu64 "u", train->seed);
    set_whole(file, "epochs", train->epochs);
    set_whole(file, "steps", train->steps);
    set_whole(file, "batch", train->rows);
    if (program_updates_apart(emit->program))
        emit_shards(emit);
    if (tells_settled(emit))
        emit_settled(emit);
    set_whole(file, "shuffle", train->shuffle);
    set_whole(file, "drop_last", train->drop_last);
    set_whole(file, "streams", train->streams);
    set_whole(file, "patience", train->patience);
    values_set(file, "patience_by", emit_float(emit->arena, train->patience_by));
    values_set(file, "average", emit_float(emit->arena, train->average));
    set_string(file, "keep_best", train->keep_best);
}

static void emit_reports(struct emit *emit)
{
    const struct program *program = emit->program;
    for (int i = 0; i < program->report_count; i++) {
        struct values *item = values_add_item(emit->file, "report");
        set_string(item, "name", program->report[i].name);
        set_whole(item, "loss", program->report[i].loss);
        set_whole(item, "better_lower", program->report[i].better_lower);
        set_whole(item, "variable", program->report[i].variable);
    }
    set_whole(emit->file, "report_count", program->report_count);
}

static void emit_rankings(struct emit *emit)
{
    const struct program *program = emit->program;
    if (program->ranking_count == 0)
        return;
    struct values *list = values_add_item(emit->file, "ranks");
    set_whole(list, "count", program->ranking_count);
    for (int i = 0; i < program->ranking_count; i++) {
        struct values *item = values_add_item(list, "ranking");
        values_set(item, "form", rankings[program->ranking[i].form]);
        set_whole(item, "score", program->ranking[i].score);
        set_whole(item, "mark", program->ranking[i].mark);
        set_whole(item, "total", program->ranking[i].total);
    }
}

static void emit_watched(struct emit *emit)
{
    const struct program *program = emit->program;
    if (program->watched_count == 0)
        return;
    struct values *list = values_add_item(emit->file, "watches");
    set_whole(list, "count", program->watched_count);
    for (int i = 0; i < program->watched_count; i++) {
        struct values *item = values_add_item(list, "watched");
        set_whole(item, "val", !strcmp(program->watched[i].part, "val"));
        set_whole(item, "report", program->watched[i].report);
        set_whole(item, "variable", program->watched[i].variable);
    }
}

static void emit_rates(struct emit *emit)
{
    const struct program *program = emit->program;
    if (program->rate_count == 0)
        return;
    struct values *list = values_add_item(emit->file, "has_rates");
    set_whole(list, "count", program->rate_count);
    for (int i = 0; i < program->rate_count; i++) {
        struct values *item = values_add_item(list, "rate");
        set_string(item, "name", program->rate[i].name);
        values_set(item, "value", emit_float(emit->arena, program->rate[i].value));
        set_whole(item, "variable", program->rate[i].variable);
    }
}

static void emit_included(struct emit *emit)
{
    const struct program *program = emit->program;
    if (program->included_count == 0)
        return;
    struct values *list = values_add_item(emit->file, "includes");
    for (int i = 0; i < program->included_count; i++)
        set_string(values_add_item(list, "include"), "path",
                   program_file(program, program->included[i]));
}

static void emit_defines(struct emit *emit)
{
    const struct program *program = emit->program;
    struct values *list = program->define_count ? values_add_item(emit->file, "defines") : NULL;
    for (int i = 0; i < program->define_count; i++)
        set_string(values_add_item(list, "define"), "text", program->define[i]);
}

/* Outputs that stand for named classes; nothing where there are none. */
static void emit_labels(struct emit *emit)
{
    const struct program *program = emit->program;
    struct values *list = NULL;
    int count = 0;
    for (int i = 0; i < program->variable_count; i++) {
        const struct variable *variable = program->variable[i];
        if (!variable->labels)
            continue;
        if (!list)
            list = values_add_item(emit->file, "labels");
        struct values *item = values_add_item(list, "label");
        set_whole(item, "variable", i);
        set_whole(item, "field", variable->labels - 1);
        count++;
    }
    if (list)
        set_whole(list, "count", count);
}

static void emit_generate(struct emit *emit)
{
    const struct generate_desc *g = emit->program->generate;
    if (!g)
        return;
    struct values *item = values_add_item(emit->file, "generates");
    set_whole(item, "output", g->output);
    set_whole(item, "field", g->field);
    set_whole(item, "place", g->place);
    set_whole(item, "token", g->token);
    set_whole(item, "logits", g->logits);
    set_string(item, "prompt", g->prompt);
    set_whole(item, "tokens", g->count);
    set_whole(item, "top_k", g->top_k);
    values_set(item, "temperature", emit_float(emit->arena, g->temperature));
    set_whole(item, "has_seed", g->has_seed);
    values_printf(item, "seed", "%" PRIu64 "u", g->seed);
    values_printf(item, "stream", "0x%08" PRIx32 "u", g->stream);
}

void emit_tables(struct emit *emit)
{
    const struct program *program = emit->program;
    emit_generate(emit);
    emit_variables(emit);
    emit_loads(emit);
    emit_files(emit);
    emit_data(emit);
    emit_train(emit);
    emit_reports(emit);
    emit_rankings(emit);
    emit_watched(emit);
    emit_rates(emit);
    emit_included(emit);
    emit_defines(emit);
    emit_labels(emit);
    set_string(emit->file, "name", program->name);
    set_string(emit->file, "path", program_file(program, program->model_path));
    values_set(emit->file, "sha256", program->model_sha256);
    set_whole(emit->file, "arena_bytes", program->arena_bytes);
    set_whole(emit->file, "stack_bytes", emit->stack + emit->program->band_bytes);
    set_whole(emit->file, "saved_bytes", program->saved_bytes);
    set_whole(emit->file, "sample", program->sample);
    set_whole(emit->file, "trace_count", emit->trace_count);
}
