/* Which rows of `data` belong to which part: split, and parts with files of their own. */
#include <math.h>
#include <string.h>
#include "passes/lower.h"

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
    return share[part] > 0 || data->source[SOURCE_TRAIN + part].file_count > 0;
}

void lower_split(struct lower *l, const struct ast *ast)
{
    struct data_desc *data = &l->program->data;
    double sum = 0, *share[3] = {&data->train_share, &data->val_share, &data->test_share};
    const struct ast *operands = ast->kid[0];
    data->train_share = 0;
    for (int i = 0; operands && i < operands->count; i++) {
        const struct ast *s = operands->kid[i];
        int k = 0;
        while (s->kind == AST_SHARE && k < 3 && strcmp(s->text, part_names[k]))
            k++;
        if (s->kind != AST_SHARE || k == 3 || *share[k] > 0) {
            diag_error(l->diags, s->span, "write: split train 70%%, val 10%%, test 20%%");
            return;
        }
        *share[k] = s->kid[0]->number;
        sum += *share[k];
    }
    for (int k = 0; k < 3; k++)
        if (has_rows(data) && *share[k] > 0 && data->source[SOURCE_TRAIN + k].file_count)
            diag_error(l->diags, ast->span,
                       "the %s part has files of its own; the split shares out the other rows",
                       part_names[k]);
    if (fabs(sum - 1) > 1e-9)
        diag_error(l->diags, ast->span, "the shares of a split make 100%%, and these make %.9g%%",
                   sum * 100);
    else if (data->train_share <= 0 && !data->source[SOURCE_TRAIN].file_count)
        diag_error(l->diags, ast->span, "a split needs a train part");
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
    int source = SOURCE_TRAIN, header = data->header;
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
        if (l->data_ast->kid[0])
            data->header = header;
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

void lower_check_parts(struct lower *l)
{
    struct data_desc *data = &l->program->data;
    bool own = data->source[SOURCE_TRAIN].file_count > 0;
    bool rows = has_rows(data);
    const struct binding *split = frame_find(&l->settings, "split");
    struct diag *d = NULL;
    check_arrays(l);
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
    data->shuffle &= rows;
    data->train_share = rows ? data->train_share : 0;
}
