/* Lines of a model file that come again, as blocks. */
#ifndef INVAR_CONVERT_REPEATS_H
#define INVAR_CONVERT_REPEATS_H
#include "convert/made.h"

/* What may become of the paths of saved arrays: nothing; "conv2_block1_conv" may be
 * "conv2_block1/conv"; anything. */
enum repeats_paths { REPEATS_KEEP, REPEATS_SPLIT, REPEATS_MOVE };

/* The text of a model file in which runs of lines that are alike - the same calls and texts, of
 * other values, weights and numbers - are a block each, called once a run: wherever that is
 * shorter.  What is computed, and in which order, stays what it is.  Saved arrays get the paths
 * that they have there: as they were where those of each run lie in a folder of its own
 * ("layer1/0/conv1"), which is then its call's; else others, as far as they may. */
const char *repeats_as_blocks(struct made *, const char *text, enum repeats_paths);

#endif
