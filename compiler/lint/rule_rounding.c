/* What makes a processor round, or treat the smallest numbers, in another way. */
#include "lint/rule.h"

static const char CURE[] = "leave the processor's mode alone: trainers round to nearest and keep "
                           "subnormal numbers";

static const struct named named[] = {
    {.names = "fesetround fesetenv feupdateenv fesetmode feholdexcept _mm_setcsr _controlfp "
              "_controlfp_s __control87_2 _control87 ia32_ldmxcsr __set_FPSCR __arm_wsr "
              "arm_set_fpscr", .why = "() changes how all that follows is rounded", .cure = CURE},
    {.words = "ldmxcsr vldmxcsr fldcw fldenv vmsr fpcr fsrm fscsr fcsr",
     .why = " changes how all that follows is rounded", .cure = CURE},
    {.why = NULL}};

static void read(struct look *look, const struct text_file *f)
{
    for (int i = 0; i < f->pragmas; i++)
        if (!f->pragma[i].of_macro && pragma_has(&f->pragma[i], "FENV_ROUND"))
            look_find(look, (struct place){f, f->pragma[i].offset}, CURE,
                      "FENV_ROUND changes how what follows is rounded");
}

const struct rule lint_rounding = {
    .name = "rounding",
    .finds = "changes of the rounding mode or of how subnormal numbers are treated",
    .named = named,
    .file = read,
};
