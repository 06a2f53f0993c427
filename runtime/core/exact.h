/*
 * Exact sums of binary32 numbers, rounded once (docs/numerics.md, section 3, rule 10).
 *
 * A sum is a row of 64-bit whole numbers: digit i counts units of 2^(24 i - 149), with either sign
 * and no carries, so that sums of parts add up digit by digit, in any order.  A number touches four
 * digits at most and adds less than 2^26 to each: 2^37 of them fit.  Two more words count the
 * infinities of either sign; a NaN counts as both.  After Kulisch's long accumulator.
 */
#ifndef INV_CORE_EXACT_H
#define INV_CORE_EXACT_H

#include "core/arith.h"

enum { INV_EXACT_BITS = 24, INV_EXACT_DIGITS = 14, INV_EXACT_WORDS = 16 };

#define INV_EXACT_MASK 0xffffffu

/* Adds x * times. */
INV_SHARED void inv_exact_add(int64_t *word, float x, uint32_t times)
{
    uint32_t bits = inv_bits(x), exponent = bits >> 23 & 0xffu, mantissa = bits & 0x7fffffu;
    if (exponent == 255) {
        word[INV_EXACT_DIGITS] += mantissa != 0 || bits >> 31 == 0;
        word[INV_EXACT_DIGITS + 1] += mantissa != 0 || bits >> 31 == 1;
        return;
    }
    uint32_t place = exponent > 0 ? exponent - 1 : 0; /* x = mantissa * 2^(place - 149) */
    uint64_t rest = (uint64_t)(exponent > 0 ? mantissa | 0x800000u : mantissa) * times;
    int64_t sign = bits >> 31 ? -1 : 1;
    for (word += place / 24; rest > 0; word++, rest >>= INV_EXACT_BITS) {
        uint64_t part = (rest & INV_EXACT_MASK) << place % 24;
        word[0] += sign * (int64_t)(part & INV_EXACT_MASK);
        word[1] += sign * (int64_t)(part >> INV_EXACT_BITS);
    }
}

/* The magnitude's digits with carries taken; 1 where the sum is negative. */
INV_SHARED int inv_exact_digits(const int64_t *word, inv_index stride, uint32_t *digit)
{
    int64_t carry = 0;
    for (int i = 0; i < INV_EXACT_DIGITS; i++)
        carry = (carry + word[i * stride]) >> INV_EXACT_BITS;
    int64_t sign = carry < 0 ? -1 : 1;
    carry = 0;
    for (int i = 0; i < INV_EXACT_DIGITS; i++) {
        carry += sign * word[i * stride];
        digit[i] = (uint32_t)carry & INV_EXACT_MASK;
        carry >>= INV_EXACT_BITS;
    }
    digit[INV_EXACT_DIGITS] = (uint32_t)carry & INV_EXACT_MASK;
    digit[INV_EXACT_DIGITS + 1] = (uint32_t)(carry >> INV_EXACT_BITS);
    return sign < 0;
}

/* Divides the digits, highest last; the remainder. */
INV_SHARED uint64_t inv_exact_divide(uint32_t *digit, int count, uint64_t by)
{
    uint64_t rest = 0;
    for (int i = count - 1; i >= 0; i--) {
        rest = rest << INV_EXACT_BITS | digit[i];
        digit[i] = (uint32_t)(rest / by);
        rest %= by;
    }
    return rest;
}

/* The digits times 2^-(149 + 24 low), and a little more where `more`, to nearest even. */
INV_SHARED float inv_exact_round(const uint32_t *digit, int count, int low, int more)
{
    int top = count - 1, length = 0, shift;
    while (top > 1 && digit[top] == 0)
        top--;
    uint64_t high = (uint64_t)digit[top] << INV_EXACT_BITS | digit[top - 1];
    while (length < 48 && high >> length)
        length++;
    for (int i = 0; i < top - 1; i++)
        more |= digit[i] != 0;
    int unit = INV_EXACT_BITS * (top - 1 - low); /* of `high`, over 2^-149 */
    shift = length - 24 > -unit ? length - 24 : -unit;
    if (shift > 50)
        return 0.0f;
    if (shift <= 0)                     /* then unit is 0 */
        return inv_from_bits((uint32_t)high);
    uint64_t half = (uint64_t)1 << (shift - 1), kept = high >> shift;
    more |= (high & (half - 1)) != 0;
    kept += (high & half) && (more || (kept & 1));
    uint64_t bits = ((uint64_t)(unit + shift) << 23) + kept;
    return inv_from_bits(bits < 0x7f800000u ? (uint32_t)bits : 0x7f800000u);
}

/* The sum over `by`, 1 <= by < 2^40, rounded once; a zero is +0. */
INV_SHARED float inv_exact_mean(const int64_t *word, inv_index stride, int64_t by)
{
    uint32_t digit[INV_EXACT_DIGITS + 3];
    int64_t up = word[INV_EXACT_DIGITS * stride], down = word[(INV_EXACT_DIGITS + 1) * stride];
    if (up || down)
        return up && down ? INV_NAN : up ? INV_INFINITY : inv_neg(INV_INFINITY);
    digit[0] = 0;                       /* below the point */
    int negative = inv_exact_digits(word, stride, digit + 1);
    uint64_t rest = by == 1 ? 0 : inv_exact_divide(digit, INV_EXACT_DIGITS + 3, (uint64_t)by);
    float mean = inv_exact_round(digit, INV_EXACT_DIGITS + 3, 1, rest != 0);
    return negative && mean > 0.0f ? inv_neg(mean) : mean;
}

/* Adds x^2: its product rounded and, exactly, what that lacks. */
INV_SHARED void inv_exact_add_square(int64_t *word, float x)
{
    float square = inv_mul(x, x);
    inv_exact_add(word, square, 1);
    if (inv_is_finite(square))
        inv_exact_add(word, inv_fma(x, x, inv_neg(square)), 1);
}

/* The mean of `count` numbers in two parts, mean + rest; leaves count * rest in the sum. */
INV_SHARED void inv_exact_centre(int64_t *word, int64_t count, float *mean, float *rest)
{
    *mean = inv_exact_mean(word, 1, count);
    for (int64_t left = count, times; left > 0; left -= times) {
        times = left < 0x7fffffff ? left : 0x7fffffff;
        inv_exact_add(word, inv_neg(*mean), (uint32_t)times);
    }
    *rest = inv_exact_mean(word, 1, count);
}

/* x - (mean + rest) */
INV_SHARED float inv_exact_away(float x, float mean, float rest)
{
    float away = inv_sub(x, mean), back = inv_sub(away, x);
    float error = inv_sub(inv_sub(x, inv_sub(away, back)), inv_add(mean, back));
    return inv_add(away, inv_sub(error, rest));
}

#endif
