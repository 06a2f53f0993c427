/* What a run knows while it goes on: reports of the epoch before, and expressions of the step, the
 * epoch and such reports, which are evaluated once a step for all parameters. */
#include <math.h>
#include <string.h>
#include "lower/expr.h"
#include "lower/model.h"
#include "lower/optimizer.h"
#include "lower/run.h"
#include "lower/split.h"
#include "lower/variable.h"

/* ---- names of reports ---- */

/* Whether lower is better in a report, by its name without the part: 1, 0, or -1 if there is no
 * such report.  Metrics are not reports yet while the train phase is made. */
static int lower_is_better(struct lower *l, const char *name)
{
    struct frame metrics = {.names = l->results->metrics};
    struct binding *metric = frame_find(&metrics, name);
    for (int i = 0; i < l->program->report_count; i++)
        if (!strcmp(l->program->report[i].name, name))
            return l->program->report[i].better_lower;
    return metric ? metric->value.number != 0 : -1;
}

static void unknown_report(struct lower *l, const char *part, const char *name, struct span span)
{
    const char *choice[256], *full = arena_printf(l->arena, "%s.%s", part, name);
    int count = 0;
    for (int i = 0; i < l->program->report_count && count < 256; i++)
        choice[count++] = arena_printf(l->arena, "%s.%s", part, l->program->report[i].name);
    for (struct binding *b = l->results->metrics; b && count < 256; b = b->next)
        choice[count++] = arena_printf(l->arena, "%s.%s", part, b->name);
    struct diag *d = diag_error(l->diags, span, "there is no result '%s'", full);
    diag_suggest(d, full, choice, count);
}

int lower_report(struct lower *l, const char *part, const char *name, struct span span)
{
    int at = 0;
    while (at < l->program->report_count && strcmp(l->program->report[at].name, name))
        at++;
    if (at == l->program->report_count) {
        unknown_report(l, part, name, span);
    } else if (!strcmp(part, "val") && !lower_has_part(l, 1)) {
        struct diag *d = diag_error(l->diags, span,
                                    "'val.%s' needs a val part, and data '%s' has none",
                                    name, l->program->data.name);
        diag_note(d, l->data_ast->name_span,
                  "declared here; a split makes one: split train 80%%, val 20%%");
    } else if (program_variable(l->program, l->program->report[at].variable)->shape.rank) {
        diag_error(l->diags, span, "'%s.%s' is no single number", part, name);
    } else {
        return at;
    }
    return -1;
}

/* ---- reports of the epoch before ---- */

/* A scalar that the run sets after every epoch; the worst there is until then. */
static struct watched *watch(struct lower *l, const char *part, const char *name, struct span span,
                             bool lower)
{
    struct program *p = l->program;
    const char *path = arena_printf(l->arena, "%s.%s", part, name);
    struct shape scalar = shape_scalar();
    for (int i = 0; i < p->watched_count; i++)
        if (!strcmp(program_variable(p, p->watched[i].variable)->path, path))
            return &p->watched[i];
    int id = program_add_variable(p, VAR_STATE, path, F32, &scalar, span)->id;
    graph_store(p->phase[PHASE_INIT], id,
                graph_const(p->phase[PHASE_INIT], lower ? INFINITY : -INFINITY));
    struct watched w = {.part = part, .name = name, .span = span, .lower = lower,
                        .variable = id};
    ARENA_PUSH(l->arena, p->watched, p->watched_count, p->watched_room) = w;
    return &p->watched[p->watched_count - 1];
}

/* The test part is looked at once, at the end. */
static bool is_test_result(struct lower *l, const char *part, const char *name)
{
    return !strcmp(part, "test") && lower_is_better(l, name) >= 0;
}

bool lower_run_value(struct lower *l, struct frame *frame, const struct ast *ast, struct value *out)
{
    const struct ast *of = ast->kid[0];
    if (frame->role != ROLE_OPTIMIZER || of->kind != AST_NAME || frame_find(frame, of->text))
        return false;
    struct span span = lower_user_span(l, frame, ast->span);
    *out = value_error();
    if (is_test_result(l, of->text, ast->text)) {
        struct diag *d = diag_error(l->diags, span, "'test.%s' is known after training only",
                                    ast->text);
        diag_help(d, "what follows a result while training goes on takes val.%s or train.%s",
                  ast->text, ast->text);
        return true;
    }
    if (strcmp(of->text, "val") && strcmp(of->text, "train"))
        return false;
    int lower = lower_is_better(l, ast->text);
    if (lower < 0)
        unknown_report(l, of->text, ast->text, span);
    else
        *out = value_tensor(
            l, lower_read(l, watch(l, of->text, ast->text, span, lower > 0)->variable), false,
            span);
    return true;
}

const struct watched *lower_watched(struct lower *l, struct value v)
{
    const struct node *n = v.kind == V_TENSOR ? value_node(l, v) : NULL;
    for (int i = 0; n && n->op == OP_READ && i < l->program->watched_count; i++)
        if (l->program->watched[i].variable == n->attr.variable)
            return &l->program->watched[i];
    return NULL;
}

void lower_check_watched(struct lower *l)
{
    for (int i = 0; i < l->program->watched_count; i++) {
        struct watched *w = &l->program->watched[i];
        w->report = lower_report(l, w->part, w->name, w->span);
    }
}

/* ---- expressions of the run ---- */

bool lower_depends_on_run(struct lower *l, const struct ast *ast)
{
    static const char *const name[] = {"step", "steps", "epoch", "val", "train"};
    bool depends = false;
    for (int i = 0; ast->kind == AST_NAME && i < 5; i++)
        depends |= !strcmp(ast->text, name[i]) && !scope_find(&l->consts, name[i]);
    for (int i = 0; i < ast->count && !depends; i++)
        depends = ast->kid[i] && lower_depends_on_run(l, ast->kid[i]);
    return depends;
}

/* Expressions of `train` and their values in the train phase. */
struct run_values {
    struct run_value { const struct ast *ast; struct value value; } *item;
    int count, room;
};

static struct run_values *run_values(struct lower *l)
{
    if (!l->run_values)
        l->run_values = ARENA_NEW(l->arena, struct run_values);
    return l->run_values;
}

/* States of its blocks are scalars of the run, whatever it is used for.  What `train` says is
 * evaluated once however many optimizers have it. */
struct value lower_schedule(struct lower *l, const struct frame *of, const struct ast *ast)
{
    const struct shape scalar = shape_scalar(), *shape = l->updates->shape;
    struct frame frame = *of, *current = l->current;
    struct run_values *known = run_values(l);
    bool train = of == l->train_frame;
    for (int i = 0; train && i < known->count; i++)
        if (known->item[i].ast == ast)
            return known->item[i].value;
    frame.role = ROLE_OPTIMIZER;
    if (train)
        frame.path = "schedule";
    l->current = &frame;
    l->updates->shape = &scalar;
    struct value value = lower_expr(l, &frame, ast);
    l->updates->shape = shape;
    l->current = current;
    if (train && value.kind == V_TENSOR)
        ARENA_PUSH(l->arena, known->item, known->count, known->room) =
            (struct run_value){ast, value};
    return value;
}
