/* What a program that ends before its time must not leave behind: unfinished files. */
#ifndef INV_HOST_ENDING_H
#define INV_HOST_ENDING_H
#include <stddef.h>

/* From here on signals that end the program, and exit(), first remove what is listed.  A signal
 * that is ignored stays so, and writing beyond the limit of a file's size is an error like a full
 * disk. */
void inv_ending_watch(void);
/* While on, the first SIGINT, SIGTERM or SIGHUP asks the program to end by itself, and only a
 * SIGINT after it ends it. */
void inv_ending_defer(int on);
/* The name of the signal that asked, or NULL. */
const char *inv_ending_asked(void);
/* Lists a file to be removed and returns its place in the list; -1 where the list is full.  One
 * thread at a time calls these. */
int inv_ending_add(const char *path);
/* The file is finished, or was removed: takes it off the list. */
void inv_ending_drop(int place);

/* Where memory that is mapped from the file cannot be read, a program that inv_ending_watch watches
 * ends with an error that names it, instead of SIGBUS alone.  Lists the file and returns its place
 * in the list; -1 where that is full.  One thread at a time calls these. */
int inv_ending_map(const void *at, size_t size, const char *path);
/* It is mapped no longer. */
void inv_ending_unmap(int place);

#endif
