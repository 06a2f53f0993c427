/* Which file is read for one that the model names. */
#ifndef INV_HOST_PLACE_H
#define INV_HOST_PLACE_H
#include "invar.h"
#include "errors.h"

/* `given` is the value of --data, --predict or --evaluate:
 *     NULL            the file as the model names it: beside the model file, else in this folder
 *     a folder        that path within the folder, else the file of the same name in it; else,
 *                     where cells name files, the folder itself
 *     NAME=FILE,...   FILE for the array of that name, or for the table of that part (main, train,
 *                     val or test); others as without `given`
 *     FILE            in the place of the first table, or of the only array that is `wanted`
 * wanted[i]: whether file i of the model is read; NULL: all are.  New memory, or NULL after an
 * error. */
char *inv_place_file(const struct inv_model *, const char *given, enum inv_source_of, int file,
                     const unsigned char *wanted, struct inv_errors *);

/* A path of the model file: beside that, else in this folder.  New memory. */
char *inv_place_beside(const struct inv_model *, const char *path);
/* The first source that has files. */
enum inv_source_of inv_place_first_source(const struct inv_model *);
/* A copy of the model whose paths lead from here to its files: `folder` as in inv_trainer_main. */
void inv_place_model(struct inv_model *own, const struct inv_model *, const char *folder);
void inv_place_free(struct inv_model *own, const struct inv_model *);

#endif
