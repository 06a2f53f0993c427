/* Traces as trainers write them (host/trace.h), read step by step. */
#ifndef INVAR_TRACE_FILE_H
#define INVAR_TRACE_FILE_H
#include <stdbool.h>
#include <stdio.h>
#include "host/json_list.h"
#include "host/trace.h"

/* Digits of a hash, of an element, of a value in the order of the step. */
enum { TRACE_HASH = 16, TRACE_WORD = 8, TRACE_TURN = TRACE_WORD + TRACE_HASH };
enum { TRACE_HEADS = 5 };

struct trace_place { long long number; char *what, *line; };

/* All elements of a place in the step at hand. */
struct trace_values { long long place; char *digits; };

struct trace {
    const char *path, *name;            /* name: of the run, for messages */
    FILE *file;
    char *text;
    size_t room;
    struct inv_json_list list;          /* of the line at hand */
    struct inv_errors *errors;
    char *head[TRACE_HEADS];
    struct trace_place *place;
    int places, place_room;
    long long step, epoch;              /* at hand; -1: there is none */
    char *hashes, *order;               /* order: "" where the trace has none */
    struct trace_values value[INV_TRACE_VALUES];
    int values;
};

/* What entry `at` of a head says of the run, in the order of causes. */
const char *trace_head(int at);
/* Up to the first step; false after an error.  Either way close it. */
bool trace_open(struct trace *, const char *path, struct inv_errors *);
void trace_next_step(struct trace *);
/* The digits of that place in the step at hand, or NULL. */
const char *trace_values(const struct trace *, long long place);
/* Where that place, or what made node %NUMBER of the graph, stands in `place`; -1: nowhere. */
int trace_find(const struct trace *, long long place);
int trace_made(const struct trace *, long number);
void trace_close(struct trace *);

#endif
