#include "report/report.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "build/build.h"
#include "build/words.h"
#include "host/errors.h"
#include "host/output.h"

/* Is something trained, and logged where it can be read again? */
static bool can_report(int argc, char **argv, const char *log)
{
    const char *other = words_any(argc, argv, WORDS_USE);
    if (other) {
        fprintf(stderr, "invar run: --report is of a training, and %s trains nothing; leave one of "
                "them out\n", other);
        return false;
    }
    if (inv_output_is_standard(log))
        fprintf(stderr, "invar run: --report reads the log again; let --log name a file\n");
    return !inv_output_is_standard(log);
}

/* The value of --log or --weights, or NULL. */
static const char *value_of(int argc, char **argv, const char *name)
{
    int at = words_find(argc, argv, name);
    size_t size = strlen(name);
    if (at < 0)
        return NULL;
    return argv[at][size] ? argv[at] + size + 1 : at + 1 < argc ? argv[at + 1] : "";
}

static int train(const struct program *program, int argc, char **argv, const char *log,
                 const struct build_options *options)
{
    char **with = calloc((size_t)argc + 3, sizeof *with);
    if (!with)
        return 1;
    memcpy(with, argv, sizeof *with * (size_t)argc);
    if (words_find(argc, argv, "--log") < 0) {
        with[argc++] = arena_strdup(program->arena, "--log");
        with[argc++] = arena_strdup(program->arena, log);
    }
    int status = build_attend(program, argc, with, options);
    free(with);
    return status;
}

int report_training(const struct program *program, int argc, char **argv,
                    const struct build_options *options)
{
    const char *log = value_of(argc, argv, "--log");
    const char *weights = value_of(argc, argv, "--weights");
    const char *page = arena_printf(program->arena, "%s.html", program->name);
    if (!log)
        log = arena_printf(program->arena, "%s.jsonl", program->name);
    if (!weights)
        weights = arena_printf(program->arena, "%s.safetensors", program->name);
    if (!can_report(argc, argv, log))
        return INV_BAD_USAGE;
    int status = train(program, argc, argv, log, options);
    if (status != INV_OK && status != INV_NOT_FINITE)
        return status;                  /* the log is of another run, or there is none */
    struct stat file;
    bool written = status == INV_OK && words_find(argc, argv, "--verify") < 0 &&
                   stat(weights, &file) == 0 && S_ISREG(file.st_mode);
    int failed = report_write(&(struct report_request){
        .log = &log, .count = 1, .out = page, .program = program,
        .weights = written ? weights : NULL});
    if (!failed)
        printf("report %s\n", page);
    return status ? status : failed;
}
