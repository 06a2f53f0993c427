/* invar import: a foreign model as a model file and weights. */
#ifndef INVAR_IMPORT_H
#define INVAR_IMPORT_H
#include <stdbool.h>
#include "host/claims.h"

enum import_rows { ROWS_AUTO, ROWS_FIRST, ROWS_NONE };

struct import_request {
    const char *folder;                 /* where NAME.inv and NAME.safetensors go; NULL: here */
    bool infer;                         /* dropout is left out, batch norm fixed */
    enum import_rows rows;              /* whether the first axis of inputs is the batch */
    struct inv_claims *claims;
    /* Whether the text of a model file compiles; if not, errors are printed, and *line is that of
     * the first. */
    bool (*compiles)(const char *path, const char *text, int *line);
};

/* By what the file begins with: of Keras, or of ONNX.  Exit status, as of both. */
int import_file(const char *path, const struct import_request *);
int import_onnx(const char *path, const struct import_request *);
int import_keras(const char *path, const struct import_request *);

#endif
