#include "trace.h"
#include <stdlib.h>
#include <string.h>
#include "core/arith.h"
#include "core/hash.h"
#include "decimal.h"
#include "device.h"
#include "json.h"
#include "session.h"
#include "variable.h"

/* ---- hashes ---- */

static uint32_t canonical(uint32_t bits)
{
    return (bits & 0x7fffffffu) > 0x7f800000u ? 0x7fc00000u : bits;
}

static void hash_pieces(const struct inv_run *run, int64_t begin, int64_t end)
{
    const struct inv_session *s = run->trace_state;
    const struct inv_trace_pieces *p = &s->trace.pieces;
    for (int64_t i = begin; i < end; i++) {
        int64_t from = i * INV_HASH_PIECE, left = p->words - from;
        p->hash[i] = s->model->hash(p->at + from * 4, left < INV_HASH_PIECE ? left : INV_HASH_PIECE,
                                    p->what);
    }
}

/* Scalar operations that hashing a word is worth, for the threads to share pieces. */
enum { COST_OF_A_WORD = 8 };

/* what: an enum inv_hash_words. */
static uint64_t hash_words(const struct inv_run *run, const void *at, int64_t words, int what)
{
    struct inv_session *s = run->trace_state;
    struct inv_trace_pieces *p = &s->trace.pieces;
    int64_t count = (words + INV_HASH_PIECE - 1) / INV_HASH_PIECE;
    uint64_t hash = 0;
    if (count == 1)
        return inv_hash_mix(0, s->model->hash(at, words, what));
    if (count > p->room) {
        p->room = count;
        p->hash = inv_resize(p->hash, (size_t)count * sizeof *p->hash);
    }
    p->at = at;
    p->words = words;
    p->what = what;
    inv_for(run, hash_pieces, count, COST_OF_A_WORD * words);
    for (int64_t i = 0; i < count; i++)
        hash = inv_hash_mix(hash, p->hash[i]);
    return hash;
}

static uint64_t hash_variable(const struct inv_run *run, const struct inv_variable *v)
{
    int64_t count = inv_variable_elements(v);
    const unsigned char *at = run->arena + v->offset;
    if (v->dtype == INV_I64)
        return hash_words(run, at, 2 * count, INV_HASH_WIDE);
    return hash_words(run, at, count, v->dtype == INV_F32 ? INV_HASH_REAL : INV_HASH_WHOLE);
}

uint64_t inv_trace_hash(struct inv_session *s, const struct inv_variable *v)
{
    s->run.trace_state = s;
    return hash_variable(&s->run, v);
}

/* ---- options ---- */

static int bad(struct inv_session *s, const char *option, const char *text, const char *wanted)
{
    inv_error(&s->errors, "--%s %s: %s expected", option, text, wanted);
    return 0;
}

static int64_t place_count(const struct inv_model *model)
{
    return (int64_t)model->trace_count + model->variable_count;
}

/* What lasts over steps. */
static const enum inv_kind lasting[] = { INV_PARAM, INV_BUFFER, INV_STATE, INV_AVERAGE };

/* Stored values of a step, and what lasts. */
static int is_place(const struct inv_model *model, int64_t place)
{
    if (place < model->trace_count)
        return model->trace[place].offset >= 0;
    if (place >= place_count(model))
        return 0;
    for (size_t i = 0; i < sizeof lasting / sizeof *lasting; i++)
        if (model->variable[place - model->trace_count].kind == lasting[i])
            return 1;
    return 0;
}

static int no_place(struct inv_session *s, const char *option, int64_t place)
{
    inv_error(&s->errors, "--%s: place %lld is no value that is stored; a trace lists them", option,
              (long long)place);
    return 0;
}

/* "3,14,15" */
static int read_places(struct inv_session *s)
{
    struct inv_trace *t = &s->trace;
    for (const char *at = s->options.trace_place; at; at = *at ? at + 1 : NULL) {
        uint64_t place;
        if (!inv_decimal_whole(&at, INT64_MAX, &place) || (*at && *at != ',') ||
            t->values == INV_TRACE_VALUES)
            return bad(s, "trace-place", s->options.trace_place, "up to 8 places such as 3,14");
        if (!is_place(s->model, (int64_t)place))
            return no_place(s, "trace-place", (int64_t)place);
        t->value[t->values++].place = (int64_t)place;
    }
    return 1;
}

/* "STEP:PLACE:ELEMENT:BIT" */
static int read_flip(const char *text, int64_t number[4])
{
    for (int i = 0; i < 4; i++) {
        uint64_t value;
        if (!inv_decimal_whole(&text, INT64_MAX, &value) || *text != (i < 3 ? ':' : 0))
            return 0;
        number[i] = (int64_t)value;
        text += i < 3;
    }
    return number[3] <= 31;
}

static int read_options(struct inv_session *s)
{
    const struct inv_options *o = &s->options;
    struct inv_trace *t = &s->trace;
    if (o->inject && !read_flip(o->inject, t->inject))
        return bad(s, "inject", o->inject, "STEP:PLACE:ELEMENT:BIT, a bit from 0 to 31,");
    t->wanted = o->trace_steps.last >= 0 ? o->trace_steps : (struct inv_steps){ 0, INT32_MAX };
    if (o->inject && (t->inject[1] >= s->model->trace_count || !is_place(s->model, t->inject[1])))
        return no_place(s, "inject", t->inject[1]);
    return read_places(s);
}

/* ---- the file ---- */

static int is_trace(const char *head, size_t size)
{
    static const char begin[] = "{\"trace\":";
    return size >= sizeof begin - 1 && memcmp(head, begin, sizeof begin - 1) == 0;
}

const struct inv_output_sign inv_trace_sign = { "trace", is_trace };

static const char *kind_name(enum inv_kind kind)
{
    return kind == INV_PARAM    ? "parameter"
           : kind == INV_BUFFER ? "buffer"
           : kind == INV_STATE  ? "state"
                                : "average";
}

static void write_place(FILE *to, const struct inv_model *model, int64_t place)
{
    fprintf(to, "{\"place\":%lld,\"what\":", (long long)place);
    if (place < model->trace_count) {
        const struct inv_trace_node *node = &model->trace[place];
        char *line = inv_text("%s:%d: %s", node->line->path, node->line->number,
                              node->line->source);
        inv_json_write(to, node->text);
        fputs(",\"line\":", to);
        inv_json_write(to, line);
        free(line);
    } else {
        const struct inv_variable *v = &model->variable[place - model->trace_count];
        char *what = inv_text("%s %s after the update", kind_name(v->kind), v->path);
        inv_json_write(to, what);
        free(what);
    }
    fputs("}\n", to);
}

static void list_places(struct inv_session *s)
{
    struct inv_trace *t = &s->trace;
    t->place = inv_allocate((size_t)(place_count(s->model) + 1) * sizeof *t->place);
    for (int64_t i = 0; i < place_count(s->model); i++)
        if (is_place(s->model, i))
            t->place[t->places++] = i;
}

static int by_address(const void *a, const void *b)
{
    const struct inv_trace_variable *x = a, *y = b;
    /* invar-lint: allow pointer-order because these lie in one arena, each at its own fixed offset
     * */
    return (x->at > y->at) - (x->at < y->at);
}

static void list_variables(struct inv_session *s)
{
    struct inv_trace *t = &s->trace;
    const struct inv_model *model = s->model;
    t->variable = inv_allocate((size_t)(model->variable_count + 1) * sizeof *t->variable);
    for (int i = 0; i < model->variable_count; i++) {
        const struct inv_variable *v = &model->variable[i];
        const unsigned char *at = s->run.arena + v->offset;
        if (is_place(model, model->trace_count + i))
            t->variable[t->variables++] = (struct inv_trace_variable){
                .place = model->trace_count + i, .at = at, .end = at + inv_variable_bytes(v) };
    }
    /* invar-lint: allow unstable-sort because no two variables lie at one place */
    qsort(t->variable, (size_t)t->variables, sizeof *t->variable, by_address);
}

static void write_head(struct inv_session *s)
{
    const struct inv_model *model = s->model;
    FILE *to = s->trace.out.file;
    fprintf(to, "{\"trace\":2,\"model\":\"%s\",\"name\":\"%s\",\"numerics\":%u,\"parts\":\"%s\","
            "\"seed\":\"%llu\"}\n", model->sha256, model->name, model->numerics,
            s->data.fitted.parts, (unsigned long long)s->seed);
    for (int64_t i = 0; i < s->trace.places; i++)
        write_place(to, model, s->trace.place[i]);
}

int inv_trace_begin(struct inv_session *s)
{
    const struct inv_options *o = &s->options;
    s->trace.inject[0] = -1;
    if (!read_options(s))
        return 0;
    if (!o->trace)
        return 1;
    if (!inv_output_open(&s->trace.out, o->trace, &s->errors))
        return 0;
    s->trace.open = 1;
    s->trace.hash = inv_allocate((size_t)place_count(s->model) * sizeof *s->trace.hash);
    list_places(s);
    list_variables(s);
    write_head(s);
    return 1;
}

/* ---- the steps ---- */

/* A place in a loop comes once a turn; its elements are numbered on from turn to turn. */
static void flip(struct inv_session *s, const float *value, int64_t count)
{
    struct inv_trace *t = &s->trace;
    int64_t at = t->inject[2] - t->passed;
    uint32_t bits;
    t->passed += count;
    if (t->injected || at < 0 || at >= count)
        return;
    unsigned char *place = s->run.arena + ((const unsigned char *)(value + at) - s->run.arena);
    memcpy(&bits, place, sizeof bits);
    bits ^= 1u << t->inject[3];
    memcpy(place, &bits, sizeof bits);
    t->injected = 1;
}

static void add_digits(struct inv_trace_digits *to, uint64_t number, int digits)
{
    if (to->room - to->size < (size_t)digits) {
        to->room = 2 * to->room + 1024;
        to->text = inv_resize(to->text, to->room);
    }
    for (int i = digits; i-- > 0; number >>= 4)
        to->text[to->size + (size_t)i] = "0123456789abcdef"[number & 15];
    to->size += (size_t)digits;
}

/* Where the values of the place are wanted: those of one turn. */
static void add_values(struct inv_trace *t, int64_t place, const void *value, int64_t count,
                       int real)
{
    uint32_t bits;
    for (int v = 0; v < t->values; v++) {
        const unsigned char *at = value;
        for (int64_t i = 0; i < count && t->value[v].place == place; i++, at += sizeof bits) {
            memcpy(&bits, at, sizeof bits);
            add_digits(&t->value[v], real ? canonical(bits) : bits, 8);
        }
    }
}

/* Ends a line that says of which step it is with these digits. */
static void write_digits(struct inv_trace *t, const char *what, struct inv_trace_digits *digits)
{
    fprintf(t->out.file, "\"%s\":\"", what);
    if (digits->size > 0)
        fwrite(digits->text, 1, digits->size, t->out.file);
    fputs("\"}\n", t->out.file);
    digits->size = 0;
}

static void write_values(struct inv_session *s)
{
    struct inv_trace *t = &s->trace;
    for (int v = 0; v < t->values; v++) {
        fprintf(t->out.file, "{\"step\":%d,\"place\":%lld,", s->run.step,
                (long long)t->value[v].place);
        write_digits(t, "values", &t->value[v]);
    }
    if (t->values > 0) {
        fprintf(t->out.file, "{\"step\":%d,", s->run.step);
        write_digits(t, "order", &t->order);
    }
}

/* What the step stores, hashed: each variable there is known now, or no longer. */
static void know(struct inv_trace *t, const float *value, int64_t count, uint64_t hash)
{
    const unsigned char *at = (const unsigned char *)value, *end = at + 4 * count;
    int low = 0, high = t->variables;
    while (low < high) {
        int middle = low + (high - low) / 2;
        if (t->variable[middle].end <= at)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < t->variables && t->variable[low].at < end; low++) {
        t->variable[low].known = t->variable[low].at == at && t->variable[low].end == end;
        t->variable[low].hash = hash;
    }
}

static int traces(const struct inv_session *s)
{
    return s->trace.open && s->run.step >= s->trace.wanted.first &&
           s->run.step <= s->trace.wanted.last;
}

int64_t inv_trace_piece(const struct inv_session *s, int64_t step, int64_t end)
{
    const struct inv_trace *t = &s->trace;
    const int64_t begins[] = { t->open ? t->wanted.first : INT64_MAX, t->inject[0] };
    if (step == t->inject[0] || (t->open && step >= t->wanted.first && step <= t->wanted.last))
        return step + 1;
    for (int i = 0; i < 2; i++)
        if (begins[i] > step && begins[i] < end)
            end = begins[i];
    return end;
}

static void look_at(const struct inv_run *run, int node, const float *value, int64_t count)
{
    struct inv_session *s = run->trace_state;
    struct inv_trace *t = &s->trace;
    if (t->inject[0] == run->step && t->inject[1] == node)
        flip(s, value, count);
    if (!traces(s))
        return;
    uint64_t hash = hash_words(run, value, count, INV_HASH_REAL);
    know(t, value, count, hash);
    t->hash[node] = inv_hash_mix(t->hash[node], hash);
    if (t->values == 0)
        return;
    add_digits(&t->order, (uint64_t)node, 8);
    add_digits(&t->order, hash, 16);
    add_values(t, node, value, count, 1);
}

void inv_trace_step_begin(struct inv_session *s)
{
    struct inv_trace *t = &s->trace;
    int now = traces(s);
    s->run.trace = now || t->inject[0] == s->run.step ? look_at : NULL;
    s->run.trace_state = s;
    if (s->run.step == t->inject[0])
        t->passed = 0;
    if (now)
        memset(t->hash, 0, (size_t)place_count(s->model) * sizeof *t->hash);
    for (int i = 0; i < t->variables; i++)
        t->variable[i].known = 0;
}

static void take_variable(struct inv_session *s, const struct inv_trace_variable *known)
{
    const struct inv_variable *v = &s->model->variable[known->place - s->model->trace_count];
    s->trace.hash[known->place] = known->known ? known->hash : hash_variable(&s->run, v);
    if (v->dtype != INV_I64)
        add_values(&s->trace, known->place, known->at, inv_variable_elements(v),
                   v->dtype == INV_F32);
}

void inv_trace_step_end(struct inv_session *s)
{
    struct inv_trace *t = &s->trace;
    int looked = s->run.trace != NULL;
    s->run.trace = NULL;
    if (!looked || !traces(s))
        return;
    for (size_t i = 0; i < sizeof lasting / sizeof *lasting; i++)
        inv_device_pull(s->model, &s->run, lasting[i]);
    for (int i = 0; i < t->variables; i++)
        take_variable(s, &t->variable[i]);
    for (int64_t i = 0; i < t->places; i++)
        add_digits(&t->hashes, t->hash[t->place[i]], 16);
    write_values(s);
    fprintf(t->out.file, "{\"step\":%d,\"epoch\":%d,", s->run.step, s->run.epoch + 1);
    write_digits(t, "hashes", &t->hashes);
    t->steps++;
}

int64_t inv_trace_stop(const struct inv_session *s)
{
    return s->options.trace_only ? s->trace.wanted.last + 1 : INT64_MAX;
}

static void release(struct inv_trace *t)
{
    free(t->hash);
    free(t->place);
    free(t->variable);
    free(t->pieces.hash);
    free(t->hashes.text);
    for (int v = 0; v < t->values; v++)
        free(t->value[v].text);
    free(t->order.text);
}

/* Whether a run that is done came to the steps of the trace, and to what --inject names. */
static int came_to_all(struct inv_session *s)
{
    const struct inv_trace *t = &s->trace;
    const char *inject = s->options.inject;
    int steps = !t->open || t->steps > 0, injected = !inject || t->injected;
    if (!steps)
        inv_error(&s->errors, "--trace-steps %lld..%lld: the run has no such step",
                  (long long)t->wanted.first, (long long)t->wanted.last);
    if (!injected)
        inv_error(&s->errors, t->passed > 0
                  ? "--inject %s: place %lld of step %lld has %lld elements, numbered from 0"
                  : "--inject %s: place %lld is not made in step %lld, or the run has no such step",
                  inject, (long long)t->inject[1], (long long)t->inject[0], (long long)t->passed);
    return steps && injected;
}

int inv_trace_end(struct inv_session *s, int status)
{
    struct inv_trace *t = &s->trace;
    int good = status != INV_OK || came_to_all(s);
    if (t->open && !good)
        inv_output_abandon(&t->out);
    else if (t->open)
        good = inv_output_close(&t->out, NULL);
    release(t);
    return status != INV_OK ? status : good ? INV_OK : INV_BAD_DATA;
}
