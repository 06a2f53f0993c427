/* pass_chunks: sums that threads share out by chunks of their terms, for they have few outputs.
 *
 * requires:    pass_order, and pass_bands.
 * establishes: group->chunks of column sums of many rows and few columns, and of contractions of
 *              many links and few outputs, in no loop and no band: the sum of each chunk of 256
 *              has its place in scratch, where these are added up in order once all of them are
 *              there (docs/numerics.md, sections 3.1 and 3.5).  Not in phases with loops, whose
 *              code is the same for any number of turns, and turns are most of a sum's terms. */
#include "graph/op.h"
#include "passes/schedule.h"

/* Of a sum of so many chunks that threads get some each, and of so few numbers that a chunk leaves
 * less than it took: threads that share outputs would each read all of an operand. */
enum { CHUNKS_LEAST = 4, COLUMNS_MOST = 512, PRODUCTS_MOST = 1024 };

static int64_t most(const struct graph *graph, struct extent extent)
{
    return extent_at(extent, graph->program->train.rows);
}

/* The first node of the group that is a column sum, and how many of them there are. */
static const struct node *first_sum(const struct graph *graph, const struct group *group,
                                    int *count)
{
    const struct node *first = NULL;
    *count = 0;
    for (int i = group->count - 1; i >= 0; i--)
        if (graph->node[group->node[i]]->op == OP_COLUMN_SUM) {
            first = graph->node[group->node[i]];
            ++*count;
        }
    return first;
}

/* What a group sums up, of how many terms: 0 where its outputs are what threads share. */
struct sums {
    int64_t outputs, terms;
};

static struct sums column_sums(const struct graph *graph, const struct group *group)
{
    int first, last, count;
    const struct node *column = first_sum(graph, group, &count);
    if (column == NULL)
        return (struct sums){0};
    const struct shape *space = &graph->node[column->operand[0]]->shape;
    column_axes(column, &first, &last);
    int64_t columns = most(graph, extent_between(space, last, space->rank));
    if (!extent_is(extent_between(space, 0, first), 1) || columns > COLUMNS_MOST)
        return (struct sums){0};
    return (struct sums){count * columns, most(graph, extent_between(space, first, last))};
}

static struct sums products(const struct graph *graph, const struct group *group)
{
    const struct node *node = graph->node[group->node[0]];
    const struct shape *a = &graph->node[node->operand[0]]->shape;
    bool matmul = node->op == OP_MATMUL;
    int axes = matmul ? 1 : node->attr.axes, last = a->rank;
    if (node->shape.rows >= 0 || (matmul && node->shape.rank > 2) ||
        shape_elements(&node->shape) > PRODUCTS_MOST)
        return (struct sums){0};
    if (matmul && node->attr.transpose_a)
        last--;
    return (struct sums){shape_elements(&node->shape),
                         most(graph, extent_between(a, last - axes, last))};
}

static struct sums sums_of(const struct graph *graph, const struct group *group)
{
    if (group->loop >= 0 || group->band > 0)
        return (struct sums){0};
    return group->kind == CLASS_COLUMN     ? column_sums(graph, group)
           : group->kind == CLASS_CONTRACT ? products(graph, group)
                                           : (struct sums){0};
}

void pass_chunks(struct graph *graph)
{
    for (int g = 0; g < graph->schedule->group_count && graph->loop_count == 0; g++) {
        struct group *group = &graph->schedule->group[g];
        struct sums sums = sums_of(graph, group);
        int64_t chunks = sum_chunks(sums.terms);
        if (chunks < CHUNKS_LEAST)
            continue;
        group->chunks = ARENA_NEW(graph->program->arena, struct place);
        group->chunks->kind = PLACE_ARENA;
        group->chunks->variable = -1;
        group->chunks->bytes = chunks * sums.outputs * dtype_bytes(F32);
    }
}
