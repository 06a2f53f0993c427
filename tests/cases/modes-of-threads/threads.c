/* Preloaded: new threads begin in the mode that THREAD_MODE names, as a library may set it. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fenv.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

typedef int create_thread(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);

struct start {
    void *(*function)(void *);
    void *argument;
};

static void set_mode(const char *mode)
{
#if defined(__x86_64__)
    if (!strcmp(mode, "flush_to_zero"))
        __builtin_ia32_ldmxcsr(__builtin_ia32_stmxcsr() | 0x8040);
#elif defined(__aarch64__)
    if (!strcmp(mode, "flush_to_zero"))
        __asm__ volatile("msr fpcr, %0" : : "r"(1ul << 24));
#endif
    if (!strcmp(mode, "upward"))
        fesetround(FE_UPWARD);
    if (!strcmp(mode, "toward_zero"))
        fesetround(FE_TOWARDZERO);
    if (!strcmp(mode, "trap"))
        feenableexcept(FE_INEXACT | FE_UNDERFLOW);
}

static void *begin(void *argument)
{
    struct start start = *(struct start *)argument;
    free(argument);
    set_mode(getenv("THREAD_MODE"));
    return start.function(start.argument);
}

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*function)(void *),
                   void *argument)
{
    create_thread *create = (create_thread *)dlsym(RTLD_NEXT, "pthread_create");
    struct start *start = malloc(sizeof *start);
    *start = (struct start){function, argument};
    return create(thread, attributes, begin, start);
}
