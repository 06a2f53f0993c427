/* The pieces of a device's arena and their sizes.
 *
 * requires: pass_plan has run.
 *
 * Weights [0, saved_bytes), of which [0, frozen_bytes) may stay in flash, state up to
 * firmware_state_end, then from firmware_work_start (a multiple of 64, so that alignments stay)
 * what lives for a batch: its rows, results, scratch.  What phase generate has to itself, from
 * text_start on, is no part of it, but of each text that goes on. */
#include "passes/firmware.h"
#include "core/exact.h"
#include "passes/schedule.h"

static bool lives_on(const struct variable *v)
{
    switch (v->kind) {
    case VAR_PARAM:
    case VAR_BUFFER:
    case VAR_BLOCK:
    case VAR_STATE:
    case VAR_AVERAGE:
    case VAR_ACCUMULATOR:
        return true;
    default:
        return false;
    }
}

bool firmware_is_of_text(const struct variable *v)
{
    return v->kind == VAR_TOKEN || v->kind == VAR_KEPT || v->kind == VAR_LOGITS;
}

static int64_t variable_bytes(const struct program *program, const struct variable *v)
{
    return schedule_bytes(program, v->dtype, &v->shape);
}

int64_t firmware_state_end(const struct program *program)
{
    int64_t end = program->saved_bytes;
    for (int i = 0; i < program->variable_count; i++) {
        const struct variable *v = program->variable[i];
        if (lives_on(v) && v->offset + variable_bytes(program, v) > end)
            end = v->offset + variable_bytes(program, v);
    }
    return end;
}

int64_t firmware_work_start(const struct program *program)
{
    return firmware_state_end(program) / 64 * 64;
}

int64_t firmware_round(int64_t bytes)
{
    return (bytes + 7) / 8 * 8;
}

/* Bytes of the sums that fitting holds at a time. */
static int64_t fit_bytes(const struct program *program)
{
    int64_t most = 0;
    for (int i = 0; i < program->data.field_count; i++) {
        const struct data_field *field = &program->data.field[i];
        if (field->fit != FIT_ZSCORE)
            continue;
        int64_t statistics = variable_bytes(program, program_variable(program, field->fit_a)) / 4;
        most = statistics > most ? statistics : most;
    }
    return (most < FIRMWARE_FIT_TOGETHER ? most : FIRMWARE_FIT_TOGETHER) * INV_EXACT_WORDS * 8;
}

/* What a batch needs in the work piece for inference: all rows and results, and the scratch of
 * the phases that then run. */
static int64_t infer_bytes(const struct program *program)
{
    static const enum phase run[] = {PHASE_PREPARE, PHASE_NORMALISE, PHASE_PREDICT};
    int64_t end = firmware_state_end(program);
    for (int i = 0; i < program->variable_count; i++) {
        const struct variable *v = program->variable[i];
        if (!lives_on(v) && !firmware_is_of_text(v) && v->offset + variable_bytes(program, v) > end)
            end = v->offset + variable_bytes(program, v);
    }
    for (size_t p = 0; p < sizeof run / sizeof *run; p++) {
        const struct graph *graph = program->phase[run[p]];
        for (int i = 0; graph && i < graph->schedule->storage_count; i++) {
            const struct storage *s = &graph->schedule->storage[i];
            end = s->offset + s->bytes > end ? s->offset + s->bytes : end;
        }
    }
    return firmware_round(end - firmware_work_start(program));
}

struct firmware_sizes firmware_sizes(const struct program *program)
{
    struct firmware_sizes sizes = {.weights = program->saved_bytes,
                                   .state = firmware_state_end(program),
                                   .fit = fit_bytes(program),
                                   .infer = infer_bytes(program),
                                   .text = program->text_bytes};
    sizes.arena = firmware_round(program->text_start) + sizes.fit;
    sizes.frozen = program->frozen_bytes;
    sizes.tuning = sizes.arena - sizes.frozen;
    return sizes;
}
