/* ${model}: the model of ${source} for firmware, written by ${compiler}.
 *
 * Values lie in one arena at fixed offsets, as dense arrays; b is the number of rows of the batch
 * at hand, at most ${batch}.  add_5 is value 5 of its phase, out_5 what it is written through,
 * row_5 a row of it on the stack; an array that another value takes over says "then".  A function
 * computes outputs begin .. end - 1 of its outer loop, or all where nothing is split; any split
 * gives the same bits.  What invar writes belongs to its user. */
#define INV_SMALL 1
@each has_loops
#define INV_TURNS 1
enum { INV_NUMBERS = ${numbers} }; /* more than a group has whose storage moves in loops */
@end
#include <string.h>
#include "${file}.h"
#include "core/arith.h"
#include "core/exact.h"
#include "core/firmware.h"
@each text
#include "core/next_token.h"
@end
#include "core/philox.h"
#include "core/sums.h"
@each include
#include "${include}"
@end

#if ${upper}_ABI_VERSION != ${abi}
#error "${file}.h and ${file}.c are of different versions: emit both with one invar"
#endif

/* The arena's pieces: frozen weights; trained ones, from which offsets count, and state; what lives
 * for a batch. */
#define FROZEN_BYTES (${upper}_WEIGHT_BYTES - ${upper}_TRAINED_BYTES)
#define TRAINED_BYTES ${upper}_TRAINED_BYTES
#define STATE_BYTES (${upper}_STATE_BYTES - FROZEN_BYTES) /* with trained weights */
#define WORK_START ${work_start}
#define FIT_SUMS ${fit_sums} /* scratch of fitting, in the work piece */

enum {
    BATCH = ${upper}_BATCH,
    EPOCHS = ${epochs},
    STEPS = ${steps},
    DRAWN_ROWS = ${data_rows}, /* 0: rows come from a callback */
    SPLIT_SHUFFLE = ${split_shuffle},
    SHUFFLE = ${shuffle},
    MAIN_ROWS = ${main_rows},          /* there are rows that are split */
    OWN_PARTS = ${own_parts},          /* bit p: part p is rows of its own behind those split */
    WATCHES_VAL = ${watches_val},        /* `keep best`, `patience` or a schedule looks at it */
    CELLS_ARE_FIELDS = ${cells_are_fields}, /* no phase makes fields of cells */
    LOSSES = ${loss_count},
    FIT_TOGETHER = ${fit_together},       /* statistics that one pass over the rows fits */
    PLACE_COST = 20                   /* scalar operations to put one row into its place */
};

/* What a group has for itself of a function that it shares with others. */
#define OWN(...) (const int32_t[]){__VA_ARGS__}

@each prototype
INV_FN ${prototype};

@end
@each constant
static const float ${name}[${count}] = {
    ${elements}};

@end
@each function
${function}
@end
@each phase
static const struct inv_phase ${phase} __attribute__((unused)) = {${groups}, ${count}${loops}};
@end

/* ---- state ---- */

static void set_key(struct inv_run *run, uint64_t seed)
{
    run->key[0] = (uint32_t)seed;
    run->key[1] = (uint32_t)(seed >> 32);
}

/* What a model is at: IDLE between steps; from ROWS to UPDATE amid a step, whose later stages are
 * phases; SPLITTING and FITTING before the first. */
enum { IDLE, ORDER, ROWS, PREPARE, NORMALISE, AUGMENT, TRAINING, UPDATE, SPLITTING, FITTING };

enum ${model}_status ${model}_selftest(void)
{
    return inv_small_selftest() ? ${upper}_UNTRUSTED : ${upper}_OK;
}

static enum ${model}_status check_memory(const void *memory, size_t bytes, size_t wanted)
{
    if ((uintptr_t)memory % 8 != 0 || !memory)
        return ${upper}_ARENA_MISALIGNED;
    return bytes < wanted ? ${upper}_ARENA_TOO_SMALL : ${upper}_OK;
}

/* Start values: all are drawn, or the weights given and only the others drawn. */
static void start_weights(struct ${model} *model)
{
    unsigned char *arena = model->run.arena;
    model->run.step = model->run.epoch = 0;
    model->run.rows = 0;
    model->cursor = (struct inv_cursor){0};
    model->stage = IDLE;
    model->pass.rows = 0;
    model->ordered_epoch = -1;
    if (!model->given) {
        memset(arena - FROZEN_BYTES, 0, ${upper}_ARENA_BYTES);
        inv_phase_run(&model->run, &init);
    } else {
        memset(arena, 0, ${upper}_TUNING_BYTES);
        inv_phase_run(&model->run, &init_tuning);
        memcpy(arena, model->given + FROZEN_BYTES, TRAINED_BYTES);
    }
}

/* The arena from trained weights on, and the weights given, or NULL. */
static enum ${model}_status take_arena(struct ${model} *model, unsigned char *arena,
                               const unsigned char *given)
{
    enum ${model}_status status = ${model}_selftest();
    if (status != ${upper}_OK)
        return status;
    model->given = given;
    model->run.arena = arena;
    model->run.weights = arena;
    model->run.frozen = given ? given + FROZEN_BYTES : arena;
    model->run.work = arena + WORK_START;
    set_key(&model->run, ${seed});
    start_weights(model);
    return ${upper}_OK;
}

enum ${model}_status ${model}_init(struct ${model} *model, void *arena, size_t bytes)
{
    enum ${model}_status status = check_memory(arena, bytes, ${upper}_ARENA_BYTES);
    memset(model, 0, sizeof *model);
    if (status != ${upper}_OK)
        return status;
    return take_arena(model, (unsigned char *)arena + FROZEN_BYTES, NULL);
}

enum ${model}_status ${model}_init_tuning(struct ${model} *model, const void *weights, void *arena,
                                  size_t bytes)
{
    enum ${model}_status status = check_memory(arena, bytes, ${upper}_TUNING_BYTES);
    if (status == ${upper}_OK)
        status = check_memory(weights, 0, 0);
    memset(model, 0, sizeof *model);
    if (status != ${upper}_OK)
        return status;
    return take_arena(model, (unsigned char *)arena, (const unsigned char *)weights);
}

/* Weights that stay where they are; work memory, or NULL. */
static enum ${model}_status take_weights(struct ${model} *model, const void *weights, void *work)
{
    enum ${model}_status status = check_memory(weights, 0, 0);
    if (status == ${upper}_OK)
        status = ${model}_selftest();
    if (status != ${upper}_OK)
        return status;
    model->run.weights = (const unsigned char *)weights + FROZEN_BYTES;
    model->run.frozen = model->run.weights;
    model->run.work = (unsigned char *)work;
    set_key(&model->run, ${seed});
    return ${upper}_OK;
}

enum ${model}_status ${model}_init_inference(struct ${model} *model, const void *weights,
                                     void *work, size_t bytes)
{
    enum ${model}_status status = check_memory(work, bytes, ${upper}_INFER_BYTES);
    memset(model, 0, sizeof *model);
    return status == ${upper}_OK ? take_weights(model, weights, work) : status;
}

/* ---- rows ---- */

/* floor(rows * share / 10^8) */
INV_FN int32_t cut(int32_t rows, int32_t share)
{
    return share == 100000000 ? rows : (int32_t)((int64_t)rows * share / 100000000);
}

/* The row of the data set that place `at` of the split stands for. */
static int32_t split_row(const struct ${model} *model, int32_t at)
{
    int32_t own = 0, begin = 0;         /* rows of their own, and all, of the parts before */
    for (int part = 0; OWN_PARTS != 0 && at >= begin && part < 3; part++) {
        if ((OWN_PARTS >> part & 1) && at < model->part_end[part])
            return model->data.rows + own + at - begin;
        if (at >= model->part_end[part])
            own += model->data.part_rows[part];
        begin = model->part_end[part];
    }
    return SPLIT_SHUFFLE ? model->data.order[at - own] : at - own;
}

/* The training rows in the order of an epoch lie behind those of the split. */
static int32_t *epoch_order(const struct ${model} *model)
{
    return model->data.order + (SPLIT_SHUFFLE ? model->data.rows : 0);
}

/* Goes on with the order of all rows, or of an epoch's, as drawn from a stream (docs/numerics.md,
 * sections 4 and 6): places -count .. -1 write rows down, places 0 .. count - 1 exchange two each.
 * 1 once done. */
INV_SHARED int permute(struct ${model} *model, int32_t *order, int32_t count, uint32_t stream,
                       int32_t *budget)
{
    int splits = model->stage == SPLITTING;
    uint32_t moment = splits ? 0 : (uint32_t)model->run.epoch, word[4];
    int32_t drawn = -1;
    for (; model->place < count && *budget > 0; *budget -= PLACE_COST) {
        int32_t i = model->place < 0 ? model->place + count : count - 1 - model->place;
        if (model->place++ < 0) {
            order[i] = splits ? i : split_row(model, i);
            continue;
        }
        if (i / 4 != drawn) {
            drawn = i / 4;
            inv_random_quad(model->run.key, (uint32_t)drawn, moment, stream, word);
        }
        uint32_t j = inv_integer(word[i % 4], (uint32_t)(i + 1));
        int32_t other = order[j];
        order[j] = order[i];
        order[i] = other;
    }
    return model->place == count;
}

static int32_t training_row(const struct ${model} *model, int32_t at)
{
    return SHUFFLE ? epoch_order(model)[at] : split_row(model, at);
}

/* Reads row `sample` of the data into row `slot` of the batch.  0: done. */
INV_SHARED int fetch(struct ${model} *model, int32_t sample, int32_t slot)
{
    inv_i32(model->run.work, ${sample_offset})[slot] = sample;
    if (DRAWN_ROWS > 0)
        return 0;
    struct ${model}_row row;
    row.sample = sample;
@each cell
    row.${name} = ${reader}(model->run.work, ${offset}) + ${elements} * slot;
@end
    return model->data.row(model->data.user, &row);
}

/* The elements of one field in the batch must be finite, or classes. */
INV_SHARED int field_is_bad(const struct ${model} *model, int32_t offset, int32_t count,
                            int32_t classes)
{
    const float *real = inv_f32(model->run.work, offset);
    const int32_t *whole = inv_i32(model->run.work, offset);
    int bad = 0;
    for (int32_t i = 0; i < count; i++)
        bad |= classes < 0 ? !inv_is_finite(real[i])
                           : classes > 0 && (whole[i] < 0 || whole[i] >= classes);
    return bad;
}

static int batch_is_bad(const struct ${model} *model)
{
    int bad = 0;
@each field
    bad |= field_is_bad(model, ${offset}, ${elements} * model->run.rows, ${classes});
@end
    return bad;
}

static void copy_cells(struct ${model} *model)
{
    (void)model;
@each copy
    memcpy(model->run.work + ${to}, model->run.work + ${from},
           (size_t)(${bytes} * model->run.rows));
@end
}

/* Fields are drawn and made as if for step 0, by the seed of the data. */
static void begin_fields(struct ${model} *model)
{
    model->run.step = model->run.epoch = 0;
    set_key(&model->run, ${data_seed});
    if (CELLS_ARE_FIELDS)
        copy_cells(model);
}

static void end_fields(struct ${model} *model, int32_t step, int32_t epoch)
{
    model->run.step = step;
    model->run.epoch = epoch;
    set_key(&model->run, ${seed});
}

/* The rows in the batch become fields: 0, or 1 where one is bad. */
static int make_fields(struct ${model} *model)
{
    int32_t step = model->run.step, epoch = model->run.epoch;
    begin_fields(model);
    inv_phase_run(&model->run, &prepare);
    inv_phase_run(&model->run, &normalise);
    end_fields(model, step, epoch);
    return batch_is_bad(model);
}

/* ---- fitting ---- */

@each fits
/* A field that is fitted: whether to mean and deviation, or to the lowest and the range; cells of
 * a row, statistics, places in the work piece and the arena. */
static const struct fit {
    int32_t zscore, cells, statistics, input, a, b;
} fits[] = {
@end
@each fit
    {${zscore}, ${cells}, ${statistics}, ${input}, ${a}, ${b}}, /* ${name} */
@end
@each fits
};

enum { FITS = sizeof fits / sizeof *fits };

/* How many statistics the pass at hand serves, from `first`. */
static int32_t fit_count(const struct fit *fit, int32_t first)
{
    int32_t left = fit->statistics - first;
    return left < FIT_TOGETHER ? left : FIT_TOGETHER;
}

/* Adds row `at` to the exact sums of x, in odd passes of its squared distance from the mean a + b;
 * two passes serve FIT_TOGETHER statistics. */
static void fit_sums(struct ${model} *model, const struct fit *fit, int32_t at)
{
    const float *x = inv_f32(model->run.work, fit->input);
    const float *a = inv_f32(model->run.arena, fit->a), *b = inv_f32(model->run.arena, fit->b);
    int64_t *sum = inv_i64(model->run.work, FIT_SUMS);
    int32_t first = model->fit_pass / 2 * FIT_TOGETHER, count = fit_count(fit, first);
    for (int32_t i = 0; at == 0 && i < count * INV_EXACT_WORDS; i++)
        sum[i] = 0;
    model->fit_varied = at == 0 ? 0 : model->fit_varied;
    for (int32_t e = 0; e < fit->cells; e++) {
        int32_t s = e % fit->statistics, i = (s - first) * INV_EXACT_WORDS;
        if (s < first || s >= first + count)
            continue;
        float away = model->fit_pass % 2 == 1 ? inv_exact_away(x[e], a[s], b[s]) : 0.0f;
        model->fit_varied |= (uint32_t)(away != 0.0f) << (s - first);
        if (model->fit_pass % 2 == 1)
            inv_exact_add_square(sum + i, away);
        else
            inv_exact_add(sum + i, x[e], 1);
    }
}

/* Keeps the lowest in a, the highest in b. */
static void fit_range(struct ${model} *model, const struct fit *fit, int32_t at)
{
    const float *x = inv_f32(model->run.work, fit->input);
    float *a = inv_f32(model->run.arena, fit->a), *b = inv_f32(model->run.arena, fit->b);
    for (int32_t e = 0; e < fit->cells; e++) {
        int32_t s = e % fit->statistics;
        int first = at == 0 && e < fit->statistics;
        a[s] = first ? x[e] : inv_min(a[s], x[e]);
        b[s] = first ? x[e] : inv_max(b[s], x[e]);
    }
}

/* After the last row of a pass: a + b is the mean, then b the deviation.  1 where that is not
 * finite, or numbers vary so little that binary32 has no squares for it. */
static int fit_zscore_end(const struct ${model} *model, const struct fit *fit)
{
    int64_t *sum = inv_i64(model->run.work, FIT_SUMS);
    float *a = inv_f32(model->run.arena, fit->a), *b = inv_f32(model->run.arena, fit->b);
    int32_t count = model->part_end[0] * (fit->cells / fit->statistics), bad = 0;
    int32_t first = model->fit_pass / 2 * FIT_TOGETHER;
    for (int32_t s = first; s < first + fit_count(fit, first); s++) {
        if (model->fit_pass % 2 == 0) {
            inv_exact_centre(sum, count, &a[s], &b[s]);
        } else {
            float squares = inv_exact_mean(sum, 1, count);
            bad |= squares < 0x1p-126f && (model->fit_varied >> (s - first) & 1);
            b[s] = squares == 0.0f ? 1.0f : inv_sqrt(squares);
        }
        bad |= !inv_is_finite(a[s]) || !inv_is_finite(b[s]);
        sum += INV_EXACT_WORDS;
    }
    return bad;
}

/* After the last row: b is the range. */
static int fit_range_end(const struct ${model} *model, const struct fit *fit)
{
    float *a = inv_f32(model->run.arena, fit->a), *b = inv_f32(model->run.arena, fit->b);
    int bad = 0;
    for (int32_t s = 0; s < fit->statistics; s++) {
        b[s] = inv_sub(b[s], a[s]);
        b[s] = b[s] == 0.0f ? 1.0f : b[s];
        bad |= !inv_is_finite(b[s]);
    }
    return bad;
}

/* One training row into the pass at hand.  0: done. */
static int fit_row(struct ${model} *model)
{
    const struct fit *fit = &fits[model->fit_field];
    model->run.rows = 1;
    if (fetch(model, split_row(model, model->batch_at), 0))
        return 1;
    begin_fields(model);
    inv_phase_run(&model->run, &prepare);
    end_fields(model, 0, 0);
    uint32_t mode = inv_fpu_enter();
    (fit->zscore ? fit_sums : fit_range)(model, fit, model->batch_at++);
    int last = model->batch_at == model->part_end[0];
    int bad = last && (fit->zscore ? fit_zscore_end : fit_range_end)(model, fit);
    inv_fpu_leave(mode);
    if (!last)
        return 0;
    model->batch_at = 0;
    model->fit_pass += 1;
    if (!fit->zscore || model->fit_pass / 2 * FIT_TOGETHER >= fit->statistics) {
        model->fit_pass = 0;
        model->fit_field++;
    }
    return bad;
}

@end
/* ---- training ---- */

INV_SHARED void begin_pass(struct ${model} *model, struct ${model}_pass *pass)
{
    memset(pass, 0, sizeof *pass);
@each accumulator
    memset(model->run.arena + ${offset}, 0, ${bytes});
@end
    (void)model;
}

INV_SHARED void add_to_pass(const struct ${model} *model, struct ${model}_pass *pass)
{
    uint32_t mode = inv_fpu_enter();
@each loss
    inv_exact_add(pass->sum + ${index} * INV_EXACT_WORDS, *inv_f32(model->run.work, ${offset}),
                  (uint32_t)model->run.rows);
@end
    inv_fpu_leave(mode);
    pass->rows += model->run.rows;
}

INV_SHARED void end_pass(struct ${model} *model, const struct ${model}_pass *pass,
                         struct ${model}_reports *reports)
{
    model->run.rows = pass->rows;
    inv_phase_run(&model->run, &finish);
    uint32_t mode = inv_fpu_enter();
@each loss
    reports->${name} = inv_exact_mean(pass->sum + ${index} * INV_EXACT_WORDS, 1, pass->rows);
@end
    inv_fpu_leave(mode);
@each metric
    memcpy(&reports->${name}, model->run.work + ${offset}, sizeof reports->${name});
@end
}

static void start_average(struct ${model} *model)
{
    (void)model;
@each average
    memcpy(model->run.arena + ${to}, model->run.arena + ${from}, ${bytes});
@end
}

void ${model}_exchange_average(struct ${model} *model)
{
    (void)model;
@each average
    float *a${index} = inv_f32(model->run.arena, ${to});
    float *b${index} = inv_f32(model->run.arena, ${from});
    for (int32_t i = 0; i < ${bytes} / 4; i++) {
        float other = a${index}[i];
        a${index}[i] = b${index}[i];
        b${index}[i] = other;
    }
@end
}

enum ${model}_status ${model}_begin_slices(struct ${model} *model,
                                   const struct ${model}_data *data)
{
    int32_t rows = DRAWN_ROWS > 0 ? DRAWN_ROWS : data ? data->rows : 0, own = 0;
    if (!model->run.arena || !data || (rows > 0) != MAIN_ROWS || rows < 0 ||
        (DRAWN_ROWS == 0 && !data->row) ||
        (DRAWN_ROWS > 0 && data->rows != 0 && data->rows != rows) ||
        ((SPLIT_SHUFFLE || SHUFFLE) && !data->order))
        return ${upper}_BAD_CALL;
    model->data = *data;
    model->data.rows = rows;
    for (int part = 0; part < 3; part++) {
        static const int32_t share[3] = {${train_cut}, ${val_cut}, ${test_cut}};
        int32_t more = data->part_rows[part];
        if (more < 0 || (more > 0 && !(OWN_PARTS >> part & 1)) || more > INT32_MAX - rows - own)
            return ${upper}_BAD_CALL;
        own += more;
        model->part_end[part] = cut(rows, share[part]) + own;
    }
    model->per_epoch = (model->part_end[0] + (${drop_last} ? 0 : BATCH - 1)) / BATCH;
    model->ordered_epoch = -1;
    model->stage = IDLE;
    if (model->per_epoch == 0 || (WATCHES_VAL && model->part_end[1] == model->part_end[0]))
        return ${upper}_BAD_DATA;
    if (STEPS == 0 && model->per_epoch > INT32_MAX / (EPOCHS > 0 ? EPOCHS : 1))
        return ${upper}_BAD_CALL;
    model->run.steps = STEPS > 0 ? STEPS : EPOCHS * model->per_epoch;
    model->place = -rows;
    model->batch_at = model->fit_field = model->fit_pass = 0;
    model->stage = SPLIT_SHUFFLE ? SPLITTING : FITTING;
    return ${upper}_OK;
}

/* 1 once the order of the split is drawn. */
static int split_on(struct ${model} *model, int32_t *budget)
{
    set_key(&model->run, ${data_seed});
    int done = permute(model, model->data.order, model->data.rows, ${stream_split}, budget);
    set_key(&model->run, ${seed});
    return done;
}

enum ${model}_status ${model}_begin_continue(struct ${model} *model, int32_t budget)
{
    if (model->stage < SPLITTING)
        return ${upper}_BAD_CALL;
    if (SPLIT_SHUFFLE && model->stage == SPLITTING && split_on(model, &budget))
        model->stage = FITTING;
    if (model->stage == SPLITTING)
        return ${upper}_MORE;
@each fits
    for (; model->fit_field < FITS; budget -= ${row_cost}) {
        if (budget <= 0)
            return ${upper}_MORE;
        if (fit_row(model)) {
            model->stage = model->per_epoch = 0;
            return ${upper}_BAD_DATA;
        }
    }
@end
    start_average(model);
    model->stage = IDLE;
    return ${upper}_OK;
}

enum ${model}_status ${model}_begin(struct ${model} *model, const struct ${model}_data *data)
{
    enum ${model}_status status = ${model}_begin_slices(model, data);
    if (status == ${upper}_OK)
        do
            status = ${model}_begin_continue(model, INT32_MAX);
        while (status == ${upper}_MORE);
    return status;
}

/* Parameters and buffers, in the order of their names. */
static const struct {
    int32_t offset, elements;
    char kind;                          /* f: f32, i: i32, b: bool, l: i64 */
    char trained;                       /* a parameter */
} saved_tensors[] = {
@each saved
    {${offset}, ${elements}, '${kind}', ${trained}}, /* ${path} */
@end
    {0, 0, 0, 0},
};

/* Where a parameter or buffer of that offset lies. */
static const unsigned char *saved_at(const struct ${model} *model, int32_t offset)
{
    return (offset < 0 ? model->run.frozen : model->run.weights) + offset;
}

/* Whether every parameter is finite and no buffer holds a NaN. */
static int weights_are_sound(const struct ${model} *model)
{
    for (int t = 0; saved_tensors[t].kind; t++) {
        const float *value = inv_f32_const(saved_at(model, saved_tensors[t].offset), 0);
        for (int32_t i = 0; saved_tensors[t].kind == 'f' && i < saved_tensors[t].elements; i++)
            if (inv_is_nan(value[i]) || (saved_tensors[t].trained && !inv_is_finite(value[i])))
                return 0;
    }
    return 1;
}

enum ${model}_status ${model}_step_begin(struct ${model} *model)
{
    if (!model->run.arena || model->per_epoch == 0 || model->stage != IDLE)
        return ${upper}_BAD_CALL;
    if (model->run.step >= model->run.steps)
        return ${upper}_DONE;
    model->run.epoch = model->run.step / model->per_epoch;
    int32_t first = model->run.step % model->per_epoch * BATCH;
    int32_t rest = model->part_end[0] - first;
    if (first == 0)
        begin_pass(model, &model->pass);
    model->run.rows = rest < BATCH ? rest : BATCH;
    model->batch_at = 0;
    model->place = -model->part_end[0];
    model->stage = SHUFFLE && model->ordered_epoch != model->run.epoch ? ORDER : ROWS;
    return ${upper}_OK;
}

/* One row into the batch. */
static enum ${model}_status next_row(struct ${model} *model)
{
    int32_t at = model->run.step % model->per_epoch * BATCH + model->batch_at;
    if (fetch(model, training_row(model, at), model->batch_at))
        return ${upper}_BAD_DATA;
    if (++model->batch_at == model->run.rows) {
        model->batch_at = model->run.step; /* kept while fields are made as if for step 0 */
        begin_fields(model);
        model->stage = PREPARE;
    }
    return ${upper}_OK;
}

static enum ${model}_status end_stage(struct ${model} *model)
{
    switch (model->stage++) {
    case NORMALISE:
        end_fields(model, model->batch_at, model->batch_at / model->per_epoch);
        return batch_is_bad(model) ? ${upper}_BAD_DATA : ${upper}_OK;
    case TRAINING:
        return inv_is_finite(${model}_loss(model)) ? ${upper}_OK : ${upper}_NOT_FINITE;
    case UPDATE:
        add_to_pass(model, &model->pass);
        model->run.step++;
        model->stage = IDLE;
        return model->run.step < model->run.steps || weights_are_sound(model)
                   ? ${upper}_OK : ${upper}_NOT_FINITE;
    default:
        return ${upper}_OK;
    }
}

static enum ${model}_status step_result(const struct ${model} *model)
{
    if (model->run.step >= model->run.steps)
        return ${upper}_DONE;
    return model->run.step % model->per_epoch == 0 ? ${upper}_EPOCH : ${upper}_OK;
}

static void shuffle_on(struct ${model} *model, int32_t *budget)
{
    if (permute(model, epoch_order(model), model->part_end[0], ${stream_shuffle}, budget)) {
        model->ordered_epoch = model->run.epoch;
        model->stage = ROWS;
    }
}

enum ${model}_status ${model}_step_continue(struct ${model} *model, int32_t budget)
{
    static const struct inv_phase *const phase[] = {
        [PREPARE] = &prepare, [NORMALISE] = &normalise, [AUGMENT] = &augment,
        [TRAINING] = &train, [UPDATE] = &update};
    enum ${model}_status status = ${upper}_OK;
    if (model->stage == IDLE || model->stage >= SPLITTING)
        return ${upper}_BAD_CALL;
    while (model->stage != IDLE && status == ${upper}_OK) {
        if (budget <= 0)
            return ${upper}_MORE;
        if (SHUFFLE && model->stage == ORDER) {
            shuffle_on(model, &budget);
        } else if (model->stage == ROWS) {
            status = next_row(model);
            budget -= ${row_cost};
        } else if (inv_phase_continue(&model->run, phase[model->stage], &model->cursor, &budget)) {
            status = end_stage(model);
        }
    }
    if (status == ${upper}_OK)
        return step_result(model);
    model->stage = IDLE;
    return status;
}

enum ${model}_status ${model}_step(struct ${model} *model)
{
    enum ${model}_status status = ${model}_step_begin(model);
    if (status != ${upper}_OK)
        return status;
    do
        status = ${model}_step_continue(model, INT32_MAX);
    while (status == ${upper}_MORE);
    return status;
}

float ${model}_loss(const struct ${model} *model)
{
    return *inv_f32(model->run.work, ${loss_offset});
}

void ${model}_epoch_reports(struct ${model} *model, struct ${model}_reports *reports)
{
    end_pass(model, &model->pass, reports);
}

/* ---- evaluation, inference ---- */

enum ${model}_status ${model}_evaluate(struct ${model} *model, enum ${model}_part part,
                               struct ${model}_reports *reports)
{
    struct ${model}_pass pass;
    if ((unsigned)part > ${upper}_TEST)
        return ${upper}_BAD_CALL;
    int32_t at = part == ${upper}_TRAIN ? 0 : model->part_end[part - 1];
    int32_t end = model->part_end[part];
    if (!model->run.arena || model->stage != IDLE || at == end)
        return ${upper}_BAD_CALL;
    begin_pass(model, &pass);
    for (; at < end; at += model->run.rows) {
        model->run.rows = end - at < BATCH ? end - at : BATCH;
        for (int32_t i = 0; i < model->run.rows; i++)
            if (fetch(model, split_row(model, at + i), i))
                return ${upper}_BAD_DATA;
        if (make_fields(model))
            return ${upper}_BAD_DATA;
        inv_phase_run(&model->run, &evaluate);
        add_to_pass(model, &pass);
    }
    end_pass(model, &pass, reports);
    return ${upper}_OK;
}

/* The weights that would be saved are in the arena; NaN is never better, nor is what weights give
 * that are not sound. */
static enum ${model}_status look(const struct ${model} *model, struct ${model}_best *best,
                         ${watch_ctype} value)
{
    uint32_t mode = inv_fpu_enter();
    ${watch_ctype} bar = ${watch_bar}(best->mark, ${patience_by});
    volatile int number = value == value;
    volatile int counts = best->epoch == 0 || value ${watch_better} bar;
    volatile int better = best->epoch == 0 || value ${watch_better} best->value;
    inv_fpu_leave(mode);
    int taken = number && better && weights_are_sound(model);
    best->misses = taken && counts ? 0 : best->misses + 1;
    if (taken && counts)
        best->mark = value;
    if (taken) {
        best->epoch = model->run.epoch + 1;
        best->value = value;
        if (best->weights && ${keeps_best})
            memcpy(best->weights, model->run.arena, TRAINED_BYTES);
    }
    return ${patience} > 0 && best->misses >= ${patience} ? ${upper}_DONE : ${upper}_OK;
}

enum ${model}_status ${model}_watch(struct ${model} *model, struct ${model}_best *best,
                            struct ${model}_reports *reports)
{
    int has_val = model->part_end[1] > model->part_end[0];
    enum ${model}_status status = ${upper}_OK;
@each watches_train
    struct ${model}_reports train_reports;
    ${model}_epoch_reports(model, &train_reports);
@end
    ${model}_exchange_average(model);
    if (has_val && ${watch_val})
        status = ${model}_evaluate(model, ${upper}_VAL, reports);
    else
        ${model}_epoch_reports(model, reports);
    if (status == ${upper}_OK && ${watches})
        status = look(model, best, reports->${watch_name});
    ${model}_exchange_average(model);
@each watched
    *inv_f32(model->run.arena, ${offset}) = ${reports}->${name};
@end
    return status;
}

void ${model}_finish(struct ${model} *model, const struct ${model}_best *best)
{
    ${model}_exchange_average(model);
    if (best && best->weights && best->epoch > 0 && ${keeps_best})
        memcpy(model->run.arena, best->weights, TRAINED_BYTES);
}

enum ${model}_status ${model}_infer(struct ${model} *model, int32_t rows,
@each argument
                            const ${ctype} *${name},
@end
                            struct ${model}_outputs *outputs)
{
    int32_t step = model->run.step, epoch = model->run.epoch;
    if (!model->run.work || model->stage != IDLE || rows < 1 || rows > BATCH)
        return ${upper}_BAD_CALL;
    model->run.rows = rows;
@each argument
    memcpy(model->run.work + ${offset}, ${name}, (size_t)(${bytes} * rows));
@end
    begin_fields(model);
    if (DRAWN_ROWS == 0)
        inv_phase_run(&model->run, &prepare);
    inv_phase_run(&model->run, &normalise);
    end_fields(model, step, epoch);
    inv_phase_run(&model->run, &predict);
@each output
    outputs->${name} = ${reader}(model->run.work, ${offset});
@end
    outputs->rows = rows;
    return ${upper}_OK;
}

@each text
/* ---- a text, token by token ---- */

enum ${model}_status ${model}_init_text(struct ${model} *model, const void *weights)
{
    memset(model, 0, sizeof *model);
    return take_weights(model, weights, NULL);
}

void ${model}_text_begin(struct ${model}_text *text)
{
    memset(text, 0, sizeof *text);
    text->temperature = ${temperature};
    text->top_k = ${top_k};
    text->seed = ${text_seed};
}

/* Where the window is full, it moves on by one: then all its tokens are at other places. */
enum ${model}_status ${model}_text_add(struct ${model}_text *text, int32_t token)
{
    if (token < 0 || token >= ${upper}_CLASSES)
        return ${upper}_BAD_DATA;
    if (text->count == ${upper}_PLACES) {
        text->count--;
        text->done = 0;
        memmove(text->token, text->token + 1, sizeof *text->token * (size_t)text->count);
    }
    text->token[text->count++] = token;
    return ${upper}_OK;
}

enum ${model}_status ${model}_text_logits(const struct ${model} *model, struct ${model}_text *text,
                                  const float **logits)
{
    struct inv_run run = model->run;
    if (!run.weights || model->stage != IDLE || text->count < 1)
        return ${upper}_BAD_CALL;
    run.work = text->memory;
    run.rows = 1;
    run.step = run.epoch = 0;
    for (; text->done < text->count; text->done++) {
@each place
        *inv_i32(run.work, ${offset}) = text->done;
@end
@each token
        *inv_i32(run.work, ${offset}) = text->token[text->done];
@end
        inv_phase_run(&run, &generate);
    }
@each logits
    *logits = inv_f32(run.work, ${offset});
@end
    return ${upper}_OK;
}

enum ${model}_status ${model}_text_draw(const struct ${model} *model, struct ${model}_text *text,
                                int32_t *token)
{
    const float *logits;
    struct inv_drawing drawing = {{0, 0}, ${stream}, text->top_k, text->temperature};
    enum ${model}_status status = ${model}_text_logits(model, text, &logits);
    if (status != ${upper}_OK)
        return status;
    drawing.key[0] = (uint32_t)text->seed;
    drawing.key[1] = (uint32_t)(text->seed >> 32);
    uint32_t mode = inv_fpu_enter();
    int good = text->top_k >= 0 && text->temperature >= 0.0f;
    *token = good ? inv_next_token(logits, ${upper}_CLASSES, &drawing, text->drawn) : -1;
    inv_fpu_leave(mode);
    text->drawn += *token >= 0;
    return *token >= 0 ? ${upper}_OK : good ? ${upper}_NOT_FINITE : ${upper}_BAD_CALL;
}

@end
/* ---- saving ---- */

/* What stands before the state; the CRC-32 of both stands behind it. */
struct saved {
    uint32_t magic, abi, numerics, bytes;
    uint32_t model[8];                  /* SHA-256 of the model's text */
    uint32_t frozen;                    /* CRC-32 of the frozen weights */
    int32_t step;
    struct ${model}_pass pass;
};
typedef char save_bytes_hold[sizeof(struct saved) + 4 <= ${upper}_SAVE_BYTES - STATE_BYTES ? 1
                                                                                          : -1];

static struct saved saved_header(const struct ${model} *model)
{
    struct saved saved = {0x49564653u, ${upper}_ABI_VERSION, ${numerics}, STATE_BYTES,
                          {${model_words}}, 0, 0, {0, {0}}};
    saved.frozen = inv_crc32(0, model->run.frozen - FROZEN_BYTES, FROZEN_BYTES);
    saved.step = model->run.step;
    saved.pass = model->pass;
    return saved;
}

enum ${model}_status ${model}_save(const struct ${model} *model, ${model}_write *write, void *user)
{
    if (!model->run.arena || model->stage != IDLE)
        return ${upper}_BAD_CALL;
    struct saved saved = saved_header(model);
    uint32_t sum = inv_crc32(0, &saved, (int32_t)sizeof saved);
    sum = inv_crc32(sum, model->run.arena, STATE_BYTES);
    if (write(user, &saved, sizeof saved) || write(user, model->run.arena, STATE_BYTES) ||
        write(user, &sum, sizeof sum))
        return ${upper}_IO;
    return ${upper}_OK;
}

static enum ${model}_status load_state(struct ${model} *model, ${model}_read *read, void *user)
{
    struct saved saved, wanted = saved_header(model);
    uint32_t sum;
    if (read(user, &saved, sizeof saved))
        return ${upper}_IO;
    int differs = saved.magic != wanted.magic || saved.abi != wanted.abi ||
                  saved.numerics != wanted.numerics || saved.bytes != wanted.bytes ||
                  saved.frozen != wanted.frozen;
    for (int i = 0; i < 8; i++)
        differs = differs || saved.model[i] != wanted.model[i];
    if (differs)
        return ${upper}_BAD_STATE;
    if (read(user, model->run.arena, STATE_BYTES) || read(user, &sum, sizeof sum))
        return ${upper}_IO;
    uint32_t now = inv_crc32(0, &saved, (int32_t)sizeof saved);
    if (inv_crc32(now, model->run.arena, STATE_BYTES) != sum)
        return ${upper}_BAD_STATE;
    model->run.step = saved.step;
    model->run.epoch = model->per_epoch > 0 ? saved.step / model->per_epoch : 0;
    model->pass = saved.pass;
    model->stage = IDLE;
    return ${upper}_OK;
}

enum ${model}_status ${model}_load(struct ${model} *model, ${model}_read *read, void *user)
{
    if (!model->run.arena || model->stage >= SPLITTING)
        return ${upper}_BAD_CALL;
    enum ${model}_status status = load_state(model, read, user);
    if (status != ${upper}_OK)
        start_weights(model);
    return status;
}

static const char weights_header[${header_bytes}] =
@each header
    ${piece}
@end
    "";

/* Little-endian; a NaN as the one that leaves a program, a truth value as one byte. */
static size_t element_bytes(const unsigned char *at, char kind, unsigned char to[8])
{
    uint32_t narrow;
    uint64_t bits;
    memcpy(&narrow, at, sizeof narrow);
    bits = kind == 'f' ? inv_bits(inv_canonical(inv_from_bits(narrow)))
           : kind == 'b' ? (uint64_t)(narrow != 0) : narrow;
    if (kind == 'l')
        memcpy(&bits, at, sizeof bits);
    for (int i = 0; i < 8; i++)
        to[i] = (unsigned char)(bits >> (8 * i));
    return kind == 'b' ? 1 : kind == 'l' ? 8 : 4;
}

enum ${model}_status ${model}_write_weights(const struct ${model} *model, ${model}_write *write,
                                    void *user)
{
    if (!model->run.weights || model->stage != IDLE)
        return ${upper}_BAD_CALL;
    if (write(user, weights_header, sizeof weights_header))
        return ${upper}_IO;
    for (int t = 0; saved_tensors[t].kind; t++) {
        const unsigned char *at = saved_at(model, saved_tensors[t].offset);
        for (int32_t i = 0; i < saved_tensors[t].elements; i++) {
            unsigned char bytes[8];
            size_t count = element_bytes(at, saved_tensors[t].kind, bytes);
            if (write(user, bytes, count))
                return ${upper}_IO;
            at += saved_tensors[t].kind == 'l' ? 8 : 4;
        }
    }
    return ${upper}_OK;
}
