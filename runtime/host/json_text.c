#include "json_text.h"
#include "json.h"

static void begin(struct inv_json_text *j, const char *key)
{
    if (j->members++ > 0)
        fputs(j->flat ? ", " : ",", j->to);
    if (!j->flat && j->depth > 0)
        fprintf(j->to, "\n%*s", 2 * j->depth, "");
    if (key) {
        inv_json_write(j->to, key);
        fputs(": ", j->to);
    }
}

void inv_json_open(struct inv_json_text *j, const char *key, char bracket)
{
    begin(j, key);
    fputc(bracket, j->to);
    j->depth++;
    j->members = 0;
}

void inv_json_close(struct inv_json_text *j, char bracket)
{
    j->depth--;
    if (!j->flat && j->members > 0)
        fprintf(j->to, "\n%*s", 2 * j->depth, "");
    fputc(bracket, j->to);
    j->members = 1;                     /* of what is around it, which has this one at least */
}

void inv_json_put(struct inv_json_text *j, const char *key, const char *text)
{
    begin(j, key);
    inv_json_write(j->to, text);
}

void inv_json_put_word(struct inv_json_text *j, const char *key, const char *word)
{
    begin(j, key);
    fputs(word, j->to);
}

void inv_json_put_whole(struct inv_json_text *j, const char *key, int64_t value)
{
    begin(j, key);
    fprintf(j->to, "%lld", (long long)value);
}
