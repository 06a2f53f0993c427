/* In the place of the linter, in a build without libclang. */
#include <stdio.h>
#include "lint/lint.h"

bool lint_is_there(void)
{
    fprintf(stderr, "invar lint: this invar was built without the linter; install libclang "
            "(Debian: libclang-dev) and build it again\n");
    return false;
}

int lint_run(const struct lint_request *request)
{
    (void)request;
    return lint_is_there() ? 0 : 2;
}

int lint_print_rules(void)
{
    return lint_is_there() ? 0 : 2;
}
