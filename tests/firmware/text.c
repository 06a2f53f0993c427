/* Goes on with texts of text.inv, whose weights lie in flash, and prints them; the logits of each
 * place are those of the whole window.  Then it trains the model on windows of its letters, and
 * prints the SHA-256 of the weights, and the same text by them. */
#include <string.h>
#include "board.h"
#include "core/arith.h"
#include "core/fpu.h"
#include "core/sha256.h"
#include "net.h"

enum { LETTERS = 60 };                  /* abcdeabcde.. */

static unsigned char work[NET_INFER_BYTES] __attribute__((aligned(8)));
static unsigned char arena[NET_ARENA_BYTES] __attribute__((aligned(8)));
static int32_t order[NET_ORDER_WORDS(LETTERS - NET_PLACES) + 1];
static struct net model;
static struct net_text text, other;

static void expect(int good, const char *what)
{
    if (good)
        return;
    board_print(what);
    board_print(": FAILED\n");
    board_exit(1);
}

static void put(int32_t token)
{
    char letter[2] = {(char)('a' + token), '\0'};
    board_print(letter);
}

static void add(struct net_text *to, const char *letters)
{
    for (; *letters; letters++)
        expect(net_text_add(to, *letters - 'a') == NET_OK, "a token");
}

/* The prompt, and so many tokens behind it. */
static void go_on(const char *prompt, int count)
{
    int32_t token;
    board_print(prompt);
    add(&text, prompt);
    for (int i = 0; i < count; i++) {
        expect(net_text_draw(&model, &text, &token) == NET_OK, "a draw");
        put(token);
        net_text_add(&text, token);
    }
    board_print("\n");
}

static void refused(void)
{
    const float *logits;
    int32_t token;
    net_text_begin(&text);
    expect(net_text_logits(&model, &text, &logits) == NET_BAD_CALL, "logits of nothing");
    expect(net_text_add(&text, NET_CLASSES) == NET_BAD_DATA, "a token beyond the last");
    expect(net_text_add(&text, -1) == NET_BAD_DATA, "a token before the first");
    add(&text, "a");
    text.temperature = -1;
    expect(net_text_draw(&model, &text, &token) == NET_BAD_CALL, "a temperature below 0");
    text.temperature = 1;
    text.top_k = -1;
    expect(net_text_draw(&model, &text, &token) == NET_BAD_CALL, "the likeliest -1");
}

static int same_bits(const float *a, const float *b, int count)
{
    int same = 1;
    for (int i = 0; i < count; i++)
        same = same && inv_bits(a[i]) == inv_bits(b[i]);
    return same;
}

/* Place by place, amid another text: what a whole window says of each place. */
static void same_logits(void)
{
    static const int32_t window[NET_PLACES] = {2, 0, 1, 4, 4, 3};
    struct net_outputs whole;
    const float *logits;
    net_text_begin(&text);
    net_text_begin(&other);
    expect(net_infer(&model, 1, window, &whole) == NET_OK, "infer");
    for (int i = 0; i < NET_PLACES; i++) {
        add(&other, "d");
        expect(net_text_logits(&model, &other, &logits) == NET_OK, "logits of another text");
        net_text_add(&text, window[i]);
        expect(net_text_logits(&model, &text, &logits) == NET_OK, "logits");
        expect(same_bits(logits, whole.text + i * NET_CLASSES, NET_CLASSES),
               "the logits of the whole window");
    }
}

static int give(void *user, const struct net_row *row)
{
    (void)user;
    for (int i = 0; i < NET_PLACES; i++) {
        row->x[i] = (row->sample + i) % 5;
        row->y[i] = (row->sample + i + 1) % 5;
    }
    return 0;
}

static int hash(void *user, const void *bytes, size_t count)
{
    inv_sha256_update((struct inv_sha256 *)user, bytes, count);
    return 0;
}

static void print_hash(void)
{
    struct inv_sha256 sha;
    uint8_t digest[32];
    inv_sha256_init(&sha);
    expect(net_write_weights(&model, hash, &sha) == NET_OK, "weights");
    inv_sha256_final(&sha, digest);
    for (int i = 0; i < 64; i++) {
        char digit[2] = {"0123456789abcdef"[digest[i / 2] >> (i % 2 ? 0 : 4) & 15], '\0'};
        board_print(digit);
    }
    board_print("\n");
}

static void train(void)
{
    struct net_data data = {.order = order, .row = give};
    enum net_status status;
    const float *logits;
    data.part_rows[NET_TRAIN] = LETTERS - NET_PLACES;
    expect(net_init(&model, arena, sizeof arena) == NET_OK, "init to train");
    expect(net_begin(&model, &data) == NET_OK, "begin");
    do {
        expect(net_step_begin(&model) == NET_OK, "a step");
        expect(net_text_logits(&model, &text, &logits) == NET_BAD_CALL, "logits amid a step");
        while ((status = net_step_continue(&model, 1000)) == NET_MORE)
            continue;
    } while (status == NET_OK || status == NET_EPOCH);
    expect(status == NET_DONE, "the last step");
    print_hash();
}

int main(void)
{
    uint32_t mode = inv_fpu_word() & INV_FPU_MODE;
    static const int32_t window[NET_PLACES];
    struct net_outputs outputs;
    struct net none;
    const float *logits;
    memset(&none, 0, sizeof none);
    expect(net_init_text(&model, NULL) == NET_ARENA_MISALIGNED, "no weights");
    expect(net_init_inference(&model, net_weights, work, sizeof work) == NET_OK, "init");
    refused();
    expect(net_text_logits(&none, &text, &logits) == NET_BAD_CALL, "logits without weights");
    same_logits();
    expect(net_init_text(&model, net_weights) == NET_OK, "init for texts");
    expect(net_infer(&model, 1, window, &outputs) == NET_BAD_CALL, "infer without work memory");
    net_text_begin(&text);
    go_on("cab", 24);
    net_text_begin(&text);
    text.temperature = 0;
    go_on("abcdeabcde", 5);
    net_text_begin(&text);
    text.seed = 9;
    text.top_k = 3;
    text.temperature = 50;
    go_on("e", 20);
    train();
    net_text_begin(&text);
    go_on("cab", 24);
    expect((inv_fpu_word() & INV_FPU_MODE) == mode, "the caller's mode is kept");
    return 0;
}
