/* The sums over the shards of a step, where several ranks have computed them: the tree of
 * numerics.md, section 5.2, whatever number of ranks there is.  A rank adds up the subtrees that
 * its shards fill, and of its chunk of the sums finishes the rest.  Where an element of these alone
 * updates one of a parameter (inv_variable.gradient), the rank does that, and all get the new
 * parameters; of all else all get the sums. */
#ifndef INV_HOST_EXCHANGE_H
#define INV_HOST_EXCHANGE_H
#include "carry.h"

/* Shards first .. end - 1, which fill a subtree and are of one rank. */
struct inv_subtree {
    int64_t first, end;
    int rank;
    float *sums;                        /* all of them where the part is this rank's, else of its
                                         * chunk; of its last, the arena's */
};

/* Bytes of the arena that are, as those of the sums from chunk_at on, of this rank or that. */
struct inv_piece { int64_t at, chunk_at, bytes; };
struct inv_pieces { struct inv_piece *piece; int count; };

/* What is sent to several ranks. */
struct inv_parcel { const void *ready; int64_t bytes; };

struct inv_exchange {
    struct inv_ranks *ranks;
    struct inv_carry carry;
    const struct inv_model *model;
    struct inv_pieces common, params, averages, state; /* sums for all; what is updated by pieces */
    unsigned char *packed;              /* of all ranks, what is small of one exchange */
    struct inv_parcel *parcel;          /* what this rank sends in one exchange */
    int64_t shards, bytes;              /* of a step; of the sums */
    int64_t settled;                    /* bytes of the sums of the last part, from the first on,
                                         * that are on their way; begins of chunks */
    struct inv_subtree *part;              /* of all ranks, in the order of shards */
    int parts, own, owns;               /* this rank's: part[own] .. part[own + owns - 1] */
    unsigned char *memory;              /* of `packed`, and of what is kept of parts */
    int64_t steps, sent, ahead;         /* that were finished; bytes that this rank sent for them;
                                         * of these before its last shard was done */
};

/* Sets which part of an update is the run's.  The run stays where it is. */
void inv_exchange_begin(struct inv_exchange *, struct inv_ranks *, const struct inv_model *,
                        struct inv_run *);
/* Bytes that `begin` takes of the memory that the run works in. */
int64_t inv_exchange_bytes(struct inv_ranks *, const struct inv_model *);
/* A step begins: what others send may come. */
void inv_exchange_expect(struct inv_exchange *);
/* The sums of this rank's part, in its order, are there: they are on their way.  Of its last part
 * they are in the arena then, where they stay as they are up to `finish`. */
void inv_exchange_send(struct inv_exchange *, const struct inv_subtree *, const float *sums);
/* The first bytes of the sums of this rank's last part, which are in the arena, are there, up to
 * the begin of a chunk: they are on their way. */
void inv_exchange_send_first(struct inv_exchange *, int64_t bytes);
/* The begin of the last chunk that is not behind `bytes`. */
int64_t inv_exchange_chunk(const struct inv_exchange *, int64_t bytes);
/* With all parts of this rank sent: the sums over all shards are in the arena, as far as this rank
 * needs them. */
void inv_exchange_finish(struct inv_exchange *, const struct inv_run *);
/* After INV_UPDATE: all have all parameters. */
void inv_exchange_updated(struct inv_exchange *);
/* All have all averages. */
void inv_exchange_average(struct inv_exchange *);
/* The first rank has all of the optimizer's state, for a checkpoint. */
void inv_exchange_collect(struct inv_exchange *);
/* Gives the system the memory of state that is other ranks'. */
void inv_exchange_release(const struct inv_exchange *);
void inv_exchange_free(struct inv_exchange *);

#endif
