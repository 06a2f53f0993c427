/* Rules of losses: of logarithms of probabilities, or of logits, whose classes are axis 1. */
#include <string.h>
#include "convert/rules.h"

/* What a loss is made of. */
struct loss {
    const char *logs;                   /* [n.., d.., classes] */
    const char *index, *known;          /* of classes; known: which are not ignored, or NULL */
    const char *beyond;                 /* which are none of the classes, or NULL */
    const char *weight;                 /* of each element's class, or NULL */
    int axes;                           /* of logs */
};

/* Axis 1 last, all others in order. */
static const char *classes_last(struct call *c, struct value *x, struct value *shape)
{
    struct value standard = like(x);
    return axis_last(c, &standard, 1, shape) ? ordered(c, x, shape->order) : NULL;
}

/* Of labels that are known each must be a class, or ignored. */
static bool labels_fit(struct call *c)
{
    const struct tensor *y = c->in[1]->constant;
    bool ignores = attribute(c, "ignore_index") != NULL;
    int64_t ignored = attribute_int(c, "ignore_index", 0);
    for (int64_t i = 0; y && i < y->count; i++)
        if ((y->whole[i] < 0 || y->whole[i] >= c->in[0]->dim[1]) &&
            !(ignores && y->whole[i] == ignored)) {
            refuse(c, "label %lld is none of %lld classes", (long long)y->whole[i],
                   (long long)c->in[0]->dim[1]);
            return false;
        }
    return true;
}

/* x [n, classes, d..], labels [n, d..], weights [classes]. */
static bool shapes_fit(struct call *c)
{
    const struct value *x = c->in[0], *y = c->in[1], *w = c->ins > 2 ? c->in[2] : NULL;
    bool fits = x->rank >= 2 && y->rank == x->rank - 1 && y->dim[0] == x->dim[0] &&
                (x->rows <= 0 && y->rows == (y->constant ? -1 : x->rows));
    for (int i = 1; fits && i < y->rank; i++)
        fits = y->dim[i] == x->dim[i + 1];
    fits = fits && (!w || (w->rank == 1 && w->dim[0] == x->dim[1] && w->rows < 0));
    if (!fits)
        refuse(c, "it takes [n, classes, d..], labels [n, d..] and a weight for each class");
    return fits && has_types(c, 0, 1, TYPE_REAL) && has_types(c, 1, 1, TYPE_WHOLE) &&
           (!w || has_types(c, 2, 1, TYPE_REAL)) && labels_fit(c);
}

/* A label that is no class must not be read as one: its loss is NaN. */
static void read_labels(struct call *c, struct loss *l)
{
    struct arena *arena = c->im->arena;
    struct value *w = c->ins > 2 ? c->in[2] : NULL;
    l->index = let_line(c, plain(c, c->in[1]));
    if (attribute(c, "ignore_index")) {
        long long left_out = (long long)attribute_int(c, "ignore_index", 0);
        l->known = let_line(c, arena_printf(arena, "%s != (%lld)", l->index, left_out));
        l->index = let_line(c, arena_printf(arena, "select(%s, %s, 0)", l->known, l->index));
    }
    if (!c->in[1]->constant)
        l->beyond = let_line(c, arena_printf(arena, "%s < 0 or %s >= %lld", l->index, l->index,
                                             (long long)c->in[0]->dim[1]));
    if (w)
        l->weight = let_line(c, arena_printf(arena, "%s(%s, %s)", w->constant ? "gather" : "take",
                                             plain(c, w), l->index));
}

/* What is counted for each element: its weight, or 1; of those ignored 0. */
static const char *counted(struct call *c, const struct loss *l)
{
    struct arena *arena = c->im->arena;
    const char *weight = l->weight ? l->weight : "1";
    return l->known ? arena_printf(arena, "select(%s, %s, 0)", l->known, weight) : l->weight;
}

static void give_loss(struct call *c, const struct loss *l)
{
    struct arena *arena = c->im->arena;
    const struct value *y = c->in[1];
    const char *reduction = attribute_word(c, "reduction", "mean none sum");
    struct value shape = like(y), none = {.type = ONNX_FLOAT, .rows = -1};
    int64_t dim[AXES];
    shape.type = ONNX_FLOAT;
    shape.rows = c->in[0]->rows;
    orderly(&shape);
    text_dims(&shape, dim);
    dim[text_axes(&shape)] = 1;
    const char *each = arena_printf(
        arena, "-take_along(%s, reshape(%s, %s), axis = -1)%s", l->logs, l->index,
        list_text(arena, l->axes, dim), l->axes > 1 ? "[..., 0]" : "[0]");
    if (l->weight)
        each = arena_printf(arena, "%s * %s", each, l->weight);
    if (l->beyond)
        each = arena_printf(arena, "select(%s, inf - inf, %s)", l->beyond, each);
    if (l->known)
        each = arena_printf(arena, "select(%s, %s, 0)", l->known, each);
    if (!strcmp(reduction, "none")) {
        give(c, 0, &shape, "%s", each);
        return;
    }
    if (shape.rows >= 0) {
        refuse(c, "it adds up over the rows of the batch; with reduction 'none' each is by itself");
        return;
    }
    const char *all = counted(c, l);
    each = let_line(c, each);
    if (strcmp(reduction, "mean"))
        give(c, 0, &none, "sum(%s)", each);
    else if (all)
        give(c, 0, &none, "sum(%s) / sum(%s)", each, all);
    else
        give(c, 0, &none, "mean(%s)", each);
}

void onnx_nll_loss(struct call *c)
{
    struct value shape;
    if (!shapes_fit(c))
        return;
    struct loss l = {.axes = text_axes(c->in[0])};
    l.logs = classes_last(c, c->in[0], &shape);
    read_labels(c, &l);
    give_loss(c, &l);
}

void onnx_softmax_loss(struct call *c)
{
    struct value shape;
    if (!shapes_fit(c))
        return;
    struct loss l = {.axes = text_axes(c->in[0])};
    const char *x = classes_last(c, c->in[0], &shape);
    l.logs = let_line(c, arena_printf(c->im->arena, "log_softmax(%s)", x));
    shape.constant = NULL;
    shape.type = ONNX_FLOAT;
    if (c->outs > 1)
        give_text(c, 1, &shape, l.logs);
    read_labels(c, &l);
    give_loss(c, &l);
}
