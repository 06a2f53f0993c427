/* Units of labels that are scaled. */
#ifndef INVAR_LOWER_UNITS_H
#define INVAR_LOWER_UNITS_H
#include "lower/lower.h"

void lower_begin_units(struct lower *); /* another phase begins */
/* Whether the model has an argument that is a scaled label, so that metrics and outputs wait. */
bool lower_has_units(const struct lower *);
/* (x - a) / b of the field's fitted buffers */
int lower_scale(struct graph *, int x, const struct data_field *);
/* What the model's argument is where the field is v. */
struct value lower_scaled(struct lower *, const struct data_field *, struct value v);
/* What a name's value v is in that frame: in own units, in metrics and outputs. */
struct value lower_own_units(struct lower *, const struct frame *, struct value v);
struct value lower_unscale(struct lower *, struct frame *, struct value x, struct value field,
                           struct span span);
/* Keeps the statement for lower_waiting(); false where it need not wait. */
bool lower_wait(struct lower *, const struct frame *, const char *name, const struct ast *,
                bool metric);
void lower_waiting(struct lower *);     /* at the end of the model's body */

#endif
