/* Mutation fuzzing of scanner, parser, formatter, lowering and errors, to be built with ASan and
 * UBSan:
 *     fuzz_grammar [SECONDS [SEED]]      of processor time; from the root of the repository
 *     fuzz_grammar --file FILE           the same checks on one file
 * The seeds are the model files of the library and the examples.  Of every input: it is parsed
 * and its errors are printed; where it has none, its canonical layout must have the same tree,
 * the same text but for blanks and ";", and be its own canonical layout; and it is lowered, unless
 * it has the tree of a seed.  An input that fails is kept as fuzz_grammar.failed. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* memfd_create */
#endif
#include <glob.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include "graph/program.h"
#include "language/ast.h"
#include "language/load.h"
#include "passes/pass.h"
#include "watch.h"

enum { MAX_INPUT = 1 << 16, MAX_SEEDS = 256, MAX_EDITS = 6, HANG_SECONDS = 20 };

struct input {
    size_t size;
    char data[MAX_INPUT];
};

static struct input seed[MAX_SEEDS], current;
static int seeds;
static uint64_t state;
static uint64_t seed_tree[MAX_SEEDS];   /* hashes */
static int seed_trees;
static long runs, valid, lowered;
static FILE *nowhere;

__attribute__((weak)) void __sanitizer_set_death_callback(void (*)(void));

/* splitmix64 (Steele, Lea, Flood 2014) */
static uint64_t draw(void)
{
    uint64_t z = state += 0x9E3779B97F4A7C15;

    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    return z ^ (z >> 31);
}

static size_t below(size_t n)
{
    return n ? (size_t)(draw() % n) : 0;
}

/* --- Failures --- */

static void keep_input(void)
{
    FILE *f = fopen("fuzz_grammar.failed", "wb");

    if (f) {
        fwrite(current.data, 1, current.size, f);
        fclose(f);
        fputs("the input is kept as fuzz_grammar.failed\n", stderr);
    }
}

static void fail(const char *what)
{
    fprintf(stderr, "fuzz_grammar: %s, after %ld executions\n", what, runs);
    keep_input();
    exit(1);
}

static void hang(int signal)
{
    (void)signal;
    keep_input();
    _exit(124);
}

/* --- The checks --- */

static struct text format(struct arena *a, const char *text, size_t size, struct text *tree)
{
    struct diags *diags = diags_new(a);
    int source = diags_add_source(diags, "fuzz.inv", text, size, false);
    struct ast *file = ast_parse(a, diags, source);
    struct text out;

    text_init(tree, a);
    text_init(&out, a);
    text_add(&out, "", 0);
    ast_dump(file, tree);
    ast_format(a, diags, source, file, &out);
    diags_print(diags, nowhere);
    if (diags_error_count(diags))
        tree->size = 0;
    return out;
}

/* The text without what the layout may change. */
static struct text squeeze(struct arena *a, const char *text, size_t size)
{
    struct text t;

    text_init(&t, a);
    text_add(&t, "", 0);
    for (size_t i = 0; i < size; i++)
        if (!strchr(" \t\f\v\r\n;\xEF\xBB\xBF", text[i]) || !text[i])
            text_add(&t, text + i, 1);
    return t;
}

static int same(const struct text *a, const struct text *b)
{
    return a->size == b->size && !memcmp(a->data, b->data, a->size);
}

/* Up to the graphs of its phases; whether it has any.  What it includes by a path of its own is not
 * there. */
static bool lower(const char *text, size_t size)
{
    char path[64];
    struct arena *a = arena_new();
    struct load load = {.arena = a, .diags = diags_new(a)};
    struct program *program = ARENA_NEW(a, struct program);
    int file = memfd_create("model", 0);
    if (file < 0 || write(file, text, size) != (ssize_t)size)
        fail("cannot write its input");
    snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    program->arena = a;
    program->diags = load.diags;
    program->model_path = path;
    bool good = load_model(&load, path, NULL, 0) &&
                pass_lower(program, load.file, load.count, NULL);
    diags_print(load.diags, nowhere);
    close(file);
    arena_free(a);
    return good;
}

/* Whether a seed has that tree; those of the seeds come first. */
static bool is_seed(const struct text *tree)
{
    uint64_t hash = tree->size;
    for (size_t i = 0; i < tree->size; i++)
        hash = (hash ^ (unsigned char)tree->data[i]) * 0x100000001B3;
    for (int i = 0; i < seed_trees; i++)
        if (seed_tree[i] == hash)
            return true;
    if (runs <= seeds)
        seed_tree[seed_trees++] = hash;
    return false;
}

static void check(const char *text, size_t size)
{
    struct arena *a = arena_new();
    struct text tree, again, once, twice, before, after;

    watch(HANG_SECONDS);
    once = format(a, text, size, &tree);
    runs++;
    if (tree.size) {
        valid++;
        twice = format(a, once.data, once.size, &again);
        before = squeeze(a, text, size);
        after = squeeze(a, once.data, once.size);
        if (!again.size)
            fail("the canonical layout does not parse");
        if (!same(&tree, &again))
            fail("the canonical layout has another tree");
        if (!same(&before, &after))
            fail("the canonical layout has another text");
        if (!same(&once, &twice))
            fail("the canonical layout is not its own");
        if (!is_seed(&tree))
            lowered += lower(text, size);
    }
    watch(0);
    arena_free(a);
}

/* --- Mutations of `current` --- */

static void replace(size_t at, size_t gone, const char *text, size_t size)
{
    struct input *c = &current;

    if (at > c->size)
        at = c->size;
    if (gone > c->size - at)
        gone = c->size - at;
    if (c->size - gone + size > MAX_INPUT)
        return;
    memmove(c->data + at + size, c->data + at + gone, c->size - at - gone);
    memcpy(c->data + at, text, size);
    c->size = c->size - gone + size;
}

static void insert_token(void)
{
    static const char *const token[] = {
        "{", "}", "(", ")", "[", "]", "=", "->", "if ", "else ", " as ", "\"", "..", "...", "%",
        ";", ",", "\nmodel ", "\ntrain ", "\n", "x ", "1", "-", " not ", "^", "@", "0.5", "70%",
        "12K", "# c\n", "\r\n", "\r", "\t", "\xC3\xA9", "\xFF", "\0", "'", "repeat 3 as s {",
        "1e999", ".5", " data", "\ndata", "class[\"a\", \"b\"]", "((((", "]]]]", "|", ":", "==",
        "!", "\\", "\"a\\n\"",
    };
    const char *t = token[below(sizeof token / sizeof *token)];

    replace(below(current.size + 1), below(2), t, *t ? strlen(t) : 1);
}

/* Keeps the tree: other blanks, line ends and comments between tokens. */
static void change_blank(void)
{
    static const char *const blank[] = {"\n    ", " ", "  ", "\t", "\r\n  ", " # comment\n  ",
                                        "\n  # alone\n\n\n  ", "\n\n\n  ", " \n   #\xC3\xA9\n  "};
    size_t start = below(current.size + 1);
    const char *b = blank[below(sizeof blank / sizeof *blank)];

    for (size_t i = 0; i < current.size; i++) {
        size_t at = (start + i) % current.size;
        if (current.data[at] == ' ') {
            replace(at, 1, b, strlen(b));
            return;
        }
    }
}

static void cross(void)
{
    const struct input *other = &seed[below((size_t)seeds)];
    size_t from = below(other->size + 1), size = below(other->size - from + 1);

    replace(below(current.size + 1), below(200), other->data + from, size);
}

static void mutate(void)
{
    static char piece[MAX_INPUT];
    size_t at = below(current.size + 1), size = below(60);
    char byte = (char)draw();

    switch (below(8)) {
    case 0:
        replace(at, size, "", 0);
        break;
    case 1:
        replace(at, 1, &byte, 1);
        break;
    case 2:
        cross();
        break;
    case 3:
        if (size > current.size - at)
            size = current.size - at;
        memcpy(piece, current.data + at, size);
        replace(below(current.size + 1), 0, piece, size);
        break;
    case 4:
    case 5:
        insert_token();
        break;
    default:
        change_blank();
    }
}

/* --- The program --- */

static size_t read_file(const char *path, struct input *in)
{
    FILE *f = fopen(path, "rb");

    if (!f) {
        perror(path);
        exit(2);
    }
    in->size = fread(in->data, 1, MAX_INPUT, f);
    fclose(f);
    return in->size;
}

static void read_seeds(void)
{
    glob_t found;

    if (glob("compiler/library/*.inv", 0, NULL, &found)
        || glob("examples/*/*.inv", GLOB_APPEND, NULL, &found)) {
        fputs("fuzz_grammar: no model files here; run it in the root of the repository\n", stderr);
        exit(2);
    }
    for (size_t i = 0; i < found.gl_pathc && seeds < MAX_SEEDS; i++)
        read_file(found.gl_pathv[i], &seed[seeds++]);
    globfree(&found);
}

int main(int count, char **argument)
{
    double seconds = count > 1 ? strtod(argument[1], NULL) : 30;

    state = count > 2 ? strtoull(argument[2], NULL, 10) : 1;
    nowhere = fopen("/dev/null", "w");
    if (!nowhere)
        return 2;
    signal(SIGPROF, hang);
    if (__sanitizer_set_death_callback)
        __sanitizer_set_death_callback(keep_input);
    if (count == 3 && !strcmp(argument[1], "--file")) {
        read_file(argument[2], &current);
        check(current.data, current.size);
        return 0;
    }
    read_seeds();
    for (int i = 0; i < seeds; i++) {
        current = seed[i];
        check(current.data, current.size);
    }
    if (valid != seeds)
        fail("a model file of the repository has errors");
    while (time_left(seconds)) {
        current = seed[below((size_t)seeds)];
        for (size_t i = 1 + below(MAX_EDITS); i > 0; i--)
            mutate();
        check(current.data, current.size);
    }
    printf("%ld executions, %ld of them parsed, %ld lowered\n", runs, valid, lowered);
    return 0;
}
