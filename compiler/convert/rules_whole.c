/* Rules of whole numbers of few bits, of divisions of whole numbers, and of real numbers that are
 * rounded to few bits. */
#include <string.h>
#include "convert/rules.h"

/* Bits of a type of whole numbers of fewer than 32; *is_signed; 0: it has more. */
static int few_bits(int type, bool *is_signed)
{
    *is_signed = type == ONNX_INT8 || type == ONNX_INT16;
    return type == ONNX_INT8 || type == ONNX_UINT8     ? 8
           : type == ONNX_INT16 || type == ONNX_UINT16 ? 16
                                                       : 0;
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

/* The least and largest of a type of 8 bits; false after a refusal. */
static bool byte_range(struct call *c, int type, const char **least, const char **most)
{
    *least = type == ONNX_INT8 ? "-128" : "0";
    *most = type == ONNX_INT8 ? "127" : "255";
    if (type == ONNX_INT8 || type == ONNX_UINT8)
        return true;
    refuse(c, "it is of type %s, where int8 and uint8 are known",
           onnx_type_name(c->im->arena, type));
    return false;
}

/* Scale and zero point of each place of an axis, or of all. */
static bool read_scales(struct call *c, struct value *moved, struct value **in)
{
    int count = c->ins > 2 && c->in[2] ? 3 : 2;
    in[0] = c->in[0];
    for (int i = 1; i < count; i++) {
        bool axis = c->in[i]->rank == 1 && c->in[i]->dim[0] > 1;
        in[i] = &moved[i];
        if (!put_at_axis(c, c->in[i], axis ? attribute_int(c, "axis", 1) : c->in[0]->rank -
                         c->in[i]->rank, &moved[i]))
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
    struct value moved[3], *in[3];
    bool zero = c->ins > 2 && c->in[2];
    int type = zero ? c->in[2]->type : ONNX_UINT8;
    const char *least, *most;
    if (!has_types(c, 0, 2, TYPE_REAL) || !byte_range(c, type, &least, &most) ||
        !read_scales(c, moved, in))
        return;
    give_map(c, zero ? 3 : 2, in, type,
             arena_printf(c->im->arena, "to_int(min(max(rounded(@0 / @1)%s, %s), %s))",
                          zero ? " + to_float(@2)" : "", least, most));
}

void onnx_dequantize(struct call *c)
{
    struct value moved[3], *in[3];
    bool zero = c->ins > 2 && c->in[2];
    if (!has_types(c, 0, 1, TYPE_WHOLE) || !has_types(c, 1, 1, TYPE_REAL) ||
        !read_scales(c, moved, in))
        return;
    give_map(c, zero ? 3 : 2, in, ONNX_FLOAT,
             zero ? "(to_float(@0) - to_float(@2)) * @1" : "to_float(@0) * @1");
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

/* ---- real numbers of few bits ---- */

/* As multiples of the last bit that such a number of that size has, ties to even; infinity and NaN
 * have none and stay; gradients pass through. */
void give_rounded_real(struct call *c, bool brain)
{
    struct arena *arena = c->im->arena;
    struct value *x = c->in[0], shape = *x;
    shape.constant = NULL;
    shape.type = ONNX_FLOAT;
    const char *text = let_line(c, x->constant ? plain(c, x) : x->text);
    const char *size = arena_printf(arena, "max(abs(%s), %s)", text,
                                    brain ? "1.1754943508222875e-38" : "6.103515625e-05");
    const char *bit = let_line(
        c, arena_printf(arena, "exp2(floor(log2(%s)) - %d)", size, brain ? 7 : 10));
    const char *near = let_line(c, arena_printf(arena, "rounded(%s / %s) * %s", text, bit, bit));
    if (!brain)
        near = let_line(c, arena_printf(arena, "select(abs(%s) > 65504, %s * inf, %s)", near, near,
                                        near));
    give(c, 0, &shape, "select(abs(%s) < inf, %s + stop_gradient(%s - %s), %s)", text, text, near,
         text, text);
}
