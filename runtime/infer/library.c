#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "infer/library.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include "core/fpu.h"
#include "core/selftest.h"
#include "host/answer.h"
#include "host/describe.h"
#include "host/environment.h"
#include "host/fields.h"
#include "host/variable.h"
#include "infer/handle.h"

enum { ALIGNED = 64 };

/* A call hands over what is in the files that cells of its model name. */
const struct inv_reader inv_images = { NULL, NULL }, inv_sounds = { NULL, NULL };

/* What one call needs for itself; calls that come later take it over. */
struct work {
    struct work *next;
    void *memory;                       /* holds the arena */
    struct inv_answer answer;
    struct inv_errors errors;
    char *text;                         /* what errors.to holds */
    size_t size;
};

/* ---- what cannot go on ---- */

static _Thread_local struct inv_escape *escape;
static atomic_int distrusted;

struct inv_escape *inv_library_guard(struct inv_escape *here)
{
    struct inv_escape *outer = escape;
    escape = here;
    return outer;
}

int inv_library_distrusted(void)
{
    return atomic_load(&distrusted);
}

/* A thread without a call is one of those that share its work: it does without. */
void inv_library_gives_up(int status, const char *why)
{
    if (!escape) {
        atomic_store(&distrusted, 1);
        pthread_exit(NULL);
    }
    escape->status = status;
    inv_library_fail(escape->why, sizeof escape->why, why, status);
    longjmp(escape->to, 1);
}

int inv_library_fail(char *error, size_t size, const char *text, int status)
{
    size_t length = strlen(text);
    if (size > 0) {
        length = length < size ? length : size - 1;
        memcpy(error, text, length);
        error[length] = 0;
    }
    return status;
}

static int fail_of_memory(char *error, size_t size)
{
    return inv_library_fail(error, size, "out of memory", INV_BAD_DATA);
}

/* ---- what calls need ---- */

static void free_work(struct work *w)
{
    if (!w)
        return;
    inv_answer_end(&w->answer);
    if (w->errors.to)
        fclose(w->errors.to);
    free(w->text);
    free(w->memory);
    free(w);
}

/* The arena begins at a multiple of 64. */
static void make_arena(struct work *w, const struct inv_model *model)
{
    w->memory = inv_allocate((size_t)model->arena_bytes + ALIGNED);
    w->answer.run.arena = (unsigned char *)w->memory + (ALIGNED - (uintptr_t)w->memory % ALIGNED) %
                                                           ALIGNED;
}

/* 0 where memory is out; then what there is of it is in *made. */
static int make_work(const struct inv_library *l, struct work **made)
{
    struct work *w = *made = inv_allocate(sizeof *w);
    w->errors.to = open_memstream(&w->text, &w->size);
    if (!w->errors.to)
        return 0;
    make_arena(w, l->model);
    w->answer.model = l->model;
    w->answer.fitted = &l->fitted;
    w->answer.errors = &w->errors;
    inv_answer_begin(&w->answer);
    return 1;
}

/* One that is idle, or a new one. */
static int take_work(struct inv_library *l, struct work **taken)
{
    pthread_mutex_lock(&l->lock);
    *taken = l->idle;
    if (l->idle)
        l->idle = l->idle->next;
    pthread_mutex_unlock(&l->lock);
    if (*taken)
        return 1;
    if (!make_work(l, taken))
        return 0;
    memcpy((*taken)->answer.run.arena, l->saved, (size_t)l->model->saved_bytes);
    return 1;
}

static void give_work(struct inv_library *l, struct work *w)
{
    pthread_mutex_lock(&l->lock);
    w->next = l->idle;
    l->idle = w;
    pthread_mutex_unlock(&l->lock);
}

int inv_library_tell(char *text, char *error, size_t size, int status)
{
    static const char begin[] = "error: ";
    while (text && strncmp(text, begin, sizeof begin - 1) != 0 && strchr(text, '\n'))
        text = strchr(text, '\n') + 1;
    if (!text || strncmp(text, begin, sizeof begin - 1) != 0)
        return inv_library_fail(error, size, "out of memory", status); /* for the error itself */
    text += strlen(begin);
    char *end = strchrnul(text, '\n');
    while (end[0] && end[1] == ' ')     /* what belongs to it is indented */
        end = strchrnul(end + 1, '\n');
    *end = 0;
    return inv_library_fail(error, size, text, status);
}

/* The first error that was left there, which is then away. */
static int tell(struct work *w, char *error, size_t size, int status)
{
    fflush(w->errors.to);
    inv_library_tell(w->text, error, size, status);
    rewind(w->errors.to);
    w->errors.count = 0;
    return status;
}

/* ---- opening ---- */

void inv_library_close(struct inv_library *l)
{
    if (!l)
        return;
    inv_fitted_free(&l->fitted, l->model->data.field_count);
    for (struct work *w = l->idle, *next; w; w = next) {
        next = w->next;
        free_work(w);
    }
    free(l->saved);
    free(l->about);
    pthread_mutex_destroy(&l->lock);
    free(l);
}

static const char *distrust(const struct inv_model *model)
{
    if (model->abi != INV_ABI || model->numerics != INV_NUMERICS)
        return "model and runtime are of different versions; build both with one invar";
    const char *why = inv_selftest();
    return why ? why : model->selftest();
}

struct inv_library *inv_library_new(const struct inv_model *model)
{
    struct inv_library *l = inv_allocate(sizeof *l);
    l->model = model;
    pthread_mutex_init(&l->lock, NULL);
    return l;
}

int inv_library_settle(struct inv_library *l, const unsigned char *arena, const char *digest)
{
    memcpy(l->digest, digest, sizeof l->digest);
    l->saved = inv_allocate((size_t)l->model->saved_bytes);
    memcpy(l->saved, arena, (size_t)l->model->saved_bytes);
    l->about = inv_describe(l->model, &l->fitted, digest);
    return l->about != NULL;
}

/* With the work whose arena the weights were read into. */
static int fill_library(struct inv_library *l, struct work *w, const struct inv_trained *own,
                        const char *weights)
{
    char digest[65];
    const char *why = distrust(l->model);
    if (why)
        inv_error(&w->errors, "self-test: %s", why);
    if (why || !inv_trained_load(own, weights, l->model, w->answer.run.arena, &l->fitted, digest,
                                 &w->errors))
        return 0;
    if (inv_library_settle(l, w->answer.run.arena, digest))
        return 1;
    inv_error(&w->errors, "out of memory");
    return 0;
}

const struct inv_model *inv_library_choose(const struct inv_model *const *level, char *error,
                                           size_t size)
{
    struct inv_errors silent = {.count = INV_ERROR_LIMIT};
    const struct inv_model *model = inv_environment_choose(level, &silent);
    if (!model)
        inv_library_fail(error, size, "INVAR_ISA names a level that this library or this processor "
                         "lacks", INV_BAD_USAGE);
    return model;
}

static struct inv_library *open_library(const struct inv_model *const *level,
                                        const struct inv_trained *own, const char *weights,
                                        struct inv_escape *here, char *error, size_t size)
{
    const struct inv_model *model = inv_library_choose(level, error, size);
    struct inv_library *volatile made = NULL;
    struct work *work = NULL;
    if (!model)
        return NULL;
    if (setjmp(here->to) == 0) {
        struct inv_library *l = made = inv_library_new(model);
        if (make_work(l, &work)) {
            if (fill_library(l, work, own, weights)) {
                give_work(l, work);
                return l;
            }
            tell(work, error, size, INV_BAD_DATA);
            free_work(work);
            inv_library_close(l);
            return NULL;
        }
    }
    fail_of_memory(error, size);
    inv_library_close(made);
    return NULL;
}

struct inv_library *inv_library_open(const struct inv_model *const *level,
                                     const struct inv_trained *own, const char *weights,
                                     char *error, size_t size)
{
    uint32_t mode = inv_fpu_enter();
    struct inv_escape here, *outer = inv_library_guard(&here);
    struct inv_library *made = open_library(level, own, weights, &here, error, size);
    inv_library_guard(outer);
    inv_fpu_leave(mode);
    return made;
}

/* ---- predicting ---- */

static int put_inputs(struct inv_answer *a, const void *const *input, int64_t first, int64_t rows)
{
    int at = 0, number = 0;
    for (int f; (f = inv_answer_input(a->model, &at)) >= 0; number++) {
        size_t bytes = inv_variable_bytes(inv_answer_cells(a->model, f));
        const unsigned char *from = input[number];
        if (!inv_answer_put(a, f, from + (size_t)first * bytes, first, rows))
            return 0;
    }
    return 1;
}

static void take_output(const struct inv_answer *a, const struct inv_variable *v, void *to,
                        int64_t first, int64_t rows)
{
    const unsigned char *from = a->run.arena + v->offset;
    int64_t elements = inv_variable_elements(v), count = rows * elements;
    if (v->dtype != INV_BOOL) {
        memcpy((unsigned char *)to + (size_t)first * inv_variable_bytes(v), from,
               (size_t)rows * inv_variable_bytes(v));
        return;
    }
    for (int64_t i = 0; i < count; i++) {
        int32_t truth;
        memcpy(&truth, from + 4 * i, sizeof truth);
        ((unsigned char *)to)[first * elements + i] = truth != 0;
    }
}

static int predict(struct inv_answer *a, int64_t rows, const void *const *input,
                   void *const *output)
{
    int64_t batch = a->model->batch;
    for (int64_t first = 0; first < rows; first += batch) {
        int64_t count = rows - first < batch ? rows - first : batch;
        int at = 0, number = 0;
        if (!put_inputs(a, input, first, count) || !inv_answer_run(a, first, count))
            return 0;
        for (const struct inv_variable *v; (v = inv_answer_output(a->model, &at)); number++)
            if (output[number])
                take_output(a, v, output[number], first, count);
    }
    return 1;
}

/* The work is lost where memory is out in the midst of it: nobody knows what it holds. */
static int predict_by(struct inv_library *l, int64_t rows, const void *const *input,
                      void *const *output, struct inv_escape *here, char *error, size_t size)
{
    struct work *w = NULL;
    if (setjmp(here->to) != 0 || !take_work(l, &w))
        return fail_of_memory(error, size);
    int status = INV_OK;
    if (!predict(&w->answer, rows, input, output))
        status = tell(w, error, size, INV_BAD_DATA);
    give_work(l, w);
    return status;
}

int inv_library_predict(struct inv_library *l, int64_t rows, const void *const *input,
                        void *const *output, char *error, size_t size)
{
    if (rows < 0)
        return inv_library_fail(error, size, "the number of rows is negative", INV_BAD_USAGE);
    uint32_t mode = inv_fpu_enter();
    struct inv_escape here, *outer = inv_library_guard(&here);
    int status = predict_by(l, rows, input, output, &here, error, size);
    inv_library_guard(outer);
    inv_fpu_leave(mode);
    return status;
}

/* ---- what it is ---- */

const char *inv_library_describe(const struct inv_library *l)
{
    return l->about;
}

const char *inv_library_class_name(const struct inv_library *l, int output, int64_t value)
{
    int at = 0;
    const struct inv_variable *v = inv_answer_output(l->model, &at);
    for (int i = 0; v && i < output; i++)
        v = inv_answer_output(l->model, &at);
    int field = v && output >= 0 ? inv_describe_field(l->model, v) : -1;
    return field < 0 ? NULL : inv_class_name(l->model, &l->fitted, field, value);
}
