/* The canonical layout of a source (invar fmt).  The source's tokens are laid out anew; the tree
 * says what they are: where a statement begins, which braces hold a body, which minus has one
 * operand.  Kept from the source: comments, one of several blank lines, and a body of at most
 * one plain statement on one line. */
#include "language/parse.h"
#include <string.h>

enum {
    LIMIT = 100,                        /* columns */
    STEP = 2,                           /* of a body */
    CONTINUE = 4,                       /* of a statement's further lines */
    OPERATOR = 2,                       /* of an operator's line within brackets */
    MAX_ALIGN = 60                      /* nothing is aligned further right */
};

/* Where a long line breaks, outermost first; UNBROKEN pieces open no line. */
enum { UNBROKEN = -1, COMMA, CHAIN, OR, AND, COMPARE, SUM, PRODUCT, LEVELS };

struct comment {
    const char *text;
    int size;
    bool alone, blank;                  /* first on its line; a blank line precedes */
};

struct piece {
    const char *text;
    int size;
    struct span span;
    int first_comment, comments;        /* that stand before it */
    bool blank;                         /* a blank line precedes */
    bool starts, closes;                /* a statement; the brace of a body: on a line of its own */
    bool unary, group;                  /* a sign; a bracket that is no call, index or type */
    int mate;                           /* of a body's opening brace: the closing one */
    int last;                           /* the body may stay on one line with all up to this */
    int level;                          /* depth * LEVELS + kind of break before it */
};

struct format {
    struct arena *arena;
    struct piece *piece;
    int count, room;
    struct comment *comment;
    int comment_count, comment_room;

    struct text *out;
    int column;                         /* printed in this line */
    int indent;                         /* of statements */
    int depth;                          /* of ( and [ */
    int align[MAX_BRACKETS + 1];        /* the column behind the bracket */
    int chain[MAX_BRACKETS + 1];        /* the column of the first arrow, or 0 */
};

/* --- Pieces: the tokens without ";", and the comments between them --- */

static bool is_text(const struct piece *t, const char *text)
{
    return strlen(text) == (size_t)t->size && !memcmp(t->text, text, (size_t)t->size);
}

static bool is_sign(const struct piece *t, const char *signs)
{
    return t->size == 1 && strchr(signs, t->text[0]);
}

/* What lies between two tokens: blanks, line ends, ";" and comments. */
static void read_gap(struct format *f, struct piece *t, const char *at, const char *end)
{
    int lines = f->count ? 0 : 1;       /* the file begins a line */

    t->first_comment = f->comment_count;
    while (at < end) {
        if (*at == '#') {
            struct comment c = {.text = at, .alone = lines > 0, .blank = lines > 1};
            while (at < end && *at != '\n' && *at != '\r')
                at++;
            c.size = (int)(at - c.text);
            while (strchr(" \t\f\v", c.text[c.size - 1]))
                c.size--;
            ARENA_PUSH(f->arena, f->comment, f->comment_count, f->comment_room) = c;
            t->comments++;
            lines = 0;
        } else if (*at == '\n' || *at == '\r') {
            at += *at == '\r' && at + 1 < end && at[1] == '\n' ? 2 : 1;
            lines++;
        } else {
            at++;
        }
    }
    t->blank = lines > 1;
}

static void read_pieces(struct format *f, struct parse *p)
{
    union parse_value value;
    void *scanner;
    size_t end = 0, start;
    int token;

    if (parse_begin(p, &scanner))
        return;
    do {
        struct piece t = {.text = ""};
        token = parse_scan(&value, &t.span, scanner);
        start = p->size;
        if (token) {
            t.size = t.span.last_column - t.span.column + 1;
            start = p->offset - (size_t)t.size;
            t.text = p->text + start;
            if (is_sign(&t, ";"))
                continue;
        }
        read_gap(f, &t, p->text + end, p->text + start);
        ARENA_PUSH(f->arena, f->piece, f->count, f->room) = t;
        end = p->offset;
    } while (token);
    parse_finish(scanner);
}

/* --- Roles, from the tree --- */

static struct piece *find_piece(const struct format *f, int line, int column)
{
    int low = 0, high = f->count - 1;

    while (low < high) {
        int middle = (low + high) / 2;
        const struct span *s = &f->piece[middle].span;
        if (s->line < line || (s->line == line && s->column < column))
            low = middle + 1;
        else
            high = middle;
    }
    return &f->piece[low];
}

/* At most one statement, which has no body. */
static bool is_simple(const struct ast *body)
{
    const struct ast *only = body->count == 1 ? body->kid[0] : NULL;

    if (!only)
        return body->count == 0;
    if (only->kind == AST_BIND)
        return true;
    return (only->kind == AST_STATEMENT || only->kind == AST_DECLARE)
        && !only->kid[only->count - 1];
}

static bool is_simple_if(const struct ast *node)
{
    const struct ast *rest = node->kid[2];

    return is_simple(node->kid[1])
        && (!rest || (rest->kind == AST_IF ? is_simple_if(rest) : is_simple(rest)));
}

static struct piece *last_piece(const struct format *f, const struct ast *node)
{
    return find_piece(f, node->span.last_line, node->span.last_column);
}

/* `whole` is the body, or the "if" with all its branches: it stays on its line or is spread. */
static void mark_body(struct format *f, const struct ast *body, const struct ast *whole)
{
    struct piece *open = find_piece(f, body->span.line, body->span.column);
    struct piece *close = last_piece(f, body);
    bool simple = whole->kind == AST_IF ? is_simple_if(whole) : is_simple(body);

    if (!is_sign(open, "{") || !is_sign(close, "}"))
        return;                         /* only in a file with errors */
    open->mate = (int)(close - f->piece);
    close->closes = true;
    if (simple && whole->span.line == whole->span.last_line)
        open->last = (int)(last_piece(f, whole) - f->piece);
    else if (body->count == 0 && !close->comments)
        open->last = open->mate;
}

/* `augment x { shift(1) }`: a call without a blank; else `return (a + b)`. */
static bool is_call(const struct ast *parens, const struct ast *statement, const struct ast *outer)
{
    const struct ast *operands = statement ? statement->kid[0] : NULL;

    if (!operands || operands->count != 1 || operands->kid[0] != parens)
        return false;
    return parens->count != 1 || parens->kid[0]->kind == AST_NAMED
        || (outer && !strcmp(outer->text, "augment"));
}

struct context {
    const struct ast *statement, *outer; /* the innermost statement, and the one around it */
    const struct ast *whole;            /* the outermost "if" of an else-if chain, or NULL */
};

static void mark(struct format *f, const struct ast *node, struct context c)
{
    struct piece *first = find_piece(f, node->span.line, node->span.column);

    if (node->kind == AST_NEG)
        first->unary = true;
    if (node->kind == AST_LIST
        || (node->kind == AST_PARENS && !is_call(node, c.statement, c.outer)))
        first->group = true;
    if (node->kind == AST_BODY)
        mark_body(f, node, c.whole ? c.whole : node);
    if (node->kind == AST_STATEMENT)
        c = (struct context){.statement = node, .outer = c.statement};
    if (node->kind != AST_IF)
        c.whole = NULL;
    else if (!c.whole)
        c.whole = node;
    for (int i = 0; i < node->count; i++) {
        const struct ast *kid = node->kid[i];
        if (kid && (node->kind == AST_BODY || node->kind == AST_FILE))
            find_piece(f, kid->span.line, kid->span.column)->starts = true;
        if (kid)
            mark(f, kid, c);
    }
}

/* --- Blanks and breaks --- */

static int operator_kind(const struct piece *t)
{
    static const struct {
        const char *text;
        int kind;
    } operator[] = {
        {"->", CHAIN}, {"or", OR},    {"and", AND},    {"==", COMPARE}, {"!=", COMPARE},
        {"<", COMPARE}, {">", COMPARE}, {"<=", COMPARE}, {">=", COMPARE}, {"+", SUM},
        {"-", SUM},    {"*", PRODUCT}, {"/", PRODUCT}, {"@", PRODUCT},
    };

    for (size_t i = 0; i < sizeof operator / sizeof *operator; i++)
        if (!t->unary && is_text(t, operator[i].text))
            return operator[i].kind;
    return UNBROKEN;
}

static void set_levels(struct format *f)
{
    int depth = 0;

    for (int i = 0; i < f->count; i++) {
        struct piece *t = &f->piece[i];
        int kind = i > 0 && is_sign(&f->piece[i - 1], ",") ? COMMA : operator_kind(t);
        if (is_sign(t, ")]") && depth > 0)
            depth--;
        t->level = kind == UNBROKEN ? UNBROKEN : depth * LEVELS + kind;
        if (is_sign(t, "(["))
            depth++;
    }
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool has_blank(const struct format *f, int i)
{
    const struct piece *t = &f->piece[i], *before = t - 1;

    if (is_sign(t, ".") && is_digit(before->text[0]))
        return true;                    /* "1.x" is no number */
    if (is_sign(before, "([.") || is_text(before, "..") || before->unary)
        return false;
    if (is_sign(t, ")],.:") || is_text(t, ".."))
        return false;
    if (is_sign(t, "(["))
        return t->group;
    return !(is_sign(before, "{") && is_sign(t, "}"));
}

/* The columns from piece i to the next place where the line may or must break instead. */
static int chunk_width(const struct format *f, int i)
{
    int width = 0;

    for (int j = i; j < f->count && width <= LIMIT; j++) {
        const struct piece *t = &f->piece[j];
        if (j > i && (t->comments || t->starts || t->closes
                      || (t->level != UNBROKEN && t->level <= f->piece[i].level)))
            break;
        width += t->size + (j > i && has_blank(f, j));
        if (is_sign(t, "{"))
            break;
    }
    return width;
}

/* The columns of pieces i to last, on one line. */
static int line_width(const struct format *f, int i, int last)
{
    int width = 0;

    for (; i <= last && width <= LIMIT; i++)
        width += f->piece[i].size + has_blank(f, i);
    return width;
}

/* Where a further line of the statement begins, with piece i. */
static int continuation(const struct format *f, int i)
{
    const struct piece *t = &f->piece[i];
    int kind = t->level == UNBROKEN ? UNBROKEN : t->level % LEVELS;

    if (is_text(t, "else"))
        return f->indent;
    if (kind == CHAIN && f->chain[f->depth])
        return f->chain[f->depth];
    if (f->depth == 0)
        return f->indent + CONTINUE;
    return f->align[f->depth] + (kind > COMMA ? OPERATOR : 0);
}

/* --- Output --- */

static void put(struct format *f, const char *text, int size)
{
    text_add(f->out, text, (size_t)size);
    f->column += size;
}

static void start_line(struct format *f, int column, bool blank)
{
    if (f->out->size)
        text_puts(f->out, blank ? "\n\n" : "\n");
    text_printf(f->out, "%*s", column, "");
    f->column = column;
}

/* May a blank line precede comment k of piece i, or, behind them all, the piece? */
static bool may_be_blank(const struct format *f, int i, int k)
{
    if (k > 1 || (k == 1 && f->comment[f->piece[i].first_comment].alone))
        return true;
    return i > 0 && !is_sign(&f->piece[i - 1], "{");
}

/* The comments before piece i; one that is not alone ends the line before. */
static void put_comments(struct format *f, int i)
{
    const struct piece *t = &f->piece[i];
    bool between = t->starts || t->closes || t->size == 0;
    int column = between ? f->indent : continuation(f, i);

    for (int k = 0; k < t->comments; k++) {
        const struct comment *c = &f->comment[t->first_comment + k];
        if (!c->alone && f->out->size)
            text_puts(f->out, "  ");
        else
            start_line(f, column, between && c->blank && may_be_blank(f, i, k));
        put(f, c->text, c->size);
    }
}

static void open_bracket(struct format *f)
{
    if (f->depth < MAX_BRACKETS)
        f->depth++;
    f->align[f->depth] = f->column <= MAX_ALIGN ? f->column : f->indent + CONTINUE;
    f->chain[f->depth] = 0;
}

static void open_body(struct format *f, int i)
{
    const struct piece *t = &f->piece[i];

    if (t->last && f->column + line_width(f, i + 1, t->last) <= LIMIT) {
        for (int j = i + 1; j <= t->mate; j++)
            f->piece[j].starts = f->piece[j].closes = false;
        return;
    }
    for (int j = t->last; j > i; j--)
        f->piece[j].last = 0;           /* the other branches are spread too */
    f->indent += STEP;
}

static bool breaks(const struct format *f, int i, bool blank)
{
    return f->piece[i].level != UNBROKEN && f->column + blank + chunk_width(f, i) > LIMIT;
}

static void put_piece(struct format *f, int i)
{
    const struct piece *t = &f->piece[i];
    bool blank = i > 0 && has_blank(f, i);

    if (is_sign(t, ")]") && f->depth > 0)
        f->depth--;
    put_comments(f, i);
    if (t->closes && f->indent >= STEP)
        f->indent -= STEP;
    if (t->starts || t->closes) {
        f->depth = f->chain[0] = 0;
        start_line(f, f->indent, t->blank && t->starts && may_be_blank(f, i, t->comments));
    } else if (t->comments || breaks(f, i, blank)) {
        start_line(f, continuation(f, i), false);
    } else if (blank) {
        put(f, " ", 1);
    }
    if (t->level != UNBROKEN && t->level % LEVELS == CHAIN && !f->chain[f->depth])
        f->chain[f->depth] = f->column <= MAX_ALIGN ? f->column : 0;
    put(f, t->text, t->size);
    if (is_sign(t, "(["))
        open_bracket(f);
    else if (is_sign(t, ","))
        f->chain[f->depth] = 0;
    else if (t->mate)
        open_body(f, i);
}

void ast_format(struct arena *arena, struct diags *diags, int source, const struct ast *file,
                struct text *out)
{
    const struct source *s = diags_source(diags, source);
    struct parse p = {
        .arena = arena, .diags = diags_new(arena), .text = s->text, .size = s->size,
        .line = 1, .column = 1, .fresh = true,
    };
    struct format f = {.arena = arena, .out = out};

    if (p.size >= 3 && !memcmp(p.text, "\xEF\xBB\xBF", 3))
        p.offset = 3;
    read_pieces(&f, &p);
    if (f.count == 0)
        return;
    mark(&f, file, (struct context){0});
    set_levels(&f);
    for (int i = 0; i < f.count - 1; i++)
        put_piece(&f, i);
    put_comments(&f, f.count - 1);
    if (out->size)
        text_puts(out, "\n");
}
