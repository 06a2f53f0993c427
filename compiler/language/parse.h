/* What scanner (model.l), parser (model.y) and their helpers share while one file is read. */
#ifndef INVAR_PARSE_H
#define INVAR_PARSE_H
#include "language/ast.h"

enum {
    MAX_BRACKETS = 200,                 /* open at the same time */
    MAX_HEIGHT = 500                    /* of the tree: what walks it may recurse */
};

struct bracket {
    struct span span;
    char sign;
    int indent;                         /* column of the first token of its line */
};

struct parse {
    struct arena *arena;
    struct diags *diags;
    struct ast *file;

    /* Scanner */
    int source;
    const char *text;
    size_t size, offset;                /* behind the last token */
    int line, column;                   /* of the next byte */
    bool fresh, starts_line;            /* the last token is the first of its line */
    int indent;                         /* column of the first token of this line */
    struct span last;                   /* the last token */
    int token;                          /* its kind */
    struct bracket open[MAX_BRACKETS];
    int depth;
    struct bracket closed;              /* the bracket that the last token closed, if it did */
    struct bracket skewed[2];           /* the first brace closed at another indent: its pair */

    /* Recovery, see parse_next_token */
    bool recovering;
    int base;                           /* the depth at which statements go on */
    bool holds;                         /* a token is kept back, `missing` braces come first */
    bool supplied;                      /* no token was scanned since: errors are known */
    int held, missing;
    struct span held_span;
    bool stopped;                       /* the rest of the file is not read */
    bool deep;                          /* reported as nested too deeply */
    int unknown_line;                   /* of the last unknown character; one a line is enough */
};

union parse_value {
    const char *text;
    struct ast *node;
};

/* model.l; model_parse is in model.tab.h */
int parse_begin(struct parse *, void **scanner);
int parse_scan(union parse_value *, struct span *, void *scanner);
void parse_finish(void *scanner);
/* The keywords, one after the other, then NULL; first_column: those that open a declaration. */
const char *parse_word(int i, bool *first_column);

/* Between scanner and parser.  After an error the statement's rest is dropped. */
int parse_next_token(struct parse *, union parse_value *, struct span *, void *scanner);
/* Where the parser takes up statements again: with the lookahead, with a token to come, or
 * not in this body at all. */
enum resume { RESUME_NOW, RESUME_LATER, RESUME_NOT };
enum resume parse_resume(struct parse *, int lookahead);
/* The bracket that is open, is no brace, and is closed nowhere behind the last token. */
const struct bracket *parse_left_open(const struct parse *);
int parse_open(struct parse *, struct span, char sign);
int parse_close(struct parse *, struct span, char sign);

/* Values of tokens */
const char *parse_string(struct parse *, struct span, const char *quoted, size_t size);
/* A string that is a path: names or numbers with "/" between them; an error where it is none. */
const char *parse_path(struct parse *, struct span, const char *text);
struct ast *parse_number(struct parse *, struct span, const char *text, size_t size);

/* From the begin of one span to the end of the other */
struct span parse_join(struct span first, struct span last);

/* Nodes; the kids end with parse_no_more, NULL is a kid left out */
extern struct ast parse_no_more[1];
struct ast *parse_node(struct parse *, enum ast_kind, const char *text, struct span,
                       struct span name, struct ast **kids);
struct ast *parse_append(struct parse *, struct ast *list, struct ast *kid, struct span);
void parse_expect_on(struct parse *, const char *word, struct span);

/* Errors (messages.c); symbols as Bison names them, `expected` ends with NULL */
void parse_report_unexpected(struct parse *, struct span, const char *seen, const char **expected);
void parse_report_unclosed(struct parse *, const struct bracket *);
void parse_report_unknown(struct parse *, struct span, const char *bytes, size_t size);
void parse_report_deep(struct parse *, struct span);

#endif
