/* contract [N...]: square contractions of N (512 to 8192) on the device: the exact kernel by tile,
 * what library mode takes of cuBLASLt, and cuBLAS in FP32 without TF32, in turns; the median of
 * the rounds in TFLOP/s, and its share of what the device's FP32 units can do at their clock.
 * Last, elementwise work against the memory's bandwidth.  The exact results of the smallest N are
 * compared with the processor's.  CUBLAS names libcublas, where the loader does not find it; run it
 * with NVIDIA_TF32_OVERRIDE=0. */
#include <algorithm>
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vector>
#include "core/contract.h"
#include "cuda/contract.cuh"
#include "cuda/library/library.h"
extern "C" {
#include "host/errors.h"
}

#define CHECK(call) inv_cuda_check((int)(call), #call)

enum { ROUNDS = 9, WORKSPACE = 32 << 20, MAPPED = 1 << 26 };

/* Numbers of cudaDeviceAttr and of cuBLAS's own types. */
enum { CLOCK_KHZ = 13, MEMORY_KHZ = 36, BUS_BITS = 37 };
enum { PLAIN = 0 };

typedef int cublas_create(void **handle);
typedef int cublas_set_stream(void *handle, cudaStream_t stream);
typedef int cublas_sgemm(void *handle, int, int, int, int, int, const float *, const float *, int,
                         const float *, int, const float *, float *, int);

struct bench {
    cudaStream_t stream;
    float *a, *b, *product;             /* of the device */
    int64_t n;
    void *cublas;                       /* its handle, or NULL */
    cublas_sgemm *sgemm;
    void *library, *workspace;          /* of inv_cublaslt, or NULL */
    struct inv_candidate candidate;
    int chosen;                         /* candidate is for this n */
};

/* ---- what is measured ---- */

template <class T>
static __global__ void exact(const float *a, const float *b, float *product, int64_t n)
{
    inv_contract_tiles<T>(a, n, 1, b, n, 1, n, n, n,
                          [=](int64_t i, int64_t j, float x) { product[i * n + j] = x; });
}

template <class T> static void run_exact(struct bench *t)
{
    auto blocks = inv_tiles<T>(t->n, t->n, 1);
    INV_LAUNCH_ON(t->stream, exact<T>, blocks, T::threads, T::shared, t->a, t->b, t->product, t->n);
}

static void run_cublas(struct bench *t)
{
    const float one = 1.0f, zero = 0.0f;
    int n = (int)t->n;
    if (t->sgemm(t->cublas, PLAIN, PLAIN, n, n, n, &one, t->b, n, t->a, n, &zero, t->product, n))
        printf("cublasSgemm failed\n");
}

static struct inv_contraction square(int64_t n)
{
    struct inv_contraction c = { 1, n, n, n, { 0, 0, n, 1 }, { 0, 0, 1, n } };
    return c;
}

static void run_library(struct bench *t)
{
    struct inv_contraction c = square(t->n);
    char *why = inv_cublaslt.run(t->library, &c, &t->candidate, t->a, t->b, t->product, t->stream);
    if (why)
        printf("%s\n", why);
    free(why);
}

/* x = max(0, x + y), 12 bytes an element. */
static __global__ void map(float *x, const float *y, int64_t count)
{
    for (int64_t i = inv_thread(); i < count; i += inv_threads())
        x[i] = inv_max(0.0f, inv_add(x[i], y[i]));
}

static void run_map(struct bench *t)
{
    INV_LAUNCH_ON(t->stream, map, inv_blocks(t->n, 256), 256, 0, t->product, t->a, t->n);
}

/* ---- measuring ---- */

typedef void work(struct bench *);

static double seconds_of(struct bench *t, work *one)
{
    cudaEvent_t from, to;
    float milliseconds = 0;
    CHECK(cudaEventCreate(&from));
    CHECK(cudaEventCreate(&to));
    CHECK(cudaEventRecord(from, t->stream));
    one(t);
    CHECK(cudaEventRecord(to, t->stream));
    CHECK(cudaEventSynchronize(to));
    CHECK(cudaEventElapsedTime(&milliseconds, from, to));
    CHECK(cudaEventDestroy(from));
    CHECK(cudaEventDestroy(to));
    return (double)milliseconds / 1e3;
}

/* Medians of several pieces of work that take turns, after one turn that does not count. */
static std::vector<double> medians(struct bench *t, const std::vector<work *> &all)
{
    std::vector<std::vector<double>> taken(all.size());
    for (int round = -1; round < ROUNDS; round++)
        for (size_t i = 0; i < all.size(); i++) {
            double seconds = seconds_of(t, all[i]);
            if (round >= 0)
                taken[i].push_back(seconds);
        }
    std::vector<double> middle;
    for (auto &times : taken) {
        std::sort(times.begin(), times.end());
        middle.push_back(times[times.size() / 2]);
    }
    return middle;
}

static double attribute(int number)
{
    int value = 0, device = 0;
    cudaGetDevice(&device);
    if (cudaDeviceGetAttribute(&value, (enum cudaDeviceAttr)number, device) != cudaSuccess)
        (void)cudaGetLastError();
    return value;
}

/* FP32 operations a second at the highest clock, 0 where it is not known; an fma counts twice. */
static double peak_flops(const struct cudaDeviceProp *about)
{
    int units = about->major == 7 || (about->major == 8 && about->minor == 0) ? 64 : 128;
    return 2.0 * units * about->multiProcessorCount * attribute(CLOCK_KHZ) * 1e3;
}

static void print_row(const char *name, double flops, double seconds, double peak, double cublas)
{
    printf("  %-22s %8.2f TFLOP/s", name, flops / seconds / 1e12);
    if (peak > 0)
        printf("  %5.1f %% of the peak", 100 * flops / seconds / peak);
    if (cublas > 0)
        printf("  %5.2f of cuBLAS", cublas / seconds);
    printf("\n");
}

/* ---- libraries ---- */

static void open_cublas(struct bench *t)
{
    const char *wish = getenv("CUBLAS");
    void *file = dlopen(wish ? wish : "libcublas.so.13", RTLD_NOW);
    if (!file)
        file = dlopen("libcublas.so.12", RTLD_NOW);
    if (!file) {
        printf("cuBLAS: not found (%s)\n", dlerror());
        return;
    }
    cublas_create *create = (cublas_create *)dlsym(file, "cublasCreate_v2");
    cublas_set_stream *set_stream = (cublas_set_stream *)dlsym(file, "cublasSetStream_v2");
    t->sgemm = (cublas_sgemm *)dlsym(file, "cublasSgemm_v2");
    if (!create || !set_stream || !t->sgemm || create(&t->cublas) != 0 ||
        set_stream(t->cublas, t->stream) != 0) {
        printf("cuBLAS: does not work here\n");
        t->cublas = NULL;
    }
}

static void open_library(struct bench *t)
{
    CHECK(cudaMalloc(&t->workspace, WORKSPACE));
    char *why = inv_cublaslt.open(&t->library, t->workspace, WORKSPACE);
    if (why)
        printf("library mode: %s\n", why);
    free(why);
}

/* The first proposal that library mode takes. */
static void choose(struct bench *t)
{
    struct inv_contraction c = square(t->n);
    std::vector<struct inv_candidate> list(INV_CANDIDATES);
    int count = t->library ? inv_cublaslt.propose(t->library, &c, list.data()) : 0;
    t->chosen = 0;
    for (int i = 0; i < count && !t->chosen; i++) {
        inv_cublaslt.examine(t->library, &c, &list[(size_t)i]);
        t->chosen = !inv_library_refusal(list[(size_t)i].traits);
        t->candidate = list[(size_t)i];
    }
}

/* ---- one size ---- */

static void fill(std::vector<float> &x)
{
    uint32_t state = 1;
    for (auto &v : x) {
        state = state * 1664525u + 1013904223u;
        v = (float)(state >> 8) / 8388608.0f - 1.0f;
    }
}

static void take_memory(struct bench *t, const std::vector<float> &a, const std::vector<float> &b)
{
    size_t bytes = a.size() * sizeof(float);
    CHECK(cudaMalloc(&t->a, bytes));
    CHECK(cudaMalloc(&t->b, bytes));
    CHECK(cudaMalloc(&t->product, bytes));
    CHECK(cudaMemcpyAsync(t->a, a.data(), bytes, cudaMemcpyHostToDevice, t->stream));
    CHECK(cudaMemcpyAsync(t->b, b.data(), bytes, cudaMemcpyHostToDevice, t->stream));
    CHECK(cudaStreamSynchronize(t->stream));
}

static void give_memory(struct bench *t)
{
    CHECK(cudaFree(t->a));
    CHECK(cudaFree(t->b));
    CHECK(cudaFree(t->product));
}

/* What one of them computes. */
static std::vector<float> product_of(struct bench *t, work *one)
{
    std::vector<float> product((size_t)(t->n * t->n));
    size_t bytes = product.size() * sizeof(float);
    CHECK(cudaMemsetAsync(t->product, 0, bytes, t->stream));
    one(t);
    CHECK(cudaMemcpyAsync(product.data(), t->product, bytes, cudaMemcpyDeviceToHost, t->stream));
    CHECK(cudaStreamSynchronize(t->stream));
    return product;
}

/* Operands lie between -1 and 1, so that rounding alone stays far below this. */
static bool is_near(const std::vector<float> &x, const std::vector<float> &y)
{
    for (size_t i = 0; i < x.size(); i++)
        if (!(x[i] - y[i] < 1e-2f && y[i] - x[i] < 1e-2f))
            return false;
    return true;
}

/* Whether exact kernels give the processor's bits, and libraries its product but for rounding. */
static int compare(struct bench *t, const std::vector<float> &a, const std::vector<float> &b)
{
    std::vector<float> here(a.size());
    long n = (long)t->n;
    inv_contract(here.data(), n, a.data(), n, 1, b.data(), n, 1, n, n, n);
    size_t bytes = here.size() * sizeof(float);
    int same = memcmp(here.data(), product_of(t, run_exact<inv_tile_128x128>).data(), bytes) == 0 &&
               memcmp(here.data(), product_of(t, run_exact<inv_tile_64x64>).data(), bytes) == 0;
    int near = (!t->chosen || is_near(here, product_of(t, run_library))) &&
               (!t->cublas || is_near(here, product_of(t, run_cublas)));
    printf("  bits of the processor: %s\n", same ? "yes" : "NO");
    if (!near)
        printf("  A LIBRARY'S PRODUCT IS ANOTHER\n");
    return same && near;
}

static int measure(struct bench *t, const struct cudaDeviceProp *about, int64_t n, int first)
{
    std::vector<float> a((size_t)(n * n)), b((size_t)(n * n));
    std::vector<work *> all{ run_exact<inv_tile_128x128>, run_exact<inv_tile_64x64> };
    std::vector<const char *> name{ "exact, 128 x 128", "exact, 64 x 64" };
    double flops = 2.0 * (double)n * (double)n * (double)n, peak = peak_flops(about);
    int good = 1;
    fill(a);
    fill(b);
    t->n = n;
    take_memory(t, a, b);
    choose(t);
    if (t->chosen) {
        all.push_back(run_library);
        name.push_back("library mode");
    }
    if (t->cublas) {
        all.push_back(run_cublas);
        name.push_back("cuBLAS, FP32");
    }
    printf("contraction of %lld\n", (long long)n);
    std::vector<double> seconds = medians(t, all);
    for (size_t i = 0; i < all.size(); i++)
        print_row(name[i], flops, seconds[i], peak, t->cublas ? seconds.back() : 0);
    if (first)
        good = compare(t, a, b);
    give_memory(t);
    return good;
}

static void measure_map(struct bench *t)
{
    std::vector<float> x(MAPPED), y(MAPPED);
    double peak = 2.0 * attribute(MEMORY_KHZ) * 1e3 * attribute(BUS_BITS) / 8;
    t->n = MAPPED;
    take_memory(t, x, y);
    double seconds = medians(t, { run_map })[0];
    printf("elementwise, %d elements\n  %.0f GB/s", (int)MAPPED, 12.0 * MAPPED / seconds / 1e9);
    if (peak > 0)
        printf("  %5.1f %% of the memory's peak", 100 * 12.0 * MAPPED / seconds / peak);
    printf("\n");
    give_memory(t);
}

int main(int argc, char **argv)
{
    static const int64_t usual[] = { 512, 1024, 2048, 4096, 8192 };
    struct bench t;
    struct cudaDeviceProp about;
    int device = 0, good = 1;
    memset(&t, 0, sizeof t);
    CHECK(cudaGetDevice(&device));
    CHECK(cudaGetDeviceProperties(&about, device));
    printf("%s, sm_%d%d, %d processors\n", about.name, about.major, about.minor,
           about.multiProcessorCount);
    CHECK(cudaStreamCreateWithFlags(&t.stream, cudaStreamNonBlocking));
    open_cublas(&t);
    open_library(&t);
    for (int i = 0; i < (argc > 1 ? argc - 1 : 5); i++) {
        int64_t n = argc > 1 ? atoll(argv[i + 1]) : usual[i];
        good &= measure(&t, &about, n, i == 0);
    }
    if (argc == 1)
        measure_map(&t);
    return !good;
}
