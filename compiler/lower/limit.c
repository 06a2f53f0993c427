/* Bounds on what a model may become: `repeat` and blocks that call blocks multiply. */
#include "lower/limit.h"

enum {
    NODES_MAX = 250000,                 /* of a phase before gradients: about 100 MB */
    STEPS_MAX = 500000,                 /* statements and calls of a phase: up to 350 MB */
    UPDATE_MAX = 1000,                  /* of both: what the update of a parameter may have more */
    NOTES_MAX = 3
};

void lower_begin_limits(struct lower *l)
{
    l->limits->steps = 0;
    l->limits->steps_max = STEPS_MAX;
    l->limits->nodes_max = NODES_MAX;
}

void lower_allow_updates(struct lower *l, int parameters)
{
    l->limits->steps_max += parameters * UPDATE_MAX;
    l->limits->nodes_max += l->graph->count + parameters * UPDATE_MAX;
}

static const char *within_text(struct lower *l, const struct within *w)
{
    if (w->block)
        return arena_printf(l->arena, "block '%s'", w->block);
    return arena_printf(l->arena, "turn %lld of %lld", (long long)w->turn + 1, (long long)w->turns);
}

/* The error stands at the outermost repetition or call; what lies within is noted. */
static void report(struct lower *l, struct frame *frame, struct span span)
{
    const struct within *inner[NOTES_MAX + 1] = {NULL};
    for (const struct within *w = l->limits->within; w; w = w->outer) {
        for (int i = NOTES_MAX; i > 0; i--)
            inner[i] = inner[i - 1];
        inner[0] = w;
    }
    const struct limits *most = l->limits;
    bool nodes = l->graph->count > most->nodes_max;
    struct diag *d = diag_error(
        l->diags, inner[0] ? inner[0]->span : lower_user_span(l, frame, span),
        "the model is too large: more than %d %s up to here%s%s",
        nodes ? most->nodes_max : most->steps_max, nodes ? "operations" : "statements and calls",
        inner[0] ? ", in " : "", inner[0] ? within_text(l, inner[0]) : "");
    for (int i = 1; i <= NOTES_MAX && inner[i]; i++)
        diag_note(d, inner[i]->span, "within it, %s", within_text(l, inner[i]));
    diag_help(d, "statements of a model are laid out one by one: repeat less, or compute on larger "
                 "arrays at once");
}

bool lower_step(struct lower *l, struct frame *frame, struct span span)
{
    struct limits *limits = l->limits;
    if (!limits->too_large &&
        (++limits->steps > limits->steps_max || l->graph->count > limits->nodes_max)) {
        limits->too_large = true;
        report(l, frame, span);
    }
    return !limits->too_large;
}
