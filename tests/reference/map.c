/* Element for element. */
#include <string.h>
#include "reference.h"

void index_of(const struct tensor *t, int64_t e, int64_t index[AXES])
{
    for (int i = t->rank - 1; i >= 0; i--) {
        index[i] = e % t->dim[i];
        e /= t->dim[i];
    }
}

int64_t element_of(const struct tensor *t, const int64_t index[AXES])
{
    int64_t e = 0;
    for (int i = 0; i < t->rank; i++)
        e = e * t->dim[i] + index[i];
    return e;
}

int64_t broadcast_element(const struct tensor *x, const struct tensor *y, int64_t e)
{
    int64_t from[AXES], to[AXES];
    if (x->count == y->count)
        return e;
    if (x->count == 1)
        return 0;
    index_of(y, e, from);
    for (int i = 0; i < x->rank; i++)
        to[i] = x->dim[i] == 1 ? 0 : from[y->rank - x->rank + i];
    return element_of(x, to);
}

void copy_element(const struct tensor *y, int64_t to, const struct tensor *x, int64_t from)
{
    size_t size = (size_t)type_bytes(y->type);
    memcpy((char *)y->bytes + (size_t)to * size, (const char *)x->bytes + (size_t)from * size,
           size);
}

void map_unary(const struct call *c, const struct unary *f)
{
    const struct tensor *x = c->x[0], *y = c->y;
    for (int64_t e = 0; e < y->count; e++) {
        if (x->type == TYPE_F32)
            y->real[e] = f->real(x->real[e]);
        else if (x->type == TYPE_I64)
            y->wide[e] = f->wide(x->wide[e]);
        else
            y->whole[e] = f->whole(x->whole[e]);
    }
}

void map_binary(const struct call *c, const struct binary *f)
{
    const struct tensor *a = c->x[0], *b = c->x[1], *y = c->y;
    for (int64_t e = 0; e < y->count; e++) {
        int64_t i = broadcast_element(a, y, e), j = broadcast_element(b, y, e);
        if (a->type == TYPE_F32)
            y->real[e] = f->real(a->real[i], b->real[j]);
        else if (a->type == TYPE_I64)
            y->wide[e] = f->wide(a->wide[i], b->wide[j]);
        else
            y->whole[e] = f->whole(a->whole[i], b->whole[j]);
    }
}

void map_relation(const struct call *c, const struct relation *f)
{
    const struct tensor *a = c->x[0], *b = c->x[1], *y = c->y;
    for (int64_t e = 0; e < y->count; e++) {
        int64_t i = broadcast_element(a, y, e), j = broadcast_element(b, y, e);
        if (a->type == TYPE_F32)
            y->whole[e] = f->real(a->real[i], b->real[j]);
        else if (a->type == TYPE_I64)
            y->whole[e] = f->wide(a->wide[i], b->wide[j]);
        else
            y->whole[e] = f->whole(a->whole[i], b->whole[j]);
    }
}
