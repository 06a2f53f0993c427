/* Nodes, types and names of the C library. */
#include <string.h>
#include "lint/look.h"

struct below {
    struct look *look;
    const struct at *up;
    void (*each)(struct look *, const struct at *, void *);
    void *data;
};

static enum CXChildVisitResult visit_below(CXCursor cursor, CXCursor parent, CXClientData data)
{
    const struct below *b = data;
    struct at at = {cursor, clang.getCursorKind(cursor), b->up};
    struct below down = {b->look, &at, b->each, b->data};

    (void)parent;
    b->each(b->look, &at, b->data);
    clang.visitChildren(cursor, visit_below, &down);
    return CXChildVisit_Continue;
}

void look_below(struct look *look, const struct at *at,
                void (*each)(struct look *, const struct at *, void *), void *data)
{
    struct below b = {look, at, each, data};

    clang.visitChildren(at->cursor, visit_below, &b);
}

struct operand { int wanted, seen; CXCursor found; };

static enum CXChildVisitResult count_operand(CXCursor cursor, CXCursor parent, CXClientData data)
{
    struct operand *o = data;

    (void)parent;
    if (o->seen++ != o->wanted)
        return CXChildVisit_Continue;
    o->found = cursor;
    return CXChildVisit_Break;
}

CXCursor look_bare(struct look *look, CXCursor cursor)
{
    enum CXCursorKind kind = clang.getCursorKind(cursor);

    while ((kind == CXCursor_UnexposedExpr || kind == CXCursor_ParenExpr) &&
           look_operands(look, cursor) == 1) {
        cursor = look_operand(look, cursor, 0, false);
        kind = clang.getCursorKind(cursor);
    }
    return cursor;
}

CXCursor look_operand(struct look *look, CXCursor cursor, int i, bool bare)
{
    struct operand o = {.wanted = i};

    memset(&o.found, 0, sizeof o.found);
    o.found.kind = CXCursor_InvalidFile;
    clang.visitChildren(cursor, count_operand, &o);
    return bare ? look_bare(look, o.found) : o.found;
}

int look_operands(struct look *look, CXCursor cursor)
{
    struct operand o = {.wanted = -1};

    (void)look;
    clang.visitChildren(cursor, count_operand, &o);
    return o.seen;
}

bool look_constant(CXCursor cursor, long long *value)
{
    CXEvalResult result = clang.Cursor_Evaluate(cursor);
    bool known = result && clang.EvalResult_getKind(result) == CXEval_Int;

    if (known)
        *value = clang.EvalResult_getAsLongLong(result);
    if (result)
        clang.EvalResult_dispose(result);
    return known;
}

const struct at *look_function(const struct at *at)
{
    while (at && at->kind != CXCursor_FunctionDecl)
        at = at->up;
    return at;
}

/* ---- types ---- */
enum CXTypeKind look_type(CXCursor cursor)
{
    return clang.getCanonicalType(clang.getCursorType(cursor)).kind;
}

bool type_is_float(CXType type)
{
    switch (clang.getCanonicalType(type).kind) {
    case CXType_Half: case CXType_Float16: case CXType_BFloat16: case CXType_Float:
    case CXType_Double: case CXType_LongDouble: case CXType_Float128: case CXType_Complex:
        return true;
    default:
        return false;
    }
}

bool type_is_integer(CXType type)
{
    enum CXTypeKind kind = clang.getCanonicalType(type).kind;

    return kind >= CXType_Bool && kind <= CXType_Int128;
}

bool type_is_char(CXType type)
{
    enum CXTypeKind kind = clang.getCanonicalType(type).kind;

    return kind == CXType_Char_S || kind == CXType_Char_U;
}

bool type_is_pointer(CXType type)
{
    enum CXTypeKind kind = clang.getCanonicalType(type).kind;

    return kind == CXType_Pointer || kind == CXType_ConstantArray ||
           kind == CXType_IncompleteArray || kind == CXType_VariableArray;
}

CXType type_element(CXType type)
{
    type = clang.getCanonicalType(type);
    while (type_is_pointer(type)) {
        type = type.kind == CXType_Pointer ? clang.getPointeeType(type)
                                           : clang.getArrayElementType(type);
        type = clang.getCanonicalType(type);
    }
    return type;
}

/* ---- names of the C library ---- */
const char *look_library_name(struct look *look, const struct at *at)
{
    static const char *const prefix[] = {"__builtin_", "__tg_"};
    CXCursor is, defined;
    enum CXCursorKind kind;
    const char *name;

    if (at->kind != CXCursor_DeclRefExpr)
        return NULL;
    is = clang.getCursorReferenced(at->cursor);
    kind = clang.getCursorKind(is);
    if (kind != CXCursor_FunctionDecl && kind != CXCursor_EnumConstantDecl &&
        !clang.Cursor_isNull(is))
        return NULL;
    defined = clang.getCursorDefinition(is);
    if (!clang.Cursor_isNull(defined) && look_at(look, defined).file)
        return NULL;
    name = look_name(look, at->cursor);
    for (size_t i = 0; i < sizeof prefix / sizeof *prefix; i++)
        if (!strncmp(name, prefix[i], strlen(prefix[i])))
            name += strlen(prefix[i]);
    return name;
}
