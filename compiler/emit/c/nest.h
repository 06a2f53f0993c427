/* Loop nests and the statements in them. */
#ifndef INVAR_EMIT_NEST_H
#define INVAR_EMIT_NEST_H
#include "emit/c/function.h"

/* One loop of a nest: over a run of the space's axes that every access walks as one. */
struct nest_loop {
    struct extent extent;
    int axis;                           /* the last of the run: strides are taken there */
    const char *name, *from, *to;       /* from NULL: all turns */
    const char *step;                   /* NULL: "i++" */
};

/* A loop nest over `space`; rank is the number of loops. */
struct nest {
    struct function *function;
    struct shape space;
    int rank;
    int outer;                          /* loops that the skeleton has opened already */
    bool looped;                        /* a loop of it was written */
    struct nest_loop loop[RANK_MAX];
    /* Where the value of a node of the group lies in an array at the nest's index, its text, as
     * read or as written; NULL: it is a local of this block, or has no array. */
    const char *(*local)(struct nest *, int id);
    const char *(*array)(struct nest *, int id);
    /* Whether other blocks read the node from there rather than from its local. */
    bool (*reread)(const struct nest *, int id);
    /* What reduces a row: "inv_row_sum(x + 64 * i, 64)". */
    const char *(*reduction)(struct nest *, const struct node *);
    void *state;                        /* of these */
    /* The condition under which an iteration stores the node to memory; NULL or "": always. */
    const char *(*guard)(struct nest *, const struct node *);
    const char *fence;                  /* a line between a block's locals and stores, or NULL */
    struct access access[2];            /* walked instead of those of the group's nodes, if any */
    int access_count;
};

/* Statements that share their loops: nodes in ascending order. */
struct block {
    int *node;
    int count;
};

bool block_holds(const struct block *, int id);

/* A kept axis is a loop of its own, even of extent 1. */
enum { KEEP_FIRST = 1, KEEP_LAST = 2, KEEP_ALL = 4 };
/* The rest of *nest is zero or what the caller wants. */
void nest_init(struct nest *, struct function *, const struct shape *, unsigned keep);
/* One index `name` stands for loops first .. last - 1, row-major: they get names of their own, and
 * lines that set them, where they are more than one. */
void nest_join(struct nest *, int first, int last, const char *name, struct code *);
/* The same for all loops but the last, and a loop over that index, which inv_for splits. */
void nest_rows(struct nest *, struct code *);
void nest_wrap_rows(const struct nest *, const struct code *body, struct code *);
/* The loop that inv_for splits: it runs from `begin` to `end`. */
void nest_split(struct nest *, int loop);
/* Storage indexed by the nest's loops: "add_11[64 * i + j]", a local or a constant. */
const char *nest_operand(struct nest *, int operand);
const char *nest_read(struct nest *, const struct access *);
const char *nest_index(const struct nest *, const struct access *);
const char *nest_target(struct nest *, const struct node *);
/* Whether the node has a statement at all. */
bool nest_includes(const struct nest *, const struct node *);
/* The statements of a block whose depth is this (-1: all); stores stand behind the innermost. */
void nest_block(struct nest *, const struct block *, int depth, struct code *);
/* innermost: there is no loop in the body. */
void nest_loop(struct nest *, int loop, bool innermost, const struct code *body, struct code *);
/* Puts the first `loops` loops around the body; nest->looped: it has loops. */
void nest_wrap(struct nest *, int loops, const struct code *body, struct code *);
/* The maps, copies and stores of the whole group as loops; nothing where there are none. */
void nest_emit(struct nest *, struct code *);
/* The same as one block, for loops that are open. */
void nest_emit_flat(struct nest *, struct code *);

#endif
