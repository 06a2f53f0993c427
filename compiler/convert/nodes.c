/* Values of a graph and the nodes that read them; graphs within nodes, whose nodes come to stand
 * among the others. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "convert/read.h"

enum { INLINED_MOST = 20000 };

struct value *add_value(struct import *im, const char *name)
{
    struct value *v = ARENA_NEW(im->arena, struct value);
    v->name = name;
    v->rows = -1;
    im->values = names_add(im->arena, im->values, name, v);
    ARENA_PUSH(im->arena, im->value, im->value_count, im->value_room) = v;
    return v;
}

/* Whether an initializer without axes is trained: by the name that one of a layer has, or since a
 * file of Invar has only parameters there.  Others are written as numbers. */
static bool is_trained_number(const struct import *im, const char *name)
{
    static const char *const last[] = {"weight", "scale", "gamma", "bias", "beta", "shift", "alpha",
                                       "slope", "ReadVariableOp:0", "ReadVariableOp"};
    size_t size = strlen(name);
    for (size_t i = 0; i < sizeof last / sizeof *last; i++) {
        size_t n = strlen(last[i]);
        if (size > n && !strcmp(name + size - n, last[i]) && strchr("/._", name[size - n - 1]))
            return true;
    }
    return im->own;
}

bool add_initializer(struct import *im, const Onnx__Tensor *from, const char *name)
{
    struct tensor *t = tensor_read(im, from, name);
    if (!t)
        return false;
    im->fold_room += 4 * t->count;
    struct value *v = add_value(im, name);
    v->type = t->type;
    v->stored = from->data_type;
    v->rank = t->rank;
    v->constant = t;
    v->initial = true;
    v->trained = t->type == ONNX_FLOAT && (t->rank > 0 || is_trained_number(im, name));
    memcpy(v->dim, t->dim, sizeof v->dim);
    orderly(v);
    return true;
}

/* ---- readers ---- */
static void count_use(struct import *im, const char *name, const Onnx__Node *user)
{
    struct value *v = find_value(im, name);
    if (!v)
        return;
    v->uses++;
    v->user = user;
    if (user && !strcmp(user->op_type, "PRelu") && v->constant && v->type == ONNX_FLOAT)
        v->trained = true;              /* a slope is a weight under any name */
}

/* What a node reads, and what a graph within it reads of those around. */
static void count_node(struct import *im, const Onnx__Node *n, const Onnx__Node *user)
{
    for (size_t i = 0; i < n->n_input; i++)
        count_use(im, n->input[i], user);
    for (size_t i = 0; i < n->n_attribute; i++) {
        const Onnx__Graph *g = n->attribute[i]->g;
        for (size_t k = 0; g && k < g->n_node; k++)
            count_node(im, g->node[k], user);
        for (size_t k = 0; g && k < g->n_output; k++)
            count_use(im, g->output[k]->name ? g->output[k]->name : "", user);
    }
}

void count_uses(struct import *im)
{
    for (int i = 0; i < im->value_count; i++)
        im->value[i]->uses = 0;
    for (int i = 0; i < im->node_count; i++)
        if (im->node[i].node)
            count_node(im, im->node[i].node, im->node[i].node);
    for (size_t i = 0; i < im->graph->n_output; i++)
        if (im->graph->output[i]->name)
            count_use(im, im->graph->output[i]->name, NULL);
}

/* ---- graphs within nodes ---- */
static char used;

static void note_name(struct import *im, const char *name)
{
    if (name)
        im->said = names_add(im->arena, im->said, name, &used);
}

static void note_graph(struct import *im, const Onnx__Graph *g)
{
    for (size_t i = 0; i < g->n_input; i++)
        note_name(im, g->input[i]->name);
    for (size_t i = 0; i < g->n_initializer; i++)
        note_name(im, g->initializer[i]->name);
    for (size_t i = 0; i < g->n_node; i++)
        for (size_t k = 0; k < g->node[i]->n_output; k++)
            note_name(im, g->node[i]->output[k]);
    note_names(im, g);
}

void note_names(struct import *im, const Onnx__Graph *g)
{
    for (size_t i = 0; i < g->n_node; i++)
        for (size_t k = 0; k < g->node[i]->n_attribute; k++)
            if (g->node[i]->attribute[k]->g)
                note_graph(im, g->node[i]->attribute[k]->g);
}

const char *fresh_name(struct import *im, const char *wanted)
{
    const char *name = wanted;
    if (*wanted && !find_value(im, wanted))
        return wanted;
    for (int i = im->graphs > 2 ? im->graphs : 2; name == wanted || find_value(im, name) ||
         names_find(im->said, name); i++)
        name = arena_printf(im->arena, "%s_%d", wanted, i);
    note_name(im, name);
    return name;
}

/* Behind the node that is converted and what was put there before. */
static void put_node(struct call *c, const Onnx__Node *n)
{
    struct import *im = c->im;
    int place = im->at + 1 + c->inlined++;
    ARENA_PUSH(im->arena, im->node, im->node_count, im->node_room) = (struct import_node){0};
    memmove(im->node + place + 1, im->node + place,
            sizeof *im->node * (size_t)(im->node_count - 1 - place));
    im->node[place] = (struct import_node){.node = n};
}

static const char *renamed(const struct names *map, const char *name)
{
    const char *other = *name ? names_find(map, name) : NULL;
    return other ? other : name;
}

static char **renamed_list(struct arena *arena, const struct names *map, size_t count, char **list)
{
    char **to = ARENA_ARRAY(arena, char *, count + 1);
    for (size_t i = 0; i < count; i++)
        to[i] = (char *)(uintptr_t)renamed(map, list[i]);
    return to;
}

static Onnx__Node *copy_node(struct import *, const struct names *map, const Onnx__Node *);

/* What a graph within defines hides what has its name around; where that is a value's, to which
 * another name may lead there, it is called otherwise. */
static const struct names *hide(struct import *im, const struct names *map, const char *name)
{
    if (!name || !*name)
        return map;
    return names_add(im->arena, map, name, (void *)(uintptr_t)fresh_name(im, name));
}

static const struct names *hide_around(struct import *im, const struct names *map,
                                       const Onnx__Graph *g)
{
    for (size_t i = 0; i < g->n_input; i++)
        map = hide(im, map, g->input[i]->name);
    for (size_t i = 0; i < g->n_initializer; i++)
        map = hide(im, map, g->initializer[i]->name);
    for (size_t i = 0; i < g->n_node; i++)
        for (size_t k = 0; k < g->node[i]->n_output; k++)
            map = hide(im, map, g->node[i]->output[k]);
    return map;
}

static Onnx__ValueInfo **renamed_infos(struct arena *arena, const struct names *map, size_t count,
                                       Onnx__ValueInfo *const *list)
{
    Onnx__ValueInfo **to = ARENA_ARRAY(arena, Onnx__ValueInfo *, count + 1);
    for (size_t i = 0; i < count; i++) {
        to[i] = ARENA_NEW(arena, Onnx__ValueInfo);
        *to[i] = *list[i];
        if (list[i]->name)
            to[i]->name = (char *)(uintptr_t)renamed(map, list[i]->name);
    }
    return to;
}

/* A graph within: what it reads of those around has other names there, too. */
static Onnx__Graph *copy_graph(struct import *im, const struct names *map, const Onnx__Graph *g)
{
    Onnx__Graph *copy = ARENA_NEW(im->arena, Onnx__Graph);
    *copy = *g;
    map = hide_around(im, map, g);
    copy->input = renamed_infos(im->arena, map, g->n_input, g->input);
    copy->output = renamed_infos(im->arena, map, g->n_output, g->output);
    copy->initializer = ARENA_ARRAY(im->arena, Onnx__Tensor *, g->n_initializer + 1);
    for (size_t i = 0; i < g->n_initializer; i++) {
        copy->initializer[i] = ARENA_NEW(im->arena, Onnx__Tensor);
        *copy->initializer[i] = *g->initializer[i];
        if (g->initializer[i]->name)
            copy->initializer[i]->name = (char *)(uintptr_t)renamed(map, g->initializer[i]->name);
    }
    copy->node = ARENA_ARRAY(im->arena, Onnx__Node *, g->n_node + 1);
    for (size_t i = 0; i < g->n_node; i++)
        copy->node[i] = copy_node(im, map, g->node[i]);
    return copy;
}

static Onnx__Node *copy_node(struct import *im, const struct names *map, const Onnx__Node *n)
{
    Onnx__Node *copy = ARENA_NEW(im->arena, Onnx__Node);
    *copy = *n;
    copy->input = renamed_list(im->arena, map, n->n_input, n->input);
    copy->output = renamed_list(im->arena, map, n->n_output, n->output);
    copy->attribute = ARENA_ARRAY(im->arena, Onnx__Attribute *, n->n_attribute + 1);
    for (size_t i = 0; i < n->n_attribute; i++) {
        copy->attribute[i] = ARENA_NEW(im->arena, Onnx__Attribute);
        *copy->attribute[i] = *n->attribute[i];
        if (n->attribute[i]->g)
            copy->attribute[i]->g = copy_graph(im, map, n->attribute[i]->g);
    }
    return copy;
}

bool inline_tensors(struct call *c, const Onnx__Graph *g, const struct names **map)
{
    struct import *im = c->im;
    for (size_t i = 0; i < g->n_initializer; i++) {
        const char *inner = g->initializer[i]->name ? g->initializer[i]->name : "";
        const char *name = fresh_name(im, inner);
        if (names_find(*map, inner))
            return refuse(c, "there are two tensors '%s' within it", inner), false;
        *map = names_add(im->arena, *map, inner, (void *)(uintptr_t)name);
        if (!add_initializer(im, g->initializer[i], name))
            return refuse(c, "a tensor within it cannot be read"), false;
    }
    if (g->n_sparse_initializer)
        refuse(c, "a graph within it has sparse tensors");
    return !g->n_sparse_initializer;
}

/* The names of what its nodes make, added to the map; false after a message. */
static bool add_made(struct call *c, const Onnx__Graph *g, const struct names **map)
{
    for (size_t i = 0; i < g->n_node; i++) {
        const Onnx__Node *n = g->node[i];
        if (!n->op_type)
            return refuse(c, "a node within it has no operator"), false;
        for (size_t k = 0; k < n->n_output; k++) {
            if (!*n->output[k])
                continue;
            if (names_find(*map, n->output[k]))
                return refuse(c, "'%s' is made twice within it", n->output[k]), false;
            const char *name = fresh_name(c->im, n->output[k]);
            *map = names_add(c->im->arena, *map, n->output[k], (void *)(uintptr_t)name);
            add_value(c->im, name);
        }
    }
    return true;
}

/* The graph's inputs are `given`, added to the map; false after a message. */
static bool add_given(struct call *c, const Onnx__Graph *g, const struct names **map, int count,
                      const char *const *given)
{
    const struct names *inputs = NULL;
    for (int i = 0; i < count; i++) {
        const char *name = g->input[i]->name ? g->input[i]->name : "";
        if (!*name || names_find(inputs, name))
            return refuse(c, "an input of its graph has no name, or that of another"), false;
        inputs = names_add(c->im->arena, inputs, name, &used);
        *map = names_add(c->im->arena, *map, name, (void *)(uintptr_t)given[i]);
    }
    return true;
}

bool inline_graph(struct call *c, const Onnx__Graph *g, const struct names *map, int count,
                  const char *const *given, const char **result)
{
    struct import *im = c->im;
    im->graphs++;
    im->inlined += 1 + (int)g->n_node;
    if (im->inlined > INLINED_MOST) {
        refuse(c, "what stands for graphs within nodes is over %d nodes", INLINED_MOST);
        return false;
    }
    if (!add_given(c, g, &map, count, given) || !add_made(c, g, &map))
        return false;
    for (size_t i = 0; i < g->n_node; i++)
        put_node(c, copy_node(im, map, g->node[i]));
    for (size_t i = 0; i < g->n_output; i++) {
        result[i] = renamed(map, g->output[i]->name ? g->output[i]->name : "");
        if (!*result[i])
            return refuse(c, "an output of its graph has no name"), false;
    }
    return true;
}

/* " group=2 pads=[1,1] auto_pad=VALID": attributes of whole numbers, lists of them, and words. */
static void add_attributes(struct import *im, Onnx__Node *n, const char *text)
{
    size_t room = 0;
    for (const char *at = text; *at; at++)
        room += *at == '=';
    n->attribute = ARENA_ARRAY(im->arena, Onnx__Attribute *, room + 1);
    while (*text) {
        Onnx__Attribute *a = ARENA_NEW(im->arena, Onnx__Attribute);
        onnx__attribute__init(a);
        text++;
        size_t name = strcspn(text, "=");
        a->name = arena_strndup(im->arena, text, name);
        text += name + 1;
        bool list = *text == '[', word = isalpha((unsigned char)*text);
        size_t size = strcspn(text, " ");
        a->has_type = 1;
        a->type = list ? ONNX_ATTRIBUTE_INTS : word ? ONNX_ATTRIBUTE_STRING : ONNX_ATTRIBUTE_INT;
        a->has_i = !list && !word;
        a->i = strtoll(text, NULL, 10);
        a->has_s = word;
        a->s.len = size;
        a->s.data = (uint8_t *)arena_strndup(im->arena, text, size);
        a->ints = ARENA_ARRAY(im->arena, int64_t, size);
        for (const char *at = text + 1; list && *at && *at != ']'; at += *at == ',') {
            char *end;
            a->ints[a->n_ints++] = strtoll(at, &end, 10);
            at = end;
        }
        text += size;
        n->attribute[n->n_attribute++] = a;
    }
}

void inline_node(struct call *c, const char *what, int count, const char *const *input,
                 const char *output)
{
    Onnx__Node *n = ARENA_NEW(c->im->arena, Onnx__Node);
    size_t op = strcspn(what, " ");
    onnx__node__init(n);
    n->op_type = arena_strndup(c->im->arena, what, op);
    n->name = c->node->name;
    n->n_input = (size_t)count;
    n->input = ARENA_ARRAY(c->im->arena, char *, count + 1);
    for (int i = 0; i < count; i++)
        n->input[i] = (char *)(uintptr_t)input[i];
    n->n_output = 1;
    n->output = ARENA_ARRAY(c->im->arena, char *, 1);
    n->output[0] = (char *)(uintptr_t)output;
    add_attributes(c->im, n, what + op);
    if (!find_value(c->im, output))
        add_value(c->im, output);
    put_node(c, n);
}

const char *put_node_of(struct call *c, const char *what, const char *const *input)
{
    int count = 0;
    const char *base = c->node->n_output && *c->node->output[0] ? c->node->output[0]
                                                                : c->node->op_type;
    const char *name = fresh_name(c->im, arena_printf(c->im->arena, "%s_%.*s", base,
                                                      (int)strcspn(what, " "), what));
    while (input[count])
        count++;
    if (++c->im->inlined > INLINED_MOST)
        refuse(c, "what stands for it is over %d nodes", INLINED_MOST);
    inline_node(c, what, count, input, name);
    return name;
}

const char *attributes_text(struct call *c, const char *names)
{
    struct text t;
    text_init(&t, c->im->arena);
    text_puts(&t, "");
    for (size_t i = 0; i < c->node->n_attribute; i++) {
        const Onnx__Attribute *a = c->node->attribute[i];
        if (!made_has_word(names, a->name))
            continue;
        text_printf(&t, " %s=", a->name);
        if (a->has_s || a->type == ONNX_ATTRIBUTE_STRING) {
            const char *word = attribute_text(c, a->name, "");
            text_printf(&t, "%.*s", (int)strspn(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_"), word);
        } else if (a->n_ints || a->type == ONNX_ATTRIBUTE_INTS) {
            for (size_t k = 0; k < a->n_ints; k++)
                text_printf(&t, "%s%lld", k ? "," : "[", (long long)a->ints[k]);
            text_puts(&t, a->n_ints ? "]" : "[]");
        } else {
            text_printf(&t, "%lld", (long long)a->i);
        }
    }
    return t.data;
}

const char *put_joined(struct call *c, int count, const char **name, int64_t axis,
                       const char *wanted)
{
    struct arena *arena = c->im->arena;
    const char *join = arena_printf(arena, "Concat axis=%lld", (long long)axis);
    for (int level = 0; count > 1; level++) {
        int groups = (count + INPUTS - 1) / INPUTS;
        for (int i = 0; i < groups; i++) {
            int size = count - i * INPUTS < INPUTS ? count - i * INPUTS : INPUTS;
            const char *joined =
                fresh_name(c->im, arena_printf(arena, "%s/%d/%d", wanted, level, i));
            inline_node(c, join, size, name + i * INPUTS, joined);
            name[i] = joined;
        }
        count = groups;
    }
    return name[0];
}

const char *put_constant(struct call *c, const struct tensor *t)
{
    const char *name = fresh_name(c->im, "number");
    struct value *v = add_value(c->im, name);
    v->type = t->type;
    v->rank = t->rank;
    memcpy(v->dim, t->dim, sizeof v->dim);
    v->constant = t;
    orderly(v);
    return name;
}

const char *put_real(struct call *c, float number)
{
    struct tensor *t = tensor_new(c->im, ONNX_FLOAT, 0, NULL);
    t->real[0] = number;
    return put_constant(c, t);
}

const char *put_whole(struct call *c, int64_t number)
{
    struct tensor *t = tensor_new(c->im, ONNX_INT64, 0, NULL);
    t->whole[0] = number;
    return put_constant(c, t);
}

const char *put_list(struct call *c, int count, const int64_t *number)
{
    int64_t dim[1] = {count};
    struct tensor *t = tensor_new(c->im, ONNX_INT64, 1, dim);
    memcpy(t->whole, number, sizeof *number * (size_t)count);
    return put_constant(c, t);
}

void constant_value(struct import *im, const char *name, int type, int64_t value)
{
    struct value *v = add_value(im, name);
    struct tensor *t = tensor_new(im, type, 0, &value);
    t->whole[0] = value;
    v->type = type;
    v->constant = t;
}

/* What the node was made of is counted anew without it. */
void give_results(struct call *c, const char *const *result)
{
    for (int i = 0; i < c->outs; i++)
        if (i < (int)c->node->n_output && *c->node->output[i] && result[i])
            inline_node(c, "Identity", 1, &result[i], c->node->output[i]);
    c->im->node[c->im->at].node = NULL;
    count_uses(c->im);
}
