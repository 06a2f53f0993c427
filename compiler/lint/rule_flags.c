/* Flags that change bits; the last word on each thing counts, as for compilers. */
#include <string.h>
#include "lint/rule.h"

/* What a flag decides. */
enum matter { FAST, ASSOCIATIVE, RECIPROCAL, SIGNED_ZEROS, FINITE, CONTRACT, X87, CONSTANTS,
              COMPLEX, ROUNDING, LONG, DENORMAL, ESTIMATE, MATTERS };

#define CLANG_FUSES "lets clang fuse a * b + c into one rounding where the processor can, even " \
                    "with -fno-fast-math behind it"

static const struct row {
    const char *flag;                   /* a whole word, or how it begins where it ends in * */
    enum matter matter;
    const char *why;                    /* NULL: undoes it */
} rows[] = {                            /* a flag may decide several; the narrower stands behind */
    {"-ffast-math", FAST, "lets the compiler reorder sums and approximate divisions"},
    {"-fno-fast-math", FAST, NULL},
    {"-Ofast", FAST, "is -O3 with -ffast-math, which lets the compiler reorder sums"},
    {"--optimize=fast", FAST, "is -Ofast, which lets the compiler reorder sums"},
    {"-ffp-model=fast*", FAST, "lets the compiler reorder sums and approximate divisions"},
    {"-ffp-model=aggressive", FAST, "lets the compiler reorder sums and approximate divisions"},
    {"-ffp-model=precise", FAST, NULL}, {"-ffp-model=strict", FAST, NULL},
    {"-funsafe-math-optimizations", ASSOCIATIVE, "lets the compiler reorder sums"},
    {"-fno-unsafe-math-optimizations", ASSOCIATIVE, NULL},
    {"-fassociative-math", ASSOCIATIVE, "lets the compiler reorder sums"},
    {"-fno-associative-math", ASSOCIATIVE, NULL},
    {"-freciprocal-math", RECIPROCAL, "turns divisions into products with the reciprocal, which "
                                      "round twice"},
    {"-fno-reciprocal-math", RECIPROCAL, NULL},
    {"-fno-signed-zeros", SIGNED_ZEROS, "lets the compiler take -0 for 0"},
    {"-fsigned-zeros", SIGNED_ZEROS, NULL},
    {"-ffinite-math-only", FINITE, "lets the compiler drop what is done about NaN and infinities"},
    {"-fno-finite-math-only", FINITE, NULL},
    {"-ffp-contract=fast*", CONTRACT, "lets the compiler fuse a * b + c into one rounding where "
                                      "the processor can"},
    {"-ffp-contract=on", CONTRACT, "lets the compiler fuse a * b + c into one rounding where the "
                                   "processor can"},
    {"-ffp-contract=off", CONTRACT, NULL},
    {"-ffp-model=*", CONTRACT, "lets the compiler fuse a * b + c into one rounding where the "
                               "processor can, whatever stands before it"},
    {"-ffast-math", CONTRACT, CLANG_FUSES}, {"-Ofast", CONTRACT, CLANG_FUSES},
    {"--optimize=fast", CONTRACT, CLANG_FUSES},
    {"-ffp-model=strict", CONTRACT, NULL},
    {"-mfpmath=387", X87, "computes in the 80 bits of the x87"},
    {"-mfpmath=both", X87, "computes some of it in the 80 bits of the x87"},
    {"-mfpmath=sse,387", X87, "computes some of it in the 80 bits of the x87"},
    {"-mfpmath=sse+387", X87, "computes some of it in the 80 bits of the x87"},
    {"-mno-sse", X87, "computes in the 80 bits of the x87"},
    {"-mno-sse2", X87, "computes double in the 80 bits of the x87"},
    {"-mfpmath=sse", X87, NULL},
    {"-mpc32", X87, "sets the x87 to another precision"},
    {"-mpc64", X87, "sets the x87 to another precision"},
    {"-mpc80", X87, "sets the x87 to another precision"},
    {"-fexcess-precision=fast", X87, "keeps more bits than a type has where that is cheap"},
    {"-fexcess-precision=standard", X87, NULL},
    {"-fsingle-precision-constant", CONSTANTS, "takes 0.1 for 0.1f"},
    {"-fno-single-precision-constant", CONSTANTS, NULL},
    {"-fcx-limited-range", COMPLEX, "computes complex products and quotients by short formulas"},
    {"-fcx-fortran-rules", COMPLEX, "computes complex quotients by other formulas"},
    {"-fno-cx-limited-range", COMPLEX, NULL},
    {"-frounding-math", ROUNDING, "is for programs that change the rounding mode, and bits "
                                  "depend on it then"},
    {"-fno-rounding-math", ROUNDING, NULL},
    {"-mlong-double-*", LONG, "decides how many bits a long double has"},
    {"-fdenormal-fp-math=*", DENORMAL, "decides what becomes of the smallest numbers"},
    {"-fdenormal-fp-math=ieee", DENORMAL, NULL},
    {"-mdaz-ftz", DENORMAL, "turns the smallest numbers into 0"},
    {"-mrecip*", ESTIMATE, "divides by approximate reciprocals, which processors differ in"},
    {"-fapprox-func", ESTIMATE, "lets the compiler approximate functions"},
    {"-mlow-precision-*", ESTIMATE, "divides by approximate reciprocals, which processors differ "
                                    "in"},
    {"-mno-recip", ESTIMATE, NULL},
};

static const char FASTEST[] = "-Ofast --optimize=fast";

/* Of several levels of optimization the last alone is one. */
static bool is_fastest(const char *const *flag, int count)
{
    bool fastest = false;
    for (int i = 0; i < count; i++)
        if (name_is_one(flag[i], "-O* --optimize*"))
            fastest = name_is_one(flag[i], FASTEST);
    return fastest;
}

/* A -Ofast that is not the level says nothing; where it is, clang passes over a strict model. */
static bool is_idle(const char *flag, bool fastest)
{
    return name_is_one(flag, fastest ? "-ffp-model=strict" : FASTEST);
}

static void decide(struct look *look, const char *const *flag, int count)
{
    const struct row *by[MATTERS] = {0};
    const char *as[MATTERS] = {0};
    struct place place = {look_main(look), 0};
    bool fastest = is_fastest(flag, count);

    for (int i = 0; i < count; i++)
        for (size_t k = 0; k < sizeof rows / sizeof *rows; k++)
            if (name_is_one(flag[i], rows[k].flag) && !is_idle(flag[i], fastest)) {
                by[rows[k].matter] = &rows[k];
                as[rows[k].matter] = flag[i];
            }
    if (by[FAST] && by[FAST]->why && as[CONTRACT] == as[FAST])
        by[CONTRACT] = by[FAST];        /* a flag is found once */
    for (int i = 0; i < MATTERS; i++)
        if (by[i] && by[i]->why && by[i]->matter == (enum matter)i)
            look_find(look, place, "compile it without, with -ffp-contract=off -fno-math-errno "
                      "-fno-trapping-math as trainers are",
                      "this is compiled with %s, which %s", as[i], by[i]->why);
    if (!by[CONTRACT] && look_has_word(look, "float double"))
        look_find(look, place, "compile it with -ffp-contract=off",
                  "this is compiled without -ffp-contract=off: gcc and clang then fuse a * b + c "
                  "into one rounding where the processor can, on ARM always");
}

const struct rule lint_flags = {
    .name = "flags",
    .finds = "compiler flags that change bits: -ffast-math, -Ofast, no -ffp-contract=off",
    .flags = decide,
};
