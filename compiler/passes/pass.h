/* The passes, in the order in which main runs them, and what they leave in a graph. */
#ifndef INVAR_PASS_H
#define INVAR_PASS_H
#include "program.h"

/* How a fused group runs: which skeleton its function is made from.
 *
 * A group computes its nodes once each, in ascending id order, over one iteration space.  No
 * group is empty.  Values enter a group from places (below) and leave it into places; all
 * elements that one iteration reads are loaded before that iteration writes any, because an
 * output may lie in the storage of an operand that is read at the same index.
 *
 *   MAP       Iteration space: the shape of node[0] (node[count - 1] has the same one).  Every
 *             node is a CLASS_MAP of exactly that shape, a CLASS_VIEW of it that is written out
 *             (such a group holds one view, reading its operand by schedule_access), or a STORE
 *             of a value of that shape.
 *   ROW       Iteration space: [.., n], "wide"; rows are the leading axes, [.., 1] is "narrow".
 *             CLASS_MAP nodes are wide or narrow, CLASS_ROW nodes narrow with a wide operand,
 *             STOREs either.  The rows are independent.  Within a row the level of a node is the
 *             number of reductions it must wait for: the largest, over its operands in the group,
 *             of the operand's level, plus 1 where that operand is a CLASS_ROW node.  So each
 *             level is one loop over the row, and nothing is computed twice: an INLINE wide node
 *             read at a later level than its own is kept in a row of temporaries on the stack;
 *             fuse makes it INLINE only where n is constant and at most ROW_TEMPORARY, else it
 *             has a place in the arena.  schedule_level gives levels.
 *   COLUMN    One CLASS_COLUMN node, the last one before STOREs; iteration space: its operand's
 *             shape [a, r, c].  Before it CLASS_MAP nodes of that shape, all INLINE.
 *   CONTRACT  node[0] is the matmul; iteration space: its shape.  Then CLASS_MAP nodes and STOREs
 *             of that shape: the epilogue.  The matmul may be INLINE (read by the epilogue only).
 *             No output lies in storage that the group reads.
 *   TAKE, SCATTER, MOVE, RANDOM, SERIAL
 *             One node of that class, and perhaps STOREs of it (into which it is computed: then
 *             the node's place is the variable).  Their operands are compact.
 *
 * A STORE writes its operand, a value of the group or read at the same index, to its variable;
 * there is nothing to do where the operand's place already is that variable. */
enum group_kind {
    GROUP_MAP, GROUP_ROW, GROUP_COLUMN, GROUP_CONTRACT, GROUP_TAKE, GROUP_SCATTER, GROUP_MOVE,
    GROUP_RANDOM, GROUP_SERIAL
};

enum { ROW_TEMPORARY = 1024 };

struct group {
    enum group_kind kind;
    int count;
    int *node;                          /* ascending ids, those computed in this group */
    bool update;                        /* runs after the loss was looked at */
};

/* Where a node's value lives: row-major and compact in the b rows at hand, so that a reshape
 * never moves an element.
 *
 * NONE      a STORE: it has no value.
 * INLINE    in no memory: a constant; a step value; a local of its group; or, in no group:
 *             - a CLASS_VIEW that its readers look through (schedule_access),
 *             - a POSITION that its readers (CLASS_MAP nodes only) compute from their own index.
 * VARIABLE  the variable's storage (`offset` is that of the variable, set by pass_plan).
 * ARENA     scratch of this phase.
 *
 * A view in no group with a place of another kind shares its operand's storage: reshape and
 * stop_gradient always, others where they are compact there (offset then points at the first
 * element).  CONCAT: an operand that already lies at its piece of the result needs no copying; a
 * CONCAT whose operands all do is in no group. */
enum place_kind { PLACE_NONE, PLACE_INLINE, PLACE_VARIABLE, PLACE_ARENA };
struct place {
    enum place_kind kind;
    int variable;                       /* PLACE_VARIABLE */
    int64_t offset;                     /* bytes from the arena's start, VARIABLE and ARENA */
    int64_t bytes;                      /* at the declared batch */
};

struct schedule {
    struct group *group;                /* in running order */
    int group_count, group_room;
    int *group_of;                      /* node id -> group index, or -1 */
    struct place *place;                /* node id -> place */
    int64_t scratch_bytes, lower_bound; /* of this phase, at the declared batch */
};

/* constant + rows * b */
struct extent { int64_t constant, rows; };

/* The elements of `node` that a loop nest reads: at index i of the iteration space,
 * node's element number offset + sum over axes of i[axis] * stride[axis]. */
struct access {
    int node;                           /* not an INLINE view: its place, or a local or constant */
    struct extent offset, stride[RANK_MAX];
    bool identity;                      /* exactly the iteration's own row-major order */
};
/* How a loop nest over `space` reads `operand`, which broadcasts to it; looks through INLINE
 * views.  The strides of axes of extent 1 are 0. */
struct access schedule_access(const struct graph *, int operand, const struct shape *space);
/* Within a GROUP_ROW: the number of reductions that the node waits for. */
int schedule_level(const struct graph *, const struct group *, int node);
/* Row-major strides; elements = dim[0] * stride[0] with rows counted. */
void shape_strides(const struct shape *, struct extent stride[RANK_MAX]);
int64_t dtype_bytes(enum dtype);

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
