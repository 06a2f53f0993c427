#include "carry.h"
#include <stdlib.h>
#include "errors.h"

/* ---- how ---- */

/* What carries messages from device to device, or NULL. */
static const struct inv_ranks_direct *direct(const struct inv_carry *c)
{
    return c->run->device ? c->ranks->type->direct : NULL;
}

static int by_host(const struct inv_carry *c)
{
    return c->run->device && !direct(c);
}

void inv_carry_begin(struct inv_carry *c, const struct inv_ranks *ranks, const struct inv_run *run)
{
    *c = (struct inv_carry){ .ranks = ranks, .run = run };
    if (ranks->count > 1 && direct(c))
        direct(c)->begin(ranks->type, run, ranks->number, ranks->count);
}

static void free_stage(struct inv_carry *c)
{
    for (struct inv_stage *stage = c->stage, *next; stage; stage = next) {
        next = stage->next;
        c->run->device->type->unpin(stage->memory);
        free(stage->memory);
        free(stage);
    }
    c->stage = NULL;
}

void inv_carry_end(struct inv_carry *c)
{
    if (c->ranks && c->ranks->count > 1 && direct(c))
        direct(c)->end();
    free_stage(c);
    free(c->arrival);
}

/* ---- by way of the host ---- */

/* Blocks stay where they are, so that messages in them do; once they are through, one block takes
 * the place of several. */
static unsigned char *take(struct inv_carry *c, int64_t bytes)
{
    int64_t room = (bytes + 63) / 64 * 64;
    c->all += room;
    c->most = c->all > c->most ? c->all : c->most;
    if (!c->stage || c->used + room > c->stage->bytes) {
        struct inv_stage *made = inv_allocate(sizeof *made);
        *made = (struct inv_stage){ c->stage, inv_allocate((size_t)c->most), c->most };
        c->run->device->type->pin(made->memory, made->bytes);
        c->stage = made;
        c->used = 0;
    }
    c->used += room;
    return c->stage->memory + c->used - room;
}

static void *expect(struct inv_carry *c, void *to, int64_t bytes)
{
    unsigned char *from = take(c, bytes);
    if (c->arrivals == c->room) {
        c->room = 2 * c->room + 16;
        c->arrival = inv_resize(c->arrival, (size_t)c->room * sizeof *c->arrival);
    }
    c->arrival[c->arrivals++] = (struct inv_arrival){ to, from, bytes };
    return from;
}

static void bring_arrivals(struct inv_carry *c)
{
    for (int i = 0; i < c->arrivals; i++)
        c->run->device->type->put(c->run, c->arrival[i].to, c->arrival[i].from,
                                  c->arrival[i].bytes);
    if (c->stage && c->stage->next)
        free_stage(c);
    c->arrivals = 0;
    c->used = c->all = 0;
}

/* ---- messages ---- */

const void *inv_carry_ready(struct inv_carry *c, const void *from, int64_t bytes)
{
    if (!by_host(c) || bytes == 0)
        return from;
    unsigned char *ready = take(c, bytes);
    c->run->device->type->get(c->run, ready, from, bytes);
    return ready;
}

void inv_carry_send(struct inv_carry *c, const void *ready, int64_t bytes, int to)
{
    (direct(c) ? direct(c)->send : c->ranks->type->send)(ready, bytes, to);
}

void inv_carry_receive(struct inv_carry *c, void *to, int64_t bytes, int from)
{
    if (bytes == 0)
        return;
    if (by_host(c))
        to = expect(c, to, bytes);
    (direct(c) ? direct(c)->receive : c->ranks->type->receive)(to, bytes, from);
}

void inv_carry_wait(struct inv_carry *c)
{
    (direct(c) ? direct(c)->wait : c->ranks->type->wait)();
    bring_arrivals(c);
}

void inv_carry_advance(struct inv_carry *c)
{
    if (!direct(c))
        c->ranks->type->advance();
}
