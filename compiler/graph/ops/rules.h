/* Shape and type rules, and pieces of derivatives, that several operators share. */
#ifndef INVAR_RULES_H
#define INVAR_RULES_H
#include "graph/op.h"

/* ---- infer rules: NULL, or what does not fit ---- */
const char *rule_float_map(const struct graph *, struct node *);    /* F32.. -> F32 */
const char *rule_number_map(const struct graph *, struct node *);   /* of F32, I32 or I64 -> same */
const char *rule_signed_map(const struct graph *, struct node *);   /* of F32 or I32 -> same */
const char *rule_compare(const struct graph *, struct node *);      /* of any one type -> BOOL */
const char *rule_logic(const struct graph *, struct node *);        /* BOOL.. -> BOOL */
const char *rule_float_row(const struct graph *, struct node *);    /* F32[.., n] -> F32[.., 1] */
const char *rule_column(const struct graph *, struct node *);       /* [a, r, c] -> [a, 1, c] */
/* F32 [1, r, c].. -> I64 [1, words, c], digits of an exact sum over all rows */
const char *rule_digits(const struct graph *, struct node *, int64_t words);
/* Sets the shape to that of the numbers whose digits, [words, ..], are an operand. */
const char *rule_of_digits(const struct graph *, struct node *, int operand, int64_t words);
/* The box `part` lies in `whole` from start on, and spans the axis of the batch's rows. */
const char *rule_inside(const struct shape *part, const struct shape *whole,
                        const int64_t *start);
/* The shape has the attribute's axes of windows, and after them those of their taps. */
const char *rule_windows(const struct shape *, const struct attr *);
/* x [p, n, c], index [p, r] -> [p, r, c] */
const char *rule_indexed(const struct shape *x, const struct shape *index, struct shape *result);
/* x [p, r, c], index [p, r] -> [p, n, c] of that type, whose shape the node has already. */
const char *rule_scattered(const struct graph *, struct node *, enum dtype);
/* a [p, n, c], lines along n -> the same; operands may be several. */
const char *rule_line(const struct graph *, struct node *);
const char *rule_random(const struct graph *, struct node *, enum dtype);
/* For rules of their own: sets the shape to that of the operands from `first` on, broadcast. */
const char *rule_broadcast(const struct graph *, struct node *, int first);
const char *rule_dtype(const struct graph *, const struct node *, int operand, enum dtype);
struct node *rule_operand(const struct graph *, const struct node *, int operand);

/* ---- pieces of gradient rules: ids of nodes added ---- */
int rule_mul(struct gradient *, int a, int b);
int rule_div(struct gradient *, int a, int b);
int rule_neg(struct gradient *, int a);
int rule_scale(struct gradient *, float factor, int a);
int rule_unary(struct gradient *, enum op, int a);
/* x where condition, else +0, and the reverse */
int rule_where(struct gradient *, int condition, int x);
int rule_where_not(struct gradient *, int condition, int x);
/* BOOL: this element's place along `axis` of `shape` is that in `index`, which broadcasts. */
int rule_at(struct gradient *, const struct shape *shape, int axis, int index);
/* dy at the place in each row of x that is in `index`, else +0: the gradient of choosing it. Where
 * x is transposed, it is made in the order of axes before that, in which it will be read. */
int rule_chosen(struct gradient *, int x, int index, int dy);
/* Along the middle axis of three, each element what the one before it is, or with `back` the one
 * behind it; +0 where there is none. */
int rule_shift(struct gradient *, int x, bool back);
/* min and max: dy to operand 0 where condition, else to operand 1. */
void rule_either(struct gradient *, const struct node *, int condition, int dy);
/* A reduction whose gradient reaches all elements alike: dy broadcast to operand 0. */
void rule_spread(struct gradient *, const struct node *, int dy);

#endif
