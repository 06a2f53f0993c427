/* The tables of runtime/include/invar.h. */
#ifndef INVAR_EMIT_TABLE_H
#define INVAR_EMIT_TABLE_H
#include "emit/target.h"

void emit_tables(struct emit *);

#endif
