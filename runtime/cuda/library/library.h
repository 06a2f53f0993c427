/* Library mode: contractions by a vendor's library, of whose algorithms only those are taken that
 * give the same bits every time on the same device with the same library, in f32 throughout.
 * Which one a contraction takes is pinned in a lock file.  C, and nothing here is CUDA's. */
#ifndef INV_CUDA_LIBRARY_LIBRARY_H
#define INV_CUDA_LIBRARY_LIBRARY_H
#include "cuda/device.h"

#ifdef __cplusplus
extern "C" {
#endif

struct inv_errors;

/* What keeps an algorithm from being taken. */
enum inv_trait {
    INV_UNSUPPORTED = 1,                /* for this contraction, here */
    INV_SPLIT_SUM = 2,                  /* a sum in parts, which are then added */
    INV_UNORDERED_SUM = 4,              /* a scheme to add parts other than none */
    INV_NOT_FMA = 8,                    /* tensor cores */
    INV_NARROW_SUM = 16,                /* the sum is not kept in f32 */
    INV_NARROW_INPUT = 32,              /* operands are rounded to less than f32 */
    INV_NOT_DETERMINISTIC = 64,         /* says its maker */
    INV_NO_GRAPH = 128,                 /* cannot be captured */
    INV_BIG_WORKSPACE = 256,            /* more than there is */
    INV_UNTOLD = 512                    /* the library does not say what is asked */
};

enum { INV_CONFIG = 64, INV_CANDIDATES = 64 };

struct inv_candidate {
    unsigned char config[INV_CONFIG];   /* the library's own description */
    unsigned traits;
    char text[160];                     /* "algorithm 21 tile 20 ..." */
};

/* A library, or what stands in for it in tests.  Strings returned are in new memory. */
struct inv_library_type {
    const char *name;                   /* "cublasLt" */
    /* NULL, or why it cannot be used. */
    char *(*open)(void **state, void *workspace, int64_t bytes);
    void (*close)(void *state);
    int64_t (*version)(void *state);
    /* "130100", or why there is none; needs no device. */
    char *(*installed)(void);
    /* Sets the configs of the algorithms that the library proposes, best first; their number. */
    int (*propose)(void *state, const struct inv_contraction *, struct inv_candidate *);
    /* Sets traits and text of a config. */
    void (*examine)(void *state, const struct inv_contraction *, struct inv_candidate *);
    /* Puts the product's computation on the stream; NULL, or what went wrong. */
    char *(*run)(void *state, const struct inv_contraction *, const struct inv_candidate *,
                 const float *a, const float *b, float *product, void *stream);
};

/* What the bits of a run depend on, beside the library's version. */
struct inv_machine {
    char gpu[256], architecture[16];
    int processors;
};

struct inv_library;

/* Reads the lock file, where there is one, and compares: another device or library is an error
 * unless `update` is set, which begins the file anew.  NULL after an error. */
struct inv_library *inv_library_open(const struct inv_library_type *, void *state,
                                     const struct inv_machine *, const char *path, int update,
                                     struct inv_errors *);
void inv_library_close(struct inv_library *);
/* The algorithm for a contraction: the pinned one, or else the first that may be taken, which is
 * then pinned.  0: none may be taken, use an exact kernel.  -1 after an error. */
int inv_library_choose(struct inv_library *, const struct inv_contraction *,
                       struct inv_candidate *);
/* The version, and of each contraction so far its algorithm. */
void inv_library_tell(const struct inv_library *, inv_tell *, void *state);
/* The largest power of two, at most 256, that divides all addresses at which a page begins. */
int inv_side_alignment(const struct inv_side *);
/* NULL, or why an algorithm with these traits is not taken. */
const char *inv_library_refusal(unsigned traits);

/* cublaslt.c */
extern const struct inv_library_type inv_cublaslt;

#ifdef __cplusplus
}
#endif

#endif
