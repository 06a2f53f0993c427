/* Syntax errors in words: what was seen, what could stand there, and the likely cure. */
#include "language/parse.h"
#include <stdio.h>
#include <string.h>

enum { MAX_SHOWN = 40, MAX_LISTED = 8 };

/* A set of grammar symbols by name, shrunk as groups of them are named together. */
static bool has(const char **set, const char *symbol)
{
    for (; *set; set++)
        if (!strcmp(*set, symbol))
            return true;
    return false;
}

static bool is_one_of(const char *symbol, const char *const *list)
{
    for (; *list; list++)
        if (!strcmp(symbol, *list))
            return true;
    return false;
}

static void drop(const char **set, const char *const *list)
{
    const char **kept = set;

    for (; *set; set++)
        if (!is_one_of(*set, list))
            *kept++ = *set;
    *kept = NULL;
}

static const char *const comparisons[] = {"==", "!=", "'<'", "'>'", "<=", ">=", NULL};
static const char *const arithmetic[] = {"'+'", "'-'", "'*'", "'/'", "'@'", "'^'", NULL};
static const char *const openers[] = {"name", "number", "string", "'('", "'['", "'-'", "not",
                                      "...", NULL};
static const char *const continuers[] = {
    "'+'", "'-'", "'*'", "'/'", "'@'", "'^'", "==", "!=", "'<'", "'>'", "<=", ">=", "..", "and",
    "or", "as", "by", "->", "'('", "'['", "'.'", NULL,
};
static const char *const separator[] = {"','", "by", NULL};
static const char *const statements[] = {"name", "if", "';'", NULL};
static const char *const declarations[] = {"invar", "include", "const", "data", "model", "block",
                                           "train", "target", "operator", "end of file", NULL};
static const char *const reserved[] = {"if", "else", "as", "and", "or", "not", NULL};

/* Names the groups in the set; the symbols left in it are listed one by one. */
static int name_groups(const char **set, const char **group)
{
    int n = 0;

    if (has(set, "const") && has(set, "block")) {
        group[n++] = "a declaration";
        drop(set, declarations);
    }
    if (has(set, "'='") && has(set, "'{'"))
        drop(set, separator);           /* behind a statement's first word */
    if (has(set, "if") && has(set, "'}'")) {
        group[n++] = "a statement";
        drop(set, statements);
    } else if (has(set, "number") && has(set, "string") && has(set, "'('")) {
        group[n++] = has(set, "'-'") ? "an expression" : "a call or a name";
        drop(set, openers);
    }
    if (has(set, "'+'") || has(set, "->"))
        drop(set, continuers);
    if (n == 0 && !*set)
        group[n++] = "an operator";
    return n;
}

static const char *const plain[] = {"name", "number", "string", "end of file", NULL};

static const char *quote(struct parse *p, const char *symbol)
{
    if (*symbol == '\'' || is_one_of(symbol, plain) || strchr(symbol, ' '))
        return symbol;
    return arena_printf(p->arena, "'%s'", symbol);
}

static const char *list_expected(struct parse *p, const char **set)
{
    const char *listed[MAX_LISTED + 2], *text = "";
    int n = name_groups(set, listed);

    for (; *set && n < MAX_LISTED; set++)
        listed[n++] = is_one_of(*set, plain) ? arena_printf(p->arena, "a %s", *set)
                                             : quote(p, *set);
    for (int i = 0; i < n; i++)
        text = arena_printf(p->arena, "%s%s%s", text,
                            i == 0 ? "; expected " : i == n - 1 ? " or " : ", ", listed[i]);
    return *set ? "" : text;
}

/* The last token as written. */
static const char *last_text(struct parse *p)
{
    int size = p->last.last_column - p->last.column + 1;

    if (size <= 0 || (size_t)size > p->offset)
        return "";
    return arena_printf(p->arena, "%.*s%s", size > MAX_SHOWN ? MAX_SHOWN : size,
                        p->text + p->offset - size, size > MAX_SHOWN ? "..." : "");
}

static const char *describe(struct parse *p, const char *seen)
{
    if (!strcmp(seen, "name"))
        return arena_printf(p->arena, "name '%s'", last_text(p));
    if (!strcmp(seen, "number") || !strcmp(seen, "string"))
        return arena_printf(p->arena, "%s %s", seen, last_text(p));
    return quote(p, seen);
}

static const char *help_comparison(const char *seen, const char **expected)
{
    if (!strcmp(seen, "'='") && has(expected, "=="))
        return "'=' only binds a name; equality is written '=='";
    if (!strcmp(seen, "==") && has(expected, "'='"))
        return "a name is bound with '='";
    if (is_one_of(seen, comparisons) && has(expected, "'+'") && !has(expected, "=="))
        return "comparisons do not chain: write a < b and b < c";
    return NULL;
}

static const char *help_operator(struct parse *p, const char *seen, const char **expected)
{
    bool assigns = p->offset < p->size && p->text[p->offset] == '=';

    if (is_one_of(seen, arithmetic) && assigns)
        return arena_printf(p->arena, "there is no '%s='; write x = x %s ...", last_text(p),
                            last_text(p));
    if (is_one_of(seen, continuers) && has(expected, "->") && !has(expected, "'+'"))
        return "only a call or a name follows '->', which binds loosest: write (x -> f) + y";
    if (!strcmp(seen, "'='") && has(expected, "name") && has(expected, "number"))
        return "one '=' is enough";
    return NULL;
}

static const char *help_mark(struct parse *p, const char *seen, const char **expected)
{
    if (!strcmp(seen, "';'"))
        return "';' may stand between statements within braces; it is never needed";
    if (!strcmp(seen, "':'") && has(expected, "'='") && has(expected, "')'"))
        return "an argument is named with '=': f(x, size = 3)";
    if (!strcmp(seen, "else"))
        return "'else' stands behind the '}' of an 'if'";
    if (!strcmp(seen, "as") && !p->starts_line && has(expected, "'+'"))
        return "only a call is named with 'as': f(x) as n";
    if (is_one_of(seen, reserved) && has(expected, "name")
        && (p->starts_line || !has(expected, "number")))
        return "this word is reserved and cannot be a name";
    if (!strcmp(seen, "'}'") && has(expected, "'='") && has(expected, "'{'"))
        return "one word is no statement: return x, or with parentheses flip()";
    if (!strcmp(seen, "..."))
        return "'...' stands for leading axes, only in the brackets of a type or an index";
    return NULL;
}

static const char *help_declaration(struct parse *p, const char *seen, const char **expected)
{
    const char *word = last_text(p), *near;

    if (strcmp(seen, "name") || !has(expected, "block"))
        return NULL;
    if (is_one_of(word, declarations))
        return arena_printf(p->arena, "'%s' opens a declaration in column 1 only", word);
    near = diag_nearest(word, declarations,
                        (int)(sizeof declarations / sizeof *declarations) - 2);
    return near ? arena_printf(p->arena, "did you mean '%s'?", near) : NULL;
}

static const char *help(struct parse *p, const char *seen, const char **expected)
{
    const char *text = help_comparison(seen, expected);

    text = text ? text : help_operator(p, seen, expected);
    text = text ? text : help_mark(p, seen, expected);
    return text ? text : help_declaration(p, seen, expected);
}

void parse_report_unclosed(struct parse *p, const struct bracket *b)
{
    struct diag *d = diag_error(p->diags, b->span, "this '%c' is never closed", b->sign);

    if (b->sign == '{' && p->skewed[0].sign) {
        diag_note(d, p->skewed[1].span, "or is this '}' meant to close it?");
        diag_note(d, p->skewed[0].span, "it closes this '{', indented differently");
    }
}

/* The bracket whose closing one is missing just before this token, or NULL. */
static const struct bracket *find_unclosed(const struct parse *p, const char *seen)
{
    const struct bracket *below = p->depth > 1 ? &p->open[p->depth - 2] : NULL;

    if (!strcmp(seen, "'{'"))
        return below && below->sign != '{' ? below : NULL;
    if (!strcmp(seen, "'}'"))
        return p->closed.sign != '{' && p->closed.sign ? &p->closed : NULL;
    return p->starts_line || !strcmp(seen, "end of file") ? parse_left_open(p) : NULL;
}

void parse_report_unexpected(struct parse *p, struct span span, const char *seen,
                             const char **expected)
{
    static const char *const closing[] = {"')'", "']'", "'}'", NULL};
    const struct bracket *open = find_unclosed(p, seen);
    const char *cure = help(p, seen, expected);
    bool closes = is_one_of(seen, closing);
    struct diag *d;

    if (p->supplied || p->stopped)
        return;                         /* what is not closed is reported */
    if (open) {
        parse_report_unclosed(p, open);
        return;
    }
    if (closes && !p->closed.sign)
        expected = NULL;
    d = diag_error(p->diags, span, "unexpected %s%s", describe(p, seen),
                   expected ? list_expected(p, expected) : "");
    if (!expected)
        cure = arena_printf(p->arena, "no '%c' is open here",
                            seen[1] == ')' ? '(' : seen[1] == ']' ? '[' : '{');
    if (cure)
        diag_help(d, "%s", cure);
    if (closes && expected && (seen[1] == ')') != (p->closed.sign == '('))
        diag_note(d, p->closed.span, "'%c' stands here", p->closed.sign);
}

void parse_report_deep(struct parse *p, struct span span)
{
    if (!p->deep)
        diag_help(diag_error(p->diags, span, "nested too deeply"),
                  "give parts of the expression a name of their own");
    p->deep = true;
}

/* Characters that word processors and web pages put in place of the language's own. */
static const char *suggest(const char *bytes, size_t size)
{
    static const char *const pair[][2] = {
        {"\xE2\x80\x9C", "write \""},    {"\xE2\x80\x9D", "write \""},
        {"\xE2\x80\x9E", "write \""},    {"\xE2\x80\x98", "write \""},
        {"\xE2\x80\x99", "write \""},    {"\xC2\xAB", "write \""},
        {"\xC2\xBB", "write \""},        {"\xE2\x80\x93", "write '-'"},
        {"\xE2\x80\x94", "write '-'"},   {"\xE2\x88\x92", "write '-'"},
        {"\xC3\x97", "write '*'"},       {"\xC2\xB7", "write '*'"},
        {"\xE2\x86\x92", "write '->'"},  {"\xE2\x89\xA4", "write '<='"},
        {"\xE2\x89\xA5", "write '>='"},  {"\xE2\x89\xA0", "write '!='"},
        {"\xE2\x80\xA6", "write '...'"}, {"\xC2\xA0", "this is a no-break space; write a blank"},
        {"?", "there is no '?:'; write select(condition, a, b), or 'if' for constants"},
        {"'", "strings are written in double quotes"},
        {"`", "strings are written in double quotes"},
    };

    for (size_t i = 0; i < sizeof pair / sizeof *pair; i++)
        if (size >= strlen(pair[i][0]) && !memcmp(bytes, pair[i][0], strlen(pair[i][0])))
            return pair[i][1];
    return "names are made of the letters A-Z and a-z, digits and '_'";
}

void parse_report_unknown(struct parse *p, struct span span, const char *bytes, size_t size)
{
    unsigned char first = (unsigned char)bytes[0];
    int n = first < 0x80 ? 1 : first < 0xC2 ? 0 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
    struct diag *d;

    if (p->unknown_line == span.line)
        return;
    p->unknown_line = span.line;
    for (int i = 1; i < n; i++)
        if ((size_t)i >= size || (bytes[i] & 0xC0) != 0x80)
            n = 0;
    if (n == 0 || first > 0xF4) {
        d = diag_error(p->diags, span, "this is not UTF-8 (byte 0x%02X)", first);
        diag_help(d, "save the file as UTF-8");
        return;
    }
    span.last_column = span.column + n - 1;
    if (first < ' ' || first == 0x7F) {
        d = diag_error(p->diags, span, "unexpected byte 0x%02X", first);
        diag_help(d, "a model file is plain text");
        return;
    }
    d = diag_error(p->diags, span, "unexpected character '%.*s'", n, bytes);
    diag_help(d, "%s", suggest(bytes, size));
}
