#include "verify.h"
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "core/arith.h"
#include "device.h"
#include "digest.h"
#include "json_list.h"
#include "safetensors.h"
#include "statement.h"

static int differ(struct inv_session *s, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static int differ(struct inv_session *s, const char *format, ...)
{
    va_list arguments;
    inv_progress_clear(&s->progress);
    va_start(arguments, format);
    fputs("mismatch: ", s->errors.to);
    vfprintf(s->errors.to, format, arguments);
    fputc('\n', s->errors.to);
    va_end(arguments);
    return INV_MISMATCH;
}

/* ---- before the run ---- */

char *inv_verify_weights(const struct inv_session *s)
{
    const struct inv_statement *said = s->statement;
    const char *slash = strrchr(said->path, '/');
    if (s->options.weights)
        return inv_copy_text(s->options.weights);
    return inv_text("%.*s%s", slash ? (int)(slash + 1 - said->path) : 0, said->path,
                    said->weights);
}

static int check_weights(struct inv_session *s)
{
    const struct inv_statement *said = s->statement;
    char digest[65], *path = inv_verify_weights(s);
    int status = INV_OK;
    if (s->options.weights || access(path, F_OK) == 0) {
        if (!inv_digest_file(path, "weights", digest, &s->errors))
            status = INV_BAD_DATA;
        else if (strcmp(digest, said->sha256) != 0)
            status = differ(s, "the weights %s are not those of the receipt", path);
    }
    free(path);
    return status;
}

static int check_model(struct inv_session *s)
{
    const struct inv_statement *said = s->statement;
    const struct inv_model *model = s->model;
    int library = strcmp(said->kernels, "library") == 0;
    if (strcmp(said->train, model->name) != 0)
        return differ(s, "the model: this one is %s, that of the receipt %s", model->name,
                      said->train);
    if (strcmp(said->model_sha256, model->sha256) != 0)
        return differ(s, "the model: the text of %s, of a file that it includes or a value of -D "
                      "is not that of the receipt", model->path);
    if (said->numerics != (int64_t)model->numerics) {
        inv_error(&s->errors, "%s: was made by numerics %lld, and this trainer computes by %u; "
                  "take the Invar that made it", said->path, (long long)said->numerics,
                  model->numerics);
        return INV_BAD_DATA;
    }
    if (library == (model->library != NULL))
        return INV_OK;
    char *how = library ? inv_text("with --target %s", said->target) : inv_copy_text("without");
    inv_error(&s->errors, "%s: was made by %s kernels, and this trainer has %s ones; build it %s "
              "--kernels library", said->path, said->kernels, library ? "exact" : "library", how);
    free(how);
    return INV_BAD_DATA;
}

static int take_options(struct inv_session *s)
{
    const struct inv_statement *said = s->statement;
    struct inv_options *o = &s->options;
    if (o->init && !said->init) {
        inv_error(&s->errors, "--init: the run of %s began with no weights; leave it out",
                  said->path);
        return INV_BAD_USAGE;
    }
    o->seed = 1;
    o->seed_value = said->seed;
    o->epochs = said->epochs;
    o->steps = said->steps;
    o->on_nan = said->on_nan;
    o->receipt_every = said->receipt_every;
    o->data = o->data ? o->data : said->data;
    o->init = o->init ? o->init : said->init;
    return INV_OK;
}

int inv_verify_begin(struct inv_session *s)
{
    if (!s->options.verify)
        return INV_OK;
    s->statement = inv_allocate(sizeof *s->statement);
    if (!inv_statement_read(s->statement, s->options.verify, &s->errors))
        return INV_BAD_DATA;
    return take_options(s);
}

int inv_verify_model(struct inv_session *s)
{
    int status = s->statement ? check_model(s) : INV_OK;
    return s->statement && status == INV_OK ? check_weights(s) : status;
}

/* ---- what was read ---- */

/* File `at` of the data, beside what the receipt has there. */
static int compare_data(struct inv_session *s, int at, const char *path, const char *digest)
{
    const struct inv_statement *said = s->statement;
    const struct inv_said_input *input = NULL;
    for (int i = 0, data = 0; i < said->inputs && !input; i++)
        if (strcmp(said->input[i].kind, "data") == 0 && data++ == at)
            input = &said->input[i];
    if (input && strcmp(input->sha256, digest) == 0)
        return INV_OK;
    return differ(s, "the data: %s is not %s%s of the receipt; --data names another file", path,
                  input ? "the file " : "any file", input ? input->name : "");
}

static int data_count(const struct inv_statement *said)
{
    int count = 0;
    for (int i = 0; i < said->inputs; i++)
        count += strcmp(said->input[i].kind, "data") == 0;
    return count;
}

/* Those that would have been read. */
int inv_verify_unread(struct inv_session *s)
{
    struct inv_errors silent = { .count = INV_ERROR_LIMIT };
    struct inv_paths paths = { .count = 0 };
    char digest[65];
    int status = INV_OK;
    if (!s->statement)
        return INV_OK;
    for (int source = 0; source < INV_SOURCES; source++)
        inv_paths_find(&paths, s->model, s->options.data, (enum inv_source_of)source, &silent);
    for (int i = 0; i < paths.count && status == INV_OK; i++)
        if (inv_digest_file(paths.path[i], "", digest, &silent))
            status = compare_data(s, i, paths.path[i], digest);
    inv_paths_free(&paths);
    return status;
}

int inv_verify_inputs(struct inv_session *s)
{
    const struct inv_statement *said = s->statement;
    const struct inv_paths *read = &s->data.read;
    int status = INV_OK, begun = 0;
    if (!said)
        return INV_OK;
    for (int i = 0; i < read->count && status == INV_OK; i++)
        status = compare_data(s, i, read->path[i], read->hash[i]);
    if (status == INV_OK && read->count < data_count(said))
        status = differ(s, "the data: the receipt has %d files, and %d were read",
                        data_count(said), read->count);
    for (int i = 0; i < said->inputs && status == INV_OK; i++) {
        const struct inv_load_file *file = &s->loads.file[begun];
        if (strcmp(said->input[i].kind, "weights") != 0)
            continue;
        if (begun == s->loads.count || strcmp(said->input[i].sha256, file->hash) != 0)
            status = differ(s, "the weights to begin with: %s is not the file of the receipt",
                            begun == s->loads.count ? "nothing" : file->path);
        begun++;
    }
    if (status == INV_OK && begun < s->loads.count)
        status = differ(s, "the weights to begin with: the receipt has not %s",
                        s->loads.file[begun].path);
    return status;
}

/* ---- the steps ---- */

int inv_verify_start(struct inv_session *s, int64_t steps)
{
    const struct inv_statement *said = s->statement;
    if (!said)
        return INV_OK;
    if (said->done > steps || (said->done < steps && s->model->patience <= 0))
        return differ(s, "the receipt has %lld steps, and what it says of epochs or steps makes "
                      "%lld", (long long)said->done, (long long)steps);
    if (strcmp(s->receipt.chain.start, said->start) == 0)
        return INV_OK;
    return differ(s, "before step 0: the parts of the rows or the weights to begin with are "
                  "others, or the receipt was changed");
}

/* Links are kept of every said->every-th step: `at` is the first of these that differs. */
static int report_step(struct inv_session *s, int64_t at, float loss)
{
    int64_t every = s->statement->every;
    if (every > 1)
        return differ(s, "one of the steps %lld to %lld", (long long)(at - every),
                      (long long)at - 1);
    return differ(s, "step %lld (epoch %d): its rows, or its loss, which is %.9g (%08x) here",
                  (long long)at - 1, s->run.epoch + 1, (double)loss,
                  (unsigned)inv_bits(inv_canonical(loss)));
}

static const struct inv_mark *find_mark(const struct inv_statement *said, int64_t steps)
{
    for (int64_t i = 0; i < said->marks; i++)
        if (said->mark[i].steps == steps)
            return &said->mark[i];
    return NULL;
}

static int compare_mark(struct inv_session *s, const struct inv_mark *mark)
{
    const struct inv_mark *wanted = find_mark(s->statement, mark->steps);
    if (!wanted)
        return differ(s, "step %lld: the receipt has no mark there, and this run has",
                      (long long)mark->steps - 1);
    if (strcmp(wanted->weights, mark->weights) != 0)
        return differ(s, "the weights after step %lld", (long long)mark->steps - 1);
    if (strcmp(wanted->link, mark->link) != 0)
        return differ(s, "the link after step %lld", (long long)mark->steps - 1);
    return INV_OK;
}

int inv_verify_step(struct inv_session *s, const struct inv_mark *mark, float loss)
{
    const struct inv_statement *said = s->statement;
    const struct inv_chain *c = &s->receipt.chain;
    char link[65];
    if (!said)
        return INV_OK;
    if (c->steps > said->done)
        return differ(s, "the receipt ends after %lld steps, and this run goes on",
                      (long long)said->done);
    inv_sha256_hex(c->link, link);
    if (c->steps % said->every == 0 &&
        strncmp(said->links + 8 * (c->steps / said->every - 1), link, 8) != 0) {
        const struct inv_mark *wanted = mark ? find_mark(said, mark->steps) : NULL;
        return wanted && strcmp(wanted->weights, mark->weights) != 0 ? compare_mark(s, mark)
                                                                     : report_step(s, c->steps,
                                                                                   loss);
    }
    return mark ? compare_mark(s, mark) : INV_OK;
}

int inv_verify_resumed(struct inv_session *s, const char *path)
{
    const struct inv_statement *said = s->statement;
    const struct inv_chain *c = &s->receipt.chain;
    const struct inv_mark *mark = find_mark(said, c->steps);
    uint8_t digest[32];
    char text[65];
    inv_sha256_hex(c->link, text);
    if (c->steps % said->every == 0 && c->steps > 0 &&
        strncmp(said->links + 8 * (c->steps / said->every - 1), text, 8) != 0)
        return differ(s, "%s: the link after its step %lld", path, (long long)c->steps - 1);
    inv_device_pull_saved(s);
    if (mark)
        inv_safetensors_digest(s->model, s->run.arena, digest, text);
    if (mark && strcmp(mark->weights, text) != 0)
        return differ(s, "%s: its weights, after step %lld", path, (long long)c->steps - 1);
    return INV_OK;
}

int inv_verify_stretch(struct inv_session *s, int64_t end)
{
    int64_t steps = s->receipt.chain.steps;
    if (steps == end)
        return INV_OK;
    return differ(s, "this run ends after %lld steps, that of the receipt after %lld",
                  (long long)steps, (long long)s->statement->done);
}

int inv_verify_state(struct inv_session *s, const struct inv_left *left, const char *digest)
{
    if (strcmp(digest, left->sha256) == 0)
        return INV_OK;
    return differ(s, "the state after step %lld is not that of %s", (long long)left->step - 1,
                  left->path);
}

/* ---- the end ---- */

static const char metrics_path[] = INV_STATEMENT_METRICS;

/* The metrics of this run under the paths that the receipt has them under; 0 after an error. */
static int list_metrics(struct inv_session *s, struct inv_json_list *list)
{
    char *text = inv_text("{%s}", s->receipt.metrics ? s->receipt.metrics : "");
    struct inv_json json = { .place = "metrics", .part = "this run", .cure = "a bug of Invar",
        .errors = &s->errors, .start = text, .at = text, .limit = text + strlen(text) };
    int good = inv_json_list_read(list, &json);
    free(text);
    return good;
}

/* Numbers as binary32, however they are written. */
static int same_value(const struct inv_json_value *a, const struct inv_json_value *b)
{
    if (a->kind != b->kind)
        return 0;
    if (a->kind != INV_JSON_NUMBER)
        return strcmp(a->text, b->text) == 0;
    return inv_bits(strtof(a->text, NULL)) == inv_bits(strtof(b->text, NULL));
}

static int compare_metrics(struct inv_session *s)
{
    struct inv_json_list own;
    int status = list_metrics(s, &own) ? INV_OK : INV_BAD_DATA, there = 0;
    for (int i = 0; i < own.count && status == INV_OK; i++) {
        const struct inv_json_value *value = &own.value[i];
        char *path = inv_text("%s%s", metrics_path, value->path);
        const struct inv_json_value *wanted = inv_json_list_find(&s->statement->list, path);
        if (!wanted || !same_value(value, wanted))
            status = differ(s, "the metric %s: %s here, %s in the receipt", value->path + 1,
                            value->text, wanted ? wanted->text : "not there");
        free(path);
    }
    for (int i = 0; i < s->statement->list.count; i++)
        there += strncmp(s->statement->list.value[i].path, metrics_path,
                         sizeof metrics_path - 1) == 0;
    if (status == INV_OK && there != own.count)
        status = differ(s, "the metrics: the receipt has more than this run");
    inv_json_list_free(&own);
    return status;
}

int inv_verify_finite(struct inv_session *s)
{
    if (!s->statement)
        return INV_NOT_FINITE;
    int status = differ(s, "after %d steps: a loss or a weight is not finite here, and the run of "
                        "the receipt came to its end", s->run.step);
    fprintf(s->errors.to, "  help: 'invar diverge' of this trainer and the one that wrote the "
            "receipt names the first value that differs\n");
    return status;
}

int inv_verify_reaches_end(const struct inv_session *s)
{
    return s->again < 0 || s->receipt.chain.steps == s->statement->done;
}

int inv_verify_part(struct inv_session *s)
{
    const struct inv_statement *said = s->statement;
    fprintf(s->out, "verified %s in part: %lld of %lld steps%s\n", said->path, (long long)s->again,
            (long long)said->done,
            inv_verify_reaches_end(s) ? ", the metrics and the weights" : "");
    return INV_OK;
}

int inv_verify_end(struct inv_session *s)
{
    const struct inv_statement *said = s->statement;
    const struct inv_chain *c = &s->receipt.chain;
    uint8_t digest[32];
    char text[65];
    int status = INV_OK;
    if (c->steps != said->done || c->skipped != said->skipped)
        status = differ(s, "this run has %lld steps, %lld of them left out; the receipt %lld, %lld",
                        (long long)c->steps, (long long)c->skipped, (long long)said->done,
                        (long long)said->skipped);
    if (status == INV_OK)
        status = compare_metrics(s);
    if (status != INV_OK)
        return status;
    inv_device_pull_saved(s);
    inv_safetensors_digest(s->model, s->run.arena, digest, text);
    if (strcmp(text, said->sha256) != 0)
        return differ(s, "the weights are %s here, %s in the receipt", text, said->sha256);
    if (s->again >= 0)
        return inv_verify_part(s);
    fprintf(s->out, "verified %s: %s of %lld steps\n", said->path, said->sha256,
            (long long)said->done);
    return INV_OK;
}

void inv_verify_free(struct inv_session *s)
{
    if (s->statement)
        inv_statement_free(s->statement);
    free(s->statement);
}
