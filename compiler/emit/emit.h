/* From a planned program to the text of its C sources. */
#ifndef INVAR_EMIT_H
#define INVAR_EMIT_H
#include "graph/program.h"

/* NAME, or NAME_ where that means something else as a file or in CMake. */
const char *emit_file_name(const struct program *);
/* NAME.c: one function for each group, one for each phase, and the tables of invar.h.
 * requires: pass_plan has run. */
void emit_model(const struct program *, struct text *out);
/* Bytes that the arrays of one group take on a thread's stack, at most; on a board. */
int64_t emit_stack_bytes(const struct program *);
int64_t emit_firmware_stack_bytes(const struct program *);
/* NAME.h: the model at each instruction-set level. */
void emit_header(const struct program *, struct text *out);
/* For firmware: out[0] is NAME.c, out[1] NAME.h. */
void emit_firmware(const struct program *, struct text *out);
/* A file beside them, from the template of that path: a manifest, or an example of their use. */
void emit_firmware_beside(const struct program *, const char *path, struct text *out);
/* out[0] is NAME.cu: one kernel for each group, one launcher for each phase; out[1] is NAME.c: the
 * tables. */
void emit_cuda(const struct program *, struct text *out);
/* NAME.h and main.c of a trainer on a CUDA device. */
void emit_cuda_header(const struct program *, struct text *out);
void emit_cuda_main(const struct program *, struct text *out);
/* main.c of the host trainer. */
void emit_main(const struct program *, struct text *out);

#endif
