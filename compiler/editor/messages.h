/* Messages of the Language Server Protocol in a stream of bytes: "Content-Length: N", an empty
 * line, then N bytes of JSON.  What is no such message is left out, up to where the next one
 * begins. */
#ifndef INVAR_EDITOR_MESSAGES_H
#define INVAR_EDITOR_MESSAGES_H
#include <stddef.h>
#include <stdio.h>

enum { MESSAGE_MAX = 64 << 20 };        /* bytes of one */

struct messages {                       /* all zero at the outset */
    char *data;
    size_t size, room, from;            /* from: what was not handed out yet */
};

enum message { MESSAGE_NONE, MESSAGE_HERE, MESSAGE_BROKEN };

void messages_add(struct messages *, const char *bytes, size_t size);
/* The next message, which stays until messages_add; or, of MESSAGE_BROKEN, what was wrong in *body.
 * MESSAGE_NONE: bytes are missing. */
enum message messages_next(struct messages *, const char **body, size_t *size);
void messages_free(struct messages *);
void message_write(FILE *, const char *body, size_t size);

#endif
