/* The exchange of a step (runtime/host/exchange.h) counted instead of done. */
#include "emit/plan_ranks.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "emit/plan_text.h"
#include "host/decimal.h"
#include "host/subtree.h"
#include "passes/schedule.h"

enum { RANKS_MOST = 99999 };

struct unit {
    const char *name;
    double factor;
};

/* A number of at most 7 digits' precision and one of the units; 0 or less is none. */
static bool read_quantity(const char *text, const struct unit *unit, double *value)
{
    char number[32 + INV_DECIMAL_PADDING] = "";
    float read;
    size_t digits = strspn(text, "0123456789.");
    if (digits == 0 || digits >= 32)
        return false;
    snprintf(number, sizeof number, "%.*s", (int)digits, text);
    for (; unit->name; unit++)
        if (!strcmp(unit->name, text + digits)) {
            bool good = inv_decimal_to_f32(number, '.', &read) == INV_DECIMAL_OK && read > 0;
            *value = (double)read * unit->factor;
            return good;
        }
    return false;
}

const char *network_read(struct network *n, const char *ranks, const char *bandwidth,
                         const char *latency, struct arena *arena)
{
    static const struct unit rates[] = {{"", 1}, {"K", 1e3}, {"M", 1e6}, {"G", 1e9}, {NULL, 0}};
    static const struct unit times[] = {{"s", 1}, {"ms", 1e-3}, {"us", 1e-6}, {"ns", 1e-9},
                                        {NULL, 0}};
    uint64_t count;
    if (!inv_decimal_whole(&ranks, RANKS_MOST, &count) || *ranks || count == 0)
        return arena_printf(arena, "--ranks: a whole number from 1 to %d expected", RANKS_MOST);
    n->ranks = (int)count;
    if (!read_quantity(bandwidth ? bandwidth : "1.25G", rates, &n->bandwidth))
        return arena_printf(arena, "--bandwidth %s: bytes a second expected, such as 1.25G",
                            bandwidth);
    if (!read_quantity(latency ? latency : "20us", times, &n->latency))
        return arena_printf(arena, "--latency %s: a time a message expected, such as 20us or 0.5ms",
                            latency);
    return NULL;
}

/* Bytes and messages of a rank, of which it sends one and receives one at a time. */
struct traffic {
    int64_t sent, received, messages;   /* the larger number of messages, of one way or the other */
};

/* Of one rank: shards and the partial sums that these give; of a step, what it does with the
 * partial sums, and with what has become of its chunk. */
struct load {
    int64_t shards, partial, sent, received, memory;
    struct traffic sums, results;
};

static int64_t partial_sums(int64_t shards, int rank, int ranks)
{
    int64_t end = inv_run_begin(shards, rank + 1, ranks), count = 0;
    for (int64_t at = inv_run_begin(shards, rank, ranks); at < end; count++)
        at = inv_subtree_end(at, end, shards);
    return count;
}

static int64_t chunk_bytes(const struct program *program, int rank, int ranks)
{
    return inv_chunk_begin(program->sums_bytes, rank + 1, ranks) -
           inv_chunk_begin(program->sums_bytes, rank, ranks);
}

static int64_t overlap(int64_t a_begin, int64_t a_end, int64_t b_begin, int64_t b_end)
{
    int64_t begin = a_begin > b_begin ? a_begin : b_begin, end = a_end < b_end ? a_end : b_end;
    return end > begin ? end - begin : 0;
}

/* The optimizer's state that other ranks have in this one's place. */
static int64_t state_of_others(const struct program *program, int rank, int ranks)
{
    int64_t begin = inv_chunk_begin(program->sums_bytes, rank, ranks), others = 0;
    int64_t end = inv_chunk_begin(program->sums_bytes, rank + 1, ranks);
    for (int i = 0; i < program->variable_count; i++) {
        const struct variable *v = program->variable[i];
        if (v->kind != VAR_STATE || v->updated_by == 0)
            continue;
        int64_t bytes = schedule_bytes(program, v->dtype, &v->shape);
        int64_t at = program->variable[v->updated_by - 1]->offset - program->sums;
        others += bytes - overlap(at, at + bytes, begin, end);
    }
    return others;
}

/* Bytes of the arena's partial sums that this rank never writes: of a subtree of n shards at most
 * floor(log2 n) wait. */
static int64_t unused_partial_sums(const struct program *program, int rank, int ranks)
{
    int64_t shards = program->train.shards, most = 0;
    int64_t end = inv_run_begin(shards, rank + 1, ranks);
    int used = 0;
    for (int64_t at = inv_run_begin(shards, rank, ranks), next; at < end; at = next) {
        next = inv_subtree_end(at, end, shards);
        most = most > next - at ? most : next - at;
    }
    while (most >> used > 1)
        used++;
    return program->partial_count > used ? program->partial_bytes / program->partial_count *
                                               (program->partial_count - used) : 0;
}

/* Of the bytes from begin to end of the sums, those in pieces of one rank that are small. */
static int64_t small_pieces(const struct program *program, int64_t begin, int64_t end, int ranks)
{
    int64_t bytes = program->sums_bytes, small = 0;
    if (bytes / ranks < INV_DIRECT)
        return end - begin;
    for (int r = 0; r < ranks && inv_chunk_begin(bytes, r, ranks) < end; r++) {
        int64_t piece = overlap(begin, end, inv_chunk_begin(bytes, r, ranks),
                                inv_chunk_begin(bytes, r + 1, ranks));
        small += piece < INV_DIRECT ? piece : 0;
    }
    return small;
}

/* What is packed at most: parameters that are updated by pieces, or all other sums. */
static int64_t packed_bytes(const struct program *program, int ranks)
{
    int64_t small = 0, others = program->sums_bytes;
    for (int i = 0; i < program->variable_count; i++) {
        const struct variable *v = program->variable[i];
        if (v->kind != VAR_SHARD || v->updated_by == 0)
            continue;
        int64_t bytes = schedule_bytes(program, v->dtype, &v->shape);
        int64_t at = v->offset - program->sums;
        small += small_pieces(program, at, at + bytes, ranks);
        others -= bytes;
    }
    if (others == program->sums_bytes)
        others = small_pieces(program, 0, others, ranks);
    return small > others ? small : others;
}

static struct load load_of(const struct program *program, int rank, int ranks, int64_t all_partial,
                           int64_t packed)
{
    int64_t shards = program->train.shards, bytes = program->sums_bytes;
    int64_t own = chunk_bytes(program, rank, ranks), partial = partial_sums(shards, rank, ranks);
    int64_t others = all_partial - partial, out = partial * (ranks - 1);
    struct load l = {.shards = inv_run_begin(shards, rank + 1, ranks) -
                               inv_run_begin(shards, rank, ranks),
                     .partial = partial};
    l.sums = (struct traffic){partial * (bytes - own), others * own, out > others ? out : others};
    l.results = (struct traffic){(ranks - 1) * own, bytes - own, ranks - 1};
    l.sent = l.sums.sent + l.results.sent;
    l.received = l.sums.received + l.results.received;
    l.memory = program->arena_bytes - state_of_others(program, rank, ranks) -
               unused_partial_sums(program, rank, ranks);
    if (ranks > 1)      /* room for what comes, and for what all send */
        l.memory += (partial > 0 ? partial - 1 : 0) * bytes + others * own + packed;
    return l;
}

static double seconds_of(const struct traffic *t, const struct network *n)
{
    double bytes = (double)(t->sent > t->received ? t->sent : t->received);
    return (double)t->messages * n->latency + bytes / n->bandwidth;
}

/* Chunks are multiples of 64 bytes, so that ranks of as many partial sums differ by a little. */
static bool is_alike(const struct load *a, const struct load *b)
{
    return a->shards == b->shards && a->partial == b->partial;
}

static void keep_most(int64_t *most, int64_t value)
{
    *most = *most > value ? *most : value;
}

static void add_load(struct load *most, const struct load *l)
{
    keep_most(&most->sent, l->sent);
    keep_most(&most->received, l->received);
    keep_most(&most->memory, l->memory);
}

static void print_load(const struct load *l, int first, int last, struct text *text)
{
    const char *ranks = first == last ? arena_printf(text->arena, "%d", first)
                                      : arena_printf(text->arena, "%d-%d", first, last);
    text_printf(text, "  %11s %6" PRId64 " %12" PRId64 " %13" PRId64 " %14" PRId64 " %13" PRId64
                      "\n", ranks, l->shards, l->partial, l->sent, l->received, l->memory);
}

static int levels_of(int64_t shards)
{
    int levels = 0;
    while ((int64_t)1 << levels < shards)
        levels++;
    return levels;
}

/* 2 (R - 1) messages of 1/R of the bytes each. */
static void print_ring(const struct program *program, const struct network *n, struct text *text)
{
    struct traffic ring = {.messages = 2 * (n->ranks - 1)};
    ring.sent = ring.received = ring.messages * (program->sums_bytes / n->ranks);
    text_printf(text, "a ring's allreduce, of which the sums depend on the number of ranks: %"
                      PRId64 " bytes, %" PRId64 " messages, %.3f ms\n", ring.sent, ring.messages,
                1e3 * seconds_of(&ring, n));
}

/* All of the bytes on each of its levels, there and back. */
static void print_tree(const struct program *program, const struct network *n, struct text *text)
{
    struct traffic tree = {.messages = 2 * levels_of(n->ranks)};
    tree.sent = tree.received = tree.messages * program->sums_bytes;
    text_printf(text, "a tree of ranks that sends all sums on each level, there and back: %" PRId64
                      " bytes, %" PRId64 " messages, %.3f ms\n", tree.sent, tree.messages,
                1e3 * seconds_of(&tree, n));
}

/* The slowest decides: nobody has its chunk of the sums before the last partial sum has come. */
static void print_owners(double sums, double results, struct text *text)
{
    text_printf(text, "the exchange of a step: %.3f ms, %.3f of them for partial sums\n",
                1e3 * (sums + results), 1e3 * sums);
}

static void print_head(const struct program *program, const struct network *n, int64_t partial,
                       struct text *text)
{
    text_printf(text, "ranks of %s: %d, %" PRId64 " shards of a batch of %" PRId64 "\n"
                      "sums of a step: %" PRId64 " bytes; tree over shards: %d levels, %" PRId64
                      " partial sums are sent\n"
                      "a link: %.6g bytes a second each way, %.6g s a message\n"
                      "        ranks shards partial sums    sent bytes  received bytes  "
                      "memory bytes\n",
                program->name, n->ranks, (int64_t)program->train.shards,
                (int64_t)program->train.batch,
                program->sums_bytes, levels_of(program->train.shards), n->ranks > 1 ? partial : 0,
                n->bandwidth, n->latency);
}

static double longer(double a, double b)
{
    return a > b ? a : b;
}

void plan_print_ranks(const struct program *program, const struct network *n, struct text *text)
{
    int64_t all_partial = 0, packed = packed_bytes(program, n->ranks);
    double sums = 0, results = 0;
    for (int r = 0; r < n->ranks; r++)
        all_partial += partial_sums(program->train.shards, r, n->ranks);
    print_head(program, n, all_partial, text);
    struct load most = load_of(program, 0, n->ranks, all_partial, packed);
    for (int r = 0, first = 0; r < n->ranks; r++) {
        struct load l = load_of(program, r, n->ranks, all_partial, packed);
        sums = longer(sums, seconds_of(&l.sums, n));
        results = longer(results, seconds_of(&l.results, n));
        if (!is_alike(&most, &l)) {
            print_load(&most, first, r - 1, text);
            first = r;
            most = l;
        }
        add_load(&most, &l);
        if (r == n->ranks - 1)
            print_load(&most, first, r, text);
    }
    text_printf(text, "a rank that computes shards at once takes %" PRId64 " bytes more for each "
                      "beyond the first\n", plan_shard_bytes(program));
    if (n->ranks == 1)
        return;
    print_owners(sums, results, text);
    print_ring(program, n, text);
    print_tree(program, n, text);
}
