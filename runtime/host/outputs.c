/* Which files a trainer reads and writes, checked before it does either. */
#include <stdlib.h>
#include <string.h>
#include "checkpoint_file.h"
#include "fields.h"
#include "paths.h"
#include "safetensors.h"
#include "summary.h"
#include "verify.h"

/* The files of the model's data, and those that --predict or --evaluate names; what is wrong with
 * them is reported where they are read. */
static void claim_data(struct inv_session *s)
{
    const char *file = inv_options_file(&s->options);
    struct inv_errors silent = { .count = INV_ERROR_LIMIT };
    struct inv_paths paths = { .count = 0 };
    for (int source = 0; source < INV_SOURCES; source++) {
        inv_paths_find(&paths, s->model, s->options.data, (enum inv_source_of)source, &silent);
        if (file)
            inv_paths_find(&paths, s->model, file, (enum inv_source_of)source, &silent);
    }
    inv_claims_input(&s->claims, "the file that is read", file);
    for (int i = 0; i < paths.count; i++) {
        char *what = inv_text("the data file %s", paths.path[i]);
        inv_claims_input(&s->claims, what, paths.path[i]);
        free(what);
    }
    inv_paths_free(&paths);
}

/* What --verify reads beside the data: a receipt, its weights, the checkpoints of its run. */
static void claim_verified(struct inv_session *s)
{
    const char *resume = s->options.resume;
    char *weights = inv_verify_weights(s);
    inv_claims_input(&s->claims, "the receipt that is verified", s->options.verify);
    inv_claims_input(&s->claims, "the weights that are verified", weights);
    free(weights);
    for (int i = 1; resume && i < INV_CHECKPOINTS; i++) {
        char *older = inv_text("%s.%d", resume, i);
        inv_claims_input(&s->claims, "a checkpoint of the run that is verified", older);
        free(older);
    }
}

static void claim_inputs(struct inv_session *s, const char *start)
{
    inv_claims_input(&s->claims, "the trainer itself", "/proc/self/exe");
    inv_claims_input(&s->claims, "the model file", s->model->path);
    for (int i = 0; s->model->included && s->model->included[i]; i++)
        inv_claims_input(&s->claims, "a file that the model includes", s->model->included[i]);
    claim_data(s);
    if (s->statement)
        claim_verified(s);
    inv_loads_claim(&s->loads, &s->claims);
    inv_claims_input(&s->claims, "the weights that are read", start);
    char *names = start ? inv_fields_path(start) : NULL;
    inv_claims_input(&s->claims, "the names of the weights that are read", names);
    free(names);
}

/* An output: no other file, and where it says what it is, none of another kind, which would be
 * lost.  The first of several ranks writes them all. */
static int claim(struct inv_session *s, const char *option, const char *name,
                 const struct inv_output_sign *sign)
{
    return inv_claims_output(&s->claims, option, name) &&
           (!name || !sign || s->ranks.number > 0 ||
            inv_output_replaces(option, name, sign, &s->errors));
}

static int claim_names(struct inv_session *s, const char *option, const char *weights)
{
    if (!weights || !inv_fields_beside(weights))
        return 1;
    char *names = inv_fields_path(weights);
    int good = claim(s, option, names, &inv_fields_sign);
    free(names);
    return good;
}

/* The checkpoint that is read may be one of those that are written; resume.c looks at what is there
 * where the newest sound one is looked for. */
static int claim_checkpoints(struct inv_session *s)
{
    const struct inv_options *o = &s->options;
    int newest = o->resume && strcmp(o->resume, "auto") == 0;
    int good = claim(s, "--checkpoint", o->checkpoint, newest ? NULL : &inv_checkpoint_sign);
    for (int i = 1; o->checkpoint && i < inv_options_checkpoints(o); i++) {
        char *older = inv_text("%s.%d", o->checkpoint, i);
        good &= claim(s, "an older checkpoint,", older, &inv_checkpoint_sign);
        free(older);
    }
    if (o->resume && !newest)
        inv_claims_input(&s->claims, "the checkpoint that is read", o->resume);
    return good;
}

int inv_outputs_claim(struct inv_session *s, const char *start, const char *weights)
{
    const struct inv_options *o = &s->options;
    const struct { const char *option, *name; const struct inv_output_sign *sign; } output[] = {
        { o->weights ? "--weights" : "--weights (by default)", weights, &inv_safetensors_sign },
        { "--save-init", o->save_init, &inv_safetensors_sign },
        { "--log", o->log, &inv_log_sign }, { "--receipt", o->receipt, &inv_receipt_sign },
        { "--summary", o->summary, &inv_summary_sign }, { "--trace", o->trace, &inv_trace_sign },
        { "--rows", inv_options_rows(o), NULL }, /* looked at as it is read: row_file.c */
        { o->output ? "-o" : "-o (by default)",
          (o->predict || o->generate) && !o->output ? "-" : o->output, NULL } };
    char *lock = s->model->library ? inv_text(INV_LOCK_FILE, s->model->name) : NULL;
    int good = 1;
    s->claims.errors = &s->errors;
    s->out = s->caller ? s->caller->out : stdout;
    claim_inputs(s, start);
    good &= claim_checkpoints(s);
    for (size_t i = 0; i < sizeof output / sizeof output[0]; i++) {
        good &= claim(s, output[i].option, output[i].name, output[i].sign);
        if (output[i].name && inv_output_is_standard(output[i].name))
            s->out = stderr;
    }
    if (s->ranks.number > 0)
        s->out = stdout;                /* which is closed for all but the first rank */
    good &= claim_names(s, "the names beside --weights,", weights);
    good &= claim_names(s, "the names beside --save-init,", o->save_init);
    good &= inv_claims_output(&s->claims, "the lock of the library's kernels,", lock);
    free(lock);
    return good;
}
