#include "device.h"
#include <stdlib.h>
#include <string.h>
#include "variable.h"

/* ---- variables ---- */

#define KIND(name) (1u << (name))

/* What the host sets before a phase, and reads after it. */
static const unsigned pushed[INV_PHASES] = {
    [INV_PREPARE] = KIND(INV_RAW) | KIND(INV_SAMPLE),
    [INV_NORMALISE] = KIND(INV_INPUT) | KIND(INV_SAMPLE),
    [INV_AUGMENT] = KIND(INV_INPUT) | KIND(INV_SAMPLE),
    [INV_TRAIN] = KIND(INV_INPUT) | KIND(INV_SAMPLE),
    [INV_EVALUATE] = KIND(INV_INPUT) | KIND(INV_SAMPLE),
    [INV_PREDICT] = KIND(INV_INPUT) | KIND(INV_SAMPLE),
    [INV_GENERATE] = KIND(INV_TOKEN),
};
static const unsigned pulled[INV_PHASES] = {
    [INV_PREPARE] = KIND(INV_INPUT), [INV_NORMALISE] = KIND(INV_INPUT),
    [INV_AUGMENT] = KIND(INV_INPUT), [INV_TRAIN] = KIND(INV_LOSS) | KIND(INV_COLLECTED),
    [INV_EVALUATE] = KIND(INV_LOSS) | KIND(INV_COLLECTED),
    [INV_FINISH] = KIND(INV_REPORT), [INV_PREDICT] = KIND(INV_OUTPUT),
    [INV_GENERATE] = KIND(INV_LOGITS),
};

typedef void copy(const struct inv_run *, int64_t offset, int64_t bytes);

static void move(const struct inv_model *model, const struct inv_run *run, unsigned kinds,
                 copy *one)
{
    for (int i = 0; i < model->variable_count; i++) {
        const struct inv_variable *v = &model->variable[i];
        int64_t rows = v->rows >= 0 ? run->rows : 1;
        if (kinds & KIND(v->kind) && rows > 0)
            one(run, v->offset, rows * (int64_t)inv_variable_bytes(v));
    }
}

void inv_device_pull(const struct inv_model *model, const struct inv_run *run, enum inv_kind kind)
{
    if (run->device)
        move(model, run, KIND(kind), run->device->type->download);
}

void inv_device_push(const struct inv_model *model, const struct inv_run *run, enum inv_kind kind)
{
    if (run->device)
        move(model, run, KIND(kind), run->device->type->upload);
}

void inv_device_pull_saved(const struct inv_session *s)
{
    if (s->run.device && s->model->saved_bytes > 0)
        s->run.device->type->download(&s->run, 0, s->model->saved_bytes);
}

void inv_device_push_saved(const struct inv_session *s)
{
    if (s->run.device && s->model->saved_bytes > 0)
        s->run.device->type->upload(&s->run, 0, s->model->saved_bytes);
}

void inv_device_phase(const struct inv_model *model, const struct inv_run *run,
                      enum inv_phase phase)
{
    if (!model->phase[phase])
        return;
    if (!run->device) {
        if (run->stepped)
            run->stepped(run, NULL, (int)phase);
        model->phase[phase](run);
        return;
    }
    move(model, run, pushed[phase], run->device->type->upload);
    run->device->type->launch(run, phase);
    move(model, run, pulled[phase], run->device->type->download);
}

/* ---- the device ---- */

int64_t inv_device_number(const struct inv_session *s)
{
    int64_t number = s->options.device;
    int count = number < 0 && s->ranks.near > 1 ? s->model->device_type->count() : 0;
    return number >= 0 ? number : count > 0 ? s->ranks.here % count : 0;
}

/* What training takes of its memory for the exchange of sums. */
static int64_t taken_later(struct inv_session *s)
{
    int exchanges = s->ranks.count > 1 && s->model->shards > 0 && inv_options_train(&s->options);
    return exchanges ? inv_exchange_bytes(&s->ranks, s->model) : 0;
}

/* The device of a rank. */
struct of_rank { char machine[INV_MACHINE]; unsigned char id[INV_DEVICE_ID]; int64_t number; };

/* Of each rank, in new memory. */
static struct of_rank *ask_all(struct inv_session *s)
{
    struct of_rank own = { .number = inv_device_number(s) };
    struct of_rank *all = inv_allocate((size_t)s->ranks.count * sizeof *all);
    inv_ranks_machine(own.machine);
    s->model->device_type->identify(own.number, own.id);
    inv_ranks_gather(&s->ranks, &own, all, sizeof own);
    return all;
}

/* The first rank whose device an earlier one has, *other; or how many ranks there are. */
static int find_shared(const struct of_rank *of, int count, int *other)
{
    for (int r = 1; r < count; r++)
        for (*other = 0; *other < r; ++*other)
            if (memcmp(of[r].machine, of[*other].machine, INV_MACHINE) == 0 &&
                memcmp(of[r].id, of[*other].id, INV_DEVICE_ID) == 0)
                return r;
    return count;
}

static int check_shared(struct inv_session *s)
{
    const struct inv_ranks_direct *direct = s->ranks.type->direct;
    struct of_rank *of = ask_all(s);
    int other, rank = find_shared(of, s->ranks.count, &other), shared = rank < s->ranks.count;
    if (shared && direct && s->ranks.number == 0)
        inv_error(&s->errors, "ranks %d and %d on %s share GPU %lld, and %s needs one for each; "
                  "start as many ranks as there are GPUs, or build the trainer without --%s", other,
                  rank, of[rank].machine, (long long)of[rank].number, direct->name, direct->name);
    else if (shared && s->ranks.number == 0)
        inv_note(&s->errors, "ranks %d and %d on %s share GPU %lld, and compute in turn; as many "
                 "ranks as there are GPUs have one each", other, rank, of[rank].machine,
                 (long long)of[rank].number);
    free(of);
    if (!shared || !direct)
        return INV_OK;
    s->ranks.agreed = 1;
    return INV_BAD_USAGE;
}

int inv_device_open(struct inv_session *s)
{
    const struct inv_options *o = &s->options;
    if (!s->model->device_type)
        return INV_OK;
    const struct inv_device_wish wish = {
        .number = inv_device_number(s),
        .memory_limit = o->memory_limit > 0 ? o->memory_limit : 0,
        .later = taken_later(s),
        .update_lock = o->update_lock,
    };
    s->model->device_type->open(s->model, &s->run, &wish, o->quiet ? NULL : s->out);
    return s->ranks.count > 1 ? check_shared(s) : INV_OK;
}

void inv_device_close(struct inv_session *s)
{
    if (s->run.device)
        s->run.device->type->close(&s->run);
}

void inv_device_keep(struct inv_session *s)
{
    const struct inv_data *d = &s->model->data;
    const struct inv_options *o = &s->options;
    int passes = inv_options_train(o) || o->evaluate;
    if (!s->run.device || !passes)
        return;
    struct inv_device_field *field = inv_allocate((size_t)d->field_count * sizeof *field);
    for (int f = 0; f < d->field_count; f++) {
        const struct inv_variable *input = &s->model->variable[d->field[f].input];
        int64_t step = (int64_t)s->data.step[f], from = d->field[f].from * step;
        field[f] = (struct inv_device_field){
            .value = s->data.value[f] ? s->data.value[f] + from : NULL,
            .bytes = (int64_t)inv_variable_bytes(input), .step = step,
            .held = s->data.rows * step - from, .offset = input->offset };
    }
    s->run.device->type->keep(&s->run, d->field_count, field, s->data.begin[INV_PARTS],
                              s->options.quiet ? NULL : s->out);
    free(field);
}

/* Where rankings keep the rows of a pass to come; NULL where there are none. */
static struct inv_device_collected *collected(const struct inv_session *s, struct inv_pass *pass,
                                              int64_t rows)
{
    int count = 2 * s->model->ranking_count;
    if (count == 0)
        return NULL;
    struct inv_device_collected *made = inv_allocate((size_t)count * sizeof *made);
    inv_ranking_room(s->model, pass->kept, pass->rows + rows);
    for (int i = 0; i < count; i++) {
        const struct inv_variable *v = inv_ranking_variable(s->model, i);
        float *value = pass->kept[i].value + pass->rows * inv_variable_elements(v);
        made[i] = (struct inv_device_collected){ .offset = v->offset,
            .bytes = (int64_t)inv_variable_bytes(v), .value = (unsigned char *)value };
    }
    return made;
}

int64_t inv_device_pass(struct inv_session *s, struct inv_pass *pass, const int32_t *row,
                        int64_t rows, int64_t first_step, int training, float *loss)
{
    struct inv_device_pass work = { .training = training, .row = row, .rows = rows,
        .batch = training ? inv_model_step_rows(s->model) : s->model->batch,
        .first_step = (int32_t)first_step, .sum = pass->sum,
        .loss = loss, .collected_count = 2 * s->model->ranking_count };
    struct inv_device_collected *rankings = collected(s, pass, rows);
    work.collected = rankings;
    s->run.device->type->pass(&s->run, &work);
    free(rankings);
    int64_t done = work.done * work.batch;
    pass->rows += done < rows ? done : rows;
    return work.done;
}

/* ---- the environment ---- */

static void log_one(void *state, const char *key, const char *value)
{
    inv_log_text(state, key, value);
}

static void print_one(void *state, const char *key, const char *value)
{
    fprintf(state, "%s %s\n", key, value);
}

void inv_device_log(struct inv_session *s)
{
    if (s->run.device)
        s->model->device_type->describe(s->model, inv_device_number(s), log_one, &s->log);
}

void inv_device_log_ranks(struct inv_session *s)
{
    if (!s->run.device)
        return;
    int64_t own = inv_device_number(s), *all = inv_allocate((size_t)s->ranks.count * sizeof *all);
    int32_t *number = inv_allocate((size_t)s->ranks.count * sizeof *number);
    inv_ranks_gather(&s->ranks, &own, all, sizeof own);
    for (int r = 0; r < s->ranks.count; r++)
        number[r] = (int32_t)all[r];
    inv_log_wholes(&s->log, "devices", number, s->ranks.count);
    free(number);
    free(all);
}

void inv_device_log_kernels(struct inv_session *s)
{
    if (!s->run.device || !s->model->library)
        return;
    inv_log_begin(&s->log);
    s->run.device->type->tell_kernels(&s->run, log_one, &s->log);
    inv_log_end(&s->log);
}

void inv_device_print(const struct inv_session *s)
{
    if (s->model->device_type)
        s->model->device_type->describe(s->model, inv_device_number(s), print_one, stdout);
}
