/* A receipt that is read: what it says of a training run (docs/receipts.md). */
#ifndef INV_HOST_STATEMENT_H
#define INV_HOST_STATEMENT_H
#include "json_list.h"
#include "receipt.h"

/* A data file, or weights to begin with. */
struct inv_said_input { const char *name, *kind, *sha256; };

/* Texts are those of `list`. */
struct inv_statement {
    const char *path;                   /* of the receipt */
    char own_sha256[65];                /* of its file */
    struct inv_json_list list;
    const char *weights, *sha256;       /* the subject */
    const char *model, *train, *target, *kernels, *on_nan;
    const char *data, *init;            /* or NULL */
    uint64_t seed;
    int64_t epochs, steps;              /* one of them -1 */
    int64_t receipt_every;              /* or -1 */
    int64_t numerics;
    const char **define;                /* and NULL at the end */
    int defines;
    const char *model_sha256;
    struct inv_said_input *input;
    int inputs;
    const char *started, *finished;
    const char *start, *last, *links;   /* of the chain */
    int64_t done, skipped, every;
    struct inv_mark *mark;
    int64_t marks;
};

#define INV_STATEMENT_METRICS "/predicate/runDetails/byproducts/1/annotations"

/* 0 after an error: no receipt, or one that contradicts itself. */
int inv_statement_read(struct inv_statement *, const char *path, struct inv_errors *);
void inv_statement_free(struct inv_statement *);

#endif
