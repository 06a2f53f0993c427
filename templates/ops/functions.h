/* Elementary functions of one number, as the rows FUNCTION(..) of compiler/graph/ops.def name them:
 * written by CMake where these change. */
#ifndef INV_OPS_FUNCTIONS_H
#define INV_OPS_FUNCTIONS_H

#include "ops/exp.h"
#include "ops/exp2.h"
#include "ops/expm1.h"
#include "ops/log.h"
#include "ops/log2.h"
#include "ops/log1p.h"
#include "ops/rsqrt.h"
#include "ops/sin.h"
#include "ops/cos.h"
#include "ops/tanh.h"
#include "ops/sigmoid.h"
#include "ops/erf.h"

#define INV_FUNCTIONS(X) \
    X(exp) \
    X(exp2) \
    X(expm1) \
    X(log) \
    X(log2) \
    X(log1p) \
    X(rsqrt) \
    X(sin) \
    X(cos) \
    X(tanh) \
    X(sigmoid) \
    X(erf)

#endif
