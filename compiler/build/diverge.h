/* Where two runs part: of two traces (host/trace.h), or of two trainers. */
#ifndef INVAR_DIVERGE_H
#define INVAR_DIVERGE_H

enum { DIVERGE_SAME = 0, DIVERGE_FAILED = 1, DIVERGE_USAGE = 2, DIVERGE_APART = 6 };

/* Prints the first step and place that differ, and the elements where both traces have values;
 * returns one of these. */
int diverge_traces(const char *a, const char *b);
/* Runs two trainers with the same options and compares; then the first step that differs again,
 * from a checkpoint before it on, for its values and those they were made of. */
int diverge_trainers(const char *a, const char *b, int argc, char **argv);

#endif
