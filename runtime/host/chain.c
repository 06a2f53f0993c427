#include "chain.h"
#include <stdlib.h>
#include <string.h>
#include "core/arith.h"
#include "decimal.h"
#include "device.h"
#include "safetensors.h"
#include "verify.h"

static void store_u32(uint8_t bytes[4], uint32_t value)
{
    for (int i = 0; i < 4; i++)
        bytes[i] = (uint8_t)(value >> (8 * i));
}

static void hash_u32(struct inv_sha256 *sha, uint32_t value)
{
    uint8_t bytes[4];
    store_u32(bytes, value);
    inv_sha256_update(sha, bytes, sizeof bytes);
}

static void hash_line(struct inv_sha256 *sha, const char *text)
{
    inv_sha256_update(sha, text, strlen(text));
    inv_sha256_update(sha, "\n", 1);
}

/* ---- the weights ---- */

static void hash_weights(struct inv_session *s, uint8_t digest[32], char text[65])
{
    inv_device_pull_saved(s);
    inv_safetensors_digest(s->model, s->run.arena, digest, text);
}

static struct inv_mark *add_mark(struct inv_chain *c)
{
    if ((c->marks & (c->marks - 1)) == 0) {
        size_t room = c->marks ? (size_t)c->marks * 2 : 1;
        c->mark = inv_resize(c->mark, room * sizeof *c->mark);
    }
    return &c->mark[c->marks++];
}

/* ---- the links ---- */

int inv_chain_begin(struct inv_session *s, int64_t steps)
{
    struct inv_chain *c = &s->receipt.chain;
    struct inv_sha256 sha;
    char weights[65];
    if (!inv_options_chained(&s->options))
        return INV_OK;
    c->every = steps / INV_CHAIN_PREFIXES + 1;
    c->prefix = inv_allocate((size_t)(steps / c->every + 1) * sizeof *c->prefix);
    hash_weights(s, c->link, weights);
    inv_sha256_init(&c->none);
    inv_sha256_ask(&c->none);
    sha = c->none;
    hash_line(&sha, INV_CHAIN_FORMAT);
    hash_line(&sha, s->model->sha256);
    hash_line(&sha, s->data.fitted.parts);
    hash_line(&sha, weights);
    inv_sha256_final(&sha, c->link);
    inv_sha256_hex(c->link, c->start);
    return inv_verify_start(s, steps);
}

static int is_mark(const struct inv_session *s, int64_t steps)
{
    return s->options.receipt_every > 0 && steps % s->options.receipt_every == 0;
}

int64_t inv_chain_stop(const struct inv_session *s, int64_t first, int64_t end)
{
    int64_t every = s->options.receipt_every;
    if (!inv_options_chained(&s->options) || every <= 0)
        return end;
    int64_t next = (first / every + 1) * every;
    return next < end ? next : end;
}

/* The rows of a step in its epoch's order. */
static void hash_rows(struct inv_sha256 *sha, const struct inv_order *order, int64_t step)
{
    int64_t at = step % order->per_epoch * order->batch, left = order->rows - at;
    int64_t count = left < order->batch ? left : order->batch;
    enum { PIECE = 64 };
    uint8_t bytes[4 * PIECE];
    hash_u32(sha, (uint32_t)count);
    for (int64_t part; count > 0; count -= part, at += part) {
        part = count < PIECE ? count : PIECE;
        for (int64_t i = 0; i < part; i++)
            store_u32(bytes + 4 * i, (uint32_t)order->row[at + i]);
        inv_sha256_update(sha, bytes, (size_t)part * 4);
    }
}

int inv_chain_step(struct inv_session *s, const struct inv_order *order, int64_t step, float loss,
                   int last)
{
    struct inv_chain *c = &s->receipt.chain;
    struct inv_sha256 sha = c->none;
    if (!inv_options_chained(&s->options))
        return INV_OK;
    inv_sha256_update(&sha, c->link, sizeof c->link);
    hash_u32(&sha, (uint32_t)step);
    hash_rows(&sha, order, step);
    hash_u32(&sha, inv_bits(inv_canonical(loss)));
    struct inv_mark *mark = last || is_mark(s, step + 1) ? add_mark(c) : NULL;
    if (mark) {
        uint8_t digest[32];
        mark->steps = step + 1;
        hash_weights(s, digest, mark->weights);
        inv_sha256_update(&sha, digest, sizeof digest);
    }
    inv_sha256_final(&sha, c->link);
    if (mark)
        inv_sha256_hex(c->link, mark->link);
    c->steps = step + 1;
    c->skipped += !inv_is_finite(loss);
    if (c->steps % c->every == 0)
        c->prefix[c->prefixes++] = (uint32_t)c->link[0] << 24 | (uint32_t)c->link[1] << 16 |
                                   (uint32_t)c->link[2] << 8 | c->link[3];
    return inv_verify_step(s, mark, loss);
}

/* ---- in a checkpoint: "LINK SKIPPED PREFIXES STEPS:WEIGHTS:LINK ..." ---- */

char *inv_chain_text(const struct inv_session *s)
{
    const struct inv_chain *c = &s->receipt.chain;
    char link[65], *text = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&text, &size);
    if (!to)
        return inv_copy_text("");
    inv_sha256_hex(c->link, link);
    fprintf(to, "%s %lld ", link, (long long)c->skipped);
    for (int64_t i = 0; i < c->prefixes; i++)
        fprintf(to, "%08x", c->prefix[i]);
    for (int64_t i = 0; i < c->marks; i++)
        fprintf(to, " %lld:%s:%s", (long long)c->mark[i].steps, c->mark[i].weights,
                c->mark[i].link);
    fclose(to);
    return text;
}

/* So many bytes of hexadecimal digits, which are passed over; 0 where they are none. */
static int take_bytes(const char **at, uint8_t *byte, int count)
{
    static const char digits[] = "0123456789abcdef";
    for (int i = 0; i < 2 * count; i++, ++*at) {
        const char *digit = **at ? strchr(digits, **at) : NULL;
        if (!digit)
            return 0;
        byte[i / 2] = (uint8_t)((i % 2 ? byte[i / 2] << 4 : 0) | (digit - digits));
    }
    return 1;
}

static int take_number(const char **at, char end, int64_t most, int64_t *number)
{
    uint64_t value;
    int good = inv_decimal_whole(at, (uint64_t)most, &value) && *(*at)++ == end;
    *number = (int64_t)value;
    return good;
}

static int take_mark(struct inv_chain *c, const char **at, int64_t steps)
{
    uint8_t weights[32], link[32];
    int64_t number;
    int good = take_number(at, ':', steps, &number) && take_bytes(at, weights, 32) &&
               *(*at)++ == ':' && take_bytes(at, link, 32);
    if (!good || (c->marks > 0 && number <= c->mark[c->marks - 1].steps))
        return 0;
    struct inv_mark *mark = add_mark(c);
    mark->steps = number;
    inv_sha256_hex(weights, mark->weights);
    inv_sha256_hex(link, mark->link);
    return 1;
}

int inv_chain_take(struct inv_session *s, const char *text, int64_t steps)
{
    struct inv_chain *c = &s->receipt.chain;
    uint8_t byte[4];
    if (!take_bytes(&text, c->link, 32) || *text++ != ' ' ||
        !take_number(&text, ' ', steps, &c->skipped))
        return 0;
    c->marks = 0;
    for (c->prefixes = 0; c->prefixes < steps / c->every; c->prefixes++) {
        if (!take_bytes(&text, byte, 4))
            return 0;
        c->prefix[c->prefixes] = (uint32_t)byte[0] << 24 | (uint32_t)byte[1] << 16 |
                                 (uint32_t)byte[2] << 8 | byte[3];
    }
    while (*text++ == ' ')
        if (!take_mark(c, &text, steps))
            return 0;
    c->steps = steps;
    return text[-1] == 0;
}

void inv_chain_free(struct inv_chain *c)
{
    free(c->prefix);
    free(c->mark);
}
