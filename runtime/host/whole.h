/* Files that are read as a whole. */
#ifndef INV_HOST_WHOLE_H
#define INV_HOST_WHOLE_H
#include <stddef.h>

/* All bytes of the file in new memory; NULL: see errno, EFBIG where it has more than `most`.
 * Memory is taken as they come, so that a pipe may be read, too. */
void *inv_whole_file(const char *path, size_t most, size_t *size);

#endif
