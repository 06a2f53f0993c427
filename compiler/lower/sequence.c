/* Fields that are windows: a row of the model is several rows of the source, which follow one
 * another.  A window is named by its first row; nothing is copied before a batch is made of it. */
#include <string.h>
#include "lower/data.h"
#include "lower/expr.h"
#include "lower/sequence.h"
#include "lower/split.h"
#include "lower/value.h"
#include "lower/variable.h"

bool lower_is_sequence(enum source_kind kind)
{
    return kind >= SOURCE_TEXT && kind <= SOURCE_TOKENS_U32;
}

static bool has_windows(const struct lower *l)
{
    const struct data_desc *data = &l->program->data;
    for (int i = 0; i < data->field_count; i++)
        if (data->field[i].rows)
            return true;
    return false;
}

/* text("input.txt"), tokens_u16("train.bin"): one file, or a pattern of several. */
void lower_source_sequence(struct lower *l, const struct ast *call,
                           void (*add)(struct lower *, const char *path))
{
    const struct ast *arguments = call->kid[1];
    const char *path = NULL;
    if (arguments->count == 1 && lower_text(l, arguments->kid[0], &path)) {
        if (path)
            add(l, path);
        return;
    }
    diag_error(l->diags, arguments->span,
               "'%s' takes one file, or a pattern of several: %s(\"part-*.%s\")",
               call->kid[0]->text, call->kid[0]->text,
               l->program->data.kind <= SOURCE_TEXT ? "txt" : "bin");
}

/* The rows a..b of a window become those of the field, whose first axis has an index for each. */
static bool take_rows(struct lower *l, struct data_field *field, const char *what, struct value v)
{
    const struct shape *s = &program_variable(l->program, field->input)->shape;
    int64_t first, last, least = l->program->data.kind == SOURCE_LINES ? -1 : 0;
    if (v.kind != V_RANGE || !value_whole(v.item[0], &first) || !value_whole(v.item[1], &last)
        || first < least || last < first || last > 1 << 24) {
        lower_error(l, l->current, v.span, "'%s' takes places of a %s: %s(0..63)", what,
                    least ? "line, from 0, or from its beginning at -1" : "window, from 0", what);
        return false;
    }
    field->from = first;
    field->rows = last - first + 1;
    if (s->rank > 1 && s->dim[1] == field->rows)
        return true;
    struct diag *d = lower_error(l, l->current, v.span, "%s(%lld..%lld) are %lld, and the first "
                                 "axis of field '%s' has another length", what, (long long)first,
                                 (long long)last, (long long)field->rows, field->name);
    diag_note(d, field->span, "declared here");
    return false;
}

const struct ast *lower_strip_rows(struct lower *l, struct data_field *field,
                                   const struct ast *expr)
{
    const struct ast *last = expr->kind == AST_CHAIN ? expr->kid[1] : NULL;
    const struct ast *arguments = last && last->kind == AST_CALL ? last->kid[1] : NULL;
    if (!arguments || last->kid[0]->kind != AST_NAME || strcmp(last->kid[0]->text, "rows"))
        return expr;
    if (arguments->count != 1 || arguments->kid[0]->kind == AST_NAMED)
        lower_error(l, l->current, last->span, "'rows' takes places of a window, from 0: "
                    "rows(0..63)");
    else if (lower_is_sequence(l->program->data.kind))
        lower_error(l, l->current, last->span, "the rows of this source are single: say which "
                    "ones where they are read, as in chars(0..63)");
    else
        take_rows(l, field, "rows", lower_expr(l, l->current, arguments->kid[0]));
    return expr->kid[0];
}

/* chars(a..b) and bytes(a..b) of a text, tokens(a..b): the field is single ones, one for each row
 * of the source; of lines it is places a..b of each. */
struct value lower_elements_of(struct lower *l, struct frame *frame, const char *what,
                               struct value range, struct span span)
{
    struct data_field *field = l->field;
    enum source_kind kind = l->program->data.kind;
    bool of_text = strcmp(what, "tokens") != 0, chars = !strcmp(what, "chars");
    bool lines = kind == SOURCE_LINES, sequence = lower_is_sequence(kind);
    if (frame->role != ROLE_DATA || !field
        || !(lines ? chars : sequence && of_text == (kind == SOURCE_TEXT))) {
        lower_error(l, frame, span, chars     ? "'%s' reads a source text(\"...\") or "
                                                "lines(\"...\"), in 'data'"
                                    : of_text ? "'%s' reads a source text(\"...\"), in 'data'"
                                            : "'%s' reads a source tokens_u16(\"...\"), in 'data'",
                    what);
        return value_error();
    }
    if (chars && !program_variable(l->program, field->input)->classes) {
        lower_error(l, frame, span, "characters are classes, numbered in the order of the text's "
                    "own, and '%s' is none", field->name);
        return value_error();
    }
    field->text = chars;
    int id = lower_raw_variable(l, field, span);
    if (id < 0 || !take_rows(l, field, what, range))
        return value_error();
    if (lines)                          /* a row is a line */
        field->rows = 0;
    struct value v = value_tensor(l, lower_read(l, id), true, span);
    v.classes = program_variable(l->program, id)->classes;
    return v;
}

/* stride n: a window begins at every n-th row. */
void lower_stride(struct lower *l, const struct ast *ast)
{
    const struct ast *operand = lower_operand(ast);
    struct value v = operand ? lower_expr(l, l->current, operand) : value_none(ast->span);
    int64_t stride;
    if (v.kind == V_ERROR)
        return;
    if (!value_whole(v, &stride) || stride < 1 || stride > 1 << 24)
        diag_error(l->diags, ast->span, "'stride' takes the whole number of rows from one window "
                   "to the next, from 1");
    else
        l->program->data.stride = stride;
}

/* What says of single rows where they belong cannot be said of windows. */
static void check_settings(struct lower *l)
{
    const struct data_desc *data = &l->program->data;
    const struct binding *part = frame_find(&l->settings, "part");
    const struct binding *shuffle = frame_find(&l->settings, "shuffle");
    struct diag *d = NULL;
    if (part)
        d = diag_error(l->diags, part->span, "'part by' is of rows by themselves, and fields are "
                       "windows of several");
    if (!d && data->weight >= 0)
        d = diag_error(l->diags, data->field[data->weight].span, "'weight' is of rows by "
                       "themselves, and fields are windows of several");
    if (!d && shuffle && data->shuffle)
        d = diag_error(l->diags, shuffle->span, "windows are split in their order");
    if (!d && (data->folds || l->stratify))
        d = diag_error(l->diags, data->split_span, "windows are split in their order: the parts "
                       "are shares alone");
    const struct ast *order = l->order ? lower_operand(l->order) : NULL;
    if (!d && order && order->kind != AST_NAME)
        d = diag_error(l->diags, l->order->span, "windows are of rows as they stand: sort the "
                       "file by that column");
    if (d)
        diag_help(d, "the train part is the beginning, so that no window of another part has a row "
                  "that training saw: split train 80%%, val 20%%");
}

/* All fields but keys are windows, or none is. */
void lower_check_windows(struct lower *l)
{
    struct data_desc *data = &l->program->data;
    const struct binding *stride = frame_find(&l->settings, "stride");
    if (!has_windows(l)) {
        if (stride)
            diag_error(l->diags, stride->span, "'stride' is of windows, and no field is one: "
                       "column(\"load\") -> rows(0..63)");
        return;
    }
    for (int i = 0; i < data->field_count; i++) {
        const struct data_field *f = &data->field[i];
        if (f->from + f->rows > data->window)
            data->window = f->from + f->rows;
        if (!f->rows && !f->key && !f->weight)
            diag_error(l->diags, f->span, "field '%s' does not say which rows of a window it "
                       "takes, as other fields do: -> rows(0..63)", f->name);
        if (f->missing == MISSING_DROP)
            diag_error(l->diags, f->span, "a row that is left out would tear windows: fill "
                       "what is missing: missing = mean, median or a number");
    }
    check_settings(l);
    data->stride = data->stride ? data->stride : 1;
    data->shuffle = false;
}
