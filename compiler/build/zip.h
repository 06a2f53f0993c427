/* A zip file (APPNOTE.TXT 6.3.10 of PKWARE) of members as they are, none compressed, dated 1980:
 * the same bytes from the same members. */
#ifndef INVAR_BUILD_ZIP_H
#define INVAR_BUILD_ZIP_H
#include <stdbool.h>
#include <stdint.h>
#include "base/text.h"
#include "host/output.h"

struct zip {
    struct inv_output *out;             /* set these two, zero the rest */
    struct arena *arena;
    uint64_t written;
    struct text directory;
    int count;
    bool too_large;
};

/* Adds a member; it may be executed where that is asked for. */
void zip_add(struct zip *, const char *name, const void *data, size_t size, bool executable);
/* Writes what must stand at the end; false after an error: more than 65,535 members, or 4 GiB. */
bool zip_end(struct zip *);

#endif
