#include "gradients.h"
#include <string.h>
#include "variable.h"

struct inv_gradient *inv_gradients(const struct inv_model *model, const char *option, int *count,
                                   struct inv_errors *errors)
{
    *count = 0;
    if (model->device_type) {
        inv_error(errors, "%s: a trainer for GPUs keeps no gradients where they can be looked at; "
                  "build one with invar build %s, without --target cuda: it has the same bits",
                  option, option);
        return NULL;
    }
    if (model->shards == 0) {
        inv_error(errors, "%s: this trainer keeps no gradients; build it with invar build %s",
                  option, option);
        return NULL;
    }
    struct inv_gradient *of = inv_allocate((size_t)model->variable_count * sizeof *of);
    for (int i = 0; i < model->variable_count; i++) {
        const struct inv_variable *gradient = &model->variable[i];
        const struct inv_variable *parameter = inv_variable_find(model, INV_PARAM, gradient->path);
        if (gradient->kind == INV_SHARD && parameter)
            of[(*count)++] = (struct inv_gradient){ parameter, gradient };
    }
    return of;
}
