#include "json_rows.h"
#include <stdlib.h>
#include <string.h>
#include "core/arith.h"
#include "decimal.h"
#include "fields.h"
#include "json.h"
#include "variable.h"

enum { NUMBER = 128, NESTED = INV_RANK + 2 };

static int64_t elements_of(const struct inv_model *model, int field)
{
    return inv_variable_elements(inv_answer_cells(model, field));
}

static int64_t all_elements(const struct inv_model *model)
{
    int64_t all = 0;
    for (int f = 0; f < model->data.field_count; f++)
        all += elements_of(model, f);
    return all;
}

/* Where those of a field begin in inv_json_rows.seen. */
static unsigned char *seen_of(const struct inv_json_rows *r, int field)
{
    unsigned char *seen = r->seen;
    for (int f = 0; f < field; f++)
        seen += elements_of(r->model, f);
    return seen;
}

/* ---- lines ---- */

int inv_json_rows_open(struct inv_json_rows *r, const char *path)
{
    r->stream.file = -1;
    r->seen = inv_allocate((size_t)all_elements(r->model));
    return inv_stream_open(&r->stream, path, r->errors);
}

void inv_json_rows_close(struct inv_json_rows *r)
{
    inv_stream_close(&r->stream, NULL);
    free(r->line);
    free(r->seen);
}

/* The length of the next line, without its end; -1 where there is none. */
static int64_t next_line(struct inv_json_rows *r)
{
    size_t length = 0;
    int c = inv_stream_next(&r->stream);
    if (c < 0)
        return -1;
    for (; c >= 0 && c != '\n'; c = inv_stream_next(&r->stream)) {
        if (length + 1 >= r->room) {
            r->room = r->room * 2 + 256;
            r->line = inv_resize(r->line, r->room);
        }
        r->line[length++] = (char)c;
    }
    if (!r->line)
        r->line = inv_allocate(r->room = 1);
    r->line[length] = 0;
    r->number++;
    return (int64_t)length;
}

/* ---- values ---- */

/* Where the values of a key go: elements element .. end - 1 of a field. */
struct target {
    struct inv_json_rows *rows;
    struct inv_json *json;
    const char *key;
    int field;
    const struct inv_variable *cells;
    unsigned char *to, *seen;
    int64_t element, end;
};

static int fail_count(const struct target *t, const char *than)
{
    char *what = inv_text("\"%s\" has %s values than the %lld of %s", t->key, than,
                          (long long)inv_variable_elements(t->cells),
                          t->rows->model->data.field[t->field].name);
    inv_json_fail(t->json, what);
    free(what);
    return 0;
}

/* Room for one more element, or NULL. */
static void *next_element(struct target *t)
{
    if (t->element >= t->end) {
        fail_count(t, "more");
        return NULL;
    }
    if (t->seen[t->element]) {
        char *what = inv_text("\"%s\" gives a value a second time", t->key);
        inv_json_fail(t->json, what);
        free(what);
        return NULL;
    }
    t->seen[t->element] = 1;
    return t->to + 4 * t->element++;
}

static int read_number(struct target *t)
{
    char text[NUMBER + INV_DECIMAL_PADDING] = {0};
    struct inv_json *json = t->json;
    size_t length = 0;
    while (json->at + length < json->limit && strchr("+-.eE0123456789", json->at[length]) &&
           json->at[length])
        length++;
    void *to = next_element(t);
    if (!to)
        return 0;
    if (length == 0 || length >= NUMBER)
        return inv_json_fail(json, "a number, a text, an array or null expected");
    memcpy(text, json->at, length);
    enum inv_decimal status = t->cells->dtype == INV_F32 ? inv_decimal_to_f32(text, '.', to)
                                                          : inv_decimal_to_i32(text, '.', to);
    if (status != INV_DECIMAL_OK)
        return inv_json_fail(json, t->cells->dtype == INV_F32 ? "a finite number expected"
                                                               : "a whole number expected");
    json->at += length;
    return 1;
}

/* "null", "true" or "false", if it comes next. */
static int read_word(struct target *t, const char *word, float value)
{
    struct inv_json *json = t->json;
    size_t length = strlen(word);
    if ((size_t)(json->limit - json->at) < length || memcmp(json->at, word, length) != 0)
        return -1;
    void *to = next_element(t);
    if (!to)
        return 0;
    if (t->cells->dtype != INV_F32)
        return inv_json_fail(json, "a class expected");
    memcpy(to, &value, sizeof value);
    json->at += length;
    return 1;
}

/* The class of that name, or -1. */
static int64_t class_named(const struct target *t, const char *name, size_t length)
{
    const char *class;
    for (int64_t i = 0; (class = inv_class_name(t->rows->model, t->rows->fitted, t->field, i)); i++)
        if (strlen(class) == length && memcmp(class, name, length) == 0)
            return i;
    return -1;
}

static size_t character_length(const char *at)
{
    size_t length = 1;
    while (((unsigned char)at[length] & 0xc0) == 0x80)
        length++;
    return length;
}

static int put_class(struct target *t, const char *name, size_t length)
{
    int32_t class = (int32_t)class_named(t, name, length);
    void *to = class < 0 ? NULL : next_element(t);
    if (class < 0) {
        char *what = inv_text("\"%.*s\" is no class of %s", (int)length, name,
                              t->rows->model->data.field[t->field].name);
        inv_json_fail(t->json, what);
        free(what);
    }
    if (to)
        memcpy(to, &class, sizeof class);
    return to != NULL;
}

/* One class by its name, else all of the field's places by their characters. */
static int read_text(struct target *t)
{
    char *text = inv_json_string(t->json);
    int good = text != NULL;
    if (text && t->cells->dtype != INV_I32)
        good = inv_json_fail(t->json, "a number expected, not a text");
    else if (text && (t->end - t->element == 1 || class_named(t, text, strlen(text)) >= 0))
        good = put_class(t, text, strlen(text));
    else
        for (const char *at = text; good && *at; at += character_length(at))
            good = put_class(t, at, character_length(at));
    free(text);
    return good;
}

/* A value, or an array of such, `deep` arrays within others. */
static int read_values(struct target *t, int deep)
{
    char next = inv_json_peek(t->json);
    if (next == '"')
        return read_text(t);
    if (next == '[') {
        if (deep == NESTED)
            return inv_json_fail(t->json, "too many arrays within each other");
        inv_json_accept(t->json, '[');
        if (inv_json_accept(t->json, ']'))
            return 1;
        do {
            if (!read_values(t, deep + 1))
                return 0;
        } while (inv_json_accept(t->json, ','));
        return inv_json_expect(t->json, ']');
    }
    int good = read_word(t, "null", INV_NAN);
    good = good < 0 ? read_word(t, "true", 1) : good;
    good = good < 0 ? read_word(t, "false", 0) : good;
    return good < 0 ? read_number(t) : good;
}

/* ---- keys ---- */

/* The field that the key names. */
static int find_key(struct target *t, const char *key)
{
    const struct inv_model *model = t->rows->model;
    int at = 0;
    while ((t->field = inv_answer_input(model, &at)) >= 0)
        if (strcmp(model->data.field[t->field].name, key) == 0)
            return 1;
    return 0;
}

static void aim(struct target *t, unsigned char *const *cells)
{
    t->cells = inv_answer_cells(t->rows->model, t->field);
    t->to = cells[t->field];
    t->seen = seen_of(t->rows, t->field);
    t->element = 0;
    t->end = inv_variable_elements(t->cells);
}

/* What the model does not read may stand there, as in a data file. */
static int skip_value(struct inv_json *json, int deep)
{
    char open = inv_json_peek(json), close = open == '[' ? ']' : '}';
    if (open == '"') {
        char *text = inv_json_string(json);
        free(text);
        return text != NULL;
    }
    if (open != '[' && open != '{') {
        size_t length = strspn(json->at, "+-.0123456789aeflnrstuE");
        json->at += length;
        return length > 0 || inv_json_fail(json, "a value expected");
    }
    if (deep == NESTED)
        return inv_json_fail(json, "too many arrays within each other");
    inv_json_accept(json, open);
    if (inv_json_accept(json, close))
        return 1;
    do {
        if (open == '{' && (!skip_value(json, deep + 1) || !inv_json_expect(json, ':')))
            return 0;
        if (!skip_value(json, deep + 1))
            return 0;
    } while (inv_json_accept(json, ','));
    return inv_json_expect(json, close);
}

static int read_member(struct target *t, unsigned char *const *cells)
{
    char *key = inv_json_string(t->json);
    int good = key && inv_json_expect(t->json, ':');
    t->key = key;
    if (good && !find_key(t, key)) {
        good = skip_value(t->json, 0);
    } else if (good) {
        aim(t, cells);
        good = read_values(t, 0) && (t->element == t->end || fail_count(t, "fewer"));
    }
    free(key);
    return good;
}

/* Each element of each input has got a value. */
static int is_whole(struct target *t)
{
    const struct inv_model *model = t->rows->model;
    int at = 0;
    for (int f; (f = inv_answer_input(model, &at)) >= 0;) {
        if (!memchr(seen_of(t->rows, f), 0, (size_t)elements_of(model, f)))
            continue;
        char *what = inv_text("%s has no value here", model->data.field[f].name);
        inv_json_fail(t->json, what);
        free(what);
        return 0;
    }
    return 1;
}

static int read_row(struct target *t, unsigned char *const *cells)
{
    int at = 0;
    if (inv_json_peek(t->json) == '[') {
        t->field = inv_answer_input(t->rows->model, &at);
        t->key = t->rows->model->data.field[t->field].name;
        if (inv_answer_input(t->rows->model, &at) >= 0)
            return inv_json_fail(t->json, "an object expected, as there are several inputs");
        aim(t, cells);
        return read_values(t, 0) && (t->element == t->end || fail_count(t, "fewer"));
    }
    if (!inv_json_expect(t->json, '{'))
        return 0;
    if (inv_json_accept(t->json, '}'))
        return 1;
    do {
        if (!read_member(t, cells))
            return 0;
    } while (inv_json_accept(t->json, ','));
    return inv_json_expect(t->json, '}');
}

int inv_json_rows_next(struct inv_json_rows *r, unsigned char *const *cells)
{
    int64_t length;
    do {
        length = next_line(r);
        if (length < 0)
            return r->stream.failed ? -1 : 0;
    } while (r->line[strspn(r->line, " \t\r")] == 0);
    memset(r->seen, 0, (size_t)all_elements(r->model));
    char *place = inv_text("%s:%lld", r->stream.path, (long long)r->number);
    struct inv_json json = {.place = place, .part = "the line", .cure = "see --describe",
                            .errors = r->errors, .start = r->line, .at = r->line,
                            .limit = r->line + length};
    struct target t = {.rows = r, .json = &json};
    int good = read_row(&t, cells) && (inv_json_end(&json) || inv_json_fail(&json, "text follows"))
               && is_whole(&t);
    free(place);
    return good ? 1 : -1;
}
