/* The operators, in the order of ops.def. */
#include "graph/op.h"

#include <assert.h>
#include <string.h>

static const struct op_def *const table[OP_COUNT] = {
#define X(name, stem, class, operands) &op_##stem,
#include "graph/ops.def"
#undef X
};

const struct op_def *op_def(enum op op)
{
    assert(op < OP_COUNT);
    return table[op];
}

int op_find(const char *stem)
{
    for (int i = 0; i < OP_COUNT; i++)
        if (strcmp(table[i]->stem, stem) == 0)
            return i;
    return -1;
}
