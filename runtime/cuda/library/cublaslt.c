/* cuBLASLt as a library of contractions, in f32 by fma alone.
 *
 * It is opened by dlopen: a program says which version it found and pins that, a missing library
 * is an error with a cure instead of the loader's, and tests put a library of their own in its
 * place (INVAR_CUBLASLT names the file). */
#include <cublasLt.h>
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cuda/library/library.h"
#include "host/errors.h"

/* The functions taken from the library. */
#define FUNCTIONS(X)                                                                         \
    X(cublasLtCreate) X(cublasLtDestroy) X(cublasLtGetVersion) X(cublasLtMatmul)             \
    X(cublasLtMatmulAlgoGetHeuristic) X(cublasLtMatmulAlgoCheck)                             \
    X(cublasLtMatmulAlgoConfigGetAttribute) X(cublasLtMatmulAlgoCapGetAttribute)             \
    X(cublasLtMatmulDescCreate) X(cublasLtMatmulDescDestroy) X(cublasLtMatmulDescSetAttribute) \
    X(cublasLtMatrixLayoutCreate) X(cublasLtMatrixLayoutDestroy)                             \
    X(cublasLtMatrixLayoutSetAttribute) X(cublasLtMatmulPreferenceCreate)                    \
    X(cublasLtMatmulPreferenceDestroy) X(cublasLtMatmulPreferenceSetAttribute)

struct cublaslt {
    void *file;                         /* of dlopen */
    cublasLtHandle_t handle;
    void *workspace;
    uint64_t workspace_bytes;
#define MEMBER(name) __typeof__(name) *name;
    FUNCTIONS(MEMBER)
#undef MEMBER
};

_Static_assert(sizeof(cublasLtMatmulAlgo_t) <= INV_CONFIG, "a config holds an algorithm");

/* ---- opening ---- */

static char *find_functions(struct cublaslt *l)
{
    static const char *const name[] = {
#define NAME(name) #name,
        FUNCTIONS(NAME)
#undef NAME
    };
    void *found[sizeof name / sizeof *name];
    for (size_t i = 0; i < sizeof name / sizeof *name; i++) {
        found[i] = dlsym(l->file, name[i]);
        if (!found[i])
            return inv_text("cuBLASLt has no function %s; install the CUDA Toolkit's own", name[i]);
    }
    size_t i = 0;
#define TAKE(name) memcpy(&l->name, &found[i++], sizeof found[0]);
    FUNCTIONS(TAKE)
#undef TAKE
    return NULL;
}

static char *load(struct cublaslt *l)
{
    char *file = inv_text("libcublasLt.so.%d", CUBLAS_VER_MAJOR), *why = NULL;
    const char *wish = getenv("INVAR_CUBLASLT");
    l->file = dlopen(wish && *wish ? wish : file, RTLD_NOW | RTLD_LOCAL);
    if (!l->file)
        why = inv_text("cuBLASLt cannot be opened: %s; install it or add its folder to "
                       "LD_LIBRARY_PATH, or build without --kernels library", dlerror());
    free(file);
    return why ? why : find_functions(l);
}

static void close_library(void *state)
{
    struct cublaslt *l = state;
    if (l->handle)
        l->cublasLtDestroy(l->handle);
    if (l->file)
        dlclose(l->file);
    free(l);
}

static char *open_library(void **state, void *workspace, int64_t bytes)
{
    struct cublaslt *l = inv_allocate(sizeof *l);
    char *why = load(l);
    l->workspace = workspace;
    l->workspace_bytes = (uint64_t)bytes;
    if (!why && l->cublasLtCreate(&l->handle) != CUBLAS_STATUS_SUCCESS)
        why = inv_text("cublasLtCreate: cuBLASLt does not work with this GPU and driver");
    *state = l;
    if (why) {
        close_library(l);
        *state = NULL;
    }
    return why;
}

static int64_t version(void *state)
{
    return (int64_t)((struct cublaslt *)state)->cublasLtGetVersion();
}

static char *installed(void)
{
    struct cublaslt l = { .file = NULL };
    char *why = load(&l);
    char *text = why ? why : inv_text("%zu", l.cublasLtGetVersion());
    if (l.file)
        dlclose(l.file);
    return text;
}

/* ---- a contraction as cuBLASLt sees it ---- */

/* cuBLASLt's matrices lie column by column, so that the product becomes its transpose:
 * product' [n, m] = b' [n, k] * a' [k, m]. */
struct matmul {
    cublasLtMatmulDesc_t operation;
    cublasLtMatrixLayout_t b, a, product;
    cublasLtMatmulPreference_t preference;
    int failed;
};

/* A matrix with `own` rows and `k` columns, or its transpose, by columns: 0 where it is neither. */
static int lay_out(const struct inv_side *side, int64_t own, int64_t k, int64_t *columns_apart,
                   int *transposed)
{
    *transposed = !(side->own == 1 || own == 1);
    *columns_apart = *transposed ? side->own : side->k;
    if (*transposed && side->k != 1 && k != 1)
        return 0;
    int64_t height = *transposed ? k : own, width = *transposed ? own : k;
    if (width == 1 && *columns_apart < height)
        *columns_apart = height;
    return *columns_apart >= height;
}

static void set_layout(struct cublaslt *l, struct matmul *m, cublasLtMatrixLayout_t *layout,
                       int64_t height, int64_t width, int64_t columns_apart, int64_t pages,
                       int64_t page)
{
    int32_t count = (int32_t)pages;
    m->failed |= l->cublasLtMatrixLayoutCreate(layout, CUDA_R_32F, (uint64_t)height,
                                               (uint64_t)width, columns_apart) != 0;
    if (m->failed || pages == 1)
        return;
    m->failed |= l->cublasLtMatrixLayoutSetAttribute(
        *layout, CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT, &count, sizeof count) != 0;
    m->failed |= l->cublasLtMatrixLayoutSetAttribute(
        *layout, CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET, &page, sizeof page) != 0;
}

static void set_operand(struct cublaslt *l, struct matmul *m, cublasLtMatrixLayout_t *layout,
                        const struct inv_contraction *c, int is_a)
{
    const struct inv_side *side = is_a ? &c->a : &c->b;
    int64_t own = is_a ? c->m : c->n, columns_apart;
    int transposed;
    if (!lay_out(side, own, c->k, &columns_apart, &transposed)) {
        m->failed = 1;
        return;
    }
    set_layout(l, m, layout, transposed ? c->k : own, transposed ? own : c->k, columns_apart,
               c->pages, side->page);
    /* The right operand is a' = [k, m], which is what lies there transposed. */
    int32_t operation = (is_a ? !transposed : transposed) ? CUBLAS_OP_T : CUBLAS_OP_N;
    m->failed |= l->cublasLtMatmulDescSetAttribute(
        m->operation, is_a ? CUBLASLT_MATMUL_DESC_TRANSB : CUBLASLT_MATMUL_DESC_TRANSA,
        &operation, sizeof operation) != 0;
}

static void prefer(struct cublaslt *l, struct matmul *m, cublasLtMatmulPreferenceAttributes_t key,
                   const void *value, size_t size)
{
    m->failed |= l->cublasLtMatmulPreferenceSetAttribute(m->preference, key, value, size) != 0;
}

static void set_preference(struct cublaslt *l, struct matmul *m, const struct inv_contraction *c)
{
    uint32_t scheme = CUBLASLT_REDUCTION_SCHEME_NONE, a = (uint32_t)inv_side_alignment(&c->a);
    uint32_t b = (uint32_t)inv_side_alignment(&c->b), product = c->pages == 1 ? 256 : 4;
    uint64_t how = CUBLASLT_NUMERICAL_IMPL_FLAGS_FMA | CUBLASLT_NUMERICAL_IMPL_FLAGS_INPUT_32F |
                   CUBLASLT_NUMERICAL_IMPL_FLAGS_ACCUMULATOR_32F;
    m->failed |= l->cublasLtMatmulPreferenceCreate(&m->preference) != 0;
    prefer(l, m, CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK, &scheme, sizeof scheme);
    prefer(l, m, CUBLASLT_MATMUL_PREF_IMPL_MASK, &how, sizeof how);
    prefer(l, m, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, &l->workspace_bytes,
           sizeof l->workspace_bytes);
    prefer(l, m, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, &b, sizeof b);
    prefer(l, m, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES, &a, sizeof a);
    prefer(l, m, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, &product, sizeof product);
    prefer(l, m, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES, &product, sizeof product);
}

/* failed: cuBLASLt cannot express it. */
static struct matmul begin(struct cublaslt *l, const struct inv_contraction *c)
{
    struct matmul m = { .failed = 0 };
    m.failed = l->cublasLtMatmulDescCreate(&m.operation, CUBLAS_COMPUTE_32F_PEDANTIC,
                                           CUDA_R_32F) != 0;
    if (!m.failed)
        set_operand(l, &m, &m.b, c, 0);
    if (!m.failed)
        set_operand(l, &m, &m.a, c, 1);
    if (!m.failed)
        set_layout(l, &m, &m.product, c->n, c->m, c->n, c->pages, c->m * c->n);
    if (!m.failed)
        set_preference(l, &m, c);
    return m;
}

static void end(struct cublaslt *l, struct matmul *m)
{
    if (m->preference)
        l->cublasLtMatmulPreferenceDestroy(m->preference);
    if (m->product)
        l->cublasLtMatrixLayoutDestroy(m->product);
    if (m->a)
        l->cublasLtMatrixLayoutDestroy(m->a);
    if (m->b)
        l->cublasLtMatrixLayoutDestroy(m->b);
    if (m->operation)
        l->cublasLtMatmulDescDestroy(m->operation);
}

/* ---- what it proposes ---- */

static int propose(void *state, const struct inv_contraction *c, struct inv_candidate *candidate)
{
    struct cublaslt *l = state;
    struct matmul m = begin(l, c);
    cublasLtMatmulHeuristicResult_t *result = inv_allocate(INV_CANDIDATES * sizeof *result);
    int count = 0;
    if (!m.failed && l->cublasLtMatmulAlgoGetHeuristic(l->handle, m.operation, m.b, m.a, m.product,
                                                       m.product, m.preference, INV_CANDIDATES,
                                                       result, &count) != CUBLAS_STATUS_SUCCESS)
        count = 0;
    for (int i = 0; i < count; i++) {
        candidate[i] = (struct inv_candidate){ .traits = 0 };
        memcpy(candidate[i].config, &result[i].algo, sizeof result[i].algo);
    }
    free(result);
    end(l, &m);
    return count;
}

struct attributes {
    int32_t id, split;
    uint32_t tile, scheme, swizzle, custom, stages;
    uint16_t inner, cluster;
    uint64_t how;
};

static int read_attributes(struct cublaslt *l, const cublasLtMatmulAlgo_t *algo,
                           struct attributes *a)
{
    const struct {
        cublasLtMatmulAlgoConfigAttributes_t key;
        void *to;
        size_t size;
    } wanted[] = {
        { CUBLASLT_ALGO_CONFIG_ID, &a->id, sizeof a->id },
        { CUBLASLT_ALGO_CONFIG_TILE_ID, &a->tile, sizeof a->tile },
        { CUBLASLT_ALGO_CONFIG_SPLITK_NUM, &a->split, sizeof a->split },
        { CUBLASLT_ALGO_CONFIG_REDUCTION_SCHEME, &a->scheme, sizeof a->scheme },
        { CUBLASLT_ALGO_CONFIG_CTA_SWIZZLING, &a->swizzle, sizeof a->swizzle },
        { CUBLASLT_ALGO_CONFIG_CUSTOM_OPTION, &a->custom, sizeof a->custom },
        { CUBLASLT_ALGO_CONFIG_STAGES_ID, &a->stages, sizeof a->stages },
        { CUBLASLT_ALGO_CONFIG_INNER_SHAPE_ID, &a->inner, sizeof a->inner },
        { CUBLASLT_ALGO_CONFIG_CLUSTER_SHAPE_ID, &a->cluster, sizeof a->cluster },
    };
    size_t written;
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
        if (l->cublasLtMatmulAlgoConfigGetAttribute(algo, wanted[i].key, wanted[i].to,
                                                    wanted[i].size, &written) != 0)
            return 0;
    return l->cublasLtMatmulAlgoCapGetAttribute(algo, CUBLASLT_ALGO_CAP_NUMERICAL_IMPL_FLAGS,
                                                &a->how, sizeof a->how, &written) == 0;
}

static unsigned traits_of(const struct attributes *a)
{
    uint64_t type = a->how & CUBLASLT_NUMERICAL_IMPL_FLAGS_OP_TYPE_MASK;
    uint64_t sum = a->how & CUBLASLT_NUMERICAL_IMPL_FLAGS_ACCUMULATOR_TYPE_MASK;
    uint64_t input = a->how & CUBLASLT_NUMERICAL_IMPL_FLAGS_OP_INPUT_TYPE_MASK;
    unsigned traits = 0;
    traits |= a->split > 1 || a->split < 0 ? INV_SPLIT_SUM : 0;
    traits |= a->scheme != CUBLASLT_REDUCTION_SCHEME_NONE ? INV_UNORDERED_SUM : 0;
    traits |= type != CUBLASLT_NUMERICAL_IMPL_FLAGS_FMA ? INV_NOT_FMA : 0;
    traits |= sum != CUBLASLT_NUMERICAL_IMPL_FLAGS_ACCUMULATOR_32F ? INV_NARROW_SUM : 0;
    traits |= input != CUBLASLT_NUMERICAL_IMPL_FLAGS_INPUT_32F ? INV_NARROW_INPUT : 0;
    return traits;
}

static void examine(void *state, const struct inv_contraction *c, struct inv_candidate *candidate)
{
    struct cublaslt *l = state;
    struct matmul m = begin(l, c);
    struct attributes a = { .id = 0 };
    cublasLtMatmulAlgo_t algo;
    cublasLtMatmulHeuristicResult_t result;
    memcpy(&algo, candidate->config, sizeof algo);
    candidate->traits = read_attributes(l, &algo, &a) ? traits_of(&a) : INV_UNTOLD;
    if (m.failed || l->cublasLtMatmulAlgoCheck(l->handle, m.operation, m.b, m.a, m.product,
                                               m.product, &algo, &result) != 0 ||
        result.state != CUBLAS_STATUS_SUCCESS)
        candidate->traits |= INV_UNSUPPORTED;
    else if (result.workspaceSize > l->workspace_bytes)
        candidate->traits |= INV_BIG_WORKSPACE;
    snprintf(candidate->text, sizeof candidate->text, "algorithm %d tile %u stages %u inner %u "
             "cluster %u swizzle %u custom %u", (int)a.id, (unsigned)a.tile, (unsigned)a.stages,
             (unsigned)a.inner, (unsigned)a.cluster, (unsigned)a.swizzle, (unsigned)a.custom);
    end(l, &m);
}

static char *run(void *state, const struct inv_contraction *c,
                 const struct inv_candidate *candidate, const float *a, const float *b,
                 float *product, void *stream)
{
    struct cublaslt *l = state;
    struct matmul m = begin(l, c);
    const float one = 1.0f, zero = 0.0f;
    cublasLtMatmulAlgo_t algo;
    cublasStatus_t status = CUBLAS_STATUS_NOT_SUPPORTED;
    memcpy(&algo, candidate->config, sizeof algo);
    if (!m.failed)
        status = l->cublasLtMatmul(l->handle, m.operation, &one, b, m.b, a, m.a, &zero, product,
                                   m.product, product, m.product, &algo, l->workspace,
                                   l->workspace_bytes, stream);
    end(l, &m);
    if (status == CUBLAS_STATUS_SUCCESS)
        return NULL;
    return inv_text("cublasLtMatmul: status %d with %s", (int)status, candidate->text);
}

const struct inv_library_type inv_cublaslt = {
    .name = "cublasLt", .open = open_library, .close = close_library, .version = version,
    .installed = installed,
    .propose = propose, .examine = examine, .run = run,
};
