/* Functions of the C library's mathematics that no standard says the last bits of.  Those that are
 * exact by IEEE 754 (sqrt, fma), or only move bits (fabs, floor, fmod, ldexp ...), are not among
 * them. */
#include <string.h>
#include "lint/rule.h"

static const char INEXACT[] =
    "acos acosh asin asinh atan atan2 atanh cbrt cos cosh erf erfc exp exp10 exp2 expm1 hypot "
    "lgamma lgamma_r gamma gammaf log log10 log1p log2 pow pow10 sin sincos sinh tan tanh tgamma "
    "j0 j1 jn y0 y1 yn powi sinpi cospi tanpi rsqrt rootn pown compoundn exp2m1 exp10m1 log2p1 "
    "cacos cacosh casin casinh catan catanh cabs carg ccos ccosh cexp clog clog10 cpow csin csinh "
    "csqrt ctan ctanh";

/* Without what says of which type it is: sinf, sinl, sinf32x. */
static const char *base_of(struct look *look, const char *name)
{
    static const char *const suffix[] = {"f", "l", "f16", "f32", "f64", "f128", "f32x", "f64x"};
    size_t n = strlen(name);

    for (size_t i = 0; i < sizeof suffix / sizeof *suffix; i++) {
        size_t end = strlen(suffix[i]);
        if (n > end && !strcmp(name + n - end, suffix[i])) {
            char *base = arena_strndup(look_arena(look), name, n - end);
            if (name_is_one(base, INEXACT))
                return base;
        }
    }
    return name;
}

static void see(struct look *look, const struct at *at)
{
    const char *name = look_library_name(look, at);

    if (name && name_is_one(base_of(look, name), INEXACT))
        look_find(look, look_at(look, at->cursor),
                  "compute it in the model, or take Invar's own, inv_exp, inv_sin ... of "
                  "templates/ops, whose bits are fixed",
                  "%s() of the C library differs in its last bits from one library, version and "
                  "processor to the next", name);
}

const struct rule lint_libm = {
    .name = "libm",
    .finds = "exp, sin, pow ... of the C library, whose last bits differ (sqrt and fma do not)",
    .node = see,
};
