/* What one run of the linter holds: files, findings and comments that allow some. */
#ifndef INVAR_LINT_LOOK_H
#define INVAR_LINT_LOOK_H
#include "lint/rule.h"

/* A comment that allows rules on some lines of its file, or a finding itself where it is none. */
struct allowance {
    const struct text_file *file;
    unsigned offset;
    const char **rule;
    int rules, room;
    unsigned first, last;               /* lines */
    bool active, used;                  /* in a part that the preprocessor took; by a finding */
};

struct finding {
    struct place place;
    int line, column;
    const char *rule, *text, *cure;
    int order;
};

struct look {
    struct arena *arena;
    struct diags *diags;
    const char *folder;                 /* the one that paths are shown from */
    const struct rule *rule;            /* that looks now */
    CXTranslationUnit unit;
    bool operators;                     /* lint_request.operators */
    const char *unread;                 /* lint_request.unread */
    const char *directory;              /* of its compilation */
    const struct text_file *main;
    struct text_file **file;            /* all so far */
    int files, file_room;
    struct allowance *allowance;
    int allowances, allowance_room;
    struct finding *finding;
    int findings, finding_room;
    struct { const char *name; struct pragma pragma; } *macro; /* macros that have pragmas */
    int macros, macro_room;
    struct { CXFile of; const struct text_file *file; } *here; /* files of this unit */
    int here_count, here_room;
};

unsigned look_line(const struct text_file *, unsigned offset);
/* The text with functions of operators by the names that they have in their file. */
const char *look_own_names(const struct look *, const char *text);
/* A text of libclang's, in the arena. */
const char *look_string(struct look *, CXString);
/* A finding of the linter's own, by the rule's name. */
void look_found(struct look *, struct place, const char *rule, const char *cure, const char *text);

#endif
