/*
 * What a model for firmware needs beside arithmetic: slices of its phases, a small contraction,
 * checks and a checksum.  Every function is static, so that several models may
 * live in one image.  Indices take 32 bits: an arena of 2^31 bytes fits no microcontroller.
 */
#ifndef INV_CORE_FIRMWARE_H
#define INV_CORE_FIRMWARE_H

#include "core/arith.h"
#include "core/fpu.h"
#include "core/run.h"
#include "core/windows.h"

INV_FN float *inv_f32(unsigned char *piece, int32_t offset)
{
    return (float *)(void *)(piece + offset);
}

INV_FN int32_t *inv_i32(unsigned char *piece, int32_t offset)
{
    return (int32_t *)(void *)(piece + offset);
}

INV_FN int64_t *inv_i64(unsigned char *piece, int32_t offset)
{
    return (int64_t *)(void *)(piece + offset);
}

INV_FN const float *inv_f32_const(const unsigned char *piece, int32_t offset)
{
    return (const float *)(const void *)(piece + offset);
}

INV_FN const int32_t *inv_i32_const(const unsigned char *piece, int32_t offset)
{
    return (const int32_t *)(const void *)(piece + offset);
}

INV_FN const int64_t *inv_i64_const(const unsigned char *piece, int32_t offset)
{
    return (const int64_t *)(const void *)(piece + offset);
}

/* ---- phases ---- */

#if defined(INV_TURNS)

/* The group's numbers as they are in the turn: the table's, or in `at`. */
INV_SHARED const int32_t *inv_numbers_of(const struct inv_run *run, const struct inv_phase *phase,
                                         const struct inv_cursor *cursor, int32_t *at)
{
    const int32_t *own = phase->group[cursor->group].at;
    const struct inv_move *move = phase->move;
    while (move && move->group >= 0 && move->group < cursor->group)
        move++;
    if (!move || move->group != cursor->group)
        return own;
    for (int32_t i = 0; i < move->numbers; i++)
        at[i] = own[i];
    for (; move->group == cursor->group; move++) {
        const struct inv_loop *loop = &phase->loop[move->loop];
        int32_t turn = cursor->turn[loop->depth];
        at[move->number] += (loop->reverse ? loop->turns - 1 - turn : turn) *
                            (move->bytes + move->bytes_rows * run->rows);
    }
    return at;
}

/* To the group after the one at hand: the first of a loop that it ends a turn of, but for the last
 * turn, or the next. */
INV_SHARED void inv_cursor_next(const struct inv_phase *phase, struct inv_cursor *cursor)
{
    cursor->group++;
    cursor->output = 0;
    for (int32_t l = phase->loops - 1; l >= 0; l--) {
        const struct inv_loop *loop = &phase->loop[l];
        if (loop->end != cursor->group)
            continue;
        if (++cursor->turn[loop->depth] < loop->turns) {
            cursor->group = loop->first;
            return;
        }
        cursor->turn[loop->depth] = 0;
    }
}

#else

enum { INV_NUMBERS = 1 };

INV_FN const int32_t *inv_numbers_of(const struct inv_run *run, const struct inv_phase *phase,
                                     const struct inv_cursor *cursor, int32_t *at)
{
    (void)run, (void)at;
    return phase->group[cursor->group].at;
}

INV_FN void inv_cursor_next(const struct inv_phase *phase, struct inv_cursor *cursor)
{
    (void)phase;
    cursor->group++;
    cursor->output = 0;
}

#endif

/* Outputs of the group at hand, up to the end.  The caller's code, and its callbacks between two
 * groups, may have another mode. */
INV_FN void inv_group_run(struct inv_run *run, const struct inv_phase *phase,
                          const struct inv_cursor *cursor, int32_t end)
{
    int32_t at[INV_NUMBERS];            /* of a group whose storage moves */
    uint32_t mode = inv_fpu_enter();
    run->at = inv_numbers_of(run, phase, cursor, at);
    phase->group[cursor->group].function(run, cursor->output, end);
    inv_fpu_leave(mode);
}

/*
 * Runs the phase on from the cursor until it is done, or until about *budget scalar operations
 * are (one output of a group is never cut short); takes them off *budget.  1 once done.
 */
INV_SHARED int inv_phase_continue(struct inv_run *run, const struct inv_phase *phase,
                                  struct inv_cursor *cursor, int32_t *budget)
{
    while (cursor->group < phase->count) {
        const struct inv_group *group = &phase->group[cursor->group];
        int32_t left = group->count + group->count_rows * run->rows - cursor->output;
        int32_t most = *budget / group->cost;
        int32_t now = left < most ? left : most > 0 ? most : 1;
        if (*budget <= 0)
            return 0;
        if (left > 0)
            inv_group_run(run, phase, cursor, cursor->output + now);
        *budget -= now * group->cost;
        cursor->output += now;
        if (now >= left)
            inv_cursor_next(phase, cursor);
    }
    cursor->group = 0;
    return 1;
}

INV_SHARED void inv_phase_run(struct inv_run *run, const struct inv_phase *phase)
{
    struct inv_cursor cursor = {0};
    while (cursor.group < phase->count) {
        const struct inv_group *group = &phase->group[cursor.group];
        int32_t count = group->count + group->count_rows * run->rows;
        if (count > 0)
            inv_group_run(run, phase, &cursor, count);
        inv_cursor_next(phase, &cursor);
    }
}

/* core/contract.h says what; here one chain at a time. */
INV_SHARED void inv_contract(float *out, int32_t ldo, const float *a, int32_t as_m, int32_t as_k,
                             const float *b, int32_t bs_k, int32_t bs_n, int32_t m, int32_t n,
                             int32_t k)
{
    for (int32_t i = 0; i < m; i++)
        for (int32_t j = 0; j < n; j++) {
            const float *x = a + i * as_m, *y = b + j * bs_n;
            float total = 0.0f, chunk = 0.0f;
            for (int32_t p = 0; p < k; p++, x += as_k, y += bs_k) {
                chunk = inv_fma(*x, *y, chunk);
                if (p % 256 == 255) {
                    total = inv_add(total, chunk);
                    chunk = 0.0f;
                }
            }
            if (k % 256 != 0)
                total = inv_add(total, chunk);
            out[i * ldo + j] = total;
        }
}

/* core/contract.h says what; here one chain at a time, by runs of what both walk without a turn. */
INV_SHARED float inv_chain_windows(const struct inv_operand *a, const struct inv_place *own_a,
                                   const struct inv_operand *b, const struct inv_place *own_b,
                                   int32_t k)
{
    const float zero = 0.0f;
    struct inv_place at_a, at_b;
    float total = 0.0f, chunk = 0.0f;
    inv_place_set(&at_a, a->k, a->ks, 0);
    inv_place_set(&at_b, b->k, b->ks, 0);
    for (int32_t p = 0; p < k; p++) {
        chunk = inv_fma(*inv_operand_at(a, own_a, &at_a, &zero),
                        *inv_operand_at(b, own_b, &at_b, &zero), chunk);
        inv_place_go(&at_a, a->k, a->ks, 1);
        inv_place_go(&at_b, b->k, b->ks, 1);
        if (p % 256 == 255) {
            total = inv_add(total, chunk);
            chunk = 0.0f;
        }
    }
    return k % 256 != 0 ? inv_add(total, chunk) : total;
}

INV_SHARED void inv_contract_windows(float *out, int32_t ldo, const struct inv_operand *a,
                                     int32_t a_first, const struct inv_operand *b, int32_t b_first,
                                     int32_t m, int32_t n, int32_t k)
{
    struct inv_place own_a, own_b;
    inv_place_set(&own_a, a->own, a->owns, a_first);
    for (int32_t i = 0; i < m; i++) {
        inv_place_set(&own_b, b->own, b->owns, b_first);
        for (int32_t j = 0; j < n; j++) {
            out[i * ldo + j] = inv_chain_windows(a, &own_a, b, &own_b, k);
            inv_place_go(&own_b, b->own, b->owns, 1);
        }
        inv_place_go(&own_a, a->own, a->owns, 1);
    }
}

INV_SHARED void inv_contract_pages(float *out, int32_t ldo, const struct inv_operand *a,
                                   int32_t a_first, const struct inv_operand *b, int32_t b_first,
                                   int32_t pages, int32_t m, int32_t n, int32_t k)
{
    for (int32_t page = 0; page < pages; page++) {
        struct inv_operand left = inv_operand_page(a, page), right = inv_operand_page(b, page);
        inv_contract_windows(out + page * n, ldo, &left, a_first, &right, b_first, m, n, k);
    }
}

/* CRC-32 (ISO 3309; reflected polynomial 0xedb88320) carried on from `sum`, which starts as 0. */
INV_SHARED uint32_t inv_crc32(uint32_t sum, const void *data, int32_t bytes)
{
    const unsigned char *p = (const unsigned char *)data;
    sum = ~sum;
    for (int32_t i = 0; i < bytes; i++) {
        sum ^= p[i];
        for (int bit = 0; bit < 8; bit++)
            sum = sum >> 1 ^ (0xedb88320u & (0u - (sum & 1u)));
    }
    return ~sum;
}

/* A float that the compiler cannot know, so that nothing here is computed at compile time. */
INV_FN float inv_opaque(uint32_t bits)
{
    volatile uint32_t copy = bits;
    return inv_from_bits(copy);
}

/*
 * 0 where fma, division and square root round as docs/numerics.md demands, and inv_canary finds
 * nothing: an exact tie of fma broken by a far smaller addend, a subnormal result, an exact
 * cancellation; a quotient and a root whose last bit depends on correct rounding.
 */
INV_SHARED int inv_small_checks(void)
{
    int bad = inv_canary() != 0;
    bad |= inv_bits(inv_fma(inv_opaque(0x3f800800u), inv_opaque(0x3f800800u),
                            inv_opaque(0x00000001u))) != 0x3f801001u;
    bad |= inv_bits(inv_fma(inv_opaque(0x1f800000u), inv_opaque(0x1f000001u),
                            inv_opaque(0x00000001u))) != 0x00100001u;
    bad |= inv_bits(inv_fma(inv_opaque(0x3f800000u), inv_opaque(0x3f800000u),
                            inv_opaque(0xbf800000u))) != 0;
    bad |= inv_bits(inv_div(inv_opaque(0x40e00000u), inv_opaque(0x40400000u))) != 0x40155555u;
    bad |= inv_bits(inv_div(inv_opaque(0x00800001u), inv_opaque(0x40000000u))) != 0x00400000u;
    bad |= inv_bits(inv_sqrt(inv_opaque(0x40000000u))) != 0x3fb504f3u;
    bad |= inv_bits(inv_sqrt(inv_opaque(0x00000001u))) != 0x1a3504f3u;
    return bad;
}

/* 0, or 1 where computing in the mode that all groups run in gives wrong bits. */
INV_SHARED int inv_small_selftest(void)
{
    uint32_t mode = inv_fpu_enter();
    int bad = inv_small_checks();
    inv_fpu_leave(mode);
    return bad;
}

#endif
