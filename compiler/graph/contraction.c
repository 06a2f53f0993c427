/* See contraction.h. */
#include "graph/contraction.h"

#include "graph/op.h"
#include "graph/program.h"

int contraction_add(struct graph *graph, int a, int b, int axes, bool grouped)
{
    struct attr attr = {.axes = axes, .grouped = grouped};
    return graph_add(graph, OP_CONTRACT, 2, (int[]){a, b}, &attr);
}

int contraction_turn(struct graph *graph, int x, int count, const struct stretch *order)
{
    int perm[RANK_MAX], at = 0, rank = graph_node(graph, x)->shape.rank;
    uint32_t seen = 0;
    for (int s = 0; s < count; s++)
        for (int i = order[s].first; i < order[s].first + order[s].count; i++) {
            perm[at++] = i;
            seen |= 1u << i;
        }
    for (int i = 0; i < rank; i++)
        if (!(seen >> i & 1))
            perm[at++] = i;
    return graph_transpose(graph, x, perm);
}

int contraction_groups_first(struct graph *graph, int windows, int first, int axes, bool grouped)
{
    int m = first + axes;
    if (!grouped)
        return windows;
    return contraction_turn(graph, windows, 2, (struct stretch[]){{0, m}, {m + axes, 1}});
}

int contraction_filter(struct graph *graph, int a, int dy, int m, int k, bool grouped)
{
    int g = grouped;                    /* [k.., g, m..] by [g, m.., n..] */
    a = contraction_turn(graph, a, 2, (struct stretch[]){{m + g, k}, {m, g}});
    dy = contraction_turn(graph, dy, 1, (struct stretch[]){{m, g}});
    int db = contraction_add(graph, a, dy, m, grouped);
    return contraction_turn(graph, db, 1, (struct stretch[]){{k, g}});
}

/* ---- transposed ---- */

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

/* One axis of the elements at a time is split into lattices. */
struct transposed {
    struct graph *graph;
    const struct attr *attr;            /* of windows */
    const struct shape *windows;
    int first, axes;
    int x, filter;                      /* [l.., o.., g, n..], [g, k.., n.., c..] */
    int n;                              /* how many axes these are */
    bool grouped;
    struct shape shape;                 /* of the lattice at hand, [l.., t.., g, c..] */
    struct lattice lattice[RANK_MAX / 2];
};

/* Elements of the filter's taps that belong to the lattice. */
static int filter_taps(struct transposed *w)
{
    struct attr attr = {0};
    struct window_axis window[RANK_MAX / 2];
    struct shape shape = graph_node(w->graph, w->filter)->shape, taps = shape;
    int first = w->grouped;
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
    window_set(w->graph->nodes, &attr, first, w->axes, window);
    int seen = graph_add_shaped(w->graph, OP_WINDOW, 1, &w->filter, &attr, F32, &shape);
    return graph_reshape(w->graph, seen, &taps);
}

/* The sum over the taps of a lattice and n, ascending; +0 where there are none. */
static int lattice_product(struct transposed *w)
{
    struct attr attr = {0};
    struct window_axis window[RANK_MAX / 2];
    struct shape shape = graph_node(w->graph, w->x)->shape;
    for (int i = shape.rank - 1; i >= w->first; i--)
        shape.dim[i + w->axes] = shape.dim[i];
    shape.rank += w->axes;
    for (int i = 0; i < w->axes; i++) {
        const struct lattice *l = &w->lattice[i];
        if (l->taps == 0)
            return graph_fill(w->graph, 0.0f, &w->shape);
        window[i] = (struct window_axis){1, -l->back, -l->start};
        shape.dim[w->first + i] = w->shape.dim[w->first + i];
        shape.dim[w->first + w->axes + i] = l->taps;
    }
    window_set(w->graph->nodes, &attr, w->first, w->axes, window);
    int seen = graph_add_shaped(w->graph, OP_WINDOW, 1, &w->x, &attr, F32, &shape);
    seen = contraction_groups_first(w->graph, seen, w->first, w->axes, w->grouped);
    return contraction_add(w->graph, seen, filter_taps(w), w->axes + w->n, w->grouped);
}

/* x [.., t, ..] for each residue, put together along axis t: element residue + stride * t. */
static int interleave(struct graph *graph, const int *x, int64_t stride, int axis)
{
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

static int lattices(struct transposed *w, int axis)
{
    if (axis == w->axes)
        return lattice_product(w);
    struct window_axis of = window_axis(w->attr, w->first, w->axes, axis);
    int64_t stride = of.stride, start[RANK_MAX] = {0};
    int64_t size = w->windows->dim[w->first + w->axes + axis];
    int64_t whole = w->shape.dim[w->first + axis];
    int *part = ARENA_ARRAY(w->graph->program->arena, int, stride);
    w->shape.dim[w->first + axis] = (whole + stride - 1) / stride;
    for (int64_t r = 0; r < stride; r++) {
        w->lattice[axis] = lattice_of(&of, size, r);
        part[r] = lattices(w, axis + 1);
    }
    w->shape.dim[w->first + axis] = whole;
    if (stride == 1)
        return part[0];
    struct shape shape = graph_node(w->graph, part[0])->shape;
    shape.dim[w->first + axis] = whole;
    return graph_slice(w->graph, interleave(w->graph, part, stride, w->first + axis), start,
                       &shape);
}

/* x [..] -> [.., 1] */
static int add_axis(struct graph *graph, int x)
{
    struct shape shape = graph_node(graph, x)->shape;
    shape.dim[shape.rank++] = 1;
    return graph_reshape(graph, x, &shape);
}

int contraction_back(struct graph *graph, int x, int filter, const struct attr *attr,
                     const struct shape *windows, const struct shape *seen, bool grouped)
{
    struct transposed w = {.graph = graph, .attr = attr, .windows = windows, .x = x,
                           .grouped = grouped, .shape = *seen};
    w.axes = window_axes(windows, attr, &w.first);
    w.n = graph_node(graph, x)->shape.rank - w.first - w.axes - grouped;
    int n = graph_node(graph, filter)->shape.rank - w.n;
    w.filter = contraction_turn(graph, filter, 2,
                                (struct stretch[]){{0, grouped + w.axes}, {n, w.n}});
    if (n > grouped + w.axes)
        return lattices(&w, 0);
    w.filter = add_axis(graph, w.filter); /* a contraction has an axis of its right operand's own */
    w.shape.dim[w.shape.rank++] = 1;
    return graph_reshape(graph, lattices(&w, 0), seen);
}

int contraction_transposed(struct graph *graph, int x, int filter, const struct attr *attr,
                           const struct shape *windows, const struct shape *seen, bool grouped)
{
    int y = contraction_back(graph, x, filter, attr, windows, seen, grouped);
    int of = graph_add_shaped(graph, OP_WINDOW, 1, &y, attr, F32, windows);
    return graph_add(graph, OP_TRANSPOSED, 4, (int[]){y, x, filter, of},
                     &(struct attr){.grouped = grouped});
}
