/* What a rule is, and what rules look with. */
#ifndef INVAR_LINT_RULE_H
#define INVAR_LINT_RULE_H
#include <stdbool.h>
#include <stddef.h>
#include "base/arena.h"
#include "base/diag.h"
#include "lint/clang.h"

struct look;

/* A node of the tree and the nodes that it stands in. */
struct at {
    CXCursor cursor;
    enum CXCursorKind kind;
    const struct at *up;                /* NULL for what stands in the file itself */
};

struct token {
    enum CXTokenKind kind;
    const char *text;
    unsigned offset, end, line;         /* in the file; the line is that of its first byte */
};

/* A line of #pragma, or what a _Pragma says, in words and signs. */
struct pragma {
    const char *const *word;            /* without "#pragma" itself; [count] is NULL */
    int count;
    unsigned offset;                    /* where it stands */
    unsigned target;                    /* where what follows it begins */
    bool of_macro;                      /* stands where a macro is used that has it */
};

/* A file of the translation unit that is no system header. */
struct text_file {
    const char *path;
    int source;                         /* of diags */
    const char *text;
    size_t size;
    const struct token *token;
    int tokens;
    const struct pragma *pragma;
    int pragmas;
};

struct place {
    const struct text_file *file;       /* NULL: in no file that is looked at */
    unsigned offset;
};

/* What is a fault by its name alone; each list may be NULL. */
struct named {
    const char *names;                  /* of libraries, as name_is_one takes them */
    const char *but;                    /* of these, those that are none */
    const char *words;                  /* of assembler */
    const char *why;                    /* stands right behind the name; NULL ends a list */
    const char *cure;
};

/* Each function may be NULL.  It is called with every node, every file, every diagnostic of the
 * option `wanted`, and the flags of every compilation. */
struct rule {
    const char *name;
    const char *finds;                  /* for --rules */
    const struct named *named;          /* or NULL */
    void (*node)(struct look *, const struct at *);
    void (*file)(struct look *, const struct text_file *);
    void (*flags)(struct look *, const char *const *flag, int count);
    const char *const *wanted;          /* options of diagnostics, ended by NULL */
    void (*diagnostic)(struct look *, struct place, const char *text);
};

/* The file that is compiled, of which flags speak. */
const struct text_file *look_main(const struct look *);
/* Whether one of the words in blanks stands in it, or in what it includes. */
bool look_has_word(const struct look *, const char *words);
struct arena *look_arena(struct look *);
/* Whether the file is the C of a model's operators. */
bool look_is_operator(const struct look *);

/* ---- findings: what is wrong, and the cure ---- */
void look_find(struct look *, struct place, const char *cure, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* ---- places and texts ---- */
struct place look_place(struct look *, CXSourceLocation);
struct place look_at(struct look *, CXCursor);
/* Where a node begins, which for a sum is its first operand. */
struct place look_begin(struct look *, CXCursor);
struct place look_end(struct look *, CXCursor);
/* A name, as the source has it. */
const char *look_name(struct look *, CXCursor);
/* The operator between two operands as written in the source; "" where a macro hides it. */
const char *look_operator(struct look *, CXCursor left, CXCursor right);
/* Whether what is written where the node begins is that word, or begins with it. */
bool look_begins(struct look *, CXCursor, const char *word);
/* Which of the words in blanks stands in the source of the node, or NULL; for assembler. */
const char *look_word(struct look *, CXCursor, const char *words);
/* The pragma right before the node, from the `from`-th on; NULL where there is none. */
const struct pragma *look_pragma(struct look *, CXCursor, int *from);
bool pragma_has(const struct pragma *, const char *word);

/* ---- the tree ---- */
/* Calls with every node below, and the nodes they stand in up to `at`. */
void look_below(struct look *, const struct at *at,
                void (*)(struct look *, const struct at *, void *), void *data);
/* The i-th operand, without the casts and parentheses around it where `bare`; a null cursor where
 * there are fewer. */
CXCursor look_operand(struct look *, CXCursor, int i, bool bare);
int look_operands(struct look *, CXCursor);
/* Without casts that the compiler made, and parentheses. */
CXCursor look_bare(struct look *, CXCursor);
/* The value of a whole number that the compiler knows. */
bool look_constant(CXCursor, long long *);
/* The function that the node is in, or NULL. */
const struct at *look_function(const struct at *);

/* ---- types: canonical ---- */
enum CXTypeKind look_type(CXCursor);
bool type_is_float(CXType);             /* float, double, long double, complex ones */
bool type_is_integer(CXType);
bool type_is_char(CXType);              /* plain char, which has a sign on some machines */
bool type_is_pointer(CXType);           /* and an array, which becomes one */

/* What pointers and arrays of it are of, in the end. */
CXType type_element(CXType);

/* ---- names that the C library gives ---- */

/* The name that the node refers to, where that is a function or a constant which no looked-at file
 * defines; "__builtin_" and the like are left out.  Else NULL. */
const char *look_library_name(struct look *, const struct at *);
/* Whether the name is one of a list of words, in blanks, in which * stands for anything. */
bool name_is_one(const char *name, const char *list);

#endif
