/* Memory of a model for firmware. */
#ifndef INVAR_FIRMWARE_H
#define INVAR_FIRMWARE_H
#include "graph/program.h"

/* Bytes; the arena holds the others but `infer`, which is of a work piece by itself, and `text`,
 * of a text that goes on.  Of the weights `frozen` may stay in flash; `tuning` is what an arena
 * then takes. */
struct firmware_sizes {
    int64_t weights, state, arena, fit, infer, frozen, tuning, text;
};

/* So many statistics are fitted in one pass over the rows, each with an exact sum. */
enum { FIRMWARE_FIT_TOGETHER = 32 }; /* bits of fit_varied */

/* requires: pass_plan has run. */
int64_t firmware_state_end(const struct program *);
int64_t firmware_work_start(const struct program *);
int64_t firmware_round(int64_t bytes);  /* up to a multiple of 8 */
struct firmware_sizes firmware_sizes(const struct program *);
/* Is it what phase generate has to itself? */
bool firmware_is_of_text(const struct variable *);
/* Is each row of the window its cells as they are read? */
bool firmware_window_is_plain(const struct program *, const struct data_field *);
/* Can a device address the arena?  An error in program->diags where not. */
bool firmware_fits(const struct program *);
/* A line for each tensor, then the sums. */
void firmware_print_bill(const struct program *, struct text *);

#endif
