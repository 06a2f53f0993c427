/* Mutation fuzzing of invar report, to be built with ASan and UBSan:
 *     fuzz_report [SECONDS [SEED]]
 * A good log and a table of predictions are damaged and read; of what is still good the page is
 * made, beside the log as it was.  Every outcome but a crash or a hang is right.  The input at hand
 * lies in fuzz_report.input, which stays behind after a crash. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "report/page.h"
#include "draw.h"

enum { ROOM = 1 << 14, EDITS = 4, HANG_SECONDS = 20 };

static const char log_text[] =
    "{\"model\":\"net\",\"model_sha256\":\"51d0\",\"seed\":42,\"cpu\":\"a \\\"b\\\" <c>\"}\n"
    "{\"data_file\":\"a.csv\",\"sha256\":\"11\"}\n"
    "{\"step\":0,\"loss\":1.25}\n{\"step\":7,\"loss\":null}\n"
    "{\"epoch\":1,\"steps\":3,\"loss\":0.5,\"val.loss\":1e-30,\"lr\":0.1,\"seconds\":1}\n"
    "{\"epoch\":2,\"steps\":6,\"loss\":0.25,\"confusion\":[[1,0],[2,3]],\"lr\":0.1}\n"
    "{\"kept_epoch\":2,\"val.loss\":0.25}\n{\"test.loss\":0.281250119,\"seconds\":3}\n"
    "{\"weights\":\"net.safetensors\",\"sha256\":\"f59a\"}\n";
static const char table_text[] =
    "id,kind,probs.a,probs.b\n1,a,0.75,0.25\n2,b,0.5,0.5\n3,1,1e-9,0.999999\n4,a,1,0\n";
static const char *const words[] = {"1e308", "-1e308", "null", "[", "]", "{", "}", ",", "\"", ":",
                                    "\\u0041", "\\", "-", "0", "1e-320", "\n", "nan", "epoch",
                                    "step", "val.", "\"x\":1,", "\"x\":[[1]],", "99999999999999"};
static const char path[] = "fuzz_report.input", good[] = "fuzz_report.good";

static void write_file(const char *name, const char *text, size_t size)
{
    FILE *file = fopen(name, "wb");
    if (!file || fwrite(text, 1, size, file) != size || fclose(file) != 0) {
        fprintf(stderr, "fuzz_report: cannot write %s\n", name);
        exit(1);
    }
}

/* Puts a word in the place of up to three bytes, or cuts the text. */
static size_t edit(char *text, size_t size)
{
    const char *word = words[draw(sizeof words / sizeof *words)];
    size_t at = draw(size + 1), gone = draw(4), length = strlen(word);
    if (draw(40) == 0)
        return at;
    gone = gone < size - at ? gone : size - at;
    if (size - gone + length > ROOM)
        return size;
    memmove(text + at + length, text + at + gone, size - at - gone);
    memcpy(text + at, word, length);
    return size - gone + length;
}

static void damage(const char *seed)
{
    static char text[ROOM];
    size_t size = strlen(seed);
    memcpy(text, seed, size);
    for (uint32_t i = 1 + draw(EDITS); i > 0; i--)
        size = edit(text, size);
    write_file(path, text, size);
}

/* Whether a page was made. */
static bool check(FILE *nowhere, bool table)
{
    struct arena *arena = arena_new();
    struct inv_errors errors = {.to = nowhere};
    struct run run[2];
    struct scores scores;
    struct story story = {.run = run, .count = 2, .scores = table ? &scores : NULL};
    struct text page;
    text_init(&page, arena);
    alarm(HANG_SECONDS);
    bool made = run_read(arena, &errors, good, &run[0]) &&
                run_read(arena, &errors, table ? good : path, &run[1]) &&
                (!table || scores_read(arena, &errors, path, "kind", &scores));
    if (made)
        page_print(&page, &story);
    alarm(0);
    arena_free(arena);
    return made;
}

int main(int argc, char **argv)
{
    double seconds = argc > 1 ? atof(argv[1]) : 10;
    state = argc > 2 ? strtoull(argv[2], NULL, 10) : (uint64_t)time(NULL);
    state = state * 2 + 1;
    FILE *nowhere = fopen("/dev/null", "w");
    long runs = 0, pages = 0;
    time_t start = time(NULL);
    if (!nowhere)
        return 1;
    printf("fuzz_report: seed %llu\n", (unsigned long long)state / 2);
    write_file(good, log_text, strlen(log_text));
    for (; difftime(time(NULL), start) < seconds; runs++) {
        bool table = draw(3) == 0;
        damage(table ? table_text : log_text);
        pages += check(nowhere, table);
    }
    printf("fuzz_report: %ld inputs, %ld pages\n", runs, pages);
    fclose(nowhere);
    unlink(path);
    unlink(good);
    return 0;
}
