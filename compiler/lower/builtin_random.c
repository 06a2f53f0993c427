/* Draws from the streams of random numbers. */
#include "lower/builtin.h"
#include "lower/scan.h"
#include "lower/variable.h"

static bool draws_per_row(struct lower *l, struct frame *frame)
{
    return l->phase != PHASE_INIT && l->phase != PHASE_FINISH && frame->role != ROLE_OPTIMIZER;
}

/* The node of the phase that draws from the stream, or NULL. */
static const struct node *find_draw(const struct lower *l, const char *path)
{
    const struct node *n = names_find(l->draws[l->phase], path);
    bool there = n && n->id < l->graph->count && graph_node(l->graph, n->id) == n;
    return there ? n : NULL;            /* else it was rolled back */
}

/* No two draws of a phase come from one stream, since their numbers would be the same, unless that
 * is what is wanted. */
static int add_draw(struct lower *l, enum op op, int sample, const struct attr *attr,
                    enum dtype dtype, const struct shape *shape, struct span span)
{
    const struct node *n = find_draw(l, attr->path);
    if (n && !l->same_draws) {
        struct diag *d =
            lower_error(l, lower_current(l), span, "the random stream '%s' is taken", attr->path);
        diag_note(d, n->call.line ? n->call : n->span, "by this");
        diag_help(d, "give one of the two another name; a call gets one by 'as'");
    }
    int node = graph_add_shaped(l->graph, op, sample >= 0, &sample, attr, dtype, shape);
    const struct names **draws = &l->draws[l->phase];
    *draws = names_add(l->arena, *draws, attr->path, graph_node(l->graph, node));
    return node;
}

/* In a scan the numbers of all turns are drawn before it: an axis of turns comes first in a row. */
static struct value random_node(struct lower *l, enum op op, struct attr attr, enum dtype dtype,
                                int rank, const int64_t *dim, bool per_row, const char *path,
                                struct span span)
{
    int64_t all[RANK_MAX];
    int sample = -1, turns = lower_turns(l, all);
    if (rank + turns >= RANK_MAX) {
        lower_error(l, lower_current(l), span, "a draw of all turns would have more than %d axes",
                    RANK_MAX - 1);
        return value_error();
    }
    for (int i = 0; i < rank; i++)
        all[turns + i] = dim[i];
    struct shape shape = shape_rows(turns + rank, all, per_row);
    attr.path = path;
    attr.domain = l->phase == PHASE_INIT ? DOMAIN_INIT : DOMAIN_STEP;
    if (l->phase == PHASE_PREPARE || l->phase == PHASE_AUGMENT) {
        attr.domain = DOMAIN_SAMPLE;
        sample = lower_read(l, l->program->sample);
    }
    int draw = add_draw(l, op, sample, &attr, dtype, &shape, span);
    return lower_of_turn(l, value_tensor(l, draw, per_row, span));
}

struct value call_random(struct lower *l, struct frame *frame, const struct builtin *b,
                         struct arguments *a, const char *path, struct span span)
{
    int rank = 0;
    int64_t dim[RANK_MAX];
    ARGUMENTS(1);
    if (given[0] && !builtin_dims(l, frame, v[0], &rank, dim))
        return value_error();
    return random_node(l, b->op, (struct attr){0}, F32, rank, dim, draws_per_row(l, frame), path,
                       span);
}

/* random_integer(n, [dims]) in 0..n-1 */
struct value call_random_integer(struct lower *l, struct frame *frame, const struct builtin *b,
                                 struct arguments *a, const char *path, struct span span)
{
    int rank = 0;
    int64_t dim[RANK_MAX], n;
    ARGUMENTS(2);
    if (!value_whole(v[0], &n) || n < 1 || n > INT32_MAX) {
        lower_error(l, frame, span,
                    "'random_integer' takes a whole number from 1 to 2147483647, not %s",
                    value_describe(l, v[0]));
        return value_error();
    }
    if (given[1] && !builtin_dims(l, frame, v[1], &rank, dim))
        return value_error();
    struct value out = random_node(l, b->op, (struct attr){.whole = n}, I32, rank, dim,
                                   draws_per_row(l, frame), path, span);
    return out;
}

struct value call_random_permutation(struct lower *l, struct frame *frame, const struct builtin *b,
                                     struct arguments *a, const char *path, struct span span)
{
    int64_t n;
    ARGUMENTS(1);
    if (!value_whole(v[0], &n) || n < 1 || n > INT32_MAX) {
        lower_error(l, frame, span, "'random_permutation' takes a whole number from 1, not %s",
                    value_describe(l, v[0]));
        return value_error();
    }
    if (lower_in_scan(l)) {
        struct diag *d = lower_error(l, frame, span, "'random_permutation' is one of a step, and "
                                     "this is a turn of a scan");
        diag_help(d, "draw it outside, and give it to the cell as an argument");
        return value_error();
    }
    struct shape shape = shape_of(1, -1, &n);
    struct attr attr = {.path = path, .domain = l->phase == PHASE_INIT ? DOMAIN_INIT : DOMAIN_STEP};
    return value_tensor(l, add_draw(l, b->op, -1, &attr, I32, &shape, span), false, span);
}

/* random_keep(x, p): x / (1 - p) where kept, with probability 1 - p, else +0 */
struct value call_random_keep(struct lower *l, struct frame *frame, const struct builtin *b,
                              struct arguments *a, const char *path, struct span span)
{
    int64_t dim[RANK_MAX];
    ARGUMENTS(2);
    struct value x = value_to_f32(l, v[0]);
    if (x.kind == V_ERROR)
        return x;
    if (v[1].kind != V_NUMBER || v[1].number < 0 || (float)v[1].number >= 1) {
        lower_error(l, frame, v[1].span,
                    "the probability of dropping is a number from 0 up to, but not, 1, not %s",
                    value_describe(l, v[1]));
        return value_error();
    }
    int rank = value_rank(l, x);
    for (int i = 0; i < rank; i++)
        dim[i] = value_dim(l, x, i);
    struct attr attr = {.probability = (float)v[1].number};
    struct value m[3] = {
        random_node(l, OP_RANDOM_KEEP, attr, BOOL, rank, dim, x.per_row, path, span)};
    m[1] = value_binary(l, AST_MUL, x, value_number(1 / (1 - v[1].number), span), span);
    m[2] = value_to_f32(l, value_number(0, span));
    return value_map(l, OP_SELECT, 3, m, span);
}
