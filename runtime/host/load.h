/* Files of weights that a run begins with: that of --init, or of --weights where these are used,
 * which has all of them; else those that `load` in the model's train takes arrays of. */
#ifndef INV_HOST_LOAD_H
#define INV_HOST_LOAD_H
#include "invar.h"
#include "claims.h"
#include "errors.h"

struct inv_log;

struct inv_load_file {
    char *path;
    char hash[65];                      /* SHA-256, or "" where nobody asks for it */
    int count;                          /* arrays that were taken */
    char **left;                        /* names of those that were not */
    int left_count;
};

struct inv_loads {
    const struct inv_model *model;
    int whole;                          /* one file has all */
    struct inv_load_file *file;
    int count;
};

/* whole: that file, or NULL: those of the model. */
void inv_loads_find(struct inv_loads *, const struct inv_model *, const char *whole);
/* Their SHA-256; 0 after an error. */
int inv_loads_hash(struct inv_loads *, struct inv_errors *);
/* These, with a blank between; in new memory. */
char *inv_loads_hashes(const struct inv_loads *);
void inv_loads_claim(const struct inv_loads *, struct inv_claims *);
/* Puts the arrays that `load` names in their places; 0 after an error. */
int inv_loads_read(struct inv_loads *, unsigned char *arena, struct inv_errors *);
/* What was taken, what was left, and which parameters and buffers begin anew. */
void inv_loads_print(const struct inv_loads *, FILE *);
void inv_loads_log(const struct inv_loads *, struct inv_log *);
void inv_loads_free(struct inv_loads *);

#endif
