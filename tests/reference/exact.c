/* Exact sums of binary32 numbers: one number of 512 bits, in two's complement. */
#include <math.h>
#include "reference.h"

enum { WORDS = 16, UNIT = 149 };        /* of 32 bits; bit 0 is 2^-149 */

/* Adds or takes off the 32 bits of `part`, times 2^bit, with all carries. */
static void add_part(struct exact *sum, uint32_t part, int bit, bool negative)
{
    uint64_t wide = (uint64_t)part << bit % 32, carry = negative;
    for (int w = 0; w < WORDS; w++) {
        int at = w - bit / 32;
        uint32_t word = at == 0 ? (uint32_t)wide : at == 1 ? (uint32_t)(wide >> 32) : 0;
        carry += (uint64_t)sum->word[w] + (negative ? ~word : word);
        sum->word[w] = (uint32_t)carry;
        carry >>= 32;
    }
}

void exact_add(struct exact *sum, float x, int64_t times)
{
    int exponent;
    if (!isfinite(x)) {
        sum->up |= !(x < 0);
        sum->down |= !(x > 0);
        return;
    }
    float fraction = frexpf(fabsf(x), &exponent);
    int bit = exponent - 24 + UNIT;
    uint32_t mantissa = (uint32_t)ldexpf(fraction, 24);
    if (bit < 0) {                      /* subnormal: the low bits are zeros */
        mantissa >>= -bit;
        bit = 0;
    }
    for (int i = 0; times >> i > 0; i++)
        if (times >> i & 1)
            add_part(sum, mantissa, bit + i, x < 0);
}

static int bit_of(const struct exact *sum, int bit)
{
    return bit < 0 ? 0 : (int)(sum->word[bit / 32] >> bit % 32 & 1);
}

/* A long division, bit by bit, into a quotient with as many bits as count: 24, or those of at least
 * 2^-149; then the rounding by what is left. */
float exact_mean(const struct exact *sum, int64_t by)
{
    struct exact size = *sum;
    bool negative = sum->word[WORDS - 1] >> 31;
    if (sum->up || sum->down)
        return sum->up && sum->down ? NAN : sum->up ? INFINITY : -INFINITY;
    if (negative) {
        for (int w = 0; w < WORDS; w++)
            size.word[w] = 0;
        for (int w = 0; w < WORDS; w++)
            add_part(&size, sum->word[w], 32 * w, true);
    }
    int64_t rest = 0, quotient = 0;
    int bit = 32 * WORDS - 1;
    for (; bit >= 0 && quotient < 1 << 23; bit--) {
        rest = 2 * rest + bit_of(&size, bit);
        quotient = 2 * quotient + rest / by;
        rest %= by;
    }
    bool more = false;                  /* anything below the bit that decides */
    rest = 2 * rest + bit_of(&size, bit);
    bool half = rest >= by;
    more = rest % by != 0;
    for (int low = bit - 1; low >= 0; low--)
        more |= bit_of(&size, low);
    quotient += half && (more || (quotient & 1));
    float result = ldexpf((float)quotient, bit + 1 - UNIT);
    return negative && result > 0 ? -result : result;
}

struct exact exact_of_digits(const int64_t *digit, int64_t stride)
{
    struct exact sum = {.up = digit[14 * stride] != 0, .down = digit[15 * stride] != 0};
    for (int i = 0; i < 14; i++) {
        int64_t value = digit[i * stride];
        uint64_t size = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
        add_part(&sum, (uint32_t)size, 24 * i, value < 0);
        add_part(&sum, (uint32_t)(size >> 32), 24 * i + 32, value < 0);
    }
    return sum;
}
