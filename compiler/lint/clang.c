/* Loads libclang: that which was there when invar was built, for a newer one may count its cursors
 * in another way than the headers said. */
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include "lint/clang.h"

struct clang clang;

static bool find(void *library, const char *name, void *to)
{
    void *function = dlsym(library, name);

    memcpy(to, &function, sizeof function);
    if (!function)
        fprintf(stderr, "invar lint: %s has no %s; build invar again with the libclang that is "
                "here now\n", INVAR_LIBCLANG, name);
    return function != NULL;
}

bool clang_load(void)
{
    void *library = dlopen(INVAR_LIBCLANG, RTLD_NOW | RTLD_LOCAL);

    if (!library) {
        fprintf(stderr, "invar lint: cannot load libclang: %s; install it (Debian: libclang1-14 "
                "libclang-common-14-dev), or build invar again with the one that is here now\n",
                dlerror());
        return false;
    }
#define X(name)                                                                                  \
    if (!find(library, "clang_" #name, &clang.name))                                             \
        return false;
    CLANG_FUNCTIONS(X)
#undef X
    return true;
}
