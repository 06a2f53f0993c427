/* Values of a graph as expressions of a model. */
#include <ctype.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "convert/read.h"

/* ---- messages ---- */
void refuse(struct call *c, const char *format, ...)
{
    va_list list;
    struct import *im = c->im;
    va_start(list, format);
    const char *text = arena_vprintf(im->arena, format, list);
    va_end(list);
    const char *name = c->node->name && *c->node->name ? c->node->name
        : c->node->n_output ? c->node->output[0] : "";
    bool failed = false;
    for (int i = 0; i < c->outs; i++) {
        failed |= c->out[i] && c->out[i]->failed;
        if (c->out[i])
            c->out[i]->failed = true;
    }
    if (!failed)
        inv_error(im->errors, "%s: node '%s' (%s): %s", im->path, name, c->node->op_type, text);
    im->refused++;
}

/* ---- attributes ---- */
const Onnx__Attribute *attribute(const struct call *c, const char *name)
{
    for (size_t i = 0; i < c->node->n_attribute; i++)
        if (c->node->attribute[i]->name && !strcmp(c->node->attribute[i]->name, name))
            return c->node->attribute[i];
    return NULL;
}

/* The attribute, where it is given and of that type.  Writers of proto3 leave out what is 0: then
 * there is only the type. */
static const Onnx__Attribute *typed(struct call *c, const char *name, int type, bool there)
{
    const Onnx__Attribute *a = attribute(c, name);
    if (!a || there || (a->has_type && a->type == type))
        return a;
    refuse(c, "attribute '%s' is not of the type that it has in the standard; export the model "
           "again", name);
    return NULL;
}

int64_t attribute_int(struct call *c, const char *name, int64_t otherwise)
{
    const Onnx__Attribute *a = attribute(c, name);
    a = typed(c, name, ONNX_ATTRIBUTE_INT, a && a->has_i);
    return !a ? otherwise : a->has_i ? a->i : 0;
}

int64_t attribute_from(struct call *c, const char *name, int64_t least, int64_t otherwise)
{
    int64_t value = attribute_int(c, name, otherwise);
    if (value < least && value != otherwise)
        refuse(c, "attribute '%s' is %lld, where it is at least %lld", name, (long long)value,
               (long long)least);
    return value;
}

float attribute_float(struct call *c, const char *name, float otherwise)
{
    const Onnx__Attribute *a = attribute(c, name);
    a = typed(c, name, ONNX_ATTRIBUTE_FLOAT, a && a->has_f);
    return !a ? otherwise : a->has_f ? a->f : 0;
}

const char *attribute_text(struct call *c, const char *name, const char *otherwise)
{
    const Onnx__Attribute *a = attribute(c, name);
    a = typed(c, name, ONNX_ATTRIBUTE_STRING, a && a->has_s);
    if (!a)
        return otherwise;
    return a->has_s ? arena_strndup(c->im->arena, (char *)a->s.data, a->s.len) : "";
}

const char *attribute_word(struct call *c, const char *name, const char *words)
{
    const char *first = arena_strndup(c->im->arena, words, strcspn(words, " "));
    const char *text = attribute_text(c, name, first);
    for (const char *w = words; *w; w += strspn(w, " ")) {
        size_t n = strcspn(w, " ");
        if (strlen(text) == n && !memcmp(text, w, n))
            return text;
        w += n;
    }
    refuse(c, "attribute '%s' is '%s', where these are known: %s", name, text, words);
    return first;
}

int attribute_ints(struct call *c, const char *name, int64_t *out, int room)
{
    const Onnx__Attribute *a = attribute(c, name);
    if (!a)
        return -1;
    if (!typed(c, name, ONNX_ATTRIBUTE_INTS, a->n_ints || !a->has_type))
        return 0;
    if (a->n_ints > (size_t)room) {
        refuse(c, "attribute '%s' has %zu numbers, more than any axes there are", name, a->n_ints);
        return 0;
    }
    for (size_t i = 0; i < a->n_ints; i++)
        out[i] = a->ints[i];
    return (int)a->n_ints;
}

int known_ints(struct call *c, int input, int64_t *out, int room)
{
    const struct value *v = input < c->ins ? c->in[input] : NULL;
    if (!v)
        return -1;
    if (!v->constant || v->constant->type == ONNX_FLOAT || v->constant->count > room) {
        refuse(c, "input '%s' must be whole numbers that do not depend on the data; shapes that do "
               "have no counterpart in a model file", v->name);
        return 0;
    }
    memcpy(out, v->constant->whole, sizeof *out * (size_t)v->constant->count);
    return (int)v->constant->count;
}

int axis_of(struct call *c, const struct value *v, int64_t axis)
{
    int64_t from_start = axis < 0 ? axis + v->rank : axis;
    if (from_start >= 0 && from_start < v->rank)
        return (int)from_start;
    refuse(c, "axis %lld is none of '%s', which has %d", (long long)axis, v->name, v->rank);
    return -1;
}

/* ---- names ---- */
/* The path without what only says which of a layer's weights it is. */
static const char *without_suffix(struct arena *arena, const char *name)
{
    static const char *const last[] = {"affine/scale", "weight", "weights", "kernel", "w", "W",
                                       "gamma", "scale", "running_mean"};
    size_t size = strlen(name);
    for (size_t i = 0; i < sizeof last / sizeof *last; i++) {
        size_t n = strlen(last[i]);
        if (size > n + 1 && !strcmp(name + size - n, last[i]) && strchr("/._", name[size - n - 1]))
            return arena_strndup(arena, name, size - n - 1);
    }
    return name;
}

bool names_weights(struct import *im, const char *name)
{
    return without_suffix(im->arena, name) != name;
}

const char *own_path(struct import *im, const char *path)
{
    static char used;
    const char *name = path = path && *path ? path : "layer";
    for (int i = 2; names_find(im->paths, name); i++)
        name = arena_printf(im->arena, "%s_%d", path, i);
    im->paths = names_add(im->arena, im->paths, name, &used);
    return name;
}

const char *layer_path(struct import *im, const char *weights, const char *otherwise)
{
    const char *name = weights && *weights ? weights : otherwise;
    char *path = arena_strdup(im->arena, without_suffix(im->arena, name));
    for (char *c = path; *c; c++)
        if (!isalnum((unsigned char)*c) && *c != '_') {
            bool inside =
                c > path && c[-1] != '/' && c[1] && (isalnum((unsigned char)c[1]) || c[1] == '_');
            *c = inside ? '/' : '_';
        }
    return im->own ? own_path(im, path) : made_free(im->made, *path ? path : "layer");
}

/* ---- extents ---- */
int text_axes(const struct value *v)
{
    return v->rank - (v->rows >= 0);
}

void text_dims(const struct value *v, int64_t *dim)
{
    for (int i = 0; i < text_axes(v); i++)
        dim[i] = v->dim[v->order[i]];
}

int text_axis(struct call *c, const struct value *v, int axis)
{
    for (int i = 0; i < text_axes(v); i++)
        if (v->order[i] == axis)
            return i;
    refuse(c, "axis %d is that of the batch's rows, which a model file never mixes; --rows none "
           "takes all of the input for one row", axis);
    return -1;
}

void orderly(struct value *v)
{
    int n = 0;
    for (int i = 0; i < v->rank; i++)
        if (i != v->rows)
            v->order[n++] = i;
}

/* ---- constants ---- */
bool is_known(const struct value *v)
{
    return v->constant != NULL;
}

bool is_scalar(const struct value *v)
{
    return v->constant && v->constant->count == 1;
}

static int64_t element_at(const struct tensor *t, const int *perm, int64_t at)
{
    int64_t stride[AXES], from = 0, step = 1;
    for (int i = t->rank - 1; i >= 0; i--) {
        stride[i] = step;
        step *= t->dim[i];
    }
    for (int i = t->rank - 1; i >= 0; i--) {
        int axis = perm ? perm[i] : i;
        from += at % t->dim[axis] * stride[axis];
        at /= t->dim[axis];
    }
    return from;
}

static float real_at(const struct tensor *t, int64_t i)
{
    return t->real ? t->real[i] : (float)t->whole[i];
}

void save(struct import *im, bool trained, const char *path, const struct tensor *t,
          const int *perm, int rank, const int64_t *dim)
{
    float *data = ARENA_ARRAY(im->arena, float, t->count + 1);
    for (int64_t i = 0; i < t->count; i++)
        data[i] = real_at(t, element_at(t, perm, i));
    made_save(im->made, trained, path, rank, dim, data);
}

static const char *scalar_text(struct import *im, const struct tensor *t)
{
    if (t->type == ONNX_BOOL)
        return t->whole[0] ? "true" : "false";
    if (t->real)
        return number_text(im->arena, t->real[0]);
    return arena_printf(im->arena, t->whole[0] < 0 ? "(%lld)" : "%lld", (long long)t->whole[0]);
}

/* What the value's name stands for in the model; of whole numbers some are classes there. */
static void note_type(struct import *im, const char *name, int type, int rank)
{
    if (type == ONNX_FLOAT || type == ONNX_BOOL)
        made_note_type(im->made, name, type == ONNX_FLOAT ? "f32" : "bool", rank);
}

/* A block that is one parameter of that name and rank. */
static const char *holder(struct import *im, const char *leaf, int rank)
{
    const char *key = arena_printf(im->arena, "%s %d", leaf, rank);
    const char *name = names_find(im->holders, key);
    struct text formals, type;
    if (name)
        return name;
    name = made_identifier(im->made, arena_printf(im->arena, "own_%s", leaf));
    text_init(&formals, im->arena);
    text_init(&type, im->arena);
    for (int i = 0; i < rank; i++) {
        text_printf(&formals, "%saxis%d: int", i ? ", " : "", i);
        text_printf(&type, "%saxis%d", i ? ", " : "[", i);
    }
    made_block(im->made, arena_printf(im->arena,
               "# A parameter of layers that stand here as what they compute.\n"
               "block %s(%s) {\n  param %s: f32%s%s = 0\n  return %s\n}\n", name,
               rank ? formals.data : "", leaf, rank ? type.data : "", rank ? "]" : "", leaf));
    im->holders = names_add(im->arena, im->holders, key, (void *)(uintptr_t)name);
    return name;
}

/* "gn1/scale": names with one / between them. */
static bool is_path(const char *name)
{
    bool good = strchr(name, '/') && !strstr(name, "//") && *name != '/';
    for (const char *c = name; *c && good; c++)
        good = isalnum((unsigned char)*c) || *c == '_' || *c == '/';
    const char *leaf = good ? strrchr(name, '/') + 1 : "";
    return isalpha((unsigned char)*leaf) || *leaf == '_';
}

/* A parameter that Invar wrote under the path of its layer stays there. */
static const char *declare_in_layer(struct import *im, const struct value *v, const int *perm,
                                    int rank, const int64_t *dim)
{
    const char *path = own_path(im, v->name), *leaf = strrchr(path, '/') + 1;
    const char *layer = arena_strndup(im->arena, path, (size_t)(leaf - path) - 1);
    const char *name = made_identifier(im->made, v->name);
    const char *extents = list_text(im->arena, rank, dim);
    save(im, true, path, v->constant, perm, rank, dim);
    made_line(im->made, arena_printf(im->arena, "%s = %s(%.*s)%s", name, holder(im, leaf, rank),
                                     (int)strlen(extents) - 2, extents + 1,
                                     as_text(im->arena, layer)), NULL);
    note_type(im, name, ONNX_FLOAT, rank);
    return name;
}

/* Declares the constant: what is trained a parameter, else a buffer that nothing changes. */
static const char *declare(struct call *c, const struct value *v, const int *perm, int rank,
                           const int64_t *dim)
{
    struct import *im = c->im;
    bool trained = v->trained && v->type == ONNX_FLOAT;
    if (trained && im->own && is_path(v->name))
        return declare_in_layer(im, v, perm, rank, dim);
    const char *name = made_identifier(im->made, v->name),
               *type = rank ? list_text(im->arena, rank, dim) : "";
    save(im, trained, name, v->constant, perm, rank, dim);
    made_line(im->made,
             arena_printf(im->arena, "%s %s: f32%s = 0", trained ? "param" : "buffer", name, type),
             NULL);
    note_type(im, name, ONNX_FLOAT, rank);
    if (v->type == ONNX_FLOAT)
        return name;
    return arena_printf(im->arena, v->type == ONNX_BOOL ? "(%s != 0)" : "to_int(%s)", name);
}

/* Whether it is true where the second axis is not behind the first. */
static bool is_lower_triangle(const struct tensor *t, int rank, const int64_t *dim)
{
    bool fits = t->type == ONNX_BOOL && rank == 2 && dim[0] > 1 && dim[1] > 1;
    for (int64_t i = 0; fits && i < t->count; i++)
        fits = (t->whole[i] != 0) == (i % dim[1] <= i / dim[1]);
    return fits;
}

/* The axis along which elements are places, 0, 1, 2 ..., the same for all others; -1: none. */
static int place_axis(const struct tensor *t, int rank, const int64_t *dim)
{
    int64_t step = 1;
    for (int axis = rank - 1; t->type != ONNX_BOOL && axis >= 0; axis--) {
        bool fits = dim[axis] > 1;
        for (int64_t i = 0; fits && i < t->count; i++) {
            int64_t place = i / step % dim[axis];
            fits = t->whole ? t->whole[i] == place
                            : t->real[i] == (float)place && !signbit(t->real[i]);
        }
        if (fits)
            return axis;
        step *= dim[axis];
    }
    return -1;
}

/* What the language has an expression for, with its axes in order; or NULL. */
static const char *known_form(struct call *c, const struct value *v, int rank, const int64_t *dim)
{
    struct import *im = c->im;
    const char *text = NULL;
    int axis = v->trained ? -1 : place_axis(v->constant, rank, dim);
    if (is_lower_triangle(v->constant, rank, dim))
        text = arena_printf(im->arena, dim[0] == dim[1] ? "causal_mask(%lld)"
                            : "causal_mask(%lld, %lld)", (long long)dim[0], (long long)dim[1]);
    else if (axis >= 0)
        text = arena_printf(im->arena, v->type == ONNX_FLOAT
                            ? "to_float(position(broadcast(0, %s), %d))"
                            : "position(broadcast(0, %s), %d)",
                            list_text(im->arena, rank, dim), axis);
    if (!text)
        return NULL;
    const char *name = made_identifier(im->made, v->name);
    made_line(im->made, arena_printf(im->arena, "%s = %s", name, text), NULL);
    note_type(im, name, v->type, rank);
    return name;
}

/* The constant with axes by perm, as these extents. */
static const char *write_constant(struct call *c, struct value *v, const int *perm, int rank,
                                  const int64_t *dim)
{
    struct import *im = c->im;
    const struct tensor *t = v->constant;
    for (const struct written *w = v->written; w; w = w->before)
        if (w->rank == rank && !memcmp(w->dim, dim, sizeof *dim * (size_t)rank) &&
            !memcmp(w->perm, perm, sizeof *perm * (size_t)t->rank))
            return w->text;
    for (int64_t i = 0; t->whole && i < t->count; i++)
        if (t->whole[i] == ROW_COUNT || t->whole[i] > 16777216 || t->whole[i] < -16777216) {
            refuse(c, t->whole[i] == ROW_COUNT
                   ? "'%s' is made of the number of rows, which a model file does not know"
                   : "'%s' has whole numbers beyond 16,777,216, which f32 does not hold", v->name);
            return "0";
        }
    struct written *w = ARENA_NEW(im->arena, struct written);
    *w = (struct written){.rank = rank, .before = v->written};
    memcpy(w->perm, perm, sizeof *perm * (size_t)t->rank);
    memcpy(w->dim, dim, sizeof *dim * (size_t)rank);
    bool ordered = true;
    for (int i = 1; i < t->rank; i++)
        ordered &= perm[i] > perm[i - 1];
    w->text = t->count == 1 && rank == 0 && !v->trained ? scalar_text(im, t)
        : ordered ? known_form(c, v, rank, dim) : NULL;
    if (!w->text)
        w->text = declare(c, v, perm, rank, dim);
    v->written = w;
    return w->text;
}

void note_written(struct call *c, struct value *v, const char *text)
{
    struct written *w = ARENA_NEW(c->im->arena, struct written);
    *w = (struct written){.rank = v->rank, .text = text, .before = v->written};
    for (int i = 0; i < v->rank; i++)
        w->perm[i] = i;
    memcpy(w->dim, v->dim, sizeof w->dim);
    v->written = w;
}

/* ---- texts ---- */
static bool same_order(int n, const int *a, const int *b)
{
    return n == 0 || !memcmp(a, b, sizeof *a * (size_t)n);
}

/* Whether axes of more than one element keep their order: then it is the same array. */
static bool same_elements(const struct value *v, const int *from, const int *to, int n)
{
    int last = 0;
    for (int i = 0; i < n; i++) {
        if (v->dim[to[i]] == 1)
            continue;
        while (last < n && (v->dim[from[last]] == 1 || from[last] != to[i])) {
            if (v->dim[from[last]] != 1)
                return false;
            last++;
        }
        last++;
    }
    return true;
}

const char *ordered(struct call *c, struct value *v, const int *order)
{
    struct arena *arena = c->im->arena;
    int n = text_axes(v);
    int64_t dim[AXES], perm[AXES];
    for (int i = 0; i < n; i++)
        dim[i] = v->dim[order[i]];
    if (v->constant)
        return write_constant(c, v, order, n, dim);
    if (same_order(n, order, v->order))
        return v->text;
    if (same_elements(v, v->order, order, n))
        return arena_printf(arena, "reshape(%s, %s)", v->text, list_text(arena, n, dim));
    for (int i = 0; i < n; i++)
        for (int k = 0; k < n; k++)
            if (v->order[k] == order[i])
                perm[i] = k;
    return arena_printf(arena, "transpose(%s, %s)", v->text, list_text(arena, n, perm));
}

const char *plain(struct call *c, struct value *v)
{
    struct value standard = *v;
    orderly(&standard);
    return ordered(c, v, standard.order);
}

/* The axes of v that stand at the text axes `order` of what has `rank` axes; how many. */
static int axes_at(const struct value *v, int rank, int n, const int *order, int *at)
{
    int off = rank - v->rank, count = 0;
    for (int i = 0; i < n; i++)
        if (order[i] >= off)
            at[count++] = order[i] - off;
    return count;
}

const char *aligned(struct call *c, struct value *v, int rank, int n, const int *order)
{
    struct arena *arena = c->im->arena;
    int at[AXES], count = axes_at(v, rank, n, order, at), all[AXES] = {0}, left = 0, first = 0;
    int64_t dim[AXES] = {0};
    if (v->constant && v->constant->count == 1 && !v->trained)
        return write_constant(c, v, all, 0, dim);
    for (int i = 0; i < n; i++)
        dim[i] = order[i] < rank - v->rank ? 1 : v->dim[order[i] - (rank - v->rank)];
    while (first < n && dim[first] == 1)
        first++;
    for (int i = 0; i < v->rank; i++) { /* axes that the result has not: of one element */
        bool found = i == v->rows;
        for (int k = 0; k < count; k++)
            found |= at[k] == i;
        if (!found)
            all[left++] = i;
        if (!found && v->dim[i] != 1)
            refuse(c, "'%s' has a row of its own for each row of the batch", v->name);
    }
    memcpy(all + left, at, sizeof *at * (size_t)count);
    if (v->constant)
        return write_constant(c, v, all, n - first, dim + first);
    const char *text = ordered(c, v, all);
    if (left == 0 && count == n)
        return text;
    for (int i = 0; i < n - count && left == 0; i++) /* new axes only in front: they are implied */
        if (order[i] >= rank - v->rank)
            return arena_printf(arena, "reshape(%s, %s)", text, list_text(arena, n, dim));
    return left == 0 ? text
                     : arena_printf(arena, "reshape(%s, %s)", text, list_text(arena, n, dim));
}

/* ---- results ---- */
struct value *find_value(const struct import *im, const char *name)
{
    return names_find(im->values, name);
}

/* "Conv conv1": what the line is made of. */
static const char *node_text(const struct call *c, const Onnx__Node *n)
{
    bool good = n->name && *n->name;
    for (const char *at = n->name; good && *at; at++)
        good = *at >= ' ' && *at < 127;
    return good ? arena_printf(c->im->arena, "%s %s", n->op_type, n->name) : n->op_type;
}

static const char *comment_of(const struct call *c)
{
    const char *text = node_text(c, c->node);
    return c->also ? arena_printf(c->im->arena, "%s, %s", text, node_text(c, c->also)) : text;
}

void give_text(struct call *c, int out, const struct value *shape, const char *text)
{
    struct value *v = out < c->outs ? c->out[out] : NULL;
    if (!v || v->failed)
        return;
    if (!made_fits(shape->rank, shape->dim)) {
        refuse(c, "what comes out has no elements, or over %d", INT32_MAX);
        return;
    }
    v->type = shape->type;
    v->rank = shape->rank;
    v->rows = shape->rows;
    memcpy(v->dim, shape->dim, sizeof v->dim);
    memcpy(v->order, shape->order, sizeof v->order);
    v->text = text;
}

void give(struct call *c, int out, const struct value *shape, const char *format, ...)
{
    va_list list;
    if (out >= c->outs || !c->out[out] || c->out[out]->failed)
        return;
    va_start(list, format);
    const char *text = arena_vprintf(c->im->arena, format, list);
    va_end(list);
    const char *name = made_identifier(c->im->made, c->out[out]->name);
    made_line(c->im->made, arena_printf(c->im->arena, "%s = %s", name, text), comment_of(c));
    note_type(c->im, name, shape->type, text_axes(shape));
    give_text(c, out, shape, name);
}

const char *let_line(struct call *c, const char *text)
{
    const char *name = made_identifier(c->im->made, c->out[0]->name);
    made_line(c->im->made, arena_printf(c->im->arena, "%s = %s", name, text), comment_of(c));
    return name;
}

void give_constant(struct call *c, int out, const struct tensor *t)
{
    struct value *v = out < c->outs ? c->out[out] : NULL;
    if (!v || v->failed)
        return;
    v->type = t->type;
    v->rank = t->rank;
    v->rows = -1;
    memcpy(v->dim, t->dim, sizeof v->dim);
    orderly(v);
    v->constant = t;
}

void give_weights(struct call *c, const struct tensor *t)
{
    give_constant(c, 0, t);
    c->out[0]->trained = true;
    if (c->in[0]->uses == 1)
        c->out[0]->name = c->in[0]->name;
}

/* ---- several nodes as one line ---- */
const Onnx__Node *only_user(const struct value *v, const char *op)
{
    const Onnx__Node *n = v && v->uses == 1 ? v->user : NULL;
    bool fits = n && !strcmp(n->op_type, op) && n->n_output && *n->output[0] && !n->n_attribute &&
                (!n->domain || !*n->domain || !strcmp(n->domain, "ai.onnx"));
    return fits ? n : NULL;
}

void go_on(struct call *c, const Onnx__Node *node)
{
    for (int i = 0; i < c->im->node_count; i++)
        if (c->im->node[i].node == node)
            c->im->node[i].done = true;
    c->also = node;
    c->out[0] = find_value(c->im, node->output[0]);
}
