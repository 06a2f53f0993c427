/* What the compiler knows of an operator.  Each graph/ops/<stem>.c defines one op_<stem>. */
#ifndef INVAR_OP_H
#define INVAR_OP_H
#include "graph/gradient.h"

/* The attributes that an operator reads: those printed, compared and checked. */
enum attribute {
    ATTR_AXIS = 1, ATTR_PERM = 2, ATTR_START = 4, ATTR_TRANSPOSE = 8, ATTR_VALUE = 16,
    ATTR_VARIABLE = 32, ATTR_STEP_VALUE = 64, ATTR_RANDOM = 128, ATTR_WHOLE = 256,
    ATTR_PROBABILITY = 512
};

struct op_def {
    const char *stem;
    enum op_class class;
    int operands;                       /* -1: any number */
    unsigned attributes;                /* of enum attribute */
    const char *doc;                    /* one line for docs/operators.md */
    const char *formula;                /* "max(a, b)": what one output is */
    const char *derivative;             /* "g where a >= b, else to b"; NULL: none flows */
    const char *bound;                  /* error of one f32 result: "exact", "1 ulp", .. */
    /* Sets dtype and shape from operands and attributes.  Returns NULL or what does not fit. */
    const char *(*infer)(const struct graph *, struct node *);
    /* Adds, by gradient_add, what dy (the gradient of n) contributes to each operand. */
    void (*gradient)(struct gradient *, const struct node *n, int dy);
};

/* What ops.def says of an operator, for its op_def: OP_ROW(ADD, add), */
enum {
#define X(name, stem, class, operands) ROW_##name##_CLASS = CLASS_##class,
#include "graph/ops.def"
#undef X
#define X(name, stem, class, operands) ROW_##name##_OPERANDS = operands,
#include "graph/ops.def"
#undef X
};
#define OP_ROW(name, text) \
    .stem = #text, .class = (enum op_class)ROW_##name##_CLASS, .operands = ROW_##name##_OPERANDS

#define X(name, stem, class, operands) extern const struct op_def op_##stem;
#include "graph/ops.def"
#undef X

const struct op_def *op_def(enum op);
/* -1 where there is none of that stem. */
int op_find(const char *stem);

#endif
