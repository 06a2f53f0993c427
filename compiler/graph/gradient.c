#include "graph/gradient.h"
#include "graph/program.h"

struct graph *gradient_graph(struct gradient *d)
{
    return d->graph;
}

bool gradient_wanted(const struct gradient *d, const struct node *n, int index)
{
    return d->depends[n->operand[index]];
}

void gradient_add_summed(struct gradient *d, const struct node *n, int index, int contribution)
{
    struct sources *to = &d->sources[n->operand[index]];
    ARENA_PUSH(d->arena, to->item, to->count, to->room) =
        (struct contribution){n->id, index, contribution};
}

void gradient_add(struct gradient *d, const struct node *n, int index, int contribution)
{
    if (gradient_wanted(d, n, index))
        gradient_add_summed(d, n, index,
                            gradient_over_turns(d, n, n->operand[index], contribution));
}

/* Consumers arrive in descending order; within one, operands in the order of its rule. */
static void sort_sources(struct sources *s)
{
    for (int i = 1; i < s->count; i++) {
        struct contribution c = s->item[i];
        int at = i;
        for (; at > 0; at--) {
            const struct contribution *before = &s->item[at - 1];
            if (before->consumer < c.consumer ||
                (before->consumer == c.consumer && before->operand < c.operand))
                break;
            s->item[at] = *before;
        }
        s->item[at] = c;
    }
}

int gradient_fold(struct gradient *d, int id)
{
    struct sources *s = &d->sources[id];
    if (s->count == 0)
        return -1;
    sort_sources(s);
    int sum = s->item[0].value;
    for (int i = 1; i < s->count; i++)
        sum = graph_binary(d->graph, OP_ADD, sum, s->item[i].value);
    return sum;
}
