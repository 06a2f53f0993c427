/* The C of operators, read word by word: what it defines, what it includes, and what may not stand
 * in it, for it would be another program on another machine or beside other files. */
#ifndef INVAR_GRAPH_CUSTOM_TEXT_H
#define INVAR_GRAPH_CUSTOM_TEXT_H
#include <stdbool.h>
#include "base/arena.h"

enum custom_kind { CUSTOM_NAME, CUSTOM_FUNCTION, CUSTOM_MACRO, CUSTOM_HEADER };

/* What a file defines outside of functions, by #define, or includes: "<float.h>". */
struct custom_name {
    enum custom_kind kind;
    const char *text;
};

struct custom_text {
    struct custom_name *name;           /* each once */
    int count, room;
    const char *fault, *cure;           /* of the first thing that may not be there, or NULL */
    int line, column, end;              /* where it stands */
};

void custom_read(struct arena *, const char *text, struct custom_text *);
/* Of that kind; CUSTOM_FUNCTION: it is defined, not only declared. */
bool custom_defines(const struct custom_text *, enum custom_kind, const char *name);
/* Whether no C function can have that name, since it is a word of C or of compilers. */
bool custom_is_word_of_c(const char *);

#endif
