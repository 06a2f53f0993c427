/* Characters of a text in UTF-8 (RFC 3629), one after the other, and their numbers: those of the
 * training's text in byte order, which is that of their code points. */
#ifndef INV_HOST_CHARACTERS_H
#define INV_HOST_CHARACTERS_H
#include "names.h"
#include "paths.h"
#include "stream.h"

enum { INV_CHARACTER = 5 };             /* bytes of one, with the NUL behind it */

/* The character that begins the `size` bytes at `from`, and how many of them it takes; 0 where they
 * begin with none.  NUL is none. */
int inv_character_of(const char *from, size_t size, char text[INV_CHARACTER]);
/* The stream's next one: 1; 0 at the end, -1 after an error. */
int inv_character_next(struct inv_stream *, char text[INV_CHARACTER]);
/* Its number among the names: -1 where it has none, after an error that begins with `place`. */
int inv_character_number(const struct inv_names *, const char *text, const char *place,
                         struct inv_errors *);
/* Whether what came last is the carriage return of a line end whose line feed comes next. */
int inv_character_is_return(struct inv_stream *, const char *text);
/* Adds the different characters of the files, in byte order; the end of `lines` is a line feed, and
 * there in any case.  0 after an error. */
int inv_characters_collect(const struct inv_paths *, int lines, struct inv_names *,
                           struct inv_errors *);

#endif
