/* Clocks. */
#include <stdint.h>
#include <sys/time.h>
#include <time.h>

static const char built[] = __DATE__;                   // found: time

static uint64_t clock_of(int step) { return (uint64_t)step * 7; }

uint64_t faults(void)
{
    struct timeval tv;
    struct timespec ts;
    uint64_t seed = (uint64_t)time(NULL);               // found: time
    gettimeofday(&tv, NULL);                            // found: time
    clock_gettime(CLOCK_MONOTONIC, &ts);                // found: time
    seed += (uint64_t)clock();                          // found: time
    time_t at = 86400;
    seed += (uint64_t)localtime(&at)->tm_hour;          // found: time
    seed += __builtin_ia32_rdtsc();                     // found: time
    unsigned low, high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));  // found: time
    return seed + (uint64_t)built[0] + low + high;
}

/* Fields of a date that is given, in the time zone of all. */
int harmless(time_t at)
{
    struct tm fields;
    int time = 3;
    return gmtime_r(&at, &fields)->tm_mday + time + (int)clock_of(2);
}
