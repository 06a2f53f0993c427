/* The one way in which trainers and the compiler write files.  A file appears whole or not at all:
 * it is written beside its place under another name, synced, then renamed; a failure or a signal
 * leaves the old file as it was, and nothing else.  Through a symbolic link the file it names is
 * written, whether that is there yet or not.  "-", and what standard output already goes to, is
 * standard output; other devices and pipes are written as they are, but for those with blocks. */
#ifndef INV_HOST_OUTPUT_H
#define INV_HOST_OUTPUT_H
#include "core/sha256.h"
#include "errors.h"

enum inv_output_kind {
    INV_WHOLE,
    INV_DERIVED,                        /* can be made again: whole, but not synced */
    INV_PROGRAM,                        /* may be executed; not to standard output */
    INV_GROWING,                        /* not beside its place: readers see it grow */
    INV_APPENDED                        /* the same, behind what is there */
};

struct inv_output {
    const char *name;                   /* as given */
    char *path, *temporary;             /* temporary: NULL where it is not written beside path */
    FILE *file;
    struct inv_errors *errors;
    struct inv_sha256 sha;
    int failed, listed;                 /* listed: its place in host/ending.h, or -1 */
    int derived;
    int older;                          /* what was there stays as NAME.1, and so many in all */
};

/* 0 after an error.  The name must stay until the output is closed. */
int inv_output_open(struct inv_output *, const char *name, struct inv_errors *);
int inv_output_open_as(struct inv_output *, const char *name, enum inv_output_kind,
                       struct inv_errors *);
/* No file: only the digest of what is written is wanted. */
void inv_output_open_nowhere(struct inv_output *);
/* 1 where a file of that name can be written to; nothing is, there. */
int inv_output_possible(const char *name, enum inv_output_kind, struct inv_errors *);
/* Whether it is standard output. */
int inv_output_is_standard(const char *name);

enum { INV_OUTPUT_HEAD = 4096 };        /* bytes by which files are known */
/* Files of one kind: what an output of that kind may take the place of. */
struct inv_output_sign {
    const char *what;                   /* "log of a trainer" */
    /* Whether it is one, by its first bytes, INV_OUTPUT_HEAD at most, behind which is a zero. */
    int (*is)(const char *head, size_t size);
};
/* 1 where nothing is lost when that name is written to: there is no file, an empty one, one of that
 * kind, or something that no file takes the place of.  Else 0, and an error.  option: "--log". */
int inv_output_replaces(const char *option, const char *name, const struct inv_output_sign *,
                        struct inv_errors *);
/* The absolute path that a name stands for, without symbolic links, in new memory; the name itself
 * where that leads to no file and no folder. */
char *inv_output_place(const char *name);
void inv_output_write(struct inv_output *, const void *, size_t);
void inv_output_print(struct inv_output *, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* 64 hex digits of what was written so far. */
void inv_output_digest(const struct inv_output *, char digest[65]);
/* Writes over what stands at a place of a file that is written beside its own; not hashed. */
void inv_output_amend(struct inv_output *, long at, const void *, size_t);
/* 1 where all that was written is on disk, beside its place: where several files belong together,
 * none is put in place before all are there. */
int inv_output_settle(struct inv_output *);
/* 1 where the file is in place; digest: 64 hex digits of what was written, or NULL. */
int inv_output_close(struct inv_output *, char digest[65]);
/* Leaves the old file as it was. */
void inv_output_abandon(struct inv_output *);

#endif
