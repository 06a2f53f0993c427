/* What the files of emission share. */
#ifndef INVAR_EMIT_PRIVATE_H
#define INVAR_EMIT_PRIVATE_H
#include "emit/emit.h"
#include "graph/op.h"
#include "passes/pass.h"
#include "emit/template.h"

enum {
    TILE_FLOATS = 32768, SMALL_TILE_FLOATS = 64, TILE_ROWS_MAX = 128, TILE_COLUMNS = 512,
    TILE_ROWS_STORED = 256
};

/* Where the lines of a source begin. */
struct lines {
    const struct source *source;
    const char **line;
    int count, room;
    const char **comment;               /* of each line: what emit_model_line gave, or NULL */
    int *traced;                        /* of each line: 1 + its row among the trace lines, or 0 */
};

/* A model being written. */
struct emit {
    const struct program *program;
    struct arena *arena;
    struct arena *scratch;              /* of texts that are copied where they belong */
    struct values *file;                /* of templates/program/model.c */
    bool used[OP_COUNT];                /* operators whose header is included */
    const char **constant;              /* names of the arrays of the file */
    int constant_count, constant_room;
    struct text steps;                  /* lines of the phase at hand */
    size_t steps_size;                  /* of all phases, about */
    struct text trace, trace_lines;     /* rows of the trace table, and of the lines in it */
    int trace_count, trace_line_count;
    int shared_count;                   /* functions of groups of several phases */
    struct lines *lines;                /* of each source that was looked at */
    int lines_count, lines_room;
    int *traced;                        /* of each node: the number of a row that it went into */
    const struct emit_target *target;
    struct user *user[PHASE_COUNT];     /* of each group of a phase (emit/share.h) */
    int64_t state_end, work_start;      /* firmware: where a piece of the arena ends or begins */
    int64_t stack;                      /* bytes of the arrays of the group that has most */
    int64_t workspace;                  /* CUDA: bytes that groups need beside the arena */
};

struct function;
struct nest;
struct shared;
struct user;

/* Rows of the trace table. */
struct traced {
    int first, end;
};

/* How a function walks the rows of a ROW group: in one loop, several at a time, or as a warp. */
struct row_walk {
    const char *how;                    /* for the function's comment: "row by row" */
    bool beside;                        /* several, whose elements of a column are contiguous */
    const char *prefix;                 /* of what reduces a row: "inv_" */
    const char *sync;                   /* lets lanes see each other's elements; NULL: nothing */
    /* Says how the loops run, the last of which is over the row; the steps of indentation of what
     * the others hold. */
    int (*open)(struct nest *);
    /* Puts the loops around it but the last around the body. */
    void (*wrap)(struct nest *, const struct text *body, struct text *);
    /* The declaration of an array of the row's length. */
    const char *(*array)(struct function *, enum dtype, const char *name, int64_t length);
};

/* How one kind of sources writes what all have: groups, the storage they use, phases of them. */
struct emit_target {
    const char *phase;                  /* the template of a phase */
    const char *function;               /* the template around every skeleton */
    const char *restrict_word;          /* before a pointer that none other overlaps */
    bool independent;                   /* loops keep the mark INDEPENDENT */
    bool traced;                        /* the trace table has the values of a batch's training */
    bool trace_lines;                   /* phases give these to a trace in lines of their own */
    int64_t tile_floats;                /* of products that wait for their epilogue */
    bool tiles_stored;                  /* wide products in storage take TILE_ROWS_STORED rows, */
                                        /* others TILE_COLUMNS columns at a time */
    const struct row_walk *rows;
    const struct row_walk *short_rows;  /* of a few elements; NULL: as all others */
    /* "f32_at(run, 512)": storage at an offset of the arena; `number` stands for the offset, or
     * for what it is in its piece. */
    const char *(*pointer)(struct emit *, enum dtype, int64_t offset, bool written,
                           const char *number);
    /* Which piece of the arena the offset is in, and where in it; NULL: there is one piece. */
    int (*piece)(const struct emit *, int64_t offset);
    int64_t (*in_piece)(const struct emit *, int64_t offset);
    bool narrow;                        /* numbers of a function's own have 32 bits */
    const char *own;                    /* "run->at": a shared function's numbers */
    /* By class of the group: sets skeleton, values and count of a function. */
    void (*const *group)(struct function *);
    /* The line of its phase that runs a group by that function, with the group's own numbers
     * ("4880, 32832"; NULL: it shares none) and its rows of the trace table; in emit->scratch. */
    const char *(*step)(const struct function *, const char *own, struct traced);
    const char *phase_list;             /* of the file: what phases are added to */
    /* Adds the phase to the file's list; `index` is its place in the table of struct inv_model. */
    void (*list_phase)(struct emit *, const char *name, const char *index, int groups);
    /* A function's text as the target wants it; NULL: as it is. */
    const char *(*settle)(struct arena *, const char *text);
};

extern const struct emit_target target_c, target_firmware, target_cuda;

/* Storage that a function reads or writes through one pointer. */
struct pointer {
    const char *name, *comment;
    int64_t offset, bytes;
    enum dtype dtype;
    int value;                          /* the node that lies there last, as the comment says */
    bool written;
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
    struct pointer *pointer;
    int pointer_count, pointer_room;
    struct extent count;                /* of outputs that inv_for splits */
    const char *mapping;                /* shape, order of sums and who computes what, or NULL */
    const struct shared *shared;        /* with other groups; NULL: none shares it */
    const char *launch;                 /* CUDA: blocks, threads and shared memory */
    const char *launches[2];            /* CUDA: lines in place of that one launch, without their
                                         * last parenthesis, or NULL */
    int64_t row_bytes;                  /* CUDA: of a row's arrays */
    int64_t state_end, work_start;      /* firmware: where a piece of the arena ends or begins */
    int64_t stack;                      /* bytes of arrays there; CUDA: none */
};

/* One loop of a nest: over a run of the space's axes that every access walks as one. */
struct loop {
    struct extent extent;
    int axis;                           /* the last of the run: strides are taken there */
    const char *name, *from, *to;
    const char *step;                   /* NULL: "i++" */
};

/* A loop nest over `space`; rank is the number of loops. */
struct nest {
    struct function *function;
    struct shape space;
    int rank;
    int outer;                          /* loops that the skeleton has opened already */
    struct loop loop[RANK_MAX];
    /* Where the value of a node of the group lies in an array at the nest's index, its text, as
     * read or as written; NULL: it is a local of this block, or has no array. */
    const char *(*local)(struct nest *, int id);
    const char *(*array)(struct nest *, int id);
    /* Whether other blocks read the node from there rather than from its local. */
    bool (*reread)(const struct nest *, int id);
    void *state;                        /* of the three */
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

/* ---- text.c: names and numbers ---- */
const char *emit_name(struct emit *, const char *stem, int id);
/* A path as emit_symbol has it, for use within a function, beside its own names. */
const char *emit_identifier(struct arena *, const char *path);
const char *emit_float(struct arena *, float);
const char *emit_string(struct arena *, const char *);
const char *emit_extent(struct arena *, struct extent);
/* The batch's rows are written as a mark until a whole function is there: only one that uses
 * them declares b, at the place marked (a line of its own). */
#define ROWS_MARK "\001"
#define ROWS_PLACE "\002"
const char *emit_settle_rows(struct arena *, const char *text);
const char *emit_ctype(enum dtype);
/* "", "_i32" or "_i64": the function of an operator on operands of that dtype. */
const char *emit_suffix(enum dtype);
/* Adds "stride * name" to an index expression; nothing where the stride is 0. */
void emit_term(struct text *, struct extent stride, const char *name);
/* What may stand between the marks of a comment. */
const char *emit_comment(struct arena *, const char *text);
/* The user's line: "digits.inv:20: h = x -> dense(64)", or "" where there is none. */
const char *emit_model_line(struct emit *, const struct node *);
/* The row of that line among the trace lines. */
int emit_trace_line(struct emit *, const struct node *);
/* "add %12 of %3 %11 : f32[b, 64]" */
const char *emit_node_text(struct emit *, const struct graph *, const struct node *);

/* ---- c/function.c ---- */
const struct place *function_place(const struct function *, int id);
bool function_computes(const struct function *, int id);
bool function_stores(const struct function *, int id);
/* A STORE of what its operand's own store has already put there. */
bool function_store_is_idle(const struct function *, const struct node *);
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
/* Renders the skeleton with the function's values into the list `function` of the file. */
void function_finish(struct function *);

/* ---- c/nest.c ---- */
/* The line before a loop whose iterations are independent (templates/program/model.c); it goes
 * where a function's pointers turn out to overlap. */
#define INDEPENDENT "INDEPENDENT"
/* A kept axis is a loop of its own, even of extent 1. */
enum { KEEP_FIRST = 1, KEEP_LAST = 2, KEEP_ALL = 4 };
/* The rest of *nest is zero or what the caller wants. */
void nest_init(struct nest *, struct function *, const struct shape *, unsigned keep);
/* The loop that inv_for splits: it runs from `begin` to `end`. */
void nest_split(struct nest *, int loop);
/* A node of the group that has a value or store of its own: not a view looked through. */
bool nest_computes(const struct function *, const struct node *);
/* Storage indexed by the nest's loops: "add_11[64 * i + j]", a local or a constant. */
const char *nest_operand(struct nest *, int operand);
const char *nest_read(struct nest *, const struct access *);
const char *nest_index(const struct nest *, const struct access *);
const char *nest_target(struct nest *, const struct node *);
/* Whether the node has a statement at all. */
bool nest_includes(const struct nest *, const struct node *);
/* The statements of a block whose depth is this (-1: all); stores stand behind the innermost. */
void nest_block(struct nest *, const struct block *, int depth, struct text *, int indent);
void nest_loop(struct nest *, int loop, const struct text *body, struct text *, int indent);
/* Puts the first `loops` loops around the body, which is indented for that. */
void nest_wrap(struct nest *, int loops, const struct text *body, struct text *);
/* The maps, copies and stores of the whole group as loops, indented by `indent` steps of 4;
 * nothing where there are none. */
void nest_emit(struct nest *, struct text *, int indent);
/* The same as one block, for loops that are open. */
void nest_emit_flat(struct nest *, struct text *, int indent);

/* ---- c/row.c ---- */
/* One loop over the rows, and loops over each; the same over INV_BESIDE of them. */
extern const struct row_walk row_loops, row_beside;
/* Sets the function's mapping, too. */
void row_emit(struct function *, const struct shape *space, struct text *);
/* "inv_row_sum(x + 64 * i, 64)" */
const char *row_expression(struct nest *, const struct node *);

/* ---- c/group.c ---- */
/* By class, for C: sets skeleton, values and count. */
#define NEST(class, stem, ...) void c_##stem##_group(struct function *);
#include "graph/classes.def"
extern void (*const c_groups[CLASS_COUNT])(struct function *);
const struct node *group_first(const struct function *);
/* The group's node of that class, or NULL. */
const struct node *group_class_node(const struct function *, enum op_class);
const char *function_extent(struct function *, struct extent);
void function_set_extent(struct function *, const char *key, struct extent);
/* "64 * " before an index that counts rows of that length; "" for 1. */
const char *function_factor(struct function *, struct extent);
/* "out + 64 * i"; an empty index is none. */
const char *function_pointer_at(struct function *, const char *pointer, struct extent stride,
                                const char *index);
/* What the loops of a MAP or ROW group run over. */
struct shape group_space(const struct function *);
/* What a COLUMN group sums up at i, j, k: `locals`, `value` and where the sum goes: `target`. */
void group_column_values(struct function *, const struct node *column, int indent);
/* One side of a matmul: storage, and strides of its page, of its own axis and of k. */
struct side {
    int node;                           /* whose storage it is */
    struct extent offset;               /* of its first element there */
    const char *pointer;
    struct extent page, own, k, length;
};
struct side group_contract_side(struct function *, const struct node *matmul, int index);
/* "f32[b, 8]: sum over p < 4 of x[i, p] * w[p, j], ascending in chunks of 256" */
const char *group_product_text(struct function *, const struct node *matmul);
/* The shape of what is reduced, and the order of sums where any are. */
const char *group_row_text(struct function *, const char *walk);
const char *group_column_text(struct function *, const struct node *column);
/* Whether it makes exact sums; then sets what their skeleton needs. */
bool group_column_exact(struct function *, const struct node *column);
/* Does the operand of a flat CONCAT lie at its piece already? */
bool group_lies_there(const struct function *, const struct node *whole, int operand,
                      int64_t start);
/* Loops over an operand that is copied to `start` in the whole, and the copy itself. */
void group_part_nest(struct nest *, struct function *, const struct node *whole, int operand,
                     const int64_t *start, unsigned keep);
void group_part_line(struct nest *, const struct node *whole, int operand, struct text *,
                     int indent);
/* Scalar operations in all, roughly. */
struct extent group_cost(const struct function *);

/* ---- c/table.c ---- */
void emit_tables(struct emit *);

/* ---- emit.c ---- */
/* "f32_at(run, 512)" */
const char *emit_arena_pointer(struct emit *, enum dtype, int64_t offset, bool written,
                               const char *number);
/* Functions, phases and constants of the program, into the lists of emit->file. */
void emit_parts(struct emit *);

#endif
