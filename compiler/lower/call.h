/* Calls of blocks, operators and layers. */
#ifndef INVAR_LOWER_CALL_H
#define INVAR_LOWER_CALL_H
#include "lower/lower.h"

/* What is to be called: a block or an operator, by name or partly applied, or a chain of such. */
struct layer {
    const struct ast *block;            /* AST_BLOCK, or AST_OPERATOR; NULL: built in, or a
                                         * chain */
    const char *name;                   /* of the block or operator */
    const struct ast *arguments;        /* or NULL; evaluated in `frame` at each use */
    struct frame *frame;
    struct binding *names;
    struct layer *first, *second;       /* chain */
    const char *as;                     /* its name within a chain, or NULL */
    const char *path, *random_path;     /* fixed by `let`; NULL: the call site's */
    int uses;
};

/* A call of a block to be expanded. */
struct expansion {
    const struct ast *block;
    const struct value *given;          /* come first, by position */
    int given_count;
    const struct ast *arguments[2];     /* of the call, then of the layer; or NULL */
    struct frame *scope[2];             /* where they are evaluated */
    const char *path, *random_path;
    struct span span;
    bool shared;
};

/* Sets the ordinals of call sites and of `repeat` in it. */
void lower_number_calls(struct lower *, struct ast *declaration);
struct value lower_call(struct lower *, struct frame *, const struct ast *callee,
                        const struct ast *arguments, const struct value *first, const char *as,
                        struct span span);
/* What is lowered from here on belongs to another layer_call, whose number it returns. */
int lower_begin_layer(struct lower *, const char *path, const char *block);
/* Calls the layer: e holds what stands before the layer's own arguments, the paths and the span. */
struct value lower_apply(struct lower *, struct frame *caller, struct layer *,
                         const struct expansion *e);

#endif
