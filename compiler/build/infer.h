/* A trained model as a product: a library of six functions, its header, a file for pkg-config, and
 * a command. */
#ifndef INVAR_BUILD_INFER_H
#define INVAR_BUILD_INFER_H
#include "build/build.h"

struct infer_options {
    const char *weights;                /* the file of those that go inside */
    bool python;                        /* a package for Python, too */
};

/* Of `out`, DIR/NAME: DIR/libNAME.so, DIR/NAME.h, DIR/NAME.pc, the command DIR/NAME, and the wheel
 * in DIR.  requires: pass_inference and pass_plan have run. */
int build_infer(const struct program *, const char *out, const struct infer_options *,
                const struct build_options *, struct inv_claims *);

#endif
