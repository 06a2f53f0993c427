/* Cuts a file into tokens as they stand there, whether the preprocessor takes them or not. */
#include <ctype.h>
#include <limits.h>
#include <string.h>
#include "lint/tokens.h"

/* Words and signs of a text; comments are none. */
static void split(struct look *look, struct pragma *p, const char *text, size_t size)
{
    const char **word = NULL;
    int room = 0;

    for (size_t i = 0, n; i < size; i += n) {
        n = 1;
        if (isspace((unsigned char)text[i]) || text[i] == '\\')
            continue;
        if (i + 1 < size && text[i] == '/' && (text[i + 1] == '/' || text[i + 1] == '*')) {
            const char *end = text[i + 1] == '/' ? NULL : strstr(text + i + 2, "*/");
            n = end && end + 2 < text + size ? (size_t)(end + 2 - text) - i : size - i;
            continue;
        }
        while (i + n < size && (isalnum((unsigned char)text[i]) || text[i] == '_') &&
               (isalnum((unsigned char)text[i + n]) || text[i + n] == '_' || text[i + n] == '-'))
            n++;
        ARENA_PUSH(look->arena, word, p->count, room) = arena_strndup(look->arena, text + i, n);
    }
    word = arena_grow(look->arena, word, p->count, &room, sizeof *word);
    word[p->count] = NULL;
    p->word = word;
}

/* Where the line of a directive ends; one that ends in a backslash goes on. */
static unsigned directive_end(const struct text_file *f, unsigned at)
{
    while (at < f->size && (f->text[at] != '\n' || f->text[at - 1] == '\\' ||
                            (f->text[at - 1] == '\r' && f->text[at - 2] == '\\')))
        at++;
    return at;
}

enum { NOWHERE = INT_MAX };             /* the target of a pragma in a #define */

struct pragmas {
    struct pragma *pragma;
    int room, open;                     /* open: from here on they wait for what follows */
};

static void add_pragma(struct look *look, struct text_file *f, struct pragmas *to,
                       const struct pragma *p)
{
    int count = f->pragmas;

    ARENA_PUSH(look->arena, to->pragma, count, to->room) = *p;
    f->pragmas = count;
}

static bool is(const struct text_file *f, int i, const char *text)
{
    return i < f->tokens && !strcmp(f->token[i].text, text);
}

/* _Pragma("...") from token `i` on; escapes are left as they are. */
static bool read_operator(struct look *look, const struct text_file *f, int i, struct pragma *p)
{
    const char *text = i + 2 < f->tokens ? f->token[i + 2].text : "";
    size_t n = strlen(text);

    if (!is(f, i, "_Pragma") || !is(f, i + 1, "(") || n < 2 || text[0] != '"' ||
        text[n - 1] != '"')
        return false;
    *p = (struct pragma){.offset = f->token[i].offset};
    split(look, p, text + 1, n - 2);
    return true;
}

static bool begins_line(const struct text_file *f, unsigned offset)
{
    while (offset > 0 && (f->text[offset - 1] == ' ' || f->text[offset - 1] == '\t'))
        offset--;
    return offset == 0 || f->text[offset - 1] == '\n';
}

/* A directive from token `i` on: #pragma, or #define of what has a _Pragma.  Returns its last
 * token. */
static int read_directive(struct look *look, struct text_file *f, struct pragmas *to, int i)
{
    unsigned end = directive_end(f, f->token[i].offset);
    bool defines = is(f, i + 1, "define") && i + 2 < f->tokens;
    struct pragma p = {.offset = f->token[i].offset};
    const char *name = defines ? f->token[i + 2].text : NULL;

    if (is(f, i + 1, "pragma")) {
        split(look, &p, f->text + f->token[i + 1].end, end - f->token[i + 1].end);
        add_pragma(look, f, to, &p);
    }
    for (; i + 1 < f->tokens && f->token[i + 1].offset < end; i++)
        if (name && read_operator(look, f, i + 1, &p)) {
            p.target = NOWHERE;
            add_pragma(look, f, to, &p);
            ARENA_PUSH(look->arena, look->macro, look->macros, look->macro_room).name = name;
            look->macro[look->macros - 1].pragma = p;
        }
    return i;
}

/* Pragmas of the macro that token `i` uses; returns the last token of its arguments. */
static int read_macro(struct look *look, struct text_file *f, struct pragmas *to, int i)
{
    int depth = 0, last = i;
    bool found = false;

    for (int k = 0; k < look->macros; k++)
        if (is(f, i, look->macro[k].name)) {
            struct pragma p = look->macro[k].pragma;
            p.offset = f->token[i].offset;
            p.target = 0;
            p.of_macro = found = true;
            add_pragma(look, f, to, &p);
        }
    if (!found || !is(f, i + 1, "("))
        return found ? i : -1;
    do {
        last++;
        depth += is(f, last, "(") - is(f, last, ")");
    } while (depth > 0 && last + 1 < f->tokens);
    return last;
}

static void set_target(struct pragma *p, unsigned target)
{
    if (p->target != NOWHERE)
        p->target = target;
}

static void find_pragmas(struct look *look, struct text_file *f)
{
    struct pragmas to = {0};
    struct pragma p;

    for (int i = 0, last; i < f->tokens; i++) {
        if (f->token[i].kind == CXToken_Comment)
            continue;
        if (is(f, i, "#") && begins_line(f, f->token[i].offset)) {
            i = read_directive(look, f, &to, i);
        } else if (read_operator(look, f, i, &p)) {
            add_pragma(look, f, &to, &p);
            i += 3;
        } else if ((last = read_macro(look, f, &to, i)) >= 0) {
            i = last;
        } else {
            while (to.open < f->pragmas)
                set_target(&to.pragma[to.open++], f->token[i].offset);
        }
    }
    f->pragma = to.pragma;
}

void tokens_read(struct look *look, struct text_file *f, CXFile of)
{
    CXSourceRange all = clang.getRange(
        clang.getLocationForOffset(look->unit, of, 0),
        clang.getLocationForOffset(look->unit, of, (unsigned)f->size));
    CXToken *token = NULL;
    unsigned count = 0;

    clang.tokenize(look->unit, all, &token, &count);
    struct token *to = ARENA_ARRAY(look->arena, struct token, count + 1);
    for (unsigned i = 0; i < count; i++) {
        CXSourceRange range = clang.getTokenExtent(look->unit, token[i]);
        struct token *t = &to[f->tokens++];
        t->kind = clang.getTokenKind(token[i]);
        t->text = look_string(look, clang.getTokenSpelling(look->unit, token[i]));
        clang.getFileLocation(clang.getRangeStart(range), NULL, &t->line, NULL, &t->offset);
        clang.getFileLocation(clang.getRangeEnd(range), NULL, NULL, NULL, &t->end);
    }
    clang.disposeTokens(look->unit, token, count);
    f->token = to;
    find_pragmas(look, f);
}
