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

/* Values of all turns along a new axis. */
static const char *stacked(struct call *c, int count, const char **name, int64_t axis,
                           const char *wanted)
{
    struct arena *arena = c->im->arena;
    const char *widen = arena_printf(arena, "Unsqueeze axes=[%lld]", (long long)axis);
    for (int i = 0; i < count; i++) {
        const char *wide = fresh_name(c->im, arena_printf(arena, "%s/%d", wanted, i));
        inline_node(c, widen, 1, &name[i], wide);
        name[i] = wide;
    }
    return put_joined(c, count, name, axis, wanted);
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
        all[i] = i < carried ? given[2 + i]
                             : stacked(c, (int)turns, turn[i], 0, c->node->output[i]);
    give_results(c, all);
}

/* ---- scans ---- */

struct scan {
    const Onnx__Graph *body;
    int states, inputs, outputs;        /* what is carried, and read and made in turns */
    int64_t turns, in_axis[INPUTS], in_back[INPUTS], out_axis[INPUTS], out_back[INPUTS];
};

/* A number for each of those read or made in turns, 0 where nothing is said. */
static bool read_each(struct call *c, const char *name, int count, int64_t *each)
{
    memset(each, 0, sizeof *each * INPUTS);
    int n = attribute_ints(c, name, each, INPUTS);
    if (n >= 0 && n != count)
        refuse(c, "its '%s' are not as many as what they are of", name);
    return n < 0 || n == count;
}

static bool read_scan(struct call *c, struct scan *s)
{
    int64_t count = attribute_int(c, "num_scan_inputs", 0);
    s->body = graph_of(c, "body");
    s->inputs = count >= 1 && count <= c->ins ? (int)count : 0;
    s->states = c->ins - s->inputs;
    s->outputs = c->outs - s->states;
    if (!s->body)
        return false;
    if (!s->inputs || s->outputs < 0 || (int)s->body->n_input != c->ins ||
        (int)s->body->n_output != c->outs || (int)c->node->n_output != c->outs ||
        (int)c->node->n_input != c->ins) {
        refuse(c, "its graph has not the inputs and outputs that a scan has");
        return false;
    }
    if (!read_each(c, "scan_input_axes", s->inputs, s->in_axis) ||
        !read_each(c, "scan_input_directions", s->inputs, s->in_back) ||
        !read_each(c, "scan_output_axes", s->outputs, s->out_axis) ||
        !read_each(c, "scan_output_directions", s->outputs, s->out_back))
        return false;
    for (int i = 0; i < s->states; i++)
        if (!c->in[i]) {
            refuse(c, "input %d, which it carries from turn to turn, is left out", i);
            return false;
        }
    for (int i = 0; i < s->inputs; i++) {
        const struct value *x = c->in[s->states + i];
        int axis = x ? axis_of(c, x, s->in_axis[i]) : -1;
        if (axis < 0 || axis == x->rows || (i && x->dim[axis] != s->turns)) {
            refuse(c, "its inputs have not one number of turns, or it runs over the batch's rows");
            return false;
        }
        s->turns = x->dim[axis];
    }
    if (s->turns >= 1 && s->turns <= MOST_TURNS)
        return true;
    refuse(c, "it has %lld turns, where 1 to %d are written one by one", (long long)s->turns,
           MOST_TURNS);
    return false;
}

void onnx_scan(struct call *c)
{
    struct arena *arena = c->im->arena;
    struct scan s = {.turns = 0};
    const struct names *map = NULL;
    const char *given[INPUTS], *result[OUTPUTS], *all[OUTPUTS] = {NULL}, **turn[OUTPUTS];
    if (!read_scan(c, &s) || !inline_tensors(c, s.body, &map))
        return;
    for (int i = 0; i < s.states; i++)
        given[i] = c->node->input[i];
    for (int i = 0; i < s.outputs; i++)
        turn[i] = ARENA_ARRAY(arena, const char *, s.turns);
    for (int64_t t = 0; t < s.turns; t++) {
        for (int i = 0; i < s.inputs; i++)
            given[s.states + i] = PUT(
                c, arena_printf(arena, "Gather axis=%lld", (long long)s.in_axis[i]),
                c->node->input[s.states + i], put_whole(c, s.in_back[i] ? s.turns - 1 - t : t));
        if (!inline_graph(c, s.body, map, c->ins, given, result))
            return;
        for (int i = 0; i < s.states; i++)
            given[i] = result[i];
        for (int i = 0; i < s.outputs; i++)
            turn[i][s.out_back[i] ? s.turns - 1 - t : t] = result[s.states + i];
    }
    for (int i = 0; i < c->outs; i++)
        all[i] = i < s.states ? given[i]
                              : stacked(c, (int)s.turns, turn[i - s.states],
                                        s.out_axis[i - s.states], c->node->output[i]);
    give_results(c, all);
}
