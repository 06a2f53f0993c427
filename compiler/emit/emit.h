/* From a planned program to the text of its C sources. */
#ifndef INVAR_EMIT_H
#define INVAR_EMIT_H
#include "graph/program.h"

/* NAME, or NAME_ where that means something else as a file or in CMake. */
const char *emit_file_name(const struct program *);
/* A path as an identifier of C, C++ and CUDA: with an underscore more where it were a word of
 * theirs, a macro, or a name of the runtime. */
const char *emit_symbol(struct arena *, const char *path);
/* Text from outside as one line of printable text, for a comment that ends with its line; the same
 * in Markdown, between the marks of code. */
const char *emit_line(struct arena *, const char *text);
const char *emit_code(struct arena *, const char *text);
/* NAME.c: one function for each group, one for each phase, and the tables of invar.h.
 * requires: pass_plan has run. */
void emit_model(const struct program *, struct text *out);
/* Bytes that the arrays of one group take on a thread's stack, at most. */
int64_t emit_stack_bytes(const struct program *, bool firmware);
/* NAME.h: the model at each instruction-set level. */
void emit_header(const struct program *, struct text *out);
/* NAME.c and NAME.h for firmware. */
void emit_firmware(const struct program *, struct text *out);
void emit_firmware_header(const struct program *, struct text *out);
/* NAME.cu: one kernel for each group, one launcher for each phase; NAME.c: the tables; NAME.h and
 * main.c of a trainer on a CUDA device. */
void emit_cuda(const struct program *, struct text *out);
void emit_cuda_tables(const struct program *, struct text *out);
void emit_cuda_header(const struct program *, struct text *out);
void emit_cuda_main(const struct program *, struct text *out);
/* main.c of the host trainer. */
void emit_main(const struct program *, struct text *out);

#endif
