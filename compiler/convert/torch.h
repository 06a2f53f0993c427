/* What PyTorch calls a parameter, and in which order it has its axes. */
#ifndef INVAR_TORCH_H
#define INVAR_TORCH_H
#include "graph/program.h"
#include "host/tensors.h"

struct torch_form {
    const char *name;                   /* "stage.0.dense1.weight" */
    int order[INV_RANK];                /* its axis i is axis order[i] here */
    bool known;                         /* false: the layer is none of PyTorch's, or has its weights
                                         * in another form there: it stays as it is */
};

struct torch_form torch_form(const struct program *, const struct variable *);
/* "stage/0/dense1/w" as "stage.0.dense1.w". */
const char *torch_dotted(struct arena *, const char *path);

#endif
