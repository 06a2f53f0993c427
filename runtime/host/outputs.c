/* Which files a trainer reads and writes, checked before it does either. */
#include <stdlib.h>
#include "output.h"
#include "rows.h"
#include "session.h"

static void claim_data(struct inv_session *s)
{
    const struct inv_data *d = &s->model->data;
    for (int i = 0; i < d->file_count; i++) {
        char *path = inv_rows_path(s->model, s->options.data, d->file[i].path);
        char *what = inv_text("the data file %s", path);
        inv_claims_input(&s->claims, what, path);
        free(what);
        free(path);
    }
}

static void claim_inputs(struct inv_session *s, const char *start)
{
    inv_claims_input(&s->claims, "the trainer itself", "/proc/self/exe");
    inv_claims_input(&s->claims, "the model file", s->model->path);
    for (int i = 0; s->model->included && s->model->included[i]; i++)
        inv_claims_input(&s->claims, "a file that the model includes", s->model->included[i]);
    claim_data(s);
    inv_claims_input(&s->claims, "the weights that are read", start);
}

int inv_outputs_claim(struct inv_session *s, const char *start, const char *weights)
{
    const struct inv_options *o = &s->options;
    const struct { const char *option, *name; } output[] = {
        { "--weights", weights }, { "--save-init", o->save_init }, { "--log", o->log },
        { "--predict", o->predict } };
    int good = 1;
    s->claims.errors = &s->errors;
    s->out = stdout;
    claim_inputs(s, start);
    for (size_t i = 0; i < sizeof output / sizeof output[0]; i++) {
        good &= inv_claims_output(&s->claims, output[i].option, output[i].name);
        if (output[i].name && inv_output_is_standard(output[i].name))
            s->out = stderr;
    }
    return good;
}
