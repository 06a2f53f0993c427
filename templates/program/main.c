/* The trainer of ${model}: see runtime/include/invar.h. */
#include "${file}.h"

static const struct inv_model *const levels[] = {
#ifdef INV_WITH_PORTABLE
    &${model}_model_portable,
#endif
#ifdef INV_WITH_NEON
    &${model}_model_neon,
#endif
#ifdef INV_WITH_AVX2
    &${model}_model_avx2,
#endif
#ifdef INV_WITH_AVX512
    &${model}_model_avx512,
#endif
    NULL,
};

#ifdef INV_WITH_MPI
static const struct inv_ranks_type *const ranks = &inv_ranks_mpi;
#else
static const struct inv_ranks_type *const ranks = NULL;
#endif

int main(int argc, char **argv)
{
    return inv_trainer_main(argc, argv, levels, ${folder}, ranks);
}
