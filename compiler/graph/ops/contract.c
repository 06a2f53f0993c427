#include "graph/ops/rules.h"
#include "graph/program.h"

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

static int add_contract(struct gradient *d, int a, int b, int axes, bool grouped)
{
    struct attr attr = {.axes = axes, .grouped = grouped};
    return graph_add(gradient_graph(d), OP_CONTRACT, 2, (int[]){a, b}, &attr);
}

/* A stretch of axes. */
struct stretch {
    int first, count;
};

/* The axes in the order of the stretches, then those that are left. */
static int turn(struct gradient *d, int x, int count, const struct stretch *order)
{
    int perm[RANK_MAX], at = 0, rank = graph_node(gradient_graph(d), x)->shape.rank;
    uint32_t seen = 0;
    for (int s = 0; s < count; s++)
        for (int i = order[s].first; i < order[s].first + order[s].count; i++) {
            perm[at++] = i;
            seen |= 1u << i;
        }
    for (int i = 0; i < rank; i++)
        if (!(seen >> i & 1))
            perm[at++] = i;
    return graph_transpose(gradient_graph(d), x, perm);
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
    return good ? window : NULL;
}

/* Along one axis the elements i = residue + stride * t are seen by taps first, first + step, ..,
 * `taps` of them, of windows t + start - e * back for the e-th of these. */
struct lattice {
    int64_t first, step, taps, start, back;
};

static int64_t divisor(int64_t a, int64_t b)
{
    return b == 0 ? a < 0 ? -a : a : divisor(b, a % b);
}

static struct lattice lattice_of(const struct window_axis *w, int64_t size, int64_t residue)
{
    struct lattice l = {.step = w->stride / divisor(w->dilation, w->stride)};
    while (l.first < size && (residue + w->before - l.first * w->dilation) % w->stride != 0)
        l.first++;
    l.taps = l.first < size ? (size - l.first + l.step - 1) / l.step : 0;
    l.start = (residue + w->before - l.first * w->dilation) / w->stride;
    l.back = l.step * w->dilation / w->stride;
    return l;
}

/* One axis of the operand at a time is split into lattices. */
struct windowed {
    struct gradient *d;
    const struct node *window;
    int first, axes;                    /* of windows */
    int dy, filter;                     /* [l.., o.., g, n..], [g, k.., n.., c..] */
    struct sides sides;
    struct shape shape;                 /* of the lattice at hand, [l.., t.., g, c..] */
    struct lattice lattice[RANK_MAX / 2];
};

/* Elements of the filter's taps that belong to the lattice. */
static int filter_taps(struct windowed *w)
{
    struct graph *graph = gradient_graph(w->d);
    struct attr attr = {0};
    struct window_axis window[RANK_MAX / 2];
    struct shape shape = graph_node(graph, w->filter)->shape, taps = shape;
    int first = w->sides.g;
    bool all = true;
    for (int i = 0; i < w->axes; i++) {
        const struct lattice *l = &w->lattice[i];
        window[i] = (struct window_axis){1, l->step, -l->first};
        taps.dim[first + i] = l->taps;
        all = all && l->taps == shape.dim[first + i];
    }
    if (all)
        return w->filter;
    shape = taps;
    for (int i = shape.rank - 1; i >= first; i--)
        shape.dim[i + w->axes] = taps.dim[i];
    for (int i = first; i < first + w->axes; i++)
        shape.dim[i] = 1;
    shape.rank += w->axes;
    window_set(graph->nodes, &attr, first, w->axes, window);
    int seen = graph_add_shaped(graph, OP_WINDOW, 1, &w->filter, &attr, F32, &shape);
    return graph_reshape(graph, seen, &taps);
}

/* The sum over the taps of a lattice and n, ascending; +0 where there are none. */
static int lattice_product(struct windowed *w)
{
    struct graph *graph = gradient_graph(w->d);
    struct attr attr = {0};
    struct window_axis window[RANK_MAX / 2];
    struct shape shape = graph_node(graph, w->dy)->shape;
    for (int i = shape.rank - 1; i >= w->first; i--)
        shape.dim[i + w->axes] = shape.dim[i];
    shape.rank += w->axes;
    for (int i = 0; i < w->axes; i++) {
        const struct lattice *l = &w->lattice[i];
        if (l->taps == 0)
            return graph_fill(graph, 0.0f, &w->shape);
        window[i] = (struct window_axis){1, -l->back, -l->start};
        shape.dim[w->first + i] = w->shape.dim[w->first + i];
        shape.dim[w->first + w->axes + i] = l->taps;
    }
    window_set(graph->nodes, &attr, w->first, w->axes, window);
    int seen = graph_add_shaped(graph, OP_WINDOW, 1, &w->dy, &attr, F32, &shape);
    int m = w->first + w->axes;
    if (w->sides.g)
        seen = turn(w->d, seen, 2, (struct stretch[]){{0, m}, {m + w->axes, 1}});
    return add_contract(w->d, seen, filter_taps(w), w->axes + w->sides.n, w->sides.g);
}

/* x [.., t, ..] for each residue, put together along axis t: element residue + stride * t. */
static int interleave(struct gradient *d, const int *x, int64_t stride, int axis)
{
    struct graph *graph = gradient_graph(d);
    int *part = ARENA_ARRAY(graph->program->arena, int, stride);
    struct shape shape = graph_node(graph, x[0])->shape, whole = shape, split = shape;
    for (int i = shape.rank; i > axis + 1; i--)
        split.dim[i] = shape.dim[i - 1];
    split.rank++;
    split.dim[axis + 1] = 1;
    for (int64_t r = 0; r < stride; r++)
        part[r] = graph_reshape(graph, x[r], &split);
    whole.dim[axis] *= stride;
    return graph_reshape(graph, graph_concat(graph, (int)stride, part, axis + 1), &whole);
}

static int lattices(struct windowed *w, int axis)
{
    if (axis == w->axes)
        return lattice_product(w);
    struct graph *graph = gradient_graph(w->d);
    struct window_axis of = window_axis(&w->window->attr, w->first, w->axes, axis);
    int64_t stride = of.stride, start[RANK_MAX] = {0};
    int64_t size = w->window->shape.dim[w->first + w->axes + axis];
    int64_t whole = w->shape.dim[w->first + axis];
    int *part = ARENA_ARRAY(graph->program->arena, int, stride);
    w->shape.dim[w->first + axis] = (whole + stride - 1) / stride;
    for (int64_t r = 0; r < stride; r++) {
        w->lattice[axis] = lattice_of(&of, size, r);
        part[r] = lattices(w, axis + 1);
    }
    w->shape.dim[w->first + axis] = whole;
    if (stride == 1)
        return part[0];
    struct shape shape = graph_node(graph, part[0])->shape;
    shape.dim[w->first + axis] = whole;
    return graph_slice(graph, interleave(w->d, part, stride, w->first + axis), start, &shape);
}

/* dx of windows [l.., o.., k.., g, c..] of x, contracted with a filter [g, k.., c.., n..]: for each
 * element the sum over (k, n) of what saw it, those taps left out that no window has there. */
static int gradient_seen(struct gradient *d, const struct node *n, const struct node *window,
                         int dy)
{
    struct graph *graph = gradient_graph(d);
    struct sides s = sides_of(graph, n);
    struct windowed w = {.d = d, .window = window, .dy = dy, .sides = s,
                         .shape = rule_operand(graph, window, 0)->shape};
    w.axes = window_axes(&window->shape, &window->attr, &w.first);
    w.filter = turn(d, n->operand[1], 2, (struct stretch[]){{0, s.g + w.axes}, {s.g + s.k, s.n}});
    return lattices(&w, 0);
}

static void gradient(struct gradient *d, const struct node *n, int dy)
{
    struct graph *graph = gradient_graph(d);
    struct sides s = sides_of(graph, n);
    const struct node *window = contracted_windows(graph, n);
    if (gradient_wanted(d, n, 0) && window) {
        gradient_add(d, window, 0, gradient_seen(d, n, window, dy));
    } else if (gradient_wanted(d, n, 0)) {
        int b = turn(d, n->operand[1], 2, (struct stretch[]){{0, s.g}, {s.g + s.k, s.n}});
        gradient_add(d, n, 0, add_contract(d, dy, b, s.n, s.g));
    }
    if (gradient_wanted(d, n, 1)) {     /* [k.., g, m..] by [g, m.., n..] */
        int a = turn(d, n->operand[0], 2, (struct stretch[]){{s.m + s.g, s.k}, {s.m, s.g}});
        int db = add_contract(d, a, turn(d, dy, 1, (struct stretch[]){{s.m, s.g}}), s.m, s.g);
        gradient_add(d, n, 1, turn(d, db, 1, (struct stretch[]){{s.k, s.g}}));
    }
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
