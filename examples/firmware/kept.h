/* What a model calls to save and load: bytes go to `kept`, which stands for a part of the flash,
 * and come back.  KEPT_BYTES is the model's SAVE_BYTES. */
#ifndef KEPT_H
#define KEPT_H

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
