#ifndef _POSIX_C_SOURCE
#define _POSIX_C_SOURCE 200809L
#endif
#include "progress.h"
#include <ctype.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

enum { BAR_CELLS = 24, LEAST_CELLS = 3, USUAL_COLUMNS = 80, MOST_COLUMNS = 1 << 16 };

/* What the line is made of, from left to right. */
enum { LABEL, BAR, DONE, RATE, LEFT, LOSSES, PARTS };

/* Text, or cells that are drawn, which may be fewer; it takes width + cells columns. */
struct part {
    char text[256];
    int width, cells;
};

double inv_progress_clock(void)
{
    struct timespec now;
    /* invar-lint: allow time because it is shown and logged, and nothing is computed by it */
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* Whether the environment's locale is one of UTF-8: "de_DE.UTF-8", "C.utf8", "UTF-8". */
static int has_blocks(void)
{
    static const char *const names[] = { "LC_ALL", "LC_CTYPE", "LANG" };
    const char *locale = NULL;
    for (int i = 0; i < 3 && !(locale && *locale); i++)
        locale = getenv(names[i]);
    if (!locale)
        return 0;
    const char *dot = strchr(locale, '.'), *code = dot ? dot + 1 : locale;
    return strncasecmp(code, "UTF-8", 5) == 0 || strncasecmp(code, "UTF8", 4) == 0;
}

void inv_progress_begin(struct inv_progress *p, FILE *to, int plain, int64_t total)
{
    *p = (struct inv_progress){ .total = total, .blocks = has_blocks() };
    if (!plain && isatty(fileno(to)))
        p->to = to;
    p->start = p->shown = inv_progress_clock();
}

void inv_progress_loss(struct inv_progress *p, double loss)
{
    if (!isfinite(loss))
        return;
    if (p->losses == INV_PROGRESS_LOSSES)
        memmove(p->loss, p->loss + 1, sizeof p->loss - sizeof *p->loss);
    else
        p->losses++;
    p->loss[p->losses - 1] = loss;
}

/* As the terminal says, else COLUMNS. */
static int columns_of(FILE *to)
{
    struct winsize size = { 0 };
    const char *columns = getenv("COLUMNS");
    if (ioctl(fileno(to), TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        return size.ws_col;
    long given = columns ? strtol(columns, NULL, 10) : 0;
    return given > 0 && given < MOST_COLUMNS ? (int)given : USUAL_COLUMNS;
}

/* ---- what there is to show ---- */

/* A text that does not fit, or would move the cursor, is left out. */
__attribute__((format(printf, 2, 3)))
static void say(struct part *part, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    part->width = vsnprintf(part->text, sizeof part->text, format, arguments);
    va_end(arguments);
    int bad = part->width < 0 || part->width >= (int)sizeof part->text;
    for (const char *c = part->text; *c; c++)
        bad |= iscntrl((unsigned char)*c) != 0;
    if (bad)
        *part = (struct part){ .width = 0 };
}

static void say_left(struct part *part, double seconds)
{
    long whole = (long)(seconds + 0.5);
    if (whole >= 3600)
        say(part, "  %ld:%02ld:%02ld left", whole / 3600, whole / 60 % 60, whole % 60);
    else
        say(part, "  %ld:%02ld left", whole / 60, whole % 60);
}

static int percent(const struct inv_progress *p, int64_t done)
{
    return (int)(done * 100 / p->total);
}

/* The bar's space before it, brackets, and what keeps its end where it is while digits come. */
static int around_bar(int percent)
{
    return percent < 10 ? 5 : percent < 100 ? 4 : 3;
}

static void describe(const struct inv_progress *p, struct part part[PARTS], const char *label,
                     int64_t done, double spent)
{
    say(&part[LABEL], "%s", label);
    if (p->total > 0) {
        part[BAR] = (struct part){ .width = around_bar(percent(p, done)), .cells = BAR_CELLS };
        say(&part[DONE], " %d%%", percent(p, done));
    } else {
        say(&part[DONE], "  %lld rows", (long long)p->rows);
    }
    say(&part[RATE], "  %.0f rows/s", (double)p->rows / spent);
    if (done > p->from)
        say_left(&part[LEFT], spent * (double)(p->total - done) / (double)(done - p->from));
    if (p->blocks && p->losses >= LEAST_CELLS)
        part[LOSSES] = (struct part){ .width = 2, .cells = p->losses };
}

/* ---- what has room ---- */

static void fit(struct part part[PARTS], int room)
{
    static const int order[PARTS] = { LOSSES, RATE, BAR, LEFT, LABEL, DONE };
    int over = -room;
    for (int i = 0; i < PARTS; i++)
        over += part[i].width + part[i].cells;
    for (int i = 0; i < PARTS && over > 0; i++) {
        struct part *least = &part[order[i]];
        int before = least->width + least->cells, cells = least->cells - over;
        if (cells >= LEAST_CELLS)
            least->cells = cells;
        else
            *least = (struct part){ .width = 0 };
        over -= before - least->width - least->cells;
    }
}

/* ---- drawing ---- */

static void draw_bar(const struct inv_progress *p, const struct part *part, int64_t done)
{
    int full = (int)(done * part->cells / p->total);
    fputs(" [", p->to);
    for (int i = 0; i < part->cells; i++)
        fputc(i < full ? '=' : i == full ? '>' : ' ', p->to);
    fprintf(p->to, "]%*s", part->width - 3, "");
}

/* The last losses from the least of them, the lowest block, to the greatest. */
static void draw_losses(const struct inv_progress *p, const struct part *part)
{
    const double *loss = p->loss + p->losses - part->cells;
    double low = loss[0], high = loss[0];
    for (int i = 1; i < part->cells; i++) {
        low = loss[i] < low ? loss[i] : low;
        high = loss[i] > high ? loss[i] : high;
    }
    fputs("  ", p->to);
    for (int i = 0; i < part->cells; i++) {
        double share = high > low ? (loss[i] - low) / (high - low) : 0;
        fprintf(p->to, "\xe2\x96%c", 0x81 + (int)(share * 7 + 0.5));
    }
}

static void draw(const struct inv_progress *p, const struct part part[PARTS], int64_t done)
{
    const char *text = part[DONE].text;
    fputc('\r', p->to);
    if (part[LABEL].width > 0)
        fputs(part[LABEL].text, p->to);
    else
        text += strspn(text, " ");
    if (part[BAR].cells > 0)
        draw_bar(p, &part[BAR], done);
    fprintf(p->to, "%s%s%s", text, part[RATE].text, part[LEFT].text);
    if (part[LOSSES].cells > 0)
        draw_losses(p, &part[LOSSES]);
    fputs("\033[K", p->to);
    fflush(p->to);
}

void inv_progress_show(struct inv_progress *p, const char *label, int64_t done, int64_t rows)
{
    struct part part[PARTS] = { 0 };
    p->rows += rows;
    if (!p->to)
        return;
    double now = inv_progress_clock();
    if (now - p->shown < 0.1)
        return;
    p->shown = now;
    p->drawn = 1;
    describe(p, part, label, done, now - p->start);
    fit(part, columns_of(p->to) - 1);
    draw(p, part, done);
}

void inv_progress_clear(struct inv_progress *p)
{
    if (p->drawn) {
        fputs("\r\033[K", p->to);
        fflush(p->to);
    }
    p->drawn = 0;
}
