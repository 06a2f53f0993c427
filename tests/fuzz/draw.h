/* Random numbers of the fuzzers. */
#ifndef INVAR_FUZZ_DRAW_H
#define INVAR_FUZZ_DRAW_H

#include <stddef.h>
#include <stdint.h>

static uint64_t state; /* not 0 */

/* 0 .. below - 1 (0 where below is); xorshift64* (Vigna 2016) */
static uint32_t draw(size_t below)
{
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return (uint32_t)((state * 0x2545f4914f6cdd1du >> 32) % (below ? below : 1));
}

#endif
