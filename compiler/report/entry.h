/* A line of a log: an object whose members are texts, lists of texts, numbers, or lists of numbers,
 * nested to one depth.  That is all that runtime/host/log.h writes. */
#ifndef INVAR_REPORT_ENTRY_H
#define INVAR_REPORT_ENTRY_H
#include <stdbool.h>
#include <stdint.h>
#include "base/arena.h"
#include "host/errors.h"

enum { MEMBER_RANK = 8 };

struct member {
    const char *key;
    const char *text;                   /* a text; several, ", " between them; of a number its
                                         * digits; NULL for lists of these */
    bool is_text;
    int rank;                           /* of numbers: 0 for one alone */
    int64_t dim[MEMBER_RANK];           /* 0 where a list is empty */
    double *value;                      /* the numbers in row-major order, NaN for null */
    int count, room;
};

struct entry {
    int number;                         /* from 1 */
    struct member *member;
    int count, room;
};

/* Reads text[0 .. size), line `number` of the log `path`; false after an error. */
bool entry_read(struct arena *, struct inv_errors *, const char *path, int number, const char *text,
               size_t size, struct entry *);
const struct member *entry_find(const struct entry *, const char *key); /* or NULL */
double entry_number(const struct entry *, const char *key); /* 0 where it has none of that key */
/* Whether it is one number, though it may be NaN. */
bool member_is_number(const struct member *);

#endif
