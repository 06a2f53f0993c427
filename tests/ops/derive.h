/* The operands of a case in other forms: a case is built with operands that are read; from its
 * nodes others are derived whose operands are constants, views or of another type. */
#ifndef INVAR_TESTS_DERIVE_H
#define INVAR_TESTS_DERIVE_H
#include "harness.h"

/* How an operand comes to the operator: its values in a variable; one constant for all elements,
 * a list of constants; a view of a variable. */
enum form {
    AS_READ, AS_FILL, AS_LIST, AS_SLICE, AS_TRANSPOSE, AS_BROADCAST, AS_RESHAPE, FORMS
};
const char *form_name(enum form);

/* A value of an operand's range, and the range in another element type. */
double derive_value(uint64_t *seed, const struct op_input *);
struct op_input derive_retyped(const struct op_input *, enum dtype);

/* Adds an operand of that shape and range in that form; -1 where it has none such.  *variable
 * is the one added under `path` that it reads, or -1. */
int derive_operand(struct graph *, enum form, const struct op_input *, const char *path,
                   uint64_t *seed, int *variable);

/* Adds nodes first..last again, but those for which other nodes stand in `instead` (by id - first,
 * -1: none); the last one's copy, or -1 where an operator refuses its operands. */
int derive_copy(struct graph *, int first, int last, int *instead);

#endif
