/* The tables of runtime/include/invar.h. */
#ifndef INVAR_EMIT_TABLE_H
#define INVAR_EMIT_TABLE_H
#include "emit/target.h"

void emit_tables(struct emit *);
/* Where the sum over shards lies that updates the variable element by element, or 0. */
int64_t emit_gradient(const struct emit *, const struct variable *);
/* The same of a group whose outputs ranks share out: of what it stores, of which all have one. */
int64_t emit_group_gradient(const struct emit *, const struct graph *, const struct group *);

#endif
