/* char has a sign on x86 and none on ARM. */
#include "lint/rule.h"

static void see(struct look *look, const struct at *at)
{
    bool cast = at->kind == CXCursor_UnexposedExpr || at->kind == CXCursor_CStyleCastExpr;

    if (!cast || !type_is_float(clang.getCursorType(at->cursor)))
        return;
    CXCursor from = look_operand(look, at->cursor, look_operands(look, at->cursor) - 1, true);
    if (type_is_char(clang.getCursorType(from)) &&
        clang.getCursorKind(from) != CXCursor_CharacterLiteral)
        look_find(look, look_begin(look, at->cursor), "say signed char or unsigned char, or int8_t "
                  "or uint8_t",
                  "a char becomes a float: from 128 on it is negative on x86, and is not on ARM");
}

const struct rule lint_plain_char = {
    .name = "plain-char",
    .finds = "char as a number: it has a sign on x86 and none on ARM",
    .node = see,
};
