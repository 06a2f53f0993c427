/* output text = generate(logits, ...): text that a causal model goes on with, token by token. */
#include <math.h>
#include <string.h>
#include "lower/builtin.h"
#include "lower/expr.h"
#include "lower/generate.h"
#include "lower/model.h"
#include "lower/sequence.h"
#include "lower/value.h"

/* The model's only input, where it is characters, bytes or tokens as they stand; else NULL. */
static const struct data_field *text_field(const struct lower *l, int *number)
{
    const struct data_desc *data = &l->program->data;
    const struct data_field *found = NULL;
    for (int i = 0; i < data->field_count; i++) {
        const struct data_field *f = &data->field[i];
        if (f->label)
            continue;
        if (found)
            return NULL;
        found = f;
        *number = i;
    }
    bool lines = data->kind == SOURCE_LINES; /* from the line end before them */
    bool text = found && !found->expression
                && (lines ? found->from == -1 : found->rows && lower_is_sequence(data->kind))
                && program_variable(l->program, found->input)->classes
                && program_variable(l->program, found->input)->shape.rank == 2;
    return text ? found : NULL;
}

/* Whether v is logits of the field: f32[n, k] for class[n, k]. */
static bool fits(struct lower *l, const struct data_field *field, struct value v)
{
    const struct variable *x = program_variable(l->program, field->input);
    const struct node *n = v.kind == V_TENSOR ? value_node(l, v) : NULL;
    return n && n->dtype == F32 && v.per_row && n->shape.rank == 3
           && n->shape.dim[1] == x->shape.dim[1] && n->shape.dim[2] == x->classes;
}

/* A whole number from `least`, or an error. */
static bool whole(struct lower *l, struct frame *frame, const char *name, struct value v,
                  int64_t least, int64_t *to)
{
    if (value_whole(v, to) && *to >= least && *to <= INT32_MAX)
        return true;
    lower_error(l, frame, v.span, "'%s' of 'generate' is a whole number from %lld", name,
                (long long)least);
    return false;
}

static bool settings(struct lower *l, struct frame *frame, const struct value *v,
                     const bool *given, struct generate_desc *g)
{
    int64_t seed = 0;
    if (given[1] && (v[1].kind != V_STRING || !*v[1].text)) {
        lower_error(l, frame, v[1].span, "'prompt' of 'generate' is a text of one character or "
                    "more");
        return false;
    }
    enum source_kind kind = l->program->data.kind;
    g->prompt = given[1]               ? v[1].text
                : kind == SOURCE_LINES ? ""
                : kind == SOURCE_TEXT  ? "\n"
                                       : "0";
    if (given[2] && !whole(l, frame, "n", v[2], 1, &g->count))
        return false;
    if (given[3] && (v[3].kind != V_NUMBER || !(v[3].number >= 0)
                     || !isfinite((float)v[3].number))) {
        lower_error(l, frame, v[3].span, "'temperature' of 'generate' is a number from 0, which "
                    "always takes the likeliest");
        return false;
    }
    if (given[3])
        g->temperature = (float)v[3].number;
    if (given[4] && v[4].kind != V_NONE && !whole(l, frame, "top_k", v[4], 1, &g->top_k))
        return false;
    g->has_seed = given[5];
    if (given[5] && !whole(l, frame, "seed", v[5], 0, &seed))
        return false;
    g->seed = (uint64_t)seed;
    return true;
}

struct value call_generate(struct lower *l, struct frame *frame, const struct builtin *b,
                           struct arguments *a, const char *path, struct span span)
{
    ARGUMENTS(6);
    struct generate_desc g = {.count = 200, .temperature = 1, .place = -1, .token = -1,
                              .logits = -1, .span = span};
    const struct data_field *field = text_field(l, &g.field);
    if (l->phase != PHASE_PREDICT || l->results->own_frame != frame) {
        lower_error(l, frame, span, "'generate' is an output of its own: output text = "
                    "generate(logits)");
        return value_error();
    }
    if (!field) {
        lower_error(l, frame, span, "'generate' goes on with the only input of a model, "
                    "class[n, k] of characters, bytes or tokens as they stand (of lines, from "
                    "their beginning: chars(-1..15)), and this model has another");
        return value_error();
    }
    const struct variable *x = program_variable(l->program, field->input);
    if (!fits(l, field, v[0])) {
        struct diag *d = lower_error(l, frame, v[0].span, "'generate' takes logits f32[%lld, "
                                     "%lld], for each place of '%s', and this is %s",
                                     (long long)x->shape.dim[1], (long long)x->classes,
                                     field->name, value_describe(l, v[0]));
        diag_note(d, field->span, "declared here");
        return value_error();
    }
    if (!settings(l, frame, v, given, &g))
        return value_error();
    g.node = v[0].node;
    l->results->generate = ARENA_NEW(l->arena, struct generate_desc);
    *l->results->generate = g;
    return v[0];
}

/* An output that is `node`, variable `id`: whether it is what generates, and by itself. */
void lower_generating(struct lower *l, struct frame *frame, int node, int id, struct span span)
{
    struct generate_desc *g = l->results->generate;
    l->results->generate = NULL;
    if (!g)
        return;
    if (l->program->generate) {
        struct diag *d = lower_error(l, frame, span, "a model generates one text");
        diag_note(d, l->program->generate->span, "here is another");
    } else if (node != g->node) {
        lower_error(l, frame, span, "'generate' is an output of its own: output text = "
                    "generate(logits)");
    } else {
        g->output = id;
        l->program->generate = g;
    }
}
