/* C leaves open what is evaluated first, and compilers differ. */
#include <string.h>
#include "lint/rule.h"

static const char CURE[] = "give each its own statement";

static void unsequenced(struct look *look, struct place place, const char *text)
{
    look_find(look, place, CURE, "%s: compilers differ in what they do first", text);
}

/* A call that changes a state through an address: next(&state), or next(state) of a pointer. */
struct call {
    CXCursor function, state, cursor;
    bool by_address;                    /* next(&state) */
    int operand;
};

struct calls {
    struct call *call;
    int count, room, operand;
};

static void note_call(struct look *look, const struct at *at, void *data)
{
    struct calls *calls = data;

    CXType given = clang.getCursorType(at->cursor);

    if (at->kind != CXCursor_CallExpr || (!type_is_float(given) && !type_is_integer(given)))
        return;                         /* a generator gives numbers; an arena gives memory */
    for (int i = 0; i < clang.Cursor_getNumArguments(at->cursor); i++) {
        CXCursor passed = clang.Cursor_getArgument(at->cursor, (unsigned)i);
        CXCursor argument = look_bare(look, passed);
        bool address = clang.getCursorKind(argument) == CXCursor_UnaryOperator &&
                       look_begins(look, argument, "&");
        CXCursor of = address ? look_operand(look, argument, 0, true) : argument;
        CXType type = clang.getCanonicalType(clang.getCursorType(passed)); /* as it is taken */
        if (clang.getCursorKind(of) != CXCursor_DeclRefExpr || type.kind != CXType_Pointer ||
            clang.isConstQualifiedType(clang.getPointeeType(type)))
            continue;
        struct call call = {clang.getCursorReferenced(at->cursor), clang.getCursorReferenced(of),
                            at->cursor, address, calls->operand};
        ARENA_PUSH(look_arena(look), calls->call, calls->count, calls->room) = call;
    }
}

/* Whether two calls are the same to the letter. */
static bool is_same_text(struct look *look, CXCursor a, CXCursor b)
{
    CXCursor cursor[2] = {a, b};
    struct place from[2];
    unsigned size[2];

    for (int i = 0; i < 2; i++) {
        from[i] = look_begin(look, cursor[i]);
        struct place to = look_end(look, cursor[i]);
        if (!from[i].file || to.file != from[i].file)
            return false;
        size[i] = to.offset - from[i].offset;
    }
    return size[0] == size[1] && !memcmp(from[0].file->text + from[0].offset,
                                         from[1].file->text + from[1].offset, size[0]);
}

/* One function that changes one state, called in two operands of which either may be first.  By a
 * pointer alone, the same call: what only reads through it would not be called twice. */
static void compare(struct look *look, const struct calls *calls)
{
    for (int i = 0; i < calls->count; i++)
        for (int k = 0; k < i; k++) {
            const struct call *a = &calls->call[k], *b = &calls->call[i];
            if (a->operand == b->operand || clang.Cursor_isNull(a->function) ||
                !clang.equalCursors(a->function, b->function) ||
                !clang.equalCursors(a->state, b->state))
                continue;
            if ((a->by_address && b->by_address) || is_same_text(look, a->cursor, b->cursor)) {
                look_find(look, look_begin(look, b->cursor), CURE,
                          "%s() changes %s in two parts of one expression: compilers differ in "
                          "which comes first", look_name(look, a->function),
                          look_name(look, a->state));
                return;
            }
        }
}

static void see(struct look *look, const struct at *at)
{
    struct calls calls = {0};
    int first = at->kind == CXCursor_CallExpr;

    if (at->kind != CXCursor_BinaryOperator && at->kind != CXCursor_InitListExpr &&
        at->kind != CXCursor_CallExpr)
        return;
    int count = look_operands(look, at->cursor);
    if (at->kind == CXCursor_BinaryOperator &&
        name_is_one(look_operator(look, look_operand(look, at->cursor, 0, false),
                                  look_operand(look, at->cursor, 1, false)), "&& || ,"))
        return;
    for (int i = first; i < count; i++) {
        struct at operand = {look_operand(look, at->cursor, i, false), CXCursor_UnexposedExpr, at};
        operand.kind = clang.getCursorKind(operand.cursor);
        calls.operand = i;
        note_call(look, &operand, &calls);
        look_below(look, &operand, note_call, &calls);
    }
    compare(look, &calls);
}

static const char *const options[] = {"-Wunsequenced", NULL};

const struct rule lint_evaluation_order = {
    .name = "evaluation-order",
    .finds = "expressions whose parts change one state, in an order that C leaves open",
    .node = see,
    .wanted = options,
    .diagnostic = unsequenced,
};
