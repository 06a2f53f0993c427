/*
 * Kernels are compiled once per instruction-set level under a suffix: -DINV_LEVEL=avx2 turns
 * INV_LEVEL_NAME(inv_contract) into inv_contract_avx2. Without it the level is "portable", the
 * reference that every other level equals bit for bit; or "neon", which every AArch64 has.
 */
#ifndef INV_CORE_LEVEL_H
#define INV_CORE_LEVEL_H

#if !defined(INV_LEVEL) && defined(__aarch64__)
#define INV_LEVEL neon
#elif !defined(INV_LEVEL)
#define INV_LEVEL portable
#endif

#define INV_LEVEL_PASTE(name, level) name##_##level
#define INV_LEVEL_EXPAND(name, level) INV_LEVEL_PASTE(name, level)
#define INV_LEVEL_NAME(name) INV_LEVEL_EXPAND(name, INV_LEVEL)

#define INV_LEVEL_QUOTE(level) #level
#define INV_LEVEL_STRING(level) INV_LEVEL_QUOTE(level)
#define INV_LEVEL_TEXT INV_LEVEL_STRING(INV_LEVEL)

#endif
