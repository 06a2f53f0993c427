/* The function of one group being written. */
#ifndef INVAR_EMIT_FUNCTION_H
#define INVAR_EMIT_FUNCTION_H
#include "emit/code.h"
#include "emit/target.h"
#include "passes/pass.h"

enum { FUNCTION_LAUNCHES = 2 * GROUP_SUMS_MOST };

/* Storage that a function reads or writes through one pointer. */
struct pointer {
    const char *name, *comment;
    const struct place *place;
    int64_t bytes;
    enum dtype dtype;
    int value;                          /* the node that lies there last, as the comment says */
    bool written;
};

/* Statements of a skeleton. */
struct part_of_skeleton {
    const char *key;
    struct code code;
    int indent;
};

/* The function of one group being written. */
struct function {
    struct emit *emit;
    const struct graph *graph;
    const struct group *group;
    int index;                          /* of the group in running order */
    const char *name;
    const char *skeleton;               /* of templates/skeleton */
    struct values *values;
    struct part_of_skeleton *part;      /* printed when all pointers are known */
    int part_count, part_room;
    struct pointer *pointer;
    int pointer_count, pointer_room;
    struct extent count;                /* of outputs that inv_for splits */
    const char *chunks;                 /* the function before it, of chunks of sums; or NULL */
    struct extent terms;                /* of a sum, which inv_for splits there */
    const char *mapping;                /* shape, order of sums and who computes what, or NULL */
    const struct shared *shared;        /* with other groups; NULL: none shares it */
    const char *launch;                 /* CUDA: blocks, threads and shared memory */
    const char *before;                 /* CUDA: a line before it, of the host alone, or NULL */
    const char *launches[FUNCTION_LAUNCHES]; /* CUDA: lines in place of that one launch, without
                                              * their last parenthesis, or NULL */
    int64_t row_bytes, row_used;        /* of a row's arrays; CUDA: of those declared so far */
    int64_t state_end, work_start;      /* firmware: where a piece of the arena ends or begins */
    int64_t stack;                      /* bytes of arrays there; CUDA: none */
};

const struct place *function_place(const struct function *, int id);
const struct node *group_first(const struct function *);
/* The group's node of that class, or NULL. */
const struct node *group_class_node(const struct function *, enum op_class);
bool function_computes(const struct function *, int id);
bool function_stores(const struct function *, int id);
/* Has the node of the group a statement: is it none of the views that readers look through? */
bool function_writes(const struct function *, const struct node *);
/* A STORE or KEEP of what its operand's own store has already put there. */
bool function_store_is_idle(const struct function *, const struct node *);
/* A function of the same group that runs before this one: its name has the suffix. */
struct function function_before(const struct function *, const char *suffix);
/* The storage of the sums of the group's chunks. */
const char *function_chunks(struct function *, bool write);
/* The operand without the INLINE views around it must be dense: its storage. */
const char *function_pointer(struct function *, int id, bool write);
/* The local that holds a node of the group. */
const char *function_local(struct function *, int id);
/* The number of a random node's stream. */
const char *function_stream(struct function *, const struct node *);
/* A constant or step value, or NULL for what lies in memory or in a local. */
const char *function_constant(struct function *, int id);
void function_use(struct function *, enum op);
/* The extent at the declared batch. */
int64_t function_most(const struct function *, struct extent);
const char *function_extent(struct function *, struct extent);
void function_set_extent(struct function *, const char *key, struct extent);
/* "64 * " before an index that counts rows of that length; "" for 1. */
const char *function_factor(struct function *, struct extent);
/* "out + 64 * i"; an empty index is none. */
const char *function_pointer_at(struct function *, const char *pointer, struct extent stride,
                                const char *index);
/* The statements are the value of that key of the skeleton, indented by so many steps. */
void function_set_code(struct function *, const char *key, const struct code *, int indent);
/* The function is nothing but these statements. */
void function_set_body(struct function *, const struct code *);
/* Renders the skeleton with the function's values into the list `function` of the file. */
void function_finish(struct function *);

#endif
