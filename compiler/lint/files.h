/* The files that are looked at. */
#ifndef INVAR_LINT_FILES_H
#define INVAR_LINT_FILES_H
#include "lint/look.h"

/* All of a regular file, ended by a zero byte; NULL where it cannot be read. */
char *files_read(struct arena *, const char *path, size_t *size);
/* The file of that path, which is read and cut into tokens when it is first seen; NULL where it
 * cannot be read. */
const struct text_file *files_look_at(struct look *, const char *path, CXFile);
/* A path as it is shown: from the folder where invar runs, where it lies in it. */
const char *files_shown(const struct look *, const char *path);

#endif
