/* 80 bits on x86, 64 or 128 elsewhere; and the x87, which is the same in assembler. */
#include <string.h>
#include "lint/rule.h"

static const char CURE[] = "use double, or two of them";

static bool is_long(CXType type)
{
    type = type_element(type);
    if (type.kind == CXType_Complex)
        type = clang.getElementType(type);
    return clang.getCanonicalType(type).kind == CXType_LongDouble;
}

/* Declarations, literals and casts are where it begins; what is computed of them follows. */
static bool begins_here(enum CXCursorKind kind)
{
    return kind == CXCursor_VarDecl || kind == CXCursor_ParmDecl || kind == CXCursor_FieldDecl ||
           kind == CXCursor_TypedefDecl || kind == CXCursor_FloatingLiteral ||
           kind == CXCursor_CStyleCastExpr || kind == CXCursor_CompoundLiteralExpr;
}

static const struct named named[] = {
    {.words = "fldt flds fldl fld1 fldz fldpi fstp fstpt fstps fstpl fsin fcos fsincos fptan "
              "fpatan fyl2x fyl2xp1 f2xm1 fscale faddp fmulp fsubp fsubrp fdivp fdivrp fxch "
              "fprem fprem1 frndint",
     .why = " computes in the 80 bits of the x87, which other processors do not have",
     .cure = CURE},
    {.why = NULL}};

static void see(struct look *look, const struct at *at)
{
    bool function = at->kind == CXCursor_FunctionDecl;

    if (at->kind == CXCursor_CallExpr && is_long(clang.getCursorType(at->cursor)) &&
        look_library_name(look, &(struct at){look_operand(look, at->cursor, 0, true),
                                             CXCursor_DeclRefExpr, at}))
        look_find(look, look_at(look, at->cursor), CURE,
                  "a long double comes from the C library here: it has 64, 80 or 128 bits, as the "
                  "machine has them");
    if (function ? is_long(clang.getCursorResultType(at->cursor))
                 : begins_here(at->kind) && is_long(clang.getCursorType(at->cursor)))
        look_find(look, look_at(look, at->cursor), CURE,
                  "long double has 64, 80 or 128 bits, as the machine has them");
}

const struct rule lint_long_double = {
    .name = "long-double",
    .finds = "long double, and assembler of the x87",
    .named = named,
    .node = see,
};
