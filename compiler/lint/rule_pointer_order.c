/* Addresses differ from run to run: nothing may be ordered, hashed or computed by them. */
#include <string.h>
#include "lint/rule.h"

static const char CURE[] = "compare or hash what it points to, or its index";

static bool is_order(const char *operator)
{
    return name_is_one(operator, "< > <= >=");
}

/* int f(const void *, const void *), as qsort and bsearch want it. */
static bool is_comparator(const struct at *function)
{
    CXType type = function ? clang.getCanonicalType(clang.getCursorType(function->cursor))
                           : (CXType){.kind = CXType_Invalid};

    if (type.kind == CXType_Invalid || clang.getNumArgTypes(type) < 2 ||
        clang.getCanonicalType(clang.getResultType(type)).kind != CXType_Int)
        return false;
    for (unsigned i = 0; i < 2; i++) {
        CXType of = clang.getCanonicalType(clang.getArgType(type, i));
        if (of.kind != CXType_Pointer ||
            clang.getCanonicalType(clang.getPointeeType(of)).kind != CXType_Void)
            return false;
    }
    return true;
}

static bool is_pointer(CXCursor cursor)
{
    return type_is_pointer(clang.getCursorType(cursor));
}

/* Pointers compared: in an order that qsort gets, or elements of arrays of pointers. */
static void see_comparison(struct look *look, const struct at *at)
{
    CXCursor left = look_operand(look, at->cursor, 0, false);
    CXCursor right = look_operand(look, at->cursor, 1, false);

    if (!is_pointer(left) || !is_pointer(right))
        return;
    bool elements =
        clang.getCursorKind(look_bare(look, left)) == CXCursor_ArraySubscriptExpr &&
        clang.getCursorKind(look_bare(look, right)) == CXCursor_ArraySubscriptExpr;
    bool comparator = is_comparator(look_function(at));
    const char *operator = look_operator(look, left, right);
    if (((elements || comparator) && is_order(operator)) ||
        (comparator && name_is_one(operator, "-")))
        look_find(look, look_begin(look, at->cursor), CURE,
                  "this orders by address, and addresses differ from run to run");
}

/* Whether a cast of an address only asks how it is aligned, or is undone at once. */
static bool is_harmless(struct look *look, const struct at *cast)
{
    const struct at *up = cast->up;

    while (up && (up->kind == CXCursor_UnexposedExpr || up->kind == CXCursor_ParenExpr) &&
           !is_pointer(up->cursor))
        up = up->up;
    if (!up || is_pointer(up->cursor))
        return up != NULL && up->kind != CXCursor_BinaryOperator;
    if (up->kind != CXCursor_BinaryOperator)
        return false;
    CXCursor left = look_operand(look, up->cursor, 0, false);
    CXCursor right = look_operand(look, up->cursor, 1, false);
    const char *operator = look_operator(look, left, right);
    long long value;
    if (!look_constant(right, &value))
        value = 1;                      /* an alignment that the program computes */
    return name_is_one(operator, "&") ||
           (name_is_one(operator, "%") && value > 0 && (value & (value - 1)) == 0);
}

static void see_cast(struct look *look, const struct at *at)
{
    CXCursor from = look_operand(look, at->cursor, look_operands(look, at->cursor) - 1, true);

    if (type_is_integer(clang.getCursorType(at->cursor)) && is_pointer(from) &&
        clang.getCursorKind(from) != CXCursor_IntegerLiteral && !is_harmless(look, at))
        look_find(look, look_at(look, at->cursor), CURE,
                  "an address becomes a number, and addresses differ from run to run");
}

/* hash(&p, sizeof p), where p is a pointer. */
static void see_hash(struct look *look, const struct at *at)
{
    static const char *const word[] = {"hash", "crc", "sha1", "sha256", "digest", "fnv",
                                       "checksum"};
    const char *name = look_name(look, at->cursor);
    bool hashes = false;

    for (size_t i = 0; i < sizeof word / sizeof *word; i++)
        hashes |= strstr(name, word[i]) != NULL;
    for (int i = 0; hashes && i < clang.Cursor_getNumArguments(at->cursor); i++) {
        CXCursor argument = look_bare(look, clang.Cursor_getArgument(at->cursor, (unsigned)i));
        CXType type = clang.getCanonicalType(clang.getCursorType(argument));
        if (clang.getCursorKind(argument) == CXCursor_UnaryOperator &&
            look_begins(look, argument, "&") && type.kind == CXType_Pointer &&
            clang.getCanonicalType(clang.getPointeeType(type)).kind == CXType_Pointer)
            look_find(look, look_begin(look, argument), CURE,
                      "%s() gets the bytes of an address, and addresses differ from run to run",
                      name);
    }
}

/* The address of what the argument points to, when that is of pointers or of numbers. */
static CXType pointee(struct look *look, CXCursor call, unsigned argument)
{
    CXCursor given = look_bare(look, clang.Cursor_getArgument(call, argument));
    CXType type = clang.getCanonicalType(clang.getCursorType(given));

    if (type.kind == CXType_Pointer)
        type = clang.getPointeeType(type);
    return clang.getCanonicalType(type);
}

/* memcpy(&number, &pointer, ...) is a cast that no compiler sees. */
static void see_copy(struct look *look, const struct at *at)
{
    const char *name = look_name(look, at->cursor);

    if (!name_is_one(name, "memcpy memmove __builtin_memcpy __builtin_memmove") ||
        clang.Cursor_getNumArguments(at->cursor) < 2)
        return;
    CXType to = pointee(look, at->cursor, 0);
    bool bytes = type_is_char(to) || to.kind == CXType_UChar || to.kind == CXType_SChar;
    if (type_is_integer(to) && !bytes &&
        pointee(look, at->cursor, 1).kind == CXType_Pointer)
        look_find(look, look_at(look, at->cursor), CURE,
                  "an address becomes a number, and addresses differ from run to run");
}

static void see(struct look *look, const struct at *at)
{
    if (at->kind == CXCursor_BinaryOperator)
        see_comparison(look, at);
    if (at->kind == CXCursor_CStyleCastExpr)
        see_cast(look, at);
    if (at->kind == CXCursor_CallExpr) {
        see_hash(look, at);
        see_copy(look, at);
    }
}

const struct rule lint_pointer_order = {
    .name = "pointer-order",
    .finds = "sorting, hashing and computing by addresses",
    .node = see,
};
