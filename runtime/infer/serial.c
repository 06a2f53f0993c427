/* Groups of a library that only predicts run in the thread of the call. */
#include "invar.h"

void inv_for(const struct inv_run *run, inv_group *group, int64_t count, int64_t cost)
{
    (void)cost;
    if (count > 0)
        group(run, run->first_output, run->first_output + count);
}
