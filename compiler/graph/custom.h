/* Operators whose C the model brings along: what it defines, and how it is called.
 *
 * Operator f(x, w) -> .. is the C function f, and f_gradient_x and f_gradient_w where the file has
 * them, each called once for each row and each of the leading axes:
 *
 *     void f(OUT *out, const X *x, const W *w, inv_index number ..)
 *     void f_gradient_x(float *out, const X *x, const W *w, const float *result,
 *                       const float *gradient, inv_index number ..)
 *
 * with float or int32_t for X, W and OUT, and out full of zeros. */
#ifndef INVAR_GRAPH_CUSTOM_H
#define INVAR_GRAPH_CUSTOM_H
#include "graph/program.h"

enum { CUSTOM_FORWARD = -1 };

/* Of its functions' names in emitted sources. */
#define CUSTOM_PREFIX "inv_operator_"

/* The operator that the function belongs to, and *argument, whose gradient it is, or
 * CUSTOM_FORWARD; NULL where it is none's. */
const struct custom *custom_find(const struct program *, const char *function, int *argument);
/* "f", or "f_gradient_x". */
const char *custom_function(struct arena *, const struct custom *, int argument);
/* Does its C define that function?  What macros put together does not count. */
bool custom_has(const struct program *, const struct custom *, int argument);
/* "void f(float *out, const float *x, inv_index n)", as its author writes it; or, not `named`, as
 * emitted sources declare it, by a name of their own and without those of arguments. */
const char *custom_prototype(struct arena *, const struct custom *, int argument, bool named);
/* Whether an operator may have the name: it is not that of another one's gradient. */
bool custom_may_be_named(const char *);
/* The path of its C as emitted sources name it. */
const char *custom_file(const struct program *, const struct custom *);

#endif
