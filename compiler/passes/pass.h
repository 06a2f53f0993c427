/* The passes, in the order in which main runs them, and what they leave in a graph. */
#ifndef INVAR_PASS_H
#define INVAR_PASS_H
#include "program.h"

/* How a fused group runs: which skeleton its function is made from. */
enum group_kind {
    GROUP_MAP, GROUP_ROW, GROUP_COLUMN, GROUP_CONTRACT, GROUP_TAKE, GROUP_SCATTER, GROUP_MOVE,
    GROUP_RANDOM, GROUP_SERIAL
};

struct group {
    enum group_kind kind;
    int count;
    int *node;                          /* ascending ids, those computed in this group */
    bool update;                        /* runs after the loss was looked at */
};

/* Where a node's value lives.  Views share their operand's storage. */
enum place_kind { PLACE_NONE, PLACE_INLINE, PLACE_VARIABLE, PLACE_ARENA };
struct place {
    enum place_kind kind;               /* INLINE: a local of its group, or a constant */
    int variable;                       /* PLACE_VARIABLE */
    int64_t offset;                     /* bytes from the arena's start */
    int64_t bytes;                      /* at the declared batch */
};

struct schedule {
    struct group *group;                /* in running order */
    int group_count, group_room;
    int *group_of;                      /* node id -> group index, or -1 */
    struct place *place;                /* node id -> place */
    int64_t scratch_bytes, lower_bound; /* of this phase, at the declared batch */
};

/* lower: AST -> program with graphs of all phases, training gradients not yet made.  False and
 * diags where the model is wrong. */
bool pass_lower(struct program *, struct ast *const *file, int file_count, const char *train_name);
/* grad: fills `gradient` with the node of d(loss)/d(wanted[i]) or -1 where none flows. */
void pass_grad(struct graph *, int loss, const int *wanted, int wanted_count, int *gradient);
void pass_simplify(struct graph *);     /* folding, common subexpressions, dead nodes */
void pass_random(struct program *);     /* streams from paths; a collision is an error */
void pass_fuse(struct graph *);         /* schedule->group */
void pass_order(struct graph *);        /* the running order of groups */
void pass_plan(struct program *);       /* offsets of variables and places */

#endif
