/* Weights of classes and rows: `balanced`, and `weight w = column("w")` in data. */
#include <float.h>
#include <string.h>
#include "core/exact.h"
#include "lower/data.h"
#include "lower/variable.h"
#include "lower/weight.h"

/* ---- weights = balanced ---- */

/* The only class among the labels, or NULL after an error. */
static struct data_field *class_label(struct lower *l, struct frame *frame, struct span span)
{
    struct data_desc *data = &l->program->data;
    struct data_field *found = NULL;
    int count = 0;
    for (int i = 0; i < data->field_count; i++)
        if (data->field[i].label && program_variable(l->program, data->field[i].input)->classes) {
            found = &data->field[i];
            count++;
        }
    if (count == 1)
        return found;
    struct diag *d = lower_error(l, frame, span, "'balanced' weighs the classes of the data's only "
                                 "label that is a class, and there %s", count ? "are several"
                                                                              : "is none");
    diag_help(d, "give the weights as numbers: weights = [1, 2.5]");
    return NULL;
}

/* n / (k * rows of the class): a buffer, fitted to the train part. */
struct value lower_balanced(struct lower *l, struct frame *frame, struct span span)
{
    struct program *p = l->program;
    if (frame->role == ROLE_CONST || frame->role == ROLE_TRAIN || frame->role == ROLE_DATA) {
        lower_error(l, frame, span, "'balanced' is not known in %s", role_name(frame->role));
        return value_error();
    }
    struct data_field *field = class_label(l, frame, span);
    if (!field)
        return value_error();
    if (field->rows) {
        lower_error(l, frame, span, "'balanced' counts the class of each row, and '%s' is a window "
                    "of several; give the weights as numbers", field->name);
        return value_error();
    }
    if (field->balance < 0) {
        int64_t classes = program_variable(p, field->input)->classes;
        struct shape shape = shape_of(1, -1, &classes);
        const char *path = arena_printf(l->arena, "data/%s/balanced", field->name);
        field->balance =
            program_add_variable(p, VAR_BUFFER, path, F32, &shape, field->span)->id;
        lower_name_variable(l, field->balance);
        graph_store(p->phase[PHASE_INIT], field->balance,
                    graph_fill(p->phase[PHASE_INIT], 1.0f, &shape));
    }
    return value_tensor(l, lower_read(l, field->balance), false, span);
}

/* ---- weight w = column("w") ---- */

/* { divisor = rows }, or weights */
static bool weight_divisor(struct lower *l, const struct ast *body)
{
    const struct ast *bind = body && body->count == 1 ? body->kid[0] : NULL;
    const struct ast *word = bind && bind->kind == AST_BIND ? bind->kid[1] : NULL;
    bool named = word && bind->kid[0]->count == 1
                 && !strcmp(bind->kid[0]->kid[0]->text, "divisor") && word->kind == AST_NAME;
    bool weights = named && !strcmp(word->text, "weights");
    if (body && !weights && !(named && !strcmp(word->text, "rows"))) {
        diag_error(l->diags, body->span, "a weighted loss is divided by the number of rows or by "
                   "the sum of the weights: { divisor = rows } or { divisor = weights }");
        return false;
    }
    l->program->data.over_weights = weights;
    return true;
}

void lower_weight(struct lower *l, const struct ast *ast)
{
    struct data_desc *data = &l->program->data;
    int field = data->field_count, errors = diags_error_count(l->diags);
    if (data->weight >= 0) {
        struct diag *d = diag_error(l->diags, ast->span, "rows are weighed twice");
        diag_note(d, data->field[data->weight].span, "first here");
        return;
    }
    if (!weight_divisor(l, ast->count > 3 ? ast->kid[3] : NULL))
        return;
    lower_field(l, ast, true);
    if (data->field_count == field || diags_error_count(l->diags) > errors)
        return;
    const struct variable *v = program_variable(l->program, data->field[field].input);
    if (v->classes || v->shape.rank != 1 || data->field[field].fit)
        diag_error(l->diags, ast->span, "a weight is one number for each row, from 0 on, as it "
                   "stands: weight w = column(\"w\")");
    data->weight = field;
    data->field[field].weight = true;
}

int lower_row_weights(struct lower *l, int rank)
{
    const struct data_desc *data = &l->program->data;
    int64_t one[RANK_MAX];
    for (int i = 0; i < RANK_MAX; i++)
        one[i] = 1;
    struct shape shape = shape_rows(rank - 1, one, true);
    return graph_reshape(l->graph, lower_read(l, data->field[data->weight].input), &shape);
}

int lower_weighted(struct lower *l, struct value v)
{
    if (!v.per_row || l->program->data.weight < 0)
        return v.node;
    int weights = lower_row_weights(l, value_node(l, v)->shape.rank);
    return graph_binary(l->graph, OP_MUL, v.node, weights);
}

static int sum_of_weights(struct lower *l)
{
    struct shape scalar = shape_scalar();
    return graph_reshape(l->graph, graph_sum(l->graph, lower_row_weights(l, 1), 1), &scalar);
}

void lower_total_weight(struct lower *l)
{
    struct data_desc *data = &l->program->data;
    struct shape digits = shape_of(1, -1, (int64_t[]){INV_EXACT_WORDS});
    if (data->weight < 0 || (l->phase != PHASE_TRAIN && l->phase != PHASE_EVALUATE))
        return;
    if (data->total_weight < 0)
        data->total_weight = program_add_variable(l->program, VAR_ACCUMULATOR, "data/weights", I64,
                                                  &digits, data->field[data->weight].span)->id;
    int sum = graph_sum_exact(l->graph, lower_row_weights(l, 1), 1);
    graph_store(l->graph, data->total_weight,
                graph_binary(l->graph, OP_ADD, lower_read(l, data->total_weight), sum));
}

/* A batch whose weights are all 0 has the loss 0. */
int lower_over_weights(struct lower *l, int sum, int64_t elements)
{
    int least = graph_const(l->graph, FLT_MIN);
    int weights = graph_binary(l->graph, OP_MAX, sum_of_weights(l), least);
    int count = graph_const(l->graph, (float)elements);
    return graph_binary(l->graph, OP_DIV, sum, graph_binary(l->graph, OP_MUL, weights, count));
}
