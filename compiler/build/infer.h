/* A trained model as a product: a library of six functions, its header, a file for pkg-config, and
 * a command. */
#ifndef INVAR_BUILD_INFER_H
#define INVAR_BUILD_INFER_H
#include "build/build.h"

/* Of `out`, DIR/NAME: DIR/libNAME.so, DIR/NAME.h, DIR/NAME.pc and the command DIR/NAME, with these
 * weights inside.  requires: pass_inference and pass_plan have run. */
int build_infer(const struct program *, const char *out, const char *weights,
                const struct build_options *, struct inv_claims *);

#endif
