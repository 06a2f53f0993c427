/*
 * Test-only stand-in for <cuda_runtime.h>: a .cu file compiled as C++17 with -Itests/cuda/emu first
 * runs on the processor (link emulate.cpp and runtime.cpp).  One fiber a thread of a block; threads
 * and blocks run in an order that EMULATE_ORDER picks: `ascending`, `descending` or the seed of a
 * random one (default 1).  Shared memory starts as 0xff bytes, and a barrier or shuffle that not
 * all threads reach, or reach at different places, ends the program with status 3.
 *
 * Work on streams and graphs runs late, when something waits for it, so that a missing wait shows.
 * Memory of cudaMalloc starts as 0xff bytes, ends at a page without access, and can be touched by
 * kernels and copies only (EMULATE_GUARD=0: by all).  EMULATE_MEMORY: bytes of the device.
 *
 * Kernels use dynamic shared memory only, one block at a time, 32 lanes a warp.
 */
#ifndef EMULATE_CUDA_RUNTIME_H
#define EMULATE_CUDA_RUNTIME_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define __global__
#define __device__
#define __host__
#define __forceinline__ inline
#define __launch_bounds__(...)

struct dim3 {
    unsigned x, y, z;
    dim3(unsigned a = 1, unsigned b = 1, unsigned c = 1) : x(a), y(b), z(c) {}
};

struct uint3 {
    unsigned x, y, z;
};

struct alignas(16) float4 {
    float x, y, z, w;
};

static inline float4 make_float4(float x, float y, float z, float w)
{
    return float4{x, y, z, w};
}

extern uint3 threadIdx, blockIdx, blockDim, gridDim;

/* ---- runtime.cpp: the parts of the runtime API that Invar calls ---- */

enum cudaError_t {
    cudaSuccess = 0,
    cudaErrorInvalidValue = 1,
    cudaErrorMemoryAllocation = 2,
    cudaErrorInvalidConfiguration = 9,
    cudaErrorNoDevice = 100,
    cudaErrorInvalidDevice = 101,
    cudaErrorNotReady = 600,
    cudaErrorStreamCaptureUnsupported = 900
};

enum cudaMemcpyKind {
    cudaMemcpyHostToHost,
    cudaMemcpyHostToDevice,
    cudaMemcpyDeviceToHost,
    cudaMemcpyDeviceToDevice,
    cudaMemcpyDefault
};

enum cudaStreamCaptureMode {
    cudaStreamCaptureModeGlobal,
    cudaStreamCaptureModeThreadLocal,
    cudaStreamCaptureModeRelaxed
};

enum cudaDeviceAttr {
    cudaDevAttrMultiProcessorCount = 16,
    cudaDevAttrComputeCapabilityMajor = 75,
    cudaDevAttrComputeCapabilityMinor = 76,
    cudaDevAttrMaxSharedMemoryPerBlockOptin = 97
};

enum cudaFuncAttribute { cudaFuncAttributeMaxDynamicSharedMemorySize = 8 };

#define cudaStreamNonBlocking 1u
#define cudaEventDisableTiming 2u
#define cudaHostAllocDefault 0u
#define cudaHostRegisterDefault 0u

struct cudaUUID_t {
    char bytes[16];
};

struct cudaDeviceProp {
    char name[256];
    size_t totalGlobalMem, sharedMemPerBlock, sharedMemPerBlockOptin;
    int major, minor, multiProcessorCount, warpSize, maxThreadsPerBlock;
    cudaUUID_t uuid;
};

typedef struct emulated_stream *cudaStream_t;
typedef struct emulated_event *cudaEvent_t;
typedef struct emulated_graph *cudaGraph_t;
typedef struct emulated_graph_exec *cudaGraphExec_t;

cudaError_t cudaGetDeviceCount(int *count);
cudaError_t cudaSetDevice(int device);
cudaError_t cudaGetDevice(int *device);
cudaError_t cudaGetDeviceProperties(struct cudaDeviceProp *properties, int device);
cudaError_t cudaDeviceGetAttribute(int *value, cudaDeviceAttr attribute, int device);
cudaError_t cudaDriverGetVersion(int *version);
cudaError_t cudaRuntimeGetVersion(int *version);
cudaError_t cudaDeviceSynchronize(void);
cudaError_t cudaDeviceReset(void);
cudaError_t cudaMemGetInfo(size_t *free, size_t *total);
cudaError_t cudaGetLastError(void);
cudaError_t cudaPeekAtLastError(void);
const char *cudaGetErrorString(cudaError_t error);
const char *cudaGetErrorName(cudaError_t error);

cudaError_t emulate_malloc(void **memory, size_t bytes);
cudaError_t emulate_malloc_host(void **memory, size_t bytes);
cudaError_t cudaFree(void *memory);
cudaError_t cudaFreeHost(void *memory);
cudaError_t cudaHostRegister(void *memory, size_t bytes, unsigned flags);
cudaError_t cudaHostUnregister(void *memory);
cudaError_t cudaMemcpy(void *to, const void *from, size_t bytes, cudaMemcpyKind kind);
cudaError_t cudaMemcpyAsync(void *to, const void *from, size_t bytes, cudaMemcpyKind kind,
                            cudaStream_t stream = 0);
cudaError_t cudaMemset(void *to, int value, size_t bytes);
cudaError_t cudaMemsetAsync(void *to, int value, size_t bytes, cudaStream_t stream = 0);

template <class T> static inline cudaError_t cudaMalloc(T **memory, size_t bytes)
{
    return emulate_malloc((void **)memory, bytes);
}

template <class T> static inline cudaError_t cudaMallocHost(T **memory, size_t bytes)
{
    return emulate_malloc_host((void **)memory, bytes);
}

template <class T> static inline cudaError_t cudaHostAlloc(T **memory, size_t bytes, unsigned)
{
    return emulate_malloc_host((void **)memory, bytes);
}

cudaError_t cudaStreamCreate(cudaStream_t *stream);
cudaError_t cudaStreamCreateWithFlags(cudaStream_t *stream, unsigned flags);
cudaError_t cudaStreamDestroy(cudaStream_t stream);
cudaError_t cudaStreamSynchronize(cudaStream_t stream);
cudaError_t cudaStreamQuery(cudaStream_t stream);
cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned flags = 0);
cudaError_t cudaEventCreate(cudaEvent_t *event);
cudaError_t cudaEventCreateWithFlags(cudaEvent_t *event, unsigned flags);
cudaError_t cudaEventDestroy(cudaEvent_t event);
cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream = 0);
cudaError_t cudaEventSynchronize(cudaEvent_t event);
cudaError_t cudaEventQuery(cudaEvent_t event);
cudaError_t cudaEventElapsedTime(float *milliseconds, cudaEvent_t from, cudaEvent_t to);

cudaError_t cudaStreamBeginCapture(cudaStream_t stream, cudaStreamCaptureMode mode);
cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t *graph);
cudaError_t cudaGraphInstantiate(cudaGraphExec_t *exec, cudaGraph_t graph,
                                 unsigned long long flags = 0);
cudaError_t cudaGraphLaunch(cudaGraphExec_t exec, cudaStream_t stream);
cudaError_t cudaGraphExecDestroy(cudaGraphExec_t exec);
cudaError_t cudaGraphDestroy(cudaGraph_t graph);

cudaError_t emulate_allow_shared(const void *kernel, cudaFuncAttribute attribute, int value);

template <class T>
static inline cudaError_t cudaFuncSetAttribute(T *kernel, cudaFuncAttribute attribute, int value)
{
    return emulate_allow_shared((const void *)kernel, attribute, value);
}

/* ---- emulate.cpp: blocks, threads, barriers ---- */

namespace emulate {

/* What each thread of a kernel does: a std::function<void()>, whose header takes half the time of
 * compiling a small model. */
class body {
    struct held {
        int owners = 1;
        virtual void run() const = 0;
        virtual ~held() {}
    };
    template <class F> struct kept : held {
        F what;
        kept(F f) : what(f) {}
        void run() const override { what(); }
    };
    held *one;

public:
    template <class F> body(F what) : one(new kept<F>(what)) {}
    body(const body &other) : one(other.one) { one->owners++; }
    body &operator=(const body &) = delete;
    ~body()
    {
        if (--one->owners == 0)
            delete one;
    }
    void operator()() const { one->run(); }
};

/* Work put on a stream: kept for later, or in the graph being captured. */
void enqueue(cudaStream_t stream, const char *name, const void *kernel, dim3 blocks, dim3 threads,
             size_t shared, const body &what);

template <class... P, class... A>
void launch(cudaStream_t stream, const char *name, void (*kernel)(P...), dim3 blocks, dim3 threads,
            size_t shared, A... arguments)
{
    enqueue(stream, name, (const void *)kernel, blocks, threads, shared,
            [=] { kernel(arguments...); });
}

/* Runs the blocks of a kernel, now. */
void run_blocks(const char *name, dim3 blocks, dim3 threads, size_t shared,
                const body &what);

/* Ends the program with status 3, naming kernel, block and thread. */
[[noreturn]] void die(const char *what, const char *file, int line);

unsigned char *shared_memory();

/* A place in the source where threads wait for each other. */
struct site {
    int number; /* of __COUNTER__ */
    const char *file;
    int line;
};

void wait_block(site);

/* All lanes of the mask must come to the same place. */
void wait_warp(unsigned mask, site);
uint64_t value_of_lane(unsigned mask, uint64_t value, int from, site);
unsigned ballot(unsigned mask, int predicate, site);
int lane();

template <class T> T from_lane(unsigned mask, T value, int from, site place)
{
    static_assert(sizeof(T) <= 8, "a shuffle moves at most 8 bytes");
    union {
        uint64_t bits;
        T value;
    } word = {0};
    word.value = value;
    word.bits = value_of_lane(mask, word.bits, from, place);
    return word.value;
}

} /* namespace emulate */

#define EMULATE_SITE (::emulate::site{__COUNTER__, __FILE__, __LINE__})

#define __syncthreads() ::emulate::wait_block(EMULATE_SITE)
#define __syncwarp() ::emulate::wait_warp(0xffffffffu, EMULATE_SITE)
#define __shfl_sync(mask, value, from) ::emulate::from_lane(mask, value, from, EMULATE_SITE)
#define __shfl_xor_sync(mask, value, bits) \
    ::emulate::from_lane(mask, value, ::emulate::lane() ^ (bits), EMULATE_SITE)
#define __ballot_sync(mask, predicate) ::emulate::ballot(mask, predicate, EMULATE_SITE)
#define __ffs(word) __builtin_ffs((int)(word))

/* One thread runs at a time, so a plain operation is atomic. */
template <class T> static inline T atomicAdd(T *address, T value)
{
    T before = *address;
    *address = before + value;
    return before;
}

template <class T> static inline T atomicOr(T *address, T value)
{
    T before = *address;
    *address = before | value;
    return before;
}

template <class T> static inline T atomicMax(T *address, T value)
{
    T before = *address;
    *address = before > value ? before : value;
    return before;
}

template <class T> static inline T atomicExch(T *address, T value)
{
    T before = *address;
    *address = value;
    return before;
}

template <class T> static inline T atomicCAS(T *address, T expected, T value)
{
    T before = *address;
    if (before == expected)
        *address = value;
    return before;
}

#endif
