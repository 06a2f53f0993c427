/* Statements of a function being written: lines, and loops or conditions around others.  They are
 * printed once, when all is known that decides how. */
#ifndef INVAR_EMIT_CODE_H
#define INVAR_EMIT_CODE_H
#include <stdbool.h>
#include "base/text.h"

struct code;

struct statement {
    const char *text;                   /* "x[i] = 0;", or the head of what `body` holds */
    const struct code *body;            /* NULL: a line */
    bool independent;                   /* a loop whose iterations are, where no storage overlaps */
    bool rolled;                        /* and that stays one until it has been made of vectors */
};

struct code {
    struct arena *arena;
    struct statement *statement;
    int count, room;
};

void code_init(struct code *, struct arena *);
void code_line(struct code *, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* "for (..)" or "if (..)" around the statements that `body` has now. */
void code_block(struct code *, const char *head, const struct code *body);
/* The same of a loop in which there is none; its iterations are independent, and where it is
 * `rolled` so many that they fill vectors. */
void code_loop(struct code *, const char *head, const struct code *body, bool rolled);
void code_append(struct code *, const struct code *);
/* Indented by `indent` steps of 4; `mark` is a line before loops that are independent, or NULL. */
void code_print(const struct code *, int indent, const char *mark, struct text *);

#endif
