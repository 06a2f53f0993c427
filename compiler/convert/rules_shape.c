/* Rules of operators that move elements: shapes, pieces, reading by index. */
#include <string.h>
#include "convert/rules.h"

/* ---- extents of one ---- */

/* The axes that an attribute, or the second input, names, as bits; -1: refused; 0 and *given false
 * where neither does. */
static int64_t named_axes(struct call *c, int rank, bool *given)
{
    int64_t axis[AXES], bits = 0;
    int n = attribute_ints(c, "axes", axis, AXES);
    if (n < 0)
        n = known_ints(c, 1, axis, AXES);
    *given = n >= 0;
    for (int i = 0; i < n; i++) {
        int64_t at = axis[i] < 0 ? axis[i] + rank : axis[i];
        if (at < 0 || at >= rank || bits >> at & 1) {
            refuse(c, "axis %lld is none of %d, or named twice", (long long)axis[i], rank);
            return -1;
        }
        bits |= (int64_t)1 << at;
    }
    return c->outs && c->out[0] && c->out[0]->failed ? -1 : bits;
}

/* The text with other axes of one element: of value axis i there is what `to` says (-1: none);
 * those that are new stand where they do in order. */
static void give_axes(struct call *c, struct value *shape, const int *to)
{
    struct value *x = c->in[0];
    int64_t dim[AXES];
    int count = 0, n = text_axes(shape);
    if (x->constant) {
        orderly(shape);
        text_dims(shape, dim);
        give(c, 0, shape, "reshape(%s, %s)", plain(c, x), list_text(c->im->arena, n, dim));
        return;
    }
    bool seen[AXES] = {false};
    for (int i = 0; i < text_axes(x); i++)
        if (to[x->order[i]] >= 0) {
            shape->order[count++] = to[x->order[i]];
            seen[to[x->order[i]]] = true;
        }
    for (int i = 0; i < shape->rank; i++) { /* new ones behind those that stand before them */
        if (seen[i] || i == shape->rows)
            continue;
        int at = 0;
        for (int k = 0; k < count; k++)
            at = shape->order[k] < i ? k + 1 : at;
        memmove(shape->order + at + 1, shape->order + at,
                sizeof *shape->order * (size_t)(count - at));
        shape->order[at] = i;
        count++;
    }
    text_dims(shape, dim);
    if (n == text_axes(x))
        give_text(c, 0, shape, x->text);
    else
        give(c, 0, shape, "reshape(%s, %s)", x->text, list_text(c->im->arena, n, dim));
}

void onnx_squeeze(struct call *c)
{
    const struct value *x = c->in[0];
    struct value shape = {.type = x->type, .rows = -1};
    bool given;
    int to[AXES];
    int64_t gone = named_axes(c, x->rank, &given);
    if (gone < 0)
        return;
    if (!given && x->rows >= 0 && c->im->batch == 1) {
        refuse(c, "without 'axes' it takes the batch's axis of 1 away, too: name its axes, or take "
               "--rows none");
        return;
    }
    for (int i = 0; i < x->rank; i++) {
        bool drop = given ? gone >> i & 1 : x->dim[i] == 1 && i != x->rows;
        if (drop && (i == x->rows || x->dim[i] != 1)) {
            refuse(c, "axis %d is that of the batch's rows, or has more than one element", i);
            return;
        }
        to[i] = drop ? -1 : shape.rank;
        if (drop)
            continue;
        shape.rows = i == x->rows ? shape.rank : shape.rows;
        shape.dim[shape.rank++] = x->dim[i];
    }
    give_axes(c, &shape, to);
}

void onnx_unsqueeze(struct call *c)
{
    const struct value *x = c->in[0];
    int64_t axis[AXES], count = attribute_ints(c, "axes", axis, AXES);
    count = count < 0 ? known_ints(c, 1, axis, AXES) : count;
    struct value shape = {
        .type = x->type, .rows = -1, .rank = x->rank + (int)(count < 0 ? 0 : count)};
    int to[AXES], from = 0;
    bool given;
    if (shape.rank > AXES) {
        refuse(c, "it has over %d axes", AXES);
        return;
    }
    int64_t fresh = named_axes(c, shape.rank, &given);
    if (fresh < 0)
        return;
    for (int i = 0; i < shape.rank; i++) {
        shape.dim[i] = fresh >> i & 1 ? 1 : x->dim[from];
        if (fresh >> i & 1)
            continue;
        shape.rows = from == x->rows ? i : shape.rows;
        to[from++] = i;
    }
    give_axes(c, &shape, to);
}

/* ---- pieces ---- */
const char *range_text(struct arena *arena, int n, const int64_t *dim, int axis, int64_t a,
                       int64_t b)
{
    const char *text = axis == n - 1 && n > 1 ? "[..., " : "[";
    for (int i = 0; i < axis && axis != n - 1; i++)
        text = arena_printf(arena, "%s0..%lld, ", text, (long long)dim[i] - 1);
    return arena_printf(arena, "%s%lld..%lld]", text, (long long)a, (long long)b);
}

const char *take_text(struct call *c, const char *text, int axis, int64_t count,
                      const int64_t *place)
{
    struct import *im = c->im;
    int64_t one[1] = {count};
    struct tensor *t = tensor_new(im, ONNX_INT64, 1, one);
    memcpy(t->whole, place, sizeof *place * (size_t)count);
    if (count <= 16)
        return arena_printf(im->arena, "take(%s, to_int(%s), axis = %d)", text,
                            list_text(im->arena, (int)count, place), axis);
    struct value v = {.name = "places", .type = ONNX_INT64, .rank = 1, .rows = -1, .dim = {count},
                      .constant = t};
    orderly(&v);
    return arena_printf(im->arena, "take(%s, %s, axis = %d)", text, plain(c, &v), axis);
}

void onnx_concat(struct call *c)
{
    struct value shape = *c->in[0];
    struct arena *arena = c->im->arena;
    const struct value *first = c->in[0];
    int axis = axis_of(c, first, attribute_int(c, "axis", 0));
    for (int i = 0; i < c->ins; i++) {
        bool fits = c->in[i] && c->in[i]->rank == first->rank && c->in[i]->type == first->type;
        for (int k = 0; fits && k < first->rank; k++)
            fits = k == axis || c->in[i]->dim[k] == first->dim[k];
        if (!fits && axis >= 0)
            refuse(c, "its inputs have not one shape but for that axis, and one type");
        if (!fits || axis < 0)
            return;
        if (!c->in[i]->constant && shape.constant)
            shape = *c->in[i];
    }
    shape.constant = NULL;
    shape.dim[axis] = 0;
    const char *text = "";
    for (int i = 0; i < c->ins; i++) {
        if (c->in[i]->rows != shape.rows) {
            refuse(c, "'%s' would be joined along the axis of the batch's rows, or is no row",
                   c->in[i]->name);
            return;
        }
        text = arena_printf(arena, "%s%s, ", text, ordered(c, c->in[i], shape.order));
        shape.dim[axis] += c->in[i]->dim[axis];
    }
    int at = text_axis(c, &shape, axis);
    if (at >= 0 && c->ins == 1)
        give_text(c, 0, &shape, ordered(c, c->in[0], shape.order));
    else if (at >= 0)
        give(c, 0, &shape, "concat(%saxis = %d)", text, at);
}

void onnx_split(struct call *c)
{
    struct value *x = c->in[0], part = *x;
    int64_t size[OUTPUTS], dim[AXES], from = 0;
    int axis = axis_of(c, x, attribute_int(c, "axis", 0)),
        given = attribute_ints(c, "split", size, OUTPUTS);
    given = given < 0 ? known_ints(c, 1, size, OUTPUTS) : given;
    int at = axis < 0 ? -1 : text_axis(c, x, axis);
    if (at < 0 || c->node->n_output > OUTPUTS) {
        if (at >= 0)
            refuse(c, "it has over %d outputs", OUTPUTS);
        return;
    }
    if (attribute_int(c, "num_outputs", c->outs) != c->outs) {
        refuse(c, "'num_outputs' is not how many it has, %d", c->outs);
        return;
    }
    int64_t each = (x->dim[axis] + c->outs - 1) / c->outs;
    const char *text = x->constant ? plain(c, x) : x->text;
    text_dims(x, dim);
    for (int i = 0; i < c->outs; i++) {
        int64_t left = x->dim[axis] - from, n = given >= 0 ? i < given ? size[i] : 0
            : each < left ? each : left;
        if (n < 1 || n > left) {
            refuse(c, "its parts are not those of an axis of %lld", (long long)x->dim[axis]);
            return;
        }
        part.dim[axis] = n;
        part.constant = NULL;
        give(c, i, &part, "%s%s", text,
             range_text(c->im->arena, text_axes(x), dim, at, from, from + n - 1));
        from += n;
    }
}

/* One axis from start to end by step, as ONNX counts; false after a refusal. */
static bool slice_axis(struct call *c, struct value *shape, const char **text, int axis,
                       int64_t start, int64_t end, int64_t step)
{
    int64_t n = shape->dim[axis], dim[AXES], count;
    if (axis == shape->rows && step == 1 && start == 0 && (end == ROW_COUNT || end >= INT32_MAX))
        return true;
    int at = text_axis(c, shape, axis);
    if (at < 0 || step == 0 || start == ROW_COUNT || end == ROW_COUNT || step < -INT32_MAX ||
        step > INT32_MAX) {
        refuse(c, "its start, end or step along axis %d cannot be", axis);
        return false;
    }
    int64_t least = step < 0 ? -1 : 0, most = step < 0 ? n - 1 : n;
    start = start < 0 ? start + n : start;
    end = end < 0 ? end < -n ? -1 - (step > 0) : end + n : end;
    start = start < 0 ? 0 : start > most ? most : start;
    end = end < least ? least : end > most ? most : end;
    count = step > 0 ? (end - start + step - 1) / step : (start - end - step - 1) / -step;
    if (count < 1) {
        refuse(c, "nothing of axis %d is left, and a model file has no empty arrays", axis);
        return false;
    }
    if (count == n && step == 1)
        return true;
    if (step != 1 && count > MOST_PLACES) {
        refuse(c, "of axis %d it takes %lld places one by one, which are too many", axis,
               (long long)count);
        return false;
    }
    text_dims(shape, dim);
    int64_t *place = ARENA_ARRAY(c->im->arena, int64_t, (step == 1 ? 0 : count) + 1);
    for (int64_t i = 0; i < count && step != 1; i++)
        place[i] = start + i * step;
    *text = step == 1 ? arena_printf(c->im->arena, "%s%s", *text,
                                     range_text(c->im->arena, text_axes(shape), dim, at, start,
                                                start + count - 1))
                      : take_text(c, *text, at, count, place);
    shape->dim[axis] = count;
    return true;
}

static void give_slice(struct call *c, int count, const int64_t *axis, const int64_t *start,
                       const int64_t *end, const int64_t *step)
{
    struct value *x = c->in[0], shape = *x;
    const char *text = x->constant ? plain(c, x) : x->text, *before = text;
    shape.constant = NULL;
    for (int i = 0; i < count; i++) {
        int at = axis_of(c, x, axis[i]);
        if (at < 0 || !slice_axis(c, &shape, &text, at, start[i], end[i], step[i]))
            return;
    }
    if (before == text)
        give_text(c, 0, &shape, text);
    else
        give(c, 0, &shape, "%s", text);
}

static void count_up(int64_t *list, int64_t first, int64_t by)
{
    for (int i = 0; i < AXES; i++)
        list[i] = first + i * by;
}

void onnx_slice_attributes(struct call *c)
{
    int64_t start[AXES], end[AXES], axis[AXES], step[AXES];
    int n = attribute_ints(c, "starts", start, AXES), ends = attribute_ints(c, "ends", end, AXES);
    count_up(step, 1, 0);
    count_up(axis, 0, 1);
    int axes = attribute_ints(c, "axes", axis, AXES);
    if (n < 0 || ends != n || (axes >= 0 && axes != n))
        refuse(c, "its starts, ends and axes are not as many");
    else
        give_slice(c, n, axis, start, end, step);
}

void onnx_slice(struct call *c)
{
    int64_t start[AXES], end[AXES], axis[AXES], step[AXES];
    int n = known_ints(c, 1, start, AXES), ends = known_ints(c, 2, end, AXES);
    count_up(step, 1, 0);
    count_up(axis, 0, 1);
    int axes = known_ints(c, 3, axis, AXES), steps = known_ints(c, 4, step, AXES);
    if (c->out[0]->failed)
        return;
    if (ends != n || (axes >= 0 && axes != n) || (steps >= 0 && steps != n))
        refuse(c, "its starts, ends, axes and steps are not as many");
    else
        give_slice(c, n, axis, start, end, step);
}

/* The middle of axes that are too long, and zeros around those that are too short. */
void onnx_center_crop_pad(struct call *c)
{
    const struct value *x = c->in[0];
    int64_t axes[AXES], wanted[AXES], start[AXES], end[AXES], pads[2 * AXES] = {0};
    count_up(axes, 0, 1);
    int n = known_ints(c, 1, wanted, AXES), given = attribute_ints(c, "axes", axes, AXES);
    bool fits = n == (given < 0 ? x->rank : given), padded = false;
    for (int i = 0; fits && i < n; i++) {
        int axis = axis_of(c, x, axes[i]);
        if (axis < 0)
            return;
        bool rows = axis == x->rows;
        int64_t all = x->dim[axis], out = rows ? all : wanted[i];
        fits = out >= 1 && out <= INT32_MAX &&
               (!rows || wanted[i] == ROW_COUNT || wanted[i] == c->im->batch);
        start[i] = out < all ? (all - out) / 2 : 0;
        end[i] = out < all ? start[i] + out : INT32_MAX;
        pads[axis] = out > all ? (out - all) / 2 : 0;
        pads[x->rank + axis] = out > all ? out - all - pads[axis] : 0;
        padded |= out > all;
    }
    if (!fits) {
        refuse(c, "its shape is not of its axes, or would change how many rows there are");
        return;
    }
    const char *y = PUT(c, "Slice", c->node->input[0], put_list(c, n, start), put_list(c, n, end),
                        put_list(c, n, axes));
    y = padded ? PUT(c, "Pad", y, put_list(c, 2 * x->rank, pads)) : y;
    give_results(c, (const char *const[OUTPUTS]){y});
}

/* ---- repetition ---- */

/* A constant that stands there for each row: the same for all, so that no line is needed. */
static void give_for_rows(struct call *c, struct value *shape, struct value *x)
{
    int64_t dim[AXES];
    bool zero = x->constant->real != NULL;
    for (int64_t i = 0; zero && i < x->constant->count; i++)
        zero = x->constant->real[i] == 0;
    text_dims(shape, dim);
    give_text(c, 0, shape,
              arena_printf(c->im->arena, "broadcast(%s, %s)",
                           aligned(c, x, shape->rank, text_axes(shape), shape->order),
                           list_text(c->im->arena, text_axes(shape), dim)));
    c->out[0]->zero = zero;
}

void onnx_expand(struct call *c)
{
    struct value *x = c->in[0], wanted = {.rows = -1}, shape, *both[2] = {x, &wanted};
    int64_t dim[AXES];
    int n = known_ints(c, 1, wanted.dim, AXES);
    if (n < 0 || c->out[0]->failed)
        return;
    wanted.rank = n;
    for (int i = 0; i < n; i++)
        if (wanted.dim[i] == ROW_COUNT) {
            wanted.dim[i] = 1;
            wanted.rows = i;
        }
    orderly(&wanted);
    if (wanted.rows >= 0 && x->rows < 0 && !x->constant) {
        refuse(c, "it repeats for each row what is the same for all");
        return;
    }
    if (!broadcast_shape(c, 2, both, &shape))
        return;
    shape.type = x->type;
    if (wanted.rows >= 0 && x->rows < 0) {
        give_for_rows(c, &shape, x);
        return;
    }
    text_dims(&shape, dim);
    give(c, 0, &shape, "broadcast(%s, %s)",
         aligned(c, x, shape.rank, text_axes(&shape), shape.order),
         list_text(c->im->arena, text_axes(&shape), dim));
}

/* [.., n, ..] as [.., 1, n, ..], repeated, as [.., r n, ..]. */
void onnx_tile(struct call *c)
{
    struct arena *arena = c->im->arena;
    struct value *x = c->in[0], shape = *x;
    int64_t times[AXES], one[2 * AXES], all[2 * AXES], dim[AXES];
    int n = known_ints(c, 1, times, AXES), count = 0;
    if (n < 0 || c->out[0]->failed)
        return;
    if (n != x->rank || (x->rows >= 0 && times[x->rows] != 1)) {
        refuse(c, "it has not as many repeats as axes, or repeats the rows of the batch");
        return;
    }
    const char *text = x->constant ? plain(c, x) : x->text;
    for (int i = 0; i < text_axes(x); i++) {
        int axis = x->order[i];
        if (times[axis] < 1 || times[axis] > 1 << 20) {
            refuse(c, "%lld repeats of axis %d cannot be", (long long)times[axis], axis);
            return;
        }
        if (times[axis] != 1) {
            one[count] = 1;
            all[count++] = times[axis];
        }
        one[count] = all[count] = x->dim[axis];
        count++;
        shape.dim[axis] = x->dim[axis] * times[axis];
    }
    if (count > AXES) {
        refuse(c, "it repeats so many axes that over %d are needed", AXES);
        return;
    }
    text_dims(&shape, dim);
    shape.constant = NULL;
    give(c, 0, &shape, "reshape(broadcast(reshape(%s, %s), %s), %s)", text,
         list_text(arena, count, one), list_text(arena, count, all),
         list_text(arena, text_axes(x), dim));
}

/* ---- frames ---- */

/* Which element place i of a frame is, by its mode; -1: none. */
static int64_t framed(const char *mode, int64_t i, int64_t n)
{
    if (!strcmp(mode, "edge"))
        return i < 0 ? 0 : i >= n ? n - 1 : i;
    if (!strcmp(mode, "wrap"))
        return (i % n + n) % n;
    i = i < 0 ? -i : i >= n ? 2 * (n - 1) - i : i;
    return i < n ? i : -1;
}

/* Around the text stand elements of a value. */
static const char *pad_constant(struct call *c, const char *text, int n, const int64_t *dim,
                                const int64_t *before, const int64_t *after, const char *outside)
{
    struct arena *arena = c->im->arena;
    int64_t ones[AXES], all[AXES];
    for (int i = 0; i < n; i++) {
        ones[i] = 1;
        all[i] = dim[i] + before[i] + after[i];
    }
    if (2 * n > AXES) {                 /* one axis at a time */
        for (int i = 0; i < n; i++) {
            int64_t wide[AXES];
            if (before[i] + after[i] == 0)
                continue;
            for (int k = 0; k < n; k++)
                wide[k] = k <= i ? all[k] : dim[k];
            text = arena_printf(arena,
                                "reshape(window(%s, 1, axis = %d, before = %lld, after = %lld, "
                                "outside = %s), %s)",
                                text, i, (long long)before[i], (long long)after[i], outside,
                                list_text(arena, n, wide));
        }
        return text;
    }
    return arena_printf(arena, "reshape(window(%s, %s, before = %s, after = %s, outside = %s), %s)",
                        text, list_text(arena, n, ones), list_text(arena, n, before),
                        list_text(arena, n, after), outside, list_text(arena, n, all));
}

void onnx_pad(struct call *c)
{
    struct value *x = c->in[0], shape = *x;
    int64_t pads[2 * AXES], axes[AXES], before[AXES], after[AXES], dim[AXES];
    bool inputs = c->rule->since >= 11;
    const char *mode = attribute_word(c, "mode", "constant edge reflect wrap"), *outside = "0";
    int n = inputs ? known_ints(c, 1, pads, 2 * AXES) : attribute_ints(c, "pads", pads, 2 * AXES);
    count_up(axes, 0, 1);
    int given = inputs ? known_ints(c, 3, axes, AXES) : -1, count = given < 0 ? x->rank : given;
    if (c->out[0]->failed || n != 2 * count) {
        if (!c->out[0]->failed)
            refuse(c, "it has not two pads for each axis");
        return;
    }
    bool value = inputs && c->ins > 2 && c->in[2];
    if (value && !is_scalar(c->in[2])) {
        refuse(c, "the value that it pads with must be known");
        return;
    }
    float fill = value ? c->in[2]->constant->real ? c->in[2]->constant->real[0] : 0
                       : attribute_float(c, "value", 0);
    outside = number_text(c->im->arena, fill);
    shape.constant = NULL;
    const char *text = x->constant ? plain(c, x) : x->text;
    memset(before, 0, sizeof before);
    memset(after, 0, sizeof after);
    bool constant = !strcmp(mode, "constant"), any = false;
    for (int i = 0; i < count; i++) {
        int axis = axis_of(c, x, axes[i]), at;
        int64_t low = pads[i], high = pads[count + i];
        if (axis < 0 || (low == 0 && high == 0))
            continue;
        at = text_axis(c, x, axis);
        if (at < 0 || low < -x->dim[axis] || high < -x->dim[axis] || low > 1 << 24 ||
            high > 1 << 24 || x->dim[axis] + low + high < 1) {
            refuse(c, "pads of %lld and %lld of axis %d cannot be", (long long)low, (long long)high,
                   axis);
            return;
        }
        if ((low < 0 || high < 0) && !slice_axis(c, &shape, &text, axis, low < 0 ? -low : 0,
                                                 x->dim[axis] + (high < 0 ? high : 0), 1))
            return;
        before[at] = low < 0 ? 0 : low;
        after[at] = high < 0 ? 0 : high;
        any |= before[at] + after[at] > 0;
        if (constant)
            continue;
        int64_t here = shape.dim[axis], all = here + before[at] + after[at];
        if (all > MOST_PLACES) {
            refuse(c, "axis %d has too many elements, %lld, for mode '%s'", axis, (long long)all,
                   mode);
            return;
        }
        int64_t *place = ARENA_ARRAY(c->im->arena, int64_t, all + 1);
        for (int64_t k = 0; k < all; k++) {
            place[k] = framed(mode, k - before[at], here);
            if (place[k] < 0) {
                refuse(c, "what is reflected must lie within the axis");
                return;
            }
        }
        text = take_text(c, text, at, all, place);
        shape.dim[axis] = all;
    }
    if (c->out[0]->failed)
        return;
    text_dims(&shape, dim);
    if (constant && any) {
        if (x->type != ONNX_FLOAT) {
            refuse(c, "whole numbers are not padded in a model file");
            return;
        }
        text = pad_constant(c, text, text_axes(x), dim, before, after, outside);
        for (int i = 0; i < text_axes(x); i++)
            shape.dim[x->order[i]] += before[i] + after[i];
    }
    give(c, 0, &shape, "%s", text);
}

/* ---- reading by index ---- */

/* The index as a text whose elements count from the start of an axis of n. */
static const char *index_text(struct call *c, struct value *index, int64_t n)
{
    struct import *im = c->im;
    if (!index->constant) {
        const char *text = plain(c, index);
        return arena_printf(im->arena, "select(%s < 0, %s + %lld, %s)", text, text, (long long)n,
                            text);
    }
    struct value known = *index;
    struct tensor *t = tensor_new(im, index->type, index->rank, index->dim);
    for (int64_t i = 0; i < t->count; i++) {
        t->whole[i] = index->constant->whole[i];
        t->whole[i] += t->whole[i] < 0 ? n : 0;
        if (t->whole[i] < 0 || t->whole[i] >= n) {
            refuse(c, "index %lld is outside of an axis of %lld",
                   (long long)index->constant->whole[i], (long long)n);
            return "0";
        }
    }
    known.constant = t;
    known.written = NULL;
    if (t->rank == 1 && t->count <= 16)
        return arena_printf(im->arena, "to_int(%s)", list_text(im->arena, (int)t->count, t->whole));
    return plain(c, &known);
}

void onnx_gather(struct call *c)
{
    struct value *x = c->in[0], *index = c->in[1], shape = {.type = x->type, .rows = -1};
    int axis = axis_of(c, x, attribute_int(c, "axis", 0));
    if (give_embedding(c))
        return;
    struct value standard = like(x);
    int at = axis < 0 ? -1 : text_axis(c, &standard, axis);
    if (at < 0 || x->rank - 1 + index->rank > AXES || index->type == ONNX_FLOAT ||
        index->type == ONNX_BOOL) {
        if (at >= 0)
            refuse(c, "its index is of no whole numbers, or gives over %d axes", AXES);
        return;
    }
    for (int i = 0; i < x->rank; i++)
        if (i == axis) {
            shape.rows = index->rows >= 0 ? shape.rank + index->rows : shape.rows;
            for (int k = 0; k < index->rank; k++)
                shape.dim[shape.rank++] = index->dim[k];
        } else {
            shape.rows = i == x->rows ? shape.rank : shape.rows;
            shape.dim[shape.rank++] = x->dim[i];
        }
    if (x->rows >= 0 && index->rows >= 0) {
        refuse(c, "each row would be read at the places of all rows");
        return;
    }
    orderly(&shape);
    const char *text = plain(c, x), *places = index_text(c, index, x->dim[axis]);
    if (index->constant && index->rank == 0 && !c->out[0]->failed) {
        int64_t dim[AXES], i = index->constant->whole[0];
        i += i < 0 ? x->dim[axis] : 0;
        text_dims(&shape, dim);
        struct value own = like(x);
        int64_t from[AXES];
        text_dims(&own, from);
        give(c, 0, &shape, "reshape(%s%s, %s)", text,
             range_text(c->im->arena, text_axes(x), from, at, i, i),
             list_text(c->im->arena, text_axes(&shape), dim));
        return;
    }
    give(c, 0, &shape, "%s(%s, %s, axis = %d)", x->constant ? "gather" : "take", text, places, at);
}

void onnx_gather_elements(struct call *c)
{
    struct value *x = c->in[0], *index = c->in[1];
    struct value standard = like(x), shape = like(index);
    int axis = axis_of(c, x, attribute_int(c, "axis", 0));
    int at = axis < 0 ? -1 : text_axis(c, &standard, axis);
    bool fits = at >= 0 && index->rank == x->rank && (index->rows == x->rows || index->constant) &&
                x->type == ONNX_FLOAT;
    for (int i = 0; fits && i < x->rank; i++)
        fits = i == axis || index->dim[i] == x->dim[i];
    if (at >= 0 && !fits)
        refuse(c, "its index must have the extents of what is read but for that axis, of floats");
    if (!fits)
        return;
    shape.type = x->type;
    shape.rows = x->rows;
    orderly(&shape);
    give(c, 0, &shape, "take_along(%s, %s, axis = %d)", plain(c, x),
         index_text(c, index, x->dim[axis]), at);
}

/* What one_hot reads as an index, of n places. */
static const char *hot_index(struct call *c, struct value *index, int64_t n)
{
    if (index->type != ONNX_FLOAT)
        return index_text(c, index, n);
    const char *text = let_line(c, arena_printf(c->im->arena, "to_int(%s)", plain(c, index)));
    return arena_printf(c->im->arena, "select(%s < 0, %s + %lld, %s)", text, text, (long long)n,
                        text);
}

void onnx_one_hot(struct call *c)
{
    struct value *index = c->in[0], *depth = c->in[1], *values = c->in[2];
    int64_t axis = attribute_int(c, "axis", -1), n = 0;
    struct value shape = {.type = values->type, .rank = index->rank + 1};
    axis += axis < 0 ? shape.rank : 0;
    if (is_scalar(depth))
        n = depth->constant->real ? (int64_t)depth->constant->real[0] : depth->constant->whole[0];
    if (n < 1 || n > 1 << 28 || !values->constant || values->constant->count != 2 ||
        values->type == ONNX_BOOL || axis < (index->rows == 0) || axis > index->rank ||
        shape.rank > AXES || index->type == ONNX_BOOL || text_axes(index) < 1) {
        refuse(c, "its depth and values must be known, its index of numbers");
        return;
    }
    int count = 0;
    shape.rows = index->rows >= axis ? index->rows + 1 : index->rows;
    for (int i = 0; i < index->rank; i++) {
        int to = i < axis ? i : i + 1;
        shape.dim[to] = index->dim[i];
        if (to != shape.rows)
            shape.order[count++] = to;
    }
    shape.dim[axis] = n;
    shape.order[count] = (int)axis;
    const struct tensor *two = values->constant;
    const char *text[2];
    for (int i = 0; i < 2; i++)
        text[i] = two->real ? number_text(c->im->arena, two->real[i])
                            : arena_printf(c->im->arena, "(%lld)", (long long)two->whole[i]);
    give(c, 0, &shape, "select(one_hot(%s, %lld) > 0, %s, %s)", hot_index(c, index, n),
         (long long)n, text[1], text[0]);
}

/* ---- running sums and products ---- */
void onnx_running(struct call *c)
{
    struct value *x = c->in[0], shape = *x;
    int64_t wanted = 0, dim[AXES], before[AXES] = {0}, after[AXES] = {0};
    if (known_ints(c, 1, &wanted, 1) != 1) {
        refuse(c, "its axis must be known");
        return;
    }
    int axis = axis_of(c, x, wanted);
    int at = axis < 0 || !has_types(c, 0, 1, TYPE_REAL) ? -1 : text_axis(c, x, axis);
    if (at < 0)
        return;
    const char *text = x->constant ? plain(c, x) : x->text;
    bool reverse = attribute_int(c, "reverse", 0) != 0, product = strstr(c->rule->text, "prod");
    shape.constant = NULL;
    if (attribute_int(c, "exclusive", 0) && x->dim[axis] > 1) {
        int64_t n = x->dim[axis];
        text_dims(x, dim);
        text = arena_printf(c->im->arena, "%s%s", text,
                            range_text(c->im->arena, text_axes(x), dim, at, reverse,
                                       n - 2 + reverse));
        before[at] = !reverse;
        after[at] = reverse;
        dim[at] = n - 1;
        text = pad_constant(c, text, text_axes(x), dim, before, after,
                            product ? "1" : "0");
    } else if (attribute_int(c, "exclusive", 0)) {
        text = arena_printf(c->im->arena, "0 * %s%s", text, product ? " + 1" : "");
    }
    give(c, 0, &shape, "%s(%s, axis = %d%s)", c->rule->text, text, at,
         reverse ? ", reverse = true" : "");
}

/* ---- blocks of pixels ---- */
static void give_pixels(struct call *c, const char *first, const char *perm, const char *last,
                        const struct value *shape)
{
    give(c, 0, shape, "reshape(transpose(reshape(%s, %s), %s), %s)", plain(c, c->in[0]), first,
         perm, last);
}

void onnx_depth_to_space(struct call *c)
{
    struct arena *arena = c->im->arena;
    struct value *x = c->in[0], shape = like(x);
    int64_t b = attribute_int(c, "blocksize", 0), n;
    bool columns = !strcmp(attribute_word(c, "mode", "DCR CRD"), "CRD");
    if (x->rank != 4 || b < 1 || b > 4096 || x->dim[1] % (b * b) || x->rows > 0) {
        refuse(c, "its channels do not fall into blocks");
        return;
    }
    n = x->dim[1] / (b * b);
    shape.dim[1] = n;
    shape.dim[2] *= b;
    shape.dim[3] *= b;
    int64_t wide[6] = {columns ? n : b, b, columns ? b : n, x->dim[2], x->dim[3]}, dim[AXES];
    bool row = x->rows == 0 || x->dim[0] == 1;
    if (!row) {
        refuse(c, "it is of several images that are no rows");
        return;
    }
    text_dims(&shape, dim);
    give_pixels(c, list_text(arena, 5, wide), columns ? "[0, 3, 1, 4, 2]" : "[2, 3, 0, 4, 1]",
                list_text(arena, text_axes(&shape), dim), &shape);
}

void onnx_space_to_depth(struct call *c)
{
    struct arena *arena = c->im->arena;
    struct value *x = c->in[0], shape = like(x);
    int64_t b = attribute_int(c, "blocksize", 0), dim[AXES];
    if (x->rank != 4 || b < 1 || x->dim[2] % b || x->dim[3] % b || x->rows > 0 ||
        (x->rows < 0 && x->dim[0] != 1)) {
        refuse(c, "its lines do not fall into blocks");
        return;
    }
    shape.dim[1] *= b * b;
    shape.dim[2] /= b;
    shape.dim[3] /= b;
    int64_t wide[5] = {x->dim[1], shape.dim[2], b, shape.dim[3], b};
    text_dims(&shape, dim);
    give_pixels(c, list_text(arena, 5, wide), "[2, 4, 0, 1, 3]",
                list_text(arena, text_axes(&shape), dim), &shape);
}

/* ---- what is known of shapes ---- */
void onnx_shape(struct call *c)
{
    const struct value *x = c->in[0];
    int64_t start = attribute_int(c, "start", 0), end = attribute_int(c, "end", x->rank), count;
    start = start < 0 ? start + x->rank : start;
    end = end < 0 ? end + x->rank : end;
    start = start < 0 ? 0 : start > x->rank ? x->rank : start;
    end = end < start ? start : end > x->rank ? x->rank : end;
    count = end - start;
    struct tensor *t = tensor_new(c->im, ONNX_INT64, 1, &count);
    for (int64_t i = 0; i < count; i++)
        t->whole[i] = start + i == x->rows ? ROW_COUNT : x->dim[start + i];
    give_constant(c, 0, t);
}

void onnx_size(struct call *c)
{
    const struct value *x = c->in[0];
    struct tensor *t = tensor_new(c->im, ONNX_INT64, 0, x->dim);
    t->whole[0] = elements_of(x);
    if (x->rows >= 0)
        refuse(c, "the number of rows is not known");
    else
        give_constant(c, 0, t);
}

void onnx_filled(struct call *c)
{
    int64_t zero[1] = {0};
    const Onnx__Attribute *a = attribute(c, "value");
    struct tensor *one = a && a->t ? tensor_read(c->im, a->t, "value")
                                   : tensor_new(c->im, ONNX_FLOAT, 0, zero);
    struct value shape = {.rows = -1}, fill = {.name = c->out[0]->name, .rows = -1};
    int n = c->in[0]->constant ? known_ints(c, 0, shape.dim, AXES) : -1;
    shape.rank = n;
    for (int i = 0; i < n; i++)
        if (shape.dim[i] == ROW_COUNT && shape.rows < 0) {
            shape.dim[i] = 1;
            shape.rows = i;
        }
    if (shape.rows < 0 || !one || one->count != 1 || !made_fits(n, shape.dim)) {
        refuse(c, "the shape must be known, but for one number of rows");
        return;
    }
    orderly(&shape);
    shape.type = fill.type = one->type;
    one->rank = 0;
    fill.constant = one;
    give_for_rows(c, &shape, &fill);
}

void onnx_range(struct call *c)
{
    refuse(c, "its start, limit and step must be known");
}
