/* Random numbers that are not the model's. */
#include "lint/rule.h"

static const char NAMES[] =
    "rand srand rand_r random srandom random_r srandom_r initstate setstate drand48 erand48 "
    "lrand48 nrand48 mrand48 jrand48 srand48 seed48 lcong48 drand48_r lrand48_r mrand48_r "
    "getrandom getentropy arc4random* rand_s BCryptGenRandom RAND_bytes _rdrand*_step "
    "_rdseed*_step ia32_rdrand* ia32_rdseed* esp_random esp_fill_random sys_rand_get "
    "sys_csrand_get HAL_RNG_GenerateRandomNumber analogRead randomSeed";
static const char CURE[] = "use random numbers of the model, or a generator of your own whose "
                           "state comes from its seed";

static void see(struct look *look, const struct at *at)
{
    const char *name = look_library_name(look, at);

    if (name && name_is_one(name, NAMES))
        look_find(look, look_at(look, at->cursor), CURE,
                  "%s() gives other numbers on another machine, with another C library or in the "
                  "next run", name);
    name = at->kind == CXCursor_GCCAsmStmt
               ? look_word(look, at->cursor, "rdrand rdseed rndr rndrrs") : NULL;
    if (name)
        look_find(look, look_begin(look, at->cursor), CURE,
                  "%s gives other numbers in every run", name);
    if (at->kind == CXCursor_StringLiteral) {
        name = look_name(look, at->cursor);
        if (name_is_one(name, "\"/dev/random\" \"/dev/urandom\" \"/dev/hwrng\""))
            look_find(look, look_at(look, at->cursor), CURE,
                      "%s gives other numbers in every run", name);
    }
}

const struct rule lint_random = {
    .name = "random",
    .finds = "random numbers that no seed of the model decides: rand, getrandom, /dev/urandom",
    .node = see,
};
