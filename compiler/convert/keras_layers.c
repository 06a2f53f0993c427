/* Layers of Keras as those of the library, or as expressions.  Both have channels last, and filters
 * with axes in the same order. */
#include <string.h>
#include "convert/keras.h"

#define RULE(class_name, least, most, arguments, write, text) \
    {#class_name, least, most, arguments, keras_##write, text},
static const struct keras_rule rules[] = {
#include "convert/keras.def"
};
#undef RULE

const struct keras_rule *keras_find_rule(const char *class_name)
{
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        if (!strcmp(rules[i].class_name, class_name))
            return &rules[i];
    return NULL;
}

/* ---- activations ---- */
static const char *sloped(struct keras_call *c, const struct json *config)
{
    const struct json *slope = json_get(config, "negative_slope");
    slope = json_is_null(slope) ? json_get(config, "alpha") : slope;
    if (!json_is_null(slope) && slope->kind != JSON_NUMBER)
        keras_refuse(c, "its slope is no number");
    return keras_print(c, "leaky_relu(%s)",
                       keras_text(c->k, json_is_null(slope) ? 0.3 : slope->number));
}

const char *keras_activation(struct keras_call *c, const struct json *j)
{
    static const struct { const char *keras, *text; } known[] = {
        {"linear", ""}, {"relu", "relu"}, {"sigmoid", "sigmoid"}, {"tanh", "tanh"},
        {"softmax", "softmax"}, {"elu", "elu"}, {"selu", "selu"}, {"gelu", "gelu"},
        {"silu", "silu"}, {"swish", "silu"}, {"softplus", "softplus"}, {"softsign", "softsign"},
        {"relu6", "relu6"}, {"mish", "mish"}, {"exponential", "exp"},
        {"leaky_relu", "leaky_relu(0.2)"}, {"log_softmax", "log_softmax"}, {"celu", "celu"},
        {"hard_silu", "hard_silu"}, {"hard_swish", "hard_silu"}, {"hard_sigmoid", "hard_sigmoid"}};
    const struct json *config;
    const char *name = keras_class(j, &config);
    if (json_is_null(j))
        return "";
    if (name && j->kind == JSON_OBJECT && !strcmp(name, "function"))
        name = json_text(j, "config");
    if (name && j->kind == JSON_OBJECT && !strcmp(name, "LeakyReLU"))
        return sloped(c, config);
    if (name && c->k->old && !strncmp(name, "hard_", 5)) {
        keras_refuse(c, "'%s' of Keras 2 is clip(0.2 x + 0.5), not that of Keras 3; save the model "
                     "by Keras 3, or change the activation", name);
        return NULL;
    }
    for (size_t i = 0; name && i < sizeof known / sizeof *known; i++)
        if (!strcmp(known[i].keras, name))
            return known[i].text;
    keras_refuse(c, "the activation '%s' has no counterpart", name ? name : "?");
    return NULL;
}

/* The layer's own one. */
static const char *own_activation(struct keras_call *c)
{
    const char *text = keras_activation(c, keras_argument(c, "activation"));
    return text ? text : "";
}

void keras_activate(struct keras_call *c)
{
    keras_give(c, c->in[0], own_activation(c), "%s", c->in[0]->text);
}

void keras_relu(struct keras_call *c)
{
    double most = keras_number(c, "max_value", -1), slope = keras_number(c, "negative_slope", 0);
    const char *x = c->in[0]->text;
    if (keras_number(c, "threshold", 0) != 0)
        keras_refuse(c, "it has a threshold");
    const char *text = slope != 0 ? keras_print(c, "leaky_relu(%s, %s)", x, keras_text(c->k, slope))
                                  : keras_print(c, "relu(%s)", x);
    if (most >= 0)
        text = keras_print(c, "min(%s, %s)", text, keras_text(c->k, most));
    keras_give(c, c->in[0], "", "%s", text);
}

void keras_leaky_relu(struct keras_call *c)
{
    keras_give(c, c->in[0], sloped(c, c->layer->config), "%s", c->in[0]->text);
}

void keras_elu(struct keras_call *c)
{
    keras_give(c, c->in[0], "", "elu(%s, %s)", c->in[0]->text,
               keras_text(c->k, keras_number(c, "alpha", 1)));
}

/* Whether the argument `axis` is the last one. */
static bool is_last(struct keras_call *c)
{
    const struct json *axis = keras_argument(c, "axis");
    axis = json_count(axis) == 1 ? axis->first : axis;
    bool last = json_is_null(axis) ||
        (axis->kind == JSON_NUMBER && (axis->number == -1 || axis->number == c->in[0]->rank));
    if (!last)
        keras_refuse(c, "its axis is not the last; turn the values round by Permute before it");
    return last;
}

void keras_softmax(struct keras_call *c)
{
    if (is_last(c))
        keras_give(c, c->in[0], "softmax", "%s", c->in[0]->text);
}

void keras_prelu(struct keras_call *c)
{
    const struct keras_value *x = c->in[0];
    int64_t shared[MADE_AXES] = {0}, dim = x->rank ? x->dim[x->rank - 1] : 1;
    const struct json *axes = keras_argument(c, "shared_axes");
    if (json_count(axes) != x->rank - 1 ||
        (x->rank > 1 && !keras_wholes(c, "shared_axes", x->rank - 1, 0, shared)))
        keras_refuse(c, "it has slopes for more than channels; say shared_axes=[1, 2]");
    for (int i = 0; i < x->rank - 1; i++)
        if (shared[i] != i + 1)
            keras_refuse(c, "its slopes are not of the last axis");
    keras_save(c, "", 0, "alpha", "slope", true, 1, &dim);
    keras_give(c, x, "", "%s", keras_layer_text(c, "prelu(per_channel = true, start = 0)"));
}

/* ---- layers ---- */
void keras_dense(struct keras_call *c)
{
    struct keras_value out = *c->in[0];
    int64_t units, dim[2];
    bool bias = keras_flag(c, "use_bias", true);
    if (!keras_wholes(c, "units", 1, 0, &units) || out.rank < 1) {
        keras_refuse(c, "it reads a single number");
        return;
    }
    dim[0] = out.dim[out.rank - 1];
    dim[1] = out.dim[out.rank - 1] = units;
    keras_save(c, "", 0, "kernel", "w", true, 2, dim);
    if (bias)
        keras_save(c, "", 1, "bias", "bias", true, 1, dim + 1);
    keras_give(c, &out, own_activation(c), "%s",
               keras_layer_text(c, keras_print(c, "dense(%lld%s)", (long long)units,
                                               bias ? "" : ", with_bias = false")));
}

/* What is drawn in training: left out of what only predicts. */
void keras_dropout(struct keras_call *c)
{
    double rate = keras_number(c, "rate", keras_number(c, "stddev", 0));
    const struct json *shape = keras_argument(c, "noise_shape");
    if (!json_is_null(shape))
        keras_refuse(c, "it has a noise_shape");
    else if (keras_predicts(c) || rate == 0)
        keras_identity(c);
    else
        keras_give(c, c->in[0], "", "%s -> %s(%s) as %s%s", c->in[0]->text, c->rule->text,
                   keras_text(c->k, rate), c->layer->id,
                   c->node == c->layer->node
                       ? "" : keras_print(c, "_of_%d", (int)(c->node - c->layer->node) + 1));
}

void keras_identity(struct keras_call *c)
{
    c->node->out = *c->in[0];
}

void keras_flatten(struct keras_call *c)
{
    struct keras_value out = {.rank = 1, .dim = {1}};
    for (int i = 0; i < c->in[0]->rank; i++)
        if (__builtin_mul_overflow(out.dim[0], c->in[0]->dim[i], &out.dim[0]))
            return;
    keras_give(c, &out, "", "flatten(%s)", c->in[0]->text);
}

void keras_reshape(struct keras_call *c)
{
    struct keras_value out = {.rank = 0};
    const struct json *shape = keras_argument(c, "target_shape");
    int64_t all = 1, said = 1;
    int open = -1;
    for (int i = 0; i < c->in[0]->rank; i++)
        all *= c->in[0]->dim[i];
    for (const struct json *e = shape ? shape->first : NULL; e; e = e->next) {
        if (out.rank == MADE_AXES || !json_is_whole(e, -1, 1 << 28) || e->number == 0) {
            keras_refuse(c, "its target_shape is not understood");
            return;
        }
        if (e->number < 0)
            open = out.rank;
        else if (__builtin_mul_overflow(said, (int64_t)e->number, &said))
            said = 0;
        out.dim[out.rank++] = (int64_t)e->number;
    }
    if (open >= 0 && said > 0)
        out.dim[open] = all / said;
    if (said <= 0 || (open < 0 ? said != all : all % said != 0)) {
        keras_refuse(c, "its target_shape does not have as many elements as it is given");
        return;
    }
    keras_give(c, &out, "", "reshape(%s, %s)", c->in[0]->text,
               list_text(c->k->arena, out.rank, out.dim));
}

void keras_permute(struct keras_call *c)
{
    struct keras_value out = *c->in[0];
    int64_t order[MADE_AXES];
    unsigned seen = 0;
    if (!keras_wholes(c, "dims", out.rank, 0, order))
        return;
    for (int i = 0; i < out.rank; i++) {
        order[i]--;
        if (order[i] < 0 || order[i] >= out.rank || seen >> order[i] & 1) {
            keras_refuse(c, "its dims are no order of the axes");
            return;
        }
        seen |= 1u << order[i];
        out.dim[i] = c->in[0]->dim[order[i]];
    }
    keras_give(c, &out, "", "transpose(%s, %s)", c->in[0]->text,
               list_text(c->k->arena, out.rank, order));
}

void keras_repeat_vector(struct keras_call *c)
{
    struct keras_value out = {.rank = 2};
    if (c->in[0]->rank != 1 || !keras_wholes(c, "n", 1, 0, out.dim)) {
        keras_refuse(c, "it repeats a vector, and is given something else");
        return;
    }
    out.dim[1] = c->in[0]->dim[0];
    keras_give(c, &out, "", "broadcast(reshape(%s, [1, %lld]), %s)", c->in[0]->text,
               (long long)out.dim[1], list_text(c->k->arena, 2, out.dim));
}

void keras_rescaling(struct keras_call *c)
{
    const struct json *scale = keras_argument(c, "scale"), *offset = keras_argument(c, "offset");
    if ((scale && scale->kind != JSON_NUMBER) || (offset && offset->kind != JSON_NUMBER)) {
        keras_refuse(c, "scale and offset are lists, one number each can be expressed");
        return;
    }
    const char *text = keras_print(c, "%s * %s", c->in[0]->text,
                                   keras_text(c->k, scale ? scale->number : 1));
    if (offset && offset->number != 0)
        text = keras_print(c, "%s + %s", text, keras_text(c->k, offset->number));
    keras_give(c, c->in[0], "", "%s", text);
}

/* A buffer or parameter of the model, which begins with `start`: its name. */
static const char *declared(struct keras_call *c, int number, const char *name, int start,
                            bool trained, int64_t n)
{
    const char *id = keras_print(c, "%s_%s", c->layer->id, name);
    made_line(c->k->made, keras_print(c, "%s %s: f32[%lld] = %d", trained ? "param" : "buffer", id,
                                      (long long)n, start), NULL);
    keras_save(c, "", number, name, keras_print(c, "_%s", name), trained, 1, &n);
    return id;
}

void keras_normalization(struct keras_call *c)
{
    const struct keras_value *x = c->in[0];
    if (!is_last(c))
        return;
    if (!c->k->weights || !json_is_null(keras_argument(c, "mean")) || x->rank < 1 ||
        c->layer->nodes > 1) {
        keras_refuse(c, "its mean and variance are not weights of its own; adapt it to data, and "
                     "use it once");
        return;
    }
    const char *mean = declared(c, 0, "mean", 0, false, x->dim[x->rank - 1]);
    const char *variance = declared(c, 1, "variance", 1, false, x->dim[x->rank - 1]);
    keras_give(c, x, "", "(%s - %s) / max(sqrt(%s), 1e-7)", x->text, mean, variance);
}

/* ---- norms ---- */
/* ", with_scale = false" and so on. */
static const char *affine(struct keras_call *c, const char *eps)
{
    return keras_print(c, "eps = %s%s%s", eps, keras_flag(c, "scale", true) ? ""
                       : ", with_scale = false",
                       keras_flag(c, "center", true) ? "" : ", with_shift = false");
}

/* Saves gamma and beta; how many there are. */
static int save_affine(struct keras_call *c, int64_t n)
{
    bool scale = keras_flag(c, "scale", true), shift = keras_flag(c, "center", true);
    if (scale)
        keras_save(c, "", 0, "gamma", "affine/scale", true, 1, &n);
    if (shift)
        keras_save(c, "", scale, "beta", "affine/shift", true, 1, &n);
    return scale + shift;
}

/* As it is when predicting: also what is not trained, which Keras then leaves as it is. */
static void give_fixed_norm(struct keras_call *c, int64_t n, const char *eps)
{
    bool scale = keras_flag(c, "scale", true), shift = keras_flag(c, "center", true);
    if (c->layer->nodes > 1) {
        keras_refuse(c, "it is fixed, and used more than once");
        return;
    }
    const char *mean = declared(c, scale + shift, "moving_mean", 0, false, n);
    const char *variance = declared(c, scale + shift + 1, "moving_variance", 1, false,
                                    n);
    const char *text = keras_print(c, "(%s - %s) * rsqrt(%s + %s)", c->in[0]->text, mean, variance,
                                   eps);
    bool trained = !c->layer->frozen;
    if (scale)
        text = keras_print(c, "%s * %s", text, declared(c, 0, "gamma", 1, trained, n));
    if (shift)
        text = keras_print(c, "%s + %s", text, declared(c, scale, "beta", 0, trained, n));
    keras_give(c, c->in[0], "", "%s", text);
}

void keras_batch_norm(struct keras_call *c)
{
    const struct keras_value *x = c->in[0];
    const char *eps = keras_text(c->k, keras_number(c, "epsilon", 1e-3));
    double momentum = keras_number(c, "momentum", 0.99);
    if (!is_last(c) || x->rank < 1)
        return;
    int64_t n = x->dim[x->rank - 1];
    if (keras_predicts(c) || c->layer->frozen) {
        give_fixed_norm(c, n, eps);
        return;
    }
    if (!(momentum >= 0 && momentum < 1)) {
        keras_refuse(c, "its momentum is not at least 0 and below 1");
        return;
    }
    int before = save_affine(c, n);
    keras_save(c, "", before, "moving_mean", "running_mean", false, 1, &n);
    keras_save(c, "", before + 1, "moving_variance", "running_variance", false, 1, &n);
    const char *rate = keras_print(c, "%.6g", 1 - momentum);
    keras_give(c, x, "", "%s",
               keras_layer_text(c, keras_print(c, "batch_norm(rate = %s, unbiased = false, %s)",
                                               rate, affine(c, eps))));
}

void keras_layer_norm(struct keras_call *c)
{
    const struct keras_value *x = c->in[0];
    if (!is_last(c) || x->rank < 1)
        return;
    save_affine(c, x->dim[x->rank - 1]);
    const char *eps = keras_text(c->k, keras_number(c, "epsilon", 1e-3));
    keras_give(c, x, "", "%s", keras_layer_text(c, keras_print(c, "layer_norm(%s)",
                                                               affine(c, eps))));
}

void keras_group_norm(struct keras_call *c)
{
    const struct keras_value *x = c->in[0];
    const struct json *said = keras_argument(c, "groups");
    if (!is_last(c) || x->rank < 1)
        return;
    int64_t n = x->dim[x->rank - 1], groups = 32;
    if (json_is_whole(said, -1, -1))
        groups = n;
    else if (!keras_wholes(c, "groups", 1, groups, &groups))
        return;
    save_affine(c, n);
    const char *eps = keras_text(c->k, keras_number(c, "epsilon", 1e-3));
    keras_give(c, x, "", "%s",
               keras_layer_text(c, keras_print(c, "group_norm(%lld, %s)",
                                               (long long)groups, affine(c, eps))));
}

void keras_embedding(struct keras_call *c)
{
    struct keras_value out = *c->in[0];
    int64_t dim[2];
    if (!keras_wholes(c, "input_dim", 1, 0, dim) || !keras_wholes(c, "output_dim", 1, 0, dim + 1))
        return;
    if (keras_flag(c, "mask_zero", false) || out.classes != dim[0] || out.rank >= MADE_AXES) {
        keras_refuse(c, keras_flag(c, "mask_zero", false)
                     ? "mask_zero has no counterpart: layers behind it would see masks"
                     : "it reads no input of the model, or one that another Embedding reads with "
                       "another input_dim");
        return;
    }
    out.dim[out.rank++] = dim[1];
    keras_save(c, "", 0, "embeddings", "w", true, 2, dim);
    keras_give(c, &out, "", "%s", keras_layer_text(c, keras_print(c, "embedding(%lld)",
                                                                  (long long)dim[1])));
}

/* ---- several inputs ---- */
/* The shape of operands that broadcast: all have as many axes. */
static bool joined(struct keras_call *c, struct keras_value *out)
{
    *out = (struct keras_value){.rank = 0};
    for (int i = 0; i < c->ins; i++)
        out->rank = c->in[i]->rank > out->rank ? c->in[i]->rank : out->rank;
    for (int a = 0; a < out->rank; a++)
        out->dim[a] = 1;
    for (int i = 0; i < c->ins; i++)
        for (int a = 0; a < c->in[i]->rank; a++) {
            int64_t *dim = &out->dim[out->rank - c->in[i]->rank + a], d = c->in[i]->dim[a];
            if (c->in[i]->rank != out->rank || (*dim != 1 && d != 1 && d != *dim)) {
                keras_refuse(c, "its inputs have shapes that do not go together");
                return false;
            }
            *dim = d != 1 ? d : *dim;
        }
    return true;
}

static const char *join_text(struct keras_call *c)
{
    const char *all = c->in[0]->text;
    bool call = strchr(c->rule->text, '(') != NULL;
    for (int i = 1; i < c->ins; i++) {
        const char *part[2] = {all, c->in[i]->text};
        struct text t;
        text_init(&t, c->k->arena);
        for (const char *at = c->rule->text; *at; at++)
            if (*at == '@')
                text_puts(&t, part[*++at - '0']);
            else
                text_add(&t, at, 1);
        all = t.data;
    }
    return call || c->ins == 2 ? all : keras_print(c, "(%s)", all);
}

void keras_join(struct keras_call *c)
{
    struct keras_value out;
    if (joined(c, &out))
        keras_give(c, &out, "", "%s", join_text(c));
}

void keras_average(struct keras_call *c)
{
    struct keras_value out;
    if (joined(c, &out))
        keras_give(c, &out, "", "(%s) / %d", join_text(c), c->ins);
}

/* The place of an axis in a row from the argument, which counts that of the batch; -1: refused. */
static int row_axis(struct keras_call *c, double axis, int rank)
{
    int whole = axis > -100 && axis < 100 ? (int)axis : 100;
    int at = whole < 0 ? whole + rank : whole - 1;
    if (whole == axis && at >= 0 && at < rank)
        return at;
    keras_refuse(c, "its axis is none of a row");
    return -1;
}

void keras_concatenate(struct keras_call *c)
{
    struct keras_value out = *c->in[0];
    int axis = row_axis(c, keras_number(c, "axis", -1), out.rank);
    const char *list = c->in[0]->text;
    for (int i = 1; i < c->ins && axis >= 0; i++) {
        list = keras_print(c, "%s, %s", list, c->in[i]->text);
        bool fits = c->in[i]->rank == out.rank;
        for (int a = 0; a < out.rank; a++)
            fits = fits && (a == axis || c->in[i]->dim[a] == out.dim[a]);
        if (!fits) {
            keras_refuse(c, "its inputs have shapes that do not go together");
            return;
        }
        out.dim[axis] += c->in[i]->dim[axis];
    }
    if (axis >= 0)
        keras_give(c, &out, "", "concat(%s, axis = %d)", list, axis);
}

void keras_dot(struct keras_call *c)
{
    struct keras_value out = {.rank = 1, .dim = {1}};
    const struct keras_value *a = c->in[0], *b = c->in[1];
    const struct json *axes = keras_argument(c, "axes");
    double axis = axes && axes->kind == JSON_NUMBER ? axes->number : -1;
    if (a->rank != 1 || b->rank != 1 || a->dim[0] != b->dim[0] || (axis != 1 && axis != -1)) {
        keras_refuse(c, "it multiplies other things than two vectors; MultiHeadAttention is known");
        return;
    }
    const char *one = a->text, *two = b->text;
    if (keras_flag(c, "normalize", false)) {
        one = keras_print(c, "%s * rsqrt(max(sum(square(%s), axis = -1), 1e-12))", one, one);
        two = keras_print(c, "(%s * rsqrt(max(sum(square(%s), axis = -1), 1e-12)))", two, two);
    }
    keras_give(c, &out, "", "sum(%s * %s, axis = -1)", one, two);
}
