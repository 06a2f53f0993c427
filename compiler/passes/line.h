/* Things in a line, each behind those that it must come after, while some are joined to one. */
#ifndef INVAR_LINE_H
#define INVAR_LINE_H
#include <stdbool.h>
#include "passes/schedule.h"

struct line;

/* The things are 0 .. count - 1. */
struct line *line_new(struct arena *, int count);
/* Before line_sort: the second must come behind the first. */
void line_edge(struct line *, int first, int second);
/* Before line_sort, where there may be circles yet: must the second come behind the first? */
bool line_precedes(struct line *, int first, int second);
/* Puts all into the line.  requires: no circle is left among what is joined. */
void line_sort(struct line *);
/* The one that stands for all that this was joined to. */
int line_find(struct line *, int id);
/* Of two that stand for others: is there a way from one to the other through a third?  They cannot
 * be joined then. */
bool line_way_between(struct line *, int a, int b);
/* The second becomes a part of the first.  After line_sort the question before this one was
 * whether there is a way between these two, and the answer was no. */
void line_join(struct line *, int first, int second);

#endif
