/* A Python package (PEP 427) around a library of a trained model: pure ctypes, no compiler where it
 * is installed, and no NumPy needed. */
#ifndef INVAR_BUILD_WHEEL_H
#define INVAR_BUILD_WHEEL_H
#include <stdbool.h>
#include "base/text.h"
#include "emit/template.h"
#include "host/output.h"

struct wheel {
    struct arena *arena;
    const char *package;                /* wheel_word of the library's symbol */
    const char *version;                /* PEP 440 */
    const char *library_name;           /* "libdigits.so" */
    const char *library;                /* its path */
    const char *summary;                /* one line */
    const struct values *values;        /* of templates/program/python.py */
};

/* The text as a name of Python: letters, digits and underscores, none in front; no keyword. */
const char *wheel_word(struct arena *, const char *text);
/* "digits-0.1.0+w094e3d68a39a-py3-none-linux_x86_64.whl" */
const char *wheel_file_name(const struct wheel *);
/* Byte for byte the same from the same library and version; false after an error. */
bool wheel_write(const struct wheel *, const char *path, struct inv_errors *);

#endif
