#include "decimal.h"
#include <string.h>
#include "core/arith.h"

/* Halfway cases between two floats have at most 113 significant digits (2^-150 times an odd
 * number below 2^25); of longer texts only "is anything left" matters: a last digit 1 says it. */
enum { DIGITS_MAX = 116, LIMBS = 24 };

struct digits {
    unsigned char digit[DIGITS_MAX + 1];
    int count;                          /* without leading zeros */
    int64_t exponent;                   /* value = digits * 10^exponent */
    int negative, more;                 /* more: a digit other than 0 was left out at the end */
};

static int is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static int is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static int same_word(const char *text, const char *end, const char *word)
{
    for (; text < end && *word; text++, word++)
        if ((*text | 0x20) != *word)
            return 0;
    return text == end && !*word;
}

static void add_digit(struct digits *d, int digit, int fraction)
{
    if (d->count == 0 && digit == 0) {
        d->exponent -= fraction;
        return;
    }
    if (d->count < DIGITS_MAX) {
        d->digit[d->count++] = (unsigned char)digit;
        d->exponent -= fraction;
        return;
    }
    d->exponent += !fraction;
    d->more |= digit != 0;
}

/* The exponent after 'e', kept within +-1000000; NULL where no digit follows. */
static const char *scan_exponent(const char *at, const char *end, int64_t *exponent)
{
    int negative = at < end && *at == '-';
    if (at < end && (*at == '-' || *at == '+'))
        at++;
    if (at == end)
        return NULL;
    int64_t value = 0;
    for (; at < end && is_digit(*at); at++)
        if (value < 1000000)
            value = value * 10 + (*at - '0');
    *exponent += negative ? -value : value;
    return at;
}

static const char *scan_mantissa(const char *at, const char *end, char point, struct digits *d)
{
    int seen = 0, fraction = 0;
    for (; at < end; at++) {
        if (*at == point && !fraction) {
            fraction = 1;
        } else if (is_digit(*at)) {
            add_digit(d, *at - '0', fraction);
            seen = 1;
        } else {
            break;
        }
    }
    return seen ? at : NULL;
}

static enum inv_decimal scan(const char *text, char point, struct digits *d)
{
    const char *end = text + strlen(text);
    while (is_blank(*text))
        text++;
    while (end > text && is_blank(end[-1]))
        end--;
    *d = (struct digits){ .count = 0 };
    if (text == end)
        return INV_DECIMAL_EMPTY;
    d->negative = *text == '-';
    text += *text == '-' || *text == '+';
    if (same_word(text, end, "nan"))
        return INV_DECIMAL_NAN;
    if (same_word(text, end, "inf") || same_word(text, end, "infinity"))
        return INV_DECIMAL_INFINITE;
    text = scan_mantissa(text, end, point, d);
    if (text && text < end && (*text | 0x20) == 'e')
        text = scan_exponent(text + 1, end, &d->exponent);
    if (d->more) {
        d->digit[d->count++] = 1;
        d->exponent--;
    }
    return text == end ? INV_DECIMAL_OK : INV_DECIMAL_NOT_NUMBER;
}

/* ---- unsigned numbers of LIMBS * 32 bits, low limb first ---- */

struct big {
    uint32_t limb[LIMBS];
    int count;                          /* limbs in use: the highest is not 0 */
};

static void big_multiply_add(struct big *a, uint32_t factor, uint32_t carry)
{
    uint64_t sum = carry;
    for (int i = 0; i < a->count; i++) {
        sum += (uint64_t)a->limb[i] * factor;
        a->limb[i] = (uint32_t)sum;
        sum >>= 32;
    }
    if (sum)
        a->limb[a->count++] = (uint32_t)sum;
}

static void big_power_of_ten(struct big *a, int64_t power)
{
    for (; power >= 9; power -= 9)
        big_multiply_add(a, 1000000000u, 0);
    for (; power > 0; power--)
        big_multiply_add(a, 10, 0);
}

static int big_bits(const struct big *a)
{
    return a->count == 0 ? 0 : 32 * a->count - __builtin_clz(a->limb[a->count - 1]);
}

static void big_shift_left(struct big *a, int bits)
{
    int limbs = bits / 32;
    memmove(a->limb + limbs, a->limb, (size_t)a->count * sizeof a->limb[0]);
    memset(a->limb, 0, (size_t)limbs * sizeof a->limb[0]);
    a->count += limbs;
    big_multiply_add(a, (uint32_t)1 << (bits % 32), 0);
}

/* a -= b where a >= b; returns whether it was. */
static int big_take_away(struct big *a, const struct big *b)
{
    struct big rest = *a;
    int64_t borrow = 0;
    if (a->count < b->count)
        return 0;
    for (int i = 0; i < a->count; i++) {
        int64_t limb = (int64_t)a->limb[i] - (i < b->count ? (int64_t)b->limb[i] : 0) + borrow;
        rest.limb[i] = (uint32_t)limb;
        borrow = limb < 0 ? -1 : 0;
    }
    if (borrow)
        return 0;
    while (rest.count && rest.limb[rest.count - 1] == 0)
        rest.count--;
    *a = rest;
    return 1;
}

/* numerator / denominator as quotient * 2^exponent with 26 or 27 bits, the lowest of which is set
 * where bits were lost.  Both must be positive. */
static uint32_t big_divide(struct big *numerator, struct big *denominator, int *exponent)
{
    int shift = big_bits(denominator) - big_bits(numerator) + 26;
    big_shift_left(shift > 0 ? numerator : denominator, shift > 0 ? shift : -shift);
    *exponent = -shift;
    uint32_t quotient = 0;
    for (int bit = 26; bit >= 0; bit--) {
        struct big part = *denominator;
        big_shift_left(&part, bit);
        if (big_take_away(numerator, &part))
            quotient |= (uint32_t)1 << bit;
    }
    return quotient | (numerator->count != 0);
}

/* quotient * 2^exponent to nearest even, bit 0 of quotient being sticky; subnormals included. */
static float round_to_f32(uint32_t quotient, int exponent)
{
    int bits = 32 - __builtin_clz(quotient);
    int drop = bits - 24;
    if (exponent + drop < -149)
        drop = -149 - exponent;
    if (drop > 31)
        return 0.0f;
    uint32_t half = (uint32_t)1 << (drop - 1);
    uint32_t rest = quotient & (half * 2 - 1);
    uint32_t kept = quotient >> drop;
    kept += rest > half || (rest == half && (kept & 1));
    int biased = exponent + drop + 150;
    if (biased > 254)
        return INV_INFINITY;
    /* a carry out of the significand moves into the exponent, to infinity too */
    return inv_from_bits(((uint32_t)(biased - 1) << 23) + kept);
}

static float convert_exactly(const struct digits *d)
{
    struct big numerator = { .count = 0 }, denominator = { .limb = { 1 }, .count = 1 };
    for (int i = 0; i < d->count; i++)
        big_multiply_add(&numerator, 10, d->digit[i]);
    big_power_of_ten(&numerator, d->exponent);
    big_power_of_ten(&denominator, -d->exponent);
    int exponent;
    uint32_t quotient = big_divide(&numerator, &denominator, &exponent);
    return round_to_f32(quotient, exponent);
}

/* ---- numbers of at most 19 digits: digits * 10^exponent ---- */

static const float power_of_ten[] = { 1e0f, 1e1f, 1e2f, 1e3f, 1e4f, 1e5f, 1e6f, 1e7f, 1e8f, 1e9f,
    1e10f };

/* The result of one operation on exact numbers, which rounds once: 10^10 = 2^10 * 5^10, and 5^10 is
 * below 2^24. */
static float convert_in_f32(uint64_t digits, int exponent)
{
    return exponent < 0 ? inv_div((float)digits, power_of_ten[-exponent])
                        : inv_mul((float)digits, power_of_ten[exponent]);
}

/* Up to 2^53 and 10^22 are exact in double, so one operation rounds once; narrowing that is right
 * unless it lies just halfway between two floats. No such number is subnormal. */
static int convert_in_f64(uint64_t digits, int exponent, float *value)
{
    static const double ten[] = { 1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11,
        1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22 };
    double exact = exponent < 0 ? (double)digits / ten[-exponent] : (double)digits * ten[exponent];
    uint64_t bits;
    memcpy(&bits, &exact, sizeof bits);
    if ((bits & 0x1fffffffu) == 0x10000000u)
        return 0;
    *value = (float)exact;
    return 1;
}

#ifdef __SIZEOF_INT128__
__extension__ typedef unsigned __int128 wide;

/* digits * 5^exponent exactly in 127 bits; or, of a division, 33 bits and more of the quotient and
 * whether anything is left. */
static float convert_widely(uint64_t digits, int exponent)
{
    static const uint64_t power[] = {
        1u, 5u, 25u, 125u, 625u, 3125u, 15625u, 78125u, 390625u, 1953125u, 9765625u, 48828125u,
        244140625u, 1220703125u, 6103515625u, 30517578125u, 152587890625u, 762939453125u,
        3814697265625u, 19073486328125u, 95367431640625u, 476837158203125u, 2384185791015625u,
        11920928955078125u, 59604644775390625u, 298023223876953125u, 1490116119384765625u,
        7450580596923828125u
    };
    uint64_t five = power[exponent < 0 ? -exponent : exponent];
    int zeros = __builtin_clzll(digits), more = 0;
    wide product = (wide)digits * five;
    if (exponent < 0) {
        wide dividend = (wide)(digits << zeros) << 32;
        product = dividend / five;
        more = product * five != dividend;
        exponent -= zeros + 32;
    }
    uint64_t high = (uint64_t)(product >> 64), low = (uint64_t)product;
    int bits = high ? 128 - __builtin_clzll(high) : 64 - __builtin_clzll(low);
    int drop = bits > 32 ? bits - 32 : 0;
    more |= (wide)(product >> drop) << drop != product;
    return round_to_f32((uint32_t)(product >> drop) | (uint32_t)more, exponent + drop);
}
#endif

/* 0: left to convert_exactly.  digits is not 0. */
static int convert_quickly(uint64_t digits, int64_t exponent, float *value)
{
    if (digits < 1 << 24 && exponent >= -10 && exponent <= 10) {
        *value = convert_in_f32(digits, (int)exponent);
        return 1;
    }
    if (digits < (uint64_t)1 << 53 && exponent >= -22 && exponent <= 22
        && convert_in_f64(digits, (int)exponent, value))
        return 1;
#ifdef __SIZEOF_INT128__
    if (exponent >= -27 && exponent <= 27) {
        *value = convert_widely(digits, (int)exponent);
        return 1;
    }
#endif
    return 0;
}

/* ---- what most cells look like: sign, digits, point, digits ---- */

/* The number that 8 bytes of 0 to 9 say, its first digit in the lowest byte. */
static uint64_t add_up(uint64_t bytes)
{
    bytes = (bytes * 10 + (bytes >> 8)) & 0x00ff00ff00ff00ffu;
    bytes = (bytes * 100 + (bytes >> 16)) & 0x0000ffff0000ffffu;
    return (bytes * 10000 + (bytes >> 32)) & 0xffffffffu;
}

static uint64_t load_bytes(const char *at)
{
    uint64_t bytes;
    memcpy(&bytes, at, sizeof bytes);
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    bytes = __builtin_bswap64(bytes);
#endif
    return bytes;
}

/* The highest bit of each byte that is above 9. */
static uint64_t above_nine(uint64_t bytes)
{
    return ((bytes + 0x7676767676767676u) | bytes) & 0x8080808080808080u;
}

/* The highest bit of each byte that is 0, of no other. */
static uint64_t zero_bytes(uint64_t bytes)
{
    uint64_t low = 0x7f7f7f7f7f7f7f7fu;
    return ~(((bytes & low) + low) | bytes | low);
}

/* A number as it is read from its first byte on, eight bytes at a time. */
struct pieces {
    uint64_t digits;
    int fraction, point;                /* digits behind the point; points so far */
    uint64_t other;                     /* not 0: a byte was none of a number */
};

/* The `count` bytes, 1 to 8, at `text`, behind which `behind` more follow. */
static inline void add_piece(struct pieces *p, const char *text, int count, int behind, char point)
{
    uint64_t every = 0x0101010101010101u;
    uint64_t bytes = (load_bytes(text) ^ 0x30 * every) << (64 - 8 * count);
    uint64_t at = zero_bytes(bytes ^ every * (unsigned char)(point ^ '0'));
    if (at) {                           /* what stands before the point moves up into its place */
        int bits = __builtin_ctzll(at) & ~7;
        uint64_t before = ((uint64_t)1 << bits) - 1;
        p->point += 1 + ((at & (at - 1)) != 0);
        p->fraction = 7 - bits / 8 + behind;
        bytes = (bytes & ~(before << 8 | 0xff)) | (bytes & before) << 8;
    }
    p->other |= above_nine(bytes);
    p->digits = p->digits * (at ? 10000000 : 100000000) + add_up(bytes);
}

/* 0 where it is no plain number: of `digits` digits. */
static inline int finish(const struct pieces *p, int digits, int negative, float *value)
{
    if (p->other || p->point > 1 || digits < 1 || digits > 19)
        return 0;
    if (p->digits < 1 << 24 && p->fraction <= 10)
        *value = inv_div((float)(int32_t)p->digits, power_of_ten[p->fraction]);
    else if (!convert_quickly(p->digits, -p->fraction, value))
        return 0;
    *value = inv_from_bits(inv_bits(*value) | (uint32_t)negative << 31); /* either is as likely */
    return 1;
}

int inv_decimal_quick(const char *text, size_t length, char point, float *value)
{
    int negative = *text == '-', sign = negative | (*text == '+');
    int left = (int)(length < 32 ? length : 32) - sign, first = left & 7;
    struct pieces p = { .digits = 0 };
    text += sign;
    if (left < 1 || left > 20)
        return 0;
    if (left <= 8) {                    /* as most are */
        add_piece(&p, text, left, 0, point);
        return finish(&p, left - p.point, negative, value);
    }
    if (first)
        add_piece(&p, text, first, left - first, point);
    for (int at = first; at < left; at += 8)
        add_piece(&p, text + at, 8, left - at - 8, point);
    return finish(&p, left - p.point, negative, value);
}

/* ---- all texts ---- */

static float convert(const struct digits *d)
{
    uint64_t digits = 0;
    float value;
    for (int i = 0; d->count <= 19 && i < d->count; i++)
        digits = digits * 10 + d->digit[i];
    return digits && convert_quickly(digits, d->exponent, &value) ? value : convert_exactly(d);
}

enum inv_decimal inv_decimal_to_f32(const char *text, char point, float *value)
{
    struct digits d;
    if (inv_decimal_quick(text, strlen(text), point, value))
        return INV_DECIMAL_OK;
    enum inv_decimal status = scan(text, point, &d);
    if (status != INV_DECIMAL_OK)
        return status;
    int64_t magnitude = d.count + d.exponent;   /* value < 10^magnitude */
    if (d.count == 0 || magnitude < -46)
        *value = 0.0f;
    else if (magnitude > 40)
        return INV_DECIMAL_TOO_LARGE;
    else
        *value = convert(&d);
    if (!inv_is_finite(*value))
        return INV_DECIMAL_TOO_LARGE;
    if (d.negative)
        *value = inv_neg(*value);
    return INV_DECIMAL_OK;
}

enum inv_decimal inv_decimal_to_i32(const char *text, char point, int32_t *value)
{
    struct digits d;
    enum inv_decimal status = scan(text, point, &d);
    if (status != INV_DECIMAL_OK)
        return status;
    int64_t whole = 0;
    if (d.count > 0 && d.count + d.exponent > 10)
        return INV_DECIMAL_TOO_LARGE;
    for (int64_t i = 0; i < d.count; i++) {
        if (i < d.count + d.exponent)
            whole = whole * 10 + d.digit[i];
        else if (d.digit[i] != 0)
            return INV_DECIMAL_NOT_NUMBER;
    }
    for (int64_t i = d.count; d.count > 0 && i < d.count + d.exponent; i++)
        whole *= 10;
    whole = d.negative ? -whole : whole;
    if (whole > INT32_MAX || whole < INT32_MIN)
        return INV_DECIMAL_TOO_LARGE;
    *value = (int32_t)whole;
    return INV_DECIMAL_OK;
}

int inv_decimal_whole(const char **at, uint64_t most, uint64_t *value)
{
    const char *begin = *at;
    for (*value = 0; **at >= '0' && **at <= '9'; ++*at) {
        unsigned digit = (unsigned)(**at - '0');
        if (digit > most || *value > (most - digit) / 10)
            return 0;
        *value = *value * 10 + digit;
    }
    return *at > begin;
}

/* Of the digits, as if 0.d1 d2 ... times a power of ten. */
static int compare_size(const struct digits *a, const struct digits *b)
{
    if (a->count == 0 || b->count == 0)
        return (a->count > 0) - (b->count > 0);
    int64_t power_a = a->exponent + a->count, power_b = b->exponent + b->count;
    if (power_a != power_b)
        return power_a > power_b ? 1 : -1;
    for (int i = 0; i < a->count || i < b->count; i++) {
        int da = i < a->count ? a->digit[i] : 0, db = i < b->count ? b->digit[i] : 0;
        if (da != db)
            return da > db ? 1 : -1;
    }
    return 0;
}

int inv_decimal_is_number(const char *text, char point)
{
    struct digits d;
    return scan(text, point, &d) == INV_DECIMAL_OK;
}

int inv_decimal_compare(const char *a, const char *b, char point)
{
    struct digits x = { .count = 0 }, y = { .count = 0 };
    scan(a, point, &x);
    scan(b, point, &y);
    int minus_x = x.negative && x.count > 0, minus_y = y.negative && y.count > 0;
    if (minus_x != minus_y)
        return minus_x ? -1 : 1;
    return minus_x ? compare_size(&y, &x) : compare_size(&x, &y);
}
