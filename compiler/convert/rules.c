/* The table of operators, and rules of those without weights. */
#include "convert/rules.h"
#include <string.h>

#define RULE(op, since, least, most, attributes, write, fold, text) \
    {#op, since, least, most, attributes, rule_##write, fold, text},
const struct rule rules[] = {
#include "convert/rules.def"
};
const int rule_count = (int)(sizeof rules / sizeof *rules);

/* ---- maps ---- */
const char *fill_text(struct arena *arena, const char *text, const char *const *operand)
{
    struct text out;
    text_init(&out, arena);
    for (; *text; text++)
        if (*text == '@')
            text_puts(&out, operand[*++text - '0']);
        else
            text_add(&out, text, 1);
    return out.data;
}

struct value like(const struct value *v)
{
    struct value shape = *v;
    shape.constant = NULL;
    orderly(&shape);
    return shape;
}

/* One operand's extents, of which `off` are missing in front. */
static bool join_shape(struct call *c, const struct value *v, struct value *shape)
{
    int off = shape->rank - v->rank;
    for (int i = 0; i < v->rank; i++) {
        int64_t *dim = &shape->dim[off + i];
        if (off + i == shape->rows ? v->dim[i] != 1 || (v->rows >= 0 && v->rows != i)
                                   : v->rows == i) {
            refuse(c,
                   "'%s' would be joined along the axis of the batch's rows; --rows none takes all "
                   "of the input for one row",
                   v->name);
            return false;
        }
        if (v->dim[i] != 1 && *dim != 1 && v->dim[i] != *dim) {
            refuse(c, "extents %lld and %lld do not go together", (long long)*dim,
                   (long long)v->dim[i]);
            return false;
        }
        *dim = v->dim[i] != 1 ? v->dim[i] : *dim;
    }
    return true;
}

bool broadcast_shape(struct call *c, int count, struct value *const *v, struct value *shape)
{
    *shape = (struct value){.rows = -1, .type = v[0]->type};
    for (int i = 0; i < count; i++)
        shape->rank = v[i]->rank > shape->rank ? v[i]->rank : shape->rank;
    for (int i = 0; i < AXES; i++)
        shape->dim[i] = 1;
    for (int i = 0; i < count; i++)
        if (v[i]->rows >= 0)
            shape->rows = v[i]->rows + shape->rank - v[i]->rank;
    for (int i = 0; i < count; i++)
        if (!join_shape(c, v[i], shape))
            return false;
    orderly(shape);
    for (int i = 0; i < count; i++) {
        struct value standard = like(v[i]);
        bool own =
            !v[i]->constant && v[i]->rank == shape->rank && v[i]->rows == shape->rows &&
            memcmp(standard.order, v[i]->order, sizeof *v[i]->order * (size_t)text_axes(v[i]));
        if (own) {
            memcpy(shape->order, v[i]->order, sizeof shape->order);
            break;
        }
    }
    return true;
}

/* Axes that the text of an operand has, at most: those in front that are of one element may be
 * left out of constants. */
static int axes_written(const struct value *v, int n)
{
    int axes = text_axes(v);
    if (!v->constant)
        return axes;
    return v->constant->count == 1 && !v->trained ? 0 : axes < n ? axes : n;
}

void rule_map(struct call *c)
{
    const char *text[INPUTS];
    struct value shape;
    if (!broadcast_shape(c, c->ins, c->in, &shape))
        return;
    int n = text_axes(&shape), most = 0;
    for (int i = 0; i < c->ins; i++) {
        text[i] = aligned(c, c->in[i], shape.rank, n, shape.order);
        int axes = axes_written(c->in[i], n);
        most = axes > most ? axes : most;
    }
    const char *all = fill_text(c->im->arena, c->rule->text, text);
    int64_t dim[AXES];
    text_dims(&shape, dim);
    if (most < n)
        all = arena_printf(c->im->arena, "reshape(%s, %s)", all, list_text(c->im->arena, n, dim));
    give(c, 0, &shape, "%s", all);
}

/* ---- constants and copies ---- */
void rule_constant(struct call *c)
{
    const Onnx__Attribute *a = c->node->n_attribute ? c->node->attribute[0] : NULL;
    int64_t one = a ? (int64_t)(a->n_floats ? a->n_floats : a->n_ints) : 0;
    struct tensor *t = NULL;
    if (a && a->t)
        t = tensor_read(c->im, a->t, c->node->output[0]);
    else if (a && (a->n_floats || a->has_f))
        t = tensor_new(c->im, ONNX_FLOAT, a->has_f ? 0 : 1, &one);
    else if (a && (a->n_ints || a->has_i))
        t = tensor_new(c->im, ONNX_INT64, a->has_i ? 0 : 1, &one);
    if (!t) {
        refuse(c, "its value cannot be read");
        return;
    }
    for (int64_t i = 0; !a->t && i < t->count; i++) {
        if (t->real)
            t->real[i] = a->has_f ? a->f : a->floats[i];
        else
            t->whole[i] = a->has_i ? a->i : a->ints[i];
    }
    give_constant(c, 0, t);
}

void rule_identity(struct call *c)
{
    give_text(c, 0, c->in[0], c->in[0]->text);
}

/* Whether something reads an output. */
static bool is_read(const struct call *c, int out)
{
    return out < c->outs && c->out[out] && c->out[out]->uses > 0;
}

void rule_dropout(struct call *c)
{
    struct value *x = c->in[0], *ratio = c->ins > 1 ? c->in[1] : NULL;
    struct value *training = c->ins > 2 ? c->in[2] : NULL;
    if (is_read(c, 1)) {
        refuse(c, "its mask is read, which a model file has no name for");
        return;
    }
    if ((ratio && !is_scalar(ratio)) || (training && !is_scalar(training))) {
        refuse(c, "its ratio and mode must be known");
        return;
    }
    float p = ratio ? ratio->constant->real ? ratio->constant->real[0] : 0
                    : attribute_float(c, "ratio", 0.5f);
    if (c->im->request->infer || p == 0)
        give_text(c, 0, x, x->text);
    else
        give(c, 0, x, "dropout(%s, %s)", x->text, number_text(c->im->arena, p));
}

/* ---- shapes ---- */
void rule_transpose(struct call *c)
{
    const struct value *x = c->in[0];
    struct value shape = *x;
    int64_t perm[AXES];
    int n = attribute_ints(c, "perm", perm, AXES), back[AXES] = {0};
    for (int i = 0; n < 0 && i < x->rank; i++)
        perm[i] = x->rank - 1 - i;
    if (n >= 0 && n != x->rank) {
        refuse(c, "'perm' has %d axes, and '%s' %d", n, x->name, x->rank);
        return;
    }
    unsigned seen = 0;
    for (int i = 0; i < x->rank; i++) {
        if (perm[i] < 0 || perm[i] >= x->rank || seen >> perm[i] & 1) {
            refuse(c, "'perm' is no order of axes");
            return;
        }
        seen |= 1u << perm[i];
        shape.dim[i] = x->dim[perm[i]];
        back[perm[i]] = i;
    }
    shape.rows = x->rows < 0 ? -1 : back[x->rows];
    for (int i = 0; i < text_axes(x); i++)
        shape.order[i] = back[x->order[i]];
    give_text(c, 0, &shape, x->text);
}

/* The value as an array of these extents, whose axis `shape->rows` is the batch's. */
static void give_reshaped(struct call *c, struct value *shape)
{
    struct value *x = c->in[0];
    int64_t dim[AXES], own[AXES];
    shape->type = x->type;
    orderly(shape);
    text_dims(shape, dim);
    int n = text_axes(shape);
    struct value standard = like(x);
    text_dims(&standard, own);
    if (n == text_axes(x) && !memcmp(dim, own, sizeof *dim * (size_t)n))
        give_text(c, 0, shape, plain(c, x));
    else if (n == 1)
        give(c, 0, shape, "flatten(%s)", plain(c, x));
    else
        give(c, 0, shape, "reshape(%s, %s)", plain(c, x), list_text(c->im->arena, n, dim));
}

static int64_t elements_of(const struct value *v)
{
    int64_t count = 1;
    for (int i = 0; i < v->rank; i++)
        count *= v->dim[i];
    return count;
}

/* The extents that `wanted` stands for: 0 is the one there was, -1 what is left, ROW_COUNT that of
 * the rows. */
static bool resolve_shape(struct call *c, int count, const int64_t *wanted, struct value *shape)
{
    const struct value *x = c->in[0];
    int64_t known = 1, all = elements_of(x);
    int left = -1;
    bool zero = attribute_int(c, "allowzero", 0) != 0;
    *shape = (struct value){.rank = count, .rows = -1};
    for (int i = 0; i < count; i++) {
        bool copied = wanted[i] == 0 && !zero && i < x->rank;
        shape->dim[i] = copied ? x->dim[i] : wanted[i] == ROW_COUNT ? 1 : wanted[i];
        if (wanted[i] == ROW_COUNT || (copied && i == x->rows))
            shape->rows = i;
        if (wanted[i] == -1 && left < 0)
            left = i;
        else if (shape->dim[i] < 1 || known > all / shape->dim[i])
            return false;
        else
            known *= shape->dim[i];
    }
    if (left >= 0)
        shape->dim[left] = all / known;
    if (x->rows == 0 && shape->rows < 0 && count && (left == 0 || wanted[0] == 1))
        shape->rows = 0;                /* [-1, n] of n elements a row */
    return (left < 0 ? known : known * shape->dim[left]) == all &&
           (x->rows < 0 ? shape->rows < 0 : shape->rows == x->rows) &&
           (shape->rows < 0 || shape->dim[shape->rows] == 1);
}

void rule_reshape(struct call *c)
{
    int64_t wanted[AXES];
    struct value shape;
    int n = known_ints(c, 1, wanted, AXES);
    if (n < 0 || c->out[0]->failed)
        return;
    if (resolve_shape(c, n, wanted, &shape))
        give_reshaped(c, &shape);
    else
        refuse(c, "%s elements cannot become %s%s",
               list_text(c->im->arena, c->in[0]->rank, c->in[0]->dim),
               list_text(c->im->arena, n, wanted),
               c->in[0]->rows < 0 ? "" : ", in which each row stays one by itself");
}

void rule_flatten(struct call *c)
{
    const struct value *x = c->in[0];
    int64_t axis = attribute_int(c, "axis", 1);
    axis += axis < 0 ? x->rank : 0;
    struct value shape = {.rank = 2, .rows = x->rows < 0 ? -1 : 0, .dim = {1, 1}};
    if (axis < 0 || axis > x->rank || (x->rows >= 0 && (x->rows != 0 || axis != 1))) {
        refuse(c, "axis %lld would join elements of several rows", (long long)axis);
        return;
    }
    for (int i = 0; i < x->rank; i++)
        shape.dim[i >= axis] *= x->dim[i];
    give_reshaped(c, &shape);
}

/* ---- softmax ---- */
/* The text with one axis last; shape: of the result, which has its axes so. */
static const char *axis_last(struct call *c, struct value *x, int axis, struct value *shape)
{
    int n = text_axes(x), count = 0;
    if (text_axis(c, x, axis) < 0)
        return NULL;
    *shape = *x;
    for (int i = 0; i < n; i++)
        if (x->order[i] != axis)
            shape->order[count++] = x->order[i];
    shape->order[count] = axis;
    return ordered(c, x, shape->order);
}

void rule_softmax(struct call *c)
{
    struct value shape;
    int axis = axis_of(c, c->in[0], attribute_int(c, "axis", -1));
    const char *x = axis < 0 ? NULL : axis_last(c, c->in[0], axis, &shape);
    if (x)
        give(c, 0, &shape, "%s(%s)", c->rule->text, x);
}

/* Before opset 13: over all axes from one on. */
void rule_softmax_flat(struct call *c)
{
    struct value *x = c->in[0], shape = like(x);
    int axis = axis_of(c, x, attribute_int(c, "axis", 1)), wide = 0;
    int64_t dim[AXES];
    for (int i = axis; axis >= 0 && i < x->rank; i++)
        wide += x->dim[i] > 1;
    if (axis < 0 || (x->rows >= axis && text_axis(c, x, axis) < 0))
        return;
    if (wide <= 1) {                    /* the same as over that axis */
        const char *text = plain(c, x);
        int last = axis;
        for (int i = axis; i < x->rank; i++)
            last = x->dim[i] > 1 ? i : last;
        text = axis_last(c, x, last, &shape);
        give(c, 0, &shape, "%s(%s)", c->rule->text, text);
        return;
    }
    text_dims(&shape, dim);
    int64_t flat[AXES], n = 0;
    flat[text_axes(x) - (x->rank - axis)] = 1;
    for (int i = 0; i < text_axes(x); i++) {
        if (shape.order[i] < axis)
            flat[n++] = dim[i];
        else
            flat[n] = i && shape.order[i] != axis ? flat[n] * dim[i] : dim[i];
    }
    give(c, 0, &shape, "reshape(%s(reshape(%s, %s)), %s)", c->rule->text, plain(c, x),
         list_text(c->im->arena, (int)n + 1, flat), list_text(c->im->arena, text_axes(x), dim));
}
