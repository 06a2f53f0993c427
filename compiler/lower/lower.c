/* pass_lower: the tree becomes a program.
 * requires: every file parsed without errors; library files are marked so in diags.
 * establishes: variables, data, training settings and one graph for each phase that has work;
 * PHASE_TRAIN holds forward, gradients and stores.  Blocks are expanded, shapes inferred. */
#include <string.h>
#include "lower/arguments.h"
#include "lower/call.h"
#include "lower/data.h"
#include "lower/expr.h"
#include "lower/limit.h"
#include "lower/lower.h"
#include "lower/model.h"
#include "lower/operator.h"
#include "lower/optimizer.h"
#include "lower/target.h"
#include "lower/train.h"
#include "lower/variable.h"
#include "passes/pass.h"

static bool library_file(struct lower *l, const struct ast *file)
{
    return diags_source(l->diags, file->span.source)->library;
}

static void declare(struct lower *l, struct scope *scope, const struct ast *item, const char *what)
{
    struct named_ast *before = scope_find(scope, item->text);
    if (before) {
        struct diag *d =
            diag_error(l->diags, item->name_span, "%s '%s' is declared twice", what, item->text);
        diag_note(d, before->ast->name_span, "first here");
        return;
    }
    scope_add(l, scope, item);
}

/* `invar N` opens the main file; included files may have it. */
static void check_version(struct lower *l, const struct ast *file, bool main_file)
{
    for (int i = 0; i < file->count; i++) {
        const struct ast *item = file->kid[i];
        if (item->kind != AST_INVAR)
            continue;
        if (strcmp(item->text, "1"))
            diag_error(l->diags, item->name_span,
                       "this is language version %s, and this compiler knows version 1",
                       item->text);
        else if (i > 0)
            diag_error(l->diags, item->span, "'invar 1' stands once, before everything else");
    }
    if (main_file && (file->count == 0 || file->kid[0]->kind != AST_INVAR)) {
        struct span first = {file->span.source, 1, 1, 1, 1};
        struct diag *d = diag_error(l->diags, file->count ? file->kid[0]->span : first,
                                    "the file does not say its language version");
        diag_help(d, "begin it with: invar 1");
    }
}

static bool is_among(const char *name, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!strcmp(name, list[i]))
            return true;
    return false;
}

/* Only some statements go on with `by`, or with { ... }: elsewhere these would be ignored. */
static void check_ends(struct lower *l, const struct ast *ast)
{
    static const char *const takes_by[] = {"split", "part", "patience"};
    static const char *const takes_body[] = {"augment", "for", "optimizer", "part", "recompute",
                                             "repeat"};
    bool statement = ast->kind == AST_STATEMENT, declares = ast->kind == AST_DECLARE;
    int body = statement ? 1 : 3;
    if (statement && ast->count > 2 &&
        !is_among(ast->text, takes_by, sizeof takes_by / sizeof *takes_by))
        diag_error(l->diags, ast->kid[2]->span, "'%s' takes no 'by'", ast->text);
    if (((statement && ast->kid[0]) || declares) && ast->count > body && ast->kid[body] &&
        !(statement ? is_among(ast->text, takes_body, sizeof takes_body / sizeof *takes_body)
                    : !strcmp(ast->text, "weight"))) {
        struct diag *d = diag_error(l->diags, ast->kid[body]->span, "'%s' takes no { ... }",
                                    ast->text);
        diag_help(d, "options of a call stand in its brackets: columns(\"a\", \"b\", missing = "
                  "mean); other statements stand on lines of their own");
    }
    for (int i = 0; i < ast->count; i++)
        if (ast->kid[i])
            check_ends(l, ast->kid[i]);
}

static void collect_item(struct lower *l, struct ast *item, bool library, bool main_file)
{
    lower_number_calls(l, item);
    check_ends(l, item);
    switch (item->kind) {
    case AST_BLOCK:
        declare(l, library ? &l->library_blocks : &l->user_blocks, item, "block");
        lower_check_formals(l, item);
        break;
    case AST_OPERATOR:
        declare(l, &l->user_blocks, item, "operator");
        lower_check_operator(l, item);
        break;
    case AST_CONST: declare(l, &l->consts, item, "const"); break;
    case AST_MODEL:
        if (main_file) {
            declare(l, &l->models, item, "model");
            lower_check_formals(l, item);
        }
        break;
    case AST_DATA: if (main_file) declare(l, &l->datas, item, "data"); break;
    case AST_TRAIN: if (main_file) declare(l, &l->trains, item, "train"); break;
    case AST_TARGET:
        if (main_file)
            lower_target(l, item);
        break;
    default: break;
    }
}

static const char **scope_names(struct lower *l, const struct scope *scope)
{
    const char **name = ARENA_ARRAY(l->arena, const char *, scope->count + 1);
    for (int i = 0; i < scope->count; i++)
        name[i] = scope->item[i]->name;
    return name;
}

static void unknown_declaration(struct lower *l, const struct scope *scope, const char *what,
                                const char *name, struct span span)
{
    struct diag *d = diag_error(l->diags, span, "there is no %s '%s'", what, name);
    diag_suggest(d, name, scope_names(l, scope), scope->count);
}

/* One train declaration is run: the named one, or the only one. */
static bool choose_train(struct lower *l, struct span file, const char *name)
{
    struct named_ast *train = name              ? scope_find(&l->trains, name)
                              : l->trains.count ? l->trains.item[0]
                                                : NULL;
    if (!train && name) {
        unknown_declaration(l, &l->trains, "train declaration for model", name, (struct span){0});
        return false;
    }
    if (!train) {
        struct diag *d = diag_error(l->diags, file, "the file has no 'train' declaration");
        diag_help(d, "for example: train model on data { seed 1  epochs 10  batch 32  optimizer "
                     "adam(lr = 1e-3) }");
        return false;
    }
    if (!name && l->trains.count > 1) {
        struct diag *d = diag_error(l->diags, l->trains.item[1]->ast->name_span,
                                    "the file trains %d models", l->trains.count);
        diag_help(d, "choose one with --train: %s",
                  diag_list(d, scope_names(l, &l->trains), l->trains.count, "or"));
        return false;
    }
    l->train_ast = train->ast;
    return true;
}

static bool find_declarations(struct lower *l)
{
    const struct ast *on = l->train_ast->kid[0];
    struct named_ast *model = scope_find(&l->models, l->train_ast->text);
    struct named_ast *data = scope_find(&l->datas, on->text);
    if (!model)
        unknown_declaration(l, &l->models, "model", l->train_ast->text, l->train_ast->name_span);
    if (!data)
        unknown_declaration(l, &l->datas, "data", on->text, on->span);
    if (!model || !data)
        return false;
    l->model_ast = model->ast;
    l->data_ast = data->ast;
    l->program->name = model->name;
    return true;
}

static void check_consts(struct lower *l)
{
    for (int i = 0; i < l->consts.count; i++)
        lower_const(l, l->consts.item[i]);
}

bool pass_lower(struct program *program, struct ast *const *file, int file_count,
                const char *train_name)
{
    struct lower *l = ARENA_NEW(program->arena, struct lower);
    l->program = program;
    l->arena = l->frames = program->arena;
    l->diags = program->diags;
    l->limits = ARENA_NEW(program->arena, struct limits);
    l->results = ARENA_NEW(program->arena, struct results);
    l->updates = ARENA_NEW(program->arena, struct updates);
    lower_begin_variables(l);
    l->graph = graph_new(program, "consts"); /* of what is evaluated before the first phase */
    for (int i = 0; i < file_count; i++) {
        check_version(l, file[i], i == 0 && !program->part);
        for (int k = 0; k < file[i]->count; k++)
            collect_item(l, file[i]->kid[k], library_file(l, file[i]), i == 0);
    }
    if (program->part) {
        check_consts(l);
        return diags_error_count(l->diags) == 0;
    }
    if (diags_error_count(l->diags)
        || !choose_train(l, (struct span){file[0]->span.source, 1, 1, 1, 1}, train_name)
        || !find_declarations(l))
        return false;
    check_consts(l);
    lower_train_settings(l);
    lower_begin_phase(l, PHASE_INIT, false);
    int errors = diags_error_count(l->diags);
    lower_data(l);
    if (diags_error_count(l->diags) > errors)
        return false;
    lower_phases(l);
    if (diags_error_count(l->diags) == 0)
        lower_train_check(l);
    return diags_error_count(l->diags) == 0;
}
