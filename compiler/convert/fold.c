/* Operators of what is known: shapes, mostly. */
#include <math.h>
#include <string.h>
#include "convert/rules.h"

bool fold_copies(const struct rule *rule)
{
    return rule->fold == fold_identity || rule->fold == fold_transpose ||
           rule->fold == fold_reshape || rule->fold == fold_squeeze ||
           rule->fold == fold_unsqueeze;
}

const struct tensor *fold_identity(struct call *c)
{
    return c->in[0]->constant;
}

/* Copies element `from` of one to element `to` of the other. */
static void copy_element(struct tensor *to, int64_t at, const struct tensor *from, int64_t i)
{
    if (to->real)
        to->real[at] = from->real[i];
    else
        to->whole[at] = from->whole[i];
}

const struct tensor *fold_transpose(struct call *c)
{
    const struct tensor *x = c->in[0]->constant;
    int64_t perm[AXES], dim[AXES], stride[AXES], step = 1;
    int n = attribute_ints(c, "perm", perm, AXES);
    unsigned seen = 0;
    for (int i = 0; i < x->rank; i++) {
        if (n < 0)
            perm[i] = x->rank - 1 - i;
        if ((n >= 0 && n != x->rank) || perm[i] < 0 || perm[i] >= x->rank || seen >> perm[i] & 1)
            return NULL;
        seen |= 1u << perm[i];
        dim[i] = x->dim[perm[i]];
    }
    for (int i = x->rank - 1; i >= 0; i--) {
        stride[i] = step;
        step *= x->dim[i];
    }
    struct tensor *t = tensor_new(c->im, x->type, x->rank, dim);
    for (int64_t e = 0; t && e < t->count; e++) {
        int64_t rest = e, from = 0;
        for (int i = t->rank - 1; i >= 0; i--) {
            from += rest % dim[i] * stride[perm[i]];
            rest /= dim[i];
        }
        copy_element(t, e, x, from);
    }
    return t;
}

const struct tensor *fold_reshape(struct call *c)
{
    const struct tensor *x = c->in[0]->constant, *s = c->in[1]->constant;
    int64_t dim[AXES], known = 1;
    int left = -1;
    if (s->type != ONNX_INT64 || s->count > AXES)
        return NULL;
    for (int i = 0; i < s->count; i++) {
        dim[i] = s->whole[i] == 0 && i < x->rank ? x->dim[i] : s->whole[i];
        if (dim[i] == -1 && left < 0)
            left = i;
        else if (dim[i] < 0 || (dim[i] && known > x->count / dim[i]))
            return NULL;
        else
            known *= dim[i];
    }
    if (left >= 0)
        dim[left] = known ? x->count / known : 0;
    struct tensor *t = tensor_new(c->im, x->type, (int)s->count, dim);
    if (!t || t->count != x->count)
        return NULL;
    t->real = x->real;
    t->whole = x->whole;
    return t;
}

/* ---- maps of two ---- */
static bool calculate(const char *op, int64_t a, int64_t b, int64_t *y)
{
    if (a == ROW_COUNT || b == ROW_COUNT)
        return false;
    switch (op[0]) {
    case 'A': return !__builtin_add_overflow(a, b, y);
    case 'S': return !__builtin_sub_overflow(a, b, y);
    case 'M': return !__builtin_mul_overflow(a, b, y);
    default:
        if (b == 0 || (a == INT64_MIN && b == -1))
            return false;
        *y = a / b;
        return true;
    }
}

static float calculate_real(const char *op, float a, float b)
{
    return op[0] == 'A' ? a + b : op[0] == 'S' ? a - b : op[0] == 'M' ? a * b : a / b;
}

/* Which element of an operand goes with element e of the result. */
static int64_t element_of(const struct tensor *y, const struct tensor *x, int64_t e)
{
    int64_t from = 0, step = 1;
    for (int i = y->rank - 1, k = x->rank - 1; i >= 0; i--, k--) {
        int64_t at = e % y->dim[i];
        e /= y->dim[i];
        if (k >= 0) {
            from += (x->dim[k] == 1 ? 0 : at) * step;
            step *= x->dim[k];
        }
    }
    return from;
}

/* Whether a type has the number: what goes around is not known. */
static bool holds(int type, int64_t y)
{
    return type == ONNX_INT64 || (type == ONNX_INT32 && y == (int32_t)y);
}

const struct tensor *fold_binary(struct call *c)
{
    const struct tensor *a = c->in[0]->constant, *b = c->in[1]->constant;
    struct value shape;
    bool around = a->type != ONNX_FLOAT && a->type != ONNX_INT32 && a->type != ONNX_INT64;
    if (around || attribute(c, "axis") || a->type != b->type ||
        !broadcast_shape(c, 2, c->in, &shape))
        return NULL;
    struct tensor *t = tensor_new(c->im, a->type, shape.rank, shape.dim);
    for (int64_t e = 0; t && e < t->count; e++) {
        int64_t i = element_of(t, a, e), k = element_of(t, b, e);
        if (t->real)
            t->real[e] = calculate_real(c->node->op_type, a->real[i], b->real[k]);
        else if (!calculate(c->node->op_type, a->whole[i], b->whole[k], &t->whole[e]))
            return NULL;
        if (t->whole && !holds(t->type, t->whole[e]))
            return NULL;
    }
    return t;
}

/* Remainders of whole numbers, with the sign of the divisor, or with 'fmod' of what is divided. */
const struct tensor *fold_mod(struct call *c)
{
    const struct tensor *a = c->in[0]->constant, *b = c->in[1]->constant;
    bool of_first = attribute_int(c, "fmod", 0) != 0;
    struct value shape;
    if (a->type != ONNX_INT64 || b->type != ONNX_INT64 || !broadcast_shape(c, 2, c->in, &shape))
        return NULL;
    struct tensor *t = tensor_new(c->im, a->type, shape.rank, shape.dim);
    for (int64_t e = 0; t && e < t->count; e++) {
        int64_t of = a->whole[element_of(t, a, e)], by = b->whole[element_of(t, b, e)];
        if (of == ROW_COUNT || by == ROW_COUNT || by == 0 || by == -1)
            return NULL;
        int64_t rest = of % by;
        t->whole[e] = rest && !of_first && (rest < 0) != (by < 0) ? rest + by : rest;
    }
    return t;
}

/* ---- further ones ---- */
const struct tensor *fold_logic(struct call *c)
{
    const struct tensor *a = c->in[0]->constant, *b = c->ins > 1 ? c->in[1]->constant : a;
    const char *op = c->node->op_type;
    struct value shape;
    if (a->type != ONNX_BOOL || b->type != ONNX_BOOL || attribute(c, "axis") ||
        !broadcast_shape(c, c->ins, c->in, &shape))
        return NULL;
    struct tensor *t = tensor_new(c->im, ONNX_BOOL, shape.rank, shape.dim);
    for (int64_t e = 0; t && e < t->count; e++) {
        bool one = a->whole[element_of(t, a, e)] != 0, other = b->whole[element_of(t, b, e)] != 0;
        t->whole[e] = op[0] == 'N' ? !one : op[0] == 'A' ? one && other
                    : op[0] == 'O' ? one || other : one != other;
    }
    return t;
}

const struct tensor *fold_where(struct call *c)
{
    const struct tensor *flag = c->in[0]->constant, *a = c->in[1]->constant,
                        *b = c->in[2]->constant;
    struct value shape;
    if (flag->type != ONNX_BOOL || a->type != b->type || !broadcast_shape(c, 3, c->in, &shape))
        return NULL;
    struct tensor *t = tensor_new(c->im, a->type, shape.rank, shape.dim);
    for (int64_t e = 0; t && e < t->count; e++) {
        const struct tensor *from = flag->whole[element_of(t, flag, e)] ? a : b;
        copy_element(t, e, from, element_of(t, from, e));
    }
    return t;
}

const struct tensor *fold_compare(struct call *c)
{
    const struct tensor *a = c->in[0]->constant, *b = c->in[1]->constant;
    const char *op = c->node->op_type;
    struct value shape;
    if (a->type != b->type || !broadcast_shape(c, 2, c->in, &shape))
        return NULL;
    struct tensor *t = tensor_new(c->im, ONNX_BOOL, shape.rank, shape.dim);
    for (int64_t e = 0; t && e < t->count; e++) {
        int64_t i = element_of(t, a, e), k = element_of(t, b, e);
        if (!a->real && (a->whole[i] == ROW_COUNT || b->whole[k] == ROW_COUNT))
            return NULL;
        bool less = a->real ? a->real[i] < b->real[k] : a->whole[i] < b->whole[k];
        bool equal = a->real ? a->real[i] == b->real[k] : a->whole[i] == b->whole[k];
        bool more = a->real ? a->real[i] > b->real[k] : a->whole[i] > b->whole[k];
        bool also = strstr(op, "OrEqual") != NULL;
        t->whole[e] = op[0] == 'E' ? equal : op[0] == 'L' ? less || (also && equal)
                                                          : more || (also && equal);
    }
    return t;
}

const struct tensor *fold_cast(struct call *c)
{
    const struct tensor *x = c->in[0]->constant;
    int64_t to = attribute_int(c, "to", 0);
    bool known = to == ONNX_FLOAT || to == ONNX_INT64 || to == ONNX_INT32 || to == ONNX_BOOL;
    struct tensor *t = known ? tensor_new(c->im, (int)to, x->rank, x->dim) : NULL;
    for (int64_t i = 0; t && i < t->count; i++) {
        float most = to == ONNX_INT32 ? 2147483648.0f : 9e18f;
        if (x->real && !(fabsf(x->real[i]) < most) && !t->real)
            return NULL;
        if (x->whole && to == ONNX_INT32 && x->whole[i] != ROW_COUNT &&
            x->whole[i] != (int32_t)x->whole[i])
            return NULL;                /* it would wrap */
        if (x->whole && x->whole[i] == ROW_COUNT && (t->real || to == ONNX_BOOL))
            return NULL;
        if (t->real)
            t->real[i] = x->real ? x->real[i] : (float)x->whole[i];
        else
            t->whole[i] = x->real ? (int64_t)x->real[i] : x->whole[i];
        if (to == ONNX_BOOL)
            t->whole[i] = x->real ? x->real[i] != 0 : x->whole[i] != 0;
    }
    return t;
}

const struct tensor *fold_neg(struct call *c)
{
    const struct tensor *x = c->in[0]->constant;
    struct tensor *t = x->type == ONNX_BOOL ? NULL : tensor_new(c->im, x->type, x->rank, x->dim);
    for (int64_t i = 0; t && i < t->count; i++) {
        if (!t->real && (x->whole[i] == ROW_COUNT /* which is -2^63, too */ ||
                         !holds(t->type, -x->whole[i])))
            return NULL;
        if (t->real)
            t->real[i] = -x->real[i];
        else
            t->whole[i] = -x->whole[i];
    }
    return t;
}

const struct tensor *fold_floor(struct call *c)
{
    const struct tensor *x = c->in[0]->constant;
    struct tensor *t = x->real ? tensor_new(c->im, x->type, x->rank, x->dim) : NULL;
    for (int64_t i = 0; t && i < t->count; i++)
        t->real[i] = floorf(x->real[i]);
    return t;
}

const struct tensor *fold_concat(struct call *c)
{
    const struct tensor *first = c->in[0]->constant;
    int64_t axis = attribute_int(c, "axis", 0), dim[AXES], inner = 1, outer = 1, at = 0;
    axis += axis < 0 ? first->rank : 0;
    if (axis < 0 || axis >= first->rank)
        return NULL;
    memcpy(dim, first->dim, sizeof dim);
    dim[axis] = 0;
    for (int i = 0; i < c->ins; i++) {
        const struct tensor *x = c->in[i] ? c->in[i]->constant : NULL;
        if (!x || x->rank != first->rank || x->type != first->type)
            return NULL;
        for (int k = 0; k < first->rank; k++)
            if (k != axis && x->dim[k] != first->dim[k])
                return NULL;
        dim[axis] += x->dim[axis];
    }
    for (int i = 0; i < first->rank; i++)
        *(i < axis ? &outer : &inner) *= i == axis ? 1 : dim[i];
    struct tensor *t = tensor_new(c->im, first->type, first->rank, dim);
    for (int64_t o = 0; t && o < outer; o++)
        for (int i = 0; i < c->ins; i++) {
            int64_t n = c->in[i]->constant->dim[axis] * inner;
            for (int64_t k = 0; k < n; k++)
                copy_element(t, at++, c->in[i]->constant, o * n + k);
        }
    return t;
}

const struct tensor *fold_gather(struct call *c)
{
    const struct tensor *x = c->in[0]->constant, *index = c->in[1]->constant;
    int64_t axis = attribute_int(c, "axis", 0), dim[AXES], inner = 1, outer = 1, at = 0;
    int rank = 0;
    axis += axis < 0 ? x->rank : 0;
    if (axis < 0 || axis >= x->rank || !index->whole || x->rank - 1 + index->rank > AXES)
        return NULL;
    for (int i = 0; i < x->rank; i++) {
        for (int k = 0; i == axis && k < index->rank; k++)
            dim[rank++] = index->dim[k];
        if (i != axis)
            dim[rank++] = x->dim[i];
        *(i < axis ? &outer : &inner) *= i == axis ? 1 : x->dim[i];
    }
    struct tensor *t = tensor_new(c->im, x->type, rank, dim);
    for (int64_t o = 0; t && o < outer; o++)
        for (int64_t k = 0; k < index->count; k++) {
            int64_t i = index->whole[k] + (index->whole[k] < 0 ? x->dim[axis] : 0);
            if (i < 0 || i >= x->dim[axis])
                return NULL;
            for (int64_t e = 0; e < inner; e++)
                copy_element(t, at++, x, (o * x->dim[axis] + i) * inner + e);
        }
    return t;
}

/* Where a slice of an axis of n begins, and how many elements it has: places beyond its ends count
 * as those. */
static int64_t slice_count(int64_t n, int64_t step, int64_t *start, int64_t end)
{
    int64_t low = step < 0 ? -1 : 0, high = step < 0 ? n - 1 : n;
    *start = *start < 0 ? *start + n : *start;
    end = end < -n ? low : end < 0 ? end + n : end;
    *start = *start < low ? low : *start > high ? high : *start;
    end = end < low ? low : end > high ? high : end;
    int64_t length = step < 0 ? *start - end : end - *start, by = step < 0 ? -step : step;
    return length <= 0 ? 0 : (length - 1) / by + 1;
}

const struct tensor *fold_slice(struct call *c)
{
    const struct tensor *x = c->in[0]->constant;
    int64_t start[AXES], end[AXES], axis[AXES], step[AXES], from[AXES] = {0}, by[AXES], dim[AXES];
    for (int i = 0; i < AXES; i++) {
        axis[i] = i;
        step[i] = by[i] = 1;
        dim[i] = x->dim[i];
    }
    int n = known_ints(c, 1, start, AXES);
    if (known_ints(c, 2, end, AXES) != n || (c->ins > 3 && known_ints(c, 3, axis, AXES) != n) ||
        (c->ins > 4 && known_ints(c, 4, step, AXES) != n))
        return NULL;
    for (int i = 0; i < n; i++) {
        int64_t at = axis[i] < 0 ? axis[i] + x->rank : axis[i];
        if (at < 0 || at >= x->rank || !step[i] || step[i] == INT64_MIN || start[i] == ROW_COUNT ||
            end[i] == ROW_COUNT)
            return NULL;
        dim[at] = slice_count(x->dim[at], by[at] = step[i], &start[i], end[i]);
        from[at] = start[i];
    }
    struct tensor *t = tensor_new(c->im, x->type, x->rank, dim);
    for (int64_t e = 0; t && e < t->count; e++) {
        int64_t rest = e, at = 0, stride = 1;
        for (int i = x->rank - 1; i >= 0; i--) {
            at += (from[i] + rest % dim[i] * by[i]) * stride;
            rest /= dim[i];
            stride *= x->dim[i];
        }
        copy_element(t, e, x, at);
    }
    return t;
}

/* The same elements with other extents. */
static const struct tensor *reshaped(struct call *c, int rank, const int64_t *dim)
{
    const struct tensor *x = c->in[0]->constant;
    struct tensor *t = tensor_new(c->im, x->type, rank, dim);
    if (!t || t->count != x->count)
        return NULL;
    t->real = x->real;
    t->whole = x->whole;
    return t;
}

/* Axes of an attribute or of the second input, as bits among `rank`; -1: there are none. */
static int64_t axes_bits(struct call *c, int rank)
{
    int64_t axis[AXES], bits = 0;
    int n = attribute_ints(c, "axes", axis, AXES);
    n = n < 0 ? known_ints(c, 1, axis, AXES) : n;
    for (int i = 0; i < n; i++) {
        int64_t at = axis[i] + (axis[i] < 0 ? rank : 0);
        if (at < 0 || at >= rank)
            return -1;
        bits |= (int64_t)1 << at;
    }
    return n < 0 ? -1 : bits;
}

const struct tensor *fold_squeeze(struct call *c)
{
    const struct tensor *x = c->in[0]->constant;
    int64_t dim[AXES], bits = axes_bits(c, x->rank);
    int rank = 0;
    for (int i = 0; i < x->rank; i++)
        if (bits < 0 ? x->dim[i] != 1 : !(bits >> i & 1))
            dim[rank++] = x->dim[i];
    return reshaped(c, rank, dim);
}

const struct tensor *fold_unsqueeze(struct call *c)
{
    const struct tensor *x = c->in[0]->constant;
    int64_t axis[AXES], dim[AXES];
    int n = attribute_ints(c, "axes", axis, AXES), from = 0;
    n = n < 0 ? known_ints(c, 1, axis, AXES) : n;
    int rank = x->rank + n;
    int64_t bits = n < 0 || rank > AXES ? -1 : axes_bits(c, rank);
    for (int i = 0; bits >= 0 && i < rank; i++) {
        if (!(bits >> i & 1) && from == x->rank)
            return NULL;
        dim[i] = bits >> i & 1 ? 1 : x->dim[from++];
    }
    return bits < 0 ? NULL : reshaped(c, rank, dim);
}

const struct tensor *fold_expand(struct call *c)
{
    const struct tensor *x = c->in[0]->constant, *s = c->in[1]->constant;
    struct value wanted = {.rows = -1}, shape, *both[2] = {c->in[0], &wanted};
    if (!s->whole || s->count > AXES)
        return NULL;
    wanted.rank = (int)s->count;
    for (int i = 0; i < wanted.rank; i++) {
        wanted.dim[i] = s->whole[i];
        if (wanted.dim[i] < 1)
            return NULL;
    }
    if (!broadcast_shape(c, 2, both, &shape))
        return NULL;
    struct tensor *t = tensor_new(c->im, x->type, shape.rank, shape.dim);
    for (int64_t e = 0; t && e < t->count; e++)
        copy_element(t, e, x, element_of(t, x, e));
    return t;
}

const struct tensor *fold_filled(struct call *c)
{
    const struct tensor *s = c->in[0]->constant;
    const Onnx__Attribute *a = attribute(c, "value");
    struct tensor *one = a && a->t ? tensor_read(c->im, a->t, "value") : NULL;
    if (!s->whole || s->count > AXES || (a && (!one || one->count != 1)))
        return NULL;
    for (int i = 0; i < s->count; i++)
        if (s->whole[i] < 0)
            return NULL;
    struct tensor *t = tensor_new(c->im, one ? one->type : ONNX_FLOAT, (int)s->count, s->whole);
    for (int64_t i = 0; t && one && i < t->count; i++)
        copy_element(t, i, one, 0);
    return t;
}

const struct tensor *fold_range(struct call *c)
{
    const struct tensor *a = c->in[0]->constant, *b = c->in[1]->constant, *d = c->in[2]->constant;
    if (a->count != 1 || b->count != 1 || d->count != 1 || a->type != b->type || a->type != d->type)
        return NULL;
    double first = a->real ? (double)a->real[0] : (double)a->whole[0];
    double limit = b->real ? (double)b->real[0] : (double)b->whole[0];
    double step = d->real ? (double)d->real[0] : (double)d->whole[0];
    double places = ceil((limit - first) / step);
    if (!(places >= 0 && places < 1e8) || (a->whole && (a->whole[0] == ROW_COUNT ||
                                                        b->whole[0] == ROW_COUNT)))
        return NULL;
    int64_t count = (int64_t)places;
    struct tensor *t = tensor_new(c->im, a->type, 1, &count);
    for (int64_t i = 0; t && i < count; i++) {
        if (t->real)
            t->real[i] = (float)(first + (double)i * step);
        else
            t->whole[i] = a->whole[0] + i * d->whole[0];
    }
    return t;
}

const struct tensor *fold_prod(struct call *c)
{
    const struct tensor *x = c->in[0]->constant;
    int64_t one[1] = {1};
    if (!x->whole || x->rank != 1)
        return NULL;
    struct tensor *t = tensor_new(c->im, x->type, attribute_int(c, "keepdims", 1) ? 1 : 0, one);
    if (!t)
        return NULL;
    t->whole[0] = 1;
    for (int64_t i = 0; i < x->count; i++)
        if (x->whole[i] == ROW_COUNT ||
            __builtin_mul_overflow(t->whole[0], x->whole[i], &t->whole[0]) ||
            !holds(t->type, t->whole[0]))
            return NULL;
    return t;
}
