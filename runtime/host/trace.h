/* Traces: a hash of every value that a training step stores, and of the state after it, by which
 * `invar diverge` finds where two runs part (docs/receipts.md).  A file of JSON lines: what the run
 * is of; each place with its number, what it is and where in the model; each step with the hashes
 * of its places, 16 hexadecimal digits each, in their order.  A place is a node of the table of
 * trace nodes, or, numbered after these, a variable. */
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
    int64_t inject[4];                  /* step, place, element, bit; step -1: none */
    int injected;
    int failed;                         /* the element to inject into is not there */
};

/* Reads --trace-steps and so on, and opens --trace; 0 after an error. */
int inv_trace_begin(struct inv_session *);
/* Before INV_TRAIN and after INV_UPDATE of a step. */
void inv_trace_step_begin(struct inv_session *);
void inv_trace_step_end(struct inv_session *);
/* 0 after an error: the file, or --inject named what the run never came to. */
int inv_trace_end(struct inv_session *);

#endif
