/* Links the installed runtime and uses its installed headers. */
#include "invar.h"
#include "core/selftest.h"
#include <stdio.h>

int main(void)
{
    const char *reason = inv_selftest();
    if (reason)
        fprintf(stderr, "%s\n", reason);
    return reason != NULL;
}
