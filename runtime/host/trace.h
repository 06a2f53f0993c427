/* Traces: a hash of every value that a training step stores, and of the state after it, by which
 * `invar diverge` finds where two runs part (docs/receipts.md).  A file of JSON lines: what the run
 * is of; each place with its number, what it is and where in the model; each step with the hashes
 * of its places, 16 hexadecimal digits each, in their order.  A place is a node of the table of
 * trace nodes, or, numbered after these, a variable.  What a loop makes is one place: its hash is
 * of all turns.  With --trace-place the hashes of a step follow its "values" of these places, 8
 * digits for an element, and its "order": of each value in its turn the place, 8 digits, and the
 * hash, 16. */
#ifndef INV_HOST_TRACE_H
#define INV_HOST_TRACE_H
#include <stdint.h>
#include "invar.h"
#include "options.h"
#include "output.h"

struct inv_session;

/* Hexadecimal digits of the step at hand, for a line of the file. */
struct inv_trace_digits {
    int64_t place;
    char *text;
    size_t size, room;
};

/* Words that are hashed, for the threads to share, and the hash of each piece of them. */
struct inv_trace_pieces {
    const unsigned char *at;
    int64_t words;
    int what;                           /* an enum inv_hash_words */
    uint64_t *hash;
    int64_t room;
};

/* A variable that is a place: where it lies, and its hash where the step at hand has stored it as a
 * whole, and nothing over that. */
struct inv_trace_variable {
    int64_t place;
    const unsigned char *at, *end;
    uint64_t hash;
    int known;
};

enum { INV_TRACE_VALUES = 8 };          /* places whose values are wanted at one time, at most */

struct inv_trace {
    struct inv_output out;
    int open;
    struct inv_steps wanted;
    uint64_t *hash;                     /* of each place, of the step at hand */
    int64_t *place, places;             /* those that the file has */
    struct inv_trace_variable *variable; /* by where they lie */
    int variables;
    struct inv_trace_pieces pieces;
    struct inv_trace_digits hashes;     /* of the step at hand */
    struct inv_trace_digits value[INV_TRACE_VALUES];
    int values;                         /* places of --trace-place */
    struct inv_trace_digits order;      /* with these: each value in its turn: place and hash */
    int64_t steps;                      /* that are in the file */
    int64_t inject[4];                  /* step, place, element, bit; step -1: none */
    int64_t passed;                     /* elements of that place, in its step */
    int injected;
};

/* Reads --trace-steps and so on, and opens --trace; 0 after an error. */
int inv_trace_begin(struct inv_session *);
/* Where a piece of the run ends that begins at a step and may go on to `end`: a step that is looked
 * at is a piece of its own. */
int64_t inv_trace_piece(const struct inv_session *, int64_t step, int64_t end);
/* Before INV_TRAIN and after INV_UPDATE of a step; where the loss is not finite there is none, and
 * the hashes of its values are 0. */
void inv_trace_step_begin(struct inv_session *);
void inv_trace_step_end(struct inv_session *);
/* The hash of a variable, as the file has it. */
uint64_t inv_trace_hash(struct inv_session *, const struct inv_variable *);
/* The step from which on none is to be done. */
int64_t inv_trace_stop(const struct inv_session *);
/* The status of training, or that of an error: the file, or, where training is done, an option
 * named what the run never came to, which leaves no trace. */
int inv_trace_end(struct inv_session *, int status);
extern const struct inv_output_sign inv_trace_sign;

#endif
