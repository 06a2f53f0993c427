/* A client of `invar lsp` for tests. */
#include "client.h"
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/text.h"

enum { PATIENCE = 20000 };              /* milliseconds */

void client_start(struct client *c, const char *invar)
{
    int in[2], out[2];
    *c = (struct client){.arena = arena_new(), .passed = c->passed, .failed = c->failed};
    signal(SIGPIPE, SIG_IGN);
    if (pipe(in) || pipe(out) || (c->pid = fork()) < 0) {
        perror("lsp_client");
        exit(1);
    }
    if (c->pid == 0) {
        dup2(in[0], 0);
        dup2(out[1], 1);
        close(in[0]), close(in[1]), close(out[0]), close(out[1]);
        execl(invar, invar, "lsp", "--stdio", (char *)NULL);
        perror(invar);
        _exit(127);
    }
    close(in[0]);
    close(out[1]);
    c->to = in[1];
    c->from = out[0];
}

static double seconds_of(struct timeval time)
{
    return (double)time.tv_sec + 1e-6 * (double)time.tv_usec;
}

int client_end(struct client *c)
{
    struct rusage usage = {0};
    int status = 0;
    close(c->to);
    while (!c->ended)
        if (!client_next(c) && !c->ended)
            kill(c->pid, SIGKILL);
    wait4(c->pid, &status, 0, &usage);
    c->seconds = seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime);
    close(c->from);
    messages_free(&c->messages);
    arena_free(c->arena);
    return WIFSIGNALED(status) ? 1000 + WTERMSIG(status) : WEXITSTATUS(status);
}

void client_bytes(struct client *c, const char *bytes, size_t size)
{
    for (ssize_t n; size > 0; bytes += n, size -= (size_t)n)
        if ((n = write(c->to, bytes, size)) <= 0) {
            perror("lsp_client: the server reads no more");
            return;
        }
}

void client_send(struct client *c, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const char *body = arena_vprintf(c->arena, format, args);
    va_end(args);
    const char *header = arena_printf(c->arena, "Content-Length: %zu\r\n\r\n", strlen(body));
    client_bytes(c, header, strlen(header));
    client_bytes(c, body, strlen(body));
}

static const struct json *parse(struct client *c, const char *body, size_t size)
{
    struct inv_errors errors = {.to = stderr};
    const struct json *message = json_parse(c->arena, &errors, "the server", "a message",
                                            "this is a fault of the server", body, size);
    if (!message)
        client_check(c, false, "a message of the server is JSON");
    return message;
}

const struct json *client_next(struct client *c)
{
    static char buffer[1 << 16];
    const char *body;
    size_t size;
    for (;;) {
        enum message kind = messages_next(&c->messages, &body, &size);
        if (kind == MESSAGE_HERE)
            return parse(c, body, size);
        if (kind == MESSAGE_BROKEN)
            client_check(c, false, body);
        struct pollfd ready = {.fd = c->from, .events = POLLIN};
        ssize_t n = poll(&ready, 1, PATIENCE) > 0 ? read(c->from, buffer, sizeof buffer) : -1;
        c->ended |= n == 0;
        if (n <= 0)
            return NULL;
        messages_add(&c->messages, buffer, (size_t)n);
    }
}

const struct json *client_reply(struct client *c, int id)
{
    const struct json *message;
    while ((message = client_next(c)) != NULL)
        if ((int)client_number(message, "id") == id && !json_get(message, "method"))
            return message;
    client_check(c, false, "a reply comes");
    return NULL;
}

const struct json *client_ask(struct client *c, const char *method, const char *params)
{
    int id = ++c->last_id;
    client_send(c, "{\"jsonrpc\":\"2.0\",\"id\":%d,\"method\":\"%s\",\"params\":%s}", id, method,
                params);
    return client_reply(c, id);
}

const struct json *client_diagnostics(struct client *c, const char *uri, int version)
{
    const struct json *message;
    while ((message = client_next(c)) != NULL)
        if (!strcmp(client_word(message, "method"), "textDocument/publishDiagnostics") &&
            !strcmp(client_word(message, "params.uri"), uri) &&
            client_number(message, "params.version") == version)
            return client_at(message, "params.diagnostics");
    client_check(c, false, "diagnostics come");
    return NULL;
}

bool client_check(struct client *c, bool right, const char *what)
{
    *(right ? &c->passed : &c->failed) += 1;
    if (!right)
        printf("FAILED: %s\n", what);
    return right;
}

const char *client_text(struct client *c, const char *text)
{
    struct text json;
    text_init(&json, c->arena);
    text_puts(&json, "\"");
    for (; *text; text++)
        if ((unsigned char)*text < 0x20)
            text_printf(&json, "\\u%04x", *text);
        else
            text_printf(&json, "%s%c", *text == '"' || *text == '\\' ? "\\" : "", *text);
    text_puts(&json, "\"");
    return json.data;
}

const struct json *client_at(const struct json *json, const char *path)
{
    char part[100];
    while (json && *path) {
        size_t size = strcspn(path, ".");
        snprintf(part, sizeof part, "%.*s", (int)size, path);
        if (json->kind == JSON_LIST) {
            long i = strtol(part, NULL, 10);
            for (json = json->first; json && i > 0; i--)
                json = json->next;
        } else {
            json = json_get(json, part);
        }
        path += size + (path[size] == '.');
    }
    return json;
}

const char *client_word(const struct json *json, const char *path)
{
    const struct json *at = client_at(json, path);
    return at && at->kind == JSON_TEXT ? at->text : "";
}

double client_number(const struct json *json, const char *path)
{
    const struct json *at = client_at(json, path);
    return at && at->kind == JSON_NUMBER ? at->number : -1;
}
