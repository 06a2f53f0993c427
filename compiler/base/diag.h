/* Source files, spans, and the errors and warnings of one stage, collected and then printed with
 * carets. */
#ifndef INVAR_DIAG_H
#define INVAR_DIAG_H
#include <stdbool.h>
#include <stdio.h>
#include "base/arena.h"

/* Lines and columns count from 1, columns in bytes; the last column is inclusive. */
struct span {
    int source;                         /* index in diags->source; 0 means "nowhere" */
    int line, column, last_line, last_column;
};

struct source {
    const char *path;                   /* as the user gave it, or "library/dense.inv" */
    const char *text;
    size_t size;
    bool library;
};

struct diags;

struct diag_note {
    struct span span;
    const char *text;
};

struct diag {
    struct diags *all;
    enum severity { DIAG_WARNING, DIAG_ERROR, DIAG_SEVERITIES } severity;
    bool printed;
    struct span span;
    const char *text, *help;            /* help: or NULL */
    struct diag_note *note;
    int count, room;
    int order;                          /* of reporting: decides between equal places */
};

struct diags *diags_new(struct arena *);
int diags_add_source(struct diags *, const char *path, const char *text, size_t size, bool library);
const struct source *diags_source(const struct diags *, int source);
/* A line, from 1, without its end: the first byte and its size. */
const char *diags_line(const struct source *, int line, size_t *size);
int diags_error_count(const struct diags *); /* without warnings */
/* The line of the first error that was reported in a source; 0: there is none. */
int diags_error_line(const struct diags *, int source);
/* Warnings that follow are errors. */
void diags_be_strict(struct diags *);
/* All so far, sorted by place, duplicates dropped; how many there are. */
int diags_sorted(const struct diags *, struct diag ***);
/* Those not printed yet, sorted by place, duplicates dropped: `path:line:column: error: text`, or
 * `warning: text`, the line, a caret. */
void diags_print(struct diags *, FILE *);

struct diag *diag_error(struct diags *, struct span, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Something that is no error, but hardly what was meant. */
struct diag *diag_warning(struct diags *, struct span, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* A second place that explains the error: "note: declared here". */
void diag_note(struct diag *, struct span, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The cure: "help: did you mean 'dense'?" */
void diag_help(struct diag *, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The nearest of `count` words by edit distance, or NULL where none is near. */
const char *diag_nearest(const char *word, const char *const *choice, int count);
/* "a, b or c"; of more than eight, "... and 3 more". */
const char *diag_list(const struct diag *, const char *const *item, int count, const char *last);
/* Helps with the nearest choice, or else with a list of what there is. */
void diag_suggest(struct diag *, const char *word, const char *const *choice, int count);
/* False after so many errors that help for one more would not be printed. */
bool diag_wants_help(const struct diag *);

#endif
