#include "graph/contraction.h"
#include "graph/ops/rules.h"

/* a [m.., g, k..], b [g, k.., n..]: how many axes m, g (1 where grouped, else 0), k and n are. */
struct sides {
    int m, g, k, n;
};

static struct sides sides_of(const struct graph *graph, const struct node *n)
{
    int g = n->attr.grouped, k = n->attr.axes;
    return (struct sides){rule_operand(graph, n, 0)->shape.rank - g - k, g, k,
                          rule_operand(graph, n, 1)->shape.rank - g - k};
}

static const char *infer(const struct graph *graph, struct node *n)
{
    const struct shape *a = &rule_operand(graph, n, 0)->shape;
    const struct shape *b = &rule_operand(graph, n, 1)->shape;
    struct sides s = sides_of(graph, n);
    if (rule_dtype(graph, n, 0, F32) || rule_dtype(graph, n, 1, F32))
        return "operands must be f32";
    if (s.k < 1 || s.m < 1 || s.n < 1 || s.m + s.g + s.n > RANK_MAX)
        return "the axes contracted are out of range";
    if (s.g && (a->dim[s.m] != b->dim[0] || a->rows == s.m || b->rows == 0))
        return "the groups differ, or are the batch's rows";
    bool a_rows = a->rows >= s.m, b_rows = b->rows >= 0 && b->rows < s.g + s.k;
    if (a_rows != b_rows || (a_rows && a->rows - s.m != b->rows))
        return "the contracted axes differ";
    if (!a_rows && a->rows >= 0 && b->rows >= 0)
        return "two axes would hold the batch's rows";
    n->dtype = F32;
    n->shape = (struct shape){.rank = s.m + s.g + s.n, .rows = -1};
    for (int i = 0; i < s.m + s.g; i++)
        n->shape.dim[i] = a->dim[i];
    for (int i = 0; i < s.n; i++)
        n->shape.dim[s.m + s.g + i] = b->dim[s.g + s.k + i];
    for (int i = s.g; i < s.g + s.k; i++)
        if (a->dim[s.m + i] != b->dim[i])
            return "the contracted axes differ";
    if (!a_rows)
        n->shape.rows = a->rows >= 0 ? a->rows : b->rows >= 0 ? b->rows - s.k + s.m : -1;
    return NULL;
}

/* ---- the gradient of what windows are of ---- */

/* Does `turned` view windows with the axis after the taps put before them? */
static bool puts_groups_first(const struct node *turned, int m, int axes)
{
    bool good = turned->op == OP_TRANSPOSE && turned->attr.perm[m] == m + axes;
    for (int i = 0; good && i < turned->shape.rank; i++)
        good = i == m || turned->attr.perm[i] == (i < m || i > m + axes ? i : i - 1);
    return good;
}

/* Has a value room for the axes of windows of what comes back and, where a stride leaves taps out,
 * of windows of the filter and of the lattices side by side? */
static bool has_room(const struct graph *graph, const struct node *n, const struct node *window,
                     int first, int axes)
{
    const struct shape *seen = &rule_operand(graph, window, 0)->shape;
    int filter = rule_operand(graph, n, 1)->shape.rank, one = seen->rank == first + axes;
    bool strides = false;
    for (int i = 0; i < axes; i++)
        strides |= window_axis(&window->attr, first, axes, i).stride != 1;
    return n->shape.rank + axes <= RANK_MAX &&
           (!strides || (filter + one + axes <= RANK_MAX && seen->rank + one < RANK_MAX));
}

/* The windows that a contraction sums over, or NULL: m are these and the axes before them, k their
 * taps and the axes after these, but for one of groups. */
static const struct node *contracted_windows(const struct graph *graph, const struct node *n)
{
    const struct node *a = rule_operand(graph, n, 0);
    struct sides s = sides_of(graph, n);
    const struct node *window = s.g && a->count > 0 ? rule_operand(graph, a, 0) : a;
    if (window->op != OP_WINDOW || window->attr.value != 0.0f)
        return NULL;
    int first, axes = window_axes(&window->shape, &window->attr, &first);
    bool good = first + axes == s.m && (!s.g || puts_groups_first(a, s.m, axes));
    return good && has_room(graph, n, window, first, axes) ? window : NULL;
}

static void gradient(struct gradient *d, const struct node *n, int dy)
{
    struct graph *graph = gradient_graph(d);
    struct sides s = sides_of(graph, n);
    const struct node *window = contracted_windows(graph, n);
    if (gradient_wanted(d, n, 0) && window) {
        const struct shape *seen = &rule_operand(graph, window, 0)->shape;
        gradient_add(d, window, 0, contraction_back(graph, dy, n->operand[1], &window->attr,
                                                    &window->shape, seen, s.g));
    } else if (gradient_wanted(d, n, 0)) {
        int b = contraction_turn(graph, n->operand[1], 2,
                                 (struct stretch[]){{0, s.g}, {s.g + s.k, s.n}});
        gradient_add(d, n, 0, contraction_add(graph, dy, b, s.n, s.g));
    }
    if (gradient_wanted(d, n, 1))
        gradient_add(d, n, 1, contraction_filter(graph, n->operand[0], dy, s.m, s.k, s.g));
}

/* A multiplication and an addition for each output and element of k. */
static struct work work(const struct graph *graph, const struct node *n)
{
    struct extent steps = extent_of_all(&n->shape);
    const struct shape *b = &rule_operand(graph, n, 1)->shape;
    for (int i = n->attr.grouped; i < n->attr.grouped + n->attr.axes; i++)
        steps = extent_multiply(steps, extent_of(b, i));
    return (struct work){steps, extent_multiply(steps, (struct extent){.constant = 2})};
}

const struct op_def op_contract = {
    OP_ROW(CONTRACT, contract),
    .attributes = ATTR_AXES | ATTR_GROUPED,
    .doc = "product over several axes at once, flattened row-major: a chain of fma in chunks of "
           "256 (numerics 3.1); grouped: a[m.., g, k..] by b[g, k.., n..], for each g",
    .formula = "sum of a[m.., k..] * b[k.., n..] over k",
    .derivative = "g b' to a, a' g to b; where a is a window, to what it is of (numerics 3.3)",
    .bound = "0.5 ulp of the sum of |terms|, per addition in the longest chain",
    .infer = infer,
    .gradient = gradient,
    .work = work,
};
