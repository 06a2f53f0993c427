/* A program with a model in it: trains it when asked to. */
#include "mlp.h"
#include <stdio.h>
#include <string.h>

static const struct inv_model *const levels[] = {
#ifdef INV_WITH_PORTABLE
    &mlp_model_portable,
#endif
#ifdef INV_WITH_NEON
    &mlp_model_neon,
#endif
#ifdef INV_WITH_AVX2
    &mlp_model_avx2,
#endif
#ifdef INV_WITH_AVX512
    &mlp_model_avx512,
#endif
    NULL,
};

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "train") == 0)
        return inv_trainer_main(argc - 1, argv + 1, levels, NULL, NULL);
    printf("%s: batches of %d rows\n", levels[0]->name, (int)levels[0]->batch);
    return 0;
}
