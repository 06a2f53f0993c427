#include "report/compare.h"
#include <math.h>
#include <string.h>

static bool same(double a, double b)
{
    return a == b || (isnan(a) && isnan(b));
}

/* The first point of both that differs, before that of *first. */
static void compare(const struct series *a, const struct series *b, struct parting *first)
{
    for (int i = 0, j = 0; i < a->count && j < b->count;) {
        if (a->x[i] != b->x[j]) {
            a->x[i] < b->x[j] ? i++ : j++;
            continue;
        }
        if (first->a && a->x[i] >= first->x)
            return;
        if (!same(a->y[i], b->y[j])) {
            *first = (struct parting){a, b, a->x[i], a->y[i], b->y[j]};
            return;
        }
        i++;
        j++;
    }
}

/* Is that step, from 0, one of the epochs up to this one? */
static bool is_within(const struct run *run, double step, double epoch)
{
    for (int i = 0; i < run->epoch_count; i++)
        if (entry_number(&run->epoch[i], "epoch") == epoch)
            return step < entry_number(&run->epoch[i], "steps");
    return false;
}

struct parting runs_part(const struct run *a, const struct run *b)
{
    struct parting first[PACES] = {{.a = NULL}};
    for (int i = 0; i < a->series_count; i++) {
        const struct series *s = &a->series[i];
        const struct series *t = run_series(b, s->pace, s->key);
        if (t && strcmp(s->key, "seconds"))
            compare(s, t, &first[s->pace]);
    }
    bool steps = first[BY_STEP].a && (!first[BY_EPOCH].a ||
                                      is_within(a, first[BY_STEP].x, first[BY_EPOCH].x));
    return first[steps ? BY_STEP : BY_EPOCH];
}

bool runs_share(const struct run *run, int count, const char *key)
{
    for (int i = 1; i < count; i++)
        if (strcmp(run_fact(&run[0], key), run_fact(&run[i], key)))
            return false;
    return true;
}
