/* Q - S^2 / W with the numbers that exact sums are, rounded once: (Q W - S^2) / W, where W is
 * rows * whole, or the sum of the weights * whole.  A number in S or W that is not finite gives
 * NaN; W = 0 gives +0, and so does a difference below 0, which weights from 0 on never give */
#include <math.h>
#include "reference.h"

enum { WORDS = 72 };                    /* of 32 bits, in two's complement */
struct whole { uint32_t word[WORDS]; };

/* Adds part * 2^bit, or takes it off. */
static void add_part(struct whole *x, uint32_t part, int bit, bool negative)
{
    uint64_t wide = (uint64_t)part << bit % 32, carry = negative;
    for (int w = 0; w < WORDS; w++) {
        int at = w - bit / 32;
        uint32_t word = at == 0 ? (uint32_t)wide : at == 1 ? (uint32_t)(wide >> 32) : 0;
        carry += (uint64_t)x->word[w] + (negative ? ~word : word);
        x->word[w] = (uint32_t)carry;
        carry >>= 32;
    }
}

/* The magnitude: no sign matters here. */
static struct whole of_digits(const int64_t *digit, int64_t stride, int count)
{
    struct whole x = {{0}}, size = {{0}};
    for (int i = 0; i < count; i++) {
        int64_t value = digit[i * stride];
        uint64_t part = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
        add_part(&x, (uint32_t)part, 24 * i, value < 0);
        add_part(&x, (uint32_t)(part >> 32), 24 * i + 32, value < 0);
    }
    for (int w = 0; w < WORDS; w++)
        add_part(&size, x.word[w], 32 * w, x.word[WORDS - 1] >> 31);
    return size;
}

/* x += a * b, or -= */
static void add_product(struct whole *x, const struct whole *a, const struct whole *b,
                        bool negative)
{
    for (int i = 0; i < WORDS; i++)
        for (int j = 0; a->word[i] && j + i + 1 < WORDS; j++) {
            uint64_t product = (uint64_t)a->word[i] * b->word[j];
            if (product) {
                add_part(x, (uint32_t)product, 32 * (i + j), negative);
                add_part(x, (uint32_t)(product >> 32), 32 * (i + j + 1), negative);
            }
        }
}

static int bit_of(const struct whole *x, int bit)
{
    return (int)(x->word[bit / 32] >> bit % 32 & 1);
}

static bool reaches(const struct whole *x, const struct whole *y)
{
    for (int w = WORDS - 1; w >= 0; w--)
        if (x->word[w] != y->word[w])
            return x->word[w] > y->word[w];
    return true;
}

/* The quotient, and whether anything is left. */
static bool divide(const struct whole *x, const struct whole *by, struct whole *quotient)
{
    struct whole rest = {{0}};
    bool left = false;
    for (int bit = 32 * WORDS - 1; bit >= 0; bit--) {
        uint64_t shifted = (uint64_t)bit_of(x, bit), carry = 1;
        for (int w = 0; w < WORDS; w++, shifted >>= 32) {
            shifted |= (uint64_t)rest.word[w] << 1;
            rest.word[w] = (uint32_t)shifted;
        }
        if (!reaches(&rest, by))
            continue;
        quotient->word[bit / 32] |= 1u << bit % 32;
        for (int w = 0; w < WORDS; w++, carry >>= 32) {
            carry += (uint64_t)rest.word[w] + (uint32_t)~by->word[w];
            rest.word[w] = (uint32_t)carry;
        }
    }
    for (int w = 0; w < WORDS; w++)
        left |= rest.word[w] != 0;
    return left;
}

/* x * 2^-unit and perhaps a little more, to nearest even. */
static float round_once(const struct whole *x, int unit, bool more)
{
    int top = 32 * WORDS - 1, low;
    int64_t kept = 0;
    while (top > 0 && !bit_of(x, top))
        top--;
    low = top - 23 > unit - 149 ? top - 23 : unit - 149;
    for (int bit = top; bit >= low; bit--)
        kept = 2 * kept + bit_of(x, bit);
    for (int bit = 0; bit < low - 1; bit++)
        more |= bit_of(x, bit);
    kept += bit_of(x, low - 1) && (more || (kept & 1));
    return ldexpf((float)kept, low - unit);
}

static float spread(const int64_t *word, int64_t stride, int factors, const struct whole *cases)
{
    struct whole difference = {{0}}, quotient = {{0}}, none = {{0}};
    int words = 14 * factors + 2;
    if (word[(words - 2) * stride] || word[(words - 1) * stride])
        return NAN;
    if (reaches(&none, cases))
        return 0.0f;
    struct whole sum = of_digits(word, stride, words - 2);
    struct whole squares = of_digits(word + words * stride, stride, words + 12);
    add_product(&difference, &squares, cases, false);
    add_product(&difference, &sum, &sum, true);
    if (difference.word[WORDS - 1] >> 31)
        return 0.0f;
    bool more = divide(&difference, cases, &quotient);
    return round_once(&quotient, 149 * (factors + 1), more);
}

void compute_exact_spread(const struct call *c)
{
    int64_t whole = c->node->whole * (c->node->count == 1 ? c->at->rows : 1);
    struct whole cases = {{(uint32_t)whole, (uint32_t)(whole >> 32)}};
    bool none = false;
    if (c->node->count == 2) {
        struct whole times = cases, weights = of_digits(c->x[1]->wide, 1, 14);
        cases = (struct whole){{0}};
        add_product(&cases, &weights, &times, false);
        none = c->x[1]->wide[14] || c->x[1]->wide[15];
    }
    for (int64_t k = 0; k < c->y->count; k++)
        c->y->real[k] =
            none ? NAN : spread(c->x[0]->wide + k, c->y->count, c->node->count, &cases);
}
