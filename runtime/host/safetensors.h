/* Weights as a safetensors file (tensors.h): the model's parameters and buffers, sorted by name,
 * without __metadata__, which is skipped where a file that is read has some. */
#ifndef INV_HOST_SAFETENSORS_H
#define INV_HOST_SAFETENSORS_H
#include "invar.h"
#include "array.h"
#include "output.h"

/* Saves the parameters and buffers in `arena`; digest: SHA-256 of the file.  0 after an error. */
int inv_safetensors_save(const struct inv_model *, unsigned char *arena, const char *path,
                         struct inv_errors *, char digest[65]);
/* SHA-256 of the file that would be saved, as bytes and as text. */
void inv_safetensors_digest(const struct inv_model *, unsigned char *arena, uint8_t digest[32],
                            char text[65]);
/* The same of an open file, which stays open; `path` names it in messages. */
int inv_safetensors_read(const struct inv_model *, unsigned char *arena, FILE *, const char *path,
                         struct inv_errors *);
/* cure: what to do where there is no such file. */
int inv_safetensors_load(const struct inv_model *, unsigned char *arena, const char *path,
                         const char *cure, struct inv_errors *);

/* Of weights that Invar wrote: those with __metadata__ are of others, or checkpoints. */
extern const struct inv_output_sign inv_safetensors_sign;

/* The type of an array's elements by its name in a header; 0 where it is another. */
int inv_safetensors_element(const char *dtype, enum inv_element *);

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
