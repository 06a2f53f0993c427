/* A device for one run of INV_PREDICT: memory, a copy of the state, one stream. */
#include <stdio.h>
#include <stdlib.h>
#include "cuda/device.h"
#include "cuda/launch.cuh"

extern "C" const struct inv_device_type inv_cuda = {};

extern "C" void inv_cuda_check(int status, const char *call)
{
    if (status == cudaSuccess)
        return;
    fprintf(stderr, "%s: %s\n", call, cudaGetErrorString((cudaError_t)status));
    exit(1);
}

#define CHECK(call) inv_cuda_check((int)(call), #call)

extern "C" void inv_cuda_trace(const struct inv_run *, int, int64_t, int64_t)
{
}

/* Of the tables' self-test, which the C beside them has run. */
extern "C" const char *inv_check_level_portable(void)
{
    return NULL;
}

extern "C" uint64_t inv_hash_piece_portable(const void *, int64_t, int)
{
    return 0;
}

static void *take(int64_t bytes)
{
    void *memory = NULL;
    CHECK(cudaMalloc(&memory, bytes > 0 ? (size_t)bytes : 1));
    return memory;
}

extern "C" void run_on_device(const struct inv_model *model, const struct inv_run *run)
{
    cudaStream_t stream;
    size_t size = ((size_t)model->arena_bytes + 63) / 64 * 64;
    struct inv_run copy = *run, host = *run;
    struct inv_device device = {};
    CHECK(cudaStreamCreate(&stream));
    copy.arena = (unsigned char *)take((int64_t)size);
    copy.workspace = (float *)take(model->workspace_bytes);
    device.stream = (void *)stream;
    device.run = (struct inv_run *)take(sizeof copy);
    host.device = &device;
    CHECK(cudaMemcpy(copy.arena, run->arena, size, cudaMemcpyHostToDevice));
    CHECK(cudaMemcpy(device.run, &copy, sizeof copy, cudaMemcpyHostToDevice));
    model->phase[INV_PREDICT](&host);
    CHECK(cudaStreamSynchronize(stream));
    CHECK(cudaMemcpy(run->arena, copy.arena, size, cudaMemcpyDeviceToHost));
    CHECK(cudaFree(copy.arena));
    CHECK(cudaFree(copy.workspace));
    CHECK(cudaFree(device.run));
    CHECK(cudaStreamDestroy(stream));
}
