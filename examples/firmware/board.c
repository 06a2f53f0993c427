/* Start-up and semihosting of Cortex-M and RISC-V machines; the functions of memory that gcc
 * takes for granted, so that no libc is needed.  Semihosting: Arm's "Semihosting for AArch32 and
 * AArch64", and the RISC-V specification of the same name. */
#include "board.h"
#include <stddef.h>
#include <stdint.h>

extern unsigned char data_start[], data_end[], data_load[], bss_start[], bss_end[], stack_top[];
int main(void);
void reset(void);

enum { SYS_WRITE0 = 0x04, SYS_EXIT = 0x18, EXIT_DONE = 0x20026, EXIT_FAILED = 0x20024 };

/* gcc would make a call of memcpy out of the loop of memcpy itself. */
#define NO_IDIOMS __attribute__((optimize("no-tree-loop-distribute-patterns")))

NO_IDIOMS void *memcpy(void *restrict to, const void *restrict from, size_t count)
{
    unsigned char *t = to;
    const unsigned char *f = from;
    for (size_t i = 0; i < count; i++)
        t[i] = f[i];
    return to;
}

NO_IDIOMS void *memset(void *to, int value, size_t count)
{
    unsigned char *t = to;
    for (size_t i = 0; i < count; i++)
        t[i] = (unsigned char)value;
    return to;
}

NO_IDIOMS void *memmove(void *to, const void *from, size_t count)
{
    unsigned char *t = to;
    const unsigned char *f = from;
    if (t < f)
        return memcpy(to, from, count);
    while (count-- > 0)
        t[count] = f[count];
    return to;
}

static void start(void)
{
    memcpy(data_start, data_load, (size_t)(data_end - data_start));
    memset(bss_start, 0, (size_t)(bss_end - bss_start));
    board_exit(main());
}

#if defined(__arm__)

__attribute__((section(".vectors"), used)) static void *const vectors[] = {
    stack_top, (void *)reset, (void *)reset, (void *)reset};

/* Lets the program use the FPU, where there is one: CPACR, coprocessors 10 and 11. */
void reset(void)
{
#if defined(__ARM_FP)
    *(volatile uint32_t *)0xe000ed88u |= 0xfu << 20;
    __asm__ volatile("dsb\nisb" ::: "memory");
#endif
    start();
}

static void semihost(uintptr_t operation, uintptr_t argument)
{
    register uintptr_t r0 __asm__("r0") = operation;
    register uintptr_t r1 __asm__("r1") = argument;
    __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
}

#else

/* mstatus.FS, so that the FPU may be used, where there is one. */
#if defined(__riscv_flen)
#define ALLOW_FPU "li t0, 0x2000\n csrs mstatus, t0\n"
#else
#define ALLOW_FPU ""
#endif

__attribute__((naked, section(".vectors"), used)) void reset(void)
{
    __asm__ volatile("la sp, stack_top\n" ALLOW_FPU "j begin");
}

__attribute__((used)) void begin(void)
{
    start();
}

static void semihost(uintptr_t operation, uintptr_t argument)
{
    register uintptr_t a0 __asm__("a0") = operation;
    register uintptr_t a1 __asm__("a1") = argument;
    __asm__ volatile(".option push\n.option norvc\n.balign 16\n"
                     "slli x0, x0, 0x1f\nebreak\nsrai x0, x0, 7\n.option pop"
                     : "+r"(a0) : "r"(a1) : "memory");
}

#endif

void board_print(const char *text)
{
    semihost(SYS_WRITE0, (uintptr_t)text);
}

void board_exit(int status)
{
    semihost(SYS_EXIT, status == 0 ? EXIT_DONE : EXIT_FAILED);
    for (;;)
        ;
}
