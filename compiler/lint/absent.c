/* In the place of the linter, in a build without libclang. */
#include <stdio.h>
#include "lint/lint.h"

static int refuse(void)
{
    fprintf(stderr, "invar lint: this invar was built without the linter; install libclang "
            "(Debian: libclang-dev) and build it again\n");
    return 2;
}

int lint_run(const struct lint_request *request)
{
    (void)request;
    return refuse();
}

int lint_print_rules(void)
{
    return refuse();
}
