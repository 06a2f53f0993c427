#include "graph/custom_text.h"

#include <ctype.h>
#include <string.h>

/* A word, a number, a text in quotes, or a sign. */
struct token {
    const char *at;
    size_t size;
    int line, column;
    bool first;                         /* of its line: a # there is a directive */
    bool left_out;                      /* by #if 0 */
};

struct reader {
    struct arena *arena;
    struct custom_text *to;
    struct token *token;
    int count, room;
};

static const char *const keywords[] = {
    "asm", "auto", "break", "case", "char", "const", "continue", "default", "defined", "do",
    "double", "else", "enum", "extern", "float", "for", "goto", "if", "inline", "int", "long",
    "register", "restrict", "return", "short", "signed", "sizeof", "static", "struct", "switch",
    "typedef", "typeof", "union", "unsigned", "void", "volatile", "while"};

/* Words that mean something else, or nothing, on another machine. */
static const char *const differing[] = {
    "asm", "i386", "intmax_t", "intptr_t", "linux", "ptrdiff_t", "size_t", "ssize_t", "typeof",
    "uintmax_t", "uintptr_t", "unix", "wchar_t", "INTMAX_MAX", "INTMAX_MIN", "INTPTR_MAX",
    "INTPTR_MIN", "LONG_MAX", "LONG_MIN", "PTRDIFF_MAX", "PTRDIFF_MIN", "SIZE_MAX",
    "UINTMAX_MAX", "UINTPTR_MAX", "ULONG_MAX", "CHAR_MAX", "CHAR_MIN", "WCHAR_MAX", "WCHAR_MIN"};

static const char *const headers[] = {
    "<float.h>", "<limits.h>", "<stdbool.h>", "<stddef.h>", "<stdint.h>", "<string.h>",
    "\"core/arith.h\"", "\"ops/abs.h\"", "\"ops/cos.h\"", "\"ops/erf.h\"", "\"ops/exp.h\"",
    "\"ops/exp2.h\"", "\"ops/expm1.h\"", "\"ops/floor.h\"", "\"ops/functions.h\"",
    "\"ops/log.h\"", "\"ops/log1p.h\"", "\"ops/log2.h\"", "\"ops/max.h\"", "\"ops/min.h\"",
    "\"ops/pow.h\"", "\"ops/powi.h\"", "\"ops/rsqrt.h\"", "\"ops/sigmoid.h\"", "\"ops/sign.h\"",
    "\"ops/sin.h\"", "\"ops/sqrt.h\"", "\"ops/square.h\"", "\"ops/tanh.h\""};

#define IS_LISTED(list, at, size) is_listed(list, sizeof(list) / sizeof *(list), at, size)

static bool is_listed(const char *const *list, size_t count, const char *at, size_t size)
{
    for (size_t i = 0; i < count; i++)
        if (strlen(list[i]) == size && !memcmp(list[i], at, size))
            return true;
    return false;
}

bool custom_is_word_of_c(const char *name)
{
    size_t size = strlen(name);
    return *name == '_' || IS_LISTED(keywords, name, size) || IS_LISTED(differing, name, size);
}

static bool is_letter(char c)
{
    return isalnum((unsigned char)c) || c == '_' || (unsigned char)c >= 0x80;
}

static bool is(const struct token *t, const char *text)
{
    return strlen(text) == t->size && !memcmp(t->at, text, t->size);
}

static bool is_word(const struct token *t)
{
    return is_letter(*t->at) && !isdigit((unsigned char)*t->at);
}

/* The first one stays; it is said as `before`, the token, `behind`. */
static void fault(struct reader *r, const struct token *t, const char *before, const char *behind,
                  const char *cure)
{
    if (r->to->fault)
        return;
    r->to->fault = arena_printf(r->arena, "%s%.*s%s", before, (int)t->size, t->at, behind);
    r->to->cure = cure;
    r->to->line = t->line;
    r->to->column = t->column;
    r->to->end = t->column + (int)t->size - 1;
}

/* ---- tokens ---- */

/* Behind a text in quotes, or at the end of its line. */
static const char *skip_text(const char *at)
{
    char quote = *at++;
    for (; *at && *at != quote && *at != '\n'; at++)
        at += *at == '\\' && at[1] && at[1] != '\n';
    return *at == quote ? at + 1 : at;
}

static const char *skip_comment(const char *at)
{
    if (at[1] == '/')
        return at + strcspn(at, "\n");
    const char *end = strstr(at + 2, "*/");
    return end ? end + 2 : at + strlen(at);
}

static const char *skip_token(const char *at)
{
    if (*at == '"' || *at == '\'')
        return skip_text(at);
    const char *end = at + 1;
    while (is_letter(*at) && is_letter(*end))
        end++;
    return end;
}

static void add_token(struct reader *r, const char *at, const char *end, struct token place)
{
    place.at = at;
    place.size = (size_t)(end - at);
    ARENA_PUSH(r->arena, r->token, r->count, r->room) = place;
}

static void read_tokens(struct reader *r, const char *text)
{
    struct token place = {.line = 1, .first = true};
    const char *line = text;
    for (const char *at = text, *end; *at; at = end) {
        bool comment = at[0] == '/' && (at[1] == '/' || at[1] == '*');
        bool blank = isspace((unsigned char)*at);
        end = comment ? skip_comment(at) : blank ? at + 1 : skip_token(at);
        place.column = (int)(at - line) + 1;
        if (!comment && !blank)
            add_token(r, at, end, place);
        place.first = (*at == '\n') || (place.first && (comment || blank));
        for (; at < end; at++)
            if (*at == '\n') {
                place.line++;
                line = at + 1;
            }
    }
    place.first = true;
    for (int i = 0; i < 4; i++)         /* so that one may look ahead */
        add_token(r, "", "", place);
    r->count -= 4;
}

/* Before tokens are: what C takes for something else than it looks like. */
static void check_marks(struct reader *r, const char *text)
{
    struct token t = {.line = 1, .size = 1};
    const char *line = text;
    for (const char *at = text; *at; at++) {
        t.at = at;
        t.column = (int)(at - line) + 1;
        if (*at == '\\' && at[1 + strspn(at + 1, " \t\r\f\v")] == '\n')
            fault(r, &t, "a line ends in a ", "", "write it on one line; what is long is a "
                  "function, INV_FN");
        if (at[0] == '?' && at[1] == '?')
            fault(r, &t, "two ", " are a trigraph to some compilers", "put a blank between them");
        if (*at == '\n') {
            t.line++;
            line = at + 1;
        }
    }
}

/* ---- what may not be there ---- */

static void check_word(struct reader *r, const struct token *t)
{
    bool longs = is(t + 1, "long") || (t > r->token && is(t - 1, "long"));
    bool fast = !strncmp(t->at, "int_fast", 8) || !strncmp(t->at, "uint_fast", 9);
    if (*t->at == '_')
        fault(r, t, "", ": words that begin with _ are those of compilers",
              "the C of an operator is the same to all; name it otherwise");
    if (fast || IS_LISTED(differing, t->at, t->size) || (is(t, "long") && !longs))
        fault(r, t, "'", "' differs from machine to machine",
              "take inv_index, int32_t, int64_t, uint32_t or uint64_t");
    if (t->at[t->size - 1] == 'R' && t->at[t->size] == '"')
        fault(r, t, "", ": a raw text", "write it as a text of one line");
}

static void check_sign(struct reader *r, const struct token *t)
{
    static const char *const digraphs[] = {"<:", ":>", "<%", "%>", "%:"};
    struct token two = *t;
    two.size = *t->at ? 2 : 0;
    if (two.size && IS_LISTED(digraphs, t->at, 2))
        fault(r, &two, "", " is another way to write a sign", "write [ ] { } or #");
    if (*t->at == '\\')
        fault(r, t, "a ", " stands outside of texts", "leave it out");
    if (*t->at == '#' && !t->first)
        fault(r, t, "a ", " makes words or texts of others", "write them out");
    if ((*t->at == '"' || *t->at == '\'') && (t->size < 2 || t->at[t->size - 1] != *t->at))
        fault(r, t, "", " has no end on its line", "end it");
}

/* ---- directives ---- */

static void add_name(struct reader *r, enum custom_kind kind, const struct token *t)
{
    struct custom_text *to = r->to;
    const char *text = arena_strndup(r->arena, t->at, t->size);
    for (int i = 0; i < to->count; i++)
        if (!strcmp(to->name[i].text, text)) {
            if (kind != CUSTOM_NAME)
                to->name[i].kind = kind;
            return;
        }
    ARENA_PUSH(r->arena, to->name, to->count, to->room) =
        (struct custom_name){.kind = kind, .text = text};
}

static void read_include(struct reader *r, const struct token *t)
{
    static const char cure[] =
        "the C of an operator is one file; it may include \"core/arith.h\", \"ops/exp.h\" and "
        "other functions of numbers, <float.h>, <limits.h>, <stdbool.h>, <stddef.h>, <stdint.h> "
        "and <string.h>";
    struct token name = *t;
    if (*t->at == '<')
        name.size = strcspn(t->at, ">\n") + (t->at[strcspn(t->at, ">\n")] == '>');
    while (!t->first)
        t++;
    if (name.first || !IS_LISTED(headers, name.at, name.size) ||
        t[-1].at + t[-1].size > name.at + name.size)
        fault(r, &name, "it includes ", "", cure);
    for (int i = 0; i < r->to->count; i++)
        if (r->to->name[i].kind == CUSTOM_MACRO)
            fault(r, &name, "", " is included behind a #define", "include it before");
    add_name(r, CUSTOM_HEADER, &name);
}

static void read_undef(struct reader *r, const struct token *t)
{
    const char *name = arena_strndup(r->arena, t->at, t->size);
    if (!custom_defines(r->to, CUSTOM_MACRO, name))
        fault(r, t, "it has no #define of ", "", "#undef what the file itself defines");
}

struct condition { bool open, taken; };

enum { CONDITIONS_MAX = 32 };

/* #if 0 and #if 1: others are questions to what differs from machine to machine. */
static void read_if(struct reader *r, const struct token *t, struct condition *all, int *count)
{
    bool good = (is(t, "0") || is(t, "1")) && t[1].first && !t->first;
    if (!good)
        fault(r, t, "a question to the preprocessor: ", "", "there are #if 0 and #if 1; else ask "
              "in a function, if (..)");
    if (*count == CONDITIONS_MAX)
        fault(r, t, "more than 32 #if within each other: ", "", "leave some out");
    else
        all[(*count)++] = (struct condition){.open = true, .taken = is(t, "1")};
}

static void read_directive(struct reader *r, const struct token *t, struct condition *all,
                           int *count)
{
    const struct token *word = t + 1;
    if (word->first)
        return;                         /* a lone # */
    if (is(word, "include")) {
        if (*count > 0)
            fault(r, word, "an ", " within #if", "include it before");
        read_include(r, word + 1);
    } else if (is(word, "define")) {
        add_name(r, CUSTOM_MACRO, word + 1);
    } else if (is(word, "undef")) {
        read_undef(r, word + 1);
    } else if (is(word, "if")) {
        read_if(r, word + 1, all, count);
    } else if (is(word, "else") && *count > 0 && word[1].first) {
        all[*count - 1].taken = !all[*count - 1].taken;
    } else if (is(word, "endif") && *count > 0 && word[1].first) {
        (*count)--;
    } else {
        fault(r, word, "#", "", "the C of an operator has #include, #define, #undef, #if 0, "
              "#if 1, #else and #endif");
    }
}

/* Takes directives and what they leave out from the tokens. */
static void read_directives(struct reader *r)
{
    struct condition all[CONDITIONS_MAX];
    int count = 0, kept = 0;
    bool directive = false;
    for (int i = 0; i < r->count; i++) {
        struct token t = r->token[i];
        directive = t.first ? *t.at == '#' : directive;
        if (t.first && directive)
            read_directive(r, &r->token[i], all, &count);
        bool taken = !directive;
        for (int k = 0; k < count; k++)
            taken &= all[k].taken;
        r->token[i].left_out = !taken;
    }
    for (int i = 0; i < r->count + 4; i++)
        if (i >= r->count || !r->token[i].left_out)
            r->token[kept++] = r->token[i];
    r->count = kept - 4;
}

/* ---- what stands outside of functions ---- */

static int depth_step(const struct token *t)
{
    return *t->at && t->size == 1 ? !!strchr("([{", *t->at) - !!strchr(")]}", *t->at) : 0;
}

/* Of f(..): whether { follows. */
static bool has_body(const struct token *t)
{
    int depth = 0;
    do {
        t++;
        depth += depth_step(t);
    } while (depth > 0 && t->size > 0);
    return is(t + 1, "{");
}

/* A function that begins at the one and is named by the other. */
static void read_function(struct reader *r, const struct token *begin, const struct token *t)
{
    if (!is(begin, "INV_FN"))
        fault(r, t, "the function '", "' does not begin with INV_FN",
              "write INV_FN before it, in the place of static and inline: so it is compiled for "
              "every target");
    add_name(r, CUSTOM_FUNCTION, t);
}

/* A name that is declared where nothing else is open, in what begins at `begin`: what follows says
 * so. */
static void read_name(struct reader *r, const struct token *begin, const struct token *t)
{
    bool pointer = is(t + 1, "(") && is(t + 2, "*");
    if (pointer && is_word(t + 3))
        add_name(r, CUSTOM_NAME, t + 3);
    if (pointer || !is_word(t) || IS_LISTED(keywords, t->at, t->size))
        return;
    bool named = t > r->token && (is_word(t - 1) || is(t - 1, "*") || is(t - 1, ","));
    if (is(t + 1, "(") && named && has_body(t))
        read_function(r, begin, t);
    else if (is(t + 1, "(") && named)
        add_name(r, CUSTOM_NAME, t);
    else if (*t[1].at && strchr("[=;,{", *t[1].at) && t > r->token)
        add_name(r, CUSTOM_NAME, t);
}

static void read_names(struct reader *r)
{
    int depth = 0;
    bool value = false, constants = false;
    const struct token *begin = r->token;
    for (int i = 0; i < r->count; i++) {
        const struct token *t = &r->token[i];
        if (depth == 0 && i > 0 && (is(t - 1, ";") || is(t - 1, "}")))
            begin = t;
        if (depth == 0 && (is(t, ";") || is(t, ",") || is(t, "=")))
            value = is(t, "=");
        if (depth == 0 && is(t, "{"))
            constants = (i > 0 && is(t - 1, "enum")) || (i > 1 && is(t - 2, "enum"));
        if (depth == 1 && constants && is_word(t) && (is(t - 1, "{") || is(t - 1, ",")))
            add_name(r, CUSTOM_NAME, t);
        if (depth == 0 && !value)
            read_name(r, begin, t);
        depth += depth_step(t);
    }
}

void custom_read(struct arena *arena, const char *text, struct custom_text *to)
{
    struct reader r = {.arena = arena, .to = to};
    *to = (struct custom_text){0};
    check_marks(&r, text);
    read_tokens(&r, text);
    for (int i = 0; i < r.count; i++)
        if (is_word(&r.token[i]))
            check_word(&r, &r.token[i]);
        else
            check_sign(&r, &r.token[i]);
    read_directives(&r);
    read_names(&r);
}

bool custom_defines(const struct custom_text *text, enum custom_kind kind, const char *name)
{
    for (int i = 0; i < text->count; i++)
        if (text->name[i].kind == kind && !strcmp(text->name[i].text, name))
            return true;
    return false;
}
