/* What the scheduling passes share: how values reach a node, and what its storage is. */
#ifndef INVAR_SCHEDULE_H
#define INVAR_SCHEDULE_H
#include "passes/pass.h"

struct ids {
    int *id;
    int count, room;
};

void ids_add(struct arena *, struct ids *, int id);

bool shape_axis_is_one(const struct shape *, int axis);
/* Is it a copy that pass_loops has put in: a RESHAPE to the same shape? */
bool schedule_is_copy(const struct graph *, int node);
/* Does the operator store: in a variable, or what a loop carries?  It reads operand 0 alone. */
bool schedule_stores(const struct node *);
/* The loop's place in struct place: 0 where none is around it. */
int schedule_depth(const struct graph *, int loop);
/* Bytes of a value where b is the declared batch. */
int64_t schedule_bytes(const struct program *, enum dtype, const struct shape *);
/* Does the group run on some rows of its band at a time? */
bool schedule_is_by_rows(const struct graph *, const struct group *);
/* A view that no group copies. */
bool schedule_is_view(const struct graph *, int node);
/* Does the view hold its operand's elements in their own order, without gaps?  *start is then the
 * first one's number. */
bool schedule_dense(const struct graph *, int view, int64_t *start);
/* Adds the nodes in whose storage the operand lies: a READ, or nodes of groups (several where it
 * is a CONCAT put together in place).  Constants add nothing.  The list is in the arena. */
void schedule_sources(const struct graph *, int operand, struct arena *, struct ids *);
/* The same for all operands of the group's nodes. */
void schedule_group_sources(const struct graph *, const struct group *, struct arena *,
                            struct ids *);
/* Do two variables share bytes?  A parameter lies in its block. */
bool schedule_overlap(const struct program *, int a, int b);
/* Moments are numbered from graph->count on, as if they were nodes: when the loss is looked at,
 * then the begin and the end of each loop. */
int schedule_moments(const struct graph *);
int schedule_begin(const struct graph *, int loop);
int schedule_end(const struct graph *, int loop);
/* What must come before what, for the first to come before the second, where these are in loops of
 * those numbers (-1: in none): a loop that holds one of them does as a whole. */
void schedule_edge(const struct graph *, int first_loop, int second_loop, int *first, int *second);
/* Adds pairs of nodes of which the first must run before the second though that does not read it:
 * what reads a variable, or a carry, before what stores it, and stores of VAR_LOSS before all
 * others, by way of graph->count, the moment when the loss is looked at; what is made again after
 * that, and after the gradient that it waits for. */
void schedule_hazards(const struct graph *, struct arena *, struct ids *first, struct ids *second);

#endif
