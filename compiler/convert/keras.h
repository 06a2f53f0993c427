/* A model of Keras while it becomes a model file: what the graph (keras.c), the layers and the
 * settings of training share.  A layer's value is that of one row: the axis of the batch is not
 * there. */
#ifndef INVAR_CONVERT_KERAS_H
#define INVAR_CONVERT_KERAS_H
#include "base/json_tree.h"
#include "convert/foreign.h"
#include "convert/made.h"

enum { KERAS_INPUTS = 16 };

struct keras_value {
    const char *text;                   /* NULL: not made yet */
    int rank;
    int64_t dim[MADE_AXES];
    int64_t classes;                    /* a field of whole numbers below this, or 0 */
    const char *before, *activation;    /* what softmax or sigmoid was taken of, or NULL */
};

/* What a node reads: another node's value, or a constant. */
struct keras_ref {
    const char *layer;
    int node;
    const struct json *constant;
    const char *key;                    /* of an output in a dict of them, or NULL */
};

struct keras_node {
    struct keras_ref input[KERAS_INPUTS];
    int count;
    const struct json *kwargs;
    struct keras_value out;
};

struct keras_layer {
    const struct json *json, *config;
    const char *class_name, *name;
    const char *id;                     /* name of its value, and its path in the model file */
    const char *snake;                  /* "dense", or "" of what has no weights: */
    const char *group;                  /* of a .keras file: "layers/dense_1" */
    struct keras_node *node;
    int nodes;
    bool saved;                         /* weights, and what is said once: the second node finds */
    const char *call;                   /* this: "dense(8)", or the name that `let` gave it */
    bool frozen;                        /* by its own flag: Keras asks no outer model's */
    int learnt;                         /* weights that are trained unless it is frozen */
    const char *block;                  /* of a model: its name and what it returns */
    const struct keras_value *returns;
};

/* A Sequential or Functional model, or one within another. */
struct keras_body {
    struct keras_body *outer;
    const struct keras_layer *of;       /* the layer of `outer` that it is */
    struct keras_layer *layer;
    const struct names *by_name;
    int count;
    const char *prefix;                 /* of paths in the model file: "inner/", or "" */
    const char *group;                  /* of a .keras file: "", "layers/functional/" */
    struct keras_ref *input, *output;
    int inputs, outputs;
    bool fixed;                         /* called with training=False */
};

struct keras {
    struct made *made;
    struct arena *arena;
    const struct json *config, *compile; /* the whole model; optimizer, loss, metrics, or NULL */
    struct foreign *weights;            /* or NULL: there are none */
    bool by_name;                       /* weights are found by names of layers, as in .h5 */
    bool old;                           /* written by Keras 1 or 2 */
    bool frozen;                        /* the whole model, by the outermost flag */
    struct text blocks, rules, penalties; /* of the model file */
    const char *name;
    int refused;
};

struct keras_call {
    struct keras *k;
    struct keras_body *body;
    struct keras_layer *layer;
    struct keras_node *node;
    const struct keras_rule *rule;
    struct keras_value *in[KERAS_INPUTS];
    int ins;
    bool fixed;                         /* by itself or from without: training=False */
    bool failed;
};

/* A row of keras.def. */
struct keras_rule {
    const char *class_name;
    int least, most;                    /* inputs */
    const char *arguments;              /* that are understood, with blanks between */
    void (*write)(struct keras_call *);
    const char *text;                   /* for write */
};
const struct keras_rule *keras_find_rule(const char *class_name);

/* Whether the layer only predicts: what it draws and counts in training is left out. */
bool keras_predicts(const struct keras_call *);
/* "FILE: layer 'n' (Class): text"; the layer has failed. */
void keras_refuse(struct keras_call *, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* ---- arguments of the layer ---- */
/* Refuses those that its rule does not know; a wrapped layer's too. */
void keras_check(struct keras_call *);
const struct json *keras_argument(const struct keras_call *, const char *name);
double keras_number(struct keras_call *, const char *name, double otherwise);
/* These two refuse null as well: it says something else than nothing does. */
bool keras_flag(struct keras_call *, const char *name, bool otherwise);
const char *keras_word(struct keras_call *, const char *name, const char *otherwise);
/* A list of `count` whole numbers, or one for all of them; refused where it is neither. */
bool keras_wholes(struct keras_call *, const char *name, int count, int64_t otherwise, int64_t *);
/* "relu" of an activation's JSON; "" for none; NULL: refused. */
const char *keras_activation(struct keras_call *, const struct json *);
/* A number as a model file has it. */
const char *keras_text(struct keras *, double);
/* Whether a config says that its layer is not trained. */
bool keras_is_frozen(const struct json *config);
/* The class and the settings of an object of Keras, or a word alone; a class that is not Keras's
 * own gets a text that no list of names has. */
const char *keras_class(const struct json *, const struct json **config);

/* ---- weights ---- */
/* Saves the weight `number` of the layer (of its part `sub`, or "") that Keras calls `name`, as
 * path ID/`to` with these extents; a NULL `to` of its own.  It is checked to have so many elements.
 * False after a refusal. */
bool keras_save(struct keras_call *, const char *sub, int number, const char *name, const char *to,
                bool trained, int rank, const int64_t *dim);
/* The array itself, or NULL: there are none, or it was refused. */
const struct foreign_array *keras_weight(struct keras_call *, const char *sub, int number,
                                         const char *name);
float *keras_elements(struct keras *, const struct foreign_array *);
/* Saves elements by hand. */
void keras_put(struct keras_call *, const char *to, bool trained, int rank, const int64_t *dim,
               const float *);
/* Nothing is learnt at "ID/path" (ID_path, where it begins with "_"). */
void keras_freeze(struct keras_call *, const char *path);

/* ---- results ---- */
/* The value is this text, of that shape (text and the rest of *shape are not read). */
void keras_give(struct keras_call *, const struct keras_value *shape, const char *activation,
                const char *format, ...) __attribute__((format(printf, 4, 5)));
/* "x -> dense(8) as id"; of a layer that is used more than once, or has several inputs, "x -> id"
 * or "id(x, y)", where `let` has named it before. */
const char *keras_layer_text(struct keras_call *, const char *call);
const char *keras_print(struct keras_call *, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The functions of keras.def: nested, a model of its own as a block, is in keras.c. */
#define RULE(class_name, least, most, arguments, write, text) \
    void keras_##write(struct keras_call *);
#include "convert/keras.def"
#undef RULE

/* ---- training ---- */
/* The data, the label and the training of the model's outputs; NULL after an error. */
struct keras_output {
    const char *name;
    const struct keras_value *value;
    const char *key;                    /* of losses by outputs */
    bool named;                         /* the outputs are a dict, and the key is of it */
};
const char *keras_training(struct keras *, const struct keras_value *input,
                           const char *const *input_name, int inputs,
                           const struct keras_output *, int outputs);

#endif
