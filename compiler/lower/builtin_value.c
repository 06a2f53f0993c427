/* The values that the language has built in. */
#include <math.h>
#include <string.h>
#include "lower/builtin.h"
#include "lower/model.h"
#include "lower/optimizer.h"
#include "lower/variable.h"
#include "lower/weight.h"

static double fan(const struct shape *s, bool out)
{
    double field = 1;
    if (s->rank == 0)
        return 1;
    if (s->rank == 1)
        return (double)s->dim[0];
    for (int i = 0; i < s->rank - 2; i++)
        field *= (double)s->dim[i];
    return field * (double)s->dim[s->rank - 1 - !out];
}

/* How often the parameter at hand was updated: the step, unless it is frozen for a time. */
static struct value updates_value(struct lower *l, struct frame *frame, struct span span)
{
    struct attr attr = {.step_value = VALUE_STEP};
    struct shape scalar = shape_scalar();
    if (!l->updates->optimizing) {
        lower_error(l, frame, span, "'updates' is known in the body of an optimizer only");
        return value_error();
    }
    int node = l->updates->counted >= 0
                   ? l->updates->counted
                   : graph_add_shaped(l->graph, OP_STEP_VALUE, 0, NULL, &attr, I32, &scalar);
    return value_tensor(l, node, false, span);
}

/* In an output they are stand-ins: only what the output depends on matters. */
static bool step_known(struct lower *l, struct frame *frame, enum step_value value)
{
    if (frame->role == ROLE_CONST || frame->role == ROLE_TRAIN || frame->role == ROLE_DATA)
        return false;
    return l->phase == PHASE_TRAIN || l->phase == PHASE_EVALUATE || l->phase == PHASE_FINISH
           || l->phase == PHASE_PREDICT || (l->phase == PHASE_AUGMENT && value == VALUE_EPOCH);
}

static bool step_value(struct lower *l, struct frame *frame, const char *name, struct span span,
                       struct value *out)
{
    static const struct { const char *name; enum step_value value; } table[] = {
        {"step", VALUE_STEP}, {"steps", VALUE_STEPS}, {"epoch", VALUE_EPOCH}, {"rows", VALUE_ROWS}};
    for (int i = 0; i < 4; i++) {
        if (strcmp(name, table[i].name))
            continue;
        struct attr attr = {.step_value = table[i].value};
        int weights = l->program->data.total_weight;
        struct shape scalar = shape_scalar();
        if (!step_known(l, frame, table[i].value)) {
            lower_error(l, frame, span, "'%s' is not known in %s", name, role_name(frame->role));
            *out = value_error();
            return true;
        }
        if (table[i].value == VALUE_ROWS && l->phase == PHASE_FINISH && weights >= 0) {
            int sum = graph_unary(l->graph, OP_EXACT_SUM, lower_read(l, weights));
            *out = value_tensor(l, sum, false, span);
            return true;
        }
        int whole = graph_add_shaped(l->graph, OP_STEP_VALUE, 0, NULL, &attr, I32, &scalar);
        *out = value_tensor(l, graph_to(l->graph, F32, whole), false, span);
        if (l->phase == PHASE_PREDICT)
            lower_add_stand_in(
                l, out->node,
                arena_printf(l->arena, "'%s', which is known in training only", name));
        return true;
    }
    return false;
}

static const char *const names[] = {"true", "false", "none", "pi", "inf", "balanced", "training",
                                    "updates", "shape", "fan_in", "fan_out", "step", "steps",
                                    "epoch", "rows"};

enum { NAMES = (int)(sizeof names / sizeof *names) };

const char *builtin_value_name(int i)
{
    return i < NAMES ? names[i] : NULL;
}

static bool is_name(const char *name)
{
    int i = 0;
    while (i < NAMES && strcmp(name, names[i]))
        i++;
    return i < NAMES;
}

/* `training`, and for export the place that asks. */
static struct value training_value(struct lower *l, const struct frame *frame, struct span span)
{
    struct program *p = l->program;
    struct training_asked asked = {.span = span};
    for (; frame->library && frame->caller; frame = frame->caller)
        asked = (struct training_asked){.span = frame->call, .block = frame->declaration->text};
    if (p->notes_calls && l->phase == PHASE_PREDICT)
        ARENA_PUSH(l->arena, p->asked, p->asked_count, p->asked_room) = asked;
    return value_bool(l->training, span);
}

bool builtin_value(struct lower *l, struct frame *frame, const char *name, struct span span,
                   struct value *out)
{
    bool initialiser = frame->parameter != NULL;
    if (!is_name(name))
        return false;
    if (!strcmp(name, "true") || !strcmp(name, "false"))
        *out = value_bool(*name == 't', span);
    else if (!strcmp(name, "none"))
        *out = value_none(span);
    else if (!strcmp(name, "pi"))
        *out = value_number(3.14159265358979323846, span);
    else if (!strcmp(name, "inf"))
        *out = value_number(INFINITY, span);
    else if (!strcmp(name, "balanced"))
        *out = lower_balanced(l, frame, span);
    else if (!strcmp(name, "training"))
        *out = training_value(l, frame, span);
    else if (!strcmp(name, "updates"))
        *out = updates_value(l, frame, span);
    else if (initialiser && !strcmp(name, "shape"))
        *out = builtin_shape(l, frame->parameter, span);
    else if (initialiser && (!strcmp(name, "fan_in") || !strcmp(name, "fan_out")))
        *out = value_number(fan(frame->parameter, name[4] == 'o'), span);
    else if (!strcmp(name, "shape") || !strcmp(name, "fan_in") || !strcmp(name, "fan_out")) {
        lower_error(l, frame, span, "'%s' exists in start values only, and this is %s", name,
                    role_name(frame->role));
        *out = value_error();
    } else
        return step_value(l, frame, name, span, out);
    return true;
}
