/* Sums of OpenMP's and OpenACC's loops, whose order the number of threads decides.  Pragmas are
 * read as they are written: the tree says what stands behind them. */
#include <string.h>
#include "lint/rule.h"

static const char CURE[] = "give each piece of a fixed size its own sum, and add these in order; "
                           "or leave the pragma out";

static bool is_parallel(const struct pragma *p)
{
    return p->count > 0 && (!strcmp(p->word[0], "omp") || !strcmp(p->word[0], "acc"));
}

/* Whether a list of the pragma - private(a, b), reduction(+: a) - has the name. */
static bool lists(const struct pragma *p, const char *clauses, const char *name)
{
    for (int i = 0; i + 1 < p->count; i++) {
        if (!name_is_one(p->word[i], clauses) || strcmp(p->word[i + 1], "("))
            continue;
        for (int k = i + 2; k < p->count && strcmp(p->word[k], ")"); k++)
            if (!strcmp(p->word[k], name))
                return true;
    }
    return false;
}

/* Of a reduction: whether the order of its operations changes bits.  `at` is behind its "(". */
static bool depends_on_order(const struct pragma *p, int at)
{
    static const char ORDERLESS[] = "min max & | ^ && ||";
    const char *operator = NULL;

    for (int i = at; i < p->count && strcmp(p->word[i], ":"); i++)
        operator = p->word[i];          /* the last before the colon: modifiers stand before it */
    return operator && !name_is_one(operator, ORDERLESS);
}

struct wanted { const char *name; bool is_float; };

static void look_for_float(struct look *look, const struct at *at, void *data)
{
    struct wanted *w = data;
    CXType type;

    if (at->kind != CXCursor_DeclRefExpr || strcmp(look_name(look, at->cursor), w->name))
        return;
    type = clang.getCursorType(clang.getCursorReferenced(at->cursor));
    w->is_float |= type_is_float(type_element(type));
}

/* reduction(+: a, b) over floats, before the statement `at`. */
static void see_reduction(struct look *look, const struct at *at, const struct pragma *p)
{
    for (int i = 0; i + 1 < p->count; i++) {
        if (!name_is_one(p->word[i], "reduction in_reduction task_reduction") ||
            !depends_on_order(p, i + 2))
            continue;
        int k = i + 2;
        while (k < p->count && strcmp(p->word[k], ":"))
            k++;
        for (; k < p->count && strcmp(p->word[k], ")"); k++) {
            struct wanted w = {.name = p->word[k]};
            look_below(look, at, look_for_float, &w);
            if (w.is_float)
                look_find(look, (struct place){look_begin(look, at->cursor).file, p->offset}, CURE,
                          "the sum of %s is added up in an order that the number of threads, or "
                          "the width of vectors, decides", w.name);
        }
    }
}

static bool is_number(CXCursor cursor)
{
    return clang.getCursorKind(cursor) == CXCursor_IntegerLiteral;
}

/* The variable that is assigned to: s, s.member, s->member, *s and s[0] of s.  A null cursor where
 * an index tells which part of it. */
static CXCursor variable_of(struct look *look, CXCursor assigned)
{
    CXCursor bare = look_bare(look, assigned);
    enum CXCursorKind kind = clang.getCursorKind(bare);

    while (kind == CXCursor_MemberRefExpr ||
           (kind == CXCursor_UnaryOperator && look_begins(look, bare, "*")) ||
           (kind == CXCursor_ArraySubscriptExpr && is_number(look_operand(look, bare, 1, true)))) {
        bare = look_operand(look, bare, 0, true);
        kind = clang.getCursorKind(bare);
    }
    return kind == CXCursor_DeclRefExpr ? clang.getCursorReferenced(bare)
                                        : look_operand(look, bare, 99, false);
}

static bool declared_inside(struct look *look, const struct at *region, CXCursor variable)
{
    struct place start = look_begin(look, region->cursor), at = look_at(look, variable);

    return at.file == start.file && at.offset >= start.offset;
}

struct mention { CXCursor variable; bool there; };

static void look_for_mention(struct look *look, const struct at *at, void *data)
{
    struct mention *m = data;

    (void)look;
    m->there |= at->kind == CXCursor_DeclRefExpr &&
                clang.equalCursors(clang.getCursorReferenced(at->cursor), m->variable);
}

/* s += x, s = s + x, of floats. */
static bool accumulates(struct look *look, const struct at *at)
{
    struct mention m;

    if (!type_is_float(clang.getCursorType(at->cursor)))
        return false;
    if (at->kind == CXCursor_CompoundAssignOperator)
        return true;
    CXCursor left = look_operand(look, at->cursor, 0, false);
    CXCursor right = look_operand(look, at->cursor, 1, false);
    if (at->kind != CXCursor_BinaryOperator || strcmp(look_operator(look, left, right), "="))
        return false;
    m = (struct mention){variable_of(look, left), false};
    if (clang.Cursor_isNull(m.variable))
        return false;
    struct at of = {right, clang.getCursorKind(right), at};
    look_below(look, &of, look_for_mention, &m);
    return m.there;
}

/* Whether it stands alone under `atomic`, or somewhere under `critical`: it is for all threads. */
static bool is_for_all(struct look *look, const struct at *at)
{
    const struct pragma *p;

    for (const struct at *up = at; up; up = up->up)
        for (int from = 0; (p = look_pragma(look, up->cursor, &from)) != NULL;)
            if (is_parallel(p) && p->count > 1 &&
                name_is_one(p->word[1], up == at ? "atomic critical" : "critical"))
                return true;
    return false;
}

/* Declared in the region that the innermost pragma makes. */
static bool is_own(struct look *look, const struct at *at, CXCursor variable)
{
    if (clang.Cursor_isNull(variable))
        return false;
    for (const struct at *up = at->up; up; up = up->up) {
        int from = 0;
        const struct pragma *p = look_pragma(look, up->cursor, &from);
        if (p && is_parallel(p) && pragma_has(p, "critical"))
            return declared_inside(look, up, variable);
    }
    return false;
}

static bool shares_out(const struct pragma *p)
{
    bool shares = false;

    for (int i = 1; i < p->count; i++)
        shares |= name_is_one(p->word[i], "parallel for sections task taskloop critical teams loop "
                              "kernels distribute");
    return shares;
}

/* A sum, in one of the statements that a pragma makes parallel. */
static void see_sum(struct look *look, const struct at *at)
{
    CXCursor variable = variable_of(look, look_operand(look, at->cursor, 0, false));
    const char *name = clang.Cursor_isNull(variable) ? "" : look_name(look, variable);

    if (is_for_all(look, at) && !is_own(look, at, variable)) {
        look_find(look, look_begin(look, at->cursor), CURE,
                  "threads add to this in the order in which they come");
        return;
    }
    for (const struct at *up = at->up; up && *name; up = up->up) {
        const struct pragma *p;
        for (int from = 0; (p = look_pragma(look, up->cursor, &from)) != NULL;) {
            if (!is_parallel(p) || pragma_has(p, "atomic"))
                continue;
            if (declared_inside(look, up, variable) || lists(p, "private firstprivate lastprivate "
                    "reduction in_reduction linear", name))
                return;
            if (shares_out(p)) {
                look_find(look, look_begin(look, at->cursor), CURE,
                          "threads add to %s in the order in which they come", name);
                return;
            }
        }
    }
}

static void see(struct look *look, const struct at *at)
{
    const struct pragma *p;

    if (clang.getCursorKind(at->cursor) >= CXCursor_FirstStmt &&
        clang.getCursorKind(at->cursor) <= CXCursor_LastStmt)
        for (int from = 0; (p = look_pragma(look, at->cursor, &from)) != NULL;)
            if (is_parallel(p))
                see_reduction(look, at, p);
    if (accumulates(look, at))
        see_sum(look, at);
}

const struct rule lint_parallel_sum = {
    .name = "parallel-sum",
    .finds = "sums of floats in loops of OpenMP and OpenACC, by reduction, atomic or critical",
    .node = see,
};
