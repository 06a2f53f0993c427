/* Instructions that approximate, each vendor in its own way. */
#include "lint/rule.h"

static const char CURE[] = "divide, and take the square root: both are exactly rounded";

static const struct named named[] = {
    {.names = "_mm_rcp_ps _mm_rcp_ss _mm_rsqrt_ps _mm_rsqrt_ss _mm256_rcp_ps _mm256_rsqrt_ps "
              "_mm*_rcp14_* _mm*_rsqrt14_* _mm*_rcp28_* _mm*_rsqrt28_* vrecpe* vrsqrte* "
              "ia32_rcpps* ia32_rcpss* ia32_rsqrtps* ia32_rsqrtss* ia32_rcp14* ia32_rsqrt14*",
     .why = "() approximates, and processors differ in how", .cure = CURE},
    {.words = "rcpps rcpss rsqrtps rsqrtss vrcpps vrsqrtps frecpe frsqrte",
     .why = " approximates, and processors differ in how", .cure = CURE},
    {.why = NULL}};

const struct rule lint_approximation = {
    .name = "approximation",
    .finds = "instructions that approximate: _mm_rcp_ps, _mm_rsqrt_ps, vrecpe",
    .named = named,
};
