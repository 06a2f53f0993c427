/* What the fuzzers share: files of inputs, how long they go on, and the end of what hangs. */
#ifndef INVAR_FUZZ_WATCH_H
#define INVAR_FUZZ_WATCH_H

#include <fcntl.h>
#include <stdbool.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

/* SIGPROF after so many seconds of processor time, however busy the machine is; 0: no more. */
static inline void watch(int seconds)
{
    struct itimerval timer = { .it_value.tv_sec = seconds };
    setitimer(ITIMER_PROF, &timer, NULL);
}

/* Whether less than that of processor time is used up: so many inputs however busy it is. */
static inline bool time_left(double seconds)
{
    return (double)clock() < seconds * CLOCKS_PER_SEC;
}

/* The file becomes these bytes.  It is cut behind them only: one that is cut to nothing and written
 * anew is brought to disk by ext4 as it is closed, which takes milliseconds for every input. */
static inline bool put_file(const char *name, const void *bytes, size_t size)
{
    int file = open(name, O_WRONLY | O_CREAT, 0666);
    bool good = file >= 0 && write(file, bytes, size) == (ssize_t)size &&
                ftruncate(file, (off_t)size) == 0;
    return (file < 0 || close(file) == 0) && good;
}

#endif
