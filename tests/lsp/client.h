/* A client of `invar lsp` for tests: messages as JSON texts to it, trees of JSON back. */
#ifndef INVAR_LSP_CLIENT_H
#define INVAR_LSP_CLIENT_H
#include "base/json_tree.h"
#include "editor/messages.h"

struct client {
    struct arena *arena;
    int pid, to, from;
    struct messages messages;
    int last_id;
    int passed, failed;                 /* stay from one server to the next */
    bool ended;                         /* the server's messages ended */
    double seconds;                     /* that it took of the processor, with what it started */
};

/* Starts the program; exits where it cannot. */
void client_start(struct client *, const char *invar);
/* Closes what it reads; the exit status, or 1000 and the signal that ended it. */
int client_end(struct client *);
/* Bytes as they are; a message with its header. */
void client_bytes(struct client *, const char *bytes, size_t size);
void client_send(struct client *, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The next message; NULL: there is none within 20 seconds. */
const struct json *client_next(struct client *);
/* Asks, and the whole reply: others, and notifications, are left out. */
const struct json *client_ask(struct client *, const char *method, const char *params);
const struct json *client_reply(struct client *, int id);
/* The list of diagnostics that comes next for that version of the document. */
const struct json *client_diagnostics(struct client *, const char *uri, int version);
/* Counts; says what it is where it is wrong. */
bool client_check(struct client *, bool right, const char *what);
/* A text as a JSON string. */
const char *client_text(struct client *, const char *);
/* The value below, by names and numbers: "result.contents.value", "diagnostics.0.message". */
const struct json *client_at(const struct json *, const char *path);
const char *client_word(const struct json *, const char *path);  /* "" where it is no text */
double client_number(const struct json *, const char *path);     /* -1 where it is none */

#endif
