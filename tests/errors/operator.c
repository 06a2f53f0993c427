/* Of operators that are declared wrongly. */
#include "core/arith.h"
#include "rows.h"

/* not int none_such(..) */
INV_FN void twice(float *out, const float *x, inv_index n)
{
    for (inv_index i = 0; i < n; i++)
        out[i] = 2.0f * x[i];
}
