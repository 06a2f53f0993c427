/* A graph of ONNX while it is written: what export.c and the tables of operators and blocks
 * share. */
#ifndef INVAR_CONVERT_WRITE_H
#define INVAR_CONVERT_WRITE_H
#include "base/names.h"
#include "convert/onnx.h"
#include "graph/op.h"
#include "graph/program.h"

struct export {
    struct arena *arena;
    const struct program *program;
    const unsigned char *weights;       /* parameters and buffers, by the offsets of variables */
    struct inv_errors *errors;
    Onnx__Graph graph;
    int node_room, tensor_room, input_room, output_room;
    const struct names *taken;          /* names of values */
    const char **of_variable;           /* the value that a variable holds, or NULL */
    const struct names *parameters;     /* initializers of parameters, by path and form */
    const struct names *kept;           /* buffers that import changes as they were, by path */
    const char *rows;                   /* int64[1]: how many rows there are, or NULL yet */
    const char *first_input;

    /* The phase at hand */
    const struct graph *phase;
    const char **value;                 /* by node: the name of its value, or NULL */
    const struct block_call **call;     /* by node: the call that it is the result of, and which is
                                         * written as a whole; or NULL */
    const char **named;                 /* by node: what the model's body calls it, or NULL */
    struct span span;
    bool failed;
};

/* ---- nodes; all return the name of the value ---- */

/* A node of these inputs; a name for its output, or NULL. */
const char *export_node(struct export *, const char *op, int count, const char *const *input,
                        const char *name);
const char *export_unary(struct export *, const char *op, const char *a, const char *name);
const char *export_binary(struct export *, const char *op, const char *a, const char *b,
                          const char *name);
/* A name, and attributes, of the node that was added last. */
void export_name(struct export *, const char *);
/* "KEY = VALUE" of it for import, which the standard has no word for: in its documentation. */
void export_say(struct export *, const char *key, const char *value);
void export_say_number(struct export *, const char *key, double);
void export_int(struct export *, const char *name, int64_t);
void export_ints(struct export *, const char *name, int count, const int64_t *);
void export_float(struct export *, const char *name, float);
void export_text(struct export *, const char *name, const char *);
/* One more output of it. */
const char *export_output(struct export *, const char *name);

/* ---- constants ---- */
const char *export_whole(struct export *, int count, const int64_t *);      /* int64[count] */
const char *export_number(struct export *, float);                          /* a scalar */
const char *export_array(struct export *, int type, int rank, const int64_t *dim, const void *bytes,
                         const char *name);
/* A parameter as an initializer, another saved variable as a constant.  perm: its axes there, or
 * NULL; then rank and dims, or 0 for its own. */
const char *export_saved(struct export *, const struct variable *, const int *perm, int rank,
                         const int64_t *dim);
/* Numbers that are trained, made of the variable and of others: one initializer, of its path,
 * however often it is asked for. */
const char *export_parameter(struct export *, const struct variable *, int rank, const int64_t *dim,
                             const float *);
/* Notes that import changes the buffer in training as the model does. */
void export_keeps(struct export *, const struct variable *);
/* The saved variable of that path, or NULL. */
const struct variable *export_variable(const struct export *, const char *path);

/* ---- shapes ---- */
/* An axis of the graph that joins the rows with others, `b*64`, is written as two, so that none
 * mixes rows in the file, either: these are the extents there, of the same elements. */
struct shape export_extents(const struct shape *);
bool export_is_joined(const struct shape *);
/* The axis there. */
int export_axis(const struct shape *, int axis);
/* The value as the graph has it, with such an axis as one; and back. */
const char *export_join(struct export *, const char *a, const struct shape *);
const char *export_part(struct export *, const char *a, const struct shape *, const char *name);
/* With the graph's extents, and with those of the file. */
const char *export_reshape_joined(struct export *, const char *a, const struct shape *,
                                  const char *name);
const char *export_reshape(struct export *, const char *a, const struct shape *, const char *name);
const char *export_transpose(struct export *, const char *a, int rank, const int *perm,
                             const char *name);
/* The extents as int64[]. */
const char *export_shape(struct export *, const struct shape *);
/* Repeats a along axes of 1. */
const char *export_expand(struct export *, const char *a, const struct shape *, const char *name);
const char *export_cast(struct export *, const char *a, enum dtype, const char *name);
int export_type(enum dtype);

/* The value of a node's operand. */
const char *export_operand(const struct export *, const struct node *, int i);
const struct node *export_operand_node(const struct export *, const struct node *, int i);
/* Whether the node is its operand as the file has it. */
bool export_is_same(const struct export *, const struct node *);
/* A warning of what the file does not have, and what an import of it lacks therefore. */
void export_loses(struct export *, struct span, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* An error at the node's line of the model. */
void export_refuse(struct export *, const struct node *, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* An operator of the graph: writes the node's value under that name (NULL: any). */
typedef const char *export_op(struct export *, const struct node *, const char *name);
extern export_op *const export_ops[OP_COUNT];       /* NULL: it cannot be written */

/* A block of the library that ONNX has an operator for. */
struct export_block {
    const char *block;
    bool (*fits)(const struct export *, const struct block_call *); /* NULL: always */
    const char *(*write)(struct export *, const struct block_call *, const char *name);
    bool runs;                          /* a cell: the operator is the loop that runs it */
};
const struct export_block *export_find_block(const char *block);
/* What an argument was given. */
const struct block_given *export_given(const struct block_call *, const char *name);
double export_given_number(const struct block_call *, const char *name);

#endif
