/* The intermediate representation: one graph per phase of a program.
 *
 * Nodes stand in id order and refer only to lower ids.  Everything iterates by id, never by
 * pointer or hash.  The batch axis is explicit here: a value per row has it as an axis whose
 * extent is multiplied by the row count b of the batch at hand. */
#ifndef INVAR_GRAPH_H
#define INVAR_GRAPH_H
#include <stdbool.h>
#include <stdint.h>
#include "base/diag.h"
#include "base/text.h"

struct program;
struct chains;

enum { RANK_MAX = 9 };

/* Every element takes 4 bytes, I64 takes 8.  BOOL is 0 or 1 in 4 bytes. */
enum dtype { F32, I32, BOOL, I64 };

struct shape {
    int rank;
    int rows;                           /* the axis whose extent is dim * b, or -1 */
    int64_t dim[RANK_MAX];
};

/* X(ENUMERATOR, stem, CLASS, operand count or -1) */
enum op {
#define X(name, stem, class, operands) OP_##name,
#include "graph/ops.def"
#undef X
    OP_COUNT
};

/* How an operator is computed; ops.def names one for each. */
enum op_class {
#define NEST(name, ...) CLASS_##name,
#define REST(name, ...) CLASS_##name,
#include "graph/classes.def"
    CLASS_COUNT
};

/* rows: b; batch: those of all shards of the step. */
enum step_value { VALUE_STEP, VALUE_STEPS, VALUE_EPOCH, VALUE_ROWS, VALUE_BATCH };

/* What the counter of a random node holds (NUMERICS section 4.2); with DOMAIN_SAMPLE, operand 0 is
 * the sample numbers I32[b]. */
enum random_domain { DOMAIN_STEP, DOMAIN_INIT, DOMAIN_SAMPLE };

struct attr {
    union {
#define ALONE(enumerator, field, form, type) type field;
#include "graph/attributes.def"
    };
#define ATTRIBUTE(enumerator, field, form, type) type field;
#define ALONE(...)
#define PER_AXIS(enumerator, field) const int64_t *field;
#include "graph/attributes.def"
};

struct node {
    int id;
    enum op op;
    enum dtype dtype;
    int count;
    int *operand;                       /* ids */
    struct shape shape;
    struct attr attr;
    struct span span;                   /* the model line, also on gradient nodes */
    struct span call;                   /* the user's call, where span is in a library body */
    int forward;                        /* gradient nodes: the node differentiated, else -1 */
    int layer;                          /* phase train: the call in program->layer, or 0 */
    int region;                         /* phase train: the `recompute` that it, or the node that
                                         * it is a gradient of, stands in; or 0 */
    bool gradient;                      /* made by pass_grad, also where `forward` is forgotten */
    bool again;                         /* made by pass_recompute; then: */
    int after;                          /* it waits for this node, or -1 */
};

enum { LOOPS_DEEP = 3 };                /* loops within one another, at most */

/* A loop over an axis, whose turns are numbered by their places along it.  What it consists of are
 * nodes of the graph: graph/loop.h. */
struct loop {
    int64_t turns;
    bool reverse;                       /* from the last place to the first */
    int outer;                          /* the loop around it, or -1 */
    struct span span, call;
};

struct graph {
    struct program *program;            /* its arena, diags and variables */
    const char *name;                   /* init, train, evaluate ... */
    struct arena *nodes;                /* of the nodes, within that of the program */
    struct node **node;
    int count, room;
    struct loop *loop;                  /* one around another stands before it */
    int loop_count, loop_room;
    struct span span, call;             /* given to the nodes made next */
    int forward, layer, region;
    int *outer;                         /* region -> the one that it stands in, or 0 */
    int region_count, region_room;
    struct chains *scalars;             /* where set, a scalar made of constants and step values
                                         * alone is one node, however often it is added: these, by
                                         * their hashes */
    struct schedule *schedule;          /* set by pass_fuse and pass_order (passes/pass.h) */
};

/* ---- shapes ---- */
int64_t shape_elements(const struct shape *);           /* with b = 1 */
bool shape_equal(const struct shape *, const struct shape *);
struct shape shape_scalar(void);
struct shape shape_of(int rank, int rows, const int64_t *dim);
/* How many trailing axes the two have in common. */
int shape_common_suffix(const struct shape *, const struct shape *);
/* Right-aligned broadcasting; false where an axis fits neither.  b fits b only, or 1. */
bool shape_broadcast(const struct shape *, const struct shape *, struct shape *result);
/* "f32[b, 64]", "f32[b*3, 4]", "f32" */
void shape_add(struct text *, enum dtype, const struct shape *);
const char *shape_print(struct arena *, enum dtype, const struct shape *);
const char *dtype_name(enum dtype);
int64_t dtype_bytes(enum dtype); /* in memory */

/* ---- building: each checks by the operator's infer rule and returns the new id.
 * A shape that does not fit is a bug of the caller here (assert): lowering has checked the
 * user's shapes before and reported them in the user's terms. ---- */
struct graph *graph_new(struct program *, const char *name);
struct node *graph_node(const struct graph *, int id);
int graph_add(struct graph *, enum op, int count, const int *operand, const struct attr *);
/* For operators whose shape is not implied: const, position, random_*, broadcast, reshape, pad.
 * Operands and what attributes have per axis are copied. */
int graph_add_shaped(struct graph *, enum op, int count, const int *operand, const struct attr *,
                     enum dtype, const struct shape *);

int graph_const(struct graph *, float);
int graph_const_whole(struct graph *, enum dtype, int64_t);
int graph_fill(struct graph *, float, const struct shape *);
int graph_read(struct graph *, int variable);
/* By way of graph_flush where the variable lasts: no state is ever subnormal. */
int graph_store(struct graph *, int variable, int value);
int graph_unary(struct graph *, enum op, int a);
int graph_binary(struct graph *, enum op, int a, int b);
int graph_flush(struct graph *, int a);                 /* f32; itself where it is that */
int graph_select(struct graph *, int condition, int a, int b);
int graph_to(struct graph *, enum dtype, int a);        /* itself where it has that dtype */
/* axes: bit i set reduces axis i; reduced axes stay with extent 1.  These make the row form,
 * then the column form, as NUMERICS section 3 rules 4 and 5 say; max, min and argmax bring the
 * reduced axes to the end.  argmax gives I32, the row-major index within the reduced axes. */
int graph_sum(struct graph *, int x, uint32_t axes);
int graph_mean(struct graph *, int x, uint32_t axes);
int graph_max(struct graph *, int x, uint32_t axes);
int graph_min(struct graph *, int x, uint32_t axes);
int graph_argmax(struct graph *, int x, uint32_t axes);
int graph_count_true(struct graph *, int x, uint32_t axes); /* BOOL or I32 -> I64, exact */
/* Digits [words, ..] of exact sums over so many leading axes: numerics.md, section 3.10.  The sum
 * of x; or, as a spread, those of x and x^2, of which each is w times where w is not -1. */
int graph_sum_exact(struct graph *, int x, int lead);
int graph_spread_exact(struct graph *, int x, int w, int lead);
int graph_reshape(struct graph *, int x, const struct shape *);
int graph_transpose(struct graph *, int x, const int *perm);
int graph_slice(struct graph *, int x, const int64_t *start, const struct shape *);
int graph_pad(struct graph *, int x, const int64_t *start, const struct shape *);
int graph_concat(struct graph *, int count, const int *x, int axis);
int graph_broadcast(struct graph *, int x, const struct shape *);
/* a [L.., m, k] by b [L.., k, n]; leading axes equal, or one operand has none: then they are
 * merged into m (b has none) or kept (a has none). */
int graph_matmul(struct graph *, int a, int b);
/* x [p, n, c], index I32 [p, r] -> [p, r, c]; an index outside 0..n-1 is clamped. */
int graph_take(struct graph *, int x, int index);
/* x [p, r, c], index I32 [p, r] -> [p, n, c]: scatter_add or segment_argmax */
int graph_segment(struct graph *, enum op, int x, int index, int64_t n);
/* An operator of class LINE along one axis, of operands of one shape. */
int graph_line(struct graph *, enum op, int count, const int *x, int axis, bool reverse);
/* index I32 [...] -> BOOL [..., k] */
int graph_one_hot(struct graph *, int index, int64_t k);
/* The sum that undoes broadcasting from `shape` (gradients). */
int graph_unbroadcast(struct graph *, int x, const struct shape *);

/* ---- loops: graph/loop.h says which nodes stand in one ---- */
int graph_add_loop(struct graph *, int64_t turns, bool reverse, int outer);
int graph_turn(struct graph *, int loop, int x);        /* x [turns, ..] -> the slice of the turn */
int graph_carry(struct graph *, int loop, int init);    /* what the turn begins with */
int graph_keep(struct graph *, int value, int carry);   /* what the next one does, of any shape
                                                         * that broadcasts to the carry's */
int graph_stack(struct graph *, int loop, int value);   /* of all turns: [turns, ..] */
int graph_last(struct graph *, int keep);               /* what the last turn kept */

/* Takes back the nodes from that id on, to which none before them refers. */
void graph_cut(struct graph *, int from);
/* Drops nodes that no store needs, and loops without any, and numbers the others densely.  A
 * gradient node whose forward node is gone, or stands behind it, forgets it. */
void graph_drop_dead(struct graph *);
/* Marks all up to the node `last` that marked nodes depend on, through carries of loops, too. */
void graph_mark_read(const struct graph *, int last, bool *marked);

/* ---- reading and checking ---- */
/* Applies the operator's rule: sets dtype and shape where these are implied, checks operands and
 * attributes.  NULL, or what does not fit. */
const char *graph_infer(const struct graph *, struct node *);
/* Copies what the node's attributes have per axis to the arena. */
void node_keep_axes(struct arena *, struct node *);
/* Same operator, operands, attributes, dtype and shape: equal values. */
bool node_same(const struct node *, const struct node *);
/* A STORE, and what a loop carries and keeps, is an act, not a value: one for each node. */
bool node_is_act(const struct node *);
uint32_t node_hash(const struct node *);                /* equal where node_same holds */
/* The attributes among `which` (graph/op.h) that the operator has, as numbers in one order. */
void node_numbers(const struct node *, unsigned which, void (*put)(void *to, int64_t), void *to);
/* Dies (assert-like, with the graph's text) where an id, shape, dtype or attribute is wrong. */
void graph_verify(const struct graph *, const char *after_pass);
/* One line a node, readable back by graph_read_text:
 *   %12 = add %3 %11 : f32[b, 64]   # digits.inv:20
 * after a first line `graph NAME` and one for each loop, `loop 0 turns=64 reverse outer=1`.
 * Floats are hexadecimal.  A comment ends in the user's call (`< digits.inv:9`) and, on gradient
 * nodes, in `gradient of %4`. */
void graph_print(const struct graph *, struct text *);
/* The same without comments: it does not change as lines of the model file move. */
void graph_print_bare(const struct graph *, struct text *);
/* The graph in a text of that form; variables are those of the program.  NULL and *error, which
 * names the line, where it is not one. */
struct graph *graph_read_text(struct program *, const char *text, const char **error);

#endif
