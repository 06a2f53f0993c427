/* Locals that are read before anything is in them.  Variables are clang's own analysis; arrays are
 * found where nothing in the whole function ever writes to them. */
#include <string.h>
#include "lint/rule.h"

static const char CURE[] = "give it a value where it is declared";

static void variable(struct look *look, struct place place, const char *text)
{
    look_find(look, place, CURE, "%s: what the memory holds differs from run to run", text);
}

/* What a function does to one of its arrays or structures. */
struct use {
    CXCursor variable;
    bool written;                       /* or out of sight: its address goes somewhere */
    CXCursor read;
    bool is_read;
};

static bool is_array(CXType type)
{
    return type_is_pointer(type) && clang.getCanonicalType(type).kind != CXType_Pointer;
}

/* `at` names the variable: what is around it decides.  An element that is read lies under a cast of
 * the compiler's (lvalue to rvalue), one that is assigned to does not. */
static void look_at_use(struct look *look, const struct at *at, void *data)
{
    struct use *u = data;
    const struct at *up = at->up;

    if (at->kind != CXCursor_DeclRefExpr ||
        !clang.equalCursors(clang.getCursorReferenced(at->cursor), u->variable))
        return;
    bool element = false;
    for (CXCursor below = at->cursor; up; below = up->cursor, up = up->up) {
        bool decays = up->kind == CXCursor_UnexposedExpr && is_array(clang.getCursorType(below));
        if (up->kind == CXCursor_ArraySubscriptExpr || up->kind == CXCursor_MemberRefExpr)
            element = true;
        else if (up->kind == CXCursor_UnaryExpr)
            return;                     /* sizeof */
        else if (up->kind != CXCursor_ParenExpr && !decays)
            break;
    }
    bool compound = up && up->kind == CXCursor_CompoundAssignOperator;
    bool read = element && up && (up->kind == CXCursor_UnexposedExpr || compound) &&
                !type_is_pointer(clang.getCursorType(up->cursor)) &&
                clang.getCanonicalType(clang.getCursorType(up->cursor)).kind != CXType_Record;
    if (!read)
        u->written = true;
    else if (!u->is_read)
        u->read = at->cursor;
    u->is_read |= read;
    (void)look;
}

static bool is_whole(CXCursor variable)
{
    CXType type = clang.getCanonicalType(clang.getCursorType(variable));

    return is_array(type) || type.kind == CXType_Record;
}

static void see(struct look *look, const struct at *at)
{
    const struct at *function = look_function(at);
    struct use u = {.variable = at->cursor};

    if (at->kind != CXCursor_VarDecl || !function || !is_whole(at->cursor) ||
        clang.Cursor_getStorageClass(at->cursor) == CX_SC_Static ||
        clang.Cursor_getStorageClass(at->cursor) == CX_SC_Extern ||
        !clang.Cursor_isNull(clang.Cursor_getVarDeclInitializer(at->cursor)))
        return;
    look_below(look, function, look_at_use, &u);
    if (u.is_read && !u.written)
        look_find(look, look_at(look, u.read), CURE,
                  "%s is read, and nothing in this function writes to it: what the memory holds "
                  "differs from run to run", look_name(look, at->cursor));
}

static const char *const options[] = {"-Wuninitialized", "-Wsometimes-uninitialized", NULL};

const struct rule lint_uninitialised = {
    .name = "uninitialised",
    .finds = "locals that are read before they have a value (memory of malloc is out of its sight)",
    .node = see,
    .wanted = options,
    .diagnostic = variable,
};
