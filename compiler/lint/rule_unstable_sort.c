/* The C library's sort leaves equals in an order of its own: no matter where equals are the same,
 * which a comparison shows that looks at all of an element. */
#include <string.h>
#include "lint/rule.h"

/* What a comparison looks at. */
struct looked {
    bool whole;                         /* so far */
    CXCursor record;                    /* of which members are compared; null: of none yet */
    const char *members;                /* in blanks */
};

static enum CXChildVisitResult check_member(CXCursor cursor, CXCursor parent, CXClientData data)
{
    struct looked *l = data;
    CXString name = clang.getCursorSpelling(cursor);

    (void)parent;
    if (clang.getCursorKind(cursor) == CXCursor_FieldDecl)
        l->whole &= name_is_one(clang.getCString(name), l->members);
    clang.disposeString(name);
    return CXChildVisit_Continue;
}

static bool is_element(CXCursor cursor)
{
    enum CXCursorKind kind = clang.getCursorKind(cursor);

    return kind == CXCursor_UnaryOperator || kind == CXCursor_MemberRefExpr ||
           kind == CXCursor_ArraySubscriptExpr;
}

/* Whether two that differ still do behind the node: not behind abs(x), x % 10, !x, (int)1.5. */
static bool keeps_all(struct look *look, const struct at *at)
{
    static const char KEEPING[] = "- < > <= >= == != && || = ,";
    CXCursor left = look_operand(look, at->cursor, 0, false);
    CXCursor last = look_operand(look, at->cursor, look_operands(look, at->cursor) - 1, true);
    CXType from = clang.getCursorType(last);    /* a cast's first may be the type's name */
    CXType to = clang.getCursorType(at->cursor);
    const char *operator, *called = look_library_name(look, at);

    switch (at->kind) {
    case CXCursor_DeclRefExpr:          /* what functions of one's own do is not known */
        return !called || name_is_one(called, "strcmp memcmp");
    case CXCursor_CallExpr:             /* memcmp by another size than that of a type */
        return strcmp(look_name(look, at->cursor), "memcmp") ||
               clang.getCursorKind(look_bare(look, clang.Cursor_getArgument(at->cursor, 2))) ==
                   CXCursor_UnaryExpr;
    case CXCursor_BinaryOperator:
        operator = look_operator(look, left, look_operand(look, at->cursor, 1, false));
        return !*operator || name_is_one(operator, KEEPING);
    case CXCursor_UnaryOperator:
        return !look_begins(look, at->cursor, "!") || !is_element(last);
    case CXCursor_CStyleCastExpr:
    case CXCursor_UnexposedExpr:
        return !type_is_integer(to) || !type_is_float(from);
    default:
        return at->kind != CXCursor_CompoundAssignOperator;
    }
}

/* The types that an element is taken for, the members that are named, and what is lost. */
static void note_type(struct look *look, const struct at *at, void *data)
{
    struct looked *l = data;
    CXType type = clang.getCanonicalType(clang.getCursorType(at->cursor));

    l->whole &= keeps_all(look, at);
    if (at->kind == CXCursor_MemberRefExpr)
        l->members = arena_printf(look_arena(look), "%s %s", l->members,
                                  look_name(look, at->cursor));
    if ((at->kind != CXCursor_VarDecl && at->kind != CXCursor_CStyleCastExpr) ||
        type.kind != CXType_Pointer)
        return;
    type = clang.getCanonicalType(clang.getPointeeType(type));
    bool text = type.kind == CXType_Pointer && type_is_char(clang.getPointeeType(type));
    if (type.kind == CXType_Record)
        l->record = clang.getTypeDeclaration(type);
    else
        l->whole &= text || type_is_integer(type) || type_is_float(type);
}

static bool compares_all(struct look *look, CXCursor call, int argument)
{
    CXCursor given = look_bare(look, clang.Cursor_getArgument(call, (unsigned)argument));
    CXCursor function = clang.getCursorDefinition(clang.getCursorReferenced(given));
    struct looked l = {.whole = true, .members = ""};
    struct at at = {function, CXCursor_FunctionDecl, NULL};

    l.record = look_operand(look, given, 99, false);
    if (clang.Cursor_isNull(function) ||
        clang.getCursorKind(function) != CXCursor_FunctionDecl)
        return false;
    look_below(look, &at, note_type, &l);
    if (!clang.Cursor_isNull(l.record))
        clang.visitChildren(l.record, check_member, &l);
    return l.whole;
}

static void see(struct look *look, const struct at *at)
{
    const char *name = look_library_name(look, at);
    const struct at *call = at->up;

    if (!name || !name_is_one(name, "qsort qsort_r qsort_s heapsort heapsort_r"))
        return;
    while (call && call->kind == CXCursor_UnexposedExpr)
        call = call->up;
    if (call && call->kind == CXCursor_CallExpr && compares_all(look, call->cursor, 3))
        return;
    look_find(look, look_at(look, at->cursor),
              "compare what is equal by its index in the end; where no two are equal, allow it "
              "with that reason",
              "%s() leaves what compares equal in an order that C libraries differ in", name);
}

const struct rule lint_unstable_sort = {
    .name = "unstable-sort",
    .finds = "qsort by a part of what is sorted: the order of equals is the C library's choice",
    .node = see,
};
