/* A contraction, fma chains in chunks of 256: inv_contract of core/contract.h. */
#ifndef INV_OPS_MATMUL_H
#define INV_OPS_MATMUL_H

#include "core/contract.h"


#endif
