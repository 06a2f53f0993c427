/* Whole numbers 0 .. n - 1, n below 2^31, from the word of an element */
#ifndef INV_OPS_RANDOM_INTEGER_H
#define INV_OPS_RANDOM_INTEGER_H

#include "core/philox.h"

INV_FN int32_t inv_random_integer_of(const struct inv_draw *draw, int64_t j, uint32_t n)
{
    return (int32_t)inv_integer(draw->word[j], n);
}

#endif
