/* Traces: a hash of every value that a training step stores, and of the state after it, by which
 * `invar diverge` finds where two runs part (docs/receipts.md).  A file of JSON lines: what the run
 * is of; each place with its number, what it is and where in the model; each step with the hashes
 * of its places, 16 hexadecimal digits each, in their order.  A place is a node of the table of
 * trace nodes, or, numbered after these, a variable.  What a loop makes is one place: its hash is
 * of all turns. */
#ifndef INV_HOST_TRACE_H
#define INV_HOST_TRACE_H
#include <stdint.h>
#include "output.h"

struct inv_session;

struct inv_trace {
    struct inv_output out;
    int open;
    int64_t first, last;                /* steps that are wanted */
    uint64_t *hash;                     /* of each place, of the step at hand */
    int64_t place;                      /* whose values are wanted too, or -1 */
    int64_t steps;                      /* that are in the file */
    int writes;                         /* a line of values has begun */
    int64_t inject[4];                  /* step, place, element, bit; step -1: none */
    int64_t passed;                     /* elements of that place, in the step at hand */
    int injected;
};

/* Reads --trace-steps and so on, and opens --trace; 0 after an error. */
int inv_trace_begin(struct inv_session *);
/* Before INV_TRAIN and after INV_UPDATE of a step; where the loss is not finite there is none, and
 * the hashes of its values are 0. */
void inv_trace_step_begin(struct inv_session *);
void inv_trace_step_end(struct inv_session *);
/* The status of training, or that of an error: the file, or, where training is done, an option
 * named what the run never came to. */
int inv_trace_end(struct inv_session *, int status);

#endif
