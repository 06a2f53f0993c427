/* Sums and contractions against plain loops that follow docs/numerics.md, section 3, literally. */
#include "core/contract.h"
#include "core/rows.h"
#include "core/sums.h"
#include <CUnit/Basic.h>
#include <stdbool.h>
#include <stdlib.h>

typedef void contraction(float *, long, const float *, long, long, const float *, long, long, long,
                         long, long);
#if defined(__x86_64__)
contraction inv_contract_avx2, inv_contract_avx512;
#endif

/* Values whose sums round, of both signs, as a function of the index alone. */
static float value(int64_t i)
{
    uint32_t u = (uint32_t)i * 2654435761u;
    u ^= u >> 15;
    u *= 2246822519u;
    u ^= u >> 13;
    return inv_mul((float)(int32_t)u, inv_from_bits((100u + u % 16u) << 23));
}

/* elements begin, begin + 1, ... of a row of count elements that each stand for `span` values */
static float row_reference(int64_t begin, int64_t count)
{
    float lane[32] = {0};
    int64_t span = 1;
    while (count > span * 4096)
        span *= 4096;
    for (int64_t i = 0; i * span < count; i++) {
        int64_t rest = count - i * span;
        float x = span == 1 ? value(begin + i)
                            : row_reference(begin + i * span, rest < span ? rest : span);
        lane[i % 32] += x;
    }
    for (int s = 16; s > 0; s /= 2)
        for (int l = 0; l < s; l++)
            lane[l] += lane[l + s];
    return lane[0];
}

static void test_row_sum(void)
{
    static const int64_t length[] = {0,    1,    2,    10,   31,   32,    33,    63,    64,
                                     1000, 4095, 4096, 4097, 4127, 8191,  8192,  8193,  12289,
                                     131072, 131073, 200001};
    float *x = (float *)malloc(200001 * sizeof *x);
    for (int64_t i = 0; i < 200001; i++)
        x[i] = value(i);
    for (unsigned i = 0; i < sizeof length / sizeof *length; i++)
        CU_ASSERT_EQUAL(inv_bits(inv_row_sum(x, length[i])),
                        inv_bits(row_reference(0, length[i])));
    free(x);
}

/* Three levels of rows, without the memory: the sum of an expression. */
static void test_row_sum_long(void)
{
    static const int64_t length[] = {16777215, 16777216, 16777217, 16777216 + 4096 * 33 + 5};
    for (int i = 0; i < 4; i++) {
        float sum;
        INV_ROW_SUM(sum, length[i], k, value(k));
        CU_ASSERT_EQUAL(inv_bits(sum), inv_bits(row_reference(0, length[i])));
    }
}

static void test_row_sum_zeros(void)
{
    const float minus[3] = {-0.0f, -0.0f, -0.0f};
    CU_ASSERT_EQUAL(inv_bits(inv_row_sum(minus, 3)), 0);
    CU_ASSERT_EQUAL(inv_bits(inv_row_sum(minus, 0)), 0);
}

static float column_reference(const float *x, int64_t stride, int64_t rows)
{
    float total = 0, chunk = 0;
    for (int64_t r = 0; r < rows; r++) {
        chunk += x[r * stride];
        if (r % 256 == 255 || r == rows - 1) {
            total += chunk;
            chunk = 0;
        }
    }
    return total;
}

static void test_column_sum(void)
{
    static const int64_t rows[] = {0, 1, 2, 255, 256, 257, 511, 512, 513, 700};
    static const int64_t columns[] = {1, 3, 8, 10, 16, 21, 63, 64, 65, 106, 130};
    float *x = (float *)malloc(700 * 133 * sizeof *x);
    float out[130];
    for (int64_t i = 0; i < 700 * 133; i++)
        x[i] = value(i);
    for (int i = 0; i < 10; i++)
        for (int j = 0; j < (int)(sizeof columns / sizeof *columns); j++) {
            inv_column_sum(out, x, 133, rows[i], columns[j]);
            for (int64_t c = 0; c < columns[j]; c++)
                if (inv_bits(out[c]) != inv_bits(column_reference(x + c, 133, rows[i])))
                    CU_FAIL("a column sum has another order");
        }
    free(x);
}

static void test_extrema(void)
{
    float x[100];
    for (int64_t n = 1; n <= 100; n++) {
        int64_t high = 0, low = 0;
        for (int64_t i = 0; i < n; i++) {
            x[i] = (float)((i * 37 + n) % 23) - 11.0f;
            high = x[i] > x[high] ? i : high;
            low = x[i] < x[low] ? i : low;
        }
        CU_ASSERT_EQUAL(inv_row_max(x, n), x[high]);
        CU_ASSERT_EQUAL(inv_row_min(x, n), x[low]);
        CU_ASSERT_EQUAL(inv_row_argmax(x, n), high);
        CU_ASSERT_EQUAL(inv_row_argmin(x, n), low);
    }
}

/* Noise with what is special in a sum or an order. */
static float awkward_value(int64_t i)
{
    const float special[] = {0.0f, -0.0f, INV_INFINITY, -INV_INFINITY, 1e-45f, 3e38f, -3e38f};
    int64_t kind = i * 2654435761 % 4093 % 40;
    return kind < 7 ? special[kind] : kind == 7 ? INV_NAN : value(i);
}

static bool same_rows(const float *row, const float *x, int64_t n, int64_t rows)
{
    float sum[INV_BESIDE], most[INV_BESIDE], least[INV_BESIDE];
    int32_t first[INV_BESIDE];
    bool same = true;
    inv_beside_row_sum(sum, x, n, rows);
    inv_beside_row_max(most, x, n, rows);
    inv_beside_row_min(least, x, n, rows);
    inv_beside_row_argmax(first, x, n, rows);
    for (int64_t r = 0; r < rows; r++, row += n) {
        float whole = inv_row_sum(row, n);
        same = same && (inv_is_nan(whole) ? inv_is_nan(sum[r])
                                          : inv_bits(whole) == inv_bits(sum[r]));
        same = same && inv_bits(inv_row_max(row, n)) == inv_bits(most[r]);
        same = same && inv_bits(inv_row_min(row, n)) == inv_bits(least[r]);
        same = same && inv_row_argmax(row, n) == first[r];
    }
    return same;
}

static void test_rows_beside(void)
{
    float row[INV_LANES * INV_BESIDE], x[INV_LANES * INV_BESIDE];
    int64_t at = 0;
    for (int64_t n = 1; n <= INV_LANES; n++)
        for (int64_t turn = 0; turn < 4 * INV_BESIDE; turn++) {
            int64_t rows = turn % INV_BESIDE + 1;
            for (int64_t i = 0; i < n * rows; i++) {
                row[i] = turn < INV_BESIDE ? value(at++) : awkward_value(at++);
                x[INV_BESIDE * (i % n) + i / n] = row[i];
            }
            if (!same_rows(row, x, n, rows))
                CU_FAIL("rows beside one another are not reduced as one row is");
        }
    const float zeros[2 * INV_BESIDE] = {[0] = -0.0f, [INV_BESIDE] = -0.0f};
    float sum;
    inv_beside_row_sum(&sum, zeros, 2, 1);
    CU_ASSERT_EQUAL(inv_bits(sum), 0);
}

static void test_extrema_special(void)
{
    const float zeros[3] = {-0.0f, 0.0f, -0.0f};
    float x[70] = {0};
    CU_ASSERT_EQUAL(inv_bits(inv_row_max(zeros, 3)), 0);
    CU_ASSERT_EQUAL(inv_bits(inv_row_min(zeros, 3)), 0x80000000);
    CU_ASSERT_EQUAL(inv_row_argmax(zeros, 3), 0);
    CU_ASSERT_EQUAL(inv_row_argmin(zeros, 3), 0);
    for (int i = 0; i < 70; i++) {
        x[i] = INV_NAN;
        CU_ASSERT_TRUE(inv_is_nan(inv_row_max(x, 70)) && inv_is_nan(inv_row_min(x, 70)));
        CU_ASSERT_EQUAL(inv_row_argmax(x, 70), i);
        CU_ASSERT_EQUAL(inv_row_argmin(x, 70), i);
        x[i] = 0.0f;
    }
    x[40] = x[50] = INV_NAN;
    CU_ASSERT_EQUAL(inv_row_argmax(x, 70), 40);
}

static float contract_reference(const float *a, long as_k, const float *b, long bs_k, long k)
{
    float out = 0;
    for (long begin = 0; begin < k; begin += 256) {
        float acc = 0;
        for (long p = begin; p < k && p < begin + 256; p++)
            acc = inv_fma(a[p * as_k], b[p * bs_k], acc);
        out += acc;
    }
    return out;
}

/* Strides of a row-major matrix of rows x columns, or of its transpose. */
struct layout {
    long row, column;
};

static struct layout lay_out(long rows, long columns, int transposed)
{
    struct layout plain = {columns + 3, 1}, turned = {1, rows + 2};
    return transposed ? turned : plain;
}

enum { OPERAND = 700 * 130 };
static float left[OPERAND], right[OPERAND], result[OPERAND];

/* One shape in one layout; the gaps of out between its rows must stay as they were. */
static void check_shape(contraction *contract, long m, long n, long k, int layouts)
{
    struct layout a = lay_out(m, k, layouts & 1), b = lay_out(k, n, layouts >> 1);
    const float untouched = -77.0f;
    long ldo = n + 1;
    for (long i = 0; i < m * ldo; i++)
        result[i] = untouched;
    contract(result, ldo, left, a.row, a.column, right, b.row, b.column, m, n, k);
    for (long i = 0; i < m; i++)
        for (long j = 0; j <= n; j++) {
            float want = j == n ? untouched
                                : contract_reference(left + i * a.row, a.column,
                                                     right + j * b.column, b.row, k);
            if (inv_bits(result[i * ldo + j]) != inv_bits(want)) {
                CU_FAIL("a contraction has other bits than its chain");
                return;
            }
        }
}

static void check_level(contraction *contract)
{
    static const long size[] = {1, 2, 3, 5, 7, 8, 12, 13, 16, 17, 31, 32, 33, 64, 65};
    static const long depth[] = {0, 1, 2, 3, 31, 255, 256, 257, 511, 512, 513, 600};
    for (long i = 0; i < OPERAND; i++) {
        left[i] = value(i);
        right[i] = value(i + 12345);
    }
    for (int i = 0; i < 15; i++)
        for (int j = 0; j < 15; j++)
            check_shape(contract, size[i], size[j], depth[(i + j) % 12], (i + 2 * j) % 4);
    for (int i = 0; i < 12; i++)
        for (int layouts = 0; layouts < 4; layouts++) {
            check_shape(contract, 9, 37, depth[i], layouts);
            check_shape(contract, 1, 37, depth[i], layouts);
            check_shape(contract, 37, 1, depth[i], layouts);
            check_shape(contract, 1, 1, depth[i], layouts);
        }
    check_shape(contract, 230, 40, 300, 0);
    check_shape(contract, 230, 40, 300, 1);
    check_shape(contract, 0, 5, 4, 0);
    check_shape(contract, 5, 0, 4, 0);
}

/* A chain that underflows to -0 still gives +0; a NaN or infinity stays in its own output. */
static void check_special(contraction *contract)
{
    for (long i = 0; i < OPERAND; i++) {
        left[i] = i % 3 == 0 ? 0x1p-100f : -0x1p-120f;
        right[i] = i % 2 == 0 ? -0x1p-100f : 0x1p-120f;
    }
    check_shape(contract, 9, 37, 300, 0);
    check_shape(contract, 9, 37, 1, 0);
    left[5] = INV_INFINITY;
    right[40 * 2 + 7] = INV_NAN;
    float out[9 * 37];
    contract(out, 37, left, 300, 1, right, 40, 1, 9, 37, 10);
    for (long i = 0; i < 9 * 37; i++) {
        float want = contract_reference(left + i / 37 * 300, 1, right + i % 37, 40, 10);
        CU_ASSERT_EQUAL(inv_bits(inv_canonical(out[i])), inv_bits(inv_canonical(want)));
    }
}

static void test_contract_portable(void)
{
    check_level(inv_contract);
    check_special(inv_contract);
}

#if defined(__x86_64__)
static void test_contract_avx2(void)
{
    if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma")) {
        puts("skipped: this processor has no AVX2");
        return;
    }
    check_level(inv_contract_avx2);
    check_special(inv_contract_avx2);
}

static void test_contract_v4(void)
{
    if (!__builtin_cpu_supports("avx512f") || !__builtin_cpu_supports("avx512vl")) {
        puts("skipped: this processor has no AVX-512");
        return;
    }
    check_level(inv_contract_avx512);
    check_special(inv_contract_avx512);
}
#endif

int main(void)
{
    CU_pSuite suite;
    unsigned failed;

    CU_initialize_registry();
    suite = CU_add_suite("sums", NULL, NULL);
    CU_ADD_TEST(suite, test_row_sum);
    CU_ADD_TEST(suite, test_row_sum_long);
    CU_ADD_TEST(suite, test_row_sum_zeros);
    CU_ADD_TEST(suite, test_column_sum);
    CU_ADD_TEST(suite, test_extrema);
    CU_ADD_TEST(suite, test_extrema_special);
    CU_ADD_TEST(suite, test_rows_beside);
    CU_ADD_TEST(suite, test_contract_portable);
#if defined(__x86_64__)
    CU_ADD_TEST(suite, test_contract_avx2);
    CU_ADD_TEST(suite, test_contract_v4);
#endif
    CU_basic_run_tests();
    failed = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failed > 0;
}
