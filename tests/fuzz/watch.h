/* The end of what hangs, for the fuzzers. */
#ifndef INVAR_FUZZ_WATCH_H
#define INVAR_FUZZ_WATCH_H

#include <sys/time.h>

/* SIGPROF after so many seconds of processor time, however busy the machine is; 0: no more. */
static inline void watch(int seconds)
{
    struct itimerval timer = { .it_value.tv_sec = seconds };
    setitimer(ITIMER_PROF, &timer, NULL);
}

#endif
