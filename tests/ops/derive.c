/* See derive.h. */
#include "derive.h"

#include <math.h>

static const struct {
    const char *name;
    enum op view;
} forms[FORMS] = {
    [AS_READ] = {"read", OP_READ},          [AS_FILL] = {"fill", OP_CONST},
    [AS_LIST] = {"list", OP_CONST},         [AS_SLICE] = {"slice", OP_SLICE},
    [AS_TRANSPOSE] = {"transpose", OP_TRANSPOSE},
    [AS_BROADCAST] = {"broadcast", OP_BROADCAST},
    [AS_RESHAPE] = {"reshape", OP_RESHAPE},
};

const char *form_name(enum form form)
{
    return forms[form].name;
}

/* ---- values ---- */

static uint64_t next_random(uint64_t *state)    /* splitmix64 (Steele, Lea, Flood 2014) */
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

double derive_value(uint64_t *seed, const struct op_input *input)
{
    double u = (double)(next_random(seed) >> 11) * 0x1p-53;
    if (input->dtype == F32)
        return (float)(input->low + u * (input->high - input->low));
    if (input->dtype == BOOL)
        return u < 0.5;
    return input->low + floor(u * (input->high - input->low + 1.0));
}

struct op_input derive_retyped(const struct op_input *input, enum dtype dtype)
{
    struct op_input out = *input;
    out.dtype = dtype;
    if (input->dtype == BOOL)
        out.high = 1.0;
    if (input->dtype == F32) {
        out.low = ceil(fmax(input->low, -1000.0));
        out.high = fmax(out.low, floor(fmin(input->high, 1000.0)));
    }
    if (dtype == I32) {
        out.low = fmax(out.low, INT32_MIN);
        out.high = fmin(out.high, INT32_MAX);
    }
    return out;
}

/* ---- constants ---- */

static int add_fill(struct graph *graph, const struct op_input *input, const struct shape *shape,
                    uint64_t *seed)
{
    double value = derive_value(seed, input);
    struct attr attr = {0};
    if (input->dtype == F32)
        attr.value = (float)value;
    else
        attr.whole = (int64_t)value;
    return graph_add_shaped(graph, OP_CONST, 0, NULL, &attr, input->dtype, shape);
}

enum { LIST_MAX = 256 };

/* For each row of the batch the same list. */
static int add_list(struct graph *graph, const struct op_input *input, const struct shape *shape,
                    uint64_t *seed)
{
    int64_t count = shape_elements(shape);
    struct shape one = *shape;
    one.rows = -1;
    if (input->dtype != F32 || count > LIST_MAX ||
        (shape->rows >= 0 && shape->dim[shape->rows] != 1))
        return -1;
    float *list = ARENA_ARRAY(graph->program->arena, float, (int)count);
    for (int64_t i = 0; i < count; i++)
        list[i] = (float)derive_value(seed, input);
    struct attr attr = {.list = list};
    int id = graph_add_shaped(graph, OP_CONST, 0, NULL, &attr, F32, &one);
    return graph_broadcast(graph, id, shape);
}

/* ---- views ---- */

static struct shape reversed(const struct shape *shape, int64_t *perm)
{
    struct shape out = *shape;
    for (int i = 0; i < shape->rank; i++) {
        perm[i] = shape->rank - 1 - i;
        out.dim[shape->rank - 1 - i] = shape->dim[i];
    }
    out.rows = shape->rows < 0 ? -1 : shape->rank - 1 - shape->rows;
    return out;
}

/* The last two axes as one where neither is that of the rows, else one more of extent 1. */
static struct shape reshaped(const struct shape *shape)
{
    struct shape out = *shape;
    int last = shape->rank - 1;
    if (last >= 1 && shape->rows < last - 1) {
        out.dim[last - 1] *= out.dim[last];
        out.rank--;
    } else {
        out.dim[out.rank++] = 1;
    }
    return out;
}

/* What a view of that form must be of, so that it has `shape`, and its attribute per axis; false
 * where there is none. */
static bool view_of(enum form form, const struct shape *shape, struct shape *from,
                    int64_t *of_axis)
{
    int axis = shape->rank - 1;
    while (axis >= 0 && (axis == shape->rows || (form == AS_BROADCAST && shape->dim[axis] == 1)))
        axis--;
    *from = *shape;
    if (form == AS_TRANSPOSE)
        *from = reversed(shape, of_axis);
    else if (form == AS_RESHAPE)
        *from = reshaped(shape);
    else if (axis >= 0 && form == AS_BROADCAST)
        from->dim[axis] = 1;
    else if (axis >= 0) {
        from->dim[axis] += 3;
        of_axis[axis] = 1;
    }
    return !shape_equal(from, shape);
}

int derive_operand(struct graph *graph, enum form form, const struct op_input *input,
                   const char *path, uint64_t *seed, int *variable)
{
    struct shape shape = shape_of(input->rank, input->batch - 1, input->dim), from = shape;
    int64_t of_axis[RANK_MAX] = {0};
    struct attr attr = {.perm = of_axis, .start = of_axis};
    *variable = -1;
    if (form == AS_FILL)
        return add_fill(graph, input, &shape, seed);
    if (form == AS_LIST)
        return add_list(graph, input, &shape, seed);
    if (form != AS_READ && !view_of(form, &shape, &from, of_axis))
        return -1;
    *variable = program_add_variable(graph->program, from.rows < 0 ? VAR_BUFFER : VAR_INPUT, path,
                                     input->dtype, &from, (struct span){0})->id;
    int read = graph_read(graph, *variable);
    if (form == AS_READ)
        return read;
    return graph_add_shaped(graph, forms[form].view, 1, &read, &attr, input->dtype, &shape);
}

/* ---- copies ---- */

static int copy_node(struct graph *graph, const struct node *from, int first, const int *instead)
{
    struct arena *arena = graph->program->arena;
    struct node *n = ARENA_NEW(arena, struct node);
    *n = *from;
    n->id = graph->count;
    n->operand = ARENA_ARRAY(arena, int, n->count + 1);
    for (int i = 0; i < n->count; i++)
        n->operand[i] = instead[from->operand[i] - first];
    if (graph_infer(graph, n))
        return -1;
    ARENA_PUSH(arena, graph->node, graph->count, graph->room) = n;
    return n->id;
}

int derive_copy(struct graph *graph, int first, int last, int *instead)
{
    for (int id = first; id <= last; id++) {
        if (instead[id - first] < 0)
            instead[id - first] = copy_node(graph, graph->node[id], first, instead);
        if (instead[id - first] < 0)
            return -1;
    }
    return instead[last - first];
}
