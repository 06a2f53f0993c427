/* Rules of loops over time: a layer of the library for each direction. */
#include <string.h>
#include "convert/rules.h"

/* What a loop is made of: W [d, gates units, n], R [d, gates units, units],
 * B [d, 2 gates units]. */
struct loop_weights {
    const struct tensor *w, *r, *b, *p; /* b, and p [d, 3 units] of peepholes: or NULL */
    int gates, directions;
    int64_t units, n;
};

/* Column j of gate g, of direction d, of a matrix [d, gates units, columns]. */
static float weight_at(const struct loop_weights *l, const struct tensor *t, int d, int gate,
                       int64_t unit, int64_t column)
{
    int64_t columns = t->dim[2];
    return t->real[((d * l->gates + gate) * l->units + unit) * columns + column];
}

/* A bias of B: those of W come first. */
static float bias_at(const struct loop_weights *l, int d, bool recurrent, int gate, int64_t unit)
{
    return !l->b ? 0 : l->b->real[((d * 2 + recurrent) * l->gates + gate) * l->units + unit];
}

/* Gates of the matrix in that order, as [columns, count units]. */
static void save_matrix(struct call *c, const struct loop_weights *l, const struct tensor *t, int d,
                        int count, const int *order, const char *path)
{
    int64_t dim[2] = {t->dim[2], count * l->units};
    struct tensor *out = tensor_new(c->im, ONNX_FLOAT, 2, dim);
    for (int64_t e = 0; out && e < out->count; e++) {
        int64_t column = e / dim[1], at = e % dim[1];
        out->real[e] = weight_at(l, t, d, order[at / l->units], at % l->units, column);
    }
    if (out)
        save(c->im, true, path, out, NULL, 2, dim);
}

/* Biases of gates in that order: of W, of R, or their sum. */
static void save_biases(struct call *c, const struct loop_weights *l, int d, int count,
                        const int *order, bool of_w, bool of_r, const char *path)
{
    int64_t dim[1] = {count * l->units};
    struct tensor *out = tensor_new(c->im, ONNX_FLOAT, 1, dim);
    for (int64_t e = 0; out && e < dim[0]; e++) {
        int gate = order[e / l->units];
        float w = bias_at(l, d, false, gate, e % l->units);
        float r = bias_at(l, d, true, gate, e % l->units);
        out->real[e] = of_w && of_r ? w + r : of_w ? w : r;
    }
    if (out)
        save(c->im, true, path, out, NULL, 1, dim);
}

/* Peepholes of input, output and forget as the layer has them: of input, forget and output. */
static void save_peepholes(struct call *c, const struct loop_weights *l, int d, const char *path)
{
    static const int order[] = {0, 2, 1};
    int64_t dim[2] = {3, l->units};
    struct tensor *out = tensor_new(c->im, ONNX_FLOAT, 2, dim);
    for (int64_t e = 0; e < out->count; e++)
        out->real[e] = l->p->real[(d * 3 + order[e / l->units]) * l->units + e % l->units];
    save(c->im, true, path, out, NULL, 2, dim);
}

/* A scan of the cell, where a layer has not what is said or has weights of other paths; NULL: a
 * layer will do. */
static const char *scan_text(struct call *c, const char *x, const char *cell, const char *options,
                             bool reverse, const char *path)
{
    struct arena *arena = c->im->arena;
    size_t size = strlen(path);
    const char *detach = said_option(c, "detach");
    if (!c->im->own || (!*detach && size > 5 && !strcmp(path + size - 5, "/cell")))
        return NULL;
    return arena_printf(arena, "scan(%s, %s_cell(%s)%s%s%s)%s", x, cell, options,
                        reverse ? ", reverse = true" : "", detach, said_stateful(c),
                        as_text(arena, path));
}

/* Whether what is carried is multiplied first and reset then. */
static bool resets_after(struct call *c)
{
    return attribute_int(c, "linear_before_reset", 0) != 0;
}

/* The weights of one direction, as the library's cells have them. */
static void save_cell(struct call *c, const struct loop_weights *l, int d, const char *name)
{
    static const int lstm[] = {0, 2, 3, 1}, gru[] = {1, 0, 2}, simple[] = {0};
    struct arena *arena = c->im->arena;
    bool is_gru = l->gates == 3, after = is_gru && resets_after(c);
    const int *order = l->gates == 4 ? lstm : is_gru ? gru : simple;
    save_matrix(c, l, l->w, d, l->gates, order, arena_printf(arena, "%s/w", name));
    save_matrix(c, l, l->r, d, is_gru && !after ? 2 : l->gates, order,
                arena_printf(arena, "%s/u", name));
    if (is_gru && !after)
        save_matrix(c, l, l->r, d, 1, order + 2, arena_printf(arena, "%s/v", name));
    if (after)
        save_biases(c, l, d, 3, order, false, true, arena_printf(arena, "%s/recurrent_bias", name));
    save_biases(c, l, d, l->gates, order, true, !after, arena_printf(arena, "%s/bias", name));
    if (l->p)
        save_peepholes(c, l, d, arena_printf(arena, "%s/peephole", name));
}

/* One direction as a layer: its text. */
static const char *layer_text(struct call *c, const struct loop_weights *l, int d, const char *x,
                              bool reverse)
{
    struct arena *arena = c->im->arena;
    const char *options = arena_printf(arena, "%lld%s%s%s", (long long)l->units,
                                       l->gates == 3 && !resets_after(c) ? ", reset_after = false"
                                                                         : "",
                                       l->p ? ", peepholes = true" : "",
                                       said_option(c, "recurrent_p"));
    const char *path = layer_path(c->im, c->in[1]->name, c->node->name);
    const char *scan = scan_text(c, x, c->rule->text, options, reverse, path);
    const char *name = scan ? path : arena_printf(arena, "%s/cell", path);
    if (!scan && strlen(path) > 5 && !strcmp(path + strlen(path) - 5, "/cell")) {
        name = path;                    /* the weights' own name has it */
        path = arena_strndup(arena, path, strlen(path) - 5);
    }
    save_cell(c, l, d, name);
    return scan ? scan : arena_printf(arena, "%s(%s, %s%s%s)%s", c->rule->text, x, options,
                                      reverse ? ", reverse = true" : "", said_stateful(c),
                                      as_text(arena, path));
}

/* A start of zeros is what layers have. */
static bool starts_at_zero(const struct value *v)
{
    for (int64_t i = 0; v && v->constant && i < v->constant->count; i++)
        if (!v->constant->real || v->constant->real[i] != 0)
            return false;
    return !v || v->constant || v->zero;
}

/* Whether its first state is given, or its last one read that layers do not give. */
static bool has_state(const struct call *c)
{
    return (c->ins > 5 && !starts_at_zero(c->in[5])) || (c->ins > 6 && !starts_at_zero(c->in[6])) ||
           (c->outs > 2 && c->out[2] && c->out[2]->uses);
}

static bool can_have_state(struct call *c)
{
    return !attribute_int(c, "layout", 0) && (c->ins < 8 || !c->in[7]);
}

/* Lengths of sequences that are all that there is say nothing. */
static bool sees_all_turns(struct call *c)
{
    const struct value *lengths = c->ins > 4 ? c->in[4] : NULL, *x = c->in[0];
    int turns = attribute_int(c, "layout", 0) ? 1 : 0;
    bool all = !lengths || (lengths->constant && lengths->constant->whole && x->rank == 3);
    for (int64_t i = 0; all && lengths && i < lengths->constant->count; i++)
        all = lengths->constant->whole[i] == x->dim[turns];
    return all;
}

static bool read_weights(struct call *c, struct loop_weights *l)
{
    struct value *w = c->in[1], *r = c->in[2], *b = c->ins > 3 ? c->in[3] : NULL;
    static const char *const plain_ones[] = {"activations", "activation_alpha", "activation_beta",
                                             "clip", "input_forget"};
    l->gates = !strcmp(c->rule->text, "lstm") ? 4 : !strcmp(c->rule->text, "gru") ? 3 : 1;
    for (int i = 0; i < 5; i++)
        if (attribute(c, plain_ones[i]) && strcmp(plain_ones[i], "input_forget")) {
            refuse(c, "'%s' is not that of the library's layers", plain_ones[i]);
            return false;
        }
    if (attribute_int(c, "input_forget", 0) || !sees_all_turns(c) ||
        (has_state(c) && !can_have_state(c))) {
        refuse(c, "layers start at 0, see all turns, and have no coupled gates; without peepholes "
               "and with the batch second it may start otherwise");
        return false;
    }
    bool known = w->constant && r->constant && (!b || b->constant) && w->rank == 3 &&
                 r->rank == 3 && w->type == ONNX_FLOAT && r->type == ONNX_FLOAT &&
                 (!b || b->type == ONNX_FLOAT) && w->uses == 1 && r->uses == 1;
    l->units = known ? r->dim[2] : 0;
    l->directions = known ? (int)w->dim[0] : 0;
    l->n = known ? w->dim[2] : 0;
    known = known && l->units > 0 && attribute_int(c, "hidden_size", l->units) == l->units &&
            w->dim[1] == l->gates * l->units && r->dim[1] == w->dim[1] &&
            r->dim[0] == w->dim[0] && c->in[0]->rank == 3 && c->in[0]->dim[2] == l->n &&
            (!b || (b->rank == 2 && b->dim[0] == w->dim[0] && b->dim[1] == 2 * w->dim[1]));
    if (!known) {
        refuse(c, "its weights must be known, its own, and of shapes that go together");
        return false;
    }
    const struct value *p = c->ins > 7 ? c->in[7] : NULL;
    if (p && (!p->constant || p->type != ONNX_FLOAT || p->rank != 2 || p->dim[0] != w->dim[0] ||
              p->dim[1] != 3 * l->units)) {
        refuse(c, "its peepholes must be known, three for each unit");
        return false;
    }
    l->p = p ? p->constant : NULL;
    l->w = w->constant;
    l->r = r->constant;
    l->b = b ? b->constant : NULL;
    return true;
}

/* Y [t, d, rows, units] and the last turn's, [d, rows, units]; or [rows, t, d, units] and
 * [rows, d, units]. */
static void give_turns(struct call *c, const struct loop_weights *l, bool rows_first,
                       const char *all, const char *last)
{
    const struct value *x = c->in[0];
    struct value y = {.type = ONNX_FLOAT, .rank = 4, .rows = 2,
                      .dim = {x->dim[0], l->directions, 1, l->units}};
    struct value h = {.type = ONNX_FLOAT, .rank = 3, .rows = 1,
                      .dim = {l->directions, 1, l->units}};
    int64_t dim[AXES];
    if (rows_first) {
        y.dim[0] = h.dim[0] = 1;
        y.dim[1] = x->dim[1];
        y.dim[2] = h.dim[1] = l->directions;
        y.rows = h.rows = 0;
    }
    y.rows = x->rows < 0 ? -1 : y.rows;
    h.rows = x->rows < 0 ? -1 : h.rows;
    orderly(&y);
    orderly(&h);
    text_dims(&y, dim);
    give(c, 0, &y, "reshape(%s, %s)", all, list_text(c->im->arena, text_axes(&y), dim));
    text_dims(&h, dim);
    if (c->outs > 1 && c->out[1] && c->out[1]->uses)
        give(c, 1, &h, "reshape(%s, %s)", last, list_text(c->im->arena, text_axes(&h), dim));
}

/* The first state of a direction as it is given, [d, rows, units]: of one row. */
static const char *state_text(struct call *c, int input, const struct loop_weights *l, int d)
{
    struct arena *arena = c->im->arena;
    struct value *v = input < c->ins ? c->in[input] : NULL;
    const char *dims = list_text(arena, 1, &l->units);
    if (!v || starts_at_zero(v))
        return arena_printf(arena, "broadcast(0, %s)", dims);
    if (l->directions == 1)
        return arena_printf(arena, "reshape(%s, %s)", plain(c, v), dims);
    return arena_printf(arena, "reshape(%s[%d], %s)", let_line(c, plain(c, v)), d, dims);
}

static bool state_fits(const struct value *v, const struct loop_weights *l, bool rows)
{
    return !v || (v->type == ONNX_FLOAT && v->rank == 3 && v->dim[0] == l->directions &&
                  v->dim[1] == 1 && v->dim[2] == l->units &&
                  (v->rows < 0 || (rows && v->rows == 1)));
}

/* Cells of which layers have none, for a loop of 1, 3 or 4 gates: the state before the first turn
 * is given, and that after the last one read. */
static const char *const started_cell[] = {
    "# A turn of simple_rnn_cell, from a state that is given: what it shows, and the last.\n"
    "block started_simple_rnn(x: f32[n], units: int, shown: f32[...]) {\n"
    "  param w: f32[n, units] = glorot_uniform\n"
    "  param u: f32[units, units] = orthogonal\n"
    "  param bias: f32[units] = 0\n"
    "  carry h: f32[units] = shown\n"
    "  h = tanh(x @ w + bias + h @ u)\n"
    "  return h, last(h)\n"
    "}\n",
    "# A turn of gru_cell, from a state that is given: what it shows, and the last.\n"
    "block started_gru(x: f32[n], units: int, shown: f32[...], reset_after: bool = true) {\n"
    "  param w: f32[n, 3 * units] = glorot_uniform\n"
    "  param bias: f32[3 * units] = 0\n"
    "  carry h: f32[units] = shown\n"
    "  ar, az, an = split(x @ w + bias, 3)\n"
    "  if reset_after {\n"
    "    param u: f32[units, 3 * units] = orthogonal\n"
    "    param recurrent_bias: f32[3 * units] = 0\n"
    "    hr, hz, hn = split(h @ u + recurrent_bias, 3)\n"
    "    new = tanh(an + sigmoid(ar + hr) * hn)\n"
    "  } else {\n"
    "    param u: f32[units, 2 * units] = orthogonal\n"
    "    param v: f32[units, units] = orthogonal\n"
    "    hr, hz = split(h @ u, 2)\n"
    "    new = tanh(an + (sigmoid(ar + hr) * h) @ v)\n"
    "  }\n"
    "  update = sigmoid(az + hz)\n"
    "  h = (1 - update) * new + update * h\n"
    "  return h, last(h)\n"
    "}\n",
    "# A turn of lstm_cell, from a state that is given: what it shows, and the last state.\n"
    "block started_lstm(x: f32[n], units: int, shown: f32[...], held: f32[...]) {\n"
    "  param w: f32[n, 4 * units] = glorot_uniform\n"
    "  param u: f32[units, 4 * units] = orthogonal\n"
    "  param bias: f32[4 * units] = 0\n"
    "  carry h: f32[units] = shown\n"
    "  carry c: f32[units] = held\n"
    "  i, f, g, o = split(x @ w + bias + h @ u, 4)\n"
    "  c = sigmoid(f) * c + sigmoid(i) * tanh(g)\n"
    "  h = sigmoid(o) * tanh(c)\n"
    "  return h, last(h), last(c)\n"
    "}\n"};

/* One direction by a cell of the model file: what it shows in all turns, and its last state. */
static void run_started(struct call *c, const struct loop_weights *l, int d, const char *x,
                        bool reverse, const char **name)
{
    static const char *const words[] = {"turns", "last_shown", "last_held"};
    struct import *im = c->im;
    struct arena *arena = im->arena;
    bool lstm = l->gates == 4;
    const char *path = layer_path(im, c->in[1]->name, c->node->name);
    save_cell(c, l, d, path);
    const char *state = state_text(c, 5, l, d);
    if (lstm)
        state = arena_printf(arena, "%s, %s", state, state_text(c, 6, l, d));
    else if (l->gates == 3 && !resets_after(c))
        state = arena_printf(arena, "%s, reset_after = false", state);
    for (int i = 0; i < 2 + lstm; i++)
        name[i] = made_identifier(im->made, words[i]);
    made_line(im->made,
              arena_printf(arena, "%s, %s%s%s = scan(%s, started_%s(%lld, %s)%s)%s", name[0],
                           name[1], lstm ? ", " : "", lstm ? name[2] : "", x, c->rule->text,
                           (long long)l->units, state, reverse ? ", reverse = true" : "",
                           as_text(arena, path)),
              c->node->op_type);
    made_block(im->made, started_cell[l->gates / 2]);
}

/* One whose first state is given, or of an LSTM whose last one is read. */
static void give_started(struct call *c, const struct loop_weights *l, const char *x, bool reverse)
{
    struct arena *arena = c->im->arena;
    bool rows = c->in[0]->rows >= 0, both = l->directions == 2;
    if ((c->ins > 5 && !state_fits(c->in[5], l, rows)) ||
        (c->ins > 6 && !state_fits(c->in[6], l, rows))) {
        refuse(c, "its first state is no [%d, rows, %lld]", l->directions, (long long)l->units);
        return;
    }
    const char *one[3] = {NULL}, *back[3] = {NULL};
    run_started(c, l, 0, x, reverse, one);
    if (both)
        run_started(c, l, 1, x, true, back);
    for (int i = 0; both && i < 3 && one[i]; i++)
        one[i] = arena_printf(arena, "concat(%s, %s%s)", one[i], back[i], i ? "" : ", axis = -1");
    give_turns(c, l, false, one[0], one[1]);
    struct value last = {.type = ONNX_FLOAT, .rank = 3, .rows = rows ? 1 : -1,
                         .dim = {l->directions, 1, l->units}};
    int64_t dim[AXES];
    orderly(&last);
    text_dims(&last, dim);
    if (one[2] && c->outs > 2 && c->out[2] && c->out[2]->uses)
        give(c, 2, &last, "reshape(%s, %s)", one[2], list_text(arena, text_axes(&last), dim));
}

void onnx_recurrent(struct call *c)
{
    struct arena *arena = c->im->arena;
    struct value *x = c->in[0];
    struct loop_weights l = {.gates = 0};
    bool rows_first = attribute_int(c, "layout", 0) != 0;
    const char *direction = attribute_word(c, "direction", "forward reverse bidirectional");
    bool reverse = !strcmp(direction, "reverse"), both = !strcmp(direction, "bidirectional");
    if (!read_weights(c, &l))
        return;
    if (l.directions != 1 + both || (x->rows >= 0 ? x->rows != !rows_first
                                                  : x->dim[!rows_first] != 1)) {
        refuse(c, "it takes %s, each row by itself, and weights for a direction",
               rows_first ? "[rows, turns, numbers]" : "[turns, rows, numbers]");
        return;
    }
    const char *text = plain(c, x);
    if (x->rows < 0)
        text = arena_printf(arena, "reshape(%s, [%lld, %lld])", text, (long long)x->dim[rows_first],
                            (long long)x->dim[2]);
    text = strpbrk(text, "( ") ? let_line(c, text) : text;
    if (has_state(c)) {
        give_started(c, &l, text, reverse);
        return;
    }
    const char *one = let_line(c, layer_text(c, &l, 0, text, reverse));
    if (!both) {
        give_turns(c, &l, rows_first, one, arena_printf(arena, "%s[%d]", one, reverse ? 0 : -1));
        return;
    }
    const char *back = let_line(c, layer_text(c, &l, 1, text, true));
    give_turns(c, &l, rows_first, arena_printf(arena, "concat(%s, %s, axis = -1)", one, back),
               arena_printf(arena, "concat(%s[-1], %s[0])", one, back));
}
