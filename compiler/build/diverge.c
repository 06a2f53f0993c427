#include "build/diverge.h"
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/arena.h"
#include "build/files.h"
#include "build/process.h"
#include "host/json_list.h"

enum { DIGITS = 16, WORD = 8 };         /* of a hash, of an element */

struct trace_place { long long number; char *what, *line; };

/* A trace that is read step by step. */
struct trace {
    const char *path, *name;            /* name: of the run, for messages */
    FILE *file;
    char *line;
    size_t room;
    struct inv_json_list list;          /* of the line at hand */
    struct inv_errors *errors;
    char *head[5];
    struct trace_place *place;
    int places, place_room;
    long long step, epoch;              /* at hand; -1: there is none */
    char *hashes;
    long long values_step, values_place;
    char *values;                       /* the last that were there, or NULL */
};

/* What the head of a trace says of the run, in the order of causes. */
static const struct { const char *path, *what; } heads[] = {
    {"/name", "the model: they are of two models"},
    {"/model", "the model: its text or a value of -D"},
    {"/numerics", "the numerics: they are of two versions"},
    {"/parts", "the data, or the parts of its rows"},
    {"/seed", "the seed"}};
enum { HEADS = sizeof heads / sizeof *heads };

/* ---- reading ---- */

/* A text or number of the line at hand in new memory; "" where there is none. */
static char *text_at(const struct trace *t, const char *path)
{
    const struct inv_json_value *value = inv_json_list_find(&t->list, path);
    return inv_copy_text(value ? value->text : "");
}

static long long number_at(const struct trace *t, const char *path)
{
    const struct inv_json_value *value = inv_json_list_find(&t->list, path);
    return value && value->kind == INV_JSON_NUMBER ? strtoll(value->text, NULL, 10) : -1;
}

/* 1; 0 where there is no more, or after an error. */
static int next_line(struct trace *t)
{
    inv_json_list_free(&t->list);
    t->list = (struct inv_json_list){.count = 0};
    ssize_t length = getline(&t->line, &t->room, t->file);
    if (length <= 0)
        return 0;
    struct inv_json json = {.place = t->path, .part = "a line", .errors = t->errors,
                            .cure = "it is no trace, or was cut", .start = t->line, .at = t->line,
                            .limit = t->line + length};
    return inv_json_list_read(&t->list, &json);
}

static void add_place(struct trace *t)
{
    if (t->places == t->place_room) {
        t->place_room = t->place_room * 2 + 64;
        t->place = inv_resize(t->place, (size_t)t->place_room * sizeof *t->place);
    }
    t->place[t->places++] = (struct trace_place){number_at(t, "/place"), text_at(t, "/what"),
                                                 text_at(t, "/line")};
}

/* Takes the line at hand, and those up to the next that is of a step. */
static void take_step(struct trace *t, int there)
{
    free(t->hashes);
    t->hashes = NULL;
    for (; there && inv_json_list_find(&t->list, "/values"); there = next_line(t)) {
        free(t->values);
        t->values = text_at(t, "/values");
        t->values_step = number_at(t, "/step");
        t->values_place = number_at(t, "/place");
    }
    t->step = there ? number_at(t, "/step") : -1;
    t->epoch = there ? number_at(t, "/epoch") : -1;
    t->hashes = text_at(t, "/hashes");
    if (there && (t->step < 0 || strlen(t->hashes) != (size_t)t->places * DIGITS))
        inv_error(t->errors, "%s: a step has not as many hashes as there are places; it is no "
                  "trace, or was cut", t->path);
}

/* Up to the first step; false after an error. */
static bool open_trace(struct trace *t, const char *path, struct inv_errors *errors)
{
    *t = (struct trace){.path = path, .errors = errors, .file = fopen(path, "rb"), .step = -1};
    if (!t->file) {
        inv_error(errors, "%s: cannot read the trace: %s", path, strerror(errno));
        return false;
    }
    int there = next_line(t);
    if (errors->count == 0 && number_at(t, "/trace") != 1)
        inv_error(errors, "%s: is no trace that this version of Invar reads", path);
    for (int i = 0; i < HEADS; i++)
        t->head[i] = text_at(t, heads[i].path);
    while (there && errors->count == 0 && (there = next_line(t)) &&
           inv_json_list_find(&t->list, "/what"))
        add_place(t);
    if (errors->count == 0)
        take_step(t, there);
    return errors->count == 0;
}

static void close_trace(struct trace *t)
{
    if (t->file)
        fclose(t->file);
    inv_json_list_free(&t->list);
    for (int i = 0; i < HEADS; i++)
        free(t->head[i]);
    for (int i = 0; i < t->places; i++) {
        free(t->place[i].what);
        free(t->place[i].line);
    }
    free(t->place);
    free(t->hashes);
    free(t->values);
    free(t->line);
}

/* ---- comparing ---- */

/* What stands before the steps; NULL where it is the same. */
static const char *compare_heads(const struct trace *a, const struct trace *b)
{
    for (int i = 0; i < HEADS; i++)
        if (strcmp(a->head[i], b->head[i]))
            return heads[i].what;
    for (int i = 0; i < a->places && i < b->places; i++)
        if (strcmp(a->place[i].what, b->place[i].what))
            return "the places: the trainers were made by two versions of Invar";
    return a->places == b->places ? NULL : "the number of places";
}

/* Goes on in both to the next step that both have; false where there is none. */
static bool next_step(struct trace *a, struct trace *b)
{
    do {
        struct trace *behind = a->step <= b->step ? a : b;
        take_step(behind, next_line(behind));
    } while (a->step >= 0 && b->step >= 0 && a->step != b->step);
    return a->step >= 0 && b->step >= 0;
}

/* Of the step at hand: the first place that differs, or -1. */
static int find_place(const struct trace *a, const struct trace *b)
{
    for (int i = 0; i < a->places; i++)
        if (memcmp(a->hashes + i * DIGITS, b->hashes + i * DIGITS, DIGITS))
            return i;
    return -1;
}

static float real_of(const char *digits)
{
    char word[WORD + 1] = {0};
    memcpy(word, digits, WORD);
    uint32_t bits = (uint32_t)strtoul(word, NULL, 16);
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* The values of that place, where both traces have them. */
static void print_elements(const struct trace *a, const struct trace *b, long long place)
{
    long long first = -1, differing = 0;
    if (!a->values || !b->values || a->values_step != a->step || b->values_step != a->step ||
        a->values_place != place || b->values_place != place ||
        strlen(a->values) != strlen(b->values))
        return;
    long long count = (long long)(strlen(a->values) / WORD);
    for (long long i = 0; i < count; i++)
        if (memcmp(a->values + i * WORD, b->values + i * WORD, WORD) && ++differing == 1)
            first = i;
    if (first < 0)
        return;
    const char *x = a->values + first * WORD, *y = b->values + first * WORD;
    printf("  element %lld: %.8s (%.9g) in %s, %.8s (%.9g) in %s\n  %lld of %lld elements differ\n",
           first, x, (double)real_of(x), a->name, y, (double)real_of(y), b->name, differing,
           count);
}

static void print_found(const struct trace *a, const struct trace *b, int at)
{
    const struct trace_place *place = &a->place[at];
    printf("mismatch: step %lld (epoch %lld), place %lld: %s\n", a->step, a->epoch, place->number,
           place->what);
    if (*place->line)
        printf("  %s\n", place->line);
    print_elements(a, b, place->number);
}

/* The first step and place that differ; step -1: none. */
struct found { long long step, place; };

/* Of two traces with the same head; prints what it finds where `says`. */
static void compare_steps(struct trace *a, struct trace *b, bool says, struct found *found)
{
    long long steps = 0;
    bool there = a->step >= 0 && b->step >= 0 && (a->step == b->step || next_step(a, b));
    for (; there && a->errors->count == 0; there = next_step(a, b), steps++) {
        int at = find_place(a, b);
        if (at < 0)
            continue;
        *found = (struct found){a->step, a->place[at].number};
        if (says)
            print_found(a, b, at);
        return;
    }
    if (a->errors->count == 0 && steps == 0)
        inv_error(a->errors, "%s and %s have no step in common", a->path, b->path);
    else if (a->errors->count == 0)
        printf("no value differs in the %lld steps that both have\n", steps);
}

/* name: of the two runs. */
static int compare_files(const char *a, const char *b, const char *const name[2], bool says,
                         struct found *found)
{
    struct inv_errors errors = {.to = stderr, .program = "invar: "};
    struct trace x, y = {.file = NULL};
    const char *head = NULL;
    *found = (struct found){-1, -1};
    if (open_trace(&x, a, &errors) && open_trace(&y, b, &errors)) {
        x.name = name[0];
        y.name = name[1];
        head = compare_heads(&x, &y);
        if (head)
            printf("mismatch: %s\n", head);
        else
            compare_steps(&x, &y, says, found);
    }
    close_trace(&x);
    close_trace(&y);
    return errors.count > 0               ? DIVERGE_FAILED
           : head || found->step >= 0 ? DIVERGE_APART
                                          : DIVERGE_SAME;
}

int diverge_traces(const char *a, const char *b)
{
    struct found found;
    return compare_files(a, b, (const char *[]){a, b}, true, &found);
}

/* ---- two trainers ---- */

/* A trainer's status where a loss is not finite: its trace has that step, too. */
enum { NOT_FINITE = 3 };

struct pair {
    struct arena *arena;
    const char *folder, *program[2], *trace[2];
    int argc;
    char **argv;                        /* options of both */
};

/* Runs both for their traces, with two more options where `steps` is given. */
static bool run_both(const struct pair *p, const char *steps, const char *place)
{
    struct command_line lines[2];
    for (int i = 0; i < 2; i++) {
        struct command_line *line = &lines[i];
        *line = (struct command_line){.arena = p->arena, .good = NOT_FINITE};
        command_add(line, p->program[i]);
        for (int k = 0; k < p->argc; k++)
            command_add(line, p->argv[k]);
        command_add(line, "--quiet");
        command_add(line, "--weights");
        command_add(line, arena_printf(p->arena, "%s/%d.safetensors", p->folder, i));
        command_add(line, "--trace");
        command_add(line, p->trace[i]);
        if (!steps)
            continue;
        command_add(line, "--trace-steps");
        command_add(line, steps);
        command_add(line, "--trace-place");
        command_add(line, place);
    }
    return command_run_all(lines, 2, p->folder, false, false);
}

/* The step at hand and its place again, for the values. */
static int run_again(const struct pair *p, const struct found *found)
{
    struct found again;
    const char *steps = arena_printf(p->arena, "%lld..%lld", found->step, found->step);
    if (!run_both(p, steps, arena_printf(p->arena, "%lld", found->place)))
        return DIVERGE_FAILED;
    int status = compare_files(p->trace[0], p->trace[1], p->program, true, &again);
    if (status == DIVERGE_SAME)
        printf("mismatch: step %lld differed, and did not when it was run again: a run does not "
               "even agree with itself\n", found->step);
    return status == DIVERGE_SAME ? DIVERGE_APART : status;
}

/* A name without a folder is in this one, and not in $PATH. */
static const char *program_path(struct arena *arena, const char *name)
{
    return strchr(name, '/') ? name : arena_printf(arena, "./%s", name);
}

/* Outputs of a trainer, and what this command gives it itself. */
static const char *const own[] = {"trace", "trace-steps", "trace-place", "weights", "quiet", "log",
                                  "log-every", "receipt", "receipt-every", "save-init",
                                  "checkpoint", "checkpoint-every", "checkpoint-keep"};

static bool options_fit(int argc, char **argv)
{
    for (int i = 0; i < argc; i++)
        for (size_t k = 0; k < sizeof own / sizeof *own; k++) {
            size_t size = strlen(own[k]);
            if (strncmp(argv[i], "--", 2) || strncmp(argv[i] + 2, own[k], size) ||
                (argv[i][2 + size] && argv[i][2 + size] != '='))
                continue;
            fprintf(stderr, "invar diverge: --%s: the trainers' outputs are this command's own; "
                    "leave it out\n", own[k]);
            return false;
        }
    return true;
}

int diverge_trainers(const char *a, const char *b, int argc, char **argv)
{
    struct found found;
    if (!options_fit(argc, argv))
        return DIVERGE_USAGE;
    struct pair p = {.arena = arena_new(), .argc = argc, .argv = argv};
    p.program[0] = program_path(p.arena, a);
    p.program[1] = program_path(p.arena, b);
    int status = DIVERGE_FAILED;
    p.folder = files_temporary(p.arena);
    if (p.folder) {
        p.trace[0] = arena_printf(p.arena, "%s/a.trace", p.folder);
        p.trace[1] = arena_printf(p.arena, "%s/b.trace", p.folder);
        if (run_both(&p, NULL, NULL))
            status = compare_files(p.trace[0], p.trace[1], p.program, false, &found);
        if (status == DIVERGE_APART && found.step >= 0)
            status = run_again(&p, &found);
        files_remove_temporary(p.folder);
    }
    arena_free(p.arena);
    return status;
}
