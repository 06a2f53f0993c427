/* A libcublasLt that proposes what STUB says, good and forbidden algorithms in turn, and multiplies
 * matrices of this program's memory as the layouts that it is given demand.
 *
 * STUB: algorithms apart by commas, each ID:SPLIT:SCHEME:FLAGS:WORKSPACE:CHECK; CHECK 0 is a
 * configuration that cublasLtMatmulAlgoCheck refuses. */
#include <cublasLt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct algo {
    int id, split, scheme;
    unsigned long long flags, workspace;
    int check;
};

struct desc {
    int32_t transpose_a, transpose_b;
    cublasComputeType_t compute;
};

struct layout {
    int64_t rows, columns, apart, page;
    int32_t pages;
};

struct preference {
    uint32_t scheme;
    uint64_t how, workspace;
    uint32_t alignment[4];
};

size_t cublasLtGetVersion(void)
{
    return 130199;
}

cublasStatus_t cublasLtCreate(cublasLtHandle_t *handle)
{
    *handle = malloc(1);
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtDestroy(cublasLtHandle_t handle)
{
    free(handle);
    return CUBLAS_STATUS_SUCCESS;
}

/* ---- descriptors ---- */

cublasStatus_t cublasLtMatmulDescCreate(cublasLtMatmulDesc_t *d, cublasComputeType_t compute,
                                        cudaDataType_t scale)
{
    struct desc *made = calloc(1, sizeof *made);
    made->compute = compute;
    *d = (cublasLtMatmulDesc_t)(void *)made;
    return scale == CUDA_R_32F ? CUBLAS_STATUS_SUCCESS : CUBLAS_STATUS_NOT_SUPPORTED;
}

cublasStatus_t cublasLtMatmulDescDestroy(cublasLtMatmulDesc_t d)
{
    free(d);
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmulDescSetAttribute(cublasLtMatmulDesc_t d,
                                              cublasLtMatmulDescAttributes_t key, const void *value,
                                              size_t size)
{
    struct desc *desc = (struct desc *)(void *)d;
    if (size != sizeof(int32_t))
        return CUBLAS_STATUS_INVALID_VALUE;
    memcpy(key == CUBLASLT_MATMUL_DESC_TRANSA ? &desc->transpose_a : &desc->transpose_b, value,
           size);
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatrixLayoutCreate(cublasLtMatrixLayout_t *l, cudaDataType type,
                                          uint64_t rows, uint64_t columns, int64_t apart)
{
    struct layout *made = calloc(1, sizeof *made);
    *made = (struct layout){ (int64_t)rows, (int64_t)columns, apart, 0, 1 };
    *l = (cublasLtMatrixLayout_t)(void *)made;
    return type == CUDA_R_32F && apart >= (int64_t)rows ? CUBLAS_STATUS_SUCCESS
                                                        : CUBLAS_STATUS_INVALID_VALUE;
}

cublasStatus_t cublasLtMatrixLayoutDestroy(cublasLtMatrixLayout_t l)
{
    free(l);
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatrixLayoutSetAttribute(cublasLtMatrixLayout_t l,
                                                cublasLtMatrixLayoutAttribute_t key,
                                                const void *value, size_t size)
{
    struct layout *layout = (struct layout *)(void *)l;
    memcpy(key == CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT ? (void *)&layout->pages
                                                     : (void *)&layout->page, value, size);
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmulPreferenceCreate(cublasLtMatmulPreference_t *p)
{
    *p = calloc(1, sizeof(struct preference));
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmulPreferenceDestroy(cublasLtMatmulPreference_t p)
{
    free(p);
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmulPreferenceSetAttribute(cublasLtMatmulPreference_t p,
                                                    cublasLtMatmulPreferenceAttributes_t key,
                                                    const void *value, size_t size)
{
    struct preference *preference = (struct preference *)(void *)p;
    if (key == CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK)
        memcpy(&preference->scheme, value, size);
    else if (key == CUBLASLT_MATMUL_PREF_IMPL_MASK)
        memcpy(&preference->how, value, size);
    else if (key == CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES)
        memcpy(&preference->workspace, value, size);
    return CUBLAS_STATUS_SUCCESS;
}

/* ---- algorithms ---- */

/* As a careless library would: what the preference forbids is proposed all the same. */
cublasStatus_t cublasLtMatmulAlgoGetHeuristic(
    cublasLtHandle_t handle, cublasLtMatmulDesc_t d, cublasLtMatrixLayout_t a,
    cublasLtMatrixLayout_t b, cublasLtMatrixLayout_t c, cublasLtMatrixLayout_t product,
    cublasLtMatmulPreference_t p, int most, cublasLtMatmulHeuristicResult_t result[], int *count)
{
    const struct preference *preference = (const struct preference *)(const void *)p;
    const char *at = getenv("STUB");
    (void)handle, (void)d, (void)a, (void)b, (void)c, (void)product;
    *count = 0;
    if (preference->how != (CUBLASLT_NUMERICAL_IMPL_FLAGS_FMA |
                            CUBLASLT_NUMERICAL_IMPL_FLAGS_INPUT_32F |
                            CUBLASLT_NUMERICAL_IMPL_FLAGS_ACCUMULATOR_32F) ||
        preference->scheme != CUBLASLT_REDUCTION_SCHEME_NONE || preference->workspace == 0)
        return CUBLAS_STATUS_INVALID_VALUE;
    for (; at && *at && *count < most; (*count)++) {
        struct algo algo;
        if (sscanf(at, "%d:%d:%d:%llx:%llu:%d", &algo.id, &algo.split, &algo.scheme, &algo.flags,
                   &algo.workspace, &algo.check) != 6)
            return CUBLAS_STATUS_INTERNAL_ERROR;
        memset(&result[*count], 0, sizeof result[*count]);
        memcpy(&result[*count].algo, &algo, sizeof algo);
        at = strchr(at, ',');
        at += at != NULL;
        if (!at)
            at = "";
    }
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmulAlgoCheck(cublasLtHandle_t handle, cublasLtMatmulDesc_t d,
                                       cublasLtMatrixLayout_t a, cublasLtMatrixLayout_t b,
                                       cublasLtMatrixLayout_t c, cublasLtMatrixLayout_t product,
                                       const cublasLtMatmulAlgo_t *algo,
                                       cublasLtMatmulHeuristicResult_t *result)
{
    struct algo mine;
    (void)handle, (void)d, (void)a, (void)b, (void)c, (void)product;
    memcpy(&mine, algo, sizeof mine);
    memset(result, 0, sizeof *result);
    result->workspaceSize = mine.workspace;
    result->state = mine.check ? CUBLAS_STATUS_SUCCESS : CUBLAS_STATUS_NOT_SUPPORTED;
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmulAlgoConfigGetAttribute(const cublasLtMatmulAlgo_t *algo,
                                                    cublasLtMatmulAlgoConfigAttributes_t key,
                                                    void *value, size_t size, size_t *written)
{
    struct algo mine;
    memcpy(&mine, algo, sizeof mine);
    memset(value, 0, size);
    if (key == CUBLASLT_ALGO_CONFIG_ID)
        memcpy(value, &mine.id, size);
    if (key == CUBLASLT_ALGO_CONFIG_SPLITK_NUM)
        memcpy(value, &mine.split, size);
    if (key == CUBLASLT_ALGO_CONFIG_REDUCTION_SCHEME)
        memcpy(value, &mine.scheme, size);
    *written = size;
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmulAlgoCapGetAttribute(const cublasLtMatmulAlgo_t *algo,
                                                 cublasLtMatmulAlgoCapAttributes_t key, void *value,
                                                 size_t size, size_t *written)
{
    struct algo mine;
    memcpy(&mine, algo, sizeof mine);
    if (key != CUBLASLT_ALGO_CAP_NUMERICAL_IMPL_FLAGS || mine.flags == 0)
        return CUBLAS_STATUS_NOT_SUPPORTED;
    memcpy(value, &mine.flags, size);
    *written = size;
    return CUBLAS_STATUS_SUCCESS;
}

/* ---- multiplying ---- */

static float element(const float *x, const struct layout *l, int transpose, int64_t page,
                     int64_t row, int64_t column)
{
    int64_t r = transpose ? column : row, c = transpose ? row : column;
    return x[page * l->page + r + c * l->apart];
}

cublasStatus_t cublasLtMatmul(cublasLtHandle_t handle, cublasLtMatmulDesc_t d, const void *alpha,
                              const void *a, cublasLtMatrixLayout_t la, const void *b,
                              cublasLtMatrixLayout_t lb, const void *beta, const void *c,
                              cublasLtMatrixLayout_t lc, void *product, cublasLtMatrixLayout_t lp,
                              const cublasLtMatmulAlgo_t *algo, void *workspace, size_t bytes,
                              cudaStream_t stream)
{
    const struct desc *desc = (const struct desc *)(const void *)d;
    const struct layout *left = (const void *)la, *right = (const void *)lb;
    const struct layout *out = (const void *)lp;
    int ta = desc->transpose_a == CUBLAS_OP_T, tb = desc->transpose_b == CUBLAS_OP_T;
    int64_t k = ta ? left->rows : left->columns;
    (void)handle, (void)c, (void)lc, (void)algo, (void)workspace, (void)bytes, (void)stream;
    if (desc->compute != CUBLAS_COMPUTE_32F_PEDANTIC || *(const float *)alpha != 1.0f ||
        *(const float *)beta != 0.0f || (ta ? left->columns : left->rows) != out->rows ||
        (tb ? right->rows : right->columns) != out->columns ||
        (tb ? right->columns : right->rows) != k)
        return CUBLAS_STATUS_INVALID_VALUE;
    for (int64_t page = 0; page < out->pages; page++)
        for (int64_t i = 0; i < out->rows; i++)
            for (int64_t j = 0; j < out->columns; j++) {
                float sum = 0;
                for (int64_t p = 0; p < k; p++)
                    sum += element(a, left, ta, page, i, p) * element(b, right, tb, page, p, j);
                ((float *)product)[page * out->page + i + j * out->apart] = sum;
            }
    return CUBLAS_STATUS_SUCCESS;
}
