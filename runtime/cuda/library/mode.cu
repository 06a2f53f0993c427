/* Library mode on the device: the library that a model names, its lock file, its contractions. */
#include "cuda/contract.cuh"
#include "cuda/library/library.h"
#include "cuda/private.cuh"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct cuda_library {
    struct inv_library *library;
    void *state, *workspace;
    struct inv_errors errors;
};

static struct inv_machine machine_of(int64_t number)
{
    struct cudaDeviceProp about;
    struct inv_machine machine;
    CHECK(cudaGetDeviceProperties(&about, (int)number));
    memset(&machine, 0, sizeof machine);
    snprintf(machine.gpu, sizeof machine.gpu, "%s", about.name);
    snprintf(machine.architecture, sizeof machine.architecture, "sm_%d%d", about.major,
             about.minor);
    machine.processors = about.multiProcessorCount;
    return machine;
}

static void open_library(struct cuda_device *d, const struct inv_device_wish *wish, void *out)
{
    const struct inv_library_mode *mode = d->model->library;
    const struct inv_library_type *type = mode->type;
    struct cuda_library *l = (struct cuda_library *)inv_allocate(sizeof *l);
    struct inv_machine machine = machine_of(wish->number);
    char *path = inv_text(INV_LOCK_FILE, d->model->name);
    l->errors.to = stderr;
    l->workspace = inv_cuda_take(d, mode->workspace, "the library's workspace");
    char *why = type->open(&l->state, l->workspace, mode->workspace);
    if (why)
        inv_cuda_quit("%s", why);
    l->library = inv_library_open(type, l->state, &machine, path, wish->update_lock, &l->errors);
    if (!l->library)
        exit(INV_UNTRUSTED);
    if (out)
        fprintf((FILE *)out, "kernels of %s %lld, pinned in %s: weights have these bits on %s with "
                "%d processors and this version only\n", type->name,
                (long long)type->version(l->state), path, machine.gpu, machine.processors);
    free(path);
    d->library = l;
}

static void close_library(struct cuda_device *d)
{
    struct cuda_library *l = d->library;
    inv_library_close(l->library);
    d->model->library->type->close(l->state);
    CHECK(cudaFree(l->workspace));
    free(l);
}

/* Lines "contraction KEY: HEX TEXT" of the lock. */
static void describe_lock(const char *path, inv_tell *tell, void *state)
{
    char line[1024];
    FILE *file = fopen(path, "r");
    while (file && fgets(line, sizeof line, file)) {
        char *colon = strstr(line, ": ");
        if (strncmp(line, "contraction ", 12) != 0 || !colon)
            continue;
        line[strcspn(line, "\n")] = 0;
        const char *text = strchr(colon + 2, ' ');
        *colon = 0;
        tell(state, line, text ? text + 1 : colon + 2);
    }
    if (file)
        fclose(file);
}

static void describe(const struct inv_model *model, inv_tell *tell, void *state)
{
    char *path = inv_text(INV_LOCK_FILE, model->name);
    char *version = model->library->type->installed();
    tell(state, "kernels", model->library->type->name);
    tell(state, "kernels_version", version);
    describe_lock(path, tell, state);
    free(version);
    free(path);
}

static void tell_kernels(const struct cuda_device *d, inv_tell *tell, void *state)
{
    inv_library_tell(d->library->library, tell, state);
}

/* ---- contractions ---- */

static const float *operand_of(const struct cuda_device *d, const struct inv_side *side)
{
    return (const float *)(const void *)(d->arena + side->offset);
}

static __global__ void exact_product(const struct inv_run *run, struct inv_contraction c)
{
    if (inv_stopped(run))
        return;
    const float *a = (const float *)(const void *)(run->arena + c.a.offset);
    const float *b = (const float *)(const void *)(run->arena + c.b.offset);
    for (int64_t page = inv_page(); page < c.pages; page += inv_pages()) {
        float *product = run->workspace + page * c.m * c.n;
        inv_contract_tiles<inv_tile_64x64>(
            a + page * c.a.page, c.a.own, c.a.k, b + page * c.b.page, c.b.k, c.b.own, c.m, c.n, c.k,
            [=](int64_t i, int64_t j, float x) { product[i * c.n + j] = x; });
    }
}

static void launch_exact(const struct inv_run *run, struct inv_contraction c)
{
    typedef inv_tile_64x64 tile;
    auto blocks = inv_tiles<tile>(c.m, c.n, c.pages);
    INV_LAUNCH_ON(run->device->stream, exact_product, blocks, tile::threads, tile::shared,
                  run->device->run, c);
}

void inv_cuda_contract(const struct inv_run *run, struct inv_contraction c)
{
    struct cuda_device *d = cuda_of(run);
    struct cuda_library *l = d->library;
    struct inv_candidate candidate;
    int chosen = inv_library_choose(l->library, &c, &candidate);
    if (chosen < 0)
        exit(INV_UNTRUSTED);
    if (chosen == 0) {
        launch_exact(run, c);
        return;
    }
    char *why = d->model->library->type->run(l->state, &c, &candidate, operand_of(d, &c.a),
                                             operand_of(d, &c.b), d->workspace, d->stream);
    if (why)
        inv_cuda_quit("%s; choose anew with --update-lock", why);
}

const struct inv_library_mode inv_cublaslt_mode = {
    &inv_cublaslt, 32 << 20, open_library, close_library, tell_kernels, describe,
};
