/* Messages between ranks by MPI.  It is compiled with the programs that link it, by mpicc. */
#ifndef _POSIX_C_SOURCE
#define _POSIX_C_SOURCE 200809L
#endif
#include <mpi.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include "invar.h"

/* MPICH has the address 1 for MPI_STATUSES_IGNORE, which gcc takes for an array of none. */
#if defined __GNUC__ && !defined __clang__
#pragma GCC diagnostic ignored "-Wstringop-overflow"
#endif

enum { PIECE = 1 << 30,                 /* bytes of a message: MPI counts in int */
       LOOKS = 1000, YIELDS = 20000 };  /* before a wait yields, and before it sleeps */

/* What was begun and is waited for together.  MPI is one in a process, and so is this. */
static struct { MPI_Request *request; int count, room; } begun;

static void end_with(const char *what)
{
    fprintf(stderr, "error: mpi: %s\n", what);
    exit(1);
}

static void begin(int *number, int *count, int *here, int *near)
{
    int level;
    MPI_Comm machine;
    if (MPI_Init_thread(NULL, NULL, MPI_THREAD_SERIALIZED, &level) != MPI_SUCCESS)
        end_with("it cannot be started; run the program by mpirun of the library that it was built "
                 "with");
    if (level < MPI_THREAD_SERIALIZED)
        end_with("this library takes calls from the main thread only; use one that was built with "
                 "threads");
    MPI_Comm_rank(MPI_COMM_WORLD, number);
    MPI_Comm_size(MPI_COMM_WORLD, count);
    MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &machine);
    MPI_Comm_rank(machine, here);
    MPI_Comm_size(machine, near);
    MPI_Comm_free(&machine);
}

static void end(void)
{
    free(begun.request);
    MPI_Finalize();
}

static void end_all(int status)
{
    MPI_Abort(MPI_COMM_WORLD, status);
    exit(status);
}

static MPI_Request *next_request(void)
{
    if (begun.count == begun.room) {
        begun.room = 2 * begun.room + 64;
        begun.request = realloc(begun.request, (size_t)begun.room * sizeof *begun.request);
        if (!begun.request)
            end_with("out of memory");
    }
    return &begun.request[begun.count++];
}

static int piece_of(int64_t bytes)
{
    return bytes < PIECE ? (int)bytes : PIECE;
}

static void send_bytes(const void *from, int64_t bytes, int to)
{
    for (const char *at = from; bytes > 0; at += PIECE, bytes -= PIECE)
        MPI_Isend(at, piece_of(bytes), MPI_BYTE, to, 0, MPI_COMM_WORLD, next_request());
}

static void receive_bytes(void *to, int64_t bytes, int from)
{
    for (char *at = to; bytes > 0; at += PIECE, bytes -= PIECE)
        MPI_Irecv(at, piece_of(bytes), MPI_BYTE, from, 0, MPI_COMM_WORLD, next_request());
}

/* Libraries look without end, which takes the processor from ranks that compute, where there are
 * more of them than processors. */
static void wait_all(void)
{
    const struct timespec while_idle = { .tv_nsec = 50000 };
    int done = 0;
    for (int64_t looks = 0; !done; looks++) {
        MPI_Testall(begun.count, begun.request, &done, MPI_STATUSES_IGNORE);
        if (!done && looks > YIELDS)
            nanosleep(&while_idle, NULL);
        else if (!done && looks > LOOKS)
            sched_yield();
    }
    begun.count = 0;
}

/* Messages that a library sends in several parts go on only within its calls. */
static void advance(void)
{
    int done;
    MPI_Testall(begun.count, begun.request, &done, MPI_STATUSES_IGNORE);
}

const struct inv_ranks_type inv_ranks_mpi = { .name = "mpi", .begin = begin, .end = end,
    .abort = end_all, .send = send_bytes, .receive = receive_bytes, .wait = wait_all,
    .advance = advance,
#ifdef INV_WITH_NCCL
    .direct = &inv_ranks_nccl,
#endif
};
