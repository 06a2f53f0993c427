/* What reaches a node on its way back from the loss: operators' gradient rules add to it. */
#ifndef INVAR_GRAPH_GRADIENT_H
#define INVAR_GRAPH_GRADIENT_H
#include "graph/graph.h"

struct contribution {
    int consumer, operand, value;
};

/* What reached one forward node, in the order of arrival. */
struct sources {
    struct contribution *item;
    int count, room;
};

struct gradient {
    struct graph *graph;
    struct arena *arena;                /* of the pass */
    bool *depends;                      /* by forward id: on a wanted node, differentiably */
    struct sources *sources;            /* by forward id */
};

/* For gradient rules: the graph being extended, and the contribution to operand `index` of n.
 * A contribution is summed down to the operand's shape where that was broadcast. */
struct graph *gradient_graph(struct gradient *);
bool gradient_wanted(const struct gradient *, const struct node *n, int index);
void gradient_add(struct gradient *, const struct node *n, int index, int contribution);

/* The node of the whole gradient of node `id`, or -1 where nothing arrived: a left fold in
 * ascending order of (consumer, operand). */
int gradient_fold(struct gradient *, int id);

#endif
