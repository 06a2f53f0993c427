/* The tree that the grammar builds: one generic node, its meaning checked later from tables.
 * A statement keeps its head as text: `param w: T = E` is AST_DECLARE "param". */
#ifndef INVAR_AST_H
#define INVAR_AST_H
#include <stdbool.h>
#include "base/diag.h"
#include "base/text.h"

/* kind, name in dumps.  What text and kids hold (NULL kids stand for what was left out): */
#define AST_KINDS(X)                                                                             \
    X(FILE, "file")           /* items */                                                       \
    X(INVAR, "invar")         /* text: version */                                               \
    X(INCLUDE, "include")     /* text: path, unescaped */                                       \
    X(CONST, "const")         /* text: name; [expr] */                                          \
    X(DATA, "data")           /* text: name; [source expr, body] */                             \
    X(MODEL, "model")         /* text: name; [formals, body] */                                 \
    X(BLOCK, "block")         /* text: name; [formals, body] */                                 \
    X(OPERATOR, "operator")   /* text: name; [formals, source expr, type of the result, and the \
                               * C_FILE where that was read] */                                 \
    X(C_FILE, "c_file")       /* its span's source is the C of an operator */                   \
    X(TRAIN, "train")         /* text: model name; [name of data, body] */                      \
    X(TARGET, "target")       /* text: name; [body] */                                          \
    X(FORMALS, "formals")     /* formals */                                                     \
    X(FORMAL, "formal")       /* text: name; [type, default or NULL] */                         \
    X(TYPE, "type")           /* text: f32 class ...; [dims or NULL] */                         \
    X(ONE_OF, "one_of")       /* words */                                                       \
    X(WORD, "word")           /* text */                                                        \
    X(DIMS, "dims")           /* expressions or ellipses */                                     \
    X(ELLIPSIS, "...")                                                                          \
    X(BODY, "body")           /* statements */                                                  \
    X(BIND, "bind")           /* [names, expr] */                                               \
    X(NAMES, "names")         /* names */                                                       \
    X(DECLARE, "declare")     /* text: head; [name, type or NULL, expr or NULL, body or NULL]: */\
                              /* `param w: T = E`, `loss n = E`, `input x: T = E` */            \
    X(STATEMENT, "statement") /* text: head; [operands or NULL, body or NULL], then any `by E`: */ \
                              /* `return E`, `epochs 20`, `for "g" {}`, `repeat 3 as s {}`, */  \
                              /* `augment x {}`, `shift(4, axis = 0)` (operand: PARENS) */      \
    X(OPERANDS, "operands")   /* expressions or shares */                                       \
    X(SHARE, "share")         /* text: name; [number]: `train 70%` */                           \
    X(IF, "if")               /* [condition, body, body or if or NULL] */                       \
    X(CHAIN, "->")            /* [expr, call or name, maybe inside an AS] */                    \
    X(AS, "as")               /* text: name; [expr] */                                          \
    X(OR, "or") X(AND, "and") X(NOT, "not")                                                     \
    X(EQ, "==") X(NE, "!=") X(LT, "<") X(GT, ">") X(LE, "<=") X(GE, ">=")                       \
    X(RANGE, "..")                                                                              \
    X(ADD, "+") X(SUB, "-") X(MUL, "*") X(DIV, "/") X(MATMUL, "@") X(NEG, "neg") X(POW, "^")    \
    X(CALL, "call")           /* [callee, arguments] */                                         \
    X(INDEX, "index")         /* [expr, elements] */                                            \
    X(MEMBER, "member")       /* text: name; [expr] */                                          \
    X(NAME, "name")           /* text */                                                        \
    X(NUMBER, "number")       /* text as written, number: its value (70% is 0.7, 2K is 2048) */ \
    X(STRING, "string")       /* text, unescaped */                                             \
    X(PARENS, "parens")       /* [expr]; as the only operand of a statement, `shift(4, axis = 0)`, \
                               * any arguments: expressions or named */                         \
    X(LIST, "list")           /* elements: `[1, 2]` */                                          \
    X(ELEMENTS, "elements")   /* of an index: expressions, ranges, ellipses */                  \
    X(ARGUMENTS, "arguments") /* expressions or named */                                        \
    X(NAMED, "named")         /* text: name; [expr] */                                          \
    X(ERROR, "error")         /* what could not be read; an error was reported */

enum ast_kind {
#define X(kind, name) AST_##kind,
    AST_KINDS(X)
#undef X
};

struct ast {
    enum ast_kind kind;
    struct span span;                   /* the whole construct; span of the name: name_span */
    struct span name_span;              /* of `text`, where that is a name in the source */
    const char *text;
    double number;
    bool whole;                         /* a number written without point, exponent or % */
    int height;                         /* 1 + that of the highest kid; the parser limits it */
    int ordinal;                        /* of a called name, or a `repeat`, among those of its name
                                         * in a declaration, from 1; set by pass_lower, else 0 */
    int count, room;
    struct ast **kid;
};

const char *ast_kind_name(enum ast_kind);
struct ast *ast_new(struct arena *, enum ast_kind, const char *text, struct span);
struct ast *ast_add(struct arena *, struct ast *parent, struct ast *kid); /* returns parent */

/* Parses source `source` of diags (diags_add_source).  Errors go to diags; the tree of what
 * could be read is returned all the same. */
struct ast *ast_parse(struct arena *, struct diags *, int source);
/* The tree as an indented outline, for tests (--dump=ast). */
void ast_dump(const struct ast *, struct text *);
/* The canonical layout of a source (invar fmt): comments are kept; the result parses to the
 * same tree and formats to itself. */
void ast_format(struct arena *, struct diags *, int source, const struct ast *, struct text *);

#endif
