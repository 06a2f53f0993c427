/* Convolutions, pools and frames of Keras. */
#include <string.h>
#include "convert/keras.h"

enum { PLACES = 3 };

/* A window over the one to three axes of places, the channels behind them. */
struct window {
    int axes;
    int64_t size[PLACES], stride[PLACES], dilation[PLACES];
    const char *pad;
};

static int places_of_class(const struct keras_call *c)
{
    const char *name = c->layer->class_name;
    return strstr(name, "1D") ? 1 : strstr(name, "3D") ? 3 : 2;
}

static bool all_are(int count, const int64_t *item, int64_t value)
{
    for (int i = 0; i < count; i++)
        if (item[i] != value)
            return false;
    return true;
}

static bool read_window(struct keras_call *c, const char *size, struct window *w)
{
    w->axes = places_of_class(c);
    w->pad = keras_word(c, "padding", "valid");
    if (c->in[0]->rank != w->axes + 1) {
        keras_refuse(c, "its input has %d axes, where places and channels are %d", c->in[0]->rank,
                     w->axes + 1);
        return false;
    }
    if (strcmp(w->pad, "valid") && strcmp(w->pad, "same") &&
        (strcmp(w->pad, "causal") || strcmp(c->rule->text, "conv1d"))) {
        keras_refuse(c, "its padding is '%s'", w->pad);
        return false;
    }
    bool good = keras_wholes(c, size, w->axes, 2, w->size) &&
                keras_wholes(c, "dilation_rate", w->axes, 1, w->dilation);
    for (int i = 0; i < w->axes; i++)
        w->stride[i] = strcmp(size, "pool_size") ? 1 : w->size[i];
    bool given = !json_is_null(keras_argument(c, "strides"));
    good = good && (!given || keras_wholes(c, "strides", w->axes, 1, w->stride));
    for (int i = 0; i < w->axes && good; i++)
        if (w->size[i] < 1 || w->stride[i] < 1 || w->dilation[i] < 1) {
            keras_refuse(c, "a size, stride or dilation is 0");
            return false;
        }
    return good;
}

/* Places that windows of that kind have, of n. */
static int64_t places(const struct window *w, int axis, int64_t n)
{
    int64_t reach = (w->size[axis] - 1) * w->dilation[axis] + 1;
    return strcmp(w->pad, "valid") ? (n + w->stride[axis] - 1) / w->stride[axis]
         : n < reach ? 0 : (n - reach) / w->stride[axis] + 1;
}

/* "2", or "[2, 1]". */
static const char *each_text(struct keras_call *c, int axes, const int64_t *number)
{
    return all_are(axes, number, number[0]) ? keras_print(c, "%lld", (long long)number[0])
                                            : list_text(c->k->arena, axes, number);
}

/* ", stride = 2, pad = same" and so on, where they are not the library's own. */
static const char *options(struct keras_call *c, const struct window *w)
{
    const char *text = "";
    bool pool = strstr(c->layer->class_name, "Pooling") != NULL;
    bool own = pool ? !memcmp(w->stride, w->size, sizeof *w->stride * (size_t)w->axes)
                    : all_are(w->axes, w->stride, 1);
    if (!own)
        text = keras_print(c, ", stride = %s", each_text(c, w->axes, w->stride));
    if (strcmp(w->pad, "valid"))
        text = keras_print(c, "%s, pad = %s", text, w->pad);
    if (!pool && !all_are(w->axes, w->dilation, 1))
        text = keras_print(c, "%s, dilation = %s", text, each_text(c, w->axes, w->dilation));
    return text;
}

/* "3", or "3, 5, 5". */
static const char *size_text(struct keras_call *c, const struct window *w)
{
    const char *text = keras_print(c, "%lld", (long long)w->size[0]);
    for (int i = 1; i < w->axes && !all_are(w->axes, w->size, w->size[0]); i++)
        text = keras_print(c, "%s, %lld", text, (long long)w->size[i]);
    return text;
}

static const char *own_activation(struct keras_call *c)
{
    const char *text = keras_activation(c, keras_argument(c, "activation"));
    return text ? text : "";
}

static struct keras_value seen(const struct keras_call *c, const struct window *w, int64_t channels)
{
    struct keras_value out = *c->in[0];
    for (int i = 0; i < w->axes; i++)
        out.dim[i] = places(w, i, out.dim[i]);
    out.dim[w->axes] = channels;
    return out;
}

/* Filters [size, in, out] under `to`; and the bias of that many. */
static void save_filters(struct keras_call *c, const struct window *w, int number, const char *name,
                         const char *to, int64_t in, int64_t out)
{
    int64_t dim[PLACES + 2] = {0};
    for (int i = 0; i < w->axes; i++)
        dim[i] = w->size[i];
    dim[w->axes] = in;
    dim[w->axes + 1] = out;
    keras_save(c, "", number, name, to, true, w->axes + 2, dim);
}

void keras_conv(struct keras_call *c)
{
    struct window w;
    int64_t filters, groups;
    bool bias = keras_flag(c, "use_bias", true);
    if (!read_window(c, "kernel_size", &w) || !keras_wholes(c, "filters", 1, 0, &filters) ||
        !keras_wholes(c, "groups", 1, 1, &groups))
        return;
    int64_t channels = c->in[0]->dim[w.axes];
    if (groups < 1 || channels % groups || filters % groups) {
        keras_refuse(c, "its groups do not divide channels and filters");
        return;
    }
    save_filters(c, &w, 0, "kernel", "w", channels / groups, filters);
    if (bias)
        keras_save(c, "", 1, "bias", "bias", true, 1, &filters);
    struct keras_value out = seen(c, &w, filters);
    keras_give(c, &out, own_activation(c), "%s",
               keras_layer_text(c, keras_print(c, "%s(%lld, %s%s%s%s)", c->rule->text,
                                               (long long)filters, size_text(c, &w),
                                               options(c, &w),
                                               groups == 1 ? "" : keras_print(c, ", groups = %lld",
                                                                              (long long)groups),
                                               bias ? "" : ", with_bias = false")));
}

void keras_conv_transpose(struct keras_call *c)
{
    struct window w;
    int64_t filters;
    bool bias = keras_flag(c, "use_bias", true);
    if (!read_window(c, "kernel_size", &w) || !keras_wholes(c, "filters", 1, 0, &filters))
        return;
    if (!json_is_null(keras_argument(c, "output_padding")) || keras_number(c, "groups", 1) != 1 ||
        !all_are(w.axes, w.dilation, 1)) {
        keras_refuse(c, "it has an output_padding, groups or a dilation");
        return;
    }
    save_filters(c, &w, 0, "kernel", "w", filters, c->in[0]->dim[w.axes]);
    if (bias)
        keras_save(c, "", 1, "bias", "bias", true, 1, &filters);
    struct keras_value out = *c->in[0];
    for (int i = 0; i < w.axes; i++)
        out.dim[i] = !strcmp(w.pad, "same") ? out.dim[i] * w.stride[i]
            : out.dim[i] * w.stride[i] + (w.size[i] > w.stride[i] ? w.size[i] - w.stride[i] : 0);
    out.dim[w.axes] = filters;
    for (int i = 0; i < w.axes; i++)
        if (w.size[i] < w.stride[i])
            keras_refuse(c, "its kernel is smaller than its stride, which leaves gaps");
    keras_give(c, &out, own_activation(c), "%s",
               keras_layer_text(c, keras_print(c, "%s(%lld, %s%s%s)", c->rule->text,
                                               (long long)filters, size_text(c, &w), options(c, &w),
                                               bias ? "" : ", with_bias = false")));
}

/* Filters of each channel; what they need of the arguments, or false. */
static bool read_depth(struct keras_call *c, struct window *w, int64_t *multiplier)
{
    if (!read_window(c, "kernel_size", w) || !keras_wholes(c, "depth_multiplier", 1, 1, multiplier))
        return false;
    if (*multiplier >= 1 && keras_number(c, "groups", 1) == 1)
        return true;
    keras_refuse(c, "its depth_multiplier is 0, or it has groups");
    return false;
}

static const char *times(struct keras_call *c, int64_t multiplier)
{
    return multiplier == 1 ? "" : keras_print(c, ", multiplier = %lld", (long long)multiplier);
}

void keras_depthwise(struct keras_call *c)
{
    struct window w;
    int64_t multiplier;
    bool bias = keras_flag(c, "use_bias", true);
    if (!read_depth(c, &w, &multiplier))
        return;
    int64_t channels = c->in[0]->dim[w.axes], all = channels * multiplier;
    save_filters(c, &w, 0, c->k->by_name && c->k->old ? "depthwise_kernel" : "kernel", "w",
                 channels, multiplier);
    if (bias)
        keras_save(c, "", 1, "bias", "bias", true, 1, &all);
    struct keras_value out = seen(c, &w, all);
    keras_give(c, &out, own_activation(c), "%s",
               keras_layer_text(c, keras_print(c, "%s(%s%s%s%s)", c->rule->text, size_text(c, &w),
                                               options(c, &w), times(c, multiplier),
                                               bias ? "" : ", with_bias = false")));
}

void keras_separable(struct keras_call *c)
{
    struct window w, one = {.size = {1, 1, 1}};
    int64_t multiplier, filters;
    bool bias = keras_flag(c, "use_bias", true);
    if (!read_depth(c, &w, &multiplier) || !keras_wholes(c, "filters", 1, 0, &filters))
        return;
    int64_t channels = c->in[0]->dim[w.axes];
    one.axes = w.axes;
    save_filters(c, &w, 0, "depthwise_kernel", "depthwise/w", channels, multiplier);
    save_filters(c, &one, 1, "pointwise_kernel", "pointwise/w", channels * multiplier, filters);
    if (bias)
        keras_save(c, "", 2, "bias", "pointwise/bias", true, 1, &filters);
    struct keras_value out = seen(c, &w, filters);
    keras_give(c, &out, own_activation(c), "%s",
               keras_layer_text(c, keras_print(c, "%s(%lld, %s%s%s%s)", c->rule->text,
                                               (long long)filters, size_text(c, &w), options(c, &w),
                                               times(c, multiplier),
                                               bias ? "" : ", with_bias = false")));
}

void keras_pool(struct keras_call *c)
{
    struct window w;
    if (!read_window(c, "pool_size", &w))
        return;
    struct keras_value out = seen(c, &w, c->in[0]->dim[w.axes]);
    keras_give(c, &out, "", "%s(%s, %s%s)", c->rule->text, c->in[0]->text, size_text(c, &w),
               options(c, &w));
}

void keras_global_pool(struct keras_call *c)
{
    int axes = places_of_class(c);
    struct keras_value out = {.rank = 1, .dim = {c->in[0]->dim[axes]}};
    if (c->in[0]->rank != axes + 1 || keras_flag(c, "keepdims", false)) {
        keras_refuse(c, "its input has other axes than places and channels, or it keeps them");
        return;
    }
    keras_give(c, &out, "", "%s(%s)", c->rule->text, c->in[0]->text);
}

/* Lines before and behind each of the axes: one number, one for each axis, or two for each. */
static bool read_sides(struct keras_call *c, int axes, int64_t *side)
{
    const char *key = !strcmp(c->rule->text, "padding") ? "padding" : "cropping";
    const struct json *v = keras_argument(c, key), *e = v ? v->first : NULL;
    bool pairs = e && e->kind == JSON_LIST;
    if (!pairs && axes == 1)
        return keras_wholes(c, key, json_count(v) == 2 ? 2 : 1, 1, side) &&
               (json_count(v) == 2 || (side[1] = side[0], true));
    if (!pairs) {
        int64_t each[PLACES];
        if (!keras_wholes(c, key, axes, 1, each))
            return false;
        for (int i = 0; i < 2 * axes; i++)
            side[i] = each[i / 2];
        return true;
    }
    for (int i = 0; i < axes; i++, e = e ? e->next : NULL)
        for (int s = 0; s < 2; s++) {
            const struct json *n = !e || json_count(e) != 2 ? NULL : s ? e->first->next : e->first;
            if (!json_is_whole(n, 0, 1 << 20)) {
                keras_refuse(c, "its %s is not understood", key);
                return false;
            }
            side[2 * i + s] = (int64_t)n->number;
        }
    return true;
}

/* "1..3, 0..2, 0..4": what of the places is left between the sides. */
static const char *ranges_text(struct keras_call *c, const int64_t *side)
{
    const char *text = "";
    for (int i = 0; i < PLACES; i++)
        text = keras_print(c, "%s%s%lld..%lld", text, i ? ", " : "", (long long)side[2 * i],
                           (long long)(c->in[0]->dim[i] - side[2 * i + 1] - 1));
    return text;
}

void keras_frame(struct keras_call *c)
{
    int axes = places_of_class(c);
    int64_t side[2 * PLACES] = {0};
    struct keras_value out = *c->in[0];
    bool crop = !strcmp(c->rule->text, "crop");
    if (out.rank != axes + 1 || !read_sides(c, axes, side)) {
        keras_refuse(c, "its input has other axes than places and channels");
        return;
    }
    for (int i = 0; i < axes; i++)
        out.dim[i] += (crop ? -1 : 1) * (side[2 * i] + side[2 * i + 1]);
    const char *x = c->in[0]->text;
    if (axes == 1 && crop)
        keras_give(c, &out, "", "%s[%lld..%lld]", x, (long long)side[0],
                   (long long)(c->in[0]->dim[0] - side[1] - 1));
    else if (axes == 1)
        keras_give(c, &out, "",
                   "reshape(padding(reshape(%s, [%lld, 1, %lld]), %lld, %lld, 0, 0), %s)", x,
                   (long long)c->in[0]->dim[0], (long long)out.dim[1], (long long)side[0],
                   (long long)side[1], list_text(c->k->arena, 2, out.dim));
    else if (axes == 3 && crop)
        keras_give(c, &out, "", "%s[%s]", x, ranges_text(c, side));
    else if (axes == 3)
        keras_give(c, &out, "",
                   "reshape(window(%s, [1, 1, 1], before = %s, after = %s), %s)", x,
                   each_text(c, 3, (int64_t[]){side[0], side[2], side[4]}),
                   each_text(c, 3, (int64_t[]){side[1], side[3], side[5]}),
                   list_text(c->k->arena, 4, out.dim));
    else
        keras_give(c, &out, "", "%s(%s, %lld, %lld, %lld, %lld)", c->rule->text, x,
                   (long long)side[0], (long long)side[1], (long long)side[2], (long long)side[3]);
}

/* The places of a volume, behind each axis one of as many as it is repeated; NULL: 1. */
static const char *repeated_text(struct keras_call *c, const int64_t *size)
{
    const int64_t *dim = c->in[0]->dim;
    int64_t all[2 * PLACES + 1];
    for (int i = 0; i < PLACES; i++) {
        all[2 * i] = dim[i];
        all[2 * i + 1] = size ? size[i] : 1;
    }
    all[2 * PLACES] = dim[PLACES];
    return list_text(c->k->arena, 2 * PLACES + 1, all);
}

void keras_up_sampling(struct keras_call *c)
{
    int axes = places_of_class(c);
    struct keras_value out = *c->in[0];
    int64_t size[PLACES];
    const char *method = keras_word(c, "interpolation", "nearest");
    if (out.rank != axes + 1 || !keras_wholes(c, "size", axes, 2, size) ||
        (strcmp(method, "nearest") && strcmp(method, "bilinear"))) {
        keras_refuse(c, "it takes places and channels, nearest or bilinear");
        return;
    }
    for (int i = 0; i < axes; i++)
        out.dim[i] *= size[i];
    if (axes == 3) {
        keras_give(c, &out, "", "reshape(broadcast(reshape(%s, %s), %s), %s)", c->in[0]->text,
                   repeated_text(c, NULL), repeated_text(c, size),
                   list_text(c->k->arena, 4, out.dim));
        return;
    }
    const char *x = axes == 2 ? c->in[0]->text
        : keras_print(c, "reshape(%s, [%lld, 1, %lld])", c->in[0]->text,
                      (long long)c->in[0]->dim[0], (long long)out.dim[1]);
    const char *y = keras_print(c, "resize(%s, %lld, %lld, method = %s)", x, (long long)out.dim[0],
                                axes == 2 ? (long long)out.dim[1] : 1LL, method);
    if (axes == 1)
        y = keras_print(c, "reshape(%s, %s)", y, list_text(c->k->arena, 2, out.dim));
    keras_give(c, &out, "", "%s", y);
}
