/* The small forms of contraction and sums against the host's, around the ends of their chunks. */
#include <stdio.h>
#include <string.h>
#include "core/contract.h"
#include "core/sums.h"
#include "small.h"

enum { LONGEST = 9000, COLUMNS = 70 };

static float a[LONGEST * 3], b[LONGEST * 3];
static const int32_t lengths[] = {0, 1, 31, 33, 255, 256, 257, 511, 512, 513, 600, 4096, 4097,
                                  9000};
enum { LENGTHS = sizeof lengths / sizeof *lengths };

static void fill(float *x, uint32_t state)
{
    for (int i = 0; i < LONGEST * 3; i++) {
        state = state * 1664525u + 1013904223u;
        x[i] = (float)(int32_t)(state >> 8) * 0x1p-23f - 1.0f;
    }
}

static int differ(const char *what, int32_t length, const float *x, const float *y, size_t count)
{
    if (memcmp(x, y, count * sizeof *x) == 0)
        return 0;
    printf("%s of %d differs\n", what, (int)length);
    return 1;
}

/* 3 x k times k x 2, both operands as they lie and turned. */
static int check_contract(int32_t k)
{
    float x[6], y[6];
    inv_contract(x, 2, a, k, 1, b, 2, 1, 3, 2, k);
    small_contract(y, 2, a, k, 1, b, 2, 1, 3, 2, k);
    int bad = differ("contraction", k, x, y, 6);
    inv_contract(x, 2, a, 1, 3, b, 1, k, 3, 2, k);
    small_contract(y, 2, a, 1, 3, b, 1, k, 3, 2, k);
    return bad + differ("turned contraction", k, x, y, 6);
}

static int check_sums(int32_t n)
{
    float x[COLUMNS], y[COLUMNS];
    x[0] = inv_row_sum(a, n);
    y[0] = small_row_sum(a, n);
    int bad = differ("row sum", n, x, y, 1);
    int32_t rows = n / 24;
    inv_column_sum(x, a, COLUMNS, rows, COLUMNS);
    small_column_sum(y, a, COLUMNS, rows, COLUMNS);
    return bad + differ("column sum", rows, x, y, COLUMNS);
}

int main(void)
{
    int bad = 0;
    fill(a, 1);
    fill(b, 2);
    for (int i = 0; i < LENGTHS; i++)
        bad += check_contract(lengths[i]) + check_sums(lengths[i]);
    return bad != 0;
}
