/* Groups as functions of C, and what other targets take of them. */
#ifndef INVAR_EMIT_GROUP_H
#define INVAR_EMIT_GROUP_H
#include "emit/c/nest.h"
#include "emit/c/side.h"

/* By class, for C: sets skeleton, values and count. */
#define NEST(class, stem, ...) void c_##stem##_group(struct function *);
#include "graph/classes.def"
extern void (*const c_groups[CLASS_COUNT])(struct function *);
/* What the loops of a MAP or ROW group run over. */
struct shape group_space(const struct function *);
/* A column reduction's operand: axes first .. last - 1 are its rows, those before its pages, those
 * after them its columns. */
struct columns {
    int first, last;
    struct extent pages, rows, columns;
};
struct columns group_columns(const struct function *, const struct node *column);
/* What a COLUMN group sums up at i, j, k: `locals`, indented by so many steps, and `value`. */
void group_column_values(struct function *, const struct node *column, int indent);
/* Where the sum goes: "out_9[16 * i + k]"; pages of extent 1 have no index. */
const char *group_column_target(struct function *, const struct node *column);
/* "f32[b, 8]: sum over p < 4 of x[i, p] * w[p, j], ascending in chunks of 256" */
const char *group_product_text(struct function *, const struct node *matmul);
/* The shape of what is reduced, and the order of sums where any are. */
const char *group_row_text(struct function *, const char *walk);
const char *group_column_text(struct function *, const struct node *column);
/* Whether it makes exact sums; then sets what their skeleton needs. */
bool group_column_exact(struct function *, const struct node *column);
/* Of groups that all targets run alike: values, what they count, and the comment's text. */
void group_take(struct function *);
void group_line(struct function *);
void group_random(struct function *);
void group_custom(struct function *);
void group_serial(struct function *);
/* Has every operand of the CONCAT copied to its `start` that does not lie there already. */
void group_pieces(struct function *, const struct node *concat, struct code *,
                  void (*copy)(struct function *, const struct node *whole, int operand,
                               const int64_t *start, struct code *));
/* Loops over an operand that is copied to `start` in the whole, and the copy itself. */
void group_part_nest(struct nest *, struct function *, const struct node *whole, int operand,
                     const int64_t *start, unsigned keep);
void group_part_line(struct nest *, const struct node *whole, int operand, struct code *);
/* A group that moves what lies in storage: the statements of a CONCAT or of a PAD. */
typedef void mover(struct function *, const struct node *, struct code *);
void group_move(struct function *, mover *concat, mover *pad);
/* Scalar operations in all, roughly. */
struct extent group_cost(const struct function *);

#endif
