/* Messages from one CUDA device to another by NCCL.  It is compiled with the programs that link it;
 * ranks find each other, and tell each other all else, by what carries messages of the host. */
#include <nccl.h>
#include <stdio.h>
#include <stdlib.h>
#include "host/errors.h"
#include "invar.h"

/* NCCL takes what goes both ways between ranks as a group, or each may wait for the other. */
struct message { void *at; int64_t bytes; int rank, sent; };

/* A program has one device, and so this is one. */
static struct {
    ncclComm_t all;
    const struct inv_run *run;
    struct message *message;
    int count, room;
} begun;

static void check(ncclResult_t result, const char *call)
{
    if (result != ncclSuccess)
        inv_give_up(INV_UNTRUSTED, "NCCL: %s: %s (%s); NCCL_DEBUG=WARN lets it say more, and a "
                    "trainer that is built without --nccl does without it", call,
                    ncclGetErrorString(result), ncclGetLastError(begun.all));
}

#define CHECK(call) check(call, #call)

/* The first makes a number that the others are told. */
static ncclUniqueId agree(const struct inv_ranks_type *type, int number, int count)
{
    ncclUniqueId id;
    if (number > 0)
        type->receive(&id, sizeof id, 0);
    else
        CHECK(ncclGetUniqueId(&id));
    for (int r = 1; number == 0 && r < count; r++)
        type->send(&id, sizeof id, r);
    type->wait();
    return id;
}

static void begin(const struct inv_ranks_type *type, const struct inv_run *run, int number,
                  int count)
{
    begun.run = run;
    CHECK(ncclCommInitRank(&begun.all, count, agree(type, number, count), number));
}

static void end(void)
{
    CHECK(ncclCommDestroy(begun.all));
    free(begun.message);
    begun.all = NULL;
    begun.message = NULL;
    begun.count = begun.room = 0;
}

static void add(void *at, int64_t bytes, int rank, int sent)
{
    if (bytes == 0)
        return;
    if (begun.count == begun.room) {
        begun.room = 2 * begun.room + 64;
        begun.message = inv_resize(begun.message, (size_t)begun.room * sizeof *begun.message);
    }
    begun.message[begun.count++] = (struct message){ at, bytes, rank, sent };
}

static void send_bytes(const void *from, int64_t bytes, int to)
{
    add((void *)(intptr_t)from, bytes, to, 1);
}

static void receive_bytes(void *to, int64_t bytes, int from)
{
    add(to, bytes, from, 0);
}

/* Behind what the device was given before: that is how what is sent has come to be there. */
static void wait_all(void)
{
    void *stream = begun.run->device->stream;
    CHECK(ncclGroupStart());
    for (int i = 0; i < begun.count; i++) {
        const struct message *m = &begun.message[i];
        if (m->sent)
            CHECK(ncclSend(m->at, (size_t)m->bytes, ncclInt8, m->rank, begun.all, stream));
        else
            CHECK(ncclRecv(m->at, (size_t)m->bytes, ncclInt8, m->rank, begun.all, stream));
    }
    CHECK(ncclGroupEnd());
    begun.count = 0;
    begun.run->device->type->finish(begun.run);
}

const struct inv_ranks_direct inv_ranks_nccl = { .name = "nccl", .begin = begin, .end = end,
    .send = send_bytes, .receive = receive_bytes, .wait = wait_all };
