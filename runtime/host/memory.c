#include "memory.h"
#include <stdlib.h>
#include <string.h>
#include "core/arith.h"
#include "errors.h"

unsigned char *inv_memory_arena(const struct inv_run *run)
{
    return run->device ? run->device->arena : run->arena;
}

void *inv_memory_take(const struct inv_run *run, int64_t bytes, const char *what)
{
    return run->device ? run->device->type->take(run, bytes, what)
                       : inv_allocate((size_t)bytes + 1);
}

void inv_memory_give(const struct inv_run *run, void *memory, int64_t bytes)
{
    if (run->device)
        run->device->type->give(run, memory, bytes);
    else
        free(memory);
}

/* The sum of what begins at at[1] and at at[2], to at[0]. */
static void add_range(const struct inv_run *run, int64_t begin, int64_t end)
{
    float *to = (float *)(intptr_t)run->at[0];
    const float *a = (const float *)(intptr_t)run->at[1], *b = (const float *)(intptr_t)run->at[2];
    for (int64_t i = begin; i < end; i++)
        to[i] = inv_add(a[i], b[i]);
}

void inv_memory_add(const struct inv_run *run, float *to, const float *a, const float *b,
                    int64_t count)
{
    const int64_t at[] = { (intptr_t)to, (intptr_t)a, (intptr_t)b };
    struct inv_run here = *run;
    if (run->device) {
        run->device->type->add(run, to, a, b, count);
        return;
    }
    here.at = at;
    inv_for(&here, add_range, count, count);
}

void inv_memory_move(const struct inv_run *run, void *to, const void *from, int64_t bytes)
{
    if (run->device)
        run->device->type->move(run, to, from, bytes);
    else
        memcpy(to, from, (size_t)bytes);
}

void inv_memory_clear(const struct inv_run *run, void *at, int64_t bytes)
{
    if (run->device)
        run->device->type->clear(run, at, bytes);
    else
        memset(at, 0, (size_t)bytes);
}
