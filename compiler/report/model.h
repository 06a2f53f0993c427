/* What a report shows of the model itself, where its file is known. */
#ifndef INVAR_REPORT_MODEL_H
#define INVAR_REPORT_MODEL_H
#include "graph/program.h"

/* Its blocks, which fold out, with shapes, parameters, FLOPs and bytes. */
void blocks_print(struct text *, const struct program *);
/* The memory of a training step as a picture: groups in running order by bytes of scratch; and a
 * table of what lies in the arena. */
void memory_print(struct text *, const struct program *);
/* A histogram for each array of the weights, which are the arena's first bytes. */
void weights_print(struct text *, const struct program *, const uint32_t *word);

#endif
