/* Places as editors name them: URIs of files, lines and characters from 0, in UTF-16 or UTF-8. */
#ifndef INVAR_EDITOR_PLACES_H
#define INVAR_EDITOR_PLACES_H
#include <stdbool.h>
#include "base/diag.h"

/* A text cut into lines, each with what its end is: LF, CR LF or CR, as the scanner counts them. */
struct lines {
    const char *text;
    size_t size;
    size_t *start;                      /* of each line; one more: the text's end */
    int count, room;
    bool utf8, marked;                  /* what a character is; the text begins with a mark */
};

struct position { int line, character; };

void lines_read(struct lines *, struct arena *, const char *text, size_t size, bool utf8);
/* Of a line and a column in bytes, both from 1; of one behind the line's end, that end. */
struct position lines_position(const struct lines *, int line, int column);
/* The other way round: the column of a position. */
int lines_column(const struct lines *, struct position);
/* The place's byte in the text. */
size_t lines_offset(const struct lines *, struct position);
/* The text's last place. */
struct position lines_end(const struct lines *);

/* The real path of a file:// URI where there is such a file; the path, where there is none; another
 * URI as it is. */
const char *uri_path(struct arena *, const char *uri);
const char *uri_of(struct arena *, const char *path);

#endif
