/* Which rows of `data` belong to which part: split, and parts with files of their own. */
#include <math.h>
#include <string.h>
#include "lower/data.h"
#include "lower/expr.h"
#include "lower/split.h"

static const char *const part_names[] = {"train", "val", "test"};

/* There are rows to split. */
static bool has_rows(const struct data_desc *data)
{
    return data->rows > 0 || data->source[SOURCE_MAIN].file_count > 0;
}

bool lower_has_part(const struct lower *l, int part)
{
    const struct data_desc *data = &l->program->data;
    const double share[] = {data->train_share, data->val_share, data->test_share};
    if (data->by_column)
        return part == 0 || data->part_value[part];
    return share[part] > 0 || data->source[SOURCE_TRAIN + part].file_count > 0;
}

const struct ast *lower_operand(const struct ast *statement)
{
    const struct ast *operands = statement->kid[0];
    return operands && operands->count == 1 ? operands->kid[0] : NULL;
}

/* fold(k, n): part val is the k-th (from 0) of n folds of what is not in part test. */
static bool split_fold(struct lower *l, const struct ast *call)
{
    struct data_desc *data = &l->program->data;
    const struct ast *arguments = call->kid[1];
    int64_t number[2];
    for (int i = 0; i < 2 && arguments->count == 2; i++)
        if (!value_whole(lower_expr(l, l->current, arguments->kid[i]), &number[i]))
            arguments = call->kid[0];
    if (arguments->count != 2 || data->folds || number[1] < 2 || number[1] > 1 << 20
        || number[0] < 0 || number[0] >= number[1]) {
        struct diag *d = diag_error(l->diags, call->span,
                                    "fold(k, n) makes the k-th of n folds, from 0, the val part");
        diag_help(d, "for example: const k = 0, split fold(k, 5), and five runs with -D k=0 to 4");
        return false;
    }
    data->fold = (int)number[0];
    data->folds = (int)number[1];
    return true;
}

static bool split_share(struct lower *l, const struct ast *s)
{
    struct data_desc *data = &l->program->data;
    double *share[3] = {&data->train_share, &data->val_share, &data->test_share};
    int k = 0;
    if (s->kind == AST_CALL && s->kid[0]->kind == AST_NAME && !strcmp(s->kid[0]->text, "fold"))
        return split_fold(l, s);
    while (s->kind == AST_SHARE && k < 3 && strcmp(s->text, part_names[k]))
        k++;
    if (s->kind != AST_SHARE || k == 3 || *share[k] > 0) {
        diag_error(l->diags, s->span, "write: split train 70%%, val 10%%, test 20%%");
        return false;
    }
    *share[k] = s->kid[0]->number;
    return true;
}

/* With folds, train and val share what test leaves.  False after an error. */
static bool check_folds(struct lower *l, const struct ast *ast)
{
    struct data_desc *data = &l->program->data;
    int errors = diags_error_count(l->diags);
    if (data->train_share > 0 || data->val_share > 0 || data->test_share >= 1)
        diag_error(l->diags, ast->span, "folds take what the test part leaves: split fold(0, 5), "
                   "test 20%%");
    else if (data->source[SOURCE_TRAIN].file_count || data->source[SOURCE_VAL].file_count)
        diag_error(l->diags, ast->span, "folds are the train and val parts, which have files here");
    data->val_share = (1 - data->test_share) / data->folds;
    data->train_share = 1 - data->test_share - data->val_share;
    return diags_error_count(l->diags) == errors;
}

static void check_shares(struct lower *l, const struct ast *ast)
{
    const struct data_desc *data = &l->program->data;
    const double share[3] = {data->train_share, data->val_share, data->test_share};
    double sum = share[0] + share[1] + share[2];
    for (int k = 0; k < 3; k++)
        if (has_rows(data) && share[k] > 0 && data->source[SOURCE_TRAIN + k].file_count)
            diag_error(l->diags, ast->span,
                       "the %s part has files of its own; the split shares out the other rows",
                       part_names[k]);
    if (fabs(sum - 1) > 1e-9)
        diag_error(l->diags, ast->span, "the shares of a split make 100%%, and these make %.9g%%",
                   sum * 100);
    else if (data->train_share <= 0 && !data->source[SOURCE_TRAIN].file_count)
        diag_error(l->diags, ast->span, "a split needs a train part");
}

void lower_split(struct lower *l, const struct ast *ast)
{
    const struct ast *operands = ast->kid[0];
    l->program->data.train_share = 0;
    l->program->data.split_span = ast->span;
    for (int i = 0; operands && i < operands->count; i++)
        if (!split_share(l, operands->kid[i]))
            return;
    if (!l->program->data.folds || check_folds(l, ast))
        check_shares(l, ast);
    if (ast->count > 2)
        l->stratify = ast->kid[2];
}

/* split ... by y: each class of field y has its share in each part. */
static void bind_strata(struct lower *l)
{
    struct data_desc *data = &l->program->data;
    const struct ast *by = l->stratify;
    for (int i = 0; by && by->kind == AST_NAME && i < data->field_count; i++)
        if (!strcmp(data->field[i].name, by->text))
            data->stratify = i;
    const struct data_field *field = data->stratify < 0 ? NULL : &data->field[data->stratify];
    const struct variable *v = field ? program_variable(l->program, field->input) : NULL;
    if (by && (!v || !v->classes || shape_elements(&v->shape) != 1)) {
        struct diag *d = diag_error(l->diags, by->span, "rows are split by the class of a field, "
                                    "one for each row");
        diag_help(d, "for example: label y: class[3] = column(\"kind\") and: split train 80%%, val "
                  "20%% by y");
    }
}

/* part by column("fold") { val = 2  test = "held out" }: the cells that stand for a part. */
static bool part_value(struct lower *l, const struct ast *bind)
{
    int k = 0;
    struct data_desc *data = &l->program->data;
    bool good = bind->kind == AST_BIND && bind->kid[0]->count == 1;
    while (good && k < 3 && strcmp(bind->kid[0]->kid[0]->text, part_names[k]))
        k++;
    struct value v = good && k < 3 ? lower_expr(l, l->current, bind->kid[1]) : value_error();
    if (v.kind == V_ERROR && good && k < 3)
        return false;
    if ((v.kind != V_STRING && v.kind != V_NUMBER) || data->part_value[k]) {
        diag_error(l->diags, bind->span, "each part has one value of the column: { val = 2  test = "
                   "\"held out\" }");
        return false;
    }
    data->part_value[k] = v.kind == V_STRING ? v.text : arena_printf(l->arena, "%.17g", v.number);
    return true;
}

void lower_part_by(struct lower *l, const struct ast *ast)
{
    struct data_desc *data = &l->program->data;
    const struct ast *body = ast->kid[1];
    if (ast->count < 3 || ast->kid[0]) {
        diag_error(l->diags, ast->span, "write: part by column(\"fold\") { val = 1  test = 2 }, or "
                   "part val = csv(\"val.csv\")");
        return;
    }
    data->by_column = true;
    lower_key(l, ast, KEY_PART, ast->kid[2]);
    for (int i = 0; body && i < body->count; i++)
        if (!part_value(l, body->kid[i]))
            return;
    const char **value = data->part_value;
    if (!value[0] && !value[1] && !value[2])
        for (int i = 0; i < 3; i++)
            value[i] = part_names[i];
    for (int i = 1; i < 3; i++)
        for (int k = 0; k < i; k++)
            if (value[i] && value[k] && !strcmp(value[i], value[k]))
                diag_error(l->diags, ast->span, "'%s' stands for two parts", value[i]);
}

static const struct ast *train_shuffle(const struct lower *l)
{
    const struct ast *body = l->train_ast->kid[1];
    for (int i = 0; i < body->count; i++)
        if (body->kid[i]->kind == AST_STATEMENT && !strcmp(body->kid[i]->text, "shuffle"))
            return body->kid[i];
    return NULL;
}

/* order fixed: rows are taken as they come, for the split and in every epoch.  order column(...):
 * sorted before the split. */
void lower_order(struct lower *l, const struct ast *ast)
{
    const struct ast *operand = lower_operand(ast), *shuffle = train_shuffle(l);
    struct diag *d = NULL;
    l->order = ast;
    if (!operand || operand->kind != AST_NAME || strcmp(operand->text, "fixed")) {
        lower_key(l, ast, KEY_ORDER, operand);
        return;
    }
    if (shuffle && l->program->train.shuffle)
        d = diag_error(l->diags, shuffle->span, "the order is fixed in data, and shuffled here");
    if (d)
        diag_note(d, ast->span, "'order fixed' is for the split and for every epoch");
    l->program->train.shuffle = false;
}

void lower_source_of(struct lower *l, int source, const struct ast *ast)
{
    struct data_desc *data = &l->program->data;
    int first = data->file_count;
    if (ast)
        lower_source(l, ast, source != SOURCE_MAIN);
    data->source[source] = (struct data_source){first, data->file_count - first};
}

void lower_part(struct lower *l, const struct ast *ast)
{
    struct data_desc *data = &l->program->data;
    int source = SOURCE_TRAIN;
    if (ast->kind != AST_DECLARE || strcmp(ast->text, "part"))
        return;
    while (source < SOURCE_COUNT && strcmp(ast->kid[0]->text, part_names[source - SOURCE_TRAIN]))
        source++;
    if (source == SOURCE_COUNT || ast->count < 3 || !ast->kid[2]) {
        diag_error(l->diags, ast->span,
                   "a part with files of its own is train, val or test: part val = "
                   "csv(\"val.csv\")");
    } else if (data->source[source].file_count) {
        diag_error(l->diags, ast->span, "the %s part is given twice", ast->kid[0]->text);
    } else {
        lower_source_of(l, source, ast->kid[2]);
    }
}

/* Each source holds every named file that a field reads. */
static void check_arrays(struct lower *l)
{
    const struct data_desc *data = &l->program->data;
    for (int f = 0; f < data->field_count; f++)
        for (int s = 0; s < SOURCE_COUNT && data->field[f].array; s++) {
            const struct data_source *source = &data->source[s];
            int i = 0;
            while (i < source->file_count && strcmp(data->file[source->first_file + i].name,
                                                    data->field[f].array))
                i++;
            if (source->file_count && i == source->file_count)
                diag_error(l->diags, data->field[f].span,
                           "field '%s' reads '%s', and the files of %s%s have no such name",
                           data->field[f].name, data->field[f].array,
                           s == SOURCE_MAIN ? "data " : "part ",
                           s == SOURCE_MAIN ? data->name : part_names[s - SOURCE_TRAIN]);
        }
}

/* What says that rows are split: a `split`, or the column of `part by`; NULL: nothing. */
static const struct binding *splitting(struct lower *l)
{
    struct data_desc *data = &l->program->data;
    struct binding *split = frame_find(&l->settings, "split");
    struct binding *part = data->by_column ? frame_find(&l->settings, "part") : NULL;
    for (int s = SOURCE_TRAIN; s < SOURCE_COUNT && part; s++)
        if (data->source[s].file_count)
            diag_error(l->diags, part->span, "the %s part has files of its own, and the column "
                       "would say it again", part_names[s - SOURCE_TRAIN]);
    if (split && part) {
        struct diag *d = diag_error(l->diags, split->span, "the parts are split twice");
        diag_note(d, part->span, "here by a column");
    }
    return split ? split : part;
}

/* Groups and strata belong to a split; an order takes the place of its permutation. */
static void check_keys(struct lower *l)
{
    struct data_desc *data = &l->program->data;
    const struct binding *group = frame_find(&l->settings, "group");
    const struct binding *shuffle = frame_find(&l->settings, "shuffle");
    if (group && (!frame_find(&l->settings, "split") || data->by_column))
        diag_error(l->diags, group->span, "'group' keeps rows of a split together, and there is no "
                   "split");
    else if (group && l->stratify)
        diag_error(l->diags, l->stratify->span, "groups are not split by class as well: leave out "
                   "'group' or 'by'");
    if (l->order && shuffle && data->shuffle) {
        struct diag *d = diag_error(l->diags, shuffle->span, "the order of rows is said twice");
        diag_note(d, l->order->span, "here it is not at random");
    }
    data->shuffle = data->shuffle && !l->order && has_rows(data);
}

void lower_check_parts(struct lower *l)
{
    struct data_desc *data = &l->program->data;
    bool own = data->source[SOURCE_TRAIN].file_count > 0, rows = has_rows(data);
    const struct binding *split = splitting(l);
    struct diag *d = NULL;
    check_arrays(l);
    bind_strata(l);
    check_keys(l);
    if (!rows && split)
        d = diag_error(l->diags, split->span, "there are no rows to split: all parts have files of "
                       "their own");
    else if (!rows && !own)
        d = diag_error(l->diags, l->data_ast->name_span, "data '%s' has no rows to train on",
                       data->name);
    else if (rows && own && !split)
        d = diag_error(l->diags, l->data_ast->kid[0]->span,
                       "these rows have no part, as the train part has files of its own");
    if (d)
        diag_help(d, "write: data %s = csv(\"all.csv\") { split train 80%%, val 20%% ... }, or: "
                  "data %s { part train = csv(\"train.csv\") ... }", data->name, data->name);
    data->train_share = rows ? data->train_share : 0;
}
