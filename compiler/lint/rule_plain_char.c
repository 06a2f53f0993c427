/* char has a sign on x86 and none on ARM. */
#include "lint/rule.h"

static const char CURE[] = "say signed char or unsigned char, or int8_t or uint8_t";

/* A char that becomes a float. */
static void see_cast(struct look *look, const struct at *at)
{
    CXCursor from = look_operand(look, at->cursor, look_operands(look, at->cursor) - 1, true);

    if (type_is_float(clang.getCursorType(at->cursor)) &&
        type_is_char(clang.getCursorType(from)) &&
        clang.getCursorKind(from) != CXCursor_CharacterLiteral)
        look_find(look, look_begin(look, at->cursor), CURE,
                  "a char becomes a float: from 128 on it is negative on x86, and is not on ARM");
}

/* c < 0, c >= 128, c == -1: what is always so, or never, on one of the two. */
static void see_comparison(struct look *look, const struct at *at)
{
    CXCursor left = look_operand(look, at->cursor, 0, false);
    CXCursor right = look_operand(look, at->cursor, 1, false);
    const char *operator = look_operator(look, left, right);
    long long value;

    if (!type_is_char(clang.getCursorType(look_bare(look, left))) ||
        !name_is_one(operator, "< > <= >= == !=") || !look_constant(right, &value))
        return;
    if (value < 0 || value > 127 || (value == 0 && name_is_one(operator, "< >=")) ||
        (value == 127 && name_is_one(operator, "> <=")))
        look_find(look, look_begin(look, at->cursor), CURE,
                  "a char is compared as if it had a sign, or none: it has one on x86, and none on "
                  "ARM");
}

static void see(struct look *look, const struct at *at)
{
    if (at->kind == CXCursor_UnexposedExpr || at->kind == CXCursor_CStyleCastExpr)
        see_cast(look, at);
    if (at->kind == CXCursor_BinaryOperator)
        see_comparison(look, at);
}

const struct rule lint_plain_char = {
    .name = "plain-char",
    .finds = "char as a number: it has a sign on x86 and none on ARM",
    .node = see,
};
