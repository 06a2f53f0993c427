#include "json_list.h"
#include <stdlib.h>
#include <string.h>

enum { DEPTH = 32, VALUES = 1 << 22 };  /* what stands within another; values of a text */

struct reader {
    struct inv_json *json;
    struct inv_json_list *list;
    int depth;
};

static int read_value(struct reader *r, char *path);

/* Takes path and text. */
static int add(struct reader *r, char *path, enum inv_json_kind kind, char *text)
{
    struct inv_json_list *list = r->list;
    if (list->count == list->room) {
        list->room = list->room * 2 + 64;
        list->value = inv_resize(list->value, (size_t)list->room * sizeof *list->value);
    }
    list->value[list->count++] = (struct inv_json_value){ path, kind, text };
    return list->count <= VALUES || inv_json_fail(r->json, "too many values");
}

static char *join(const char *path, const char *key)
{
    size_t length = strlen(path);
    char *whole = inv_allocate(length + 2 * strlen(key) + 2), *to = whole + length;
    memcpy(whole, path, length);
    *to++ = '/';
    for (; *key; key++) {
        if (*key == '~' || *key == '/') {
            *to++ = '~';
            *to++ = *key == '~' ? '0' : '1';
        } else {
            *to++ = *key;
        }
    }
    return whole;
}

static int read_members(struct reader *r, const char *path)
{
    if (inv_json_accept(r->json, '}'))
        return 1;
    do {
        char *key = inv_json_string(r->json);
        int good = key && inv_json_expect(r->json, ':') && read_value(r, join(path, key));
        free(key);
        if (!good)
            return 0;
    } while (inv_json_accept(r->json, ','));
    return inv_json_expect(r->json, '}');
}

static int read_items(struct reader *r, const char *path)
{
    char number[16];
    int count = 0;
    if (inv_json_accept(r->json, ']'))
        return 1;
    do {
        snprintf(number, sizeof number, "%d", count++);
        if (!read_value(r, join(path, number)))
            return 0;
    } while (inv_json_accept(r->json, ','));
    return inv_json_expect(r->json, ']');
}

static int read_within(struct reader *r, char *path, int object)
{
    if (!add(r, path, object ? INV_JSON_OBJECT : INV_JSON_ARRAY, inv_copy_text("")))
        return 0;
    if (++r->depth > DEPTH)
        return inv_json_fail(r->json, "too much within one another");
    int good = object ? read_members(r, path) : read_items(r, path);
    r->depth--;
    return good;
}

/* Digits from `at` on; where they end, or NULL where there are none. */
static const char *digits(const char *at, const char *limit)
{
    const char *end = at;
    while (end < limit && *end >= '0' && *end <= '9')
        end++;
    return end > at ? end : NULL;
}

/* Where a number ends, or NULL (RFC 8259, section 6). */
static const char *number_end(const char *at, const char *limit)
{
    at += at < limit && *at == '-';
    const char *end = digits(at, limit);
    if (end && *at == '0' && end > at + 1)
        return NULL;
    if (end && end < limit && *end == '.')
        end = digits(end + 1, limit);
    if (end && end < limit && (*end | 0x20) == 'e') {
        end++;
        end += end < limit && (*end == '+' || *end == '-');
        end = digits(end, limit);
    }
    return end;
}

static int read_plain(struct reader *r, char *path)
{
    static const char *const words[] = { "true", "false", "null" };
    struct inv_json *json = r->json;
    const char *end = number_end(json->at, json->limit);
    enum inv_json_kind kind = end ? INV_JSON_NUMBER : INV_JSON_WORD;
    for (int i = 0; !end && i < 3; i++) {
        size_t length = strlen(words[i]);
        if ((size_t)(json->limit - json->at) >= length &&
            strncmp(json->at, words[i], length) == 0)
            end = json->at + length;
    }
    if (!end) {
        free(path);
        return inv_json_fail(json, "a value expected");
    }
    const char *start = json->at;
    json->at = end;
    return add(r, path, kind, inv_text("%.*s", (int)(end - start), start));
}

/* Takes path. */
static int read_value(struct reader *r, char *path)
{
    if (inv_json_accept(r->json, '{'))
        return read_within(r, path, 1);
    if (inv_json_accept(r->json, '['))
        return read_within(r, path, 0);
    if (inv_json_peek(r->json) != '"')
        return read_plain(r, path);
    char *text = inv_json_string(r->json);
    if (!text) {
        free(path);
        return 0;
    }
    return add(r, path, INV_JSON_TEXT, text);
}

static int by_path(const void *a, const void *b)
{
    const struct inv_json_value *x = a, *y = b;
    return strcmp(x->path, y->path);
}

int inv_json_list_read(struct inv_json_list *list, struct inv_json *json)
{
    struct reader r = { .json = json, .list = list };
    *list = (struct inv_json_list){ .count = 0 };
    if (!read_value(&r, inv_copy_text("")) || json->failed)
        return 0;
    if (!inv_json_end(json))
        return inv_json_fail(json, "text follows the end");
    /* invar-lint: allow unstable-sort because equals are an error, which names their path alone */
    qsort(list->value, (size_t)list->count, sizeof *list->value, by_path);
    for (int i = 1; i < list->count; i++)
        if (strcmp(list->value[i - 1].path, list->value[i].path) == 0) {
            inv_error(json->errors, "%s: %s stands twice in %s; %s", json->place,
                      list->value[i].path, json->part, json->cure);
            return 0;
        }
    return 1;
}

const struct inv_json_value *inv_json_list_find(const struct inv_json_list *list,
                                                const char *path)
{
    int low = 0, high = list->count;
    while (low < high) {
        int middle = (low + high) / 2, order = strcmp(list->value[middle].path, path);
        if (order == 0)
            return &list->value[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

void inv_json_list_free(struct inv_json_list *list)
{
    for (int i = 0; i < list->count; i++) {
        free(list->value[i].path);
        free(list->value[i].text);
    }
    free(list->value);
}
