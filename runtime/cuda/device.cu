/* One CUDA device, one stream, and the memory of one model on it. */
#include "cuda/private.cuh"
#include "core/exact.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef INV_NVCC_FLAGS
#define INV_NVCC_FLAGS ""
#endif

enum { SPARE = 1 << 20 };               /* bytes: pieces of an exchange */

/* ---- errors ---- */

/* Numbers of cudaError_t. */
enum {
    OUT_OF_MEMORY = 2, OLD_DRIVER = 35, TAKEN = 46, NO_DEVICE = 100, NO_SUCH_DEVICE = 101,
    NO_IMAGE = 209, OLD_TOOLKIT_IMAGE = 222, NOT_READY = 802, MIXED_DRIVER = 803
};

static const char *cure_of(int status)
{
    switch (status) {
    case OUT_OF_MEMORY:
        return "end other programs on this GPU, choose another with --device N, or take a smaller "
               "batch";
    case OLD_DRIVER:
    case OLD_TOOLKIT_IMAGE:
        return "install a newer NVIDIA driver, or build with an older CUDA Toolkit";
    case NO_DEVICE:
        return "no CUDA device: install the NVIDIA driver, check nvidia-smi and "
               "CUDA_VISIBLE_DEVICES, or build without --target cuda";
    case NO_SUCH_DEVICE:
        return "choose a device that nvidia-smi lists with --device N";
    case TAKEN:
        return "end the program that has this GPU for itself, or choose another with --device N";
    case NOT_READY:
        return "start the driver's services: nvidia-fabricmanager, where GPUs share NVSwitches";
    case MIXED_DRIVER:
        return "restart the machine: parts of the NVIDIA driver are of different versions";
    case NO_IMAGE:
        return "build again with --arch for this GPU";
    default:
        return "run compute-sanitizer on this program, and report what it prints";
    }
}

void inv_cuda_quit(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fflush(stdout);
    fprintf(stderr, "error: ");
    vfprintf(stderr, format, arguments);
    fprintf(stderr, "\n");
    va_end(arguments);
    exit(INV_UNTRUSTED);
}

void inv_cuda_check(int status, const char *call)
{
    if (status != 0)
        inv_cuda_quit("CUDA: %.*s: %s; %s", (int)strcspn(call, "("), call,
                      cudaGetErrorString((cudaError_t)status), cure_of(status));
}

/* ---- memory ---- */

void inv_cuda_size(int64_t bytes, char text[32])
{
    static const char *const unit[] = { "B", "KiB", "MiB", "GiB" };
    double size = (double)bytes;
    int u = 0;
    for (; size >= 1024 && u < 3; u++)
        size /= 1024;
    snprintf(text, 32, u ? "%.1f %s" : "%.0f %s", size, unit[u]);
}

void *inv_cuda_take(struct cuda_device *d, int64_t bytes, const char *what)
{
    void *memory = NULL;
    char wanted[32], left[32];
    inv_cuda_size(bytes, wanted);
    inv_cuda_size(d->limit - d->taken, left);
    if (bytes > d->limit - d->taken)
        inv_cuda_quit("device memory: %s take %s, but of the limit only %s is left; raise "
                      "--memory-limit, or take a smaller batch", what, wanted, left);
    if (bytes > 0)
        CHECK(cudaMalloc(&memory, (size_t)bytes));
    d->taken += bytes;
    return memory;
}

void inv_cuda_give(struct cuda_device *d, void *memory, int64_t bytes)
{
    CHECK(cudaFree(memory));
    d->taken -= memory ? bytes : 0;
}

void inv_cuda_put(const struct cuda_device *d, void *device, const void *host, int64_t bytes)
{
    CHECK(cudaMemcpyAsync(device, host, (size_t)bytes, cudaMemcpyHostToDevice, d->stream));
    CHECK(cudaStreamSynchronize(d->stream));
}

void inv_cuda_get(const struct cuda_device *d, void *host, const void *device, int64_t bytes)
{
    CHECK(cudaMemcpyAsync(host, device, (size_t)bytes, cudaMemcpyDeviceToHost, d->stream));
    CHECK(cudaStreamSynchronize(d->stream));
}

static void upload(const struct inv_run *run, int64_t offset, int64_t bytes)
{
    inv_cuda_put(cuda_of(run), cuda_of(run)->arena + offset, run->arena + offset, bytes);
}

static void download(const struct inv_run *run, int64_t offset, int64_t bytes)
{
    inv_cuda_get(cuda_of(run), run->arena + offset, cuda_of(run)->arena + offset, bytes);
}

static void *take(const struct inv_run *run, int64_t bytes, const char *what)
{
    return inv_cuda_take(cuda_of(run), bytes, what);
}

static void give(const struct inv_run *run, void *memory, int64_t bytes)
{
    inv_cuda_give(cuda_of(run), memory, bytes);
}

static void put(const struct inv_run *run, void *device, const void *host, int64_t bytes)
{
    inv_cuda_put(cuda_of(run), device, host, bytes);
}

static void get(const struct inv_run *run, void *host, const void *device, int64_t bytes)
{
    inv_cuda_get(cuda_of(run), host, device, bytes);
}

static void finish(const struct inv_run *run)
{
    CHECK(cudaStreamSynchronize(cuda_of(run)->stream));
}

/* Where the system does not allow it, copies are slower. */
static void pin(void *host, int64_t bytes)
{
    if (cudaHostRegister(host, (size_t)bytes, cudaHostRegisterDefault) != cudaSuccess)
        (void)cudaGetLastError();
}

static void unpin(void *host)
{
    if (cudaHostUnregister(host) != cudaSuccess)
        (void)cudaGetLastError();
}

static void copy_on_device(const struct cuda_device *d, void *to, const void *from, int64_t bytes)
{
    CHECK(cudaMemcpyAsync(to, from, (size_t)bytes, cudaMemcpyDeviceToDevice, d->stream));
}

static void copy(const struct inv_run *run, int64_t to, int64_t from, int64_t bytes)
{
    const struct cuda_device *d = cuda_of(run);
    copy_on_device(d, d->arena + to, d->arena + from, bytes);
    CHECK(cudaStreamSynchronize(d->stream));
}

static void exchange(const struct inv_run *run, int64_t a, int64_t b, int64_t bytes)
{
    const struct cuda_device *d = cuda_of(run);
    for (int64_t part; bytes > 0; bytes -= part, a += part, b += part) {
        part = bytes < (int64_t)SPARE ? bytes : (int64_t)SPARE;
        copy_on_device(d, d->spare, d->arena + a, part);
        copy_on_device(d, d->arena + a, d->arena + b, part);
        copy_on_device(d, d->arena + b, d->spare, part);
    }
    CHECK(cudaStreamSynchronize(d->stream));
}

static void move(const struct inv_run *run, void *to, const void *from, int64_t bytes)
{
    copy_on_device(cuda_of(run), to, from, bytes);
}

static void clear(const struct inv_run *run, void *at, int64_t bytes)
{
    CHECK(cudaMemsetAsync(at, 0, (size_t)bytes, cuda_of(run)->stream));
}

enum { ADD_THREADS = 256 };

static __global__ void add_elements(float *to, const float *a, const float *b, int64_t count)
{
    for (int64_t i = inv_thread(); i < count; i += inv_threads())
        to[i] = inv_add(a[i], b[i]);
}

static void add(const struct inv_run *run, float *to, const float *a, const float *b,
                int64_t count)
{
    if (count > 0)
        INV_LAUNCH_ON(cuda_of(run)->stream, add_elements, inv_blocks(count, ADD_THREADS),
                      ADD_THREADS, 0, to, a, b, count);
}

/* ---- phases ---- */

struct inv_run inv_cuda_run(const struct cuda_device *d, const struct inv_run *run)
{
    struct inv_run copy = *run;
    copy.arena = d->arena;
    copy.pool = NULL;
    copy.trace = NULL;
    copy.trace_state = NULL;
    copy.device = NULL;
    copy.workspace = d->workspace;
    copy.stopped = &d->job->stopped;
    return copy;
}

/* The host never sets `stopped`: a stop of the last pass ends here. */
static void launch(const struct inv_run *run, enum inv_phase phase)
{
    struct cuda_device *d = cuda_of(run);
    d->shadow.run = inv_cuda_run(d, run);
    inv_cuda_put(d, d->job, &d->shadow, sizeof d->shadow);
    if (d->model->phase[phase])
        d->model->phase[phase](run);
}

void inv_cuda_trace(const struct inv_run *run, int node, int64_t offset, int64_t count)
{
    int32_t stopped;
    if (!run->trace)
        return;
    inv_cuda_get(cuda_of(run), &stopped, &cuda_of(run)->job->stopped, sizeof stopped);
    if (stopped)
        return;
    download(run, offset, count * 4);
    run->trace(run, node, (const float *)(const void *)(run->arena + offset), count);
    upload(run, offset, count * 4);
}

/* ---- the environment ---- */

static void tell_text(inv_tell *tell, void *state,
                      const char *key, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

static void tell_text(inv_tell *tell, void *state,
                      const char *key, const char *format, ...)
{
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    tell(state, key, text);
}

/* The first line of the driver's own account, such as "NVRM version: ... 580.65.06 ...". */
static void tell_driver(inv_tell *tell, void *state)
{
    char line[256] = "";
    int version = 0;
    FILE *file = fopen("/proc/driver/nvidia/version", "r");
    if (file && fgets(line, sizeof line, file))
        line[strcspn(line, "\n")] = 0;
    if (file)
        fclose(file);
    cudaDriverGetVersion(&version);
    tell_text(tell, state, "cuda_driver", "CUDA %d.%d%s%s", version / 1000, version % 1000 / 10,
              *line ? ", " : "", line);
}

static void tell_gpu(inv_tell *tell, void *state, int number)
{
    struct cudaDeviceProp about;
    int count = 0;
    cudaError_t status = cudaGetDeviceCount(&count);
    if (status == cudaSuccess)
        status = cudaGetDeviceProperties(&about, number);
    if (status != cudaSuccess) {
        (void)cudaGetLastError();
        tell_text(tell, state, "gpu", "none: %s", cudaGetErrorString(status));
        return;
    }
    tell_text(tell, state, "gpu", "%s", about.name);
    tell_text(tell, state, "gpu_architecture", "sm_%d%d", about.major, about.minor);
    tell_text(tell, state, "gpu_processors", "%d", about.multiProcessorCount);
}

static void describe(const struct inv_model *model, int64_t number, inv_tell *tell, void *state)
{
    int version = 0;
    tell_gpu(tell, state, (int)number);
    tell_driver(tell, state);
    cudaRuntimeGetVersion(&version);
    tell_text(tell, state, "cuda_runtime", "%d.%d", version / 1000, version % 1000 / 10);
#ifdef __CUDACC__
    tell_text(tell, state, "nvcc", "%d.%d.%d%s%s", __CUDACC_VER_MAJOR__, __CUDACC_VER_MINOR__,
              __CUDACC_VER_BUILD__, *INV_NVCC_FLAGS ? " " : "", INV_NVCC_FLAGS);
#else
    tell_text(tell, state, "nvcc", "none: kernels are emulated on the processor");
#endif
    if (model->library)
        model->library->describe(model, tell, state);
    else
        tell(state, "kernels", "exact");
}

static void tell_kernels(const struct inv_run *run, inv_tell *tell, void *state)
{
    const struct cuda_device *d = cuda_of(run);
    if (d->library)
        d->model->library->tell(d, tell, state);
}

/* ---- opening ---- */

/* Devices; 0 without a driver, too, which CUDA takes for one that is too old. */
static int count_devices(void)
{
    int count = 0, driver = 0;
    cudaError_t status = cudaGetDeviceCount(&count);
    if ((int)status == NO_DEVICE ||
        ((int)status == OLD_DRIVER && cudaDriverGetVersion(&driver) == cudaSuccess && driver == 0))
        return 0;
    inv_cuda_check((int)status, "cudaGetDeviceCount");
    return count;
}

/* Why there is none of that number, which names what there is. */
static const char *refuse(int64_t number)
{
    static char text[96];
    int count = count_devices();
    if (count == 0)
        return cure_of(NO_DEVICE);
    snprintf(text, sizeof text, "--device %lld: there %s %d CUDA device%s, numbered from 0",
             (long long)number, count == 1 ? "is" : "are", count, count == 1 ? "" : "s");
    return number < count ? NULL : text;
}

static void identify(int64_t number, unsigned char id[INV_DEVICE_ID])
{
    struct cudaDeviceProp about;
    CHECK(cudaGetDeviceProperties(&about, (int)number));
    memcpy(id, &about.uuid, INV_DEVICE_ID);
}

static int64_t limit_of(const struct inv_device_wish *wish)
{
    size_t free_bytes = 0, total = 0;
    CHECK(cudaMemGetInfo(&free_bytes, &total));
    if (wish->memory_limit > 0 && wish->memory_limit < (int64_t)free_bytes)
        return wish->memory_limit;
    return (int64_t)free_bytes;
}

static int64_t batch_bytes(const struct inv_model *model)
{
    int64_t bytes = 0;
    for (int f = 0; f < model->data.field_count; f++) {
        const struct inv_variable *v = &model->variable[model->data.field[f].input];
        int64_t row = 4;
        for (int i = 0; i < v->rank; i++)
            row *= v->dim[i];
        bytes += row * inv_model_step_rows(model);
    }
    return bytes;
}

/* Where in the arena the totals lie that shards add to, and their bytes. */
static int64_t totals_of(const struct inv_model *model, int64_t *begin)
{
    int64_t end = *begin = model->shard_begin;
    for (int i = 0; i < model->variable_count; i++) {
        const struct inv_variable *v = &model->variable[i];
        int64_t behind = v->offset + (int64_t)inv_variable_bytes(v);
        if (model->shards > 0 && v->kind == INV_ACCUMULATOR && behind > end)
            end = behind;
    }
    return end - *begin;
}

/* What must fit: arena, workspace, two batches, and what is taken later (the data set is resident
 * where it fits, too). */
static void plan(const struct cuda_device *d, int64_t number, FILE *out)
{
    const struct inv_model *model = d->model;
    struct cudaDeviceProp about;
    char arena[32], workspace[32], batches[32], limit[32], need[32];
    int64_t begin, two = 2 * batch_bytes(model);
    int64_t small = SPARE + (int64_t)sizeof(struct cuda_job) + totals_of(model, &begin);
    int64_t library = model->library ? model->library->workspace : 0;
    int64_t sum = model->arena_bytes + model->workspace_bytes + library + two + small + d->later;
    CHECK(cudaGetDeviceProperties(&about, (int)number));
    inv_cuda_size(model->arena_bytes, arena);
    inv_cuda_size(model->workspace_bytes + library, workspace);
    inv_cuda_size(two, batches);
    inv_cuda_size(d->limit, limit);
    inv_cuda_size(sum, need);
    if (out)
        fprintf(out, "device %lld: %s (sm_%d%d, %d processors); memory: arena %s, workspace %s, "
                "two batches %s, of %s\n", (long long)number, about.name, about.major, about.minor,
                about.multiProcessorCount, arena, workspace, batches, limit);
    if (sum > d->limit)
        inv_cuda_quit("device memory: the model needs %s (arena %s, workspace %s, two batches %s), "
                      "but %s is the limit; take a smaller batch, raise --memory-limit, or end "
                      "other programs on the GPU", need, arena, workspace, batches, limit);
}

static void take_memory(struct cuda_device *d)
{
    const struct inv_model *model = d->model;
    d->arena = (unsigned char *)inv_cuda_take(d, model->arena_bytes, "the model's arrays");
    d->base.arena = d->arena;
    CHECK(cudaMemsetAsync(d->arena, 0, (size_t)model->arena_bytes, d->stream));
    d->workspace = (float *)inv_cuda_take(d, model->workspace_bytes, "the workspace");
    d->spare = (unsigned char *)inv_cuda_take(d, SPARE, "a spare piece");
    d->job = (struct cuda_job *)inv_cuda_take(d, sizeof *d->job, "the state of a pass");
    d->base.run = &d->job->run;
}

/* Where the losses lie that a pass sums up. */
static void take_reports(struct cuda_device *d)
{
    const struct inv_model *model = d->model;
    int64_t count = model->report_count, bytes = count * (int64_t)sizeof(int64_t);
    int64_t *offset = (int64_t *)inv_allocate((size_t)bytes);
    for (int i = 0; i < model->report_count; i++)
        offset[i] = model->report[i].loss ? model->variable[model->report[i].variable].offset : -1;
    d->loss_offset = (int64_t *)inv_cuda_take(d, bytes, "the reports");
    d->sum = (int64_t *)inv_cuda_take(d, count * INV_EXACT_WORDS * 8, "the sums of losses");
    inv_cuda_put(d, d->loss_offset, offset, bytes);
    free(offset);
    if (model->ranking_count > 0)
        d->collected = (struct cuda_collected *)inv_cuda_take(
            d, 2 * model->ranking_count * (int64_t)sizeof *d->collected, "the rankings");
    d->shadow.collected_count = 2 * model->ranking_count;
    d->shadow.collected = d->collected;
    d->shadow.reports = model->report_count;
    d->shadow.loss_offset = d->loss_offset;
    d->shadow.sum = d->sum;
    d->shadow.sample = model->variable[model->sample].offset;
}

/* Where the sums of shards lie, and the totals that a step which is left out must not change. */
static void take_sums(struct cuda_device *d)
{
    const struct inv_model *model = d->model;
    struct cuda_sums *s = &d->shadow.sums;
    int64_t bytes = totals_of(model, &s->totals);
    s->shards = model->shards;
    s->sums = model->sums;
    s->count = model->sums_bytes / 4;
    s->partial = model->partial_sums;
    s->stride = (model->sums_bytes + 63) / 64 * 16;
    s->loss = (model->variable[model->report[0].variable].offset - model->sums) / 4;
    s->words = bytes / 4;
    s->kept = (uint32_t *)inv_cuda_take(d, bytes, "the totals before a step");
}

static void open_device(const struct inv_model *model, struct inv_run *run,
                        const struct inv_device_wish *wish, void *out)
{
    struct cuda_device *d = (struct cuda_device *)inv_allocate(sizeof *d);
    CHECK(cudaSetDevice((int)wish->number));
    d->model = model;
    d->base.type = &inv_cuda;
    d->limit = limit_of(wish);
    d->later = wish->later;
    plan(d, wish->number, (FILE *)out);
    CHECK(cudaStreamCreateWithFlags(&d->stream, cudaStreamNonBlocking));
    CHECK(cudaStreamCreateWithFlags(&d->copies, cudaStreamNonBlocking));
    d->base.stream = d->stream;
    take_memory(d);
    take_reports(d);
    take_sums(d);
    if (model->library)
        model->library->open(d, wish, out);
    run->device = &d->base;
}

static void close_device(struct inv_run *run)
{
    struct cuda_device *d = cuda_of(run);
    void *const memory[] = { d->arena, d->workspace, d->spare, d->job, d->row, d->loss, d->sum,
                             d->loss_offset, d->collected, d->kept, d->shadow.sums.kept };
    CHECK(cudaStreamSynchronize(d->stream));
    inv_cuda_release_graphs(d);
    inv_cuda_release_data(d);
    if (d->library)
        d->model->library->close(d);
    for (size_t i = 0; i < sizeof memory / sizeof *memory; i++)
        CHECK(cudaFree(memory[i]));
    CHECK(cudaStreamDestroy(d->copies));
    CHECK(cudaStreamDestroy(d->stream));
    free(d);
    run->device = NULL;
}

static const char *selftest(int64_t number)
{
    CHECK(cudaSetDevice((int)number));
    return inv_cuda_selftest();
}

const struct inv_device_type inv_cuda = {
    "cuda", refuse, selftest, describe, tell_kernels, open_device, close_device, upload, download,
    exchange, copy, launch, inv_cuda_keep, inv_cuda_pass, count_devices, identify, take, give, add,
    move, clear, put, get, finish, pin, unpin,
};
