/* Layers of Keras over time: loops, attention. */
#include <string.h>
#include "convert/keras.h"

/* A loop of one direction. */
struct loop {
    const char *block, *id;             /* "lstm"; its path */
    const char *sub;                    /* where its weights are, within the layer's */
    int gates;
    int64_t units, n;
    bool bias, after, reverse;
};

static const int straight[] = {0, 1, 2, 3}, gru[] = {1, 0, 2};

static const char *loop_path(struct keras_call *c, const struct loop *l, const char *to)
{
    return keras_print(c, "%s%scell/%s", l->id, *l->id ? "/" : "", to);
}

/* Gates of a matrix [rows, gates units], by that order; `count` of them. */
static void save_gates(struct keras_call *c, const struct loop *l, const float *data, int64_t rows,
                       const int *order, int count, const char *to)
{
    int64_t dim[2] = {rows, count * l->units};
    float *out = ARENA_ARRAY(c->k->arena, float, dim[0] * dim[1] + 1);
    for (int64_t r = 0; r < rows; r++)
        for (int g = 0; g < count; g++)
            for (int64_t u = 0; u < l->units; u++)
                out[(r * count + g) * l->units + u] =
                    data[(r * l->gates + order[g]) * l->units + u];
    keras_put(c, loop_path(c, l, to), true, 2, dim, out);
}

/* One row of biases. */
static void save_bias(struct keras_call *c, const struct loop *l, const float *data,
                      const int *order, const char *to)
{
    int64_t dim = l->gates * l->units;
    float *out = ARENA_ARRAY(c->k->arena, float, dim + 1);
    for (int64_t e = 0; e < dim && data; e++)
        out[e] = data[order[e / l->units] * l->units + e % l->units];
    keras_put(c, loop_path(c, l, to), true, 1, &dim, out);
}

/* The weight's elements, where it has so many; NULL: refused, or there are no weights. */
static const float *elements(struct keras_call *c, const struct loop *l, int number,
                             const char *name, int64_t want)
{
    const struct foreign_array *a = keras_weight(c, l->sub, number, name);
    int64_t have = 1;
    for (int i = 0; a && i < a->rank; i++)
        have *= a->dim[i];
    if (a && have != want)
        keras_refuse(c, "its weight '%s' has %lld numbers, and %lld are needed", name,
                     (long long)have, (long long)want);
    return a && have == want ? keras_elements(c->k, a) : NULL;
}

static void save_loop(struct keras_call *c, const struct loop *l)
{
    const int *order = l->gates == 3 ? gru : straight;
    int64_t wide = l->gates * l->units, rows = l->gates == 3 && l->after ? 2 : 1;
    c->layer->learnt++;
    if (!l->bias)
        keras_freeze(c, loop_path(c, l, "bias"));
    if (!l->bias && rows == 2)
        keras_freeze(c, loop_path(c, l, "recurrent_bias"));
    if (c->layer->saved || !c->k->weights)
        return;
    const float *w = elements(c, l, 0, "kernel", l->n * wide);
    const float *u = w ? elements(c, l, 1, "recurrent_kernel", l->units * wide) : NULL;
    const float *b = u && l->bias ? elements(c, l, 2, "bias", rows * wide) : NULL;
    if (c->failed)
        return;
    save_gates(c, l, w, l->n, order, l->gates, "w");
    save_gates(c, l, u, l->units, order, l->gates == 3 && !l->after ? 2 : l->gates, "u");
    if (l->gates == 3 && !l->after)
        save_gates(c, l, u, l->units, order + 2, 1, "v");
    save_bias(c, l, b, order, "bias");
    if (rows == 2)
        save_bias(c, l, b ? b + wide : NULL, order, "recurrent_bias");
}

/* Reads the settings of a loop from the layer's own arguments. */
static bool read_loop(struct keras_call *c, struct loop *l)
{
    l->block = c->rule->text;
    l->gates = !strcmp(l->block, "lstm") ? 4 : !strcmp(l->block, "gru") ? 3 : 1;
    l->bias = keras_flag(c, "use_bias", true);
    l->after = keras_flag(c, "reset_after", !c->k->old);
    if (c->in[0]->rank != 2 || !keras_wholes(c, "units", 1, 0, &l->units) || l->units < 1) {
        keras_refuse(c, "it takes [turns, numbers]");
        return false;
    }
    l->n = c->in[0]->dim[1];
    const char *activation = keras_activation(c, keras_argument(c, "activation"));
    const struct json *gate = keras_argument(c, "recurrent_activation");
    const char *gates = gate ? keras_activation(c, gate) : "sigmoid";
    if (!activation || !gates)
        return false;
    if (strcmp(gates, "sigmoid") || (strcmp(activation, "tanh") && l->gates != 1))
        keras_refuse(c, "its activations are not tanh and sigmoid");
    if (!keras_predicts(c) && keras_number(c, "dropout", 0) > 0)
        keras_refuse(c, "its dropout of inputs, one mask for all turns, has no counterpart; --as "
                     "infer leaves it out");
    return !c->failed;
}

/* "lstm(x, 8, reverse = true) as id" of one direction. */
static const char *loop_text(struct keras_call *c, const struct loop *l)
{
    double p = keras_predicts(c) ? 0 : keras_number(c, "recurrent_dropout", 0);
    const char *activation = l->gates == 1
        ? keras_activation(c, keras_argument(c, "activation")) : "tanh";
    bool named = activation && !strchr(activation, '(') && *activation;
    if (!named)
        keras_refuse(c, "its activation cannot be that of a cell");
    bool forgets = l->gates == 4 && (!l->bias || !keras_flag(c, "unit_forget_bias", true));
    return keras_print(c, "%s(%lld%s%s%s%s%s)", l->block, (long long)l->units,
                       !named || !strcmp(activation, "tanh") ? ""
                           : keras_print(c, ", activation = %s", activation),
                       l->gates == 3 && !l->after ? ", reset_after = false" : "",
                       forgets ? ", forget_bias = 0" : "", l->reverse ? ", reverse = true" : "",
                       p > 0 ? keras_print(c, ", recurrent_p = %s", keras_text(c->k, p)) : "");
}

void keras_recurrent(struct keras_call *c)
{
    struct loop l = {.id = "", .sub = c->k->by_name ? "" : "cell"};
    bool all = keras_flag(c, "return_sequences", false);
    if (!read_loop(c, &l))
        return;
    l.reverse = keras_flag(c, "go_backwards", false);
    save_loop(c, &l);
    struct keras_value out = {.rank = all ? 2 : 1,
                              .dim = {all ? c->in[0]->dim[0] : l.units, l.units}};
    const char *text = keras_layer_text(c, loop_text(c, &l)), *end = l.reverse ? ")[0]" : ")[-1]";
    if (all && l.reverse)
        keras_refuse(c, "it gives its turns in reverse order, which has no counterpart");
    keras_give(c, &out, "", "%s%s%s", all ? "" : "(", text, all ? "" : end);
}

/* The layer that another one wraps, as a call of its own. */
static bool inner_call(struct keras_call *c, const char *key, struct keras_call *inner,
                       struct keras_layer *layer)
{
    const struct json *of = keras_argument(c, key);
    *inner = *c;
    *layer = *c->layer;
    inner->layer = layer;
    layer->config = json_get(of, "config");
    layer->class_name = keras_class(of, NULL);
    layer->frozen = keras_is_frozen(layer->config);
    inner->rule = layer->class_name ? keras_find_rule(layer->class_name) : NULL;
    if (inner->rule && layer->config)
        return true;
    keras_refuse(c, "the layer that it wraps has no counterpart");
    return false;
}

void keras_bidirectional(struct keras_call *c)
{
    struct keras_call inner[2];
    struct keras_layer layer[2];
    struct loop l[2];
    const char *merge = keras_word(c, "merge_mode", "concat"), *text[2];
    static const char *const id[] = {"forward", "backward"};
    for (int d = 0; d < 2; d++) {
        const char *key = d && !json_is_null(keras_argument(c, "backward_layer")) ? "backward_layer"
                                                                                  : "layer";
        if (!inner_call(c, key, &inner[d], &layer[d]))
            return;
        if (inner[d].rule->write != keras_recurrent) {
            keras_refuse(c, "it wraps another layer than LSTM, GRU or SimpleRNN");
            return;
        }
        keras_check(&inner[d]);
        l[d] = (struct loop){.id = keras_print(c, "_%s", id[d]), .reverse = d == 1};
        l[d].sub = c->k->by_name ? keras_print(c, "%s_*", id[d])
                                 : keras_print(c, "%s_layer/cell", id[d]);
        if (inner[d].failed || !read_loop(&inner[d], &l[d])) {
            c->failed = true;
            return;
        }
        save_loop(&inner[d], &l[d]);
        if (layer[d].frozen)
            keras_freeze(&inner[d], keras_print(c, "%s/**", l[d].id));
        c->failed |= inner[d].failed;
        text[d] = keras_print(c, "%s_%s", c->layer->id, id[d]);
    }
    bool all = keras_flag(&inner[0], "return_sequences", false);
    if (c->failed)
        return;
    if (c->layer->nodes > 1 || l[0].units != l[1].units ||
        keras_flag(&inner[0], "go_backwards", false)) {
        keras_refuse(c, "it is used more than once, its two layers differ, or the first goes "
                     "backwards");
        return;
    }
    for (int d = 0; d < 2; d++)
        made_line(c->k->made, keras_print(c, "%s = %s -> %s as %s", text[d], c->in[0]->text,
                                          loop_text(&inner[d], &l[d]), text[d]), NULL);
    const char *one = all ? text[0] : keras_print(c, "%s[-1]", text[0]);
    const char *two = all ? text[1] : keras_print(c, "%s[0]", text[1]);
    struct keras_value out = {.rank = all ? 2 : 1,
                              .dim = {all ? c->in[0]->dim[0] : l[0].units, l[0].units}};
    bool concat = !strcmp(merge, "concat");
    if (concat)
        out.dim[out.rank - 1] *= 2;
    if (concat)
        keras_give(c, &out, "", "concat(%s, %s, axis = -1)", one, two);
    else if (!strcmp(merge, "sum") || !strcmp(merge, "ave"))
        keras_give(c, &out, "", "(%s + %s) / %d", one, two, !strcmp(merge, "sum") ? 1 : 2);
    else if (!strcmp(merge, "mul"))
        keras_give(c, &out, "", "%s * %s", one, two);
    else
        keras_refuse(c, "its merge_mode is '%s'", merge);
}

/* A dense layer sees leading axes alike. */
void keras_time_distributed(struct keras_call *c)
{
    struct keras_call inner;
    struct keras_layer layer;
    if (!inner_call(c, "layer", &inner, &layer))
        return;
    if (strcmp(layer.class_name, "Dense") || c->in[0]->rank < 2) {
        keras_refuse(c, "it wraps another layer than Dense");
        return;
    }
    keras_check(&inner);
    layer.group = keras_print(c, "%s/layer", layer.group);
    if (!inner.failed)
        keras_dense(&inner);
    c->layer->call = layer.call;
    c->layer->frozen = layer.frozen;
    c->layer->learnt = layer.learnt;
    c->failed |= inner.failed;
}

/* The weights of one of the four dense layers: Keras has axes of heads apart. */
static void save_projection(struct keras_call *c, const char *name, const char *group,
                            const char *to, int64_t in, int64_t out)
{
    int64_t dim[2] = {in, out};
    const char *sub = c->k->by_name ? name : group;
    keras_save(c, sub, 0, "kernel", keras_print(c, "%s/w", to), true, 2, dim);
    if (keras_flag(c, "use_bias", true))
        keras_save(c, sub, 1, "bias", keras_print(c, "%s/bias", to), true, 1, dim + 1);
}

void keras_attention(struct keras_call *c)
{
    const struct keras_value *x = c->in[0], *from = c->in[1];
    int64_t heads, width, value;
    double p = keras_predicts(c) ? 0 : keras_number(c, "dropout", 0);
    const struct json *axes = keras_argument(c, "attention_axes");
    bool causal = json_get(c->node->kwargs, "use_causal_mask") &&
                  json_get(c->node->kwargs, "use_causal_mask")->kind == JSON_TRUE;
    if (!keras_wholes(c, "num_heads", 1, 0, &heads) || !keras_wholes(c, "key_dim", 1, 0, &width) ||
        !keras_wholes(c, "value_dim", 1, width, &value))
        return;
    if (x->rank != 2 || from->rank != 2 || heads < 1 || width != value ||
        !json_is_null(keras_argument(c, "output_shape")) || c->layer->nodes > 1 ||
        (json_count(axes) > 0 && (json_count(axes) != 1 || axes->first->number != 1)) ||
        (c->ins > 2 && c->in[2] != from && strcmp(c->in[2]->text, from->text))) {
        keras_refuse(c, "it takes [places, features], keys that are the values, value_dim = "
                     "key_dim, and no output_shape; and is used once");
        return;
    }
    int64_t all = heads * width, c_in = x->dim[1], c_from = from->dim[1];
    save_projection(c, "query", "query_dense", "query", c_in, all);
    save_projection(c, "key", "key_dense", "key", c_from, all);
    save_projection(c, "value", "value_dense", "value", c_from, all);
    save_projection(c, "attention_output", "output_dense", "out", all, c_in);
    const char *memory = strcmp(x->text, from->text) ? keras_print(c, ", memory = %s", from->text)
                                                     : "";
    keras_give(c, x, "", "%s -> multi_head_attention(%lld%s, width = %lld%s%s%s) as %s", x->text,
               (long long)heads, memory, (long long)width, causal ? ", causal = true" : "",
               keras_flag(c, "use_bias", true) ? "" : ", with_bias = false",
               p > 0 ? keras_print(c, ", p = %s", keras_text(c->k, p)) : "", c->layer->id);
}
