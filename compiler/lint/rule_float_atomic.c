/* Floats that several threads add to. */
#include "lint/rule.h"

static const char CURE[] = "let each thread sum its own part, and add the parts in a fixed order";

static bool is_atomic_float(CXType type)
{
    type = type_element(type);
    return type.kind == CXType_Atomic && type_is_float(clang.Type_getValueType(type));
}

/* __atomic_store(&x, ...) and the like, whose pointer is one to a float. */
static bool works_on_float(struct look *look, const struct at *at)
{
    bool atomic = at->kind == CXCursor_CallExpr || at->kind == CXCursor_UnexposedExpr;

    if (!atomic || (!look_begins(look, at->cursor, "__atomic_") &&
                    !look_begins(look, at->cursor, "__sync_") &&
                    !look_begins(look, at->cursor, "__c11_atomic_")))
        return false;
    for (int i = 0; i < look_operands(look, at->cursor); i++) {
        CXType type = clang.getCanonicalType(
            clang.getCursorType(look_operand(look, at->cursor, i, true)));
        if (type.kind == CXType_Pointer && type_is_float(clang.getPointeeType(type)))
            return true;
    }
    return false;
}

static void see(struct look *look, const struct at *at)
{
    bool declares = at->kind == CXCursor_VarDecl || at->kind == CXCursor_ParmDecl ||
                    at->kind == CXCursor_FieldDecl;

    if (declares && is_atomic_float(clang.getCursorType(at->cursor)))
        look_find(look, look_at(look, at->cursor), CURE,
                  "%s is an atomic float: what threads add to it is added in the order in which "
                  "they come", look_name(look, at->cursor));
    if (works_on_float(look, at))
        look_find(look, look_begin(look, at->cursor), CURE,
                  "an atomic operation on a float: threads come in another order in every run");
}

const struct rule lint_float_atomic = {
    .name = "float-atomic",
    .finds = "atomic floats: _Atomic float, __atomic_* on floats",
    .node = see,
};
