/* Which outputs stand for the classes of a field that has names for them. */
#ifndef INVAR_LOWER_LABEL_H
#define INVAR_LOWER_LABEL_H
#include "lower/lower.h"

/* Notes which arguments of a call have the classes of which as their last axis. */
void lower_note_classes(struct lower *, struct frame *, const struct ast *formals);
/* At the end of the model's body when evaluating: names whose values have such an axis. */
void lower_keep_labelled(struct lower *, const struct frame *);
/* The same when predicting: sets variable.labels of outputs. */
void lower_label_outputs(struct lower *, const struct frame *);

#endif
