/* The passes, in the order in which main runs them, and what they leave in a graph. */
#ifndef INVAR_PASS_H
#define INVAR_PASS_H
#include "graph/extent.h"
#include "graph/program.h"

/* How a fused group runs: which skeleton its function is made from.
 *
 * In no group are CONST and STEP_VALUE (PLACE_INLINE), READ (PLACE_VARIABLE), and a VIEW that is
 * not copied: PLACE_ARENA or PLACE_VARIABLE where its elements lie dense in the storage of what it
 * views (reshape and stop_gradient always, others where they happen to: `offset` is that of its
 * first element), else PLACE_INLINE: its consumers read through it by index arithmetic
 * (schedule_access).  A VIEW node in a group is a copy.  Classes that have READS_STRIDED, and
 * copies, read through views; others have dense operands.  Storage is dense in the run's b, so
 * that a reshape never moves an element.
 *
 * A node of a group is stored where its place is ARENA or VARIABLE; INLINE it is a local.  Only
 * stored nodes are read by other groups.  STORE nodes have PLACE_VARIABLE; where the operand has
 * the same storage the store is nothing.  Every node is computed once.  What a group may contain,
 * ascending ids:
 *
 * MAP       MAP, VIEW copies and STORE.  All shapes broadcast, right-aligned, to one iteration
 *           shape; what is stored has that shape (up to leading axes of 1), locals may be smaller
 *           (per row, per column, scalar).  A VIEW reads outside the group or is a broadcast.
 *           In one iteration all elements are loaded before any is stored: a variable may be read
 *           and stored in the same group, both at the same index.
 * ROW       as MAP, and ROW reductions over the iteration's last axis, whose results and what is
 *           made of them have extent 1 there and may be stored as such.  What several loops over
 *           the row need lies in memory where the row is longer than ROW_LOCAL_MAX (counted at
 *           the declared batch), else in arrays on the stack, of ROW_STACK_MAX bytes in all: see
 *           passes/rows.h.  A longer array holds a constant only that is reduced as it is.  A
 *           variable stored in the group is not read in it.
 * COLUMN    one COLUMN node, MAP nodes of its operand's shape, all local, and STOREs of it; unless
 *           program->spares_memory several COLUMN_SUMs, GROUP_SUMS_MOST at most, over the same axes
 *           of operands of one shape, which read an array of that size that is the same.
 * CONTRACT  one MATMUL first, then MAP and STORE nodes as in MAP whose iteration shape is the
 *           MATMUL's; it may be local.
 * others    one node, stored, and STOREs of it.
 *
 * No group has more than GROUP_NODES_MAX nodes, so that functions stay short, but for exchanges of
 * variables, which have to be one loop.
 *
 * A stored node may lie on a dying operand of its group only in MAP and ROW, with the same dtype,
 * element for element at the same index; in ROW no other node of the group may read that
 * operand, unless the stored node depends on it.  Else places of a group do not overlap.
 *
 * Loops (graph/loop.h): a group is of one loop, whose groups run one after another, as often as it
 * has turns.  A CARRY is a copy that is made before its loop; a KEEP stores there as a STORE does
 * in a variable; LAST is a view of it.  A TURN is a view, and the value of a STACK lies in it: both
 * at places that move from turn to turn.  What is made outside of a loop and read in it, and what a
 * loop makes for outside, keeps its storage through all turns.
 *
 * CONCAT: an operand that already lies at its piece of the result needs no copying; a CONCAT
 * whose operands all do is in no group (its place is still that of the whole). */
enum { ROW_LOCAL_MAX = 4096, ROW_STACK_MAX = 128 << 10, GROUP_NODES_MAX = 256,
       GROUP_SUMS_MOST = 8 };

enum { SUM_CHUNK = 256 };               /* terms of a sum: docs/numerics.md, section 3 */

static inline int64_t sum_chunks(int64_t terms)
{
    return (terms + SUM_CHUNK - 1) / SUM_CHUNK;
}

struct group {
    enum op_class kind;                 /* whose loop nest it is: a NEST of graph/classes.def */
    int count;
    int *node;                          /* ascending ids, those computed in this group */
    int loop;                           /* of graph->loop: it runs in each turn; or -1 */
    bool update;                        /* runs after the loss was looked at */
    int band;                           /* of schedule->band, counted from 1; 0: none */
    bool sums;                          /* over the rows of each page of its band */
    struct place *chunks;               /* sums of chunks, which threads share out, one chunk after
                                         * another; NULL: they share outputs */
};

/* Groups that run one after another on so many rows at a time: of what all of them run over, all
 * axes but the last, row-major.  What only they use lies in scratch of the thread. */
struct band {
    int first, count;                   /* groups */
    int64_t rows;                       /* 0: all at once, where threads have no scratch */
    int64_t page;                       /* where some sum over the rows of a page: so many are one.
                                         * A thread has all rows of it, in order, and pieces are of
                                         * whole pages or end with one; else 0 */
};

/* Where a node's value lives.  A CONCAT's operands may lie in its storage. */
enum place_kind { PLACE_NONE, PLACE_INLINE, PLACE_VARIABLE, PLACE_ARENA };
struct place {
    enum place_kind kind;
    int variable;                       /* PLACE_VARIABLE */
    int64_t offset;                     /* bytes from the arena's start, at index 0 of loops */
    int64_t bytes;                      /* at the declared batch; of a band's scratch */
    int64_t row_bytes;                  /* of a row, where it lies in a band's scratch, at `offset`
                                         * as if that lay at program->band_start; else 0 */
    bool inner;                         /* its band alone reads it, or products that want panels: it
                                         * is in no trace */
    struct extent advance[LOOPS_DEEP];  /* bytes from one index of a loop to the next, by the
                                         * loop's depth; 0: it does not move */
};

/* A stretch of scratch, alive from the group that first writes it to the last that reads it; what
 * is computed in the storage of an operand that dies there is one stretch with it. */
struct storage {
    int node;                           /* the first whose value it holds, */
    bool chunks;                        /* or sums of chunks of its terms */
    int64_t offset, bytes;
    int first, last;                    /* groups */
};

struct schedule {
    struct group *group;                /* in running order */
    int group_count, group_room;
    int *group_of;                      /* node id -> group index, or -1 */
    int *loop_of;                       /* node id -> the loop in whose turns it runs, or -1 */
    struct place *place;                /* node id -> place */
    int *whole;                         /* node id -> CONCAT or STACK in whose storage it lies, KEEP
                                         * of the carry where it does, or -1 */
    struct band *band;                  /* by their first groups */
    int band_count, band_room;
    struct storage *storage;            /* by ascending offset */
    int storage_count;
    int64_t scratch_bytes, lower_bound; /* of this phase, at the declared batch */
};

/* start + the sum over the loops' indices i of times * i, + by * the quotient of that limit. */
struct linear {
    int64_t start, times[RANK_MAX];
    int quotient;                       /* -1: none */
    int64_t by;
};

/* Of what windows see: `at` is a multiple of the divisor, and at / divisor, the quotient, is within
 * 0 .. extent - 1. */
struct limit {
    struct linear at;
    int64_t extent, divisor;
    struct extent stride;               /* of the quotient, in the element's number */
};

enum { LIMITS_MAX = 4 };

/* Do they lie at the same bytes in every turn? */
bool place_same(const struct place *, const struct place *);
bool place_moves(const struct place *);

/* The elements of `node` that a loop nest reads: at index i of the iteration space,
 * node's element number offset + sum over axes of i[axis] * stride[axis] + sum over limits of
 * quotient * stride; where a limit does not hold, `outside` in place of an element. */
struct access {
    int node;                           /* not an INLINE view: its place, or a local or constant */
    struct extent offset, stride[RANK_MAX];
    int limits;
    struct limit limit[LIMITS_MAX];
    float outside;
    bool identity;                      /* exactly the iteration's own row-major order */
};
/* How a loop nest over `space` reads `operand`, which broadcasts to it; looks through INLINE
 * views.  The strides of axes of extent 1 are 0. */
struct access schedule_access(const struct graph *, int operand, const struct shape *space);
/* How a loop nest reads what the copy `view` (a VIEW node in a group) is made of. */
struct access schedule_copied_access(const struct graph *, int view, const struct shape *space);
/* Row-major strides in elements. */
void shape_strides(const struct shape *, struct extent stride[RANK_MAX]);

/* lower: AST -> program with graphs of all phases, training gradients not yet made.  False and
 * diags where the model is wrong.  Of a part of a model (program->part) declarations alone are
 * looked at, and no graphs are made. */
bool pass_lower(struct program *, struct ast *const *file, int file_count, const char *train_name);
/* grad: fills `gradient` with the node of d(loss)/d(wanted[i]) or -1 where none flows. */
void pass_grad(struct graph *, int loss, const int *wanted, int wanted_count, int *gradient);
void pass_generate(struct program *);   /* one place of a text at a time */
void pass_windows(struct program *);    /* firmware: windows come whole */
void pass_simplify(struct graph *);     /* folding, common subexpressions, dead nodes */
void pass_recompute(struct graph *);    /* what gradients read of `recompute { }`, made again */
void pass_random(struct program *);     /* streams from paths; a collision is an error */
void pass_inference(struct program *);  /* build --infer: what predicting needs alone */
void pass_loops(struct graph *);        /* copies of what a loop cannot move as it is */
void pass_fuse(struct graph *);         /* schedule->group */
void pass_remake(struct graph *);       /* cheap maps where they are read; fuses again */
void pass_order(struct graph *);        /* the running order of groups */
void pass_bands(struct graph *);        /* schedule->band */
void pass_chunks(struct graph *);       /* group->chunks */
void pass_frozen(struct program *);     /* variable->in_flash */
void pass_owners(struct program *);     /* variable->updated_by */
void pass_settle(struct program *);     /* variable->settled */
void pass_plan(struct program *);       /* offsets of variables and places */
void pass_budget(struct program *);     /* targets that the plan does not fit are errors */

#endif
