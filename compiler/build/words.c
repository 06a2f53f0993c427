#include "build/words.h"

#include <stddef.h>
#include <string.h>

/* Those of host/options.c that do more than shape a training. */
static const struct { const char *name; enum words_kind kind; } known[] = {
    {"--predict", WORDS_USE},           {"--evaluate", WORDS_USE},
    {"--generate", WORDS_USE},          {"--dump-batch", WORDS_USE},
    {"--check-gradients", WORDS_USE},
    {"--selftest", WORDS_USE},          {"--version", WORDS_USE},
    {"--help", WORDS_USE},              {"-h", WORDS_USE},
    {"--log", WORDS_OUTPUT},            {"--log-every", WORDS_DETAIL},
    {"--log-norms", WORDS_DETAIL},
    {"--weights", WORDS_OUTPUT},        {"--save-init", WORDS_OUTPUT},
    {"--receipt", WORDS_OUTPUT},        {"--receipt-every", WORDS_DETAIL},
    {"--summary", WORDS_OUTPUT},        {"--quiet", WORDS_DETAIL},
    {"--checkpoint", WORDS_OUTPUT},     {"--checkpoint-every", WORDS_DETAIL},
    {"--checkpoint-keep", WORDS_DETAIL}, {"--trace", WORDS_OUTPUT},
    {"--trace-steps", WORDS_DETAIL},    {"--trace-place", WORDS_DETAIL},
    {"--trace-only", WORDS_DETAIL},     {"--verify", WORDS_RUN},
    {"--resume", WORDS_RUN},            {"--resume-anyway", WORDS_RUN},
    {"--plain", WORDS_DETAIL},
};

int words_find(int count, char *const *word, const char *name)
{
    size_t size = strlen(name);
    for (int i = 0; i < count; i++)
        if (!strncmp(word[i], name, size) && (!word[i][size] || word[i][size] == '='))
            return i;
    return -1;
}

const char *words_any(int count, char *const *word, unsigned kinds)
{
    for (size_t k = 0; k < sizeof known / sizeof *known; k++)
        if (known[k].kind & kinds && words_find(count, word, known[k].name) >= 0)
            return known[k].name;
    return NULL;
}
