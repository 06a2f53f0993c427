/* Sizes of a model's variables, and of its steps. */
#ifndef INV_HOST_VARIABLE_H
#define INV_HOST_VARIABLE_H
#include <string.h>
#include "invar.h"

/* Elements with b = 1: of one row, where a rows axis is there. */
static inline int64_t inv_variable_elements(const struct inv_variable *v)
{
    int64_t count = 1;
    for (int i = 0; i < v->rank; i++)
        count *= v->dim[i];
    return count;
}

static inline size_t inv_dtype_bytes(enum inv_dtype dtype)
{
    return dtype == INV_I64 ? 8 : 4;
}

static inline size_t inv_variable_bytes(const struct inv_variable *v)
{
    return (size_t)inv_variable_elements(v) * inv_dtype_bytes(v->dtype);
}

/* That of a kind with that path, or NULL. */
static inline const struct inv_variable *inv_variable_find(const struct inv_model *model,
                                                           enum inv_kind kind, const char *path)
{
    for (int i = 0; i < model->variable_count; i++)
        if (model->variable[i].kind == kind && strcmp(model->variable[i].path, path) == 0)
            return &model->variable[i];
    return NULL;
}

/* The variable of one row of the source: of a window not the one that the model reads. */
static inline const struct inv_variable *inv_variable_single(const struct inv_model *model,
                                                             const struct inv_field *field)
{
    return &model->variable[field->rows ? field->single : field->input];
}

/* How many rows a training step has, but for the last one of an epoch. */
static inline int64_t inv_model_step_rows(const struct inv_model *model)
{
    return model->shards > 0 ? model->step_rows : model->batch;
}

/* Its elements in the arena, or in a copy of it. */
static inline float *inv_variable_f32(unsigned char *arena, const struct inv_variable *v)
{
    return (float *)(void *)(arena + v->offset);
}

static inline int inv_variable_is_saved(const struct inv_variable *v)
{
    return v->kind == INV_PARAM || v->kind == INV_BUFFER;
}

#endif
