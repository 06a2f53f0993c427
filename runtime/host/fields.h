/* What the numbers of weights do not say, in a file beside them, net.fields.json beside
 * net.safetensors:
 *     {"weights": "SHA-256 of the weights file", "model": "that of inv_model.sha256",
 *      "parts": "that of inv_dataset_parts_digest",
 *      "fields": {"x": {"columns": ["a", "b"]}, "kind": {"classes": ["no", "yes"]}}}
 * Without "weights" it goes with any; "model" and "parts" are for notes. */
#ifndef INV_HOST_FIELDS_H
#define INV_HOST_FIELDS_H
#include <stddef.h>
#include <stdint.h>
#include "invar.h"
#include "fitted.h"
#include "output.h"

extern const struct inv_output_sign inv_fields_sign;
/* The path beside those weights, in new memory. */
char *inv_fields_path(const char *weights);
/* Whether weights of that name get such a file: a stream gets none. */
int inv_fields_beside(const char *weights);
/* Before training: whether the file beside those weights can be written; 0 after an error. */
int inv_fields_possible(const char *weights, struct inv_errors *);
/* Writes it beside weights with that digest.  1: done, or the weights are no regular file, which
 * nothing lies beside. */
int inv_fields_save(const struct inv_model *, const struct inv_fitted *, const char *weights,
                    const char digest[65], struct inv_errors *);
/* Reads and checks the names beside the weights; 0 where they are missing though the model needs
 * them, are of other weights or are not the model's.  Notes weights of another model. */
int inv_fields_load(const struct inv_model *, struct inv_fitted *, const char *weights,
                    struct inv_errors *);
/* The same of a text at hand (NULL: there is none); `place` and `weights` name it and its weights
 * in messages.  digest: theirs; NULL: of the file `weights`. */
int inv_fields_read(const struct inv_model *, struct inv_fitted *, const char *place,
                    const char *text, size_t size, const char *weights, const char *digest,
                    struct inv_errors *);
/* The name of class `value` of a field, or NULL where its classes are numbers. */
const char *inv_class_name(const struct inv_model *, const struct inv_fitted *, int field,
                           int64_t value);

#endif
