/* --check-ranks: every N steps ranks compare what all of them have, and one shard of that step is
 * computed by two of them.  A bit that differs comes from a processor or memory that fails: it ends
 * the run.  Which shard, and which other rank, is drawn by the step with the seed's key. */
#ifndef INV_HOST_CHECK_RANKS_H
#define INV_HOST_CHECK_RANKS_H
#include <stdint.h>

struct inv_session;

struct inv_rank_check {
    struct inv_session *s;
    int64_t every;                      /* steps; 0: nothing is checked */
    int64_t shard;                      /* of the step at hand; -1: it is not checked */
    int rank, again;                    /* whose it is, and who computes it, too */
    uint64_t *hash, all;                /* of each variable that is compared, of the others 0; of
                                         * these hashes */
    int differs;                        /* that was found, and told */
};

void inv_rank_check_begin(struct inv_rank_check *, struct inv_session *);
/* A step begins: whether this rank is to compute `shard` of it beside its own. */
int inv_rank_check_again(struct inv_rank_check *, int64_t step);
/* What that shard gave is in the sums of the arena. */
void inv_rank_check_take(struct inv_rank_check *, int64_t shard);
/* Whether both got the same of the shard; before anything is updated by it. */
int inv_rank_check_shard(struct inv_rank_check *);
/* After the update of a step that is checked, and in the end: whether weights and state are those
 * of all ranks. */
int inv_rank_check_updated(struct inv_rank_check *);
int inv_rank_check_weights(struct inv_rank_check *);
void inv_rank_check_free(struct inv_rank_check *);

#endif
