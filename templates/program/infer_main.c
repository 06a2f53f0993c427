/* The command ${name}: see runtime/host/infer.h. */
#include "${file}.h"
#include "host/infer.h"
#include "library-weights.h"

static const struct inv_model *const levels[] = {
${levels}
    NULL,
};

int main(int argc, char **argv)
{
    return inv_infer_main(argc, argv, levels, &inv_trained);
}
