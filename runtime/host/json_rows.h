/* Rows of a model's inputs as JSON lines: an object a row, {"x": [0.5, 2], "kind": "red"}, whose
 * keys are inputs; a model of one input takes its array alone, too: [0.5, 2].  Arrays may be
 * nested; null is a cell without a value; a text is the name of a class, or the classes of its
 * characters.  Other keys are passed over.  (Objects whose keys are columns are tables, which csv.c
 * reads.) */
#ifndef INV_HOST_JSON_ROWS_H
#define INV_HOST_JSON_ROWS_H
#include "answer.h"
#include "fitted.h"
#include "stream.h"

struct inv_json_rows {                  /* set model, fitted, errors; zero the rest */
    const struct inv_model *model;
    const struct inv_fitted *fitted;
    struct inv_errors *errors;
    struct inv_stream stream;
    char *line;
    size_t room;
    int64_t number;                     /* of the line */
    unsigned char *seen;                /* elements of the field at hand that have a value */
};

/* 0 after an error; closing is needed in both cases.  "-" is standard input. */
int inv_json_rows_open(struct inv_json_rows *, const char *path);
/* The next row: cells[f] gets those of field f, as inv_answer_put takes them.  1; 0: no more; -1
 * after an error.  Blank lines are passed over. */
int inv_json_rows_next(struct inv_json_rows *, unsigned char *const *cells);
void inv_json_rows_close(struct inv_json_rows *);

#endif
