/* Windows over axes, and contractions of them. */
#include "graph/contraction.h"
#include "lower/builtin.h"

/* One whole number for all axes, or a list of one for each; none: `other`. */
static bool wholes_of(struct lower *l, struct frame *frame, const char *what, struct value v,
                      bool given, int count, int64_t other, int64_t least, int64_t *out)
{
    bool list = given && v.kind == V_LIST, good = !list || v.count == count;
    for (int i = 0; good && i < count; i++) {
        out[i] = other;
        good = !given || (value_whole(list ? v.item[i] : v, &out[i]) && out[i] >= least &&
                          out[i] <= INT32_MAX);
    }
    if (!good)
        lower_error(l, frame, v.span, "'%s' is a whole number from %lld on, or a list of %d", what,
                    (long long)least, count);
    return good;
}

/* How many windows an axis of n has. */
static bool count_windows(struct lower *l, struct frame *frame, struct value x, int64_t n,
                          int64_t size, int64_t after, const struct window_axis *w, int64_t *count)
{
    int64_t all = n + w->before + after, span = (size - 1) * w->dilation + 1;
    if (span > all) {
        struct diag *d = lower_error(l, frame, x.span, "a window over %lld does not fit into %lld",
                                     (long long)span, (long long)all);
        diag_note(d, value_node(l, x)->span, "%s comes from here", value_describe(l, x));
        diag_help(d, "take a smaller size or dilation, or more of 'before' and 'after'");
        return false;
    }
    *count = (all - span) / w->stride + 1;
    return true;
}

/* Places are counted in 32 bits on devices, those outside of x too. */
static bool frame_fits(struct lower *l, struct frame *frame, struct value x, const int64_t *around,
                       int axis, int axes)
{
    int64_t dim[RANK_MAX];
    for (int i = 0; i < value_rank(l, x); i++)
        dim[i] = value_dim(l, x, i) + (i >= axis && i < axis + axes ? around[i - axis] : 0);
    if (!dims_fit(value_rank(l, x), dim))
        lower_error(l, frame, x.span, "more than 2147483647 elements with what stands around them: "
                    "take less of 'before' and 'after'");
    return dims_fit(value_rank(l, x), dim);
}

struct windows {
    int axis, axes;
    struct window_axis window[RANK_MAX];
    int64_t size[RANK_MAX], count[RANK_MAX];
};

/* Sizes, strides and what stands around the axes, from the arguments after the first. */
static bool windows_of(struct lower *l, struct frame *frame, struct value x, const struct value *v,
                       const bool *given, struct windows *w)
{
    static const char *const name[] = {"x", "size", "axis", "stride", "dilation", "before",
                                       "after"};
    int64_t part[7][RANK_MAX], around[RANK_MAX];
    int rank = value_rank(l, x), axes = v[1].kind == V_LIST ? v[1].count : 1, axis = 0;
    if (given[2] && !builtin_axis(l, frame, v[2], rank, &axis))
        return false;
    if (axes < 1 || axis + axes > rank) {
        lower_error(l, frame, v[1].span, "%s has no %d axes for windows from axis %d on",
                    value_describe(l, x), axes, axis);
        return false;
    }
    if (!builtin_axis_fits(l, frame, rank + axes - 1, v[1].span))
        return false;
    for (int i = 1; i < 7; i++)
        if (i != 2 && !wholes_of(l, frame, name[i], v[i], given[i], axes, i < 5, i < 5, part[i]))
            return false;
    w->axis = axis;
    w->axes = axes;
    for (int i = 0; i < axes; i++) {
        w->window[i] = (struct window_axis){part[3][i], part[4][i], part[5][i]};
        w->size[i] = part[1][i];
        if (!count_windows(l, frame, x, value_dim(l, x, axis + i), part[1][i], part[6][i],
                           &w->window[i], &w->count[i]))
            return false;
        around[i] = part[5][i] + part[6][i];
        if (w->size[i] == 1)
            w->window[i].dilation = 1;
        if (w->count[i] == 1)
            w->window[i].stride = 1;
    }
    return frame_fits(l, frame, x, around, axis, axes);
}

/* The array, of classes their one-hot rows; whole numbers and bools have no window. */
static struct value array_of_windows(struct lower *l, struct frame *frame, struct value v)
{
    v = value_to_tensor(l, v);
    if (v.kind == V_TENSOR && !v.classes && value_node(l, v)->dtype != F32) {
        struct diag *d = lower_error(l, frame, v.span, "windows are of f32, not of %s",
                                     value_describe(l, v));
        diag_help(d, "write to_float(...)");
        return value_error();
    }
    return value_to_f32(l, v);
}

/* window(x, size, axis): [.., n.., ..] seen as [.., o.., k.., ..] */
struct value call_window(struct lower *l, struct frame *frame, const struct builtin *b,
                         struct arguments *a, const char *path, struct span span)
{
    struct windows w;
    int64_t dim[RANK_MAX];
    ARGUMENTS(8);
    struct value x = array_of_windows(l, frame, v[0]);
    if (x.kind == V_ERROR || !windows_of(l, frame, x, v, given, &w))
        return value_error();
    if (given[7] && v[7].kind != V_NUMBER) {
        lower_error(l, frame, v[7].span, "what stands outside is a number, not %s",
                    value_describe(l, v[7]));
        return value_error();
    }
    struct attr attr = {.value = given[7] ? (float)v[7].number : 0.0f};
    int rank = value_rank(l, x), axes = w.axes, axis = w.axis;
    window_set(l->graph->nodes, &attr, axis + x.per_row, axes, w.window);
    for (int i = 0; i < rank; i++)
        dim[i < axis ? i : i + axes] = value_dim(l, x, i);
    for (int i = 0; i < axes; i++) {
        dim[axis + i] = w.count[i];
        dim[axis + axes + i] = w.size[i];
    }
    if (!dims_fit(rank + axes, dim)) {
        lower_error(l, frame, span, "more than 2147483647 elements");
        return value_error();
    }
    struct shape shape = shape_rows(rank + axes, dim, x.per_row);
    x.node = graph_add_shaped(l->graph, OP_WINDOW, 1, &x.node, &attr, F32, &shape);
    x.span = span;
    return x;
}

/* contract(a, b, axes, grouped): the last axes of a, row-major, with as many first ones of b, in
 * both behind one of groups where grouped */
struct value call_contract(struct lower *l, struct frame *frame, const struct builtin *b,
                           struct arguments *a, const char *path, struct span span)
{
    int64_t axes;
    ARGUMENTS(4);
    struct value x = value_to_f32(l, v[0]), y = value_to_f32(l, v[1]);
    if (x.kind == V_ERROR || y.kind == V_ERROR)
        return value_error();
    int rank = value_rank(l, x), other = value_rank(l, y), whole = x.per_row + rank;
    bool grouped = false;
    if (given[3] && !builtin_flag(l, frame, v[3], "grouped", &grouped))
        return value_error();
    axes = other - 1 - grouped;
    bool fits = !given[2] || value_whole(v[2], &axes);
    int64_t both = axes + grouped;
    fits = fits && axes >= 1 && both < whole && both <= rank && both < other && !y.per_row &&
           rank + other - 2 * axes - grouped < RANK_MAX;
    for (int i = 0; fits && i < both; i++)
        fits = value_dim(l, x, rank - (int)both + i) == value_dim(l, y, i);
    if (!fits) {
        struct diag *d = lower_error(l, frame, span, "%s does not end in axes that %s begins with",
                                     value_describe(l, x), value_describe(l, y));
        diag_help(d, "contract(a, b, axes) takes f32[.., k..] and f32[k.., ..], the latter shared "
                     "by all rows");
        return value_error();
    }
    struct attr attr = {.axes = (int)axes, .grouped = grouped};
    int node = graph_add(l->graph, OP_CONTRACT, 2, (int[]){x.node, y.node}, &attr);
    return value_tensor(l, node, x.per_row, span);
}

/* The windows of y [l.., extent.., g, n] that x [l.., o.., g, c] and w [g, k.., n, c] are of. */
struct transposition {
    int first, axes;
    bool grouped;
    struct window_axis window[RANK_MAX];
    int64_t extent[RANK_MAX];
};

/* The last axes of x are those of w but for its taps; they follow as many as it has taps. */
static bool transposes(struct lower *l, struct value x, struct value w, struct transposition *t)
{
    int rank = value_rank(l, x), other = value_rank(l, w), g = t->grouped;
    t->axes = other - 2 - g;
    t->first = rank - 1 - g - t->axes;
    return t->axes >= 1 && t->first >= 0 && !w.per_row && rank + t->axes < RANK_MAX &&
           value_dim(l, x, rank - 1) == value_dim(l, w, other - 1) &&
           (!g || value_dim(l, x, rank - 2) == value_dim(l, w, 0));
}

/* Extents, strides and what is cut off, from the arguments after the second. */
static bool transposition_of(struct lower *l, struct frame *frame, struct value x, struct value w,
                             const struct value *v, const bool *given, struct transposition *t)
{
    static const char *const name[] = {"extent", "stride", "dilation", "before"};
    int64_t part[4][RANK_MAX], reach[RANK_MAX];
    for (int i = 0; i < 4; i++)
        if (!wholes_of(l, frame, name[i], v[i + 2], given[i + 2], t->axes, i < 3, i < 3, part[i]))
            return false;
    for (int i = 0; i < t->axes; i++) {
        int64_t count = value_dim(l, x, t->first + i), size = value_dim(l, w, t->grouped + i);
        t->window[i] = (struct window_axis){count == 1 ? 1 : part[1][i],
                                            size == 1 ? 1 : part[2][i], part[3][i]};
        t->extent[i] = part[0][i];
        reach[i] = (count - 1) * t->window[i].stride + (size - 1) * t->window[i].dilation + 1;
        reach[i] = reach[i] > t->extent[i] ? reach[i] : t->extent[i];
    }
    if (!dims_fit(t->axes, reach))
        lower_error(l, frame, x.span, "more than 2147483647 elements with what is cut off: take "
                    "less of 'stride' and 'dilation'");
    return dims_fit(t->axes, reach);
}

static struct value transpose_windows(struct lower *l, struct value x, struct value w,
                                      const struct transposition *t, struct span span)
{
    struct attr attr = {0};
    struct shape y = value_node(l, x)->shape;
    int at = x.per_row + t->first, axes = t->axes;
    for (int i = 0; i < axes; i++)
        y.dim[at + i] = t->extent[i];
    y.dim[y.rank - 1] = value_dim(l, w, value_rank(l, w) - 2);
    struct shape windows = y;
    windows.rank += axes;
    for (int i = windows.rank - 1; i >= at + axes; i--)
        windows.dim[i] = windows.dim[i - axes];
    for (int i = 0; i < axes; i++) {
        windows.dim[at + i] = value_dim(l, x, t->first + i);
        windows.dim[at + axes + i] = value_dim(l, w, t->grouped + i);
    }
    if (!dims_fit(y.rank, y.dim) || !dims_fit(windows.rank, windows.dim)) {
        lower_error(l, lower_current(l), span, "more than 2147483647 elements");
        return value_error();
    }
    window_set(l->graph->nodes, &attr, at, axes, t->window);
    int node = contraction_transposed(l->graph, x.node, w.node, &attr, &windows, &y, t->grouped);
    return value_tensor(l, node, x.per_row, span);
}

/* contract_transposed(x, w, extent): what a contraction of windows with w passes back to what they
 * are of, [.., extent.., n], where it passes x on */
struct value call_contract_transposed(struct lower *l, struct frame *frame, const struct builtin *b,
                                      struct arguments *a, const char *path, struct span span)
{
    struct transposition t = {0};
    ARGUMENTS(7);
    struct value x = value_to_f32(l, v[0]), w = value_to_f32(l, v[1]);
    if (x.kind == V_ERROR || w.kind == V_ERROR ||
        (given[6] && !builtin_flag(l, frame, v[6], "grouped", &t.grouped)))
        return value_error();
    if (!transposes(l, x, w, &t)) {
        struct diag *d = lower_error(l, frame, span, "%s does not end in places and channels of %s",
                                     value_describe(l, x), value_describe(l, w));
        diag_help(d, "contract_transposed(x, w, extent) takes f32[.., o.., c] and f32[k.., n, c], "
                     "the latter shared by all rows");
        return value_error();
    }
    if (!transposition_of(l, frame, x, w, v, given, &t))
        return value_error();
    return transpose_windows(l, x, w, &t, span);
}
