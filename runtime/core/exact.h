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

/*
 * Sums of products of `factors` numbers are in units of 2^(-149 factors) and have so many times the
 * digits.  A spread is the words of the sum of x, or of w x, then those of x^2, or of w x^2.
 */
#define INV_EXACT_WORDS_OF(factors) (INV_EXACT_DIGITS * (factors) + 2)
enum {
    INV_EXACT_SPREAD_WORDS = INV_EXACT_WORDS_OF(1) + INV_EXACT_WORDS_OF(2),
    INV_EXACT_WEIGHTED_WORDS = INV_EXACT_WORDS_OF(2) + INV_EXACT_WORDS_OF(3),
    INV_EXACT_LONG = 5 * INV_EXACT_DIGITS /* of the weights' sum times that of w x^2, and of size */
};

#define INV_EXACT_MASK 0xffffffu

/* Adds whole * 2^place units. */
INV_SHARED void inv_exact_add_at(int64_t *word, uint32_t place, uint64_t whole, int negative)
{
    int64_t sign = negative ? -1 : 1;
    for (word += place / 24; whole > 0; word++, whole >>= INV_EXACT_BITS) {
        uint64_t part = (whole & INV_EXACT_MASK) << place % 24;
        word[0] += sign * (int64_t)(part & INV_EXACT_MASK);
        word[1] += sign * (int64_t)(part >> INV_EXACT_BITS);
    }
}

/* x = mantissa * 2^(place - 149), but for its sign, where it is finite. */
INV_SHARED uint32_t inv_exact_place(float x, uint64_t *mantissa)
{
    uint32_t bits = inv_bits(x), exponent = bits >> 23 & 0xffu;
    *mantissa = (bits & 0x7fffffu) | (uint32_t)(exponent > 0) << 23;
    return exponent > 0 ? exponent - 1 : 0;
}

/* Counts a number that is not finite. */
INV_SHARED void inv_exact_flag(int64_t *flag, float x)
{
    flag[0] += !(x < 0.0f);
    flag[1] += !(x > 0.0f);
}

/* Adds x * times. */
INV_SHARED void inv_exact_add(int64_t *word, float x, uint32_t times)
{
    uint64_t mantissa;
    uint32_t place = inv_exact_place(x, &mantissa);
    if (inv_is_finite(x))
        inv_exact_add_at(word, place, mantissa * times, x < 0.0f);
    else
        inv_exact_flag(word + INV_EXACT_DIGITS, x);
}

/* Adds x and x^2 to the two sums of a spread. */
INV_SHARED void inv_exact_add_spread(int64_t *word, float x)
{
    uint64_t mantissa;
    uint32_t place = inv_exact_place(x, &mantissa);
    inv_exact_add(word, x, 1);
    if (inv_is_finite(x))
        inv_exact_add_at(word + INV_EXACT_WORDS, 2 * place, mantissa * mantissa, 0);
}

/* Adds w x and w x^2, w >= 0; the latter from halves of the square, since it has 72 bits. */
INV_SHARED void inv_exact_add_weighted(int64_t *word, float x, float w)
{
    uint64_t mantissa, weight;
    uint32_t place = inv_exact_place(x, &mantissa), at = inv_exact_place(w, &weight);
    if (!inv_is_finite(x) || !inv_is_finite(w)) {
        inv_exact_flag(word + 2 * INV_EXACT_DIGITS, INV_NAN);
        return;
    }
    uint64_t square = mantissa * mantissa;
    inv_exact_add_at(word, at + place, weight * mantissa, x < 0.0f);
    word += INV_EXACT_WORDS_OF(2);
    inv_exact_add_at(word, at + 2 * place, weight * (square & INV_EXACT_MASK), 0);
    inv_exact_add_at(word, at + 2 * place + 24, weight * (square >> INV_EXACT_BITS), 0);
}

/* The magnitude's digits with carries taken, two more than words; 1 where the sum is negative. */
INV_SHARED int inv_exact_digits(const int64_t *word, inv_index stride, int count, uint32_t *digit)
{
    int64_t carry = 0;
    for (int i = 0; i < count; i++)
        carry = (carry + word[i * stride]) >> INV_EXACT_BITS;
    int64_t sign = carry < 0 ? -1 : 1;
    carry = 0;
    for (int i = 0; i < count; i++) {
        carry += sign * word[i * stride];
        digit[i] = (uint32_t)carry & INV_EXACT_MASK;
        carry >>= INV_EXACT_BITS;
    }
    digit[count] = (uint32_t)carry & INV_EXACT_MASK;
    digit[count + 1] = (uint32_t)(carry >> INV_EXACT_BITS);
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
    int negative = inv_exact_digits(word, stride, INV_EXACT_DIGITS, digit + 1);
    uint64_t rest = by == 1 ? 0 : inv_exact_divide(digit, INV_EXACT_DIGITS + 3, (uint64_t)by);
    float mean = inv_exact_round(digit, INV_EXACT_DIGITS + 3, 1, rest != 0);
    return negative && mean > 0.0f ? inv_neg(mean) : mean;
}

/* 1 where left >= right, which are numbers of so many digits. */
INV_SHARED int inv_exact_reaches(const uint32_t *left, const uint32_t *right, int count)
{
    while (count > 1 && left[count - 1] == right[count - 1])
        count--;
    return left[count - 1] >= right[count - 1];
}

/* rest = 2 rest + bit, less `by` where it reaches that; 1 where it did. */
INV_SHARED uint32_t inv_exact_step(uint32_t *rest, uint32_t bit, const uint32_t *by, int count)
{
    uint32_t borrow = 0;
    for (int i = 0; i < count; i++) {
        bit |= rest[i] << 1;
        rest[i] = bit & INV_EXACT_MASK;
        bit >>= INV_EXACT_BITS;
    }
    if (!inv_exact_reaches(rest, by, count))
        return 0;
    for (int i = 0; i < count; i++) {
        uint32_t less = rest[i] - by[i] - borrow;
        rest[i] = less & INV_EXACT_MASK;
        borrow = less >> 31;
    }
    return 1;
}

/*
 * Divides by a number of `size` digits, of which the highest must be 0 and some other not: a long
 * division in bits.  Two digits after the first of the quotient suffice; the rest are then 0 in
 * their place.  1 where anything is left.
 */
INV_SHARED int inv_exact_ratio(uint32_t *digit, int count, const uint32_t *by, int size)
{
    uint32_t rest[INV_EXACT_LONG] = {0}, more = 0;
    int wanted = 0;
    while (count > 1 && digit[count - 1] == 0)
        count--;
    for (int i = count - 1; i >= 0; i--) {
        uint32_t quotient = 0;
        for (int bit = INV_EXACT_BITS - 1; wanted < 3 && bit >= 0; bit--)
            quotient = 2 * quotient + inv_exact_step(rest, digit[i] >> bit & 1, by, size);
        more |= wanted < 3 ? 0 : digit[i];
        wanted += wanted > 0 || quotient > 0;
        digit[i] = quotient;
    }
    for (int i = 0; i < size; i++)
        more |= rest[i];
    return more != 0;
}

/* wide += sign * a * b, digit by digit without carries. */
INV_SHARED void inv_exact_multiply(int64_t *wide, const uint32_t *a, int as, const uint32_t *b,
                                   int bs, int64_t sign)
{
    for (int i = 0; i < as; i++)
        for (int j = 0; j < bs; j++)
            wide[i + j] += sign * (int64_t)((uint64_t)a[i] * b[j]);
}

/* The digits of wide * 2^shift, one more; a negative number is taken for 0. */
INV_SHARED void inv_exact_carry(const int64_t *wide, int count, int shift, uint32_t *digit)
{
    int64_t carry = 0;
    uint64_t shifted = 0;
    for (int i = 0; i < count; i++) {
        carry += wide[i];
        shifted += (uint64_t)(carry & INV_EXACT_MASK) << shift;
        digit[i] = (uint32_t)(shifted & INV_EXACT_MASK);
        carry >>= INV_EXACT_BITS;
        shifted >>= INV_EXACT_BITS;
    }
    digit[count] = (uint32_t)shifted;
    for (int i = 0; carry < 0 && i <= count; i++)
        digit[i] = 0;
}

/*
 * (cases * squares - sum^2) / cases, rounded once: the sum of the squares of the distances from the
 * mean.  `by` holds the digits of cases, which are the weights' where `factors` is 2.  The
 * difference is in units of 2^-298 or 2^-596, the quotient of 2^-298 or 2^-447; `shift` brings
 * 2^-149 to the begin of digit `low`.
 */
INV_SHARED float inv_exact_spread_over(const int64_t *word, inv_index stride, int factors,
                                       const uint32_t *by, int size)
{
    uint32_t sum[INV_EXACT_WORDS_OF(2)], squares[INV_EXACT_WORDS_OF(3)];
    uint32_t digit[INV_EXACT_LONG + 1];
    int64_t wide[INV_EXACT_LONG] = {0};
    int few = INV_EXACT_WORDS_OF(factors), many = INV_EXACT_WORDS_OF(factors + 1), more;
    int shift = factors == 1 ? 19 : 14, low = factors == 1 ? 7 : 13;
    for (int i = few - 2; i < few; i++)
        if (word[i * stride])
            return INV_NAN;
    inv_exact_digits(word, stride, few - 2, sum);
    inv_exact_digits(word + few * stride, stride, many - 2, squares);
    inv_exact_multiply(wide, by, size, squares, many, 1);
    inv_exact_multiply(wide, sum, few, sum, few, -1);
    inv_exact_carry(wide, INV_EXACT_LONG, shift, digit);
    more = inv_exact_ratio(digit, INV_EXACT_LONG + 1, by, size);
    return inv_exact_round(digit, INV_EXACT_LONG + 1, low, more);
}

/* Of `cases` numbers, 1 <= cases. */
INV_SHARED float inv_exact_spread_of(const int64_t *word, inv_index stride, uint64_t cases)
{
    uint32_t by[4] = {(uint32_t)(cases & INV_EXACT_MASK), (uint32_t)(cases >> 24 & INV_EXACT_MASK),
                      (uint32_t)(cases >> 48), 0};
    return inv_exact_spread_over(word, stride, 1, by, 4);
}

/* Of numbers with weights whose exact sum is in `weight`, each weight of `cases` numbers. */
INV_SHARED float inv_exact_weighted_spread_of(const int64_t *word, inv_index stride,
                                              const int64_t *weight, uint32_t cases)
{
    uint32_t sum[INV_EXACT_WORDS], by[INV_EXACT_WORDS + 2];
    uint64_t carry = 0, any = 0;
    inv_exact_digits(weight, 1, INV_EXACT_DIGITS, sum);
    for (int i = 0; i < INV_EXACT_WORDS; i++) {
        carry += (uint64_t)sum[i] * cases;
        by[i] = (uint32_t)(carry & INV_EXACT_MASK);
        any |= by[i];
        carry >>= INV_EXACT_BITS;
    }
    by[INV_EXACT_WORDS] = (uint32_t)carry;
    by[INV_EXACT_WORDS + 1] = 0;
    if (weight[INV_EXACT_DIGITS] || weight[INV_EXACT_DIGITS + 1])
        return INV_NAN;
    return any ? inv_exact_spread_over(word, stride, 2, by, INV_EXACT_WORDS + 2) : 0.0f;
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
