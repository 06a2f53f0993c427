/* Random numbers that are not the model's. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#define NOISE() ((float)rand() / RAND_MAX)

int _rdrand32_step(unsigned *);

static uint32_t state = 7;

static uint32_t random32(void)
{
    state ^= state << 13;
    state ^= state >> 17;
    return state ^= state << 5;
}

float faults(void)
{
    float x = NOISE();                                  // found: random
    uint32_t seed;
    x += (float)drand48();                              // found: random
    if (getrandom(&seed, sizeof seed, 0) < 0)           // found: random
        return 0;
    FILE *f = fopen("/dev/urandom", "rb");              // found: random
    if (f)
        fclose(f);
    uint32_t drawn;
    __asm__("rdrand %0" : "=r"(drawn));                 // found: random
    while (!_rdrand32_step(&seed)) {                    // found: random
    }
    seed += drawn;
    long (*draw)(void) = random;                        // found: random
    return x + (float)draw() + (float)seed;
}

float own(void)
{
    return (float)(random32() >> 8) * 0x1p-24f;
}
