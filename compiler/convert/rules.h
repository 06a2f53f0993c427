/* The functions that rules.def names. */
#ifndef INVAR_CONVERT_RULES_H
#define INVAR_CONVERT_RULES_H
#include "convert/read.h"

/* What a map or view of values is of: the rank, extents and rows of operands that broadcast, and
 * the order that the first with one of its own has; false after a refusal. */
bool broadcast_shape(struct call *, int count, struct value *const *, struct value *shape);
/* The text with each @I replaced by operand[I]. */
const char *fill_text(struct arena *, const char *text, const char *const *operand);
/* Like v, with axes in order and no elements said yet. */
struct value like(const struct value *v);

#define RULE(op, since, least, most, attributes, write, fold, text) \
    void rule_##write(struct call *);
#include "convert/rules.def"

const struct tensor *fold_binary(struct call *);
const struct tensor *fold_identity(struct call *);
const struct tensor *fold_reshape(struct call *);
const struct tensor *fold_transpose(struct call *);

#endif
