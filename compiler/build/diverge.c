#include "build/diverge.h"
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/arena.h"
#include "build/files.h"
#include "build/process.h"
#include "build/trace_file.h"
#include "build/words.h"
#include "graph/op.h"
#include "host/tensors.h"

/* ---- two traces ---- */

/* What stands before the steps; NULL where it is the same. */
static const char *compare_heads(const struct trace *a, const struct trace *b)
{
    for (int i = 0; i < TRACE_HEADS; i++)
        if (strcmp(a->head[i], b->head[i]))
            return trace_head(i);
    for (int i = 0; i < a->places && i < b->places; i++)
        if (strcmp(a->place[i].what, b->place[i].what))
            return "the places: the trainers were made by two versions of Invar, or one of them "
                   "with --log-norms";
    return a->places == b->places ? NULL : "the number of places";
}

/* Goes on in both to the next step that both have; false where there is none. */
static bool next_step(struct trace *a, struct trace *b)
{
    do {
        struct trace *behind = a->step <= b->step ? a : b;
        trace_next_step(behind);
    } while (a->step >= 0 && b->step >= 0 && a->step != b->step);
    return a->step >= 0 && b->step >= 0;
}

/* As below, in the order in which values were made, which within loops is not that of places. */
static int find_in_order(const struct trace *a, const struct trace *b)
{
    const char *x = a->order, *y = b->order;
    size_t turns = strlen(x) < strlen(y) ? strlen(x) / TRACE_TURN : strlen(y) / TRACE_TURN;
    for (; turns > 0; turns--, x += TRACE_TURN, y += TRACE_TURN)
        if (memcmp(x, y, TRACE_TURN)) {
            char place[TRACE_WORD + 1] = {0};
            memcpy(place, x, TRACE_WORD);
            return trace_find(a, strtoll(place, NULL, 16));
        }
    return -1;
}

/* Of the step at hand: the first place that differs, or -1. */
static int find_place(const struct trace *a, const struct trace *b)
{
    int first = find_in_order(a, b);
    if (first >= 0)
        return first;
    for (int i = 0; i < a->places; i++)
        if (memcmp(a->hashes + i * TRACE_HASH, b->hashes + i * TRACE_HASH, TRACE_HASH))
            return i;
    return -1;
}

static float real_of(const char *digits)
{
    char word[TRACE_WORD + 1] = {0};
    memcpy(word, digits, TRACE_WORD);
    uint32_t bits = (uint32_t)strtoul(word, NULL, 16);
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* The values of a place in both traces. */
struct both { const char *a, *b; long long count; };

static bool find_values(const struct trace *a, const struct trace *b, long long place,
                        struct both *both)
{
    *both = (struct both){.a = trace_values(a, place), .b = trace_values(b, place)};
    if (!both->a || !both->b || strlen(both->a) != strlen(both->b))
        return false;
    both->count = (long long)(strlen(both->a) / TRACE_WORD);
    return true;
}

/* The first that differs, or -1; how many do. */
static long long differing_element(const struct both *both, long long *differing)
{
    long long first = -1;
    *differing = 0;
    const char *a = both->a, *b = both->b;
    for (long long i = 0; i < both->count; i++, a += TRACE_WORD, b += TRACE_WORD)
        if (memcmp(a, b, TRACE_WORD) && ++*differing == 1)
            first = i;
    return first;
}

static void print_element(const struct trace *a, const struct trace *b, const struct both *both,
                          long long at)
{
    const char *x = both->a + at * TRACE_WORD, *y = both->b + at * TRACE_WORD;
    printf("element %lld: %.8s (%.9g) in ", at, x, (double)real_of(x));
    if (memcmp(x, y, TRACE_WORD))
        printf("%s, %.8s (%.9g) in %s\n", a->name, y, (double)real_of(y), b->name);
    else
        printf("both\n");
}

/* Goes on to the next operand in "add %15 of %13 %14 : f32[b, 3]"; false where there is none. */
static bool next_operand(const char **at, long *number)
{
    const char *sign = strchr(*at, '%');
    if (!sign)
        return false;
    *number = strtol(sign + 1, NULL, 10);
    *at = sign + 1;
    return true;
}

static const char *operands_of(const struct trace_place *place)
{
    const char *operands = strstr(place->what, " of ");
    return operands ? operands : "";
}

/* Whether an element is made of the operand's element of the same number. */
static bool aligned(const struct trace_place *place, const struct trace_place *operand)
{
    char stem[32] = {0};
    memcpy(stem, place->what, strcspn(place->what, " ") % sizeof stem);
    int op = op_find(stem);
    const char *shape = strstr(place->what, " : "), *other = strstr(operand->what, " : ");
    return op >= 0 && op_def((enum op)op)->class == CLASS_MAP && shape && other &&
           strcmp(shape, other) == 0;
}

/* What the operator was given, of which the first place to differ has the same in both; count: of
 * elements of that place, which in a loop are those of all turns. */
static void print_operands(const struct trace *a, const struct trace *b,
                           const struct trace_place *place, long long element, long long count)
{
    long number;
    for (const char *text = operands_of(place); next_operand(&text, &number);) {
        struct both both;
        long long differing;
        int at = trace_made(a, number);
        printf("  operand %%%ld", number);
        if (at < 0 || !find_values(a, b, a->place[at].number, &both)) {
            printf(": is not stored by the step\n");
            continue;
        }
        printf(", place %lld, ", a->place[at].number);
        if (both.count == count && aligned(place, &a->place[at]))
            print_element(a, b, &both, element);
        else if (differing_element(&both, &differing) < 0)
            printf("%lld elements: %.8s (%.9g) ..., the same in both\n", both.count, both.a,
                   (double)real_of(both.a));
        else
            printf("%lld of %lld elements differ\n", differing, both.count);
    }
}

/* The values of that place, where both traces have them. */
static void print_elements(const struct trace *a, const struct trace *b,
                           const struct trace_place *place)
{
    struct both both;
    long long differing;
    if (!find_values(a, b, place->number, &both))
        return;
    long long first = differing_element(&both, &differing);
    if (first < 0)
        return;
    printf("  ");
    print_element(a, b, &both, first);
    printf("  %lld of %lld elements differ\n", differing, both.count);
    print_operands(a, b, place, first, both.count);
}

static void print_found(const struct trace *a, const struct trace *b, int at)
{
    const struct trace_place *place = &a->place[at];
    printf("mismatch: step %lld (epoch %lld), place %lld: %s\n", a->step, a->epoch, place->number,
           place->what);
    if (*place->line)
        printf("  %s\n", place->line);
    print_elements(a, b, place);
}

/* The first step and place that differ; step -1: none in so many `steps` that both have. */
struct found {
    long long step, place, steps;
    bool values;                        /* the traces have those of the place */
    char *places;                       /* "12,9,10": the place and those of its operands */
    const char *longer;                 /* the trace that goes on behind these steps, or NULL */
};

static char *list_places(const struct trace *t, const struct trace_place *place)
{
    long number;
    int count = 1;
    char *list = inv_text("%lld", place->number);
    for (const char *text = operands_of(place); next_operand(&text, &number);) {
        int at = trace_made(t, number);
        if (at < 0 || count == INV_TRACE_VALUES)
            continue;
        count++;
        char *longer = inv_text("%s,%lld", list, t->place[at].number);
        free(list);
        list = longer;
    }
    return list;
}

/* The trace that has steps behind the last that both have, at the end of the other, or NULL. */
static const char *longer(struct trace *a, struct trace *b, long long last)
{
    struct trace *t = a->step >= 0 ? a : b;
    if (t->step >= 0 && t->step == last)
        trace_next_step(t);
    return t->step >= 0 ? t->path : NULL;
}

/* Of two traces with the same head; prints what it finds where `says`. */
static void compare_steps(struct trace *a, struct trace *b, bool says, struct found *found)
{
    long long steps = 0, last = -1;
    bool there = a->step >= 0 && b->step >= 0 && (a->step == b->step || next_step(a, b));
    for (; there && a->errors->count == 0; there = next_step(a, b), steps++) {
        int at = find_place(a, b);
        last = a->step;
        if (at < 0)
            continue;
        const struct trace_place *place = &a->place[at];
        *found = (struct found){a->step, place->number, steps,
                                trace_values(a, place->number) != NULL, list_places(a, place),
                                NULL};
        if (says)
            print_found(a, b, at);
        return;
    }
    if (a->errors->count == 0 && steps == 0)
        inv_error(a->errors, "%s and %s have no step in common", a->path, b->path);
    found->steps = steps;
    found->longer = longer(a, b, last);
}

/* Where that is the verdict. */
static void print_same(int status, const struct found *found)
{
    if (status == DIVERGE_SAME)
        printf("no value differs in the %lld steps that both have\n", found->steps);
    if (status == DIVERGE_SAME && found->longer)
        printf("  %s goes on behind them\n", found->longer);
}

/* name: of the two runs. */
static int compare_files(const char *a, const char *b, const char *const name[2], bool says,
                         struct found *found)
{
    struct inv_errors errors = {.to = stderr, .program = "invar: "};
    struct trace x, y = {.file = NULL};
    const char *head = NULL;
    *found = (struct found){.step = -1};
    if (trace_open(&x, a, &errors) && trace_open(&y, b, &errors)) {
        x.name = name[0];
        y.name = name[1];
        head = compare_heads(&x, &y);
        if (head)
            printf("mismatch: %s\n", head);
        else
            compare_steps(&x, &y, says, found);
    }
    trace_close(&x);
    trace_close(&y);
    return errors.count > 0               ? DIVERGE_FAILED
           : head || found->step >= 0 ? DIVERGE_APART
                                          : DIVERGE_SAME;
}

int diverge_traces(const char *a, const char *b)
{
    struct found found;
    int status = compare_files(a, b, (const char *[]){a, b}, true, &found);
    print_same(status, &found);
    if (found.places && !found.values)
        printf("  help: for its elements write both with --trace-only --trace-steps %lld..%lld "
               "--trace-place %s\n", found.step, found.step, found.places);
    free(found.places);
    return status;
}

/* ---- two trainers ---- */

/* A trainer's status where a loss is not finite: its trace has that step, too. */
enum { NOT_FINITE = 3 };

/* Checkpoints of the first run: one each twentieth of it. */
static const char share[] = "5%", kept[] = "20";
enum { KEPT = 20 };

struct pair {
    struct arena *arena;
    const char *folder, *program[2], *trace[2], *checkpoint;
    int argc;
    char **argv;                        /* options of both */
};

static void add_words(struct command_line *line, const char *const word[])
{
    for (; *word; word++)
        command_add(line, *word);
}

/* The run of one of them up to its own options. */
static struct command_line begin_run(const struct pair *p, int which)
{
    struct command_line line = {.arena = p->arena, .good = NOT_FINITE};
    const char *weights = arena_printf(p->arena, "%s/%d.safetensors", p->folder, which);
    command_add(&line, p->program[which]);
    for (int i = 0; i < p->argc; i++)
        command_add(&line, p->argv[i]);
    add_words(&line, (const char *[]){"--quiet", "--weights", weights, "--trace",
                                      p->trace[which], NULL});
    return line;
}

/* Whole runs, of which one leaves checkpoints. */
static bool run_both(const struct pair *p)
{
    struct command_line line[2] = {begin_run(p, 0), begin_run(p, 1)};
    add_words(&line[0], (const char *[]){"--checkpoint", p->checkpoint, "--checkpoint-every",
                                         share, "--checkpoint-keep", kept, NULL});
    return command_run_all(line, 2, p->folder, false, false);
}

static bool resumes(const struct pair *p)
{
    for (int i = 0; i < p->argc; i++)
        if (strncmp(p->argv[i], "--resume", 8) == 0)
            return true;
    return false;
}

/* How many steps were done when the checkpoint was written; -1: there is no such file. */
static long long checkpoint_step(const char *path)
{
    struct inv_errors silent = {.count = INV_ERROR_LIMIT};
    struct inv_tensor_file file = {.path = path, .file = fopen(path, "rb"), .errors = &silent};
    if (!file.file)
        return -1;
    int good = inv_tensors_open(&file, INV_TENSORS_HEADER);
    const char *step = good ? inv_tensors_note(&file, "step") : NULL;
    long long number = step ? strtoll(step, NULL, 10) : -1;
    inv_tensors_close(&file);
    fclose(file.file);
    return number;
}

/* The newest that is not behind the step, which both agree on; NULL where none is. */
static const char *checkpoint_before(const struct pair *p, long long step)
{
    for (int i = 0; i < KEPT; i++) {
        const char *path = i ? arena_printf(p->arena, "%s.%d", p->checkpoint, i) : p->checkpoint;
        long long done = checkpoint_step(path);
        if (done > 0 && done <= step)
            return path;
    }
    return NULL;
}

/* The step again, for values of these places, from a checkpoint on where there is one. */
static bool run_step(const struct pair *p, const struct found *found)
{
    struct command_line line[2];
    const char *steps = arena_printf(p->arena, "%lld..%lld", found->step, found->step);
    const char *from = resumes(p) ? NULL : checkpoint_before(p, found->step);
    for (int i = 0; i < 2; i++) {
        line[i] = begin_run(p, i);
        add_words(&line[i], (const char *[]){"--trace-only", "--trace-steps", steps,
                                             "--trace-place", found->places, NULL});
        if (from)
            add_words(&line[i], (const char *[]){"--resume", from, NULL});
    }
    return command_run_all(line, 2, p->folder, false, false);
}

static int compare_pair(const struct pair *p, bool says, struct found *found)
{
    free(found->places);
    return compare_files(p->trace[0], p->trace[1], p->program, says, found);
}

enum { TRIES = 3 };                     /* a machine may differ otherwise each time */

/* Within a loop the first place is known only then, and its values come in one more run. */
static int run_again(const struct pair *p, struct found *found)
{
    long long step = found->step;
    int status = DIVERGE_APART;
    for (int i = 0; i < TRIES && status == DIVERGE_APART && !found->values; i++)
        status = run_step(p, found) ? compare_pair(p, false, found) : DIVERGE_FAILED;
    if (status == DIVERGE_APART)
        return compare_pair(p, true, found);
    if (status == DIVERGE_SAME)
        printf("mismatch: step %lld differed, and did not when it was run again: a run does not "
               "even agree with itself\n", step);
    return status == DIVERGE_SAME ? DIVERGE_APART : status;
}

/* A name without a folder is in this one, and not in $PATH. */
static const char *program_path(struct arena *arena, const char *name)
{
    return strchr(name, '/') ? name : arena_printf(arena, "./%s", name);
}

static bool options_fit(int argc, char **argv)
{
    const char *own = words_any(argc, argv, WORDS_USE | WORDS_OUTPUT | WORDS_DETAIL | WORDS_RUN);
    if (own)
        fprintf(stderr, "invar diverge: %s: how the trainers run and what they write is this "
                "command's own; leave it out\n", own);
    return !own;
}

int diverge_trainers(const char *a, const char *b, int argc, char **argv)
{
    struct found found = {.step = -1};
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
        p.checkpoint = arena_printf(p.arena, "%s/checkpoint", p.folder);
        if (run_both(&p))
            status = compare_pair(&p, false, &found);
        print_same(status, &found);
        if (status == DIVERGE_APART && found.step >= 0)
            status = run_again(&p, &found);
        free(found.places);
        files_remove_temporary(p.folder);
    }
    arena_free(p.arena);
    return status;
}
