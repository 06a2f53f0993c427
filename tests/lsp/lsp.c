/* lsp INVAR FOLDER: what `invar lsp` answers an editor.  FOLDER is one to write in.
 * lsp json FILE: whether the file is JSON. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/text.h"
#include "client.h"
#include "language/load.h"

static struct client client;
static int skipped;
static const char *folder, *uri;
static int version;                     /* of the document that was changed last */

static const char model[] =
    "invar 1\n"                                                                       /* 0 */
    "include \"./parts.inv\"\n"
    "const wide = 8\n"
    "data d = random(100) {\n"
    "  input x: f32[16] = random_normal([16])\n"
    "  label y: class[3] = random_integer(3)\n"                                       /* 5 */
    "  split train 80%, val 20%\n"
    "}\n"
    "# The double of x,\n"
    "# or more.\n"
    "block twice(x: f32[n], by: f32 = 2) { if not training and by > 7 { return x } return x * by }"
    "\n"                                                                              /* 10 */
    "model net(x: f32[16], y: class[3]) {\n"
    "  h = x -> dense(wide) -> relu -> twice(by = 3) -> part  # \xF0\x9F\x98\x80 \xC3\xA4\n"
    "  logits = h -> dense(3)\n"
    "  loss cross_entropy(logits, y)\n"
    "  output probs = softmax(logits)\n"                                              /* 15 */
    "}\n"
    "train net on d {\n"
    "  seed 1\n"
    "  epochs 2\n"
    "  optimizer adam(lr = 1e-3)\n"                                                   /* 20 */
    "}\n";
static const char parts[] = "invar 1\n\nblock part(x: f32[...]) { return x + 1 }\n";

static void check(bool right, const char *what)
{
    client_check(&client, right, what);
}

static const char *path_of(const char *name)
{
    return arena_printf(client.arena, "%s/%s", folder, name);
}

static const char *uri_named(const char *name)
{
    return arena_printf(client.arena, "file://%s/%s", folder, name);
}

static void write_file(const char *name, const char *text)
{
    FILE *f = fopen(path_of(name), "w");
    if (!f || fputs(text, f) < 0 || fclose(f) != 0) {
        perror(name);
        exit(1);
    }
}

static void open_text(const char *at, const char *text)
{
    version = 1;
    client_send(&client, "{\"jsonrpc\":\"2.0\",\"method\":\"textDocument/didOpen\",\"params\":"
                "{\"textDocument\":{\"uri\":\"%s\",\"languageId\":\"invar\",\"version\":1,"
                "\"text\":%s}}}", at, client_text(&client, text));
}

static void change_text(const char *at, const char *text)
{
    version++;
    client_send(&client, "{\"jsonrpc\":\"2.0\",\"method\":\"textDocument/didChange\",\"params\":"
                "{\"textDocument\":{\"uri\":\"%s\",\"version\":%d},\"contentChanges\":"
                "[{\"text\":%s}]}}", at, version, client_text(&client, text));
}

static const struct json *diagnostics(void)
{
    return client_diagnostics(&client, uri, version);
}

static void close_text(const char *at)
{
    client_send(&client, "{\"jsonrpc\":\"2.0\",\"method\":\"textDocument/didClose\",\"params\":"
                "{\"textDocument\":{\"uri\":\"%s\"}}}", at);
}

static const struct json *initialize(const char *capabilities)
{
    const char *params = arena_printf(client.arena, "{\"capabilities\":%s}", capabilities);
    const struct json *reply = client_ask(&client, "initialize", params);
    client_send(&client, "{\"jsonrpc\":\"2.0\",\"method\":\"initialized\",\"params\":{}}");
    return reply;
}

static const struct json *ask_at(const char *method, int line, int character)
{
    return client_ask(&client, arena_printf(client.arena, "textDocument/%s", method),
                      arena_printf(client.arena, "{\"textDocument\":{\"uri\":\"%s\"},\"position\":"
                                   "{\"line\":%d,\"character\":%d}}", uri, line, character));
}

/* The text with the first `old` replaced. */
static const char *with(const char *text, const char *old, const char *new)
{
    const char *at = strstr(text, old);
    if (!at) {
        printf("no '%s' in the model\n", old);
        exit(1);
    }
    return arena_printf(client.arena, "%.*s%s%s", (int)(at - text), text, new, at + strlen(old));
}

static void begin(const char *invar, const char *capabilities)
{
    client_start(&client, invar);
    uri = uri_named("net.inv");
    initialize(capabilities);
}

/* ---- what is asked ---- */
static void test_session(const char *invar)
{
    client_start(&client, invar);
    const struct json *early = client_ask(&client, "textDocument/hover", "{}");
    check(client_number(early, "error.code") == -32002, "nothing before initialize");
    const struct json *reply = initialize("{\"general\":{\"positionEncodings\":[\"utf-16\"]}}");
    check(client_number(reply, "result.capabilities.textDocumentSync") == 1, "capabilities");
    check(!strcmp(client_word(reply, "result.capabilities.positionEncoding"), "utf-16"),
          "characters are of UTF-16");
    check(client_number(initialize("{}"), "error.code") == -32600, "initialize comes once");
    reply = client_ask(&client, "no/such", "{}");
    check(client_number(reply, "error.code") == -32601, "an unknown request");
    reply = client_ask(&client, "textDocument/hover",
                       "{\"textDocument\":{\"uri\":\"file:///no/such\"},"
                       "\"position\":{\"line\":0,\"character\":0}}");
    check(client_number(reply, "error.code") == -32602, "a document that is not open");
    reply = client_ask(&client, "shutdown", "null");
    check(reply && json_is_null(json_get(reply, "result")), "shutdown");
    reply = client_ask(&client, "textDocument/hover", "{}");
    check(client_number(reply, "error.code") == -32600, "nothing after shutdown");
    client_send(&client, "{\"jsonrpc\":\"2.0\",\"method\":\"exit\"}");
}

/* ---- diagnostics ---- */
static void check_place(const struct json *diagnostic, int line, int from, int to,
                        const char *message)
{
    bool right = client_number(diagnostic, "range.start.line") == line &&
                 client_number(diagnostic, "range.start.character") == from &&
                 client_number(diagnostic, "range.end.character") == to &&
                 strstr(client_word(diagnostic, "message"), message);
    check(right, arena_printf(client.arena, "%d:%d-%d '%s', not %g:%g-%g '%s'", line, from, to,
                              message, client_number(diagnostic, "range.start.line"),
                              client_number(diagnostic, "range.start.character"),
                              client_number(diagnostic, "range.end.character"),
                              client_word(diagnostic, "message")));
}

static void test_diagnostics(void)
{
    open_text(uri, model);
    check(json_count(diagnostics()) == 0, "a right model has no diagnostics");
    const char *wrong = with(model, "wide) -> relu", "wid) -> relu");
    change_text(uri, with(wrong, "seed 1", "sead 1"));
    const struct json *list = diagnostics();
    check(json_count(list) == 2, "errors in the model beside those in settings");
    check_place(client_at(list, "0"), 12, 17, 20, "unknown name 'wid'");
    check_place(client_at(list, "1"), 18, 2, 6, "help: did you mean 'seed'?");
    change_text(uri, wrong);
    list = diagnostics();
    check(json_count(list) == 1 && client_number(list, "0.severity") == 1, "one error");
    check_place(client_at(list, "0"), 12, 17, 20, "unknown name 'wid'");
    char *returns = arena_alloc(client.arena, 2 * strlen(wrong) + 1), *to = returns;
    for (const char *c = wrong; *c; c++) {
        if (*c == '\n')
            *to++ = '\r';
        *to++ = *c;
    }
    change_text(uri, returns);
    check_place(client_at(diagnostics(), "0"), 12, 17, 20, "unknown name 'wid'");
    change_text(uri, with(with(model, "h = x", "h = = x"), "seed 1", "seed (1"));
    check(json_count(diagnostics()) == 2, "all errors of syntax");
    change_text(uri, with(model, "logits = h", "/* \xF0\x9F\x98\x80 */ $"));
    check(json_count(diagnostics()) > 0, "an error behind a wide character");
    close_text(uri);
    check(json_count(diagnostics()) == 0, "a closed document has none");
}

/* Characters before an error: one of two units in UTF-16 and four in UTF-8, one of one and two. */
static void test_units(bool utf8)
{
    const char *text = with(model, "\"./parts.inv\"", "\"\xF0\x9F\x98\x80\xC3\xA4\" \"b\"");
    open_text(uri, text);
    const struct json *list = diagnostics();
    int from = utf8 ? 17 : 14;
    const struct json *found = NULL;
    for (int i = 0; i < json_count(list); i++)
        if (client_number(list, arena_printf(client.arena, "%d.range.start.character", i)) == from)
            found = client_at(list, arena_printf(client.arena, "%d", i));
    check(found != NULL, utf8 ? "places in UTF-8" : "places in UTF-16");
    close_text(uri);
    diagnostics();
}

static void test_included(void)
{
    open_text(uri, model);
    check(json_count(client_diagnostics(&client, uri, 1)) == 0, "what is included is right");
    open_text(uri_named("parts.inv"), "invar 1\nblock part(x: f32[...]) { return x + }\n");
    const struct json *list = client_diagnostics(&client, uri, 1);
    check_place(client_at(list, "0"), 1, 0, 21, "parts.inv:2:");
    change_text(uri_named("parts.inv"), "invar 1\nblock other(x: f32[...]) { return x }\n");
    list = client_diagnostics(&client, uri, 1);
    check_place(client_at(list, "0"), 12, 51, 55, "unknown block or operator 'part'");
    close_text(uri_named("parts.inv"));
    check(json_count(client_diagnostics(&client, uri, 1)) == 0, "then the file counts again");
    open_text(uri_named("alone.inv"), "block alone(x: f32[...]) { return x }\nconst a = b\n");
    list = client_diagnostics(&client, uri_named("alone.inv"), 1);
    check(json_count(list) == 1, "a part needs no train");
    check_place(client_at(list, "0"), 1, 10, 11, "unknown name 'b'");
    close_text(uri_named("alone.inv"));
}

/* ---- hover, definition ---- */
static void check_hover(int line, int character, const char *text)
{
    const struct json *reply = ask_at("hover", line, character);
    const char *said = client_word(reply, "result.contents.value");
    check(strstr(said, text) != NULL,
          arena_printf(client.arena, "hover %d:%d says '%s', not: %s", line, character, text,
                       said));
}

static void check_definition(int line, int character, const char *file, int to, int column)
{
    const struct json *reply = ask_at("definition", line, character);
    const char *found = client_word(reply, "result.uri");
    bool right = strlen(found) >= strlen(file) &&
                 !strcmp(found + strlen(found) - strlen(file), file) &&
                 client_number(reply, "result.range.start.line") == to &&
                 client_number(reply, "result.range.start.character") == column;
    check(right, arena_printf(client.arena, "definition of %d:%d is %s:%d:%d, not %s:%g:%g", line,
                              character, file, to, column, found,
                              client_number(reply, "result.range.start.line"),
                              client_number(reply, "result.range.start.character")));
}

static void test_places(void)
{
    check_hover(12, 14, "block dense(x: f32[..., n], units: int");
    check_hover(12, 14, "y = x w + bias over the last axis");
    check_hover(12, 14, "`f32[8]`");
    check_hover(12, 14, "- parameter `dense1/w`: `f32[16, 8]`");
    check_hover(12, 3, "```invar\nh = x -> dense(wide) -> relu -> twice(by = 3) -> part\n```\n\n"
                "`f32[8]`");
    check_hover(12, 18, "const wide = 8");
    check_hover(12, 36, "block twice(x: f32[n], by: f32 = 2)\n```\nThe double of x,\nor more.");
    check_hover(15, 19, "softmax");
    check_hover(10, 85, "`f32[8]`");
    check_hover(10, 58, "\n`the number 3`\n");
    check(json_is_null(client_at(ask_at("hover", 12, 59), "result")), "no hover in a comment");
    check_definition(12, 36, "/net.inv", 10, 6);
    check_definition(12, 41, "/net.inv", 10, 23);
    check_definition(12, 18, "/net.inv", 2, 6);
    check_definition(13, 11, "/net.inv", 12, 2);
    check_definition(12, 51, "/parts.inv", 2, 6);
    check_definition(1, 12, "/parts.inv", 0, 0);
    check_definition(17, 6, "/net.inv", 11, 6);
    check_definition(17, 13, "/net.inv", 3, 5);
    const struct json *reply = ask_at("definition", 12, 14);
    const char *found = client_word(reply, "result.uri");
    check(!strncmp(found, "file://", 7) && strstr(found, "/layers.inv"), "dense is the library's");
    check(access(found + 7, R_OK) == 0, "the library's file is there");
    check(json_is_null(client_at(ask_at("definition", 18, 4), "result")), "a setting has no place");
}

/* ---- completion, outline, layout ---- */
static bool offers(const struct json *reply, const char *label)
{
    const struct json *list = client_at(reply, "result");
    for (const struct json *e = list ? list->first : NULL; e; e = e->next)
        if (!strcmp(client_word(e, "label"), label))
            return true;
    return false;
}

/* The first word is offered in the place of `old`, after what comes before `|` in `new`; the second
 * is not. */
static void check_offer(const char *old, const char *new, const char *label, const char *not)
{
    const char *bar = strchr(new, '|'), *at = strstr(model, old);
    const char *text = with(model, old, arena_printf(client.arena, "%.*s%s", (int)(bar - new), new,
                                                     bar + 1));
    int line = 0, column = 0;
    for (const char *c = text; c < text + (at - model) + (bar - new); c++) {
        column = *c == '\n' ? 0 : column + 1;
        line += *c == '\n';
    }
    change_text(uri, text);
    const struct json *reply = ask_at("completion", line, column);
    check(offers(reply, label), arena_printf(client.arena, "'%s' offers %s", new, label));
    check(!offers(reply, not), arena_printf(client.arena, "'%s' does not offer %s", new, not));
}

static void test_completion(void)
{
    check_offer("  seed 1\n", "  se|\n", "seed", "dense");
    check_offer("  seed 1\n", "  |\n", "drop_last", "loss");
    check_offer("  loss ", "  lo|\n  loss ", "loss", "epochs");
    check_offer("  split", "  |\n  split", "augment", "epochs");
    check_offer("x -> dense(wide)", "x -> de|", "dense", "training");
    check_offer("x -> dense(wide)", "x -> dense(wide, |)", "with_bias =", "by =");
    check_offer("x -> dense(wide)", "x -> dense(w|)", "wide", "seed");
    check_offer("twice(by = 3)", "twice(|)", "by =", "units =");
    check_offer("softmax(logits)", "softmax(l|)", "logits", "seed");
    check_offer("f32[n], by", "|[n], by", "f32", "dense");
    check_offer("adam(lr", "|", "adam", "dense");
    check_offer("const wide", "|const wide", "block", "dense");
    check_offer("random(100)", "r|", "csv", "seed");
    check_offer("train net on d", "train net on |", "d", "net");
    check_offer("train net", "train |", "net", "d");
    const struct json *reply = ask_at("completion", 12, 62);
    check(json_count(client_at(reply, "result")) == 0, "nothing in a comment");
}

static void test_document(void)
{
    change_text(uri, model);
    const struct json *reply = ask_at("documentSymbol", 0, 0);
    check(!strcmp(client_word(reply, "result.2.name"), "d") &&
          !strcmp(client_word(reply, "result.2.children.0.name"), "x"), "the outline");
    const char *ugly = with(model, "h = x -> dense(wide)", "h   =x->dense( wide )");
    change_text(uri, ugly);
    reply = ask_at("formatting", 0, 0);
    check(strstr(client_word(reply, "result.0.newText"), "  h = x -> dense(wide) ->") != NULL,
          "the layout");
    check(client_number(reply, "result.0.range.end.line") == 22, "it is in the place of all");
    change_text(uri, client_word(reply, "result.0.newText"));
    check(json_count(client_at(ask_at("formatting", 0, 0), "result")) == 0, "layout stays");
    change_text(uri, "model {");
    check(json_is_null(client_at(ask_at("formatting", 0, 0), "result")), "no layout of errors");
}

/* ---- what is broken ---- */
static int expect_parse_error(const char *what)
{
    const struct json *message;
    while ((message = client_next(&client)) != NULL)
        if (json_get(message, "error") && json_is_null(json_get(message, "id")))
            break;
    check(message && client_number(message, "error.code") < -32000, what);
    return (int)client_number(message, "error.code");
}

static void test_broken(void)
{
    static const char nul[] = "Content-Length: 9\r\n\r\n{\"a\":\"\0\"}";
    static const char *const broken[] = {
        "Content-Length: 4\r\n\r\n{]]}",           "Content-Length: 0\r\n\r\n",
        "Content-Length: -5\r\n\r\n",              "Content-Length: x\r\n\r\n",
        "Content-Length: 99999999999\r\n\r\n",     "Content-Type: a\r\n\r\n",
        "Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}",
        "Content-Length: 2\r\n\r\n[]",             "Content-Length: 2\r\n\r\n{}",
        "Content-Length: 20\r\n\r\n{\"id\":1.5,\"method\":1}",
        "Content-Length: 14\r\n\r\n{\"a\":1,\"a\":2}\n"};
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        client_bytes(&client, broken[i], strlen(broken[i]));
        expect_parse_error(broken[i]);
    }
    client_bytes(&client, nul, sizeof nul - 1);
    check(expect_parse_error("a NUL byte") == -32700, "a NUL byte is no JSON");
    char *junk = arena_alloc(client.arena, 9000);
    memset(junk, 'a', 8999);
    client_bytes(&client, junk, 8999);
    expect_parse_error("a header without end");
    char *deep = arena_alloc(client.arena, 5001);
    memset(deep, '[', 5000);
    client_send(&client, "%s", deep);
    expect_parse_error("a message that is nested too deep");
    client_send(&client,
                "{\"method\":\"textDocument/didChange\",\"params\":{\"textDocument\":[]}}");
    client_send(&client, "{\"method\":\"textDocument/didOpen\"}");
    client_send(&client, "{\"id\":7,\"result\":null}");
    const struct json *reply = ask_at("hover", -1, 0);
    check(client_number(reply, "error.code") == -32602, "a place that is none");
    change_text(uri, model);
    check_hover(12, 14, "block dense");
}

/* Models that no checker likes: each gets an answer. */
static void test_hostile(void)
{
    struct text text;
    text_init(&text, client.arena);
    for (int i = 0; i < 20000; i++)
        text_puts(&text, "((");
    change_text(uri, text.data);
    check(json_count(diagnostics()) > 0, "twenty thousand brackets");
    change_text(uri, with(model, "  loss", "  repeat 10000 { repeat 10000 { h = h + 1 } }\n"
                                             "  loss"));
    check(json_count(diagnostics()) > 0, "a model that is too large");
    change_text(uri, "\xff\xfe\x80 model \xc3");
    check(json_count(diagnostics()) > 0, "broken UTF-8");
    change_text(uri, "");
    check(json_count(diagnostics()) > 0, "an empty text");
    change_text(uri, with(model, "\"./parts.inv\"", "\"/dev/zero\""));
    check(json_count(diagnostics()) > 0, "a device that is included");
    for (int i = 0; i < 40; i++)
        client_send(&client, "{\"jsonrpc\":\"2.0\",\"id\":%d,\"method\":\"textDocument/hover\","
                    "\"params\":{\"textDocument\":{\"uri\":\"%s\"},\"position\":"
                    "{\"line\":1,\"character\":1}}}", 1000 + i, uri);
    client_send(&client, "{\"method\":\"$/cancelRequest\",\"params\":{\"id\":1039}}");
    int replies = 0;
    for (const struct json *m; replies < 40 && (m = client_next(&client)) != NULL;)
        replies += client_number(m, "id") >= 1000;
    check(replies == 40, "forty requests at once");
}

static const char *children_of(int pid)
{
    return arena_printf(client.arena, "/proc/%d/task/%d/children", pid, pid);
}

/* A process of the server's, or 0: there is none. */
static int child_of(int pid)
{
    int child = 0;
    FILE *f = fopen(children_of(pid), "r");
    if (f && fscanf(f, "%d", &child) != 1)
        child = 0;
    if (f)
        fclose(f);
    return child;
}

/* What ends the compiler while it looks at a model ends the server for no other. */
static void test_crash(void)
{
    int child = 0;
    if (access(children_of(client.pid), R_OK) != 0) {
        skipped++;                      /* a system that does not tell */
        return;
    }
    for (int i = 0; i < 2000 && child_of(client.pid); i++)
        usleep(1000);                   /* of what was asked before */
    change_text(uri, with(model, "  loss", "  repeat 300 { repeat 300 { h = h + 1 } }\n  loss"));
    for (int i = 0; i < 2000 && !child; i++) {
        usleep(1000);
        child = child_of(client.pid);
    }
    check(child && kill(child, SIGSEGV) == 0, "there is a process to be killed");
    const struct json *list = diagnostics();
    const char *said = client_word(list, "0.message");
    check(strstr(said, "the compiler ended") != NULL,
          arena_printf(client.arena, "it is said that the compiler ended, not: %s", said));
    change_text(uri, model);
    check(json_count(diagnostics()) == 0, "the next text is looked at");
}

/* ---- the time ---- */
static const char *long_model(int blocks)
{
    struct text text;
    text_init(&text, client.arena);
    text_puts(&text, "invar 1\ndata d = random(100) {\n  input x: f32[16] = random_normal([16])\n"
              "  label y: class[3] = random_integer(3)\n  split train 80%, val 20%\n}\n");
    for (int i = 0; i < blocks; i++)
        text_printf(&text, "# A stage of its own, of number %d.\n"
                    "block stage%d(x: f32[n], width: int = 16) {\n  a = x -> dense(width)\n"
                    "  b = a -> relu\n  c = b * 0.5 + x\n  if width > 8 {\n"
                    "    c = c -> layer_norm\n  }\n  return c\n}\n", i, i);
    text_puts(&text, "model net(x: f32[16], y: class[3]) {\n  h = x -> dense(16)\n");
    for (int i = 0; i < blocks; i += 5)
        text_printf(&text, "  h = h -> stage%d\n", i);
    text_puts(&text, "  logits = h -> dense(3)\n  loss cross_entropy(logits, y)\n"
              "  metric accuracy(logits, y)\n  output probs = softmax(logits)\n}\n"
              "train net on d {\n  seed 1\n  epochs 2\n  batch 32\n"
              "  optimizer adam(lr = 1e-3)\n}\n");
    return text.data;
}

static int count_lines(const char *text)
{
    int lines = 0;
    for (; *text; text++)
        lines += *text == '\n';
    return lines;
}

/* Ends the server, which says that it was not shut down, and does not fall. */
static void end(void)
{
    int status = client_end(&client);
    check(status == 1, "the server ends by itself when the editor goes away");
}

enum { EDITS = 20, MOST_MS = 50 };

/* Of a server of its own, between two texts that are sound, or have an error.  What the processor
 * did for it counts: a clock would tell what else the machine does. */
static void test_time(const char *invar, bool sound)
{
    begin(invar, "{}");
    const char *whole = long_model(190);
    const char *text[] = {with(whole, "b * 0.5 + x", sound ? "b * 0.5 - x" : "b * 0.5 - z"),
                          with(whole, "b * 0.5 + x", sound ? "b * 0.5 * x" : "b * 0.5 * z")};
    int lines = count_lines(whole), right = 0;
    open_text(uri, whole);
    diagnostics();
    for (int i = 0; i < EDITS; i++) {
        change_text(uri, text[i % 2]);
        right += json_count(diagnostics()) == !sound;
    }
    check(right == EDITS, "an edit is answered for what it is");
    end();
    double took = 1e3 * client.seconds / (EDITS + 1);
    printf("an edit of a model of %d lines, %s: %.1f ms of the processor\n", lines,
           sound ? "sound" : "with an error", took);
    check(took < MOST_MS, "an edit is answered by 50 ms of the processor");
}

/* Whether a file is JSON. */
static int read_json(const char *path)
{
    struct arena *arena = arena_new();
    struct inv_errors errors = {.to = stderr};
    size_t size;
    const char *error, *text = load_text(arena, path, &size, &error);
    if (!text)
        fprintf(stderr, "%s: %s\n", path, error);
    bool good = text && json_parse(arena, &errors, path, "the file", "mend it", text, size);
    arena_free(arena);
    return !good;
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: lsp INVAR FOLDER\n       lsp json FILE\n");
        return 2;
    }
    if (!strcmp(argv[1], "json"))
        return read_json(argv[2]);
    const char *invar = argv[1];
    folder = argv[2];
    test_session(invar);
    check(client_end(&client) == 0, "exit after shutdown is no error");
    begin(invar, "{}");
    write_file("parts.inv", parts);
    test_diagnostics();
    test_units(false);
    test_included();
    test_places();
    test_completion();
    test_document();
    test_broken();
    test_hostile();
    test_crash();
    end();
    begin(invar, "{\"general\":{\"positionEncodings\":[\"utf-16\",\"utf-8\"]}}");
    test_units(true);
    end();
    test_time(invar, true);
    test_time(invar, false);
    printf("%d passed, %d failed, %d skipped\n", client.passed, client.failed, skipped);
    return client.failed > 0;
}
