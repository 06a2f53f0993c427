/* output text = generate(logits, ...) */
#ifndef INVAR_LOWER_GENERATE_H
#define INVAR_LOWER_GENERATE_H
#include "lower/builtin.h"

builtin_function call_generate;
/* After the output `id` was lowered as `node`: it may be what generates text. */
void lower_generating(struct lower *, struct frame *, int node, int id, struct span);

#endif
