#include "core/selftest.h"

#include "core/philox.h"
#include "ops/functions.h"
#include "ops/pow.h"

/* A float that the compiler cannot know, so that nothing here is computed at compile time. */
static float opaque(uint32_t bits)
{
    volatile uint32_t copy = bits;
    return inv_from_bits(copy);
}

/* Alone and before the canary, since another rounding mode sets several of the canary's bits. */
static const char *check_rounding(void)
{
    float one = opaque(0x3f800000u), quarter_ulp = opaque(0x32800000u);
    if (inv_bits(inv_add(one, quarter_ulp)) != 0x3f800000u ||
        inv_bits(inv_sub(one, quarter_ulp)) != 0x3f800000u)
        return "the rounding mode is not round to nearest";
    return NULL;
}

/* Reasons in the order of inv_canary's bits. */
static const char *check_canary(void)
{
    static const char *const reason[] = {
        "products and sums are fused: compile with -ffp-contract=off",
        "sums are re-associated: compile without -ffast-math and its parts",
        "subnormal numbers are lost: turn flush-to-zero and denormals-are-zero off",
        "a sum is not rounded to nearest",
        "division is not correctly rounded: compile without -freciprocal-math",
        "fma rounds twice",
    };
    uint32_t bad = inv_canary();
    for (int i = 0; i < 6; i++)
        if ((bad >> i & 1u) != 0)
            return reason[i];
    return NULL;
}

/*
 * An exact tie broken by a far smaller addend, a subnormal result, an overflow that a wider sum
 * takes back, signed zeros of an exact cancellation.
 */
static const char *check_fma(void)
{
    static const uint32_t cases[][4] = {
        {0x3f800001u, 0x3f800001u, 0xbf800002u, 0x28800000u},
        {0x3f800800u, 0x3f800800u, 0x00000001u, 0x3f801001u},
        {0x3f800800u, 0x3f800800u, 0x80000001u, 0x3f801000u},
        {0x1f800000u, 0x1f000001u, 0x00000001u, 0x00100001u},
        {0x7f7fffffu, 0x40000000u, 0xff7fffffu, 0x7f7fffffu},
        {0x3f800000u, 0x3f800000u, 0xbf800000u, 0x00000000u},
        {0x80000000u, 0x3f800000u, 0x80000000u, 0x80000000u},
        {0x80000000u, 0x3f800000u, 0x00000000u, 0x00000000u},
    };
    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
        float a = opaque(cases[i][0]), b = opaque(cases[i][1]), c = opaque(cases[i][2]);
        if (inv_bits(inv_fma(a, b, c)) != cases[i][3])
            return "fma is not exact on this machine";
        if (inv_bits(inv_fma_soft(a, b, c)) != cases[i][3])
            return "double arithmetic is not IEEE 754 binary64 on this machine";
    }
    return NULL;
}

static const char *check_division(void)
{
    if (inv_bits(inv_div(opaque(0x40e00000u), opaque(0x40400000u))) != 0x40155555u ||
        inv_bits(inv_div(opaque(0x00800001u), opaque(0x40000000u))) != 0x00400000u)
        return "division is not correctly rounded";
    if (inv_bits(inv_sqrt(opaque(0x40000000u))) != 0x3fb504f3u ||
        inv_bits(inv_sqrt(opaque(0x3f7fffffu))) != 0x3f7fffffu ||
        inv_bits(inv_sqrt(opaque(0x00000001u))) != 0x1a3504f3u)
        return "square roots are not correctly rounded";
    return NULL;
}

static const char *check_minimum(void)
{
    float zero = opaque(0x00000000u), minus = opaque(0x80000000u), nan = opaque(0x7fc00000u);
    if (inv_bits(inv_min(zero, minus)) != 0x80000000u || inv_bits(inv_max(minus, zero)) != 0)
        return "minimum and maximum do not order the zeros";
    if (!inv_is_nan(inv_max(zero, nan)) || !inv_is_nan(inv_min(nan, zero)))
        return "NaN is not kept: compile without -ffinite-math-only";
    return NULL;
}

static const char *check_philox(void)
{
    uint32_t counter[4] = {inv_bits(opaque(0x243f6a88u)), 0x85a308d3u, 0x13198a2eu, 0x03707344u};
    uint32_t key[2] = {0xa4093822u, 0x299f31d0u};
    uint32_t out[4];
    inv_philox(counter, key, out);
    if (out[0] != 0xd16cfe09u || out[1] != 0x94fdcceb || out[2] != 0x5001e420u ||
        out[3] != 0x24126ea1u)
        return "Philox gives wrong words: the C compiler is broken";
    return NULL;
}

struct answer {
    float (*function)(float);
    uint32_t x, y;
};

#define ANSWER(name) {inv_##name, INV_ANSWER_##name},

static const char *check_elementary(void)
{
    static const struct answer answers[] = {
        INV_FUNCTIONS(ANSWER)
        {inv_exp, 0xc2c80000u, 0x0000001bu},
        {inv_log, 0x42c80000u, 0x40935d8eu},
        {inv_sin, 0x53c90fdbu, 0x3f63d177u},
    };
    for (unsigned i = 0; i < sizeof answers / sizeof *answers; i++)
        if (inv_bits(answers[i].function(opaque(answers[i].x))) != answers[i].y)
            return "an elementary function gives wrong bits: the C compiler changes arithmetic";
    if (inv_bits(inv_pow(opaque(0x3fc00000u), opaque(0xc0200000u))) != 0x3eb9cc60u)
        return "pow gives wrong bits: the C compiler changes arithmetic";
    return NULL;
}

const char *inv_selftest(void)
{
    static const char *(*const check[])(void) = {
        check_rounding, check_canary, check_fma,        check_division,
        check_minimum,  check_philox, check_elementary,
    };
    for (unsigned i = 0; i < sizeof check / sizeof *check; i++) {
        const char *reason = check[i]();
        if (reason != NULL)
            return reason;
    }
    return NULL;
}
