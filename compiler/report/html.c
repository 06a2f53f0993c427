#include "report/html.h"
#include <math.h>
#include <string.h>
#include "core/sha256.h"

const char *html_escape(struct arena *arena, const char *text)
{
    static const char special[] = "&<>\"'";
    static const char *const entity[] = {"&amp;", "&lt;", "&gt;", "&quot;", "&#39;"};
    struct text out;
    text_init(&out, arena);
    text_puts(&out, "");
    for (; *text; text++) {
        const char *found = strchr(special, *text);
        if (found)
            text_puts(&out, entity[found - special]);
        else if ((unsigned char)*text < ' ' || *text == 127)
            text_puts(&out, "\xef\xbf\xbd");
        else
            text_add(&out, text, 1);
    }
    return out.data;
}

void html_set(struct values *values, const char *key, const char *text)
{
    values_set(values, key, html_escape(values_arena(values), text));
}

const char *html_number(struct arena *arena, double value)
{
    if (isnan(value))
        return "nan";
    if (value == floor(value) && fabs(value) < 1e15)
        return text_grouped(arena, (int64_t)value);
    return arena_printf(arena, "%.6g", value);
}

const char *html_hash(struct arena *arena, const char *data, size_t size)
{
    static const char digit[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    struct inv_sha256 sha;
    uint8_t bytes[33] = {0};            /* 32 and one to fill three */
    char *text = arena_strdup(arena, "sha256-............................................");
    char *to = text + strlen("sha256-");
    inv_sha256_init(&sha);
    inv_sha256_update(&sha, data, size);
    inv_sha256_final(&sha, bytes);
    for (int i = 0; i < 33; i += 3) {
        unsigned bits = (unsigned)bytes[i] << 16 | (unsigned)bytes[i + 1] << 8 | bytes[i + 2];
        for (int shift = 18; shift >= 0; shift -= 6)
            *to++ = digit[bits >> shift & 63];
    }
    to[-1] = '=';
    return text;
}
