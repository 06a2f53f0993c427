/* The optimizers of `train` over flat blocks of parameters, with the options of `for`. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/chains.h"
#include "lower/arguments.h"
#include "lower/call.h"
#include "lower/expr.h"
#include "lower/limit.h"
#include "lower/loads.h"
#include "lower/model.h"
#include "lower/optimizer.h"
#include "lower/run.h"
#include "lower/shards.h"
#include "lower/variable.h"
#include "passes/pass.h"

bool lower_is_frozen(struct lower *l, const char *path)
{
    const struct ast *value = lower_rule_value(l, path, "frozen");
    bool fixed = value && !lower_depends_on_run(l, value);
    struct value v =
        fixed ? lower_expr(l, l->train_frame, value) : value_bool(false, (struct span){0});
    return v.kind == V_BOOL && v.number != 0;
}

static int frozen_node(struct lower *l, const struct ast *value)
{
    if (!value || !lower_depends_on_run(l, value))
        return -1;
    struct value v = lower_schedule(l, l->train_frame, value);
    if (v.kind == V_TENSOR && value_node(l, v)->dtype == BOOL && !value_node(l, v)->shape.rank)
        return v.node;
    if (v.kind != V_ERROR)
        diag_error(l->diags, value->span, "'frozen' is true or false, not %s",
                   value_describe(l, v));
    return -1;
}

int lower_frozen_now(struct lower *l, const char *path)
{
    return frozen_node(l, lower_rule_value(l, path, "frozen"));
}

static void check_frozen(struct lower *l, const struct ast *bind)
{
    if (lower_depends_on_run(l, bind->kid[1]))
        return;                         /* the step is not known yet: see frozen_node() */
    struct value v = lower_expr(l, l->train_frame, bind->kid[1]);
    if (v.kind != V_BOOL && v.kind != V_ERROR)
        diag_error(l->diags, bind->kid[1]->span, "'frozen' is true or false, not %s",
                   value_describe(l, v));
}

/* ---- `for`: patterns and what holds for the parameters that they match ---- */

/* One call; an error, and NULL, where the statement has something else. */
static const struct ast *optimizer_call(struct lower *l, const struct ast *ast)
{
    if (ast->kid[0] && ast->kid[0]->count == 1 && !(ast->count > 1 && ast->kid[1]))
        return ast->kid[0]->kid[0];
    diag_error(l->diags, ast->span, "'optimizer' takes one call: optimizer adam(lr = 1e-3)");
    return NULL;
}

void lower_setting_optimizer(struct lower *l, const struct ast *ast)
{
    l->updates->optimizer = optimizer_call(l, ast);
}

/* Those that are no options of the optimizer. */
static bool is_own_key(const char *key)
{
    return !strcmp(key, "frozen") || !strcmp(key, "load");
}

static bool is_optimizer(const struct ast *ast)
{
    return ast->kind == AST_STATEMENT && !strcmp(ast->text, "optimizer");
}

static bool check_rule(struct lower *l, const struct ast *ast)
{
    if (is_optimizer(ast))
        return optimizer_call(l, ast) != NULL;
    if (ast->kind == AST_BIND && ast->kid[0]->count == 1) {
        if (!strcmp(lower_rule_key(ast), "frozen"))
            check_frozen(l, ast);
        return strcmp(lower_rule_key(ast), "load") || lower_check_load(l, ast);
    }
    struct diag *d = diag_error(l->diags, ast->span, "'for' holds options of the optimizer, "
                                "'frozen = ...', 'load = ...' or 'optimizer ...', and not this");
    if (ast->kind == AST_STATEMENT && ast->text && ast->kid[0] && ast->kid[0]->count == 1)
        diag_help(d, "an option is set by '=': %s = %s", ast->text,
                  lower_span_text(l, ast->kid[0]->span));
    return false;
}

void lower_setting_for(struct lower *l, const struct ast *ast)
{
    const struct ast *patterns = ast->kid[0], *body = ast->count > 1 ? ast->kid[1] : NULL;
    bool good = patterns && body;
    for (int i = 0; good && i < patterns->count; i++)
        good = patterns->kid[i]->kind == AST_STRING;
    if (!good) {
        struct diag *d = diag_error(l->diags, ast->span,
                                    "'for' takes patterns of paths in quotes, then options");
        diag_help(d, "for example: for \"**/bias\", \"head/*\" { decay = 0 }");
        return;
    }
    for (int i = 0; i < body->count; i++)
        good &= check_rule(l, body->kid[i]);
    struct updates *u = l->updates;
    if (good)
        ARENA_PUSH(l->arena, u->rules, u->rule_count, u->rule_room) = ast;
}

/* ---- parameter groups ---- */
struct setting {
    const char *key, *pattern;          /* the first of its `for` */
    const struct ast *value;
    struct span span;
};

struct param_group {
    const struct ast *optimizer;        /* its call */
    const char *pattern;                /* of the `for` that has it, or NULL */
    struct layer *layer;                /* that, as a layer */
    const struct ast *frozen;           /* `frozen` where it depends on the run, or NULL */
    int held, updates;                  /* its node, that of the count of updates; or -1 */
    struct ast *arguments;              /* all of the call; where names are bound to tensors ... */
    struct binding *names;              /* ... these are the names */
    struct setting *set;
    int set_count, set_room;
    int *variable, *gradient;
    int count, room, room_gradient;
};

static int by_path(const void *a, const void *b)
{
    return strcmp((*(struct variable *const *)a)->path, (*(struct variable *const *)b)->path);
}

static const char *first_pattern(const struct ast *rule)
{
    return rule->kid[0]->kid[0]->text;
}

static void add_setting(struct lower *l, struct param_group *g, const struct ast *rule,
                        const struct ast *bind)
{
    const struct ast *name = bind->kid[0]->kid[0];
    for (int i = 0; i < g->set_count; i++)
        if (!strcmp(g->set[i].key, name->text)) {
            g->set[i].value = bind->kid[1];
            g->set[i].pattern = first_pattern(rule);
            return;
        }
    ARENA_PUSH(l->arena, g->set, g->set_count, g->set_room) =
        (struct setting){name->text, first_pattern(rule), bind->kid[1], name->span};
}

/* What the rules that match add up to.  An `optimizer` begins anew: earlier options were those of
 * the optimizer before. */
static struct param_group settings_of(struct lower *l, const char *path)
{
    struct param_group g = {.optimizer = l->updates->optimizer, .held = -1, .updates = -1};
    const struct ast *frozen = lower_rule_value(l, path, "frozen");
    g.frozen = frozen && lower_depends_on_run(l, frozen) ? frozen : NULL;
    for (int i = 0; i < l->updates->rule_count; i++) {
        const struct ast *body = l->updates->rules[i]->kid[1];
        for (int k = 0; lower_rule_matches(l->updates->rules[i], path) && k < body->count; k++) {
            const char *key = lower_rule_key(body->kid[k]);
            if (!key) {
                g.optimizer = body->kid[k]->kid[0]->kid[0];
                g.pattern = first_pattern(l->updates->rules[i]);
                g.set_count = 0;
            } else if (!is_own_key(key)) {
                add_setting(l, &g, l->updates->rules[i], body->kid[k]);
            }
        }
    }
    return g;
}

static bool same_settings(const struct param_group *a, const struct param_group *b)
{
    bool same = a->set_count == b->set_count && a->optimizer == b->optimizer
                && a->frozen == b->frozen;
    for (int i = 0; same && i < a->set_count; i++)
        same = !strcmp(a->set[i].key, b->set[i].key) && a->set[i].value == b->set[i].value;
    return same;
}

/* In order of their paths: parameters, or with VAR_BUFFER buffers, too, but for statistics of
 * data. */
static int collect_params(struct lower *l, struct variable **param, enum variable_kind most)
{
    int count = 0;
    for (int i = 0; i < l->program->variable_count; i++) {
        struct variable *v = program_variable(l->program, i);
        if (v->kind <= most && !program_is_statistic(l->program, v->id))
            param[count++] = v;
    }
    qsort(param, (size_t)count, sizeof *param, by_path);
    return count;
}

/* Buffers have no optimizer. */
static bool is_of_buffers(const struct ast *rule)
{
    const struct ast *body = rule->kid[1];
    bool own = body->count > 0;
    for (int k = 0; k < body->count; k++) {
        const char *key = lower_rule_key(body->kid[k]);
        own &= key && is_own_key(key);
    }
    return own;
}

/* The pattern must match one of these. */
static void check_pattern(struct lower *l, const struct ast *pattern, const char **choice,
                          int count, bool buffers)
{
    for (int i = 0; i < count; i++)
        if (pattern_matches(pattern->text, choice[i]))
            return;
    struct diag *d = diag_error(l->diags, pattern->span, "no parameter%s matches \"%s\"",
                                buffers ? " or buffer" : "", pattern->text);
    const char *near = diag_nearest(pattern->text, choice, count);
    if (near)
        diag_help(d, "did you mean \"%s\"?", near);
    else if (count)
        diag_help(d, "parameters are named like \"%s\"; * stays within a part, ** crosses '/'",
                  choice[0]);
}

static void check_rules(struct lower *l)
{
    struct variable **v = ARENA_ARRAY(l->arena, struct variable *, l->program->variable_count + 1);
    const char **choice = ARENA_ARRAY(l->arena, const char *, l->program->variable_count + 1);
    for (int i = 0; i < l->updates->rule_count; i++) {
        const struct ast *rule = l->updates->rules[i], *patterns = rule->kid[0];
        bool buffers = is_of_buffers(rule);
        int count = collect_params(l, v, buffers ? VAR_BUFFER : VAR_PARAM);
        for (int k = 0; k < count; k++)
            choice[k] = v[k]->path;
        for (int p = 0; p < patterns->count; p++)
            check_pattern(l, patterns->kid[p], choice, count, buffers);
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
static struct ast *merged_arguments(struct lower *l, const struct param_group *g)
{
    struct ast *all = ast_new(l->arena, AST_ARGUMENTS, NULL, g->optimizer->span);
    const struct ast *formals = g->layer->block->kid[0], *given = g->layer->arguments;
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

static bool takes_number(const struct ast *formal)
{
    const struct ast *type = formal->kid[0];
    return type->kind == AST_TYPE && !strcmp(type->text, "f32") && !type->kid[0];
}

/* Whether it names what a parameter's own update knows only: an argument that is not bound in the
 * frame, w and g among them, or `updates`. */
static bool needs_unbound(struct frame *frame, const struct ast *ast)
{
    const struct ast *formals = frame->declaration->kid[0];
    bool needs = ast->kind == AST_NAME && !strcmp(ast->text, "updates");
    for (int i = 0; ast->kind == AST_NAME && i < formals->count; i++)
        needs |= !strcmp(formals->kid[i]->text, ast->text) && !frame_find(frame, ast->text);
    for (int i = 0; i < ast->count && !needs; i++)
        needs = ast->kid[i] && needs_unbound(frame, ast->kid[i]);
    return needs;
}

static const char *shared_name(struct lower *l, const char *formal)
{
    return arena_printf(l->arena, "argument %s", formal);
}

/* Numbers are evaluated once, whatever the number of parameters: they may depend on the run and
 * hold state.  A name takes the place of each.  `own` is the optimizer's frame as far as it is
 * bound: defaults see the arguments before them. */
static void share_argument(struct lower *l, struct param_group *g, struct frame *own,
                           const struct ast *formal)
{
    struct ast *given = NULL;
    for (int i = 0; i < g->arguments->count && !given; i++) {
        struct ast *a = g->arguments->kid[i];
        given = a->kind == AST_NAMED && !strcmp(a->text, formal->text) ? a : NULL;
    }
    const struct ast *ast = given ? given->kid[0] : formal->count > 1 ? formal->kid[1] : NULL;
    if (!ast || (!given && needs_unbound(own, ast)))
        return;
    struct value v = lower_schedule(l, given ? l->train_frame : own, ast);
    frame_bind(l, own, formal->text, v, ast->span);
    if (v.kind != V_TENSOR && v.kind != V_NUMBER && v.kind != V_ERROR)
        return;
    struct frame names = {.names = g->names};
    const char *name = shared_name(l, formal->text);
    frame_bind(l, &names, name, v, ast->span);
    g->names = names.names;
    if (!given) {
        given = named_argument(l, formal->text, ast, ast->span);
        ast_add(l->arena, g->arguments, given);
    }
    given->kid[0] = ast_new(l->arena, AST_NAME, name, ast->span);
}

/* The number of updates so far, which a frozen step does not add to. */
static void count_updates(struct lower *l, struct param_group *g, int ordinal)
{
    struct shape scalar = shape_scalar();
    struct graph *init = l->program->phase[PHASE_INIT];
    const char *path = arena_printf(l->arena, "updates%d", ordinal);
    int id = program_add_variable(l->program, VAR_STATE, path, F32, &scalar, g->frozen->span)->id;
    graph_store(init, id, graph_const(init, 0));
    g->updates = graph_read(l->graph, id);
    int next = graph_binary(l->graph, OP_ADD, g->updates, graph_const(l->graph, 1));
    graph_store(l->graph, id, lower_unless(l, g->held, id, next));
}

/* ---- the learning rate, as the log tells it ---- */

static const char *rate_name(struct lower *l, const struct param_group *g)
{
    const char *pattern = g->pattern;
    for (int i = 0; i < g->set_count; i++)
        if (!strcmp(g->set[i].key, "lr"))
            pattern = g->set[i].pattern;
    return pattern ? arena_printf(l->arena, "lr %s", pattern) : "lr";
}

/* A scalar that keeps what the last step had. */
static int store_rate(struct lower *l, struct value v)
{
    struct shape scalar = shape_scalar();
    struct graph *init = l->program->phase[PHASE_INIT];
    const char *name = arena_printf(l->arena, "schedule/lr%d", l->program->rate_count + 1);
    int id = program_add_variable(l->program, VAR_STATE, name, F32, &scalar, v.span)->id;
    graph_store(init, id, graph_const(init, 0));
    graph_store(l->graph, id, v.node);
    return id;
}

/* Where `lr` is a number that all of the group share. */
static void add_rate(struct lower *l, const struct param_group *g)
{
    struct program *p = l->program;
    struct frame names = {.names = g->names};
    struct binding *lr = frame_find(&names, shared_name(l, "lr"));
    struct rate rate = {.name = rate_name(l, g), .variable = -1};
    for (int i = 0; i < p->rate_count; i++)
        if (!strcmp(p->rate[i].name, rate.name))
            return;
    if (!lr)
        return;
    struct value v = lr->value;
    if (v.kind == V_TENSOR && !v.per_row && !value_node(l, v)->shape.rank)
        rate.variable = store_rate(l, value_to_f32(l, v));
    else if (v.kind == V_NUMBER && isfinite((float)v.number))
        rate.value = (float)v.number;
    else if (v.kind == V_NUMBER)
        diag_error(l->diags, v.span, "a learning rate is a finite number of binary32, not %.9g",
                   v.number);
    else
        return;
    ARENA_PUSH(l->arena, p->rate, p->rate_count, p->rate_room) = rate;
}

/* Evaluates what the group's parameters share. */
static void begin_group(struct lower *l, struct param_group *g, int ordinal)
{
    const struct ast *block = g->layer->block;
    struct frame own = {.declaration = block, .caller = l->train_frame,
                        .call = g->optimizer->span,
                        .user_call = lower_user_span(l, l->train_frame, g->optimizer->span),
                        .path = arena_printf(l->arena, "schedule/optimizer%d", ordinal),
                        .random_path = "",
                        .library = diags_source(l->diags, block->span.source)->library};
    g->names = l->train_frame->names;
    g->arguments = merged_arguments(l, g);
    for (int i = 2; i < block->kid[0]->count; i++)
        if (takes_number(block->kid[0]->kid[i]))
            share_argument(l, g, &own, block->kid[0]->kid[i]);
    add_rate(l, g);
    if (g->held >= 0)
        count_updates(l, g, ordinal);
}

static struct value optimize(struct lower *l, const struct param_group *g, int w, int gradient,
                             const char *path)
{
    struct frame caller = *l->train_frame;
    struct layer layer = *g->layer;
    struct shape shape = graph_node(l->graph, w)->shape;
    caller.role = ROLE_OPTIMIZER;
    layer.arguments = g->arguments;
    layer.frame = &caller;
    layer.names = caller.names = g->names;
    l->updates->shape = &shape;
    l->current = &caller;
    struct span span = g->optimizer->span;
    struct value given[2] = {value_tensor(l, w, false, span),
                             value_tensor(l, gradient, false, span)};
    struct expansion e = {
        .given = given, .given_count = 2, .path = path, .random_path = path, .span = span};
    struct arena *frames = lower_begin_frames(l);
    l->updates->optimizing = true;
    l->updates->held = g->held;
    l->updates->counted = g->updates;
    struct value v = value_to_f32(l, lower_apply(l, &caller, &layer, &e));
    l->updates->optimizing = false;
    lower_end_frames(l, frames);
    l->current = NULL;
    if (v.kind == V_TENSOR && !shape_equal(&value_node(l, v)->shape, &shape)) {
        diag_error(l->diags, span,
                   "the optimizer returns %s; it must return the new w, of the shape of w",
                   value_describe(l, v));
        return value_error();
    }
    if (v.kind == V_TENSOR && g->held >= 0) {
        struct value held[] = {value_tensor(l, g->held, false, span), given[0], v};
        v = value_map(l, OP_SELECT, 3, held, span);
    }
    if (v.kind == V_TENSOR)
        v.node = graph_flush(l->graph, v.node);
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
                                  F32, &shape, g->optimizer->span)
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
        bool norm = i >= l->updates->norm_first && i < l->updates->norm_end;
        bool whole = class == CLASS_MAP || class == CLASS_SOURCE || class == CLASS_STORE
                     || n->op == OP_STOP_GRADIENT || n->op == OP_BROADCAST;
        if (!norm && !(whole && n->op != OP_POSITION))
            return false;
    }
    return true;
}

struct mark { int nodes, initial_nodes, variables, watched; };

static struct mark set_mark(struct lower *l)
{
    return (struct mark){l->graph->count, l->program->phase[PHASE_INIT]->count,
                         l->program->variable_count, l->program->watched_count};
}

/* Takes back what was lowered since the mark: nothing before it refers to it. */
static void roll_back(struct lower *l, struct mark mark)
{
    graph_cut(l->graph, mark.nodes);
    graph_cut(l->program->phase[PHASE_INIT], mark.initial_nodes);
    lower_forget_variables(l, mark.variables);
    l->program->watched_count = mark.watched;
    lower_forget_nodes(l, mark.nodes);
    if (l->updates->global_norm >= mark.nodes)
        l->updates->global_norm = -1;
}

/* Whether the optimizer treats every element alike, so that it may see several parameters end to
 * end: tried on the first one, and taken back. */
static bool is_elementwise(struct lower *l, const struct param_group *g)
{
    struct mark mark = set_mark(l);
    l->updates->asked_size = l->updates->asked_norm = false;
    struct value v = optimize(l, g, lower_read(l, g->variable[0]), g->gradient[0], "optimizer");
    bool alike = v.kind == V_ERROR || (!l->updates->asked_size && elementwise_since(l, mark.nodes));
    if (v.kind != V_ERROR)
        roll_back(l, mark);
    return alike;
}

static void optimize_flat(struct lower *l, const struct param_group *g, int block, int ordinal)
{
    int w = graph_read(l->graph, block);
    int gradient = flat_concat(l, l->graph, g->gradient, g->count);
    struct value v = optimize(l, g, w, gradient, arena_printf(l->arena, "optimizer%d", ordinal));
    if (v.kind == V_ERROR)
        return;
    graph_store(l->graph, block, v.node);
    int *initial = ARENA_ARRAY(l->arena, int, g->count);
    for (int i = 0; i < g->count; i++)
        initial[i] = lower_declared(l, g->variable[i])->initial - 1;
    if (l->program->train.average > 0)
        store_average(l, block, program_variable(l->program, block)->path, v.node,
                      flat_concat(l, l->program->phase[PHASE_INIT], initial, g->count));
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

/* A gradient that a contraction makes: the update can be its epilogue, so that the gradient is
 * never stored, and weights and moments are touched once, while they are near. */
static bool is_contracted(const struct lower *l, int gradient)
{
    return op_def(graph_node(l->graph, gradient)->op)->class == CLASS_CONTRACT;
}

/* Parameters with such gradients are optimized on their own, unless a norm has to see every one
 * first; the others as one flat block. */
static void split_group(struct lower *l, const struct param_group *g, struct param_group *flat,
                        struct param_group *own)
{
    *flat = *own = *g;
    flat->variable = ARENA_ARRAY(l->arena, int, 2 * g->count);
    flat->gradient = ARENA_ARRAY(l->arena, int, 2 * g->count);
    own->variable = flat->variable + g->count;
    own->gradient = flat->gradient + g->count;
    flat->count = own->count = 0;
    for (int i = 0; i < g->count; i++) {
        bool alone = !l->updates->asked_norm && is_contracted(l, g->gradient[i]);
        struct param_group *to = alone ? own : flat;
        to->variable[to->count] = g->variable[i];
        to->gradient[to->count++] = g->gradient[i];
    }
}

static void optimize_group(struct lower *l, struct param_group *g, int ordinal)
{
    struct param_group flat, own;
    int errors = diags_error_count(l->diags);
    begin_group(l, g, ordinal);
    bool alike = is_elementwise(l, g);
    if (diags_error_count(l->diags) > errors)
        return;
    if (!alike || program_updates_apart(l->program)) {
        optimize_each(l, g);            /* apart: gradients lie in memory, each on its own */
        return;
    }
    split_group(l, g, &flat, &own);
    if (flat.count > 0)
        optimize_flat(l, &flat, add_block(l, &flat, ordinal), ordinal);
    optimize_each(l, &own);
}

/* ---- all of it ---- */

static int collect_trained(struct lower *l, struct variable **param)
{
    int all = collect_params(l, param, VAR_PARAM), count = 0;
    for (int i = 0; i < all; i++)
        if (!param[i]->frozen)
            param[count++] = param[i];
    return count;
}

/* An update apart reads them, or their sums over shards, from memory. */
static void sum_gradients(struct lower *l, struct variable **param, int count)
{
    int *gradient = l->updates->gradient;
    for (int i = 0; i < count; i++)
        gradient[i] = lower_sum_shards(l, param[i]->path, gradient[i], param[i]->span);
    lower_begin_update(l);
    lower_forget_reads(l);
    for (int i = 0; i < count; i++)
        gradient[i] = graph_read(l->graph, gradient[i]);
}

/* Those of parameters that do not reach the loss are zeros; whether there are others. */
static bool fill_gradients(struct lower *l, struct variable **param, int count)
{
    bool reached = false;
    for (int i = 0; i < count; i++) {
        reached |= l->updates->gradient[i] >= 0;
        if (l->updates->gradient[i] < 0)
            l->updates->gradient[i] = graph_fill(l->graph, 0, &param[i]->shape);
    }
    return reached;
}

static void make_gradients(struct lower *l, struct variable **param, int count)
{
    struct span call = graph_node(l->graph, l->results->loss)->call;
    int *wanted = ARENA_ARRAY(l->arena, int, count + 1);
    l->updates->gradient = ARENA_ARRAY(l->arena, int, count + 1);
    l->updates->gradient_count = count;
    for (int i = 0; i < count; i++)
        wanted[i] = lower_read(l, param[i]->id);
    pass_grad(l->graph, l->results->loss, wanted, count, l->updates->gradient);
    l->graph->forward = -1;
    l->graph->span = l->graph->call = l->updates->optimizer->span;
    bool reached = fill_gradients(l, param, count);
    if (program_updates_apart(l->program))
        sum_gradients(l, param, count);
    if (!reached) {
        struct diag *d = diag_error(l->diags, call, "no trained parameter reaches the loss");
        diag_help(d, "nothing would be learned; let the loss depend on the model's layers");
    }
}

/* NULL after an error. */
static struct layer *optimizer_layer(struct lower *l, const struct ast *ast)
{
    struct layer *layer = NULL;
    int errors = diags_error_count(l->diags);
    l->current = l->train_frame;
    if (lower_is_layer(l, l->train_frame, ast)) {
        layer = lower_layer(l, l->train_frame, ast);
        if (!layer->block || layer->block->kid[0]->count < 2)
            diag_error(l->diags, ast->span,
                       "this is no optimizer: one takes a parameter w and its gradient g first");
        else if (layer->as)
            diag_error(l->diags, ast->span, "'as' names a call in paths, and what an optimizer "
                       "keeps has the paths of the parameters; leave it out");
        else
            lower_check_arguments(l, l->train_frame, layer->block, 2, layer->arguments, ast->span);
    } else {
        lower_expr(l, l->train_frame, ast);
        if (diags_error_count(l->diags) == errors)
            diag_error(l->diags, ast->span, "this is no optimizer");
    }
    l->current = NULL;
    return diags_error_count(l->diags) == errors ? layer : NULL;
}

/* All that `train` names, used or not; false after an error. */
static bool check_optimizers(struct lower *l)
{
    bool good = optimizer_layer(l, l->updates->optimizer) != NULL;
    for (int i = 0; i < l->updates->rule_count; i++) {
        const struct ast *body = l->updates->rules[i]->kid[1];
        for (int k = 0; k < body->count; k++)
            if (is_optimizer(body->kid[k]))
                good &= optimizer_layer(l, body->kid[k]->kid[0]->kid[0]) != NULL;
    }
    return good;
}

/* A frozen parameter has no gradient: norms over all gradients do not see it. */
static int gradient_unless(struct lower *l, int held, int gradient)
{
    struct span span = graph_node(l->graph, gradient)->span;
    if (held < 0)
        return gradient;
    struct value v[] = {value_tensor(l, held, false, span),
                        value_tensor(l, graph_const(l->graph, 0), false, span),
                        value_tensor(l, gradient, false, span)};
    return value_map(l, OP_SELECT, 3, v, span).node;
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
        if (at == *group_count) {
            g.layer = optimizer_layer(l, g.optimizer);
            g.held = frozen_node(l, g.frozen);
            group[(*group_count)++] = g;
        }
        l->updates->gradient[i] = gradient_unless(l, group[at].held, l->updates->gradient[i]);
        ARENA_PUSH(l->arena, group[at].gradient, group[at].count, group[at].room_gradient) =
            l->updates->gradient[i];
        group[at].count--;
        ARENA_PUSH(l->arena, group[at].variable, group[at].count, group[at].room) = param[i]->id;
    }
    return group;
}

/* Numbers that an optimizer makes of the step alone, such as bias corrections, are made once. */
static void optimize_groups(struct lower *l, struct variable **param, int count)
{
    struct arena *arena = arena_within(l->arena);
    struct chains scalars;
    int groups;
    chains_init(&scalars, arena);
    l->graph->scalars = &scalars;
    struct param_group *group = group_params(l, param, count, &groups);
    for (int i = 0; i < groups && !diags_error_count(l->diags); i++)
        optimize_group(l, &group[i], i + 1);
    l->graph->scalars = NULL;
    arena_free(arena);
}

void lower_optimizer(struct lower *l)
{
    int count;
    struct variable **param =
        ARENA_ARRAY(l->arena, struct variable *, l->program->variable_count + 1);
    if (!check_optimizers(l))
        return;
    check_rules(l);
    lower_loads(l);
    count = collect_trained(l, param);
    if (count == 0) {
        diag_error(l->diags, l->model_ast->name_span, "model '%s' has no parameter to train",
                   l->model_ast->text);
        return;
    }
    make_gradients(l, param, count);
    lower_allow_updates(l, count);
    optimize_groups(l, param, count);
}
