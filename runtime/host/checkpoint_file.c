#include "checkpoint_file.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "core/exact.h"
#include "decimal.h"
#include "device.h"
#include "digest.h"
#include "tensors.h"
#include "variable.h"

/* ---- the tensors ---- */

/* Those of a checkpoint, and what their names and shapes lie in. */
struct parts {
    struct inv_tensor *tensor;
    int64_t (*shape)[2];                /* of those that are no variable */
    int count;
};

static struct inv_tensor *add(struct parts *p, char *name, enum inv_dtype dtype, void *at)
{
    struct inv_tensor *t = &p->tensor[p->count++];
    *t = (struct inv_tensor){ .name = name, .dtype = dtype, .at = at };
    return t;
}

static void add_variable(struct parts *p, const char *prefix, const struct inv_variable *v,
                         unsigned char *arena)
{
    struct inv_tensor *t = add(p, inv_text("%s/%s", prefix, v->path), v->dtype, arena + v->offset);
    t->rank = v->rank;
    t->dim = v->dim;
}

/* rows of so many elements. */
static void add_rows(struct parts *p, char *name, enum inv_dtype dtype, void *at, int64_t rows,
                     int64_t elements)
{
    int64_t *shape = p->shape[p->count];
    struct inv_tensor *t = add(p, name, dtype, at);
    shape[0] = rows;
    shape[1] = elements;
    t->rank = 2;
    t->dim = shape;
}

/* Kinds of variables that live from step to step; blocks consist of parameters. */
static const struct { enum inv_kind kind; const char *prefix; } lasting[] = {
    { INV_PARAM, "parameter" }, { INV_BUFFER, "buffer" }, { INV_STATE, "state" },
    { INV_AVERAGE, "average" }, { INV_ACCUMULATOR, "total" },
};
enum { LASTING = sizeof lasting / sizeof *lasting };

static void add_watch(struct parts *p, const struct inv_model *model, struct inv_watch *w)
{
    if (w->report < 0)
        return;
    add(p, inv_copy_text("watch/best"), INV_F32, &w->best);
    add(p, inv_copy_text("watch/mark"), INV_F32, &w->mark);
    add(p, inv_copy_text("watch/epoch"), INV_I64, &w->epoch);
    add(p, inv_copy_text("watch/misses"), INV_I64, &w->misses);
    for (int i = 0; w->kept && i < model->variable_count; i++)
        if (inv_variable_is_saved(&model->variable[i]))
            add_variable(p, "best", &model->variable[i], w->kept);
}

/* Sorted by name.  rows: of the pass so far. */
static struct parts parts_of(const struct inv_checkpoint *c, int64_t rows)
{
    const struct inv_model *model = c->s->model;
    size_t most = (size_t)(2 * model->variable_count + 2 * model->ranking_count + 8);
    struct parts p = { .tensor = inv_allocate(most * sizeof *p.tensor),
                       .shape = inv_allocate(most * sizeof *p.shape) };
    for (int i = 0; i < model->variable_count; i++)
        for (int k = 0; k < LASTING; k++)
            if (model->variable[i].kind == lasting[k].kind)
                add_variable(&p, lasting[k].prefix, &model->variable[i], c->s->run.arena);
    add_watch(&p, model, c->watch);
    add_rows(&p, inv_copy_text("pass/sums"), INV_I64, c->pass->sum, model->report_count,
             INV_EXACT_WORDS);
    for (int i = 0; i < 2 * model->ranking_count; i++)
        add_rows(&p, inv_text("pass/ranking%d", i), INV_F32, c->pass->kept[i].value, rows,
                 inv_variable_elements(inv_ranking_variable(model, i)));
    inv_tensors_sort(p.tensor, p.count);
    return p;
}

static void free_parts(struct parts *p)
{
    for (int i = 0; i < p->count; i++)
        free((char *)(size_t)p->tensor[i].name);
    free(p->tensor);
    free(p->shape);
}

static int is_within_epoch(const struct inv_checkpoint *c, int64_t step)
{
    return step % c->order->per_epoch != 0;
}

/* Of the pass, as it goes on after that step. */
static int64_t rows_of(const struct inv_checkpoint *c, int64_t step)
{
    return is_within_epoch(c, step) ? c->pass->rows : 0;
}

/* ---- what it is of ---- */

enum note {
    SHA256, FORMAT, MODEL, MODEL_SHA256, NUMERICS, SEED, DATA_FILES, PARTS, INIT, EPOCH_STEPS,
    STEPS, ON_NAN, RECEIPT, GRADIENTS, STEP, ROWS, SKIPPED, CHAIN, NOTES
};

#define ZEROS "0000000000000000000000000000000000000000000000000000000000000000"
enum { SHA_DIGITS = sizeof ZEROS - 1 };

/* What two runs must agree in; `what` begins a message. */
static const struct {
    const char *key, *what;
    int may;                            /* differ, with --resume-anyway */
} known[NOTES] = {
    [SHA256] = { "sha256", NULL, 0 },
    [FORMAT] = { "format", "the format of checkpoints", 0 },
    [MODEL] = { "model", "the model's name", 0 },
    [MODEL_SHA256] = { "model_sha256", "the model (SHA-256 of its text, includes and -D values)",
                       1 },
    [NUMERICS] = { "numerics", "the version of numerics", 0 },
    [SEED] = { "seed", "the seed", 0 },
    [DATA_FILES] = { "data_files", "the data (SHA-256 of each file)", 0 },
    [PARTS] = { "parts", "the data (SHA-256 of files and parts of the rows)", 0 },
    [INIT] = { "init", "what it began with, by --init or 'load' (SHA-256 of each file)", 0 },
    [EPOCH_STEPS] = { "epoch_steps", "the number of steps in an epoch", 0 },
    [STEPS] = { "steps", "the number of steps", 1 },
    [ON_NAN] = { "on_nan", "--on-nan", 1 },
    [RECEIPT] = { "receipt", "--receipt, and how often it marks", 0 },
    [GRADIENTS] = { "gradients", "whether the trainer keeps gradients (--log-norms, "
                    "--check-gradients; its state lies otherwise)", 0 },
    [STEP] = { "step", NULL, 0 },       /* with rows and skipped steps of its epoch so far */
    [ROWS] = { "rows", NULL, 0 },
    [SKIPPED] = { "skipped", NULL, 0 },
    [CHAIN] = { "chain", NULL, 0 },     /* of the receipt: chain.h */
};

/* How often the receipt has marks beside those of epochs; "none" without one. */
static char *receipt_text(const struct inv_options *o)
{
    return !inv_options_chained(o)  ? inv_copy_text("none")
           : o->receipt_every > 0   ? inv_text("every %lld", (long long)o->receipt_every)
                                    : inv_copy_text("epochs");
}

static char *data_files(const struct inv_dataset *data)
{
    char *text = inv_copy_text("");
    for (int i = 0; i < data->read.count; i++) {
        char *longer = inv_text("%s%s%s", text, i ? " " : "", data->read.hash[i]);
        free(text);
        text = longer;
    }
    return text;
}

/* In new memory. */
static char *text_of(const struct inv_checkpoint *c, enum note note, int64_t step)
{
    const struct inv_model *model = c->s->model;
    switch (note) {
    case SHA256: return inv_copy_text(ZEROS);
    case FORMAT: return inv_copy_text("invar checkpoint 1");
    case MODEL: return inv_copy_text(model->name);
    case MODEL_SHA256: return inv_copy_text(model->sha256);
    case NUMERICS: return inv_text("%u%s", model->numerics, model->library ? " library" : "");
    case SEED: return inv_text("%llu", (unsigned long long)c->s->seed);
    case DATA_FILES: return data_files(&c->s->data);
    case PARTS: return inv_copy_text(c->s->data.fitted.parts);
    case INIT: return inv_loads_hashes(&c->s->loads);
    case EPOCH_STEPS: return inv_text("%lld", (long long)c->order->per_epoch);
    case STEPS: return inv_text("%lld", (long long)c->steps);
    case ON_NAN: return inv_copy_text(c->s->options.on_nan ? c->s->options.on_nan : "stop");
    case RECEIPT: return receipt_text(&c->s->options);
    case GRADIENTS: return inv_copy_text(model->shards > 0 ? "kept" : "not kept");
    case CHAIN:
        return inv_options_chained(&c->s->options) ? inv_chain_text(c->s) : inv_copy_text("");
    case ROWS: return inv_text("%lld", (long long)rows_of(c, step));
    case SKIPPED:
        return inv_text("%lld", is_within_epoch(c, step) ? (long long)c->pass->skipped : 0LL);
    default: return inv_text("%lld", (long long)step);
    }
}

/* ---- writing ---- */

/* The digits of sha256 stand behind these bytes, which all checkpoints begin with after 8. */
static const char seal[] = "{\"__metadata__\":{\"sha256\":\"";
enum { SEAL_AT = 8, DIGITS_AT = SEAL_AT + sizeof seal - 1, SEAL_END = DIGITS_AT + SHA_DIGITS };

static void pull(struct inv_session *s)
{
    for (int k = 0; k < LASTING; k++)
        inv_device_pull(s->model, &s->run, lasting[k].kind);
}

struct inv_snapshot {
    struct parts parts;
    struct inv_tensor_note note[NOTES];
    unsigned char *copy;                /* what the tensors are of; NULL: the run's own memory */
};

static void begin_snapshot(struct inv_snapshot *shot, const struct inv_checkpoint *c, int64_t step)
{
    pull(c->s);
    *shot = (struct inv_snapshot){ .parts = parts_of(c, rows_of(c, step)) };
    for (int n = 0; n < NOTES; n++)
        shot->note[n] = (struct inv_tensor_note){ (char *)(size_t)known[n].key,
                                                  text_of(c, (enum note)n, step) };
}

static void end_snapshot(struct inv_snapshot *shot)
{
    for (int n = 0; n < NOTES; n++)
        free(shot->note[n].value);
    free_parts(&shot->parts);
    free(shot->copy);
}

/* With zeros in the place of its digest, which is what is hashed. */
static void write_snapshot(const struct inv_snapshot *shot, struct inv_output *out, char digest[65])
{
    inv_tensors_write(out, shot->parts.tensor, shot->parts.count, shot->note, NOTES);
    inv_output_digest(out, digest);
}

void inv_checkpoint_digest(const struct inv_checkpoint *c, int64_t step, char digest[65])
{
    struct inv_output out;
    struct inv_snapshot shot;
    inv_output_open_nowhere(&out);
    begin_snapshot(&shot, c, step);
    write_snapshot(&shot, &out, digest);
    end_snapshot(&shot);
}

struct inv_snapshot *inv_checkpoint_copy(const struct inv_checkpoint *c, int64_t step)
{
    struct inv_snapshot *shot = inv_allocate(sizeof *shot);
    size_t bytes = 0;
    begin_snapshot(shot, c, step);
    for (int i = 0; i < shot->parts.count; i++)
        bytes += inv_tensor_size(&shot->parts.tensor[i]);
    unsigned char *to = shot->copy = malloc(bytes ? bytes : 1);
    for (int i = 0; to && i < shot->parts.count; i++) {
        struct inv_tensor *t = &shot->parts.tensor[i];
        size_t size = inv_tensor_size(t);
        if (size > 0)
            memcpy(to, t->at, size);
        t->at = to;
        to += size;
    }
    return shot;
}

int inv_snapshot_is_copy(const struct inv_snapshot *shot)
{
    return shot->copy != NULL;
}

int inv_snapshot_write(struct inv_snapshot *shot, const char *path, int older,
                       struct inv_errors *errors)
{
    struct inv_output out;
    char digest[65];
    int good = inv_output_open(&out, path, errors);
    if (good) {
        write_snapshot(shot, &out, digest);
        inv_output_amend(&out, DIGITS_AT, digest, SHA_DIGITS);
        out.older = older;
        good = inv_output_close(&out, NULL);
    }
    end_snapshot(shot);
    free(shot);
    return good;
}

/* ---- is it one, and is it sound? ---- */

static int is_sealed(const char *head, size_t size)
{
    return size >= SEAL_END && memcmp(head + SEAL_AT, seal, sizeof seal - 1) == 0;
}

const struct inv_output_sign inv_checkpoint_sign = { "checkpoint", is_sealed };

char *inv_checkpoint_damage(FILE *file)
{
    char head[SEAL_END], digest[65];
    struct inv_sha256 sha;
    rewind(file);
    size_t got = fread(head, 1, sizeof head, file);
    if (ferror(file))
        return inv_text("cannot be read: %s", strerror(errno));
    if (!is_sealed(head, got))
        return inv_copy_text("is no checkpoint, or is damaged; weights are for --init");
    inv_sha256_init(&sha);
    inv_sha256_update(&sha, head, DIGITS_AT);
    inv_sha256_update(&sha, ZEROS, SHA_DIGITS);
    if (!inv_digest_rest(file, &sha, digest))
        return inv_text("cannot be read: %s", strerror(errno));
    if (memcmp(digest, head + DIGITS_AT, SHA_DIGITS) == 0)
        return NULL;
    return inv_copy_text("is damaged or cut short: its SHA-256 is not the one that it says");
}

/* ---- is it of this run? ---- */

/* The file of data that differs first, where both have the same number of them. */
static char *differing_file(const struct inv_dataset *data, const char *a, const char *b)
{
    size_t length = strlen(a);
    if (length == strlen(b) && length > 0 && length == (size_t)data->read.count * 65 - 1)
        for (int i = 0; i < data->read.count; i++)
            if (memcmp(a + 65 * i, b + 65 * i, 64) != 0)
                return inv_text("the data file %s (SHA-256 %.8s... and %.8s...)",
                                data->read.path[i], a + 65 * i, b + 65 * i);
    return NULL;
}

/* Says that the checkpoint has `a` where this run has `b`; whether that is an error. */
static int report(const struct inv_checkpoint *c, const char *path, enum note note, const char *a,
                  const char *b)
{
    char *file = note == DATA_FILES ? differing_file(&c->s->data, a, b) : NULL;
    char *what = file ? inv_text("%s is another", file)
                      : inv_text("%s is '%s' there and '%s' in this run", known[note].what, a, b);
    if (known[note].may && c->s->options.resume_anyway)
        inv_note(&c->s->errors, "%s: %s", path, what);
    else
        inv_error(&c->s->errors, "%s: %s; %s", path, what,
                  known[note].may ? "--resume-anyway goes on with this run's"
                                  : "give what it was made with, or begin without --resume");
    free(what);
    free(file);
    return !(known[note].may && c->s->options.resume_anyway);
}

/* Whether the file is of this run; parts of rows follow from files and seed, and a run without a
 * receipt asks for none. */
static int is_same_run(const struct inv_checkpoint *c, const struct inv_tensor_file *r)
{
    int errors = 0;
    for (int n = FORMAT; n < STEP; n++) {
        const char *there = inv_tensors_note(r, known[n].key);
        char *here = text_of(c, (enum note)n, 0);
        int free_to = (n == PARTS && errors > 0) ||
                      (n == RECEIPT && !inv_options_chained(&c->s->options));
        if ((!there || strcmp(there, here) != 0) && !free_to)
            errors += report(c, r->path, (enum note)n, there ? there : "", here);
        free(here);
        if (n == FORMAT && errors > 0)
            return 0;
    }
    return errors == 0;
}

/* A number of steps or rows; 0 where there is none, or one beyond `most`. */
static int read_count(const struct inv_tensor_file *r, enum note note, int64_t most, int64_t *count)
{
    const char *text = inv_tensors_note(r, known[note].key);
    uint64_t value = 0;
    int good = text && inv_decimal_whole(&text, (uint64_t)most, &value) && !*text;
    *count = (int64_t)value;
    return good;
}

/* How far it is; 0 after an error. */
static int read_place(struct inv_checkpoint *c, const struct inv_tensor_file *r, int64_t *step)
{
    int64_t rows, skipped;
    if (!read_count(r, STEP, INT32_MAX, step) ||
        !read_count(r, ROWS, *step % c->order->per_epoch * c->order->batch, &rows) ||
        !read_count(r, SKIPPED, *step % c->order->per_epoch, &skipped)) {
        inv_error(&c->s->errors, "%s: its step, rows and skipped steps make no sense; begin "
                  "without --resume", r->path);
        return 0;
    }
    c->pass->rows = rows;
    c->pass->skipped = skipped;
    c->s->run.step = (int32_t)*step;
    c->s->run.epoch = *step > 0 ? (int32_t)((*step - 1) / c->order->per_epoch) : 0;
    if (*step <= c->steps)
        return 1;
    inv_error(&c->s->errors, "%s: is of step %lld, and this run ends after %lld; give it more "
              "epochs or steps", r->path, (long long)*step, (long long)c->steps);
    return 0;
}

/* ---- reading ---- */

static void push(struct inv_session *s)
{
    for (int k = 0; k < LASTING; k++)
        inv_device_push(s->model, &s->run, lasting[k].kind);
}

static int take_tensors(struct inv_checkpoint *c, struct inv_tensor_file *r)
{
    if (c->pass->kept)
        inv_ranking_room(c->s->model, c->pass->kept, c->pass->rows);
    struct parts p = parts_of(c, c->pass->rows);
    int good = inv_tensors_read(r, p.tensor, p.count);
    free_parts(&p);
    if (good)
        push(c->s);
    return good;
}

static int take_chain(struct inv_checkpoint *c, const struct inv_tensor_file *r, int64_t step)
{
    const char *text = inv_tensors_note(r, known[CHAIN].key);
    if (!inv_options_chained(&c->s->options) || (text && inv_chain_take(c->s, text, step)))
        return 1;
    inv_error(&c->s->errors, "%s: its chain of steps is not that of a receipt of %lld steps; begin "
              "without --resume", r->path, (long long)c->steps);
    return 0;
}

int inv_checkpoint_peek(const char *path, FILE *file, struct inv_left *left,
                        struct inv_errors *errors)
{
    struct inv_tensor_file r = { .path = path, .file = file, .errors = errors };
    int good = inv_tensors_open(&r, INV_TENSORS_HEADER);
    if (good && !(good = read_count(&r, STEP, INT32_MAX, &left->step)))
        inv_error(errors, "%s: its step makes no sense; leave it out", path);
    if (good)
        snprintf(left->sha256, sizeof left->sha256, "%s", inv_tensors_note(&r, known[SHA256].key));
    inv_tensors_close(&r);
    return good;
}

int inv_checkpoint_is_of_run(const struct inv_checkpoint *c, const char *path, FILE *file)
{
    struct inv_tensor_file r = { .path = path, .file = file, .errors = &c->s->errors };
    int good = inv_tensors_open(&r, INV_TENSORS_HEADER) && is_same_run(c, &r);
    inv_tensors_close(&r);
    return good;
}

int inv_checkpoint_read(struct inv_checkpoint *c, const char *path, FILE *file, int64_t *step)
{
    struct inv_tensor_file r = { .path = path, .file = file, .errors = &c->s->errors };
    int good = inv_tensors_open(&r, INV_TENSORS_HEADER) && is_same_run(c, &r) &&
               read_place(c, &r, step) && take_tensors(c, &r) && take_chain(c, &r, *step);
    if (good)
        snprintf(c->s->resume.sha256, sizeof c->s->resume.sha256, "%s",
                 inv_tensors_note(&r, known[SHA256].key));
    inv_tensors_close(&r);
    return good;
}
