/* The model's body, lowered once for each phase: losses, metrics, outputs. */
#include <string.h>
#include "core/exact.h"
#include "lower/arguments.h"
#include "lower/body.h"
#include "lower/call.h"
#include "lower/carried.h"
#include "lower/expr.h"
#include "lower/generate.h"
#include "lower/label.h"
#include "lower/limit.h"
#include "lower/model.h"
#include "lower/optimizer.h"
#include "lower/ranking.h"
#include "lower/shards.h"
#include "lower/units.h"
#include "lower/variable.h"
#include "lower/weight.h"

/* ---- what a result depends on ---- */
const char *lower_missing(struct lower *l, int node)
{
    const struct results *results = l->results;
    bool *reached = ARENA_ARRAY(l->arena, bool, node + 1);
    reached[node] = true;
    graph_mark_read(l->graph, node, reached);
    for (int i = results->stand_in_count - 1; i >= 0; i--)
        if (results->stand_in[i].node <= node && reached[results->stand_in[i].node])
            return results->stand_in[i].what;
    return NULL;
}

void lower_add_stand_in(struct lower *l, int node, const char *what)
{
    struct results *results = l->results;
    ARENA_PUSH(l->arena, results->stand_in, results->stand_in_count, results->stand_in_room) =
        (struct stand_in){node, what};
}

static struct value stand_in(struct lower *l, enum dtype dtype, const struct shape *shape,
                             bool per_row, struct span span, const char *what)
{
    int node = graph_to(l->graph, dtype, graph_fill(l->graph, 0, shape));
    lower_add_stand_in(l, node, what);
    return value_tensor(l, node, per_row, span);
}

/* ---- phases ---- */
void lower_begin_phase(struct lower *l, enum phase phase, bool training)
{
    if (!l->program->phase[phase])
        l->program->phase[phase] = graph_new(l->program, phase_name(phase));
    l->graph = l->program->phase[phase];
    l->phase = phase;
    l->training = training;
    lower_forget_reads(l);
    lower_begin_limits(l);
    l->results->loss = -1;
    l->results->loss_count = l->results->metric_count = 0;
    l->results->metrics = NULL;
    l->results->stand_in_count = 0;
    l->updates->global_norm = -1;
    lower_begin_units(l);
}

static struct data_field *find_field(struct lower *l, const char *name)
{
    struct data_desc *data = &l->program->data;
    for (int i = 0; i < data->field_count; i++)
        if (!strcmp(data->field[i].name, name))
            return &data->field[i];
    return NULL;
}

static struct value input_value(struct lower *l, const struct data_field *field)
{
    struct variable *v = program_variable(l->program, field->input);
    struct value value;
    if (l->phase == PHASE_FINISH || (l->phase == PHASE_PREDICT && field->label)) {
        value = stand_in(l, v->dtype, &v->shape, true, v->span,
                         "a label, which is not there when predicting");
    } else {
        value = value_tensor(l, lower_read(l, v->id), true, v->span);
    }
    value.classes = v->classes;
    return v->classes ? value : lower_scaled(l, field, value);
}

static bool bind_inputs(struct lower *l, struct frame *frame)
{
    const struct ast *formals = l->model_ast->kid[0];
    struct value *given = ARENA_ARRAY(l->arena, struct value, formals->count + 1);
    for (int i = 0; i < formals->count; i++) {
        struct data_field *field = find_field(l, formals->kid[i]->text);
        l->graph->span = l->graph->call = formals->kid[i]->span;
        if (field) {
            given[i] = input_value(l, field);
            continue;
        }
        const char *choice[256];
        int count = 0;
        for (; count < l->program->data.field_count && count < 256; count++)
            choice[count] = l->program->data.field[count].name;
        struct diag *d = diag_error(l->diags, formals->kid[i]->name_span,
                                    "data '%s' has no field '%s' for this argument",
                                    l->program->data.name, formals->kid[i]->text);
        diag_suggest(d, formals->kid[i]->text, choice, count);
        diag_note(d, l->data_ast->name_span, "data '%s' is declared here", l->data_ast->text);
        return false;
    }
    return lower_bind_values(l, frame, formals, given);
}

struct arena *lower_begin_frames(struct lower *l)
{
    struct arena *before = l->frames;
    l->frames = arena_within(l->arena);
    return before;
}

void lower_end_frames(struct lower *l, struct arena *before)
{
    arena_free(l->frames);
    l->frames = before;
}

static void lower_model_body(struct lower *l, enum phase phase, bool training)
{
    struct frame *frame = ARENA_NEW(l->frames, struct frame);
    lower_begin_phase(l, phase, training);
    *frame = (struct frame){
        .role = ROLE_MODEL, .declaration = l->model_ast, .path = "", .random_path = ""};
    l->current = frame;
    if (phase == PHASE_TRAIN)
        lower_begin_layer(l, "", l->model_ast->text);
    if (bind_inputs(l, frame)) {
        lower_body(l, frame, l->model_ast->kid[1]);
        lower_waiting(l);
        lower_store_changed(l, frame);
        lower_store_buffers(l);
        if (phase == PHASE_EVALUATE)
            lower_keep_labelled(l, frame);
        else if (phase == PHASE_PREDICT)
            lower_label_outputs(l, frame);
    }
    l->graph->layer = 0;
    l->current = NULL;
}

/* ---- names of results ---- */
static const char *result_name(const struct ast *expr)
{
    while (expr->kind == AST_CHAIN)
        expr = expr->kid[1];
    if (expr->kind == AST_AS)
        return expr->text;
    if (expr->kind == AST_CALL)
        expr = expr->kid[0];
    return expr->kind == AST_NAME ? expr->text : NULL;
}

/* Within `repeat` each turn has its own results. */
static const char *result_path(struct lower *l, struct frame *frame, const char *name,
                               const struct ast *expr, const char *other, int ordinal)
{
    if (!name)
        name = result_name(expr);
    if (!name)
        name = arena_printf(l->arena, "%s%d", other, ordinal);
    return path_join(l, frame->path, name);
}

static int find_report(struct lower *l, const char *name)
{
    for (int i = 0; i < l->program->report_count; i++)
        if (!strcmp(l->program->report[i].name, name))
            return i;
    return -1;
}

static void add_report(struct lower *l, const char *name, bool loss, enum variable_kind kind,
                       const struct shape *shape, struct span span)
{
    struct program *p = l->program;
    if (find_report(l, name) >= 0) {
        struct diag *d = diag_error(l->diags, span, "a result '%s' is reported already", name);
        diag_help(d, "give this one another name: %s other = ...", loss ? "loss" : "metric");
        diag_note(d, program_variable(p, p->report[find_report(l, name)].variable)->span,
                  "by this");
        return;
    }
    int id = program_add_variable(p, kind, name, F32, shape, span)->id;
    ARENA_PUSH(l->arena, p->report, p->report_count, p->report_room) =
        (struct report){.name = name, .loss = loss, .better_lower = loss, .variable = id};
}

static void store_report(struct lower *l, const char *name, int node)
{
    int at = find_report(l, name);
    if (at >= 0)
        graph_store(l->graph, l->program->report[at].variable, node);
}

/* ---- loss ---- */
/* The mean over the rows present and all axes: a scalar.  Rows that have weights count so often;
 * the divisor is the number of rows, or the sum of their weights. */
static int loss_mean(struct lower *l, struct value v)
{
    struct shape s = value_node(l, v)->shape, scalar = shape_scalar();
    uint32_t all = (1u << s.rank) - 1;
    int node = lower_weighted(l, v);
    if (s.rank == 0)
        return node;
    if (!v.per_row || !l->program->data.over_weights)
        return graph_reshape(l->graph, graph_mean(l->graph, node, all), &scalar);
    int sum = graph_reshape(l->graph, graph_sum(l->graph, node, all), &scalar);
    return lower_over_weights(l, sum, shape_elements(&s));
}

static void lower_loss(struct lower *l, struct frame *frame, const char *name,
                       const struct ast *expr)
{
    struct shape scalar = shape_scalar();
    bool guesses = l->phase == PHASE_PREDICT && lower_has_units(l);
    if (l->phase != PHASE_TRAIN && l->phase != PHASE_EVALUATE && !guesses)
        return;
    struct value v = value_to_f32(l, lower_expr(l, frame, expr));
    if (v.kind == V_ERROR || guesses)   /* an output wants to know what the loss compares */
        return;
    l->graph->span = expr->span;
    l->graph->call = expr->span;
    int mean = loss_mean(l, v);
    struct results *results = l->results;
    bool reported = name || results->model_losses > 1;
    name = result_path(l, frame, name, expr, "loss", results->loss_count + 1);
    if (l->phase == PHASE_TRAIN && results->loss_count == 0)
        add_report(l, "loss", true, VAR_LOSS, &scalar, expr->span);
    if (l->phase == PHASE_TRAIN && reported)
        add_report(l, name, true, VAR_LOSS, &scalar, expr->span);
    if (l->phase == PHASE_TRAIN)
        mean = lower_share(l, mean);
    if (reported)
        store_report(l, name, mean);
    results->loss =
        results->loss_count++ ? graph_binary(l->graph, OP_ADD, results->loss, mean) : mean;
}

/* ---- metrics ---- */
void lower_better(struct lower *l, struct frame *frame, const struct ast *ast)
{
    const struct ast *word = ast->kid[0] && ast->kid[0]->count == 1 ? ast->kid[0]->kid[0] : NULL;
    if (frame->role != ROLE_METRIC) {
        lower_error(l, frame, ast->name_span, "'better' belongs to a metric, and this is %s",
                    role_name(frame->role));
        return;
    }
    if (!word || word->kind != AST_NAME
        || (strcmp(word->text, "lower") && strcmp(word->text, "higher"))) {
        lower_error(l, frame, ast->span, "write 'better lower' or 'better higher'");
        return;
    }
    l->results->better_lower = !strcmp(word->text, "lower");
}

/* ---- totals ---- */
/* What they are in memory: a whole number of 64 bits; or the digits of exact sums, [words, ..]
 * (docs/numerics.md, section 3, rule 10), of the values or of a spread. */
enum total_kind { TOTAL_NONE, TOTAL_COUNT, TOTAL_SUM, TOTAL_SPREAD, TOTAL_RANKING };

struct total {
    enum total_kind kind;
    enum ranking_form form;             /* of a ranking, which the runtime makes of all rows */
    struct shape shape;
    int id;                             /* its variable; -1 after an error */
};

static struct total total_of(const struct ast *type)
{
    static const char *const names[] = {"", "count", "f32", "spread"};
    struct total total = {.id = -1};
    if (!type || type->kind != AST_TYPE)
        return total;
    total.form = lower_ranking_form(type->text);
    total.kind = total.form ? TOTAL_RANKING : TOTAL_NONE;
    for (int i = TOTAL_COUNT; i <= TOTAL_SPREAD; i++)
        if (!strcmp(type->text, names[i]))
            total.kind = (enum total_kind)i;
    return total;
}

/* How many leading axes of v, the rows among them, the total sums over; or -1. */
static int summed_axes(struct lower *l, struct frame *frame, const struct ast *ast, struct value v,
                       const struct total *total)
{
    const struct shape *shape = &total->shape;
    int rank = value_rank(l, v), lead = rank - shape->rank;
    bool fits = lead >= 0;
    for (int i = 0; fits && i < shape->rank; i++)
        fits = value_dim(l, v, lead + i) == shape->dim[i];
    if (!fits) {
        lower_error(l, frame, ast->span, "%s does not add up to '%s', which is %s",
                    value_describe(l, v), ast->kid[0]->text,
                    shape_print(l->arena, total->kind == TOTAL_COUNT ? I64 : F32, shape));
        return -1;
    }
    return lead + v.per_row;
}

/* The value as what is added up, or an error. */
static struct value addend(struct lower *l, struct frame *frame, const struct ast *ast,
                           const struct total *total)
{
    struct value v = lower_expr(l, frame, ast->kid[2]);
    bool count = total->kind == TOTAL_COUNT;
    if (v.kind != V_ERROR)
        v = count ? value_to_tensor(l, v) : value_to_f32(l, v);
    if (v.kind == V_ERROR)
        return v;
    enum dtype dtype = value_node(l, v)->dtype;
    if (count && dtype != BOOL && (dtype != I32 || v.classes)) {
        struct diag *d =
            lower_error(l, frame, ast->kid[2]->span,
                        "a count adds up bools or whole numbers, not %s", value_describe(l, v));
        diag_help(d, "compare first, or declare the total as f32");
        return value_error();
    }
    if (lower_missing(l, v.node)) {
        lower_error(l, frame, ast->kid[2]->span, "what is accumulated cannot depend on a total");
        return value_error();
    }
    if (total->kind == TOTAL_SPREAD && !v.per_row) {
        lower_error(l, frame, ast->kid[2]->span, "a spread is that of values of the rows, and this "
                    "is the same in all of them");
        return value_error();
    }
    return v;
}

static bool rows_are_weighed(const struct lower *l)
{
    return l->program->data.weight >= 0;
}

/* A weighted count is a sum of weights. */
static int added(struct lower *l, const struct total *total, struct value v, int lead)
{
    if (total->kind == TOTAL_SPREAD) {
        int w = rows_are_weighed(l) ? lower_row_weights(l, value_node(l, v)->shape.rank) : -1;
        return graph_spread_exact(l->graph, v.node, w, lead);
    }
    if (total->kind == TOTAL_SUM || rows_are_weighed(l))
        return graph_sum_exact(l->graph, lower_weighted(l, value_to_f32(l, v)), lead);
    int count = graph_count_true(l->graph, v.node, (1u << lead) - 1);
    return graph_reshape(l->graph, count, &total->shape);
}

static void add_to_total(struct lower *l, struct frame *frame, const struct ast *ast,
                         const struct total *total)
{
    struct value v = addend(l, frame, ast, total);
    int lead = v.kind == V_ERROR ? -1 : summed_axes(l, frame, ast, v, total);
    if (lead < 0)
        return;
    int of_batch = added(l, total, v, lead);
    int sum = graph_binary(l->graph, OP_ADD, lower_read(l, total->id), of_batch);
    graph_store(l->graph, total->id, sum);
    struct declared *declared = lower_declared(l, total->id);
    declared->cases = 1;
    for (int i = 0; i < lead - v.per_row; i++)
        declared->cases *= value_dim(l, v, i);
}

/* What the end of a part makes of it. */
static int total_value(struct lower *l, const struct total *total)
{
    int operand[] = {lower_read(l, total->id), -1};
    if (total->kind == TOTAL_RANKING)
        return operand[0];
    if (total->kind == TOTAL_SPREAD) {
        struct attr attr = {.whole = lower_declared(l, total->id)->cases};
        if (rows_are_weighed(l))
            operand[1] = lower_read(l, l->program->data.total_weight);
        return graph_add(l->graph, OP_EXACT_SPREAD, rows_are_weighed(l) ? 2 : 1, operand, &attr);
    }
    bool digits = total->kind == TOTAL_SUM || rows_are_weighed(l);
    return digits ? graph_unary(l->graph, OP_EXACT_SUM, operand[0]) : operand[0];
}

static void declare_total(struct lower *l, struct frame *frame, const struct ast *ast,
                          struct total *total)
{
    const char *path = path_join(l, frame->path, ast->kid[0]->text);
    bool weighed = rows_are_weighed(l), ranking = total->kind == TOTAL_RANKING;
    bool whole = ranking || (total->kind == TOTAL_COUNT && !weighed);
    int64_t words = total->kind != TOTAL_SPREAD ? INV_EXACT_WORDS
                    : weighed                   ? INV_EXACT_WEIGHTED_WORDS
                                                : INV_EXACT_SPREAD_WORDS;
    struct shape digits = shape_of(1, -1, &words);
    for (int i = 0; i < total->shape.rank; i++)
        digits.dim[digits.rank++] = total->shape.dim[i];
    total->id = lower_declare(l, frame, VAR_ACCUMULATOR, path, ranking ? F32 : I64,
                              whole ? &total->shape : &digits, ast->span);
}

void lower_accumulate(struct lower *l, struct frame *frame, const struct ast *ast)
{
    const struct ast *name = ast->kid[0], *type = ast->kid[1];
    struct total total = total_of(type);
    struct value value = value_error();
    int64_t dim[RANK_MAX];
    int rank = 0;
    if (frame->role != ROLE_METRIC) {
        lower_error(l, frame, ast->name_span, "'accumulate' belongs to a metric, and this is %s",
                    role_name(frame->role));
        frame_bind(l, frame, name->text, value, name->span);
        return;
    }
    bool good = total.kind != TOTAL_NONE && ast->count > 2 && ast->kid[2];
    if (!good)
        lower_error(l, frame, ast->span, "write: accumulate hits: count = ..., or a total of type "
                    "f32, spread, roc_area or average_precision");
    l->results->accumulated++;
    if (good && (!type->kid[0] || lower_dims(l, frame, type->kid[0], &rank, dim))) {
        total.shape = shape_of(rank, -1, dim);
        declare_total(l, frame, ast, &total);
    }
    if (total.id >= 0 && l->phase == PHASE_FINISH) {
        value = value_tensor(l, total_value(l, &total), false, ast->span);
    } else if (total.id >= 0) {
        if (total.form)
            lower_ranking(l, frame, ast, total.form, program_variable(l->program, total.id));
        else
            add_to_total(l, frame, ast, &total);
        value = stand_in(l, F32, &total.shape, false, ast->span, "a total");
    }
    frame_bind(l, frame, name->text, value, name->span);
}

static void store_metric(struct lower *l, struct frame *frame, const char *name,
                         const struct ast *expr, struct value v)
{
    v = value_to_f32(l, v);
    if (v.kind == V_ERROR)
        return;
    if (v.per_row || lower_missing(l, v.node)) {
        struct diag *d = lower_error(l, frame, expr->span,
                                     "the result of metric '%s' depends on single rows", name);
        diag_help(d, "only totals (accumulate), shapes and 'rows' remain at the end of a part");
        return;
    }
    add_report(l, name, false, VAR_REPORT, &value_node(l, v)->shape, expr->span);
    int at = find_report(l, name);
    if (at >= 0)
        l->program->report[at].better_lower = l->results->better_lower;
    store_report(l, name, v.node);
}

static bool name_metric(struct lower *l, const char *name, struct span span)
{
    struct frame names = {.names = l->results->metrics};
    struct binding *before = frame_find(&names, name);
    if (before) {
        struct diag *d = diag_error(l->diags, span, "a metric '%s' is reported already", name);
        diag_help(d, "give this one another name: metric other = ...");
        diag_note(d, before->span, "by this");
        return false;
    }
    frame_bind(l, &names, name, value_error(), span);
    l->results->metrics = names.names;
    return true;
}

static void lower_metric(struct lower *l, struct frame *frame, const char *name,
                         const struct ast *expr)
{
    struct frame metric = *frame;
    if (l->phase == PHASE_PREDICT)
        return;
    if (!name && !result_name(expr)) {
        lower_error(l, frame, expr->span, "this metric needs a name: metric error = ...");
        return;
    }
    name = result_path(l, frame, name, expr, "", 0);
    if (!name_metric(l, name, expr->span))
        return;
    if (l->results->metric_count == 0)
        lower_total_weight(l);
    metric.role = ROLE_METRIC;
    metric.path = metric.random_path = arena_printf(l->arena, "metric/%s", name);
    l->results->better_lower = false;
    l->results->accumulated = 0;
    struct frame *current = l->current;
    l->current = &metric;
    l->results->own_frame = &metric;
    struct value v = lower_expr(l, &metric, expr);
    l->results->own_frame = NULL;
    if (v.kind != V_ERROR && l->results->accumulated == 0) {
        struct diag *d =
            lower_error(l, frame, expr->span, "this is no metric: it accumulates nothing");
        const char *near = lower_nearest_metric(l, name);
        diag_help(d, "a metric is a block with 'accumulate', such as %s",
                  near ? near : "accuracy");
    } else if (l->phase == PHASE_FINISH) {
        store_metric(l, frame, name, expr, v);
    }
    l->results->metrics->value = value_bool(l->results->better_lower, expr->span);
    l->current = current;
    l->results->metric_count++;
}

/* ---- outputs ---- */
static void lower_output(struct lower *l, struct frame *frame, const char *name,
                         const struct ast *expr)
{
    if (l->phase != PHASE_PREDICT)
        return;
    l->results->own_frame = frame;
    struct value v = value_to_tensor(l, lower_expr(l, frame, expr));
    l->results->own_frame = NULL;
    if (v.kind == V_ERROR)
        return;
    name = result_path(l, frame, name, expr, "output", l->results->output_count + 1);
    const char *missing = lower_missing(l, v.node);
    if (missing) {
        lower_error(l, frame, expr->span, "output '%s' depends on %s", name,
                    missing);
        return;
    }
    struct shape shape = value_node(l, v)->shape;
    if (!v.per_row) {
        lower_error(l, frame, expr->span, "output '%s' is the same for all rows", name);
        return;
    }
    int id = lower_declare(l, frame, VAR_OUTPUT, name, value_node(l, v)->dtype, &shape, expr->span);
    if (id >= 0)
        graph_store(l->graph, id, v.node);
    lower_generating(l, frame, v.node, id, expr->span);
    l->results->output_count++;
}

void lower_result(struct lower *l, struct frame *frame, const char *name, const struct ast *expr,
                  bool metric)
{
    if (metric)
        lower_metric(l, frame, name, expr);
    else
        lower_output(l, frame, name, expr);
}

void lower_model_statement(struct lower *l, struct frame *frame, const struct ast *ast)
{
    const char *name = NULL;
    const struct ast *expr = NULL;
    if (ast->kind == AST_DECLARE) {
        name = ast->kid[0]->text;
        expr = ast->count > 2 ? ast->kid[2] : NULL;
    } else if (ast->kid[0] && ast->kid[0]->count == 1) {
        expr = ast->kid[0]->kid[0];
    }
    if (!expr) {
        lower_error(l, frame, ast->span,
                    "'%s' takes one expression, with or without a name: %s total = ...", ast->text,
                    ast->text);
        return;
    }
    if (l->graph->region) {
        struct diag *d = lower_error(l, frame, ast->span, "'%s' stands behind the braces of "
                                     "'recompute'", ast->text);
        diag_help(d, "names that are bound within them are known there");
        return;
    }
    if (*ast->text == 'l')
        lower_loss(l, frame, name, expr);
    else if (!lower_wait(l, frame, name, expr, *ast->text == 'm'))
        lower_result(l, frame, name, expr, *ast->text == 'm');
}

static int count_losses(const struct ast *body)
{
    int count = 0;
    for (int i = 0; i < body->count; i++) {
        const struct ast *ast = body->kid[i];
        if (ast && (ast->kind == AST_STATEMENT || ast->kind == AST_DECLARE)
            && !strcmp(ast->text, "loss"))
            count++;
        else if (ast && (ast->kind == AST_IF || ast->kind == AST_BODY))
            count += count_losses(ast);
        else if (ast && ast->kind == AST_STATEMENT && ast->count > 1 && ast->kid[1])
            count += 2 * count_losses(ast->kid[1]);
    }
    return count;
}

/* Training and inference must hold the same parameters and buffers; outputs add none. */
static void compare_forms(struct lower *l)
{
    for (int i = 0; i < l->program->variable_count; i++) {
        struct variable *v = program_variable(l->program, i);
        struct declared *d = lower_declared(l, i);
        bool train = d->phases >> PHASE_TRAIN & 1, evaluate = d->phases >> PHASE_EVALUATE & 1;
        bool predict = d->phases >> PHASE_PREDICT & 1;
        const char *where = train && !evaluate   ? "while training"
                            : evaluate && !train ? "when not training"
                            : predict && !train  ? "for an output"
                                                 : NULL;
        if (v->kind > VAR_BUFFER || !where)
            continue;
        struct diag *e = diag_error(l->diags, d->span, "'%s' exists only %s", v->path, where);
        diag_help(e, "parameters and buffers must be the same in training and afterwards");
    }
}

static bool is_stored(struct lower *l, int variable)
{
    for (int i = 0; i < l->graph->count; i++) {
        const struct node *n = graph_node(l->graph, i);
        if (n->op == OP_STORE && n->attr.variable == variable)
            return true;
    }
    return false;
}

/* A loss that exists while training only counts as 0 when evaluating. */
static void store_absent_losses(struct lower *l)
{
    for (int i = 0; i < l->program->report_count; i++) {
        const struct report *r = &l->program->report[i];
        if (r->loss && !is_stored(l, r->variable))
            graph_store(l->graph, r->variable, graph_const(l->graph, 0));
    }
}

/* The train phase, and the optimizer, which may ask for its metrics. */
static void lower_training(struct lower *l)
{
    int errors = diags_error_count(l->diags);
    struct arena *frames = lower_begin_frames(l);
    lower_model_body(l, PHASE_TRAIN, true);
    if (l->results->loss < 0 && diags_error_count(l->diags) == errors)
        diag_error(l->diags, l->model_ast->name_span, "model '%s' has no loss", l->model_ast->text);
    if (diags_error_count(l->diags) == errors) {
        store_report(l, "loss", l->results->loss);
        lower_store_carried(l);
        lower_optimizer(l);
        if (diags_error_count(l->diags) == errors)
            lower_update_buffers(l);
        lower_store_epoch(l);
    }
    lower_end_frames(l, frames);
}

static void lower_use(struct lower *l, enum phase phase, bool training)
{
    struct arena *frames = lower_begin_frames(l);
    lower_model_body(l, phase, training);
    lower_end_frames(l, frames);
}

void lower_phases(struct lower *l)
{
    int errors = diags_error_count(l->diags);
    l->results->model_losses = count_losses(l->model_ast->kid[1]);
    if (errors) {                       /* in settings: what the model has is found all the same */
        lower_use(l, PHASE_TRAIN, true);
        return;
    }
    lower_training(l);
    lower_use(l, PHASE_EVALUATE, false);
    if (l->results->loss >= 0)
        store_report(l, "loss", l->results->loss);
    store_absent_losses(l);
    lower_use(l, PHASE_FINISH, false);
    lower_use(l, PHASE_PREDICT, false);
    if (diags_error_count(l->diags) == errors)
        compare_forms(l);
}
