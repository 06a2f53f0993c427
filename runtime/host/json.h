/* JSON in memory, read piece by piece, and texts written as its strings (RFC 8259). */
#ifndef INV_HOST_JSON_H
#define INV_HOST_JSON_H
#include <stdint.h>
#include "errors.h"

struct inv_json {
    const char *place, *part, *cure;    /* "w.st", "the safetensors header", "write it again" */
    struct inv_errors *errors;
    const char *start, *at, *limit;     /* the text; limit: its end */
    int failed;
};

/* Reports "PLACE: byte N of PART: what; CURE", only the first time; 0. */
int inv_json_fail(struct inv_json *, const char *what);
/* The next byte that is no blank, or 0. */
char inv_json_peek(struct inv_json *);
/* Whether c comes next, which then is taken; expect fails where it does not. */
int inv_json_accept(struct inv_json *, char c);
int inv_json_expect(struct inv_json *, char c);
/* A string in new memory, ended by a zero byte, or NULL. */
char *inv_json_string(struct inv_json *);
/* A whole number below 2^63. */
int inv_json_whole(struct inv_json *, uint64_t *);
/* Whether nothing but blanks follows. */
int inv_json_end(struct inv_json *);

void inv_json_write(FILE *, const char *text);

#endif
