/* A program with a model in it: trains it when asked to. */
#include "mlp.h"
#include <stdio.h>
#include <string.h>

static const struct inv_model *const levels[] = {
    &mlp_model_base,
#ifdef INV_WITH_V3
    &mlp_model_v3,
#endif
#ifdef INV_WITH_V4
    &mlp_model_v4,
#endif
    NULL,
};

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "train") == 0)
        return inv_trainer_main(argc - 1, argv + 1, levels);
    printf("%s: batches of %d rows\n", levels[0]->name, (int)levels[0]->batch);
    return 0;
}
