/* A model as a product: a library of functions, its header and a file for pkg-config; of a trained
 * one a command, too. */
#ifndef INVAR_BUILD_INFER_H
#define INVAR_BUILD_INFER_H
#include "build/build.h"

struct infer_options {
    const char *weights;                /* the file of those that go inside; NULL: the library
                                         * trains, and has none */
    bool python;                        /* a package for Python, too */
};

/* Of `out`, DIR/NAME: DIR/libNAME.so, DIR/NAME.h, DIR/NAME.pc, with weights the command DIR/NAME,
 * and the wheel in DIR.  requires: pass_plan has run, with weights pass_inference, too. */
int build_infer(const struct program *, const char *out, const struct infer_options *,
                const struct build_options *, struct inv_claims *);

#endif
