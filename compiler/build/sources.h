/* What a program's folder holds: false after printing what failed. */
#ifndef INVAR_BUILD_SOURCES_H
#define INVAR_BUILD_SOURCES_H
#include "build/files.h"
#include "graph/program.h"

#ifndef INVAR_VERSION
#define INVAR_VERSION "0"
#endif

/* Every build rounds as written; docs/numerics.md, section 1. */
#define BUILD_FLAGS "-std=gnu11 -O3 -ffp-contract=off -fno-math-errno -fno-trapping-math"

/* And the runtime can be linked into a library that trains, which exports nothing of it. */
#define RUNTIME_FLAGS "-fPIC -fvisibility=hidden -ffunction-sections -fdata-sections"

/* The files that are made of a program. */
struct sources { struct emitted *file; int count; };

struct embedded_file;
/* Files made of a program in one go: ".c" is NAME.c, other names are as they are; NULL: none. */
enum { TEXTS = 2 };
struct build_source {
    const char *name[TEXTS];
    void (*emit)(const struct program *, struct text *); /* into as many; NULL ends a list */
};
struct sources build_make_sources(const struct program *, const struct build_source *);
bool build_write_sources(const struct sources *, struct place *);
bool build_write_text(struct place *, const char *name, const struct text *);
/* CMakeLists.txt and README.md from templates whose paths begin so. */
bool build_write_glue(const struct program *, const char *templates, struct place *);
/* The runtime's sources for the processor. */
bool build_write_runtime(struct place *, bool headers_only);
/* What trainers of several ranks link beside it, and where GPUs exchange sums by NCCL. */
bool build_is_mpi(const struct embedded_file *);
bool build_write_mpi(struct place *);
bool build_is_nccl(const struct embedded_file *);
bool build_write_nccl(struct place *);
/* What a library of a trained model has beside it. */
bool build_write_library(struct place *);
/* Where an embedded file belongs below the folder of a program, or NULL. */
const char *build_runtime_place(struct arena *, const struct embedded_file *);
/* Whether a program on CUDA devices is also made of that file. */
bool build_is_cuda(const struct program *, const struct embedded_file *);
/* Is it the runtime's, for a processor? */
bool build_is_source(const char *path);
/* Is it compiled once for each instruction-set level? */
bool build_is_leveled(const char *path);
bool build_ends_with(const char *text, const char *end);

#endif
