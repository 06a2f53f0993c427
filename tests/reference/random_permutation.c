/* A permutation of 0 .. n - 1 */
#include <string.h>
#include "reference.h"

void compute_random_permutation(const struct call *c)
{
    uint64_t moment = strcmp(c->node->domain, "step") == 0 ? (uint64_t)c->at->step : 0;
    permute(c->y->whole, c->y->count, c->at->key, moment, c->node->stream);
}
