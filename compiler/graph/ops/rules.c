/* See rules.h. */
#include "graph/ops/rules.h"

struct node *rule_operand(const struct graph *graph, const struct node *n, int operand)
{
    return graph_node(graph, n->operand[operand]);
}

const char *rule_dtype(const struct graph *graph, const struct node *n, int operand,
                       enum dtype dtype)
{
    static const char *const message[] = {
        [F32] = "operand must be f32", [I32] = "operand must be i32",
        [BOOL] = "operand must be bool", [I64] = "operand must be i64"};
    return rule_operand(graph, n, operand)->dtype == dtype ? NULL : message[dtype];
}

const char *rule_broadcast(const struct graph *graph, struct node *n, int first)
{
    struct shape shape = rule_operand(graph, n, first)->shape;
    for (int i = first + 1; i < n->count; i++)
        if (!shape_broadcast(&shape, &rule_operand(graph, n, i)->shape, &shape))
            return "shapes do not broadcast";
    n->shape = shape;
    return NULL;
}

/* All operands of one type out of the set `allowed` (bit = dtype), which is the result's. */
static const char *same_map(const struct graph *graph, struct node *n, unsigned allowed)
{
    enum dtype dtype = rule_operand(graph, n, 0)->dtype;
    if (!(allowed >> dtype & 1))
        return "not defined for this element type";
    for (int i = 1; i < n->count; i++)
        if (rule_operand(graph, n, i)->dtype != dtype)
            return "operands differ in element type";
    n->dtype = dtype;
    return rule_broadcast(graph, n, 0);
}

const char *rule_float_map(const struct graph *graph, struct node *n)
{
    return same_map(graph, n, 1u << F32);
}

const char *rule_number_map(const struct graph *graph, struct node *n)
{
    return same_map(graph, n, 1u << F32 | 1u << I32 | 1u << I64);
}

const char *rule_signed_map(const struct graph *graph, struct node *n)
{
    return same_map(graph, n, 1u << F32 | 1u << I32);
}

const char *rule_compare(const struct graph *graph, struct node *n)
{
    const char *problem = same_map(graph, n, 1u << F32 | 1u << I32 | 1u << I64 | 1u << BOOL);
    n->dtype = BOOL;
    return problem;
}

const char *rule_logic(const struct graph *graph, struct node *n)
{
    return same_map(graph, n, 1u << BOOL);
}

const char *rule_float_row(const struct graph *graph, struct node *n)
{
    n->shape = rule_operand(graph, n, 0)->shape;
    n->dtype = F32;
    if (n->shape.rank < 1)
        return "a row needs an axis";
    int last = n->shape.rank - 1;
    n->shape.dim[last] = 1;
    if (n->shape.rows == last)
        n->shape.rows = -1;
    return rule_dtype(graph, n, 0, F32);
}

const char *rule_column(const struct graph *graph, struct node *n)
{
    int first, last;
    n->shape = rule_operand(graph, n, 0)->shape;
    column_axes(n, &first, &last);
    if (n->attr.over == 0 && n->shape.rank != 3)
        return "a column is reduced in rank 3";
    if (last > n->shape.rank || n->attr.over >> last)
        return "the axes reduced are out of range";
    for (int axis = first; axis < last; axis++)
        n->shape.dim[axis] = 1;
    if (n->shape.rows >= first && n->shape.rows < last)
        n->shape.rows = -1;
    return NULL;
}

const char *rule_digits(const struct graph *graph, struct node *n, int64_t words)
{
    const struct shape *x = &rule_operand(graph, n, 0)->shape;
    for (int i = 0; i < n->count; i++)
        if (rule_operand(graph, n, i)->dtype != F32 ||
            !shape_equal(&rule_operand(graph, n, i)->shape, x))
            return "operands must be f32 of one shape";
    const char *problem = rule_column(graph, n);
    if (!problem && (n->shape.dim[0] != 1 || n->shape.rows >= 0))
        return "a sum is of all rows";
    n->shape.dim[1] = words;
    n->dtype = I64;
    return problem;
}

const char *rule_of_digits(const struct graph *graph, struct node *n, int operand, int64_t words)
{
    const struct node *x = rule_operand(graph, n, operand);
    if (x->dtype != I64 || x->shape.rank < 1 || x->shape.dim[0] != words || x->shape.rows >= 0)
        return "operands must be the digits of exact sums";
    n->shape = shape_scalar();
    for (int i = 1; i < x->shape.rank; i++)
        n->shape.dim[n->shape.rank++] = x->shape.dim[i];
    return NULL;
}

const char *rule_windows(const struct shape *shape, const struct attr *attr)
{
    int first, axes = window_axes(shape, attr, &first);
    if (axes == 0)
        return "the axes of windows are out of range";
    bool rows = shape->rows >= first && shape->rows < first + 2 * axes;
    return rows ? "windows over the batch's rows" : NULL;
}

const char *rule_inside(const struct shape *part, const struct shape *whole,
                        const int64_t *start)
{
    if (part->rank != whole->rank || part->rows != whole->rows)
        return "the part and the whole differ in rank";
    for (int i = 0; i < part->rank; i++)
        if (start[i] < 0 || start[i] + part->dim[i] > whole->dim[i] ||
            (i == part->rows && part->dim[i] != whole->dim[i]))
            return "the part does not lie inside the whole";
    return NULL;
}

const char *rule_indexed(const struct shape *x, const struct shape *index, struct shape *result)
{
    if (x->rank != 3 || index->rank != 2)
        return "x must be [p, n, c] and the index [p, r]";
    if (x->dim[0] != index->dim[0] || (x->rows == 0) != (index->rows == 0))
        return "x and the index differ in p";
    if (x->rows == 1 ? index->rows != 1 : x->rows == 2 && index->rows == 1)
        return "the batch's rows are read for each of them only";
    *result = *x;
    result->dim[1] = index->dim[1];
    if (index->rows == 1)
        result->rows = 1;
    return NULL;
}

const char *rule_scattered(const struct graph *graph, struct node *n, enum dtype dtype)
{
    const struct node *x = rule_operand(graph, n, 0), *index = rule_operand(graph, n, 1);
    struct shape back;
    if (x->dtype != F32 || index->dtype != I32)
        return "what is scattered must be f32, the index i32";
    n->dtype = dtype;
    const char *problem = rule_indexed(&n->shape, &index->shape, &back);
    if (!problem && !shape_equal(&back, &x->shape))
        problem = "what is scattered must be [p, r, c]";
    return problem;
}

const char *rule_line(const struct graph *graph, struct node *n)
{
    n->dtype = F32;
    n->shape = rule_operand(graph, n, 0)->shape;
    for (int i = 0; i < n->count; i++)
        if (rule_dtype(graph, n, i, F32) ||
            !shape_equal(&rule_operand(graph, n, i)->shape, &n->shape))
            return "operands must be f32 of one shape";
    return n->shape.rank != 3 || n->shape.rows == 1 ? "lines run along the middle axis of three, "
                                                      "which is not of the batch's rows" : NULL;
}

/* Draws per sample take the samples' numbers as operand 0 and lead with the batch's rows. */
const char *rule_random(const struct graph *graph, struct node *n, enum dtype dtype)
{
    n->dtype = dtype;
    if (!n->attr.path)
        return "a random node needs a path";
    if (n->attr.domain != DOMAIN_SAMPLE)
        return n->count == 0 ? NULL : "only draws per sample have an operand";
    if (n->count != 1 || rule_dtype(graph, n, 0, I32))
        return "draws per sample need the sample numbers, i32[b]";
    const struct shape *sample = &rule_operand(graph, n, 0)->shape;
    if (sample->rank != 1 || sample->rows != 0 || sample->dim[0] != 1)
        return "draws per sample need the sample numbers, i32[b]";
    if (n->shape.rows != 0 || n->shape.dim[0] != 1)
        return "draws per sample have the shape [b, ..]";
    return NULL;
}

int rule_mul(struct gradient *d, int a, int b)
{
    return graph_binary(gradient_graph(d), OP_MUL, a, b);
}

int rule_div(struct gradient *d, int a, int b)
{
    return graph_binary(gradient_graph(d), OP_DIV, a, b);
}

int rule_unary(struct gradient *d, enum op op, int a)
{
    return graph_unary(gradient_graph(d), op, a);
}

int rule_neg(struct gradient *d, int a)
{
    return rule_unary(d, OP_NEG, a);
}

int rule_scale(struct gradient *d, float factor, int a)
{
    return rule_mul(d, graph_const(gradient_graph(d), factor), a);
}

int rule_where(struct gradient *d, int condition, int x)
{
    return graph_select(gradient_graph(d), condition, x, graph_const(gradient_graph(d), 0.0f));
}

int rule_where_not(struct gradient *d, int condition, int x)
{
    return graph_select(gradient_graph(d), condition, graph_const(gradient_graph(d), 0.0f), x);
}

int rule_at(struct gradient *d, const struct shape *shape, int axis, int index)
{
    struct graph *graph = gradient_graph(d);
    struct attr attr = {.axis = axis};
    int position = graph_add_shaped(graph, OP_POSITION, 0, NULL, &attr, I32, shape);
    return graph_binary(graph, OP_EQ, position, index);
}

int rule_chosen(struct gradient *d, int x, int index, int dy)
{
    struct graph *graph = gradient_graph(d);
    const struct node *rows = graph_node(graph, x);
    int perm[RANK_MAX], inverse[RANK_MAX], rank = rows->shape.rank;
    const struct shape *shape = &rows->shape;
    bool turned = rows->op == OP_TRANSPOSE;
    for (int i = 0; i < rank; i++) {
        perm[i] = turned ? (int)rows->attr.perm[i] : i;
        inverse[perm[i]] = i;
    }
    if (turned)
        shape = &graph_node(graph, rows->operand[0])->shape;
    int at = rule_at(d, shape, perm[rank - 1], graph_transpose(graph, index, inverse));
    return graph_transpose(graph, rule_where(d, at, graph_transpose(graph, dy, inverse)), perm);
}

int rule_shift(struct gradient *d, int x, bool back)
{
    struct graph *graph = gradient_graph(d);
    struct shape whole = graph_node(graph, x)->shape, part = whole;
    const int64_t from[RANK_MAX] = {0, back}, to[RANK_MAX] = {0, !back};
    if (--part.dim[1] == 0)
        return graph_fill(graph, 0.0f, &whole);
    return graph_pad(graph, graph_slice(graph, x, from, &part), to, &whole);
}

void rule_either(struct gradient *d, const struct node *n, int condition, int dy)
{
    if (gradient_wanted(d, n, 0))
        gradient_add(d, n, 0, rule_where(d, condition, dy));
    if (gradient_wanted(d, n, 1))
        gradient_add(d, n, 1, rule_where_not(d, condition, dy));
}

void rule_spread(struct gradient *d, const struct node *n, int dy)
{
    struct graph *graph = gradient_graph(d);
    gradient_add(d, n, 0, graph_broadcast(graph, dy, &rule_operand(graph, n, 0)->shape));
}
