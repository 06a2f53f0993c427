/* Answers in processes of their own. */
#ifndef INVAR_EDITOR_JOB_H
#define INVAR_EDITOR_JOB_H
#include <sys/types.h>
#include "editor/messages.h"
#include "editor/view.h"

struct job {
    pid_t pid;
    int from;                           /* what it writes */
    struct messages messages;
    char *id;                           /* of the request, as JSON; NULL: diagnostics */
    const struct document *document;
    bool answered;
    struct job *next;
};

/* Writes the answer to a request, or with id NULL diagnostics. */
void job_answer(const struct question *, answer *, const char *id, FILE *out);
/* Begins that in a process; NULL, and says why, where there can be none. */
struct job *job_begin(const struct question *, answer *, const char *id);
/* Takes what came, and writes what is whole; whether there is more to come. */
bool job_read(struct job *, FILE *out);
/* Ends and frees it; answers for one that had none and should: `why`, or NULL: what ended it. */
void job_end(struct job *, const char *why, FILE *out);


#endif
