/* Sums of parallel loops. */
#include <stddef.h>

#define PARALLEL_SUM _Pragma("omp parallel for reduction(+: s)")

float reduced(const float *x, int n)
{
    float s = 0;
#pragma omp parallel for reduction(+: s)                // found: parallel-sum
    for (int i = 0; i < n; i++)
        s += x[i];
    return s;
}

double wide(const double *x, int n, double *bins)
{
    double s = 0, p = 1;
#pragma omp parallel for schedule(static) \
    reduction(+: s) reduction(*: p)                     // found-above: parallel-sum parallel-sum
    for (int i = 0; i < n; i++) {
        s += x[i];
        p *= x[i];
    }
#pragma omp simd reduction(+: s)                        // found: parallel-sum
    for (int i = 0; i < n; i++)
        s += x[i] * x[i];
#pragma omp parallel for reduction(+: bins[:8])         // found: parallel-sum
    for (int i = 0; i < n; i++)
        bins[i % 8] += x[i];
    return s + p;
}

float one_by_one(const float *x, const int *to, float *out, int n)
{
    float s = 0, t = 0, u = 0;
#pragma omp parallel for
    for (int i = 0; i < n; i++) {
#pragma omp atomic
        s += x[i];                                      // found: parallel-sum
#pragma omp critical
        t = t + x[i];                                   // found: parallel-sum
        u += x[i];                                      // found: parallel-sum
#pragma omp atomic update
        out[to[i]] += x[i];                             // found: parallel-sum
    }
    return s + t + u;
}

float hidden(const float *x, int n)
{
    float s = 0;
    PARALLEL_SUM                                        // found: parallel-sum
    for (int i = 0; i < n; i++)
        s += x[i];
    return s;
}

/* Whole numbers, the largest, sums of each iteration, and of loops that are not shared out. */
float harmless(const float *x, float *out, int n)
{
    int count = 0;
    float largest = 0, row = 0, serial = 0;
#pragma omp parallel for reduction(+: count)
    for (int i = 0; i < n; i++)
        count += x[i] > 0;
#pragma omp parallel for reduction(max: largest)
    for (int i = 0; i < n; i++)
        largest = x[i] > largest ? x[i] : largest;
#pragma omp parallel for private(row)
    for (int i = 0; i < n; i++) {
        float own = 0;
        row = 0;
        for (int k = 0; k < 4; k++) {
            own += x[k];
            row += own;
        }
        out[i] += own + row;
    }
    for (int i = 0; i < n; i++)
        serial += x[i];
    return largest + serial + (float)count;
}

struct sums { double all; double part[8]; };

/* One place for all threads, by other names than a variable's. */
void places(const double *x, struct sums *to, double *out, int n)
{
    struct sums own = {0};
#pragma omp parallel for
    for (int i = 0; i < n; i++) {
#pragma omp critical
        {
            double square = 0;
            square += x[i] * x[i];
            to->part[i % 8] += square;                  // found: parallel-sum
        }
        own.all += x[i];                                // found: parallel-sum
        to->all += x[i];                                // found: parallel-sum
        *out += x[i];                                   // found: parallel-sum
        to->part[0] += x[i];                            // found: parallel-sum
    }
    *out += own.all;
}

/* Elements of each iteration's own. */
void elements(const double *x, struct sums *to, double *out, int n)
{
#pragma omp parallel for
    for (int i = 0; i < n; i++) {
        struct sums own = {0}, *mine = &to[i];
        own.all += x[i];
        mine->all += own.all;
        to[i].part[0] += x[i];
        out[i] += x[i];
    }
}
