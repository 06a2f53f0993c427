/* Totals of metrics that need the scores of all rows: `accumulate area: roc_area = [score, truth]`.
 * Scores and marks of a batch are stored for the runtime to keep; it makes the total of them. */
#include <string.h>
#include "lower/expr.h"
#include "lower/model.h"
#include "lower/ranking.h"
#include "lower/variable.h"
#include "lower/weight.h"

enum ranking_form lower_ranking_form(const char *type)
{
    static const char *const name[RANKING_COUNT] = {
        [RANKING_ROC_AREA] = "roc_area", [RANKING_AVERAGE_PRECISION] = "average_precision"};
    for (int i = RANKING_NONE + 1; i < RANKING_COUNT; i++)
        if (!strcmp(type, name[i]))
            return (enum ranking_form)i;
    return RANKING_NONE;
}

/* The last axes of v are those of the total; cases of other axes count alike. */
static bool ends_in(struct lower *l, struct value v, const struct shape *total)
{
    int lead = value_rank(l, v) - total->rank;
    bool fits = lead >= 0;
    for (int i = 0; fits && i < total->rank; i++)
        fits = value_dim(l, v, lead + i) == total->dim[i];
    return fits;
}

static bool same_dims(struct lower *l, struct value a, struct value b)
{
    bool same = value_rank(l, a) == value_rank(l, b);
    for (int i = 0; same && i < value_rank(l, a); i++)
        same = value_dim(l, a, i) == value_dim(l, b, i);
    return same;
}

/* Score and truth of the cases of each row; false after an error. */
static bool ranked_pair(struct lower *l, struct frame *frame, const struct ast *ast,
                        const struct shape *total, struct value pair[2])
{
    const struct ast *expr = ast->kid[2];
    struct value v = lower_expr(l, frame, expr);
    if (v.kind == V_ERROR)
        return false;
    if (v.kind != V_LIST || v.count != 2) {
        lower_error(l, frame, expr->span, "a ranking is of two values, [score, truth], and this is "
                    "%s", value_describe(l, v));
        return false;
    }
    pair[0] = value_to_f32(l, v.item[0]);
    pair[1] = value_to_tensor(l, v.item[1]);
    if (pair[0].kind == V_ERROR || pair[1].kind == V_ERROR)
        return false;
    if (!pair[0].per_row || !pair[1].per_row || value_node(l, pair[1])->dtype != BOOL ||
        !same_dims(l, pair[0], pair[1]) || !ends_in(l, pair[0], total)) {
        lower_error(l, frame, expr->span, "a ranking is of a number and a bool for each case of a "
                    "row, of axes that end in those of '%s', and these are %s and %s",
                    ast->kid[0]->text, value_describe(l, pair[0]), value_describe(l, pair[1]));
        return false;
    }
    return true;
}

/* 1 where the case is true, else -1, times the weight of the row. */
static int marks(struct lower *l, struct value truth)
{
    struct shape shape = value_node(l, truth)->shape;
    int no = graph_fill(l->graph, -1, &shape), yes = graph_fill(l->graph, 1, &shape);
    int mark = graph_select(l->graph, truth.node, yes, no);
    return lower_weighted(l, value_tensor(l, mark, true, truth.span));
}

/* Stores values of the batch; the variable that holds them, or -1 after an error. */
static int collect(struct lower *l, struct frame *frame, const struct ast *ast, const char *what,
                   int node)
{
    int64_t count = shape_elements(&graph_node(l->graph, node)->shape);
    struct shape flat = shape_rows(1, &count, true);
    const char *path = path_join(l, path_join(l, frame->path, ast->kid[0]->text), what);
    int id = lower_declare(l, frame, VAR_COLLECTED, path, F32, &flat, ast->span);
    if (id >= 0)
        graph_store(l->graph, id, graph_reshape(l->graph, node, &flat));
    return id;
}

void lower_ranking(struct lower *l, struct frame *frame, const struct ast *ast,
                   enum ranking_form form, const struct variable *total)
{
    struct program *p = l->program;
    struct value pair[2];
    if (!ranked_pair(l, frame, ast, &total->shape, pair))
        return;
    if (lower_missing(l, pair[0].node) || lower_missing(l, pair[1].node)) {
        lower_error(l, frame, ast->kid[2]->span, "what is accumulated cannot depend on a total");
        return;
    }
    int score = collect(l, frame, ast, "score", pair[0].node);
    int mark = collect(l, frame, ast, "mark", marks(l, pair[1]));
    for (int i = 0; i < p->ranking_count; i++)
        if (p->ranking[i].total == total->id)
            return;
    ARENA_PUSH(l->arena, p->ranking, p->ranking_count, p->ranking_room) = (struct ranking){
        form, score, mark, total->id, lower_user_span(l, frame, ast->span)};
}
