/* Where pieces of storage lie whose lives are known. */
#ifndef INVAR_PACK_H
#define INVAR_PACK_H
#include <stdint.h>
#include "base/arena.h"

struct stretch {
    int64_t bytes;
    int first, last;                    /* groups between which it lives, inclusive */
    int64_t offset;                     /* out */
};

/* Arrays from 512 bytes on start on a cache line, smaller ones where that wastes little; all where
 * their elements may. */
int64_t pack_align(int64_t offset, int64_t bytes);
/* Places the stretches from offset 0 so that those alive at the same time do not overlap; returns
 * the end of the last one. */
int64_t pack_stretches(struct arena *, struct stretch *const *stretch, int count);
/* The most bytes alive at one time: no packing takes less. */
int64_t pack_bound(struct arena *, struct stretch *const *stretch, int count);

#endif
