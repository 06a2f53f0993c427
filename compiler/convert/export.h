/* invar export: a trained model as a file that others read. */
#ifndef INVAR_EXPORT_H
#define INVAR_EXPORT_H
#include "graph/program.h"
#include "host/claims.h"

struct export_request {
    const char *weights, *out;          /* out: NULL for the form's own name */
    struct inv_claims *claims;
};

/* A form of what is written.  Others add rows. */
struct export_form {
    const char *name, *suffix;          /* "npz", ".npz": NAME.npz */
    int (*write)(struct program *, const struct export_request *); /* exit status */
};

extern const struct export_form export_forms[];     /* ends with a name NULL */
/* export_weights.c: the weights alone. */
int export_npz(struct program *, const struct export_request *);
int export_torch(struct program *, const struct export_request *);
int export_c_header(struct program *, const struct export_request *);

#endif
