/* Functions of a model's own C: none but that of tests/ops/generated.c, from its formulas */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "reference.h"

/* Operands are [calls, n], or [1, n] for all calls. */
static int64_t row_of(const struct tensor *x, int64_t call)
{
    return x->dim[0] == 1 ? 0 : call * x->dim[1];
}

void compute_custom(const struct call *c)
{
    const char *name = c->node->function;
    int64_t n = c->y->dim[1];
    bool forward = !strcmp(name, "pick"), to_x = !strcmp(name, "pick_gradient_x");
    if (!forward && !to_x && strcmp(name, "pick_gradient_w")) {
        fprintf(stderr, "operator '%s' is C of the model's own, which the evaluator has not\n",
                name);
        exit(2);
    }
    memset(c->y->real, 0, 4 * (size_t)c->y->count);
    for (int64_t e = 0; e < c->y->count; e++) {
        int64_t call = e / n, turn = c->x[2]->whole[row_of(c->x[2], call)] % n;
        int64_t from = (turn + n + e % n) % n;
        float x = c->x[0]->real[row_of(c->x[0], call) + from];
        float w = c->x[1]->real[row_of(c->x[1], call) + e % n];
        if (forward)
            c->y->real[e] = x * w;
        else if (to_x)
            c->y->real[call * n + from] += c->x[4]->real[e] * w;
        else
            c->y->real[e] = c->x[4]->real[e] * x;
    }
}
