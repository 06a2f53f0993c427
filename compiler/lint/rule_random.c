/* Random numbers that are not the model's. */
#include "lint/rule.h"

static const char CURE[] = "use random numbers of the model, or a generator of your own whose "
                           "state comes from its seed";

static const struct named named[] = {
    {.names = "rand srand rand_r random srandom random_r srandom_r initstate setstate drand48 "
              "erand48 lrand48 nrand48 mrand48 jrand48 srand48 seed48 lcong48 drand48_r "
              "lrand48_r mrand48_r getrandom getentropy arc4random* rand_s BCryptGenRandom "
              "RAND_bytes _rdrand*_step _rdseed*_step ia32_rdrand* ia32_rdseed* esp_random "
              "esp_fill_random sys_rand_get sys_csrand_get HAL_RNG_GenerateRandomNumber "
              "analogRead randomSeed",
     .why = "() gives other numbers on another machine, with another C library or in the next run",
     .cure = CURE},
    {.words = "rdrand rdseed rndr rndrrs", .why = " gives other numbers in every run",
     .cure = CURE},
    {.why = NULL}};

static void see(struct look *look, const struct at *at)
{
    const char *text = at->kind == CXCursor_StringLiteral ? look_name(look, at->cursor) : NULL;

    if (text && name_is_one(text, "\"/dev/random\" \"/dev/urandom\" \"/dev/hwrng\""))
        look_find(look, look_at(look, at->cursor), CURE, "%s gives other numbers in every run",
                  text);
}

const struct rule lint_random = {
    .name = "random",
    .finds = "random numbers that no seed of the model decides: rand, getrandom, /dev/urandom",
    .named = named,
    .node = see,
};
