/* Between scanner and parser: brackets, recovery after errors, values, nodes. */
#include "language/parse.h"
#include "model.tab.h"
#include <ctype.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct ast parse_no_more[1];

static bool opens_declaration(int token)
{
    return token >= INVAR && token <= OPERATOR;
}

/* --- Brackets --- */

int parse_open(struct parse *p, struct span span, char sign)
{
    if (p->depth < MAX_BRACKETS) {
        p->open[p->depth++] = (struct bracket){span, sign, p->fresh ? span.column : p->indent};
        return sign;
    }
    parse_report_deep(p, span);
    p->stopped = true;
    return sign;
}

static bool is_pair(char open, char close)
{
    return (open == '(' && close == ')') || (open == '[' && close == ']')
        || (open == '{' && close == '}');
}

/* No brace stands inside ( or [, so "}" closes what is open there too; a lone ) or ] closes no
 * brace.  `closed` is what the parser takes for closed. */
int parse_close(struct parse *p, struct span span, char sign)
{
    while (sign == '}' && p->depth > 0 && p->open[p->depth - 1].sign != '{')
        p->closed = p->open[--p->depth];
    if (p->depth == 0 || (sign != '}' && p->open[p->depth - 1].sign == '{'))
        return sign;
    p->depth--;
    if (!p->closed.sign)
        p->closed = p->open[p->depth];
    if (sign == '}' && p->fresh && p->open[p->depth].indent != span.column && !p->skewed[0].sign) {
        p->skewed[0] = p->open[p->depth];
        p->skewed[1] = (struct bracket){span, sign, span.column};
    }
    if (p->depth == 0)
        p->skewed[0].sign = 0;
    return sign;
}

static size_t skip_word(const struct parse *p, size_t at, char last)
{
    while (at < p->size && p->text[at] != last && p->text[at] != '\n' && p->text[at] != '\r')
        at += p->text[at] == '\\' && last == '"' ? 2 : 1;
    return at;
}

/* Looks on from the last token for what closes the innermost open bracket. */
static bool closes_later(const struct parse *p)
{
    int nested = 0;

    for (size_t at = p->offset; at < p->size; at++) {
        char c = p->text[at];
        if (c == '"')
            at = skip_word(p, at + 1, '"');
        else if (c == '#')
            at = skip_word(p, at, '\n');
        else if (c == '(' || c == '[' || c == '{')
            nested++;
        else if (c == ')' || c == ']' || c == '}')
            if (nested-- == 0)
                return is_pair(p->open[p->depth - 1].sign, c);
    }
    return false;
}

const struct bracket *parse_left_open(const struct parse *p)
{
    const struct bracket *top = p->depth > 0 ? &p->open[p->depth - 1] : NULL;

    return top && top->sign != '{' && !closes_later(p) ? top : NULL;
}

/* --- Tokens --- */

/* The name `by` is a word of the grammar between an operand and a name, number, sign or string:
 * elsewhere it is a name like others. */
static bool joins(const struct parse *p, const char *name)
{
    size_t at = p->offset;
    if (strcmp(name, "by") || (p->token != NAME && p->token != NUMBER && p->token != STRING
                               && p->token != ')' && p->token != ']'))
        return false;
    while (at < p->size && (p->text[at] == ' ' || p->text[at] == '\t'))
        at++;
    return at < p->size && (isalnum((unsigned char)p->text[at]) || p->text[at] == '_'
                            || p->text[at] == '"' || p->text[at] == '-');
}

static int scan(struct parse *p, union parse_value *value, struct span *place, void *scanner)
{
    int token;

    p->closed.sign = 0;
    p->supplied = false;
    token = p->stopped ? END : parse_scan(value, place, scanner);
    if (p->stopped)
        token = END;
    if (token == NAME && joins(p, value->text))
        token = BY;
    p->token = token;
    if (token == END)
        *place = (struct span){p->source, p->last.last_line, p->last.last_column + 1,
                               p->last.last_line, p->last.last_column + 1};
    p->starts_line = p->fresh;
    p->fresh = false;
    if (p->starts_line)
        p->indent = place->column;
    p->last = *place;
    return token;
}

/* A declaration in column 1, or the end, supplies the braces that are missing before it. */
static void supply_braces(struct parse *p, int token, struct span place)
{
    if (!p->stopped && (!p->recovering || p->open[p->depth - 1].sign == '{'))
        parse_report_unclosed(p, &p->open[p->depth - 1]);
    for (int i = 0; i < p->depth; i++)
        p->missing += p->open[i].sign == '{';
    p->depth = 0;
    p->recovering = false;
    p->holds = p->supplied = true;
    p->held = token;
    p->held_span = place;
}

static int take_supplied(struct parse *p, struct span *place)
{
    *place = p->held_span;
    if (p->missing == 0) {
        p->holds = false;
        return p->held;
    }
    p->missing--;
    place->last_line = place->line;
    place->last_column = place->column;
    return '}';
}

/* While recovering, statements go on at a word that opens a line, at the depth of the body
 * in which the error was, or at what ends that body. */
static bool ends_recovery(struct parse *p, int token)
{
    if (token == END || opens_declaration(token) || (token == '}' && p->depth < p->base))
        return true;
    if (!p->starts_line || (token != NAME && token != IF))
        return false;
    for (int i = p->base; i < p->depth; i++)
        if (p->open[i].sign == '{')
            return false;
    if (p->depth > p->base && closes_later(p))
        return false;
    p->depth = p->base;
    return true;
}

int parse_next_token(struct parse *p, union parse_value *value, struct span *place, void *scanner)
{
    while (!p->holds) {
        int token = scan(p, value, place, scanner);
        if (p->depth > 0 && (token == END || opens_declaration(token))) {
            supply_braces(p, token, *place);
        } else if (!p->recovering || ends_recovery(p, token)) {
            p->recovering = false;
            return token;
        }
    }
    return take_supplied(p, place);
}

enum resume parse_resume(struct parse *p, int lookahead)
{
    int base = p->depth;

    if (lookahead == END || opens_declaration(lookahead))
        return RESUME_NOT;
    if (lookahead == '}')
        return RESUME_NOW;
    if (lookahead == '{' && base > 0)
        base--;
    while (base > 0 && p->open[base - 1].sign != '{')
        base--;
    p->base = base;
    p->recovering = lookahead == '{' || lookahead == MODEL_UNDEF || !ends_recovery(p, lookahead);
    return p->recovering ? RESUME_LATER : RESUME_NOW;
}

/* --- Values --- */

static char unescape(char c)
{
    switch (c) {
    case 'n':
        return '\n';
    case 't':
        return '\t';
    case '"':
    case '\\':
        return c;
    default:
        return 0;
    }
}

const char *parse_string(struct parse *p, struct span span, const char *quoted, size_t size)
{
    char *text = arena_alloc(p->arena, size);
    size_t used = 0;

    for (size_t i = 1; i + 1 < size; i++) {
        struct span at = span;
        at.column = at.last_column = span.column + (int)i;
        text[used] = quoted[i];
        if (quoted[i] == '\0')
            diag_error(p->diags, at, "a NUL byte in a string");
        if (quoted[i] == '\\') {
            text[used] = unescape(quoted[++i]);
            at.last_column++;
            if (!text[used])
                diag_help(diag_error(p->diags, at, "unknown escape '\\%c'", quoted[i]),
                          "the escapes are \\\" \\\\ \\n \\t");
        }
        used++;
    }
    text[used] = '\0';
    return text;
}

const char *parse_path(struct parse *p, struct span span, const char *text)
{
    bool good = true;
    for (const char *c = text; good && (c == text || c[-1]); c++) {
        bool inside = isalnum((unsigned char)*c) || *c == '_';
        good = inside || ((*c == '/' || !*c) && c > text && c[-1] != '/');
    }
    if (!good)
        diag_help(diag_error(p->diags, span, "\"%s\" is no path", text),
                  "a path is letters, digits and _, with / between its parts: \"stage/0/dense1\"");
    return text;
}

/* 70% is read as 70e-2, which rounds once. */
static double read_percent(struct arena *arena, const char *text, size_t size)
{
    size_t mantissa = strcspn(text, "eE%");
    long exponent = mantissa + 1 < size ? strtol(text + mantissa + 1, NULL, 10) : 0;

    if (exponent < -100000 || exponent > 100000)
        exponent = exponent < 0 ? -100000 : 100000;
    return strtod(arena_printf(arena, "%.*se%ld", (int)mantissa, text, exponent - 2), NULL);
}

struct ast *parse_number(struct parse *p, struct span span, const char *text, size_t size)
{
    static const char suffix[] = "KMG";
    struct ast *node = ast_new(p->arena, AST_NUMBER, arena_strndup(p->arena, text, size), span);
    const char *unit = strchr(suffix, text[size - 1]);

    if (text[size - 1] == '%')
        node->number = read_percent(p->arena, node->text, size);
    else
        node->number = ldexp(strtod(node->text, NULL), unit ? 10 * (int)(unit - suffix + 1) : 0);
    node->whole = !strpbrk(node->text, ".eE%");
    if (isinf(node->number))
        diag_error(p->diags, span, "this number is out of range");
    else if (node->whole && node->number > 9007199254740992.0)
        diag_error(p->diags, span, "whole numbers go up to 9007199254740992 (2^53)");
    return node;
}

/* --- Nodes --- */

struct span parse_join(struct span first, struct span last)
{
    first.last_line = last.last_line;
    first.last_column = last.last_column;
    return first;
}

/* A tree that is too high is cut: an AST_ERROR stands for the kid. */
static void add_kid(struct parse *p, struct ast *parent, struct ast *kid)
{
    if (kid && kid->height >= MAX_HEIGHT) {
        parse_report_deep(p, kid->span);
        kid = ast_new(p->arena, AST_ERROR, NULL, kid->span);
    }
    ast_add(p->arena, parent, kid);
}

struct ast *parse_node(struct parse *p, enum ast_kind kind, const char *text, struct span span,
                       struct span name, struct ast **kids)
{
    struct ast *node = ast_new(p->arena, kind, text, span);

    node->name_span = name;
    for (; *kids != parse_no_more; kids++)
        add_kid(p, node, *kids);
    return node;
}

struct ast *parse_append(struct parse *p, struct ast *list, struct ast *kid, struct span span)
{
    add_kid(p, list, kid);
    list->span = span;
    return list;
}

/* --- What the grammar is too small to say --- */

void parse_expect_on(struct parse *p, const char *word, struct span span)
{
    if (strcmp(word, "on"))
        diag_help(diag_error(p->diags, span, "unexpected name '%s'; expected 'on'", word),
                  "write train MODEL on DATA { ... }");
}

/* A statement whose only operand stands in parentheses may be a call: "shift(4, axis = 0)". */
static bool is_call_statement(const struct ast *statement)
{
    const struct ast *operands = statement->kind == AST_STATEMENT ? statement->kid[0] : NULL;

    return operands && operands->count == 1 && operands->kid[0]->kind == AST_PARENS;
}

static void check_parens(struct parse *p, const struct ast *node)
{
    if (node->count == 1 && node->kid[0]->kind != AST_NAMED)
        return;
    diag_help(diag_error(p->diags, node->span, "parentheses hold one expression"),
              "a list is written [a, b], a call f(a, b) with the name of a block");
}

/* In a chain the grammar sees to it that a call or a name is named. */
static void check_named(struct parse *p, const struct ast *node, const struct ast *statement)
{
    if (node->kid[0]->kind == AST_CALL || (statement && !strcmp(statement->text, "repeat")))
        return;
    diag_help(diag_error(p->diags, node->name_span, "only a call can be named with 'as'"),
              "write it behind the call, within parentheses if need be: (f(x) as %s) + y",
              node->text);
}

/* A word alone takes the word that begins the next line for its operand: "shuffle", then "batch 8"
 * or "optimizer adam()".  What follows on that line tells. */
static void check_taken(struct parse *p, const struct ast *statement, const struct ast *next)
{
    const struct ast *operands = statement->kind == AST_STATEMENT ? statement->kid[0] : NULL;
    const struct ast *taken = operands && operands->count == 1 ? operands->kid[0] : NULL;

    if (!taken || taken->span.line == statement->span.line)
        return;
    if ((taken->kind == AST_SHARE && strcmp(statement->text, "split"))
        || (taken->kind == AST_NAME && next && next->span.line == taken->span.last_line))
        diag_help(diag_error(p->diags, statement->name_span,
                             "'%s' takes '%s' of the next line for its operand", statement->text,
                             taken->text),
                  "one word is no statement: write what '%s' takes, as in: shuffle false",
                  statement->text);
}

/* `statement` is the one whose operands these are. */
static void check_tree(struct parse *p, const struct ast *node, const struct ast *statement)
{
    const struct ast *inner = node->kind == AST_STATEMENT ? node
        : node->kind == AST_OPERANDS ? statement : NULL;

    if (node->kind == AST_PARENS && !(statement && is_call_statement(statement)))
        check_parens(p, node);
    for (int i = 0; i < node->count; i++) {
        const struct ast *kid = node->kid[i];
        if (kid && node->kind == AST_BODY)
            check_taken(p, kid, i + 1 < node->count ? node->kid[i + 1] : NULL);
        if (kid && kid->kind == AST_AS && node->kind != AST_CHAIN)
            check_named(p, kid, inner);
        if (kid)
            check_tree(p, kid, inner);
    }
}

/* --- The file --- */

static bool is_readable(struct parse *p)
{
    const char *why = NULL;

    if (p->size >= 2 && (!memcmp(p->text, "\xFF\xFE", 2) || !memcmp(p->text, "\xFE\xFF", 2)))
        why = "this file is UTF-16; save it as UTF-8";
    else if (p->size > INT_MAX / 2)
        why = "this file is too large for a model";
    if (why)
        diag_error(p->diags, (struct span){.source = p->source, 1, 1, 1, 1}, "%s", why);
    return !why;
}

struct ast *ast_parse(struct arena *arena, struct diags *diags, int source)
{
    const struct source *s = diags_source(diags, source);
    struct parse p = {
        .arena = arena, .diags = diags, .source = source, .text = s->text, .size = s->size,
        .line = 1, .column = 1, .fresh = true, .last = {source, 1, 1, 1, 0},
    };
    void *scanner;

    p.file = ast_new(arena, AST_FILE, NULL, p.last);
    if (!is_readable(&p))
        return p.file;
    if (p.size >= 3 && !memcmp(p.text, "\xEF\xBB\xBF", 3))
        p.offset = 3;                   /* the byte order mark has no column */
    if (parse_begin(&p, &scanner)) {
        diag_error(diags, p.last, "out of memory");
        return p.file;
    }
    model_parse(scanner, &p);
    parse_finish(scanner);
    check_tree(&p, p.file, NULL);
    return p.file;
}
