/* The trainer program: what its options ask for, in order. */
#include <stdlib.h>
#include <string.h>
#include "core/selftest.h"
#include "core/sha256.h"
#include "checkpoint.h"
#include "device.h"
#include "digest.h"
#include "ending.h"
#include "environment.h"
#include "fields.h"
#include "missing.h"
#include "output.h"
#include "place.h"
#include "pool.h"
#include "predictions.h"
#include "safetensors.h"
#include "split.h"
#include "summary.h"
#include "variable.h"
#include "verify.h"

/* ---- the machine ---- */

static int check_machine(struct inv_session *s)
{
    const struct inv_model *model = s->model;
    const struct inv_device_type *device = model->device_type;
    const char *none = device ? device->refuse(inv_device_number(s)) : NULL;
    const char *why = model->abi != INV_ABI || model->numerics != INV_NUMERICS
                          ? "model and runtime are of different versions; build both with one invar"
                          : inv_selftest(); /* the model's own is where this version has it */
    if (!why && model->selftest)
        why = model->selftest();
    if (!why && !none && device)
        why = device->selftest(inv_device_number(s));
    if (why)
        inv_error(&s->errors, "self-test: %s", why);
    else if (none)
        inv_error(&s->errors, "%s", none);
    return why || none ? INV_UNTRUSTED : INV_OK;
}

static void print_version(const struct inv_model *model)
{
    char *compiler = inv_environment_compiler();
    printf("%s  %s  numerics %u  level %s\nmodel sha256 %s\n%s\n", model->name, model->compiler,
           model->numerics, model->level, model->sha256, compiler);
    free(compiler);
}

/* ---- setting up ---- */

/* Nothing where the model's own data are not read or are drawn; of one file its SHA-256; of several
 * the SHA-256 of their hex digests, end to end in the order of their declaration. */
static void hash_data(const struct inv_session *s, char text[65])
{
    const struct inv_data *d = &s->model->data;
    struct inv_sha256 sha;
    uint8_t digest[32];
    text[0] = 0;
    if (!s->data.hash || d->kind == INV_RANDOM)
        return;
    if (d->file_count == 1) {
        memcpy(text, s->data.hash[0], 65);
        return;
    }
    inv_sha256_init(&sha);
    for (int i = 0; i < d->file_count; i++)
        inv_sha256_update(&sha, s->data.hash[i], strlen(s->data.hash[i]));
    inv_sha256_final(&sha, digest);
    inv_sha256_hex(digest, text);
}

/* The files of data that were read. */
static void log_files(struct inv_session *s)
{
    for (int i = 0; i < s->data.read.count; i++) {
        inv_log_begin(&s->log);
        inv_log_text(&s->log, "data_file", s->data.read.path[i]);
        inv_log_text(&s->log, "sha256", s->data.read.hash[i]);
        inv_log_end(&s->log);
    }
}

/* What a training was asked for, beside its model file: two runs of one model may differ in it. */
static void log_settings(struct inv_session *s)
{
    const struct inv_options *o = &s->options;
    const struct inv_model *model = s->model;
    char *defines = inv_copy_text("");
    for (int i = 0; model->define && model->define[i]; i++) {
        char *longer = inv_text("%s%s%s", defines, i ? " " : "", model->define[i]);
        free(defines);
        defines = longer;
    }
    if (*defines)
        inv_log_text(&s->log, "define", defines);
    free(defines);
    if (!inv_options_train(o))
        return;
    if (inv_options_by_steps(o, model->steps))
        inv_log_whole(&s->log, "steps", (uint64_t)(o->steps > 0 ? o->steps : model->steps));
    else
        inv_log_whole(&s->log, "epochs", (uint64_t)(o->epochs > 0 ? o->epochs : model->epochs));
    inv_log_whole(&s->log, "batch", (uint64_t)inv_model_step_rows(model));
    if (model->shards > 1)
        inv_log_whole(&s->log, "shards", (uint64_t)model->shards);
    if (s->lanes > 1)
        inv_log_whole(&s->log, "shards_at_once", (uint64_t)s->lanes);
    if (o->init)
        inv_log_text(&s->log, "init", o->init);
    if (o->on_nan)
        inv_log_text(&s->log, "on_nan", o->on_nan);
}

static void log_environment(struct inv_session *s)
{
    const struct inv_model *model = s->model;
    char data[65], *kernel = inv_environment_kernel(), *cpu = inv_environment_processor();
    char *compiler = inv_environment_compiler();
    hash_data(s, data);
    inv_log_begin(&s->log);
    inv_log_text(&s->log, "model", model->name);
    inv_log_text(&s->log, "model_sha256", model->sha256);
    inv_log_text(&s->log, "data_sha256", data);
    inv_log_whole(&s->log, "seed", s->seed);
    inv_log_whole(&s->log, "numerics", model->numerics);
    inv_log_text(&s->log, "compiler", model->compiler);
    inv_log_text(&s->log, "c_compiler", compiler);
    inv_log_text(&s->log, "instruction_set", model->level);
    inv_log_text(&s->log, "kernel", kernel);
    inv_log_text(&s->log, "cpu", cpu);
    inv_device_log(s);
    inv_log_whole(&s->log, "train_rows", (uint64_t)inv_dataset_part_rows(&s->data, INV_PART_TRAIN));
    inv_log_whole(&s->log, "val_rows", (uint64_t)inv_dataset_part_rows(&s->data, INV_PART_VAL));
    inv_log_whole(&s->log, "test_rows", (uint64_t)inv_dataset_part_rows(&s->data, INV_PART_TEST));
    log_settings(s);
    inv_log_end(&s->log);
    if (s->data.read.count > 1)         /* else it is the one of data_sha256 */
        log_files(s);
    free(kernel);
    free(cpu);
    free(compiler);
}

/* What `load` took; a run that goes on has begun with it before. */
static void tell_loads(struct inv_session *s)
{
    inv_loads_log(&s->loads, &s->log);
    if (!s->options.quiet && !s->resume.path)
        inv_loads_print(&s->loads, s->out);
}

/* The weights file to begin with, or NULL for INV_INIT's values. */
static const char *start_file(const struct inv_session *s, const char *weights)
{
    if (s->options.init)
        return s->options.init;
    return s->options.evaluate || s->options.predict || s->options.generate ? weights : NULL;
}

static void initialise(struct inv_session *s)
{
    s->run.rows = 0;
    inv_device_phase(s->model, &s->run, INV_INIT);
    inv_device_pull_saved(s);
}

/* Start values, with what `load` takes, or the weights to begin with and the names that belong to
 * them. */
static int begin_weights(struct inv_session *s, const char *start)
{
    initialise(s);
    if (!start)
        return inv_loads_read(&s->loads, s->run.arena, &s->errors);
    const char *cure = start == s->options.init ? "--init takes weights that training wrote"
                                                : "train first, or name the file with --weights "
                                                  "FILE";
    return inv_safetensors_load(s->model, s->run.arena, start, cure, &s->errors) &&
           inv_fields_load(s->model, &s->data.fitted, start, &s->errors);
}

/* What is used on the model's own data must know which rows it was trained on. */
static void note_parts(struct inv_session *s)
{
    const struct inv_options *o = &s->options;
    struct inv_fitted *fitted = &s->data.fitted;
    char *parts = inv_dataset_parts_digest(&s->data);
    int uses = (o->evaluate || o->predict) && !s->data.whole;
    if (uses && fitted->parts && strcmp(parts, fitted->parts) != 0)
        inv_note(&s->errors, "data %s or the parts of its rows are not those of the training "
                 "(files, split, seed or -D values differ): val and test may hold rows that it saw",
                 s->model->data.name);
    free(fitted->parts);
    fitted->parts = parts;
}

/* The model's own data and its fitted statistics. */
static int load_data(struct inv_session *s, const char *start)
{
    inv_progress_begin(&s->progress, stderr, inv_options_plain(&s->options), 0);
    if (!inv_dataset_load(&s->data, &s->run) || !inv_parts_check(s)
        || !inv_dataset_check_weights(&s->data))
        return 0;
    note_parts(s);
    int fit = !start && inv_dataset_part_rows(&s->data, INV_PART_TRAIN) > 0;
    if (fit && !inv_missing_fit(&s->data, s->run.arena))
        return 0;
    inv_missing_fill(&s->data, s->run.arena);
    if (fit && !inv_dataset_fit(&s->data, &s->run))
        return 0;
    if (!start && !inv_dataset_balance(&s->data, s->run.arena))
        return 0;
    if (inv_options_train(&s->options))
        inv_dataset_note_classes(&s->data);
    inv_device_push_saved(s);
    if (!inv_dataset_normalise(&s->data, &s->run))
        return 0;
    inv_device_keep(s);
    return 1;
}

static int no_data(struct inv_session *s)
{
    int status = inv_verify_unread(s);
    return status == INV_OK ? INV_BAD_DATA : status;
}

/* All that comes before step 0. */
static int prepare(struct inv_session *s, const char *weights)
{
    const char *start = start_file(s, weights);
    if (!begin_weights(s, start))
        return INV_BAD_DATA;
    const char *file = inv_options_file(&s->options);
    if (file && s->model->data.window > 0) { /* windows take rows that are all there */
        s->data.given = file;
        s->data.whole = 1;
        s->data.inputs_only = s->options.predict != NULL;
        if (!inv_session_reads(s, file))
            return INV_BAD_DATA;
    }
    if ((!file && !s->options.generate) || s->data.whole)
        return load_data(s, start) ? inv_verify_inputs(s) : no_data(s);
    inv_device_push_saved(s);
    return INV_OK;
}

/* ---- the work ---- */

/* Writes the weights and, beside them, fitted names. */
static int save(struct inv_session *s, const char *path, char digest[65])
{
    return inv_safetensors_save(s->model, s->run.arena, path, &s->errors, digest) &&
           inv_fields_save(s->model, &s->data.fitted, path, digest, &s->errors);
}

static int save_weights(struct inv_session *s, const char *path)
{
    char digest[65];
    inv_device_pull_saved(s);
    if (!save(s, path, digest) || !inv_receipt_write(s, path, digest))
        return INV_BAD_DATA;
    inv_log_begin(&s->log);
    inv_log_text(&s->log, "weights", path);
    inv_log_text(&s->log, "sha256", digest);
    inv_log_end(&s->log);
    fprintf(s->out, "sha256 %s %s\n", digest, path);
    return INV_OK;
}

static void report_pass(struct inv_session *s, const struct inv_pass *pass, const char *name)
{
    char *prefix = inv_text("%s.", name);
    fputs(name, s->out);
    inv_pass_print(s, pass, s->out, "");
    fputc('\n', s->out);
    inv_pass_print_arrays(s, pass, s->out);
    inv_log_begin(&s->log);
    inv_pass_log(s, &s->log, pass, prefix);
    inv_log_end(&s->log);
    free(prefix);
}

static void evaluate(struct inv_session *s, enum inv_part part)
{
    struct inv_pass pass = { .rows = 0 };
    if (inv_dataset_part_rows(&s->data, part) > 0) {
        inv_pass_evaluate(s, &pass, part);
        report_pass(s, &pass, inv_dataset_part_name(part));
        if (part == INV_PART_TEST)
            inv_receipt_metrics(s, &pass, "test.");
    }
    inv_pass_free(s->model, &pass);
}

/* The windows of a file. */
static int evaluate_windows(struct inv_session *s, const char *path)
{
    struct inv_pass pass = { .rows = 0 };
    inv_pass_evaluate(s, &pass, INV_PART_TEST);
    log_files(s);
    report_pass(s, &pass, path);
    inv_pass_free(s->model, &pass);
    return INV_OK;
}

static int evaluate_file(struct inv_session *s, const char *path)
{
    struct inv_pass pass = { .rows = 0 };
    struct inv_feed feed;
    char (*hash)[65] = inv_allocate((size_t)(s->model->data.file_count + 1) * sizeof *hash);
    int good = inv_session_feed(s, &feed, path, 0) && inv_pass_evaluate_file(s, &pass, &feed);
    inv_feed_close(&feed, good ? hash : NULL);
    inv_table_free(&feed.rows);
    if (good) {
        log_files(s);
        report_pass(s, &pass, strcmp(path, "-") == 0 ? "standard input" : path);
    } else if (s->errors.count == 0) {
        inv_error(&s->errors, "%s: has no rows of data", path);
    }
    inv_pass_free(s->model, &pass);
    free(hash);
    return good ? INV_OK : INV_BAD_DATA;
}

/* The parts that --part names; all of them without it. */
static int evaluate_parts(struct inv_session *s)
{
    const char *wanted = s->options.part;
    for (int p = 0; p < INV_PARTS; p++) {
        enum inv_part part = (enum inv_part)p;
        int named = wanted && strcmp(wanted, inv_dataset_part_name(part)) == 0;
        if (named && inv_dataset_part_rows(&s->data, part) == 0) {
            inv_error(&s->errors, "--part %s: data %s has no rows in that part", wanted,
                      s->model->data.name);
            return INV_BAD_DATA;
        }
        if (named || !wanted || strcmp(wanted, "all") == 0)
            evaluate(s, part);
    }
    return INV_OK;
}

/* Whether what training will write can be; the weights before step 0 are written. */
static int begin_outputs(struct inv_session *s, const char *weights)
{
    char digest[65];
    if (weights && !(inv_output_possible(weights, INV_WHOLE, &s->errors) &&
                     inv_fields_possible(weights, &s->errors)))
        return 0;
    if (!inv_receipt_possible(s) || !inv_checkpoint_possible(s))
        return 0;
    return !s->options.save_init || save(s, s->options.save_init, digest);
}

static int train_and_save(struct inv_session *s, const char *weights)
{
    if (s->ranks.number == 0 && !s->statement && !begin_outputs(s, weights))
        return INV_BAD_DATA;
    int status = inv_trace_end(s, inv_trace_begin(s) ? inv_train(s) : INV_BAD_DATA);
    if (status == INV_OK)
        status = inv_finite_weights(s);
    if (status == INV_NOT_FINITE)
        status = inv_verify_finite(s);
    if (status != INV_OK || s->options.trace_only)
        return status;
    if (s->statement && !inv_verify_reaches_end(s))
        return inv_verify_part(s);
    evaluate(s, INV_PART_TEST);
    if (s->ranks.number > 0)
        return INV_OK;
    if (s->statement)
        return inv_verify_end(s);
    if (weights)
        status = save_weights(s, weights);
    return status == INV_OK && s->caller ? s->caller->take(s) : status;
}

/* Whether the first of several ranks does alone what the options ask for. */
static int first_alone(const struct inv_session *s)
{
    const struct inv_options *o = &s->options;
    int file = o->evaluate && *o->evaluate && !s->data.whole;
    return o->generate || o->predict || file || o->dump_batch >= 0;
}

static int do_work(struct inv_session *s, const char *weights)
{
    const struct inv_options *o = &s->options;
    if (o->generate)
        return inv_generate(s);
    if (o->predict)
        return inv_predict(s);
    if (o->evaluate && *o->evaluate)
        return (s->data.whole ? evaluate_windows : evaluate_file)(s, o->evaluate);
    if (o->evaluate)
        return inv_ranks_agree(&s->ranks, evaluate_parts(s));
    return train_and_save(s, weights);
}

/* What logs, receipts and checkpoints say of the weights to begin with, and ranks compare, before
 * they are read; 0 after an error. */
static int hash_start(struct inv_session *s)
{
    const struct inv_options *o = &s->options;
    int said = inv_options_chained(o) || o->checkpoint || o->resume || s->ranks.count > 1;
    if (s->loads.whole && (!o->init || !said))
        return 1;
    return inv_loads_hash(&s->loads, &s->errors);
}

/* Ranks are of one run. */
static int same_run(struct inv_session *s)
{
    struct inv_ranks *ranks = &s->ranks;
    char program[65] = "", options[65], *begun = inv_loads_hashes(&s->loads);
    inv_options_digest(&s->options, options);
    int good = ranks->count == 1 ||
               inv_digest_file("/proc/self/exe", "the trainer", program, &s->errors);
    int status = inv_ranks_agree(ranks, good ? INV_OK : INV_BAD_DATA);
    if (status == INV_OK)
        status = inv_ranks_same(ranks, "model", s->model->sha256, "start one trainer on all");
    if (status == INV_OK)
        status = inv_ranks_same(ranks, "program", program, "start one trainer on all");
    if (status == INV_OK)
        status = inv_ranks_same(ranks, "list of options", options,
                                "give all the same options, in the same order");
    if (status == INV_OK)
        status = inv_ranks_same(ranks, "file to begin with", begun, "let all read the same");
    free(begun);
    if (status == INV_OK && s->data.fitted.parts)
        status = inv_ranks_same(ranks, "set of data", s->data.fitted.parts,
                                "let all read the same files");
    return status;
}

static int work(struct inv_session *s, const char *weights)
{
    const struct inv_options *o = &s->options;
    inv_receipt_begin(s);
    int status = hash_start(s) ? prepare(s, weights) : INV_BAD_DATA;
    status = inv_ranks_agree(&s->ranks, status);
    if (status == INV_OK)
        status = same_run(s);
    if (status != INV_OK || (s->ranks.number > 0 && first_alone(s)))
        return status;
    if (o->dump_batch >= 0)
        return inv_dump(s, o->dump_batch);
    if (o->check_gradients)
        return inv_check_gradients(s);
    int good = inv_resume_find(s) &&
               inv_log_open(&s->log, o->log, s->caller ? s->caller->log : NULL,
                            s->resume.path != NULL, &s->errors);
    status = good ? INV_OK : INV_BAD_DATA;
    if (!first_alone(s))
        status = inv_ranks_agree(&s->ranks, status);
    if (status != INV_OK)
        return status;
    log_environment(s);
    tell_loads(s);
    status = do_work(s, weights);
    inv_device_log_kernels(s);
    if (!inv_log_close(&s->log) && status == INV_OK)
        status = INV_BAD_DATA;
    if (fflush(s->out) != 0 && status == INV_OK) {
        inv_error(&s->errors, "standard output cannot be written");
        status = INV_BAD_DATA;
    }
    return status;
}

void inv_session_free(struct inv_session *s)
{
    inv_checkpoint_abandon(s);
    inv_receipt_free(&s->receipt);
    if (s->resume.file)
        fclose(s->resume.file);
    free(s->resume.path);
    if (s->data.model)                  /* else it has not begun */
        inv_dataset_free(&s->data);
    inv_claims_free(&s->claims);
    inv_loads_free(&s->loads);
    free(s->follow.row);
    inv_pool_free(s->run.pool);
    free(s->memory);
}

/* Where trained weights are, in new memory; NULL: in no file. */
static char *weights_file(const struct inv_session *s)
{
    if (s->options.weights)
        return inv_copy_text(s->options.weights);
    return s->caller ? NULL : inv_text("%s.safetensors", s->model->name);
}

static int run_with_options(struct inv_session *s)
{
    const struct inv_options *o = &s->options;
    char *weights = weights_file(s);
    s->again = inv_options_partly(o) ? 0 : -1;
    s->seed = o->seed > 0 ? o->seed_value : s->model->seed;
    inv_split_key(s->seed, s->run.key);
    s->threads = o->threads > 0 ? (int)o->threads : inv_ranks_threads(&s->ranks);
    s->lanes = inv_shards_lanes(s);
    s->threads = s->threads > s->lanes ? s->threads : s->lanes;
    s->run.pool = inv_pool_new(s->threads, s->model->level, s->model->stack_bytes);
    s->data = (struct inv_dataset){ .model = s->model, .errors = &s->errors, .seed = s->seed,
        .given = o->data, .arrays = s->caller ? s->caller->arrays : NULL, .rows_given = o->rows,
        .rows_memory = o->rows_memory, .thorough = o->receipt || o->verify };
    inv_loads_find(&s->loads, s->model, start_file(s, weights));
    inv_session_arena(s);
    int saves = inv_options_train(o) && !s->statement;
    int good = inv_outputs_claim(s, start_file(s, weights), saves ? weights : NULL) &&
               inv_summary_possible(s);
    int status = inv_ranks_agree(&s->ranks, good ? inv_verify_model(s) : INV_BAD_DATA);
    if (status == INV_OK) {
        status = inv_device_open(s);
        if (status == INV_OK)
            status = work(s, weights);
        inv_device_close(s);
    }
    inv_session_free(s);
    free(weights);
    return status;
}

static int run_session(struct inv_session *s)
{
    int status = inv_verify_begin(s);
    if (status == INV_OK)
        status = inv_summary_write(s, run_with_options(s));
    inv_errors_close(&s->errors);
    inv_verify_free(s);
    return status;
}

/* Options for a device need a model that was built for one. */
static int fits_device(struct inv_session *s)
{
    const struct inv_options *o = &s->options;
    const char *name = o->device >= 0         ? "device"
                       : o->memory_limit >= 0 ? "memory-limit"
                       : o->update_lock       ? "update-lock"
                                              : NULL;
    if (o->profile && s->model->device_type) {
        inv_error(&s->errors, "--profile takes times on the processor; for those of a GPU run the "
                  "trainer in Nsight Systems: nsys profile ./trainer");
        return 0;
    }
    if (!name || s->model->device_type)
        return 1;
    inv_error(&s->errors, "--%s: this trainer runs on the processor alone; for a GPU build it with "
              "invar build --target cuda", name);
    return 0;
}

/* What is shared out needs shards; what is hashed step by step is of one rank. */
static int fits_ranks(struct inv_session *s)
{
    const struct inv_options *o = &s->options;
    const char *alone = o->verify            ? "verify"
                        : o->trace           ? "trace"
                        : o->inject && o->check_ranks < 0 ? "inject"
                        : o->log_norms       ? "log-norms"
                        : o->profile         ? "profile"
                        : o->check_gradients ? "check-gradients"
                                             : NULL;
    if (s->ranks.count == 1 && o->check_ranks < 0)
        return 1;
    if (s->ranks.count == 1)
        inv_error(&s->errors, "--check-ranks compares ranks, and this is one; start several: invar "
                  "run --ranks 2, or mpirun");
    else if (s->model->shards < 2)
        inv_error(&s->errors, "model %s has no shards, which are what %d ranks share out; write "
                  "'shards 8', or how many you want, in train", s->model->name, s->ranks.count);
    else if (alone)
        inv_error(&s->errors, "--%s is for one rank; leave mpirun out: the bits are the same",
                  alone);
    else
        return 1;
    return 0;
}

/* Shards beside one another need some; what looks at one value after another sees one shard. */
static int fits_shards(struct inv_session *s)
{
    const struct inv_options *o = &s->options;
    const char *alone = o->trace     ? "trace"
                        : o->inject  ? "inject"
                        : o->profile ? "profile"
                                     : NULL;
    if (o->shards_at_once > 0 && s->model->shards < 2)
        inv_error(&s->errors, "--shards-at-once: model %s has no shards; write 'shards 8', or how "
                  "many you want, in train", s->model->name);
    else if (o->shards_at_once > 1 && alone)
        inv_error(&s->errors, "--%s looks at one shard after another; leave --shards-at-once out: "
                  "the bits are the same", alone);
    else if (o->shards_at_once > 1 && s->model->device_type)
        inv_error(&s->errors, "--shards-at-once: a GPU computes one shard after another; leave it "
                  "out: the bits are the same");
    else
        return 1;
    return 0;
}

static int is_part(const char *name)
{
    int found = strcmp(name, "all") == 0;
    for (int p = 0; p < INV_PARTS; p++)
        found |= strcmp(name, inv_dataset_part_name((enum inv_part)p)) == 0;
    return found;
}

/* Predictions need a model that has outputs. */
int inv_session_fits(struct inv_session *s)
{
    const struct inv_options *o = &s->options;
    if (o->part && !is_part(o->part))
        inv_error(&s->errors, "--part %s: train, val, test or all expected", o->part);
    else if (o->generate && !s->model->generate)
        inv_error(&s->errors, "model %s generates no text; add a line such as: output text = "
                  "generate(logits)", s->model->name);
    else if (o->predict && !(s->model->phase[INV_PREDICT] && inv_predictions_any(s->model)))
        inv_error(&s->errors, "model %s has no output; add a line such as: output probs = "
                  "softmax(logits)", s->model->name);
    else if (o->keep && *o->predict && s->model->data.window > 0)
        inv_error(&s->errors, "--keep copies columns of a row, and a prediction of model %s is of "
                  "a window of several; its first row is in column 'row'", s->model->name);
    else if (o->predict && inv_format_of(o->format, o->output) < 0)
        inv_error(&s->errors, "--format %s: csv, npy or jsonl expected", o->format);
    else
        return fits_device(s) && fits_ranks(s) && fits_shards(s);
    return 0;
}

int inv_session_run(struct inv_session *s)
{
    int status = inv_ranks_agree(&s->ranks, check_machine(s));
    if (status == INV_OK && s->options.selftest)
        printf("self-test passed: numerics %u, level %s\n", s->model->numerics, s->model->level);
    if (status != INV_OK || s->options.selftest)
        return status;
    return run_session(s);
}

static int run_checked(void *session)
{
    return inv_session_run(session);
}

static int run_trainer(struct inv_session *s, int argc, char **argv)
{
    int good = inv_pool_accepts_cost(&s->errors) &&
               inv_options_read(&s->options, argc, argv, NULL, &s->errors);
    int status = inv_ranks_agree(&s->ranks, good ? INV_OK : INV_BAD_USAGE);
    if (status != INV_OK)
        return status;
    if (s->options.help) {
        inv_options_help(stdout, argv[0], s->model->name);
        return INV_OK;
    }
    if (s->options.version) {
        print_version(s->model);
        if (s->options.verbose)
            inv_device_print(s);
        return INV_OK;
    }
    status = inv_ranks_agree(&s->ranks, inv_session_fits(s) ? INV_OK : INV_BAD_USAGE);
    if (status != INV_OK)
        return status;
    if (s->ranks.number > 0)            /* the first alone shows how far it is, and writes */
        s->options.quiet = 1;
    if (s->ranks.number > 0)
        s->options.log = s->options.save_init = NULL;
    status = inv_pool_work(s->model->stack_bytes, run_checked, s, &s->errors);
    return status < 0 ? INV_BAD_DATA : status;
}

int inv_trainer_main(int argc, char **argv, const struct inv_model *const *level,
                     const char *folder, const struct inv_ranks_type *ranks)
{
    struct inv_session s = { .errors.to = stderr };
    struct inv_model own;
    inv_ending_watch();
    inv_environment_prepare();
    const struct inv_model *model = inv_environment_choose(level, &s.errors);
    if (!model)
        return INV_BAD_USAGE;
    inv_place_model(&own, model, folder);
    s.model = &own;
    s.errors.progress = &s.progress;
    int status = inv_ranks_begin(&s.ranks, ranks, &s.errors);
    if (status == INV_OK)
        status = run_trainer(&s, argc, argv);
    inv_ranks_end(&s.ranks, status);
    inv_place_free(&own, model);
    return status;
}
