/* Instructions that approximate, each vendor in its own way. */
#include <string.h>
#include "lint/rule.h"

static const char NAMES[] =
    "_mm_rcp_ps _mm_rcp_ss _mm_rsqrt_ps _mm_rsqrt_ss _mm256_rcp_ps _mm256_rsqrt_ps "
    "vrecpe* vrsqrte* ia32_rcpps* ia32_rcpss* ia32_rsqrtps* ia32_rsqrtss* "
    "ia32_rcp14* ia32_rsqrt14*";
static const char CURE[] = "divide, and take the square root: both are exactly rounded";

/* _mm512_rcp14_ps and its like have the width and a mask in the middle of their names. */
static bool approximates(const char *name)
{
    bool x86 = !strncmp(name, "_mm", 3);

    return name_is_one(name, NAMES) ||
           (x86 && (strstr(name, "_rcp14_") || strstr(name, "_rsqrt14_") ||
                    strstr(name, "_rcp28_") || strstr(name, "_rsqrt28_")));
}

static void see(struct look *look, const struct at *at)
{
    const char *name = look_library_name(look, at);

    if (name && approximates(name))
        look_find(look, look_at(look, at->cursor), CURE,
                  "%s() approximates, and processors differ in how", name);
    name = at->kind == CXCursor_GCCAsmStmt
               ? look_word(look, at->cursor, "rcpps rcpss rsqrtps rsqrtss vrcpps vrsqrtps frecpe "
                                             "frsqrte")
               : NULL;
    if (name)
        look_find(look, look_begin(look, at->cursor), CURE,
                  "%s approximates, and processors differ in how", name);
}

const struct rule lint_approximation = {
    .name = "approximation",
    .finds = "instructions that approximate: _mm_rcp_ps, _mm_rsqrt_ps, vrecpe",
    .node = see,
};
