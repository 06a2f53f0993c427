/* A program of one graph, the train phase, for tests of passes. */
#ifndef INVAR_TESTS_ONE_PHASE_H
#define INVAR_TESTS_ONE_PHASE_H

#include "graph/op.h"

static struct arena *arena;
static struct program *program;
static struct graph *graph;
static const struct span nowhere;

/* Anew: what was there is freed. */
static void start(void)
{
    if (arena != NULL)
        arena_free(arena);
    arena = arena_new();
    program = ARENA_NEW(arena, struct program);
    program->arena = arena;
    program->diags = diags_new(arena);
    program->name = "test";
    program->train.rows = 5;
    graph = graph_new(program, "train");
    program->phase[PHASE_TRAIN] = graph;
}

static int variable(enum variable_kind kind, enum dtype dtype, struct shape shape)
{
    const char *path = arena_printf(arena, "v%d", program->variable_count);
    return program_add_variable(program, kind, path, dtype, &shape, nowhere)->id;
}

#endif
