/* Rows of a mapped file that is larger than what may stay resident, read before their turn: of
 * those that follow in their order as many as memory holds, and in the order in which they lie.  So
 * what one page fault maps serves all rows there, where rows drawn at random want a system call
 * each. */
#ifndef INV_HOST_ROW_WINDOW_H
#define INV_HOST_ROW_WINDOW_H
#include "row_map.h"

/* most: bytes that it may take, though it has room for `rows` rows, which are read at once, in any
 * case. */
struct inv_row_window *inv_row_window_new(const struct inv_row_map *, int64_t most, int64_t rows);
/* Lists the rows at hand and then those ahead, which may be NULL, as many as there is room for; how
 * many. */
int64_t inv_row_ahead_list(const struct inv_row_ahead *, const int32_t *row, int64_t count,
                           int32_t *to, int64_t room);
/* See inv_row_map_read. */
struct inv_row_batch inv_row_window_read(struct inv_row_window *, const struct inv_row_map *,
                                         const struct inv_run *, const int32_t *row, int64_t count,
                                         const struct inv_row_ahead *ahead);
/* Whether pages between the rows of a full window are read in vain; rows of the file lie evenly. */
int inv_row_window_sparse(const struct inv_row_window *, const struct inv_row_map *);
void inv_row_window_free(struct inv_row_window *);

/* Ends the program where the file was cut short: what lies behind its end in the last page that is
 * mapped reads as zeros. */
void inv_row_check_size(const struct inv_row_map *);
/* Reads so many bytes of a file from byte `at` on; 0 where it cannot. */
int inv_row_bytes(int file, void *to, size_t bytes, int64_t at);

#endif
