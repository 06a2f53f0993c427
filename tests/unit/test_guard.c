/*
 * Builds and machines that would change bits are refused: by #error where a macro tells, else by
 * the canary and the self-test, which must see each fault when it is there. Also: loops over the
 * elementary functions become vector code.
 */
#include "core/arith.h"
#include "core/selftest.h"
#include "ops/functions.h"
#include <CUnit/Basic.h>
#include <fenv.h>
#include <stdio.h>
#include <stdlib.h>
#if defined(__SSE2__)
#include <xmmintrin.h>
#endif

static void test_sound(void)
{
    CU_ASSERT_EQUAL(inv_canary(), 0);
    CU_ASSERT_PTR_NULL(inv_selftest());
}

static void check_reason(const char *part)
{
    const char *reason = inv_selftest();
    CU_ASSERT_PTR_NOT_NULL_FATAL(reason);
    CU_ASSERT_PTR_NOT_NULL(strstr(reason, part));
}

static void test_rounding_mode(void)
{
    static const int mode[] = {FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO};
    for (int i = 0; i < 3; i++) {
        CU_ASSERT_EQUAL_FATAL(fesetround(mode[i]), 0);
        uint32_t canary = inv_canary();
        const char *reason = inv_selftest();
        fesetround(FE_TONEAREST);
        CU_ASSERT_NOT_EQUAL(canary, 0);
        CU_ASSERT_PTR_NOT_NULL(reason);
    }
}

/* Flush-to-zero is bit 15, denormals-are-zero bit 6 of MXCSR; each is seen alone. */
static void test_subnormals(void)
{
#if defined(__SSE2__)
    unsigned saved = _mm_getcsr();
    _mm_setcsr(saved | 0x8000u);
    check_reason("subnormal");
    _mm_setcsr(saved | 0x0040u);
    check_reason("subnormal");
    _mm_setcsr(saved);
    CU_ASSERT_PTR_NULL(inv_selftest());
#else
    puts("skipped: no MXCSR here");
#endif
}

/*
 * Compiles, with extra flags, a program whose exit status is the canary, and runs it. Returns
 * that status, or -1 where it does not compile; *message starts with what the compiler said.
 */
static int compile_canary(const char *flags, char *message, size_t size)
{
    const char *compiler = getenv("CC");
    char directory[] = "/tmp/inv_guard_XXXXXX", command[2000];
    message[0] = '\0';
    if (mkdtemp(directory) == NULL)
        return -2;
    snprintf(command, sizeof command,
             "cd " INVAR_SOURCE_DIR " && echo '#include \"core/arith.h\"\nint main(void) { return "
             "(int)inv_canary(); }' | %s -std=gnu11 -O2 -ffp-contract=off -fno-math-errno %s "
             "-Iruntime -x c - -o %s/canary 2>&1 && (%s/canary; echo exit $?); rm -rf %s",
             compiler != NULL ? compiler : "cc", flags, directory, directory, directory);
    FILE *pipe = popen(command, "r");
    if (pipe == NULL)
        return -2;
    size_t length = fread(message, 1, size - 1, pipe);
    message[length] = '\0';
    pclose(pipe);
    return strncmp(message, "exit ", 5) == 0 ? atoi(message + 5) : -1;
}

static void check_refused(const char *flags, const char *part)
{
    char message[4000];
    CU_ASSERT_EQUAL(compile_canary(flags, message, sizeof message), -1);
    CU_ASSERT_PTR_NOT_NULL(strstr(message, part));
}

static void test_refused_flags(void)
{
    char message[4000];
    CU_ASSERT_EQUAL(compile_canary("", message, sizeof message), 0);
    check_refused("-ffast-math", "fast-math changes bits");
    check_refused("-ffinite-math-only", "fast-math changes bits");
#if defined(__x86_64__)
    check_refused("-mno-sse -mno-sse2 -mfpmath=387", "error");
#endif
}

/* What no macro tells: the canary's bits 0 and 1. */
static void test_silent_flags(void)
{
#if defined(__x86_64__)
    char message[4000];
    const char *quiet = "-funsafe-math-optimizations -U__ASSOCIATIVE_MATH__ "
                        "-U__RECIPROCAL_MATH__ -U__NO_SIGNED_ZEROS__ -U__FAST_MATH__";
    if (__builtin_cpu_supports("fma"))
        CU_ASSERT_EQUAL(compile_canary("-mfma -ffp-contract=fast", message, sizeof message) & 1, 1);
    CU_ASSERT_EQUAL(compile_canary(quiet, message, sizeof message) & 2, 2);
#else
    puts("skipped: flags of x86");
#endif
}

#if defined(__x86_64__)
#define NAME(name) #name,
static const char *const functions[] = {INV_FUNCTIONS(NAME) "pow"};
enum { FUNCTIONS = sizeof functions / sizeof *functions };

/* Assembly of the program that the shell commands print, for the instruction set of `flags`. */
static char *assemble(const char *printing, const char *flags)
{
    static char text[1 << 20];
    char command[8000];
    size_t length = 0;
    const char *compiler = getenv("CC");
#if defined(__clang__)
    compiler = compiler != NULL ? compiler : "clang";
#endif
    snprintf(command, sizeof command,
             "cd " INVAR_SOURCE_DIR " && { %s } | %s -std=gnu11 -O3 -ffp-contract=off "
             "-fno-math-errno -fno-trapping-math %s -Iruntime -Itemplates -x c -S - -o -",
             printing, compiler != NULL ? compiler : "gcc", flags);
    FILE *pipe = popen(command, "r");
    if (pipe != NULL) {
        length = fread(text, 1, sizeof text - 1, pipe);
        pclose(pipe);
    }
    text[length] = '\0';
    return text;
}

/* One loop over each function. */
static char *compile_loops(const char *flags)
{
    char printing[7000];
    int used = 0;
    for (int i = 0; i < FUNCTIONS; i++)
        used += snprintf(printing + used, sizeof printing - (size_t)used,
                         "echo '#include \"ops/%s.h\"\nvoid v_%s(float *restrict o, const float "
                         "*restrict a, long n) { for (long i = 0; i < n; i++) "
                         "o[i] = inv_%s(a[i]%s); }'; ",
                         functions[i], functions[i], functions[i],
                         strcmp(functions[i], "pow") == 0 ? ", a[i + n]" : "");
    return assemble(printing, flags);
}

/* Does the loop over this function multiply four floats or more at once, with fma or without? */
static int is_vectorised(const char *assembly, const char *function, const char *instruction)
{
    char label[50], size[50];
    snprintf(label, sizeof label, "\nv_%s:", function);
    snprintf(size, sizeof size, ".size\tv_%s,", function);
    const char *begin = strstr(assembly, label);
    const char *end = begin != NULL ? strstr(begin, size) : NULL;
    const char *found = end != NULL ? strstr(begin, instruction) : NULL;
    return found != NULL && found < end;
}

/* sin and cos look their bits up; clang 14 branches between the two forms of erf and tanh. */
static int is_scalar_for_sse2(const char *function)
{
    static const char *const scalar[] = {"sin", "cos", "erf", "tanh"};
    for (int i = 0; i < 4; i++)
        if (strcmp(function, scalar[i]) == 0)
            return 1;
    return 0;
}
#endif

#if defined(__x86_64__)
static void check_vectorised(const char *assembly, const char *function, const char *instruction)
{
    if (is_vectorised(assembly, function, instruction))
        return;
    printf("\ntemplates/ops/%s.h: a loop over inv_%s has no %s: a branch or a table stops it; "
           "where that must be, is_scalar_for_sse2 of tests/unit/test_guard.c excuses SSE2\n",
           function, function, instruction);
    CU_FAIL("a loop over an elementary function is not vectorised");
}
#endif

/* Registers of 8 floats with AVX2; with plain SSE2 a packed product of doubles: software fma. */
static void test_vectorised(void)
{
#if defined(__x86_64__)
    const char *assembly = compile_loops("-march=x86-64-v3");
    for (int i = 0; i < FUNCTIONS; i++)
        check_vectorised(assembly, functions[i], "%ymm");
    assembly = compile_loops("");
    for (int i = 0; i < FUNCTIONS; i++)
        if (!is_scalar_for_sse2(functions[i]))
            check_vectorised(assembly, functions[i], "mulpd");
#else
    puts("skipped: looks for vector code of x86");
#endif
}

/* Products of two doubles at once with SSE2, of four with AVX2. */
static void test_software_fma_vectorised(void)
{
#if defined(__x86_64__)
    static const char loop[] =
        "echo '#include \"core/arith.h\"\nvoid v_fma(float *restrict o, const float *restrict a, "
        "const float *restrict b, long n) { for (long i = 0; i < n; i++) "
        "o[i] = inv_fma_soft(a[i], b[i], o[i]); }';";
    CU_ASSERT_TRUE(is_vectorised(assemble(loop, ""), "fma", "mulpd"));
    const char *wide = assemble(loop, "-march=x86-64-v3");
    CU_ASSERT_TRUE(is_vectorised(wide, "fma", "vmulpd\t%ymm"));
#else
    puts("skipped: looks for vector code of x86");
#endif
}

int main(void)
{
    CU_pSuite suite;
    unsigned failed;

    CU_initialize_registry();
    suite = CU_add_suite("guard", NULL, NULL);
    CU_ADD_TEST(suite, test_sound);
    CU_ADD_TEST(suite, test_rounding_mode);
    CU_ADD_TEST(suite, test_subnormals);
    CU_ADD_TEST(suite, test_refused_flags);
    CU_ADD_TEST(suite, test_silent_flags);
    CU_ADD_TEST(suite, test_vectorised);
    CU_ADD_TEST(suite, test_software_fma_vectorised);
    CU_basic_run_tests();
    failed = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failed > 0;
}
