#include "split.h"
#include "core/philox.h"

void inv_split_key(uint64_t seed, uint32_t key[2])
{
    key[0] = (uint32_t)seed;
    key[1] = (uint32_t)(seed >> 32);
}

void inv_split_permute(int32_t *order, int64_t count, uint32_t epoch, uint32_t stream,
                       const uint32_t key[2])
{
    uint32_t word[4];
    int64_t drawn = -1;
    for (int64_t i = 0; i < count; i++)
        order[i] = (int32_t)i;
    for (int64_t i = count - 1; i > 0; i--) {
        if (i / 4 != drawn) {
            drawn = i / 4;
            inv_random_quad(key, (uint32_t)drawn, epoch, stream, word);
        }
        uint32_t j = inv_integer(word[i % 4], (uint32_t)(i + 1));
        int32_t other = order[j];
        order[j] = order[i];
        order[i] = other;
    }
}

/* floor(rows * share / 1e8) without overflow: rows < 2^31. */
static int64_t cut(int64_t rows, int64_t share)
{
    return rows * share / 100000000;
}

static int64_t whole_share(double share)
{
    return (int64_t)(share * 1e8 + 0.5);
}

void inv_split_cut(int64_t rows, double train, double val, double test, int64_t end[3])
{
    int64_t first = whole_share(train);
    int64_t second = first + whole_share(val);
    end[0] = cut(rows, first);
    end[1] = cut(rows, second);
    end[2] = cut(rows, second + whole_share(test));
}
