/* The time, and what depends on where a clock is set. */
#include "lint/rule.h"

static const char CURE[] = "take what it decides from the data or the model; for what is only "
                           "printed, allow it with the reason";

static const struct named named[] = {
    {.names = "time clock gettimeofday clock_gettime ftime timespec_get times getrusage "
              "localtime localtime_r mktime ctime ctime_r tzset rdtsc _rdtsc __rdtsc __rdtscp "
              "ia32_rdtsc ia32_rdtscp readcyclecounter cntvct millis micros esp_timer_get_time "
              "xTaskGetTickCount k_uptime_get k_cycle_get_32 HAL_GetTick GetTickCount "
              "GetTickCount64 QueryPerformanceCounter omp_get_wtime MPI_Wtime",
     .why = "() is another in every run, or where a clock is set otherwise", .cure = CURE},
    {.words = "rdtsc rdtscp cntvct_el0 cntpct_el0 pmccntr_el0 rdcycle rdtime rdcycleh rdtimeh mftb",
     .why = " is another in every run", .cure = CURE},
    {.why = NULL}};

static void read(struct look *look, const struct text_file *f)
{
    for (int i = 0; i < f->tokens; i++)
        if (f->token[i].kind == CXToken_Identifier &&
            name_is_one(f->token[i].text, "__DATE__ __TIME__ __TIMESTAMP__"))
            look_find(look, (struct place){f, f->token[i].offset}, CURE,
                      "%s makes another program of the same source", f->token[i].text);
}

const struct rule lint_time = {
    .name = "time",
    .finds = "clocks, cycle counters, time zones, __DATE__",
    .named = named,
    .file = read,
};
