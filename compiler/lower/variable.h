/* Stored names: variables of the program, and what is stored in them. */
#ifndef INVAR_LOWER_VARIABLE_H
#define INVAR_LOWER_VARIABLE_H
#include "lower/lower.h"

/* What lowering knows of a variable beside struct variable. */
struct declared {
    unsigned phases;                    /* bit set: where it was declared */
    struct span span; /* the user's line: the call, where the variable is the library's */
    int initial;                        /* 1 + the node of its start value in PHASE_INIT, or 0 */
    int read, stored;                   /* nodes in the current graph: read, next value; or -1 */
    int sum;                            /* of a buffer that shards store: the VAR_SHARD; or -1 */
    int64_t cases;                      /* of a total: what a row adds to each of its elements */
};

void lower_begin_variables(struct lower *);
struct declared *lower_declared(struct lower *, int variable);
void lower_forget_reads(struct lower *); /* the graph is another now */
void lower_forget_nodes(struct lower *, int from); /* of the graph, numbered `from` and above */
void lower_name_variable(struct lower *, int variable); /* so that its path is taken */
void lower_forget_variables(struct lower *, int from);  /* those numbered `from` and above */
int lower_read(struct lower *, int variable);
/* The value that later statements see: the one stored last, or else the one read. */
int lower_current_value(struct lower *, int variable);
int lower_declare(struct lower *, struct frame *, enum variable_kind, const char *path, enum dtype,
                  const struct shape *, struct span span);
void lower_stored(struct lower *, struct frame *, const struct ast *, enum variable_kind);
/* States and buffers that the frame declared take their last values. */
void lower_store_changed(struct lower *, struct frame *);
/* The node to store: the variable as it was where node `held` is true; held may be -1. */
int lower_unless(struct lower *, int held, int variable, int node);
void lower_store_buffers(struct lower *); /* at the end of the model */
void lower_update_buffers(struct lower *); /* with shards: from their sums */

#endif
