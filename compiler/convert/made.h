/* A model file and its weights while an importer makes them: names, lines, saved numbers, and the
 * two files.  What an importer reads them of is its own. */
#ifndef INVAR_CONVERT_MADE_H
#define INVAR_CONVERT_MADE_H
#include <stdbool.h>
#include <stdint.h>
#include "base/names.h"
#include "base/text.h"
#include "convert/import.h"

enum { MADE_AXES = 8 };

/* A parameter or buffer that is saved. */
struct made_array {
    const char *path;
    int rank;
    int64_t dim[MADE_AXES];
    const float *data;
    bool trained;
};

struct made_line { const char *text, *comment; };

/* Of a value in the model file: "f32" or "bool", and how many axes a row of it has. */
struct made_type { const char *element; int rank; };

struct made {
    struct arena *arena;                /* set these four, zero the rest */
    const char *path;                   /* of the file that is read */
    const struct import_request *request;
    struct inv_errors *errors;
    const struct names *taken;          /* names and paths of the model file */
    struct made_line *line;             /* of the body at hand */
    int line_count, line_room;
    const struct names *types;          /* struct made_type of values that have a name */
    const char **block;                 /* texts of blocks that its lines call */
    int block_count, block_room;
    struct made_array *saved;
    int saved_count, saved_room;
};

/* "PATH: what; cure"; false.  `what` may hold any name; a NULL cure is said in it. */
bool made_fail(struct made *, const char *what, const char *cure);
/* The text with "?" for control characters, which would end a comment, or move a terminal. */
const char *made_plain(struct arena *, const char *text);

/* The name, or name_2 and so on: one that nothing has yet. */
const char *made_free(struct made *, const char *wanted);
/* The same as an identifier. */
const char *made_identifier(struct made *, const char *wanted);
/* The name of the model, and of both files: that of the file that is read. */
const char *made_name(struct made *);
/* " as conv1", or as "a/b". */
const char *as_text(struct arena *, const char *path);
/* Whether the name is one of the words, which stand apart by spaces. */
bool made_has_word(const char *words, const char *name);
/* Whether an array of such axes has elements, and not over INT32_MAX. */
bool made_fits(int rank, const int64_t *dim);
/* "[2, 3]" */
const char *list_text(struct arena *, int count, const int64_t *);
/* The text of a number in a model file. */
const char *number_text(struct arena *, float);

/* Adds a line to the body; comment: or NULL; it may hold any name. */
void made_line(struct made *, const char *text, const char *comment);
/* What a value is; NULL: that is not known. */
void made_note_type(struct made *, const char *name, const char *element, int rank);
const struct made_type *made_type_of(const struct made *, const char *name);
/* Adds a block that stands before the model, once. */
void made_block(struct made *, const char *text);
void made_print_blocks(const struct made *, struct text *);
/* Writes the lines, and forgets them. */
void made_print_lines(struct made *, struct text *);
/* A parameter (trained) or buffer with that path; data stay where they are. */
void made_save(struct made *, bool trained, const char *path, int rank, const int64_t *dim,
               const float *data);

/* Writes FOLDER/NAME.inv, in canonical layout, and FOLDER/NAME.safetensors, where anything is
 * saved; false after an error, and then neither. */
bool made_write(struct made *, const char *name, const char *text);

#endif
