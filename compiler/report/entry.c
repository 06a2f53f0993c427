#include "report/entry.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "host/json.h"

enum { DIGITS_MAX = 64 };               /* bytes of a number, which has 9 digits as it is written */

static const double LARGEST = 1e300;    /* trainers log binary32; axes have room above it */

struct reader {
    struct inv_json json;
    struct arena *arena;
    struct member *member;              /* at hand */
    bool has_rank;                      /* its first number was read */
};

static bool fail(struct reader *r, const char *what)
{
    return inv_json_fail(&r->json, what) != 0;
}

static const char *read_text(struct reader *r)
{
    char *text = inv_json_string(&r->json);
    const char *kept = text && !r->json.failed ? arena_strdup(r->arena, text) : NULL;
    free(text);
    return kept;
}

/* -12, 0.5 or 1e-05 (RFC 8259), by one correct rounding. */
static bool read_digits(struct reader *r, double *value)
{
    const char *at = r->json.at;
    size_t size = 0, most = (size_t)(r->json.limit - at);
    char *end;
    while (size < most && at[size] && strchr("+-.0123456789eE", at[size]))
        size++;
    if (size == 0 || size > DIGITS_MAX || at[0] == '+' || at[0] == '.')
        return fail(r, "a text, a number, null or a list of numbers expected");
    r->member->text = arena_strndup(r->arena, at, size);
    *value = strtod(r->member->text, &end);
    if (*end || !(fabs(*value) <= LARGEST))
        return fail(r, "no such number");
    r->json.at += size;
    return true;
}

static bool read_null(struct reader *r, double *value)
{
    if (r->json.limit - r->json.at < 4 || memcmp(r->json.at, "null", 4) != 0)
        return fail(r, "null expected");
    r->json.at += 4;
    r->member->text = "nan";
    *value = NAN;
    return true;
}

/* One number, `depth` lists deep. */
static bool read_number(struct reader *r, int depth)
{
    struct member *m = r->member;
    double value = 0;
    bool null = inv_json_peek(&r->json) == 'n';
    if (r->has_rank && depth != m->rank)
        return fail(r, "a number in a list of lists");
    r->has_rank = true;
    m->rank = depth;
    if (!(null ? read_null : read_digits)(r, &value))
        return false;
    ARENA_PUSH(r->arena, m->value, m->count, m->room) = value;
    return true;
}

static bool read_numbers(struct reader *r, int depth)
{
    struct member *m = r->member;
    int64_t count = 0;
    if (inv_json_peek(&r->json) != '[')
        return read_number(r, depth);
    if (depth == MEMBER_RANK || (r->has_rank && depth == m->rank))
        return fail(r, "a list that is too deep");
    inv_json_accept(&r->json, '[');
    if (inv_json_peek(&r->json) == ']') {
        m->rank = depth + 1;
        r->has_rank = true;
    } else {
        do {
            if (!read_numbers(r, depth + 1))
                return false;
            count++;
        } while (inv_json_accept(&r->json, ','));
    }
    if (!inv_json_expect(&r->json, ']'))
        return false;
    if (m->dim[depth] && m->dim[depth] != count)
        return fail(r, "lists of several lengths");
    m->dim[depth] = count;
    m->text = NULL;
    return true;
}

/* Behind the '[' of a list whose first is a text. */
static bool read_texts(struct reader *r)
{
    struct member *m = r->member;
    m->is_text = true;
    do {
        const char *next = inv_json_peek(&r->json) == '"' ? read_text(r) : NULL;
        if (!next)
            return !r->json.failed && fail(r, "a text in a list of texts expected");
        m->text = m->text ? arena_printf(r->arena, "%s, %s", m->text, next) : next;
    } while (inv_json_accept(&r->json, ','));
    return inv_json_expect(&r->json, ']');
}

/* Whether a list begins whose first is a text; then its '[' is behind. */
static bool begins_texts(struct reader *r)
{
    const char *at = r->json.at;
    if (inv_json_peek(&r->json) != '[')
        return false;
    inv_json_accept(&r->json, '[');
    if (inv_json_peek(&r->json) == '"')
        return true;
    r->json.at = at;
    return false;
}

static bool read_member(struct reader *r, struct entry *line)
{
    const char *key = read_text(r);
    if (!key)
        return false;
    if (entry_find(line, key))
        return fail(r, arena_printf(r->arena, "\"%s\" is there twice", key));
    r->member = &ARENA_PUSH(r->arena, line->member, line->count, line->room);
    *r->member = (struct member){.key = key};
    r->has_rank = false;
    if (!inv_json_expect(&r->json, ':'))
        return false;
    if (begins_texts(r))
        return read_texts(r);
    if (inv_json_peek(&r->json) != '"')
        return read_numbers(r, 0);
    r->member->is_text = true;
    return (r->member->text = read_text(r)) != NULL;
}

bool entry_read(struct arena *arena, struct inv_errors *errors, const char *path, int number,
               const char *text, size_t size, struct entry *line)
{
    struct reader r = {.arena = arena};
    r.json = (struct inv_json){.place = path, .part = arena_printf(arena, "line %d", number),
                               .cure = "this is no line of a log that a trainer wrote with --log",
                               .errors = errors, .start = text, .at = text, .limit = text + size};
    *line = (struct entry){.number = number};
    if (!inv_json_expect(&r.json, '{'))
        return false;
    if (inv_json_peek(&r.json) != '}') {
        do {
            if (!read_member(&r, line))
                return false;
        } while (inv_json_accept(&r.json, ','));
    }
    return inv_json_expect(&r.json, '}') &&
           (inv_json_end(&r.json) || fail(&r, "text follows the object's end"));
}

const struct member *entry_find(const struct entry *line, const char *key)
{
    for (int i = 0; i < line->count; i++)
        if (!strcmp(line->member[i].key, key))
            return &line->member[i];
    return NULL;
}

bool member_is_number(const struct member *m)
{
    return !m->is_text && m->rank == 0;
}

double entry_number(const struct entry *line, const char *key)
{
    const struct member *m = entry_find(line, key);
    return m && member_is_number(m) ? m->value[0] : 0;
}
