/* Rules of operators that take axes together, and of images of another size. */
#include <math.h>
#include <string.h>
#include "convert/rules.h"

/* ---- reductions ---- */

/* The axes reduced, as bits of the value's; -1: refused. */
static int64_t reduced_axes(struct call *c)
{
    const struct value *x = c->in[0];
    int64_t axis[AXES], bits = 0;
    int n = attribute_ints(c, "axes", axis, AXES);
    n = n < 0 ? known_ints(c, 1, axis, AXES) : n;
    if (c->out[0]->failed)
        return -1;
    if (n <= 0)
        return attribute_int(c, "noop_with_empty_axes", 0) ? 0 : ((int64_t)1 << x->rank) - 1;
    for (int i = 0; i < n; i++) {
        int at = axis_of(c, x, axis[i]);
        if (at < 0)
            return -1;
        bits |= (int64_t)1 << at;
    }
    return bits;
}

/* The value without these axes, or with one element in each. */
static void reduce_shape(const struct value *x, int64_t bits, bool keep, struct value *shape)
{
    *shape = (struct value){.type = x->type, .rows = -1};
    int to[AXES], n = 0;
    for (int i = 0; i < x->rank; i++) {
        to[i] = shape->rank;
        if (bits >> i & 1 && !keep)
            continue;
        shape->rows = i == x->rows ? shape->rank : shape->rows;
        shape->dim[shape->rank++] = bits >> i & 1 ? 1 : x->dim[i];
    }
    for (int i = 0; i < text_axes(x); i++)
        if (keep || !(bits >> x->order[i] & 1))
            shape->order[n++] = to[x->order[i]];
}

static const char *operand_text(struct call *c, struct value *x)
{
    if (x->constant) {
        orderly(x);
        return plain(c, x);
    }
    return x->text;
}

/* Gives the text, whose reduced axes have one element, or (gone) are not there. */
static void give_reduced(struct call *c, int64_t bits, int type, const char *text, bool gone)
{
    struct value shape;
    int64_t dim[AXES];
    bool keep = attribute_int(c, "keepdims", 1) != 0;
    reduce_shape(c->in[0], bits, keep, &shape);
    shape.type = type;
    text_dims(&shape, dim);
    if (keep != gone)
        give(c, 0, &shape, "%s", text);
    else
        give(c, 0, &shape, "reshape(%s, %s)", text,
             list_text(c->im->arena, text_axes(&shape), dim));
}

/* The axes of the text among the bits, how many; -1: refused. */
static int text_bits(struct call *c, int64_t bits, int64_t *list)
{
    const struct value *x = c->in[0];
    int n = 0;
    if (x->rows >= 0 && bits >> x->rows & 1) {
        text_axis(c, x, x->rows);
        return -1;
    }
    for (int i = 0; i < text_axes(x); i++)
        if (bits >> x->order[i] & 1)
            list[n++] = i;
    return n;
}

/* What a sum is of, and what is made of it, of each element by itself. */
static void give_of_each(struct call *c, const char *text)
{
    const char *op = c->node->op_type + strlen("Reduce");
    struct value shape = *c->in[0];
    const char *map = !strcmp(op, "L1") || !strcmp(op, "L2") ? "abs"
        : !strcmp(op, "SumSquare") ? "square" : !strcmp(op, "LogSum") ? "log" : NULL;
    shape.constant = NULL;
    if (map)
        give(c, 0, &shape, "%s(%s)", map, text);
    else
        give_text(c, 0, &shape, text);
}

void onnx_reduce(struct call *c)
{
    struct value *x = c->in[0];
    int64_t list[AXES], bits = has_types(c, 0, 1, TYPE_REAL) ? reduced_axes(c) : -1;
    const char *text = bits < 0 ? NULL : operand_text(c, x);
    int n = text ? text_bits(c, bits, list) : -1;
    if (n < 0)
        return;
    if (n == 0 && attribute_int(c, "noop_with_empty_axes", 0)) {
        give_of_each(c, text);
        return;
    }
    const char *operand[2] = {text, n == 1 ? arena_printf(c->im->arena, "%lld", (long long)list[0])
                                           : list_text(c->im->arena, n, list)};
    if (strpbrk(text, "( "))
        operand[0] = let_line(c, text);
    give_reduced(c, bits, x->type, fill_text(c, c->rule->text, operand), false);
}

/* The last of running products over the axes, brought together at the end. */
void onnx_reduce_prod(struct call *c)
{
    struct value *x = c->in[0], last = *x;
    int64_t list[AXES], dim[AXES], all = 1;
    int64_t bits = has_types(c, 0, 1, TYPE_REAL) ? reduced_axes(c) : -1;
    int n = bits < 0 ? -1 : text_bits(c, bits, list), kept = 0;
    if (n < 0)
        return;
    if (n == 0) {
        give_text(c, 0, x, operand_text(c, x));
        return;
    }
    for (int k = 0; k < 2; k++)
        for (int i = 0; i < text_axes(x); i++)
            if ((bits >> x->order[i] & 1) == k)
                last.order[kept++] = x->order[i];
    const char *text = ordered(c, x, last.order);
    text_dims(&last, dim);
    for (int i = text_axes(x) - n; i < text_axes(x); i++)
        all *= dim[i];
    dim[text_axes(x) - n] = all;
    text = arena_printf(c->im->arena, "cumprod(reshape(%s, %s))[..., -1]", text,
                        list_text(c->im->arena, text_axes(x) - n + 1, dim));
    if (text_axes(x) == n)
        text = arena_printf(c->im->arena, "cumprod(reshape(%s, [%lld]))[-1]",
                            ordered(c, x, last.order), (long long)all);
    give_reduced(c, bits, x->type, text, true);
}

void onnx_argmax(struct call *c)
{
    struct value *x = c->in[0];
    int axis = axis_of(c, x, attribute_int(c, "axis", 0)), at;
    if (axis < 0 || !has_types(c, 0, 1, TYPE_REAL))
        return;
    const char *text = operand_text(c, x);
    at = text_axis(c, x, axis);
    if (at < 0)
        return;
    bool last = attribute_int(c, "select_last_index", 0) != 0;
    int64_t n = x->dim[axis];
    if (last && n > MOST_PLACES) {
        refuse(c, "axis %d has too many elements to be turned round", axis);
        return;
    }
    if (last) {                         /* the first of the reversed axis */
        int64_t *back = ARENA_ARRAY(c->im->arena, int64_t, n + 1);
        for (int64_t i = 0; i < n; i++)
            back[i] = n - 1 - i;
        text = take_text(c, text, at, n, back);
    }
    const char *operand[2] = {text, arena_printf(c->im->arena, "%d", at)};
    const char *place =
        arena_printf(c->im->arena, "to_int(%s)", fill_text(c, c->rule->text, operand));
    if (last)
        place = arena_printf(c->im->arena, "%lld - %s", (long long)n - 1, place);
    give_reduced(c, (int64_t)1 << axis, ONNX_INT64, place, true);
}

void onnx_hardmax(struct call *c)
{
    struct value shape;
    int axis = axis_of(c, c->in[0], attribute_int(c, "axis", -1));
    const char *x = axis < 0 ? NULL : axis_last(c, c->in[0], axis, &shape);
    if (!x)
        return;
    shape.constant = NULL;
    give(c, 0, &shape, "to_float(one_hot(argmax(%s)))", x);
}

/* ---- images of another size ---- */
struct scaling { const char *mode, *where, *nearest; float a; bool inside, unsaid; };

/* Where place i of `out` lies among `in`. */
static double place_of(const struct scaling *s, int64_t i, int64_t in, int64_t out, double scale)
{
    double at = (double)i;
    if (!strcmp(s->where, "asymmetric"))
        return at / scale;
    if (!strcmp(s->where, "align_corners")) /* by extents that are no whole numbers */
        return out == 1 ? 0 : at * (double)(in - 1) / ((double)in * scale - 1);
    if (!strcmp(s->where, "pytorch_half_pixel") && out == 1)
        return 0;
    return (at + 0.5) / scale - (strcmp(s->where, "tf_half_pixel_for_nn") ? 0.5 : 0);
}

static int64_t nearest_of(const struct scaling *s, double at)
{
    if (!strcmp(s->nearest, "floor"))
        return (int64_t)floor(at);
    if (!strcmp(s->nearest, "ceil"))
        return (int64_t)ceil(at);
    return (int64_t)(strcmp(s->nearest, "round_prefer_ceil") ? ceil(at - 0.5) : floor(at + 0.5));
}

static double cubic(double d, double a)
{
    d = fabs(d);
    return d <= 1  ? ((a + 2) * d - (a + 3)) * d * d + 1
           : d < 2 ? ((a * d - 5 * a) * d + 8 * a) * d - 4 * a
                   : 0;
}

/* The weights [in, out] that make one axis of the other. */
static struct tensor *weights_of(struct call *c, const struct scaling *s, int64_t in, int64_t out,
                                 double scale)
{
    int64_t dim[2] = {in, out};
    struct tensor *t = tensor_new(c->im, ONNX_FLOAT, 2, dim);
    bool linear = !strcmp(s->mode, "linear");
    for (int64_t i = 0; t && i < out; i++) {
        double at = place_of(s, i, in, out, scale), low = floor(at), sum = 0, weight[4] = {0};
        if (linear)
            at = at < 0 ? 0 : at > (double)(in - 1) ? (double)(in - 1) : at;
        low = floor(at);
        for (int k = linear ? 1 : 0; k < (linear ? 3 : 4); k++) {
            double place = low + k - 1, d = at - place;
            bool there = place >= 0 && place <= (double)(in - 1);
            weight[k] = linear ? 1 - fabs(d) : cubic(d, (double)s->a);
            weight[k] = s->inside && !there ? 0 : weight[k];
            sum += weight[k];
        }
        for (int k = 0; k < 4; k++) {
            int64_t to = (int64_t)low + k - 1;
            to = to < 0 ? 0 : to >= in ? in - 1 : to;
            t->real[to * out + i] += (float)(weight[k] / (s->inside ? sum : 1));
        }
    }
    return t;
}

/* One axis of the text in *shape. */
static bool scale_axis(struct call *c, const struct scaling *s, struct value *shape, int axis,
                       int64_t out, double scale)
{
    int64_t in = shape->dim[axis];
    int at = text_axis(c, shape, axis);
    if (at < 0)
        return false;
    if (in > 1 << 22 || out > 1 << 22) {
        refuse(c, "axis %d has too many elements to be made smaller or larger", axis);
        return false;
    }
    if (!strcmp(s->mode, "nearest")) {
        int64_t *place = ARENA_ARRAY(c->im->arena, int64_t, out + 1);
        for (int64_t i = 0; i < out; i++) {
            double exact = place_of(s, i, in, out, scale);
            if (s->unsaid && scale < 1 && exact != floor(exact)) {
                refuse(c, "before opset 11 the standard does not say which element is nearest in a "
                       "smaller image; convert it by onnx.version_converter");
                return false;
            }
            place[i] = nearest_of(s, exact);
            place[i] = place[i] < 0 ? 0 : place[i] >= in ? in - 1 : place[i];
        }
        shape->text = take_text(c, shape->text, at, out, place);
    } else {
        struct tensor *t = weights_of(c, s, in, out, scale);
        struct value by = {.name = "resized", .type = ONNX_FLOAT, .rank = 2, .rows = -1,
                           .dim = {in, out}, .constant = t}, last;
        if (!t) {
            refuse(c, "axis %d has too many elements to be made smaller or larger", axis);
            return false;
        }
        orderly(&by);
        const char *text = axis_last(c, shape, axis, &last);
        memcpy(shape->order, last.order, sizeof last.order);
        shape->text = let_line(c, arena_printf(c->im->arena, "%s @ %s", text, plain(c, &by)));
    }
    shape->dim[axis] = out;
    return true;
}

/* Scales of all axes, and what comes out; false after a refusal. */
static bool find_scales(struct call *c, const struct value *x, double *scale, int64_t *out)
{
    const Onnx__Attribute *a = attribute(c, "scales");
    int at = c->rule->since == 11 ? 2 : 1;
    const struct value *v = c->ins > at ? c->in[at] : NULL;
    const float *list = a ? a->floats : v && v->constant ? v->constant->real : NULL;
    int64_t n = a ? (int64_t)a->n_floats : list ? v->constant->count : 0;
    bool sized = !n && c->ins > 3 && c->in[3];
    if (sized && known_ints(c, 3, out, AXES) != x->rank)
        sized = false;
    if (attribute(c, "axes") || (!sized && n != x->rank)) {
        refuse(c, "its scales or sizes must be known, one for each axis");
        return false;
    }
    for (int i = 0; i < x->rank; i++) {
        if (sized && out[i] == ROW_COUNT)
            out[i] = 1;
        if (sized)
            scale[i] = (double)out[i] / (double)x->dim[i];
        else
            scale[i] = (double)list[i];
        if (!sized)
            out[i] = (int64_t)floor((double)x->dim[i] * scale[i]);
        if (!(scale[i] > 0) || out[i] < 1 || out[i] > 1 << 24) {
            refuse(c, "axis %d becomes nothing", i);
            return false;
        }
    }
    return true;
}

void onnx_resize(struct call *c)
{
    struct value *x = c->in[0], shape = *x;
    bool old = c->rule->since != 11;
    struct scaling s = {
        attribute_text(c, "mode", "nearest"),
        old ? "asymmetric"
            : attribute_word(c, "coordinate_transformation_mode",
                             "half_pixel align_corners asymmetric half_pixel_symmetric "
                             "pytorch_half_pixel tf_crop_and_resize tf_half_pixel_for_nn"),
        old ? "floor" : attribute_word(c, "nearest_mode",
                                       "round_prefer_floor round_prefer_ceil floor ceil"),
        attribute_float(c, "cubic_coeff_a", -0.75f), attribute_int(c, "exclude_outside", 0) != 0,
        old};
    double scale[AXES];
    int64_t out[AXES];
    bool known =
        !strcmp(s.mode, "nearest") || !strcmp(s.mode, "linear") || !strcmp(s.mode, "cubic");
    if (!known || !strcmp(s.where, "tf_crop_and_resize") ||
        !strcmp(s.where, "half_pixel_symmetric") || attribute_int(c, "antialias", 0) ||
        strcmp(attribute_text(c, "keep_aspect_ratio_policy", "stretch"), "stretch")) {
        refuse(c, "mode '%s' with places '%s' cannot be expressed", s.mode, s.where);
        return;
    }
    if (!has_types(c, 0, 1, TYPE_REAL) || !find_scales(c, x, scale, out))
        return;
    shape.text = operand_text(c, x);
    shape.constant = NULL;
    for (int i = 0; i < x->rank; i++)
        if ((out[i] != x->dim[i] || scale[i] != 1) &&
            !scale_axis(c, &s, &shape, i, out[i], scale[i]))
            return;
    give(c, 0, &shape, "%s", shape.text);
}
