@each trained
/* ${name}: predictions of model ${model}, trained; written by ${compiler}.
@end
@each trains
/* ${name}: trains model ${model} on arrays, and predicts; written by ${compiler}.
@end
 *
 * The inputs of a row are the cells of a data file, as numbers, before anything that the model file
 * says of them (a division, zscore): all of that happens inside.  Arrays are dense, row after row.
 * The outputs have the bits of the trainer's own --predict, whatever the number of rows.
 *
${ends}
 */
#ifndef ${guard}
#define ${guard}
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define ${upper}_INPUTS ${inputs}
#define ${upper}_OUTPUTS ${outputs}
@each trains
#define ${upper}_PARTS ${part_count}
#define ${upper}_FIELDS ${field_count}
@end
/* Bytes of its stack that a thread must have left which calls ${symbol}_predict. */
#define ${upper}_STACK_BYTES ${stack}

/* A model with its weights.  Any number of threads may use one at a time; each that computes takes
 * ${arena} bytes, which the next one takes over, until it is closed. */
typedef struct ${symbol} ${symbol};

@each trains
/* Rows to train on, in the place of the files of data ${data}.  Each array is dense, row after row,
 * cells as they are in a file; NaN is a cell without a value, where the model says what becomes of
 * it.  Parts: ${parts}.
 *
${field_ends}
 */
struct ${symbol}_data {
    int64_t rows[${upper}_PARTS];
    const void *field[${upper}_PARTS][${upper}_FIELDS];
    /* Of each field, NULL at the end: the names of its classes, in byte order, where the model file
     * reads them as texts; the names of its columns, where it names the first and the last of them
     * alone; else NULL. */
    const char *const *names[${upper}_FIELDS];
};

/* Trains, with the bits of a trainer on files of these rows.  options: as of a trainer, each a word
 * ("--epochs", "5", "--seed", "7", "--threads", "2"), NULL at the end; NULL: none.  tell, which may
 * be NULL, gets each line of the log, as JSON, and about ten times a second NULL, in a thread of
 * the library; where it does not return 0, no further step is taken, and the call fails, after
 * the last step, too.  It may call the library.  Nothing of `data` is needed any more when it
 * returns.  NULL where it fails; then `error`, of `size` bytes, says why, in one line, or in some
 * where a loss is not finite. */
${symbol} *${symbol}_train(const struct ${symbol}_data *, const char *const *options,
    int (*tell)(void *state, const char *line), void *state, char *error, size_t size);

/* Writes the weights (safetensors) and the names beside them, as a trainer does: 0, or else
 * `error` says why. */
int ${symbol}_save(${symbol} *, const char *weights, char *error, size_t size);

/* SHA-256 of the weights as they are saved, which a trainer prints: 64 hex digits, until the model
 * is closed. */
const char *${symbol}_hash(const ${symbol} *);

/* weights: the path of those (safetensors) that a trainer of the same model wrote, with the file of
 * names beside them.  NULL where that fails; then `error`, of `size` bytes, says why, in one
 * line. */
@end
@each trained
/* weights: NULL: those inside; else the path of others (safetensors) that a trainer of the same
 * model wrote, with the file of names beside them.  NULL where that fails; then `error`, of `size`
 * bytes, says why, in one line. */
@end
${symbol} *${symbol}_open(const char *weights, char *error, size_t size);

/* Computes `rows` rows of all outputs: input[i] and output[i] are arrays as listed above; an output
 * that is NULL is not wanted.  NaN is a cell without a value, where the model fills such.  0, or 1
 * where data is wrong, 2 where the call is; then `error` says which row and why, and what the
 * outputs hold is undefined. */
int ${symbol}_predict(${symbol} *, int64_t rows, const void *const input[${upper}_INPUTS],
    void *const output[${upper}_OUTPUTS], char *error, size_t size);

/* JSON: inputs and outputs with names, shapes, columns and classes; the SHA-256 of model and
 * weights.  It lasts until the model is closed. */
@each trains
/* Of NULL, which stays: without weights, with all fields that training takes. */
@end
const char *${symbol}_describe(const ${symbol} *);

/* The name of the class that output number `output` calls `value`, or, of scores, has at that place
 * of its last axis; NULL where it has none. */
const char *${symbol}_class_name(const ${symbol} *, int output, int64_t value);

/* "${compiler} ${model} " and the SHA-256 of the model. */
const char *${symbol}_version(void);

/* NULL is no model and is let be. */
void ${symbol}_close(${symbol} *);

#ifdef __cplusplus
}
#endif

#endif
