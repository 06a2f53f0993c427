/* The chain of hashes over the steps of a training run (docs/receipts.md): who repeats the run gets
 * the same links, or learns which step is the first that differs. */
#ifndef INV_HOST_CHAIN_H
#define INV_HOST_CHAIN_H
#include <stdint.h>
#include "core/sha256.h"

enum { INV_CHAIN_PREFIXES = 1 << 16 };  /* most steps whose links are kept in part */

/* A number of steps after which the weights went into the chain. */
struct inv_mark {
    int64_t steps;
    char weights[65], link[65];         /* SHA-256 of the weights file; the link */
};

struct inv_chain {
    char start[65];                     /* link before step 0 */
    uint8_t link[32];                   /* after `steps` steps */
    int64_t steps, skipped;             /* done, of these left out by --on-nan skip */
    struct inv_sha256 none;             /* of nothing yet: what a link begins with */
    int64_t every;                      /* the first 4 bytes of a link are kept so often */
    uint32_t *prefix;                   /* of links every, 2 every, ... */
    int64_t prefixes;
    struct inv_mark *mark;
    int64_t marks;
};

struct inv_session;
struct inv_order;

/* Before step 0 of a run of at most so many steps; nothing, as below, where no receipt is wanted.
 * The exit status: of verify.h. */
int inv_chain_begin(struct inv_session *, int64_t steps);
/* Where a pass over steps [first, end) must stop for a mark. */
int64_t inv_chain_stop(const struct inv_session *, int64_t first, int64_t end);
/* After a step: the last of an epoch, or not; loss: NaN where it was left out. */
int inv_chain_step(struct inv_session *, const struct inv_order *, int64_t step, float loss,
                   int last);
/* The chain so far as a text, in new memory, and back: what a checkpoint has of it.  take: after
 * inv_chain_begin, of a run that has done so many steps; 0 where the text is none of it. */
char *inv_chain_text(const struct inv_session *);
int inv_chain_take(struct inv_session *, const char *text, int64_t steps);
void inv_chain_free(struct inv_chain *);

#endif
