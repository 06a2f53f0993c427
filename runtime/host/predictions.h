/* Outputs of rows as a file: CSV, NPY or JSON lines. */
#ifndef INV_HOST_PREDICTIONS_H
#define INV_HOST_PREDICTIONS_H
#include "invar.h"
#include "fitted.h"
#include "output.h"

enum inv_format { INV_FORMAT_CSV, INV_FORMAT_NPY, INV_FORMAT_JSONL };

struct inv_predictions {
    const struct inv_model *model;
    const struct inv_fitted *fitted;    /* names of classes that the model does not list */
    enum inv_format format;
    int lead_count;                     /* columns before the outputs, and their names */
    char **lead;
    struct inv_output out;
    FILE *body;                         /* npy: the rows, until their number is known */
    int64_t rows;
};

/* The format of that name, or that the end of a path stands for, else INV_FORMAT_CSV; -1: there is
 * no format of that name. */
int inv_format_of(const char *name, const char *path);
/* Whether the model has outputs to predict, beside what generates text. */
int inv_predictions_any(const struct inv_model *);
/* What field number `field` holds at that place of its INV_INPUT variable: the name of a class, or
 * a number, which is written to `text`. */
enum { INV_ELEMENT_TEXT = 32 };
const char *inv_predictions_field(const struct inv_predictions *, int field,
                                  const unsigned char *at, char text[INV_ELEMENT_TEXT]);
/* One more column before the outputs. */
void inv_predictions_lead(struct inv_predictions *, const char *name, int length);
/* model, fitted and format must be set, and the columns before the outputs; 0 after an error. */
int inv_predictions_open(struct inv_predictions *, const char *path, struct inv_errors *);
/* Row `slot` of the outputs in the arena, or one without any (-1: empty cells, null, NaN); the
 * texts of its columns before them. */
void inv_predictions_row(struct inv_predictions *, const unsigned char *arena, int64_t slot,
                         const char *const *lead);
/* 1 where the file is in place; 0 too where it was not wanted: then there is none. */
int inv_predictions_close(struct inv_predictions *, int wanted);
void inv_predictions_free(struct inv_predictions *);

#endif
