/* Cut towards 0, to the nearest bound beyond the range, NaN to 0; of i64 the low 32 bits */
#include "reference.h"

static int32_t cut(float x)
{
    if (x != x)
        return 0;
    if (x >= 0x1p+31f)
        return INT32_MAX;
    return x <= -0x1p+31f ? INT32_MIN : (int32_t)x;
}

void compute_to_i32(const struct call *c)
{
    const struct tensor *x = c->x[0];
    for (int64_t e = 0; e < x->count; e++) {
        if (x->type == TYPE_F32)
            c->y->whole[e] = cut(x->real[e]);
        else
            c->y->whole[e] = x->type == TYPE_I64 ? (int32_t)x->wide[e] : x->whole[e];
    }
}
