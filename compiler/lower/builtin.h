/* The operators that the language has built in: their table, and what they share. */
#ifndef INVAR_LOWER_BUILTIN_H
#define INVAR_LOWER_BUILTIN_H
#include <assert.h>
#include "lower/lower.h"

enum { BUILTIN_ARGUMENTS = 16 };
struct arguments {
    struct value item[BUILTIN_ARGUMENTS];
    const char *name[BUILTIN_ARGUMENTS];
    const struct ast *ast[BUILTIN_ARGUMENTS];
    int count;
    const struct expansion *call;       /* its paths, of what runs a layer */
};

bool builtin_exists(const char *name);
/* The operator behind a name that maps one value, as exp does; false where it is none such. */
bool builtin_map(const char *name, enum op *);
/* Whether that argument (by its place, or by its name where it has one) is a layer to be run. */
bool builtin_takes_layer(const char *name, int place, const char *argument);
bool builtin_takes_value(const char *name); /* so that it can stand where a layer is wanted */
/* Operators and values, one after the other, then NULL; the names of an operator's arguments. */
const char *builtin_name(int i);
const char *const *builtin_formals(const char *name, int *count);
const char *builtin_value_name(int i);
struct value builtin_call(struct lower *, struct frame *, const char *name, struct arguments *,
                          const char *path, struct span);
/* Built-in values: pi, inf, training, step ... false where NAME is none. */
bool builtin_value(struct lower *, struct frame *, const char *name, struct span, struct value *);

/* ---- their table ---- */
enum { FORMALS_MAX = 8 };

struct builtin;
typedef struct value builtin_function(struct lower *, struct frame *, const struct builtin *,
                                      struct arguments *, const char *path, struct span);
struct builtin {
    const char *name;
    int least, most;                    /* arguments, named ones included */
    enum op op;                         /* for those that map one value */
    builtin_function *call;
    const char *formals[FORMALS_MAX];
};

/* ---- builtin_arguments.c ---- */
/* Puts named arguments where they belong; false and an error where one is unknown. */
bool builtin_arrange(struct lower *, struct frame *, const struct builtin *, struct arguments *,
                     struct value *out, bool *given, struct span);
#define ARGUMENTS(count)                                                     \
    struct value v[FORMALS_MAX] = {{0}};                                     \
    bool given[FORMALS_MAX] = {false};                                       \
    (void)path;                                                              \
    if (!builtin_arrange(l, frame, b, a, v, given, span))                    \
        return value_error();                                                \
    static_assert((count) <= FORMALS_MAX, "formals")
/* Each reads an argument, or reports that it is none such. */
bool builtin_dims(struct lower *, struct frame *, struct value list, int *rank, int64_t *dim);
bool builtin_axis(struct lower *, struct frame *, struct value, int rank, int *axis);
bool builtin_flag(struct lower *, struct frame *, struct value, const char *name, bool *out);
bool builtin_indices(struct lower *, struct frame *, const struct builtin *, struct value);
/* Whether a value may have one axis more than `rank`; else an error. */
bool builtin_axis_fits(struct lower *, struct frame *, int rank, struct span);

/* ---- builtin_map.c ---- */
builtin_function call_map, call_select, call_to_int, call_to_float, call_reduce, call_extreme,
    call_argmax, call_line;

/* ---- builtin_shape.c ---- */
builtin_function call_reshape, call_transpose, call_concat, call_split, call_broadcast,
    call_elements, call_dims, call_position;
struct value builtin_shape(struct lower *, const struct shape *, struct span); /* [2, 3] */

/* ---- builtin_index.c ---- */
builtin_function call_gather, call_take, call_neighbour, call_pick, call_take_along,
    call_scatter_add, call_segment, call_one_hot;

/* ---- builtin_window.c ---- */
builtin_function call_window, call_contract, call_contract_transposed;

/* ---- scan.c ---- */
builtin_function call_scan, call_last;

/* ---- builtin_random.c ---- */
builtin_function call_random, call_random_integer, call_random_permutation, call_random_keep;

#endif
