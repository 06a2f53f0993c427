#include "infer.h"
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "core/selftest.h"
#include "array.h"
#include "decimal.h"
#include "describe.h"
#include "ending.h"
#include "environment.h"
#include "json_rows.h"
#include "pool.h"
#include "predictions.h"
#include "session.h"
#include "suggest.h"
#include "variable.h"

struct ask {
    struct inv_session s;               /* its options: those of predicting */
    const struct inv_trained *trained;
    const char *from;                   /* --from, or NULL */
    int describe;
    unsigned char **cells;              /* of each field, a batch: what is read from arrays */
};

/* ---- options ---- */

enum kind { FLAG, TEXT, COUNT };

static const struct {
    const char *name, *value;
    enum kind kind;
    size_t place;                       /* in struct ask */
    const char *help;
} table[] = {
    { "from", "KIND", TEXT, offsetof(struct ask, from),
      "npy or jsonl, where columns have no names: FILE holds inputs (as its name ends)" },
    { "output", "OUT", TEXT, offsetof(struct ask, s.options.output),
      "-o, where predictions go (standard output)" },
    { "format", "KIND", TEXT, offsetof(struct ask, s.options.format),
      "of predictions: csv, npy or jsonl (as the name of -o ends, else csv)" },
    { "keep", "NAME,...", TEXT, offsetof(struct ask, s.options.keep),
      "columns of FILE, a table, to copy before the predictions" },
    { "weights", "W", TEXT, offsetof(struct ask, s.options.weights),
      "other weights of the same model in place of those inside" },
    { "threads", "N", COUNT, offsetof(struct ask, s.options.threads),
      "threads (all processors); the bits are the same" },
    { "describe", NULL, FLAG, offsetof(struct ask, describe),
      "print inputs and outputs as JSON" },
    { "selftest", NULL, FLAG, offsetof(struct ask, s.options.selftest),
      "check that this machine computes as it must" },
    { "help", NULL, FLAG, offsetof(struct ask, s.options.help), "this text" },
};
enum { OPTIONS = sizeof table / sizeof table[0] };

static void help(const char *program, const char *model)
{
    printf("usage: %s [FILE] [options]\nPredictions of model %s for the rows of FILE, or of "
           "standard input.\n\n", program, model);
    for (int i = 0; i < OPTIONS; i++) {
        char head[32];
        snprintf(head, sizeof head, "--%s %s", table[i].name,
                 table[i].value ? table[i].value : "");
        printf("  %-16s %s\n", head, table[i].help);
    }
    printf("\nExit status: 0 done, 1 data or file error, 2 usage, 4 this machine or build fails "
           "its self-test.\n");
}

static int find_option(const char *name, size_t length)
{
    for (int i = 0; i < OPTIONS; i++)
        if (strlen(table[i].name) == length && strncmp(table[i].name, name, length) == 0)
            return i;
    return -1;
}

static void report_unknown(struct ask *a, const char *argument)
{
    const char *names[OPTIONS];
    for (int i = 0; i < OPTIONS; i++)
        names[i] = table[i].name;
    char *own = inv_text("%.*s", (int)strcspn(argument, "="), argument);
    const char *near = inv_suggest(own, names, OPTIONS);
    inv_error(&a->s.errors, "unknown option --%s; %s%s%s", own,
              near ? "did you mean --" : "--help lists them", near ? near : "", near ? "?" : "");
    free(own);
}

static void set_option(struct ask *a, int option, const char *value)
{
    char *place = (char *)a + table[option].place;
    uint64_t count;
    const char *end = value;
    if (table[option].kind == FLAG)
        memcpy(place, &(int){ 1 }, sizeof(int));
    else if (table[option].kind == TEXT)
        memcpy(place, &value, sizeof value);
    else if (inv_decimal_whole(&end, INT32_MAX, &count) && !*end && count > 0)
        memcpy(place, &(int64_t){ (int64_t)count }, sizeof(int64_t));
    else
        inv_error(&a->s.errors, "--%s %s: a whole number from 1 on expected", table[option].name,
                  value);
}

/* The option at argv[*i] and its value, which may be the word after. */
static void read_option(struct ask *a, char **argv, int *i)
{
    const char *name = strcmp(argv[*i], "-o") == 0   ? "output"
                       : strcmp(argv[*i], "-h") == 0 ? "help"
                                                     : argv[*i] + 2;
    size_t length = strcspn(name, "=");
    int option = strncmp(argv[*i], "--", 2) == 0 || name != argv[*i] + 2
                     ? find_option(name, length) : -1;
    const char *value = name[length] ? name + length + 1 : NULL;
    if (option < 0) {
        report_unknown(a, name);
        return;
    }
    if (table[option].kind != FLAG && !value)
        value = argv[++*i];
    if ((table[option].kind == FLAG) != (value == NULL)) {
        inv_error(&a->s.errors, table[option].kind == FLAG ? "--%s takes no value"
                                                           : "--%s needs a value",
                  table[option].name);
        *i -= value == NULL;            /* what ends the list is not passed over */
        return;
    }
    set_option(a, option, value);
}

static int read_options(struct ask *a, char **argv)
{
    struct inv_options *o = &a->s.options;
    for (int i = 1; argv[i] && a->s.errors.count == 0; i++) {
        if (argv[i][0] == '-' && argv[i][1])
            read_option(a, argv, &i);
        else if (o->predict)
            inv_error(&a->s.errors, "one file at a time; %s is one more", argv[i]);
        else
            o->predict = argv[i];
    }
    o->predict = o->predict ? o->predict : "-";
    return a->s.errors.count == 0;
}

/* ---- rows from arrays ---- */

static void make_cells(struct ask *a)
{
    const struct inv_model *model = a->s.model;
    a->cells = inv_allocate((size_t)(model->data.field_count + 1) * sizeof *a->cells);
    for (int f = 0; f < model->data.field_count; f++)
        a->cells[f] = inv_allocate((size_t)model->batch *
                                   inv_variable_bytes(inv_answer_cells(model, f)));
}

static void free_cells(struct ask *a)
{
    for (int f = 0; a->cells && f < a->s.model->data.field_count; f++)
        free(a->cells[f]);
    free(a->cells);
}

/* The rows that come next: what a reader of arrays does for the row of that slot. */
struct reader {
    struct ask *ask;
    int (*next)(struct reader *, int64_t slot); /* 1; 0: no more; -1 after an error */
    struct inv_json_rows json;
    struct inv_array array;
    int64_t elements;                   /* of all inputs */
    unsigned char *row;                 /* of the array */
};

static int next_json(struct reader *r, int64_t slot)
{
    const struct inv_model *model = r->ask->s.model;
    unsigned char **at = inv_allocate((size_t)(model->data.field_count + 1) * sizeof *at);
    for (int f = 0; f < model->data.field_count; f++)
        at[f] = r->ask->cells[f] + (size_t)slot * inv_variable_bytes(inv_answer_cells(model, f));
    int status = inv_json_rows_next(&r->json, at);
    free(at);
    return status;
}

/* A row holds the cells of all inputs, one after the other. */
static int next_array(struct reader *r, int64_t slot)
{
    const struct inv_model *model = r->ask->s.model;
    int at = 0;
    int64_t from = 0;
    int one = inv_answer_input(model, &at);
    enum inv_dtype dtype = inv_answer_cells(model, one)->dtype;
    int status = inv_array_next(&r->array, dtype, r->row);
    at = 0;
    for (int f; status > 0 && (f = inv_answer_input(model, &at)) >= 0;) {
        size_t bytes = inv_variable_bytes(inv_answer_cells(model, f));
        memcpy(r->ask->cells[f] + (size_t)slot * bytes, r->row + 4 * from, bytes);
        from += (int64_t)bytes / 4;
    }
    return status;
}

static int predict_batch(struct ask *a, struct inv_answer *answer, int64_t first, int64_t rows)
{
    int at = 0;
    for (int f; (f = inv_answer_input(a->s.model, &at)) >= 0;)
        if (!inv_answer_put(answer, f, a->cells[f], first, rows))
            return 0;
    return inv_answer_run(answer, first, rows);
}

static int predict_rows(struct reader *r, struct inv_answer *answer, struct inv_predictions *p)
{
    int64_t batch = r->ask->s.model->batch, first = 0;
    for (int status = 1; status > 0;) {
        int64_t rows = 0;
        while (rows < batch && (status = r->next(r, rows)) > 0)
            rows++;
        if (status < 0 || (rows > 0 && !predict_batch(r->ask, answer, first, rows)))
            return 0;
        for (int64_t i = 0; i < rows; i++)
            inv_predictions_row(p, answer->run.arena, i, NULL);
        first += rows;
    }
    return r->ask->s.errors.count == 0;
}

/* An array of one input, or, where all are numbers or all are classes, of several side by side. */
static int open_array(struct reader *r, const char *path)
{
    struct inv_session *s = &r->ask->s;
    const struct inv_file file = { .name = "", .path = path, .kind = INV_NPY };
    int at = 0, first = inv_answer_input(s->model, &at);
    const struct inv_variable *v = inv_answer_cells(s->model, first);
    r->elements = inv_variable_elements(v);
    for (int f; (f = inv_answer_input(s->model, &at)) >= 0;) {
        const struct inv_variable *next = inv_answer_cells(s->model, f);
        r->elements += inv_variable_elements(next);
        if (next->dtype == v->dtype)
            continue;
        inv_error(&s->errors, "%s: inputs %s and %s are of different types, which one array cannot "
                  "hold; give JSON lines: --from jsonl", path, s->model->data.field[first].name,
                  s->model->data.field[f].name);
        return 0;
    }
    if (!inv_array_open(&r->array, &file, path, v->rank, v->dim, &s->errors))
        return 0;
    if (r->array.row_cells == r->elements) {
        r->row = inv_allocate((size_t)r->elements * 4);
        return 1;
    }
    inv_error(&s->errors, "%s: a row has %lld elements, and the inputs of model %s have %lld", path,
              (long long)r->array.row_cells, s->model->name, (long long)r->elements);
    return 0;
}

static int predict_arrays(struct ask *a, const char *from, struct inv_predictions *p)
{
    struct inv_session *s = &a->s;
    int json = strcmp(from, "jsonl") == 0;
    struct reader r = { .ask = a, .next = json ? next_json : next_array,
        .json = { .model = s->model, .fitted = &s->data.fitted, .errors = &s->errors } };
    struct inv_answer answer = { .model = s->model, .fitted = &s->data.fitted,
                                 .errors = &s->errors, .run = s->run };
    const char *path = s->options.output ? s->options.output : "-";
    r.array.own.file = r.json.stream.file = -1;
    make_cells(a);
    inv_answer_begin(&answer);
    int good = (json ? inv_json_rows_open(&r.json, s->options.predict)
                     : open_array(&r, s->options.predict)) &&
               inv_predictions_open(p, path, &s->errors);
    if (good)
        good = inv_predictions_close(p, predict_rows(&r, &answer, p));
    inv_answer_end(&answer);
    if (json)
        inv_json_rows_close(&r.json);
    else
        inv_array_close(&r.array, NULL);
    free(r.row);
    free_cells(a);
    return good;
}

/* ---- both ---- */

static int ends_with(const char *text, const char *end)
{
    size_t size = strlen(text), tail = strlen(end);
    return size >= tail && strcmp(text + size - tail, end) == 0;
}

/* Whether cells of inputs are found by the names of columns, which the training's files had. */
static int has_columns(const struct ask *a)
{
    const struct inv_fitted *fitted = &a->s.data.fitted;
    int at = 0, found = 0;
    for (int f; (f = inv_answer_input(a->s.model, &at)) >= 0;)
        found |= fitted->field && fitted->field[f].columns > 0;
    return found;
}

/* "npy" or "jsonl" where inputs are read by themselves; NULL: as invar predict reads FILE, which of
 * tables sees by the first bytes whether it is CSV, JSON lines or NPY. */
static const char *kind_of(const struct ask *a)
{
    const char *path = a->s.options.predict;
    const char *from = a->from ? a->from : ends_with(path, ".npy") ? "npy"
                       : ends_with(path, ".jsonl") || ends_with(path, ".ndjson") ? "jsonl" : "";
    int table = a->s.model->data.kind == INV_CSV;
    if (has_columns(a) || !*from || (strcmp(from, "npy") == 0 && table))
        return NULL;
    return from;
}

/* What is wrong before the weights are read. */
static int options_fit(struct ask *a)
{
    struct inv_session *s = &a->s;
    const struct inv_options *o = &s->options;
    if (strcmp(o->predict, "-") != 0 && access(o->predict, R_OK) != 0)
        inv_error(&s->errors, "%s: cannot be read: %s", o->predict, strerror(errno));
    else if (a->from && strcmp(a->from, "npy") != 0 && strcmp(a->from, "jsonl") != 0)
        inv_error(&s->errors, "--from %s: npy or jsonl expected", a->from);
    else if (inv_format_of(o->format, o->output) < 0)
        inv_error(&s->errors, "--format %s: csv, npy or jsonl expected", o->format);
    else
        return 1;
    return 0;
}

static int predict(struct ask *a)
{
    struct inv_session *s = &a->s;
    const struct inv_options *o = &s->options;
    const char *from = kind_of(a);
    struct inv_predictions p = { .model = s->model, .fitted = &s->data.fitted,
                                 .format = (enum inv_format)inv_format_of(o->format, o->output) };
    if (a->from && has_columns(a))
        inv_error(&s->errors, "--from %s: the columns of model %s have names, and what a file with "
                  "these holds is seen by its first bytes; leave --from out", a->from,
                  s->model->name);
    else if (o->keep && from)
        inv_error(&s->errors, "--keep copies columns of a table, and %s is none", o->predict);
    if (s->errors.count > 0)
        return INV_BAD_USAGE;
    if (!from)
        return inv_predict(s);
    int good = predict_arrays(a, from, &p);
    inv_predictions_free(&p);
    return good ? INV_OK : INV_BAD_DATA;
}

static int check_machine(struct ask *a)
{
    const char *why = inv_selftest();
    if (!why)
        why = a->s.model->selftest();
    if (why)
        inv_error(&a->s.errors, "self-test: %s", why);
    return why ? INV_UNTRUSTED : INV_OK;
}

static int work(struct ask *a)
{
    struct inv_session *s = &a->s;
    char digest[65];
    if (!inv_trained_load(a->trained, s->options.weights, s->model, s->run.arena, &s->data.fitted,
                          digest, &s->errors))
        return INV_BAD_DATA;
    if (s->options.selftest) {
        printf("self-test passed: numerics %u, level %s\n", s->model->numerics, s->model->level);
        return INV_OK;
    }
    if (!a->describe)
        return predict(a);
    char *text = inv_describe(s->model, &s->data.fitted, digest);
    puts(text ? text : "{}");
    free(text);
    return text ? INV_OK : INV_BAD_DATA;
}

static int run_checked(void *ask)
{
    struct ask *a = ask;
    struct inv_session *s = &a->s;
    int status = check_machine(a);
    if (status != INV_OK)
        return status;
    s->run.pool = inv_pool_new(s->options.threads > 0 ? (int)s->options.threads
                                                      : inv_pool_processors(),
                               s->model->level, s->model->stack_bytes);
    s->data = (struct inv_dataset){ .model = s->model, .errors = &s->errors };
    inv_session_arena(s);
    status = work(a);
    if (fflush(stdout) != 0 && status == INV_OK) {
        inv_error(&s->errors, "standard output cannot be written");
        status = INV_BAD_DATA;
    }
    inv_dataset_free(&s->data);
    inv_pool_free(s->run.pool);
    free(s->memory);
    inv_errors_close(&s->errors);
    return status;
}

int inv_infer_main(int argc, char **argv, const struct inv_model *const *level,
                   const struct inv_trained *trained)
{
    struct ask a = { .s.errors.to = stderr, .trained = trained };
    (void)argc;
    inv_ending_watch();
    inv_environment_prepare();
    a.s.errors.progress = &a.s.progress;
    a.s.model = inv_environment_choose(level, &a.s.errors);
    if (!a.s.model || !inv_pool_accepts_cost(&a.s.errors) || !read_options(&a, argv))
        return INV_BAD_USAGE;
    a.s.out = stdout;
    if (a.s.options.help) {
        help(argv[0], a.s.model->name);
        return INV_OK;
    }
    if (!options_fit(&a))
        return INV_BAD_USAGE;
    int status = inv_pool_work(a.s.model->stack_bytes, run_checked, &a, &a.s.errors);
    return status < 0 ? INV_BAD_DATA : status;
}
