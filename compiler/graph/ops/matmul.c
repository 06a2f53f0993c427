#include "graph/ops/rules.h"

/* The matrix of one operand: rows, columns, leading axis (dim 1 where there is none). */
struct matrix {
    bool leading, leading_rows, row_rows, column_rows;
    int64_t lead, row, column;
};

static struct matrix matrix_of(const struct shape *s, bool transposed)
{
    int first = s->rank - 2, row = first + transposed, column = first + !transposed;
    return (struct matrix){.leading = s->rank == 3,
                           .leading_rows = s->rank == 3 && s->rows == 0,
                           .row_rows = s->rows == row,
                           .column_rows = s->rows == column,
                           .lead = s->rank == 3 ? s->dim[0] : 1,
                           .row = s->dim[row],
                           .column = s->dim[column]};
}

/* A matrix that nothing transposes, in panels of its columns: [n / panel, k, panel]. */
static struct matrix matrix_of_panels(const struct shape *s)
{
    return (struct matrix){.lead = 1, .row = s->dim[1], .column = s->dim[0] * s->dim[2]};
}

static const char *infer(const struct graph *graph, struct node *n)
{
    const struct shape *a = &rule_operand(graph, n, 0)->shape;
    const struct shape *b = &rule_operand(graph, n, 1)->shape;
    if (rule_dtype(graph, n, 0, F32) || rule_dtype(graph, n, 1, F32))
        return "operands must be f32";
    if (a->rank < 2 || a->rank > 3 || b->rank < 2 || b->rank > 3)
        return "operands must have rank 2 or 3";
    if (n->attr.panel > 0 && (a->rank != 2 || b->rank != 3 || b->rows >= 0 ||
                              b->dim[2] != n->attr.panel || n->attr.transpose_b))
        return "the second operand does not lie in panels";
    struct matrix p = matrix_of(a, n->attr.transpose_a);
    struct matrix q = n->attr.panel > 0 ? matrix_of_panels(b) : matrix_of(b, n->attr.transpose_b);
    if (p.column != q.row || p.column_rows != q.row_rows)
        return "the contracted axes differ";
    if (p.leading && q.leading && (p.lead != q.lead || p.leading_rows != q.leading_rows))
        return "the leading axes differ";
    bool leading = p.leading || q.leading, rows = p.leading_rows || q.leading_rows;
    if (rows + p.row_rows + q.column_rows > 1)
        return "two axes would hold the batch's rows";
    n->dtype = F32;
    n->shape = (struct shape){.rank = 2 + leading, .rows = -1};
    if (leading)
        n->shape.dim[0] = p.leading ? p.lead : q.lead;
    n->shape.dim[leading] = p.row;
    n->shape.dim[leading + 1] = q.column;
    n->shape.rows = rows ? 0 : p.row_rows ? leading : q.column_rows ? leading + 1 : -1;
    return NULL;
}

static int add_matmul(struct gradient *d, int a, int b, bool transpose_a, bool transpose_b)
{
    struct attr attr = {.transpose_a = transpose_a, .transpose_b = transpose_b};
    return graph_add(gradient_graph(d), OP_MATMUL, 2, (int[]){a, b}, &attr);
}

static struct shape joined_shape(const struct shape *s, int first)
{
    int other = first == 0 ? 2 : 0;
    struct shape out = {.rank = 2, .rows = -1};
    int joined_at = first == 0 ? 0 : 1;
    out.dim[joined_at] = s->dim[first] * s->dim[first + 1];
    out.dim[!joined_at] = s->dim[other];
    if (s->rows >= 0)
        out.rows = s->rows == other ? !joined_at : joined_at;
    return out;
}

/* [l, u, v] -> [l*u, v] */
static int join_rows(struct gradient *d, int x)
{
    struct graph *graph = gradient_graph(d);
    struct shape shape = joined_shape(&graph_node(graph, x)->shape, 0);
    return graph_reshape(graph, x, &shape);
}

/* [l, u, v] -> [u, l*v] */
static int join_columns(struct gradient *d, int x)
{
    struct graph *graph = gradient_graph(d);
    x = graph_transpose(graph, x, (int[]){1, 0, 2});
    struct shape shape = joined_shape(&graph_node(graph, x)->shape, 1);
    return graph_reshape(graph, x, &shape);
}

/* dA[m, k] = dy[.., m, n] B[.., k, n]': where A lacks the leading axis l, (l, n) is contracted
 * as one sequence (numerics 3.2). */
static int gradient_a(struct gradient *d, const struct node *n, int dy)
{
    struct graph *graph = gradient_graph(d);
    int b = n->operand[1];
    bool ta = n->attr.transpose_a, tb = n->attr.transpose_b;
    bool join = rule_operand(graph, n, 0)->shape.rank == 2 && n->shape.rank == 3;
    if (join) {
        dy = join_columns(d, dy);
        b = tb ? join_rows(d, b) : join_columns(d, b);
    }
    return ta ? add_matmul(d, b, dy, tb, true) : add_matmul(d, dy, b, false, !tb);
}

/* dB[k, n] = A[.., m, k]' dy[.., m, n]: where B lacks l, (l, m) is contracted. */
static int gradient_b(struct gradient *d, const struct node *n, int dy)
{
    struct graph *graph = gradient_graph(d);
    int a = n->operand[0];
    bool ta = n->attr.transpose_a, tb = n->attr.transpose_b;
    bool join = rule_operand(graph, n, 1)->shape.rank == 2 && n->shape.rank == 3;
    if (join) {
        dy = join_rows(d, dy);
        a = ta ? join_columns(d, a) : join_rows(d, a);
    }
    return tb ? add_matmul(d, dy, a, true, ta) : add_matmul(d, a, dy, !ta, false);
}

static void gradient(struct gradient *d, const struct node *n, int dy)
{
    if (gradient_wanted(d, n, 0))
        gradient_add(d, n, 0, gradient_a(d, n, dy));
    if (!gradient_wanted(d, n, 1))
        return;
    int summed = gradient_of_factor(d, n, dy);
    if (summed >= 0)
        gradient_add_summed(d, n, 1, summed);
    else
        gradient_add(d, n, 1, gradient_b(d, n, dy));
}

/* A multiplication and an addition for each output and element of k. */
static struct work work(const struct graph *graph, const struct node *n)
{
    const struct shape *a = &rule_operand(graph, n, 0)->shape;
    struct extent k = extent_of(a, n->attr.transpose_a ? a->rank - 2 : a->rank - 1);
    struct extent steps = extent_multiply(extent_of_all(&n->shape), k);
    return (struct work){steps, extent_multiply(steps, (struct extent){.constant = 2})};
}

const struct op_def op_matmul = {
    OP_ROW(MATMUL, matmul),
    .attributes = ATTR_TRANSPOSE | ATTR_PANEL,
    .doc = "matrix product, a chain of fma in chunks of 256 (numerics 3.1); an operand of rank 2 "
           "is shared by the leading axis of the other",
    .formula = "sum of a[l, m, k] * b[l, k, n] over k",
    .derivative = "g b' to a, a' g to b; an axis l that the operand lacks joins the contraction",
    .bound = "0.5 ulp of the sum of |terms|, per addition in the longest chain",
    .infer = infer,
    .gradient = gradient,
    .work = work,
};
