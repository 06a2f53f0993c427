/*
 * The mode of the floating-point unit: round to nearest, subnormal numbers kept, nothing traps.
 * Each thread has one of its own, which libraries and the caller's code may have changed; what
 * computes begins with inv_fpu_enter and ends with inv_fpu_leave. Where it is not known how a
 * machine's mode is read, the self-test alone guards it.
 */
#ifndef INV_CORE_FPU_H
#define INV_CORE_FPU_H

#include "core/arith.h"

/* Bits of the control word that hold the mode, and what they must be. */
#if defined(__SSE__)
#define INV_FPU_MODE 0xffc0u
#define INV_FPU_WANTED 0x1f80u
#elif defined(__aarch64__) || (defined(__arm__) && defined(__ARM_FP))
#define INV_FPU_MODE 0x07c89f07u
#define INV_FPU_WANTED 0u
#elif defined(__riscv_flen)
#define INV_FPU_MODE 7u
#define INV_FPU_WANTED 0u
#elif defined(__powerpc__) && !defined(_SOFT_FLOAT)
#define INV_FPU_MODE 0xffu
#define INV_FPU_WANTED 0u
#elif defined(__s390__)
#define INV_FPU_MODE 0xf8000007u
#define INV_FPU_WANTED 0u
#else
#define INV_FPU_MODE 0u
#define INV_FPU_WANTED 0u
#endif

INV_FN uint32_t inv_fpu_word(void)
{
#if defined(__SSE__)
    uint32_t word;
    __asm__ volatile("stmxcsr %0" : "=m"(word) : : "memory");
    return word;
#elif defined(__aarch64__)
    uint64_t word;
    __asm__ volatile("mrs %0, fpcr" : "=r"(word) : : "memory");
    return (uint32_t)word;
#elif defined(__arm__) && defined(__ARM_FP)
    uint32_t word;
    __asm__ volatile("vmrs %0, fpscr" : "=r"(word) : : "memory");
    return word;
#elif defined(__riscv_flen)
    uint32_t word;
    __asm__ volatile("frrm %0" : "=r"(word) : : "memory");
    return word;
#elif defined(__powerpc__) && !defined(_SOFT_FLOAT)
    union { double real; uint64_t bits; } word;
    __asm__ volatile("mffs %0" : "=d"(word.real) : : "memory");
    return (uint32_t)word.bits;
#elif defined(__s390__)
    uint32_t word;
    __asm__ volatile("efpc %0" : "=d"(word) : : "memory");
    return word;
#else
    return 0;
#endif
}

INV_FN void inv_fpu_set_word(uint32_t word)
{
#if defined(__SSE__)
    /* invar-lint: allow rounding because this is what sets the mode that trainers compute in */
    __asm__ volatile("ldmxcsr %0" : : "m"(word) : "memory");
#elif defined(__aarch64__)
    __asm__ volatile("msr fpcr, %0" : : "r"((uint64_t)word) : "memory");
#elif defined(__arm__) && defined(__ARM_FP)
    __asm__ volatile("vmsr fpscr, %0" : : "r"(word) : "memory");
#elif defined(__riscv_flen)
    __asm__ volatile("fsrm %0" : : "r"(word) : "memory");
#elif defined(__powerpc__) && !defined(_SOFT_FLOAT)
    union { uint64_t bits; double real; } image = {word};
    __asm__ volatile("mtfsf 0xff, %0" : : "d"(image.real) : "memory");
#elif defined(__s390__)
    __asm__ volatile("sfpc %0" : : "d"(word) : "memory");
#else
    (void)word;
#endif
}

/* Sets the bits of the mode, and leaves flags and all else as they are. */
INV_FN void inv_fpu_set_mode(uint32_t mode)
{
    inv_fpu_set_word((inv_fpu_word() & ~INV_FPU_MODE) | mode);
}

/* The mode as it was; from here on it is the one that docs/numerics.md demands. */
INV_FN uint32_t inv_fpu_enter(void)
{
    uint32_t mode = inv_fpu_word() & INV_FPU_MODE;
    if (mode != INV_FPU_WANTED)
        inv_fpu_set_mode(INV_FPU_WANTED);
    return mode;
}

/* Back to what inv_fpu_enter returned. */
INV_FN void inv_fpu_leave(uint32_t mode)
{
    if (mode != INV_FPU_WANTED)
        inv_fpu_set_mode(mode);
}

#endif
