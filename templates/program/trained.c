/* The files of trained weights, as they are. */
#include "library-weights.h"

#define EMBED(name, path)                                        \
    __asm__(".section .rodata, \"a\"\n"                          \
            ".balign 64\n" #name ":\n"                           \
            ".incbin \"" path "\"\n" #name "_end:\n"             \
            ".byte 0\n"                                          \
            ".previous\n");                                      \
    __attribute__((visibility("hidden"))) extern const unsigned char name[], name##_end[]

EMBED(inv_trained_weights, ${weights});
EMBED(inv_trained_fields, ${fields});

const struct inv_trained inv_trained = {
    .name = ${weights_name}, .weights = inv_trained_weights, .weights_end = inv_trained_weights_end,
    .fields = inv_trained_fields, .fields_end = inv_trained_fields_end};
