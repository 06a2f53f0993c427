/* cuBLASLt's back end with the library of stub.c in its place: what it proposes is translated and
 * refused, and operands reach it as they lie. */
#include <cublasLt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "check.h"
#include "cuda/library/library.h"
#include "host/errors.h"

#define FMA_F32 "80201"                 /* fma, sums and operands in f32 */

static const struct inv_machine machine = { "Stub", "sm_90", 1 };
enum { WORKSPACE = 1024, ROOM = 4096 };

/* The ID of the algorithm that is chosen when the stub proposes these; 0: none, -1: an error. */
static int chosen_of(const char *proposals)
{
    const struct inv_contraction c = { 1, 4, 5, 6, { 0, 0, 6, 1 }, { 0, 0, 1, 5 } };
    struct inv_errors errors = { .to = stdout };
    struct inv_candidate got;
    void *state;
    int id = 0;
    setenv("STUB", proposals, 1);
    unlink("m.lock");
    char *why = inv_cublaslt.open(&state, NULL, WORKSPACE);
    if (why)
        return -1;
    struct inv_library *l = inv_library_open(&inv_cublaslt, state, &machine, "m.lock", 0, &errors);
    int answer = inv_library_choose(l, &c, &got);
    if (answer == 1)
        memcpy(&id, got.config, sizeof id);
    inv_library_close(l);
    inv_cublaslt.close(state);
    return answer < 0 ? -1 : id;
}

static void check_forbidden(void)
{
    static const char *const forbidden[] = {
        "1:2:0:" FMA_F32 ":0:1",        /* split-K */
        "1:-1:0:" FMA_F32 ":0:1",       /* split-K of the library's choice */
        "1:1:1:" FMA_F32 ":0:1",        /* parts added in place */
        "1:1:2:" FMA_F32 ":0:1",        /* parts added in the compute type */
        "1:1:4:" FMA_F32 ":0:1",        /* parts added in the output type */
        "1:1:0:80202:0:1",              /* tensor cores: HMMA */
        "1:1:0:80204:0:1",              /* IMMA */
        "1:1:0:80208:0:1",              /* DMMA */
        "1:1:0:80203:0:1",              /* fma or HMMA */
        "1:1:0:80101:0:1",              /* sums in f16 */
        "1:1:0:80401:0:1",              /* sums in f64 */
        "1:1:0:40201:0:1",              /* operands in tf32 */
        "1:1:0:20201:0:1",              /* operands in bf16 */
        "1:1:0:10201:0:1",              /* operands in f16 */
        "1:1:0:c0201:0:1",              /* operands in f32 or tf32 */
        "1:1:0:0:0:1",                  /* does not say */
        "1:1:0:" FMA_F32 ":0:0",        /* not for this shape */
        "1:1:0:" FMA_F32 ":1025:1",     /* too much workspace */
    };
    char both[256];
    for (size_t i = 0; i < sizeof forbidden / sizeof *forbidden; i++) {
        CHECK_FOR(chosen_of(forbidden[i]) == 0, forbidden[i]);
        snprintf(both, sizeof both, "%s,2:1:0:" FMA_F32 ":1024:1,3:1:0:" FMA_F32 ":0:1",
                 forbidden[i]);
        CHECK_FOR(chosen_of(both) == 2, both);
    }
    CHECK(chosen_of("") == 0);
    CHECK(chosen_of("7:0:0:" FMA_F32 ":0:1") == 7);
}

/* Operands with these strides give the product; 0 where the library cannot express them. */
static int multiplies(const struct inv_contraction *c)
{
    static float a[ROOM], b[ROOM], product[ROOM];
    struct inv_candidate list[INV_CANDIDATES];
    void *state;
    int good = 1;
    for (int i = 0; i < ROOM; i++) {
        a[i] = (float)(i * 7 % 31 - 15);
        b[i] = (float)(i * 5 % 29 - 14);
        product[i] = 1e30f;
    }
    setenv("STUB", "2:1:0:" FMA_F32 ":0:1", 1);
    free(inv_cublaslt.open(&state, NULL, WORKSPACE));
    int count = inv_cublaslt.propose(state, c, list);
    char *why = count ? inv_cublaslt.run(state, c, &list[0], a, b, product, NULL) : NULL;
    inv_cublaslt.close(state);
    for (int64_t e = 0; count && e < c->pages * c->m * c->n; e++) {
        int64_t page = e / (c->m * c->n), i = e / c->n % c->m, j = e % c->n;
        float sum = 0;
        for (int64_t p = 0; p < c->k; p++)
            sum += a[page * c->a.page + i * c->a.own + p * c->a.k] *
                   b[page * c->b.page + j * c->b.own + p * c->b.k];
        good &= product[e] == sum;
    }
    good &= why == NULL;
    free(why);
    return count && good;
}

static void check_layouts(void)
{
    static const struct inv_side a[] = { { 0, 0, 6, 1 }, { 0, 0, 1, 4 }, { 0, 0, 9, 1 } };
    static const struct inv_side b[] = { { 0, 0, 1, 5 }, { 0, 0, 6, 1 }, { 0, 0, 1, 8 } };
    for (int i = 0; i < 9; i++) {
        struct inv_contraction c = { 1, 4, 5, 6, a[i / 3], b[i % 3] };
        CHECK(multiplies(&c));
        c.pages = 3;
        c.a.page = 70;
        c.b.page = 80;
        CHECK(multiplies(&c));
        c.b.page = 0;
        CHECK(multiplies(&c));
    }
    static const struct inv_contraction edges[] = {
        { 1, 1, 5, 6, { 0, 0, 6, 1 }, { 0, 0, 1, 5 } },
        { 1, 4, 1, 6, { 0, 0, 6, 1 }, { 0, 0, 1, 1 } },
        { 1, 4, 1, 6, { 0, 0, 6, 1 }, { 0, 0, 9, 3 } },
        { 1, 4, 5, 1, { 0, 0, 1, 1 }, { 0, 0, 1, 5 } },
        { 1, 4, 5, 1, { 0, 0, 3, 7 }, { 0, 0, 2, 9 } },
        { 1, 1, 1, 1, { 0, 0, 1, 1 }, { 0, 0, 1, 1 } },
    };
    for (size_t i = 0; i < sizeof edges / sizeof *edges; i++)
        CHECK(multiplies(&edges[i]));
    struct inv_contraction apart = { 1, 4, 5, 6, { 0, 0, 12, 2 }, { 0, 0, 1, 5 } };
    CHECK_FOR(!multiplies(&apart), "no stride of 1: left to the exact kernel");
    apart.a = (struct inv_side){ 0, 0, 0, 1 };
    CHECK_FOR(!multiplies(&apart), "a row for all: left to the exact kernel");
}

static void check_missing(void)
{
    char *stub = strdup(getenv("INVAR_CUBLASLT"));
    void *state;
    char *text = inv_cublaslt.installed();
    CHECK(strcmp(text, "130199") == 0);
    free(text);
    setenv("INVAR_CUBLASLT", "./no_such_library.so", 1);
    text = inv_cublaslt.installed();
    CHECK(strstr(text, "cuBLASLt cannot be opened: "));
    free(text);
    char *why = inv_cublaslt.open(&state, NULL, WORKSPACE);
    CHECK(why && strstr(why, "cuBLASLt cannot be opened: ") && strstr(why, "LD_LIBRARY_PATH"));
    free(why);
    setenv("INVAR_CUBLASLT", "libz.so.1", 1);
    why = inv_cublaslt.open(&state, NULL, WORKSPACE);
    CHECK(why && strstr(why, "cuBLASLt has no function cublasLt"));
    free(why);
    setenv("INVAR_CUBLASLT", stub, 1);
    free(stub);
}

int main(void)
{
    check_forbidden();
    check_layouts();
    check_missing();
    printf("%d passed, %d failed, 0 skipped\n", passed, failed);
    return failed != 0;
}
