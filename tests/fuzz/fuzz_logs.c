/* Mutation fuzzing of what invar reads that trainers wrote, to be built with ASan and UBSan:
 *     fuzz_logs [SECONDS [SEED [FORMAT]]]
 * of processor time; SEED 0: any; FORMAT: log, table or trace alone.
 * A good log, a table of predictions and a trace are damaged and read; of a log or a table that is
 * still good the page is made, beside the log as it was, and a trace is compared with the one that
 * it was.  Every outcome but a crash or a hang is right.  The input at hand lies in
 * fuzz_logs.input, which stays behind after a crash. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "build/diverge.h"
#include "report/page.h"
#include "draw.h"
#include "watch.h"

enum { ROOM = 1 << 14, EDITS = 4, HANG_SECONDS = 20 };

enum format { LOG, TABLE, TRACE, FORMATS };

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
static const char trace_text[] =
    "{\"trace\":2,\"model\":\"29db\",\"name\":\"net\",\"numerics\":1,\"parts\":\"0b\","
    "\"seed\":\"42\"}\n"
    "{\"place\":2,\"what\":\"max %7 of %6 %5 : f32[b, 2]\",\"line\":\"a.inv:1: h = x -> relu\"}\n"
    "{\"place\":5,\"what\":\"add %9 of %7 %8 : f32[b, 2]\",\"line\":\"a.inv:12: h + x\"}\n"
    "{\"place\":9,\"what\":\"parameter w after the update\"}\n"
    "{\"step\":0,\"place\":2,\"values\":\"3d0000003d000001\"}\n"
    "{\"step\":0,\"place\":5,\"values\":\"3dd70ceebcd44e23\"}\n"
    "{\"step\":0,\"order\":\"000000022d908403b432bee4000000055ed5de786051992f\"}\n"
    "{\"step\":0,\"epoch\":1,\"hashes\":\"bdfb09cda41ad5815ed5de786051992f98aae659a863ecd5\"}\n"
    "{\"step\":1,\"place\":2,\"values\":\"3d0000013d000002\"}\n"
    "{\"step\":1,\"place\":5,\"values\":\"3dd70ceebcd44e23\"}\n"
    "{\"step\":1,\"order\":\"000000022d908403b432bee4000000055ed5de786051992f\"}\n"
    "{\"step\":1,\"epoch\":1,\"hashes\":\"c31e4d7f5e1c5ba1a2c4e6f80a1c3e50fedcba9876543210\"}\n";
static const char *const seed[FORMATS] = {log_text, table_text, trace_text};
static const char *const words[] = {"1e308", "-1e308", "null", "[", "]", "{", "}", ",", "\"", ":",
                                    "\\u0041", "\\", "-", "0", "1e-320", "\n", "nan", "epoch",
                                    "step", "val.", "\"x\":1,", "\"x\":[[1]],", "99999999999999",
                                    "%", " : ", " of ", "f", "\\u0000"};
static const char path[] = "fuzz_logs.input", good[] = "fuzz_logs.good";

static void write_file(const char *name, const char *text, size_t size)
{
    if (!put_file(name, text, size)) {
        fprintf(stderr, "fuzz_logs: cannot write %s\n", name);
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

static void damage(const char *from)
{
    static char text[ROOM];
    size_t size = strlen(from);
    memcpy(text, from, size);
    for (uint32_t i = 1 + draw(EDITS); i > 0; i--)
        size = edit(text, size);
    write_file(path, text, size);
}

/* Whether a page was made. */
static bool report(FILE *nowhere, bool table)
{
    struct arena *arena = arena_new();
    struct inv_errors errors = {.to = nowhere};
    struct run run[2];
    struct scores scores;
    struct story story = {.run = run, .count = 2, .scores = table ? &scores : NULL};
    struct text page;
    text_init(&page, arena);
    bool made = run_read(arena, &errors, good, &run[0]) &&
                run_read(arena, &errors, table ? good : path, &run[1]) &&
                (!table || scores_read(arena, &errors, path, "kind", &scores));
    if (made)
        page_print(&page, &story);
    arena_free(arena);
    return made;
}

/* Whether they could be compared; what is said of them goes nowhere. */
static bool compare(FILE *nowhere)
{
    FILE *out = stdout, *err = stderr;
    stdout = stderr = nowhere;
    int status = diverge_traces(draw(2) ? good : path, path);
    stdout = out;
    stderr = err;
    return status != DIVERGE_FAILED;
}

static bool check(enum format format, FILE *nowhere)
{
    const char *beside = seed[format == TABLE ? LOG : format];
    write_file(good, beside, strlen(beside));
    damage(seed[format]);
    watch(HANG_SECONDS);
    bool read = format == TRACE ? compare(nowhere) : report(nowhere, format == TABLE);
    watch(0);
    return read;
}

static enum format format_named(const char *name)
{
    static const char *const names[FORMATS] = {"log", "table", "trace"};
    enum format format = LOG;
    while (format < FORMATS && strcmp(name, names[format]) != 0)
        format++;
    return format;
}

int main(int argc, char **argv)
{
    double seconds = argc > 1 ? atof(argv[1]) : 10;
    enum format only = argc > 3 ? format_named(argv[3]) : FORMATS;
    state = argc > 2 && atoi(argv[2]) ? strtoull(argv[2], NULL, 10) : (uint64_t)time(NULL);
    state = state * 2 + 1;
    FILE *nowhere = fopen("/dev/null", "w");
    long runs = 0, reads = 0;
    if (!nowhere || (argc > 3 && only == FORMATS))
        return 1;
    printf("fuzz_logs: seed %llu\n", (unsigned long long)state / 2);
    for (; time_left(seconds); runs++)
        reads += check(only < FORMATS ? only : (enum format)draw(FORMATS), nowhere);
    printf("fuzz_logs: %ld inputs, %ld of them read\n", runs, reads);
    fclose(nowhere);
    unlink(path);
    unlink(good);
    return 0;
}
