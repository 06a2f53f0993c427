/* What a model calls to save and load in tests of firmware: bytes go to `kept`, and come back. */
#ifndef INVAR_TESTS_KEPT_H
#define INVAR_TESTS_KEPT_H

#include <string.h>

static unsigned char kept[KEPT_BYTES];
static size_t kept_bytes;

static int keep(void *user, const void *bytes, size_t count)
{
    (void)user;
    if (count > sizeof kept - kept_bytes)
        return 1;
    memcpy(kept + kept_bytes, bytes, count);
    kept_bytes += count;
    return 0;
}

/* user: a size_t, where it reads next. */
static int fetch(void *user, void *bytes, size_t count)
{
    size_t *at = (size_t *)user;
    if (count > kept_bytes - *at)
        return 1;
    memcpy(bytes, kept + *at, count);
    *at += count;
    return 0;
}

#endif
