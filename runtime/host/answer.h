/* Predictions for rows that lie in arrays, with the bits of --predict: cells as a data file has
 * them in, outputs out. */
#ifndef INV_HOST_ANSWER_H
#define INV_HOST_ANSWER_H
#include "invar.h"
#include "errors.h"
#include "fitted.h"

/* The fields that are no labels and no keys, in the order of the data declaration: its number from
 * *at on, which moves behind it, or -1. */
int inv_answer_input(const struct inv_model *, int *at);
/* The variable that has the shape and dtype of a row of the input: f32, or i32 with classes. */
const struct inv_variable *inv_answer_cells(const struct inv_model *, int field);
/* Likewise the outputs, without that which generates text; NULL behind the last. */
const struct inv_variable *inv_answer_output(const struct inv_model *, int *at);

struct inv_answer {
    const struct inv_model *model;
    const struct inv_fitted *fitted;    /* names of columns, for messages */
    struct inv_errors *errors;
    struct inv_run run;                 /* its arena has the weights; no phase has to have run */
    unsigned char **missing;            /* of fields that fill: which elements of the batch are */
};

void inv_answer_begin(struct inv_answer *); /* model, fitted, errors and run must be set */
void inv_answer_end(struct inv_answer *);
/* Puts rows of a field into the batch from slot 0 on, a batch at most: dense, row after row; NaN is
 * a missing cell.  `first` is the number of the first row, for messages.  0 after an error. */
int inv_answer_put(struct inv_answer *, int field, const void *cells, int64_t first, int64_t rows);
/* Computes the outputs of the batch, which then lie in their variables; 0 after an error. */
int inv_answer_run(struct inv_answer *, int64_t first, int64_t rows);

#endif
