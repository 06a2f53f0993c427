/* What the compiler knows of an operator.  Each graph/ops/<stem>.c defines one op_<stem>. */
#ifndef INVAR_OP_H
#define INVAR_OP_H
#include <assert.h>
#include "graph/extent.h"
#include "graph/gradient.h"

/* The attributes that an operator has: a bit for each row of attributes.def. */
enum attribute_bit {
#define ATTRIBUTE(enumerator, ...) BIT_##enumerator,
#define PER_AXIS(enumerator, ...) BIT_##enumerator,
#include "graph/attributes.def"
};
enum attribute {
#define ATTRIBUTE(enumerator, ...) ATTR_##enumerator = 1 << BIT_##enumerator,
#define PER_AXIS(enumerator, ...) ATTR_##enumerator = 1 << BIT_##enumerator,
#include "graph/attributes.def"
    ATTR_CONSTANT = ATTR_VALUE | ATTR_LIST | ATTR_WHOLE,
    ATTR_TRANSPOSE = ATTR_TRANSPOSE_A | ATTR_TRANSPOSE_B,
    ATTR_RANDOM = ATTR_PATH | ATTR_DOMAIN | ATTR_STREAM
};

/* What passes and emission know of a class. */
enum class_trait {
    READS_STRIDED = 1,                  /* operands may be views, read by index arithmetic */
    READS_CONSTANTS = 2,                /* operands may be constants, which lie nowhere */
    HAS_EPILOGUE = 4                    /* maps and stores of its result may join its loop nest */
};

/* What a node takes: operations of any kind, roughly, by which loops are shared among threads;
 * f32 additions and multiplications, as plans count them. */
struct work {
    struct extent steps, flops;
};

/* A row of classes.def. */
struct class_def {
    const char *stem;                   /* "map": of its groups */
    const char *title;                  /* in docs/operators.md */
    unsigned traits;                    /* of enum class_trait */
    bool nest;                          /* it has a loop nest; others are computed as maps */
    struct work (*work)(const struct graph *, const struct node *);
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
    struct work (*work)(const struct graph *, const struct node *);  /* NULL: that of its class */
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

extern const struct op_def *const op_table[OP_COUNT];
extern const struct class_def class_table[CLASS_COUNT];

static inline const struct op_def *op_def(enum op op)
{
    assert(op < OP_COUNT);
    return op_table[op];
}

static inline const struct class_def *class_def(enum op_class class)
{
    assert(class < CLASS_COUNT);
    return &class_table[class];
}

static inline bool class_has(enum op_class class, enum class_trait trait)
{
    return class_def(class)->traits & trait;
}

/* Is it a map that takes no longer than reading what it makes?  Then it may be made again. */
bool op_is_cheap(enum op);
/* -1 where there is none of that stem. */
int op_find(const char *stem);
enum op_class class_of_nest(enum op_class);             /* in whose loop nests it is computed */
/* Windows over axes: tap k of window o of an axis is element o * stride + k * dilation - before. */
struct window_axis {
    int64_t stride, dilation, before;
};
/* The axes of windows by the attributes of a WINDOW or UNWINDOW of that shape: *first of them, how
 * many; as many axes of taps follow.  0: the attributes are not those of windows. */
int window_axes(const struct shape *, const struct attr *, int *first);
struct window_axis window_axis(const struct attr *, int first, int axes, int i);
/* Sets attributes, whose arrays are in the arena. */
void window_set(struct arena *, struct attr *, int first, int axes, const struct window_axis *);
/* The axes first .. last - 1 that a column reduction takes together. */
void column_axes(const struct node *, int *first, int *last);
/* What it is called where people read: its stem, or the function of C that it calls. */
const char *node_title(const struct node *);
struct work node_work(const struct graph *, const struct node *);

#endif
