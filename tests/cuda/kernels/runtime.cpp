/* The emulated runtime is as strict as a device: work is late until something waits for it, a graph
 * replays what it captured, memory of the device is no memory of the host. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include "cuda/launch.cuh"

static int passed, failed;

extern "C" void inv_cuda_check(int, const char *) {}

static void check(bool good, const char *what)
{
    passed += good;
    failed += !good;
    if (!good)
        printf("FAILED %s\n", what);
}

static __global__ void add(int *x, const int *step)
{
    x[0] += step[0];
}

static void test_late(cudaStream_t stream, int *device, int *pinned)
{
    int own = 5;
    cudaMemcpy(device, &own, sizeof own, cudaMemcpyHostToDevice);
    cudaMemcpy(device + 1, &own, sizeof own, cudaMemcpyHostToDevice);
    pinned[0] = 0;
    cudaMemcpyAsync(pinned, device, sizeof own, cudaMemcpyDeviceToHost, stream);
    check(pinned[0] == 0, "a copy is late");
    INV_LAUNCH_ON(stream, add, 1, 1, 0, device, (const int *)device + 1);
    cudaStreamSynchronize(stream);
    check(pinned[0] == 5, "a copy is done by the time that it is waited for");
    pinned[0] = 7;
    cudaMemcpyAsync(device, pinned, sizeof own, cudaMemcpyHostToDevice, stream);
    pinned[0] = 8;
    cudaMemcpy(&own, device, sizeof own, cudaMemcpyDeviceToHost);
    check(own == 8, "memory in a copy's hands must not change");
}

static void test_events(cudaStream_t stream, int *device, int *pinned)
{
    cudaStream_t other;
    cudaEvent_t event;
    cudaStreamCreateWithFlags(&other, cudaStreamNonBlocking);
    cudaEventCreateWithFlags(&event, cudaEventDisableTiming);
    pinned[0] = 20;
    cudaMemcpyAsync(device, pinned, sizeof *pinned, cudaMemcpyHostToDevice, other);
    cudaEventRecord(event, other);
    INV_LAUNCH_ON(other, add, 1, 1, 0, device, (const int *)device + 1);
    cudaStreamWaitEvent(stream, event, 0);
    cudaMemcpyAsync(pinned + 1, device, sizeof *pinned, cudaMemcpyDeviceToHost, stream);
    cudaStreamSynchronize(stream);
    check(pinned[1] == 20, "a stream waits for an event, and for no more");
    check(cudaStreamQuery(other) == cudaErrorNotReady, "what nothing waits for is not done");
    cudaStreamDestroy(other);
    cudaEventDestroy(event);
}

static void test_graph(cudaStream_t stream, int *device, int *pinned)
{
    cudaGraph_t graph;
    cudaGraphExec_t exec;
    int steps[2] = {1, 10}, *x = device + 2;
    cudaMemsetAsync(x, 0, sizeof *x, stream);
    cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal);
    INV_LAUNCH_ON(stream, add, 1, 1, 0, x, (const int *)device + 1);
    check(cudaStreamSynchronize(stream) != cudaSuccess, "nothing waits while it captures");
    cudaStreamEndCapture(stream, &graph);
    cudaGetLastError();
    cudaGraphInstantiate(&exec, graph, 0);
    cudaGraphDestroy(graph);
    for (int i = 0; i < 2; i++) {
        cudaMemcpyAsync(device + 1, &steps[i], sizeof *steps, cudaMemcpyHostToDevice, stream);
        cudaGraphLaunch(exec, stream);
    }
    cudaMemcpyAsync(pinned, x, sizeof *x, cudaMemcpyDeviceToHost, stream);
    cudaStreamSynchronize(stream);
    check(pinned[0] == 11, "a graph reads memory when it runs");
    cudaGraphExecDestroy(exec);
}

static void test_refused(int *device)
{
    int own = 0;
    check(cudaMemcpy(&own, &own, sizeof own, cudaMemcpyDeviceToHost) != cudaSuccess,
          "host memory is not the device's");
    check(cudaMemcpy(device, &own, 5000, cudaMemcpyHostToDevice) != cudaSuccess,
          "a copy past the end is refused");
    INV_LAUNCH_ON(NULL, add, 0, 1, 0, device, (const int *)device);
    emulate::launch(NULL, "add", add, dim3(1), dim3(2048), 0, device, (const int *)device);
    check(cudaGetLastError() == cudaErrorInvalidConfiguration, "too many threads");
    emulate::launch(NULL, "add", add, dim3(1), dim3(1), 50000, device, (const int *)device);
    check(cudaGetLastError() == cudaErrorInvalidValue, "more shared memory than was asked for");
    cudaFuncSetAttribute(add, cudaFuncAttributeMaxDynamicSharedMemorySize, 50000);
    emulate::launch(NULL, "add", add, dim3(1), dim3(1), 50000, device, (const int *)device);
    check(cudaGetLastError() == cudaSuccess && cudaDeviceSynchronize() == cudaSuccess,
          "as much as was asked for");
}

/* Does the process die of it? */
static void test_dies(void (*deed)(volatile int *), volatile int *memory, const char *what)
{
    int status = 0;
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        deed(memory);
        _exit(0);
    }
    waitpid(child, &status, 0);
    check(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV, what);
}

static void touch(volatile int *memory)
{
    *memory = *memory + 1;
}

static void run_past_end(volatile int *memory)
{
    INV_LAUNCH_ON(NULL, add, 1, 1, 0, (int *)memory + 1024, (const int *)memory);
    cudaDeviceSynchronize();
}

int main()
{
    cudaStream_t stream;
    int *device, *pinned;
    cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking);
    cudaMalloc(&device, 4096);
    cudaMallocHost(&pinned, 64);
    test_late(stream, device, pinned);
    test_events(stream, device, pinned);
    test_graph(stream, device, pinned);
    test_refused(device);
    test_dies(touch, device, "the host cannot touch memory of the device");
    test_dies(run_past_end, device, "kernels cannot touch what lies behind it");
    printf("%d passed, %d failed, 0 skipped\n", passed, failed);
    return failed != 0;
}
