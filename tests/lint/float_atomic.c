/* Atomic floats. */
#include <stdatomic.h>

typedef _Atomic double total_t;
struct shared { _Atomic float loss; atomic_int count; };        // found: float-atomic

static total_t total;                                   // found: float-atomic

void faults(struct shared *s, _Atomic(float) *out, float *plain)        // found: float-atomic
{
    float one = 1, was;
    atomic_fetch_add(&s->count, 1);
    __atomic_store(plain, &one, __ATOMIC_RELAXED);      // found: float-atomic
    __atomic_exchange(plain, &one, &was, __ATOMIC_SEQ_CST);     // found: float-atomic
    *out = was + (float)total;
}

int harmless(atomic_int *n, long *m)
{
    return atomic_fetch_add(n, 2) + (int)__sync_fetch_and_add(m, 3) +
           (int)__atomic_load_n(m, __ATOMIC_ACQUIRE);
}
