/* Rules of operators with weights: those that a layer of the library stands for. */
#include <string.h>
#include "convert/rules.h"

/* A constant of that rank that only this node reads: weights of a layer of its own. */
static bool own_weights(const struct value *v, int rank)
{
    return v && v->constant && v->trained && v->type == ONNX_FLOAT && v->constant->rank == rank &&
           v->uses == 1 && !v->written && v->constant->count > 0;
}

/* The bias that the node after this one adds, where it does nothing else. */
static const Onnx__Node *bias_after(const struct call *c, int64_t units, struct value **bias)
{
    const Onnx__Node *add = only_user(c->out[0], "Add");
    if (!add || add->n_input != 2)
        return NULL;
    bool first = !strcmp(add->input[0], c->out[0]->name);
    *bias = find_value(c->im, add->input[first]);
    bool fits = own_weights(*bias, 1) && (*bias)->constant->dim[0] == units;
    return fits ? add : NULL;
}

/* y = x w + bias, with w [n, units], by turned [units, n]. */
static void give_dense(struct call *c, struct value *w, bool turned, struct value *bias)
{
    static const int straight[2] = {0, 1}, turn[2] = {1, 0};
    struct import *im = c->im;
    struct value *x = c->in[0], shape = like(x);
    int64_t dim[2] = {w->dim[turned], w->dim[!turned]};
    const char *path = layer_path(im, w->name, c->node->name);
    shape.dim[shape.rank - 1] = dim[1];
    save(im, true, arena_printf(im->arena, "%s/w", path), w->constant, turned ? turn : straight, 2,
         dim);
    if (bias)
        save(im, true, arena_printf(im->arena, "%s/bias", path), bias->constant, NULL, 1, &dim[1]);
    give(c, 0, &shape, "dense(%s, %lld%s)%s", plain(c, x), (long long)dim[1],
         bias ? "" : ", with_bias = false", as_text(im->arena, path));
}

/* Extents before the last two, as of both. */
static bool leading(struct call *c, const struct value *a, const struct value *b,
                    struct value *shape)
{
    struct value lead[2] = {*a, *b}, *list[2] = {&lead[0], &lead[1]};
    for (int i = 0; i < 2; i++) {
        int rank = lead[i].rank;
        if (lead[i].rows >= rank - 2 && lead[i].rows >= 0 &&
            !(i == 0 && lead[i].rows == rank - 2)) {
            refuse(c, "it adds up over the rows of the batch");
            return false;
        }
        lead[i].dim[rank - 1] = lead[i].dim[rank - 2] = 1;
        lead[i].constant = NULL;
        orderly(&lead[i]);
    }
    return broadcast_shape(c, 2, list, shape);
}

/* The text with extents before the last two as those of the product. */
static const char *spread(struct call *c, struct value *v, const struct value *shape)
{
    struct value all = *shape;
    bool same = v->rank == shape->rank || v->rank == 2;
    orderly(&all);
    for (int i = 0; i < v->rank - 2; i++)
        same &= v->dim[i] == shape->dim[shape->rank - v->rank + i];
    if (same)
        return plain(c, v);
    all.dim[all.rank - 1] = v->dim[v->rank - 1];
    all.dim[all.rank - 2] = v->dim[v->rank - 2];
    int64_t dim[AXES];
    text_dims(&all, dim);
    return arena_printf(c->im->arena, "broadcast(%s, %s)",
                        aligned(c, v, all.rank, text_axes(&all), all.order),
                        list_text(c->im->arena, text_axes(&all), dim));
}

/* A vector counts as a matrix of one row, or of one column. */
static void multiply(struct call *c, struct value *a, struct value *b)
{
    struct value shape;
    if (!leading(c, a, b, &shape))
        return;
    shape.dim[shape.rank - 2] = a->dim[a->rank - 2];
    shape.dim[shape.rank - 1] = b->dim[b->rank - 1];
    shape.type = ONNX_FLOAT;
    orderly(&shape);
    give(c, 0, &shape, "%s @ %s", spread(c, a, &shape), spread(c, b, &shape));
}

static void multiply_vectors(struct call *c)
{
    struct import *im = c->im;
    struct value *a = c->in[0], *b = c->in[1], wide_a = *a, wide_b = *b, shape;
    if (a->rows >= 0 || b->rows >= 0) {
        refuse(c, "it adds up over the rows of the batch");
        return;
    }
    if (a->rank == 1) {
        wide_a = (struct value){.rank = 2, .rows = -1, .dim = {1, a->dim[0]}, .type = a->type};
        wide_a.text = arena_printf(im->arena, "reshape(%s, [1, %lld])", plain(c, a),
                                   (long long)a->dim[0]);
        orderly(&wide_a);
    }
    if (b->rank == 1) {
        wide_b = (struct value){.rank = 2, .rows = -1, .dim = {b->dim[0], 1}, .type = b->type};
        wide_b.text = arena_printf(im->arena, "reshape(%s, [%lld, 1])", plain(c, b),
                                   (long long)b->dim[0]);
        orderly(&wide_b);
    }
    if (!leading(c, &wide_a, &wide_b, &shape))
        return;
    struct value result = {.type = ONNX_FLOAT, .rows = -1};
    for (int i = 0; i < shape.rank - 2; i++)
        result.dim[result.rank++] = shape.dim[i];
    shape.dim[shape.rank - 2] = wide_a.dim[wide_a.rank - 2];
    shape.dim[shape.rank - 1] = wide_b.dim[wide_b.rank - 1];
    if (a->rank > 1)
        result.dim[result.rank++] = shape.dim[shape.rank - 2];
    if (b->rank > 1)
        result.dim[result.rank++] = shape.dim[shape.rank - 1];
    orderly(&result);
    give(c, 0, &result, "reshape(%s @ %s, %s)", spread(c, &wide_a, &shape),
         spread(c, &wide_b, &shape), list_text(im->arena, result.rank, result.dim));
}

void onnx_matmul(struct call *c)
{
    struct value *a = c->in[0], *b = c->in[1], *bias = NULL;
    if (a->rank < 1 || b->rank < 1 ||
        a->dim[a->rank - 1] != b->dim[b->rank == 1 ? 0 : b->rank - 2]) {
        refuse(c, "the axes that it adds up over differ");
    } else if (own_weights(b, 2) && !a->constant && a->rank >= 2 && a->rows != a->rank - 1) {
        const Onnx__Node *add = bias_after(c, b->dim[1], &bias);
        if (add)
            go_on(c, add);
        give_dense(c, b, false, add ? bias : NULL);
    } else if (a->rank == 1 || b->rank == 1) {
        multiply_vectors(c);
    } else {
        multiply(c, a, b);
    }
}

/* ---- tables, and places ---- */

/* Where other lines read the table, too, they find it as NAME.w. */
bool give_embedding(struct call *c)
{
    struct value *w = c->in[0], *index = c->in[1], shape = {.type = ONNX_FLOAT};
    struct arena *arena = c->im->arena;
    if (!index->classes || w->written)
        return false;
    const char *path = layer_path(c->im, w->name, c->node->name);
    if (w->uses > 1 && strcmp(as_text(arena, path), arena_printf(arena, " as %s", path)))
        return false;
    save(c->im, true, arena_printf(arena, "%s/w", path), w->constant, NULL, 2, w->dim);
    shape = *index;
    shape.type = ONNX_FLOAT;
    shape.classes = 0;
    shape.dim[shape.rank++] = w->dim[1];
    orderly(&shape);
    give(c, 0, &shape, "embedding(%s, %lld)%s", index->text, (long long)w->dim[1],
         as_text(arena, path));
    note_written(c, w, arena_printf(arena, "%s.w", path));
    return true;
}

/* Sums of what is read and a trained vector for each place of a row. */
static bool give_positions(struct call *c, int table)
{
    struct value *w = c->in[table], *x = c->in[!table], shape = like(x);
    if (!own_weights(w, 2) || x->constant || x->rows != 0 || x->rank != 3 ||
        x->dim[1] != w->dim[0] || x->dim[2] != w->dim[1] || !names_weights(c->im, w->name))
        return false;
    const char *path = layer_path(c->im, w->name, c->node->name);
    save(c->im, true, arena_printf(c->im->arena, "%s/w", path), w->constant, NULL, 2, w->dim);
    give(c, 0, &shape, "learned_positions(%s)%s", plain(c, x), as_text(c->im->arena, path));
    return true;
}

void onnx_add(struct call *c)
{
    if (!give_positions(c, 1) && !give_positions(c, 0))
        onnx_map_any(c);
}

/* alpha A B + beta C, where they are not 1. */
static const char *scaled(struct arena *arena, float by, const char *text)
{
    return by == 1 ? text : arena_printf(arena, "%s * (%s)", number_text(arena, by), text);
}

static const char *matrix(struct call *c, struct value *v, bool turned)
{
    static const int turn[2] = {1, 0};
    return turned ? ordered(c, v, turn) : plain(c, v);
}

void onnx_gemm(struct call *c)
{
    struct arena *arena = c->im->arena;
    struct value *a = c->in[0], *b = c->in[1], *bias = c->ins > 2 ? c->in[2] : NULL;
    float alpha = attribute_float(c, "alpha", 1), beta = attribute_float(c, "beta", 1);
    bool turn_a = attribute_int(c, "transA", 0), turn_b = attribute_int(c, "transB", 0);
    if (a->rank != 2 || b->rank != 2 || a->dim[!turn_a] != b->dim[turn_b]) {
        refuse(c, "it takes two matrices whose inner extents are equal");
        return;
    }
    if (alpha == 1 && beta == 1 && !turn_a && a->rows <= 0 && !a->constant && own_weights(b, 2) &&
        (!bias || (own_weights(bias, 1) && bias->dim[0] == b->dim[!turn_b]))) {
        give_dense(c, b, turn_b, bias);
        return;
    }
    if (b->rows >= 0 || (a->rows >= 0 && a->rows != turn_a)) {
        refuse(c, "it adds up over the rows of the batch");
        return;
    }
    struct value shape = {.type = ONNX_FLOAT, .rank = 2, .rows = a->rows < 0 ? -1 : 0,
                          .dim = {a->dim[turn_a], b->dim[!turn_b]}};
    orderly(&shape);
    const char *left = a->rows >= 0 ? a->text : matrix(c, a, turn_a);
    const char *y =
        scaled(arena, alpha, arena_printf(arena, "%s @ %s", left, matrix(c, b, turn_b)));
    if (bias && bias->rows >= 0 && bias->rows != 0) {
        refuse(c, "its third input has the batch's rows elsewhere");
        return;
    }
    if (bias)
        y = arena_printf(arena, "%s + %s", y,
                         scaled(arena, beta, aligned(c, bias, 2, text_axes(&shape), shape.order)));
    give(c, 0, &shape, "%s", y);
}
