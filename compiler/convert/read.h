/* A model file while it is made of an ONNX graph: what import.c and the rules of operators share.
 *
 * A value of the graph becomes an expression of the model, which stands for one row: the axis of
 * the batch, `rows`, is not there.  The axes that are left may stand in another order in the model
 * than in ONNX, which has channels first: a transposition is only written where one is needed. */
#ifndef INVAR_CONVERT_READ_H
#define INVAR_CONVERT_READ_H
#include <stdbool.h>
#include "base/names.h"
#include "base/text.h"
#include "convert/import.h"
#include "convert/made.h"
#include "convert/onnx.h"

enum { AXES = 8, INPUTS = 64, OUTPUTS = 16 };

/* Numbers that are known: `real` where type is ONNX_FLOAT, else `whole` (truth values, too). */
struct tensor {
    int type, rank;
    int64_t dim[AXES], count;
    float *real;
    int64_t *whole;
};

/* In a tensor of whole numbers, an extent: how many rows there are. */
#define ROW_COUNT INT64_MIN

/* A constant in the model: its elements with axes in that order, and these extents. */
struct written {
    int rank, perm[AXES];
    int64_t dim[AXES];
    const char *text;
    struct written *before;
};

struct value {
    const char *name;                   /* in the graph */
    int type, rank;
    int64_t dim[AXES];                  /* 1 at the axis of rows */
    int rows;                           /* the axis of the batch, or -1 */
    int stored;                         /* the type in the file, of which `type` may be float, of
                                         * inputs and what Cast makes; else 0 */
    const struct tensor *constant;      /* or NULL */
    bool initial;                       /* an initializer */
    bool trained;                       /* one that is trained */
    bool learns;                        /* follows from what is trained */
    bool zero;                          /* 0 in all places, as many rows as there are */
    int64_t classes;                    /* an input of names of so many rows of tables; or 0 */
    const char *text;                   /* of one row; NULL: a constant, or failed */
    int order[AXES];                    /* axis i of the text is axis order[i] of the value */
    int uses;                           /* inputs of nodes and outputs of the graph that it is */
    const Onnx__Node *user;             /* the last node that reads it */
    struct written *written;
    bool failed;                        /* a message was printed */
};

struct import_node {
    const Onnx__Node *node;             /* NULL: others stand for it */
    bool done;                          /* written with one before it */
};

struct import {
    struct arena *arena;
    const char *path;                   /* of the file */
    const struct import_request *request;
    struct inv_errors *errors;
    struct made *made;                  /* the model file */
    const Onnx__Graph *graph;
    int64_t opset;
    bool own;                           /* invar wrote it */
    bool streams;                       /* a scan goes on from the batch before */
    int64_t batch; /* the extent of the axis of rows, where the file says one */
    const struct names *values;         /* struct value by name */
    const struct names *paths;          /* own: those of layers, which stay what they are */
    const struct names *holders;        /* own: blocks of one parameter, by its name and rank */
    const struct names *said;           /* what graphs within nodes define, and made-up names */
    struct value **value;               /* all of them */
    int value_count, value_room;
    struct import_node *node;           /* in their order: those of the graph, and of graphs within
                                         * nodes in the place of these */
    int node_count, node_room, at;      /* at: the one that is converted */
    int refused, graphs, inlined;       /* graphs within nodes put in, and their nodes */
    bool folding;                       /* what is made is of a fold: */
    int64_t fold_room;                  /* so many elements more may be */
};

/* A node that is being converted. */
struct call {
    struct import *im;
    const Onnx__Node *node;
    const struct rule *rule;
    struct value *in[INPUTS], *out[OUTPUTS]; /* NULL: left out */
    const Onnx__Node *also;             /* written with it, or NULL */
    int ins, outs;
    int inlined;                        /* nodes that were put behind it */
};

/* A row of rules.def: an operator from that version of the standard on. */
struct rule {
    const char *op;
    int since, least, most;             /* inputs */
    const char *attributes;             /* names that are understood, with blanks between */
    void (*write)(struct call *);
    const struct tensor *(*fold)(struct call *);   /* of inputs that are known; or NULL */
    const char *text;                   /* for write */
};

extern const struct rule rules[];
extern const int rule_count;

/* ---- messages ---- */
/* "FILE: node 'n' (Op): text"; the node's outputs have failed. */
void refuse(struct call *, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* ---- attributes ---- */
const Onnx__Attribute *attribute(const struct call *, const char *name);
/* `otherwise` where it is not given; one of another type is refused. */
int64_t attribute_int(struct call *, const char *name, int64_t otherwise);
/* The same; refused where it is given and below `least`. */
int64_t attribute_from(struct call *, const char *name, int64_t least, int64_t otherwise);
float attribute_float(struct call *, const char *name, float otherwise);
const char *attribute_text(struct call *, const char *name, const char *otherwise);
/* One of the words, with blanks between, of which the first is that where it is not given; another
 * is refused. */
const char *attribute_word(struct call *, const char *name, const char *words);
/* How many; -1: not given.  More than `room` is refused, as 0. */
int attribute_ints(struct call *, const char *name, int64_t *out, int room);
/* An input that must be known whole numbers; -1: left out; refused where it is not known. */
int known_ints(struct call *, int input, int64_t *out, int room);
/* The axis of a value from an attribute or input, counted from the start; -1 after a refusal. */
int axis_of(struct call *, const struct value *, int64_t axis);

/* ---- said.c: what export says of its nodes, which the standard has no word for ---- */
/* The value of the key, or NULL: also where another wrote the file. */
const char *said(const struct import *, const Onnx__Node *, const char *key);
/* ", KEY = NUMBER", or "" where it is not said; what is no number is refused. */
const char *said_option(struct call *, const char *key);
/* ", stateful = true", or "": then rows of the stubs stay in order. */
const char *said_stateful(struct call *);
/* Nodes that compute together about what an operator does become that operator. */
void said_operators(struct import *);

/* ---- constants ---- */
struct tensor *tensor_new(struct import *, int type, int rank, const int64_t *dim);
/* Whether numbers of the type are float here, rounded or as they are. */
bool onnx_is_real(int type);
/* A type of real numbers of few bits, a sign before them; NULL: it is none. */
struct few_real {
    int type, exponent, mantissa, bias; /* bits of both, and what 2^0 is written as */
    float most;                         /* the largest number */
    bool infinite, no_minus_zero;       /* has infinity; what would be -0 is NaN */
};
const struct few_real *few_real(int type);
/* Whether they are of a type that a model file computes with. */
bool onnx_is_known(int type);
/* NULL after an error: name is said in it. */
struct tensor *tensor_read(struct import *, const Onnx__Tensor *, const char *name);
bool is_known(const struct value *);
/* Of one element. */
bool is_scalar(const struct value *);

/* ---- nodes.c: values and their readers ---- */
struct value *add_value(struct import *, const char *name);
/* A tensor of a graph as a value of that name; false after an error. */
bool add_initializer(struct import *, const Onnx__Tensor *, const char *name);
/* How often each value is read, and by which node last. */
void count_uses(struct import *);
/* Notes what graphs within the graph's nodes define, so that no name is made up that one of them
 * has. */
void note_names(struct import *, const Onnx__Graph *);
/* The name, or where a value has it or it is empty name_2 and so on, one that nothing has: of the
 * second graph that is put in, with 2. */
const char *fresh_name(struct import *, const char *wanted);
/* The tensors of a graph within a node, once: their names there and those of values.  false after a
 * message. */
bool inline_tensors(struct call *, const Onnx__Graph *, const struct names **);
/* The graph's nodes stand in the place of that which is converted, with names of their own where
 * theirs are taken: its inputs, of which there are as many, are `given`; what its outputs are
 * called is left in `result`.  false after a message. */
bool inline_graph(struct call *, const Onnx__Graph *, const struct names *, int count,
                  const char *const *given, const char **result);
/* One more node there: "Concat axis=0" with attributes that are whole numbers, lists of them,
 * "perm=[1,0]", or words. */
void inline_node(struct call *, const char *what, int count, const char *const *input,
                 const char *output);
/* The same with an output of a name of its own, which is returned; inputs end with NULL. */
const char *put_node_of(struct call *, const char *what, const char *const *input);
#define PUT(call, what, ...) put_node_of(call, what, (const char *const[]){__VA_ARGS__, NULL})
/* Those of the node's attributes as such a text, " group=2", for another. */
const char *attributes_text(struct call *, const char *names);
/* Those values joined along an axis, 64 at a time, under names of that one; the list is used up. */
const char *put_joined(struct call *, int count, const char **name, int64_t axis,
                       const char *wanted);
/* Numbers that such nodes read: without axes, and along one. */
const char *put_constant(struct call *, const struct tensor *);
const char *put_real(struct call *, float);
const char *put_whole(struct call *, int64_t);
const char *put_list(struct call *, int count, const int64_t *);
#define PUT_LIST(call, ...) \
    put_list(call, (int)(sizeof(int64_t[]){__VA_ARGS__} / sizeof(int64_t)), \
             (const int64_t[]){__VA_ARGS__})
/* Values of that name are the node's outputs, in order, NULL where it has none; the node itself is
 * gone. */
void give_results(struct call *, const char *const *result);
/* A constant without axes, of whole numbers or of truth. */
void constant_value(struct import *, const char *name, int type, int64_t);

/* ---- values ---- */
struct value *find_value(const struct import *, const char *name);
/* A constant is from here on read as that text, with axes as they are. */
void note_written(struct call *, struct value *, const char *text);
/* The text with axes in the order of the value. */
const char *plain(struct call *, struct value *);
/* The text with its axes in that order of the value's axes. */
const char *ordered(struct call *, struct value *, const int *order);
/* The text as an operand of what has `rank` axes, of which those of the text are order[0..n-1]:
 * axes match from the last on. */
const char *aligned(struct call *, struct value *, int rank, int n, const int *order);
/* A whole value in plain order of the extents of its text, of which there are *n. */
int text_axes(const struct value *);
void text_dims(const struct value *, int64_t *dim);
/* The place in the text of an axis of the value; -1, refused: it is that of the rows. */
int text_axis(struct call *, const struct value *, int axis);

/* The result of the node: type, rank, dim, rows must be set in *shape, and order where the text has
 * axes otherwise than in order (orderly: set it so).  Writes a line NAME = text. */
void orderly(struct value *shape);
void give(struct call *, int out, const struct value *shape, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* The same without a line: another value as it is, or with axes named otherwise. */
void give_text(struct call *, int out, const struct value *shape, const char *text);
void give_constant(struct call *, int out, const struct tensor *);
/* The first output is the first input, an initializer, with elements in other places. */
void give_weights(struct call *, const struct tensor *);
/* A line for something on the way, so that it may stand in a text twice: its name. */
const char *let_line(struct call *, const char *text);

/* ---- layers ---- */
/* A parameter (trained) or buffer with that path: elements of a constant with axes by perm (NULL:
 * as they are), as these extents. */
void save(struct import *, bool trained, const char *path, const struct tensor *, const int *perm,
          int rank, const int64_t *dim);
/* Whether the name says which of a layer's weights it is, as "conv1.weight" does. */
bool names_weights(struct import *, const char *name);
/* A path that Invar wrote, as it is: another would draw other numbers. */
const char *own_path(struct import *, const char *path);
/* A free path for the layer whose weights are of that name: "conv1" of "conv1.weight". */
const char *layer_path(struct import *, const char *weights, const char *otherwise);
/* The only node that reads the value, of that operator and without attributes; or NULL. */
const Onnx__Node *only_user(const struct value *, const char *op);
/* The call's output is from here on that of another node, which reads it and is written with it. */
void go_on(struct call *, const Onnx__Node *);

#endif
