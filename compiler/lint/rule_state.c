/* What lasts from one call of an operator to the next, or changes what others read: the order of
 * calls is open, and threads make them at once. */
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

/* Variables, and what a literal of an array stands for outside of functions. */
static void see_variable(struct look *look, const struct at *at)
{
    enum CX_StorageClass storage = clang.Cursor_getStorageClass(at->cursor);
    bool literal = at->kind == CXCursor_CompoundLiteralExpr;
    if ((!literal && at->kind != CXCursor_VarDecl) || is_const(at->cursor))
        return;
    if (!look_function(at) || storage == CX_SC_Static || storage == CX_SC_Extern)
        look_find(look, look_at(look, at->cursor), CURE,
                  "%s lasts from call to call of an operator, whose order is open",
                  literal ? "a literal"
                          : arena_printf(look_arena(look), "'%s'", look_name(look, at->cursor)));
}

static bool is_pointer(CXType type)
{
    return clang.getCanonicalType(type).kind == CXType_Pointer;
}

/* Ways to a pointer that neither a cast nor the compiler tells of. */
static void see_pointer(struct look *look, const struct at *at)
{
    bool member = at->kind == CXCursor_FieldDecl && at->up && at->up->kind == CXCursor_UnionDecl;
    bool address = at->kind == CXCursor_UnaryOperator && look_begins(look, at->cursor, "&");
    CXType type = clang.getCanonicalType(clang.getCursorType(at->cursor));
    if ((member && is_pointer(type)) ||
        (address && is_pointer(type) && is_pointer(clang.getPointeeType(type))))
        look_find(look, look_at(look, at->cursor), "use the pointer itself",
                  "a pointer may become another one, to what is not the operator's to change");
}

/* What is neither in the file nor in the headers of operators. */
static void see_call(struct look *look, const struct at *at)
{
    const char *name = look_library_name(look, at);
    if (name && !name_is_one(name, "memcmp memcpy memmove memset"))
        look_find(look, look_at(look, at->cursor), "call what the headers of operators define, or "
                  "memcpy, memset and the like", "%s() is a function from elsewhere", name);
}

static void see(struct look *look, const struct at *at)
{
    if (!look_is_operator(look))
        return;
    see_variable(look, at);
    if (look_at(look, at->cursor).file != look_main(look))
        return;
    see_pointer(look, at);
    see_call(look, at);
}

static const char *const options[] = {
    "-Wcast-qual", "-Wincompatible-pointer-types-discards-qualifiers", NULL};

static void diagnostic(struct look *look, struct place place, const char *text)
{
    (void)text;
    if (look_is_operator(look) && place.file == look_main(look))
        look_find(look, place, "write to `out` and to locals only",
                  "this drops const: an operator changes nothing that it is given");
}

const struct rule lint_state = {
    .name = "state",
    .finds = "in operators of a model: what lasts from call to call, or changes what is given",
    .node = see,
    .wanted = options,
    .diagnostic = diagnostic,
};
