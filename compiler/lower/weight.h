/* Weights of classes and rows. */
#ifndef INVAR_LOWER_WEIGHT_H
#define INVAR_LOWER_WEIGHT_H
#include "lower/lower.h"

/* The name `balanced`: weights of the classes of the only label that is a class. */
struct value lower_balanced(struct lower *, struct frame *, struct span);
/* A statement `weight w = column("w")`. */
void lower_weight(struct lower *, const struct ast *);
/* A value of each row times the row's weight, where rows have some; others as they are. */
int lower_weighted(struct lower *, struct value);
/* Where rows have weights: those of the batch's rows, as f32[b, 1, ...] of that rank. */
int lower_row_weights(struct lower *, int rank);
/* Once a phase: adds the batch's weights to those of the part, which `rows` of metrics is then. */
void lower_total_weight(struct lower *);
/* Scalar, where rows have weights: sum / (the sum of those of the batch * elements). */
int lower_over_weights(struct lower *, int sum, int64_t elements);

#endif
