/* JSON as a tree. */
#include "base/json_tree.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "host/json.h"

enum { DEEPEST = 200, NUMBER = 63, VALUES = 1 << 20, BYTES = 64 << 20 };

struct tree { struct arena *arena; struct inv_json json; int depth, values; };

static bool read_value(struct tree *, struct json *);

/* A word such as true, where it comes next. */
static bool is_word(struct tree *t, const char *word)
{
    size_t n = strlen(word);
    if ((size_t)(t->json.limit - t->json.at) < n || memcmp(t->json.at, word, n) != 0)
        return false;
    t->json.at += n;
    return true;
}

static bool read_word(struct tree *t, struct json *v)
{
    static const struct { const char *word; enum json_kind kind; double number; } words[] = {
        {"null", JSON_NULL, 0}, {"false", JSON_FALSE, 0}, {"true", JSON_TRUE, 0},
        {"NaN", JSON_NUMBER, NAN}, {"Infinity", JSON_NUMBER, INFINITY},
        {"-Infinity", JSON_NUMBER, -INFINITY}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (is_word(t, words[i].word)) {
            v->kind = words[i].kind;
            v->number = words[i].number;
            return true;
        }
    return false;
}

static bool read_number(struct tree *t, struct json *v)
{
    char digits[NUMBER + 1];
    size_t n = 0;
    while (n < NUMBER && t->json.at + n < t->json.limit && strchr("+-.eE0123456789", t->json.at[n])
           && t->json.at[n])
        n++;
    memcpy(digits, t->json.at, n);
    digits[n] = 0;
    char *end;
    v->kind = JSON_NUMBER;
    v->number = strtod(digits, &end);
    if (n == 0 || *end)
        return inv_json_fail(&t->json, "a value expected");
    t->json.at += n;
    return true;
}

static const char *read_text(struct tree *t)
{
    char *text = inv_json_string(&t->json);
    const char *copy = text ? arena_strdup(t->arena, text) : NULL;
    free(text);
    return copy;
}

static int compare_keys(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Whether no key of the object, of `count` members, stands twice: readers differ in which one
 * counts. */
static bool has_own_keys(const struct json *object, int count)
{
    const char **key = inv_allocate(sizeof *key * (size_t)count);
    bool differ = true;
    for (const struct json *m = object->first; m; m = m->next)
        *key++ = m->key;
    key -= count;
    qsort(key, (size_t)count, sizeof *key, compare_keys);
    for (int i = 1; i < count; i++)
        differ &= strcmp(key[i - 1], key[i]) != 0;
    free(key);
    return differ;
}

static bool read_members(struct tree *t, struct json *v, char closing)
{
    int count = 0;
    const struct json **link = &v->first;
    t->json.at++;
    if (inv_json_accept(&t->json, closing))
        return true;
    do {
        if (t->values == VALUES)
            return inv_json_fail(&t->json, "it has over a million values");
        struct json *member = ARENA_NEW(t->arena, struct json);
        t->values++;
        count++;
        if (closing == '}' &&
            (!(member->key = read_text(t)) || !inv_json_expect(&t->json, ':')))
            return false;
        if (!read_value(t, member))
            return false;
        *link = member;
        link = &member->next;
    } while (inv_json_accept(&t->json, ','));
    if (!inv_json_expect(&t->json, closing))
        return false;
    return closing == ']' || has_own_keys(v, count) ||
           inv_json_fail(&t->json, "an object has a key twice");
}

static bool read_value(struct tree *t, struct json *v)
{
    char c = inv_json_peek(&t->json);
    if (c == '"') {
        v->kind = JSON_TEXT;
        return (v->text = read_text(t)) != NULL;
    }
    if (c != '{' && c != '[')
        return read_word(t, v) || read_number(t, v);
    if (++t->depth > DEEPEST)
        return inv_json_fail(&t->json, "it is nested too deep");
    v->kind = c == '{' ? JSON_OBJECT : JSON_LIST;
    bool good = read_members(t, v, c == '{' ? '}' : ']');
    t->depth--;
    return good;
}

const struct json *json_parse(struct arena *arena, struct inv_errors *errors, const char *place,
                              const char *part, const char *cure, const char *text, size_t size)
{
    struct tree t = {.arena = arena,
                     .json = {.place = place, .part = part, .cure = cure,
                              .errors = errors, .start = text, .at = text, .limit = text + size}};
    struct json *root = ARENA_NEW(arena, struct json);
    if (size > BYTES) {
        inv_json_fail(&t.json, "it has over 64 MiB");
        return NULL;
    }
    return read_value(&t, root) && (inv_json_end(&t.json) ||
           inv_json_fail(&t.json, "nothing expected behind it")) ? root : NULL;
}

const struct json *json_get(const struct json *object, const char *key)
{
    if (object && object->kind == JSON_OBJECT)
        for (const struct json *m = object->first; m; m = m->next)
            if (!strcmp(m->key, key))
                return m;
    return NULL;
}

const char *json_text(const struct json *object, const char *key)
{
    const struct json *v = json_get(object, key);
    return v && v->kind == JSON_TEXT ? v->text : NULL;
}

bool json_is_null(const struct json *v)
{
    return !v || v->kind == JSON_NULL;
}

bool json_is_whole(const struct json *v, int64_t least, int64_t most)
{
    return v && v->kind == JSON_NUMBER && v->number >= (double)least &&
           v->number <= (double)most && v->number == floor(v->number);
}

int json_count(const struct json *list)
{
    int count = 0;
    if (list && list->kind == JSON_LIST)
        for (const struct json *e = list->first; e; e = e->next)
            count++;
    return count;
}
