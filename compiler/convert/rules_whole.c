/* Rules of whole numbers of few bits, of divisions of whole numbers, and of real numbers that are
 * rounded to few bits. */
#include <math.h>
#include <string.h>
#include "convert/rules.h"

/* Bits of a type of whole numbers of fewer than 32; *is_signed; 0: it has more. */
static int few_bits(int type, bool *is_signed)
{
    *is_signed = type == ONNX_INT8 || type == ONNX_INT16 || type == ONNX_INT4 || type == ONNX_INT2;
    switch (type) {
    case ONNX_INT2: case ONNX_UINT2: return 2;
    case ONNX_INT4: case ONNX_UINT4: return 4;
    case ONNX_INT8: case ONNX_UINT8: return 8;
    case ONNX_INT16: case ONNX_UINT16: return 16;
    default: return 0;
    }
}

/* A quotient of 32 bits that is made of real ones may be one too large. */
const char *wrapped(struct call *c, int type, const char *text)
{
    bool is_signed;
    int bits = few_bits(type, &is_signed);
    if (type == ONNX_UINT32 || type == ONNX_UINT64) {
        refuse(c, "of type %s it would go around at 0, which whole numbers here do not",
               onnx_type_name(c->im->arena, type));
        return "0";
    }
    if (!bits)
        return text;
    int all = 1 << bits, half = is_signed ? all / 2 : 0;
    const char *x = let_line(c, half ? arena_printf(c->im->arena, "%s + %d", text, half) : text);
    const char *y = let_line(
        c, arena_printf(c->im->arena, "%s - %d * to_int(floor(to_float(%s) / %d))", x, all, x,
                        all));
    return arena_printf(c->im->arena, "select(%s < 0, %s + %d, %s)%s", y, y, all, y,
                        half ? arena_printf(c->im->arena, " - %d", half) : "");
}

/* Quotients of whole numbers below 2^16 are right where they are made of real ones. */
static void give_quotient(struct call *c, struct value *const *in)
{
    bool is_signed;
    if (few_bits(in[0]->type, &is_signed) && has_types(c, 0, 2, TYPE_WHOLE))
        give_around(c, 2, in, "to_int(to_float(@0) / to_float(@1))");
    else if (has_types(c, 0, 2, TYPE_REAL))
        give_map(c, 2, in, ONNX_FLOAT, c->rule->text);
}

void onnx_divide(struct call *c)
{
    give_quotient(c, c->in);
}

void onnx_divide_axis(struct call *c)
{
    struct value moved, *in[2] = {c->in[0], &moved};
    int64_t last = c->in[0]->rank - c->in[1]->rank;
    if (put_at_axis(c, c->in[1], attribute_int(c, "axis", last), &moved))
        give_quotient(c, in);
}

/* The remainder of whole numbers: a quotient of real ones may be off by some, so what is left is
 * divided again, and once more compared.  of_first: it has the sign of the first, else that of the
 * second. */
void give_whole_remainder(struct call *c, bool of_first)
{
    struct arena *arena = c->im->arena;
    struct value shape, *in[2];
    const char *text[2];
    if (!broadcast_shape(c, 2, c->in, &shape))
        return;
    int n = text_axes(&shape);
    int64_t dim[AXES];
    text_dims(&shape, dim);
    for (int i = 0; i < 2; i++) {
        in[i] = c->in[i];
        text[i] = let_line(c, aligned(c, in[i], shape.rank, n, shape.order));
    }
    const char *by = let_line(
        c, arena_printf(arena, "select(%s < 0, -%s, %s)", text[1], text[1], text[1]));
    const char *left = let_line(
        c, arena_printf(arena, "select(%s < 0, -%s, %s)", text[0], text[0], text[0]));
    for (int i = 0; i < 2; i++)
        left = let_line(c, arena_printf(arena,
                                        "%s - %s * to_int(floor(to_float(%s) / to_float(%s)))",
                                        left, by, left, by));
    left = let_line(c, arena_printf(arena, "select(%s < 0, %s + %s, %s)", left, left, by, left));
    left = let_line(c, arena_printf(arena, "select(%s < 0, -%s, %s)", text[0], left, left));
    if (!of_first)
        left = let_line(c, arena_printf(arena,
                                        "select(%s != 0 and (%s < 0) != (%s < 0), %s + %s, %s)",
                                        left, left, text[1], left, text[1], left));
    if (n)
        give(c, 0, &shape, "reshape(%s, %s)", left, list_text(arena, n, dim));
    else
        give(c, 0, &shape, "%s", left);
}

/* ---- whole numbers in the place of real ones ---- */

/* What a QuantizeLinear makes: the type of its zero point, or what an attribute says. */
static int quantized_type(struct call *c)
{
    const struct value *zero = c->ins > 2 ? c->in[2] : NULL;
    int64_t said = attribute_from(c, "output_dtype", 0, 0);
    return zero && zero->stored ? zero->stored : zero ? zero->type : said ? (int)said : ONNX_UINT8;
}

/* Each place of an axis so many times, up to as many as the first input has. */
static bool spread_blocks(struct call *c, struct value *v, int64_t size)
{
    struct arena *arena = c->im->arena;
    const struct value *x = c->in[0];
    int axis = axis_of(c, x, attribute_int(c, "axis", 1)), at = 0;
    int64_t split[AXES + 1], wide[AXES + 1], dim[AXES];
    struct value all = like(v);
    if (axis < 0 || v->rank != x->rank || axis == v->rows || v->rank > AXES - 1 ||
        size > x->dim[axis] || size * v->dim[axis] != x->dim[axis]) {
        refuse(c, "its blocks of %lld do not go together with its scales", (long long)size);
        return false;
    }
    int n = text_axes(v);
    for (int i = 0; i < n; i++) {
        split[at] = wide[at] = v->dim[all.order[i]];
        at++;
        if (all.order[i] != axis)
            continue;
        split[at] = 1;
        wide[at++] = size;
    }
    all.dim[axis] *= size;
    text_dims(&all, dim);
    all.text = arena_printf(arena, "reshape(broadcast(reshape(%s, %s), %s), %s)", plain(c, v),
                            list_text(arena, at, split), list_text(arena, at, wide),
                            list_text(arena, n, dim));
    *v = all;
    return true;
}

/* Scale and zero point of each place of an axis, of blocks of one, or of all. */
static bool read_scales(struct call *c, struct value *moved, struct value **in)
{
    int count = c->ins > 2 && c->in[2] ? 3 : 2;
    int64_t block = attribute_from(c, "block_size", 0, 0);
    in[0] = c->in[0];
    for (int i = 1; i < count; i++) {
        bool axis = c->in[i]->rank == 1 && c->in[i]->dim[0] > 1;
        in[i] = &moved[i];
        moved[i] = *c->in[i];
        if (block > 0 ? !spread_blocks(c, &moved[i], block)
                      : !put_at_axis(c, c->in[i], axis ? attribute_int(c, "axis", 1)
                                     : c->in[0]->rank - c->in[i]->rank, &moved[i]))
            return false;
        for (int k = 1; k <= moved[i].rank && k <= c->in[0]->rank; k++)
            if (moved[i].dim[moved[i].rank - k] > c->in[0]->dim[c->in[0]->rank - k]) {
                refuse(c, "'%s' is of more places than its axis has", c->in[i]->name);
                return false;
            }
    }
    return true;
}

void onnx_quantize(struct call *c)
{
    struct value moved[3], *in[3], shape;
    struct arena *arena = c->im->arena;
    bool zero = c->ins > 2 && c->in[2], is_signed;
    int type = quantized_type(c), bits = few_bits(type, &is_signed);
    if (!has_types(c, 0, 2, TYPE_REAL) || !read_scales(c, moved, in))
        return;
    if (few_real(type)) {
        const char *text =
            map_text(c, zero ? 3 : 2, in, zero ? "@0 / @1 + @2" : "@0 / @1", &shape);
        if (text)
            give_few_real(c, &shape, text, type);
        return;
    }
    if (!bits) {
        refuse(c, "it is of type %s, where numbers of up to 16 bits are known",
               onnx_type_name(arena, type));
        return;
    }
    int all = 1 << bits, least = is_signed ? -all / 2 : 0;
    give_map(c, zero ? 3 : 2, in, type,
             arena_printf(arena, "to_int(min(max(rounded(@0 / @1)%s, %d), %d))",
                          zero ? " + to_float(@2)" : "", least, least + all - 1));
}

void onnx_dequantize(struct call *c)
{
    struct value moved[3], *in[3];
    bool zero = c->ins > 2 && c->in[2], real = c->in[0]->type == ONNX_FLOAT;
    if (!has_types(c, 0, 1, TYPE_WHOLE | TYPE_REAL) || !has_types(c, 1, 1, TYPE_REAL) ||
        !read_scales(c, moved, in))
        return;
    give_map(c, zero ? 3 : 2, in, ONNX_FLOAT,
             real ? zero ? "(@0 - @2) * @1" : "@0 * @1"
             : zero ? "(to_float(@0) - to_float(@2)) * @1" : "to_float(@0) * @1");
}

/* By a scale that the numbers themselves give. */
void onnx_dynamic_quantize(struct call *c)
{
    struct arena *arena = c->im->arena;
    struct value *x = c->in[0], shape = *x, none = {.type = ONNX_FLOAT, .rows = -1};
    if (!has_types(c, 0, 1, TYPE_REAL))
        return;
    if (x->rows >= 0) {
        refuse(c, "its scale would be that of all rows of the batch; --rows none takes one");
        return;
    }
    const char *text = let_line(c, x->constant ? plain(c, x) : x->text);
    const char *low = let_line(c, arena_printf(arena, "min(min(%s), 0)", text));
    const char *range = let_line(c, arena_printf(arena, "max(max(%s), 0) - %s", text, low));
    const char *scale =
        let_line(c, arena_printf(arena, "select(%s == 0, 1, %s / 255)", range, range));
    const char *zero = let_line(
        c, arena_printf(arena, "rounded(min(max(0 - %s / %s, 0), 255))", low, scale));
    shape.type = ONNX_UINT8;
    shape.constant = NULL;
    give(c, 0, &shape, "to_int(min(max(rounded(%s / %s) + %s, 0), 255))", text, scale, zero);
    give_text(c, 1, &none, scale);
    none.type = ONNX_UINT8;
    give(c, 2, &none, "to_int(%s)", zero);
}

/* The same bits as another type of whole numbers: those of as many, which go around. */
void onnx_bit_cast(struct call *c)
{
    bool is_signed;
    int from = c->in[0]->type, to = (int)attribute_int(c, "to", 0);
    int bits = from == ONNX_BOOL ? 8 : few_bits(from, &is_signed);
    if (bits && bits == few_bits(to, &is_signed))
        give_results(c, (const char *const[OUTPUTS]){
                            PUT(c, arena_printf(c->im->arena, "Cast to=%d", to),
                                c->node->input[0])});
    else
        refuse(c, "bits of %s are no %s that a model file could compute",
               onnx_type_name(c->im->arena, from), onnx_type_name(c->im->arena, to));
}

/* ---- products of whole numbers of 8 bits: as real ones, which are right up to 2^24 ---- */

/* An input, less its zero point: one for each place of the axis so far from the end, or of all. */
static const char *put_centred(struct call *c, int input, int zero, int from_end)
{
    const char *x = PUT(c, "Cast to=1", c->node->input[input]);
    const struct value *z = zero < c->ins ? c->in[zero] : NULL;
    if (!z)
        return x;
    const char *y = PUT(c, "Cast to=1", c->node->input[zero]);
    if (z->rank == 1 && z->dim[0] > 1)
        for (int i = 1; i < from_end; i++)
            y = PUT(c, "Unsqueeze axes=[-1]", y);
    return PUT(c, "Sub", x, z->rank == 1 && z->dim[0] == 1 ? PUT(c, "Squeeze axes=[0]", y) : y);
}

/* Whether so many products of numbers of 8 bits add up to what a real number holds. */
static bool adds_up(struct call *c, int64_t count)
{
    enum { MOST_PRODUCTS = (1 << 24) / (255 * 255) };
    if (count <= MOST_PRODUCTS)
        return true;
    refuse(c, "it adds up %lld products, of which real numbers are right for %d", (long long)count,
           MOST_PRODUCTS);
    return false;
}

void onnx_matmul_integer(struct call *c)
{
    const struct value *a = c->in[0];
    if (!has_types(c, 0, 2, TYPE_WHOLE) || !adds_up(c, a->rank ? a->dim[a->rank - 1] : 1))
        return;
    const char *y = PUT(c, "MatMul", put_centred(c, 0, 2, 2), put_centred(c, 1, 3, 1));
    give_results(c, (const char *const[OUTPUTS]){PUT(c, "Cast to=6", y)});
}

/* "Conv group=2 pads=[1,1]" */
static const char *conv_of(struct call *c)
{
    return arena_printf(c->im->arena, "Conv%s",
                        attributes_text(c, "auto_pad dilations group kernel_shape pads strides"));
}

static int64_t filter_size(const struct value *w)
{
    int64_t count = 1;
    for (int i = 1; i < w->rank; i++)
        count *= w->dim[i];
    return count;
}

void onnx_conv_integer(struct call *c)
{
    const struct value *w = c->in[1];
    if (!has_types(c, 0, 2, TYPE_WHOLE) || !adds_up(c, filter_size(w)))
        return;
    const char *x = put_centred(c, 0, 2, 1), *filters = put_centred(c, 1, 3, w->rank);
    give_results(c, (const char *const[OUTPUTS]){
                        PUT(c, "Cast to=6", PUT(c, conv_of(c), x, filters))});
}

/* The product is of whole numbers; a scale brings it to that of the result. */
static void give_scaled(struct call *c, const char *y, const char *scale)
{
    const char *const *in = (const char *const *)c->node->input;
    y = PUT(c, "QuantizeLinear", PUT(c, "Mul", y, scale), in[6], in[7]);
    give_results(c, (const char *const[OUTPUTS]){y});
}

void onnx_qlinear_matmul(struct call *c)
{
    char *const *in = c->node->input;
    if (!has_types(c, 0, 1, TYPE_WHOLE) || !has_types(c, 3, 1, TYPE_WHOLE))
        return;
    const char *scale = PUT(c, "Mul", in[1], in[4]);
    give_scaled(c, PUT(c, "MatMul", put_centred(c, 0, 2, 2), put_centred(c, 3, 5, 1)), scale);
}

/* A scale of each filter stands at the channels of the result. */
void onnx_qlinear_conv(struct call *c)
{
    char *const *in = c->node->input;
    const struct value *x = c->in[0], *w = c->in[3], *scale = c->in[4];
    if (!has_types(c, 0, 1, TYPE_WHOLE) || !has_types(c, 3, 1, TYPE_WHOLE))
        return;
    const char *y = PUT(c, conv_of(c), put_centred(c, 0, 2, 1), put_centred(c, 3, 5, w->rank));
    const char *each = in[4], *bias = c->ins > 8 ? PUT(c, "Cast to=1", in[8]) : NULL;
    for (int i = 2; i < x->rank; i++) {
        each = scale->rank == 1 && scale->dim[0] > 1 ? PUT(c, "Unsqueeze axes=[-1]", each) : each;
        bias = bias ? PUT(c, "Unsqueeze axes=[-1]", bias) : NULL;
    }
    give_scaled(c, bias ? PUT(c, "Add", y, bias) : y, PUT(c, "Mul", in[1], each));
}

/* ---- real numbers of few bits ---- */

/* A power of two, to which zero and what is below belongs, too: float8e8m0 has nothing else. */
static void give_power(struct call *c, const struct value *shape, const char *x)
{
    struct arena *arena = c->im->arena;
    const char *mode = attribute_word(c, "round_mode", "up down nearest");
    const char *size = let_line(
        c, arena_printf(arena, "max(abs(%s), 1.1754943508222875e-38)", x));
    const char *p = let_line(c, arena_printf(arena, "exp2(floor(log2(%s)))", size));
    p = let_line(c, arena_printf(arena, "select(%s > %s, %s / 2, %s)", p, size, p, p));
    p = let_line(c, arena_printf(arena, "select(2 * %s <= %s, 2 * %s, %s)", p, size, p, p));
    if (*mode != 'd')
        p = let_line(c, arena_printf(arena, *mode == 'u' ? "select(%s < %s, 2 * %s, %s)"
                                     : "select(1.5 * %s <= %s, 2 * %s, %s)", p, size, p, p));
    const char *most = attribute_int(c, "saturate", 1) ? "1.7014118346046923e+38" : "inf - inf";
    p = let_line(c, arena_printf(arena, "select(%s < inf, %s, %s)", p, p, most));
    give(c, 0, shape, "stop_gradient(select(abs(%s) < inf, %s, inf - inf))", x, p);
}

/* As multiples of the last bit that such a number of that size has, ties to even; gradients pass
 * through.  Numbers of 8 bits that are too large become the largest, unless `saturate` is 0; those
 * of 4 always, and NaN, which they have not, 0. */
void give_few_real(struct call *c, const struct value *shape, const char *text, int type)
{
    struct arena *arena = c->im->arena;
    const struct few_real *few = few_real(type);
    const char *x = let_line(c, text);
    if (!few) {
        give_power(c, shape, x);
        return;
    }
    bool halves = type == ONNX_FLOAT16 || type == ONNX_BFLOAT16;
    bool saturates = type == ONNX_FLOAT4E2M1 || (!halves && attribute_int(c, "saturate", 1));
    const char *most = number_text(arena, few->most);
    const char *size = arena_printf(arena, "max(abs(%s), %s)", x,
                                    number_text(arena, ldexpf(1, 1 - few->bias)));
    const char *bit = let_line(
        c, arena_printf(arena, "exp2(floor(log2(%s)) - %d)", size, few->mantissa));
    const char *near = let_line(c, arena_printf(arena, "rounded(%s / %s) * %s", x, bit, bit));
    const char *beyond = saturates
        ? arena_printf(arena, "select(%s > 0, %s, select(%s < 0, -%s, %s))", x, most, x, most,
                       type == ONNX_FLOAT4E2M1 ? "0" : x)
        : few->infinite ? arena_printf(arena, "%s * inf", x) : "inf - inf";
    give(c, 0, shape, "select(abs(%s) <= %s, %s + stop_gradient(%s - %s), %s)", near, most, x, near,
         x, beyond);
}

/* ---- bits of whole numbers ---- */

/* Two to a power of 0 to 30, as whole numbers. */
static const char *power_text(struct call *c, const char *y)
{
    return let_line(c, arena_printf(c->im->arena, "to_int(exp2(to_float(%s)))", y));
}

/* x / 2^y rounded down: the quotient of real numbers may be off, so what is left is divided. */
static const char *shifted_right(struct call *c, const char *x, const char *y)
{
    struct arena *arena = c->im->arena;
    const char *p = power_text(
        c, let_line(c, arena_printf(arena, "select(%s < 0 or %s > 30, 30, %s)", y, y, y)));
    const char *q = let_line(
        c, arena_printf(arena, "to_int(floor(to_float(%s) / to_float(%s)))", x, p));
    const char *left = let_line(c, arena_printf(arena, "%s - %s * %s", x, q, p));
    return arena_printf(arena,
                        "select(%s < 0 or %s > 30, select(%s < 0, -1, 0), "
                        "%s + to_int(floor(to_float(%s) / to_float(%s))))",
                        y, y, x, q, left, p);
}

/* x 2^y, which goes around at 2^32: twice half of the power, which has no 2^31. */
static const char *shifted_left(struct call *c, const char *x, const char *y)
{
    struct arena *arena = c->im->arena;
    const char *all = let_line(c, arena_printf(arena, "select(%s < 0 or %s > 31, 0, %s)", y, y, y));
    const char *half = let_line(c, arena_printf(arena, "to_int(floor(to_float(%s) / 2))", all));
    const char *a = power_text(c, half);
    const char *b = power_text(c, arena_printf(arena, "%s - %s", all, half));
    return arena_printf(arena, "select(%s < 0 or %s > 31, 0, %s * %s * %s)", y, y, x, a, b);
}

/* Both operands as they meet; false after a refusal. */
static bool meet(struct call *c, struct value *shape, const char **text)
{
    if (!has_types(c, 0, c->ins, TYPE_WHOLE) || !broadcast_shape(c, c->ins, c->in, shape))
        return false;
    int n = text_axes(shape);
    int64_t dim[AXES];
    text_dims(shape, dim);
    for (int i = 0; i < c->ins; i++) {
        text[i] = aligned(c, c->in[i], shape->rank, n, shape->order);
        text[i] = let_line(c, n ? arena_printf(c->im->arena, "broadcast(%s, %s)", text[i],
                                               list_text(c->im->arena, n, dim)) : text[i]);
    }
    shape->type = c->in[0]->type;
    return true;
}

void onnx_bit_shift(struct call *c)
{
    struct value shape;
    bool left = !strcmp(attribute_word(c, "direction", "RIGHT LEFT"), "LEFT");
    const char *text[2];
    if (!meet(c, &shape, text))
        return;
    const char *all = left ? wrapped(c, shape.type, shifted_left(c, text[0], text[1]))
                           : shifted_right(c, text[0], text[1]);
    give(c, 0, &shape, "%s", all);
}

/* The bits of a text of those extents, 0 or 1, along a new last axis. */
static const char *bits_of(struct call *c, const char *x, int n, int64_t *dim, int bits)
{
    struct arena *arena = c->im->arena;
    dim[n] = 1;
    const char *one = list_text(arena, n + 1, dim);
    dim[n] = bits;
    const char *all = list_text(arena, n + 1, dim);
    const char *place =
        let_line(c, arena_printf(arena, "position(broadcast(0, %s), %d)", all, n));
    const char *each =
        let_line(c, arena_printf(arena, "broadcast(reshape(%s, %s), %s)", x, one, all));
    const char *from = let_line(c, shifted_right(c, each, place));
    const char *above =
        shifted_right(c, each, let_line(c, arena_printf(arena, "%s + 1", place)));
    return let_line(c, arena_printf(arena, "to_float(%s - 2 * %s)", from, let_line(c, above)));
}

/* Bit by bit: sums of 16 bits are right as real numbers. */
void onnx_bitwise(struct call *c)
{
    struct arena *arena = c->im->arena;
    struct value shape;
    const char *text[2], *bit[2];
    int64_t dim[AXES + 1];
    bool is_signed;
    int bits = few_bits(c->in[0]->type, &is_signed), n;
    if (c->in[0]->type == ONNX_UINT32 || c->in[0]->type == ONNX_UINT64 || c->in[0]->rank == AXES) {
        refuse(c, "its whole numbers have more bits than those of a model file, or over %d axes",
               AXES - 1);
        return;
    }
    if (!meet(c, &shape, text))
        return;
    n = text_axes(&shape);
    text_dims(&shape, dim);
    for (int i = 0; i < 2; i++)
        bit[i] = bits_of(c, text[i], n, dim, bits ? bits : 32);
    const char *both = let_line(c, fill_text(c, c->rule->text, bit));
    const char *power = let_line(c, arena_printf(
        arena, "exp2(to_float(position(broadcast(0, [%d]), 0)))", bits && bits < 16 ? bits : 16));
    const char *last = bits && bits < 16 ? arena_printf(arena, "%d", bits - 1) : "15";
    const char *sum = arena_printf(arena, "to_int(sum(%s[..., 0..%s] * %s, axis = %d))", both, last,
                                   power, n);
    if (!bits)
        sum = arena_printf(arena, "%s + 65536 * to_int(sum(%s[..., 16..31] * %s, axis = %d))", sum,
                           both, power, n);
    sum = arena_printf(arena, n ? "reshape(%s, %s)" : "(%s)[0]", sum, list_text(arena, n, dim));
    give(c, 0, &shape, "%s", is_signed ? wrapped(c, shape.type, let_line(c, sum)) : sum);
}

/* All bits turned: of those with a sign -1 less what they are. */
void onnx_bitwise_not(struct call *c)
{
    bool is_signed;
    int type = c->in[0]->type, bits = few_bits(type, &is_signed);
    bool wide = type == ONNX_UINT32 || type == ONNX_UINT64;
    int most = bits && !is_signed ? (1 << bits) - 1 : -1;
    if (wide)
        refuse(c, "its whole numbers have more bits than those of a model file");
    else if (has_types(c, 0, 1, TYPE_WHOLE))
        give_map(c, 1, c->in, type, arena_printf(c->im->arena, "%d - @0", most));
}
