/* From a planned program to files on disk: sources, a trainer, or a run of it.  Every function
 * returns 0, or prints what is wrong and its cure to stderr and returns 1. */
#ifndef INVAR_BUILD_H
#define INVAR_BUILD_H
#include "graph/program.h"

struct inv_claims;
struct inv_errors;

struct build_options {
    const char *cc;                     /* --cc; NULL: $CC, else "cc" */
    const char *cflags;                 /* --cflags, after Invar's own; the runtime is compiled with
                                         * them too; NULL: none, and the built runtime is linked */
    bool verbose;                       /* print the commands */
    bool cuda;                          /* --target cuda */
    bool mpi;                           /* --mpi: the trainer may be one of several ranks */
    bool nccl;                          /* --nccl, with mpi: these exchange sums by NCCL */
    const char *ranks;                  /* --ranks: how many mpirun starts; NULL: run it alone */
    const char *archs;                  /* --arch: "80,90" of CUDA devices; NULL: the usual ones */
};

/* Writes NAME.c, NAME.h, main.c, CMakeLists.txt, README.md and the runtime into `dir` (made).  Here
 * and below `claims` are the files that must not be overwritten. */
int build_emit(const struct program *, const char *dir, struct inv_claims *);
/* Writes NAME.c, NAME.h and the core for a microcontroller into `dir` (made), and NAME_weights.c
 * where `weights` names a file of them (else NULL); as a library for an ecosystem where `layout` is
 * platformio, arduino, esp-idf or zephyr, not plain or NULL. */
int build_firmware(const struct program *, const char *dir, const char *weights,
                   const char *layout, struct inv_claims *);
/* Writes NAME.cu, NAME.c, NAME.h, main.c, CMakeLists.txt, README.md and the runtime of a trainer
 * on a CUDA device into `dir` (made). */
int build_cuda_emit(const struct program *, const char *dir, struct inv_claims *);
/* The arena's first bytes as that file has them; NULL after an error. */
const uint32_t *build_read_weights(const struct program *, const char *path, struct inv_errors *);
/* Compiles for every instruction-set level of this architecture, or for CUDA devices, into the
 * executable `out`. */
int build_trainer(const struct program *, const char *out, const struct build_options *,
                  struct inv_claims *);
/* Compiles for this machine's level only, or takes it from the cache, and becomes the trainer
 * with argv[1..argc-1] as its options (argv[0] is replaced).  Returns only on failure. */
int build_run(const struct program *, int argc, char **argv, const struct build_options *);
/* The same in a process that is waited for: the trainer's exit status. */
int build_attend(const struct program *, int argc, char **argv, const struct build_options *);

#endif
