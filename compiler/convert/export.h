/* invar export: a trained model as a file that others read. */
#ifndef INVAR_EXPORT_H
#define INVAR_EXPORT_H
#include "graph/program.h"
#include "host/claims.h"

struct export_request {
    const char *weights, *out;          /* out: NULL for the form's own name */
    bool fields;                        /* inputs are the model's fields, else cells as read */
    struct inv_claims *claims;
};

/* A form of what is written.  Others add rows. */
struct export_form {
    const char *name, *suffix;          /* "npz", ".npz": NAME.npz */
    bool lowered;                       /* takes a program that was lowered with notes_calls, no
                                         * further; else all passes have run */
    int (*write)(struct program *, const struct export_request *); /* exit status */
};

extern const struct export_form export_forms[];     /* ends with a name NULL */
int export_onnx(struct program *, const struct export_request *);
/* export_weights.c: the weights alone. */
int export_npz(struct program *, const struct export_request *);
int export_torch(struct program *, const struct export_request *);
int export_keras(struct program *, const struct export_request *); /* export_keras.c */
int export_c_header(struct program *, const struct export_request *);

#endif
