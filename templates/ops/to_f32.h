/* Whole numbers and truth values as f32, rounded to nearest even */
#ifndef INV_OPS_TO_F32_H
#define INV_OPS_TO_F32_H

#include "core/arith.h"

INV_FN float inv_to_f32_i32(int32_t a)
{
#if defined(__ARM_FEATURE_MVE) && defined(__GNUC__)
    __asm__("" : "+r"(a));              /* assemblers take a conditional vcvt for MVE's vcvtn */
#endif
    return (float)a;
}

INV_FN float inv_to_f32_i64(int64_t a)
{
    return (float)a;
}


#endif
