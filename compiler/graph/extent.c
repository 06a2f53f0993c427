#include "graph/extent.h"

#include <stdio.h>
#include <stdlib.h>

struct extent extent_of(const struct shape *shape, int axis)
{
    int64_t dim = shape->dim[axis];
    return axis == shape->rows ? (struct extent){.rows = dim} : (struct extent){.constant = dim};
}

struct extent extent_between(const struct shape *shape, int first, int last)
{
    struct extent extent = {.constant = 1};
    for (int axis = first; axis < last; axis++)
        extent = extent_multiply(extent, extent_of(shape, axis));
    return extent;
}

struct extent extent_of_all(const struct shape *shape)
{
    return extent_between(shape, 0, shape->rank);
}

struct extent extent_multiply(struct extent a, struct extent b)
{
    if (a.rows != 0 && b.rows != 0) {
        fprintf(stderr, "invar: bug: an extent holds the batch's rows twice\n");
        abort();
    }
    return (struct extent){.constant = a.constant * b.constant,
                           .rows = a.rows * b.constant + a.constant * b.rows};
}

bool extent_equal(struct extent a, struct extent b)
{
    return a.constant == b.constant && a.rows == b.rows;
}

bool extent_is(struct extent extent, int64_t value)
{
    return extent.constant == value && extent.rows == 0;
}

int64_t extent_at(struct extent extent, int64_t rows)
{
    return extent.constant + extent.rows * rows;
}
