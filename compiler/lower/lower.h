/* State shared by the files of pass lower: evaluating the tree builds graph nodes.  What one file
 * keeps, and few others look at, is a structure of its own. */
#ifndef INVAR_LOWER_H
#define INVAR_LOWER_H
#include "graph/op.h"
#include "graph/program.h"
#include "lower/scope.h"

/* The loops in which nodes of the graph stand, of those that were looked at. */
struct turned {
    const struct graph *graph;
    int *at;
    int count, room;
};

struct lower {
    struct program *program;
    struct arena *arena;
    struct arena *frames;               /* of frames and names: arena, but for a body's own */
    struct diags *diags;
    struct graph *graph;                /* the phase being built */
    struct frame *current;              /* the body being lowered, for errors */
    enum phase phase;
    bool training;
    struct scope user_blocks, library_blocks, models, datas, trains, consts;
    const struct ast *train_ast, *model_ast, *data_ast;
    struct frame *train_frame;
    struct frame settings;              /* names of the settings that were made */
    const struct ast *patience, *keep;  /* statements of `train`, or NULL */
    const struct ast *stratify, *order; /* `split ... by E`, `order ...` of `data`, or NULL */
    struct data_field *field;           /* at hand, in data */
    bool same_draws;                    /* of a field that is augmented like one before */
    const struct names *draws[PHASE_COUNT]; /* path of a stream -> the node that draws from it */
    int depth;                          /* of block expansion */
    int expr_depth;                     /* of expressions, calls counted in */
    int const_depth;                    /* of consts that are made of consts */
    bool consts_deep;                   /* reported */
    struct scan *scan;                  /* scan.c: the innermost whose cell is at hand, or NULL */
    struct turned turned;               /* scan.c */
    struct limits *limits;              /* limit.h */
    struct results *results;            /* model.h */
    struct updates *updates;            /* optimizer.h */
    struct declarations *declarations;  /* variable.c */
    struct makers *makers;              /* require.c */
    struct run_values *run_values;      /* run.c */
    struct carried *carried;            /* carried.c */
    struct labels *labels;              /* label.c */
    struct units *units;                /* units.c */
};

#endif
