/* Orders of rows: the permutations of split and shuffle, and the cuts between the parts.
 *
 * permutation(count, epoch, stream, key): from the identity, for i = count - 1 down to 1: swap
 * places i and j = (u64)w_i * (i + 1) >> 32, where w_i is word i mod 4 of Philox counter
 * (i / 4, epoch, 0, stream).  The split draws with epoch 0, the key of the data's seed (else the
 * run's) and the stream of "data/NAME/split"; the shuffle of epoch e with e, the run's seed and
 * the stream of "data/NAME/shuffle".
 *
 * The parts are train, val, test, in this order, of the split's order: they end at
 * floor(rows * cumulative share), the share counted in whole hundred-millionths.  With strata each
 * stratum is cut so, at the nearest whole number (a half up).  With groups the unit is a group, in
 * the order of their first rows; it belongs where its first row would if groups came one after the
 * other.  With folds, unit u of those before the test part, counted on through strata, is of part
 * val where u mod folds is the fold, else of part train. */
#ifndef INV_HOST_SPLIT_H
#define INV_HOST_SPLIT_H
#include <stdint.h>

void inv_split_key(uint64_t seed, uint32_t key[2]);
void inv_split_permute(int32_t *order, int64_t count, uint32_t epoch, uint32_t stream,
                       const uint32_t key[2]);
struct inv_split {
    double share[3];                    /* train, val, test */
    int fold, folds;                    /* folds 0: none */
};

/* end[i]: the rows before the end of part i, rounded down or to the nearest. */
void inv_split_cut(const struct inv_split *, int64_t rows, int nearest, int64_t end[3]);
/* part[r], 0 to 2, of each row r = order[0 .. count - 1].  kind: the stratum or group of each row,
 * below `kinds`; NULL: neither. */
void inv_split_strata(const struct inv_split *, const int32_t *order, int64_t count,
                      const int32_t *kind, int32_t kinds, unsigned char *part);
void inv_split_groups(const struct inv_split *, const int32_t *order, int64_t count,
                      const int32_t *kind, int32_t kinds, unsigned char *part);

#endif
