/* Tests of operators.  Each tests/ops/<stem>.c defines one test_<stem>: what the operator is in
 * plain double arithmetic, and cases that build it into graphs.  For every case the harness
 *   - makes the gradients of a randomly weighted sum of the result by pass_grad and compares
 *     them with central differences, all evaluated by the oracles;
 *   - compares the graph's text with tests/golden/ops/<stem>.txt;
 *   - emits C for it, runs that, and compares result and gradients with the oracles.
 * From the cases others are derived, whose operands are constants, views or of another type; these
 * run as the given ones do.  Beside the C runs what else is emitted, which must give the same bits:
 * sources for firmware (test_ops), CUDA on an emulated device (cuda_ops). */
#ifndef INVAR_TESTS_HARNESS_H
#define INVAR_TESTS_HARNESS_H
#include "graph/op.h"
#include "graph/program.h"

enum { INPUTS_MAX = 4, CASES_MAX = 24 };

/* A graph being evaluated naively in double: b is `rows`. */
struct oracle {
    const struct graph *graph;
    int64_t rows, step, steps, epoch;
    uint32_t key[2];
    double **variable;                  /* by variable id: its elements, row-major */
    double **value;                     /* by node id */
    int64_t *turn;                      /* by loop: the place of its turn at hand */
};

struct op_input {
    enum dtype dtype;
    int rank;
    int64_t dim[RANK_MAX];
    int batch;                          /* 1 + the axis of the batch's rows, or 0 */
    double low, high;                   /* f32: uniform within; i32, i64: whole, inclusive */
    bool fixed;                         /* no gradient is asked for, though f32 */
    bool special;                       /* f32: zeros, infinities, NaN, bounds instead */
};

#define SHAPE(...)                                                                               \
    .rank = (int)(sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t)), .dim = {__VA_ARGS__}

struct op_case {
    const char *name;
    struct op_input input[INPUTS_MAX];
    int count;
    /* Adds the operator to the graph; the node of the result.  NULL: the operator as such. */
    int (*build)(struct graph *, const int *x);
};

/* What a case must give at chosen values of its operands, such as ties: first elements. */
struct op_known {
    const char *name;                   /* of the case */
    double input[INPUTS_MAX][4], gradient[INPUTS_MAX][4]; /* with all weights 1 */
};

struct op_test {
    /* Maps: one output from its operands.  Cases are then made for shapes that broadcast, with
     * operands as in `domain`. */
    double (*map)(const double *x);
    struct op_input domain[3];
    /* Others: fills value[n->id] (n->shape elements, allocated). */
    void (*eval)(struct oracle *, const struct node *n);
    /* The operator's documented bound (op_def.bound) as a number: the error of one f32 result in
     * ulps of its magnitude, which is |result|, or for sums the sum of absolute values, times the
     * additions in the longest chain of a sum. */
    double ulp;
    void (*magnitude)(struct oracle *, const struct node *n, double *out);
    int64_t (*chain)(const struct oracle *, const struct node *n);
    bool leaf;                          /* has no operand: gradients belong to the cases' others */
    bool in_loop;                       /* cases are loops: they compute more than the operator */
    const struct op_case *cases;        /* more of them */
    int case_count;
    const struct op_known *known;
    int known_count;
};

#define CASES(array) .cases = (array), .case_count = (int)(sizeof(array) / sizeof *(array))

#define KNOWN(array) .known = (array), .known_count = (int)(sizeof(array) / sizeof *(array))

#define X(name, stem, class, operands) extern const struct op_test test_##stem;
#include "graph/ops.def"
#undef X

/* ---- oracle.c ---- */
const struct op_test *op_test(enum op);
int64_t oracle_extent(const struct oracle *, const struct shape *, int axis);
int64_t oracle_elements(const struct oracle *, const struct shape *);
const double *oracle_operand(const struct oracle *, const struct node *n, int operand);
const struct shape *oracle_shape(const struct oracle *, const struct node *n, int operand);
/* Evaluates nodes first..last. */
void oracle_run(struct oracle *, int first, int last);

/* All indices of a shape in row-major order:
 * for (struct walk w = walk_start(o, s); walk_more(&w); walk_next(&w)) */
struct walk {
    int rank;
    int64_t dim[RANK_MAX], index[RANK_MAX], element, count;
};
struct walk walk_start(const struct oracle *, const struct shape *);
bool walk_more(const struct walk *);
void walk_next(struct walk *);
/* Row-major element of `shape` at an index of `rank` axes, aligned right; axes of 1 repeat. */
int64_t oracle_at(const struct oracle *, const struct shape *shape, int rank,
                  const int64_t *index);

/* ---- shared by tests of several operators ---- */
void eval_copy(struct oracle *, const struct node *n);      /* operand 0, element for element */
/* The place of an element of a random node in its stream (numerics 4.2). */
struct draw { int64_t element; uint64_t moment; };
struct draw oracle_draw(const struct oracle *, const struct node *n, int64_t element);
uint32_t oracle_word(const struct oracle *, const struct node *n, struct draw);
double oracle_normal(const struct oracle *, const struct node *n, struct draw);
double oracle_radius(const struct oracle *, const struct node *n, struct draw);
/* Additions in chains of `count` elements in chunks of 256. */
int64_t oracle_chunks(int64_t count);
/* Operand 0 as rows of its last axis. */
struct row_form { int64_t rows, size; const double *x; };
struct row_form oracle_rows(const struct oracle *, const struct node *n);

#endif
