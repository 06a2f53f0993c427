/* Loops of a graph: which nodes stand in one is derived.
 *
 * TURN and CARRY lead into a loop, STACK and LAST out of it.  What depends on a TURN or CARRY and
 * is not behind a STACK or LAST of the same loop is computed in each of its turns; all else is
 * outside, however it is written in the model: what depends on no turn is computed once.
 *
 * The axis of turns is the first one, before that of the batch's rows, so that the slice of a turn
 * lies dense.  Turn number t of T reads and writes place t, or T - 1 - t in a reversed loop.  All
 * carries change at once, at the end of a turn. */
#ifndef INVAR_LOOP_H
#define INVAR_LOOP_H
#include "graph/graph.h"

/* By node id; valid while no node is added. */
struct loops {
    int *at;                            /* the innermost loop in which its value exists, or -1 */
    int *runs;                          /* the loop in whose turns it is computed, or -1: as `at`,
                                         * but a CARRY takes its first value before its loop, and
                                         * a STACK is filled within it */
    int *keep;                          /* of a CARRY: its KEEP, or -1 */
};

/* The loop in which the value of the node exists, or -1; `at`: of all nodes before it. */
int loop_of_node(const struct graph *, const struct node *, const int *at);
struct loops loops_of(const struct graph *, struct arena *);
/* Is the first loop the second, or within it?  -1 stands for the outside, in which all are. */
bool loop_within(const struct graph *, int inner, int outer);
/* What of a node, and its number, breaks the rules above; or NULL.
 *     A CARRY has one KEEP; what leads into a loop stands in the one around it, or further out; a
 *     value is read in its own loop and in those within it; nothing in a loop depends on what comes
 *     after it; no variable is stored in one. */
const char *loops_problem(const struct graph *, int *node);

#endif
