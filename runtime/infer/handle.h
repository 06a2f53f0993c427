/* The model with weights that functions of a library get, and what these share. */
#ifndef INV_INFER_HANDLE_H
#define INV_INFER_HANDLE_H
#include <pthread.h>
#include <setjmp.h>
#include "infer/library.h"
#include "host/errors.h"
#include "host/fitted.h"

struct work;

struct inv_library {
    const struct inv_model *model;
    struct inv_fitted fitted;
    unsigned char *saved;               /* the first bytes of an arena: the weights */
    char digest[65];                    /* of their file */
    char *about;
    pthread_mutex_t lock;               /* of `idle` */
    struct work *idle;
};

/* Where a call goes on that cannot do what it was to do, as where memory is out: `to` is set by
 * setjmp.  A thread says so before it begins, and when it is done gives back what was there: it may
 * be that of a call around it, whose `tell` has called. */
struct inv_escape {
    jmp_buf to;
    int status;
    char why[256];
};
struct inv_escape *inv_library_guard(struct inv_escape *);
/* Whether a thread that shares out the work of a call failed its self-test. */
int inv_library_distrusted(void);

/* The best level of this processor; NULL after an error. */
const struct inv_model *inv_library_choose(const struct inv_model *const *level, char *error,
                                           size_t size);
/* Without weights. */
struct inv_library *inv_library_new(const struct inv_model *);
/* Its weights become those at the beginning of the arena; `fitted` must be set.  0: out of
 * memory. */
int inv_library_settle(struct inv_library *, const unsigned char *arena, const char *digest);

/* Puts the text into `error`; returns `status`. */
int inv_library_fail(char *error, size_t size, const char *text, int status);
/* The same with the first error of a text of some, which may begin with notes and is changed: its
 * line, and those that are indented behind it.  NULL: memory was out for it. */
int inv_library_tell(char *text, char *error, size_t size, int status);

#endif
