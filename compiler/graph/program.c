/* Variables of a program, and the names of its phases. */
#include "graph/program.h"

#include <assert.h>
#include <string.h>

static const char *const names[PHASE_COUNT] = {
    [PHASE_INIT] = "init",         [PHASE_PREPARE] = "prepare", [PHASE_NORMALISE] = "normalise",
    [PHASE_AUGMENT] = "augment",   [PHASE_TRAIN] = "train",     [PHASE_EVALUATE] = "evaluate",
    [PHASE_FINISH] = "finish",     [PHASE_PREDICT] = "predict", [PHASE_UPDATE] = "update",
    [PHASE_GENERATE] = "generate",
};

const char *phase_name(enum phase phase)
{
    assert(phase < PHASE_COUNT);
    return names[phase];
}

bool program_has_shards(const struct program *program)
{
    return program->train.shards > 1;
}

bool program_updates_apart(const struct program *program)
{
    return program_has_shards(program) || program->keeps_gradients;
}

struct variable *program_add_variable(struct program *program, enum variable_kind kind,
                                      const char *path, enum dtype dtype,
                                      const struct shape *shape, struct span span)
{
    struct variable *v = ARENA_NEW(program->arena, struct variable);
    v->id = program->variable_count;
    v->kind = kind;
    v->path = path;
    v->dtype = dtype;
    v->shape = *shape;
    v->span = span;
    v->block = -1;
    v->offset = -1;
    ARENA_PUSH(program->arena, program->variable, program->variable_count,
               program->variable_room) = v;
    return v;
}

bool program_reads(const struct program *program, enum cell_form form)
{
    for (int i = 0; i < program->data.field_count; i++)
        if (program->data.field[i].form == form)
            return true;
    return false;
}

const char *program_file(const struct program *program, const char *path)
{
    const char *slash = strrchr(program->model_path, '/');
    size_t folder = slash ? (size_t)(slash - program->model_path) + 1 : 0;
    return strncmp(path, program->model_path, folder) == 0 ? path + folder : path;
}

struct variable *program_variable(const struct program *program, int id)
{
    assert(id >= 0 && id < program->variable_count);
    return program->variable[id];
}

bool program_is_statistic(const struct program *program, int variable)
{
    bool is = false;
    for (int i = 0; i < program->data.field_count; i++) {
        const struct data_field *f = &program->data.field[i];
        is |= f->fit != FIT_NONE && (variable == f->fit_a || variable == f->fit_b);
        is |= variable == f->fill || variable == f->balance;
    }
    return is;
}

bool variable_lasts(const struct variable *variable)
{
    return variable->kind <= VAR_AVERAGE && variable->dtype == F32;
}

struct variable *program_average_of(const struct program *program, const struct variable *average)
{
    for (int i = 0; i < program->variable_count; i++) {
        struct variable *v = program->variable[i];
        if ((v->kind == VAR_BLOCK || v->kind == VAR_PARAM) && strcmp(v->path, average->path) == 0)
            return v;
    }
    return NULL;
}

int64_t variable_file_bytes(const struct variable *variable)
{
    int64_t element = variable->dtype == BOOL ? 1 : dtype_bytes(variable->dtype);
    return shape_elements(&variable->shape) * element;
}
