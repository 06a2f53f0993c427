#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "train/train.h"
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "host/describe.h"
#include "host/fields.h"
#include "host/pool.h"
#include "host/safetensors.h"
#include "host/session.h"
#include "infer/handle.h"

#define LOOK 0.1                        /* seconds between two questions whether to go on */

/* One call. */
struct call {
    struct inv_session s;
    struct inv_caller caller;
    struct inv_library *made;           /* NULL: none yet */
    inv_told *tell;
    void *state;
    int stopped;
    double looked;                      /* when it was asked last */
    char *line;                         /* of the log, as far as it has come */
    size_t length;
    char *text, *printed;               /* errors and notes; what a program would print */
    size_t text_size, printed_size;
    struct inv_log notes;
};

/* ---- what the caller is told and asks ---- */

static void tell(struct call *c, const char *line)
{
    if (c->tell && c->tell(c->state, line))
        c->stopped = 1;
}

static ssize_t write_log(void *call, const char *bytes, size_t count)
{
    struct call *c = call;
    char *longer = realloc(c->line, c->length + count + 1);
    if (!longer)
        return 0;
    c->line = longer;
    memcpy(longer + c->length, bytes, count);
    c->length += count;
    if (c->length == 0 || longer[c->length - 1] != '\n')
        return (ssize_t)count;
    longer[c->length - 1] = 0;
    c->length = 0;
    tell(c, longer);
    return (ssize_t)count;
}

static int stops(struct inv_session *s)
{
    struct call *c = (struct call *)(void *)s;
    double now = inv_progress_clock();
    if (!c->stopped && now - c->looked >= LOOK) {
        c->looked = now;
        tell(c, NULL);
    }
    return c->stopped;
}

/* Notes that stand between errors go to the log's reader when all is over. */
static void tell_notes(struct call *c)
{
    static const char begin[] = "note: ";
    for (char *line = c->text, *next; line && *line; line = next) {
        size_t length = strcspn(line, "\n");
        next = line + length + (line[length] != 0);
        if (strncmp(line, begin, sizeof begin - 1) != 0)
            continue;
        char *text = strndup(line + sizeof begin - 1, length - (sizeof begin - 1));
        inv_log_begin(&c->notes);
        if (text)
            inv_log_text(&c->notes, "note", text);
        inv_log_end(&c->notes);
        free(text);
    }
}

/* ---- what it gets ---- */

static int take(struct inv_session *s)
{
    struct call *c = (struct call *)(void *)s;
    uint8_t digest[32];
    char text[65];
    inv_safetensors_digest(s->model, s->run.arena, digest, text);
    c->made = inv_library_new(s->model);
    c->made->fitted = s->data.fitted;
    c->made->fitted.known = 1;
    s->data.fitted = (struct inv_fitted){ .known = 0 };
    if (inv_library_settle(c->made, s->run.arena, text))
        return INV_OK;
    inv_error(&s->errors, "out of memory");
    return INV_BAD_DATA;
}

/* ---- the run ---- */

/* In the thread that trains, whose calls may give up. */
static int train(void *call)
{
    struct call *c = call;
    struct inv_escape here;             /* the thread ends with it */
    inv_library_guard(&here);
    if (setjmp(here.to) == 0)
        return inv_session_run(&c->s);
    inv_error(&c->s.errors, "%s", here.why);
    inv_session_free(&c->s);
    return here.status;
}

/* What is for programs, which print and read and write files of rows. */
static const char *const unwanted[] = { /* the log goes to the caller */
    "data", "rows", "rows-memory", "receipt", "receipt-every", "verify", "sample", "summary",
    "trace", "trace-steps", "trace-place", "trace-only", "check-ranks", "inject", "quiet", "plain",
    "profile",
    "predict", "output", "format", "keep", "evaluate", "part", "generate", "length", "temperature",
    "top-k", "dump-batch", "check-gradients", "device", "memory-limit", "update-lock", "selftest",
    "verbose", "version", "help", "log", NULL};

/* Standard output is the caller's, and so are devices. */
static int is_file(const char *path, struct inv_errors *errors)
{
    struct stat about;
    if (strcmp(path, "-") != 0 && (stat(path, &about) != 0 || S_ISREG(about.st_mode)))
        return 1;
    inv_error(errors, "%s: is no file; name one, or ask for the weights when they are trained",
              path);
    return 0;
}

static int writes_files(struct inv_session *s)
{
    const struct inv_options *o = &s->options;
    const char *const file[] = { o->weights, o->save_init, o->checkpoint };
    for (size_t i = 0; i < sizeof file / sizeof *file; i++)
        if (file[i] && !is_file(file[i], &s->errors))
            return 0;
    return 1;
}

static int read_options(struct inv_session *s, const char *const *option)
{
    int count = 0;
    while (option && option[count])
        count++;
    char **argument = inv_allocate((size_t)(count + 2) * sizeof *argument);
    memcpy(argument + 1, option, (size_t)count * sizeof *argument);
    int good = inv_options_read(&s->options, count + 1, argument, unwanted, &s->errors);
    free(argument);
    s->options.quiet = 1;
    return good && writes_files(s) && inv_pool_accepts_cost(&s->errors) && inv_session_fits(s);
}

static int run(struct call *c, const char *const *option, struct inv_escape *here)
{
    struct inv_session *s = &c->s;
    if (setjmp(here->to) != 0) {
        inv_error(&s->errors, "%s", here->why);
        return here->status;
    }
    if (!read_options(s, option))
        return INV_BAD_USAGE;
    int status = inv_pool_work(s->model->stack_bytes, train, c, &s->errors);
    if (inv_library_distrusted()) {
        inv_error(&s->errors, "self-test of a thread: it computes other bits than it should");
        return INV_UNTRUSTED;
    }
    if (status == INV_INTERRUPTED && s->errors.count == 0)
        inv_error(&s->errors, "stopped by its caller; --resume goes on from the checkpoint");
    return status < 0 ? INV_BAD_DATA : status;
}

static int begin(struct call *c)
{
    const cookie_io_functions_t log = { .write = write_log };
    c->s.caller = &c->caller;
    c->s.ranks = (struct inv_ranks){ .count = 1, .near = 1, .errors = &c->s.errors };
    c->caller.stops = stops;
    c->caller.take = take;
    c->s.errors.to = open_memstream(&c->text, &c->text_size);
    c->caller.out = open_memstream(&c->printed, &c->printed_size);
    c->caller.log = fopencookie(c, "w", log);
    c->notes = (struct inv_log){ .file = c->caller.log, .errors = &c->s.errors };
    return c->s.errors.to && c->caller.out && c->caller.log;
}

/* Whether the weights of all steps are wanted, too. */
static int ask_at_last(struct call *c, int status)
{
    if (status != INV_OK)
        return status;
    tell(c, NULL);
    if (c->stopped)
        inv_error(&c->s.errors, "stopped by its caller after the last step");
    return c->stopped ? INV_INTERRUPTED : INV_OK;
}

static void end(struct call *c)
{
    FILE *file[] = { c->caller.log, c->caller.out, c->s.errors.to };
    for (size_t i = 0; i < sizeof file / sizeof *file; i++)
        if (file[i])
            fclose(file[i]);
}

struct inv_library *inv_library_train(const struct inv_model *const *level,
                                      const struct inv_arrays *arrays, const char *const *option,
                                      inv_told *told, void *state, char *error, size_t size)
{
    struct call c = { .caller.arrays = arrays, .tell = told, .state = state };
    c.s.model = inv_library_choose(level, error, size);
    if (!c.s.model)
        return NULL;
    struct inv_escape here, *outer = inv_library_guard(&here);
    int status = begin(&c) ? run(&c, option, &here) : INV_BAD_DATA;
    inv_library_guard(outer);
    if (c.s.errors.to && fflush(c.s.errors.to) == 0)
        tell_notes(&c);
    status = ask_at_last(&c, status);
    end(&c);
    if (status != INV_OK) {
        inv_library_tell(c.text, error, size, status);
        inv_library_close(c.made);
        c.made = NULL;
    }
    free(c.text);
    free(c.printed);
    free(c.line);
    return c.made;
}

/* ---- what came out ---- */

static int save(struct inv_library *l, const char *path, struct inv_errors *errors,
                struct inv_escape *here)
{
    char digest[65];
    if (setjmp(here->to) == 0)
        return is_file(path, errors) &&
               inv_safetensors_save(l->model, l->saved, path, errors, digest) &&
               inv_fields_save(l->model, &l->fitted, path, digest, errors);
    inv_error(errors, "%s", here->why);
    return 0;
}

int inv_library_save(struct inv_library *l, const char *path, char *error, size_t size)
{
    char *text = NULL;
    size_t length;
    struct inv_errors errors = { .to = open_memstream(&text, &length) };
    if (!errors.to)
        return inv_library_fail(error, size, "out of memory", INV_BAD_DATA);
    struct inv_escape here, *outer = inv_library_guard(&here);
    int good = save(l, path, &errors, &here);
    inv_library_guard(outer);
    fclose(errors.to);
    int status = good ? INV_OK : inv_library_tell(text, error, size, INV_BAD_DATA);
    free(text);
    return status;
}

static pthread_once_t once = PTHREAD_ONCE_INIT;
static const struct inv_model *const *described;
static char *training;

static void describe(void)
{
    const struct inv_model *model = inv_library_choose(described, NULL, 0);
    struct inv_escape here, *outer = inv_library_guard(&here);
    if (model && setjmp(here.to) == 0)
        training = inv_describe_training(model);
    inv_library_guard(outer);
}

const char *inv_library_training(const struct inv_model *const *level)
{
    described = level;
    /* invar-lint: allow threads because all that come first would make the same text */
    pthread_once(&once, describe);
    return training;
}

const char *inv_library_hash(const struct inv_library *l)
{
    return l->digest;
}
