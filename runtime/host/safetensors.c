#include "safetensors.h"
#include <stdlib.h>
#include <string.h>
#include "suggest.h"
#include "tensors.h"
#include "variable.h"

/* ---- weights ---- */

/* The parameters and buffers in byte order of their names; count in *count. */
static struct inv_tensor *weights_of(const struct inv_model *model, unsigned char *arena,
                                     int *count)
{
    struct inv_tensor *list = inv_allocate((size_t)model->variable_count * sizeof *list);
    *count = 0;
    for (int i = 0; i < model->variable_count; i++) {
        const struct inv_variable *v = &model->variable[i];
        if (inv_variable_is_saved(v))
            list[(*count)++] = (struct inv_tensor){ v->path, v->dtype, v->rank, v->dim,
                                                    arena + v->offset };
    }
    inv_tensors_sort(list, *count);
    return list;
}

static void write_weights(struct inv_output *out, const struct inv_model *model,
                          unsigned char *arena)
{
    int count;
    struct inv_tensor *list = weights_of(model, arena, &count);
    inv_tensors_write(out, list, count, NULL, 0);
    free(list);
}

/* A length that a header may have, and a header without __metadata__, wherever that stands. */
static int is_weights(const char *head, size_t size)
{
    uint64_t length = 0;
    for (size_t i = 0; size > 8 && i < 8; i++)
        length |= (uint64_t)(unsigned char)head[i] << 8 * i;
    return length > 0 && length <= INV_TENSORS_HEADER && head[8] == '{' &&
           !strstr(head + 8, "\"__metadata__\"");
}

const struct inv_output_sign inv_safetensors_sign = { "weights file that Invar wrote", is_weights };

int inv_safetensors_save(const struct inv_model *model, unsigned char *arena, const char *path,
                         struct inv_errors *errors, char digest[65])
{
    struct inv_output out;
    if (!inv_output_open(&out, path, errors))
        return 0;
    write_weights(&out, model, arena);
    return inv_output_close(&out, digest);
}

void inv_safetensors_digest(const struct inv_model *model, unsigned char *arena, uint8_t digest[32],
                            char text[65])
{
    struct inv_output out;
    inv_output_open_nowhere(&out);
    write_weights(&out, model, arena);
    inv_sha256_final(&out.sha, digest);
    inv_sha256_hex(digest, text);
}

int inv_safetensors_read(const struct inv_model *model, unsigned char *arena, FILE *file,
                         const char *path, struct inv_errors *errors)
{
    int count;
    struct inv_tensor_file r = { .path = path, .errors = errors, .file = file };
    struct inv_tensor *list = weights_of(model, arena, &count);
    int good = inv_tensors_open(&r, inv_tensors_header_limit(list, count)) &&
               inv_tensors_read(&r, list, count);
    inv_tensors_close(&r);
    free(list);
    return good;
}

int inv_safetensors_load(const struct inv_model *model, unsigned char *arena, const char *path,
                         const char *cure, struct inv_errors *errors)
{
    const char *why;
    FILE *file = inv_tensors_file(path, &why);
    if (!file) {
        inv_error(errors, "%s: cannot read weights: %s; %s", path, why, cure);
        return 0;
    }
    int good = inv_safetensors_read(model, arena, file, path, errors);
    fclose(file);
    return good;
}

/* ---- arrays of data ---- */

int inv_safetensors_element(const char *dtype, enum inv_element *element)
{
    static const struct { const char *name; enum inv_element element; } known[] = {
        { "F32", INV_ELEMENT_F32 }, { "F16", INV_ELEMENT_F16 }, { "BF16", INV_ELEMENT_BF16 },
        { "F64", INV_ELEMENT_F64 }, { "BOOL", INV_ELEMENT_B1 }, { "U8", INV_ELEMENT_U8 },
        { "I8", INV_ELEMENT_I8 }, { "U16", INV_ELEMENT_U16 }, { "I16", INV_ELEMENT_I16 },
        { "U32", INV_ELEMENT_U32 }, { "I32", INV_ELEMENT_I32 }, { "U64", INV_ELEMENT_U64 },
        { "I64", INV_ELEMENT_I64 },
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(known[i].name, dtype) == 0) {
            *element = known[i].element;
            return 1;
        }
    return 0;
}

static void report_none(const struct inv_tensor_file *r, const char *name)
{
    const char **all = inv_tensors_names(r);
    inv_suggest_array(r->errors, r->path, name, all, r->count);
    free(all);
}

/* The tensor of that name. */
static int place_tensor(struct inv_tensor_file *r, const char *name,
                        struct inv_tensor_place *place)
{
    const struct inv_tensor_entry *t = inv_tensors_single(r, name);
    if (!t && !inv_tensors_find(r, name))
        report_none(r, name);
    if (!t)
        return 0;
    int64_t bytes = (int64_t)(t->end - t->begin);
    *place = (struct inv_tensor_place){ .rank = t->rank,
        .section = { .offset = (int64_t)(r->start + t->begin), .packed = bytes, .plain = bytes } };
    memcpy(place->dim, t->dim, sizeof place->dim);
    if (t->rank > 0 && inv_safetensors_element(t->dtype, &place->element))
        return 1;
    inv_error(r->errors, "%s: array %s is %s with %d axes; expected an axis of rows, and F64, F32, "
              "F16, BF16, BOOL or whole numbers", r->path, name, t->dtype, t->rank);
    return 0;
}

int inv_safetensors_find(const char *path, const char *name, struct inv_tensor_place *place,
                         struct inv_errors *errors)
{
    const char *why;
    struct inv_tensor_file r = { .path = path, .errors = errors,
                                 .file = inv_tensors_file(path, &why) };
    if (!r.file) {
        inv_error(errors, "%s: %s", path, why);
        return 0;
    }
    int good = inv_tensors_open(&r, INV_TENSORS_HEADER) && place_tensor(&r, name, place);
    inv_tensors_close(&r);
    fclose(r.file);
    return good;
}
