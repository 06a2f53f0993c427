/* Values of the language and the arithmetic between them. */
#ifndef INVAR_LOWER_VALUE_H
#define INVAR_LOWER_VALUE_H
#include "graph/op.h"
#include "language/ast.h"

struct lower;

enum value_kind {
    V_ERROR,                            /* an error was reported; what is built on it is silent */
    V_NONE,
    V_NUMBER,                           /* compile-time, binary64 */
    V_BOOL,                             /* compile-time */
    V_STRING,
    V_WORD,                             /* of an option set */
    V_LIST,
    V_RANGE,                            /* item[0]..item[1], both ends meant */
    V_ELLIPSIS,
    V_LAYER,                            /* a block with some of its arguments, or a chain */
    V_LAST,                             /* a result of a cell: its carry `node` after all turns */
    V_TENSOR
};

struct value {
    enum value_kind kind;
    double number;                      /* V_NUMBER; V_BOOL: 0 or 1 */
    const char *text;                   /* V_STRING, V_WORD */
    const struct ast *words;            /* V_WORD: the set that it is of (AST_ONE_OF) */
    int count;
    struct value *item;                 /* V_LIST, V_RANGE */
    struct layer *layer;
    int node;                           /* V_TENSOR */
    bool per_row;                       /* axis 0 of the node is the batch */
    int64_t classes;                    /* class value: k; else 0 */
    struct span span;                   /* the user's line or call */
};

struct value value_error(void);
struct value value_number(double, struct span);
struct value value_bool(bool, struct span);
struct value value_none(struct span);
struct value value_tensor(struct lower *, int node, bool per_row, struct span);
struct value value_word(const char *, struct span);
const char *value_describe(struct lower *, struct value); /* "f32[3, 4]", "the number 3" */
struct node *value_node(struct lower *, struct value);
struct span value_origin(struct lower *, struct value); /* of a tensor; of an input, its field */
int value_rank(struct lower *, struct value);            /* without the batch axis */
int64_t value_dim(struct lower *, struct value, int axis);
/* The value as a tensor: numbers and lists become constants, V_BOOL a BOOL. */
struct value value_to_tensor(struct lower *, struct value);
struct value value_to_f32(struct lower *, struct value);
/* A number as a whole one beside whole ones; other values as they are. */
struct value value_to_whole(struct lower *, struct value);
struct shape shape_rows(int rank, const int64_t *dim, bool per_row);
struct value value_reshape(struct lower *, struct value, int rank, const int64_t *dim);
struct value value_row_rank(struct lower *, struct value, int rank); /* ones after the batch */
struct value value_binary(struct lower *, enum ast_kind, struct value, struct value, struct span);
struct value value_map(struct lower *, enum op, int count, struct value *, struct span);
struct value value_unary(struct lower *, enum op, struct value, struct span);
struct value value_power(struct lower *, struct value, struct value, struct span);
struct value value_index(struct lower *, struct value, const struct value *item, int count,
                         struct span);
struct value value_matmul(struct lower *, struct value, struct value, struct span);
int64_t value_elements(struct lower *, struct value); /* of a row */
struct value value_spread(struct lower *, struct value); /* a shared one over the rows */
/* Spreads values over the rows where one of them is per row; are they now? */
bool values_spread(struct lower *, int count, struct value *);
/* Have both the same extents but for that of `axis`? */
bool values_alike(struct lower *, struct value, struct value, int axis);
bool value_whole(struct value, int64_t *out);
/* Whether an array of these extents can be held: at most 2^31 - 1 elements (of one row). */
bool dims_fit(int rank, const int64_t *dim);

#endif
