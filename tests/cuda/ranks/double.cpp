/*
 * Test-only stand-in for NCCL on the emulated device: what a group holds goes by MPI, read behind
 * what is on its stream and written there late, as all work on a stream of the emulation is.  It is
 * strict where NCCL would hang or do what is not defined: a message outside of a group, one of
 * another length than its receiver expects, ranks that were not told one number.
 *
 * NCCL_DOUBLE=FILE: in the end each rank adds a line "RANK MESSAGES BYTES" of what it sent.
 */
#define OMPI_SKIP_MPICXX 1
#define MPICH_SKIP_MPICXX 1
#include <cuda_runtime.h>
#include <mpi.h>
#include <nccl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <vector>

struct message {
    void *device;
    size_t bytes;
    int peer;
    bool sent;
    std::vector<char> host;
    cudaStream_t stream;
};

struct ncclComm {
    MPI_Comm all;
    int number;
    std::vector<message> group;
    long long messages, bytes;
};

static int open_groups;
static ncclComm *one;

static void die(const char *what)
{
    fprintf(stderr, "NCCL double: %s\n", what);
    MPI_Abort(MPI_COMM_WORLD, 3);
    exit(3);
}

static void check(bool good, const char *what)
{
    if (!good)
        die(what);
}

ncclResult_t ncclGetUniqueId(ncclUniqueId *id)
{
    for (size_t i = 0; i < sizeof *id; i++)
        id->internal[i] = (char)(getpid() >> 8 * (i % 4));
    return ncclSuccess;
}

ncclResult_t ncclCommInitRank(ncclComm_t *comm, int count, ncclUniqueId id, int number)
{
    ncclUniqueId first = id;
    one = new ncclComm();
    int size = 0, same, all;
    MPI_Comm_dup(MPI_COMM_WORLD, &one->all);
    MPI_Comm_rank(one->all, &one->number);
    MPI_Comm_size(one->all, &size);
    check(size == count && one->number == number, "another number of ranks, or another rank");
    MPI_Bcast(&first, sizeof first, MPI_BYTE, 0, one->all);
    same = memcmp(&first, &id, sizeof id) == 0;
    MPI_Allreduce(&same, &all, 1, MPI_INT, MPI_MIN, one->all);
    check(all, "ranks were told different numbers");
    *comm = one;
    return ncclSuccess;
}

ncclResult_t ncclCommDestroy(ncclComm_t comm)
{
    const char *path = getenv("NCCL_DOUBLE");
    FILE *file = path ? fopen(path, "a") : NULL;
    if (file)
        fprintf(file, "%d %lld %lld\n", comm->number, comm->messages, comm->bytes);
    if (file)
        fclose(file);
    MPI_Comm_free(&comm->all);
    delete comm;
    return ncclSuccess;
}

const char *ncclGetErrorString(ncclResult_t)
{
    return "an error of the double";
}

const char *ncclGetLastError(ncclComm_t)
{
    return "";
}

ncclResult_t ncclGroupStart()
{
    open_groups++;
    return ncclSuccess;
}

static ncclResult_t add(void *device, size_t count, ncclDataType_t type, int peer, ncclComm_t comm,
                        cudaStream_t stream, bool sent)
{
    check(open_groups > 0, "a message outside of a group, for which the other may wait");
    check(type == ncclInt8 && count > 0 && peer != comm->number && stream, "no such message");
    comm->group.push_back({device, count, peer, sent, std::vector<char>(count), stream});
    return ncclSuccess;
}

ncclResult_t ncclSend(const void *from, size_t count, ncclDataType_t type, int peer,
                      ncclComm_t comm, cudaStream_t stream)
{
    comm->messages++;
    comm->bytes += (long long)count;
    return add(const_cast<void *>(from), count, type, peer, comm, stream, true);
}

ncclResult_t ncclRecv(void *to, size_t count, ncclDataType_t type, int peer, ncclComm_t comm,
                      cudaStream_t stream)
{
    return add(to, count, type, peer, comm, stream, false);
}

static void read_all(ncclComm_t comm)
{
    for (message &m : comm->group)
        if (m.sent)
            cudaMemcpyAsync(m.host.data(), m.device, m.bytes, cudaMemcpyDeviceToHost, m.stream);
    for (message &m : comm->group)
        cudaStreamSynchronize(m.stream);
}

static void exchange(ncclComm_t comm)
{
    size_t count = comm->group.size();
    std::vector<MPI_Request> request(count);
    std::vector<MPI_Status> status(count);
    for (size_t i = 0; i < count; i++) {
        message &m = comm->group[i];
        if (m.sent)
            MPI_Isend(m.host.data(), (int)m.bytes, MPI_BYTE, m.peer, 0, comm->all, &request[i]);
        else
            MPI_Irecv(m.host.data(), (int)m.bytes, MPI_BYTE, m.peer, 0, comm->all, &request[i]);
    }
    MPI_Waitall((int)count, request.data(), status.data());
    for (size_t i = 0; i < count; i++) {
        int got = 0;
        if (!comm->group[i].sent)
            MPI_Get_count(&status[i], MPI_BYTE, &got);
        check(comm->group[i].sent || (size_t)got == comm->group[i].bytes,
              "a message of another length than is expected");
    }
}

ncclResult_t ncclGroupEnd()
{
    check(open_groups > 0, "the end of no group");
    if (--open_groups > 0 || !one)
        return ncclSuccess;
    read_all(one);
    exchange(one);
    for (message &m : one->group)
        if (!m.sent)
            cudaMemcpyAsync(m.device, m.host.data(), m.bytes, cudaMemcpyHostToDevice, m.stream);
    one->group.clear();
    return ncclSuccess;
}
