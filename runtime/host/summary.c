#include "summary.h"
#include <stdlib.h>
#include <string.h>
#include "digest.h"
#include "environment.h"
#include "json_text.h"
#include "statement.h"

int inv_summary_possible(struct inv_session *s)
{
    const char *path = s->options.summary;
    return !path || inv_output_possible(path, INV_WHOLE, &s->errors);
}

/* Who verified, by which programs. */
static void put_verifier(struct inv_json_text *j, const struct inv_session *s)
{
    char *kernel = inv_environment_kernel(), *compiler = inv_environment_compiler();
    inv_json_open(j, "verifier", '{');
    inv_json_put(j, "id", INV_SUMMARY_VERIFIER);
    inv_json_open(j, "version", '{');
    inv_json_put(j, "invar", s->model->compiler);
    inv_json_put(j, "cCompiler", compiler);
    inv_json_put(j, "kernel", kernel);
    inv_json_close(j, '}');
    inv_json_close(j, '}');
    free(kernel);
    free(compiler);
}

/* Which steps were to be run again, in new memory. */
static char *policy_of(const struct inv_options *o)
{
    static const char policy[] = "urn:invar:verification:1";
    if (o->range.last >= 0)
        return inv_text("%s:steps:%lld..%lld", policy, (long long)o->range.first,
                        (long long)o->range.last);
    if (o->sample.seeded)
        return inv_text("%s:sample:%lld:%llu", policy, (long long)o->sample.count,
                        (unsigned long long)o->sample.seed);
    if (o->sample.count > 0)            /* it failed before any was drawn */
        return inv_text("%s:sample:%lld", policy, (long long)o->sample.count);
    return inv_text("%s:%s", policy, o->resume ? "rest" : "whole");
}

static void put_policy(struct inv_json_text *j, const struct inv_session *s)
{
    char *policy = policy_of(&s->options);
    inv_json_open(j, "policy", '{');
    inv_json_put(j, "uri", policy);
    inv_json_close(j, '}');
    free(policy);
}

static void put_input(struct inv_json_text *j, const struct inv_session *s)
{
    inv_json_open(j, "inputAttestations", '[');
    inv_json_open(j, NULL, '{');
    inv_json_put(j, "uri", s->statement->path);
    inv_receipt_put_digest(j, "sha256", s->statement->own_sha256);
    inv_json_close(j, '}');
    inv_json_close(j, ']');
}

static void put_verdict(struct inv_json_text *j, const struct inv_session *s, const char *result,
                        const char *level)
{
    char time[32], *resource = inv_text("urn:invar:weights:%s", s->statement->sha256);
    inv_receipt_now(time);
    put_verifier(j, s);
    inv_json_put(j, "timeVerified", time);
    inv_json_put(j, "resourceUri", resource);
    put_policy(j, s);
    put_input(j, s);
    inv_json_put(j, "verificationResult", result);
    inv_json_open(j, "verifiedLevels", '[');
    inv_json_put(j, NULL, level);
    inv_json_close(j, ']');
    free(resource);
}

static void put_passed(struct inv_json_text *j, struct inv_session *s)
{
    put_verdict(j, s, "PASSED", s->again < 0 ? "INVAR_TRAINING_REPRODUCED"
                                             : "INVAR_TRAINING_PARTLY_REPRODUCED");
}

static void put_failed(struct inv_json_text *j, struct inv_session *s)
{
    put_verdict(j, s, "FAILED", "FAILED");
}

static int is_summary(const char *head, size_t size)
{
    (void)size;
    return strstr(head, "\"" INV_SUMMARY_VERIFIER "\"") != NULL;
}

const struct inv_output_sign inv_summary_sign = { "verification summary", is_summary };

int inv_summary_write(struct inv_session *s, int status)
{
    const struct inv_statement *said = s->statement;
    if (!s->options.summary || (status != INV_OK && status != INV_MISMATCH))
        return status;
    int written = inv_receipt_claim(s, s->options.summary, &(struct inv_claim_of){
        said->weights, said->sha256, INV_SUMMARY_PREDICATE,
        status == INV_OK ? put_passed : put_failed });
    return written || status != INV_OK ? status : INV_BAD_DATA;
}
