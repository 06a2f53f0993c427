/* Checks that are counted, and printed where they fail. */
#ifndef TEST_LIBRARY_CHECK_H
#define TEST_LIBRARY_CHECK_H
#include <stdio.h>

static int passed, failed;

static inline void check(int good, const char *what, const char *detail, int line)
{
    passed += good != 0;
    failed += good == 0;
    if (!good)
        printf("line %d: %s (%s)\n", line, what, detail);
}

#define CHECK(good) check((good) != 0, #good, "", __LINE__)
#define CHECK_FOR(good, detail) check((good) != 0, #good, detail, __LINE__)

#endif
