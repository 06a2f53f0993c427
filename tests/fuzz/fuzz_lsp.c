/* Mutation fuzzing of what editors send to invar lsp, to be built with ASan and UBSan:
 *     fuzz_lsp [SECONDS [SEED]]
 * of processor time; SEED 0: any.
 * A session of messages is damaged, in their headers, their JSON and the model that they hold, cut
 * into pieces and answered in this process.  Every outcome but a crash or a hang is right.  The
 * session at hand lies in fuzz_lsp.input, which stays behind after a crash. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "base/text.h"
#include "editor/server.h"
#include "passes/pass.h"
#include "draw.h"
#include "watch.h"

enum { EDITS = 4, QUESTIONS = 4, HANG_SECONDS = 20, PIECE = 200 };

static const char model[] =
    "invar 1\\nconst wide = 8\\n"
    "data d = random(100) {\\n  input x: f32[4] = random_normal([4])\\n"
    "  label y: class[3] = random_integer(3)\\n}\\n"
    "# The double.\\nblock twice(x: f32[n], by: f32 = 2) { return x * by }\\n"
    "model net(x: f32[4], y: class[3]) {\\n"
    "  h = x -> dense(wide) -> relu -> twice(by = 3) # \xF0\x9F\x98\x80\\n"
    "  repeat 2 as s { h = h + s }\\n  loss cross_entropy(h -> dense(3), y)\\n}\\n"
    "train net on d {\\n  epochs 2\\n  optimizer adam(lr = 1e-3)\\n}\\n";
static const char *const words[] = {
    "{", "}", "[", "]", "\"", "\\\"", "\\n", ":", ",", "null", "-1", "1e99", "\\ud83d\\ude00",
    "\\u0000", "(", ")", " -> ", "#", "twice(", ".", "=", "block b(", "include \\\"a\\\"", "f32[",
    "\xff", "\r", "train", "repeat 9 {", "\\r\\n", "9999999", "Content-Length: ", "\r\n\r\n",
    "textDocument/"};
static const char *const methods[] = {"hover", "definition", "completion", "documentSymbol",
                                      "formatting"};
static const char uri[] = "file:///no/such/folder/net.inv", path[] = "fuzz_lsp.input";

static bool lower(struct program *program, const struct load *load, const char *train)
{
    return pass_lower(program, load->file, load->count, train);
}

static bool rest(struct program *program)
{
    return diags_error_count(program->diags) == 0;
}

static const struct editor_passes passes = {lower, rest};

/* Puts a word in the place of up to three bytes of what stands behind `from`. */
static void edit(struct text *text, size_t from)
{
    const char *word = words[draw(sizeof words / sizeof *words)];
    size_t length = strlen(word), at = from + draw(text->size - from + 1), gone = draw(4);
    gone = gone < text->size - at ? gone : text->size - at;
    text_reserve(text, length);
    memmove(text->data + at + length, text->data + at + gone, text->size - at - gone + 1);
    memcpy(text->data + at, word, length);
    text->size += length - gone;
}

/* Adds a message: one whose body is damaged, or whose header is, or none. */
static void add(struct text *session, struct text *body)
{
    size_t from = session->size;
    uint32_t what = draw(8);
    for (uint32_t i = what < 5 ? draw(EDITS) : 0; i > 0; i--)
        edit(body, 0);
    text_printf(session, "Content-Length: %zu\r\n\r\n", body->size);
    text_add(session, body->data, body->size);
    if (what == 7)
        edit(session, from);
}

static void add_session(struct text *session)
{
    struct text body;
    text_init(&body, session->arena);
    text_puts(&body, "{\"id\":1,\"method\":\"initialize\",\"params\":{\"capabilities\":"
              "{\"general\":{\"positionEncodings\":[\"utf-16\"]}}}}");
    text_printf(session, "Content-Length: %zu\r\n\r\n%s", body.size, body.data);
    for (int i = 0; i < QUESTIONS; i++) {
        body.size = 0;
        if (i == 0)
            text_printf(&body, "{\"method\":\"textDocument/didOpen\",\"params\":{\"textDocument\":"
                        "{\"uri\":\"%s\",\"version\":1,\"text\":\"%s\"}}}", uri, model);
        else if (draw(4) == 0)
            text_printf(&body, "{\"method\":\"textDocument/didChange\",\"params\":"
                        "{\"textDocument\":{\"uri\":\"%s\"},\"contentChanges\":"
                        "[{\"text\":\"%s\"}]}}", uri, model);
        else
            text_printf(&body, "{\"id\":%d,\"method\":\"textDocument/%s\",\"params\":"
                        "{\"textDocument\":{\"uri\":\"%s\"},\"position\":{\"line\":%u,"
                        "\"character\":%u}}}", i, methods[draw(5)], uri, draw(20), draw(60));
        add(session, &body);
    }
}

/* How many messages were whole. */
static long serve(const struct text *session, FILE *nowhere)
{
    struct server server = {.passes = &passes, .out = nowhere, .alone = true};
    struct messages in = {0};
    const char *body;
    size_t size;
    long taken = 0;
    for (size_t at = 0; at < session->size && !server.done;) {
        size_t piece = 1 + draw(PIECE);
        piece = piece < session->size - at ? piece : session->size - at;
        messages_add(&in, session->data + at, piece);
        at += piece;
        for (enum message kind; (kind = messages_next(&in, &body, &size)) != MESSAGE_NONE;)
            if (kind == MESSAGE_HERE && ++taken)
                server_take(&server, body, size);
    }
    server_diagnose(&server);
    server_free(&server);
    messages_free(&in);
    return taken;
}

int main(int argc, char **argv)
{
    double seconds = argc > 1 ? atof(argv[1]) : 10;
    state = argc > 2 && atoi(argv[2]) ? strtoull(argv[2], NULL, 10) : (uint64_t)time(NULL);
    state = state * 2 + 1;
    FILE *nowhere = fopen("/dev/null", "w");
    long runs = 0, taken = 0;
    if (!nowhere)
        return 1;
    stderr = nowhere;
    printf("fuzz_lsp: seed %llu\n", (unsigned long long)state / 2);
    for (; time_left(seconds); runs++) {
        struct arena *arena = arena_new();
        struct text session;
        text_init(&session, arena);
        add_session(&session);
        put_file(path, session.data, session.size);
        watch(HANG_SECONDS);
        taken += serve(&session, nowhere);
        watch(0);
        arena_free(arena);
    }
    printf("fuzz_lsp: %ld sessions, %ld messages of them whole\n", runs, taken);
    fclose(nowhere);
    unlink(path);
    return 0;
}
