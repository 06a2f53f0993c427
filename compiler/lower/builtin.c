/* The operators that the language has built in; everything else is a library block. */
#include <string.h>
#include "lower/builtin.h"
#include "lower/call.h"
#include "lower/csv.h"
#include "lower/generate.h"
#include "lower/optimizer.h"
#include "lower/require.h"
#include "lower/run.h"
#include "lower/sequence.h"
#include "lower/units.h"

static struct value call_higher_is_better(struct lower *l, struct frame *frame,
                                          const struct builtin *b, struct arguments *a,
                                          const char *path, struct span span)
{
    ARGUMENTS(1);
    const struct watched *w = lower_watched(l, v[0]);
    if (w)
        return value_bool(!w->lower, span);
    struct diag *d = lower_error(l, frame, span, "this takes a result of the run, such as "
                                 "val.loss, not %s", value_describe(l, v[0]));
    diag_help(d, "only of a result as it is reported is it known which way is better");
    return value_error();
}

static struct value call_made_by(struct lower *l, struct frame *frame, const struct builtin *b,
                                 struct arguments *a, const char *path, struct span span)
{
    enum op op;
    ARGUMENTS(2);
    const struct layer *layer = v[1].kind == V_LAYER ? v[1].layer : NULL;
    if (layer && (layer->block || (layer->name && builtin_map(layer->name, &op))))
        return value_bool(lower_made_by(l, v[0], layer), span);
    lower_error(l, frame, v[1].span.source ? v[1].span : span, "'made_by' takes a value and the "
                "name of a block, or of an operator that maps one value");
    return value_error();
}

static struct value call_stop_gradient(struct lower *l, struct frame *frame,
                                       const struct builtin *b, struct arguments *a,
                                       const char *path, struct span span)
{
    ARGUMENTS(1);
    struct value x = value_to_tensor(l, v[0]);
    if (x.kind == V_TENSOR)
        x.node = graph_unary(l->graph, OP_STOP_GRADIENT, x.node);
    return x;
}

/* Squares by the row rule per tensor; the results, in path order, form a row (NUMERICS 5.3). */
static struct value call_global_norm(struct lower *l, struct frame *frame, const struct builtin *b,
                                     struct arguments *a, const char *path, struct span span)
{
    ARGUMENTS(1);
    if (frame->role != ROLE_OPTIMIZER) {
        lower_error(l, frame, span, "'global_norm' exists in optimizers only");
        return value_error();
    }
    l->updates->asked_norm = true;
    if (l->updates->global_norm < 0) {
        int *part = ARENA_ARRAY(l->arena, int, l->updates->gradient_count + 1);
        l->updates->norm_first = l->graph->count;
        for (int i = 0; i < l->updates->gradient_count; i++) {
            int64_t n = shape_elements(&graph_node(l->graph, l->updates->gradient[i])->shape);
            struct shape flat = shape_of(1, -1, &n);
            int g = graph_reshape(l->graph, l->updates->gradient[i], &flat);
            part[i] = graph_sum(l->graph, graph_unary(l->graph, OP_SQUARE, g), 1);
        }
        struct shape scalar = shape_scalar();
        int row = graph_concat(l->graph, l->updates->gradient_count, part, 0);
        int total = graph_reshape(l->graph, graph_sum(l->graph, row, 1), &scalar);
        l->updates->global_norm = graph_unary(l->graph, OP_SQRT, total);
        l->updates->norm_end = l->graph->count;
    }
    return value_tensor(l, l->updates->global_norm, false, span);
}

static struct value call_unscale(struct lower *l, struct frame *frame, const struct builtin *b,
                                 struct arguments *a, const char *path, struct span span)
{
    ARGUMENTS(2);
    return lower_unscale(l, frame, v[0], v[1], span);
}

static struct value call_columns(struct lower *l, struct frame *frame, const struct builtin *b,
                                 struct arguments *a, const char *path, struct span span)
{
    (void)path;
    return lower_columns(l, frame, b->name, a, span);
}

static struct value call_elements_of(struct lower *l, struct frame *frame, const struct builtin *b,
                                     struct arguments *a, const char *path, struct span span)
{
    ARGUMENTS(1);
    return lower_elements_of(l, frame, b->name, v[0], span);
}

static struct value call_date(struct lower *l, struct frame *frame, const struct builtin *b,
                              struct arguments *a, const char *path, struct span span)
{
    ARGUMENTS(1);
    return lower_date(l, frame, b->name, v[0], span);
}

#define MAP(name, op) {name, 1, 1, op, call_map, {"x"}}
static const struct builtin builtins[] = {
    MAP("abs", OP_ABS),
    MAP("sign", OP_SIGN),
    MAP("floor", OP_FLOOR),
    MAP("sqrt", OP_SQRT),
    MAP("square", OP_SQUARE),
#define X(...)
#define FUNCTION(name, stem) MAP(#stem, OP_##name),
#include "graph/ops.def"
#undef X
    {"sum", 1, 3, 0, call_reduce, {"x", "axis", "keep"}},
    {"mean", 1, 3, 0, call_reduce, {"x", "axis", "keep"}},
    {"max", 1, 3, 0, call_extreme, {"x", "axis", "keep"}},
    {"min", 1, 3, 0, call_extreme, {"x", "axis", "keep"}},
    {"argmax", 1, 2, 0, call_argmax, {"x", "axis"}},
    {"cumsum", 1, 3, OP_CUMSUM, call_line, {"x", "axis", "reverse"}},
    {"cumprod", 1, 3, OP_CUMPROD, call_line, {"x", "axis", "reverse"}},
    {"recurrence", 2, 4, OP_RECURRENCE, call_line, {"a", "x", "axis", "reverse"}},
    {"argsort", 1, 3, OP_ARGSORT, call_line, {"x", "axis", "descending"}},
    {"select", 3, 3, 0, call_select, {"condition", "a", "b"}},
    {"to_int", 1, 1, 0, call_to_int, {"x"}},
    {"to_float", 1, 1, 0, call_to_float, {"x"}},
    {"reshape", 2, 2, 0, call_reshape, {"x", "shape"}},
    {"transpose", 2, 2, 0, call_transpose, {"x", "axes"}},
    {"concat", 1, 16, 0, call_concat, {"x", "axis"}},
    {"split", 2, 2, 0, call_split, {"x", "parts"}},
    {"broadcast", 2, 2, 0, call_broadcast, {"x", "shape"}},
    {"elements", 1, 1, 0, call_elements, {"x"}},
    {"dims", 1, 1, 0, call_dims, {"x"}},
    {"higher_is_better", 1, 1, 0, call_higher_is_better, {"result"}},
    {"made_by", 2, 2, 0, call_made_by, {"x", "layer"}},
    {"position", 2, 2, 0, call_position, {"x", "axis"}},
    {"gather", 2, 3, 0, call_gather, {"table", "index", "axis"}},
    {"take", 2, 3, 0, call_take, {"x", "index", "axis"}},
    {"neighbour", 1, 1, 0, call_neighbour, {"x"}},
    {"pick", 2, 2, 0, call_pick, {"z", "y"}},
    {"take_along", 2, 3, 0, call_take_along, {"x", "index", "axis"}},
    {"scatter_add", 3, 4, 0, call_scatter_add, {"x", "index", "n", "axis"}},
    {"segment_sum", 3, 3, OP_SCATTER_ADD, call_segment, {"x", "index", "n"}},
    {"segment_argmax", 3, 3, OP_SEGMENT_ARGMAX, call_segment, {"x", "index", "n"}},
    {"one_hot", 1, 2, 0, call_one_hot, {"y", "classes"}},
    {"window", 2, 8, 0, call_window,
     {"x", "size", "axis", "stride", "dilation", "before", "after", "outside"}},
    {"contract", 2, 4, 0, call_contract, {"a", "b", "axes", "grouped"}},
    {"contract_transposed", 3, 7, 0, call_contract_transposed,
     {"x", "w", "extent", "stride", "dilation", "before", "grouped"}},
    {"random_uniform", 0, 1, OP_RANDOM_UNIFORM, call_random, {"shape"}},
    {"random_normal", 0, 1, OP_RANDOM_NORMAL, call_random, {"shape"}},
    {"random_truncated_normal", 0, 1, OP_RANDOM_TRUNCATED_NORMAL, call_random, {"shape"}},
    {"random_integer", 1, 2, OP_RANDOM_INTEGER, call_random_integer, {"n", "shape"}},
    {"random_permutation", 1, 1, OP_RANDOM_PERMUTATION, call_random_permutation, {"n"}},
    {"random_keep", 2, 2, OP_RANDOM_KEEP, call_random_keep, {"x", "p"}},
    {"unscale", 2, 2, 0, call_unscale, {"x", "field"}},
    {"columns", 1, 1, 0, call_columns, {"range"}},
    {"column", 1, 3, 0, call_columns, {"which", "names", "text"}},
    {"missing", 1, 1, 0, call_columns, {"which"}},
    {"image", 1, 2, 0, call_columns, {"which", "missing"}},
    {"sound", 1, 8, 0, call_columns,
     {"which", "rate", "samples", "channels", "shorter", "longer", "missing"}},
    {"chars", 1, 1, 0, call_elements_of, {"range"}},
    {"bytes", 1, 1, 0, call_elements_of, {"range"}},
    {"tokens", 1, 1, 0, call_elements_of, {"range"}},
    {"generate", 1, 6, 0, call_generate,
     {"logits", "prompt", "n", "temperature", "top_k", "seed"}},
    {"days", 1, 1, 0, call_date, {"x"}},
    {"seconds_of_day", 1, 1, 0, call_date, {"x"}},
    {"weekday", 1, 1, 0, call_date, {"x"}},
    {"month", 1, 1, 0, call_date, {"x"}},
    {"year", 1, 1, 0, call_date, {"x"}},
    {"day_of_year", 1, 1, 0, call_date, {"x"}},
    {"scan", 2, 6, 0, call_scan, {"x", "cell", "reverse", "detach", "mask", "stateful"}},
    {"last", 1, 1, 0, call_last, {"carry"}},
    {"stop_gradient", 1, 1, 0, call_stop_gradient, {"x"}},
    {"global_norm", 1, 1, 0, call_global_norm, {"g"}},
};

enum { BUILTIN_COUNT = (int)(sizeof builtins / sizeof *builtins) };

static const struct builtin *find(const char *name)
{
    for (int i = 0; i < BUILTIN_COUNT; i++)
        if (builtins[i].name[0] == name[0] && !strcmp(builtins[i].name, name))
            return &builtins[i];
    return NULL;
}

bool builtin_exists(const char *name)
{
    return find(name) != NULL;
}

bool builtin_map(const char *name, enum op *op)
{
    const struct builtin *b = find(name);
    if (b && b->call == call_map)
        *op = b->op;
    return b && b->call == call_map;
}

bool builtin_takes_layer(const char *name, int place, const char *argument)
{
    const struct builtin *b = find(name);
    bool runs = b && b->call == call_scan;
    return runs && (argument ? !strcmp(argument, b->formals[1]) : place == 1);
}

bool builtin_takes_value(const char *name)
{
    const struct builtin *b = find(name);
    return b && b->least >= 1 && b->call != call_columns && b->call != call_elements_of;
}

const char *builtin_name(int i)
{
    return i < BUILTIN_COUNT ? builtins[i].name : NULL;
}

const char *const *builtin_formals(const char *name, int *count)
{
    const struct builtin *b = find(name);
    *count = 0;
    while (b && *count < FORMALS_MAX && b->formals[*count])
        ++*count;
    return b ? b->formals : NULL;
}

struct value builtin_call(struct lower *l, struct frame *frame, const char *name,
                          struct arguments *a, const char *path, struct span span)
{
    const struct builtin *b = find(name);
    for (int i = 0; i < a->count; i++)
        if (a->item[i].kind == V_ERROR)
            return value_error();
    return b->call(l, frame, b, a, path, span);
}
