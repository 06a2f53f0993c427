/* A variable as it was before any store of the phase */
#include <string.h>
#include "reference.h"

void compute_read(const struct call *c)
{
    memcpy(c->y->bytes, c->at->program->variable[c->node->variable].data,
           (size_t)(c->y->count * type_bytes(c->y->type)));
}
