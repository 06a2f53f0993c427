/* In the place of cublaslt.c, on the emulated device: a library whose good algorithm computes as
 * the exact kernels do, so that a whole training must give the processor's weights, and whose
 * forbidden ones, proposed first, would spoil them.  DOUBLE_VERSION: its version (1). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cuda/contract.cuh"
#include "cuda/library/library.h"
extern "C" {
#include "host/errors.h"
}

enum { GOOD = 77 };

static char *open_double(void **state, void *workspace, int64_t bytes)
{
    *state = NULL;
    return workspace && bytes > 0 ? NULL : inv_text("no workspace");
}

static void close_double(void *)
{
}

static int64_t version(void *)
{
    const char *wish = getenv("DOUBLE_VERSION");
    return wish ? atoll(wish) : 1;
}

static char *installed(void)
{
    return inv_text("%lld", (long long)version(NULL));
}

/* One for each forbidden property, then the good one, then one that would not be deterministic. */
static int propose(void *, const struct inv_contraction *, struct inv_candidate *candidate)
{
    int count = 0;
    for (unsigned trait = 1; trait <= INV_UNTOLD; trait *= 2, count++)
        candidate[count].config[0] = (unsigned char)count;
    candidate[count++].config[0] = GOOD;
    candidate[count++].config[0] = 0;
    return count;
}

/* Contractions of a single column are left to the exact kernel. */
static void examine(void *, const struct inv_contraction *c, struct inv_candidate *candidate)
{
    int number = candidate->config[0];
    candidate->traits = number != GOOD ? 1u << number : c->n == 1 ? (unsigned)INV_UNSUPPORTED : 0;
    snprintf(candidate->text, sizeof candidate->text, "algorithm %d", number);
}

static __global__ void multiply(struct inv_contraction c, int good, const float *a, const float *b,
                                float *product)
{
    for (int64_t page = inv_page(); page < c.pages; page += inv_pages()) {
        float *to = product + page * c.m * c.n;
        inv_contract_tiles<inv_tile_32x32>(
            a + page * c.a.page, c.a.own, c.a.k, b + page * c.b.page, c.b.k, c.b.own, c.m, c.n, c.k,
            [=](int64_t i, int64_t j, float x) { to[i * c.n + j] = good ? x : 0.0f; });
    }
}

static char *run(void *, const struct inv_contraction *c, const struct inv_candidate *candidate,
                 const float *a, const float *b, float *product, void *stream)
{
    auto blocks = inv_tiles<inv_tile_32x32>(c->m, c->n, c->pages);
    int good = candidate->config[0] == GOOD;
    INV_LAUNCH_ON(stream, multiply, blocks, inv_tile_32x32::threads, inv_tile_32x32::shared, *c,
                  good, a, b, product);
    return NULL;
}

const struct inv_library_type inv_cublaslt = {
    "double", open_double, close_double, version, installed, propose, examine, run,
};
