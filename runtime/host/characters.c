#include "characters.h"
#include <string.h>

/* Bytes of the character with this first byte, or 0. */
static int length_of(unsigned char first)
{
    return first == 0 ? 0 : first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2
         : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
}

/* The code point of a character of that length. */
static int32_t code_of(const unsigned char *at, int length)
{
    int32_t code = length == 1 ? at[0] : at[0] & (0x7f >> length);
    for (int i = 1; i < length; i++)
        code = code << 6 | (at[i] & 0x3f);
    return code;
}

int inv_character_of(const char *from, size_t size, char text[INV_CHARACTER])
{
    static const int32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
    const unsigned char *at = (const unsigned char *)from;
    int length = size > 0 ? length_of(*at) : 0;
    if (length == 0 || (size_t)length > size)
        return 0;
    for (int i = 1; i < length; i++)
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    int32_t code = code_of(at, length);
    if (code < least[length] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
        return 0;
    memcpy(text, from, (size_t)length);
    text[length] = 0;
    return length;
}

int inv_character_next(struct inv_stream *s, char text[INV_CHARACTER])
{
    int first = inv_stream_next(s), size = 1;
    char bytes[INV_CHARACTER] = { (char)first };
    if (first < 0)
        return s->failed ? -1 : 0;
    while (size < length_of((unsigned char)first) && (inv_stream_peek(s) & ~0x3f) == 0x80)
        bytes[size++] = (char)inv_stream_next(s);
    if (inv_character_of(bytes, (size_t)size, text))
        return 1;
    inv_error(s->errors, "%s: byte %lld: %s; read the file by bytes(...) as class[..., 256]%s",
              s->path, (long long)s->offset - size,
              first ? "not UTF-8" : "a zero, which is no character of a text",
              first ? ", or convert it, from Latin-1 by: iconv -f latin1 -t utf-8" : "");
    return -1;
}

int inv_character_number(const struct inv_names *names, const char *text, const char *place,
                         struct inv_errors *errors)
{
    int number = inv_names_find(names, text);
    int visible = (unsigned char)text[0] > ' ';
    if (number < 0)
        inv_error(errors, "%s: the character %s%s%sU+%04X is none of the %d that the training's "
                  "text had; leave it out, or train on a text that has it", place,
                  visible ? "\"" : "", visible ? text : "", visible ? "\", " : "",
                  (unsigned)code_of((const unsigned char *)text, (int)strlen(text)), names->count);
    return number;
}

int inv_character_is_return(struct inv_stream *s, const char *text)
{
    return text[0] == '\r' && inv_stream_peek(s) == '\n';
}

int inv_characters_collect(const struct inv_paths *paths, int lines, struct inv_names *names,
                           struct inv_errors *errors)
{
    char text[INV_CHARACTER];
    int more = 0;
    if (lines)
        inv_names_add(names, "\n");
    for (int i = 0; i < paths->count && more >= 0; i++) {
        struct inv_stream stream;
        more = inv_stream_open(&stream, paths->path[i], errors) ? 1 : -1;
        while (more > 0 && (more = inv_character_next(&stream, text)) > 0)
            if (!lines || !inv_character_is_return(&stream, text))
                inv_names_add(names, text);
        inv_stream_close(&stream, NULL);
    }
    inv_names_sort(names);
    return more >= 0;
}
