/* What the six functions of a model's library do; NAME.c of the library gives them its names.  A
 * message goes into error[0 .. size - 1], whole or cut, ended by a zero byte; size 0: nowhere.
 * Nothing here prints, ends the process, or keeps anything but in the handle. */
#ifndef INV_INFER_LIBRARY_H
#define INV_INFER_LIBRARY_H
#include <stddef.h>
#include "invar.h"
#include "host/trained.h"

struct inv_library;

/* level: ended by NULL.  weights: a file, or NULL: those of `own`.  NULL after an error. */
struct inv_library *inv_library_open(const struct inv_model *const *level,
                                     const struct inv_trained *own, const char *weights,
                                     char *error, size_t size);
/* 0, or the exit status that a trainer would have.  Any number of threads may call it at a time. */
int inv_library_predict(struct inv_library *, int64_t rows, const void *const *input,
                        void *const *output, char *error, size_t size);
const char *inv_library_describe(const struct inv_library *);
const char *inv_library_class_name(const struct inv_library *, int output, int64_t value);
void inv_library_close(struct inv_library *);

#endif
