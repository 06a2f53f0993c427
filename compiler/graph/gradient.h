/* What reaches a node on its way back from the loss: operators' gradient rules add to it. */
#ifndef INVAR_GRAPH_GRADIENT_H
#define INVAR_GRAPH_GRADIENT_H
#include "graph/loop.h"

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
    int first;                          /* nodes from it on are gradients */
    struct loops loops;                 /* of the nodes before it */
    int *back;                          /* by loop: that of its gradients, or -1 */
    int *carried;                       /* by id of a CARRY: the carry of its gradient, or -1 */
    int *brought;                       /* by forward id in a loop: its value in the loop of
                                         * gradients, or -1 */
};

/* For gradient rules: the graph being extended, and the contribution to operand `index` of n.
 * A contribution is summed down to the operand's shape where that was broadcast. */
struct graph *gradient_graph(struct gradient *);
bool gradient_wanted(const struct gradient *, const struct node *n, int index);
void gradient_add(struct gradient *, const struct node *n, int index, int contribution);
/* The same, where it is of the operand's shape and, in a loop, the sum over all turns. */
void gradient_add_summed(struct gradient *, const struct node *n, int index, int contribution);

/* ---- loops ----
 *
 * The gradients of a loop's nodes stand in a loop that runs the other way, its `back`.  In it a
 * carry has the gradient of what the forward loop's carry is at the end of the turn. */

/* For the graph as it is: sets what a struct gradient says of loops. */
void gradient_begin_loops(struct gradient *);
int gradient_back(struct gradient *, int loop);
/* What `value`, of node n's gradients, amounts to where node x stands, outside of n's loop: the sum
 * over all turns.  It has x's shape. */
int gradient_over_turns(struct gradient *, const struct node *n, int x, int value);
/* The same of the contraction a' dy that is the gradient of the second operand of a matmul without
 * pages: one contraction over rows and turns.  -1: it is none of these. */
int gradient_of_factor(struct gradient *, const struct node *matmul, int dy);
/* At the end: what gradients read of a forward loop becomes what its turns left, stacked.  Returns
 * the new ids of the nodes from `first` on. */
int *gradient_end_loops(struct gradient *);

/* The node of the whole gradient of node `id`, or -1 where nothing arrived: a left fold in
 * ascending order of (consumer, operand). */
int gradient_fold(struct gradient *, int id);

#endif
