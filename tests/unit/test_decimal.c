/* Decimal text to f32: against the C library in the "C" locale, and at halfway cases, where one
 * digit far behind decides. */
#include "host.h"
#include <math.h>
#include <stdint.h>
#include "core/arith.h"
#include "host/decimal.h"

/* The text with the padding that the reader asks for. */
static const char *padded(const char *text)
{
    static char copy[2048];
    size_t length = strlen(text);
    memcpy(copy, text, length);
    memset(copy + length, 0, 1 + INV_DECIMAL_PADDING);
    return copy;
}

static enum inv_decimal to_f32(const char *text, float *value)
{
    return inv_decimal_to_f32(padded(text), '.', value);
}

static enum inv_decimal to_i32(const char *text, int32_t *value)
{
    return inv_decimal_to_i32(padded(text), '.', value);
}

static int same_as_libc(const char *text)
{
    float own = 0;
    float want = strtof(text, NULL);
    enum inv_decimal status = to_f32(text, &own);
    if (!isfinite(want))
        return status == INV_DECIMAL_TOO_LARGE;
    if (status == INV_DECIMAL_OK && inv_bits(own) == inv_bits(want))
        return 1;
    printf("\n  %s: %a, expected %a\n", text, (double)own, (double)want);
    return 0;
}

static uint32_t next_random(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*state >> 33) ^ (uint32_t)(*state >> 12);
}

/* A sign, digits and a point, with one byte changed in some. */
static void draw_text(char *text, uint64_t *state)
{
    static const char other[] = "./:,-+eE 0";
    int length = 0, whole = (int)(next_random(state) % 12), behind = (int)(next_random(state) % 12);
    text[length] = "-+0"[next_random(state) % 3];
    length += text[length] != '0';
    for (int i = 0; i < whole + behind; i++) {
        if (i == whole)
            text[length++] = '.';
        text[length++] = (char)('0' + (next_random(state) % 4 ? next_random(state) % 10 : 0));
    }
    if (length > 0 && next_random(state) % 4 == 0) {
        char put = other[next_random(state) % 10];
        text[next_random(state) % (uint32_t)length] = put;
    }
    text[length] = 0;
}

/* Of what it takes the quick reading makes what the C library does. */
static void test_quick(void)
{
    uint64_t state = 5;
    int taken = 0;
    for (int i = 0; i < 200000; i++) {
        char text[32], *end;
        float own = 0;
        draw_text(text, &state);
        float want = strtof(text, &end);
        int number = *text && *text != ' ' && !*end;
        if (!inv_decimal_quick(padded(text), strlen(text), '.', &own))
            continue;
        taken++;
        if (number && inv_bits(own) == inv_bits(want))
            continue;
        printf("\n  %s\n", text);
        CU_FAIL("read quickly, and wrong");
    }
    CU_ASSERT_TRUE(taken > 100000);
}

static void test_plain(void)
{
    static const char *const text[] = {
        "0", "-0", "1", "-1.5", "+3", ".5", "5.", "1e3", "1E-3", "1e+5", "0.1", "3.4028235e38",
        "3.4028236e38", "3.40282357e38", "1e39", "1e-45", "7.006492321624085e-46",
        "7.0064923216240853e-46", "7.0064923216240854e-46", "1e-46", "1e-400", "0e999999999999",
        "1.17549435e-38", "1.1754943e-38", "5.877472e-39", "16777217", "16777219", "33554434",
        "9007199254740993", "00000000000000000000000000000000000000000000000000001e-2",
        "0.000000000000000000000000000000000000000000000000000000000000000000001e60",
        "100000000000000000000000000000000000000", "123456789012345678901234567890",
        "0.3333333333333333333333333333333333333333333333333333333333333333333333333333333333",
    };
    for (size_t i = 0; i < sizeof text / sizeof text[0]; i++)
        CU_ASSERT_TRUE(same_as_libc(text[i]));
}

static void test_random(void)
{
    uint64_t state = 1;
    char text[80];
    int wrong = 0;
    for (int i = 0; i < 300000; i++) {
        uint32_t bits = next_random(&state) & 0x7fffffffu;
        float value = inv_from_bits(bits < 0x7f800000u ? bits : bits & 0x3fffffffu);
        snprintf(text, sizeof text, "%.*e", (int)(next_random(&state) % 20), (double)value);
        wrong += !same_as_libc(text);
    }
    for (int i = 0; i < 300000; i++) {
        uint32_t whole = next_random(&state) % 1000;
        snprintf(text, sizeof text, "%u.%08u", whole, next_random(&state) % 100000000);
        wrong += !same_as_libc(text);
    }
    CU_ASSERT_EQUAL(wrong, 0);
}

/* The exact middle of two floats with all its digits; with a 1 far behind; and just below. */
static void check_middle(uint32_t bits)
{
    char text[600], longer[1000];
    double low = (double)inv_from_bits(bits), high = (double)inv_from_bits(bits + 1);
    snprintf(text, sizeof text, "%.150f", low / 2 + high / 2);
    CU_ASSERT_TRUE(same_as_libc(text));
    snprintf(longer, sizeof longer, "%s%0200d1", text, 0);
    CU_ASSERT_TRUE(same_as_libc(longer));
    snprintf(text, sizeof text, "%.500f", low / 2 + high / 2);
    size_t last = strlen(text);
    while (last > 0 && text[last - 1] == '0')
        last--;
    if (last > 0 && text[last - 1] > '0' && text[last - 1] <= '9') {
        text[last - 1]--;
        CU_ASSERT_TRUE(same_as_libc(text));
    }
}

static void test_middles(void)
{
    uint64_t state = 7;
    check_middle(0);
    check_middle(1);
    check_middle(0x007fffff);
    check_middle(0x00800000);
    check_middle(0x3f800000);
    check_middle(0x4b7fffff);
    for (int i = 0; i < 3000; i++)
        check_middle(next_random(&state) % 0x60000000u);
}

/* 15 digits that round to the middle of two floats in binary64, and are not that middle: rounding
 * twice would be wrong. */
static void test_double_rounding(void)
{
    uint64_t state = 3;
    char text[64];
    int wrong = 0, near = 0;
    for (int i = 0; i < 100000; i++) {
        uint32_t bits = 0x3a000000u + next_random(&state) % 0x0a000000u;
        double middle = ((double)inv_from_bits(bits) + (double)inv_from_bits(bits + 1)) / 2;
        snprintf(text, sizeof text, "%.14e", middle);
        near += strtod(text, NULL) == middle;
        wrong += !same_as_libc(text);
    }
    CU_ASSERT_EQUAL(wrong, 0);
    CU_ASSERT_TRUE(near > 100);
}

static void test_refused(void)
{
    static const struct { const char *text; enum inv_decimal status; } bad[] = {
        { "", INV_DECIMAL_EMPTY }, { "  \t", INV_DECIMAL_EMPTY }, { "abc", INV_DECIMAL_NOT_NUMBER },
        { "1,5", INV_DECIMAL_NOT_NUMBER }, { "1.2.3", INV_DECIMAL_NOT_NUMBER },
        { "e5", INV_DECIMAL_NOT_NUMBER }, { "1e", INV_DECIMAL_NOT_NUMBER },
        { "1e+", INV_DECIMAL_NOT_NUMBER }, { ".", INV_DECIMAL_NOT_NUMBER },
        { "-", INV_DECIMAL_NOT_NUMBER }, { "0x10", INV_DECIMAL_NOT_NUMBER },
        { "1 2", INV_DECIMAL_NOT_NUMBER }, { "--1", INV_DECIMAL_NOT_NUMBER },
        { "nan", INV_DECIMAL_NAN }, { "NaN", INV_DECIMAL_NAN }, { "-inf", INV_DECIMAL_INFINITE },
        { "Infinity", INV_DECIMAL_INFINITE }, { "1e39", INV_DECIMAL_TOO_LARGE },
        { "1e99999999999999999999", INV_DECIMAL_TOO_LARGE },
    };
    float value;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        CU_ASSERT_EQUAL(to_f32(bad[i].text, &value), bad[i].status);
    CU_ASSERT_EQUAL(to_f32(" 2.5 ", &value), INV_DECIMAL_OK);
    CU_ASSERT_EQUAL(value, 2.5f);
}

static void test_whole(void)
{
    int32_t value;
    CU_ASSERT_EQUAL(to_i32("9", &value), INV_DECIMAL_OK);
    CU_ASSERT_EQUAL(value, 9);
    CU_ASSERT_EQUAL(to_i32("-3.0", &value), INV_DECIMAL_OK);
    CU_ASSERT_EQUAL(value, -3);
    CU_ASSERT_EQUAL(to_i32("1.2e1", &value), INV_DECIMAL_OK);
    CU_ASSERT_EQUAL(value, 12);
    CU_ASSERT_EQUAL(to_i32("12e2", &value), INV_DECIMAL_OK);
    CU_ASSERT_EQUAL(value, 1200);
    CU_ASSERT_EQUAL(to_i32("0.0", &value), INV_DECIMAL_OK);
    CU_ASSERT_EQUAL(value, 0);
    CU_ASSERT_EQUAL(to_i32("-2147483648", &value), INV_DECIMAL_OK);
    CU_ASSERT_EQUAL(value, INT32_MIN);
    CU_ASSERT_EQUAL(to_i32("2147483648", &value), INV_DECIMAL_TOO_LARGE);
    CU_ASSERT_EQUAL(to_i32("1e30", &value), INV_DECIMAL_TOO_LARGE);
    CU_ASSERT_EQUAL(to_i32("1.5", &value), INV_DECIMAL_NOT_NUMBER);
    CU_ASSERT_EQUAL(to_i32("0.001", &value), INV_DECIMAL_NOT_NUMBER);
    CU_ASSERT_EQUAL(to_i32("", &value), INV_DECIMAL_EMPTY);
}

static int whole(const char *text, uint64_t most, uint64_t want, const char *rest)
{
    uint64_t value;
    return inv_decimal_whole(&text, most, &value) && value == want && strcmp(text, rest) == 0;
}

static void test_digits(void)
{
    CU_ASSERT_TRUE(whole("0", 0, 0, ""));
    CU_ASSERT_TRUE(whole("007..9", 7, 7, "..9"));
    CU_ASSERT_TRUE(whole("18446744073709551615", UINT64_MAX, UINT64_MAX, ""));
    static const char *const bad[] = { "", "-1", "+1", " 1", "x", "8", "70", "18446744073709551616",
                                       "99999999999999999999999" };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        for (int t = 0; t < 10; t++)
            CU_ASSERT_FALSE(whole(bad[i], 7, (uint64_t)t, ""));
    CU_ASSERT_FALSE(whole("18446744073709551616", UINT64_MAX, 0, ""));
}

HOST_MAIN("decimal", { "quick", test_quick }, { "plain", test_plain }, { "random", test_random },
          { "middles", test_middles }, { "double rounding", test_double_rounding },
          { "refused", test_refused }, { "whole", test_whole },
          { "digits", test_digits })
