/* Messages to the client. */
#include "editor/reply.h"
#include <stdlib.h>
#include "editor/messages.h"
#include "editor/view.h"

static void begin(struct reply *r)
{
    *r = (struct reply){.j = {.flat = 1}};
    r->j.to = open_memstream(&r->body, &r->size);
    if (!r->j.to) {
        fprintf(stderr, "error: out of memory\n");
        exit(1);
    }
    inv_json_open(&r->j, NULL, '{');
    inv_json_put(&r->j, "jsonrpc", "2.0");
}

void reply_begin(struct reply *r, const char *id)
{
    begin(r);
    inv_json_put_word(&r->j, "id", id);
}

void reply_begin_notice(struct reply *r, const char *method)
{
    begin(r);
    inv_json_put(&r->j, "method", method);
}

void reply_end(struct reply *r, FILE *out)
{
    inv_json_close(&r->j, '}');
    fclose(r->j.to);
    message_write(out, r->body, r->size);
    free(r->body);
}

void reply_error(FILE *out, const char *id, int code, const char *text)
{
    struct reply r;
    reply_begin(&r, id);
    inv_json_open(&r.j, "error", '{');
    inv_json_put_whole(&r.j, "code", code);
    put_text(&r.j, "message", text);
    inv_json_close(&r.j, '}');
    reply_end(&r, out);
}
