/* Messages to the client. */
#ifndef INVAR_EDITOR_REPLY_H
#define INVAR_EDITOR_REPLY_H
#include <stdio.h>
#include "host/json_text.h"

struct reply {
    struct inv_json_text j;             /* the message's object, open */
    char *body;
    size_t size;
};

enum { PARSE_ERROR = -32700, INVALID_REQUEST = -32600, METHOD_NOT_FOUND = -32601,
       INVALID_PARAMS = -32602, INTERNAL_ERROR = -32603, NOT_INITIALIZED = -32002,
       CANCELLED = -32800 };

/* To the request of that id, as JSON; "result" or "error" is to be put. */
void reply_begin(struct reply *, const char *id);
/* A notification: "params" is to be put. */
void reply_begin_notice(struct reply *, const char *method);
void reply_end(struct reply *, FILE *out);
void reply_error(FILE *out, const char *id, int code, const char *text);

#endif
