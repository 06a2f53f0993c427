/* invar summary: the layers of a compiled program as its model file names them. */
#ifndef INVAR_SUMMARY_H
#define INVAR_SUMMARY_H
#include "graph/program.h"

void summary_print(const struct program *, struct text *);
void summary_print_json(const struct program *, struct text *);

#endif
