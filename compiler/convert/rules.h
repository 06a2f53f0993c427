/* The functions that rules.def names. */
#ifndef INVAR_CONVERT_RULES_H
#define INVAR_CONVERT_RULES_H
#include "convert/read.h"

/* What a map or view of values is of: the rank, extents and rows of operands that broadcast, and
 * the order that the first with one of its own has; false after a refusal. */
bool broadcast_shape(struct call *, int count, struct value *const *, struct value *shape);
/* The text with each @I replaced by operand[I], each {NAME:NUMBER} by an attribute. */
const char *fill_text(struct call *, const char *text, const char *const *operand);
/* The text of that, and its shape; NULL after a refusal. */
const char *map_text(struct call *, int count, struct value *const *in, const char *form,
                     struct value *shape);
/* What operands of one shape give: the text of them (fill_text), of that type. */
void give_map(struct call *, int count, struct value *const *in, int type, const char *text);
/* An operand whose axes stand at those of the first input from one on: with ones behind them; false
 * after a refusal. */
bool put_at_axis(struct call *, struct value *, int64_t axis, struct value *moved);
/* The same of the type of the first, whose whole numbers may leave it. */
void give_around(struct call *, int count, struct value *const *in, const char *text);
/* The text of whole numbers of a type of few bits, which go around. */
const char *wrapped(struct call *, int type, const char *text);
void give_whole_remainder(struct call *, bool of_first);
/* The text, rounded to a type of real numbers of few bits: the node's result. */
void give_few_real(struct call *, const struct value *shape, const char *text, int type);
/* Like v, with axes in order and no elements said yet. */
struct value like(const struct value *v);

/* Places that are written down one by one. */
enum { MOST_PLACES = 1 << 22 };
/* Turns of a loop that are. */
enum { MOST_TURNS = 4096 };
/* Kinds of types that a model file tells apart. */
enum { TYPE_REAL = 1, TYPE_WHOLE = 2, TYPE_TRUTH = 4 };
/* Whether so many inputs from `first` on have one kind of type, which is allowed; else refused. */
bool has_types(struct call *, int first, int count, int allowed);
/* The text with one axis last; *shape: of the result, whose text has its axes so.  NULL:
 * refused. */
const char *axis_last(struct call *, struct value *x, int axis, struct value *shape);
/* Elements a..b of an axis of a text of n axes with these extents: "[0..3, a..b]". */
const char *range_text(struct arena *, int n, const int64_t *dim, int axis, int64_t a, int64_t b);
/* The places of an axis, as they come: from the axis of the text of that number. */
const char *take_text(struct call *, const char *text, int axis, int64_t count,
                      const int64_t *place);
/* A Gather of a table by an input of classes; false where it is another. */
bool give_embedding(struct call *);
/* The node's first input as an array of these extents, whose axis `shape->rows` is the batch's. */
void give_reshaped(struct call *, struct value *shape);
/* Elements of all axes. */
int64_t elements_of(const struct value *);

#define RULE(op, since, least, most, attributes, write, fold, text) \
    void onnx_##write(struct call *);
#include "convert/rules.def"

/* Whether the rule leaves numbers of a constant as they are, in other places at most. */
bool fold_copies(const struct rule *);

/* Those of constants; NULL where they are not known after all. */
const struct tensor *fold_binary(struct call *);
const struct tensor *fold_cast(struct call *);
const struct tensor *fold_compare(struct call *);
const struct tensor *fold_concat(struct call *);
const struct tensor *fold_expand(struct call *);
const struct tensor *fold_filled(struct call *);
const struct tensor *fold_floor(struct call *);
const struct tensor *fold_gather(struct call *);
const struct tensor *fold_identity(struct call *);
const struct tensor *fold_logic(struct call *);
const struct tensor *fold_mod(struct call *);
const struct tensor *fold_neg(struct call *);
const struct tensor *fold_prod(struct call *);
const struct tensor *fold_range(struct call *);
const struct tensor *fold_reshape(struct call *);
const struct tensor *fold_slice(struct call *);
const struct tensor *fold_squeeze(struct call *);
const struct tensor *fold_transpose(struct call *);
const struct tensor *fold_unsqueeze(struct call *);
const struct tensor *fold_where(struct call *);

#endif
