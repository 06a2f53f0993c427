/* What makes a processor round, or treat the smallest numbers, in another way. */
#include "lint/rule.h"

static const char NAMES[] =
    "fesetround fesetenv feupdateenv fesetmode feholdexcept _mm_setcsr _controlfp _controlfp_s "
    "__control87_2 _control87 ia32_ldmxcsr __set_FPSCR __arm_wsr arm_set_fpscr";
static const char CURE[] = "leave the processor's mode alone: trainers round to nearest and keep "
                           "subnormal numbers";

static void see(struct look *look, const struct at *at)
{
    const char *name = look_library_name(look, at);

    if (name && name_is_one(name, NAMES))
        look_find(look, look_at(look, at->cursor), CURE,
                  "%s() changes how all that follows is rounded", name);
    name = at->kind == CXCursor_GCCAsmStmt
               ? look_word(look, at->cursor, "ldmxcsr vldmxcsr fldcw fldenv vmsr fpcr fsrm fscsr "
                                             "fcsr")
               : NULL;
    if (name)
        look_find(look, look_begin(look, at->cursor), CURE,
                  "%s changes how all that follows is rounded", name);
}

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
    .node = see,
    .file = read,
};
