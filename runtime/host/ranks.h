/* Ranks: processes that train one model together (docs/scale.md).  All of them run the same
 * program on the same data; only the first prints and writes files.  Each function here is called
 * by every rank, in the same order. */
#ifndef INV_HOST_RANKS_H
#define INV_HOST_RANKS_H
#include "invar.h"
#include "errors.h"

enum { INV_MACHINE = 64 };               /* bytes of a machine's name, for messages */

struct inv_ranks {
    const struct inv_ranks_type *type;  /* NULL: this program alone */
    int number, count;                  /* of this one, of all */
    int here, near;                     /* the same of those on this machine */
    int agreed;                         /* on an error, which then was told */
    struct inv_errors *errors;
    FILE *told;                         /* messages of others than the first, as `text` */
    char *text;
    size_t size;
};

/* Joins the others; type: NULL for none.  What ranks but the first print goes nowhere.  INV_OK, or
 * the exit status after an error. */
int inv_ranks_begin(struct inv_ranks *, const struct inv_ranks_type *, struct inv_errors *);
/* What mpirun told this program: number, count and near; else a count of 1. */
struct inv_ranks inv_ranks_started(void);
/* What is started from here on is told nothing. */
void inv_ranks_forget(void);
/* Leaves them.  A status that the others have not come to, too, ends them all. */
void inv_ranks_end(struct inv_ranks *, int status);
/* INV_OK where it is that of all; else the messages of the first rank with another are told, and
 * its status is that of all. */
int inv_ranks_agree(struct inv_ranks *, int status);
/* Whether the text is that of all, as `agree`: else the error names the first rank whose text is
 * another.  what: "data", and cure. */
int inv_ranks_same(struct inv_ranks *, const char *what, const char *text, const char *cure);
/* Of each rank so many bytes; `all` has room for them, in the order of ranks. */
void inv_ranks_gather(struct inv_ranks *, const void *own, void *all, int64_t bytes);
/* The least and the largest of all numbers. */
int64_t inv_ranks_least(struct inv_ranks *, int64_t);
int64_t inv_ranks_most(struct inv_ranks *, int64_t);
/* Adds up the numbers of all; where of each 64 bits one rank has some set, these. */
void inv_ranks_sum(struct inv_ranks *, void *number, int64_t count);
/* Bytes from .. of what is cut into a chunk a rank: where that of a rank begins, a multiple of 64;
 * that of `count` is the end. */
int64_t inv_ranks_chunk(const struct inv_ranks *, int64_t bytes, int rank);
/* The name of the machine that this program runs on, zeros behind it. */
void inv_ranks_machine(char name[INV_MACHINE]);
/* Threads for this rank, where the user names no number. */
int inv_ranks_threads(const struct inv_ranks *);

#endif
