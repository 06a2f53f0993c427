/* --check-gradients: the gradients of the first rows of step 0 beside central differences of its
 * loss.
 *
 * Loss and gradients are those that training computes, in binary32, where a difference over a short
 * stretch is lost in rounding.  So differences are of long stretches, and what they are compared
 * with is the mean of the gradient over the stretch, by Simpson's rule: that is what a difference
 * is, however curved the loss is, and over kinks.  What the rule leaves is estimated from half as
 * many points, what rounding leaves of a loss from third differences of neighbouring values (R. W.
 * Hamming, "Introduction to applied numerical analysis", 1971), and a gradient is wrong only where
 * it is beyond both, on the stretch and on those on either side of it.
 *
 * Of each parameter a few elements are probed, and all of them at once along a line of random
 * signs, on which a fault of any element shows.  First every weight is moved by up to a tenth of
 * what is usual in its parameter, so that layers that begin with zeros are seen. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "core/arith.h"
#include "core/philox.h"
#include "gradients.h"
#include "session.h"
#include "variable.h"

enum {
    ROWS = 16,                          /* of the batch, at most */
    ELEMENTS = 4,                       /* of a parameter that are probed on their own */
    PIECES = 16,                        /* of a stretch */
    VALUES = 6,                         /* for the noise */
};

/* Of what a gradient is compared with: so much of it apart is an error, and so much in doubt too
 * much to tell. */
static const double tolerance = 0.01, doubt = 0.1;

struct checker {
    struct inv_session *s;
    FILE *to;
    struct inv_gradient *of;
    int count;
    int number;                         /* of the parameter at hand: */
    float *weight;                      /* its elements, in the arena */
    float *start;                       /* what they are between probes */
    float *along;                       /* signs, one for each */
    const float *gradient;              /* in the arena, too: of the last loss */
    int64_t elements;
    double usual;                       /* the mean of |start| */
    double noise;                       /* of a loss */
    double typical;                     /* the mean of |gradient| */
};

/* Elements from first to end - 1, each along its sign. */
struct probe { int64_t first, end; };

/* Over a stretch: the mean of the gradient along it, the difference of its ends by its length, and
 * how far these may be apart. */
struct slope { double gradient, difference, error; };

struct outcome {
    int told, wrong, probes;
    double worst;                       /* the largest relative difference of those told */
};

/* ---- the loss ---- */

/* Of the weights as they lie there; leaves the gradients. */
static double loss_of(const struct checker *c)
{
    const struct inv_model *model = c->s->model;
    float loss;
    model->phase[INV_TRAIN](&c->s->run);
    memcpy(&loss, c->s->run.arena + model->variable[model->report[0].variable].offset, sizeof loss);
    return (double)loss;
}

/* The loss that far along the probe, and in *slope the derivative there. */
static double loss_at(const struct checker *c, struct probe p, double far, double *slope)
{
    for (int64_t i = p.first; i < p.end; i++)
        c->weight[i] = (float)((double)c->start[i] + (double)c->along[i] * far);
    double loss = loss_of(c);
    memcpy(c->weight + p.first, c->start + p.first, (size_t)(p.end - p.first) * sizeof *c->start);
    *slope = 0;
    for (int64_t i = p.first; i < p.end; i++)
        *slope += (double)c->along[i] * (double)c->gradient[i];
    return loss;
}

/* ---- what is drawn ---- */

enum { OF_MOVES, OF_SIGNS, OF_CHOICE, PURPOSES };

static uint32_t draw(const struct checker *c, int purpose, int64_t at)
{
    uint32_t word[4];
    inv_random_quad(c->s->run.key, (uint32_t)(at / 4), 0,
                    (uint32_t)(c->number * PURPOSES + purpose), word);
    return word[at % 4];
}

static double mean_size(const float *value, int64_t count)
{
    double sum = 0;
    for (int64_t i = 0; i < count; i++)
        sum += fabs((double)value[i]);
    return count > 0 ? sum / (double)count : 0;
}

/* From the parameter's values to others near by. */
static void move_away(const struct checker *c)
{
    double size = mean_size(c->weight, c->elements), most = 0.1 * (size > 0 ? size : 1);
    for (int64_t i = 0; i < c->elements; i++)
        c->weight[i] = (float)((double)c->weight[i] +
                               most * (2 * (double)draw(c, OF_MOVES, i) / 4294967296.0 - 1));
}

/* ---- derivatives ---- */

/* What rounding makes of a loss: two standard deviations, or the last place if that is more. */
static double measure_noise(const struct checker *c)
{
    const struct probe all = { 0, c->elements };
    double value[VALUES], squares = 0, slope;
    for (int i = 0; i < VALUES; i++)
        value[i] = loss_at(c, all, c->usual * (i - VALUES / 2) / 16384, &slope);
    for (int i = 3; i < VALUES; i++) {
        double third = value[i] - 3 * value[i - 1] + 3 * value[i - 2] - value[i - 3];
        squares += third * third / (20 * (VALUES - 3));
    }
    double deviation = (double)inv_sqrt((float)(4 * squares)), least = fabs(value[0]) / 8388608;
    return deviation > least ? deviation : least;
}

/* The mean of what has these values at equal distances, by the trapezoids of every step-th. */
static double trapezoids(const double value[PIECES + 1], int step)
{
    double sum = (value[0] + value[PIECES]) / 2;
    for (int i = step; i < PIECES; i += step)
        sum += value[i];
    return sum * step / PIECES;
}

static double simpson(const double value[PIECES + 1], int step)
{
    return (4 * trapezoids(value, step) - trapezoids(value, 2 * step)) / 3;
}

/* From middle - far to middle + far. */
static struct slope slope_over(const struct checker *c, struct probe p, double middle, double far)
{
    double loss[PIECES + 1], along[PIECES + 1];
    for (int i = 0; i <= PIECES; i++)
        loss[i] = loss_at(c, p, middle + far * (2.0 * i / PIECES - 1), &along[i]);
    double gradient = simpson(along, 1);
    double coarse = fabs(gradient - simpson(along, 2)) +
                    fabs(trapezoids(along, 1) - trapezoids(along, 2));
    return (struct slope){ gradient, (loss[PIECES] - loss[0]) / (2 * far),
                           coarse + c->noise / far };
}

/* ---- probes ---- */

/* Before the first probe that is wrong: the parameter, and the line of the model that its gradient
 * comes from. */
static void print_wrong(const struct checker *c)
{
    const struct inv_model *model = c->s->model;
    const struct inv_trace_node *from = NULL;
    for (int i = 0; i < model->trace_count && !from; i++)
        if (model->trace[i].offset == c->of[c->number].gradient->offset &&
            model->trace[i].line->number > 0)
            from = &model->trace[i];
    fprintf(c->to, "  %s: WRONG\n", c->of[c->number].parameter->path);
    if (from)
        fprintf(c->to, "    %s:%d: %s\n", from->line->path, from->line->number,
                from->line->source);
}

static void print_place(const struct checker *c, struct probe p)
{
    const struct inv_variable *v = c->of[c->number].parameter;
    int64_t left = p.first, size = c->elements;
    if (p.end - p.first > 1) {
        fprintf(c->to, "    all elements at once");
        return;
    }
    fprintf(c->to, "    element [");
    for (int a = 0; a < v->rank; a++) {
        size /= v->dim[a];
        fprintf(c->to, "%s%lld", a ? ", " : "", (long long)(left / size));
        left %= size;
    }
    fprintf(c->to, "]");
}

enum verdict { AGREES, UNTOLD, WRONG };

/* size: what the distance is relative to. */
static enum verdict judge(const struct checker *c, const struct slope *s, double *size)
{
    *size = 0.1 * c->typical;
    *size = *size > fabs(s->gradient) ? *size : fabs(s->gradient);
    *size = *size > fabs(s->difference) ? *size : fabs(s->difference);
    if (!inv_is_finite((float)s->difference) || *size == 0)
        return UNTOLD;                  /* the loss is not finite there, or nothing moves it */
    if (!(fabs(s->gradient - s->difference) <= tolerance * *size + 4 * s->error))
        return WRONG;                   /* NaN, too */
    return 4 * s->error <= doubt * *size ? AGREES : UNTOLD;
}

static void compare(const struct checker *c, struct probe p, struct outcome *out)
{
    double far = c->usual * (p.end - p.first > 1 ? 0.1 : 0.5), size, other;
    struct slope s = slope_over(c, p, 0, far);
    enum verdict verdict = judge(c, &s, &size);
    for (int side = -1; side <= 1 && verdict == WRONG; side += 2) {
        struct slope beside = slope_over(c, p, 2 * side * far, far);
        if (judge(c, &beside, &other) != WRONG)
            verdict = UNTOLD;
    }
    double apart = fabs(s.gradient - s.difference) / size;
    if (verdict == WRONG && out->wrong == 0)
        print_wrong(c);
    out->probes++;
    out->told += verdict != UNTOLD;
    out->wrong += verdict == WRONG;
    if (verdict != UNTOLD && apart > out->worst)
        out->worst = apart;
    if (verdict != WRONG)
        return;
    print_place(c, p);
    fprintf(c->to, ": gradient %.6g, difference %.6g +- %.1g\n", s.gradient, s.difference, s.error);
}

/* Element `at` alone, if it was not probed before. */
static void compare_one(const struct checker *c, int64_t *done, int *count, int64_t at,
                        struct outcome *out)
{
    for (int i = 0; i < *count; i++)
        if (done[i] == at)
            return;
    done[(*count)++] = at;
    compare(c, (struct probe){ at, at + 1 }, out);
}

/* That of the largest gradient, and others that are drawn. */
static void compare_elements(const struct checker *c, struct outcome *out)
{
    int64_t done[ELEMENTS], largest = 0;
    int count = 0;
    for (int64_t i = 1; i < c->elements; i++)
        if (fabs((double)c->gradient[i]) > fabs((double)c->gradient[largest]))
            largest = i;
    if (c->elements > 0)
        compare_one(c, done, &count, largest, out);
    for (int64_t i = 0; i < c->elements && c->elements <= ELEMENTS; i++)
        compare_one(c, done, &count, i, out);
    for (int64_t i = 0; count < ELEMENTS && c->elements > ELEMENTS; i++)
        compare_one(c, done, &count,
                    (int64_t)((uint64_t)draw(c, OF_CHOICE, i) % (uint64_t)c->elements), out);
}

/* ---- parameters ---- */

static void take(struct checker *c, int number)
{
    struct inv_run *run = &c->s->run;
    c->number = number;
    c->weight = inv_variable_f32(run->arena, c->of[number].parameter);
    c->gradient = inv_variable_f32(run->arena, c->of[number].gradient);
    c->elements = inv_variable_elements(c->of[number].parameter);
}

/* Of a parameter with nothing wrong. */
static void print_outcome(const struct checker *c, const struct outcome *out)
{
    const char *path = c->of[c->number].parameter->path;
    if (out->told == 0)
        fprintf(c->to, "  %s: cannot be told\n", path);
    else if (out->told < out->probes)
        fprintf(c->to, "  %s: agrees within %.2g%% in %d of %d probes; the others cannot be told\n",
                path, 100 * out->worst, out->told, out->probes);
    else
        fprintf(c->to, "  %s: agrees within %.2g%% in %d of %d probes\n", path, 100 * out->worst,
                out->told, out->probes);
}

static struct outcome check_parameter(struct checker *c, int number)
{
    struct outcome out = { .probes = 0 };
    take(c, number);
    size_t bytes = (size_t)c->elements * sizeof *c->start;
    c->start = inv_allocate(bytes + 1);
    c->along = inv_allocate(bytes + 1);
    memcpy(c->start, c->weight, bytes);
    for (int64_t i = 0; i < c->elements; i++)
        c->along[i] = draw(c, OF_SIGNS, i) >> 31 ? 1.0f : -1.0f;
    c->usual = mean_size(c->start, c->elements);
    c->noise = measure_noise(c);
    loss_of(c);
    c->typical = mean_size(c->gradient, c->elements);
    compare_elements(c, &out);
    if (c->elements > 1)
        compare(c, (struct probe){ 0, c->elements }, &out);
    if (out.wrong == 0 && !c->s->options.quiet)
        print_outcome(c, &out);
    fflush(c->to);
    free(c->start);
    free(c->along);
    return out;
}

/* ---- all of it ---- */

static int check_all(struct checker *c)
{
    int wrong = 0, told = 0;
    if (!c->s->options.quiet)
        fprintf(c->to, "gradients of %s on %lld rows beside differences of the loss\n",
                c->s->model->name, (long long)c->s->run.rows);
    for (int i = 0; i < c->count; i++) {
        struct outcome out = check_parameter(c, i);
        wrong += out.wrong > 0;
        told += out.told;
    }
    if (told == 0)
        inv_error(&c->s->errors, "nothing can be told of any gradient: no weight moves the loss by "
                  "more than what rounding makes of it");
    if (wrong == 0)
        return told > 0 ? INV_OK : INV_BAD_DATA;
    inv_error(&c->s->errors, "the gradients of %d of %d parameters are not those of the loss",
              wrong, c->count);
    fprintf(c->s->errors.to, "  help: a fault shows in parameters before it, too: look behind the "
            "last of them in the\n  model; to gradients what stop_gradient returns is a constant, "
            "to differences it is not\n");
    return INV_MISMATCH;
}

/* Of the first weights, and of those that they are moved to. */
static int check_loss(struct checker *c)
{
    struct inv_session *s = c->s;
    struct inv_bad_rows rows = inv_rows_at_hand(s);
    if (!inv_is_finite((float)loss_of(c)))
        return inv_finite_report(s, &rows);
    for (int i = 0; i < c->count; i++) {
        take(c, i);
        move_away(c);
    }
    if (inv_is_finite((float)loss_of(c)))
        return INV_OK;
    inv_error(&s->errors, "the loss is not finite where each weight is moved by up to a tenth of "
              "what is usual in its parameter, and there gradients are checked; see that no root, "
              "logarithm or quotient of parameters leaves its domain there");
    return INV_NOT_FINITE;
}

/* Of several shards the last is taken, which is never empty. */
int inv_check_gradients(struct inv_session *s)
{
    struct checker c = { .s = s, .to = s->out };
    struct inv_order order;
    int64_t steps, epochs;
    c.of = inv_gradients(s->model, "--check-gradients", &c.count, &s->errors);
    if (!c.of)
        return INV_BAD_DATA;
    inv_order_begin(s, &order);
    int status = inv_order_steps(s, &order, &steps, &epochs) ? INV_OK : INV_BAD_DATA;
    if (status == INV_OK) {
        inv_order_batch(s, &order, 0, order.shards - 1);
        s->run.rows = s->run.batch = s->run.rows < ROWS ? s->run.rows : ROWS;
        status = check_loss(&c);
    }
    if (status == INV_OK)
        status = check_all(&c);
    inv_order_free(&order);
    free(c.of);
    return status;
}
