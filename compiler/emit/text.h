/* Names, numbers and lines of the model as text of C. */
#ifndef INVAR_EMIT_TEXT_H
#define INVAR_EMIT_TEXT_H
#include "graph/extent.h"

struct emit;
struct place;

const char *emit_name(struct emit *, const char *stem, int id);
/* A path as an identifier of C, C++ and CUDA: with an underscore more where it were a word of
 * theirs, a macro, or a name of the runtime. */
const char *emit_symbol(struct arena *, const char *path);
/* Text from outside as one line of printable text, for a comment that ends with its line; the same
 * in Markdown, between the marks of code. */
const char *emit_line(struct arena *, const char *text);
const char *emit_code(struct arena *, const char *text);
/* A path as emit_symbol has it, for use within a function, beside its own names. */
const char *emit_identifier(struct arena *, const char *path);
const char *emit_float(struct arena *, float);
const char *emit_string(struct arena *, const char *);
const char *emit_extent(struct arena *, struct extent);
/* "{32, 0}": as struct inv_extent */
void emit_add_pair(struct text *, struct extent);
/* Whether the code names the batch's rows, which extents call b: then it must be declared.  No
 * other name is b (emit_identifier), and what comments say does not count. */
bool emit_names_rows(const char *code);
const char *emit_ctype(enum dtype);
/* "f32", "i32", "i64": what reads and writes such storage is named by it. */
const char *emit_storage(enum dtype);
/* "", "_i32" or "_i64": the function of an operator on operands of that dtype. */
const char *emit_suffix(enum dtype);
/* Where the place is in its piece of the arena: "512", and where loops are lines of the phase
 * "512 + index0 * (32 * b)". */
const char *emit_offset(struct emit *, const struct place *);
void emit_add_offset(struct emit *, struct text *, const struct place *);
/* Adds "stride * name" to an index expression; nothing where the stride is 0. */
void emit_term(struct text *, struct extent stride, const char *name);
/* What may stand between the marks of a comment. */
const char *emit_comment(struct arena *, const char *text);
/* The user's line: "digits.inv:20: h = x -> dense(64)", or "" where there is none. */
const char *emit_model_line(struct emit *, const struct node *);
/* The row of that line among the trace lines. */
int emit_trace_line(struct emit *, const struct node *);

#endif
