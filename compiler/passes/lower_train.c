/* `train`: settings, per-parameter options, the optimizer over flat blocks of parameters. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "passes/lower.h"

/* ---- patterns: * within a path component, ** any number of them ---- */
static bool matches(const char *pattern, const char *path)
{
    if (!*pattern)
        return !*path;
    if (pattern[0] == '*' && pattern[1] == '*') {
        const char *rest = pattern + 2;
        if (*rest == '/' && matches(rest + 1, path))
            return true;
        if (matches(rest, path))
            return true;
        return *path && matches(pattern, path + 1);
    }
    if (*pattern == '*')
        return matches(pattern + 1, path) || (*path && *path != '/' && matches(pattern, path + 1));
    return *path == *pattern && matches(pattern + 1, path + 1);
}

static bool rule_matches(const struct ast *rule, const char *path)
{
    const struct ast *operands = rule->kid[0];
    for (int i = 0; i < operands->count; i++)
        if (operands->kid[i]->kind == AST_STRING && matches(operands->kid[i]->text, path))
            return true;
    return false;
}

/* The last value that a rule gives to `key` for that path, or NULL. */
static const struct ast *rule_value(struct lower *l, const char *path, const char *key)
{
    const struct ast *value = NULL;
    for (int i = 0; i < l->rule_count; i++) {
        const struct ast *body = l->rules[i]->kid[1];
        for (int k = 0; rule_matches(l->rules[i], path) && k < body->count; k++)
            if (!strcmp(body->kid[k]->kid[0]->kid[0]->text, key))
                value = body->kid[k]->kid[1];
    }
    return value;
}

bool lower_is_frozen(struct lower *l, const char *path)
{
    const struct ast *value = rule_value(l, path, "frozen");
    struct value v =
        value ? lower_expr(l, l->train_frame, value) : value_bool(false, (struct span){0});
    return v.kind == V_BOOL && v.number != 0;
}

static void check_frozen(struct lower *l, const struct ast *bind)
{
    struct value v = lower_expr(l, l->train_frame, bind->kid[1]);
    if (v.kind != V_BOOL && v.kind != V_ERROR)
        diag_error(l->diags, bind->kid[1]->span, "'frozen' is true or false, not %s",
                   value_describe(l, v));
}

/* ---- settings ---- */
static bool setting_number(struct lower *l, const struct ast *ast, double least, double most,
                           double *out)
{
    struct value v = {0};
    if (ast->kid[0] && ast->kid[0]->count == 1)
        v = lower_expr(l, l->train_frame, ast->kid[0]->kid[0]);
    else
        diag_error(l->diags, ast->span, "'%s' takes one number", ast->text);
    if (v.kind == V_ERROR)
        return false;
    if (v.kind != V_NUMBER || v.number < least || v.number > most) {
        if (most > 1)
            diag_error(l->diags, ast->kid[0]->span, "'%s' takes a whole number from %.9g, not %s",
                       ast->text, least, value_describe(l, v));
        else
            diag_error(l->diags, ast->kid[0]->span, "'%s' takes a number from %.9g to %.9g, not %s",
                       ast->text, least, most, value_describe(l, v));
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

static void setting_epochs(struct lower *l, const struct ast *ast)
{
    setting_whole(l, ast, 1, &l->program->train.epochs);
}

static void setting_steps(struct lower *l, const struct ast *ast)
{
    setting_whole(l, ast, 1, &l->program->train.steps);
}

static void setting_batch(struct lower *l, const struct ast *ast)
{
    setting_whole(l, ast, 1, &l->program->train.batch);
}

static void setting_patience(struct lower *l, const struct ast *ast)
{
    setting_whole(l, ast, 1, &l->program->train.patience);
    l->patience = ast;
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

static void setting_optimizer(struct lower *l, const struct ast *ast)
{
    if (ast->kid[0] && ast->kid[0]->count == 1)
        l->optimizer = ast->kid[0]->kid[0];
    else
        diag_error(l->diags, ast->span, "'optimizer' takes one call: optimizer adam(lr = 1e-3)");
}

static void setting_for(struct lower *l, const struct ast *ast)
{
    const struct ast *patterns = ast->kid[0], *body = ast->count > 1 ? ast->kid[1] : NULL;
    bool good = patterns && body;
    for (int i = 0; good && i < patterns->count; i++)
        good = patterns->kid[i]->kind == AST_STRING;
    for (int i = 0; good && i < body->count; i++)
        good = body->kid[i]->kind == AST_BIND && body->kid[i]->kid[0]->count == 1;
    if (!good) {
        diag_error(l->diags, ast->span, "write: for \"**/bias\", \"head/*\" { decay = 0 }");
        return;
    }
    ARENA_PUSH(l->arena, l->rules, l->rule_count, l->rule_room) = ast;
    for (int i = 0; i < body->count; i++)
        if (!strcmp(body->kid[i]->kid[0]->kid[0]->text, "frozen"))
            check_frozen(l, body->kid[i]);
}

static void setting_keep(struct lower *l, const struct ast *ast)
{
    const struct ast *of = ast->kind == AST_DECLARE && ast->count > 2 ? ast->kid[2] : NULL;
    if (of && of->kind == AST_MEMBER && of->kid[0]->kind == AST_NAME
        && !strcmp(ast->kid[0]->text, "best")) {
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
    {"shuffle", setting_shuffle, false},   {"optimizer", setting_optimizer, false},
    {"for", setting_for, true},            {"keep", setting_keep, false},
};

enum { SETTING_COUNT = (int)(sizeof settings / sizeof *settings) };

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
        diag_help(d, "there are seed, epochs or steps, batch, shuffle, optimizer, for, keep, "
                     "patience, average");
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
    l->program->train.batch = 32;
    l->program->train.shuffle = true;
    int errors = diags_error_count(l->diags);
    lower_each(l, l->train_ast->kid[1], lower_setting);
    if (!l->program->train.epochs == !l->program->train.steps
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
    const char *choice[256];
    int count = 0;
    if (train->patience && !lower_has_part(l, 1)) {
        struct diag *d = diag_error(l->diags, l->patience->span, "'patience' needs a val part");
        diag_help(d, "for example, in data '%s': split train 80%%, val 20%%",
                  l->program->data.name);
    }
    if (!train->keep_best)
        return;
    train->keep_report = -1;
    for (int i = 0; i < l->program->report_count && i < 256; i++) {
        choice[count++] = arena_printf(l->arena, "val.%s", l->program->report[i].name);
        if (!strcmp(train->keep_best, choice[i]))
            train->keep_report = i;
    }
    if (train->keep_report < 0) {
        struct diag *d = diag_error(l->diags, l->keep->kid[2]->span, "there is no result '%s'",
                                    train->keep_best);
        const char *near = diag_nearest(train->keep_best, choice, count);
        if (near)
            diag_help(d, "did you mean '%s'?", near);
    } else if (!lower_has_part(l, 1)) {
        struct diag *d = diag_error(l->diags, l->keep->kid[2]->span, "data '%s' has no val part",
                                    l->program->data.name);
        diag_note(d, l->data_ast->name_span,
                  "declared here; a split makes one: split train 80%%, val 20%%");
    } else if (program_variable(l->program, l->program->report[train->keep_report].variable)
                   ->shape.rank) {
        diag_error(l->diags, l->keep->kid[2]->span, "'%s' is no single number", train->keep_best);
    }
}

/* ---- parameter groups ---- */
struct setting { const char *key; const struct ast *value; struct span span; };
struct param_group {
    struct setting *set;
    int set_count, set_room;
    int *variable, *gradient;
    int count, room, room_gradient;
};

static int by_path(const void *a, const void *b)
{
    return strcmp((*(struct variable *const *)a)->path, (*(struct variable *const *)b)->path);
}

static void add_setting(struct lower *l, struct param_group *g, const struct ast *bind)
{
    const struct ast *name = bind->kid[0]->kid[0];
    for (int i = 0; i < g->set_count; i++)
        if (!strcmp(g->set[i].key, name->text)) {
            g->set[i].value = bind->kid[1];
            return;
        }
    ARENA_PUSH(l->arena, g->set, g->set_count, g->set_room) =
        (struct setting){name->text, bind->kid[1], name->span};
}

static struct param_group settings_of(struct lower *l, const char *path)
{
    struct param_group g = {0};
    for (int i = 0; i < l->rule_count; i++) {
        const struct ast *body = l->rules[i]->kid[1];
        for (int k = 0; rule_matches(l->rules[i], path) && k < body->count; k++)
            if (strcmp(body->kid[k]->kid[0]->kid[0]->text, "frozen"))
                add_setting(l, &g, body->kid[k]);
    }
    return g;
}

static bool same_settings(const struct param_group *a, const struct param_group *b)
{
    bool same = a->set_count == b->set_count;
    for (int i = 0; same && i < a->set_count; i++)
        same = !strcmp(a->set[i].key, b->set[i].key) && a->set[i].value == b->set[i].value;
    return same;
}

static void check_rules(struct lower *l, struct variable **param, int count)
{
    for (int i = 0; i < l->rule_count; i++) {
        const struct ast *patterns = l->rules[i]->kid[0];
        for (int p = 0; p < patterns->count; p++) {
            bool any = false;
            const char *choice[256];
            int choices = 0;
            for (int k = 0; k < count; k++) {
                any |= matches(patterns->kid[p]->text, param[k]->path);
                if (choices < 256)
                    choice[choices++] = param[k]->path;
            }
            if (any)
                continue;
            struct diag *d = diag_error(l->diags, patterns->kid[p]->span,
                                        "no parameter matches \"%s\"", patterns->kid[p]->text);
            const char *near = diag_nearest(patterns->kid[p]->text, choice, choices);
            if (near)
                diag_help(d, "did you mean \"%s\"?", near);
            else if (count)
                diag_help(d,
                          "parameters are named like \"%s\"; * stays within a part, ** crosses '/'",
                          param[0]->path);
        }
    }
}

/* ---- one call of the optimizer ---- */
static struct ast *named_argument(struct lower *l, const char *name, const struct ast *value,
                                  struct span span)
{
    struct ast *named = ast_new(l->arena, AST_NAMED, name, span);
    named->name_span = span;
    return ast_add(l->arena, named, (struct ast *)value);
}

/* The optimizer's arguments as written, with the group's own in their place. */
static struct ast *merged_arguments(struct lower *l, const struct ast *block,
                                    const struct ast *given, const struct param_group *g)
{
    struct ast *all = ast_new(l->arena, AST_ARGUMENTS, NULL, l->optimizer->span);
    const struct ast *formals = block->kid[0];
    int position = 2;
    for (int i = 0; given && i < given->count; i++) {
        const struct ast *a = given->kid[i];
        const char *name = a->kind == AST_NAMED        ? a->text
                           : position < formals->count ? formals->kid[position++]->text
                                                       : NULL;
        const struct ast *value = a->kind == AST_NAMED ? a->kid[0] : a;
        bool replaced = false;
        for (int k = 0; name && k < g->set_count; k++)
            replaced |= !strcmp(g->set[k].key, name);
        if (!replaced)
            ast_add(l->arena, all,
                    name
                        ? named_argument(l, name, value, a->name_span.line ? a->name_span : a->span)
                        : (struct ast *)a);
    }
    for (int k = 0; k < g->set_count; k++)
        ast_add(l->arena, all, named_argument(l, g->set[k].key, g->set[k].value, g->set[k].span));
    return all;
}

static struct value optimize(struct lower *l, const struct param_group *g, int w, int gradient,
                             const char *path)
{
    struct frame caller = *l->train_frame;
    struct layer layer = *l->optimizer_layer;
    struct shape shape = graph_node(l->graph, w)->shape;
    caller.role = ROLE_OPTIMIZER;
    layer.arguments = merged_arguments(l, layer.block, layer.arguments, g);
    layer.frame = &caller;
    layer.names = caller.names;
    l->optimizer_shape = &shape;
    l->current = &caller;
    struct span span = l->optimizer->span;
    struct value given[2] = {value_tensor(l, w, false, span),
                             value_tensor(l, gradient, false, span)};
    struct expansion e = {
        .given = given, .given_count = 2, .path = path, .random_path = path, .span = span};
    struct value v = value_to_f32(l, lower_apply(l, &caller, &layer, &e));
    l->current = NULL;
    if (v.kind == V_TENSOR && !shape_equal(&value_node(l, v)->shape, &shape)) {
        diag_error(l->diags, span,
                   "the optimizer returns %s; it must return the new w, of the shape of w",
                   value_describe(l, v));
        return value_error();
    }
    return v;
}

/* ---- the moving average of the weights ---- */
static void store_average(struct lower *l, int of, const char *path, int new_value, int initial)
{
    double rate = l->program->train.average;
    struct variable *v = program_variable(l->program, of);
    if (rate <= 0)
        return;
    int id = program_add_variable(l->program, VAR_AVERAGE, path, F32, &v->shape, v->span)->id;
    graph_store(l->program->phase[PHASE_INIT], id, initial);
    int average = graph_read(l->graph, id);
    int kept = graph_binary(l->graph, OP_MUL, graph_const(l->graph, (float)rate), average);
    int added = graph_binary(l->graph, OP_MUL, graph_const(l->graph, (float)(1 - rate)), new_value);
    graph_store(l->graph, id, graph_binary(l->graph, OP_ADD, kept, added));
}

/* ---- a group as one flat block ---- */
static int flat_concat(struct lower *l, struct graph *graph, const int *node, int count)
{
    int *flat = ARENA_ARRAY(l->arena, int, count);
    for (int i = 0; i < count; i++) {
        int64_t n = shape_elements(&graph_node(graph, node[i])->shape);
        struct shape shape = shape_of(1, -1, &n);
        flat[i] = graph_reshape(graph, node[i], &shape);
    }
    return count == 1 ? flat[0] : graph_concat(graph, count, flat, 0);
}

static int add_block(struct lower *l, const struct param_group *g, int ordinal)
{
    int64_t total = 0;
    for (int i = 0; i < g->count; i++)
        total += shape_elements(&program_variable(l->program, g->variable[i])->shape);
    struct shape shape = shape_of(1, -1, &total);
    int id = program_add_variable(l->program, VAR_BLOCK, arena_printf(l->arena, "block%d", ordinal),
                                  F32, &shape, l->optimizer->span)
                 ->id;
    total = 0;
    for (int i = 0; i < g->count; i++) {
        struct variable *v = program_variable(l->program, g->variable[i]);
        v->block = id;
        v->block_start = total;
        total += shape_elements(&v->shape);
    }
    return id;
}

/* Whether what was added since `from` treats every element alike, so that one flat block does. */
static bool elementwise_since(struct lower *l, int from)
{
    for (int i = from; i < l->graph->count; i++) {
        const struct node *n = graph_node(l->graph, i);
        enum op_class class = op_def(n->op)->class;
        bool norm = i >= l->norm_first && i < l->norm_end;
        bool whole = class == CLASS_MAP || class == CLASS_SOURCE || class == CLASS_STORE
                     || n->op == OP_STOP_GRADIENT || n->op == OP_BROADCAST;
        if (!norm && !(whole && n->op != OP_POSITION))
            return false;
    }
    return true;
}

struct mark { int nodes, initial_nodes, variables; };

static struct mark set_mark(struct lower *l)
{
    return (struct mark){l->graph->count, l->program->phase[PHASE_INIT]->count,
                         l->program->variable_count};
}

/* Takes back what was lowered since the mark: nothing before it refers to it. */
static void roll_back(struct lower *l, struct mark mark)
{
    l->graph->count = mark.nodes;
    l->program->phase[PHASE_INIT]->count = mark.initial_nodes;
    lower_forget_variables(l, mark.variables);
    for (int i = 0; i < l->declared_count; i++)
        if (l->declared[i].read >= mark.nodes)
            l->declared[i].read = -1;
    if (l->global_norm >= mark.nodes)
        l->global_norm = -1;
}

static bool optimize_flat(struct lower *l, const struct param_group *g, int block, int ordinal)
{
    int errors = diags_error_count(l->diags);
    int w = graph_read(l->graph, block);
    int gradient = flat_concat(l, l->graph, g->gradient, g->count);
    struct mark mark = set_mark(l);
    l->asked_size = false;
    struct value v = optimize(l, g, w, gradient, arena_printf(l->arena, "optimizer%d", ordinal));
    if (v.kind == V_ERROR || diags_error_count(l->diags) > errors)
        return true;                    /* reported */
    if (l->asked_size || !elementwise_since(l, mark.nodes)) {
        roll_back(l, mark);
        return false;
    }
    graph_store(l->graph, block, v.node);
    int *initial = ARENA_ARRAY(l->arena, int, g->count);
    for (int i = 0; i < g->count; i++)
        initial[i] = lower_declared(l, g->variable[i])->initial - 1;
    if (l->program->train.average > 0)
        store_average(l, block, program_variable(l->program, block)->path, v.node,
                      flat_concat(l, l->program->phase[PHASE_INIT], initial, g->count));
    return true;
}

static void optimize_each(struct lower *l, const struct param_group *g)
{
    for (int i = 0; i < g->count; i++) {
        int id = g->variable[i];
        const char *path = program_variable(l->program, id)->path;
        struct value v =
            optimize(l, g, lower_read(l, id), g->gradient[i], path_join(l, "optimizer", path));
        if (v.kind == V_ERROR)
            return;
        graph_store(l->graph, id, v.node);
        store_average(l, id, path, v.node, lower_declared(l, id)->initial - 1);
    }
}

/* ---- all of it ---- */
static int collect_params(struct lower *l, struct variable **param, bool trained)
{
    int count = 0;
    for (int i = 0; i < l->program->variable_count; i++) {
        struct variable *v = program_variable(l->program, i);
        if (v->kind == VAR_PARAM && !(trained && v->frozen))
            param[count++] = v;
    }
    qsort(param, (size_t)count, sizeof *param, by_path);
    return count;
}

static void make_gradients(struct lower *l, struct variable **param, int count)
{
    int *wanted = ARENA_ARRAY(l->arena, int, count + 1);
    l->gradient = ARENA_ARRAY(l->arena, int, count + 1);
    l->gradient_count = count;
    for (int i = 0; i < count; i++)
        wanted[i] = lower_read(l, param[i]->id);
    pass_grad(l->graph, l->loss, wanted, count, l->gradient);
    l->graph->forward = -1;
    l->graph->span = l->graph->call = l->optimizer->span;
    bool reached = false;
    for (int i = 0; i < count; i++) {
        reached |= l->gradient[i] >= 0;
        if (l->gradient[i] < 0)
            l->gradient[i] = graph_fill(l->graph, 0, &param[i]->shape);
    }
    if (!reached) {
        struct diag *d = diag_error(l->diags, graph_node(l->graph, l->loss)->call,
                                    "no trained parameter reaches the loss");
        diag_help(d, "nothing would be learned; let the loss depend on the model's layers");
    }
}

static struct param_group *group_params(struct lower *l, struct variable **param, int count,
                                        int *group_count)
{
    struct param_group *group = ARENA_ARRAY(l->arena, struct param_group, count + 1);
    *group_count = 0;
    for (int i = 0; i < count; i++) {
        struct param_group g = settings_of(l, param[i]->path);
        int at = 0;
        while (at < *group_count && !same_settings(&group[at], &g))
            at++;
        if (at == *group_count)
            group[(*group_count)++] = g;
        ARENA_PUSH(l->arena, group[at].gradient, group[at].count, group[at].room_gradient) =
            l->gradient[i];
        group[at].count--;
        ARENA_PUSH(l->arena, group[at].variable, group[at].count, group[at].room) = param[i]->id;
    }
    return group;
}

static bool optimizer_layer(struct lower *l)
{
    l->current = l->train_frame;
    bool good = lower_is_layer(l, l->train_frame, l->optimizer);
    if (good) {
        l->optimizer_layer = lower_layer(l, l->train_frame, l->optimizer);
        good = l->optimizer_layer->block && l->optimizer_layer->block->kid[0]->count >= 2;
        if (!good)
            diag_error(l->diags, l->optimizer->span,
                       "this is no optimizer: one takes a parameter w and its gradient g first");
        else
            good = lower_check_arguments(l, l->train_frame, l->optimizer_layer->block, 2,
                                         l->optimizer_layer->arguments, l->optimizer->span);
    } else {
        lower_expr(l, l->train_frame, l->optimizer);
        if (!diags_error_count(l->diags))
            diag_error(l->diags, l->optimizer->span, "this is no optimizer");
    }
    l->current = NULL;
    return good;
}

void lower_optimizer(struct lower *l)
{
    int count, groups;
    struct variable **param =
        ARENA_ARRAY(l->arena, struct variable *, l->program->variable_count + 1);
    if (!optimizer_layer(l))
        return;
    count = collect_params(l, param, false);
    check_rules(l, param, count);
    count = collect_params(l, param, true);
    if (count == 0) {
        diag_error(l->diags, l->model_ast->name_span, "model '%s' has no parameter to train",
                   l->model_ast->text);
        return;
    }
    make_gradients(l, param, count);
    struct param_group *group = group_params(l, param, count, &groups);
    int *block = ARENA_ARRAY(l->arena, int, groups);
    for (int i = 0; i < groups; i++)
        block[i] = add_block(l, &group[i], i + 1);
    for (int i = 0; i < groups && !diags_error_count(l->diags); i++)
        if (!optimize_flat(l, &group[i], block[i], i + 1))
            optimize_each(l, &group[i]);
}
