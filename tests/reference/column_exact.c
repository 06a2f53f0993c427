/* The exact sum of a column, in 14 digits of 24 bits with the sign of each number, in units of
 * 2^-149; then the infinities of either sign, a NaN being both */
#include <math.h>
#include "reference.h"

void compute_column_exact(const struct call *c)
{
    const struct tensor *x = c->x[0];
    int64_t rows = x->dim[1], columns = x->dim[2];
    for (int64_t k = 0; k < columns; k++)
        for (int64_t r = 0; r < rows; r++) {
            float value = x->real[r * columns + k];
            int exponent = 0;
            if (!isfinite(value)) {
                c->y->wide[14 * columns + k] += !(value < 0);
                c->y->wide[15 * columns + k] += !(value > 0);
                continue;
            }
            double fraction = frexp(fabs((double)value), &exponent);
            int place = exponent - 24 + 149 > 0 ? exponent - 24 + 149 : 0;
            int64_t whole = (int64_t)ldexp(fraction, exponent + 149 - place) << place % 24;
            int64_t sign = value < 0 ? -1 : 1;
            c->y->wide[place / 24 * columns + k] += sign * (whole % (1 << 24));
            c->y->wide[(place / 24 + 1) * columns + k] += sign * (whole / (1 << 24));
        }
}
