/* What lasts from one call of an operator to the next: the order of calls is open, and threads make
 * them at once. */
#include "lint/rule.h"

static const char CURE[] = "keep it in a local, or make it const";

/* Of arrays, it or the elements are. */
static bool is_const(CXCursor variable)
{
    bool found = false;
    for (CXType type = clang.getCanonicalType(clang.getCursorType(variable));
         type.kind != CXType_Invalid && !found; type = clang.getArrayElementType(type))
        found = clang.isConstQualifiedType(type);
    return found;
}

static void see(struct look *look, const struct at *at)
{
    if (!look_is_operator(look) || at->kind != CXCursor_VarDecl || is_const(at->cursor))
        return;
    enum CX_StorageClass storage = clang.Cursor_getStorageClass(at->cursor);
    if (!look_function(at) || storage == CX_SC_Static || storage == CX_SC_Extern)
        look_find(look, look_at(look, at->cursor), CURE,
                  "'%s' lasts from call to call of an operator, whose order is open",
                  look_name(look, at->cursor));
}

const struct rule lint_state = {
    .name = "state",
    .finds = "in operators of a model: variables that last from call to call",
    .node = see,
};
