/* JSON as a tree in an arena, as Keras's configurations and editors' messages need it (RFC 8259,
 * and Python's NaN and Infinity). */
#ifndef INVAR_JSON_TREE_H
#define INVAR_JSON_TREE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/arena.h"
#include "host/errors.h"

enum json_kind { JSON_NULL, JSON_FALSE, JSON_TRUE, JSON_NUMBER, JSON_TEXT, JSON_LIST, JSON_OBJECT };

struct json {
    enum json_kind kind;
    const char *key;                    /* in an object */
    double number;
    const char *text;
    const struct json *first, *next;    /* members or elements */
};

/* NULL after an error: "PLACE: byte N of PART: what; CURE".  Over 64 MiB, over a million values and
 * a key that stands twice in an object are errors as well. */
const struct json *json_parse(struct arena *, struct inv_errors *, const char *place,
                              const char *part, const char *cure, const char *text, size_t size);
/* The member of that name, or NULL: also of what is NULL or no object. */
const struct json *json_get(const struct json *, const char *key);
/* The member's text, or NULL where it is none. */
const char *json_text(const struct json *, const char *key);
/* Whether there is nothing, or null. */
bool json_is_null(const struct json *);
/* A whole number from `least` to `most`. */
bool json_is_whole(const struct json *, int64_t least, int64_t most);
/* Elements of a list; 0 of anything else. */
int json_count(const struct json *);

#endif
