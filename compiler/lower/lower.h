/* State shared by the files of pass lower: evaluating the tree builds graph nodes. */
#ifndef INVAR_LOWER_H
#define INVAR_LOWER_H
#include "base/chains.h"
#include "base/names.h"
#include "graph/op.h"
#include "passes/pass.h"

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

/* What is to be called: a block or an operator, by name or partly applied, or a chain of such. */
struct layer {
    const struct ast *block;            /* AST_BLOCK, or NULL for an operator or a chain */
    const char *name;                   /* of the block or operator */
    const struct ast *arguments;        /* or NULL; evaluated in `frame` at each use */
    struct frame *frame;
    struct binding *names;
    struct layer *first, *second;       /* chain */
    const char *as;                     /* its name within a chain, or NULL */
    const char *path, *random_path;     /* fixed by `let`; NULL: the call site's */
    int uses;
};

struct binding {
    const char *name;
    struct value value;
    struct span span;
    int variable;                       /* stored name: its variable, else -1 */
    bool changed;                       /* stored to since it was declared */
    const struct graph *graph;          /* being built then: that of the value's node */
    struct binding *next;
    const struct names *index;          /* this one and all that follow, by name */
};

/* What a body is lowered as: decides which heads and built-in values exist in it. */
enum role { ROLE_BLOCK, ROLE_MODEL, ROLE_INITIALISER, ROLE_OPTIMIZER, ROLE_METRIC,
            ROLE_AUGMENT, ROLE_DATA, ROLE_TRAIN, ROLE_CONST };

struct frame {
    enum role role;
    const struct ast *declaration;      /* the AST_BLOCK or AST_MODEL */
    struct binding *names;
    const struct names *called;         /* paths of calls by their names: what '.' looks up */
    const char *path, *random_path;     /* "" at the top */
    struct frame *caller;
    struct span call;                   /* where it was called */
    bool library;
    bool shared;                        /* within a use of a `let`: its paths may come again */
    bool returned;
    struct value result;
    const struct shape *parameter;      /* ROLE_INITIALISER: the parameter's shape */
};

struct named_ast { const char *name; const struct ast *ast; struct binding *value; bool busy; };
struct scope { struct named_ast **item; int count, room; const struct names *index; };

/* An expression of the run and its value in the train phase. */
struct run_value { const struct ast *ast; struct value value; };

/* What lowering knows of a variable beside struct variable. */
struct declared {
    unsigned phases;                    /* bit set: where it was declared */
    struct span span; /* the user's line: the call, where the variable is the library's */
    int initial;                        /* 1 + the node of its start value in PHASE_INIT, or 0 */
    int read, stored;                   /* nodes in the current graph: read, next value; or -1 */
    int64_t cases;                      /* of a total: what a row adds to each of its elements */
};

/* A turn of a `repeat`, or a call of a block, that is being lowered. */
struct within {
    const char *block;                  /* NULL: of a `repeat` */
    struct span span;
    int64_t turn, turns;
    const struct within *outer;
};

/* The blocks whose result a node is, the last one first. */
struct maker { const struct node *node; const struct ast *block; const struct maker *before; };

/* A node that stands for what a phase does not have; nothing kept may depend on it. */
struct stand_in { int node; const char *what; };

struct lower {
    struct program *program;
    struct arena *arena;
    struct arena *frames;               /* of frames and names: arena, but for a body's own */
    struct diags *diags;
    struct graph *graph;                /* the phase being built */
    struct frame *current;              /* the body being lowered, for errors */
    enum phase phase;
    bool training;
    struct scope user_blocks, library_blocks, models, datas, trains, consts;
    const struct ast *train_ast, *model_ast, *data_ast;
    struct declared *declared;          /* by variable */
    int declared_count, declared_room;
    struct chains paths;                /* variables by their paths */
    const struct names *draws[PHASE_COUNT]; /* path of a stream -> the node that draws from it */
    int depth;                          /* of block expansion */
    int expr_depth;                     /* of expressions, calls counted in */
    int const_depth;                    /* of consts that are made of consts */
    bool consts_deep;                   /* reported */
    int steps;                          /* statements and calls of the phase so far */
    int steps_max, nodes_max;           /* limits of the phase */
    int regions;                        /* of `recompute` in the phase so far */
    bool too_large;                     /* reported; what remains is left out */
    const struct within *within;        /* the innermost */
    const struct maker **maker;         /* by node; of the node that it names alone */
    int maker_count, maker_room;
    int loss;                           /* total loss node of the phase, or -1 */
    struct binding *metrics;            /* names of the phase, for duplicates */
    int metric_count, loss_count, output_count;
    int model_losses;                   /* loss statements in the model's source */
    int accumulated;                    /* totals of the metric at hand */
    bool better_lower;
    struct stand_in *stand_in;
    int stand_in_count, stand_in_room;
    int *gradient, gradient_count;      /* of the trained parameters, in path order */
    int global_norm;                    /* its node, or -1 */
    const struct shape *optimizer_shape; /* of the w at hand */
    const struct ast *optimizer;        /* the optimizer's expression */
    const struct ast **rules;           /* `for` statements */
    int rule_count, rule_room;
    struct frame *train_frame;
    struct frame settings;              /* names of the settings that were made */
    const struct ast *patience;
    const struct ast *keep;
    struct run_value *run_value;
    int run_value_count, run_value_room;
    bool optimizing;                    /* in the body of an optimizer */
    int held;                           /* there: node that is true while w is frozen; or -1 */
    int updates;                        /* there: node of the number of updates; -1: the step */
    int norm_first, norm_end;           /* nodes of global_norm */
    bool asked_size;                    /* `elements` was called: the optimizer sees one tensor */
    bool asked_norm;                    /* `global_norm` was called: updates wait for it */
    struct data_field *field;           /* at hand, in data */
    bool same_draws;                    /* of a field that is augmented like one before */
    const struct ast *stratify, *order; /* `split ... by E`, `order ...`, or NULL */
    struct labels *labels;              /* label.c */
    struct units *units;                /* units.c */
    const struct frame *own_frame;      /* of a metric or output: its labels have own units */
};

/* A call of a block to be expanded. */
struct expansion {
    const struct ast *block;
    const struct value *given;          /* come first, by position */
    int given_count;
    const struct ast *arguments[2];     /* of the call, then of the layer; or NULL */
    struct frame *scope[2];             /* where they are evaluated */
    const char *path, *random_path;
    struct span span;
    bool shared;
};

/* ---- value.c ---- */
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

/* ---- scope.c ---- */
struct diag *lower_error(struct lower *, struct frame *, struct span, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
bool lower_in_library(struct lower *, struct span);
/* The span, or the user's call around it where it lies in the library. */
struct span lower_user_span(struct lower *, struct frame *, struct span);
const char *lower_span_text(struct lower *, struct span); /* the source there, on one line */
struct frame *lower_current(struct lower *);
const char *role_name(enum role);       /* "an optimizer" */
const char *path_join(struct lower *, const char *, const char *);
struct named_ast *scope_find(const struct scope *, const char *name);
void scope_add(struct lower *, struct scope *, const struct ast *);
const struct ast *lower_find_block(struct lower *, bool library, const char *name);
struct binding *frame_find(struct frame *, const char *name);
struct binding *frame_bind(struct lower *, struct frame *, const char *name, struct value,
                           struct span);

/* ---- expr.c ---- */
struct value lower_expr(struct lower *, struct frame *, const struct ast *);
struct layer *lower_layer(struct lower *, struct frame *, const struct ast *);
bool lower_is_layer(struct lower *, struct frame *, const struct ast *);
/* Reports that there is no such name; `what` is a "name", or a "block or operator". */
struct value lower_unknown(struct lower *, struct frame *, const struct ast *name,
                           const char *what);
struct value lower_const(struct lower *, struct named_ast *);
bool value_whole(struct value, int64_t *out);
/* Whether an array of these extents can be held: at most 2^31 - 1 elements (of one row). */
bool dims_fit(int rank, const int64_t *dim);

/* ---- call.c ---- */
/* Sets the ordinals of call sites and of `repeat` in it. */
void lower_number_calls(struct lower *, struct ast *declaration);
struct value lower_call(struct lower *, struct frame *, const struct ast *callee,
                        const struct ast *arguments, const struct value *first, const char *as,
                        struct span span);
/* What is lowered from here on belongs to another layer_call, whose number it returns. */
int lower_begin_layer(struct lower *, const char *path, const char *block);
/* Calls the layer: e holds what stands before the layer's own arguments, the paths and the span. */
struct value lower_apply(struct lower *, struct frame *caller, struct layer *,
                         const struct expansion *e);

/* ---- require.c ---- */
/* The statements `require CONDITION, "text"` and `warn CONDITION, "text"`. */
void lower_require(struct lower *, struct frame *, const struct ast *);
/* Notes that the value is what the block returned. */
void lower_note_maker(struct lower *, struct value, const struct ast *block);
/* Whether the value is what the block or operator returned. */
bool lower_made_by(struct lower *, struct value, const struct layer *);

/* ---- limit.c ---- */
void lower_begin_limits(struct lower *); /* of a phase */
/* The train phase's graph has gradients now, and so many parameters get updates. */
void lower_allow_updates(struct lower *, int parameters);
/* Counts a statement or call, before it is lowered.  False, after an error, where the model has
 * become too large: then nothing more is lowered. */
bool lower_step(struct lower *, struct frame *, struct span);

/* ---- arguments.c ---- */
/* Reports what is wrong with the arguments that a block or model declares. */
void lower_check_formals(struct lower *, const struct ast *declaration);
/* Binds every argument of e->block in the frame f. */
bool lower_bind_arguments(struct lower *, struct frame *f, const struct expansion *e);
/* Binds values that are there already: the model's arguments to the data's fields. */
bool lower_bind_values(struct lower *, struct frame *, const struct ast *formals,
                       const struct value *);
/* Reports arguments that `block` does not have after `given_count` values. */
bool lower_check_arguments(struct lower *, struct frame *caller, const struct ast *block,
                           int given_count, const struct ast *arguments, struct span span);
bool lower_dims(struct lower *, struct frame *, const struct ast *dims, int *rank, int64_t *dim);

/* ---- variable.c ---- */
struct declared *lower_declared(struct lower *, int variable);
void lower_forget_reads(struct lower *); /* the graph is another now */
void lower_name_variable(struct lower *, int variable); /* so that its path is taken */
void lower_forget_variables(struct lower *, int from);  /* those numbered `from` and above */
int lower_read(struct lower *, int variable);
/* The value that later statements see: the one stored last, or else the one read. */
int lower_current_value(struct lower *, int variable);
int lower_declare(struct lower *, struct frame *, enum variable_kind, const char *path, enum dtype,
                  const struct shape *, struct span span);
void lower_stored(struct lower *, struct frame *, const struct ast *, enum variable_kind);
/* States and buffers that the frame declared take their last values. */
void lower_store_changed(struct lower *, struct frame *);
/* The node to store: the variable as it was where node `held` is true; held may be -1. */
int lower_unless(struct lower *, int held, int variable, int node);
void lower_store_buffers(struct lower *); /* at the end of the model */

/* ---- body.c ---- */
void lower_body(struct lower *, struct frame *, const struct ast *body);
/* Calls `each` for the statements of data or train, with those of the branches taken. */
void lower_each(struct lower *, const struct ast *body,
                void (*each)(struct lower *, const struct ast *statement));

/* ---- builtin.c ---- */
enum { BUILTIN_ARGUMENTS = 16 };
struct arguments {
    struct value item[BUILTIN_ARGUMENTS];
    const char *name[BUILTIN_ARGUMENTS];
    const struct ast *ast[BUILTIN_ARGUMENTS];
    int count;
};
bool builtin_exists(const char *name);
/* The operator behind a name that maps one value, as exp does; false where it is none such. */
bool builtin_map(const char *name, enum op *);
bool builtin_takes_value(const char *name); /* so that it can stand where a layer is wanted */
const char *builtin_name(int i);
struct value builtin_call(struct lower *, struct frame *, const char *name, struct arguments *,
                          const char *path, struct span);
/* Built-in values: pi, inf, training, step ... false where NAME is none. */
bool builtin_value(struct lower *, struct frame *, const char *name, struct span, struct value *);

/* ---- weight.c ---- */
/* The metric that a name of something else was meant for, or NULL. */
const char *lower_nearest_metric(struct lower *, const char *name);
/* The name `balanced`: weights of the classes of the only label that is a class. */
struct value lower_balanced(struct lower *, struct frame *, struct span);
/* A statement `weight w = column("w")`. */
void lower_weight(struct lower *, const struct ast *);
/* A value of each row times the row's weight, where rows have some; others as they are. */
int lower_weighted(struct lower *, struct value);
/* Where rows have weights: those of the batch's rows, as f32[b, 1, ...] of that rank. */
int lower_row_weights(struct lower *, int rank);
/* Once a phase: adds the batch's weights to those of the part, which `rows` of metrics is then. */
void lower_total_weight(struct lower *);
/* Scalar, where rows have weights: sum / (the sum of those of the batch * elements). */
int lower_over_weights(struct lower *, int sum, int64_t elements);

/* ---- ranking.c ---- */
/* RANKING_NONE: not the type of a total that ranks. */
enum ranking_form lower_ranking_form(const char *type);
/* `accumulate area: roc_area[k] = [score, truth]` into the total. */
void lower_ranking(struct lower *, struct frame *, const struct ast *, enum ranking_form,
                   const struct variable *total);

/* ---- split.c ---- */
/* Appends the files of that source; ast is NULL where there is none. */
void lower_source_of(struct lower *, int source, const struct ast *);
/* A statement `part val = csv(...)`; others are left alone. */
void lower_part(struct lower *, const struct ast *);
void lower_split(struct lower *, const struct ast *);
/* `part by column("fold") { val = 2 }`, `order fixed`, `order column("time")` */
void lower_part_by(struct lower *, const struct ast *);
void lower_order(struct lower *, const struct ast *);
/* The only operand of a statement, or NULL. */
const struct ast *lower_operand(const struct ast *statement);
/* part: 0 train, 1 val, 2 test.  Whether rows may be in it. */
bool lower_has_part(const struct lower *, int part);
/* After all statements of `data`: every row has one part, and there are rows to train on. */
void lower_check_parts(struct lower *);

/* ---- run.c ---- */
/* PART.NAME as a report of the epoch before, where the frame may read such; false elsewhere. */
bool lower_run_value(struct lower *, struct frame *, const struct ast *, struct value *out);
/* The report that a value is, or NULL. */
const struct watched *lower_watched(struct lower *, struct value);
/* The number of the report that is a single number of that part; else -1 and an error. */
int lower_report(struct lower *, const char *part, const char *name, struct span);
void lower_check_watched(struct lower *); /* once all reports are known */
/* Whether the expression names what changes while a run goes on. */
bool lower_depends_on_run(struct lower *, const struct ast *);
/* The value of an argument of the optimizer, or of `frozen`, as the frame sees it. */
struct value lower_schedule(struct lower *, const struct frame *, const struct ast *);

/* ---- optimizer.c ---- */
void lower_setting_optimizer(struct lower *, const struct ast *);
void lower_setting_for(struct lower *, const struct ast *);
bool lower_is_frozen(struct lower *, const char *path);
/* The node that is true while a parameter or buffer is frozen for a time; -1: never. */
int lower_frozen_now(struct lower *, const char *path);
void lower_optimizer(struct lower *);

/* ---- model.c, lower_data.c, lower_train.c ---- */
void lower_model_statement(struct lower *, struct frame *, const struct ast *);
void lower_phases(struct lower *);
void lower_data(struct lower *);
/* The variable of the field's cells; -1 after an error. */
int lower_raw_variable(struct lower *, struct data_field *, struct span);
/* The text that a literal or a const is. False where it is another value; NULL after an error. */
bool lower_text(struct lower *, const struct ast *, const char **text);
/* Help that names the arrays of the source, where they have names. */
void lower_help_arrays(struct lower *, struct diag *);
/* csv(...): `add` is called for each path. */
void lower_source_images(struct lower *, const struct ast *arguments,
                         void (*add)(struct lower *, const char *path));
void lower_source_csv(struct lower *, const struct ast *arguments,
                      void (*add)(struct lower *, const char *path));
/* days, weekday and so on of the field's cells. */
struct value lower_date(struct lower *, struct frame *, const char *form, struct value,
                        struct span);
/* The buffer that missing cells are filled from, where the field's value is `node`. */
void lower_fill(struct lower *, struct data_field *, int node, struct span);
/* columns(a..b), column(...): cells of the field at hand. */
struct value lower_columns(struct lower *, struct frame *, const char *name, struct arguments *,
                           struct span);
/* A statement `input` or `label`. */
void lower_field(struct lower *, const struct ast *, bool label);
/* A column that decides how rows are split. */
void lower_key(struct lower *, const struct ast *statement, enum key_kind, const struct ast *expr);
/* Rows of a call such as csv(...), of a part where `part` is true. */
void lower_source(struct lower *, const struct ast *, bool part);
void lower_train_settings(struct lower *);
void lower_train_check(struct lower *);
void lower_begin_phase(struct lower *, enum phase, bool training);
/* Frames and names that are made between these lie in an arena of their own: nothing may hold one
 * afterwards.  The first gives what the second takes. */
struct arena *lower_begin_frames(struct lower *);
void lower_end_frames(struct lower *, struct arena *before);
void lower_accumulate(struct lower *, struct frame *, const struct ast *);
void lower_better(struct lower *, struct frame *, const struct ast *);
void lower_target(struct lower *, const struct ast *);
/* What the node depends on of the stand-ins of this phase, in words, or NULL. */
const char *lower_missing(struct lower *, int node);
void lower_add_stand_in(struct lower *, int node, const char *what);

/* A metric or an output, once guesses are known. */
void lower_result(struct lower *, struct frame *, const char *name, const struct ast *,
                  bool metric);

/* ---- units.c ---- */
void lower_begin_units(struct lower *); /* another phase begins */
/* Whether the model has an argument that is a scaled label, so that metrics and outputs wait. */
bool lower_has_units(const struct lower *);
/* (x - a) / b of the field's fitted buffers */
int lower_scale(struct graph *, int x, const struct data_field *);
/* What the model's argument is where the field is v. */
struct value lower_scaled(struct lower *, const struct data_field *, struct value v);
/* What a name's value v is in that frame: in own units, in metrics and outputs. */
struct value lower_own_units(struct lower *, const struct frame *, struct value v);
struct value lower_unscale(struct lower *, struct frame *, struct value x, struct value field,
                           struct span span);
/* Keeps the statement for lower_waiting(); false where it need not wait. */
bool lower_wait(struct lower *, const struct frame *, const char *name, const struct ast *,
                bool metric);
void lower_waiting(struct lower *);     /* at the end of the model's body */

/* ---- label.c ---- */
/* Notes which arguments of a call have the classes of which as their last axis. */
void lower_note_classes(struct lower *, struct frame *, const struct ast *formals);
/* At the end of the model's body when evaluating: names whose values have such an axis. */
void lower_keep_labelled(struct lower *, const struct frame *);
/* The same when predicting: sets variable.labels of outputs. */
void lower_label_outputs(struct lower *, const struct frame *);

#endif
