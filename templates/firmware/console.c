#include <stdio.h>
#include "${file}.h"

${train}

/* Trains, and prints the loss of each epoch. */
static void ${model}_example(void)
{
    enum ${model}_status status = ${model}_example_begin();
    while (status >= 0 && status != ${upper}_DONE) {
        status = ${model}_example_step();
        if (status == ${upper}_EPOCH || status == ${upper}_DONE)
            printf("step %ld  ${report} %.6g\n", (long)model.run.step, (double)reports.${report});
    }
    if (status < 0)
        printf("${model}: status %d; ${file}.h says what it means\n", (int)status);
}
