/* The table of operators, and rules of those without weights. */
#include "convert/rules.h"
#include <stdlib.h>
#include <string.h>

#define RULE(op, since, least, most, attributes, write, fold, text) \
    {#op, since, least, most, attributes, onnx_##write, fold, text},
const struct rule rules[] = {
#include "convert/rules.def"
};
const int rule_count = (int)(sizeof rules / sizeof *rules);

/* ---- maps ---- */
/* "{alpha:0.5}": the attribute, or the number behind the colon; returns what follows. */
static const char *fill_attribute(struct call *c, const char *text, struct text *out)
{
    size_t name = strcspn(text, ":"), all = strcspn(text, "}");
    float otherwise = (float)strtod(text + name + 1, NULL);
    const char *key = arena_strndup(c->im->arena, text, name);
    text_puts(out, number_text(c->im->arena, attribute_float(c, key, otherwise)));
    return text + all;
}

const char *fill_text(struct call *c, const char *text, const char *const *operand)
{
    struct text out;
    text_init(&out, c->im->arena);
    for (; *text; text++)
        if (*text == '@')
            text_puts(&out, operand[*++text - '0']);
        else if (*text == '{')
            text = fill_attribute(c, text + 1, &out);
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

const char *map_text(struct call *c, int count, struct value *const *in, const char *form,
                     struct value *shape)
{
    const char *text[INPUTS];
    if (!broadcast_shape(c, count, in, shape))
        return NULL;
    int n = text_axes(shape), most = 0;
    for (int i = 0; i < count; i++) {
        text[i] = aligned(c, in[i], shape->rank, n, shape->order);
        int axes = axes_written(in[i], n);
        most = axes > most ? axes : most;
    }
    const char *all = fill_text(c, form, text);
    int64_t dim[AXES];
    text_dims(shape, dim);
    return most < n ? arena_printf(c->im->arena, "reshape(%s, %s)", all,
                                   list_text(c->im->arena, n, dim)) : all;
}

void give_map(struct call *c, int count, struct value *const *in, int type, const char *form)
{
    struct value shape;
    const char *text = map_text(c, count, in, form, &shape);
    shape.type = type;
    if (text)
        give(c, 0, &shape, "%s", text);
}

void give_around(struct call *c, int count, struct value *const *in, const char *form)
{
    struct value shape;
    int type = in[0]->type;
    const char *text = map_text(c, count, in, form, &shape);
    bool wide = type == ONNX_INT16 || type == ONNX_UINT16;
    if (wide && strchr(form, '*')) {
        refuse(c, "products of type %s go beyond 32 bits", onnx_type_name(c->im->arena, type));
        return;
    }
    shape.type = type;
    if (text && type != ONNX_FLOAT)
        text = wrapped(c, type, text);
    if (text)
        give(c, 0, &shape, "%s", text);
}

static int kind_of(const struct value *v)
{
    return v->type == ONNX_FLOAT ? TYPE_REAL : v->type == ONNX_BOOL ? TYPE_TRUTH : TYPE_WHOLE;
}

bool has_types(struct call *c, int first, int count, int allowed)
{
    for (int i = first; i < first + count; i++)
        if (!c->in[i] || !(kind_of(c->in[i]) & allowed) ||
            kind_of(c->in[i]) != kind_of(c->in[first])) {
            refuse(c, "of type %s it cannot be expressed",
                   c->in[i] ? onnx_type_name(c->im->arena, c->in[i]->type) : "unknown");
            return false;
        }
    return true;
}

void onnx_map(struct call *c)
{
    if (has_types(c, 0, c->ins, TYPE_REAL))
        give_map(c, c->ins, c->in, ONNX_FLOAT, c->rule->text);
}

/* With a reciprocal of it, and nothing else that reads it, as one. */
void onnx_root(struct call *c)
{
    const Onnx__Node *after = only_user(c->out[0], "Reciprocal");
    if (!has_types(c, 0, 1, TYPE_REAL))
        return;
    after = after && after->n_input == 1 ? after : NULL;
    if (after)
        go_on(c, after);
    give_map(c, 1, c->in, ONNX_FLOAT, after ? "rsqrt(@0)" : c->rule->text);
}

void onnx_map_any(struct call *c)
{
    if (has_types(c, 0, c->ins, TYPE_REAL | TYPE_WHOLE))
        give_around(c, c->ins, c->in, c->rule->text);
}

void onnx_absolute(struct call *c)
{
    if (has_types(c, 0, 1, TYPE_REAL | TYPE_WHOLE))
        give_around(c, 1, c->in, c->in[0]->type == ONNX_FLOAT ? "abs(@0)"
                                                              : "select(@0 < 0, -@0, @0)");
}

void onnx_compare(struct call *c)
{
    if (has_types(c, 0, c->ins, TYPE_REAL | TYPE_WHOLE))
        give_map(c, c->ins, c->in, ONNX_BOOL, c->rule->text);
}

void onnx_logic(struct call *c)
{
    if (has_types(c, 0, c->ins, TYPE_TRUTH))
        give_map(c, c->ins, c->in, ONNX_BOOL, c->rule->text);
}

void onnx_where(struct call *c)
{
    if (has_types(c, 0, 1, TYPE_TRUTH) && has_types(c, 1, 2, TYPE_REAL | TYPE_WHOLE))
        give_map(c, 3, c->in, c->in[1]->type, c->rule->text);
}

static void give_truth(struct call *c, int count, struct value *const *in, const char *form)
{
    give_map(c, count, in, ONNX_BOOL, form);
}

/* The second operand from an axis of the first on, as before opset 7: with ones behind it. */
bool put_at_axis(struct call *c, struct value *b, int64_t axis, struct value *moved)
{
    int rank = c->in[0]->rank;
    int64_t dim[AXES];
    *moved = *b;
    axis += axis < 0 ? rank : 0;
    if (axis < 0 || axis > rank - b->rank || (b->rows >= 0 && axis)) {
        refuse(c, "axis %lld is none at which '%s' fits", (long long)axis, b->name);
        return false;
    }
    moved->rank = rank - (int)axis;
    for (int i = b->rank; i < moved->rank; i++)
        moved->dim[i] = 1;
    orderly(moved);
    text_dims(moved, dim);
    if (b->constant) {
        struct tensor *t = tensor_new(c->im, b->type, moved->rank, moved->dim);
        t->real = b->constant->real;
        t->whole = b->constant->whole;
        moved->constant = t;
    } else {
        moved->text = arena_printf(c->im->arena, "reshape(%s, %s)", plain(c, b),
                                   list_text(c->im->arena, text_axes(moved), dim));
    }
    return true;
}

/* Maps of two before opset 7, whose second operand stands at an axis of the first. */
void onnx_map_axis(struct call *c)
{
    struct value moved, *in[2] = {c->in[0], &moved};
    int64_t last = c->in[0]->rank - c->in[1]->rank;
    bool truth = strpbrk(c->rule->text, "<>=") != NULL;
    if (has_types(c, 0, 2, TYPE_REAL | TYPE_WHOLE | TYPE_TRUTH) &&
        put_at_axis(c, c->in[1], attribute_int(c, "axis", last), &moved))
        (truth || c->in[0]->type == ONNX_BOOL ? give_truth : give_around)(c, 2, in, c->rule->text);
}

/* A slope for each channel, where there is more than one. */
void onnx_prelu_channels(struct call *c)
{
    struct value moved, *in[2] = {c->in[0], &moved};
    bool channels = c->in[1]->rank == 1 && c->in[1]->dim[0] > 1 && c->in[0]->rank > 1;
    int64_t last = c->in[0]->rank - c->in[1]->rank;
    if (has_types(c, 0, 2, TYPE_REAL) && put_at_axis(c, c->in[1], channels ? 1 : last, &moved))
        give_map(c, 2, in, ONNX_FLOAT, c->rule->text);
}

/* A power of a number that is known, and of one that is. */
void onnx_power(struct call *c)
{
    if (has_types(c, 0, 1, TYPE_REAL) && has_types(c, 1, 1, TYPE_REAL | TYPE_WHOLE))
        give_map(c, 2, c->in, ONNX_FLOAT, c->rule->text);
}

/* Of any number of operands, two by two from the first on. */
static const char *join_form(struct call *c)
{
    const char *form = "@0";
    for (int i = 1; i < c->ins; i++) {
        const char *pair[2] = {form, arena_printf(c->im->arena, "@%c", '0' + i)};
        form = fill_text(c, c->rule->text, pair);
    }
    return form;
}

/* Whole numbers, of which max and min would make real ones, two by two: the larger or smaller of
 * what there is and in[i + 1]. */
static void give_extreme(struct call *c, int count, struct value *const *in, const bool *larger)
{
    struct value found = *in[0], shape;
    const char *text = found.constant ? plain(c, in[0]) : found.text;
    for (int i = 1; i < count; i++) {
        struct value *pair[2] = {&found, in[i]};
        text = map_text(c, 2, pair, larger[i - 1] ? "select(@0 > @1, @0, @1)"
                                                  : "select(@0 < @1, @0, @1)", &shape);
        if (!text)
            return;
        text = let_line(c, text);
        shape.name = c->out[0]->name;
        shape.text = text;
        found = shape;
    }
    found.constant = NULL;
    give_text(c, 0, &found, text);
}

void onnx_join(struct call *c)
{
    bool sum = strchr(c->rule->text, '+') != NULL, larger[INPUTS];
    for (int i = 0; i < c->ins; i++)
        larger[i] = !strncmp(c->rule->text, "max", 3);
    if (!has_types(c, 0, c->ins, sum ? TYPE_REAL : TYPE_REAL | TYPE_WHOLE))
        return;
    if (c->in[0]->type == ONNX_FLOAT)
        give_map(c, c->ins, c->in, ONNX_FLOAT, join_form(c));
    else
        give_extreme(c, c->ins, c->in, larger);
}

void onnx_mean(struct call *c)
{
    if (has_types(c, 0, c->ins, TYPE_REAL))
        give_map(c, c->ins, c->in, ONNX_FLOAT,
                 arena_printf(c->im->arena, "(%s) / %d", join_form(c), c->ins));
}

void onnx_clip_attributes(struct call *c)
{
    if (has_types(c, 0, 1, TYPE_REAL))
        give_map(c, 1, c->in, ONNX_FLOAT,
                 attribute(c, "min") && attribute(c, "max") ? "min(max(@0, {min:0}), {max:0})"
                 : attribute(c, "min") ? "max(@0, {min:0})"
                 : attribute(c, "max") ? "min(@0, {max:0})" : "@0");
}

void onnx_clip(struct call *c)
{
    bool low = c->ins > 1 && c->in[1], high = c->ins > 2 && c->in[2];
    struct value *in[3] = {c->in[0], low ? c->in[1] : c->in[2], c->in[2]};
    const bool larger[2] = {low, false};
    if (!has_types(c, 0, 1, TYPE_REAL | TYPE_WHOLE))
        return;
    if (c->in[0]->type != ONNX_FLOAT)
        give_extreme(c, 1 + low + high, in, larger);
    else
        give_map(c, 1 + low + high, in, ONNX_FLOAT,
                 low && high ? "min(max(@0, @1), @2)"
                 : low ? "max(@0, @1)" : high ? "min(@0, @1)" : "@0");
}

/* What is left of a when whole b are taken away: the quotient q is exact up to 2^24, or one too
 * large where it is rounded up, so its product with b is taken away in exact parts of 12 bits.  It
 * has the sign of the first, else that of the second. */
static void give_remainder(struct call *c, const struct value *shape, bool of_first)
{
    struct arena *arena = c->im->arena;
    int n = text_axes(shape);
    int64_t dim[AXES];
    struct value result = *shape;
    const char *x = aligned(c, c->in[0], shape->rank, n, shape->order);
    const char *by = aligned(c, c->in[1], shape->rank, n, shape->order);
    const char *a = let_line(c, arena_printf(arena, "abs(%s)", x));
    const char *b = let_line(c, arena_printf(arena, "abs(%s)", by));
    const char *q = let_line(c, arena_printf(arena, "floor(%s / %s)", a, b));
    const char *q1 = let_line(c, arena_printf(arena, "4096 * floor(%s / 4096)", q));
    const char *q2 = let_line(c, arena_printf(arena, "%s - %s", q, q1));
    const char *b1 = let_line(c, arena_printf(arena, "4097 * %s - (4097 * %s - %s)", b, b, b));
    const char *b2 = let_line(c, arena_printf(arena, "%s - %s", b, b1));
    const char *r = let_line(c, arena_printf(arena, "%s - %s * %s - %s * %s - %s * %s - %s * %s", a,
                                             b1, q1, b1, q2, b2, q1, b2, q2));
    r = arena_printf(arena, "select(%s < 0, %s + %s, %s)", r, r, b, r);
    r = arena_printf(arena, "select(%s == inf and %s < inf, %s, %s)", b, a, a, r);
    result.type = ONNX_FLOAT;
    text_dims(shape, dim);
    const char *y = arena_printf(arena, "select(%s < 0, -1, 1) * %s", x, r);
    if (!of_first) {
        y = let_line(c, y);
        y = arena_printf(arena, "select(%s != 0 and (%s < 0) != (%s < 0), %s + %s, %s)", y, y, by,
                         y, by, y);
    }
    if (n)
        give(c, 0, &result, "reshape(%s, %s)", y, list_text(arena, n, dim));
    else
        give(c, 0, &result, "%s", y);
}

void onnx_mod(struct call *c)
{
    struct value shape;
    bool of_first = attribute_int(c, "fmod", 0) != 0;
    if (c->in[0]->type != ONNX_FLOAT && has_types(c, 0, 2, TYPE_WHOLE))
        give_whole_remainder(c, of_first);
    else if (has_types(c, 0, 2, TYPE_REAL) && broadcast_shape(c, 2, c->in, &shape))
        give_remainder(c, &shape, of_first);
}

void onnx_gelu(struct call *c)
{
    if (has_types(c, 0, 1, TYPE_REAL))
        give_map(c, 1, c->in, ONNX_FLOAT,
                 strcmp(attribute_word(c, "approximate", "none tanh"), "tanh") ? "gelu(@0)"
                                                                               : "gelu_tanh(@0)");
}

/* The expression of another kind of type. */
static const char *converted(int from, int to)
{
    if (from == to)
        return "@0";
    if (to == TYPE_REAL)
        return "to_float(@0)";
    return to == TYPE_TRUTH ? "@0 != 0" : from == TYPE_REAL ? "to_int(@0)" : "to_int(to_float(@0))";
}

static void cast_to(struct call *c, int64_t to)
{
    struct value shape, typed = {.type = onnx_is_real((int)to) ? ONNX_FLOAT : (int)to};
    int from = kind_of(c->in[0]), kind = kind_of(&typed);
    if (to != (int)to || !onnx_is_known((int)to)) {
        refuse(c, "a model file has no type %s", onnx_type_name(c->im->arena, (int)to));
        return;
    }
    const char *text = map_text(c, 1, c->in, converted(from, kind), &shape);
    shape.type = typed.type;            /* inputs that are double are float, too */
    if (!text)
        return;
    if (kind == TYPE_REAL && to != ONNX_FLOAT && to != ONNX_DOUBLE)
        give_few_real(c, &shape, text, (int)to);
    else
        give(c, 0, &shape, "%s",
             kind == TYPE_WHOLE && from != TYPE_TRUTH ? wrapped(c, typed.type, text) : text);
    c->out[0]->stored = (int)to;
}

void onnx_cast(struct call *c)
{
    cast_to(c, attribute_int(c, "to", 0));
}

void onnx_cast_like(struct call *c)
{
    cast_to(c, c->in[1]->stored ? c->in[1]->stored : c->in[1]->type);
}

/* Of both infinities, or one. */
void onnx_is_inf(struct call *c)
{
    bool low = attribute_int(c, "detect_negative", 1) != 0;
    bool high = attribute_int(c, "detect_positive", 1) != 0;
    if (!low && !high)
        refuse(c, "it looks for no infinity at all");
    else if (has_types(c, 0, 1, TYPE_REAL))
        give_map(c, 1, c->in, ONNX_BOOL,
                 low && high ? "abs(@0) == inf" : low ? "@0 == -inf" : "@0 == inf");
}

/* ---- constants and copies ---- */
/* Whether the only reader of a constant is a layer which learns such: some exporters have weights
 * in nodes of their own. */
static bool is_weight(struct call *c)
{
    static const struct { const char *op; int first, last; } reader[] = {
        {"BatchNormalization", 1, 2}, {"Conv", 1, 2}, {"ConvTranspose", 1, 2}, {"Gemm", 1, 2}};
    const Onnx__Node *by = c->out[0]->uses == 1 ? c->out[0]->user : NULL;
    for (size_t i = 0; by && !c->im->own && i < sizeof reader / sizeof *reader; i++)
        for (int k = reader[i].first; k <= reader[i].last && k < (int)by->n_input; k++)
            if (!strcmp(by->op_type, reader[i].op) && !strcmp(by->input[k], c->out[0]->name))
                return true;
    return false;
}

void onnx_constant(struct call *c)
{
    const Onnx__Attribute *a = c->node->n_attribute ? c->node->attribute[0] : NULL;
    int64_t one = a ? (int64_t)(a->n_floats ? a->n_floats : a->n_ints) : 0;
    struct tensor *t = NULL;
    if (a && a->t)
        t = tensor_read(c->im, a->t, c->out[0]->name);
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
    c->out[0]->trained = t->real && t->rank > 0 && is_weight(c);
}

/* Whether something reads an output. */
static bool is_read(const struct call *c, int out)
{
    return out < c->outs && c->out[out] && c->out[out]->uses > 0;
}

void onnx_dropout(struct call *c)
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
    if (training && training->constant->whole && training->constant->whole[0] && p != 0) {
        refuse(c, "it drops when predicting, too; export the model for inference");
        return;
    }
    if (c->im->request->infer || p == 0)
        give_text(c, 0, x, x->text);
    else
        give(c, 0, x, "dropout(%s, %s)%s", x->text, number_text(c->im->arena, p),
             c->im->own ? as_text(c->im->arena, own_path(c->im, c->node->name)) : "");
}

/* ---- shapes ---- */
void onnx_transpose(struct call *c)
{
    struct value *x = c->in[0];
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
    shape.constant = NULL;
    give_text(c, 0, &shape, x->constant ? plain(c, x) : x->text);
}

void give_reshaped(struct call *c, struct value *shape)
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

int64_t elements_of(const struct value *v)
{
    int64_t count = 1;
    for (int i = 0; i < v->rank; i++)
        count *= v->dim[i];
    return count;
}

/* Elements of a row before the axis of rows, or another one. */
static int64_t elements_before(const struct value *v, int axis)
{
    int64_t count = 1;
    for (int i = 0; i < axis; i++)
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
        bool rows = wanted[i] == ROW_COUNT || (copied && i == x->rows) ||
                    (x->rows == i && wanted[i] == c->im->batch && c->im->batch > 1);
        shape->dim[i] = rows ? 1 : copied ? x->dim[i] : wanted[i];
        shape->rows = rows ? i : shape->rows;
        if (wanted[i] == -1 && left < 0)
            left = i;
        else if (shape->dim[i] < 1 || known > all / shape->dim[i])
            return false;
        else
            known *= shape->dim[i];
    }
    if (left >= 0)
        shape->dim[left] = all / known;
    if (x->rows == 0 && shape->rows < 0 && count &&
        (left == 0 || (wanted[0] == 1 && (left < 0 || c->im->batch == 1))))
        shape->rows = 0;                /* [-1, n] of n elements a row; [1, -1] takes all rows */
    else if (x->rows >= 0 && shape->rows < 0 && left >= 0 && c->im->batch != 1)
        shape->rows = left;             /* where as much lies before it as there did */
    return (left < 0 ? known : known * shape->dim[left]) == all &&
           (x->rows < 0) == (shape->rows < 0) &&
           (x->rows < 0 || (elements_before(x, x->rows) == elements_before(shape, shape->rows) &&
                            shape->dim[shape->rows] == 1));
}

void onnx_reshape(struct call *c)
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

void onnx_flatten(struct call *c)
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
const char *axis_last(struct call *c, struct value *x, int axis, struct value *shape)
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

void onnx_softmax(struct call *c)
{
    struct value shape;
    int axis = axis_of(c, c->in[0], attribute_int(c, "axis", -1));
    const char *x = axis < 0 ? NULL : axis_last(c, c->in[0], axis, &shape);
    if (x)
        give(c, 0, &shape, "%s(%s)", c->rule->text, x);
}

/* Before opset 13: over all axes from one on. */
void onnx_softmax_flat(struct call *c)
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
