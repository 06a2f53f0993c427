/* Pragmas and attributes that let sums be reordered, in a part of a file. */
#include <ctype.h>
#include <string.h>
#include "lint/rule.h"

static const char CURE[] = "leave it out; what must be fast is written in the order that it shall "
                           "have, four sums side by side for instance";

/* Options as attributes and pragmas write them: "fast-math", "-ffast-math", "Ofast". */
static const char *fast_option(struct look *look, const char *text)
{
    static const char *const option[] = {
        "fast-math", "Ofast", "unsafe-math-optimizations", "associative-math", "reciprocal-math",
        "finite-math-only", "no-signed-zeros", "fp-contract=fast", "fp-contract=on",
        "cx-limited-range", "single-precision-constant"};

    (void)look;
    for (size_t i = 0; i < sizeof option / sizeof *option; i++) {
        const char *at = strstr(text, option[i]);
        if (at && (at - text < 3 || strncmp(at - 3, "no-", 3)))
            return option[i];
    }
    return NULL;
}

static const char *fast_pragma(struct look *look, const struct pragma *p)
{
    const char *option = NULL;

    for (int i = 0; i < p->count && !option; i++)
        if (p->word[i][0] == '"' || pragma_has(p, "optimize"))
            option = fast_option(look, p->word[i]);
    if (pragma_has(p, "optimize") && option)
        return option;
    if (pragma_has(p, "float_control") && pragma_has(p, "precise") && pragma_has(p, "off"))
        return "float_control(precise, off)";
    if (pragma_has(p, "fp") && pragma_has(p, "reassociate") && pragma_has(p, "on"))
        return "fp reassociate(on)";
    if (pragma_has(p, "fenv_access") && pragma_has(p, "fast"))
        return "fenv_access(fast)";
    if (pragma_has(p, "CX_LIMITED_RANGE") && pragma_has(p, "ON"))
        return "CX_LIMITED_RANGE";
    return NULL;
}

static void found(struct look *look, const struct text_file *f, unsigned offset, const char *what)
{
    look_find(look, (struct place){f, offset}, CURE,
              "%s lets a compiler reorder, drop or approximate what is written, each in its way",
              what);
}

/* __attribute__((optimize("fast-math"))), in macros too. */
static void read_attributes(struct look *look, const struct text_file *f)
{
    for (int i = 0; i + 2 < f->tokens; i++) {
        const char *word = f->token[i].text, *option = NULL;
        if ((strcmp(word, "optimize") && strcmp(word, "__optimize__")) ||
            (i > 0 && !strcmp(f->token[i - 1].text, "GCC")))
            continue;
        if (strcmp(f->token[i + 1].text, "(") || f->token[i + 2].kind != CXToken_Literal)
            continue;
        for (int k = i + 2; k < f->tokens && strcmp(f->token[k].text, ")") && !option; k++)
            option = fast_option(look, f->token[k].text);
        if (option)
            found(look, f, f->token[i].offset, option);
    }
}

static void read(struct look *look, const struct text_file *f)
{
    for (int i = 0; i < f->pragmas; i++) {
        const char *what = fast_pragma(look, &f->pragma[i]);
        if (what && !f->pragma[i].of_macro)
            found(look, f, f->pragma[i].offset, what);
    }
    read_attributes(look, f);
}

const struct rule lint_fast_math = {
    .name = "fast-math",
    .finds = "pragmas and attributes of fast mathematics: optimize(\"fast-math\"), float_control",
    .file = read,
};
