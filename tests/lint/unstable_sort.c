/* The order of equals. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct item { float score; int index; };

static int by_score(const void *a, const void *b)
{
    const struct item *x = a, *y = b;
    return (x->score > y->score) - (x->score < y->score);
}

static int by_all(const void *a, const void *b)
{
    const struct item *x = a, *y = b;
    int order = (x->score > y->score) - (x->score < y->score);
    return order ? order : (x->index > y->index) - (x->index < y->index);
}

static int by_value(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* All of an element, of which something is lost on the way. */
static int by_size(const void *a, const void *b)
{
    return abs(*(const int *)a) - abs(*(const int *)b);
}

static int by_digit(const void *a, const void *b)
{
    const int *x = a, *y = b;
    return *x % 10 - *y % 10;
}

static int by_first_letter(const void *a, const void *b)
{
    return strncmp(*(char *const *)a, *(char *const *)b, 1);
}

static int by_whole_part(const void *a, const void *b)
{
    return (int)*(const float *)a - (int)*(const float *)b;
}

static int by_fixed_part(const void *a, const void *b)
{
    int32_t x = (int32_t)*(const float *)a, y = (int32_t)*(const float *)b;
    return (x > y) - (x < y);
}

static int by_first_byte(const void *a, const void *b)
{
    return memcmp(a, b, 1);
}

static int by_bytes(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(int));
}

static int by_difference(const void *a, const void *b)
{
    return *(const double *)a - *(const double *)b;
}

static int by_zero(const void *a, const void *b)
{
    return !*(const int *)a - !*(const int *)b;
}

struct named { const char *name; double at[2]; };

static int by_all_of_arrays(const void *a, const void *b)
{
    const struct named *x = a, *y = b;
    int order = strcmp(x->name, y->name);
    for (int i = 0; i < 2 && !order; i++)
        order = (x->at[i] > y->at[i]) - (x->at[i] < y->at[i]);
    return order;
}

void parts(int *value, float *number, double *wide, char **text, size_t n)
{
    qsort(value, n, sizeof *value, by_size);            // found: unstable-sort
    qsort(value, n, sizeof *value, by_digit);           // found: unstable-sort
    qsort(value, n, sizeof *value, by_zero);            // found: unstable-sort
    qsort(text, n, sizeof *text, by_first_letter);      // found: unstable-sort
    qsort(number, n, sizeof *number, by_whole_part);    // found: unstable-sort
    qsort(wide, n, sizeof *wide, by_difference);        // found: unstable-sort
    qsort(number, n, sizeof *number, by_fixed_part);    // found: unstable-sort
    qsort(value, n, sizeof *value, by_first_byte);      // found: unstable-sort
}

void faults(struct item *item, size_t n, int (*compare)(const void *, const void *))
{
    qsort(item, n, sizeof *item, by_score);             // found: unstable-sort
    qsort(item, n, sizeof *item, compare);              // found: unstable-sort
}

void harmless(struct item *item, int *value, char **text, struct named *named, size_t n)
{
    qsort(named, n, sizeof *named, by_all_of_arrays);
    qsort(item, n, sizeof *item, by_all);
    qsort(value, n, sizeof *value, by_value);
    qsort(value, n, sizeof *value, by_bytes);
    qsort(text, n, sizeof *text, by_text);
}
