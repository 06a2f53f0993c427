/* Places and findings. */
#include <ctype.h>
#include <string.h>
#include "base/text.h"
#include "graph/custom.h"
#include "lint/look.h"

const struct text_file *look_main(const struct look *look)
{
    return look->main;
}

bool look_has_word(const struct look *look, const char *words)
{
    for (int i = 0; i < look->here_count; i++) {
        const struct text_file *f = look->here[i].file;
        for (int k = 0; k < f->tokens; k++)
            if (f->token[k].kind != CXToken_Comment && name_is_one(f->token[k].text, words))
                return true;
    }
    return false;
}

struct arena *look_arena(struct look *look)
{
    return look->arena;
}

bool look_is_operator(const struct look *look)
{
    return look->operators;
}

const char *look_string(struct look *look, CXString string)
{
    const char *text = clang.getCString(string);

    text = arena_strdup(look->arena, text ? text : "");
    clang.disposeString(string);
    return text;
}

unsigned look_line(const struct text_file *f, unsigned offset)
{
    unsigned line = 1;

    for (unsigned i = 0; i < offset && i < f->size; i++)
        line += f->text[i] == '\n';
    return line;
}

const char *look_own_names(const struct look *look, const char *text)
{
    struct text own;

    text_init(&own, look->arena);
    for (const char *at; look->operators && (at = strstr(text, CUSTOM_PREFIX)) != NULL;) {
        text_add(&own, text, (size_t)(at - text));
        text = at + strlen(CUSTOM_PREFIX);
    }
    text_puts(&own, text);
    return own.data;
}

/* ---- findings ---- */
void look_found(struct look *look, struct place place, const char *rule, const char *cure,
                const char *text)
{
    const struct text_file *f = place.file;
    unsigned start = place.offset;

    if (!f)
        return;
    while (start > 0 && f->text[start - 1] != '\n')
        start--;
    ARENA_PUSH(look->arena, look->finding, look->findings, look->finding_room) = (struct finding){
        .place = place, .line = (int)look_line(f, place.offset),
        .column = (int)(place.offset - start) + 1, .rule = rule, .text = look_own_names(look, text),
        .cure = cure, .order = look->findings};
}

void look_find(struct look *look, struct place place, const char *cure, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    look_found(look, place, look->rule->name, cure, arena_vprintf(look->arena, format, args));
    va_end(args);
}

/* ---- places ---- */
struct place look_place(struct look *look, CXSourceLocation location)
{
    CXFile of;
    unsigned offset;

    clang.getFileLocation(location, &of, NULL, NULL, &offset);
    for (int i = 0; i < look->here_count; i++)
        if (look->here[i].of == of)
            return (struct place){look->here[i].file, offset};
    return (struct place){0};
}

struct place look_at(struct look *look, CXCursor cursor)
{
    return look_place(look, clang.getCursorLocation(cursor));
}

struct place look_begin(struct look *look, CXCursor cursor)
{
    return look_place(look, clang.getRangeStart(clang.getCursorExtent(cursor)));
}

struct place look_end(struct look *look, CXCursor cursor)
{
    return look_place(look, clang.getRangeEnd(clang.getCursorExtent(cursor)));
}

const char *look_name(struct look *look, CXCursor cursor)
{
    return look_string(look, clang.getCursorSpelling(cursor));
}

/* The first token from an offset on. */
static int first_token(const struct text_file *f, unsigned offset)
{
    int low = 0, high = f->tokens;

    while (low < high) {
        int middle = low + (high - low) / 2;
        if (f->token[middle].offset < offset)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const char *look_operator(struct look *look, CXCursor left, CXCursor right)
{
    struct place from = look_end(look, left), to = look_begin(look, right);

    if (!from.file || from.file != to.file || from.offset >= to.offset)
        return "";
    const struct text_file *f = from.file;
    int i = first_token(f, from.offset);
    while (i < f->tokens && f->token[i].kind == CXToken_Comment)
        i++;
    bool between = i < f->tokens && f->token[i].offset < to.offset;
    return between && f->token[i].kind == CXToken_Punctuation ? f->token[i].text : "";
}

bool look_begins(struct look *look, CXCursor cursor, const char *word)
{
    struct place place = look_begin(look, cursor);

    return place.file && place.offset < place.file->size &&
           !strncmp(place.file->text + place.offset, word, strlen(word));
}

/* Whether the name is what a word of n bytes says, in which * stands for anything. */
static bool fits(const char *name, const char *word, size_t n)
{
    for (; n > 0 && *word != '*'; name++, word++, n--)
        if (*name != *word)
            return false;
    if (n == 0)
        return !*name;
    bool found = fits(name, word + 1, n - 1);
    while (!found && *name)
        found = fits(++name, word + 1, n - 1);
    return found;
}

bool name_is_one(const char *name, const char *list)
{
    for (const char *at = list; *at; at += strspn(at, " ")) {
        size_t n = strcspn(at, " ");
        if (fits(name, at, n))
            return true;
        at += n;
    }
    return false;
}

const char *look_word(struct look *look, CXCursor cursor, const char *words)
{
    struct place from = look_begin(look, cursor), to = look_end(look, cursor);

    if (!from.file || from.file != to.file)
        return NULL;
    for (unsigned at = from.offset; at < to.offset;) {
        unsigned n = 0;
        while (at < to.offset && from.file->text[at] == '\\')
            at += 2;                    /* an escape in assembler's text */
        while (at + n < to.offset && (isalnum((unsigned char)from.file->text[at + n]) ||
                                      from.file->text[at + n] == '_'))
            n++;
        const char *word = arena_strndup(look->arena, from.file->text + at, n);
        if (n > 0 && name_is_one(word, words))
            return word;
        at += n > 0 ? n : 1;
    }
    return NULL;
}

const struct pragma *look_pragma(struct look *look, CXCursor cursor, int *from)
{
    struct place place = look_begin(look, cursor);

    for (; place.file && *from < place.file->pragmas; ++*from)
        if (place.file->pragma[*from].target == place.offset)
            return &place.file->pragma[(*from)++];
    return NULL;
}

bool pragma_has(const struct pragma *p, const char *word)
{
    for (int i = 0; i < p->count; i++)
        if (!strcmp(p->word[i], word))
            return true;
    return false;
}
