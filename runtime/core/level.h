/*
 * Kernels are compiled once per instruction-set level under a suffix: -DINV_LEVEL=v3 turns
 * INV_LEVEL_NAME(inv_contract) into inv_contract_v3. Without it the level is "base", the
 * portable reference that every other level equals bit for bit.
 */
#ifndef INV_CORE_LEVEL_H
#define INV_CORE_LEVEL_H

#ifndef INV_LEVEL
#define INV_LEVEL base
#endif

#define INV_LEVEL_PASTE(name, level) name##_##level
#define INV_LEVEL_EXPAND(name, level) INV_LEVEL_PASTE(name, level)
#define INV_LEVEL_NAME(name) INV_LEVEL_EXPAND(name, INV_LEVEL)

#define INV_LEVEL_QUOTE(level) #level
#define INV_LEVEL_STRING(level) INV_LEVEL_QUOTE(level)
#define INV_LEVEL_TEXT INV_LEVEL_STRING(INV_LEVEL)

#endif
