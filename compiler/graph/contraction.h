/* Contractions as nodes: what gradients of them, and the language, are made of. */
#ifndef INVAR_GRAPH_CONTRACTION_H
#define INVAR_GRAPH_CONTRACTION_H
#include "graph/graph.h"

/* a [m.., g, k..] by b [g, k.., n..] -> [m.., g, n..] over `axes` axes k; g where grouped. */
int contraction_add(struct graph *, int a, int b, int axes, bool grouped);

/* A stretch of axes. */
struct stretch {
    int first, count;
};
/* A transpose: the axes in the order of the stretches, then those that are left. */
int contraction_turn(struct graph *, int x, int count, const struct stretch *order);

/* Windows [l.., o.., k.., g, c..] as [l.., o.., g, k.., c..], where there is an axis of groups. */
int contraction_groups_first(struct graph *, int windows, int first, int axes, bool grouped);

/* a [m.., g, k..] by dy [m.., g, n..] over m -> [g, k.., n..]; m, k: how many axes these are. */
int contraction_filter(struct graph *, int a, int dy, int m, int k, bool grouped);

/* What the contraction of windows with the filter gives back to what these are of (numerics 3.3).
 * The attributes are those of the windows, whose shape is [l.., o.., k.., g, c..]; of x
 * [l.., o.., g, n..] and filter [g, k.., c.., n..] it is [l.., t.., g, c..], the shape `seen`: for
 * each of its elements the sum over (k, n) of what saw it, those taps left out that no window has
 * there. */
int contraction_back(struct graph *, int x, int filter, const struct attr *,
                     const struct shape *windows, const struct shape *seen, bool grouped);

/* The same as a value of its own: a TRANSPOSED, whose gradients are one contraction each. */
int contraction_transposed(struct graph *, int x, int filter, const struct attr *,
                           const struct shape *windows, const struct shape *seen, bool grouped);

#endif
