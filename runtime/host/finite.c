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

/* A parameter that is not finite was made so by an earlier update. */
static const struct inv_variable *find_parameter(const struct inv_session *s)
{
    for (int i = 0; i < s->model->variable_count; i++) {
        const struct inv_variable *v = &s->model->variable[i];
        if (v->kind == INV_PARAM && v->dtype == INV_F32 &&
            find_bad((const float *)(const void *)(s->run.arena + v->offset),
                     inv_variable_elements(v)) >= 0)
            return v;
    }
    return NULL;
}

/* The operator and, where it is another one than `last`, the model's line. */
static void print_node(FILE *to, const char *indent, const struct inv_trace_node *node,
                       const struct inv_trace_node *last)
{
    fprintf(to, "%s\n", node->text);
    if (!last || node->line != last->line || strcmp(node->path, last->path) != 0)
        fprintf(to, "%s%s:%d: %s\n", indent, node->path, node->line, node->source);
}

static void print_finding(FILE *to, const struct finding *found, const struct inv_trace_node *node)
{
    fprintf(to, "  first %s in element %lld of  ",
            found->value != found->value ? "NaN" : "infinity", (long long)found->element);
    print_node(to, "  ", node, NULL);
    if (node->inner > 0)
        fprintf(to, "  or in what went into it without being stored:\n");
    for (int i = node->inner; i > 0; i--) {
        fprintf(to, "    ");
        print_node(to, "    ", node - i, i == node->inner ? node : node - i - 1);
    }
}

int inv_finite_report(struct inv_session *s)
{
    struct finding found = { .node = -1 };
    inv_device_pull(s->model, &s->run, INV_INPUT);
    inv_device_pull(s->model, &s->run, INV_SAMPLE);
    inv_device_pull_saved(s);
    const struct inv_variable *parameter = find_parameter(s);
    s->run.trace = look_at;
    s->run.trace_state = &found;
    inv_device_phase(s->model, &s->run, INV_TRAIN);
    s->run.trace = NULL;
    fprintf(s->errors.to, "error: step %d (epoch %d): the loss is not finite\n", s->run.step,
            s->run.epoch + 1);
    if (parameter && s->run.step == 0)
        fprintf(s->errors.to, "  parameter %s is not finite from the start%s%s\n", parameter->path,
                s->options.init ? ": see " : "", s->options.init ? s->options.init : "");
    else if (parameter)
        fprintf(s->errors.to, "  parameter %s is not finite: the update of step %d made it so\n",
                parameter->path, s->run.step - 1);
    if (found.node >= 0 && found.node < s->model->trace_count)
        print_finding(s->errors.to, &found, &s->model->trace[found.node]);
    fprintf(s->errors.to, "  help: lower the learning rate, clip the gradients, or scale the "
                          "inputs\n");
    return INV_NOT_FINITE;
}
