/* What cuDNN proposes for an operation graph, with what keeps an engine from being taken. */
#ifndef INV_CUDA_LIBRARY_CUDNN_H
#define INV_CUDA_LIBRARY_CUDNN_H
#include <cudnn.h>
#include "cuda/library/library.h"

struct inv_cudnn {
    void *file;                         /* of dlopen */
    __typeof__(cudnnBackendCreateDescriptor) *create;
    __typeof__(cudnnBackendDestroyDescriptor) *destroy;
    __typeof__(cudnnBackendFinalize) *finalize;
    __typeof__(cudnnBackendSetAttribute) *set;
    __typeof__(cudnnBackendGetAttribute) *get;
};

/* Opens libcudnn, or the file that INVAR_CUDNN names.  NULL, or why not, in new memory. */
char *inv_cudnn_open(struct inv_cudnn *);
void inv_cudnn_close(struct inv_cudnn *);
/* The engine configurations for a finalized operation graph, in the heuristics' order (mode A, then
 * fallback), with traits; at most INV_CANDIDATES.  A config is an engine's number and its knobs. */
int inv_cudnn_propose(const struct inv_cudnn *, cudnnBackendDescriptor_t graph,
                      int64_t workspace, struct inv_candidate *);

#endif
