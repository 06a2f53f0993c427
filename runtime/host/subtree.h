/* Who computes which shards, and which parts of the tree over them (numerics.md, section 5.2) that
 * gives: for those who exchange them and for what `invar plan --ranks` says of it. */
#ifndef INV_HOST_SUBTREE_H
#define INV_HOST_SUBTREE_H
#include <stdint.h>

/* Rank r of `ranks` computes shards inv_run_begin(r) to inv_run_begin(r + 1) - 1. */
static inline int64_t inv_run_begin(int64_t shards, int rank, int ranks)
{
    return shards * rank / ranks;
}

/* The end of the largest subtree that begins with that shard and ends by `end`: a multiple of its
 * size is where it begins, and the last one is cut off by the number of shards. */
static inline int64_t inv_subtree_end(int64_t first, int64_t end, int64_t shards)
{
    int64_t size = 1;
    while (first % (2 * size) == 0 && size < shards &&
           (first + 2 * size <= end || end == shards))
        size *= 2;
    return first + size < end ? first + size : end;
}

/* The byte at which the chunk of that rank begins; that of rank `ranks` is the end. */
static inline int64_t inv_chunk_begin(int64_t bytes, int rank, int ranks)
{
    return rank == ranks ? bytes : bytes / 64 * rank / ranks * 64;
}

/* A piece of so many bytes is a message of its own; what is smaller is copied together. */
enum { INV_DIRECT = 1 << 16 };

#endif
