#include "convert/flattened.h"
#include "graph/op.h"

/* The operand with the most elements: of relu(x), a norm or a sum with a bias what they are of. */
static const struct node *largest(const struct graph *g, const struct node *n)
{
    const struct node *found = graph_node(g, n->operand[0]);
    for (int i = 1; i < n->count; i++) {
        const struct node *other = graph_node(g, n->operand[i]);
        found = shape_elements(&other->shape) > shape_elements(&found->shape) ? other : found;
    }
    return found;
}

/* Whether a sum, a maximum or a product is of windows. */
static bool slides(const struct graph *g, const struct node *n)
{
    while (op_def(n->op)->class == CLASS_VIEW && n->op != OP_WINDOW && n->op != OP_TRANSPOSED)
        n = graph_node(g, n->operand[0]);
    return n->op == OP_WINDOW || n->op == OP_TRANSPOSED;
}

/* The last axis but that of what a row was reduced to. */
static int channels(const struct node *image)
{
    return image->shape.rank - 1 - (op_def(image->op)->class == CLASS_ROW);
}

/* Whether axes of one row become one, which ends in channels. */
static bool flattens(const struct node *n, const struct node *from)
{
    int last = channels(from), to = n->shape.rank - 1;
    return n->op == OP_RESHAPE && last > 0 && to >= 0 && from->shape.dim[last] > 1 &&
           n->shape.dim[to] > from->shape.dim[last];
}

/* The image that x was, before it was flattened; NULL where it was none. */
static const struct node *image_of(const struct graph *g, const struct node *x)
{
    const struct node *image = NULL;
    while (x->count > 0 && x->op != OP_TRANSPOSE) {
        const struct node *from = largest(g, x);
        enum op_class class = op_def(x->op)->class;
        if (!image && flattens(x, from))
            image = from;
        if (class != CLASS_MAP && class != CLASS_VIEW && slides(g, from))
            return image;
        x = from;
    }
    return NULL;
}

static const struct node *multiplied(const struct graph *g, const struct variable *v)
{
    for (int i = 0; i < g->count; i++) {
        const struct node *n = g->node[i];
        if (n->op != OP_MATMUL && n->op != OP_CONTRACT)
            continue;
        const struct node *w = graph_node(g, n->operand[1]);
        while (op_def(w->op)->class == CLASS_VIEW)
            w = graph_node(g, w->operand[0]);
        if (w->op == OP_READ && w->attr.variable == v->id)
            return graph_node(g, n->operand[0]);
    }
    return NULL;
}

const char *flattened_image(const struct program *program, const struct variable *v)
{
    const struct graph *g = program->phase[PHASE_PREDICT] ? program->phase[PHASE_PREDICT]
                                                          : program->phase[PHASE_TRAIN];
    const struct node *x = g ? multiplied(g, v) : NULL, *image = x ? image_of(g, x) : NULL;
    if (!image)
        return NULL;
    int places = channels(image) - (image->shape.rows == 0);
    const char *turn = arena_printf(program->arena, "[%d", places);
    for (int i = 0; i < places; i++)
        turn = arena_printf(program->arena, "%s, %d", turn, i);
    return arena_printf(program->arena, "%s]", turn);
}
