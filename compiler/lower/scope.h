/* Bodies, their names, and errors that say where. */
#ifndef INVAR_LOWER_SCOPE_H
#define INVAR_LOWER_SCOPE_H
#include "base/names.h"
#include "lower/value.h"

struct binding {
    const char *name;
    struct value value;
    struct span span;
    int variable;                       /* stored name: its variable, else -1 */
    int carry;                          /* carried name: its CARRY node, else -1 */
    bool changed;                       /* stored to since it was declared */
    const struct graph *graph;          /* being built then: that of the value's node */
    struct binding *next;
    const struct names *index;          /* this one and all that follow, by name */
};

/* What a body is lowered as: decides which heads and built-in values exist in it. */
enum role { ROLE_BLOCK, ROLE_MODEL, ROLE_INITIALISER, ROLE_OPTIMIZER, ROLE_METRIC,
            ROLE_AUGMENT, ROLE_DATA, ROLE_TRAIN, ROLE_CONST };

struct frame {
    enum role role;
    const struct ast *declaration;      /* the AST_BLOCK, AST_OPERATOR or AST_MODEL */
    struct binding *names;
    const struct names *called;         /* paths of calls by their names: what '.' looks up */
    const char *path, *random_path;     /* "" at the top */
    struct frame *caller;
    struct span call;                   /* where it was called */
    struct span user_call;              /* the user's call that this is, or is within */
    bool library;
    bool shared;                        /* within a use of a `let`: its paths may come again */
    bool returned;
    struct value result;
    const struct shape *parameter;      /* ROLE_INITIALISER: the parameter's shape */
};

struct named_ast { const char *name; const struct ast *ast; struct binding *value; bool busy; };
struct scope { struct named_ast **item; int count, room; const struct names *index; };

struct diag *lower_error(struct lower *, struct frame *, struct span, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
bool lower_in_library(struct lower *, struct span);
/* The span, or the user's call around it where it lies in the library. */
struct span lower_user_span(struct lower *, struct frame *, struct span);
const char *lower_span_text(struct lower *, struct span); /* the source there, on one line */
struct frame *lower_current(struct lower *);
const char *role_name(enum role);       /* "an optimizer" */
const char *path_join(struct lower *, const char *, const char *);
struct named_ast *scope_find(const struct scope *, const char *name);
void scope_add(struct lower *, struct scope *, const struct ast *);
const struct ast *lower_find_block(struct lower *, bool library, const char *name);
struct binding *frame_find(struct frame *, const char *name);
struct binding *frame_bind(struct lower *, struct frame *, const char *name, struct value,
                           struct span);

#endif
