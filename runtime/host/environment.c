#include "environment.h"
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include "core/level.h"

#ifndef INV_CC_FLAGS
#define INV_CC_FLAGS ""
#endif
#ifndef INV_CC_VERSION
#ifdef __clang__
#define INV_CC_VERSION __VERSION__
#else
#define INV_CC_VERSION "gcc " __VERSION__
#endif
#endif

/* What levels are called, the plainest first; a level not named here ranks as the first. */
static const char *const level_name[] = { INV_LEVEL_TEXT, "avx2", "avx512" };
enum { LEVELS = sizeof level_name / sizeof level_name[0] };

static int rank_of(const char *level)
{
    for (int i = 1; i < LEVELS; i++)
        if (strcmp(level, level_name[i]) == 0)
            return i;
    return 0;
}

/* Linux starts POWER processes with VSCR's non-Java bit set, and gcc up to 12 uses the one
 * instruction for vectors, vmaddfp, that then takes subnormal numbers for zeros. */
void inv_environment_prepare(void)
{
#if defined(__ALTIVEC__)
    __attribute__((vector_size(16))) int none = { 0 };
    __builtin_altivec_mtvscr(none);
#endif
}

int inv_environment_rank(void)
{
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma") ||
        !__builtin_cpu_supports("bmi") || !__builtin_cpu_supports("bmi2"))
        return 0;
    if (!__builtin_cpu_supports("avx512f") || !__builtin_cpu_supports("avx512bw") ||
        !__builtin_cpu_supports("avx512dq") || !__builtin_cpu_supports("avx512vl") ||
        !__builtin_cpu_supports("avx512cd"))
        return 1;
    return 2;
#else
    return 0;
#endif
}

static void report_levels(const struct inv_model *const *level, const char *wanted,
                          struct inv_errors *errors)
{
    char *list = inv_copy_text("");
    for (int i = 0; level[i]; i++) {
        char *longer = inv_text("%s%s%s", list, i ? ", " : "", level[i]->level);
        free(list);
        list = longer;
    }
    inv_error(errors, "INVAR_ISA=%s: this trainer was not compiled for it; it has: %s", wanted,
              list);
    free(list);
}

static const struct inv_model *choose_named(const struct inv_model *const *level,
                                            const char *wanted, struct inv_errors *errors)
{
    for (int i = 0; level[i]; i++) {
        if (strcmp(level[i]->level, wanted) != 0)
            continue;
        if (rank_of(wanted) <= inv_environment_rank())
            return level[i];
        inv_error(errors, "INVAR_ISA=%s: this processor does not have these instructions; its "
                  "best level is %s", wanted, level_name[inv_environment_rank()]);
        return NULL;
    }
    report_levels(level, wanted, errors);
    return NULL;
}

const struct inv_model *inv_environment_choose(const struct inv_model *const *level,
                                               struct inv_errors *errors)
{
    const char *wanted = getenv("INVAR_ISA");
    const struct inv_model *best = NULL;
    if (wanted && *wanted)
        return choose_named(level, wanted, errors);
    for (int i = 0; level[i]; i++) {
        int rank = rank_of(level[i]->level);
        if (rank <= inv_environment_rank() && (!best || rank > rank_of(best->level)))
            best = level[i];
    }
    if (!best)
        inv_error(errors, "this trainer was compiled for level %s only, which this processor does "
                  "not have; build it again here", level[0] ? level[0]->level : "none");
    return best;
}

char *inv_environment_kernel(void)
{
    struct utsname about;
    /* invar-lint: allow machine because logs and receipts say where a run was */
    if (uname(&about) != 0)
        return inv_copy_text("unknown");
    return inv_text("%s %s %s", about.sysname, about.release, about.machine);
}

char *inv_environment_processor(void)
{
    char line[256], *found = NULL;
    FILE *file = fopen("/proc/cpuinfo", "r");
    while (file && !found && fgets(line, sizeof line, file)) {
        char *value = strchr(line, ':');
        if (strncmp(line, "model name", 10) != 0 || !value)
            continue;
        value += 1 + strspn(value + 1, " ");
        value[strcspn(value, "\n")] = 0;
        found = inv_copy_text(value);
    }
    if (file)
        fclose(file);
    return found ? found : inv_copy_text("unknown");
}

char *inv_environment_compiler(void)
{
    return inv_text("%s%s%s", INV_CC_VERSION, *INV_CC_FLAGS ? " " : "", INV_CC_FLAGS);
}
