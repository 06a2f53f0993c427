/* Numbers that depend on the batch's rows b: constant + rows * b. */
#ifndef INVAR_EXTENT_H
#define INVAR_EXTENT_H
#include "graph/graph.h"

struct extent { int64_t constant, rows; };

struct extent extent_of(const struct shape *, int axis);
/* The product of axes first .. last - 1. */
struct extent extent_between(const struct shape *, int first, int last);
struct extent extent_of_all(const struct shape *);      /* elements */
/* One of them holds the rows at most. */
struct extent extent_multiply(struct extent, struct extent);
bool extent_equal(struct extent, struct extent);
bool extent_is(struct extent, int64_t);
/* With so many rows. */
int64_t extent_at(struct extent, int64_t rows);

#endif
