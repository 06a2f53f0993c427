/* Rules of Fourier transforms: products with cosines and sines. */
#include <math.h>
#include <stdlib.h>
#include "convert/rules.h"

/* A transform of n numbers, as if they were of a period of `length`, into `count`. */
struct fourier { int64_t n, count, length; bool inverse, half; };

/* [count, n]: cosines, or sines.  Back from the half of a spectrum whose other half mirrors it,
 * what has a mirror counts twice.  Whole turns are taken away from angles. */
static const char *put_waves(struct call *c, const struct fourier *f, bool sine)
{
    int64_t dim[2] = {f->count, f->n};
    if (f->count > MOST_PLACES / f->n) {
        refuse(c, "it would take over %d sines and cosines", (int)MOST_PLACES);
        return NULL;
    }
    struct tensor *t = tensor_new(c->im, ONNX_FLOAT, 2, dim);
    for (int64_t e = 0; e < t->count; e++) {
        int64_t k = e / f->n, i = e % f->n;
        double angle = 6.283185307179586 * (double)(k * i % f->length) / (double)f->length;
        double wave = sine ? sin(angle) : cos(angle);
        bool single = !f->half || i == 0 || 2 * i == f->length;
        wave *= f->inverse ? (single ? 1.0 : 2.0) / (double)f->length : 1.0;
        t->real[e] = i < f->length ? (float)(sine && f->inverse ? -wave : wave) : 0;
    }
    return put_constant(c, t);
}

/* x [..., n, 1 or 2] of real or complex numbers to [..., count, 2], or back from half to
 * [..., length, 1]. */
static const char *put_transform(struct call *c, const struct fourier *f, const char *x,
                                 bool complex)
{
    const char *cosine = put_waves(c, f, false), *sine = put_waves(c, f, true);
    if (!cosine || !sine)
        return NULL;
    const char *a = PUT(c, "MatMul", cosine, x), *b = PUT(c, "MatMul", sine, x);
    if (!complex)
        return f->inverse && f->half ? a : PUT(c, "Concat axis=-1", a, PUT(c, "Neg", b));
    int64_t two[2] = {2, 2};
    struct tensor *turn = tensor_new(c->im, ONNX_FLOAT, 2, two);
    turn->real[1] = -1;                 /* [re, im] to [im, -re] */
    turn->real[2] = 1;
    const char *y = PUT(c, "Add", a, PUT(c, "MatMul", b, put_constant(c, turn)));
    return f->inverse && f->half
        ? PUT(c, "Slice", y, PUT_LIST(c, 0), PUT_LIST(c, 1), PUT_LIST(c, -1)) : y;
}

/* Axes i and k of so many change places. */
static const char *put_swapped(struct call *c, const char *x, int rank, int i, int k)
{
    const char *what = "Transpose perm=[";
    for (int axis = 0; axis < rank; axis++)
        what = arena_printf(c->im->arena, "%s%s%d", what, axis ? "," : "",
                            axis == i ? k : axis == k ? i : axis);
    return i == k ? x : PUT(c, arena_printf(c->im->arena, "%s]", what), x);
}

void onnx_dft(struct call *c)
{
    const struct value *x = c->in[0];
    int64_t at = c->rule->since < 20 ? attribute_int(c, "axis", 1) : -2, length = 0;
    struct fourier f = {.inverse = attribute_int(c, "inverse", 0) != 0,
                        .half = attribute_int(c, "onesided", 0) != 0};
    int given = known_ints(c, 1, &length, 1), said = known_ints(c, 2, &at, 1);
    int axis = given == 0 || said == 0 ? -1 : axis_of(c, x, at);
    int64_t parts = x->rank ? x->dim[x->rank - 1] : 0;
    if (axis < 0)
        return;
    f.n = x->dim[axis];
    f.length = given > 0 ? length : f.inverse && f.half ? 2 * (f.n - 1) : f.n;
    if (axis == x->rows || axis == x->rank - 1 || parts < 1 || parts > 2 || f.n < 1 ||
        f.length < 1 || f.length > MOST_PLACES || (f.half && !f.inverse && parts == 2)) {
        refuse(c, "it takes real or complex numbers, of which one side is that of real ones, along "
               "an axis that is not the batch's");
        return;
    }
    f.count = f.half && !f.inverse ? f.length / 2 + 1 : f.length;
    const char *y = put_swapped(c, c->node->input[0], x->rank, axis, x->rank - 2);
    y = put_transform(c, &f, y, parts == 2);
    if (y)
        give_results(c, (const char *const[OUTPUTS]){
                            put_swapped(c, y, x->rank, axis, x->rank - 2)});
}

/* Of frames of a signal [rows, numbers, 1 or 2], each times a window. */
void onnx_stft(struct call *c)
{
    const struct value *x = c->in[0], *window = c->ins > 2 ? c->in[2] : NULL;
    int64_t step = 0, length = window && window->rank == 1 ? window->dim[0] : 0;
    bool fits = known_ints(c, 1, &step, 1) == 1 && known_ints(c, 3, &length, 1) != 0 &&
        x->rank > 1 && step > 0 && length > 0 && length <= x->dim[1] && x->rows <= 0 &&
        (x->rank == 2 || (x->rank == 3 && x->dim[2] <= 2));
    if (!fits) {
        refuse(c, "its frames must be of a length and a step that are known");
        return;
    }
    int64_t dim[2] = {1 + (x->dim[1] - length) / step, length};
    bool complex = x->rank == 3 && x->dim[2] == 2;
    struct fourier f = {.n = length, .length = length,
                        .half = !complex && attribute_int(c, "onesided", 1)};
    f.count = f.half ? length / 2 + 1 : length;
    if (dim[0] > MOST_PLACES / length) {
        refuse(c, "its frames have over %d elements", (int)MOST_PLACES);
        return;
    }
    struct tensor *place = tensor_new(c->im, ONNX_INT64, 2, dim);
    for (int64_t e = 0; e < place->count; e++)
        place->whole[e] = e / length * step + e % length;
    const char *y = PUT(c, "Gather axis=1", c->node->input[0], put_constant(c, place));
    y = x->rank == 2 ? PUT(c, "Unsqueeze axes=[-1]", y) : y;
    if (window)
        y = PUT(c, "Mul", y, PUT(c, "Unsqueeze axes=[-1]", c->node->input[2]));
    y = put_transform(c, &f, y, complex);
    if (y)
        give_results(c, (const char *const[OUTPUTS]){y});
}

/* A window of cosines of so many places, which must be known: the rule's text has the mean and what
 * the first and second harmonic are multiplied by. */
void onnx_window(struct call *c)
{
    int64_t n = 0, type = attribute_int(c, "output_datatype", ONNX_FLOAT);
    bool periodic = attribute_int(c, "periodic", 1) != 0;
    if (known_ints(c, 0, &n, 1) != 1 || n < (periodic ? 1 : 2) || n > MOST_PLACES) {
        refuse(c, "how many places it has must be known, 1 to %d, or if it is not periodic 2",
               (int)MOST_PLACES);
        return;
    }
    if (type != ONNX_FLOAT && type != ONNX_DOUBLE) {
        refuse(c, "it is of type %s", onnx_type_name(c->im->arena, (int)type));
        return;
    }
    char *at;
    double mean = strtod(c->rule->text, &at), once = strtod(at, &at), twice = strtod(at, NULL);
    struct tensor *t = tensor_new(c->im, ONNX_FLOAT, 1, &n);
    for (int64_t i = 0; i < n; i++) {
        double angle = 6.283185307179586 * (double)i / (double)(periodic ? n : n - 1);
        t->real[i] = (float)(mean - once * cos(angle) + twice * cos(2 * angle));
    }
    give_constant(c, 0, t);
}
