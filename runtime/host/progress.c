#ifndef _POSIX_C_SOURCE
#define _POSIX_C_SOURCE 200809L
#endif
#include "progress.h"
#include <time.h>
#include <unistd.h>

enum { BAR = 24 };

double inv_progress_clock(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

void inv_progress_begin(struct inv_progress *p, FILE *to, int quiet, int64_t total)
{
    *p = (struct inv_progress){ .total = total };
    if (!quiet && isatty(fileno(to)))
        p->to = to;
    p->start = p->shown = inv_progress_clock();
}

static void print_time(FILE *to, double seconds)
{
    long whole = (long)(seconds + 0.5);
    if (whole >= 3600)
        fprintf(to, "%ld:%02ld:%02ld", whole / 3600, whole / 60 % 60, whole % 60);
    else
        fprintf(to, "%ld:%02ld", whole / 60, whole % 60);
}

static void print_bar(const struct inv_progress *p, int64_t done)
{
    int full = (int)(done * BAR / p->total);
    fputc('[', p->to);
    for (int i = 0; i < BAR; i++)
        fputc(i < full ? '=' : i == full ? '>' : ' ', p->to);
    fprintf(p->to, "] %3d%%", (int)(done * 100 / p->total));
}

void inv_progress_show(struct inv_progress *p, const char *label, int64_t done, int64_t rows)
{
    p->rows += rows;
    if (!p->to)
        return;
    double now = inv_progress_clock(), spent = now - p->start;
    if (now - p->shown < 0.1)
        return;
    p->shown = now;
    p->drawn = 1;
    fprintf(p->to, "\r%s ", label);
    if (p->total > 0)
        print_bar(p, done);
    else
        fprintf(p->to, " %lld rows", (long long)p->rows);
    fprintf(p->to, "  %.0f rows/s", (double)p->rows / spent);
    if (done > p->from) {
        fputs("  ", p->to);
        print_time(p->to, spent * (double)(p->total - done) / (double)(done - p->from));
        fputs(" left", p->to);
    }
    fputs("\033[K", p->to);
    fflush(p->to);
}

void inv_progress_clear(struct inv_progress *p)
{
    if (p->drawn) {
        fputs("\r\033[K", p->to);
        fflush(p->to);
    }
    p->drawn = 0;
}
