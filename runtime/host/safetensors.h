/* Weights in safetensors: 8 bytes of header length, a JSON header, the tensors' bytes.
 *
 * Written: names sorted by byte, compact JSON with keys dtype, shape, data_offsets in this order,
 * no __metadata__, header padded with blanks to a multiple of 8, tensors in name order without
 * gaps, little-endian, NaN as 0x7fc00000.  Read: the same, any order of names and keys, with
 * __metadata__ skipped; the tensors must cover the data without gap or overlap, and be exactly the
 * model's parameters and buffers. */
#ifndef INV_HOST_SAFETENSORS_H
#define INV_HOST_SAFETENSORS_H
#include "invar.h"
#include "array.h"
#include "errors.h"

/* Saves the parameters and buffers in `arena`; digest: SHA-256 of the file.  0 after an error. */
int inv_safetensors_save(const struct inv_model *, const unsigned char *arena, const char *path,
                         struct inv_errors *, char digest[65]);
/* SHA-256 of the file that would be saved. */
void inv_safetensors_digest(const struct inv_model *, const unsigned char *arena,
                            uint8_t digest[32]);
int inv_safetensors_load(const struct inv_model *, unsigned char *arena, const char *path,
                         struct inv_errors *);

/* Where an array lies in any safetensors file, such as one with data. */
struct inv_tensor_place {
    enum inv_element element;
    int rank;                           /* at least 1 */
    int64_t dim[INV_RANK];
    struct inv_section section;
};
int inv_safetensors_find(const char *path, const char *name, struct inv_tensor_place *,
                         struct inv_errors *);

#endif
