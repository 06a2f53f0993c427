/* The log of a run as JSON lines: numbers with 9 digits (they read back to the same f32), null for
 * those that are not finite. */
#ifndef INV_HOST_LOG_H
#define INV_HOST_LOG_H
#include <stdint.h>
#include "output.h"

struct inv_log {
    struct inv_output output;
    FILE *file;                         /* its own where it has a path; NULL: no log wanted, all
                                         * calls do nothing */
    const char *path;
    struct inv_errors *errors;
    int members, failed;                /* members of the object at hand */
};

/* path may be NULL: then the log goes to `to`, which stays open, or nowhere.  go_on: behind what
 * the file holds. */
int inv_log_open(struct inv_log *, const char *path, FILE *to, int go_on, struct inv_errors *);
void inv_log_begin(struct inv_log *);   /* a line, which is an object */
void inv_log_end(struct inv_log *);
void inv_log_text(struct inv_log *, const char *key, const char *value);
void inv_log_texts(struct inv_log *, const char *key, const char *const *value, int count);
void inv_log_whole(struct inv_log *, const char *key, uint64_t value);
void inv_log_wholes(struct inv_log *, const char *key, const int32_t *value, int64_t count);
/* The key is prefix, then name. */
void inv_log_real(struct inv_log *, const char *prefix, const char *name, double value);
/* Nested lists. */
void inv_log_array(struct inv_log *, const char *prefix, const char *name, int rank,
                   const int64_t *dim, const double *value);
int inv_log_close(struct inv_log *);
extern const struct inv_output_sign inv_log_sign;

#endif
