#include "convert/saved.h"
#include <errno.h>
#include <string.h>
#include "host/safetensors.h"

static const enum inv_dtype dtypes[] = {
    [F32] = INV_F32, [I32] = INV_I32, [BOOL] = INV_BOOL, [I64] = INV_I64};

static int64_t *dims_of(struct arena *arena, const struct shape *shape)
{
    int64_t *dim = ARENA_ARRAY(arena, int64_t, shape->rank + 1);
    memcpy(dim, shape->dim, sizeof *dim * (size_t)shape->rank);
    return dim;
}

static const struct variable *variable_named(const struct program *program, const char *path)
{
    int i = 0;
    while (strcmp(program->variable[i]->path, path) != 0)
        i++;
    return program->variable[i];
}

struct saved saved_new(const struct program *program)
{
    struct arena *arena = program->arena;
    struct saved s = {
        .tensor = ARENA_ARRAY(arena, struct inv_tensor, program->variable_count + 1),
        .variable = ARENA_ARRAY(arena, const struct variable *, program->variable_count + 1)};
    for (int i = 0; i < program->variable_count; i++) {
        const struct variable *v = program->variable[i];
        if (v->kind != VAR_PARAM && v->kind != VAR_BUFFER)
            continue;
        struct inv_tensor *t = &s.tensor[s.count++];
        *t = (struct inv_tensor){.name = v->path, .dtype = dtypes[v->dtype],
                                 .rank = v->shape.rank, .dim = dims_of(arena, &v->shape)};
        t->at = arena_alloc(arena, inv_tensor_size(t) + 1);
        memset(t->at, 0, inv_tensor_size(t));
    }
    inv_tensors_sort(s.tensor, s.count);
    for (int i = 0; i < s.count; i++)
        s.variable[i] = variable_named(program, s.tensor[i].name);
    return s;
}

bool saved_load(const struct program *program, struct saved *s, const char *path,
                struct inv_errors *errors)
{
    struct inv_tensor_file r = {.path = path, .errors = errors, .file = fopen(path, "rb")};
    if (!r.file) {
        inv_error(errors, "%s: cannot read weights: %s; --weights takes the file that a trainer of "
                  "%s wrote", path, strerror(errno), program->name);
        return false;
    }
    bool good = inv_tensors_open(&r, inv_tensors_header_limit(s->tensor, s->count)) &&
                inv_tensors_read(&r, s->tensor, s->count);
    inv_tensors_close(&r);
    fclose(r.file);
    return good;
}

int64_t saved_elements(const struct inv_tensor *t)
{
    int64_t count = 1;
    for (int i = 0; i < t->rank; i++)
        count *= t->dim[i];
    return count;
}

struct inv_tensor saved_permuted(struct arena *arena, const struct inv_tensor *from,
                                 const int *order)
{
    int64_t *dim = ARENA_ARRAY(arena, int64_t, from->rank + 1), stride[INV_RANK + 1], index = 0;
    int64_t at[INV_RANK + 1] = {0}, count = saved_elements(from);
    size_t bytes = from->dtype == INV_I64 ? 8 : 4;
    struct inv_tensor to = *from;
    for (int i = 0; i < from->rank; i++) {
        dim[i] = from->dim[order[i]];
        stride[i] = 1;
        for (int j = order[i] + 1; j < from->rank; j++)
            stride[i] *= from->dim[j];
    }
    to.dim = dim;
    to.at = arena_alloc(arena, inv_tensor_size(from) + 1);
    for (int64_t e = 0; e < count; e++) {
        memcpy(to.at + (size_t)e * bytes, from->at + (size_t)index * bytes, bytes);
        for (int i = from->rank - 1; i >= 0; i--) {
            index += stride[i];
            if (++at[i] < dim[i])
                break;
            index -= stride[i] * dim[i];
            at[i] = 0;
        }
    }
    return to;
}
