/* invar lsp: the Language Server Protocol over two streams.  Whatever looks at a model does so in a
 * process of its own, whose messages are handed on: what ends it ends one answer and no more. */
#ifndef INVAR_EDITOR_SERVER_H
#define INVAR_EDITOR_SERVER_H
#include "editor/messages.h"
#include "editor/view.h"

struct job;

struct server {
    const struct editor_passes *passes;
    FILE *out;
    bool alone;                         /* no processes: answers are made at once, for tests */
    bool initialized, stopping, done;   /* stopping: shutdown was asked for */
    struct load library;                /* for processes to go on from; arena NULL: none */
    bool utf8, related;                 /* as in struct question */
    struct document *document;
    struct job *job;
    int jobs;
};

/* Reads and answers until the stream ends or asks to exit; the exit status. */
int server_run(const struct editor_passes *, int in, FILE *out);

/* ---- for tests ---- */
/* One message of the client. */
void server_take(struct server *, const char *body, size_t size);
/* Answers for what has changed. */
void server_diagnose(struct server *);
void server_free(struct server *);

#endif
