/* The trainer of ${model}: see runtime/include/invar.h. */
#include "${file}.h"

static const struct inv_model *const levels[] = {
#ifdef INV_WITH_BASE
    &${model}_model_base,
#endif
#ifdef INV_WITH_V3
    &${model}_model_v3,
#endif
#ifdef INV_WITH_V4
    &${model}_model_v4,
#endif
    NULL,
};

int main(int argc, char **argv)
{
    return inv_trainer_main(argc, argv, levels);
}
