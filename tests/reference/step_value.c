/* step, steps, epoch, rows or batch */
#include <string.h>
#include "reference.h"

void compute_step_value(const struct call *c)
{
    const struct moment *at = c->at;
    const char *which = c->node->step_value;
    int64_t value = strcmp(which, "step") == 0    ? at->step
                    : strcmp(which, "steps") == 0 ? at->steps
                    : strcmp(which, "epoch") == 0 ? at->epoch
                    : strcmp(which, "batch") == 0 ? at->batch
                                                  : at->rows;
    c->y->whole[0] = (int32_t)value;
}
