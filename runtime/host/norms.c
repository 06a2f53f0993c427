#include "norms.h"
#include <stdlib.h>
#include <string.h>
#include "core/arith.h"
#include "array.h"
#include "variable.h"

enum { CHAINS = 8 };

/* Of the elements of x, or of x - y. */
static double square_sum(const float *x, const float *y, int64_t count)
{
    double chain[CHAINS] = { 0 }, sum = 0;
    for (int64_t i = 0; i < count; i += CHAINS) {
        int width = count - i < CHAINS ? (int)(count - i) : CHAINS;
        for (int c = 0; c < width; c++) {
            double value = (double)(y ? inv_sub(x[i + c], y[i + c]) : x[i + c]);
            chain[c] += value * value;
        }
    }
    for (int c = 0; c < CHAINS; c++)
        sum += chain[c];
    return sum;
}

enum { OF_GRADIENT, OF_UPDATE, OF_PARAMETER, NORMS };

static const char *const names[NORMS] = { "gradient norm", "update norm", "norm" };

static double norm_square(const struct inv_norms *n, const struct inv_run *run, int which, int i)
{
    const struct inv_variable *p = n->of[i].parameter;
    const float *x = inv_variable_f32(run->arena, which == OF_GRADIENT ? n->of[i].gradient : p);
    return square_sum(x, which == OF_UPDATE ? inv_variable_f32(n->before, p) : NULL,
                      inv_variable_elements(p));
}

/* By that of binary32, of the number times a power of 4 that brings it into [1, 4). */
static double root(double square)
{
    double times = 1;
    for (; square >= 4 && square < (double)INV_INFINITY; times *= 2)
        square *= 0.25;
    for (; square > 0 && square < 1; times *= 0.5)
        square *= 4;
    return (double)inv_sqrt((float)square) * times;
}

static void log_norm(struct inv_log *log, int which, const char *path, double square)
{
    char *name = path ? inv_text("%s %s", names[which], path) : inv_text("%s", names[which]);
    inv_log_real(log, "", name, (double)(float)root(square));
    free(name);
}

int inv_norms_begin(struct inv_norms *n, const struct inv_model *model, struct inv_errors *errors)
{
    n->of = inv_gradients(model, "--log-norms", &n->count, errors);
    n->before = inv_allocate((size_t)model->saved_bytes);
    return n->of != NULL;
}

void inv_norms_before(struct inv_norms *n, const struct inv_model *model, const struct inv_run *run)
{
    if (n->of)
        memcpy(n->before, run->arena, (size_t)model->saved_bytes);
}

void inv_norms_log(const struct inv_norms *n, const struct inv_run *run, struct inv_log *log)
{
    if (!n->of)
        return;
    double *square = inv_allocate((size_t)(n->count * NORMS) * sizeof *square);
    for (int which = 0; which < NORMS; which++) {
        double all = 0;
        for (int i = 0; i < n->count; i++)
            all += square[which * n->count + i] = norm_square(n, run, which, i);
        if (which != OF_PARAMETER)
            log_norm(log, which, NULL, all);
    }
    for (int i = 0; i < n->count * NORMS; i++)
        log_norm(log, i / n->count, n->of[i % n->count].parameter->path, square[i]);
    free(square);
}

void inv_norms_free(struct inv_norms *n)
{
    free(n->of);
    free(n->before);
}
