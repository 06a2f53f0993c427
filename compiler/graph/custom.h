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

/* The operator that the function belongs to, and *argument, whose gradient it is, or
 * CUSTOM_FORWARD; NULL where it is none's. */
const struct custom *custom_find(const struct program *, const char *function, int *argument);
/* "f", or "f_gradient_x". */
const char *custom_function(struct arena *, const struct custom *, int argument);
/* Does its C have that function?  Comments, texts and what macros put together do not count. */
bool custom_has(const struct program *, const struct custom *, int argument);
/* What the C includes beside headers of the system, core/arith.h and ops/NAME.h, or NULL. */
const char *custom_foreign(struct arena *, const char *text);
/* "void f(float *, const float *, inv_index)" */
const char *custom_prototype(struct arena *, const struct custom *, int argument);
/* Whether an operator may have the name: it is not that of another one's gradient. */
bool custom_may_be_named(const char *);
/* The path of its C as emitted sources name it. */
const char *custom_file(const struct program *, const struct custom *);

#endif
