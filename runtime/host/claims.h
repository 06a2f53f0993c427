/* The files that one run reads and writes: no output takes the place of what is read, or of
 * another output.  Two names are one file where they lead to one path, or to one inode. */
#ifndef INV_HOST_CLAIMS_H
#define INV_HOST_CLAIMS_H
#include "errors.h"

struct inv_claim;

struct inv_claims {
    struct inv_errors *errors;          /* set this, zero the rest */
    struct inv_claim *list;
    int count, room;
};

/* what: "the model file"; name: NULL is no claim. */
void inv_claims_input(struct inv_claims *, const char *what, const char *name);
/* option: "--weights".  0 after an error; NULL is no claim. */
int inv_claims_output(struct inv_claims *, const char *option, const char *name);
void inv_claims_free(struct inv_claims *);

#endif
