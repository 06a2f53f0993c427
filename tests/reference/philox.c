/* Random numbers: docs/numerics.md, section 4. */
#include <math.h>
#include <string.h>
#include "reference.h"

void philox(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4])
{
    uint32_t x[4], k[2] = {key[0], key[1]};
    memcpy(x, counter, sizeof x);
    for (int round = 0; round < 10; round++) {
        uint64_t a = (uint64_t)x[0] * 0xd2511f53, b = (uint64_t)x[2] * 0xcd9e8d57;
        uint32_t y[4] = {(uint32_t)(b >> 32) ^ x[1] ^ k[0], (uint32_t)b,
                         (uint32_t)(a >> 32) ^ x[3] ^ k[1], (uint32_t)a};
        memcpy(x, y, sizeof x);
        k[0] += 0x9e3779b9;
        k[1] += 0xbb67ae85;
    }
    memcpy(out, x, sizeof x);
}

uint32_t stream_of(const char *path)
{
    unsigned char digest[32];
    sha256(path, strlen(path), digest);
    return (uint32_t)digest[0] << 24 | (uint32_t)digest[1] << 16 | (uint32_t)digest[2] << 8 |
           digest[3];
}

uint32_t random_word(const uint32_t key[2], uint64_t element, uint64_t moment, uint32_t stream)
{
    uint32_t counter[4] = {(uint32_t)(element / 4), (uint32_t)moment, (uint32_t)(moment >> 32),
                           stream};
    uint32_t word[4];
    philox(counter, key, word);
    return word[element % 4];
}

float uniform_of(uint32_t word)
{
    return (float)(word >> 8) * 0x1p-24f;
}

uint32_t integer_of(uint32_t word, uint32_t n)
{
    return (uint32_t)((uint64_t)word * n >> 32);
}

float random_normal(const uint32_t key[2], uint64_t element, uint64_t moment, uint32_t stream)
{
    uint64_t even = element - element % 2;
    uint32_t first = random_word(key, even, moment, stream);
    uint32_t second = random_word(key, even + 1, moment, stream);
    float u = (float)((first >> 8) + 1) * 0x1p-24f;
    float radius = sqrtf(-2.0f * log_real(u));
    float angle = 0x1.921fb6p+2f * uniform_of(second);
    return radius * (element % 2 == 0 ? cos_real(angle) : sin_real(angle));
}

void permute(int32_t *order, int64_t count, const uint32_t key[2], uint64_t moment,
             uint32_t stream)
{
    for (int64_t i = 0; i < count; i++)
        order[i] = (int32_t)i;
    for (int64_t i = count - 1; i >= 1; i--) {
        uint32_t j = integer_of(random_word(key, (uint64_t)i, moment, stream), (uint32_t)(i + 1));
        int32_t moved = order[i];
        order[i] = order[j];
        order[j] = moved;
    }
}

struct draw draw_of(const struct call *c, int64_t element)
{
    struct draw d = {(uint64_t)element, 0, c->node->stream};
    if (strcmp(c->node->domain, "step") == 0) {
        d.moment = (uint64_t)c->at->step;
        if (c->node->shape.rows == 0)
            d.element += (uint64_t)(c->at->first_row * (c->y->count / c->y->dim[0]));
    }
    if (strcmp(c->node->domain, "sample") == 0) {
        int64_t row = c->y->count / c->y->dim[0];
        uint32_t sample = (uint32_t)c->x[0]->whole[element / row];
        d.element = (uint64_t)(element % row);
        d.moment = (uint64_t)c->at->epoch << 32 | sample;
    }
    return d;
}
