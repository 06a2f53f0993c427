/* `data`: where rows come from, fields as expressions of cells, split, augmentation. */
#include <string.h>
#include "lower/arguments.h"
#include "lower/body.h"
#include "lower/call.h"
#include "lower/csv.h"
#include "lower/data.h"
#include "lower/expr.h"
#include "lower/model.h"
#include "lower/sequence.h"
#include "lower/split.h"
#include "lower/units.h"
#include "lower/variable.h"
#include "lower/weight.h"

/* ---- sources: csv(...), idx(name = path), npz(path, name = member), random(n), ... ---- */
static const struct {
    const char *name;
    enum source_kind kind;
    enum dtype raw;
    enum cell_form listed;              /* a folder, as the table of such files in it; or 0 */
    bool archive;                       /* one file with named arrays in it */
    const char *array[3];               /* their names, where all such files have the same */
} sources[] = {
    {.name = "csv", .kind = SOURCE_CSV},
    {.name = "images", .kind = SOURCE_CSV, .listed = FORM_IMAGE},
    {.name = "sounds", .kind = SOURCE_CSV, .listed = FORM_SOUND},
    {.name = "idx", .kind = SOURCE_IDX},
    {.name = "npy", .kind = SOURCE_NPY},
    {.name = "npz", .kind = SOURCE_NPZ, .archive = true},
    {.name = "safetensors", .kind = SOURCE_SAFETENSORS, .archive = true},
    {.name = "cifar10", .kind = SOURCE_CIFAR10, .array = {"image", "label"}},
    {.name = "cifar100", .kind = SOURCE_CIFAR100, .array = {"image", "fine", "coarse"}},
    {.name = "raw_f32", .kind = SOURCE_RAW},
    {.name = "raw_u8", .kind = SOURCE_RAW, .raw = I32},
    {.name = "lines", .kind = SOURCE_LINES},
    {.name = "text", .kind = SOURCE_TEXT},
    {.name = "tokens_u8", .kind = SOURCE_TOKENS_U8},
    {.name = "tokens_u16", .kind = SOURCE_TOKENS_U16},
    {.name = "tokens_u32", .kind = SOURCE_TOKENS_U32},
    {.name = "random", .kind = SOURCE_RANDOM},
    {.name = "synthetic", .kind = SOURCE_RANDOM},
};

enum { SOURCE_KINDS = (int)(sizeof sources / sizeof *sources) };

const char *data_source(int i)
{
    return i < SOURCE_KINDS ? sources[i].name : NULL;
}

static void add_file(struct lower *l, const char *name, const char *path, const char *member,
                     int source)
{
    struct data_desc *data = &l->program->data;
    ARENA_PUSH(l->arena, data->file, data->file_count, data->file_room) =
        (struct data_file){.name = name,
                           .path = path,
                           .member = member,
                           .kind = sources[source].kind,
                           .raw_dtype = sources[source].raw};
}

bool lower_text(struct lower *l, const struct ast *ast, const char **text)
{
    struct value v = ast->kind == AST_NAMED ? value_none(ast->span)
                                            : lower_expr(l, l->current, ast);
    *text = v.kind == V_STRING ? v.text : NULL;
    return *text || v.kind == V_ERROR;
}

/* A file of a source that has one kind of cells: they need no name. */
static void add_only(struct lower *l, const char *path)
{
    int source = 0;
    while (sources[source].kind != l->program->data.kind)
        source++;
    add_file(l, "", path, NULL, source);
}

static void source_files(struct lower *l, const struct ast *arguments, int source)
{
    for (int i = 0; i < arguments->count; i++) {
        const struct ast *a = arguments->kid[i];
        const char *path = NULL;
        if (a->kind != AST_NAMED)
            diag_error(l->diags, a->span,
                       "files have names here: %s(images = \"a.gz\", labels = \"b.gz\")",
                       sources[source].name);
        else if (!lower_text(l, a->kid[0], &path))
            diag_error(l->diags, a->kid[0]->span, "the path of a file is a text: %s = \"a.gz\"",
                       a->text);
        else if (path)
            add_file(l, a->text, path, NULL, source);
    }
    if (arguments->count == 0)
        diag_error(l->diags, arguments->span, "'%s' needs at least one file", sources[source].name);
}

/* npz("digits.npz", images = "x_train", y): a bare name is the array of that name. */
static void source_archive(struct lower *l, const struct ast *arguments, int source)
{
    const char *path = NULL, *member = NULL;
    bool good = arguments->count > 1 && lower_text(l, arguments->kid[0], &path);
    for (int i = 1; good && path && i < arguments->count; i++) {
        const struct ast *a = arguments->kid[i];
        good = a->kind == AST_NAME || (a->kind == AST_NAMED && lower_text(l, a->kid[0], &member));
        if (good && (a->kind == AST_NAME || member))
            add_file(l, a->text, path, a->kind == AST_NAME ? a->text : member, source);
    }
    if (!good) {
        struct diag *d = diag_error(l->diags, arguments->span,
                                    "'%s' takes a file and the names of arrays in it",
                                    sources[source].name);
        diag_help(d, "write: %s(\"digits.%s\", images = \"x_train\", labels = \"y_train\")",
                  sources[source].name, sources[source].name);
    }
}

/* cifar10("data_batch_*.bin"): its arrays have names of their own. */
static void source_records(struct lower *l, const struct ast *arguments, int source)
{
    const char *path = NULL;
    if (arguments->count == 1 && lower_text(l, arguments->kid[0], &path))
        for (int i = 0; path && i < 3 && sources[source].array[i]; i++)
            add_file(l, sources[source].array[i], path, sources[source].array[i], source);
    else
        diag_error(l->diags, arguments->span,
                   "'%s' takes one file, or a pattern of several: %s(\"batch_*.bin\")",
                   sources[source].name, sources[source].name);
}

void lower_help_arrays(struct lower *l, struct diag *d)
{
    const struct data_desc *data = &l->program->data;
    const char *list = "";
    for (int i = 0; i < data->file_count; i++) {
        bool told = !*data->file[i].name;
        for (int j = 0; j < i; j++)
            told |= !strcmp(data->file[i].name, data->file[j].name);
        if (!told)
            list = arena_printf(l->arena, "%s%s%s", list, *list ? ", " : "", data->file[i].name);
    }
    if (*list)
        diag_help(d, "the arrays of this source are called: %s", list);
}

/* A name that a source gives to two arrays from file `first` on could mean either. */
static void check_file_names(struct lower *l, const struct ast *ast, int first)
{
    const struct data_desc *data = &l->program->data;
    for (int i = first; i < data->file_count; i++)
        for (int j = first; j < i; j++)
            if (*data->file[i].name && !strcmp(data->file[i].name, data->file[j].name)) {
                diag_error(l->diags, ast->span, "two arrays of this source are named '%s'",
                           data->file[i].name);
                return;
            }
}

static void source_random(struct lower *l, const struct ast *call, bool part)
{
    if (part) {
        diag_error(l->diags, call->span,
                   "rows that are drawn have no part of their own; use 'split'");
        return;
    }
    const struct ast *arguments = call->kid[1];
    struct value v = arguments->count == 1 ? lower_expr(l, l->current, arguments->kid[0])
                                           : value_none(call->span);
    int64_t rows;
    if (v.kind == V_ERROR)
        return;
    if (!value_whole(v, &rows) || rows < 1)
        diag_error(l->diags, call->span, "'random' takes a number of rows: random(100)");
    else
        l->program->data.rows = rows;
}

void lower_source(struct lower *l, const struct ast *ast, bool part)
{
    struct data_desc *data = &l->program->data;
    int i = 0;
    bool call = ast->kind == AST_CALL && ast->kid[0]->kind == AST_NAME;
    while (call && i < SOURCE_KINDS && strcmp(sources[i].name, ast->kid[0]->text))
        i++;
    if (!call || i == SOURCE_KINDS) {
        const char *choice[SOURCE_KINDS];
        for (int k = 0; k < SOURCE_KINDS; k++)
            choice[k] = sources[k].name;
        struct diag *d = diag_error(l->diags, ast->span, "unknown data source");
        const char *near = call ? diag_nearest(ast->kid[0]->text, choice, SOURCE_KINDS) : NULL;
        if (near)
            diag_help(d, "did you mean '%s'?", near);
        else
            diag_help(d, "there are csv, images, sounds, idx, npy, npz, safetensors, cifar10, "
                         "cifar100, raw_f32, raw_u8, lines, text, tokens_u8, tokens_u16, "
                         "tokens_u32 and random");
        return;
    }
    if (data->file_count == 0 && data->rows == 0)
        data->kind = sources[i].kind;
    else if (data->kind != sources[i].kind
             || (sources[i].listed && data->listed && sources[i].listed != data->listed))
        diag_error(l->diags, ast->span, "all parts of a data set have the same kind of source");
    int first = data->file_count;
    data->listed = data->listed ? data->listed : sources[i].listed;
    if (sources[i].listed)
        lower_source_listed(l, ast, add_only);
    else if (sources[i].kind == SOURCE_CSV)
        lower_source_csv(l, ast->kid[1], add_only);
    else if (sources[i].archive)
        source_archive(l, ast->kid[1], i);
    else if (sources[i].array[0])
        source_records(l, ast->kid[1], i);
    else if (sources[i].kind == SOURCE_LINES || lower_is_sequence(sources[i].kind))
        lower_source_sequence(l, ast, add_only);
    else if (sources[i].kind == SOURCE_RANDOM)
        source_random(l, ast, part);
    else
        source_files(l, ast->kid[1], i);
    check_file_names(l, ast, first);
}

/* ---- cells of a field ---- */
/* Whether the field is its cells: one name of a file, or one call of column or columns.  Else only
 * what the expression makes of them must be a class, and they are whole numbers. */
static bool takes_cells(const struct ast *expr)
{
    if (expr->kind == AST_PARENS)
        return expr->count == 1 && takes_cells(expr->kid[0]);
    static const char *const readers[] = {"column", "columns", "chars", "bytes", "tokens"};
    const struct ast *name = expr->kind == AST_CALL ? expr->kid[0] : expr;
    bool reads = expr->kind == AST_NAME;
    for (size_t i = 0; i < sizeof readers / sizeof *readers && name->kind == AST_NAME; i++)
        reads |= !strcmp(name->text, readers[i]);
    return name->kind == AST_NAME && reads;
}

/* Of a sound its samples, else what the field is. */
static struct shape cells_shape(const struct data_field *field, const struct variable *single)
{
    const struct sound_desc *s = &field->sound;
    int64_t dim[2] = {s->samples, s->channels};
    return field->form == FORM_SOUND ? shape_rows(s->channels == 1 ? 1 : 2, dim, true)
                                     : single->shape;
}

int lower_raw_variable(struct lower *l, struct data_field *field, struct span span)
{
    struct program *p = l->program;
    struct variable *input = program_variable(p, field->single);
    if (field->raw >= 0) {
        lower_error(l, l->current, span, "a field reads its cells once");
        return -1;
    }
    enum dtype dtype = input->dtype;
    struct shape shape = cells_shape(field, input);
    const char *path = arena_printf(l->arena, "data/%s/cells", field->name);
    struct variable *raw = program_add_variable(p, VAR_RAW, path, dtype, &shape, span);
    raw->classes = field->text || !field->expression ? input->classes : 0;
    return field->raw = raw->id;
}

/* ---- fields ---- */
static bool field_names(struct lower *l, struct data_field *field, const struct ast *dims)
{
    bool all = dims->count > 0;
    for (int i = 0; i < dims->count; i++)
        all &= dims->kid[i]->kind == AST_STRING;
    if (!all)
        return false;
    field->class_name = ARENA_ARRAY(l->arena, const char *, dims->count);
    field->class_count = dims->count;
    for (int i = 0; i < dims->count; i++)
        field->class_name[i] = dims->kid[i]->text;
    field->text = true;
    return true;
}

/* The field's type: rank and dims of one row, the class count apart. */
static bool field_type(struct lower *l, struct data_field *field, const struct ast *type, int *rank,
                       int64_t *dim, int64_t *classes)
{
    const struct ast *dims = type && type->kind == AST_TYPE && type->count ? type->kid[0] : NULL;
    bool class = type && type->kind == AST_TYPE && !strcmp(type->text, "class");
    *rank = 0;
    *classes = 0;
    if (!type || type->kind != AST_TYPE || (!class && strcmp(type->text, "f32"))
        || (class && (!dims || !dims->count))) {
        diag_error(l->diags, type ? type->span : field->span,
                   "a field is f32[...], class[k] or class[\"a\", \"b\"]");
        return false;
    }
    if (class && field_names(l, field, dims)) {
        *classes = field->class_count;
        return true;
    }
    if (!lower_dims(l, l->current, dims, rank, dim))
        return false;
    if (class)
        *classes = dim[--*rank];
    return true;
}

/* The word of a named argument NAME = WORD of zscore and minmax, else NULL. */
static const char *fit_word(const struct ast *a, const char *name)
{
    bool named = !strcmp(a->text, name) && a->kid[0]->kind == AST_NAME;
    return named ? a->kid[0]->text : NULL;
}

/* units = scaled of a label; else, and with own, metrics and outputs have its own units. */
static void fit_units(struct lower *l, struct data_field *field, const struct ast *a)
{
    const char *word = fit_word(a, "units");
    bool scaled = word && !strcmp(word, "scaled");
    field->own_units = field->label && !scaled;
    if (!field->label || !word || (!scaled && strcmp(word, "own")))
        lower_error(l, l->current, a->span, "of a label, and only of a label, this may say "
                    "'units = scaled' or 'units = own'");
}

/* per = channel: a statistic for each place of the last axis; else, and with element, of a row. */
static void fit_per(struct lower *l, struct data_field *field, const struct ast *a)
{
    const char *word = fit_word(a, "per");
    field->fit_channels = word && !strcmp(word, "channel");
    if (!word || (!field->fit_channels && strcmp(word, "element")))
        lower_error(l, l->current, a->span, "statistics are 'per = element' of a row, or "
                    "'per = channel': of its last axis");
    else if (field->fit_channels && program_variable(l->program, field->single)->shape.rank < 2)
        lower_error(l, l->current, a->span, "field '%s' is one number a row, which has no "
                    "channels", field->name);
}

/* zscore and minmax stand last in a field's expression: E -> zscore, or zscore(E). */
static const struct ast *strip_fit(struct lower *l, struct data_field *field,
                                   const struct ast *expr)
{
    const struct ast *last = expr->kind == AST_CHAIN ? expr->kid[1] : expr;
    const struct ast *name = last->kind == AST_CALL ? last->kid[0] : last;
    int given = last->kind == AST_CALL ? last->kid[1]->count : 0;
    if (name->kind != AST_NAME || (strcmp(name->text, "zscore") && strcmp(name->text, "minmax")))
        return expr;
    field->fit = *name->text == 'z' ? FIT_ZSCORE : FIT_MINMAX;
    field->own_units = field->label;
    for (; given > 0 && last->kid[1]->kid[given - 1]->kind == AST_NAMED; given--) {
        const struct ast *a = last->kid[1]->kid[given - 1];
        (!strcmp(a->text, "per") ? fit_per : fit_units)(l, field, a);
    }
    if (given != (expr->kind != AST_CHAIN))
        lower_error(l, l->current, last->span, "write: columns(0..3) -> %s", name->text);
    if (program_variable(l->program, field->input)->classes)
        lower_error(l, l->current, last->span, "'%s' is for numbers, and field '%s' is a class",
                    name->text, field->name);
    return expr->kind == AST_CHAIN ? expr->kid[0] : given ? last->kid[1]->kid[0] : expr;
}

static void field_value(struct lower *l, struct data_field *field, struct value v, struct span span)
{
    struct variable *input = program_variable(l->program, field->single);
    if (input->classes && v.kind == V_TENSOR && value_node(l, v)->dtype == BOOL)
        v.node = graph_to(l->graph, I32, v.node);
    if (input->classes && v.kind == V_TENSOR && value_node(l, v)->dtype != I32) {
        struct diag *d = lower_error(l, l->current, span, "field '%s' is a class, and this is %s",
                                     field->name, value_describe(l, v));
        diag_help(d, "a class is a whole number: of +, - and * of cells, a comparison, "
                     "to_int(...)");
        return;
    }
    if (!input->classes) {
        v.classes = 0;
        v = value_to_f32(l, v);
    }
    if (v.kind != V_TENSOR)
        return;
    bool fits = shape_elements(&value_node(l, v)->shape) == shape_elements(&input->shape);
    if (!v.per_row || !fits) {
        struct value declared = value_tensor(l, lower_read(l, input->id), true, field->span);
        struct diag *d =
            lower_error(l, l->current, span, "field '%s' is %s, and its value %s", field->name,
                        value_describe(l, declared), value_describe(l, v));
        diag_note(d, field->span, "declared here");
        return;
    }
    if (!shape_equal(&value_node(l, v)->shape, &input->shape))
        v.node = graph_reshape(l->graph, v.node, &input->shape);
    graph_store(l->graph, field->single, v.node);
    if (field->missing == MISSING_MEAN || field->missing == MISSING_MEDIAN)
        lower_fill(l, field, v.node, span);
}

/* Fitted statistics are buffers, one for each element of a row or of its last axis, saved with the
 * weights. */
static void field_fit(struct lower *l, struct data_field *field)
{
    struct program *p = l->program;
    const char *names[2] = {field->fit == FIT_ZSCORE ? "mean" : "low",
                            field->fit == FIT_ZSCORE ? "deviation" : "range"};
    const struct shape *s = &program_variable(p, field->single)->shape;
    int first = field->fit_channels ? s->rank - 1 : 1;
    struct shape shape = shape_of(s->rank - first, -1, s->dim + first);
    int *fit[2] = {&field->fit_a, &field->fit_b};
    for (int i = 0; i < 2; i++) {
        const char *path = arena_printf(l->arena, "data/%s/%s", field->name, names[i]);
        *fit[i] = program_add_variable(p, VAR_BUFFER, path, F32, &shape, field->span)->id;
        lower_name_variable(l, *fit[i]);
        graph_store(p->phase[PHASE_INIT], *fit[i],
                    graph_fill(p->phase[PHASE_INIT], (float)i, &shape));
    }
    if (field->own_units)               /* scaled where the model reads it */
        return;
    if (!p->phase[PHASE_NORMALISE])
        p->phase[PHASE_NORMALISE] = graph_new(p, phase_name(PHASE_NORMALISE));
    struct graph *g = p->phase[PHASE_NORMALISE];
    g->span = field->span;
    graph_store(g, field->single, lower_scale(g, graph_read(g, field->single), field));
}

/* File names of the source are values in a field's expression. */
static bool bind_files(struct lower *l, struct frame *frame, struct data_field *field,
                       const struct ast *expr)
{
    struct data_desc *data = &l->program->data;
    if (expr->kind == AST_NAME)
        for (int i = 0; i < data->file_count; i++) {
            if (strcmp(data->file[i].name, expr->text) || frame_find(frame, expr->text))
                continue;
            int id = lower_raw_variable(l, field, expr->span);
            if (id < 0)
                return false;
            field->array = data->file[i].name;
            struct value v = value_tensor(l, lower_read(l, id), true, expr->span);
            v.classes = program_variable(l->program, id)->classes;
            frame_bind(l, frame, expr->text, v, expr->span);
        }
    for (int i = 0; i < expr->count; i++)
        if (expr->kid[i] && !bind_files(l, frame, field, expr->kid[i]))
            return false;
    return true;
}

/* Of a window, one row of the source: what cells, statistics and checks are of. */
static void window_field(struct lower *l, struct data_field *field, int rank, const int64_t *dim)
{
    const struct variable *input = program_variable(l->program, field->input);
    struct shape one = shape_rows(rank > 0 ? rank - 1 : 0, dim + 1, true);
    const char *path = arena_printf(l->arena, "data/%s/row", field->name);
    struct variable *single = program_add_variable(l->program, VAR_INPUT, path, input->dtype, &one,
                                                   field->span);
    single->classes = input->classes;
    field->single = single->id;
    field->image = false;
}

void lower_field(struct lower *l, const struct ast *ast, bool label)
{
    struct data_desc *data = &l->program->data;
    const struct ast *name = ast->kid[0], *expr = ast->count > 2 ? ast->kid[2] : NULL;
    int64_t dim[RANK_MAX], classes;
    int rank;
    struct data_field field = {.name = name->text,
                               .label = label,
                               .raw = -1,
                               .input = -1,
                               .fit_a = -1,
                               .fit_b = -1,
                               .fill = -1,
                               .balance = -1,
                               .span = ast->span};
    for (int i = 0; i < data->field_count; i++)
        if (!strcmp(data->field[i].name, name->text)) {
            struct diag *d =
                diag_error(l->diags, name->span, "field '%s' is declared twice", name->text);
            diag_note(d, data->field[i].span, "first here");
            return;
        }
    if (!expr) {
        diag_error(l->diags, ast->span, "field '%s' needs a value: = columns(0..3)", name->text);
        return;
    }
    if (!ast->kid[1] && !strcmp(ast->text, "weight")) /* a number for each row */
        rank = 0, classes = 0;
    else if (!field_type(l, &field, ast->kid[1], &rank, dim, &classes))
        return;
    struct shape shape = shape_rows(rank, dim, true);
    struct variable *input = program_add_variable(l->program, VAR_INPUT, name->text,
                                                  classes ? I32 : F32, &shape, ast->span);
    input->classes = classes;
    field.input = field.single = input->id;
    field.image = !classes && rank == 3 && (dim[2] == 1 || dim[2] == 3 || dim[2] == 4);
    struct frame frame = {.role = ROLE_DATA, .declaration = l->data_ast, .path = "", .caller = NULL,
                          .random_path = arena_printf(l->arena, "data/%s", name->text)};
    frame.path = frame.random_path;
    l->field = &field;
    l->current = &frame;
    int errors = diags_error_count(l->diags);
    expr = lower_strip_rows(l, &field, expr);
    if (field.rows || lower_is_sequence(data->kind))
        window_field(l, &field, rank, dim);
    expr = strip_fit(l, &field, expr);
    field.expression = !classes || takes_cells(expr) ? NULL : lower_span_text(l, expr->span);
    if (diags_error_count(l->diags) == errors && bind_files(l, &frame, &field, expr))
        field_value(l, &field, lower_expr(l, &frame, expr), expr->span);
    l->field = NULL;
    l->current = l->train_frame;
    if (field.fit && diags_error_count(l->diags) == errors)
        field_fit(l, &field);
    ARENA_PUSH(l->arena, data->field, data->field_count, data->field_room) = field;
}

/* ---- keys: columns that say how rows are split ---- */
void lower_key(struct lower *l, const struct ast *ast, enum key_kind key, const struct ast *expr)
{
    struct data_desc *data = &l->program->data;
    static const char *const name[] = {[KEY_PART] = "part", [KEY_GROUP] = "group",
                                       [KEY_ORDER] = "order"};
    struct shape shape = shape_rows(0, NULL, true);
    struct data_field field = {.name = arena_printf(l->arena, "(%s)", name[key]), .label = true,
                               .key = key, .raw = -1, .fit_a = -1, .fit_b = -1,
                               .fill = -1, .balance = -1, .span = ast->span};
    struct frame frame = {.role = ROLE_DATA, .declaration = l->data_ast, .path = field.name,
                          .random_path = field.name};
    if (!expr || !takes_cells(expr)) {
        struct diag *d = diag_error(l->diags, expr ? expr->span : ast->span,
                                    "this takes a column, or a named file, as it stands");
        diag_help(d, "for example: %s column(\"%s\")", key == KEY_PART ? "part by" : name[key],
                  key == KEY_PART ? "fold" : key == KEY_GROUP ? "patient" : "time");
        return;
    }
    field.input = field.single =
        program_add_variable(l->program, VAR_INPUT, field.name, I32, &shape, ast->span)->id;
    l->field = &field;
    l->current = &frame;
    int errors = diags_error_count(l->diags);
    struct value v = value_error();
    if (bind_files(l, &frame, &field, expr))
        v = lower_expr(l, &frame, expr);
    l->field = NULL;
    l->current = l->train_frame;
    if (v.kind == V_TENSOR && field.raw >= 0)
        graph_store(l->graph, field.input, v.node);
    else if (diags_error_count(l->diags) == errors)
        diag_error(l->diags, expr->span, "this takes a column, or a named file, as it stands");
    ARENA_PUSH(l->arena, data->field, data->field_count, data->field_room) = field;
}

/* ---- shuffle, seed ---- */
static void lower_data_flag(struct lower *l, const struct ast *ast)
{
    const struct ast *operand = lower_operand(ast);
    struct value v = operand ? lower_expr(l, l->current, operand) : value_none(ast->span);
    struct data_desc *data = &l->program->data;
    int64_t seed;
    if (*ast->text == 's' && ast->text[1] == 'h' && v.kind == V_BOOL) {
        data->shuffle = v.number != 0;
    } else if (!strcmp(ast->text, "seed") && value_whole(v, &seed) && seed >= 0) {
        data->has_seed = true;
        data->seed = (uint64_t)seed;
    } else if (v.kind != V_ERROR) {
        diag_error(l->diags, ast->span,
                   !strcmp(ast->text, "seed") ? "'seed' takes a whole number from 0"
                                              : "write 'shuffle true' or 'shuffle false'");
    }
}

/* ---- augmentation: per sample and epoch, in the order written ---- */

/* The name in an operand: x, or x(method = nearest). */
static const struct ast *operand_name(const struct ast *operand)
{
    return operand->kind == AST_CALL ? operand->kid[0] : operand;
}

static const struct ast *operand_options(const struct ast *operand)
{
    return operand->kind == AST_CALL ? operand->kid[1] : NULL;
}

/* Whether the change that a statement names has that argument. */
static bool takes_option(struct lower *l, const struct ast *statement, const struct ast *option)
{
    const struct ast *block = lower_find_block(l, false, statement->text);
    for (int i = 0; block && i < block->kid[0]->count; i++)
        if (!strcmp(block->kid[0]->kid[i]->text, option->text))
            return true;
    return false;
}

static const struct ast *option_named(const struct ast *options, const char *name)
{
    for (int i = 0; options && i < options->count; i++)
        if (!strcmp(options->kid[i]->text, name))
            return options->kid[i];
    return NULL;
}

/* The call that a statement means; a field's options take the place of its arguments. */
static struct ast *augment_call(struct lower *l, const struct ast *statement,
                                const struct ast *options)
{
    struct ast *call = ast_new(l->arena, AST_CALL, NULL, statement->span);
    struct ast *name = ast_new(l->arena, AST_NAME, statement->text,
                               statement->name_span.line ? statement->name_span : statement->span);
    struct ast *arguments = ast_new(l->arena, AST_ARGUMENTS, NULL, statement->span);
    const struct ast *operands = statement->kid[0];
    for (int i = 0; operands && i < operands->count; i++) {
        const struct ast *p = operands->kid[i];
        for (int k = 0; p->kind == AST_PARENS && k < p->count; k++)
            if (p->kid[k]->kind != AST_NAMED || !option_named(options, p->kid[k]->text))
                ast_add(l->arena, arguments, p->kid[k]);
        if (p->kind != AST_PARENS)
            return NULL;
    }
    for (int i = 0; options && i < options->count; i++)
        if (takes_option(l, statement, options->kid[i]))
            ast_add(l->arena, arguments, options->kid[i]);
    ast_add(l->arena, call, name);
    return ast_add(l->arena, call, arguments);
}

/* The path component of change i: its name and ordinal among those of that name. */
static const char *augment_part(struct lower *l, const struct ast *body, int i)
{
    int ordinal = 1;
    for (int k = 0; k < i; k++)
        ordinal +=
            body->kid[k]->kind == AST_STATEMENT && !strcmp(body->kid[k]->text, body->kid[i]->text);
    return arena_printf(l->arena, "%s%d", body->kid[i]->text, ordinal);
}

/* The f32 field that an operand names, or NULL. */
static struct data_field *augmented_field(struct lower *l, const struct ast *operand)
{
    struct data_desc *data = &l->program->data;
    const struct ast *name = operand_name(operand);
    for (int i = 0; name->kind == AST_NAME && i < data->field_count; i++)
        if (!strcmp(data->field[i].name, name->text)
            && !program_variable(l->program, data->field[i].input)->classes)
            return &data->field[i];
    return NULL;
}

/* The names of a statement's fields, or NULL after an error. */
static const char *augmented_names(struct lower *l, const struct ast *ast)
{
    const struct ast *operands = ast->kid[0];
    const char *names = NULL;
    bool good = operands && operands->count > 0 && ast->count > 1 && ast->kid[1];
    for (int i = 0; good && i < operands->count; i++) {
        good = augmented_field(l, operands->kid[i]) != NULL;
        const char *name = good ? operand_name(operands->kid[i])->text : "";
        for (int k = 0; good && k < i; k++)
            good = strcmp(operand_name(operands->kid[k])->text, name) != 0;
        names = names ? arena_printf(l->arena, "%s, %s", names, name) : name;
    }
    if (!good) {
        diag_error(l->diags, ast->name_span, "'augment' names f32 fields, each once, and their "
                   "changes: augment x { flip(axis = 1) }");
        return NULL;
    }
    if (frame_find(&l->settings, names)) {
        struct diag *d = diag_error(l->diags, ast->span, "field '%s' is augmented twice", names);
        diag_help(d, "write all changes in one 'augment', in their order");
        return NULL;
    }
    frame_bind(l, &l->settings, names, value_error(), ast->span);
    return names;
}

/* Whether each option of a field is by name, and an argument of some change. */
static bool options_are_taken(struct lower *l, const struct ast *options, const struct ast *body)
{
    for (int i = 0; options && i < options->count; i++) {
        const struct ast *option = options->kid[i];
        bool taken = false;
        for (int k = 0; option->kind == AST_NAMED && !taken && k < body->count; k++)
            taken = body->kid[k]->kind == AST_STATEMENT && takes_option(l, body->kid[k], option);
        if (!taken) {
            struct diag *d = diag_error(l->diags, option->span, "no change of this 'augment' has "
                                        "that argument");
            diag_help(d, "a field says by name what changes have to do otherwise with it: "
                      "augment x, mask(method = nearest) { rotate(0.1) }");
            return false;
        }
    }
    return true;
}

/* The changes of the operand's field in their order; what they draw has the same path for all. */
static void augment_field(struct lower *l, const struct ast *ast, const struct ast *operand,
                          const char *path)
{
    const struct ast *body = ast->kid[1], *options = operand_options(operand);
    const struct data_field *field = augmented_field(l, operand);
    if (!options_are_taken(l, options, body))
        return;
    struct variable *input = program_variable(l->program, field->input);
    struct frame frame = {
        .role = ROLE_AUGMENT, .declaration = ast, .path = path, .random_path = path};
    l->current = &frame;
    struct value x = value_tensor(l, lower_current_value(l, input->id), true, ast->span);
    for (int i = 0; i < body->count && x.kind == V_TENSOR; i++) {
        const struct ast *call =
            body->kid[i]->kind == AST_STATEMENT ? augment_call(l, body->kid[i], options) : NULL;
        if (!call) {
            diag_error(l->diags, body->kid[i]->span, "an augmentation is a call: rotate(0.1)");
            return;
        }
        x = lower_call(l, &frame, call->kid[0], call->kid[1], &x, augment_part(l, body, i),
                       call->span);
    }
    x = value_to_f32(l, x);
    if (x.kind == V_TENSOR && (!x.per_row || !shape_equal(&value_node(l, x)->shape, &input->shape)))
        diag_error(l->diags, ast->span, "the augmented field is %s, and it must stay %s",
                   value_describe(l, x),
                   value_describe(l, value_tensor(l, lower_read(l, input->id), true, ast->span)));
    else if (x.kind == V_TENSOR)
        lower_declared(l, input->id)->stored = x.node;
}

static void lower_augment(struct lower *l, const struct ast *ast)
{
    const char *names = augmented_names(l, ast);
    if (!names)
        return;
    if (!l->program->phase[PHASE_AUGMENT])
        lower_begin_phase(l, PHASE_AUGMENT, true);
    const char *path = arena_printf(l->arena, "data/%s/augment", names);
    int errors = diags_error_count(l->diags);
    for (int i = 0; i < ast->kid[0]->count && diags_error_count(l->diags) == errors; i++) {
        l->same_draws = i > 0;
        augment_field(l, ast, ast->kid[0]->kid[i], path);
    }
    l->same_draws = false;
    l->program->data.augmented = true;
    l->current = l->train_frame;
}

static void store_augmented(struct lower *l)
{
    const struct data_desc *data = &l->program->data;
    for (int i = 0; data->augmented && i < data->field_count; i++)
        if (lower_declared(l, data->field[i].input)->stored >= 0)
            graph_store(l->graph, data->field[i].input,
                        lower_declared(l, data->field[i].input)->stored);
}

static const char *const heads[] = {"input", "label", "weight", "split", "part", "group", "order",
                                    "stride", "shuffle", "seed", "augment"};

enum { HEADS = (int)(sizeof heads / sizeof *heads) };

const char *data_head(int i)
{
    return i < HEADS ? heads[i] : NULL;
}

static void unknown_data_statement(struct lower *l, const struct ast *ast)
{
    if (ast->kind == AST_BIND) {
        struct diag *d = diag_error(l->diags, ast->kid[0]->span, "names are not bound in data");
        diag_help(
            d,
            "a const, outside of data, names a value; a field is: input x: f32[4] = columns(0..3)");
        return;
    }
    struct diag *d =
        diag_error(l->diags, ast->name_span, "unknown statement '%s' in data", ast->text);
    const char *near = diag_nearest(ast->text, heads, HEADS);
    if (near)
        diag_help(d, "did you mean '%s'?", near);
    else
        diag_help(d, "there are input, label, weight, split, part, group, order, stride, shuffle, "
                     "seed and augment");
}

static void lower_data_statement(struct lower *l, const struct ast *ast)
{
    bool declare = ast->kind == AST_DECLARE, statement = ast->kind == AST_STATEMENT;
    bool once = statement && strcmp(ast->text, "augment");
    struct binding *before = once ? frame_find(&l->settings, ast->text) : NULL;
    if (before) {
        struct diag *d = diag_error(l->diags, ast->span, "'%s' is set twice", ast->text);
        diag_note(d, before->span, "first here");
        return;
    } else if (once) {
        frame_bind(l, &l->settings, ast->text, value_error(), ast->span);
    }
    if (declare && !strcmp(ast->text, "input"))
        lower_field(l, ast, false);
    else if (declare && !strcmp(ast->text, "label"))
        lower_field(l, ast, true);
    else if (declare && !strcmp(ast->text, "weight"))
        lower_weight(l, ast);
    else if (statement && !strcmp(ast->text, "split"))
        lower_split(l, ast);
    else if (statement && !strcmp(ast->text, "part"))
        lower_part_by(l, ast);
    else if (statement && !strcmp(ast->text, "group"))
        lower_key(l, ast, KEY_GROUP, lower_operand(ast));
    else if (statement && !strcmp(ast->text, "order"))
        lower_order(l, ast);
    else if (statement && !strcmp(ast->text, "stride"))
        lower_stride(l, ast);
    else if (statement && (!strcmp(ast->text, "shuffle") || !strcmp(ast->text, "seed")))
        lower_data_flag(l, ast);
    else if (!(statement && !strcmp(ast->text, "augment"))
             && !(declare && !strcmp(ast->text, "part"))) /* those have their own turn */
        unknown_data_statement(l, ast);
}

static void lower_data_augment(struct lower *l, const struct ast *ast)
{
    if (ast->kind == AST_STATEMENT && !strcmp(ast->text, "augment"))
        lower_augment(l, ast);
}

void lower_data(struct lower *l)
{
    struct data_desc *data = &l->program->data;
    const struct ast *body = l->data_ast->kid[1];
    struct shape rows = shape_rows(0, NULL, true);
    data->name = l->data_ast->text;
    data->train_share = 1;
    data->stratify = data->weight = data->total_weight = -1;
    data->shuffle = true;
    l->settings.names = NULL;
    l->program->sample =
        program_add_variable(l->program, VAR_SAMPLE, "sample", I32, &rows, l->data_ast->span)->id;
    lower_begin_phase(l, PHASE_PREPARE, false);
    l->current = l->train_frame;
    int errors = diags_error_count(l->diags);
    lower_source_of(l, SOURCE_MAIN, l->data_ast->kid[0]);
    lower_each(l, body, lower_part);
    if (diags_error_count(l->diags) > errors)
        return;
    lower_each(l, body, lower_data_statement);
    lower_check_parts(l);
    lower_check_windows(l);
    l->settings.names = NULL;
    lower_each(l, body, lower_data_augment);
    store_augmented(l);
    if (data->field_count == 0 && diags_error_count(l->diags) == 0)
        diag_error(l->diags, l->data_ast->name_span, "data '%s' has no fields", data->name);
}
