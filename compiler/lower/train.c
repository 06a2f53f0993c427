/* The settings of `train`. */
#include <math.h>
#include <string.h>
#include "lower/body.h"
#include "lower/carried.h"
#include "lower/expr.h"
#include "lower/optimizer.h"
#include "lower/run.h"
#include "lower/split.h"
#include "lower/train.h"

/* ---- settings ---- */
static bool setting_number(struct lower *l, const struct ast *ast, double least, double below,
                           double *out)
{
    struct value v = {0};
    if (ast->kid[0] && ast->kid[0]->count == 1)
        v = lower_expr(l, l->train_frame, ast->kid[0]->kid[0]);
    else
        diag_error(l->diags, ast->span, "'%s' takes one number", ast->text);
    if (v.kind == V_ERROR)
        return false;
    if (v.kind != V_NUMBER || v.number < least || (float)v.number >= (float)below) {
        if (below > 1)
            diag_error(l->diags, ast->kid[0]->span, "'%s' takes a whole number from %.9g, not %s",
                       ast->text, least, value_describe(l, v));
        else
            diag_error(l->diags, ast->kid[0]->span,
                       "'%s' takes a number from %.9g, below %.9g, not %s", ast->text, least,
                       below, value_describe(l, v));
        return false;
    }
    *out = v.number;
    return true;
}

static void setting_whole(struct lower *l, const struct ast *ast, int64_t least, int64_t *out)
{
    double number;
    if (!setting_number(l, ast, (double)least, 9e15, &number))
        return;
    if (number != floor(number))
        diag_error(l->diags, ast->kid[0]->span, "'%s' takes a whole number, not %.9g", ast->text,
                   number);
    else
        *out = (int64_t)number;
}

static void setting_seed(struct lower *l, const struct ast *ast)
{
    int64_t seed = 0;
    setting_whole(l, ast, 0, &seed);
    l->program->train.seed = (uint64_t)seed;
}

/* Steps are counted in 32 bits. */
static void setting_length(struct lower *l, const struct ast *ast, int64_t *out)
{
    setting_whole(l, ast, 1, out);
    if (*out > INT32_MAX)
        diag_error(l->diags, ast->kid[0]->span, "'%s' takes at most 2147483647", ast->text);
}

static void setting_epochs(struct lower *l, const struct ast *ast)
{
    setting_length(l, ast, &l->program->train.epochs);
}

static void setting_steps(struct lower *l, const struct ast *ast)
{
    setting_length(l, ast, &l->program->train.steps);
}

static void setting_batch(struct lower *l, const struct ast *ast)
{
    setting_whole(l, ast, 1, &l->program->train.batch);
}

enum { SHARDS_MAX = 65536 };            /* each takes its turn, empty or not */

static void setting_shards(struct lower *l, const struct ast *ast)
{
    l->program->train.shards_span = ast->span;
    setting_whole(l, ast, 1, &l->program->train.shards);
    if (l->program->train.shards > SHARDS_MAX)
        diag_error(l->diags, ast->kid[0]->span, "'shards' takes at most %d", SHARDS_MAX);
}

/* patience n [by least]: what is not better by more than that counts as no better. */
static void setting_patience(struct lower *l, const struct ast *ast)
{
    const struct ast *by = ast->count > 2 ? ast->kid[2] : NULL;
    struct value v = by ? lower_expr(l, l->train_frame, by) : value_number(0, ast->span);
    setting_whole(l, ast, 1, &l->program->train.patience);
    l->patience = ast;
    if (v.kind == V_NUMBER && v.number >= 0 && isfinite((float)v.number))
        l->program->train.patience_by = (float)v.number;
    else if (v.kind != V_ERROR)
        diag_error(l->diags, by->span, "'by' takes the least by which a result must be better, "
                   "from 0 and in binary32, not %s", value_describe(l, v));
}

static void setting_average(struct lower *l, const struct ast *ast)
{
    double rate = 0;
    if (setting_number(l, ast, 0, 1, &rate))
        l->program->train.average = (float)rate;
}

static void setting_shuffle(struct lower *l, const struct ast *ast)
{
    const struct ast *word = ast->kid[0] && ast->kid[0]->count == 1 ? ast->kid[0]->kid[0] : NULL;
    struct value v = word ? lower_expr(l, l->train_frame, word) : value_none(ast->span);
    if (v.kind == V_BOOL)
        l->program->train.shuffle = v.number != 0;
    else if (v.kind != V_ERROR)
        diag_error(l->diags, ast->span,
                   "write 'shuffle true' (another order each epoch) or 'shuffle false'");
}

static void setting_drop_last(struct lower *l, const struct ast *ast)
{
    const struct ast *word = lower_operand(ast);
    struct value v = word ? lower_expr(l, l->train_frame, word) : value_none(ast->span);
    if (v.kind == V_BOOL)
        l->program->train.drop_last = v.number != 0;
    else if (v.kind != V_ERROR)
        diag_error(l->diags, ast->span, "write 'drop_last true' (batches that are not full are "
                   "left out) or 'drop_last false'");
}

static void setting_keep(struct lower *l, const struct ast *ast)
{
    const struct ast *of = ast->kind == AST_DECLARE && ast->count > 2 ? ast->kid[2] : NULL;
    if (of && of->kind == AST_MEMBER && of->kid[0]->kind == AST_NAME
        && !strcmp(of->kid[0]->text, "val") && !strcmp(ast->kid[0]->text, "best")) {
        l->program->train.keep_best = arena_printf(l->arena, "%s.%s", of->kid[0]->text, of->text);
        l->keep = ast;
        return;
    }
    diag_error(l->diags, ast->span,
               "write: keep best = val.loss, or another result of the val part");
}

static const struct {
    const char *head;
    void (*set)(struct lower *, const struct ast *);
    bool many;
} settings[] = {
    {"seed", setting_seed, false},         {"epochs", setting_epochs, false},
    {"steps", setting_steps, false},       {"batch", setting_batch, false},
    {"patience", setting_patience, false}, {"average", setting_average, false},
    {"shuffle", setting_shuffle, false},   {"keep", setting_keep, false},
    {"drop_last", setting_drop_last, false}, {"shards", setting_shards, false},
    {"for", lower_setting_for, true},      {"optimizer", lower_setting_optimizer, false},
};

enum { SETTING_COUNT = (int)(sizeof settings / sizeof *settings) };

const char *train_setting(int i)
{
    return i < SETTING_COUNT ? settings[i].head : NULL;
}

static void unknown_setting(struct lower *l, const struct ast *ast)
{
    if (ast->kind == AST_BIND) {
        struct diag *d = diag_error(l->diags, ast->kid[0]->span, "names are not bound in train");
        diag_help(d, "a const, outside of train, names a value");
        return;
    }
    const char *choice[SETTING_COUNT];
    for (int i = 0; i < SETTING_COUNT; i++)
        choice[i] = settings[i].head;
    struct diag *d = diag_error(l->diags, ast->name_span, "unknown setting '%s' in train",
                                ast->text);
    const char *near = diag_nearest(ast->text, choice, SETTING_COUNT);
    if (near)
        diag_help(d, "did you mean '%s'?", near);
    else
        diag_help(d, "there are seed, epochs or steps, batch, shards, shuffle, drop_last, "
                     "optimizer, for, keep, patience, average");
}

static void lower_setting(struct lower *l, const struct ast *ast)
{
    int k = 0;
    bool headed = ast->kind == AST_STATEMENT || ast->kind == AST_DECLARE;
    while (headed && k < SETTING_COUNT && strcmp(settings[k].head, ast->text))
        k++;
    if (!headed || k == SETTING_COUNT) {
        unknown_setting(l, ast);
        return;
    }
    struct binding *before = frame_find(&l->settings, ast->text);
    if (before && !settings[k].many) {
        struct diag *d = diag_error(l->diags, ast->span, "'%s' is set twice", ast->text);
        diag_note(d, before->span, "first here");
    }
    settings[k].set(l, ast);
    if (!before)
        frame_bind(l, &l->settings, ast->text, value_error(), ast->span);
}

void lower_train_settings(struct lower *l)
{
    struct frame *frame = ARENA_NEW(l->arena, struct frame);
    *frame = (struct frame){.role = ROLE_TRAIN, .path = "", .random_path = ""};
    l->train_frame = l->current = frame;
    struct train_desc *train = &l->program->train;
    train->batch = 32;
    train->shards = 1;
    train->shuffle = true;
    int errors = diags_error_count(l->diags);
    lower_each(l, l->train_ast->kid[1], lower_setting);
    train->rows = train->batch / train->shards + (train->batch % train->shards > 0);
    if (!train->epochs == !train->steps
        && diags_error_count(l->diags) == errors)
        diag_error(l->diags, l->train_ast->name_span,
                   "train needs 'epochs n' or 'steps n', and not both");
    if (!frame_find(&l->settings, "optimizer")) {
        struct diag *d = diag_error(l->diags, l->train_ast->name_span, "train needs an optimizer");
        diag_help(d, "for example: optimizer adam(lr = 1e-3)");
    }
    l->current = NULL;
}

/* What can be checked only once all results and parameters are known. */
void lower_train_check(struct lower *l)
{
    struct train_desc *train = &l->program->train;
    if (train->patience && !lower_has_part(l, 1)) {
        struct diag *d = diag_error(l->diags, l->patience->span, "'patience' needs a val part");
        diag_help(d, "for example, in data '%s': split train 80%%, val 20%%",
                  l->program->data.name);
    }
    if (train->keep_best)
        train->keep_report =
            lower_report(l, l->keep->kid[2]->kid[0]->text, l->keep->kid[2]->text,
                         l->keep->kid[2]->span);
    lower_check_watched(l);
    lower_check_carried(l);
}
