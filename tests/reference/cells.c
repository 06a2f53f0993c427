/* Cells that have no value, and dates: docs/language.md, CSV files; docs/numerics.md, section 6. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "reference.h"

bool cell_is_missing(const struct program *p, const struct field *f, const char *cell)
{
    static char *const usual[] = {"NA", "N/A", "NaN", "nan", "NULL", "null", "None"};
    bool asked = p->na_count > 0 || f->missing || f->form == FORM_MISSING;
    char *const *na = p->na_count > 0 ? p->na : usual;
    int count = p->na_count > 0 ? p->na_count : (int)(sizeof usual / sizeof *usual);
    if (cell[strspn(cell, " \t")] == '\0')
        return true;
    for (int i = 0; i < count && asked; i++)
        if (strcmp(na[i], cell) == 0)
            return true;
    return false;
}

/* ---- dates: days are counted one by one ---- */

struct date {
    int year, month, day, hour, minute, second;
    long millionths;
};

static bool is_leap(int year)
{
    return year % 400 == 0 || (year % 4 == 0 && year % 100 != 0);
}

static int month_days(int year, int month)
{
    if (month == 2)
        return is_leap(year) ? 29 : 28;
    return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

static int day_of_year(const struct date *d)
{
    int day = d->day;
    for (int month = 1; month < d->month; month++)
        day += month_days(d->year, month);
    return day;
}

static int days_since_1970(const struct date *d)
{
    int days = day_of_year(d) - 1;
    for (int year = 1970; year < d->year; year++)
        days += is_leap(year) ? 366 : 365;
    for (int year = d->year; year < 1970; year++)
        days -= is_leap(year) ? 366 : 365;
    return days;
}

static struct date read_date(const char *cell)
{
    struct date d = {0};
    int used = 0;
    if (sscanf(cell, " %d-%d-%d%n", &d.year, &d.month, &d.day, &used) == 3)
        cell += used + (cell[used] == 'T');
    if (sscanf(cell, " %d:%d:%d%n", &d.hour, &d.minute, &d.second, &used) == 3 &&
        (cell[used] == '.' || cell[used] == ','))
        for (long unit = 100000; cell[++used] >= '0' && cell[used] <= '9'; unit /= 10)
            d.millionths += unit * (cell[used] - '0');
    return d;
}

float cell_date(enum form form, const char *cell)
{
    struct date d = read_date(cell);
    switch (form) {
    case FORM_DAYS: return (float)days_since_1970(&d);
    case FORM_SECONDS:
        return (float)(d.hour * 3600 + d.minute * 60 + d.second) + (float)d.millionths / 1e6f;
    case FORM_WEEKDAY: return (float)(((days_since_1970(&d) + 3) % 7 + 7) % 7);
    case FORM_MONTH: return (float)d.month;
    case FORM_YEAR: return (float)d.year;
    default: return (float)day_of_year(&d);
    }
}

/* ---- what is filled in ---- */

static int by_value(const void *a, const void *b)
{
    float x, y;
    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    return (x > y) - (x < y);
}

static float mean_of(const float *x, int64_t count)
{
    float s = 0.0f, c = 0.0f;
    for (int64_t i = 0; i < count; i++) {
        float t = s + x[i], p = t - s;
        c = c + ((s - (t - p)) + (x[i] - p));
        s = t;
    }
    return (s + c) / (float)count;
}

static float median_of(float *x, int64_t count)
{
    qsort(x, (size_t)count, sizeof *x, by_value);
    float high = x[count / 2], low = x[(count - 1) / 2];
    return count % 2 ? high + 0.0f : low * 0.5f + high * 0.5f;
}

static float *cell_of(const struct field *f, int64_t row, int64_t element)
{
    return (float *)(void *)f->row + row * f->elements + element;
}

void fill_fit(const struct program *p, const struct data *d)
{
    float *value = allocate(d->begin[1], sizeof *value);
    for (int i = 0; i < p->field_count; i++) {
        const struct field *f = &p->field[i];
        for (int64_t e = 0; f->missing >= FILL_MEAN && e < f->elements; e++) {
            int64_t count = 0;
            for (int64_t r = 0; r < d->begin[1]; r++) {
                float x = *cell_of(f, d->order[r], e);
                if (x == x)
                    value[count++] = x;
            }
            ((float *)p->variable[f->fill].data)[e] =
                f->missing == FILL_MEAN ? mean_of(value, count) : median_of(value, count);
        }
    }
    free(value);
}

void fill_holes(const struct program *p, const struct data *d)
{
    for (int i = 0; i < p->field_count; i++) {
        const struct field *f = &p->field[i];
        for (int64_t r = 0; f->missing >= FILL_MEAN && r < d->rows; r++)
            for (int64_t e = 0; e < f->elements; e++)
                if (*cell_of(f, r, e) != *cell_of(f, r, e))
                    *cell_of(f, r, e) = ((float *)p->variable[f->fill].data)[e];
    }
}
