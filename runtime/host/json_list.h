/* A JSON text as the list of its values, each under the path that leads to it: of
 * {"a": [5, {"b": "c"}]} these are "" {, "/a" [, "/a/0" 5, "/a/1" { and "/a/1/b" "c".  In a path a
 * key's "~" is "~0" and its "/" is "~1" (RFC 6901). */
#ifndef INV_HOST_JSON_LIST_H
#define INV_HOST_JSON_LIST_H
#include "json.h"

enum inv_json_kind { INV_JSON_OBJECT, INV_JSON_ARRAY, INV_JSON_TEXT, INV_JSON_NUMBER,
                     INV_JSON_WORD };   /* true, false, null */

struct inv_json_value {
    char *path;
    enum inv_json_kind kind;
    char *text;                         /* of a text, a number as it stands there, a word; "" */
};

struct inv_json_list {
    struct inv_json_value *value;       /* in byte order of the paths */
    int count, room;
};

/* Reads the whole text; 0 after an error, which a key that stands twice in one object is. */
int inv_json_list_read(struct inv_json_list *, struct inv_json *);
/* NULL where there is none. */
const struct inv_json_value *inv_json_list_find(const struct inv_json_list *, const char *path);
void inv_json_list_free(struct inv_json_list *);

#endif
