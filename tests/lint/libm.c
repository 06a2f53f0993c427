/* Functions of the C library's mathematics. */
#include <complex.h>
#include <math.h>
#include <tgmath.h>
#include "own.h"

#define GELU(x) (0.5f * (x) * (1.0f + tanhf(0.797884f * (x))))

typedef double (*activation)(double);

static const activation table[] = {sin, fabs};          // found: libm
static float log2_of(float x) { return x; }
extern double exp10(double);

float faults(float x, double y, float complex z)
{
    float a = sinf(x);                                  // found: libm
    a += (float)exp(y);                                 // found: libm
    a += GELU(x);                                       // found: libm
    a += __builtin_powf(x, 3.0f);                       // found: libm
    activation f = cosh;                                // found: libm
    a += (float)f(y) + cabsf(z);                        // found: libm
    a += (float)exp10(y);                               // found: libm
    a += own_softplus(x);
    a += (float)hypot((double)x, y);                    // found: libm
    return a + (float)table[0](y);
}

float exact(float x, float y)
{
    return sqrtf(x) + fmaf(x, y, 1.0f) + fabsf(x) + floorf(y) + ldexpf(x, 3) + fmodf(x, y) +
           copysignf(x, y) + log2_of(x) + (isnan(x) ? 1.0f : 0.0f) + roundf(x);
}
