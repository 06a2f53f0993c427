#include "core/check_level.h"

#include "core/contract.h"
#include "core/hash.h"
#include "core/sums.h"
#include "ops/floor.h"
#include "ops/functions.h"
#include "ops/max.h"
#include "ops/min.h"
#include "ops/pow.h"

#define FAULT(what) "level " INV_LEVEL_TEXT ": " what " differs from its portable form"

/* Element i of a sequence over [-2, 2), a multiple of 2^-21. */
static float element(uint32_t i)
{
    uint32_t w = (i + 1) * 0x9e3779b9u;
    w = (w ^ w >> 15) * 0x85ebca6bu;
    w ^= w >> 13;
    return inv_from_bits(0x40800000u | w >> 9) - 6.0f;
}

/* Magnitudes from 2^-4 to 2^3, so that already sums of a few terms are rounded. */
static void fill(float *x, long count, uint32_t start)
{
    for (long i = 0; i < count; i++)
        x[i] = inv_mul(element(start + (uint32_t)i), inv_from_bits((uint32_t)(124 + i % 8) << 23));
}

static int same(float a, float b)
{
    return inv_bits(inv_canonical(a)) == inv_bits(inv_canonical(b));
}

/* ---- contraction ---- */

enum { OPERAND = 8192, CHAIN = 256 };

struct shape {
    long m, n, k;
    int a_transposed, b_transposed;
};

/* One output by its definition; volatile keeps the chain scalar. */
static float contract_one(const float *a, long as_k, const float *b, long bs_k, long k)
{
    volatile float out = 0.0f, chain = 0.0f;
    for (long p = 0; p < k; p++) {
        chain = inv_fma(a[p * as_k], b[p * bs_k], chain);
        if ((p + 1) % CHAIN == 0 || p + 1 == k) {
            out = inv_add(out, chain);
            chain = 0.0f;
        }
    }
    return out;
}

static int contracts(const struct shape *s)
{
    float a[OPERAND], b[OPERAND], out[OPERAND];
    long as_m = s->a_transposed ? 1 : s->k, as_k = s->a_transposed ? s->m : 1;
    long bs_k = s->b_transposed ? 1 : s->n, bs_n = s->b_transposed ? s->k : 1;
    fill(a, s->m * s->k, 0);
    fill(b, s->k * s->n, OPERAND);
    inv_contract(out, s->n, a, as_m, as_k, b, bs_k, bs_n, s->m, s->n, s->k);
    for (long i = 0; i < s->m; i++)
        for (long j = 0; j < s->n; j++)
            if (!same(out[i * s->n + j],
                      contract_one(a + i * as_m, as_k, b + j * bs_n, bs_k, s->k)))
                return 0;
    return 1;
}

/* Outputs that are finished in registers: of 13 rows, 23 columns and chains of 20. */
static int finishes(void)
{
    enum { M = 13, N = 23, K = 20 };
    float a[M * K], b[K * N], plain[M * N], out[M * N], bias[N];
    fill(a, M * K, 0);
    fill(b, K * N, OPERAND);
    fill(bias, N, 2 * OPERAND);
    inv_contract(plain, N, a, K, 1, b, N, 1, M, N, K);
    struct inv_finish first = {bias, 1, NULL, 0, 0}, second = {NULL, 0, plain, N, 0};
    struct inv_finish third = {plain, 0, NULL, 0, N};
    inv_contract_finish(out, N, a, K, 1, b, N, 1, M, N, K, &first);
    for (long i = 0; i < M * N; i++)
        if (!same(out[i], inv_max(0.0f, inv_add(plain[i], bias[i % N]))))
            return 0;
    inv_contract_finish(out, N, a, K, 1, b, N, 1, M, N, K, &second);
    for (long i = 0; i < M * N; i++)
        if (!same(out[i], plain[i] <= 0.0f ? 0.0f : plain[i]))
            return 0;
    inv_contract_finish(out, N, a, K, 1, b, N, 1, M, N, K, &third);
    for (long i = 0; i < M * N; i++)
        if (!same(out[i], inv_add(plain[i], plain[i])))
            return 0;
    return 1;
}

/* 13 rows by two panels, chains of 20, and a row that is added.  A library that must stay small has
 * panels only if its model does: the check would bring them in. */
static int contracts_panels(void)
{
#if !defined(INV_COMPACT)
    enum { M = 13, N = 2 * INV_PANEL, K = 20 };
    float a[M * K], b[N * K], out[M * N], bias[N];
    fill(a, M * K, 0);
    fill(b, N * K, OPERAND);
    fill(bias, N, 2 * OPERAND);
    const struct inv_finish finish = {bias, 0, NULL, 0, 0};
    inv_contract_panels(out, N, a, K, 1, b, INV_PANEL, INV_PANEL * K, M, N, K, &finish);
    for (long i = 0; i < M * N; i++) {
        const float *column = b + i % N / INV_PANEL * INV_PANEL * K + i % INV_PANEL;
        float one = contract_one(a + i / N * K, 1, column, INV_PANEL, K);
        if (!same(out[i], inv_add(one, bias[i % N])))
            return 0;
    }
#endif
    return 1;
}

#if INV_WINDOWS

/* Windows of 3 x 3 over a padded image of 5 x 6 and 7 channels, and the same as columns. */
static int contracts_windows(void)
{
    static const struct inv_walk own[] = {{0, 42, {1}}, {6, 7, {0, 1}}};
    static const struct inv_walk k[] = {{0, 42, {1}}, {3, 7, {0, 1}}, {7, 1, {0}}};
    static const struct inv_walk filter[] = {{0, 1, {0}}}, down[] = {{0, 9, {0}}};
    float x[210], w[567], plain[30 * 63], out[270], turned[270], positive[270];
    fill(x, 210, 0);
    fill(w, 567, OPERAND);
    for (long i = 0; i < 30; i++)
        for (long p = 0; p < 63; p++) {
            long row = i / 6 + p / 21 - 1, column = i % 6 + p / 7 % 3 - 1;
            int inside = row >= 0 && row < 5 && column >= 0 && column < 6;
            plain[i * 63 + p] = inside ? x[row * 42 + column * 7 + p % 7] : 0.0f;
        }
    struct inv_operand a = {x, -49, own, k, 2, 3, 2, {-1, -1}, {5, 6}, {0, 0, {0}}, 0};
    struct inv_operand b = {w, 0, filter, down, 1, 1, 0, {0}, {0}, {0, 0, {0}}, 0};
    inv_contract_windows(out, 9, &a, 0, &b, 0, 30, 9, 63);
    inv_contract_windows(turned, 30, &b, 0, &a, 0, 9, 30, 63);
    const struct inv_finish finish = {NULL, 0, out, 9, 0};
    inv_contract_windows_finish(positive, 9, &a, 0, &b, 0, 30, 9, 63, &finish);
    for (long i = 0; i < 30; i++)
        for (long j = 0; j < 9; j++) {
            float one = contract_one(plain + i * 63, 1, w + j, 9, 63);
            if (!same(out[i * 9 + j], one) || !same(turned[j * 30 + i], one) ||
                !same(positive[i * 9 + j], one <= 0.0f ? 0.0f : one))
                return 0;
        }
    return 1;
}

/* The windows above of each channel for itself, by n filters of its own. */
static int contracts_pages(long n)
{
    static const struct inv_walk own[] = {{0, 246, {1}}, {6, 41, {0, 1}}};
    static const struct inv_walk k[] = {{0, 246, {1}}, {3, 41, {0, 1}}}, filter[] = {{0, 1, {0}}};
    const struct inv_walk down[] = {{0, n, {0}}};
    float x[5 * 246], w[41 * 9 * 2], plain[9], out[30 * 41 * 2], turned[30 * 41 * 2];
    fill(x, 5 * 246, 0);
    fill(w, 41 * 9 * n, OPERAND);
    struct inv_operand a = {x, -287, own, k, 2, 2, 2, {-1, -1}, {5, 6}, {0, 1, {0}}, 0};
    struct inv_operand b = {w, 0, filter, down, 1, 1, 0, {0}, {0}, {0, 9 * n, {0}}, 0};
    inv_contract_pages(out, 41 * n, &a, 0, &b, 0, 41, 30, n, 9);
    for (long g = 0; g < 41; g++) {
        struct inv_operand left = inv_operand_page(&a, g), right = inv_operand_page(&b, g);
        inv_contract_windows(turned + g * n, 41 * n, &left, 0, &right, 0, 30, n, 9);
    }
    for (long i = 0; i < 30 * 41 * n; i++) {
        long place = i / n / 41, page = i / n % 41;
        for (long p = 0; p < 9; p++) {
            long row = place / 6 + p / 3 - 1, column = place % 6 + p % 3 - 1;
            int inside = row >= 0 && row < 5 && column >= 0 && column < 6;
            plain[p] = inside ? x[row * 246 + column * 41 + page] : 0.0f;
        }
        float one = contract_one(plain, 1, w + page * 9 * n + i % n, n, 9);
        if (!same(out[i], one) || !same(turned[i], one))
            return 0;
    }
    return 1;
}

static const char *check_windows(void)
{
    if (!contracts_windows())
        return FAULT("the contraction of windows");
    return contracts_pages(1) && contracts_pages(2) ? NULL : FAULT("the contraction of groups");
}

#else

static const char *check_windows(void)
{
    return NULL;
}

#endif

/* Whole tiles, rows and columns left over, chunks left over, one row, one column, no terms. */
static const char *check_contract(void)
{
    static const struct shape shapes[] = {
        {1, 1, 0, 0, 0},    {1, 37, 70, 0, 0},   {33, 1, 70, 0, 1},  {13, 17, 257, 1, 0},
        {7, 23, 300, 0, 1}, {25, 49, 20, 1, 1},  {12, 32, 64, 0, 0}, {2, 3, 777, 0, 0},
    };
    for (unsigned i = 0; i < sizeof shapes / sizeof *shapes; i++)
        if (!contracts(&shapes[i]))
            return FAULT("the contraction kernel");
    if (!finishes())
        return FAULT("what is made of a contraction in registers");
    if (!contracts_panels())
        return FAULT("a contraction by panels");
    return check_windows();
}

/* ---- sums ---- */

static float row_sum_one(const float *x, int count)
{
    volatile float lane[INV_LANES];
    for (int l = 0; l < INV_LANES; l++)
        lane[l] = 0.0f;
    for (int i = 0; i < count; i++)
        lane[i % INV_LANES] = lane[i % INV_LANES] + x[i];
    for (int s = INV_LANES / 2; s > 0; s /= 2)
        for (int l = 0; l < s; l++)
            lane[l] = lane[l] + lane[l + s];
    return lane[0];
}

static float column_sum_one(const float *x, int rows, int columns)
{
    volatile float sum = 0.0f, chunk = 0.0f;
    for (int r = 0; r < rows; r++) {
        chunk = chunk + x[r * columns];
        if ((r + 1) % INV_CHUNK == 0 || r + 1 == rows) {
            sum = sum + chunk;
            chunk = 0.0f;
        }
    }
    return sum;
}

/* Of few columns and of more than lie in a row, which rows share. */
static const char *check_column_sums(void)
{
    enum { ROWS = 290, STRIDE = 21, MOST = 90 };
    static const int columns[] = {5, 10, 21, MOST};
    float x[ROWS * STRIDE + MOST], sums[MOST];
    fill(x, ROWS * STRIDE + MOST, 2 * OPERAND);
    for (int i = 0; i < (int)(sizeof columns / sizeof *columns); i++) {
        inv_column_sum(sums, x, STRIDE, ROWS, columns[i]);
        for (int c = 0; c < columns[i]; c++)
            if (!same(sums[c], column_sum_one(x + c, ROWS, STRIDE)))
                return FAULT("a column sum");
    }
    return NULL;
}

static const char *check_sums(void)
{
    enum { MOST = 1000 };
    float x[MOST];
    fill(x, MOST, 2 * OPERAND);
    for (int count = 1; count <= MOST; count += count < 64 ? 9 : 111)
        if (!same(inv_row_sum(x, count), row_sum_one(x, count)))
            return FAULT("a row sum");
    return check_column_sums();
}

/* ---- loops over functions ---- */

enum { POINTS = 83 };

/* One call at a time is the portable form; the loop is what compilers turn into vectors. */
#define PAIR(name, ...)                                                      \
    static float name##_one(float x)                                         \
    {                                                                        \
        return __VA_ARGS__;                                                  \
    }                                                                        \
    static void name##_all(float *restrict out, const float *restrict from)  \
    {                                                                        \
        for (int i = 0; i < POINTS; i++) {                                   \
            float x = from[i];                                               \
            out[i] = __VA_ARGS__;                                            \
        }                                                                    \
    }

#define FUNCTION_PAIR(name) PAIR(name, inv_##name(x))
INV_FUNCTIONS(FUNCTION_PAIR)
PAIR(pow, inv_pow(x, 2.3f))
PAIR(sqrt, inv_sqrt(x))
PAIR(fma, inv_fma(x, 1.7f, inv_mul(x, 0.3f)))
PAIR(floor, inv_floor(x))
PAIR(extremes, inv_max(inv_min(x, 1.0f), inv_mul(x, -0.5f)))
PAIR(quotient, inv_div(inv_add(x, 3.0f), inv_sub(x, 0.7f)))

struct pair {
    float (*one)(float);
    void (*all)(float *restrict, const float *restrict);
};

#define BOTH(name) {name##_one, name##_all}
#define FUNCTION_BOTH(name) BOTH(name),

/* Ordinary values of many magnitudes and both signs, and what is special. */
static void fill_points(float *x)
{
    static const uint32_t special[] = {0x00000000u, 0x80000000u, 0x00000001u, 0x807fffffu,
                                       0x7f800000u, 0xff800000u, 0x7fc00000u, 0x7f7fffffu,
                                       0xff7fffffu, 0x3f800000u, 0xbf800000u};
    const int specials = sizeof special / sizeof *special;
    for (int i = 0; i < POINTS; i++)
        x[i] = i % 7 == 3 && i / 7 < specials
                   ? inv_from_bits(special[i / 7])
                   : inv_mul(element((uint32_t)i), inv_from_bits((uint32_t)(110 + i % 24) << 23));
}

static const char *check_functions(void)
{
    static const struct pair pairs[] = {
        INV_FUNCTIONS(FUNCTION_BOTH)
        BOTH(pow), BOTH(sqrt), BOTH(fma), BOTH(floor), BOTH(extremes), BOTH(quotient),
    };
    float x[POINTS], y[POINTS];
    fill_points(x);
    for (unsigned f = 0; f < sizeof pairs / sizeof *pairs; f++) {
        float (*volatile one)(float) = pairs[f].one;
        pairs[f].all(y, x);
        for (int i = 0; i < POINTS; i++)
            if (!same(y[i], one(x[i])))
                return FAULT("a loop over a function");
    }
    return NULL;
}

/* ---- hashes of traces ---- */

enum { WORDS = 77, HASH_LANES = 16 };

static uint64_t hash_one(const uint32_t *word, int count)
{
    uint64_t lane[HASH_LANES];
    for (int l = 0; l < HASH_LANES; l++)
        lane[l] = 0x9e3779b97f4a7c15u * (uint64_t)(l + 1);
    for (int i = 0; i < (count + 31) / 32 * 32; i += 2) {
        uint64_t low = i < count ? word[i] : 0, high = i + 1 < count ? word[i + 1] : 0;
        uint64_t next = (lane[i / 2 % HASH_LANES] ^ (low | high << 32)) * 33;
        lane[i / 2 % HASH_LANES] = next << 29 | next >> 35;
    }
    for (int half = HASH_LANES / 2; half > 0; half /= 2)
        for (int l = 0; l < half; l++)
            lane[l] = inv_hash_mix(lane[l], 0) ^ lane[l + half];
    return inv_hash_mix(lane[0], (uint64_t)count);
}

static const char *check_hash(void)
{
    float x[WORDS];
    uint32_t whole[WORDS], real[WORDS];
    fill(x, WORDS, 0);
    x[5] = x[70] = inv_from_bits(0x7f800001u);
    x[76] = inv_from_bits(0xffc00000u);
    for (int i = 0; i < WORDS; i++) {
        whole[i] = inv_bits(x[i]);
        real[i] = inv_bits(inv_canonical(x[i]));
    }
    for (int count = 0; count <= WORDS; count++)
        if (inv_hash_piece(whole, count, INV_HASH_WHOLE) != hash_one(whole, count) ||
            inv_hash_piece(whole, count, INV_HASH_REAL) != hash_one(real, count))
            return FAULT("the hash of a trace");
    return NULL;
}

const char *inv_check_level(void)
{
    if (inv_canary() != 0)
        return "level " INV_LEVEL_TEXT ": the runtime was compiled without keeping to one rounding "
               "per operation (-ffp-contract=off, no fast-math)";
    const char *reason = check_contract();
    if (reason == NULL)
        reason = check_sums();
    if (reason == NULL)
        reason = check_functions();
    return reason != NULL ? reason : check_hash();
}
