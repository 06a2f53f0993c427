/* Rules of what slides over images: convolutions and pools. */
#include <math.h>
#include <string.h>
#include "convert/rules.h"

enum { PLACES = 3 };                    /* axes that something slides over, at most */
static const char PADS[] = "NOTSET SAME_UPPER SAME_LOWER VALID";

/* What slides: of each axis of places. */
struct sliding {
    int axes;
    int64_t in[PLACES], out[PLACES], size[PLACES], stride[PLACES], dilation[PLACES];
    int64_t before[PLACES], after[PLACES];
};

/* The attribute, or `otherwise` for each axis; false after a refusal. */
static bool per_axis(struct call *c, const char *name, int axes, int64_t otherwise, int64_t *out)
{
    int n = attribute_ints(c, name, out, 2 * PLACES);
    for (int i = 0; n < 0 && i < axes; i++)
        out[i] = otherwise;
    for (int i = 0; n >= 0 && i < axes; i++)
        if (n != axes || out[i] < 0 || out[i] > 1 << 24) {
            refuse(c, "'%s' has not a number for each axis, 0 or more", name);
            return false;
        }
    return true;
}

/* Sizes, strides, dilations and what stands around, of a value [n, c, places..]; size NULL: that of
 * the attribute. */
static bool read_sliding(struct call *c, const struct value *x, const int64_t *size,
                         struct sliding *s)
{
    *s = (struct sliding){.axes = x->rank - 2};
    int64_t pads[2 * PLACES];
    if (s->axes < 1 || s->axes > PLACES || x->rows > 0) {
        refuse(c, "it slides over %d axes, where 1 to 3 are known", s->axes);
        return false;
    }
    if (!per_axis(c, "kernel_shape", s->axes, 0, s->size) ||
        !per_axis(c, "strides", s->axes, 1, s->stride) ||
        !per_axis(c, "dilations", s->axes, 1, s->dilation) ||
        !per_axis(c, "pads", 2 * s->axes, 0, pads))
        return false;
    for (int i = 0; i < s->axes; i++) {
        s->in[i] = x->dim[2 + i];
        s->size[i] = size ? size[i] : s->size[i];
        s->before[i] = pads[i];
        s->after[i] = pads[s->axes + i];
        if (s->size[i] < 1 || s->stride[i] < 1 || s->dilation[i] < 1) {
            refuse(c, "a size, stride or dilation below 1");
            return false;
        }
    }
    return true;
}

/* The extents that come out; pads of auto_pad, and what a last window that is not whole needs. */
static bool find_places(struct call *c, struct sliding *s)
{
    const char *pad = attribute_word(c, "auto_pad", PADS);
    bool upper = !strcmp(pad, "SAME_UPPER"), same = upper || !strcmp(pad, "SAME_LOWER");
    bool ceil = attribute_int(c, "ceil_mode", 0) != 0;
    for (int i = 0; i < s->axes; i++) {
        int64_t over = (s->size[i] - 1) * s->dilation[i] + 1;
        if (same) {
            s->out[i] = (s->in[i] + s->stride[i] - 1) / s->stride[i];
            int64_t lacks = (s->out[i] - 1) * s->stride[i] + over - s->in[i];
            lacks = lacks < 0 ? 0 : lacks;
            s->before[i] = upper ? lacks / 2 : lacks - lacks / 2;
            s->after[i] = lacks - s->before[i];
        } else if (!strcmp(pad, "VALID")) {
            s->before[i] = s->after[i] = 0;
        }
        int64_t room = s->in[i] + s->before[i] + s->after[i] - over;
        if (room < 0) {
            refuse(c, "windows of %lld do not fit %lld elements", (long long)over,
                   (long long)(room + over));
            return false;
        }
        s->out[i] = room / s->stride[i] + 1;
        bool more =
            ceil && room % s->stride[i] && s->out[i] * s->stride[i] < s->in[i] + s->before[i];
        if (more) {
            s->after[i] += s->stride[i] - room % s->stride[i];
            s->out[i]++;
        }
    }
    return true;
}

static bool all_are(int n, const int64_t *list, int64_t value)
{
    for (int i = 0; i < n; i++)
        if (list[i] != value)
            return false;
    return true;
}

/* ", stride = 2": one number where all are it; nothing where it is what is taken anyway. */
static const char *option(struct arena *arena, const char *name, int n, const int64_t *list,
                          int64_t usual)
{
    if (all_are(n, list, usual))
        return "";
    if (all_are(n, list, list[0]))
        return arena_printf(arena, ", %s = %lld", name, (long long)list[0]);
    return arena_printf(arena, ", %s = %s", name, list_text(arena, n, list));
}

/* ", 3", or ", 3, 5" where they differ. */
static const char *sizes(struct arena *arena, const struct sliding *s)
{
    const char *text = arena_printf(arena, ", %lld", (long long)s->size[0]);
    for (int i = 1; i < s->axes && !all_are(s->axes, s->size, s->size[0]); i++)
        text = arena_printf(arena, "%s, %lld", text, (long long)s->size[i]);
    return text;
}

static const char *border(struct arena *arena, const struct sliding *s)
{
    int64_t list[2 * PLACES];
    for (int i = 0; i < s->axes; i++) {
        list[2 * i] = s->before[i];
        list[2 * i + 1] = s->after[i];
    }
    return option(arena, "border", 2 * s->axes, list, 0);
}

/* Channels last: [n, places.., c], of rows [places.., c]. */
static void channels_last(struct value *v)
{
    int n = 0;
    if (v->rows != 0)
        v->order[n++] = 0;
    for (int i = 2; i < v->rank; i++)
        v->order[n++] = i;
    v->order[n] = 1;
}

/* Whether a row is one image: a layer of the library takes it. */
static bool is_image(const struct value *x)
{
    return x->rows == 0 || x->dim[0] == 1;
}

/* The image [places.., c]. */
static const char *image_text(struct call *c, struct value *x)
{
    struct value last = *x;
    int64_t dim[AXES];
    channels_last(&last);
    const char *text = ordered(c, x, last.order);
    if (x->rows == 0)
        return text;
    text_dims(&last, dim);
    return arena_printf(c->im->arena, "reshape(%s, %s)", text,
                        list_text(c->im->arena, x->rank - 1, dim + 1));
}

/* The result of a layer, which is an image. */
static void give_image(struct call *c, const struct value *x, int64_t channels,
                       const struct sliding *s, const char *text)
{
    struct value shape = {.type = ONNX_FLOAT, .rank = x->rank, .rows = x->rows,
                          .dim = {x->dim[0], channels}};
    int64_t dim[AXES];
    for (int i = 0; i < s->axes; i++)
        shape.dim[2 + i] = s->out[i];
    channels_last(&shape);
    text_dims(&shape, dim);
    if (x->rows == 0 || !is_image(x))
        give(c, 0, &shape, "%s", text);
    else
        give(c, 0, &shape, "reshape(%s, %s)", text, list_text(c->im->arena, x->rank, dim));
}

/* ---- convolutions ---- */

static const char *const dimension[] = {"", "1d", "2d", "3d"};

static bool own_array(const struct value *v, int rank)
{
    return v->constant && v->trained && v->rank == rank && v->uses == 1 && !v->written;
}

/* Filters [f, c, size..] as [size.., c, f], depthwise ones [c m, 1, size..] as [size.., c, m]. */
static void save_filters(struct call *c, const char *path, const struct value *w, int64_t depth)
{
    struct tensor t = *w->constant;
    int64_t dim[AXES];
    int perm[AXES];
    if (depth) {
        t.dim[0] = depth;
        t.dim[1] = w->dim[0] / depth;
    }
    for (int i = 2; i < t.rank; i++)
        perm[i - 2] = i;
    perm[t.rank - 2] = depth ? 0 : 1;
    perm[t.rank - 1] = depth ? 1 : 0;
    for (int i = 0; i < t.rank; i++)
        dim[i] = t.dim[perm[i]];
    save(c->im, true, arena_printf(c->im->arena, "%s/w", path), &t, perm, t.rank, dim);
}

static void save_bias(struct call *c, const char *path, const struct value *bias)
{
    if (bias)
        save(c->im, true, arena_printf(c->im->arena, "%s/bias", path), bias->constant, NULL, 1,
             bias->dim);
}

/* Windows and a product, of several images at once, or with filters that are no layer's. */
static void give_contract(struct call *c, const struct sliding *s, int64_t group)
{
    struct arena *arena = c->im->arena;
    struct value *x = c->in[0], *w = c->in[1], *bias = c->ins > 2 ? c->in[2] : NULL, last = *x;
    int turned[AXES];
    int lead = x->rows != 0;
    if (group != 1 || !w->constant) {
        refuse(c, w->constant ? "groups of channels need one image a row: --rows first"
               : "its filters must be known: those that come with the data differ from row to row");
        return;
    }
    for (int i = 2; i < w->rank; i++)
        turned[i - 2] = i;
    turned[w->rank - 2] = 1;
    turned[w->rank - 1] = 0;
    channels_last(&last);
    const char *text = arena_printf(
        arena, "contract(window(%s, %s, axis = %d%s%s%s%s), %s, %d)", ordered(c, x, last.order),
        list_text(arena, s->axes, s->size), lead, option(arena, "stride", s->axes, s->stride, 1),
        option(arena, "dilation", s->axes, s->dilation, 1),
        option(arena, "before", s->axes, s->before, 0),
        option(arena, "after", s->axes, s->after, 0), ordered(c, w, turned), s->axes + 1);
    if (bias) {
        static const int only[1] = {0};
        text = arena_printf(arena, "%s + %s", text, aligned(c, bias, 1, 1, only));
    }
    struct value shape = {.type = ONNX_FLOAT, .rank = x->rank, .rows = x->rows,
                          .dim = {x->dim[0], w->dim[0]}};
    for (int i = 0; i < s->axes; i++)
        shape.dim[2 + i] = s->out[i];
    channels_last(&shape);
    give(c, 0, &shape, "%s", text);
}

void onnx_conv(struct call *c)
{
    struct arena *arena = c->im->arena;
    struct value *x = c->in[0], *w = c->in[1], *bias = c->ins > 2 ? c->in[2] : NULL;
    int64_t group = attribute_int(c, "group", 1);
    struct sliding s;
    if (w->rank != x->rank || !read_sliding(c, x, w->dim + 2, &s) || !find_places(c, &s)) {
        if (w->rank != x->rank)
            refuse(c, "filters of %d axes do not go with %d", w->rank, x->rank);
        return;
    }
    if (group < 1 || w->dim[0] % group || w->dim[1] * group != x->dim[1] || w->rows >= 0) {
        refuse(c, "%lld channels and %lld filters do not fall into %lld groups",
               (long long)x->dim[1], (long long)w->dim[0], (long long)group);
        return;
    }
    if (!is_image(x) || x->constant || !own_array(w, w->rank) || (bias && !own_array(bias, 1))) {
        give_contract(c, &s, group);
        return;
    }
    bool depthwise = group == x->dim[1] && group > 1 && s.axes < 3;
    const char *path = layer_path(c->im, w->name, c->node->name), *text = image_text(c, x);
    const char *rest = arena_printf(arena, "%s%s%s%s%s%s%s", sizes(arena, &s),
                                    option(arena, "stride", s.axes, s.stride, 1), border(arena, &s),
                                    option(arena, "dilation", s.axes, s.dilation, 1),
                                    depthwise ? option(arena, "multiplier", 1,
                                                       &(int64_t){w->dim[0] / group}, 1)
                                              : option(arena, "groups", 1, &group, 1),
                                    bias ? "" : ", with_bias = false", ")");
    save_filters(c, path, w, depthwise ? group : 0);
    save_bias(c, path, bias);
    text = depthwise ? arena_printf(arena, "depthwise_conv%s(%s%s%s", dimension[s.axes], text, rest,
                                    as_text(arena, path))
                     : arena_printf(arena, "conv%s(%s, %lld%s%s", dimension[s.axes], text,
                                    (long long)w->dim[0], rest, as_text(arena, path));
    give_image(c, x, w->dim[0], &s, text);
}

/* What is cut from each side, and how much more comes, so that so much comes out. */
static bool find_laid(struct call *c, struct sliding *s, int64_t *more)
{
    int64_t wanted[2 * PLACES];
    int given = attribute_ints(c, "output_shape", wanted, 2 * PLACES);
    const char *pad = attribute_word(c, "auto_pad", PADS);
    bool upper = !strcmp(pad, "SAME_UPPER"), same = upper || !strcmp(pad, "SAME_LOWER");
    if (!per_axis(c, "output_padding", s->axes, 0, more))
        return false;
    for (int i = 0; i < s->axes; i++) {
        if (given >= s->axes && (wanted[given - s->axes + i] < 1 ||
                                 wanted[given - s->axes + i] > 1 << 28)) {
            refuse(c, "'output_shape' has an extent that no array can have");
            return false;
        }
        int64_t all = (s->in[i] - 1) * s->stride[i] + (s->size[i] - 1) * s->dilation[i] + 1;
        int64_t out = given >= s->axes ? wanted[given - s->axes + i] : s->in[i] * s->stride[i];
        if (given >= s->axes || same) {
            int64_t cut = all + more[i] - out;
            if (cut < 0) {
                more[i] -= cut;
                cut = 0;
            }
            s->before[i] = upper ? cut / 2 : cut - cut / 2;
            s->after[i] = cut - s->before[i];
        }
        s->out[i] = all + more[i] - s->before[i] - s->after[i];
        if (s->out[i] < 1 || more[i] >= (s->stride[i] > s->dilation[i] ? s->stride[i]
                                                                      : s->dilation[i])) {
            refuse(c, "axis %d: %lld elements come out, %lld of them beyond what is laid", i,
                   (long long)s->out[i], (long long)more[i]);
            return false;
        }
    }
    return true;
}

void onnx_conv_transpose(struct call *c)
{
    struct arena *arena = c->im->arena;
    struct value *x = c->in[0], *w = c->in[1], *bias = c->ins > 2 ? c->in[2] : NULL;
    int64_t group = attribute_int(c, "group", 1), more[2 * PLACES];
    struct sliding s;
    if (w->rank != x->rank || !read_sliding(c, x, w->dim + 2, &s) || !find_laid(c, &s, more)) {
        if (w->rank != x->rank)
            refuse(c, "filters of %d axes do not go with %d", w->rank, x->rank);
        return;
    }
    if (!is_image(x) || x->constant || !own_array(w, w->rank) || (bias && !own_array(bias, 1)) ||
        group < 1 || w->dim[0] != x->dim[1] || w->dim[0] % group) {
        refuse(c, "it needs one image a row, and weights of its own: --rows first");
        return;
    }
    const char *path = layer_path(c->im, w->name, c->node->name);
    save_filters(c, path, w, 0);
    save_bias(c, path, bias);
    give_image(c, x, w->dim[1] * group, &s, arena_printf(
        arena, "conv%s_transpose(%s, %lld%s%s%s%s%s%s%s)%s", dimension[s.axes], image_text(c, x),
        (long long)(w->dim[1] * group), sizes(arena, &s),
        option(arena, "stride", s.axes, s.stride, 1), border(arena, &s),
        option(arena, "output_padding", s.axes, more, 0),
        option(arena, "dilation", s.axes, s.dilation, 1), option(arena, "groups", 1, &group, 1),
        bias ? "" : ", with_bias = false", as_text(arena, path)));
}

/* ---- pools ---- */

/* How many elements of an axis the window at place o sees: those of its places first..last. */
static int64_t seen_by(const struct sliding *s, int axis, int64_t o)
{
    int64_t step = s->dilation[axis], start = o * s->stride[axis] - s->before[axis];
    int64_t first = start < 0 ? (-start + step - 1) / step : 0;
    int64_t left = s->in[axis] - 1 - start, last = left < 0 ? -1 : left / step;
    last = last < s->size[axis] - 1 ? last : s->size[axis] - 1;
    return last < first ? 0 : last - first + 1;
}

/* How many elements of the image windows see. */
static const char *count_text(struct call *c, const struct sliding *s)
{
    int64_t dim[AXES];
    for (int i = 0; i < s->axes; i++)
        dim[i] = s->out[i];
    dim[s->axes] = 1;
    struct tensor *t = tensor_new(c->im, ONNX_FLOAT, s->axes + 1, dim);
    if (!t) {
        refuse(c, "its windows are too many to count what each one sees");
        return "1";
    }
    for (int64_t e = 0; e < t->count; e++) {
        int64_t rest = e;
        t->real[e] = 1;
        for (int i = s->axes - 1; i >= 0; i--) {
            t->real[e] *= (float)seen_by(s, i, rest % s->out[i]);
            rest /= s->out[i];
        }
    }
    struct value v = {
        .name = "seen", .type = ONNX_FLOAT, .rank = t->rank, .rows = -1, .constant = t};
    memcpy(v.dim, t->dim, sizeof v.dim);
    orderly(&v);
    return plain(c, &v);
}

/* Windows and what is taken of them, of several images at once too. */
static void give_windows(struct call *c, const struct sliding *s, bool max)
{
    struct arena *arena = c->im->arena;
    struct value *x = c->in[0], last = *x;
    int64_t axis[PLACES], dim[AXES], all = 1;
    int lead = x->rows != 0;
    bool whole = attribute_int(c, "count_include_pad", 0) != 0;
    for (int i = 0; i < s->axes; i++) {
        axis[i] = lead + s->axes + i;
        all *= s->size[i];
    }
    struct value shape = {.type = ONNX_FLOAT, .rank = x->rank, .rows = x->rows,
                          .dim = {x->dim[0], x->dim[1]}};
    for (int i = 0; i < s->axes; i++)
        shape.dim[2 + i] = s->out[i];
    channels_last(&last);
    channels_last(&shape);
    text_dims(&shape, dim);
    const char *text = arena_printf(
        arena, "reshape(%s(window(%s, %s, axis = %d%s%s%s%s%s), axis = %s), %s)",
        max ? "max" : "sum", ordered(c, x, last.order), list_text(arena, s->axes, s->size), lead,
        option(arena, "stride", s->axes, s->stride, 1),
        option(arena, "dilation", s->axes, s->dilation, 1),
        option(arena, "before", s->axes, s->before, 0),
        option(arena, "after", s->axes, s->after, 0), max ? ", outside = -inf" : "",
        list_text(arena, s->axes, axis), list_text(arena, text_axes(&shape), dim));
    if (max)
        give(c, 0, &shape, "%s", text);
    else if (whole)
        give(c, 0, &shape, "%s / %lld", text, (long long)all);
    else
        give(c, 0, &shape, "%s / %s", text, count_text(c, s));
}

void onnx_pool(struct call *c)
{
    struct arena *arena = c->im->arena;
    struct value *x = c->in[0];
    bool max = !strcmp(c->rule->text, "max");
    struct sliding s;
    if (c->outs > 1 && c->out[1] && c->out[1]->uses) {
        refuse(c, "its second output, places of maxima, has no counterpart");
        return;
    }
    if (!has_types(c, 0, 1, TYPE_REAL) || !read_sliding(c, x, NULL, &s))
        return;
    int64_t after[PLACES];
    memcpy(after, s.after, sizeof after);
    if (!find_places(c, &s))
        return;
    bool padded = !all_are(s.axes, s.before, 0) || !all_are(s.axes, s.after, 0);
    bool whole = !max && attribute_int(c, "count_include_pad", 0) && padded;
    if (whole && attribute_int(c, "ceil_mode", 0) && memcmp(after, s.after, sizeof after)) {
        refuse(c, "ceil_mode with count_include_pad counts elements that are nowhere");
        return;
    }
    bool wide = false;                  /* more around than layers take */
    for (int i = 0; i < s.axes; i++)
        wide |= 2 * s.before[i] > s.size[i] || 2 * s.after[i] > s.size[i];
    if (!is_image(x) || whole || wide || !all_are(s.axes, s.dilation, 1)) {
        give_windows(c, &s, max);
        return;
    }
    bool usual = !memcmp(s.stride, s.size, sizeof s.stride);
    const char *stride = usual ? "" : all_are(s.axes, s.stride, s.stride[0])
        ? arena_printf(arena, ", stride = %lld", (long long)s.stride[0])
        : arena_printf(arena, ", stride = %s", list_text(arena, s.axes, s.stride));
    give_image(c, x, x->dim[1], &s,
               arena_printf(arena, "%s_pool%s(%s%s%s%s)", max ? "max" : "avg",
                            s.axes == 2 ? "" : dimension[s.axes], image_text(c, x),
                            sizes(arena, &s), stride, border(arena, &s)));
}

/* Ones of a matrix of so many rows: each place of a window is itself. */
static const char *places_of_window(struct call *c, int axes, const int64_t *size, int64_t count)
{
    int64_t dim[AXES] = {0};
    for (int i = 0; i < axes; i++)
        dim[i] = size[i];
    dim[axes] = 1;
    dim[axes + 1] = count;
    struct tensor *t = tensor_new(c->im, ONNX_FLOAT, axes + 2, dim);
    for (int64_t i = 0; i < count; i++)
        t->real[i * count + i] = 1;
    struct value v = {.name = "window", .type = ONNX_FLOAT, .rank = axes + 2, .rows = -1,
                      .constant = t};
    memcpy(v.dim, dim, sizeof v.dim);
    orderly(&v);
    return plain(c, &v);
}

/* Windows, [rows, channels * places of one, how many], laid over one another: what overlaps adds
 * up. */
void onnx_col2im(struct call *c)
{
    struct arena *arena = c->im->arena;
    struct value *x = c->in[0], shape = {.type = ONNX_FLOAT, .rows = x->rows};
    int64_t extent[AXES], size[AXES], places = 1, windows = 1, folded[AXES], dim[AXES];
    int64_t last = x->rank == 3 ? x->dim[1] : 0;
    int axes = known_ints(c, 1, extent, AXES);
    struct sliding s;
    if (axes < 1 || axes > 3 || known_ints(c, 2, size, AXES) != axes || x->rank != 3 ||
        x->rows > 0) {
        refuse(c, "it takes windows of each row, of up to three axes, for an image that is known");
        return;
    }
    shape.rank = 2 + axes;
    for (int i = 0; i < axes; i++)
        shape.dim[2 + i] = extent[i] > 0 && extent[i] <= 1 << 28 ? extent[i] : 1;
    if (!read_sliding(c, &shape, size, &s) || !find_places(c, &s))
        return;
    for (int i = 0; i < axes; i++) {
        places = places > 4096 || size[i] > 4096 ? 4097 : places * size[i];
        if (__builtin_mul_overflow(windows, s.out[i], &windows))
            windows = INT64_MAX;
    }
    bool same = !memcmp(shape.dim + 2, extent, sizeof *extent * (size_t)axes);
    if (!same || places > 4096 || last % places || windows != x->dim[2]) {
        refuse(c, "it has not as many windows as the image, or of over 4096 places");
        return;
    }
    folded[0] = x->dim[0] * last / places;
    for (int i = 0; i < axes; i++)
        folded[1 + i] = s.out[i];
    folded[1 + axes] = places;
    shape.dim[0] = x->dim[0];
    shape.dim[1] = last / places;
    orderly(&shape);
    text_dims(&shape, dim);
    const char *text = arena_printf(arena, "reshape(transpose(reshape(%s, %s), [0, 2, 1]), %s)",
                                    plain(c, x),
                                    list_text(arena, 3, (int64_t[]){folded[0], places, windows}),
                                    list_text(arena, 2 + axes, folded));
    give(c, 0, &shape, "reshape(contract_transposed(%s, %s, %s%s%s%s), %s)", text,
         places_of_window(c, axes, size, places), list_text(arena, axes, extent),
         option(arena, "stride", axes, s.stride, 1), option(arena, "dilation", axes, s.dilation, 1),
         option(arena, "before", axes, s.before, 0), list_text(arena, text_axes(&shape), dim));
}

/* The root of order p of what windows have of powers: their average times how many they see. */
void onnx_lp_pool(struct call *c)
{
    int64_t p = attribute_int(c, "p", 2), size[PLACES];
    int n = attribute_ints(c, "kernel_shape", size, PLACES);
    const char *pool = arena_printf(
        c->im->arena, "AveragePool count_include_pad=1%s",
        attributes_text(c, "auto_pad ceil_mode dilations kernel_shape pads strides"));
    float count = 1;
    for (int i = 0; i < n; i++)
        count *= (float)size[i];
    if (n < 1 || p < 1) {
        refuse(c, "its windows and its power must be known");
        return;
    }
    const char *y = PUT(c, "Abs", c->node->input[0]);
    y = p == 1 ? y : p == 2 ? PUT(c, "Mul", y, y) : PUT(c, "Pow", y, put_real(c, (float)p));
    y = PUT(c, "Mul", PUT(c, pool, y), put_real(c, count));
    y = p == 1 ? y : p == 2 ? PUT(c, "Sqrt", y) : PUT(c, "Pow", y, put_real(c, 1 / (float)p));
    give_results(c, (const char *const[OUTPUTS]){y});
}

/* The places of the text that are no batch and no channels. */
static const char *place_axes(struct call *c, const struct value *x)
{
    int64_t list[AXES];
    int n = 0;
    for (int i = 0; i < text_axes(x); i++)
        if (x->order[i] >= 2)
            list[n++] = i;
    return n == 1 ? arena_printf(c->im->arena, "%lld", (long long)list[0])
                  : list_text(c->im->arena, n, list);
}

/* The text as a name: so that it may stand in an expression twice. */
static const char *named(struct call *c, struct value *x)
{
    const char *text = x->constant ? plain(c, x) : x->text;
    return strpbrk(text, "( ") ? let_line(c, text) : text;
}

void onnx_global_pool(struct call *c)
{
    struct value *x = c->in[0], shape = *x;
    if (!has_types(c, 0, 1, TYPE_REAL))
        return;
    if (x->rank < 3 || x->rows > 0) {
        refuse(c, "it has no axes of places");
        return;
    }
    for (int i = 2; i < x->rank; i++)
        shape.dim[i] = 1;
    const char *operand[2] = {x->constant ? plain(c, x) : x->text, place_axes(c, x)};
    shape.constant = NULL;
    give(c, 0, &shape, "%s", fill_text(c, c->rule->text, operand));
}

void onnx_global_lp_pool(struct call *c)
{
    struct value *x = c->in[0], shape = *x;
    int64_t p = attribute_int(c, "p", 2);
    if (!has_types(c, 0, 1, TYPE_REAL))
        return;
    if (x->rank < 3 || x->rows > 0 || p < 1) {
        refuse(c, "it has no axes of places, or a power below 1");
        return;
    }
    for (int i = 2; i < x->rank; i++)
        shape.dim[i] = 1;
    shape.constant = NULL;
    give(c, 0, &shape, "sum(abs(%s) ^ %lld, axis = %s) ^ (1 / %lld)",
         x->constant ? plain(c, x) : x->text, (long long)p, place_axes(c, x), (long long)p);
}

/* ---- norms ---- */
static const char *vector(struct call *c, struct value *v)
{
    static const int only[1] = {0};
    return aligned(c, v, 1, 1, only);
}

static const char *eps_option(struct call *c, float usual)
{
    float eps = attribute_float(c, "epsilon", usual);
    return eps == 1e-5f ? ""
                        : arena_printf(c->im->arena, ", eps = %s", number_text(c->im->arena, eps));
}

static bool same_numbers(const struct value *v, float all)
{
    for (int64_t i = 0; v->constant && i < v->constant->count; i++)
        if (!v->constant->real || v->constant->real[i] != all)
            return false;
    return v->constant && !v->trained;
}

/* Scale and shift of a layer's `affine`; what options say that one is left out. */
static const char *save_affine(struct call *c, const char *path, struct value *scale,
                               struct value *shift)
{
    struct arena *arena = c->im->arena;
    const char *options = "";
    if (scale && own_array(scale, 1))
        save(c->im, true, arena_printf(arena, "%s/affine/scale", path), scale->constant, NULL, 1,
             scale->dim);
    else
        options = ", with_scale = false";
    if (shift && own_array(shift, 1))
        save(c->im, true, arena_printf(arena, "%s/affine/shift", path), shift->constant, NULL, 1,
             shift->dim);
    else
        options = arena_printf(arena, "%s, with_shift = false", options);
    return options;
}

/* Whether scale and shift are a layer's: trained and its own, or known to do nothing. */
static bool own_affine(struct value *scale, struct value *shift, int64_t n)
{
    return ((own_array(scale, 1) && scale->dim[0] == n) || same_numbers(scale, 1)) &&
           (!shift || (own_array(shift, 1) && shift->dim[0] == n) || same_numbers(shift, 0));
}

static void give_batch_norm(struct call *c, const char *text, const struct value *shape)
{
    struct arena *arena = c->im->arena;
    struct value **in = c->in;
    double rate = 1 - (double)attribute_float(c, "momentum", 0.9f);
    const char *path = layer_path(c->im, in[1]->trained ? in[1]->name : in[3]->name, c->node->name);
    const char *options = save_affine(c, path, in[1], in[2]);
    save(c->im, false, arena_printf(arena, "%s/running_mean", path), in[3]->constant, NULL, 1,
         in[3]->dim);
    save(c->im, false, arena_printf(arena, "%s/running_variance", path), in[4]->constant, NULL, 1,
         in[4]->dim);
    const char *rated = said_option(c, "rate");
    rated = *rated ? rated : arena_printf(arena, ", rate = %.6g", rate);
    const char *unbiased = said(c->im, c->node, "unbiased") ? ", unbiased = false" : "";
    const char *fixed = said(c->im, c->node, "fixed") ? ", fixed = true" : "";
    give(c, 0, shape, "batch_norm(%s%s%s%s%s%s)%s", text,
         strcmp(rated, ", rate = 0.1") ? rated : "", eps_option(c, 1e-5f), unbiased, fixed, options,
         as_text(arena, path));
}

void onnx_batch_norm(struct call *c)
{
    struct value *x = c->in[0], shape, **in = c->in;
    bool train = !c->im->request->infer, known = true;
    if (attribute_int(c, "training_mode", 0) || !attribute_int(c, "spatial", 1) || x->rank < 2) {
        refuse(c, "it is of a graph that trains, or not spatial");
        return;
    }
    for (int i = 1; i < 5; i++) {
        known &= in[i]->constant != NULL;
        if (in[i]->rank != 1 || in[i]->dim[0] != x->dim[1]) {
            refuse(c, "'%s' has not one number for each of %lld channels", in[i]->name,
                   (long long)x->dim[1]);
            return;
        }
    }
    const char *text = axis_last(c, x, 1, &shape);
    shape.constant = NULL;
    double rate = 1 - (double)attribute_float(c, "momentum", 0.9f);
    if (!text)
        return;
    if (train && known && own_affine(in[1], in[2], x->dim[1]) && rate > 0 && rate <= 1) {
        give_batch_norm(c, text, &shape);
        return;
    }
    in[3]->trained = in[4]->trained = false;
    give(c, 0, &shape, "(%s - %s) * rsqrt(%s + %s) * %s + %s", text, vector(c, in[3]),
         vector(c, in[4]), number_text(c->im->arena, attribute_float(c, "epsilon", 1e-5f)),
         vector(c, in[1]), vector(c, in[2]));
}

/* (x - mean) / deviation over those axes of the text. */
static const char *normalised(struct call *c, const char *x, const char *axes, float eps)
{
    const char *z = let_line(c, arena_printf(c->im->arena, "%s - mean(%s, axis = %s)", x, x, axes));
    return arena_printf(c->im->arena, "%s * rsqrt(mean(square(%s), axis = %s) + %s)", z, z, axes,
                        number_text(c->im->arena, eps));
}

void onnx_instance_norm(struct call *c)
{
    struct value *x = c->in[0], shape, last;
    if (x->rank < 3 || x->rows > 0 || c->in[1]->rank != 1 || c->in[2]->rank != 1) {
        refuse(c, "it has no axes of places, or not one scale for each channel");
        return;
    }
    const char *text = axis_last(c, x, 1, &shape);
    if (!text)
        return;
    shape.constant = NULL;
    last = shape;
    last.text = text;
    const char *name = named(c, &last);
    give(c, 0, &shape, "%s * %s + %s",
         normalised(c, name, place_axes(c, &last), attribute_float(c, "epsilon", 1e-5f)),
         vector(c, c->in[1]), vector(c, c->in[2]));
}

/* Its second and third output. */
static void give_moments(struct call *c, const char *x, int axis, const char *axes)
{
    struct value shape = like(c->in[0]);
    float eps = attribute_float(c, "epsilon", 1e-5f);
    for (int i = axis; i < shape.rank; i++)
        shape.dim[i] = 1;
    give(c, 1, &shape, "mean(%s, axis = %s)", x, axes);
    give(c, 2, &shape, "rsqrt(mean(square(%s - mean(%s, axis = %s)), axis = %s) + %s)", x, x, axes,
         axes, number_text(c->im->arena, eps));
}

void onnx_layer_norm(struct call *c)
{
    struct arena *arena = c->im->arena;
    struct value *x = c->in[0], *scale = c->in[1], *shift = c->ins > 2 ? c->in[2] : NULL;
    struct value shape = like(x);
    int axis = axis_of(c, x, attribute_int(c, "axis", -1)), n = text_axes(x);
    int64_t list[AXES];
    if (axis < 0)
        return;
    bool more = false;                  /* its mean, and the inverse of its deviation */
    for (int i = 1; i < c->outs; i++)
        more |= c->out[i] && c->out[i]->uses;
    if (x->rows >= axis) {
        refuse(c, "it goes over the rows of the batch");
        return;
    }
    const char *text = plain(c, x);
    if (!more && axis == x->rank - 1 && own_affine(scale, shift, x->dim[axis])) {
        const char *path =
            layer_path(c->im, scale->trained ? scale->name : NULL,
                       c->node->name && *c->node->name ? c->node->name : "layer_norm");
        const char *options = save_affine(c, path, scale, shift);
        give(c, 0, &shape, "layer_norm(%s%s%s)%s", text, eps_option(c, 1e-5f), options,
             as_text(arena, path));
        return;
    }
    int wide = x->rank - axis;
    for (int i = 0; i < wide; i++)
        list[i] = n - wide + i;
    struct value of = shape;
    of.text = text;
    text = named(c, &of);
    if (more)
        give_moments(c, text, axis, list_text(arena, wide, list));
    text = normalised(c, text, list_text(arena, wide, list),
                      attribute_float(c, "epsilon", 1e-5f));
    const char *by = aligned(c, scale, x->rank, n, shape.order);
    if (shift)
        give(c, 0, &shape, "%s * %s + %s", text, by, aligned(c, shift, x->rank, n, shape.order));
    else
        give(c, 0, &shape, "%s * %s", text, by);
}

/* Each group of channels of a row by its own mean and deviation. */
void onnx_group_norm(struct call *c)
{
    struct arena *arena = c->im->arena;
    struct value *x = c->in[0], *scale = c->in[1], *shift = c->in[2], shape;
    int64_t groups = attribute_int(c, "num_groups", 0), n = x->rank > 1 ? x->dim[1] : 0;
    if (n < 1 || groups < 1 || n % groups || x->dim[0] != 1 || x->rows > 0 || scale->rank != 1 ||
        shift->rank != 1) {
        refuse(c, "its groups do not divide the channels of a row, or it has several rows at once; "
               "--rows first takes each by itself");
        return;
    }
    const char *text = axis_last(c, x, 1, &shape);
    shape.constant = NULL;
    if (!text)
        return;
    const char *eps = eps_option(c, 1e-5f);
    if (!own_affine(scale, shift, n)) {
        give(c, 0, &shape,
             "group_norm(%s, %lld%s, with_scale = false, with_shift = false) * %s + %s", text,
             (long long)groups, eps, vector(c, scale), vector(c, shift));
        return;
    }
    const char *path = layer_path(c->im, scale->trained ? scale->name : NULL,
                                  c->node->name && *c->node->name ? c->node->name : "group_norm");
    const char *options = save_affine(c, path, scale, shift);
    give(c, 0, &shape, "group_norm(%s, %lld%s%s)%s", text, (long long)groups, eps, options,
         as_text(arena, path));
}

/* By the root of the mean square of axes up to the last, times a scale. */
void onnx_rms_norm(struct call *c)
{
    struct arena *arena = c->im->arena;
    struct value *x = c->in[0], shape = like(x), of = shape;
    int axis = axis_of(c, x, attribute_int(c, "axis", -1)), n = text_axes(x);
    int64_t list[AXES];
    if (axis < 0 || !has_types(c, 0, 2, TYPE_REAL))
        return;
    if (x->rows >= axis || c->in[1]->rank > x->rank || c->in[1]->rows >= 0) {
        refuse(c, "it goes over the rows of the batch, or its scale is not that of those axes");
        return;
    }
    for (int i = axis; i < x->rank; i++)
        list[i - axis] = n - x->rank + i;
    of.text = plain(c, x);
    const char *text = named(c, &of);
    give(c, 0, &shape, "%s * rsqrt(mean(square(%s), axis = %s) + %s) * %s", text, text,
         list_text(arena, x->rank - axis, list),
         number_text(arena, attribute_float(c, "epsilon", 1e-5f)),
         aligned(c, c->in[1], x->rank, n, shape.order));
}

/* By the sum of an axis, or the root of that of squares; 0 where that is 0. */
void onnx_lp_norm(struct call *c)
{
    struct value *x = c->in[0], shape = like(x), of = shape;
    int axis = axis_of(c, x, attribute_int(c, "axis", -1));
    int64_t p = attribute_int(c, "p", 2);
    int at = axis < 0 || !has_types(c, 0, 1, TYPE_REAL) ? -1 : text_axis(c, &shape, axis);
    if (at < 0)
        return;
    if (p != 1 && p != 2) {
        refuse(c, "the standard has norms of 1 and 2, and not %lld", (long long)p);
        return;
    }
    of.text = plain(c, x);
    const char *text = named(c, &of);
    const char *norm = let_line(c, arena_printf(
        c->im->arena, p == 1 ? "sum(abs(%s), axis = %d)" : "sqrt(sum(square(%s), axis = %d))", text,
        at));
    give(c, 0, &shape, "select(%s == 0, 0, %s / %s)", norm, text, norm);
}

void onnx_mean_variance(struct call *c)
{
    struct value *x = c->in[0], shape = *x;
    int64_t axis[AXES] = {0, 2, 3}, list[AXES];
    int n = attribute_ints(c, "axes", axis, AXES);
    n = n < 0 ? 3 : n;
    for (int i = 0; i < n; i++) {
        int at = axis_of(c, x, axis[i]);
        list[i] = at < 0 ? -1 : text_axis(c, x, at);
        if (list[i] < 0)
            return;
    }
    shape.constant = NULL;
    const char *axes = list_text(c->im->arena, n, list), *name = named(c, x);
    const char *z =
        let_line(c, arena_printf(c->im->arena, "%s - mean(%s, axis = %s)", name, name, axes));
    give(c, 0, &shape, "%s / (sqrt(mean(square(%s), axis = %s)) + 1e-9)", z, z, axes);
}

void onnx_lrn(struct call *c)
{
    struct value shape;
    struct arena *arena = c->im->arena;
    int64_t size = attribute_int(c, "size", 0);
    const char *x = c->in[0]->rank < 2 ? NULL : axis_last(c, c->in[0], 1, &shape);
    if (!x)
        return;
    shape.constant = NULL;
    if (size < 1 || size % 2 == 0) {
        refuse(c, "it takes an even number of neighbours, one more behind than before");
        return;
    }
    give(c, 0, &shape, "local_response_norm(%s, %lld, alpha = %s, beta = %s, k = %s)", x,
         (long long)size, number_text(arena, attribute_float(c, "alpha", 1e-4f)),
         number_text(arena, attribute_float(c, "beta", 0.75f)),
         number_text(arena, attribute_float(c, "bias", 1)));
}
