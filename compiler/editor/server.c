/* invar lsp: documents, messages and the loop around them. */
#include "editor/server.h"
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "editor/job.h"
#include "editor/reply.h"
#include "host/errors.h"

enum { JOBS_MAX = 8, DOCUMENTS_MAX = 1000 };

/* One message of the client. */
struct request {
    struct server *server;
    struct arena *arena;
    const char *id;                     /* as JSON; NULL: nothing is wanted back */
    const struct json *params;
};

/* ---- documents ---- */
static struct document *find_document(struct server *s, const char *uri)
{
    struct document *d = uri ? s->document : NULL;
    while (d && strcmp(d->uri, uri))
        d = d->next;
    return d;
}

/* Ends the jobs of a document; those of diagnostics alone, unless it is to be closed. */
static void end_jobs(struct server *s, const struct document *d, bool closed)
{
    for (struct job **link = &s->job; *link;) {
        struct job *job = *link;
        if (job->document != d || (job->id && !closed)) {
            link = &job->next;
            continue;
        }
        *link = job->next;
        s->jobs--;
        job_end(job, "the document was closed", s->out);
    }
}

/* A text that changes may be of what other documents include. */
static void change_all(struct server *s)
{
    for (struct document *d = s->document; d; d = d->next) {
        d->changed = true;
        end_jobs(s, d, false);
    }
}

static void close_document(struct server *s, struct document *closed)
{
    struct document **link = &s->document;
    end_jobs(s, closed, true);
    while (*link != closed)
        link = &(*link)->next;
    *link = closed->next;
    free(closed->uri);
    free(closed->path);
    free(closed->text);
    free(closed);
    change_all(s);
}

static int64_t version_of(const struct json *document)
{
    const struct json *version = json_get(document, "version");
    return json_is_whole(version, INT_MIN, INT_MAX) ? (int64_t)version->number : 0;
}

static void take_open(const struct request *r)
{
    const struct json *document = json_get(r->params, "textDocument");
    const char *uri = json_text(document, "uri"), *text = json_text(document, "text");
    struct server *s = r->server;
    int count = 0;
    struct document *d = find_document(s, uri);
    if (d)
        close_document(s, d);
    for (d = s->document; d; d = d->next)
        count++;
    if (!uri || !text || count >= DOCUMENTS_MAX) {
        fprintf(stderr, count < DOCUMENTS_MAX
                            ? "invar lsp: a document without URI or text is not opened\n"
                            : "invar lsp: too many documents are open: close some\n");
        return;
    }
    d = inv_allocate(sizeof *d);
    *d = (struct document){.uri = inv_copy_text(uri), .text = inv_copy_text(text),
                           .path = inv_copy_text(uri_path(r->arena, uri)),
                           .version = version_of(document), .next = s->document};
    s->document = d;
    change_all(s);
}

/* Each change is a whole text, as the server has asked for: what cannot be read is then made good
 * by the next one. */
static void take_change(const struct request *r)
{
    const struct json *document = json_get(r->params, "textDocument");
    struct document *d = find_document(r->server, json_text(document, "uri"));
    const struct json *changes = json_get(r->params, "contentChanges");
    if (!d || !changes || changes->kind != JSON_LIST)
        return;
    for (const struct json *change = changes->first; change; change = change->next) {
        const char *text = json_text(change, "text");
        if (!text || !json_is_null(json_get(change, "range"))) {
            fprintf(stderr, "invar lsp: %s: a change is the whole text, and this is none; the text "
                            "stays as it was\n", d->uri);
            return;
        }
        free(d->text);
        d->text = inv_copy_text(text);
    }
    d->version = version_of(document);
    change_all(r->server);
}

static void take_close(const struct request *r)
{
    const char *uri = json_text(json_get(r->params, "textDocument"), "uri");
    struct document *d = find_document(r->server, uri);
    if (!d)
        return;
    diagnose_as(d, "", r->server->out);
    close_document(r->server, d);
}

static void take_files(const struct request *r)
{
    change_all(r->server);
}

/* ---- the session ---- */
static bool offers(const struct json *list, const char *text)
{
    const struct json *first = list && list->kind == JSON_LIST ? list->first : NULL;
    bool found = false;
    for (const struct json *e = first; e; e = e->next)
        found |= e->kind == JSON_TEXT && !strcmp(e->text, text);
    return found;
}

static void put_capabilities(struct inv_json_text *j, const struct server *s)
{
    static const char *const providers[] = {"hoverProvider", "definitionProvider",
                                            "documentSymbolProvider",
                                            "documentFormattingProvider"};
    inv_json_open(j, "capabilities", '{');
    inv_json_put(j, "positionEncoding", s->utf8 ? "utf-8" : "utf-16");
    inv_json_put_whole(j, "textDocumentSync", 1); /* whole texts */
    for (size_t i = 0; i < sizeof providers / sizeof *providers; i++)
        inv_json_put_word(j, providers[i], "true");
    inv_json_open(j, "completionProvider", '{');
    inv_json_open(j, "triggerCharacters", '[');
    inv_json_put(j, NULL, ">");
    inv_json_put(j, NULL, "(");
    inv_json_close(j, ']');
    inv_json_close(j, '}');
    inv_json_close(j, '}');
}

static void initialize(const struct request *r)
{
    struct server *s = r->server;
    const struct json *client = json_get(r->params, "capabilities"), *general;
    const struct json *shown = json_get(json_get(client, "textDocument"), "publishDiagnostics");
    const struct json *related = json_get(shown, "relatedInformation");
    struct reply reply;
    if (s->initialized) {
        reply_error(s->out, r->id, INVALID_REQUEST, "initialize comes once");
        return;
    }
    s->initialized = true;
    general = json_get(client, "general");
    s->utf8 = offers(json_get(general, "positionEncodings"), "utf-8");
    s->related = related && related->kind == JSON_TRUE;
    reply_begin(&reply, r->id);
    inv_json_open(&reply.j, "result", '{');
    put_capabilities(&reply.j, s);
    inv_json_open(&reply.j, "serverInfo", '{');
    inv_json_put(&reply.j, "name", "invar");
    inv_json_put(&reply.j, "version", INVAR_VERSION);
    inv_json_close(&reply.j, '}');
    inv_json_close(&reply.j, '}');
    reply_end(&reply, s->out);
}

static void shut_down(const struct request *r)
{
    struct reply reply;
    r->server->stopping = true;
    reply_begin(&reply, r->id);
    inv_json_put_word(&reply.j, "result", "null");
    reply_end(&reply, r->server->out);
}

static void take_exit(const struct request *r)
{
    r->server->done = true;
}

/* ---- answers ---- */
static void begin_job(struct server *s, const struct question *q, answer *answer, const char *id)
{
    if (s->alone) {
        job_answer(q, answer, id, s->out);
        return;
    }
    struct job *job = job_begin(q, answer, id);
    if (job) {
        job->next = s->job;
        s->job = job;
        s->jobs++;
    } else if (id) {
        reply_error(s->out, id, INTERNAL_ERROR, "no process could be made for the answer");
    }
}

static struct question question_of(struct server *s, const struct document *d)
{
    return (struct question){.document = d, .all = s->document, .passes = s->passes,
                             .library = s->library.arena ? &s->library : NULL,
                             .utf8 = s->utf8, .related = s->related};
}

static void ask(const struct request *r, answer *answer, bool at_place)
{
    const char *uri = json_text(json_get(r->params, "textDocument"), "uri");
    const struct document *d = find_document(r->server, uri);
    const struct json *place = json_get(r->params, "position");
    const struct json *line = json_get(place, "line"), *column = json_get(place, "character");
    struct question q = question_of(r->server, d);
    bool placed = json_is_whole(line, 0, INT_MAX / 2) && json_is_whole(column, 0, INT_MAX / 2);
    if (!d || (at_place && !placed)) {
        reply_error(r->server->out, r->id, INVALID_PARAMS,
                    d ? "a position has a line and a character, whole numbers from 0"
                      : "this document is not open");
        return;
    }
    if (at_place)
        q.position = (struct position){(int)line->number, (int)column->number};
    begin_job(r->server, &q, answer, r->id);
}

static const char *json_id(struct arena *arena, const struct json *id)
{
    char *text = NULL;
    size_t size;
    if (json_is_whole(id, INT_MIN, INT_MAX))
        return arena_printf(arena, "%d", (int)id->number);
    FILE *to = id && id->kind == JSON_TEXT ? open_memstream(&text, &size) : NULL;
    if (!to)
        return NULL;
    struct inv_json_text j = {.to = to, .flat = 1};
    put_text(&j, NULL, id->text);
    fclose(to);
    const char *copy = arena_strdup(arena, text);
    free(text);
    return copy;
}

static void cancel(const struct request *r)
{
    const char *id = json_id(r->arena, json_get(r->params, "id"));
    struct server *s = r->server;
    for (struct job **link = &s->job; id && *link; link = &(*link)->next)
        if ((*link)->id && !strcmp((*link)->id, id)) {
            struct job *job = *link;
            *link = job->next;
            s->jobs--;
            job_end(job, "cancelled", s->out);
            return;
        }
}

/* What is asked for, and what is told: requests have an id, notifications none. */
static const struct {
    const char *name;
    void (*request)(const struct request *), (*notice)(const struct request *);
    answer *answer;
    bool at_place;
} methods[] = {
    {.name = "initialize", .request = initialize},
    {.name = "shutdown", .request = shut_down},
    {.name = "exit", .notice = take_exit},
    {.name = "$/cancelRequest", .notice = cancel},
    {.name = "textDocument/didOpen", .notice = take_open},
    {.name = "textDocument/didChange", .notice = take_change},
    {.name = "textDocument/didClose", .notice = take_close},
    {.name = "textDocument/didSave", .notice = take_files},
    {.name = "workspace/didChangeWatchedFiles", .notice = take_files},
    {.name = "textDocument/hover", .answer = answer_hover, .at_place = true},
    {.name = "textDocument/definition", .answer = answer_definition, .at_place = true},
    {.name = "textDocument/completion", .answer = answer_completion, .at_place = true},
    {.name = "textDocument/documentSymbol", .answer = answer_symbols},
    {.name = "textDocument/formatting", .answer = answer_formatting},
};

enum { METHODS = (int)(sizeof methods / sizeof *methods) };

static void obey(const struct request *r, const char *method)
{
    const struct server *s = r->server;
    int i = 0;
    while (i < METHODS && strcmp(methods[i].name, method))
        i++;
    bool known = i < METHODS, opens = known && methods[i].request == initialize;
    if (!r->id) {
        if (known && methods[i].notice && (s->initialized || methods[i].notice == take_exit))
            methods[i].notice(r);
    } else if (!s->initialized && !opens) {
        reply_error(s->out, r->id, NOT_INITIALIZED, "initialize comes first");
    } else if (s->stopping) {
        reply_error(s->out, r->id, INVALID_REQUEST, "the server was shut down");
    } else if (known && methods[i].answer) {
        ask(r, methods[i].answer, methods[i].at_place);
    } else if (known && methods[i].request) {
        methods[i].request(r);
    } else {
        reply_error(s->out, r->id, METHOD_NOT_FOUND,
                    arena_printf(r->arena, "there is no request '%s'", method));
    }
}

/* The message as JSON, or NULL, and an error was replied. */
static const struct json *parse(struct server *s, struct arena *arena, const char *body,
                                size_t size)
{
    char *text = NULL;
    size_t length;
    struct inv_errors errors = {.to = open_memstream(&text, &length)};
    if (!errors.to)
        return NULL;
    const struct json *message = json_parse(arena, &errors, "a message", "its JSON",
                                            "the message is left out", body, size);
    bool whole = !memchr(body, 0, size);
    fclose(errors.to);
    if (text)
        text[strcspn(text, "\n")] = 0;
    if (!message || !whole)
        reply_error(s->out, "null", PARSE_ERROR, message ? "a NUL byte" : text);
    free(text);
    return whole ? message : NULL;
}

void server_take(struct server *s, const char *body, size_t size)
{
    struct arena *arena = arena_new();
    const struct json *message = parse(s, arena, body, size);
    const struct json *id = json_get(message, "id");
    const char *method = json_text(message, "method");
    struct request r = {.server = s, .arena = arena, .id = json_id(arena, id),
                        .params = json_get(message, "params")};
    bool answers = message && !method &&
                   (json_get(message, "result") || json_get(message, "error"));
    if (method && (r.id || !id))
        obey(&r, method);
    else if (message && !answers)
        reply_error(s->out, "null", INVALID_REQUEST,
                    "a message has a method, and an id that is a whole number or a text, or none");
    arena_free(arena);
}

void server_diagnose(struct server *s)
{
    for (struct document *d = s->document; d; d = d->next) {
        if (!d->changed || s->jobs >= JOBS_MAX)
            continue;
        struct question q = question_of(s, d);
        d->changed = false;
        begin_job(s, &q, NULL, NULL);
    }
}

void server_free(struct server *s)
{
    while (s->job) {
        struct job *job = s->job;
        s->job = job->next;
        job_end(job, "the server ends", s->out);
    }
    while (s->document) {
        struct document *d = s->document;
        s->document = d->next;
        free(d->uri);
        free(d->path);
        free(d->text);
        free(d);
    }
}

/* ---- the loop ---- */

/* Takes what messages are there, as long as answers are not too many. */
static void take_messages(struct server *s, struct messages *in)
{
    const char *body;
    size_t size;
    while (!s->done && s->jobs < JOBS_MAX) {
        enum message kind = messages_next(in, &body, &size);
        if (kind == MESSAGE_NONE)
            return;
        if (kind == MESSAGE_HERE)
            server_take(s, body, size);
        else
            reply_error(s->out, "null", PARSE_ERROR, body);
    }
}

/* Adds what the client has sent; whether there may be more. */
static bool read_client(struct messages *in, int from)
{
    static char buffer[1 << 16];
    ssize_t n = read(from, buffer, sizeof buffer);
    if (n > 0)
        messages_add(in, buffer, (size_t)n);
    return n > 0 || (n < 0 && errno == EINTR);
}

static void read_jobs(struct server *s, const struct pollfd *ready)
{
    int i = 0;
    for (struct job **link = &s->job; *link; i++) {
        struct job *job = *link;
        if (!ready[i].revents || job_read(job, s->out)) {
            link = &job->next;
            continue;
        }
        *link = job->next;
        s->jobs--;
        job_end(job, NULL, s->out);
    }
}

/* Waits for the client, unless that is -1, and for answers; 0: only looks whether there are. */
static bool wait_for(struct server *s, struct messages *in, int *from, int milliseconds)
{
    struct pollfd ready[JOBS_MAX + 1] = {{.fd = *from, .events = POLLIN}};
    int count = 1;
    for (struct job *job = s->job; job; job = job->next)
        ready[count++] = (struct pollfd){.fd = job->from, .events = POLLIN};
    int found = poll(ready, (nfds_t)count, milliseconds);
    if (found <= 0)
        return found < 0 && errno == EINTR;
    read_jobs(s, ready + 1);
    if (ready[0].revents && !read_client(in, *from))
        *from = -1;
    return true;
}

/* Diagnostics are begun once the client has nothing more to say: a text that changes with every key
 * is looked at when it rests. */
int server_run(const struct editor_passes *passes, int from, FILE *out)
{
    struct server s = {.passes = passes, .out = out};
    struct messages in = {0};
    s.library.arena = arena_new();
    s.library.diags = diags_new(s.library.arena);
    load_library(&s.library);
    while (!s.done && !ferror(out)) {
        take_messages(&s, &in);
        if (s.done)
            break;
        int client = s.jobs < JOBS_MAX ? from : -1, before = client;
        if (wait_for(&s, &in, &client, 0)) {
            from = client == before ? from : -1;
            continue;
        }
        server_diagnose(&s);
        if (from < 0 && s.jobs == 0)
            break;
        wait_for(&s, &in, &client, -1);
        from = client == before ? from : -1;
    }
    server_free(&s);
    arena_free(s.library.arena);
    messages_free(&in);
    return s.stopping && !ferror(out) ? 0 : 1;
}
