/* What cuDNN proposes, with the library of stub_cudnn.c in its place. */
#include "cuda/library/cudnn.h"
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include "check.h"

enum { WORKSPACE = 1024 };
#define GRAPH "8"                       /* can be part of a CUDA graph */

static struct inv_candidate list[INV_CANDIDATES];

static int propose(const char *by_a, const char *fallback)
{
    struct inv_cudnn cudnn;
    setenv("STUB_A", by_a, 1);
    setenv("STUB_FALLBACK", fallback, 1);
    char *why = inv_cudnn_open(&cudnn);
    if (why)
        return -1;
    int count = inv_cudnn_propose(&cudnn, NULL, WORKSPACE, list);
    const int *alive = dlsym(cudnn.file, "stub_cudnn_alive");
    CHECK_FOR(*alive == 0, "descriptors are destroyed");
    inv_cudnn_close(&cudnn);
    return count;
}

static void check_engine(const char *engine, unsigned traits)
{
    CHECK_FOR(propose(engine, "") == 1, engine);
    CHECK_FOR(list[0].traits == traits, engine);
    CHECK_FOR((inv_library_refusal(list[0].traits) == NULL) == (traits == 0), engine);
}

static void check_engines(void)
{
    check_engine("5:0:" GRAPH ":0:1:0", 0);
    check_engine("5:28:" GRAPH ":1024:1:1", 0);             /* FFT, Winograd */
    check_engine("5:200:" GRAPH ":0:1:13", 0);              /* strict NaN, many knobs */
    check_engine("5:1:" GRAPH ":0:1:0", INV_NOT_FMA);
    check_engine("5:2:" GRAPH ":0:1:0", INV_NARROW_INPUT);
    check_engine("5:4:" GRAPH ":0:1:0", INV_NARROW_SUM);
    check_engine("5:10:" GRAPH ":0:1:0", INV_NOT_DETERMINISTIC);
    check_engine("5:400:" GRAPH ":0:1:0", INV_UNTOLD);      /* a note of a later cuDNN */
    check_engine("5:0:0:0:1:0", INV_NO_GRAPH);
    check_engine("5:0:7:0:1:0", INV_NO_GRAPH);
    check_engine("5:0:" GRAPH ":1025:1:0", INV_BIG_WORKSPACE);
    check_engine("5:0:" GRAPH ":0:2:1", INV_SPLIT_SUM);
    check_engine("5:0:" GRAPH ":0:70000:1", INV_UNTOLD);    /* cannot be pinned */
    check_engine("5:0:" GRAPH ":0:1:14", INV_UNTOLD);
}

/* Other knobs by which blocks share a sum: slices of k, stream-K. */
static void check_splits(void)
{
    setenv("STUB_KNOB", "17", 1);
    check_engine("5:0:" GRAPH ":0:1:1", 0);
    check_engine("5:0:" GRAPH ":0:2:1", INV_SPLIT_SUM);
    setenv("STUB_KNOB", "38", 1);
    check_engine("5:0:" GRAPH ":0:0:1", 0);
    check_engine("5:0:" GRAPH ":0:1:1", INV_SPLIT_SUM);
    unsetenv("STUB_KNOB");
}

static void check_order(void)
{
    int64_t engine;
    CHECK(propose("7:10:" GRAPH ":0:1:0,8:0:" GRAPH ":0:1:2", "9:0:" GRAPH ":0:1:0") == 3);
    for (int i = 0; i < 3; i++) {
        memcpy(&engine, list[i].config, sizeof engine);
        CHECK(engine == 7 + i);
    }
    CHECK(strcmp(list[1].text, "engine 8 with 2 knobs") == 0);
    CHECK(propose("", "") == 0);
    CHECK(propose("nonsense", "9:0:" GRAPH ":0:1:0") == 1);
}

static void check_missing(void)
{
    struct inv_cudnn cudnn;
    setenv("INVAR_CUDNN", "./no_such_library.so", 1);
    char *why = inv_cudnn_open(&cudnn);
    CHECK(why && strstr(why, "cuDNN cannot be opened: "));
    free(why);
    setenv("INVAR_CUDNN", "libz.so.1", 1);
    why = inv_cudnn_open(&cudnn);
    CHECK(why && strstr(why, "cuDNN lacks functions"));
    free(why);
}

int main(void)
{
    check_engines();
    check_splits();
    check_order();
    check_missing();
    printf("%d passed, %d failed, 0 skipped\n", passed, failed);
    return failed != 0;
}
