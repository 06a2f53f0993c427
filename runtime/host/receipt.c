#include "receipt.h"
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "core/sha256.h"
#include "device.h"
#include "environment.h"
#include "json_text.h"
#include "pool.h"

/* ---- during the run ---- */

void inv_receipt_now(char text[32])
{
    struct tm utc;
    /* invar-lint: allow time because a receipt says when a run was */
    time_t seconds = time(NULL);
    gmtime_r(&seconds, &utc);
    strftime(text, 32, "%Y-%m-%dT%H:%M:%SZ", &utc);
}

void inv_receipt_begin(struct inv_session *s)
{
    inv_receipt_now(s->receipt.started);
}

int inv_receipt_possible(struct inv_session *s)
{
    const char *path = s->options.receipt;
    return !path || inv_output_possible(path, INV_WHOLE, &s->errors);
}

void inv_receipt_metrics(struct inv_session *s, const struct inv_pass *pass, const char *prefix)
{
    char *text = NULL, *before = s->receipt.metrics;
    size_t size;
    if (!inv_options_chained(&s->options))
        return;
    struct inv_log log = { .file = open_memstream(&text, &size), .members = before != NULL };
    if (!log.file)
        return;
    fputs(before ? before : "", log.file);
    inv_pass_log(s, &log, pass, prefix);
    fclose(log.file);
    free(before);
    s->receipt.metrics = text;
}

void inv_receipt_free(struct inv_receipt *receipt)
{
    free(receipt->metrics);
    inv_chain_free(&receipt->chain);
}

/* ---- what went in ---- */

void inv_receipt_put_digest(struct inv_json_text *j, const char *algorithm, const char *digest)
{
    inv_json_open(j, "digest", '{');
    inv_json_put(j, algorithm, digest);
    inv_json_close(j, '}');
}

/* A resource of one line, with or without its kind. */
static void put_resource(struct inv_json_text *j, const char *name, const char *algorithm,
                         const char *digest, const char *kind)
{
    inv_json_open(j, NULL, '{');
    j->flat = 1;
    inv_json_put(j, "name", name);
    inv_receipt_put_digest(j, algorithm, digest);
    if (kind) {
        inv_json_open(j, "annotations", '{');
        inv_json_put(j, "kind", kind);
        inv_json_close(j, '}');
    }
    inv_json_close(j, '}');
    j->flat = 0;
}

/* The values of -D, in their order: they are part of the model's digest. */
static void put_defines(struct inv_json_text *j, const struct inv_model *model)
{
    inv_json_open(j, "define", '[');
    for (int i = 0; model->define && model->define[i]; i++)
        inv_json_put(j, NULL, model->define[i]);
    inv_json_close(j, ']');
}

static void put_parameters(struct inv_json_text *j, const struct inv_session *s)
{
    const struct inv_options *o = &s->options;
    const struct inv_model *model = s->model;
    char seed[24];
    snprintf(seed, sizeof seed, "%llu", (unsigned long long)s->seed);
    inv_json_open(j, "externalParameters", '{');
    inv_json_put(j, "model", model->path);
    inv_json_put(j, "train", model->name);
    put_defines(j, model);
    inv_json_put(j, "target", model->device_type ? model->device_type->name : "c");
    inv_json_put(j, "kernels", model->library ? "library" : "exact");
    inv_json_put(j, "seed", seed);      /* a text: it has up to 64 bits */
    if (inv_options_by_steps(o, model->steps))
        inv_json_put_whole(j, "steps", o->steps > 0 ? o->steps : model->steps);
    else
        inv_json_put_whole(j, "epochs", o->epochs > 0 ? o->epochs : model->epochs);
    inv_json_put(j, "onNan", o->on_nan ? o->on_nan : "stop");
    if (o->data)
        inv_json_put(j, "data", o->data);
    if (o->init)
        inv_json_put(j, "init", o->init);
    if (o->receipt_every > 0)
        inv_json_put_whole(j, "receiptEvery", o->receipt_every);
    inv_json_close(j, '}');
}

static void put_dependencies(struct inv_json_text *j, const struct inv_session *s)
{
    const struct inv_paths *read = &s->data.read;
    inv_json_open(j, "resolvedDependencies", '[');
    put_resource(j, s->model->path, "invarModel", s->model->sha256, "model");
    for (int i = 0; i < read->count; i++)
        put_resource(j, read->path[i], "sha256", read->hash[i], "data");
    for (int i = 0; i < s->loads.count; i++)
        put_resource(j, s->loads.file[i].path, "sha256", s->loads.file[i].hash, "weights");
    inv_json_close(j, ']');
}

/* ---- where it ran ---- */

static void put_one(void *state, const char *key, const char *value)
{
    inv_json_put(state, key, value);
}

static void put_machine(struct inv_json_text *j, struct inv_session *s)
{
    const struct inv_model *model = s->model;
    char *kernel = inv_environment_kernel(), *cpu = inv_environment_processor();
    char *compiler = inv_environment_compiler();
    inv_json_open(j, "internalParameters", '{');
    inv_json_put_whole(j, "numerics", model->numerics);
    inv_json_put(j, "cCompiler", compiler);
    inv_json_put(j, "instructionSet", model->level);
    inv_json_put(j, "kernel", kernel);
    inv_json_put(j, "cpu", cpu);
    inv_json_put_whole(j, "threads", s->threads);
    if (s->lanes > 1)
        inv_json_put_whole(j, "shardsAtOnce", s->lanes);
    if (s->run.device)
        model->device_type->describe(model, inv_device_number(s), put_one, j);
    inv_json_close(j, '}');
    free(kernel);
    free(cpu);
    free(compiler);
}

/* ---- what came out ---- */

static void put_prefixes(struct inv_json_text *j, const struct inv_chain *c)
{
    char *text = inv_allocate((size_t)c->prefixes * 8 + 1);
    for (int64_t i = 0; i < c->prefixes; i++)
        snprintf(text + 8 * i, 9, "%08x", (unsigned)c->prefix[i]);
    inv_json_put(j, "links", text);
    free(text);
}

static void put_marks(struct inv_json_text *j, const struct inv_chain *c)
{
    inv_json_open(j, "marks", '[');
    for (int64_t i = 0; i < c->marks; i++) {
        inv_json_open(j, NULL, '{');
        j->flat = 1;
        inv_json_put_whole(j, "steps", c->mark[i].steps);
        inv_json_put(j, "weights", c->mark[i].weights);
        inv_json_put(j, "link", c->mark[i].link);
        inv_json_close(j, '}');
        j->flat = 0;
    }
    inv_json_close(j, ']');
}

static void put_chain(struct inv_json_text *j, const struct inv_chain *c)
{
    char last[65];
    inv_sha256_hex(c->link, last);
    inv_json_open(j, NULL, '{');
    inv_json_put(j, "name", "chain");
    inv_receipt_put_digest(j, "sha256", last);
    inv_json_open(j, "annotations", '{');
    inv_json_put(j, "format", INV_CHAIN_FORMAT);
    inv_json_put(j, "start", c->start);
    inv_json_put_whole(j, "steps", c->steps);
    inv_json_put_whole(j, "skipped", c->skipped);
    inv_json_put_whole(j, "every", c->every);
    put_prefixes(j, c);
    put_marks(j, c);
    inv_json_close(j, '}');
    inv_json_close(j, '}');
}

/* A descriptor needs a digest, a URI or content; these have none of their own. */
static void put_metrics(struct inv_json_text *j, const struct inv_receipt *receipt)
{
    inv_json_open(j, NULL, '{');
    inv_json_put(j, "name", "metrics");
    inv_json_put(j, "uri", INV_RECEIPT_METRICS);
    fprintf(j->to, ",\n%*s\"annotations\": {%s}", 2 * j->depth, "",
            receipt->metrics ? receipt->metrics : "");
    inv_json_close(j, '}');
}

static void put_run(struct inv_json_text *j, const struct inv_session *s)
{
    char finished[32];
    inv_receipt_now(finished);
    inv_json_open(j, "runDetails", '{');
    inv_json_open(j, "builder", '{');
    inv_json_put(j, "id", INV_RECEIPT_BUILDER);
    inv_json_open(j, "version", '{');
    inv_json_put(j, "invar", s->model->compiler);
    inv_json_close(j, '}');
    inv_json_close(j, '}');
    inv_json_open(j, "metadata", '{');
    inv_json_put(j, "startedOn", s->receipt.started);
    inv_json_put(j, "finishedOn", finished);
    inv_json_close(j, '}');
    inv_json_open(j, "byproducts", '[');
    put_chain(j, &s->receipt.chain);
    put_metrics(j, &s->receipt);
    inv_json_close(j, ']');
    inv_json_close(j, '}');
}

static void put_receipt(struct inv_json_text *j, struct inv_session *s)
{
    inv_json_open(j, "buildDefinition", '{');
    inv_json_put(j, "buildType", INV_RECEIPT_BUILD);
    put_parameters(j, s);
    put_machine(j, s);
    put_dependencies(j, s);
    inv_json_close(j, '}');
    put_run(j, s);
}

static void put_statement(struct inv_json_text *j, struct inv_session *s,
                          const struct inv_claim_of *claim)
{
    const char *slash = strrchr(claim->weights, '/');
    inv_json_open(j, NULL, '{');
    inv_json_put(j, "_type", INV_STATEMENT_TYPE);
    inv_json_open(j, "subject", '[');
    put_resource(j, slash ? slash + 1 : claim->weights, "sha256", claim->digest, NULL);
    inv_json_close(j, ']');
    inv_json_put(j, "predicateType", claim->predicate);
    inv_json_open(j, "predicate", '{');
    claim->put(j, s);
    inv_json_close(j, '}');
    inv_json_close(j, '}');
    fputc('\n', j->to);
}

int inv_receipt_claim(struct inv_session *s, const char *path, const struct inv_claim_of *claim)
{
    struct inv_output out;
    char *text = NULL;
    size_t size = 0;
    struct inv_json_text json = { .to = open_memstream(&text, &size) };
    if (!json.to || !inv_output_open(&out, path, &s->errors)) {
        if (json.to)
            fclose(json.to);
        free(text);
        return 0;
    }
    put_statement(&json, s, claim);
    fclose(json.to);
    inv_output_write(&out, text, size);
    free(text);
    return inv_output_close(&out, NULL);
}

static int is_receipt(const char *head, size_t size)
{
    (void)size;
    return strstr(head, "\"" INV_RECEIPT_BUILD "\"") != NULL;
}

const struct inv_output_sign inv_receipt_sign = { "receipt", is_receipt };

int inv_receipt_write(struct inv_session *s, const char *weights, const char *digest)
{
    return !s->options.receipt ||
           inv_receipt_claim(s, s->options.receipt, &(struct inv_claim_of){
               weights, digest, INV_RECEIPT_PREDICATE, put_receipt });
}
