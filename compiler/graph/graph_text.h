/* What printing graphs and reading them have in common. */
#ifndef INVAR_GRAPH_TEXT_H
#define INVAR_GRAPH_TEXT_H
#include "graph/graph.h"

/* Words of attributes, by their values; NULL ends the list. */
extern const char *const step_value_words[], *const domain_words[];
/* NULL for "nowhere", source 0, which stands for numbers out of range, too. */
const struct source *graph_find_place(const struct diags *, int source);

#endif
