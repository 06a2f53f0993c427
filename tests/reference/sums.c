/* Sums in the orders of docs/numerics.md, section 3. */
#include <stdlib.h>
#include "reference.h"

/* Up to 4096 elements in 32 lanes. */
static float short_row_sum(const float *x, int64_t count)
{
    float lane[32] = {0};
    for (int64_t i = 0; i < count; i++)
        lane[i % 32] = lane[i % 32] + x[i];
    for (int s = 16; s >= 1; s /= 2)
        for (int l = 0; l < s; l++)
            lane[l] = lane[l] + lane[l + s];
    return lane[0];
}

float row_sum(const float *x, int64_t count)
{
    if (count <= 4096)
        return short_row_sum(x, count);
    int64_t blocks = (count + 4095) / 4096;
    float *block = allocate(blocks, sizeof *block);
    for (int64_t i = 0; i < blocks; i++)
        block[i] = short_row_sum(x + i * 4096, count - i * 4096 < 4096 ? count - i * 4096 : 4096);
    float sum = row_sum(block, blocks);
    free(block);
    return sum;
}

float column_sum(const float *x, int64_t stride, int64_t count)
{
    float sum = 0.0f;
    for (int64_t first = 0; first < count; first += 256) {
        float chunk = 0.0f;
        for (int64_t i = first; i < first + 256 && i < count; i++)
            chunk = chunk + x[i * stride];
        sum = sum + chunk;
    }
    return sum;
}
