/* Preloaded into a trainer: puts the floating-point unit into a mode that changes bits, before
 * main.  GUARD_MODE: upward, downward, toward_zero, flush_to_zero, denormals_are_zero. */
#include <fenv.h>
#include <stdlib.h>
#include <string.h>
#if defined(__SSE2__)
#include <xmmintrin.h>
#endif

static void set_control(unsigned bits)
{
#if defined(__SSE2__)
    _mm_setcsr(_mm_getcsr() | bits);
#elif defined(__aarch64__)
    unsigned long control;
    __asm__ volatile("mrs %0, fpcr" : "=r"(control));
    __asm__ volatile("msr fpcr, %0" : : "r"(control | (bits ? 1ul << 24 : 0)));
#else
    abort();
#endif
}

__attribute__((constructor)) static void set_mode(void)
{
    const char *mode = getenv("GUARD_MODE");
    if (mode == NULL)
        return;
    if (strcmp(mode, "upward") == 0)
        fesetround(FE_UPWARD);
    else if (strcmp(mode, "downward") == 0)
        fesetround(FE_DOWNWARD);
    else if (strcmp(mode, "toward_zero") == 0)
        fesetround(FE_TOWARDZERO);
    else
        set_control(strcmp(mode, "flush_to_zero") == 0 ? 0x8000u : 0x0040u);
}
