/* A model being written, and what differs between the kinds of sources. */
#ifndef INVAR_EMIT_TARGET_H
#define INVAR_EMIT_TARGET_H
#include "emit/template.h"
#include "graph/op.h"
#include "graph/program.h"
#include "passes/pass.h"

struct function;
struct lines;
struct user;

/* A model being written. */
struct emit {
    const struct program *program;
    struct arena *arena;
    struct arena *scratch;              /* of texts that are copied where they belong */
    struct values *file;                /* of templates/program/model.c */
    bool used[OP_COUNT];                /* operators whose header is included */
    const char **constant;              /* names of the arrays of the file */
    int constant_count, constant_room;
    struct text steps;                  /* lines of the phase at hand */
    size_t steps_size;                  /* of all phases, about */
    struct loop_steps *loop;            /* of the phase at hand, outer ones first */
    int loop_count, loop_room, step_count, open; /* the innermost that has not ended, or -1 */
    struct band *band;                  /* of the phase at hand, their groups counted as steps */
    int band_count, band_room;
    struct move *move;                  /* the same, by steps */
    int move_count, move_room;
    int numbers;                        /* firmware: of a group that moves, at most; all phases */
    struct text trace, trace_lines;     /* rows of the trace table, and of the lines in it */
    int trace_count, trace_line_count;
    int shared_count;                   /* functions of groups of several phases */
    struct lines *lines;                /* of each source that was looked at */
    int lines_count, lines_room;
    int *traced;                        /* of each node: the number of a row that it went into */
    const struct emit_target *target;
    struct user *user[PHASE_COUNT];     /* of each group of a phase (emit/share.h) */
    int64_t state_end, work_start;      /* firmware: where a piece of the arena ends or begins */
    int64_t stack;                      /* bytes of the arrays of the group that has most */
    int64_t workspace;                  /* CUDA: bytes that groups need beside the arena */
};

/* A loop of the phase at hand: steps first .. end - 1, counted in the phase. */
struct loop_steps {
    const struct loop *loop;
    int first, end, depth;
    int around;                         /* the number of the one around it, or -1 */
};

/* Number `number` of a step's own, of so many, moves in that loop of the phase. */
struct move {
    int step, numbers, number, loop;
    struct extent bytes;                /* from one index to the next */
};

/* Rows of the trace table. */
struct traced {
    int first, end;
};

/* How one kind of sources writes what all have: groups, the storage they use, phases of them. */
struct emit_target {
    const char *phase;                  /* the template of a phase */
    const char *function;               /* the template around every skeleton */
    const char *loops;                  /* the skeleton of what is nothing but loops */
    const char *restrict_word;          /* before a pointer that none other overlaps */
    const char *integer;                /* the type of indices */
    bool independent;                   /* loops that are have the mark INDEPENDENT */
    bool flat;                          /* how many elements a loop has is not in the function */
    bool own_loops;                     /* of several ranks each function takes its own outputs */
    bool traced;                        /* the trace table has the values of a batch's training */
    bool trace_lines;                   /* phases give these to a trace in lines of their own */
    bool quads;                         /* draws take loops over a counter's four elements */
    int64_t tile_floats;                /* of products that wait for their epilogue */
    bool tiles_stored;                  /* wide products in storage take TILE_ROWS_STORED rows, */
                                        /* others TILE_COLUMNS columns at a time */
    bool finishes;                      /* and compute short ones themselves (emit/c/finish.h) */
    const struct row_walk *rows;
    const struct row_walk *short_rows;  /* of a few elements; NULL: as all others */
    /* "f32_at(run, 512)": storage at an offset of the arena; `number` stands for the offset, or
     * for what it is in its piece. */
    const char *(*pointer)(struct emit *, enum dtype, const struct place *, bool written,
                           const char *number);
    /* Which piece of the arena the offset is in, and where in it; NULL: there is one piece. */
    int (*piece)(const struct emit *, int64_t offset);
    int64_t (*in_piece)(const struct emit *, int64_t offset);
    bool narrow;                        /* numbers of a function's own have 32 bits */
    const char *own;                    /* "run->at": a shared function's numbers */
    /* By class of the group: sets skeleton, values and count of a function. */
    void (*const *group)(struct function *);
    /* The line of its phase that runs a group by that function, with the group's own numbers
     * ("4880, 32832"; NULL: it shares none) and its rows of the trace table; in emit->scratch. */
    const char *(*step)(const struct function *, const char *own, struct traced);
    /* Loops are lines of the phase, in which numbers move with index0, index1 .. of each depth. */
    bool loop_lines;
    /* Else: sets the lists of a phase, from emit->loop and emit->move. */
    void (*list_loops)(struct emit *, struct values *phase);
    const char *phase_list;             /* of the file: what phases are added to */
    /* Adds the phase to the file's list; `index` is its place in the table of struct inv_model. */
    void (*list_phase)(struct emit *, const char *name, const char *index, int groups);
};

/* "f32_at(run, 512)" */
const char *emit_arena_pointer(struct emit *, enum dtype, const struct place *, bool written,
                               const char *number);
/* The most that a group of the program takes of a stack, written for that target. */
int64_t emit_stack(const struct program *, const struct emit_target *);
/* Functions, phases and constants of the program, into the lists of emit->file. */
void emit_parts(struct emit *);

#endif
