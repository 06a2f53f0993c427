/* The model's body, lowered once for each phase. */
#ifndef INVAR_LOWER_MODEL_H
#define INVAR_LOWER_MODEL_H
#include "lower/lower.h"

/* A node that stands for what a phase does not have; nothing kept may depend on it. */
struct stand_in { int node; const char *what; };

/* What the model's statements have made so far in the phase. */
struct results {
    int loss;                           /* node of the total loss, or -1 */
    int model_losses;                   /* loss statements in the model's source */
    int loss_count, metric_count, output_count;
    struct binding *metrics;            /* names, for duplicates */
    int accumulated;                    /* totals of the metric at hand */
    bool better_lower;
    struct generate_desc *generate;     /* of the output at hand, or NULL */
    const struct frame *own_frame;      /* of a metric or output: its labels have own units */
    struct stand_in *stand_in;
    int stand_in_count, stand_in_room;
};

void lower_model_statement(struct lower *, struct frame *, const struct ast *);
void lower_phases(struct lower *);
void lower_begin_phase(struct lower *, enum phase, bool training);
/* Frames and names that are made between these lie in an arena of their own: nothing may hold one
 * afterwards.  The first gives what the second takes. */
struct arena *lower_begin_frames(struct lower *);
void lower_end_frames(struct lower *, struct arena *before);
void lower_accumulate(struct lower *, struct frame *, const struct ast *);
void lower_better(struct lower *, struct frame *, const struct ast *);
/* What the node depends on of the stand-ins of this phase, in words, or NULL. */
const char *lower_missing(struct lower *, int node);
void lower_add_stand_in(struct lower *, int node, const char *what);
/* A metric or an output, once guesses are known. */
void lower_result(struct lower *, struct frame *, const char *name, const struct ast *,
                  bool metric);

#endif
