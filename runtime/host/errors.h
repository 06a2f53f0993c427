/* Errors of data, files and options: each names the place, what was wrong and the cure. */
#ifndef INV_HOST_ERRORS_H
#define INV_HOST_ERRORS_H
#include <stdio.h>

/* Exit statuses of a trainer. */
enum inv_status { INV_OK = 0, INV_BAD_DATA = 1, INV_BAD_USAGE = 2, INV_NOT_FINITE = 3,
                  INV_UNTRUSTED = 4, INV_INTERRUPTED = 5, INV_MISMATCH = 6 };

enum { INV_ERROR_LIMIT = 10 };          /* further errors are counted, not printed */

struct inv_progress;

struct inv_errors {
    FILE *to;
    struct inv_progress *progress;      /* leaves the line before a message; or NULL */
    const char *program;                /* "invar: " before each, or NULL */
    int count;
};

/* Prints "error: ..." and a line end.  Convention: "PLACE: what; cure". */
void inv_error(struct inv_errors *, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Prints "note: ..." to the same place; no error. */
void inv_note(struct inv_errors *, const char *format, ...) __attribute__((format(printf, 2, 3)));
int inv_errors_full(const struct inv_errors *);
/* Says how many were not shown, where some were. */
void inv_errors_close(struct inv_errors *);

#ifdef INV_LIBRARY
/* Does not return: the call of the library that cannot go on fails with that text. */
void inv_library_gives_up(int status, const char *why) __attribute__((noreturn));
#endif
/* Ends the program, in a library the call, with that error, where nobody could be told. */
void inv_give_up(int status, const char *format, ...)
    __attribute__((noreturn, format(printf, 2, 3)));
/* malloc and realloc that give up where memory is out; large pages where the system has them. */
void *inv_allocate(size_t);             /* zeroed */
void *inv_resize(void *, size_t);
char *inv_copy_text(const char *);
/* Formatted text in new memory, never NULL. */
char *inv_text(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
