/* The order of equals. */
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

void faults(struct item *item, size_t n, int (*compare)(const void *, const void *))
{
    qsort(item, n, sizeof *item, by_score);             // found: unstable-sort
    qsort(item, n, sizeof *item, compare);              // found: unstable-sort
}

void harmless(struct item *item, int *value, char **text, size_t n)
{
    qsort(item, n, sizeof *item, by_all);
    qsort(value, n, sizeof *value, by_value);
    qsort(text, n, sizeof *text, by_text);
}
