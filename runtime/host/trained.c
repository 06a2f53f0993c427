#include "trained.h"
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include "digest.h"
#include "fields.h"
#include "safetensors.h"

static int load_own(const struct inv_trained *own, const struct inv_model *model,
                    unsigned char *arena, struct inv_fitted *fitted, char digest[65],
                    struct inv_errors *errors)
{
    size_t size = (size_t)(own->weights_end - own->weights);
    /* fmemopen wants what it could write to, and does not in this mode */
    FILE *file = fmemopen((void *)(uintptr_t)own->weights, size, "rb");
    const char *text = own->fields < own->fields_end ? (const char *)own->fields : NULL;
    if (!file) {
        inv_error(errors, "%s: the weights inside cannot be read: out of memory", own->name);
        return 0;
    }
    inv_digest_text(own->weights, size, digest);
    char *names = inv_fields_path(own->name);
    int good = inv_safetensors_read(model, arena, file, own->name, errors) &&
               inv_fields_read(model, fitted, names, text, (size_t)(own->fields_end - own->fields),
                               own->name, digest, errors);
    free(names);
    fclose(file);
    return good;
}

int inv_trained_load(const struct inv_trained *own, const char *path,
                     const struct inv_model *model, unsigned char *arena,
                     struct inv_fitted *fitted, char digest[65], struct inv_errors *errors)
{
    if (!path && !own) {
        inv_error(errors, "this library has no weights inside; name a file of them");
        return 0;
    }
    if (!path)
        return load_own(own, model, arena, fitted, digest, errors);
    return inv_safetensors_load(model, arena, path, "name a file that training of this model wrote",
                                errors) &&
           inv_fields_load(model, fitted, path, errors) &&
           inv_digest_file(path, "weights", digest, errors);
}
