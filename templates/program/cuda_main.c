/* The trainer of ${model} on a CUDA device: see runtime/include/invar.h. */
#include "${file}.h"

static const struct inv_model *const models[] = {&${model}_model_cuda, NULL};

#ifdef INV_WITH_MPI
static const struct inv_ranks_type *const ranks = &inv_ranks_mpi;
#else
static const struct inv_ranks_type *const ranks = NULL;
#endif

int main(int argc, char **argv)
{
    return inv_trainer_main(argc, argv, models, ${folder}, ranks);
}
