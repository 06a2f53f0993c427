/* The optimizers of `train`, with the options of `for`. */
#ifndef INVAR_LOWER_OPTIMIZER_H
#define INVAR_LOWER_OPTIMIZER_H
#include "lower/lower.h"

/* What optimizers are lowered from, and what the one at hand sees. */
struct updates {
    const struct ast *optimizer;        /* the expression of `optimizer` */
    const struct ast **rules;           /* `for` statements */
    int rule_count, rule_room;
    int *gradient, gradient_count;      /* of the trained parameters, in path order */
    int global_norm;                    /* its node, or -1 */
    int norm_first, norm_end;           /* the nodes that make it */
    const struct shape *shape;          /* of the w at hand */
    bool optimizing;                    /* in the body of an optimizer; there: */
    int held;                           /* node that is true while w is frozen; or -1 */
    int counted;                        /* node of the number of updates; -1: the step */
    bool asked_size;                    /* `elements` was called: the optimizer sees one tensor */
    bool asked_norm;                    /* `global_norm` was called: updates wait for it */
};

void lower_setting_optimizer(struct lower *, const struct ast *);
void lower_setting_for(struct lower *, const struct ast *);
bool lower_is_frozen(struct lower *, const char *path);
/* The node that is true while a parameter or buffer is frozen for a time; -1: never. */
int lower_frozen_now(struct lower *, const char *path);
void lower_optimizer(struct lower *);

#endif
