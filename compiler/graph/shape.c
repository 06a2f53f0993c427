/* Shapes: at most one axis is the batch's (its extent is dim * b), all others are constant. */
#include "graph/graph.h"

#include <assert.h>

int64_t shape_elements(const struct shape *shape)
{
    int64_t product = 1;
    for (int i = 0; i < shape->rank; i++)
        product *= shape->dim[i];
    return product;
}

bool shape_equal(const struct shape *a, const struct shape *b)
{
    if (a->rank != b->rank || a->rows != b->rows)
        return false;
    for (int i = 0; i < a->rank; i++)
        if (a->dim[i] != b->dim[i])
            return false;
    return true;
}

struct shape shape_scalar(void)
{
    return (struct shape){.rank = 0, .rows = -1};
}

struct shape shape_of(int rank, int rows, const int64_t *dim)
{
    assert(rank >= 0 && rank <= RANK_MAX && rows >= -1 && rows < rank);
    struct shape shape = {.rank = rank, .rows = rows};
    for (int i = 0; i < rank; i++)
        shape.dim[i] = dim[i];
    return shape;
}

/* Axis `from_end` counted from the last (0), as if endless ones stood before the first. */
static int64_t extent(const struct shape *shape, int from_end, bool *rows)
{
    int axis = shape->rank - 1 - from_end;
    *rows = axis >= 0 && axis == shape->rows;
    return axis < 0 ? 1 : shape->dim[axis];
}

int shape_common_suffix(const struct shape *a, const struct shape *b)
{
    int n = 0;
    while (n < a->rank && n < b->rank) {
        int i = a->rank - 1 - n, j = b->rank - 1 - n;
        if (a->dim[i] != b->dim[j] || (i == a->rows) != (j == b->rows))
            break;
        n++;
    }
    return n;
}

bool shape_broadcast(const struct shape *a, const struct shape *b, struct shape *result)
{
    struct shape out = {.rank = a->rank > b->rank ? a->rank : b->rank, .rows = -1};
    for (int i = 0; i < out.rank; i++) {
        bool a_rows, b_rows;
        int64_t a_dim = extent(a, i, &a_rows), b_dim = extent(b, i, &b_rows);
        bool a_one = a_dim == 1 && !a_rows, b_one = b_dim == 1 && !b_rows;
        if (!a_one && !b_one && (a_dim != b_dim || a_rows != b_rows))
            return false;
        out.dim[out.rank - 1 - i] = a_one ? b_dim : a_dim;
        if (!a_rows && !b_rows)
            continue;
        if (out.rows >= 0)
            return false;
        out.rows = out.rank - 1 - i;
    }
    *result = out;
    return true;
}

int64_t dtype_bytes(enum dtype dtype)
{
    return dtype == I64 ? 8 : 4;
}

const char *dtype_name(enum dtype dtype)
{
    static const char *const names[] = {
        [F32] = "f32", [I32] = "i32", [BOOL] = "bool", [I64] = "i64"};
    return names[dtype];
}

void shape_add(struct text *text, enum dtype dtype, const struct shape *shape)
{
    text_puts(text, dtype_name(dtype));
    for (int i = 0; i < shape->rank; i++) {
        text_puts(text, i == 0 ? "[" : ", ");
        if (i == shape->rows)
            text_puts(text, shape->dim[i] == 1 ? "b" : "b*");
        if (i != shape->rows || shape->dim[i] != 1)
            text_int(text, shape->dim[i]);
    }
    if (shape->rank > 0)
        text_puts(text, "]");
}

const char *shape_print(struct arena *arena, enum dtype dtype, const struct shape *shape)
{
    struct text text;
    text_init(&text, arena);
    shape_add(&text, dtype, shape);
    return text.data;
}
