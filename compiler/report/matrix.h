/* Results that are tables themselves: confusion matrices and what else metrics give as lists. */
#ifndef INVAR_REPORT_MATRIX_H
#define INVAR_REPORT_MATRIX_H
#include "emit/template.h"
#include "report/page.h"

/* List "matrix" in the item of "lists": the last of each name, of lists and lists of lists. */
void matrices_set(struct values *, const struct story *);

#endif
