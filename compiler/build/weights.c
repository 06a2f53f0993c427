/* Trained weights as they lie in a program's arena. */
#include "build/build.h"
#include <string.h>
#include "host/safetensors.h"

/* The saved variables as the reader of weights wants them; of other fields it needs none. */
static struct inv_model saved_model(const struct program *program)
{
    struct inv_variable *list =
        ARENA_ARRAY(program->arena, struct inv_variable, program->variable_count + 1);
    int count = 0;
    for (int i = 0; i < program->variable_count; i++) {
        const struct variable *v = program->variable[i];
        if (v->kind != VAR_PARAM && v->kind != VAR_BUFFER)
            continue;
        static const enum inv_dtype dtype[] = {[F32] = INV_F32, [I32] = INV_I32, [BOOL] = INV_BOOL,
                                               [I64] = INV_I64};
        struct inv_variable *saved = &list[count++];
        *saved = (struct inv_variable){.path = v->path, .dtype = dtype[v->dtype],
                                       .kind = v->kind == VAR_PARAM ? INV_PARAM : INV_BUFFER,
                                       .rank = v->shape.rank, .rows = -1, .offset = v->offset};
        memcpy(saved->dim, v->shape.dim, sizeof saved->dim);
    }
    return (struct inv_model){.name = program->name, .variable = list, .variable_count = count,
                              .saved_bytes = program->saved_bytes};
}

const uint32_t *build_read_weights(const struct program *program, const char *path,
                                   struct inv_errors *errors)
{
    const struct inv_model model = saved_model(program);
    int words = (int)((program->saved_bytes + 3) / 4);
    uint32_t *word = ARENA_ARRAY(program->arena, uint32_t, words + 2);
    return inv_safetensors_load(&model, (unsigned char *)word, path,
                                "--weights takes the file that a trainer wrote", errors) ? word
                                                                                         : NULL;
}
