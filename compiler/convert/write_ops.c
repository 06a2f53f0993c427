/* A row for each operator of the graph: the nodes of ONNX that compute it. */
#include <math.h>
#include <string.h>
#include "convert/write.h"

/* ---- sources ---- */
static const char *write_const(struct export *x, const struct node *n, const char *name)
{
    struct shape one = shape_scalar(), fixed = n->shape;
    const char *a;
    if (n->attr.list) {
        fixed.rows = -1;
        return export_array(x, ONNX_FLOAT, fixed.rank, fixed.dim, n->attr.list, name);
    }
    int32_t whole = (int32_t)n->attr.whole;
    unsigned char truth = n->attr.whole != 0;
    bool single = shape_equal(&n->shape, &one);
    const void *bytes = n->dtype == F32 ? (const void *)&n->attr.value
        : n->dtype == BOOL ? (const void *)&truth
        : n->dtype == I64 ? (const void *)&n->attr.whole : (const void *)&whole;
    a = export_array(x, export_type(n->dtype), 0, NULL, bytes, single ? name : NULL);
    return single ? a : export_expand(x, a, &n->shape, name);
}

static const char *write_read(struct export *x, const struct node *n, const char *name)
{
    const struct variable *v = program_variable(x->program, n->attr.variable);
    (void)name;
    if (v->kind == VAR_PARAM || v->kind == VAR_BUFFER)
        return export_saved(x, v, NULL, 0, NULL);
    if (!x->of_variable[v->id])
        export_refuse(x, n, "'%s' is not known when predicting", v->path);
    return x->of_variable[v->id];
}

static const char *write_position(struct export *x, const struct node *n, const char *name)
{
    struct shape f = export_extents(&n->shape);
    int64_t dim[RANK_MAX], length = n->shape.dim[n->attr.axis];
    for (int i = 0; i < f.rank; i++)
        dim[i] = i == export_axis(&n->shape, n->attr.axis) ? length : 1;
    int32_t *place = ARENA_ARRAY(x->arena, int32_t, length + 1);
    for (int32_t i = 0; i < length; i++)
        place[i] = i;
    return export_expand(x, export_array(x, ONNX_INT32, f.rank, dim, place, NULL), &n->shape,
                         name);
}

/* ---- maps: of one element of each operand, which broadcast ---- */
static const struct { enum op op; const char *onnx; } plain[] = {
    {OP_NEG, "Neg"}, {OP_ABS, "Abs"}, {OP_SIGN, "Sign"}, {OP_FLOOR, "Floor"}, {OP_EXP, "Exp"},
    {OP_LOG, "Log"}, {OP_SQRT, "Sqrt"}, {OP_SIN, "Sin"}, {OP_COS, "Cos"}, {OP_TANH, "Tanh"},
    {OP_SIGMOID, "Sigmoid"}, {OP_ERF, "Erf"}, {OP_NOT, "Not"}, {OP_ADD, "Add"}, {OP_SUB, "Sub"},
    {OP_MUL, "Mul"}, {OP_DIV, "Div"}, {OP_MIN, "Min"}, {OP_MAX, "Max"}, {OP_POW, "Pow"},
    {OP_EQ, "Equal"}, {OP_LT, "Less"}, {OP_LE, "LessOrEqual"}, {OP_GT, "Greater"},
    {OP_GE, "GreaterOrEqual"}, {OP_AND, "And"}, {OP_OR, "Or"}, {OP_SELECT, "Where"},
    {OP_FLUSH, "Identity"}};

/* Operand i where it broadcasts to the node's extents: with an axis of 1 more where the node's rows
 * are joined with others, and it has axes before them. */
static const char *beside(struct export *x, const struct node *n, int i)
{
    const char *a = export_operand(x, n, i);
    struct shape s = export_operand_node(x, n, i)->shape;
    int at = n->shape.rows - (n->shape.rank - s.rank);
    if (!export_is_joined(&n->shape) || export_is_joined(&s) || at < 1)
        return a;
    for (int k = s.rank++; k > at; k--)
        s.dim[k] = s.dim[k - 1];
    return export_reshape(x, a, &s, NULL);
}

static const char *write_map(struct export *x, const struct node *n, const char *name)
{
    const char *input[3], *op = NULL;
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
        if (plain[i].op == n->op)
            op = plain[i].onnx;
    for (int i = 0; i < n->count; i++)
        input[i] = beside(x, n, i);
    return export_node(x, op, n->count, input, name);
}

static const char *write_stop_gradient(struct export *x, const struct node *n, const char *name)
{
    name = export_unary(x, "Identity", export_operand(x, n, 0), name);
    export_say(x, "is", "stop_gradient");
    return name;
}

/* What computes as the operator does, or about so, and has another gradient: import takes it for
 * that. */
static const char *about(struct export *x, const struct node *n, const char *name)
{
    export_say(x, "is", op_def(n->op)->stem);
    export_say(x, "of", export_operand(x, n, 0));
    return name;
}

static bool is_zero(const struct node *n)
{
    return n->op == OP_CONST && n->dtype == F32 && !n->attr.list && n->attr.value == 0 &&
           !signbit(n->attr.value);
}

static const char *write_max(struct export *x, const struct node *n, const char *name)
{
    if (is_zero(export_operand_node(x, n, 0)))
        return export_unary(x, "Relu", export_operand(x, n, 1), name);
    return write_map(x, n, name);
}

static const char *write_rsqrt(struct export *x, const struct node *n, const char *name)
{
    return export_unary(x, "Reciprocal", export_unary(x, "Sqrt", export_operand(x, n, 0), NULL),
                        name);
}

static const char *write_square(struct export *x, const struct node *n, const char *name)
{
    name = export_binary(x, "Mul", export_operand(x, n, 0), export_operand(x, n, 0), name);
    return about(x, n, name);
}

static const char *write_exp2(struct export *x, const struct node *n, const char *name)
{
    name = export_binary(x, "Pow", export_number(x, 2), export_operand(x, n, 0), name);
    return about(x, n, name);
}

static const char *write_log2(struct export *x, const struct node *n, const char *name)
{
    name = export_binary(x, "Mul", export_unary(x, "Log", export_operand(x, n, 0), NULL),
                         export_number(x, 1.44269504f), name);
    return about(x, n, name);
}

/* e^a - 1 = 2 tanh(a / 2) / (1 - tanh(a / 2)): nothing cancels near 0; a is bounded, so that it
 * stays finite where e^a is, and is e^a - 1 from 1 on. */
static const char *write_expm1(struct export *x, const struct node *n, const char *name)
{
    const char *a = export_operand(x, n, 0), *one = export_number(x, 1);
    const char *far = export_binary(x, "Sub", export_unary(x, "Exp", a, NULL), one, NULL);
    const char *low = export_binary(x, "Min", a, one, NULL);
    const char *t = export_unary(x, "Tanh", export_binary(x, "Mul", low, export_number(x, 0.5f),
                                                          NULL), NULL);
    const char *near = export_binary(x, "Div", export_binary(x, "Add", t, t, NULL),
                                     export_binary(x, "Sub", one, t, NULL), NULL);
    const char *input[3] = {export_binary(x, "Less", a, one, NULL), near, far};
    name = export_node(x, "Where", 3, input, name);
    return about(x, n, name);
}

/* log(u) a / (u - 1) for u = 1 + a rounded, as Kahan has it; a where u is 1. */
static const char *write_log1p(struct export *x, const struct node *n, const char *name)
{
    const char *a = export_operand(x, n, 0), *one = export_number(x, 1);
    const char *u = export_binary(x, "Add", one, a, NULL);
    const char *d = export_binary(x, "Sub", u, one, NULL);
    const char *none = export_binary(x, "Equal", d, export_number(x, 0), NULL);
    const char *safe[3] = {none, one, d};
    const char *ratio = export_binary(x, "Div", a, export_node(x, "Where", 3, safe, NULL), NULL);
    const char *log = export_binary(x, "Mul", export_unary(x, "Log", u, NULL), ratio, NULL);
    const char *input[3] = {none, a, log};
    name = export_node(x, "Where", 3, input, name);
    return about(x, n, name);
}

static const char *write_powi(struct export *x, const struct node *n, const char *name)
{
    return export_binary(x, "Pow", beside(x, n, 0),
                         export_cast(x, beside(x, n, 1), F32, NULL), name);
}

static const char *write_ne(struct export *x, const struct node *n, const char *name)
{
    return export_unary(x, "Not", export_binary(x, "Equal", beside(x, n, 0), beside(x, n, 1), NULL),
                        name);
}

static const char *write_cast(struct export *x, const struct node *n, const char *name)
{
    return export_cast(x, export_operand(x, n, 0), n->dtype, name);
}

/* ---- views and pieces ---- */
static const char *write_reshape(struct export *x, const struct node *n, const char *name)
{
    if (export_is_same(x, n))
        return export_operand(x, n, 0);
    return export_reshape(x, export_operand(x, n, 0), &n->shape, name);
}

static const char *write_transpose(struct export *x, const struct node *n, const char *name)
{
    const struct shape *from = &export_operand_node(x, n, 0)->shape;
    int perm[RANK_MAX], rank = 0;
    for (int i = 0; i < n->shape.rank; i++) {
        perm[rank++] = export_axis(from, (int)n->attr.perm[i]);
        if (export_is_joined(from) && (int)n->attr.perm[i] == from->rows)
            perm[rank++] = from->rows + 1;
    }
    return export_transpose(x, export_operand(x, n, 0), rank, perm, name);
}

static const char *write_broadcast(struct export *x, const struct node *n, const char *name)
{
    return export_expand(x, beside(x, n, 0), &n->shape, name);
}

static const char *write_slice(struct export *x, const struct node *n, const char *name)
{
    int64_t start[RANK_MAX], end[RANK_MAX], axis[RANK_MAX];
    const struct shape *from = &export_operand_node(x, n, 0)->shape;
    int count = 0;
    for (int i = 0; i < n->shape.rank; i++) {
        if (i == n->shape.rows || from->dim[i] == n->shape.dim[i])
            continue;
        axis[count] = export_axis(&n->shape, i);
        start[count] = n->attr.start[i];
        end[count] = start[count] + n->shape.dim[i];
        count++;
    }
    const char *input[4] = {export_operand(x, n, 0), export_whole(x, count, start),
                            export_whole(x, count, end), export_whole(x, count, axis)};
    return export_node(x, "Slice", 4, input, name);
}

static const char *write_concat(struct export *x, const struct node *n, const char *name)
{
    const char **input = ARENA_ARRAY(x->arena, const char *, n->count + 1);
    for (int i = 0; i < n->count; i++)
        input[i] = export_operand(x, n, i);
    name = export_node(x, "Concat", n->count, input, name);
    export_int(x, "axis", export_axis(&n->shape, n->attr.axis));
    return name;
}

static const char *write_pad(struct export *x, const struct node *n, const char *name)
{
    const struct shape *from = &export_operand_node(x, n, 0)->shape;
    int64_t pads[2 * RANK_MAX] = {0};
    int rank = export_extents(&n->shape).rank;
    for (int i = 0; i < n->shape.rank; i++) {
        int at = export_axis(&n->shape, i);
        pads[at] = n->attr.start[i];
        pads[rank + at] = n->shape.dim[i] - from->dim[i] - pads[at];
    }
    return export_binary(x, "Pad", export_operand(x, n, 0), export_whole(x, 2 * rank, pads), name);
}

/* What windows see: the axis padded, then read at the places of all taps. */
static const char *see_axis(struct export *x, const char *a, int axis, const struct node *n,
                            int taps_axis, const struct window_axis *w)
{
    int64_t places = n->shape.dim[axis], taps = n->shape.dim[taps_axis];
    int64_t dim[2] = {places, taps};
    int64_t *index = ARENA_ARRAY(x->arena, int64_t, places * taps + 1);
    for (int64_t o = 0; o < places; o++)
        for (int64_t k = 0; k < taps; k++)
            index[o * taps + k] = o * w->stride + k * w->dilation;
    const char *input[2] = {a, export_array(x, ONNX_INT64, 2, dim, index, NULL)};
    a = export_node(x, "Gather", 2, input, NULL);
    export_int(x, "axis", axis);
    return a;
}

static const char *write_window(struct export *x, const struct node *n, const char *name)
{
    const struct shape *from = &export_operand_node(x, n, 0)->shape;
    int first, axes = window_axes(&n->shape, &n->attr, &first), rank = from->rank;
    int64_t pads[2 * RANK_MAX] = {0};
    int perm[RANK_MAX];
    for (int i = 0; i < axes; i++) {
        struct window_axis w = window_axis(&n->attr, first, axes, i);
        int64_t last = (n->shape.dim[first + i] - 1) * w.stride +
                       (n->shape.dim[first + axes + i] - 1) * w.dilation - w.before;
        int64_t after = last - (from->dim[first + i] - 1);
        if (w.dilation < 0) {
            export_refuse(x, n, "windows that run backwards have no counterpart in ONNX");
            return NULL;
        }
        pads[first + i] = w.before;
        pads[rank + first + i] = after;
    }
    const char *pad[3] = {export_join(x, export_operand(x, n, 0), from),
                          export_whole(x, 2 * rank, pads),
                          export_number(x, n->attr.value)};
    const char *a = export_node(x, "Pad", 3, pad, NULL);
    for (int i = axes - 1; i >= 0; i--) {
        struct window_axis w = window_axis(&n->attr, first, axes, i);
        a = see_axis(x, a, first + i, n, first + axes + i, &w);
    }
    for (int i = 0; i < n->shape.rank; i++) { /* [o0, k0, o1, k1] as [o0, o1, k0, k1] */
        int at = i - first;
        perm[i] = at < 0 || at >= 2 * axes ? i : first + (at < axes ? 2 * at : 2 * (at - axes) + 1);
    }
    return export_part(x, export_transpose(x, a, n->shape.rank, perm, name), &n->shape, NULL);
}

/* ---- sums and contractions ---- */
static const char *reduce(struct export *x, const char *op, const struct node *n, int axis,
                          const char *name)
{
    int64_t axes[1] = {export_axis(&n->shape, axis)};
    bool sum = !strcmp(op, "ReduceSum");
    name = sum ? export_binary(x, op, export_operand(x, n, 0), export_whole(x, 1, axes), name)
               : export_unary(x, op, export_operand(x, n, 0), name);
    if (!sum)
        export_ints(x, "axes", 1, axes);
    export_int(x, "keepdims", 1);
    return name;
}

static const char *write_row_sum(struct export *x, const struct node *n, const char *name)
{
    return reduce(x, "ReduceSum", n, n->shape.rank - 1, name);
}

static const char *write_row_max(struct export *x, const struct node *n, const char *name)
{
    return reduce(x, "ReduceMax", n, n->shape.rank - 1, name);
}

static const char *write_row_min(struct export *x, const struct node *n, const char *name)
{
    return reduce(x, "ReduceMin", n, n->shape.rank - 1, name);
}

static const char *write_column_sum(struct export *x, const struct node *n, const char *name)
{
    int first, last;
    column_axes(n, &first, &last);
    int64_t axes[RANK_MAX];
    for (int i = first; i < last; i++)
        axes[i - first] = export_axis(&n->shape, i);
    name = export_binary(x, "ReduceSum", export_operand(x, n, 0),
                         export_whole(x, last - first, axes), name);
    export_int(x, "keepdims", 1);
    return name;
}

static const char *write_argmax(struct export *x, const struct node *n, const char *name)
{
    const char *a = export_unary(x, "ArgMax", export_operand(x, n, 0), NULL);
    export_int(x, "axis", export_axis(&n->shape, n->shape.rank - 1));
    export_int(x, "keepdims", 1);
    return export_cast(x, a, I32, name);
}

static const char *turned(struct export *x, const char *a, int rank, bool turn)
{
    int perm[RANK_MAX];
    for (int i = 0; i < rank; i++)
        perm[i] = i;
    if (turn) {
        perm[rank - 1] = rank - 2;
        perm[rank - 2] = rank - 1;
    }
    return export_transpose(x, a, rank, perm, NULL);
}

/* Whether rows that are joined with others may stay apart: a product for each of them. */
static bool multiplies_apart(const struct node *a, const struct node *b, const struct node *n)
{
    bool three = n->shape.rank == 3, first = n->shape.rows == 0;
    return export_is_joined(&n->shape) && first && export_is_joined(&a->shape) &&
           export_is_joined(&b->shape) == three && !(n->attr.transpose_a && !three);
}

static const char *write_matmul(struct export *x, const struct node *n, const char *name)
{
    const struct node *of[2] = {export_operand_node(x, n, 0), export_operand_node(x, n, 1)};
    bool apart = multiplies_apart(of[0], of[1], n);
    const char *factor[2];
    for (int i = 0; i < 2; i++) {
        const struct shape *s = &of[i]->shape;
        const char *a = export_operand(x, n, i);
        factor[i] = turned(x, apart ? a : export_join(x, a, s),
                           apart ? export_extents(s).rank : s->rank,
                           i ? n->attr.transpose_b : n->attr.transpose_a);
    }
    if (apart)
        return export_binary(x, "MatMul", factor[0], factor[1], name);
    return export_part(x, export_binary(x, "MatMul", factor[0], factor[1], NULL), &n->shape, name);
}

/* The axes [lead.., rows.., columns..] as three; lead may be none. */
static struct shape folded(const struct shape *s, int lead, int rows)
{
    int rank = lead ? 3 : 2, at = 0;
    struct shape f = {.rank = rank, .rows = -1, .dim = {1, 1, 1}};
    for (int i = 0; i < s->rank; i++) {
        at = (i >= lead) + (i >= lead + rows) - !lead;
        f.dim[at] *= s->dim[i];
        if (i == s->rows)
            f.rows = at;
    }
    return f;
}

/* a [m.., g, k..] by b [g, k.., n..]: a matrix product, one for each group. */
static const char *write_contract(struct export *x, const struct node *n, const char *name)
{
    const struct node *a = export_operand_node(x, n, 0), *b = export_operand_node(x, n, 1);
    int g = n->attr.grouped, k = n->attr.axes, m = a->shape.rank - g - k;
    const char *left = export_operand(x, n, 0), *right = export_operand(x, n, 1);
    struct shape from = a->shape, result = n->shape;
    int perm[RANK_MAX], back[RANK_MAX];
    right = export_join(x, right, &b->shape);
    if (g) {
        left = export_join(x, left, &a->shape);
        for (int i = 0; i < a->shape.rank; i++) {
            perm[i] = i == 0 ? m : i <= m ? i - 1 : i;
            from.dim[i] = a->shape.dim[perm[i]];
        }
        from.rows = a->shape.rows < 0 || a->shape.rows > m ? a->shape.rows : a->shape.rows + 1;
        left = export_transpose(x, left, a->shape.rank, perm, NULL);
        result.dim[0] = n->shape.dim[m];
        for (int i = 0; i < m; i++)
            result.dim[i + 1] = n->shape.dim[i];
        result.rows = n->shape.rows < 0 || n->shape.rows > m ? n->shape.rows : n->shape.rows + 1;
        for (int i = 0; i < n->shape.rank; i++)
            back[i] = i < m ? i + 1 : i == m ? 0 : i;
    }
    struct shape rows = folded(&from, g, m), columns = folded(&b->shape, g, k);
    const char *product = export_binary(
        x, "MatMul",
        g ? export_reshape_joined(x, left, &rows, NULL) : export_reshape(x, left, &rows, NULL),
        export_reshape_joined(x, right, &columns, NULL), NULL);
    if (!g)
        return export_reshape(x, product, &result, name);
    product = export_reshape_joined(x, product, &result, NULL);
    product = export_transpose(x, product, n->shape.rank, back, name);
    return export_part(x, product, &n->shape, NULL);
}

/* ---- what reads by index ---- */

/* x [p, n, c], index [p, r]: per p, rows of x. */
static const char *write_take(struct export *x, const struct node *n, const char *name)
{
    const struct shape *s = &export_operand_node(x, n, 0)->shape;
    const struct shape *r = &export_operand_node(x, n, 1)->shape;
    int32_t low = 0, high = (int32_t)s->dim[1] - 1;
    if (s->rows == 1) {
        export_refuse(x, n, "what reads from other rows of the batch has no counterpart in ONNX");
        return NULL;
    }
    const char *clip[3] = {export_operand(x, n, 1),
                           export_array(x, ONNX_INT32, 0, NULL, &low, NULL),
                           export_array(x, ONNX_INT32, 0, NULL, &high, NULL)};
    const char *index = export_node(x, "Clip", 3, clip, NULL);
    if (s->dim[0] == 1 && s->rows != 0) {
        struct shape line = {.rank = 1, .rows = r->rows >= 0 ? 0 : -1, .dim = {r->dim[1]}};
        const char *input[2] = {export_operand(x, n, 0), export_reshape(x, index, &line, NULL)};
        name = export_node(x, "Gather", 2, input, name);
        export_int(x, "axis", 1);
        return name;
    }
    struct shape deep = {.rank = 3, .rows = r->rows, .dim = {r->dim[0], r->dim[1], 1}};
    const char *input[2] = {export_join(x, export_operand(x, n, 0), s),
                            export_reshape_joined(x, export_cast(x, index, I64, NULL), &deep,
                                                  NULL)};
    name = export_node(x, "GatherND", 2, input, name);
    export_int(x, "batch_dims", 1);
    return export_part(x, name, &n->shape, NULL);
}

/* g [p, r, c], index [p, r]: rows of g added up at n places, and one more for those that go to no
 * place. */
static const char *write_scatter_add(struct export *x, const struct node *n, const char *name)
{
    const struct shape *s = &export_operand_node(x, n, 0)->shape;
    int32_t low = 0, places = (int32_t)n->shape.dim[1];
    if (n->shape.rows == 1 || s->rows == 1) {
        export_refuse(x, n, "what adds up over rows of the batch has no counterpart in ONNX");
        return NULL;
    }
    const char *index = export_operand(x, n, 1);
    const char *zero = export_array(x, ONNX_INT32, 0, NULL, &low, NULL);
    const char *none = export_array(x, ONNX_INT32, 0, NULL, &places, NULL);
    const char *fits[3] = {export_binary(x, "And", export_binary(x, "Less", index, none, NULL),
                                         export_binary(x, "GreaterOrEqual", index, zero, NULL),
                                         NULL), index, none};
    struct shape deep = *s, more = n->shape;
    deep.dim[2] = 1;
    index = export_reshape(x, export_node(x, "Where", 3, fits, NULL), &deep, NULL);
    if (s->dim[2] != 1)
        index = export_expand(x, index, s, NULL);
    more.dim[1]++;
    const char *sums_of = export_expand(x, export_number(x, 0), &more, NULL);
    const char *input[3] = {export_join(x, sums_of, &more), export_join(x, index, s),
                            export_join(x, export_operand(x, n, 0), s)};
    sums_of = export_node(x, "ScatterElements", 3, input, NULL);
    export_int(x, "axis", 1);
    export_text(x, "reduction", "add");
    int64_t start = 0, end = places, axis = 1;
    const char *cut[4] = {sums_of, export_whole(x, 1, &start), export_whole(x, 1, &end),
                          export_whole(x, 1, &axis)};
    return export_part(x, export_node(x, "Slice", 4, cut, name), &n->shape, NULL);
}

static const char *write_cumsum(struct export *x, const struct node *n, const char *name)
{
    int32_t axis = export_axis(&n->shape, 1);
    name = export_binary(x, "CumSum", export_operand(x, n, 0),
                         export_array(x, ONNX_INT32, 0, NULL, &axis, NULL), name);
    export_int(x, "reverse", n->attr.reverse);
    return name;
}

export_op *const export_ops[OP_COUNT] = {
    [OP_CONST] = write_const, [OP_READ] = write_read, [OP_POSITION] = write_position,
    [OP_NEG] = write_map, [OP_ABS] = write_map, [OP_SIGN] = write_map, [OP_FLOOR] = write_map,
    [OP_FLUSH] = write_map, [OP_EXP] = write_map, [OP_EXP2] = write_exp2, [OP_EXPM1] = write_expm1,
    [OP_LOG] = write_map, [OP_LOG2] = write_log2, [OP_LOG1P] = write_log1p, [OP_SQRT] = write_map,
    [OP_RSQRT] = write_rsqrt, [OP_SQUARE] = write_square, [OP_SIN] = write_map,
    [OP_COS] = write_map, [OP_TANH] = write_map, [OP_SIGMOID] = write_map, [OP_ERF] = write_map,
    [OP_NOT] = write_map, [OP_TO_F32] = write_cast, [OP_TO_I32] = write_cast, [OP_ADD] = write_map,
    [OP_SUB] = write_map, [OP_MUL] = write_map, [OP_DIV] = write_map, [OP_MIN] = write_map,
    [OP_MAX] = write_max, [OP_POW] = write_map, [OP_POWI] = write_powi, [OP_EQ] = write_map,
    [OP_NE] = write_ne, [OP_LT] = write_map, [OP_LE] = write_map, [OP_GT] = write_map,
    [OP_GE] = write_map, [OP_AND] = write_map, [OP_OR] = write_map, [OP_SELECT] = write_map,
    [OP_STOP_GRADIENT] = write_stop_gradient, [OP_RESHAPE] = write_reshape,
    [OP_TRANSPOSE] = write_transpose, [OP_SLICE] = write_slice, [OP_BROADCAST] = write_broadcast,
    [OP_WINDOW] = write_window, [OP_ROW_SUM] = write_row_sum, [OP_ROW_MAX] = write_row_max,
    [OP_ROW_MIN] = write_row_min, [OP_ROW_ARGMAX] = write_argmax,
    [OP_COLUMN_SUM] = write_column_sum, [OP_MATMUL] = write_matmul, [OP_CONTRACT] = write_contract,
    [OP_TAKE] = write_take, [OP_CUMSUM] = write_cumsum, [OP_CONCAT] = write_concat,
    [OP_PAD] = write_pad, [OP_SCATTER_ADD] = write_scatter_add,
};
