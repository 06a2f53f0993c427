/* CSV sources: how their files are written, and which cells a field takes, read as what. */
#include <math.h>
#include <string.h>
#include "lower/builtin.h"
#include "lower/csv.h"
#include "lower/data.h"
#include "lower/expr.h"
#include "lower/variable.h"

/* ---- csv(path ..., option = value ...) ---- */
static const char *const options[] = {"header", "delimiter", "decimal", "comment", "skip", "na"};
static const char *const forms[] = {
    "true or false: header = true",
    "one character, tab or auto: delimiter = \";\"",
    "\".\" or \",\": decimal = \",\"",
    "one character: comment = \"#\"",
    "a whole number of lines: skip = 2",
    "a list of texts: na = [\"NA\", \"?\"]"};

enum { OPTIONS = (int)(sizeof options / sizeof *options) };

/* The character of a text, 0 of others; '\t' and 0 may be words. */
static bool one_character(struct lower *l, const struct ast *a, bool words, char *to)
{
    if (words && a->kind == AST_NAME && (!strcmp(a->text, "tab") || !strcmp(a->text, "auto"))) {
        *to = *a->text == 't' ? '\t' : 0;
        return true;
    }
    struct value v = lower_expr(l, l->current, a);
    bool good = v.kind == V_STRING && strlen(v.text) == 1 && !strchr("\"\r\n", *v.text);
    if (good)
        *to = *v.text;
    return good;
}

static bool string_list(struct value v, struct csv_desc *csv, struct arena *arena)
{
    bool good = v.kind == V_LIST;
    for (int i = 0; good && i < v.count; i++)
        good = v.item[i].kind == V_STRING;
    csv->has_na = good;
    csv->na_count = good ? v.count : 0;
    csv->na = ARENA_ARRAY(arena, const char *, csv->na_count + 1);
    for (int i = 0; i < csv->na_count; i++)
        csv->na[i] = v.item[i].text;
    return good;
}

static bool set_option(struct lower *l, int option, const struct ast *a, struct csv_desc *csv)
{
    struct value v = value_none(a->span);
    if (option == 1)
        return one_character(l, a, true, &csv->delimiter);
    if (option == 2)
        return one_character(l, a, false, &csv->decimal) && strchr(".,", csv->decimal);
    if (option == 3)
        return one_character(l, a, false, &csv->comment);
    v = lower_expr(l, l->current, a);
    if (option == 5)
        return string_list(v, csv, l->arena);
    if (option == 4)
        return value_whole(v, &csv->skip) && csv->skip >= 0;
    csv->header = v.number != 0;
    return v.kind == V_BOOL;
}

static void lower_option(struct lower *l, const struct ast *a, struct csv_desc *csv)
{
    int i = 0, errors = diags_error_count(l->diags);
    while (i < OPTIONS && strcmp(options[i], a->text))
        i++;
    if (i < OPTIONS && set_option(l, i, a->kid[0], csv))
        return;
    if (diags_error_count(l->diags) > errors)
        return;
    if (i < OPTIONS) {
        diag_error(l->diags, a->span, "'%s' is %s", options[i], forms[i]);
        return;
    }
    struct diag *d = diag_error(l->diags, a->span, "'csv' has no option '%s'", a->text);
    const char *near = diag_nearest(a->text, options, OPTIONS);
    if (near)
        diag_help(d, "did you mean '%s'?", near);
    else
        diag_help(d, "there are header, delimiter, decimal, comment, skip and na");
}

static bool same_names(const struct csv_desc *a, const struct csv_desc *b)
{
    bool same = a->na_count == b->na_count && a->has_na == b->has_na;
    for (int i = 0; same && i < a->na_count; i++)
        same = !strcmp(a->na[i], b->na[i]);
    return same;
}

/* All files of a data set are written alike: later sources have the options of the first. */
static void check_same(struct lower *l, const struct ast *arguments, const struct csv_desc *csv)
{
    const struct csv_desc *first = &l->program->data.csv;
    if (csv->header == first->header && csv->delimiter == first->delimiter
        && csv->decimal == first->decimal && csv->comment == first->comment
        && csv->skip == first->skip && same_names(csv, first))
        return;
    struct diag *d = diag_error(l->diags, arguments->span,
                                "options that differ from those of the data's first files");
    diag_help(d, "all files of a data set are written alike: give the options there");
}

static void check_decimal(struct lower *l, const struct ast *arguments, struct csv_desc *csv)
{
    if (csv->decimal == csv->delimiter) {
        struct diag *d = diag_error(l->diags, arguments->span,
                                    "'%c' cannot stand between cells and within numbers",
                                    csv->decimal);
        diag_help(d, "say what stands between cells: delimiter = \";\"");
    }
}

void lower_source_csv(struct lower *l, const struct ast *arguments,
                      void (*add)(struct lower *, const char *path))
{
    struct data_desc *data = &l->program->data;
    bool first = data->file_count == 0;
    int paths = 0;
    struct csv_desc csv = {.header = -1, .delimiter = ',', .decimal = '.'};
    if (!first)
        csv = data->csv;
    for (int i = 0; i < arguments->count; i++) {
        const struct ast *a = arguments->kid[i];
        const char *path = NULL;
        if (a->kind == AST_NAMED)
            lower_option(l, a, &csv);
        else if (!lower_text(l, a, &path))
            diag_error(l->diags, a->span, "write: csv(\"file.csv\", header = true)");
        else if (++paths && path)
            add(l, path);
    }
    if (!paths)
        diag_error(l->diags, arguments->span, "'csv' needs the path of a file");
    if (first) {
        data->csv = csv;
        check_decimal(l, arguments, &csv);
    } else {
        check_same(l, arguments, &csv);
    }
}

/* images("folder", ...), sounds: a table with a header, of files and the names of their folders. */
void lower_source_listed(struct lower *l, const struct ast *call,
                         void (*add)(struct lower *, const char *path))
{
    struct data_desc *data = &l->program->data;
    const struct ast *arguments = call->kid[1];
    const struct csv_desc csv = {.header = 1, .delimiter = ',', .decimal = '.'};
    if (data->file_count == 0)
        data->csv = csv;
    bool good = arguments->count > 0;
    for (int i = 0; good && i < arguments->count; i++) {
        const char *path = NULL;
        good = lower_text(l, arguments->kid[i], &path);
        if (path)
            add(l, path);
    }
    if (!good)
        diag_error(l->diags, arguments->span, "'%s' takes folders: %s(\"flowers\")",
                   call->kid[0]->text, call->kid[0]->text);
}

/* ---- column(...), columns(...), missing(...), image(...), sound(...) ---- */

static bool add_range(struct lower *l, struct data_field *field, struct value v)
{
    int64_t first = -1, last = -1;
    if (v.kind == V_LIST) {
        bool good = true;
        for (int i = 0; good && i < v.count; i++)
            good = add_range(l, field, v.item[i]);
        return good;
    }
    struct value a = v.kind == V_RANGE ? v.item[0] : v, b = v.kind == V_RANGE ? v.item[1] : v;
    struct column_range range = {.first = -1, .last = -1};
    if (a.kind == V_STRING && b.kind == V_STRING) {
        range.first_name = a.text;
        range.last_name = b.text;
    } else if (value_whole(a, &first) && value_whole(b, &last) && first >= 0 && last >= first
               && last <= 1 << 24) {
        range.first = (int)first;
        range.last = (int)last;
    } else {
        lower_error(l, l->current, v.span,
                    "columns are given by number (from 0) or by name: columns(0..63), "
                    "columns(\"a\"..\"f\", \"h\"), column(64)");
        return false;
    }
    ARENA_PUSH(l->arena, field->range, field->range_count, field->range_room) = range;
    return true;
}

/* The number of columns, where it is known here, is that of the field's elements. */
static bool check_count(struct lower *l, const struct data_field *field, struct span span)
{
    int64_t count = 0;
    const struct shape *s = &program_variable(l->program, field->single)->shape;
    bool file = field->form >= FORM_IMAGE;
    for (int i = 0; i < field->range_count; i++) {
        const struct column_range *r = &field->range[i];
        if (r->first_name && strcmp(r->first_name, r->last_name))
            return true;
        count += r->last - r->first + 1;
    }
    if (count == (file ? 1 + field->sound.pieces : shape_elements(s)))
        return true;
    if (file) {
        lower_error(l, l->current, span, "%s is in one file, so one column names it%s",
                    field->form == FORM_IMAGE ? "an image" : "a sound",
                    field->sound.pieces ? ", and one, 'from', says at which second it begins" : "");
        return false;
    }
    struct diag *d = lower_error(
        l, l->current, span, "%lld column%s for field '%s', which has %lld elements a row",
        (long long)count, count == 1 ? "" : "s", field->name, (long long)shape_elements(s));
    diag_note(d, field->span, "declared here");
    return false;
}

static bool column_names(struct lower *l, struct data_field *field, struct value names)
{
    struct variable *input = program_variable(l->program, field->input);
    bool good = names.kind == V_LIST;
    for (int i = 0; good && i < names.count; i++)
        good = names.item[i].kind == V_STRING;
    if (!good || names.count != input->classes) {
        lower_error(l, l->current, names.span,
                    good ? "%d names for class[%lld]" : "'names' is a list of strings", names.count,
                    (long long)input->classes);
        return false;
    }
    field->class_name = ARENA_ARRAY(l->arena, const char *, names.count);
    field->class_count = names.count;
    for (int i = 0; i < names.count; i++)
        field->class_name[i] = names.item[i].text;
    field->text = true;
    return true;
}

/* text = true: labels are names, numbered in byte order of those in the file. */
static bool column_text(struct lower *l, struct data_field *field, struct value text)
{
    bool class = program_variable(l->program, field->input)->classes != 0;
    if (text.kind != V_BOOL || !class) {
        lower_error(l, l->current, text.span,
                    class ? "'text' is true or false, not %s"
                          : "only a class is read from text, and this is no class",
                    value_describe(l, text));
        return false;
    }
    field->text = text.number != 0;
    return true;
}

/* A number that the cell counts as: of a class a whole one, and one of its own where the field is
 * its cells. */
static bool missing_number(struct lower *l, struct data_field *field, struct value v)
{
    int64_t whole, classes = program_variable(l->program, field->input)->classes;
    bool good = isfinite((float)v.number);
    if (classes)
        good = value_whole(v, &whole) && (double)(float)whole == v.number
               && whole >= INT32_MIN && whole <= INT32_MAX
               && (field->expression || (whole >= 0 && whole < classes));
    field->missing = MISSING_VALUE;
    field->missing_value = (float)v.number;
    if (good)
        return true;
    if (classes && !field->expression)
        lower_error(l, l->current, v.span, "a missing cell of class[%lld] counts as one from 0 to "
                    "%lld, not as %.9g", (long long)classes, (long long)classes - 1, v.number);
    else
        lower_error(l, l->current, v.span, "a missing cell of this field counts as a %snumber of "
                    "binary32, not as %.9g", classes ? "whole " : "", v.number);
    return false;
}

/* missing = error | drop | mean | median | a number that the cell then counts as. */
static bool column_missing(struct lower *l, struct data_field *field, struct value v)
{
    static const char *const words[] = {"error", "drop", "mean", "median"};
    static const enum missing_kind kinds[] = {MISSING_ERROR, MISSING_DROP, MISSING_MEAN,
                                              MISSING_MEDIAN};
    bool class = program_variable(l->program, field->input)->classes != 0;
    int i = 0;
    while (v.kind == V_WORD && i < 4 && strcmp(words[i], v.text))
        i++;
    if (v.kind == V_NUMBER && !field->text && field->form < FORM_IMAGE)
        return missing_number(l, field, v);
    if (v.kind != V_WORD || i == 4 || ((class || field->form >= FORM_IMAGE) && i >= 2)) {
        lower_error(l, l->current, v.span,
                    field->form >= FORM_IMAGE ? "'missing' of an image or a sound is error or drop"
                    : field->text ? "'missing' of a class by names is error or drop"
                    : class     ? "'missing' of a class is error or drop, or the number that it "
                                  "counts as"
                                : "'missing' is error, drop, mean, median or a number");
        return false;
    }
    field->missing = kinds[i];
    return true;
}

/* One of two words: whether it is the second; false after an error. */
static bool sound_word(struct lower *l, const char *name, const char *word, struct value v,
                       bool *to)
{
    *to = v.kind == V_WORD && !strcmp(v.text, word);
    if (*to || (v.kind == V_WORD && !strcmp(v.text, "error")))
        return true;
    lower_error(l, l->current, v.span, "'%s' of a sound is error or %s", name, word);
    return false;
}

/* rate = 16000, samples = 8000, channels = 2, shorter = zero, longer = cut. */
static bool sound_option(struct lower *l, struct data_field *field, const char *name,
                         struct value v)
{
    struct sound_desc *s = &field->sound;
    bool channels = !strcmp(name, "channels");
    int64_t *to = !strcmp(name, "rate") ? &s->rate : !strcmp(name, "samples") ? &s->samples
                  : channels            ? &s->channels
                                        : NULL;
    if (!strcmp(name, "shorter"))
        return sound_word(l, name, "zero", v, &s->fill);
    if (!strcmp(name, "longer"))
        return sound_word(l, name, "cut", v, &s->cut);
    if (!strcmp(name, "from"))
        return s->pieces = true;        /* its column comes behind that of the file */
    if (!to) {
        lower_error(l, l->current, v.span, "'sound' has no argument '%s'; there are rate, samples, "
                    "channels, shorter, longer, from and missing", name);
        return false;
    }
    if (value_whole(v, to) && *to >= 1 && *to <= (channels ? 2 : INT32_MAX))
        return true;
    lower_error(l, l->current, v.span, channels ? "'channels' of a sound is 1 or 2"
                                                : "'%s' of a sound is a whole number from 1", name);
    return false;
}

static bool column_option(struct lower *l, struct data_field *field, const char *name,
                          struct value v)
{
    if (field->form == FORM_SOUND && strcmp(name, "missing"))
        return sound_option(l, field, name, v);
    if (!strcmp(name, "names"))
        return column_names(l, field, v);
    if (!strcmp(name, "text"))
        return column_text(l, field, v);
    if (!strcmp(name, "missing"))
        return column_missing(l, field, v);
    lower_error(l, l->current, v.span,
                "'column' has no argument '%s'; there are names, text and missing", name);
    return false;
}

/* Whether the field and the data set are such that it reads images, or sounds. */
static bool check_files(struct lower *l, const struct data_field *field, const char *what,
                        struct span span)
{
    const struct data_desc *data = &l->program->data;
    enum cell_form other = field->form == FORM_IMAGE ? FORM_SOUND : FORM_IMAGE;
    if (field->form == FORM_IMAGE && !field->image)
        lower_error(l, l->current, span, "'image' reads a field f32[height, width, channels] of 1, "
                    "3 or 4 channels, and '%s' is none", field->name);
    else if (program_variable(l->program, field->input)->classes)
        lower_error(l, l->current, span, "'%s' reads numbers, and '%s' is a class", what,
                    field->name);
    else if (data->listed == other || program_reads(l->program, other))
        lower_error(l, l->current, span, "a data set is of images or of sounds, not of both");
    else
        return true;
    return false;
}

/* What is not said of a sound follows from the field. */
static bool complete_sound(struct lower *l, struct data_field *field, struct span span)
{
    struct sound_desc *s = &field->sound;
    int64_t elements = shape_elements(&program_variable(l->program, field->single)->shape);
    if (!s->channels)
        s->channels = 1;
    if (s->pieces && s->cut) {
        lower_error(l, l->current, span, "a piece of a sound is as long as the field takes, "
                    "whatever comes behind it: leave 'longer' out, or 'from'");
        return false;
    }
    if (s->rate && (s->samples || elements % s->channels == 0)) {
        s->samples = s->samples ? s->samples : elements / s->channels;
        return true;
    }
    if (!s->rate)
        lower_error(l, l->current, span, "say how many samples a second the sounds have: sound("
                    "\"file\", rate = 16000)");
    else
        lower_error(l, l->current, span, "field '%s' has %lld elements, which are no samples of "
                    "%lld channels; say how many are read: samples = 8000", field->name,
                    (long long)elements, (long long)s->channels);
    return false;
}

/* The cells as they are read; `what` is "column", "columns", "missing", "image" or "sound". */
struct value lower_columns(struct lower *l, struct frame *frame, const char *what,
                           struct arguments *a, struct span span)
{
    struct data_field *field = l->field;
    bool good = true;
    if (frame->role != ROLE_DATA || !field || l->program->data.kind != SOURCE_CSV) {
        lower_error(l, frame, span, "'%s' reads cells of a csv source, in 'data'", what);
        return value_error();
    }
    field->form = !strcmp(what, "image")     ? FORM_IMAGE
                  : !strcmp(what, "sound")   ? FORM_SOUND
                  : !strcmp(what, "missing") ? FORM_MISSING
                                             : FORM_NUMBER;
    if (field->form >= FORM_IMAGE && !check_files(l, field, what, span)) {
        field->form = FORM_NUMBER;
        return value_error();
    }
    for (int last = 0; last < 2; last++) /* what `missing` takes depends on the other options */
        for (int i = 0; good && i < a->count; i++)
            if (a->name[i] && last == !strcmp(a->name[i], "missing"))
                good = column_option(l, field, a->name[i], a->item[i]);
    if (good && field->form == FORM_SOUND)
        good = complete_sound(l, field, span);
    int id = good ? lower_raw_variable(l, field, span) : -1;
    for (int i = 0; id >= 0 && good && i < a->count; i++)
        if (!a->name[i])
            good = add_range(l, field, a->item[i]);
    for (int i = 0; id >= 0 && good && i < a->count && field->sound.pieces; i++)
        if (a->name[i] && !strcmp(a->name[i], "from"))
            good = add_range(l, field, a->item[i]);
    if (id < 0 || !good || !check_count(l, field, span))
        return value_error();
    struct value v = value_tensor(l, lower_read(l, id), true, span);
    v.classes = program_variable(l->program, id)->classes;
    return v;
}

/* ---- column("date") -> days ---- */
struct value lower_date(struct lower *l, struct frame *frame, const char *form, struct value v,
                        struct span span)
{
    static const struct { const char *name; enum cell_form form; } forms_of[] = {
        {"days", FORM_DAYS},   {"seconds_of_day", FORM_SECONDS}, {"weekday", FORM_WEEKDAY},
        {"month", FORM_MONTH}, {"year", FORM_YEAR},              {"day_of_year", FORM_DAY_OF_YEAR}};
    struct data_field *field = l->field;
    int i = 0;
    while (strcmp(forms_of[i].name, form))
        i++;
    if (frame->role != ROLE_DATA || !field || field->raw < 0 || v.kind != V_TENSOR
        || value_node(l, v)->op != OP_READ || field->form != FORM_NUMBER || field->text) {
        lower_error(l, frame, span, "'%s' reads dates from cells: column(\"when\") -> %s", form,
                    form);
        return value_error();
    }
    field->form = forms_of[i].form;
    return v;
}

/* ---- missing = mean, missing = median ---- */

/* Whether each element of a node's value follows from the cell of that number alone. */
enum reach { NO_CELLS, CELL_BY_CELL, MIXED };

static enum reach reach_of(const struct node *node, const enum reach *before, int raw)
{
    enum reach most = NO_CELLS;
    if (node->op == OP_READ)
        return node->attr.variable == raw ? CELL_BY_CELL : NO_CELLS;
    for (int i = 0; i < node->count; i++)
        if (before[node->operand[i]] > most)
            most = before[node->operand[i]];
    bool keeps = op_def(node->op)->class == CLASS_MAP || node->op == OP_RESHAPE;
    return most == CELL_BY_CELL && !keeps ? MIXED : most;
}

void lower_fill(struct lower *l, struct data_field *field, int node, struct span span)
{
    struct program *p = l->program;
    enum reach *reach = ARENA_ARRAY(l->arena, enum reach, l->graph->count);
    for (int i = 0; i <= node; i++)
        reach[i] = reach_of(l->graph->node[i], reach, field->raw);
    if (reach[node] != CELL_BY_CELL || field->form == FORM_MISSING) {
        lower_error(l, l->current, span,
                    "'missing' is mean or median of values that come from one cell each; here one "
                    "comes from several");
        return;
    }
    const struct shape *s = &program_variable(p, field->single)->shape;
    struct shape shape = shape_of(s->rank - 1, -1, s->dim + 1);
    const char *path = arena_printf(l->arena, "data/%s/missing", field->name);
    field->fill = program_add_variable(p, VAR_BUFFER, path, F32, &shape, field->span)->id;
    lower_name_variable(l, field->fill);
    graph_store(p->phase[PHASE_INIT], field->fill,
                graph_fill(p->phase[PHASE_INIT], 0, &shape));
}
