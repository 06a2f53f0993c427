/*
 * The next token of a text, drawn from the logits z of its last place: of the `top` largest (of
 * equal ones the lower class first; 0: of all), the class of the largest z / temperature + g, of
 * equal ones the lower, where g = -log(-log(u)), u = (word / 2^9 + 1/2) / 2^23, the division by
 * 2^9 rounded down, of word class mod 4 of Philox counter (class / 4, t, 0, stream), t the number
 * of the draw from 0. That is a draw from softmax(z / temperature) (Gumbel 1954; Maddison et al.
 * 2014). Temperature 0: the largest z.
 */
#ifndef INV_CORE_NEXT_TOKEN_H
#define INV_CORE_NEXT_TOKEN_H

#include "core/arith.h"
#include "core/elementary.h"
#include "core/philox.h"

/* How tokens of a text are drawn. */
struct inv_drawing {
    uint32_t key[2];
    uint32_t stream;
    int32_t top;                        /* 0: all classes may come */
    float temperature;
};

/* In the order of the logits, -0 as +0; NaN above all, so that it is found. */
INV_FN uint32_t inv_rank_of(float logit)
{
    uint32_t bits = inv_bits(logit);
    if (inv_is_nan(logit))
        return UINT32_MAX;
    bits = bits == 0x80000000u ? 0 : bits;
    return bits >> 31 ? ~bits : bits | 0x80000000u;
}

INV_FN int32_t inv_count_from(const float *logits, int32_t classes, uint32_t rank)
{
    int32_t count = 0;
    for (int32_t c = 0; c < classes; c++)
        count += inv_rank_of(logits[c]) >= rank;
    return count;
}

/* The rank of logit number `top`, from 1, of the largest: found bit by bit, without memory. */
INV_SHARED uint32_t inv_least_rank(const float *logits, int32_t classes, int32_t top)
{
    uint32_t rank = 0;
    for (uint32_t bit = 1u << 31; bit; bit >>= 1)
        if (inv_count_from(logits, classes, rank | bit) >= top)
            rank |= bit;
    return rank;
}

INV_FN float inv_noise_of(const struct inv_drawing *how, int32_t class_number, int64_t drawn)
{
    uint32_t word = inv_random_word(how->key, (uint64_t)class_number, (uint64_t)drawn, how->stream);
    float u = inv_mul(inv_add((float)(word >> 9), 0.5f), 0x1p-23f);
    return -inv_log(-inv_log(u));
}

/* Draw number `drawn`, from 0; -1 where a logit that may come is not finite. */
INV_SHARED int32_t inv_next_token(const float *logits, int32_t classes,
                                  const struct inv_drawing *how, int64_t drawn)
{
    int all = how->top == 0 || how->top >= classes;
    uint32_t least = all ? 0 : inv_least_rank(logits, classes, how->top);
    int32_t equal = classes, best = -1;  /* so many of the least rank may come */
    float largest = 0.0f;
    if (!all && least < UINT32_MAX)
        equal = how->top - inv_count_from(logits, classes, least + 1);
    for (int32_t c = 0; c < classes; c++) {
        uint32_t rank = inv_rank_of(logits[c]);
        if (rank < least || (rank == least && equal-- <= 0))
            continue;
        if (!inv_is_finite(logits[c]))
            return -1;
        float score = logits[c];
        if (how->temperature > 0.0f)
            score = inv_add(inv_div(score, how->temperature), inv_noise_of(how, c, drawn));
        if (best < 0 || score > largest) {
            best = c;
            largest = score;
        }
    }
    return best;
}

#endif
