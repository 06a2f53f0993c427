/* The processor's mode. */
#include <fenv.h>
#include <xmmintrin.h>
#include "own.h"

void faults(unsigned word)
{
    fesetround(FE_UPWARD);                              // found: rounding
    _mm_setcsr(word | 0x8040);                          // found: rounding
    _MM_SET_FLUSH_ZERO_MODE(_MM_FLUSH_ZERO_ON);         // found: rounding
    __asm__ volatile("ldmxcsr %0" : : "m"(word));       // found: rounding
}

int harmless(void)
{
    return fegetround() + (int)_mm_getcsr() + fetestexcept(FE_INEXACT);
}
