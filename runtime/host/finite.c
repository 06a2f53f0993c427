#include <string.h>
#include "core/arith.h"
#include "device.h"
#include "variable.h"

struct finding {
    int node;                           /* -1: none yet */
    int64_t element;
    float value;
};

static int64_t find_bad(const float *value, int64_t count)
{
    for (int64_t i = 0; i < count; i++)
        if (!inv_is_finite(value[i]))
            return i;
    return -1;
}

static void look_at(const struct inv_run *run, int node, const float *value, int64_t count)
{
    struct finding *found = run->trace_state;
    int64_t bad = found->node < 0 ? find_bad(value, count) : -1;
    if (bad >= 0)
        *found = (struct finding){ node, bad, value[bad] };
}

/* Which element of a parameter is not finite, or of a buffer NaN (it may start as an infinity); -1
 * where all are sound. */
static int64_t find_unsound(const struct inv_session *s, const struct inv_variable *v)
{
    const float *value = (const float *)(const void *)(s->run.arena + v->offset);
    int64_t count = inv_variable_elements(v);
    if (v->dtype != INV_F32 || !inv_variable_is_saved(v))
        return -1;
    if (v->kind == INV_PARAM)
        return find_bad(value, count);
    for (int64_t i = 0; i < count; i++)
        if (inv_is_nan(value[i]))
            return i;
    return -1;
}

/* A parameter or buffer that an earlier update spoiled, or NULL. */
static const struct inv_variable *find_spoiled(const struct inv_session *s)
{
    for (int i = 0; i < s->model->variable_count; i++)
        if (find_unsound(s, &s->model->variable[i]) >= 0)
            return &s->model->variable[i];
    return NULL;
}

int inv_finite_saved(struct inv_session *s)
{
    inv_device_pull_saved(s);
    return find_spoiled(s) == NULL;
}

/* What is to be done about it; a run that is verified came to its end elsewhere, and gradients are
 * checked without an update. */
static void print_help(const struct inv_session *s, const char *cure)
{
    if (!s->statement && !s->options.check_gradients)
        fprintf(s->errors.to, "  help: lower the learning rate, clip the gradients, or %s\n", cure);
}

int inv_finite_weights(struct inv_session *s)
{
    if (inv_finite_saved(s))
        return INV_OK;
    const struct inv_variable *v = find_spoiled(s);
    int64_t at = find_unsound(s, v);
    float value;
    memcpy(&value, s->run.arena + v->offset + (size_t)at * sizeof value, sizeof value);
    fprintf(s->errors.to, "error: after %d steps: element %lld of %s %s is %s, an update made "
            "it so; no weights are written\n", s->run.step, (long long)at,
            v->kind == INV_PARAM ? "parameter" : "buffer", v->path,
            inv_is_nan(value) ? "NaN" : "infinite");
    print_help(s, "look for an infinite slope, such as that of sqrt at 0");
    return INV_NOT_FINITE;
}

/* The operator and, where it is another one than `last`, the model's line. */
static void print_node(FILE *to, const char *indent, const struct inv_trace_node *node,
                       const struct inv_trace_node *last)
{
    fprintf(to, "%s\n", node->text);
    const struct inv_trace_line *line = node->line;
    if (!last || line != last->line)
        fprintf(to, "%s%s:%d: %s\n", indent, line->path, line->number, line->source);
}

/* Which row of the batch an element is of, or -1 where rows are not the first axis.  A node's text
 * ends with its shape. */
static int64_t row_of(const struct inv_trace_node *node, int64_t element)
{
    const char *shape = strrchr(node->text, '[');
    int leads = shape && shape[1] == 'b' && node->elements.rows > 0 && node->elements.constant == 0;
    return leads ? element / node->elements.rows : -1;
}

static void print_finding(const struct inv_session *s, const struct finding *found,
                          const struct inv_bad_rows *rows)
{
    FILE *to = s->errors.to;
    const struct inv_trace_node *node = &s->model->trace[found->node];
    int64_t row = row_of(node, found->element);
    fprintf(to, "  first %s in element %lld",
            found->value != found->value ? "NaN" : "infinity", (long long)found->element);
    if (row >= 0)
        fprintf(to, ", which is of row %d,", rows->row[row]);
    fprintf(to, " of  ");
    print_node(to, "  ", node, NULL);
    if (node->inner > 0)
        fprintf(to, "  or in what went into it without being stored:\n");
    for (int i = node->inner; i > 0; i--) {
        fprintf(to, "    ");
        print_node(to, "    ", node - i, i == node->inner ? node : node - i - 1);
    }
}

/* Rows are numbered as --predict without a file numbers them; those beyond MANY are counted. */
static void print_rows(FILE *to, const struct inv_bad_rows *rows)
{
    enum { MANY = 64, WIDTH = 98 };
    int at = fprintf(to, "  rows of the %s, numbered from 0 as they were read:", rows->what);
    for (int64_t i = 0; i < rows->count && i < MANY; i++) {
        char number[16];
        int length = snprintf(number, sizeof number, " %d", rows->row[i]);
        if (at + length > WIDTH)
            at = fprintf(to, "\n   ") - 1;
        at += fprintf(to, "%s", number);
    }
    if (rows->count > MANY)
        fprintf(to, "\n    and %lld more, which --log lists", (long long)rows->count - MANY);
    fputc('\n', to);
}

/* The step again, for the first value that is not finite. */
static struct finding find_in_step(struct inv_session *s)
{
    struct finding found = { .node = -1 };
    inv_device_pull(s->model, &s->run, INV_INPUT);
    s->run.trace = look_at;
    s->run.trace_state = &found;
    inv_device_phase(s->model, &s->run, INV_TRAIN);
    s->run.trace = NULL;
    return found;
}

struct inv_bad_rows inv_rows_at_hand(const struct inv_session *s)
{
    inv_device_pull(s->model, &s->run, INV_SAMPLE);
    const void *row = s->run.arena + s->model->variable[s->model->sample].offset;
    return (struct inv_bad_rows){ s->model->shards > 1 ? "shard" : "batch", row, s->run.rows, 0 };
}

int inv_finite_report(struct inv_session *s, const struct inv_bad_rows *rows)
{
    struct finding found = { .node = -1 };
    inv_device_pull_saved(s);
    const struct inv_variable *spoiled = find_spoiled(s);
    if (!rows->whole)
        found = find_in_step(s);
    fprintf(s->errors.to, "error: step %d (epoch %d): the loss is not finite\n", s->run.step,
            s->run.epoch + 1);
    if (rows->whole)
        fprintf(s->errors.to, "  the sum over its %lld shards overflows; the loss of each is "
                "finite\n", (long long)s->model->shards);
    if (spoiled && s->run.step == 0)
        fprintf(s->errors.to, "  %s is not finite from the start%s%s\n", spoiled->path,
                s->options.init ? ": see " : "", s->options.init ? s->options.init : "");
    else if (spoiled)
        fprintf(s->errors.to, "  %s is not finite: the last update made it so\n", spoiled->path);
    if (found.node >= 0 && found.node < s->model->trace_count)
        print_finding(s, &found, rows);
    print_rows(s->errors.to, rows);
    print_help(s, "scale the inputs");
    return INV_NOT_FINITE;
}
