#include "split.h"
#include <stdlib.h>
#include "core/philox.h"
#include "errors.h"

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

enum { WHOLE = 100000000 };             /* a share of 1 */

static int64_t whole_share(double share)
{
    return (int64_t)(share * WHOLE + 0.5);
}

void inv_split_cut(const struct inv_split *split, int64_t rows, int nearest, int64_t end[3])
{
    int64_t share = 0, half = nearest ? WHOLE / 2 : 0;
    for (int p = 0; p < 3; p++) {
        share += whole_share(split->share[p]);
        end[p] = (rows * share + half) / WHOLE; /* rows < 2^31 */
    }
    if (split->folds > 0)
        end[0] = end[1] = (rows * (WHOLE - whole_share(split->share[2])) + half) / WHOLE;
}

/* The part of a unit whose first row is at `place` of those rows. */
static unsigned char part_at(const struct inv_split *split, const int64_t end[3], int64_t place,
                             int64_t unit)
{
    if (split->folds > 0 && place < end[1])
        return unit % split->folds == split->fold;
    return (unsigned char)((place >= end[0]) + (place >= end[1]));
}

void inv_split_strata(const struct inv_split *split, const int32_t *order, int64_t count,
                      const int32_t *kind, int32_t kinds, unsigned char *part)
{
    int32_t strata = kind ? kinds : 1;
    int64_t(*end)[3] = inv_allocate((size_t)strata * sizeof *end);
    int64_t *rows = inv_allocate((size_t)strata * sizeof *rows), before = 0;
    int64_t *place = inv_allocate((size_t)strata * sizeof *place);
    int64_t *unit = inv_allocate((size_t)strata * sizeof *unit);
    for (int64_t i = 0; i < count; i++)
        rows[kind ? kind[order[i]] : 0]++;
    for (int32_t s = 0; s < strata; s++) {
        inv_split_cut(split, rows[s], kind != NULL, end[s]);
        unit[s] = before;
        before += end[s][1];
    }
    for (int64_t i = 0; i < count; i++) {
        int32_t s = kind ? kind[order[i]] : 0;
        part[order[i]] = part_at(split, end[s], place[s]++, unit[s]++);
    }
    free(end);
    free(rows);
    free(place);
    free(unit);
}

void inv_split_groups(const struct inv_split *split, const int32_t *order, int64_t count,
                      const int32_t *kind, int32_t kinds, unsigned char *part)
{
    int64_t end[3], *rows = inv_allocate((size_t)kinds * sizeof *rows), place = 0, unit = 0;
    int32_t *of = inv_allocate((size_t)kinds * sizeof *of); /* part + 1; 0: not met yet */
    inv_split_cut(split, count, 0, end);
    for (int64_t i = 0; i < count; i++)
        rows[kind[order[i]]]++;
    for (int64_t i = 0; i < count; i++) {
        int32_t g = kind[order[i]];
        if (!of[g]) {
            of[g] = 1 + part_at(split, end, place, unit++);
            place += rows[g];
        }
        part[order[i]] = (unsigned char)(of[g] - 1);
    }
    free(rows);
    free(of);
}
