/* A contraction over several axes: inv_contract and inv_contract_windows of core/contract.h. */
#ifndef INV_OPS_CONTRACT_H
#define INV_OPS_CONTRACT_H

#include "core/contract.h"


#endif
