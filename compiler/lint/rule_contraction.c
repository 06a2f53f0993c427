/* Leave to fuse a product and a sum into one rounding. */
#include <string.h>
#include "lint/rule.h"

static const char CURE[] = "leave it out; where one rounding is meant, call fma() or fmaf()";

/* #pragma STDC FP_CONTRACT ON; #pragma clang fp contract(fast); #pragma fp_contract(on). */
static const char *allows_fusing(const struct pragma *p)
{
    bool on = pragma_has(p, "ON") || pragma_has(p, "on") || pragma_has(p, "DEFAULT") ||
              pragma_has(p, "fast");

    if (pragma_has(p, "FP_CONTRACT") && on)
        return "FP_CONTRACT";
    if (pragma_has(p, "fp_contract") && on)
        return "fp_contract";
    if (p->count > 2 && pragma_has(p, "fp") && pragma_has(p, "contract") && on)
        return "contract";
    return NULL;
}

static void read(struct look *look, const struct text_file *f)
{
    for (int i = 0; i < f->pragmas; i++) {
        const char *word = allows_fusing(&f->pragma[i]);
        if (word && !f->pragma[i].of_macro)
            look_find(look, (struct place){f, f->pragma[i].offset}, CURE,
                      "%s lets a compiler fuse a * b + c into one rounding where the processor can",
                      word);
    }
}

const struct rule lint_contraction = {
    .name = "contraction",
    .finds = "pragmas that let a * b + c be fused: FP_CONTRACT ON, fp contract(fast)",
    .file = read,
};
