/* Operators of what is known: shapes, mostly. */
#include <math.h>
#include <string.h>
#include "convert/rules.h"

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
    for (int64_t e = 0; e < t->count; e++) {
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

const struct tensor *fold_binary(struct call *c)
{
    const struct tensor *a = c->in[0]->constant, *b = c->in[1]->constant;
    struct value shape;
    if (a->type != b->type || !broadcast_shape(c, 2, c->in, &shape))
        return NULL;
    struct tensor *t = tensor_new(c->im, a->type, shape.rank, shape.dim);
    for (int64_t e = 0; t && e < t->count; e++) {
        int64_t i = element_of(t, a, e), k = element_of(t, b, e);
        if (t->real)
            t->real[e] = calculate_real(c->node->op_type, a->real[i], b->real[k]);
        else if (!calculate(c->node->op_type, a->whole[i], b->whole[k], &t->whole[e]))
            return NULL;
    }
    return t;
}
