/* measure RESULT COMMAND...: runs it and writes to RESULT the second it started at
 * (CLOCK_MONOTONIC), its wall-clock and CPU seconds and its largest resident memory in bytes.
 * Small itself, since Linux counts the memory of who forks as the child's. */
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static double of_timeval(struct timeval t)
{
    return (double)t.tv_sec + 1e-6 * (double)t.tv_usec;
}

int main(int argc, char **argv)
{
    if (argc < 3)
        return fprintf(stderr, "usage: measure RESULT COMMAND...\n"), 2;
    double start = seconds();
    pid_t child = fork();
    if (child == 0) {
        execvp(argv[2], argv + 2);
        _exit(127);
    }
    int status = 1;
    struct rusage used;
    if (child < 0 || wait4(child, &status, 0, &used) < 0 || status != 0)
        return fprintf(stderr, "measure: %s failed\n", argv[2]), 1;
    double wall = seconds() - start;
    FILE *result = fopen(argv[1], "w");
    if (!result)
        return fprintf(stderr, "measure: cannot write %s\n", argv[1]), 1;
    fprintf(result, "%.9f %.9f %.6f %lld\n", start, wall,
            of_timeval(used.ru_utime) + of_timeval(used.ru_stime), used.ru_maxrss * 1024LL);
    return fclose(result) != 0;
}
