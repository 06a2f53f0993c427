/* A header of one's own is looked at like the file. */
#include <math.h>

static inline float own_softplus(float x)
{
    return log1pf(expf(x));                             // found: libm libm
}
