/* Linked into an emitted trainer with --wrap=inv_for, see tests/tools/subnormals: which groups meet
 * subnormal numbers. A group's flags of the x86 unit are looked at after each call, and what it
 * stored is counted by way of the trace. For one thread. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include "invar.h"

enum { OPERAND = 2, RESULT = 16, GROUPS = 4096 };

struct count {
    inv_group *group;
    int64_t calls, operand, result;     /* calls with a subnormal operand, an inexact such result */
    int64_t stored, subnormal;          /* elements */
};

static struct count counts[GROUPS];
static int used, current;

void __real_inv_for(const struct inv_run *, inv_group *, int64_t count, int64_t cost);
void __wrap_inv_for(const struct inv_run *, inv_group *, int64_t count, int64_t cost);

static void report(void)
{
    for (int i = 0; i < used; i++) {
        const struct count *c = &counts[i];
        if (c->operand || c->result || c->subnormal)
            fprintf(stderr, "subnormals %p %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64
                    "\n", (void *)(uintptr_t)c->group, c->calls, c->operand, c->result, c->stored,
                    c->subnormal);
    }
}

static struct count *find(inv_group *group)
{
    for (current = 0; current < used && counts[current].group != group; current++)
        ;
    if (current == GROUPS)
        abort();
    if (used == 0)
        atexit(report);
    used += current == used;
    counts[current].group = group;
    return &counts[current];
}

static void trace(const struct inv_run *run, int node, const float *value, int64_t count)
{
    (void)run, (void)node;
    counts[current].stored += count;
    for (int64_t i = 0; i < count; i++)
        counts[current].subnormal += fpclassify(value[i]) == FP_SUBNORMAL;
}

static uint32_t flags(uint32_t clear)
{
    uint32_t word, cleared;
    __asm__ volatile("stmxcsr %0" : "=m"(word) : : "memory");
    cleared = word & ~clear;
    __asm__ volatile("ldmxcsr %0" : : "m"(cleared) : "memory");
    return word;
}

void __wrap_inv_for(const struct inv_run *run, inv_group *group, int64_t count, int64_t cost)
{
    struct count *c = find(group);
    if (!run->trace)
        ((struct inv_run *)(uintptr_t)run)->trace = trace;
    flags(OPERAND | RESULT);
    __real_inv_for(run, group, count, cost);
    uint32_t seen = flags(0);
    c->calls++;
    c->operand += (seen & OPERAND) != 0;
    c->result += (seen & RESULT) != 0;
}
