/* Values of the language and the arithmetic between them.  The batch axis is implied: dims and
 * axes here are those of one row, and axis 0 of a per-row node is the batch. */
#include <assert.h>
#include <math.h>
#include <string.h>
#include "lower/lower.h"

struct value value_error(void)
{
    return (struct value){.kind = V_ERROR};
}

struct value value_number(double number, struct span span)
{
    return (struct value){.kind = V_NUMBER, .number = number, .span = span};
}

struct value value_bool(bool b, struct span span)
{
    return (struct value){.kind = V_BOOL, .number = b, .span = span};
}

struct value value_none(struct span span)
{
    return (struct value){.kind = V_NONE, .span = span};
}

struct value value_word(const char *text, struct span span)
{
    return (struct value){.kind = V_WORD, .text = text, .span = span};
}

struct value value_tensor(struct lower *l, int node, bool per_row, struct span span)
{
    (void)l;
    return (struct value){.kind = V_TENSOR, .node = node, .per_row = per_row, .span = span};
}

struct node *value_node(struct lower *l, struct value v)
{
    assert(v.kind == V_TENSOR);
    return graph_node(l->graph, v.node);
}

int value_rank(struct lower *l, struct value v)
{
    return value_node(l, v)->shape.rank - v.per_row;
}

int64_t value_dim(struct lower *l, struct value v, int axis)
{
    return value_node(l, v)->shape.dim[axis + v.per_row];
}

bool value_whole(struct value v, int64_t *out)
{
    if (v.kind != V_NUMBER || v.number != floor(v.number) || fabs(v.number) > 9e15)
        return false;
    *out = (int64_t)v.number;
    return true;
}

bool dims_fit(int rank, const int64_t *dim)
{
    int64_t n = 1;
    for (int i = 0; i < rank; i++)
        if (dim[i] > INT32_MAX || (n *= dim[i]) > INT32_MAX)
            return false;
    return true;
}

static const char *tensor_describe(struct lower *l, struct value v)
{
    const struct node *n = value_node(l, v);
    struct text text;
    text_init(&text, l->arena);
    text_puts(&text, v.classes          ? "class"
                     : n->dtype == F32  ? "f32"
                     : n->dtype == BOOL ? "bool"
                                        : "int");
    int rank = value_rank(l, v);
    if (rank || v.classes)
        text_puts(&text, "[");
    for (int i = 0; i < rank; i++)
        text_printf(&text, "%s%lld", i ? ", " : "", (long long)value_dim(l, v, i));
    if (v.classes)
        text_printf(&text, "%s%lld", rank ? ", " : "", (long long)v.classes);
    if (rank || v.classes)
        text_puts(&text, "]");
    return text.data;
}

const char *value_describe(struct lower *l, struct value v)
{
    switch (v.kind) {
    case V_ERROR: return "an error";
    case V_NONE: return "none";
    case V_NUMBER: return arena_printf(l->arena, "the number %.9g", v.number);
    case V_BOOL: return v.number != 0 ? "true" : "false";
    case V_STRING: return arena_printf(l->arena, "the string \"%s\"", v.text);
    case V_WORD: return arena_printf(l->arena, "the word %s", v.text);
    case V_LIST: return arena_printf(l->arena, "a list of %d", v.count);
    case V_RANGE: return "a range";
    case V_ELLIPSIS: return "...";
    case V_LAYER: return "a layer";
    case V_LAST: return "what a carry is after the last turn";
    case V_TENSOR: return tensor_describe(l, v);
    }
    return "?";
}

struct shape shape_rows(int rank, const int64_t *dim, bool per_row)
{
    int64_t all[RANK_MAX + 1] = {1};
    if (rank)
        memcpy(all + per_row, dim, sizeof *dim * (size_t)rank);
    return shape_of(rank + per_row, per_row ? 0 : -1, all);
}

static void row_dims(struct lower *l, struct value v, int64_t *dim)
{
    for (int i = 0; i < value_rank(l, v); i++)
        dim[i] = value_dim(l, v, i);
}

struct value value_reshape(struct lower *l, struct value v, int rank, const int64_t *dim)
{
    struct shape shape = shape_rows(rank, dim, v.per_row);
    if (!shape_equal(&shape, &value_node(l, v)->shape))
        v.node = graph_reshape(l->graph, v.node, &shape);
    return v;
}

/* The same value with axes of extent 1 put before its own, up to `rank`. */
struct value value_row_rank(struct lower *l, struct value v, int rank)
{
    int64_t dim[RANK_MAX];
    int have = value_rank(l, v), more = rank - have;
    if (more <= 0 || !v.per_row)
        return v;
    for (int i = 0; i < more; i++)
        dim[i] = 1;
    row_dims(l, v, dim + more);
    return value_reshape(l, v, rank, dim);
}

/* ---- constants ---- */
static int list_flatten(struct value v, float *out, int64_t *dim, int depth, int *rank)
{
    if (v.kind == V_NUMBER) {
        if (*rank >= 0 && *rank != depth)
            return -1;
        *rank = depth;
        *out = (float)v.number;
        return 1;
    }
    if (v.kind != V_LIST || depth >= RANK_MAX - 1 || v.count == 0)
        return -1;
    if (dim[depth] >= 0 && dim[depth] != v.count)
        return -1;
    dim[depth] = v.count;
    int total = 0;
    for (int i = 0; i < v.count; i++) {
        int n = list_flatten(v.item[i], out + total, dim, depth + 1, rank);
        if (n < 0)
            return -1;
        total += n;
    }
    return total;
}

static int list_size(struct value v)
{
    int n = 0;
    if (v.kind != V_LIST)
        return 1;
    for (int i = 0; i < v.count; i++)
        n += list_size(v.item[i]);
    return n;
}

static bool has_tensors(struct value v)
{
    for (int i = 0; i < v.count; i++)
        if (v.item[i].kind == V_TENSOR || (v.item[i].kind == V_LIST && has_tensors(v.item[i])))
            return true;
    return false;
}

static void no_array(struct lower *l, struct value v)
{
    struct diag *d = lower_error(l, lower_current(l), v.span,
                                 has_tensors(v) ? "these are %d values, and one is needed"
                                                : "this list is no array of numbers",
                                 v.count);
    diag_help(d, has_tensors(v) ? "give each a name: a, b = split(x, 2)"
                                : "all parts of an array are numbers, or lists of the same length");
}

static struct value list_to_tensor(struct lower *l, struct value v)
{
    int64_t dim[RANK_MAX];
    int rank = -1;
    for (int i = 0; i < RANK_MAX; i++)
        dim[i] = -1;
    float *list = ARENA_ARRAY(l->arena, float, list_size(v) + 1);
    if (list_flatten(v, list, dim, 0, &rank) < 0) {
        no_array(l, v);
        return value_error();
    }
    struct shape shape = shape_of(rank, -1, dim);
    struct attr attr = {.list = list};
    int node = graph_add_shaped(l->graph, OP_CONST, 0, NULL, &attr, F32, &shape);
    return value_tensor(l, node, false, v.span);
}

struct value value_to_tensor(struct lower *l, struct value v)
{
    switch (v.kind) {
    case V_TENSOR:
    case V_ERROR:
        return v;
    case V_NUMBER:
        return value_tensor(l, graph_const(l->graph, (float)v.number), false, v.span);
    case V_BOOL:
        return value_tensor(l, graph_const_whole(l->graph, BOOL, v.number != 0), false, v.span);
    case V_LIST:
        return list_to_tensor(l, v);
    default:
        lower_error(l, lower_current(l), v.span, "%s is no number or array", value_describe(l, v));
        return value_error();
    }
}

/* class[.., k] stands for its one-hot form wherever f32 is computed with. */
struct value value_to_f32(struct lower *l, struct value v)
{
    v = value_to_tensor(l, v);
    if (v.kind != V_TENSOR)
        return v;
    if (v.classes) {
        v.node = graph_one_hot(l->graph, v.node, v.classes);
        v.classes = 0;
    }
    v.node = graph_to(l->graph, F32, v.node);
    return v;
}

/* ---- elementwise ---- */
static const char *sign_text(enum op op)
{
    static const struct {
        enum op op;
        const char *sign;
    } signs[] = {
        {OP_ADD, "+"}, {OP_SUB, "-"},  {OP_MUL, "*"},   {OP_DIV, "/"}, {OP_EQ, "=="},
        {OP_NE, "!="}, {OP_LT, "<"},   {OP_LE, "<="},   {OP_GT, ">"},  {OP_GE, ">="},
        {OP_POW, "^"}, {OP_POWI, "^"}, {OP_MATMUL, "@"},
    };
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
        if (signs[i].op == op)
            return signs[i].sign;
    return op_def(op)->stem;
}

struct span value_origin(struct lower *l, struct value v)
{
    const struct node *n = value_node(l, v);
    const struct variable *read =
        n->op == OP_READ ? program_variable(l->program, n->attr.variable) : NULL;
    return read && read->kind == VAR_INPUT ? read->span : n->span;
}

static struct value shapes_differ(struct lower *l, enum op op, struct value a, struct value b,
                                  struct span span)
{
    struct diag *d = lower_error(l, lower_current(l), span, "'%s': %s and %s do not fit together",
                                 sign_text(op), value_describe(l, a), value_describe(l, b));
    diag_note(d, value_origin(l, a), "%s comes from here", value_describe(l, a));
    diag_note(d, value_origin(l, b), "%s comes from here", value_describe(l, b));
    diag_help(d, op == OP_MATMUL
                     ? "the last axis on the left must equal the last but one on the right"
                     : "axes are matched from the last; each pair must be equal, or one of them 1");
    return value_error();
}

static bool same_broadcast(struct lower *l, struct value a, struct value b)
{
    int ra = value_rank(l, a), rb = value_rank(l, b);
    for (int i = 1; i <= ra && i <= rb; i++) {
        int64_t da = value_dim(l, a, ra - i), db = value_dim(l, b, rb - i);
        if (da != db && da != 1 && db != 1)
            return false;
    }
    return true;
}

/* Any map operator over operands that broadcast; dtypes must be right already. */
struct value value_map(struct lower *l, enum op op, int count, struct value *v, struct span span)
{
    int rank = 0, operand[3];
    bool per_row = false;
    for (int i = 0; i < count; i++) {
        if (v[i].kind == V_ERROR)
            return value_error();
        per_row |= v[i].per_row;
        if (value_rank(l, v[i]) > rank)
            rank = value_rank(l, v[i]);
    }
    for (int i = 0; i < count; i++)
        for (int j = i + 1; j < count; j++)
            if (!same_broadcast(l, v[i], v[j]))
                return shapes_differ(l, op, v[i], v[j], span);
    for (int i = 0; i < count; i++)
        operand[i] = value_row_rank(l, v[i], rank).node;
    return value_tensor(l, graph_add(l->graph, op, count, operand, NULL), per_row, span);
}

static struct value no_number(struct lower *l, const char *what, struct span span)
{
    lower_error(l, lower_current(l), span, "%s in compile-time arithmetic", what);
    return value_error();
}

struct value value_unary(struct lower *l, enum op op, struct value v, struct span span)
{
    if (v.kind == V_NUMBER && (op == OP_SQRT || op == OP_ABS || op == OP_FLOOR || op == OP_SIGN)) {
        double x = v.number;
        if (op == OP_SQRT && x < 0)
            return no_number(l, "the square root of a negative number", span);
        double y = op == OP_SQRT ? sqrt(x) : op == OP_ABS ? fabs(x) : op == OP_FLOOR ? floor(x)
                   : x > 0 ? 1 : x < 0 ? -1 : 0;
        return value_number(y, span);
    }
    v = op == OP_NOT ? value_to_tensor(l, v) : value_to_f32(l, v);
    return value_map(l, op, 1, &v, span);
}

static double number_binary(enum ast_kind kind, double a, double b)
{
    switch (kind) {
    case AST_ADD: return a + b;
    case AST_SUB: return a - b;
    case AST_MUL: return a * b;
    case AST_DIV: return a / b;
    case AST_EQ: return a == b;
    case AST_NE: return a != b;
    case AST_LT: return a < b;
    case AST_LE: return a <= b;
    case AST_GT: return a > b;
    case AST_GE: return a >= b;
    case AST_AND: return a != 0 && b != 0;
    default: return a != 0 || b != 0;
    }
}

static enum op binary_op(enum ast_kind kind)
{
    switch (kind) {
    case AST_ADD: return OP_ADD;
    case AST_SUB: return OP_SUB;
    case AST_MUL: return OP_MUL;
    case AST_DIV: return OP_DIV;
    case AST_EQ: return OP_EQ;
    case AST_NE: return OP_NE;
    case AST_LT: return OP_LT;
    case AST_LE: return OP_LE;
    case AST_GT: return OP_GT;
    case AST_GE: return OP_GE;
    case AST_AND: return OP_AND;
    default: return OP_OR;
    }
}

static bool is_logic(enum ast_kind kind)
{
    return kind == AST_AND || kind == AST_OR;
}

static bool is_comparison(enum ast_kind kind)
{
    return kind == AST_EQ || kind == AST_NE || kind == AST_LT || kind == AST_LE || kind == AST_GT
           || kind == AST_GE;
}

/* Whole-number tensors stay so under + - * and comparisons with whole numbers. */
static bool stays_whole(struct lower *l, enum ast_kind kind, struct value v)
{
    int64_t whole;
    if (kind == AST_DIV)
        return false;
    if (v.kind == V_NUMBER)
        return value_whole(v, &whole);
    if (v.kind != V_TENSOR)
        return false;
    enum dtype dtype = value_node(l, v)->dtype;
    return dtype == I32 || (dtype == I64 && kind == AST_ADD);
}

struct value value_to_whole(struct lower *l, struct value v)
{
    if (v.kind != V_NUMBER)
        return v;
    if (v.number >= INT32_MIN && v.number <= INT32_MAX)
        return value_tensor(l, graph_const_whole(l->graph, I32, (int64_t)v.number), false, v.span);
    struct diag *d = lower_error(l, lower_current(l), v.span,
                                 "whole numbers of a run have 32 bits, from -2147483648 to "
                                 "2147483647, and this is %.17g", v.number);
    diag_help(d, "to_float(...) of the array beside it computes in binary32");
    return value_error();
}

static struct value compile_time(struct lower *l, enum ast_kind kind, struct value a,
                                 struct value b, struct span span)
{
    bool bools = a.kind == V_BOOL && b.kind == V_BOOL;
    if (is_logic(kind) && !bools) {
        lower_error(l, lower_current(l), span, "'%s' needs two bools, not %s and %s",
                    ast_kind_name(kind), value_describe(l, a), value_describe(l, b));
        return value_error();
    }
    if (!is_logic(kind) && kind != AST_EQ && kind != AST_NE
        && (a.kind == V_BOOL || b.kind == V_BOOL)) {
        lower_error(l, lower_current(l), span, "'%s' needs numbers, not %s and %s",
                    ast_kind_name(kind), value_describe(l, a), value_describe(l, b));
        return value_error();
    }
    double y = number_binary(kind, a.number, b.number);
    if (kind == AST_DIV && b.number == 0)
        return no_number(l, "division by zero", span);
    return is_logic(kind) || is_comparison(kind) ? value_bool(y != 0, span) : value_number(y, span);
}

static bool is_none_test(enum ast_kind kind, struct value a, struct value b)
{
    return (kind == AST_EQ || kind == AST_NE)
           && (a.kind == V_NONE || b.kind == V_NONE || a.kind == V_WORD || b.kind == V_WORD
               || a.kind == V_STRING || b.kind == V_STRING);
}

struct value value_binary(struct lower *l, enum ast_kind kind, struct value a, struct value b,
                          struct span span)
{
    if (a.kind == V_ERROR || b.kind == V_ERROR)
        return value_error();
    if (is_none_test(kind, a, b)) {
        bool same = a.kind == b.kind && (a.kind == V_NONE || !strcmp(a.text, b.text));
        return value_bool(same == (kind == AST_EQ), span);
    }
    bool known_a = a.kind == V_NUMBER || a.kind == V_BOOL,
         known_b = b.kind == V_NUMBER || b.kind == V_BOOL;
    if (known_a && known_b)
        return compile_time(l, kind, a, b, span);
    struct value v[2];
    if (is_logic(kind)) {
        v[0] = value_to_tensor(l, a);
        v[1] = value_to_tensor(l, b);
        for (int i = 0; i < 2; i++)
            if (v[i].kind == V_TENSOR && value_node(l, v[i])->dtype != BOOL) {
                lower_error(l, lower_current(l), span, "'%s' needs bool operands, not %s",
                            ast_kind_name(kind), value_describe(l, v[i]));
                return value_error();
            }
    } else if (stays_whole(l, kind, a) && stays_whole(l, kind, b)) {
        v[0] = value_to_whole(l, a);
        v[1] = value_to_whole(l, b);
    } else {
        v[0] = value_to_f32(l, a);
        v[1] = value_to_f32(l, b);
    }
    return value_map(l, binary_op(kind), 2, v, span);
}

/* x^2 is square; a whole exponent, known or of the step, is binary exponentiation. */
struct value value_power(struct lower *l, struct value a, struct value b, struct span span)
{
    int64_t whole;
    if (a.kind == V_ERROR || b.kind == V_ERROR)
        return value_error();
    if (a.kind == V_NUMBER && b.kind == V_NUMBER) {
        if (b.number == 0.5)
            return value_unary(l, OP_SQRT, a, span);
        if (a.number == 0 && b.number < 0)
            return no_number(l, "division by zero", span);
        if (!value_whole(b, &whole) || whole > 1024 || whole < -1024) {
            struct value v[2];
            v[0] = value_to_f32(l, a);
            v[1] = value_to_f32(l, b);
            return value_map(l, OP_POW, 2, v, span);
        }
        double y = 1;
        for (int64_t i = 0; i < (whole < 0 ? -whole : whole); i++)
            y *= a.number;
        return value_number(whole < 0 ? 1 / y : y, span);
    }
    if (value_whole(b, &whole) && whole == 2)
        return value_unary(l, OP_SQUARE, a, span);
    if (b.kind == V_NUMBER && b.number == 0.5)
        return value_unary(l, OP_SQRT, a, span);
    bool integer = (value_whole(b, &whole) && whole < 1 << 30 && whole > -(1 << 30))
                   || (b.kind == V_TENSOR && value_node(l, b)->dtype == I32 && !b.classes);
    struct value v[2];
    v[0] = value_to_f32(l, a);
    v[1] = integer ? value_to_whole(l, b) : value_to_f32(l, b);
    return value_map(l, integer ? OP_POWI : OP_POW, 2, v, span);
}

/* ---- indexing ---- */
struct index_state { int64_t start[RANK_MAX], size[RANK_MAX]; bool drop[RANK_MAX]; };

static bool index_bound(struct lower *l, struct value v, int64_t extent, int axis, int64_t *out)
{
    if (!value_whole(v, out)) {
        lower_error(l, lower_current(l), v.span,
                    "an index must be a whole number known at compile time, "
                    "not %s",
                    value_describe(l, v));
        return false;
    }
    int64_t given = *out;
    if (*out < 0)
        *out += extent;
    if (*out < 0 || *out >= extent) {
        struct diag *d = lower_error(l, lower_current(l), v.span,
                                     "index %lld is outside axis %d, which has %lld",
                                     (long long)given, axis, (long long)extent);
        diag_help(d, "indices run from 0 to %lld, or from -%lld to -1 from the end",
                  (long long)extent - 1, (long long)extent);
        return false;
    }
    return true;
}

static bool index_axis(struct lower *l, struct value v, int64_t extent, int axis,
                       struct index_state *s)
{
    int64_t first, last;
    if (v.kind == V_RANGE) {
        if (!index_bound(l, v.item[0], extent, axis, &first)
            || !index_bound(l, v.item[1], extent, axis, &last))
            return false;
        if (last < first) {
            lower_error(l, lower_current(l), v.span, "the range ends before it starts");
            return false;
        }
        s->start[axis] = first;
        s->size[axis] = last - first + 1;
        return true;
    }
    if (!index_bound(l, v, extent, axis, &first))
        return false;
    s->start[axis] = first;
    s->size[axis] = 1;
    s->drop[axis] = true;
    return true;
}

static struct value index_list(struct lower *l, struct value v, const struct value *item, int count,
                               struct span span)
{
    int64_t i;
    if (count != 1 || item[0].kind != V_NUMBER) {
        lower_error(l, lower_current(l), span, "a list takes one whole number as index");
        return value_error();
    }
    return index_bound(l, item[0], v.count, 0, &i) ? v.item[i] : value_error();
}

static struct value index_slice(struct lower *l, struct value v, const struct index_state *s,
                                int rank, struct span span)
{
    int64_t start[RANK_MAX] = {0}, kept[RANK_MAX];
    int kept_rank = 0;
    for (int i = 0; i < rank; i++) {
        start[i + v.per_row] = s->start[i];
        if (!s->drop[i])
            kept[kept_rank++] = s->size[i];
    }
    struct shape shape = shape_rows(rank, s->size, v.per_row);
    struct value out = value_tensor(l, v.node, v.per_row, span);
    if (!shape_equal(&shape, &value_node(l, v)->shape))
        out.node = graph_slice(l->graph, v.node, start, &shape);
    out.classes = v.classes;
    return value_reshape(l, out, kept_rank, kept);
}

struct value value_index(struct lower *l, struct value v, const struct value *item, int count,
                         struct span span)
{
    struct index_state s = {0};
    if (v.kind == V_LIST)
        return index_list(l, v, item, count, span);
    if (v.kind != V_TENSOR) {
        if (v.kind != V_ERROR)
            lower_error(l, lower_current(l), span, "%s cannot be indexed", value_describe(l, v));
        return value_error();
    }
    int rank = value_rank(l, v), axis = 0, ellipses = 0;
    for (int i = 0; i < rank; i++)
        s.size[i] = value_dim(l, v, i);
    for (int i = 0; i < count; i++)
        ellipses += item[i].kind == V_ELLIPSIS;
    if (ellipses > 1 || count - ellipses > rank) {
        lower_error(l, lower_current(l), span, "%d indices for %s", count - ellipses,
                    value_describe(l, v));
        return value_error();
    }
    for (int i = 0; i < count; i++) {
        if (item[i].kind == V_ERROR)
            return value_error();
        if (item[i].kind == V_ELLIPSIS)
            axis += rank - (count - 1);
        else if (!index_axis(l, item[i], s.size[axis], axis, &s))
            return value_error();
        else
            axis++;
    }
    return index_slice(l, v, &s, rank, span);
}

/* ---- matmul: [.., m, k] @ [.., k, n]; a row of rank 1 is [1, k] ---- */
static struct value matmul_vector(struct lower *l, struct value a, struct value b, struct span span)
{
    int64_t dim[2] = {1, value_dim(l, a, 0)}, n = value_dim(l, b, 1);
    if (!a.per_row) {
        struct value wide = value_matmul(l, value_reshape(l, a, 2, dim), b, span);
        return wide.kind == V_ERROR ? wide : value_reshape(l, wide, 1, &n);
    }
    return value_tensor(l, graph_matmul(l->graph, a.node, b.node), true, span);
}

struct value value_matmul(struct lower *l, struct value a, struct value b, struct span span)
{
    a = value_to_f32(l, a);
    b = value_to_f32(l, b);
    if (a.kind == V_ERROR || b.kind == V_ERROR)
        return value_error();
    int ra = value_rank(l, a), rb = value_rank(l, b);
    bool fits = ra >= 1 && rb >= 2 && value_dim(l, a, ra - 1) == value_dim(l, b, rb - 2);
    for (int i = 3; fits && i <= ra && i <= rb; i++)
        fits = value_dim(l, a, ra - i) == value_dim(l, b, rb - i);
    if (!fits) {
        return shapes_differ(l, OP_MATMUL, a, b, span);
    }
    if (ra == 1 && rb == 2 && !b.per_row)
        return matmul_vector(l, a, b, span);
    if (ra == 1) {
        int64_t dim[2] = {1, value_dim(l, a, 0)}, out[RANK_MAX];
        struct value wide = value_matmul(l, value_reshape(l, a, 2, dim), b, span);
        if (wide.kind == V_ERROR)
            return wide;
        int rank = value_rank(l, wide), kept = 0;
        for (int i = 0; i < rank; i++)
            if (i != rank - 2)
                out[kept++] = value_dim(l, wide, i);
        return value_reshape(l, wide, kept, out);
    }
    /* graph_matmul wants equal leading axes, or none on one side: spread where one has some. */
    bool a_leads = a.per_row || ra > 2, b_leads = b.per_row || rb > 2;
    if (a_leads && b_leads && (a.per_row != b.per_row || ra != rb)) {
        bool per_row = a.per_row || b.per_row;
        int rank = ra > rb ? ra : rb;
        struct value *v[2] = {&a, &b};
        for (int k = 0; k < 2; k++) {
            int64_t dim[RANK_MAX];
            int have = value_rank(l, *v[k]);
            const struct value *other = v[1 - k];
            int have_other = value_rank(l, *other);
            for (int i = 0; i < rank; i++)
                dim[rank - 1 - i] = i < have ? value_dim(l, *v[k], have - 1 - i)
                                             : value_dim(l, *other, have_other - 1 - i);
            *v[k] = value_row_rank(l, *v[k], rank);
            struct shape shape = shape_rows(rank, dim, per_row);
            if (!shape_equal(&shape, &value_node(l, *v[k])->shape))
                v[k]->node = graph_broadcast(l->graph, v[k]->node, &shape);
            v[k]->per_row = per_row;
        }
    }
    return value_tensor(l, graph_matmul(l->graph, a.node, b.node), a.per_row || b.per_row, span);
}

int64_t value_elements(struct lower *l, struct value v)
{
    int64_t n = 1;
    for (int i = 0; i < value_rank(l, v); i++)
        n *= value_dim(l, v, i);
    return n;
}

struct value value_spread(struct lower *l, struct value v)
{
    int64_t dim[RANK_MAX];
    int rank = value_rank(l, v);
    for (int i = 0; i < rank; i++)
        dim[i] = value_dim(l, v, i);
    struct shape shape = shape_rows(rank, dim, true);
    return v.per_row ? v : value_tensor(l, graph_broadcast(l->graph, v.node, &shape), true, v.span);
}

bool values_spread(struct lower *l, int count, struct value *v)
{
    bool per_row = false;
    for (int i = 0; i < count; i++)
        per_row = per_row || v[i].per_row;
    for (int i = 0; per_row && i < count; i++)
        v[i] = value_spread(l, v[i]);
    return per_row;
}

bool values_alike(struct lower *l, struct value a, struct value b, int axis)
{
    bool same = value_rank(l, a) == value_rank(l, b);
    for (int i = 0; same && i < value_rank(l, a); i++)
        same = i == axis || value_dim(l, a, i) == value_dim(l, b, i);
    return same;
}
