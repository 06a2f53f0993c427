#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "exchange.h"
#include <stdlib.h>
#include <string.h>
#ifdef __linux__
#include <sys/mman.h>
#include <unistd.h>
#endif
#include "memory.h"
#include "subtree.h"
#include "variable.h"

/* ---- who has which part of the tree ---- */

static int64_t begin_of_run(const struct inv_exchange *e, int rank)
{
    return inv_run_begin(e->shards, rank, e->ranks->count);
}

/* The parts of all ranks; with NULL only counts them. */
static int list_parts(const struct inv_exchange *e, struct inv_subtree *part)
{
    int count = 0;
    for (int r = 0; r < e->ranks->count; r++)
        for (int64_t at = begin_of_run(e, r), end = begin_of_run(e, r + 1), next; at < end;
             at = next, count++) {
            next = inv_subtree_end(at, end, e->shards);
            if (part)
                part[count] = (struct inv_subtree){ .first = at, .end = next, .rank = r };
        }
    return count;
}

static int64_t chunk_at(const struct inv_exchange *e, int rank)
{
    return inv_ranks_chunk(e->ranks, e->bytes, rank);
}

static int64_t chunk_size(const struct inv_exchange *e, int rank)
{
    return chunk_at(e, rank + 1) - chunk_at(e, rank);
}

static float *sums_of(const struct inv_exchange *e, const struct inv_run *run)
{
    return (float *)(void *)(inv_memory_arena(run) + e->model->sums);
}

/* Bytes of what is kept of a part beside the arena, a multiple of 64.  This rank's last stays in
 * the arena. */
static int64_t room_of(const struct inv_exchange *e, int part)
{
    int number = e->ranks->number, own = e->part[part].rank == number;
    int64_t bytes = own ? e->bytes : chunk_size(e, number);
    return own && part + 1 == e->own + e->owns ? 0 : (bytes + 63) / 64 * 64;
}

static void find_parts(struct inv_exchange *e)
{
    e->parts = list_parts(e, NULL);
    e->part = inv_allocate((size_t)(e->parts + 1) * sizeof *e->part);
    list_parts(e, e->part);
    for (int i = 0; i < e->parts; i++) {
        e->own += e->part[i].rank < e->ranks->number;
        e->owns += e->part[i].rank == e->ranks->number;
    }
}

static int64_t parts_bytes(const struct inv_exchange *e)
{
    int64_t bytes = 0;
    for (int i = 0; i < e->parts; i++)
        bytes += room_of(e, i);
    return bytes;
}

static void place_parts(struct inv_exchange *e, const struct inv_run *run)
{
    unsigned char *at = e->memory;
    for (int i = 0; i < e->parts; i++) {
        e->part[i].sums = (float *)(void *)at;
        at += room_of(e, i);
    }
    e->packed = at;
    if (e->owns > 0)
        e->part[e->own + e->owns - 1].sums = sums_of(e, run);
}

/* ---- what is whose ---- */

static void add_piece(struct inv_pieces *p, int64_t at, int64_t chunk_at, int64_t bytes)
{
    if (bytes > 0)
        p->piece[p->count++] = (struct inv_piece){ at, chunk_at, bytes };
}

static struct inv_pieces new_pieces(const struct inv_model *model)
{
    return (struct inv_pieces){
        .piece = inv_allocate((size_t)(model->variable_count + 1) * sizeof(struct inv_piece)) };
}

/* What of a kind is updated by pieces. */
static struct inv_pieces list_updated(const struct inv_model *model, enum inv_kind kind)
{
    struct inv_pieces p = new_pieces(model);
    for (int i = 0; i < model->variable_count; i++) {
        const struct inv_variable *v = &model->variable[i];
        if (v->kind == kind && v->gradient > 0)
            add_piece(&p, v->offset, v->gradient - model->sums, (int64_t)inv_variable_bytes(v));
    }
    return p;
}

static int by_place(const void *a, const void *b)
{
    const struct inv_piece *x = a, *y = b;
    return (x->at > y->at) - (x->at < y->at);
}

/* The sums between those that update by pieces. */
static struct inv_pieces list_common(const struct inv_model *model)
{
    struct inv_pieces own = list_updated(model, INV_SHARD), p = new_pieces(model);
    int64_t at = 0;
    /* invar-lint: allow unstable-sort because no two pieces begin at one place */
    qsort(own.piece, (size_t)own.count, sizeof *own.piece, by_place);
    for (int i = 0; i < own.count; i++) {
        add_piece(&p, model->sums + at, at, own.piece[i].chunk_at - at);
        at = own.piece[i].chunk_at + own.piece[i].bytes;
    }
    add_piece(&p, model->sums + at, at, model->sums_bytes - at);
    free(own.piece);
    return p;
}

/* One rank has all. */
static void list_pieces(struct inv_exchange *e)
{
    const struct inv_model *model = e->model;
    if (e->ranks->count == 1)
        return;
    e->common = list_common(model);
    e->params = list_updated(model, INV_PARAM);
    e->averages = list_updated(model, INV_AVERAGE);
    e->state = list_updated(model, INV_STATE);
    e->parcel = inv_allocate((size_t)(model->variable_count + 2) * sizeof *e->parcel);
}

static void share_out(const struct inv_exchange *e, struct inv_run *run)
{
    const struct inv_model *model = e->model;
    run->own_begin = model->sums + chunk_at(e, e->ranks->number);
    run->own_end = model->sums + chunk_at(e, e->ranks->number + 1);
}

/* ---- pieces on their way ---- */

/* The part of a piece that is that rank's. */
static struct inv_piece cut(const struct inv_exchange *e, struct inv_piece piece, int rank)
{
    int64_t begin = chunk_at(e, rank) - piece.chunk_at, end = begin + chunk_size(e, rank);
    begin = begin > 0 ? begin : 0;
    end = end < piece.bytes ? end : piece.bytes;
    return (struct inv_piece){ piece.at + begin, piece.chunk_at + begin,
                               end > begin ? end - begin : 0 };
}

enum way { COUNTED, PACKED, UNPACKED };

/* Copies what is that rank's and small, in the order of the list, to `packed` or from there; its
 * bytes. */
static int64_t pack(const struct inv_exchange *e, const struct inv_pieces *list, int rank,
                    unsigned char *packed, enum way way)
{
    const struct inv_run *run = e->carry.run;
    unsigned char *arena = way == COUNTED ? NULL : inv_memory_arena(run);
    int64_t bytes = 0;
    for (int i = 0; i < list->count; i++) {
        struct inv_piece p = cut(e, list->piece[i], rank);
        if (p.bytes >= INV_DIRECT)
            continue;
        if (way == PACKED)
            inv_memory_move(run, packed + bytes, arena + p.at, p.bytes);
        else if (way == UNPACKED)
            inv_memory_move(run, arena + p.at, packed + bytes, p.bytes);
        bytes += p.bytes;
    }
    return bytes;
}

/* Bytes that `spread` packs of a list: what is small of all ranks. */
static int64_t packed_bytes(const struct inv_exchange *e, const struct inv_pieces *list)
{
    int64_t bytes = 0;
    for (int r = 0; r < e->ranks->count; r++)
        bytes += pack(e, list, r, NULL, COUNTED);
    return bytes;
}

/* Begins to receive what is that rank's, what is small of it at `packed`. */
static void receive_pieces(struct inv_exchange *e, const struct inv_pieces *list, int rank,
                           unsigned char *packed)
{
    unsigned char *arena = inv_memory_arena(e->carry.run);
    for (int i = 0; i < list->count; i++) {
        struct inv_piece p = cut(e, list->piece[i], rank);
        if (p.bytes >= INV_DIRECT)
            inv_carry_receive(&e->carry, arena + p.at, p.bytes, rank);
    }
    inv_carry_receive(&e->carry, packed, pack(e, list, rank, NULL, COUNTED), rank);
}

static void add_parcel(struct inv_exchange *e, int *count, const void *from, int64_t bytes)
{
    const void *ready = inv_carry_ready(&e->carry, from, bytes);
    e->parcel[(*count)++] = (struct inv_parcel){ ready, bytes };
}

/* Makes parcels of what is this rank's, of which `small` bytes are packed; how many. */
static int make_parcels(struct inv_exchange *e, const struct inv_pieces *list, int64_t small)
{
    int count = 0;
    for (int i = 0; i < list->count; i++) {
        struct inv_piece p = cut(e, list->piece[i], e->ranks->number);
        if (p.bytes >= INV_DIRECT)
            add_parcel(e, &count, inv_memory_arena(e->carry.run) + p.at, p.bytes);
    }
    add_parcel(e, &count, e->packed, small);
    return count;
}

/* Begins to send them. */
static void send_parcels(struct inv_exchange *e, int count, int to)
{
    for (int i = 0; i < count; i++) {
        inv_carry_send(&e->carry, e->parcel[i].ready, e->parcel[i].bytes, to);
        e->sent += e->parcel[i].bytes;
    }
}

/* Each rank's part of the list to all, or to the first alone. */
static void spread(struct inv_exchange *e, const struct inv_pieces *list, int to_all)
{
    const struct inv_ranks *ranks = e->ranks;
    int from_all = to_all || ranks->number == 0, sends = to_all || ranks->number > 0;
    if (list->count == 0)            /* as where one rank has all */
        return;
    int64_t own = pack(e, list, ranks->number, e->packed, PACKED);
    unsigned char *at = e->packed + own;
    for (int r = 0; from_all && r < ranks->count; r++)
        if (r != ranks->number) {
            receive_pieces(e, list, r, at);
            at += pack(e, list, r, NULL, COUNTED);
        }
    int parcels = sends ? make_parcels(e, list, own) : 0;
    for (int r = 0; r < (to_all ? ranks->count : 1); r++)
        if (r != ranks->number)
            send_parcels(e, parcels, r);
    inv_carry_wait(&e->carry);
    at = e->packed + own;
    for (int r = 0; from_all && r < ranks->count; r++)
        if (r != ranks->number)
            at += pack(e, list, r, at, UNPACKED);
}

/* ---- from the first step to the last ---- */

/* Averages and state are spread one at a time, of which none has more bytes than its parameter. */
static int64_t most_packed(const struct inv_exchange *e)
{
    int64_t common = packed_bytes(e, &e->common), params = packed_bytes(e, &e->params);
    return common > params ? common : params;
}

static struct inv_exchange plan(struct inv_ranks *ranks, const struct inv_model *model)
{
    struct inv_exchange e = { .ranks = ranks, .model = model, .shards = model->shards,
                              .bytes = model->sums_bytes };
    find_parts(&e);
    list_pieces(&e);
    return e;
}

static void forget(struct inv_exchange *e)
{
    free(e->part);
    free(e->common.piece);
    free(e->params.piece);
    free(e->averages.piece);
    free(e->state.piece);
    free(e->parcel);
}

static int64_t memory_bytes(const struct inv_exchange *e)
{
    return parts_bytes(e) + most_packed(e);
}

int64_t inv_exchange_bytes(struct inv_ranks *ranks, const struct inv_model *model)
{
    struct inv_exchange e = plan(ranks, model);
    int64_t bytes = memory_bytes(&e);
    forget(&e);
    return bytes;
}

void inv_exchange_begin(struct inv_exchange *e, struct inv_ranks *ranks,
                        const struct inv_model *model, struct inv_run *run)
{
    *e = plan(ranks, model);
    inv_carry_begin(&e->carry, ranks, run);
    e->memory = inv_memory_take(run, memory_bytes(e), "the sums of other ranks");
    place_parts(e, run);
    if (ranks->count > 1)
        share_out(e, run);
}

void inv_exchange_free(struct inv_exchange *e)
{
    if (!e->ranks)                      /* it has not begun */
        return;
    inv_memory_give(e->carry.run, e->memory, memory_bytes(e));
    inv_carry_end(&e->carry);
    forget(e);
}

void inv_exchange_updated(struct inv_exchange *e)
{
    spread(e, &e->params, 1);
    e->steps++;
}

/* What is not of a step is not counted. */
static void spread_aside(struct inv_exchange *e, const struct inv_pieces *list, int to_all)
{
    int64_t sent = e->sent;
    for (int i = 0; i < list->count; i++) {
        const struct inv_pieces one = { &list->piece[i], 1 };
        spread(e, &one, to_all);
    }
    e->sent = sent;
}

void inv_exchange_average(struct inv_exchange *e)
{
    spread_aside(e, &e->averages, 1);
}

void inv_exchange_collect(struct inv_exchange *e)
{
    spread_aside(e, &e->averages, 0);
    spread_aside(e, &e->state, 0);
}

/* Whole pages from begin to end. */
static void release(unsigned char *begin, unsigned char *end)
{
#ifdef __linux__
    long bytes = sysconf(_SC_PAGESIZE);
    uintptr_t page = bytes > 0 ? (uintptr_t)bytes : 1;
    unsigned char *first = begin + (page - (uintptr_t)begin % page) % page;
    unsigned char *last = end - (uintptr_t)end % page;
    if (bytes > 0 && last > first)
        madvise(first, (size_t)(last - first), MADV_DONTNEED);
#else
    (void)begin, (void)end;
#endif
}

/* A device keeps its memory. */
void inv_exchange_release(const struct inv_exchange *e)
{
    const struct inv_run *run = e->carry.run;
    for (int i = 0; i < e->state.count && !run->device; i++) {
        const struct inv_piece *whole = &e->state.piece[i];
        struct inv_piece own = cut(e, *whole, e->ranks->number);
        unsigned char *begin = run->arena + whole->at, *end = begin + whole->bytes;
        int none = own.bytes == 0;
        release(begin, none ? end : run->arena + own.at);
        release(none ? end : run->arena + own.at + own.bytes, end);
    }
}

/* ---- a step ---- */

void inv_exchange_expect(struct inv_exchange *e)
{
    int64_t size = chunk_size(e, e->ranks->number);
    e->settled = 0;
    for (int i = 0; i < e->parts; i++)
        if (e->part[i].rank != e->ranks->number)
            inv_carry_receive(&e->carry, e->part[i].sums, size, e->part[i].rank);
}

/* Chunks of the part from begin to end, where chunks begin. */
static void send_chunks(struct inv_exchange *e, const struct inv_subtree *part, int64_t begin,
                        int64_t end)
{
    for (int d = 1; d < e->ranks->count; d++) {
        int to = (e->ranks->number + d) % e->ranks->count;
        int64_t at = chunk_at(e, to), size = chunk_size(e, to);
        if (at < begin || at >= end)
            continue;
        const void *ready = inv_carry_ready(&e->carry, (char *)part->sums + at, size);
        inv_carry_send(&e->carry, ready, size, to);
        e->sent += size;
    }
}

int64_t inv_exchange_chunk(const struct inv_exchange *e, int64_t bytes)
{
    int chunk = e->ranks->count;
    while (chunk_at(e, chunk) > bytes)
        chunk--;
    return chunk_at(e, chunk);
}

void inv_exchange_send_first(struct inv_exchange *e, int64_t bytes)
{
    int64_t sent = e->sent;
    send_chunks(e, &e->part[e->own + e->owns - 1], e->settled, bytes);
    e->ahead += e->sent - sent;
    e->settled = bytes;
}

void inv_exchange_send(struct inv_exchange *e, const struct inv_subtree *part, const float *sums)
{
    if (part->sums != sums)
        inv_memory_move(e->carry.run, part->sums, sums, e->bytes);
    send_chunks(e, part, e->settled, e->bytes);
}

/* This rank's chunk of the sums over shards first .. first + size - 1, as far as there are such,
 * where those before part *next are done.  Of two one becomes the sum: that in the arena, `place`,
 * where it is one of them. */
static float *finish(struct inv_exchange *e, const struct inv_run *run, int64_t first, int64_t size,
                     int *next, const float *place)
{
    int number = e->ranks->number;
    const struct inv_subtree *part = &e->part[*next];
    int64_t end = first + size < e->shards ? first + size : e->shards;
    if (part->first == first && part->end == end) {
        ++*next;
        return part->sums + (part->rank == number ? chunk_at(e, number) / 4 : 0);
    }
    float *left = finish(e, run, first, size / 2, next, place);
    if (first + size / 2 >= e->shards)
        return left;
    float *right = finish(e, run, first + size / 2, size / 2, next, place);
    float *sum = left == place ? left : right;
    inv_memory_add(run, sum, right, left, chunk_size(e, number) / 4);
    return sum;
}

void inv_exchange_finish(struct inv_exchange *e, const struct inv_run *run)
{
    int64_t size = 1;
    int next = 0;
    if (e->ranks->count == 1)
        return;
    while (size < e->shards)
        size *= 2;
    inv_carry_wait(&e->carry);
    float *place = sums_of(e, run) + chunk_at(e, e->ranks->number) / 4;
    const float *sums = finish(e, run, 0, size, &next, place);
    if (sums != place)                  /* this rank has no shards */
        inv_memory_move(run, place, sums, chunk_size(e, e->ranks->number));
    spread(e, &e->common, 1);
}
