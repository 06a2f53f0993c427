/* --generate: a causal model goes on with a prompt, token by token.
 *
 * The window holds the last n tokens of the text, from place 0 on; what is behind them is class 0,
 * and no place that a causal model looks at.  Where the compiler has proved that, there is a phase
 * for one place, which keeps what later ones read of it: until the window is full each token costs
 * one place.  From then on the window moves, every token is at another place, and all of it is
 * computed.  What comes next is drawn by core/next_token.h. */
#include <stdlib.h>
#include <string.h>
#include "core/next_token.h"
#include "characters.h"
#include "decimal.h"
#include "device.h"
#include "fields.h"
#include "split.h"
#include "variable.h"

struct generator {
    struct inv_session *s;
    const struct inv_generate *model;
    struct inv_names characters;        /* by their numbers; none where tokens are numbers */
    int32_t *token;                     /* the text so far */
    int64_t count, room;
    int64_t places, classes;            /* of the window; of a token */
    int64_t done;                       /* so many tokens went through INV_GENERATE */
    struct inv_drawing drawing;
    float *other;                       /* logits of a probe */
};

static void add_token(struct generator *g, int32_t token)
{
    if (g->count == g->room) {
        g->room = 2 * g->room + 256;
        g->token = inv_resize(g->token, (size_t)g->room * sizeof *g->token);
    }
    g->token[g->count++] = token;
}

/* The number of the line end of a model of lines, which begin and end with it; -1 of others. */
static int32_t line_end(const struct generator *g)
{
    return g->s->model->data.kind == INV_FILE_LINES ? inv_names_find(&g->characters, "\n") : -1;
}

/* ---- the prompt ---- */

static int add_characters(struct generator *g, const char *prompt)
{
    struct inv_errors *errors = &g->s->errors;
    char text[INV_CHARACTER];
    for (size_t at = 0, size = strlen(prompt); at < size;) {
        int length = inv_character_of(prompt + at, size - at, text);
        if (!length) {
            inv_error(errors, "--generate: byte %zu of the prompt is not UTF-8", at);
            return 0;
        }
        int number = inv_character_number(&g->characters, text, "--generate", errors);
        if (number < 0)
            return 0;
        add_token(g, number);
        at += (size_t)length;
    }
    return 1;
}

static int add_number(struct generator *g, int64_t number, const char *what)
{
    if (number >= 0 && number < g->classes) {
        add_token(g, (int32_t)number);
        return 1;
    }
    inv_error(&g->s->errors, "--generate: %s of the prompt is %lld, and the model knows %s 0 to "
              "%lld", what, (long long)number, what, (long long)g->classes - 1);
    return 0;
}

static int add_bytes(struct generator *g, const char *prompt)
{
    int good = 1;
    for (const unsigned char *at = (const unsigned char *)prompt; *at && good; at++)
        good = add_number(g, *at, "byte");
    return good;
}

/* "17 4 256" */
static int add_numbers(struct generator *g, const char *prompt)
{
    int good = 1;
    while (good && prompt[strspn(prompt, " ")]) {
        char *end;
        long long number = strtoll(prompt, &end, 10);
        if (end == prompt || (*end && *end != ' ')) {
            inv_error(&g->s->errors, "--generate: the prompt of a model of tokens is their "
                      "numbers, as in \"17 4 256\"");
            return 0;
        }
        good = add_number(g, number, "token");
        prompt = end;
    }
    return good;
}

static int add_prompt(struct generator *g, const char *prompt)
{
    int text = g->s->model->data.kind == INV_FILE_TEXT;
    if (line_end(g) >= 0)
        add_token(g, line_end(g));
    int good = g->characters.count > 0 ? add_characters(g, prompt)
               : text                  ? add_bytes(g, prompt)
                                       : add_numbers(g, prompt);
    if (good && g->count == 0)
        inv_error(&g->s->errors, "--generate: the prompt is empty; give a character or more");
    return good && g->count > 0;
}

/* ---- the model ---- */

static void *variable_at(struct generator *g, int variable)
{
    return g->s->run.arena + g->s->model->variable[variable].offset;
}

static void begin_run(struct generator *g)
{
    g->s->run.rows = 1;
    g->s->run.step = g->s->run.epoch = 0;
}

/* The logits behind `count` tokens at `token`, all other places being class `rest`. */
static const float *run_window(struct generator *g, const int32_t *token, int64_t count,
                               int32_t rest)
{
    int32_t *to = variable_at(g, g->s->model->data.field[g->model->field].input);
    for (int64_t i = 0; i < g->places; i++)
        to[i] = i < count ? token[i] : rest;
    memset(variable_at(g, g->s->model->sample), 0, sizeof(int32_t));
    begin_run(g);
    inv_device_phase(g->s->model, &g->s->run, INV_PREDICT);
    return (const float *)variable_at(g, g->model->output) + (count - 1) * g->classes;
}

/* The logits behind the text, which is not longer than the window. */
static const float *run_places(struct generator *g)
{
    begin_run(g);
    for (; g->done < g->count; g->done++) {
        if (g->model->place >= 0)
            *(int32_t *)variable_at(g, g->model->place) = (int32_t)g->done;
        if (g->model->token >= 0)
            *(int32_t *)variable_at(g, g->model->token) = g->token[g->done];
        inv_device_phase(g->s->model, &g->s->run, INV_GENERATE);
    }
    return variable_at(g, g->model->logits);
}

static const float *run_text(struct generator *g)
{
    if (g->model->logits >= 0 && g->count <= g->places)
        return run_places(g);
    int64_t seen = g->count < g->places ? g->count : g->places;
    return run_window(g, g->token + g->count - seen, seen, 0);
}

/* A probe, where there is no proof: whether the last place of the prompt, or where that fills the
 * window the one before its last, has the same logits with class 0 and with the last class behind
 * it.  0, and an error, where it has not. */
static int is_causal(struct generator *g)
{
    int64_t count = g->count < g->places ? g->count : g->places - 1;
    size_t bytes = (size_t)g->classes * sizeof(float);
    if (count < 1 || g->model->logits >= 0)
        return 1;
    memcpy(g->other, run_window(g, g->token, count, 0), bytes);
    if (memcmp(g->other, run_window(g, g->token, count, (int32_t)g->classes - 1), bytes) == 0)
        return 1;
    inv_error(&g->s->errors, "--generate: the logits of model %s at place %lld change with the "
              "tokens behind it, which are yet to come; make it causal, as "
              "encoder_block(..., causal = true) is", g->s->model->name, (long long)count - 1);
    return 0;
}

/* ---- the text ---- */

/* Whether the text is a whole line, or fills the window that one begins. */
static int line_is_over(const struct generator *g)
{
    int32_t end = line_end(g);
    return end >= 0 && g->count > 1 && (g->token[g->count - 1] == end || g->count > g->places);
}

static void write_token(struct generator *g, struct inv_output *out, int32_t token)
{
    unsigned char byte = (unsigned char)token;
    if (g->characters.count > 0)
        inv_output_write(out, g->characters.name[token], strlen(g->characters.name[token]));
    else if (g->s->model->data.kind == INV_FILE_TEXT)
        inv_output_write(out, &byte, 1);
    else
        inv_output_print(out, "%d ", token);
    if (out->file == stdout)            /* who reads along sees each token as it comes */
        fflush(out->file);
}

static int write_text(struct generator *g, struct inv_output *out, int64_t wanted)
{
    for (int64_t i = line_end(g) >= 0; i < g->count; i++)
        write_token(g, out, g->token[i]);
    for (int64_t i = 0; i < wanted && !line_is_over(g); i++) {
        int32_t token = inv_next_token(run_text(g), (int32_t)g->classes, &g->drawing, i);
        if (token < 0) {
            inv_error(&g->s->errors, "--generate: a logit is not finite; check the weights");
            return 0;
        }
        add_token(g, token);
        if (token != line_end(g))
            write_token(g, out, token);
    }
    inv_output_write(out, "\n", 1);
    return 1;
}

/* What the options say, else the model. */
static void take_settings(struct generator *g)
{
    const struct inv_options *o = &g->s->options;
    uint64_t seed = o->seed > 0 ? o->seed_value : g->model->has_seed ? g->model->seed : g->s->seed;
    const struct inv_fitted_field *fitted = &g->s->data.fitted.field[g->model->field];
    int64_t top = o->top_k > 0 ? o->top_k : g->model->top_k;
    g->drawing.top = top < g->classes ? (int32_t)top : 0;
    g->drawing.temperature = o->temperature >= 0 ? o->temperature : g->model->temperature;
    g->drawing.stream = g->model->stream;
    inv_split_key(seed, g->drawing.key);
    for (int i = 0; i < fitted->classes; i++)
        inv_names_add(&g->characters, fitted->class_name[i]);
    g->other = inv_allocate((size_t)g->classes * sizeof *g->other);
}

int inv_generate(struct inv_session *s)
{
    const struct inv_model *model = s->model;
    const struct inv_options *o = &s->options;
    const struct inv_field *field = &model->data.field[model->generate->field];
    const struct inv_variable *input = &model->variable[field->input];
    struct generator g = { .s = s, .model = model->generate,
        .places = inv_variable_elements(input), .classes = input->classes };
    struct inv_output out;
    inv_fitted_begin(&s->data.fitted, model->data.field_count);
    take_settings(&g);
    int good = add_prompt(&g, *o->generate ? o->generate : model->generate->prompt)
               && is_causal(&g)
               && inv_output_open(&out, o->output ? o->output : "-", &s->errors);
    if (good && write_text(&g, &out, o->length > 0 ? o->length : model->generate->count))
        good = inv_output_close(&out, NULL);
    else if (good) {
        inv_output_abandon(&out);
        good = 0;
    }
    inv_names_free(&g.characters);
    free(g.token);
    free(g.other);
    return good ? INV_OK : INV_BAD_DATA;
}
