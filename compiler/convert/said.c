/* What export says of its nodes, which the standard has no word for, in their documentation:
 * "invar: KEY = VALUE, KEY = VALUE".  Of a file that another wrote nothing is believed. */
#include <stdlib.h>
#include <string.h>
#include "convert/rules.h"
#include "host/decimal.h"

const char *said(const struct import *im, const Onnx__Node *n, const char *key)
{
    size_t size = strlen(key), skip = strlen(ONNX_SAYS);
    if (!im->own || !n->doc_string || strncmp(n->doc_string, ONNX_SAYS, skip))
        return NULL;
    for (const char *at = n->doc_string + skip; *at; at += strspn(at, ", ")) {
        size_t length = strcspn(at, ",");
        if (length > size + 3 && !strncmp(at, key, size) && !strncmp(at + size, " = ", 3))
            return arena_strndup(im->arena, at + size + 3, length - size - 3);
        at += length;
    }
    return NULL;
}

const char *said_option(struct call *c, const char *key)
{
    const char *text = said(c->im, c->node, key);
    float value;
    if (!text)
        return "";
    char *padded = arena_alloc(c->im->arena, strlen(text) + 1 + INV_DECIMAL_PADDING);
    if (inv_decimal_to_f32(strcpy(padded, text), '.', &value) != INV_DECIMAL_OK ||
        text[strspn(text, "0123456789.e+-")])
        refuse(c, "its '%s' is no number; export the model again", key);
    return arena_printf(c->im->arena, ", %s = %s", key, text);
}

const char *said_stateful(struct call *c)
{
    if (!said(c->im, c->node, "stateful"))
        return "";
    c->im->streams = true;
    return ", stateful = true";
}

/* ---- operators of one operand ---- */
static const struct {
    const char *name;
    const char *argument;               /* of a layer that only training shows; or NULL */
} alone[] = {{"drop_path", "p"}, {"exp2", NULL}, {"expm1", NULL}, {"gaussian_dropout", "p"},
             {"gaussian_noise", "std"}, {"log1p", NULL}, {"log2", NULL}, {"spatial_dropout", "p"},
             {"square", NULL}, {"stop_gradient", NULL}};

/* Invar itself writes some operators and layers as Identity. */
void onnx_identity(struct call *c)
{
    struct arena *arena = c->im->arena;
    const char *name = said(c->im, c->node, "is");
    size_t i = 0;
    while (name && i < sizeof alone / sizeof *alone && strcmp(alone[i].name, name))
        i++;
    if (name && i == sizeof alone / sizeof *alone)
        refuse(c, "it is said to be '%s', which nothing here knows", made_plain(arena, name));
    else if (!name || c->in[0]->constant || (alone[i].argument && c->im->request->infer))
        give_text(c, 0, c->in[0], c->in[0]->constant ? plain(c, c->in[0]) : c->in[0]->text);
    else if (!alone[i].argument)
        give(c, 0, c->in[0], "%s(%s)", name, c->in[0]->text);
    else
        give(c, 0, c->in[0], "%s(%s%s)%s", name, c->in[0]->text,
             said_option(c, alone[i].argument), as_text(arena, own_path(c->im, c->node->name)));
}

/* Nodes that nobody reads any more, from the last on. */
static void leave_out_unread(struct import *im)
{
    for (int i = im->node_count; i-- > 0;) {
        const Onnx__Node *n = im->node[i].node;
        bool read = false;
        for (size_t k = 0; k < n->n_output; k++)
            read |= *n->output[k] && find_value(im, n->output[k])->uses > 0;
        for (size_t k = 0; k < n->n_input && !read; k++)
            if (find_value(im, n->input[k]))
                find_value(im, n->input[k])->uses--;
        im->node[i] = (struct import_node){.node = read ? n : NULL, .done = !read};
    }
    count_uses(im);
}

void said_operators(struct import *im)
{
    bool any = false;
    for (int i = 0; i < im->node_count; i++) {
        const Onnx__Node *n = im->node[i].node;
        const char *of = said(im, n, "of");
        if (!of)
            continue;
        Onnx__Node *whole = ARENA_NEW(im->arena, Onnx__Node);
        *whole = *n;
        whole->op_type = arena_strdup(im->arena, "Identity");
        whole->n_attribute = 0;
        whole->n_input = 1;
        whole->input = ARENA_ARRAY(im->arena, char *, 1);
        whole->input[0] = arena_strdup(im->arena, of);
        im->node[i].node = whole;
        any = true;
    }
    if (!any)
        return;
    count_uses(im);
    leave_out_unread(im);
}
