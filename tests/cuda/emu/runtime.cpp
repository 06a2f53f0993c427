/*
 * Memory, streams, events and graphs of the emulated device.  A stream is a queue whose work runs
 * when something waits for it: a copy from or to memory of cudaMallocHost reads and writes as late
 * as that, one of other host memory as CUDA promises (the source is read, or the copy done, at
 * once).
 */
#include "cuda_runtime.h"

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <stdio.h>
#include <stdlib.h>
#include <string>
#include <sys/mman.h>
#include <vector>

typedef std::function<void()> work;

struct emulated_stream {
    std::deque<work> queue;
    uint64_t put, done;           /* work so far */
    struct emulated_graph *graph; /* being captured, or NULL */
};

struct emulated_event {
    cudaStream_t stream;
    uint64_t after; /* so much work of the stream */
};

struct emulated_graph {
    std::vector<work> node;
};

struct emulated_graph_exec {
    std::vector<work> node;
};

struct memory {
    unsigned char *map; /* whole pages, the last without access */
    size_t pages_bytes, bytes;
};

static const size_t page = 4096;
static std::map<uintptr_t, struct memory> device_memory, host_memory;
static std::map<const void *, int> allowed_shared;
static struct emulated_stream legacy;
static std::vector<cudaStream_t> streams{&legacy};
static cudaError_t last_error = cudaSuccess;
static size_t taken;
static int open_doors; /* kernels and copies under way */

static cudaError_t fail(cudaError_t error)
{
    last_error = error;
    return error;
}

/* ---- memory ---- */

static bool guarded(void)
{
    static int guard = -1;
    const char *wish = getenv("EMULATE_GUARD");
    if (guard < 0)
        guard = !wish || strcmp(wish, "0") != 0;
    return guard != 0;
}

static size_t device_bytes(void)
{
    const char *wish = getenv("EMULATE_MEMORY");
    return wish ? (size_t)strtoull(wish, NULL, 10) : (size_t)4 << 30;
}

static void open_memory(void)
{
    if (open_doors++ == 0 && guarded())
        for (auto &m : device_memory)
            mprotect(m.second.map, m.second.pages_bytes, PROT_READ | PROT_WRITE);
}

static void close_memory(void)
{
    if (--open_doors == 0 && guarded())
        for (auto &m : device_memory)
            mprotect(m.second.map, m.second.pages_bytes, PROT_NONE);
}

/* The place of `bytes` bytes whose last one, but for alignment, lies before a page without access:
 * to 256 bytes, as cudaMalloc promises. */
static void *take_memory(std::map<uintptr_t, struct memory> &all, size_t bytes)
{
    size_t rounded = (bytes + 255) / 256 * 256, whole = (rounded + page - 1) / page * page;
    unsigned char *map = (unsigned char *)mmap(NULL, whole + page, PROT_READ | PROT_WRITE,
                                               MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (map == MAP_FAILED)
        return NULL;
    mprotect(map + whole, page, PROT_NONE);
    memset(map, 0xff, whole);
    unsigned char *memory = map + whole - rounded;
    all[(uintptr_t)memory] = {map, whole, bytes};
    return memory;
}

static bool holds(const std::map<uintptr_t, struct memory> &all, const void *address)
{
    auto after = all.upper_bound((uintptr_t)address);
    if (after == all.begin())
        return false;
    --after;
    return (uintptr_t)address - after->first < after->second.bytes;
}

cudaError_t emulate_malloc(void **memory, size_t bytes)
{
    if (bytes > device_bytes() - taken)
        return fail(cudaErrorMemoryAllocation);
    open_memory();
    *memory = take_memory(device_memory, bytes);
    close_memory();
    if (!*memory)
        return fail(cudaErrorMemoryAllocation);
    taken += bytes;
    return cudaSuccess;
}

cudaError_t emulate_malloc_host(void **memory, size_t bytes)
{
    *memory = take_memory(host_memory, bytes);
    return *memory ? cudaSuccess : fail(cudaErrorMemoryAllocation);
}

static cudaError_t free_memory(std::map<uintptr_t, struct memory> &all, void *memory)
{
    auto at = all.find((uintptr_t)memory);
    if (!memory)
        return cudaSuccess;
    if (at == all.end())
        return fail(cudaErrorInvalidValue);
    cudaDeviceSynchronize();
    if (&all == &device_memory)
        taken -= at->second.bytes;
    munmap(at->second.map, at->second.pages_bytes + page);
    all.erase(at);
    return cudaSuccess;
}

cudaError_t cudaFree(void *memory)
{
    return free_memory(device_memory, memory);
}

cudaError_t cudaFreeHost(void *memory)
{
    return free_memory(host_memory, memory);
}

/* Copies from and to such memory are as late as those of cudaMallocHost. */
cudaError_t cudaHostRegister(void *memory, size_t bytes, unsigned)
{
    if (!memory || holds(host_memory, memory) || holds(device_memory, memory))
        return fail(cudaErrorInvalidValue);
    host_memory[(uintptr_t)memory] = {NULL, 0, bytes};
    return cudaSuccess;
}

cudaError_t cudaHostUnregister(void *memory)
{
    auto found = host_memory.find((uintptr_t)memory);
    if (found == host_memory.end() || found->second.map)
        return fail(cudaErrorInvalidValue);
    host_memory.erase(found);
    return cudaSuccess;
}

cudaError_t cudaMemGetInfo(size_t *free, size_t *total)
{
    *total = device_bytes();
    *free = *total - taken;
    return cudaSuccess;
}

/* ---- streams ---- */

static void run_until(cudaStream_t stream, uint64_t done)
{
    open_memory();
    while (stream->done < done && !stream->queue.empty()) {
        work next = std::move(stream->queue.front());
        stream->queue.pop_front();
        stream->done++;
        next();
    }
    close_memory();
}

/* A stream that the program made; NULL: the legacy stream, which waits for all others. */
static cudaStream_t known(cudaStream_t stream)
{
    if (stream)
        return stream;
    for (cudaStream_t each : streams)
        run_until(each, each->put);
    return &legacy;
}

static void put(cudaStream_t stream, work one)
{
    stream = known(stream);
    if (stream->graph) {
        stream->graph->node.push_back(std::move(one));
        return;
    }
    stream->queue.push_back(std::move(one));
    stream->put++;
}

cudaError_t cudaStreamCreateWithFlags(cudaStream_t *stream, unsigned)
{
    *stream = new emulated_stream();
    streams.push_back(*stream);
    return cudaSuccess;
}

cudaError_t cudaStreamCreate(cudaStream_t *stream)
{
    return cudaStreamCreateWithFlags(stream, 0);
}

cudaError_t cudaStreamSynchronize(cudaStream_t stream)
{
    stream = known(stream);
    if (stream->graph)
        return fail(cudaErrorStreamCaptureUnsupported);
    run_until(stream, stream->put);
    return cudaSuccess;
}

cudaError_t cudaStreamQuery(cudaStream_t stream)
{
    return known(stream)->queue.empty() ? cudaSuccess : cudaErrorNotReady;
}

cudaError_t cudaDeviceSynchronize(void)
{
    for (cudaStream_t stream : streams)
        run_until(stream, stream->put);
    return cudaSuccess;
}

cudaError_t cudaStreamDestroy(cudaStream_t stream)
{
    cudaStreamSynchronize(stream);
    for (size_t i = 1; i < streams.size(); i++)
        if (streams[i] == stream) {
            streams.erase(streams.begin() + (long)i);
            delete stream;
            return cudaSuccess;
        }
    return fail(cudaErrorInvalidValue);
}

cudaError_t cudaEventCreateWithFlags(cudaEvent_t *event, unsigned)
{
    *event = new emulated_event();
    return cudaSuccess;
}

cudaError_t cudaEventCreate(cudaEvent_t *event)
{
    return cudaEventCreateWithFlags(event, 0);
}

cudaError_t cudaEventDestroy(cudaEvent_t event)
{
    delete event;
    return cudaSuccess;
}

cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream)
{
    stream = known(stream);
    *event = {stream, stream->put};
    return cudaSuccess;
}

cudaError_t cudaEventSynchronize(cudaEvent_t event)
{
    if (event->stream)
        run_until(event->stream, event->after);
    return cudaSuccess;
}

cudaError_t cudaEventQuery(cudaEvent_t event)
{
    return !event->stream || event->stream->done >= event->after ? cudaSuccess : cudaErrorNotReady;
}

cudaError_t cudaEventElapsedTime(float *milliseconds, cudaEvent_t, cudaEvent_t)
{
    *milliseconds = 1.0f;
    return cudaSuccess;
}

cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned)
{
    struct emulated_event moment = *event;
    if (moment.stream)
        put(stream, [=] { run_until(moment.stream, moment.after); });
    return cudaSuccess;
}

/* ---- copies ---- */

static bool fits(const void *address, size_t bytes, bool device)
{
    auto &all = device ? device_memory : host_memory;
    auto after = all.upper_bound((uintptr_t)address);
    if (after == all.begin())
        return !device;
    --after;
    size_t at = (uintptr_t)address - after->first;
    return at < after->second.bytes ? bytes <= after->second.bytes - at : !device;
}

cudaError_t cudaMemcpyAsync(void *to, const void *from, size_t bytes, cudaMemcpyKind kind,
                            cudaStream_t stream)
{
    bool device_to = holds(device_memory, to), device_from = holds(device_memory, from);
    bool want_to = kind == cudaMemcpyHostToDevice || kind == cudaMemcpyDeviceToDevice;
    bool want_from = kind == cudaMemcpyDeviceToHost || kind == cudaMemcpyDeviceToDevice;
    if (bytes == 0)
        return cudaSuccess;
    if (kind != cudaMemcpyDefault && (device_to != want_to || device_from != want_from))
        return fail(cudaErrorInvalidValue);
    if (!fits(to, bytes, device_to) || !fits(from, bytes, device_from))
        return fail(cudaErrorInvalidValue);
    bool capturing = stream && stream->graph;
    if (device_from || holds(host_memory, from) || capturing) {
        put(stream, [=] { memmove(to, from, bytes); });
    } else {
        auto staged = std::make_shared<std::string>((const char *)from, bytes);
        put(stream, [=] { memcpy(to, staged->data(), bytes); });
    }
    if (!device_to && !holds(host_memory, to) && !capturing)
        return cudaStreamSynchronize(stream);
    return cudaSuccess;
}

cudaError_t cudaMemcpy(void *to, const void *from, size_t bytes, cudaMemcpyKind kind)
{
    cudaError_t error = cudaMemcpyAsync(to, from, bytes, kind, NULL);
    return error ? error : cudaStreamSynchronize(NULL);
}

cudaError_t cudaMemsetAsync(void *to, int value, size_t bytes, cudaStream_t stream)
{
    if (bytes == 0)
        return cudaSuccess;
    if (!holds(device_memory, to) || !fits(to, bytes, true))
        return fail(cudaErrorInvalidValue);
    put(stream, [=] { memset(to, value, bytes); });
    return cudaSuccess;
}

cudaError_t cudaMemset(void *to, int value, size_t bytes)
{
    return cudaMemsetAsync(to, value, bytes, NULL);
}

/* ---- kernels and graphs ---- */

cudaError_t emulate_allow_shared(const void *kernel, cudaFuncAttribute, int value)
{
    if (value > 227 * 1024)
        return fail(cudaErrorInvalidValue);
    allowed_shared[kernel] = value;
    return cudaSuccess;
}

void emulate::enqueue(cudaStream_t stream, const char *name, const void *kernel, dim3 blocks,
                      dim3 threads, size_t shared, const emulate::body &body)
{
    auto allowed = allowed_shared.find(kernel);
    size_t most = allowed == allowed_shared.end() ? 48 * 1024 : (size_t)allowed->second;
    bool grid = blocks.x > 0 && blocks.x <= 0x7fffffff && blocks.y > 0 && blocks.y <= 65535 &&
                blocks.z > 0 && blocks.z <= 65535;
    size_t count = (size_t)threads.x * threads.y * threads.z;
    if (!grid || count == 0 || count > 1024 || threads.z > 64) {
        fail(cudaErrorInvalidConfiguration);
        return;
    }
    if (shared > (most < 48 * 1024 ? 48 * 1024 : most)) {
        fail(cudaErrorInvalidValue);
        return;
    }
    put(stream, [=] { emulate::run_blocks(name, blocks, threads, shared, body); });
}

cudaError_t cudaStreamBeginCapture(cudaStream_t stream, cudaStreamCaptureMode)
{
    if (!stream || stream->graph)
        return fail(cudaErrorStreamCaptureUnsupported);
    stream->graph = new emulated_graph();
    return cudaSuccess;
}

cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t *graph)
{
    *graph = stream->graph;
    stream->graph = NULL;
    return *graph ? cudaSuccess : fail(cudaErrorStreamCaptureUnsupported);
}

cudaError_t cudaGraphInstantiate(cudaGraphExec_t *exec, cudaGraph_t graph, unsigned long long)
{
    *exec = new emulated_graph_exec{graph->node};
    return cudaSuccess;
}

cudaError_t cudaGraphLaunch(cudaGraphExec_t exec, cudaStream_t stream)
{
    auto node = exec->node;
    put(stream, [=] {
        for (const work &each : node)
            each();
    });
    return cudaSuccess;
}

cudaError_t cudaGraphExecDestroy(cudaGraphExec_t exec)
{
    delete exec;
    return cudaSuccess;
}

cudaError_t cudaGraphDestroy(cudaGraph_t graph)
{
    delete graph;
    return cudaSuccess;
}

/* ---- the device ---- */

cudaError_t cudaGetDeviceCount(int *count)
{
    const char *wish = getenv("EMULATE_DEVICES");
    *count = wish ? atoi(wish) : 1;
    return *count > 0 ? cudaSuccess : fail(cudaErrorNoDevice);
}

cudaError_t cudaSetDevice(int device)
{
    int count = 0;
    cudaError_t error = cudaGetDeviceCount(&count);
    if (error)
        return error;
    return device >= 0 && device < count ? cudaSuccess : fail(cudaErrorInvalidDevice);
}

cudaError_t cudaGetDevice(int *device)
{
    *device = 0;
    return cudaSuccess;
}

cudaError_t cudaGetDeviceProperties(struct cudaDeviceProp *properties, int device)
{
    *properties = {"Emulated device", device_bytes(), 48 * 1024, 227 * 1024, 9, 0, 4, 32, 1024,
                   {{(char)device}}};
    return cudaSuccess;
}

cudaError_t cudaDeviceGetAttribute(int *value, cudaDeviceAttr attribute, int)
{
    *value = attribute == cudaDevAttrMultiProcessorCount               ? 4
             : attribute == cudaDevAttrComputeCapabilityMajor          ? 9
             : attribute == cudaDevAttrMaxSharedMemoryPerBlockOptin    ? 227 * 1024
                                                                       : 0;
    return cudaSuccess;
}

cudaError_t cudaDriverGetVersion(int *version)
{
    *version = 13000;
    return cudaSuccess;
}

cudaError_t cudaRuntimeGetVersion(int *version)
{
    *version = 13000;
    return cudaSuccess;
}

cudaError_t cudaDeviceReset(void)
{
    return cudaDeviceSynchronize();
}

cudaError_t cudaGetLastError(void)
{
    cudaError_t error = last_error;
    last_error = cudaSuccess;
    return error;
}

cudaError_t cudaPeekAtLastError(void)
{
    return last_error;
}

const char *cudaGetErrorName(cudaError_t error)
{
    return error == cudaErrorMemoryAllocation ? "cudaErrorMemoryAllocation"
           : error == cudaErrorNoDevice       ? "cudaErrorNoDevice"
           : error == cudaErrorInvalidDevice  ? "cudaErrorInvalidDevice"
           : error == cudaErrorInvalidValue   ? "cudaErrorInvalidValue"
                                              : "cudaError";
}

const char *cudaGetErrorString(cudaError_t error)
{
    return error == cudaSuccess                 ? "no error"
           : error == cudaErrorMemoryAllocation ? "out of memory"
           : error == cudaErrorNoDevice         ? "no CUDA-capable device is detected"
           : error == cudaErrorInvalidDevice    ? "invalid device ordinal"
           : error == cudaErrorInvalidValue     ? "invalid argument"
           : error == cudaErrorNotReady         ? "device not ready"
                                                : "error of the emulation";
}
