/* JSON that is written piece by piece, indented, one member a line. */
#ifndef INV_HOST_JSON_TEXT_H
#define INV_HOST_JSON_TEXT_H
#include <stdint.h>
#include <stdio.h>

struct inv_json_text {
    FILE *to;                           /* set this, zero the rest */
    int depth, members;                 /* members of what is open */
    int flat;                           /* what is written now stays in one line */
};

/* Here and below key is NULL in a list and at the outset. */
void inv_json_open(struct inv_json_text *, const char *key, char bracket);
void inv_json_close(struct inv_json_text *, char bracket);
void inv_json_put(struct inv_json_text *, const char *key, const char *text);
/* A number, or null, true or false. */
void inv_json_put_word(struct inv_json_text *, const char *key, const char *word);
void inv_json_put_whole(struct inv_json_text *, const char *key, int64_t);

#endif
