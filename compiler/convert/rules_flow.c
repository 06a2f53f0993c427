/* Rules of operators that hold graphs: what is known when the file is read takes their place. */
#include <stdio.h>
#include <string.h>
#include "convert/rules.h"

static const Onnx__Graph *graph_of(struct call *c, const char *name)
{
    const Onnx__Attribute *a = attribute(c, name);
    if (!a || !a->g)
        refuse(c, "it has no graph '%s'", name);
    return a ? a->g : NULL;
}

/* The node's outputs are those values; what it was made of is counted anew without it. */
static void give_results(struct call *c, const char *const *result)
{
    for (int i = 0; i < c->outs; i++)
        if (i < (int)c->node->n_output && *c->node->output[i])
            inline_node(c, "Identity", 1, &result[i], c->node->output[i]);
    c->im->node[c->im->at].node = NULL;
    count_uses(c->im);
}

void onnx_if(struct call *c)
{
    const struct tensor *condition = c->in[0]->constant;
    if (!condition || condition->count != 1 || condition->type != ONNX_BOOL) {
        refuse(c, "its condition depends on the data, and a model file has one form for all rows");
        return;
    }
    const char *result[OUTPUTS];
    const struct names *map = NULL;
    const Onnx__Graph *g = graph_of(c, condition->whole[0] ? "then_branch" : "else_branch");
    if (!g)
        return;
    if (g->n_input || (int)g->n_output != c->outs || g->n_output > OUTPUTS)
        refuse(c, "its graph has not its outputs, or inputs");
    else if (inline_tensors(c, g, &map) && inline_graph(c, g, map, 0, NULL, result))
        give_results(c, result);
}

/* ---- loops ---- */

static bool is_true(const struct tensor *t)
{
    return t && t->count == 1 && t->whole && t->whole[0];
}

static bool makes(const Onnx__Node *n, const char *name)
{
    for (size_t i = 0; i < n->n_output; i++)
        if (!strcmp(n->output[i], name))
            return true;
    return false;
}

/* Whether what no node of the loop's graph makes is its condition as it was given, or true: what
 * the graph has of that name hides what is around. */
static bool stays_true(struct call *c, const Onnx__Graph *g, const char *name)
{
    for (size_t i = 0; i < g->n_input; i++)
        if (g->input[i]->name && !strcmp(g->input[i]->name, name))
            return i == 1;
    for (size_t i = 0; i < g->n_initializer; i++)
        if (g->initializer[i]->name && !strcmp(g->initializer[i]->name, name))
            return is_true(tensor_read(c->im, g->initializer[i], name));
    const struct value *outside = find_value(c->im, name);
    return outside && is_true(outside->constant);
}

/* Whether a loop goes on whatever it computes: its condition is handed on, or true. */
static bool goes_on(struct call *c, const Onnx__Graph *g)
{
    const char *name = g->output[0]->name ? g->output[0]->name : "";
    for (size_t i = g->n_node; i-- > 0;) {
        const Onnx__Node *n = g->node[i];
        if (!makes(n, name))
            continue;
        if (!n->op_type || n->n_output != 1)
            return false;
        const Onnx__Attribute *a = n->n_attribute == 1 ? n->attribute[0] : NULL;
        if (!strcmp(n->op_type, "Constant") && a && a->t)
            return is_true(tensor_read(c->im, a->t, name));
        if (strcmp(n->op_type, "Identity") || n->n_input != 1)
            return false;
        name = n->input[0];
    }
    return stays_true(c, g, name);
}

static bool loop_fits(struct call *c, const Onnx__Graph *g, int carried, int64_t *turns)
{
    const struct value *most = c->in[0], *go = c->ins > 1 ? c->in[1] : NULL;
    if (carried < 0 || (int)g->n_input != 2 + carried || (int)g->n_output != 1 + c->outs ||
        c->outs < carried || g->n_output > OUTPUTS || c->node->n_output != (size_t)c->outs) {
        refuse(c, "its graph has not the inputs and outputs that a loop has");
        return false;
    }
    for (int i = 0; i < carried; i++)
        if (!*c->node->input[2 + i]) {
            refuse(c, "input %d, which it carries from turn to turn, is left out", 2 + i);
            return false;
        }
    if (!most || !is_scalar(most) || !most->constant->whole || !goes_on(c, g) ||
        (go && (!is_scalar(go) || !go->constant->whole || !go->constant->whole[0]))) {
        refuse(c, "how many turns it has depends on what it computes; a model file has loops of "
               "as many turns for all rows");
        return false;
    }
    *turns = most->constant->whole[0];
    if (*turns >= 1 && *turns <= MOST_TURNS)
        return true;
    refuse(c, "it has %lld turns, where 1 to %d are written one by one", (long long)*turns,
           MOST_TURNS);
    return false;
}

/* Values of all turns along a new first axis: 64 at a time are joined. */
static const char *stacked(struct call *c, int count, const char **name, const char *wanted)
{
    struct import *im = c->im;
    for (int i = 0; i < count; i++) {
        const char *wide = fresh_name(im, arena_printf(im->arena, "%s/%d", wanted, i));
        Onnx__Node *n = inline_node(c, "Unsqueeze", 1, &name[i], wide);
        inline_ints(im, n, "axes", 0);
        name[i] = wide;
    }
    for (int level = 0; count > 1; level++) {
        int groups = (count + INPUTS - 1) / INPUTS;
        for (int i = 0; i < groups; i++) {
            int size = count - i * INPUTS < INPUTS ? count - i * INPUTS : INPUTS;
            const char *joined = fresh_name(im, arena_printf(im->arena, "%s/%d/%d", wanted,
                                                             level, i));
            inline_int(im, inline_node(c, "Concat", size, name + i * INPUTS, joined), "axis", 0);
            name[i] = joined;
        }
        count = groups;
    }
    return name[0];
}

void onnx_loop(struct call *c)
{
    struct import *im = c->im;
    const Onnx__Graph *g = graph_of(c, "body");
    int carried = (int)c->node->n_input - 2;
    const struct names *map = NULL;
    int64_t turns;
    if (!g || !loop_fits(c, g, carried, &turns) || !inline_tensors(c, g, &map))
        return;
    const char *given[INPUTS], *result[OUTPUTS], **turn[OUTPUTS];
    for (int i = 0; i < carried; i++)
        given[2 + i] = c->node->input[2 + i];
    for (int i = carried; i < c->outs; i++)
        turn[i] = ARENA_ARRAY(im->arena, const char *, turns);
    given[1] = fresh_name(im, arena_printf(im->arena, "%s/condition", c->node->output[0]));
    constant_value(im, given[1], ONNX_BOOL, 1);
    for (int64_t t = 0; t < turns; t++) {
        given[0] = fresh_name(im, arena_printf(im->arena, "%s/turn%lld", c->node->output[0],
                                               (long long)t));
        constant_value(im, given[0], ONNX_INT64, t);
        if (!inline_graph(c, g, map, 2 + carried, given, result))
            return;
        for (int i = 0; i < carried; i++)
            given[2 + i] = result[1 + i];
        for (int i = carried; i < c->outs; i++)
            turn[i][t] = result[1 + i];
    }
    const char *all[OUTPUTS];
    for (int i = 0; i < c->outs; i++)
        all[i] = i < carried ? given[2 + i] : stacked(c, (int)turns, turn[i], c->node->output[i]);
    give_results(c, all);
}
