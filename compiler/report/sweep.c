#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "report/sweep.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/text.h"
#include "build/build.h"
#include "build/process.h"
#include "build/words.h"
#include "host/decimal.h"
#include "host/output.h"
#include "host/ranks.h"
#include "invar.h"
#include "report/run.h"

enum { RUNS_MAX = 10000,
       SOON = 10000, LATE = 200000 };   /* microseconds from one look to the next, growing */

/* A const, or "seed", and its values. */
struct axis {
    const char *name, **value;
    int count, room;
};

struct outcome {
    int number;                         /* of the run, in the order of the grid */
    bool done, told;                    /* told: its line is printed */
    bool there;                         /* it was before */
    int status;                         /* of the trainer */
    const char *said;                   /* its errors, where they wait for the run's line */
    bool trained;                       /* it ended well; then: */
    double value;                       /* of the result that is compared */
    int64_t epochs;
    const char *weights;                /* their hash */
    const struct entry *test;           /* the line of the test part, or NULL */
};

/* A run that trains. */
struct job {
    int number;
    pid_t process;
    struct program *program;
    FILE *said;                         /* or NULL: it says so itself */
};

struct sweep {
    struct arena *arena;
    struct sweep_request request;
    struct inv_errors errors;
    struct axis *axis;                  /* those of consts, then perhaps that of the seed */
    int axes, runs;
    const char *result;                 /* "val.loss": by which runs are compared */
    bool lower;                         /* is better */
    struct outcome *outcome;
    struct inv_ranks ranks;             /* sweeps that share out the runs, ... */
    int *rank;                          /* ... and of each run, whose it is */
    const char *launch, *failures;      /* its name, which other launches have not, or NULL; the
                                         * file that says what failed in it */
    int elsewhere;                      /* the status of a run that failed in another of them */
    int jobs, running;                  /* at a time; now */
    int printed;                        /* all lines of runs before */
    struct job job[PROCESSES_MAX];
    bool failed;                        /* a run that ends the sweep */
    int status;                         /* of the runs whose lines are printed */
};

/* ---- the grid ---- */

static void add_value(struct sweep *s, struct axis *axis, const char *at, size_t size)
{
    ARENA_PUSH(s->arena, axis->value, axis->count, axis->room) = arena_strndup(s->arena, at, size);
}

/* Splits at commas that stand in no quotes and brackets. */
static void split_values(struct sweep *s, struct axis *axis, const char *text)
{
    int depth = 0;
    bool quoted = false;
    const char *from = text;
    for (const char *c = text;; c++) {
        quoted ^= *c == '"';
        depth += quoted || !*c ? 0 : (strchr("([{", *c) != NULL) - (strchr(")]}", *c) != NULL);
        if (*c && (*c != ',' || quoted || depth > 0))
            continue;
        add_value(s, axis, from, (size_t)(c - from));
        if (!*c)
            return;
        from = c + 1;
    }
}

static bool is_seed(const char *text, uint64_t *seed)
{
    return inv_decimal_whole(&text, UINT64_MAX, seed) && !*text;
}

/* A..B, or single ones with commas between. */
static bool split_seeds(struct sweep *s, struct axis *axis, const char *text)
{
    const char *dots = strstr(text, "..");
    uint64_t first, last, seed;
    bool good = true;
    if (dots) {
        good = is_seed(arena_strndup(s->arena, text, (size_t)(dots - text)), &first) &&
               is_seed(dots + 2, &last) && first <= last && last - first < RUNS_MAX;
        for (uint64_t i = 0; good && i <= last - first; i++) {
            const char *number = arena_printf(s->arena, "%" PRIu64, first + i);
            add_value(s, axis, number, strlen(number));
        }
    } else {
        split_values(s, axis, text);
        for (int i = 0; i < axis->count; i++)
            good = good && is_seed(axis->value[i], &seed);
    }
    if (!good)
        inv_error(&s->errors, "--seed %s: seeds such as 1..5 or 1,4,9 expected", text);
    return good;
}

static bool make_grid(struct sweep *s)
{
    const struct sweep_request *r = &s->request;
    s->axis = ARENA_ARRAY(s->arena, struct axis, r->define_count + 1);
    for (int i = 0; i < r->define_count; i++) {
        size_t size = strcspn(r->define[i], "=");
        s->axis[s->axes].name = arena_strndup(s->arena, r->define[i], size);
        split_values(s, &s->axis[s->axes++], r->define[i] + size + (r->define[i][size] == '='));
    }
    if (r->seeds) {
        s->axis[s->axes].name = "seed";
        if (!split_seeds(s, &s->axis[s->axes++], r->seeds))
            return false;
    }
    s->runs = 1;
    for (int i = 0; i < s->axes && s->runs <= RUNS_MAX; i++)
        s->runs *= s->axis[i].count;
    if (s->runs > RUNS_MAX)
        inv_error(&s->errors, "more than %d runs; take fewer values", RUNS_MAX);
    return s->runs <= RUNS_MAX;
}

/* The last axis varies fastest. */
static const char *value_at(const struct sweep *s, int number, int axis)
{
    for (int i = s->axes - 1; i > axis; i--)
        number /= s->axis[i].count;
    return s->axis[axis].value[number % s->axis[axis].count];
}

const char *const *sweep_define(const struct sweep *s, int number)
{
    int count = s->request.define_count;
    const char **define = ARENA_ARRAY(s->arena, const char *, count + 1);
    for (int i = 0; i < count; i++)
        define[i] = arena_printf(s->arena, "%s=%s", s->axis[i].name, value_at(s, number, i));
    return define;
}

int sweep_count(const struct sweep *s)
{
    return s->runs;
}

/* "lr=0.01,seed=3" */
static const char *title(const struct sweep *s, int number)
{
    struct text text;
    text_init(&text, s->arena);
    for (int i = 0; i < s->axes; i++)
        text_printf(&text, "%s%s=%s", i ? "," : "", s->axis[i].name, value_at(s, number, i));
    return s->axes ? text.data : "run";
}

/* The title as a file's name: what might not be in one is '_'. */
static const char *file_of(const struct sweep *s, int number, const char *end)
{
    char *path = arena_printf(s->arena, "%s/%s.%s", s->request.folder, title(s, number), end);
    for (char *c = path + strlen(s->request.folder) + 1; *c; c++)
        if (*c == '/' || *c == '"' || *c == '\\' || *c < ' ')
            *c = '_';
    return path;
}

struct named { const char *file, *title; int number; };

static int by_file(const void *a, const void *b)
{
    const struct named *x = a, *y = b;
    int order = strcmp(x->file, y->file);
    order = order ? order : strcmp(x->title, y->title);
    return order ? order : (x->number > y->number) - (x->number < y->number);
}

/* Whether runs that are not the same have files that are not; those that are the same have the
 * first one's sweep. */
static bool names_differ(struct sweep *s)
{
    struct named *run = ARENA_ARRAY(s->arena, struct named, s->runs);
    s->rank = ARENA_ARRAY(s->arena, int, s->runs + 1);
    for (int i = 0; i < s->runs; i++) {
        run[i] = (struct named){file_of(s, i, "jsonl"), title(s, i), i};
        s->rank[i] = i % s->ranks.count;
    }
    qsort(run, (size_t)s->runs, sizeof *run, by_file);
    for (int i = 1; i < s->runs; i++)
        if (strcmp(run[i - 1].file, run[i].file) == 0) {
            s->rank[run[i].number] = s->rank[run[i - 1].number];
            if (strcmp(run[i - 1].title, run[i].title) == 0)
                continue;
            inv_error(&s->errors, "%s and %s would both be written to %s; sweep over them in two "
                      "folders: -o FOLDER", run[i - 1].title, run[i].title, run[i].file);
            return false;
        }
    return true;
}

/* ---- a run that fails in another sweep ---- */

/* What mpirun of Open MPI and srun call a launch.  That of MPICH says no name, and ends the others
 * itself. */
static const char *find_launch(struct arena *arena)
{
    const char *job = getenv("SLURM_JOB_ID"), *step = getenv("SLURM_STEP_ID");
    const char *again = getenv("SLURM_RESTART_COUNT"), *pmix = getenv("PMIX_NAMESPACE");
    if (job && step)
        return arena_printf(arena, "slurm-%s.%s.%s", job, step, again ? again : "0");
    return pmix ? arena_printf(arena, "pmix-%s", pmix) : NULL;
}

/* The first line of FOLDER/failed.txt is the launch that it is of. */
struct failure { int rank, status; char said[1024]; };

static bool read_failure(const struct sweep *s, struct failure *f)
{
    char launch[1024];
    FILE *file = fopen(s->failures, "r");
    bool good = file && fscanf(file, "%1023s %d %d ", launch, &f->rank, &f->status) == 3 &&
                fgets(f->said, sizeof f->said, file) && strcmp(launch, s->launch) == 0;
    if (file)
        fclose(file);
    if (good)
        f->said[strcspn(f->said, "\n")] = 0;
    return good;
}

/* What lies there of this rank is of an earlier launch by the same name. */
static void watch_failures(struct sweep *s)
{
    struct failure f;
    s->launch = s->ranks.count > 1 ? find_launch(s->arena) : NULL;
    s->failures = arena_printf(s->arena, "%s/failed.txt", s->request.folder);
    if (s->launch && read_failure(s, &f) && f.rank == s->ranks.number)
        remove(s->failures);
}

static void tell_others(struct sweep *s, int number, const char *what, int status)
{
    enum { NAME = 64 };
    char machine[NAME] = "";
    struct inv_output out;
    if (!s->launch || s->elsewhere)
        return;
    /* invar-lint: allow machine because messages name the rank's machine */
    gethostname(machine, sizeof machine - 1);
    if (!inv_output_open(&out, s->failures, &s->errors))
        return;
    inv_output_print(&out, "%s\n%d %d\nrank %d of %d, on %s: %s %s\n", s->launch, s->ranks.number,
                     status, s->ranks.number, s->ranks.count, machine, title(s, number), what);
    inv_output_close(&out, NULL);
}

/* Whether a run failed in another sweep of this launch: then that is said, and what this one
 * trains ends. */
static bool failed_elsewhere(struct sweep *s)
{
    struct failure f;
    if (s->elsewhere || !s->launch || s->failed || process_signal() || !read_failure(s, &f) ||
        f.rank == s->ranks.number)
        return s->elsewhere;
    inv_error(&s->errors, "%s; so rank %d ends", f.said, s->ranks.number);
    s->elsewhere = f.status;
    s->failed = true;
    for (int i = 0; i < s->running; i++)
        kill(s->job[i].process, SIGTERM);
    return true;
}

/* ---- the folder ---- */

/* All outputs of a run are the sweep's, and each run trains. */
static bool known_options(struct sweep *s)
{
    const char *other = words_any(s->request.rest_count, s->request.rest,
                                  WORDS_USE | WORDS_OUTPUT | WORDS_RUN);
    if (other)
        inv_error(&s->errors, "%s is of one run, and a sweep is of many; use it with invar run",
                  other);
    return !other;
}

/* Whether the file has that text and nothing behind it. */
static bool holds(FILE *file, const struct text *text)
{
    size_t at = 0;
    int c;
    while ((c = fgetc(file)) != EOF && at < text->size && c == (unsigned char)text->data[at])
        at++;
    return c == EOF && at == text->size;
}

/* The trainer's options decide over bits, too: a folder is of one set of them. */
static bool same_options(struct sweep *s)
{
    const char *path = arena_printf(s->arena, "%s/options.txt", s->request.folder);
    struct text text;
    struct inv_output out;
    text_init(&text, s->arena);
    text_puts(&text, "");
    for (int i = 1; i < s->request.rest_count; i++)
        text_printf(&text, "%s\n", s->request.rest[i]);
    FILE *file = fopen(path, "rb");
    if (file) {
        bool same = holds(file, &text);
        fclose(file);
        if (same)
            return true;
        inv_error(&s->errors, "%s: is of a sweep with other options of the trainer: see "
                  "options.txt there; name another folder: -o FOLDER", s->request.folder);
        return false;
    }
    if (!inv_output_open(&out, path, &s->errors))
        return false;
    inv_output_write(&out, text.data, text.size);
    return inv_output_close(&out, NULL);
}

static bool make_folder(struct sweep *s)
{
    if (mkdir(s->request.folder, 0777) == 0 || errno == EEXIST)
        return same_options(s);
    inv_error(&s->errors, "%s: cannot make the folder: %s", s->request.folder, strerror(errno));
    return false;
}

static bool read_jobs(struct sweep *s)
{
    const char *end = s->request.jobs;
    uint64_t jobs = 1;
    bool good = !end || (inv_decimal_whole(&end, PROCESSES_MAX, &jobs) && !*end && jobs > 0);
    if (!good)
        inv_error(&s->errors, "--jobs %s: a whole number from 1 to %d expected", s->request.jobs,
                  PROCESSES_MAX);
    s->jobs = (int)jobs;
    return good;
}

struct sweep *sweep_new(struct arena *arena, const struct sweep_request *request)
{
    struct sweep *s = ARENA_NEW(arena, struct sweep);
    s->arena = arena;
    s->request = *request;
    s->errors = (struct inv_errors){.to = stderr, .program = "invar sweep: "};
    s->ranks = inv_ranks_started();
    inv_ranks_forget();
    if (s->ranks.number > 0 && !freopen("/dev/null", "w", stdout))
        return NULL;
    if (!read_jobs(s) || !make_grid(s) || !known_options(s) || !names_differ(s) || !make_folder(s))
        return NULL;
    s->outcome = ARENA_ARRAY(arena, struct outcome, s->runs + 1);
    watch_failures(s);
    return s;
}

/* ---- a run ---- */

/* What runs are compared by: the result that `keep best` names, else the loss of the val part, or
 * that of training. */
static void choose_result(struct sweep *s, const struct program *program, const struct run *run)
{
    const char *keep = program->train.keep_best;
    s->result = keep ? arena_strdup(s->arena, keep)
                : run_series(run, BY_EPOCH, "val.loss") ? "val.loss"
                                                        : "loss";
    s->lower = true;
    for (int i = 0; i < program->report_count; i++)
        if (keep && !strcmp(keep + strlen("val."), program->report[i].name))
            s->lower = program->report[i].better_lower;
}

static double result_of(const struct sweep *s, const struct run *run)
{
    const struct series *series = run_series(run, BY_EPOCH, s->result);
    for (int i = 0; i < run->other_count; i++) {
        const struct member *m = entry_find(&run->other[i], s->result);
        if (entry_find(&run->other[i], "kept_epoch") && m && member_is_number(m))
            return m->value[0];
    }
    return series ? series->y[series->count - 1] : (double)NAN;
}

static const struct entry *test_line(const struct run *run)
{
    for (int i = 0; i < run->other_count; i++)
        for (int k = 0; k < run->other[i].count; k++)
            if (!strncmp(run->other[i].member[k].key, "test.", 5))
                return &run->other[i];
    return NULL;
}

/* Whether a trainer of the program would write that log's first line. */
static bool is_of(const struct run *run, const struct program *program)
{
    char numerics[16];
    snprintf(numerics, sizeof numerics, "%d", INV_NUMERICS);
    return !strcmp(run_fact(run, "model"), program->name) &&
           !strcmp(run_fact(run, "model_sha256"), program->model_sha256) &&
           !strcmp(run_fact(run, "numerics"), numerics);
}

/* Whether the log is there, of this model, and of a run that came to its end, or to a loss that is
 * not finite. */
static bool take_log(struct sweep *s, struct outcome *o, const struct program *program,
                     struct inv_errors *errors)
{
    struct run *run = ARENA_NEW(s->arena, struct run);
    const char *path = file_of(s, o->number, "jsonl");
    if (access(path, F_OK) || !run_read(s->arena, errors, path, run) || !is_of(run, program) ||
        !(run->weights || run->not_finite))
        return false;
    if (run->not_finite) {
        o->status = INV_NOT_FINITE;
        return true;
    }
    choose_result(s, program, run);
    o->trained = true;
    o->value = result_of(s, run);
    o->epochs = run->epoch_count;
    o->weights = run->weights;
    o->test = test_line(run);
    return true;
}

static bool is_there(struct sweep *s, struct outcome *o, const struct program *program)
{
    struct inv_errors silent = {.to = fopen("/dev/null", "w")};
    bool there = silent.to && take_log(s, o, program, &silent);
    if (silent.to)
        fclose(silent.to);
    return there;
}

/* ---- runs at a time ---- */

/* Trainers share out the processors, unless the user says how many threads one has. */
static const char *threads_of(const struct sweep *s)
{
    int threads = inv_ranks_threads(&s->ranks) / s->jobs;
    if ((s->jobs == 1 && s->ranks.near == 1) ||
        words_find(s->request.rest_count, s->request.rest, "--threads") >= 0)
        return NULL;
    return arena_printf(s->arena, "--threads=%d", threads > 1 ? threads : 1);
}

/* The trainer of one run, which tells its log alone. */
static int train(struct sweep *s, int number, const struct program *program,
                 const struct build_options *options)
{
    int count = s->request.rest_count;
    char **word = calloc((size_t)count + 8, sizeof *word);
    const char *threads = threads_of(s);
    if (!word || !freopen("/dev/null", "w", stdout))
        return 1;
    memcpy(word, s->request.rest, sizeof *word * (size_t)count);
    if (threads)
        word[count++] = arena_strdup(s->arena, threads);
    const char *own[] = {"--quiet", "--log", file_of(s, number, "jsonl"), "--weights",
                         file_of(s, number, "safetensors"),
                         s->request.seeds ? "--seed" : NULL,
                         s->request.seeds ? value_at(s, number, s->axes - 1) : NULL};
    for (size_t i = 0; i < sizeof own / sizeof *own && own[i]; i++)
        word[count++] = arena_strdup(s->arena, own[i]);
    return build_run(program, count, word, options);
}

/* Waits until the trainer is compiled: what a child holds of the pipe ends when it becomes that.
 * So the next of the same program finds it in the cache. */
static void wait_for_trainer(const int end[2])
{
    char byte;
    close(end[1]);
    while (read(end[0], &byte, 1) < 0 && errno == EINTR)
        ;
    close(end[0]);
}

/* Of several at a time what each says of errors is kept until its line is printed. */
static bool start(struct sweep *s, struct job *job, const struct build_options *options)
{
    int end[2];
    job->said = s->jobs > 1 ? tmpfile() : NULL;
    if ((s->jobs > 1 && !job->said) || pipe2(end, O_CLOEXEC)) {
        inv_error(&s->errors, "cannot start a run: %s", strerror(errno));
        return false;
    }
    job->process = process_begin();
    if (job->process == 0) {
        if (job->said && dup2(fileno(job->said), STDERR_FILENO) < 0)
            exit(1);
        exit(train(s, job->number, job->program, options));
    }
    wait_for_trainer(end);
    return job->process > 0;
}

static const char *read_said(struct sweep *s, FILE *file)
{
    struct text text;
    char part[4096];
    text_init(&text, s->arena);
    text_puts(&text, "");
    rewind(file);
    for (size_t n; (n = fread(part, 1, sizeof part, file)) > 0;)
        text_add(&text, part, n);
    fclose(file);
    return text.data;
}

static bool ends_sweep(int status)
{
    return status != INV_OK && status != INV_NOT_FINITE;
}

/* The run has come to that status; those behind one that failed are in vain. */
static void end(struct sweep *s, struct job *job, int status)
{
    struct outcome *o = &s->outcome[job->number];
    o->said = job->said ? read_said(s, job->said) : "";
    if (status == INV_OK && !take_log(s, o, job->program, &s->errors))
        status = 1;
    o->status = status;
    o->done = true;
    arena_free(job->program->arena);
    *job = s->job[--s->running];
    s->failed |= ends_sweep(status);
    if (ends_sweep(status))
        tell_others(s, o->number, arena_printf(s->arena, "failed with status %d", status), status);
    for (int i = 0; i < s->running && ends_sweep(status); i++)
        if (s->job[i].number > o->number)
            kill(s->job[i].process, SIGTERM);
}

static void print_line(const struct sweep *s, const struct outcome *o)
{
    fputs(o->said, stderr);
    printf("%d/%d  %s  ", o->number + 1, s->runs, title(s, o->number));
    if (o->trained)
        printf("%s %.6g  sha256 %s%s\n", s->result, o->value, o->weights,
               o->there ? "  (there already)" : "");
    else
        printf("failed with status %d\n", o->status);
    fflush(stdout);
}

/* The lines of runs that are done, up to one that ends the sweep, or is not done here; those that
 * others train do not hold them up. */
static void print_lines(struct sweep *s)
{
    for (int i = s->printed; i < s->runs && !ends_sweep(s->status) && !s->elsewhere; i++) {
        struct outcome *o = &s->outcome[i];
        if (!o->done && s->ranks.count == 1)
            return;
        if (o->done && !o->told) {
            print_line(s, o);
            s->status = s->status == INV_OK || ends_sweep(o->status) ? o->status : s->status;
            o->told = true;
        }
        s->printed += i == s->printed && o->told;
    }
}

/* Waits for one of those that train. */
static void wait_for_one(struct sweep *s)
{
    int status = 1, i = 0;
    pid_t process;
    for (useconds_t pause = SOON; (process = process_end_any(&status, !s->launch)) == 0;
         pause = pause < LATE ? 2 * pause : pause) {
        failed_elsewhere(s);
        usleep(pause);
    }
    while (i < s->running - 1 && s->job[i].process != process)
        i++;
    end(s, &s->job[i], status);
    print_lines(s);
}

/* Whether a run of that title does, where the grid has one twice. */
static bool trains(const struct sweep *s, const char *name)
{
    for (int i = 0; i < s->running; i++)
        if (!strcmp(title(s, s->job[i].number), name))
            return true;
    return false;
}

bool sweep_begin(struct sweep *s, int number, struct program *program,
                 const struct build_options *options)
{
    struct outcome *o = &s->outcome[number];
    *o = (struct outcome){.number = number, .said = ""};
    while (trains(s, title(s, number)))
        wait_for_one(s);
    o->there = o->done = is_there(s, o, program);
    struct job *job = &s->job[s->running];
    *job = (struct job){.number = number, .program = program};
    s->running += !o->there;
    if (o->there)
        arena_free(program->arena);
    else if (!start(s, job, options))
        end(s, job, 1);
    print_lines(s);
    while (s->running == s->jobs)
        wait_for_one(s);
    return !failed_elsewhere(s) && !s->failed && !process_signal();
}

/* ---- runs of several sweeps ---- */

bool sweep_begins(const struct sweep *s, int number)
{
    return s->rank[number] == s->ranks.number;
}

bool sweep_gets(const struct sweep *s, int number)
{
    return s->ranks.number == 0 && !sweep_begins(s, number);
}

/* As is_there; but memory that looking takes is kept only where it is. */
static bool is_there_now(struct sweep *s, struct outcome *o, const struct program *program)
{
    struct arena *arena = s->arena;
    s->arena = arena_new();
    bool there = is_there(s, o, program);
    arena_free(s->arena);
    s->arena = arena;
    return there && is_there(s, o, program);
}

bool sweep_get(struct sweep *s, int number, struct program *program)
{
    struct outcome *o = &s->outcome[number];
    *o = (struct outcome){.number = number, .said = ""};
    for (useconds_t pause = SOON; !(o->done = is_there_now(s, o, program)) && !process_signal() &&
                                  !failed_elsewhere(s);
         pause = pause < LATE ? 2 * pause : pause)
        usleep(pause);
    arena_free(program->arena);
    print_lines(s);
    return o->done;
}

int sweep_wait(struct sweep *s)
{
    while (s->running > 0)
        wait_for_one(s);
    if (process_signal() && s->printed < s->runs && !ends_sweep(s->status))
        return 128 + process_signal();
    return s->elsewhere ? s->elsewhere : s->status;
}

void sweep_refuse(struct sweep *s, int number)
{
    tell_others(s, number, "cannot be compiled", 1);
}

/* ---- the table ---- */

static bool is_better(const struct outcome *a, const struct outcome *b, bool lower)
{
    if (a->trained != b->trained)
        return a->trained;
    if (isnan(a->value) || isnan(b->value))
        return !isnan(a->value);
    return lower ? a->value < b->value : a->value > b->value;
}

/* Better ones first, equal ones in the order of the grid. */
static void sort_outcomes(struct sweep *s)
{
    for (int i = 1; i < s->runs; i++) {
        struct outcome o = s->outcome[i];
        int at = i;
        for (; at > 0 && is_better(&o, &s->outcome[at - 1], s->lower); at--)
            s->outcome[at] = s->outcome[at - 1];
        s->outcome[at] = o;
    }
}

static void print_cell(struct inv_output *out, const char *text)
{
    if (!strpbrk(text, ",\"\n")) {
        inv_output_print(out, "%s,", text);
        return;
    }
    inv_output_print(out, "\"");
    for (; *text; text++)
        inv_output_print(out, *text == '"' ? "\"\"" : "%c", *text);
    inv_output_print(out, "\",");
}

/* The names of the numbers of the test part, which all runs have, or those of one run; a run that
 * failed has none. */
static void print_test(struct inv_output *out, const struct entry *all, const struct outcome *o)
{
    for (int i = 0; all && i < all->count; i++) {
        const struct member *m = &all->member[i];
        if (strncmp(m->key, "test.", 5) || !member_is_number(m))
            continue;
        const struct member *own = o && o->test ? entry_find(o->test, m->key) : NULL;
        if (!o)
            print_cell(out, m->key);
        else if (own && member_is_number(own))
            inv_output_print(out, "%.9g,", own->value[0]);
        else
            print_cell(out, "");
    }
}

static void print_outcome(struct sweep *s, struct inv_output *out, const struct outcome *o)
{
    for (int a = 0; a < s->axes; a++)
        print_cell(out, value_at(s, o->number, a));
    if (o->trained)
        inv_output_print(out, "%.9g,", o->value);
    else
        print_cell(out, "");
    print_test(out, s->outcome[0].test, o);
    if (o->trained)
        inv_output_print(out, "%" PRId64 ",%s\n", o->epochs, o->weights);
    else
        inv_output_print(out, ",\n");
}

int sweep_end(struct sweep *s, int status)
{
    if (s->ranks.number > 0)
        return 0;
    const char *path = arena_printf(s->arena, "%s/sweep.csv", s->request.folder);
    struct inv_output out;
    remove(s->failures);
    sort_outcomes(s);
    if (!inv_output_open(&out, path, &s->errors))
        return 1;
    for (int i = 0; i < s->axes; i++)
        print_cell(&out, s->axis[i].name);
    print_cell(&out, s->result ? s->result : "result");
    print_test(&out, s->outcome[0].test, NULL);
    inv_output_print(&out, "epochs,sha256\n");
    for (int i = 0; i < s->runs; i++)
        print_outcome(s, &out, &s->outcome[i]);
    if (!inv_output_close(&out, NULL))
        return 1;
    printf("table %s\n", path);
    return status;
}
