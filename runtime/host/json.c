#include "json.h"
#include <string.h>

int inv_json_fail(struct inv_json *r, const char *what)
{
    if (!r->failed++)
        inv_error(r->errors, "%s: byte %lld of %s: %s; %s", r->place,
                  (long long)(r->at - r->start), r->part, what, r->cure);
    return 0;
}

char inv_json_peek(struct inv_json *r)
{
    while (r->at < r->limit && strchr(" \t\r\n", *r->at) && *r->at)
        r->at++;
    return r->at < r->limit ? *r->at : 0;
}

int inv_json_accept(struct inv_json *r, char c)
{
    if (inv_json_peek(r) != c || c == 0)
        return 0;
    r->at++;
    return 1;
}

int inv_json_expect(struct inv_json *r, char c)
{
    char what[] = "'x' expected";
    what[1] = c;
    return inv_json_accept(r, c) || inv_json_fail(r, what);
}

int inv_json_end(struct inv_json *r)
{
    inv_json_peek(r);
    return r->at == r->limit;
}

/* ---- strings ---- */

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Four digits as one UTF-16 unit, or -1. */
static int read_unit(struct inv_json *r)
{
    int unit = 0;
    for (int i = 0; i < 4; i++) {
        int digit = r->at < r->limit ? hex_digit(*r->at) : -1;
        if (digit < 0)
            return -1;
        unit = unit * 16 + digit;
        r->at++;
    }
    return unit;
}

/* The code point after \u, of two units where they are surrogates; -1 where there is none. */
static int read_code(struct inv_json *r)
{
    int unit = read_unit(r);
    if (unit < 0xd800 || unit > 0xdfff)
        return unit;
    if (unit > 0xdbff || r->limit - r->at < 6 || r->at[0] != '\\' || r->at[1] != 'u')
        return -1;
    r->at += 2;
    int low = read_unit(r);
    return low < 0xdc00 || low > 0xdfff ? -1
                                        : 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
}

static char *put_utf8(char *to, int code)
{
    if (code < 0x80) {
        *to++ = (char)code;
        return to;
    }
    static const int lead[] = { 0, 0xc0, 0xe0, 0xf0 };
    int more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    *to++ = (char)(lead[more] | code >> (6 * more));
    while (more-- > 0)
        *to++ = (char)(0x80 | (code >> (6 * more) & 0x3f));
    return to;
}

/* An escape after its backslash. */
static char *read_escape(struct inv_json *r, char *to)
{
    static const char plain[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
    char c = r->at < r->limit ? *r->at++ : 0;
    const char *found = c ? strchr(plain, c) : NULL;
    if (found) {
        *to++ = meant[found - plain];
        return to;
    }
    int code = c == 'u' ? read_code(r) : -1;
    if (code > 0)
        return put_utf8(to, code);
    inv_json_fail(r, "no such escape in a string");
    return to;
}

char *inv_json_string(struct inv_json *r)
{
    if (!inv_json_expect(r, '"'))
        return NULL;
    const char *close = r->at;
    while (close < r->limit && *close != '"')
        close += *close == '\\' ? 2 : 1;
    if (close >= r->limit) {
        inv_json_fail(r, "a string without end");
        return NULL;
    }
    char *text = inv_allocate((size_t)(close - r->at) + 1), *to = text;
    while (r->at < close && !r->failed) {
        char c = *r->at++;
        if (c == '\\')
            to = read_escape(r, to);
        else
            *to++ = c;
    }
    r->at = close + 1;
    return text;
}

void inv_json_write(FILE *file, const char *text)
{
    fputc('"', file);
    for (const unsigned char *at = (const unsigned char *)text; *at; at++) {
        if (*at == '"' || *at == '\\')
            fprintf(file, "\\%c", *at);
        else if (*at < 0x20)
            fprintf(file, "\\u%04x", *at);
        else
            fputc(*at, file);
    }
    fputc('"', file);
}

/* ---- numbers ---- */

int inv_json_whole(struct inv_json *r, uint64_t *value)
{
    uint64_t whole = 0;
    if (inv_json_peek(r) < '0' || inv_json_peek(r) > '9')
        return inv_json_fail(r, "a whole number expected");
    while (r->at < r->limit && *r->at >= '0' && *r->at <= '9') {
        if (whole > (uint64_t)INT64_MAX / 16)
            return inv_json_fail(r, "a number is too large");
        whole = whole * 10 + (uint64_t)(*r->at++ - '0');
    }
    *value = whole;
    return 1;
}
