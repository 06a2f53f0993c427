/* Rules of attention: nodes of products, sums and softmax take the operator's place. */
#include <math.h>
#include <string.h>
#include "convert/rules.h"

/* [b, n, heads d] as [b, heads, n, d], and back. */
static const char *split_heads(struct call *c, const char *x, int64_t heads)
{
    return PUT(c, "Transpose perm=[0,2,1,3]", PUT(c, "Reshape", x, PUT_LIST(c, 0, 0, heads, -1)));
}

static const char *join_heads(struct call *c, const char *x)
{
    return PUT(c, "Reshape", PUT(c, "Transpose perm=[0,2,1,3]", x), PUT_LIST(c, 0, 0, -1));
}

/* [b, heads, n, d] with each head so many times: [b, heads times, n, d]. */
static const char *repeat_heads(struct call *c, const char *x, int64_t heads, int64_t times,
                                int64_t d)
{
    if (times == 1)
        return x;
    x = PUT(c, "Expand", PUT(c, "Unsqueeze axes=[2]", x), PUT_LIST(c, 1, 1, times, 1, 1));
    return PUT(c, "Reshape", x, PUT_LIST(c, 0, heads * times, -1, d));
}

static const char *name_of(const struct call *c, int input)
{
    return input < c->ins && c->in[input] ? c->node->input[input] : NULL;
}

struct attention {
    int64_t heads, key_heads;           /* of queries, and of keys and values */
    int64_t queries, keys, past;        /* places; past: those of keys that were kept */
    int64_t key_width, width;           /* features of a head of keys, and of values */
    const char *q, *k, *v;              /* [b, heads, places, features] */
};

/* Extents, where they go together; false after a refusal. */
static bool read_attention(struct call *c, struct attention *a)
{
    const struct value *q = c->in[0], *k = c->in[1], *v = c->in[2];
    const struct value *past = c->ins > 4 ? c->in[4] : NULL;
    bool flat = q->rank == 3 && strcmp(c->node->op_type, "FlexAttention");
    bool fits = (flat || q->rank == 4) && k->rank == q->rank &&
        v->rank == q->rank && !past == !(c->ins > 5 && c->in[5]) && (!past || past->rank == 4);
    if (!fits) {
        refuse(c, "its queries, keys and values have not 3 or 4 axes each, or half of the past");
        return false;
    }
    int n = flat ? 1 : 2;
    a->heads = attribute_from(c, "q_num_heads", 1, flat ? 0 : q->dim[1]);
    a->key_heads = attribute_from(c, "kv_num_heads", 1, flat ? 0 : k->dim[1]);
    a->past = past ? past->dim[2] : 0;
    a->queries = q->dim[n];
    a->keys = k->dim[n] + a->past;
    int64_t key_parts = flat ? a->key_heads : 1, parts = flat ? a->heads : 1;
    if (a->heads < 1 || a->key_heads < 1 || a->heads % a->key_heads || q->dim[n + 1] % parts ||
        k->dim[n + 1] % key_parts || v->dim[n + 1] % key_parts || v->dim[n] != k->dim[n]) {
        refuse(c, "its heads do not divide what they are of, or keys and values are not as many");
        return false;
    }
    if (a->queries > MOST_PLACES || a->keys > MOST_PLACES) {
        refuse(c, "it has over %d queries or keys", (int)MOST_PLACES);
        return false;
    }
    a->key_width = k->dim[n + 1] / key_parts;
    a->width = v->dim[n + 1] / key_parts;
    return true;
}

/* Queries, keys and values as heads, with those that were kept. */
static void put_heads(struct call *c, struct attention *a)
{
    bool flat = c->in[0]->rank == 3;
    a->q = flat ? split_heads(c, name_of(c, 0), a->heads) : name_of(c, 0);
    a->k = flat ? split_heads(c, name_of(c, 1), a->key_heads) : name_of(c, 1);
    a->v = flat ? split_heads(c, name_of(c, 2), a->key_heads) : name_of(c, 2);
    if (a->past) {
        a->k = PUT(c, "Concat axis=2", name_of(c, 4), a->k);
        a->v = PUT(c, "Concat axis=2", name_of(c, 5), a->v);
    }
}

static const char *both(struct call *c, const char *a, const char *b)
{
    return a ? PUT(c, "And", a, b) : b;
}

static bool is_short(const struct value *mask, const struct attention *a)
{
    return mask->rank && mask->dim[mask->rank - 1] < a->keys;
}

/* Which keys a query sees, but for a mask of numbers: [n, m] of truth, or [b, 1, n, m] where each
 * row has filled so many places; NULL: all. */
static const char *put_seen(struct call *c, const struct attention *a, const char *mask)
{
    int64_t left = attribute_from(c, "left_window_size", -1, -1);
    int64_t right = attribute_from(c, "right_window_size", -1, -1);
    bool causal = attribute_int(c, "is_causal", 0) != 0;
    const char *filled = name_of(c, 6), *seen = NULL;
    int64_t rows[2] = {a->queries, 1};
    struct tensor *i = tensor_new(c->im, ONNX_INT64, 2, rows);
    struct tensor *j = tensor_new(c->im, ONNX_INT64, 1, &a->keys);
    if (!causal && left < 0 && right < 0 && !filled)
        return mask;
    for (int64_t e = 0; e < a->queries; e++)
        i->whole[e] = e + (filled ? -a->queries : a->past);
    for (int64_t e = 0; e < a->keys; e++)
        j->whole[e] = e;
    const char *place = put_constant(c, i), *key = put_constant(c, j);
    if (filled) {
        filled = PUT(c, "Unsqueeze axes=[1,2,3]", filled);
        place = PUT(c, "Add", filled, place);
        seen = PUT(c, "Less", key, filled);
    }
    if (causal)
        seen = both(c, seen, PUT(c, "LessOrEqual", key, place));
    if (left >= 0)
        seen = both(c, seen, PUT(c, "LessOrEqual", PUT(c, "Sub", place, key), put_whole(c, left)));
    if (right >= 0)
        seen = both(c, seen, PUT(c, "LessOrEqual", PUT(c, "Sub", key, place), put_whole(c, right)));
    return mask ? both(c, mask, seen) : seen;
}

/* A mask of numbers, which are added to scores, as long as there are keys: those beyond it are not
 * seen. */
static const char *put_bias(struct call *c, const struct attention *a)
{
    const struct value *mask = c->in[3];
    const char *none = put_real(c, -INFINITY), *bias = name_of(c, 3);
    if (mask->type == ONNX_BOOL)
        bias = PUT(c, "Where", bias, put_real(c, 0), none);
    if (!is_short(mask, a))
        return bias;
    int64_t pads[2 * AXES] = {0};
    pads[2 * mask->rank - 1] = a->keys - mask->dim[mask->rank - 1];
    return PUT(c, "Pad", bias, put_list(c, 2 * mask->rank, pads), none);
}

/* Softmax, which is 0 for a query that sees no key. */
static const char *put_softmax(struct call *c, const char *z, const char *seen, const char *bias)
{
    const char *zero = put_real(c, 0), *none = put_real(c, bias ? -INFINITY : 0);
    const char *most = !bias ? PUT(c, "Where", seen, put_real(c, 1), zero)
                     : seen ? PUT(c, "Where", seen, bias, none) : bias;
    const char *blind = PUT(c, "Equal", PUT(c, "ReduceMax axes=[-1]", most), none);
    z = PUT(c, "Softmax axis=-1", PUT(c, "Where", blind, zero, z));
    return PUT(c, "Where", blind, zero, z);
}

/* Whether a query may see no key: only then are rows looked at one by one. */
static bool may_be_blind(struct call *c)
{
    return name_of(c, 3) || name_of(c, 6) || attribute_int(c, "left_window_size", -1) >= 0 ||
           attribute_int(c, "right_window_size", -1) >= 0;
}

void onnx_attention(struct call *c)
{
    struct attention a = {.heads = 0};
    if (!read_attention(c, &a))
        return;
    float cap = attribute_float(c, "softcap", 0);
    float scale = attribute_float(c, "scale", 1 / sqrtf((float)a.key_width));
    int64_t shown = attribute_int(c, "qk_matmul_output_mode", 0), times = a.heads / a.key_heads;
    put_heads(c, &a);
    const struct value *mask = c->ins > 3 ? c->in[3] : NULL;
    bool truth = mask && mask->type == ONNX_BOOL && !is_short(mask, &a);
    const char *seen = put_seen(c, &a, truth ? name_of(c, 3) : NULL), *score[4];
    const char *bias = mask && !truth ? put_bias(c, &a) : NULL;
    const char *k = repeat_heads(c, a.k, a.key_heads, times, a.key_width);
    const char *v = repeat_heads(c, a.v, a.key_heads, times, a.width);
    const char *z = PUT(c, "MatMul", a.q, PUT(c, "Transpose perm=[0,1,3,2]", k));
    score[0] = z = PUT(c, "Mul", z, put_real(c, scale));
    if (cap > 0) {
        const char *most = put_real(c, cap);
        z = PUT(c, "Mul", PUT(c, "Tanh", PUT(c, "Div", z, most)), most);
    }
    score[1] = z;
    z = bias ? PUT(c, "Add", z, bias) : z;
    score[2] = z = seen ? PUT(c, "Where", seen, z, put_real(c, -INFINITY)) : z;
    score[3] = z = may_be_blind(c) ? put_softmax(c, z, seen, bias) : PUT(c, "Softmax axis=-1", z);
    const char *y = PUT(c, "MatMul", z, v);
    if (shown < 0 || shown > 3 || cap < 0) {
        refuse(c, cap < 0 ? "'softcap' is below 0" : "'qk_matmul_output_mode' is none of 0 to 3");
        return;
    }
    give_results(c, (const char *const[OUTPUTS]){c->in[0]->rank == 3 ? join_heads(c, y) : y, a.k,
                                                 a.v, score[shown]});
}

/* What a graph within the node makes of one value; the value, where there is none; NULL after a
 * refusal. */
static const char *put_changed(struct call *c, const char *name, const char *x)
{
    const Onnx__Attribute *a = attribute(c, name);
    const struct names *map = NULL;
    const char *result[OUTPUTS];
    if (!a || !x)
        return x;
    if (!a->g || a->g->n_input != 1 || a->g->n_output != 1) {
        refuse(c, "its '%s' is no graph of one value", name);
        return NULL;
    }
    bool done = inline_tensors(c, a->g, &map) && inline_graph(c, a->g, map, 1, &x, result);
    return done ? result[0] : NULL;
}

void onnx_flex_attention(struct call *c)
{
    struct attention a = {.heads = 0};
    if (!read_attention(c, &a))
        return;
    int64_t times = a.heads / a.key_heads;
    float scale = attribute_float(c, "scale", 1 / sqrtf((float)a.key_width));
    const char *k = repeat_heads(c, name_of(c, 1), a.key_heads, times, a.key_width);
    const char *v = repeat_heads(c, name_of(c, 2), a.key_heads, times, a.width);
    const char *z = PUT(c, "MatMul", name_of(c, 0), PUT(c, "Transpose perm=[0,1,3,2]", k));
    z = put_changed(c, "score_mod", PUT(c, "Mul", z, put_real(c, scale)));
    z = z ? put_changed(c, "prob_mod", PUT(c, "Softmax axis=-1", z)) : NULL;
    if (z)
        give_results(c, (const char *const[OUTPUTS]){PUT(c, "MatMul", z, v)});
}

/* ---- the turned pairs of features ---- */

static const char *slice(struct call *c, const char *x, int64_t from, int64_t to, int64_t step)
{
    return PUT(c, "Slice", x, PUT_LIST(c, from), PUT_LIST(c, to), PUT_LIST(c, -1),
               PUT_LIST(c, step));
}

/* Cosines or sines of each place, [b, 1, n, pairs], of a table or as they are. */
static const char *put_angles(struct call *c, int input)
{
    const char *x = name_of(c, input), *place = name_of(c, 3);
    return PUT(c, "Unsqueeze axes=[1]", place ? PUT(c, "Gather axis=0", x, place) : x);
}

void onnx_rotary(struct call *c)
{
    const struct value *x = c->in[0];
    int64_t heads = attribute_from(c, "num_heads", 0, 0);
    bool flat = x->rank == 3, pairs = attribute_int(c, "interleaved", 0) != 0;
    int64_t all = x->rank < 3 ? 0 : x->dim[x->rank - 1] / (flat && heads > 0 ? heads : 1);
    int64_t turned = attribute_from(c, "rotary_embedding_dim", 0, 0);
    turned = turned > 0 ? turned : all;
    if ((flat && (heads < 1 || x->dim[2] % heads)) || x->rank < 3 || x->rank > 4 || turned % 2 ||
        turned > all) {
        refuse(c, "it takes heads of an even number of features, [b, heads, n, d] or [b, n, c]");
        return;
    }
    const char *h = flat ? split_heads(c, name_of(c, 0), heads) : name_of(c, 0);
    const char *cosine = put_angles(c, 1), *sine = put_angles(c, 2);
    const char *a = slice(c, h, 0, pairs ? turned : turned / 2, pairs ? 2 : 1);
    const char *b = slice(c, h, pairs ? 1 : turned / 2, turned, pairs ? 2 : 1);
    const char *first = PUT(c, "Sub", PUT(c, "Mul", a, cosine), PUT(c, "Mul", b, sine));
    const char *second = PUT(c, "Add", PUT(c, "Mul", a, sine), PUT(c, "Mul", b, cosine));
    if (pairs) {
        first = PUT(c, "Unsqueeze axes=[-1]", first);
        second = PUT(c, "Unsqueeze axes=[-1]", second);
    }
    const char *y = PUT(c, "Concat axis=-1", first, second);
    if (pairs)
        y = PUT(c, "Reshape", y, PUT_LIST(c, 0, 0, 0, turned));
    if (turned < all)
        y = PUT(c, "Concat axis=-1", y, slice(c, h, turned, all, 1));
    give_results(c, (const char *const[OUTPUTS]){flat ? join_heads(c, y) : y});
}

/* ---- linear attention: a state of each head, turn by turn ---- */

struct linear {
    const char *q, *k, *v, *decay, *beta, *state;
    int64_t times, heads, key_width, width;
};

static const char *turn_of(struct call *c, const char *x, int64_t t)
{
    return x ? PUT(c, "Slice", x, PUT_LIST(c, t), PUT_LIST(c, t + 1), PUT_LIST(c, 2)) : NULL;
}

/* One turn: the state [b, heads, d, e] goes on; what it shows, [b, heads times, 1, e]. */
static const char *put_turn(struct call *c, struct linear *l, int64_t t, const char *scale)
{
    c->im->graphs++;                    /* names are numbered from it on */
    const char *q = turn_of(c, l->q, t), *v = turn_of(c, l->v, t);
    const char *k = PUT(c, "Transpose perm=[0,1,3,2]", turn_of(c, l->k, t));
    if (l->decay && l->state)
        l->state = PUT(c, "Mul", l->state, PUT(c, "Transpose perm=[0,1,3,2]",
                                               PUT(c, "Exp", turn_of(c, l->decay, t))));
    if (l->beta && l->state)
        v = PUT(c, "Sub", v, PUT(c, "ReduceSum keepdims=1", PUT(c, "Mul", l->state, k),
                                 PUT_LIST(c, -2)));
    if (l->beta)
        v = PUT(c, "Mul", v, turn_of(c, l->beta, t));
    const char *more = PUT(c, "Mul", k, v);
    l->state = l->state ? PUT(c, "Add", l->state, more) : more;
    const char *all = repeat_heads(c, l->state, l->heads, l->times, l->width);
    return PUT(c, "Mul", PUT(c, "MatMul", q, all), scale);
}

void onnx_linear_attention(struct call *c)
{
    const struct value *q = c->in[0], *k = c->in[1], *v = c->in[2];
    const char *rule = attribute_word(c, "update_rule", "gated_delta linear gated delta");
    int64_t heads = attribute_int(c, "q_num_heads", 0), own = attribute_int(c, "kv_num_heads", 0);
    bool gated = !strncmp(rule, "gated", 5), delta = strstr(rule, "delta") != NULL;
    bool fits = heads > 0 && own > 0 && heads % own == 0 && q->rank == 3 && k->rank == 3 &&
        v->rank == 3 && q->dim[2] % heads == 0 && k->dim[2] % own == 0 && v->dim[2] % own == 0 &&
        gated == (name_of(c, 4) != NULL) && delta == (name_of(c, 5) != NULL);
    if (!fits) {
        refuse(c, "its heads, decay and beta do not go together");
        return;
    }
    if (q->dim[1] < 1 || q->dim[1] > MOST_TURNS) {
        refuse(c, "it has %lld turns, where 1 to %d are written one by one",
               (long long)q->dim[1], MOST_TURNS);
        return;
    }
    struct linear l = {.times = heads / own, .heads = own, .key_width = k->dim[2] / own,
                       .width = v->dim[2] / own, .state = name_of(c, 3)};
    float scale = attribute_float(c, "scale", 0);
    l.q = split_heads(c, name_of(c, 0), heads);
    l.k = split_heads(c, name_of(c, 1), own);
    l.v = split_heads(c, name_of(c, 2), own);
    l.decay = gated ? split_heads(c, name_of(c, 4), own) : NULL;
    l.beta = !delta ? NULL : split_heads(c, name_of(c, 5), c->in[5]->dim[2] == own ? own : 1);
    const char *by = put_real(c, scale != 0 ? scale : 1 / sqrtf((float)l.key_width));
    const char **turn = ARENA_ARRAY(c->im->arena, const char *, q->dim[1]);
    for (int64_t t = 0; t < q->dim[1] && !c->out[0]->failed; t++)
        turn[t] = put_turn(c, &l, t, by);
    if (c->out[0]->failed)
        return;
    const char *y = put_joined(c, (int)q->dim[1], turn, 2, c->out[0]->name);
    give_results(c, (const char *const[OUTPUTS]){join_heads(c, y), l.state});
}

/* ---- a convolution over what came before ---- */
void onnx_causal_conv(struct call *c)
{
    const struct value *x = c->in[0], *w = c->in[1];
    const char *bias = name_of(c, 2), *past = name_of(c, 3), *all = name_of(c, 0);
    bool silu = strcmp(attribute_word(c, "activation", "none silu swish"), "none") != 0;
    if (x->rank != 3 || w->rank != 3) {
        refuse(c, "it takes [b, channels, places] and filters [channels, 1, k]");
        return;
    }
    int64_t before = w->dim[2] - 1, pads[6] = {0, 0, before};
    if (past && before)
        all = PUT(c, "Concat axis=2", past, all);
    else if (before)
        all = PUT(c, "Pad", all, put_list(c, 6, pads));
    const char *conv = arena_printf(c->im->arena, "Conv group=%lld", (long long)x->dim[1]);
    const char *y = PUT(c, conv, all, name_of(c, 1), bias);
    if (silu)
        y = PUT(c, "Mul", y, PUT(c, "Sigmoid", y));
    const char *kept = !before ? NULL : PUT(c, "Slice", all, PUT_LIST(c, -before),
                                            PUT_LIST(c, INT32_MAX), PUT_LIST(c, 2));
    give_results(c, (const char *const[OUTPUTS]){y, kept});
}
