/* Orders of rows: the permutations of split and shuffle, and the cuts between the parts.
 *
 * permutation(count, epoch, stream, key): from the identity, for i = count - 1 down to 1: swap
 * places i and j = (u64)w_i * (i + 1) >> 32, where w_i is word i mod 4 of Philox counter
 * (i / 4, epoch, 0, stream).  The split draws with epoch 0, the key of the data's seed (else the
 * run's) and the stream of "data/NAME/split"; the shuffle of epoch e with e, the run's seed and
 * the stream of "data/NAME/shuffle".
 *
 * The parts are train, val, test, in this order, of the split's order: they end at
 * floor(rows * cumulative share), the share counted in whole hundred-millionths. */
#ifndef INV_HOST_SPLIT_H
#define INV_HOST_SPLIT_H
#include <stdint.h>

void inv_split_key(uint64_t seed, uint32_t key[2]);
void inv_split_permute(int32_t *order, int64_t count, uint32_t epoch, uint32_t stream,
                       const uint32_t key[2]);
/* end[i]: the rows before the end of part i. */
void inv_split_cut(int64_t rows, double train, double val, double test, int64_t end[3]);

#endif
