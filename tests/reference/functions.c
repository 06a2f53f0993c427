/* functions [STRIDE]: the elementary functions as compiled into trainers against those of the
 * second implementation, bit for bit (NaN is NaN): every STRIDE-th f32 between 2^-6 and 2^6 of
 * either sign, every 40 STRIDE-th of all others, and as many pairs for pow.  1 is exhaustive. */
#include <stdio.h>
#include <stdlib.h>
#include "ops/floor.h"
#include "ops/functions.h"
#include "ops/pow.h"
#include "ops/sqrt.h"
#include "reference.h"

enum { MANY = 4096 };

#define UNARY(X) INV_FUNCTIONS(X) X(floor) X(sqrt)
#define ALL(X) UNARY(X) X(pow)

/* One array through a function of the trainer. */
#define X(name)                                                                                 \
    void compute_##name(const struct call *);                                                   \
    static void compiled_##name(const float *a, const float *b, float *y)                       \
    {                                                                                           \
        for (int i = 0; i < MANY; i++)                                                          \
            y[i] = APPLY(name);                                                                 \
        (void)b;                                                                                \
    }
#define APPLY(name) inv_##name(a[i])
UNARY(X)
#undef APPLY
#define APPLY(name) inv_##name(a[i], b[i])
X(pow)
#undef APPLY
#undef X

static const struct function {
    const char *name;
    void (*compiled)(const float *a, const float *b, float *y);
    void (*reference)(const struct call *);
} functions[] = {
#define X(name) {#name, compiled_##name, compute_##name},
    ALL(X)
#undef X
};

struct batch {
    float a[MANY], b[MANY];
    int count;
    uint32_t word;
};

/* Both implementations on a full batch. */
static bool run(const struct function *f, struct batch *batch)
{
    static float got[MANY], wanted[MANY];
    struct tensor a = {.type = TYPE_F32, .rank = 1, .dim = {MANY}, .count = MANY, .real = batch->a};
    struct tensor b = a, y = a;
    b.real = batch->b;
    y.real = wanted;
    const struct tensor *const x[] = {&a, &b};
    struct call call = {.x = x, .y = &y};
    f->compiled(batch->a, batch->b, got);
    f->reference(&call);
    batch->count = 0;
    for (int i = 0; i < MANY; i++) {
        bool nan = got[i] != got[i] && wanted[i] != wanted[i];
        if (nan || bits_of(got[i]) == bits_of(wanted[i]))
            continue;
        printf("%s(%a, %a): compiled %a, reference %a\n", f->name, (double)batch->a[i],
               (double)batch->b[i], (double)got[i], (double)wanted[i]);
        return false;
    }
    return true;
}

/* One more input; runs when there are enough. */
static bool add(const struct function *f, struct batch *batch, uint32_t bits)
{
    batch->word = batch->word * 1664525u + 1013904223u; /* Knuth's linear congruence */
    batch->a[batch->count] = float_of(bits);
    batch->b[batch->count] = (float)(int32_t)batch->word * 0x1p-28f;
    return ++batch->count < MANY || run(f, batch);
}

static bool check(const struct function *f, uint32_t stride)
{
    static struct batch batch;
    bool good = true;
    batch.count = 0;
    for (int sign = 0; sign < 2; sign++) {
        uint32_t s = (uint32_t)sign << 31;
        for (uint32_t u = 0x3c800000; good && u < 0x42800000; u += stride)
            good = add(f, &batch, s | u);
        for (uint64_t u = 0; good && u <= 0x7fffffff; u += (uint64_t)stride * 40)
            good = add(f, &batch, s | (uint32_t)u);
        for (uint64_t u = 0; good && stride == 1 && u <= 0x7fffffff; u++)
            good = add(f, &batch, s | (uint32_t)u);
    }
    while (good && batch.count > 0)
        good = add(f, &batch, 0x7fc00000);
    return good;
}

int main(int argc, char **argv)
{
    uint32_t stride = argc > 1 ? (uint32_t)atoi(argv[1]) : 211;
    int passed = 0, count = sizeof functions / sizeof *functions;
    for (int i = 0; i < count; i++)
        passed += check(&functions[i], stride > 0 ? stride : 1);
    printf("%d passed, %d failed, 0 skipped\n", passed, count - passed);
    return passed < count;
}
