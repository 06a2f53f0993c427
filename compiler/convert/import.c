/* invar import of ONNX: nodes in their order become lines of a model file. */
#include "convert/import.h"
#include <stdio.h>
#include <string.h>
#include "convert/repeats.h"
#include "convert/rules.h"

enum { OPSET_LEAST = 1, OPSET_MOST = 28 };

static bool fail(struct import *im, const char *what, const char *cure)
{
    return made_fail(im->made, what, cure);
}

static bool add_initializers(struct import *im)
{
    for (size_t i = 0; i < im->graph->n_initializer; i++) {
        const Onnx__Tensor *from = im->graph->initializer[i];
        const char *name = from->name ? from->name : "";
        if (find_value(im, name))
            return fail(im, arena_printf(im->arena, "there are two tensors '%s'", name),
                        "names must differ; export the model again");
        if (!add_initializer(im, from, name))
            return false;
    }
    return !im->graph->n_sparse_initializer ||
           fail(im, "it has sparse tensors", "export the model with dense ones");
}

/* ---- inputs ---- */
static bool is_input(const struct import *im, const Onnx__ValueInfo *info)
{
    return info->name && !find_value(im, info->name);
}

/* Whether the extent is not said: Paddle writes -1 there. */
static bool is_open(const Onnx__Dimension *d)
{
    return !d->has_dim_value || d->dim_value == -1;
}

/* Whether the first extent is not said, or (symbolic false) is 1. */
static bool first_is(const Onnx__ValueInfo *info, bool symbolic)
{
    const Onnx__TensorType *t = info->type ? info->type->tensor_type : NULL;
    const Onnx__Dimension *d = t && t->shape && t->shape->n_dim ? t->shape->dim[0] : NULL;
    return d && (symbolic ? is_open(d) : d->has_dim_value && d->dim_value == 1);
}

/* Whether the first axis of inputs is that of the rows. */
static bool has_rows(const struct import *im)
{
    const Onnx__Graph *g = im->graph;
    bool one = true;
    for (size_t i = 0; i < g->n_input; i++)
        if (is_input(im, g->input[i])) {
            if (first_is(g->input[i], true))
                return true;
            one &= first_is(g->input[i], false);
        }
    for (size_t i = 0; i < g->n_output; i++)
        one &= first_is(g->output[i], false);
    return one;
}

static bool add_input(struct import *im, const Onnx__ValueInfo *info, bool rows)
{
    const Onnx__TensorType *t = info->type ? info->type->tensor_type : NULL;
    const char *what = arena_printf(im->arena, "input '%s'", info->name);
    if (!t || !t->shape || t->shape->n_dim > AXES)
        return fail(im, arena_printf(im->arena, "%s has no shape, or over %d axes", what, AXES),
                    "export the model with the shapes of its inputs");
    struct value *v = add_value(im, info->name);
    v->type = v->stored = t->has_elem_type ? t->elem_type : 0;
    if (onnx_is_real(v->type) && v->type != ONNX_FLOAT) {
        inv_note(im->errors, "%s: %s is %s; the model file computes in float32", im->path, what,
                 onnx_type_name(im->arena, v->type));
        v->type = ONNX_FLOAT;
    }
    v->rank = (int)t->shape->n_dim;
    v->rows = rows ? 0 : -1;
    if (rows && !v->rank)
        return fail(im,
                    arena_printf(im->arena, "%s has no axis that could be that of the rows", what),
                    "make it a constant, or take --rows none");
    for (int i = 0; i < v->rank; i++) {
        const Onnx__Dimension *d = t->shape->dim[i];
        bool open = is_open(d);
        if (i == v->rows && !open && im->batch && im->batch != d->dim_value)
            return fail(im, "the first axes of its inputs differ, and so are not that of the rows",
                        "--rows none takes all of an input for one row");
        if (i == v->rows && !open)
            im->batch = d->dim_value;
        v->dim[i] = i == v->rows ? 1 : open ? 0 : d->dim_value;
        if (v->dim[i] < 1 || v->dim[i] > 1 << 28)
            return fail(im, arena_printf(im->arena, "%s: the extent of axis %d is %s", what, i,
                                         open ? "not said" : "none that an array can have"),
                        "only the first axis, of the batch, may be open: export the model with "
                        "fixed shapes");
    }
    int64_t count = 1;
    for (int i = 0; i < v->rank; i++)
        if (__builtin_mul_overflow(count, v->dim[i], &count) || count > INT32_MAX)
            return fail(im, arena_printf(im->arena, "%s has over %d elements", what, INT32_MAX),
                        "export the model with smaller inputs");
    orderly(v);
    if (!onnx_is_known(v->type))
        return fail(im,
                    arena_printf(im->arena, "%s is %s", what, onnx_type_name(im->arena, v->type)),
                    "a model file has numbers and truth values: export the model in float32");
    const char *name = made_identifier(im->made, info->name);
    v->text = v->type == ONNX_FLOAT ? name
        : arena_printf(im->arena, v->type == ONNX_BOOL ? "(%s != 0)" : "to_int(%s)", name);
    return true;
}

/* ---- nodes ---- */
/* The values that nodes make, and how often each is read. */
static bool add_outputs(struct import *im)
{
    for (size_t i = 0; i < im->graph->n_node; i++) {
        const Onnx__Node *n = im->graph->node[i];
        if (!n->op_type)
            return fail(im, "a node has no operator", "this is no ONNX graph; export it again");
        for (size_t k = 0; k < n->n_output; k++) {
            if (*n->output[k] && find_value(im, n->output[k]))
                return fail(im, arena_printf(im->arena, "'%s' is made twice", n->output[k]),
                            "this is no ONNX graph; export the model again");
            if (*n->output[k])
                add_value(im, n->output[k]);
        }
        ARENA_PUSH(im->arena, im->node, im->node_count, im->node_room) =
            (struct import_node){.node = n};
    }
    count_uses(im);
    return true;
}

/* The name of an input, of which a whole number or truth value is made. */
static const char *field_name(const struct import *im, const struct value *v)
{
    if (v->type == ONNX_FLOAT || v->classes)
        return v->text;
    size_t skip = v->type == ONNX_BOOL ? strlen("(") : strlen("to_int(");
    return arena_strndup(im->arena, v->text + skip, strcspn(v->text + skip, " )"));
}

/* How many rows the tables have that an input names rows of, where nothing else reads it, and they
 * are named as weights of layers are; else 0. */
static int64_t classes_of(struct import *im, const char *input)
{
    int64_t classes = -1;
    int left = find_value(im, input)->uses;
    for (size_t i = 0; i < im->graph->n_node && classes; i++) {
        const Onnx__Node *n = im->graph->node[i];
        for (size_t k = 0; k < n->n_input; k++) {
            if (strcmp(n->input[k], input))
                continue;
            const struct value *table = find_value(im, n->input[0]);
            bool fits = k == 1 && !strcmp(n->op_type, "Gather") && table && table->trained &&
                        table->rank == 2 && names_weights(im, table->name) &&
                        (!n->n_attribute || (n->attribute[0]->name && !n->attribute[0]->i)) &&
                        (classes < 0 || classes == table->dim[0]);
            classes = fits ? table->dim[0] : 0;
            left--;
        }
    }
    return left || classes < 0 ? 0 : classes;
}

static void find_classes(struct import *im)
{
    for (size_t i = 0; i < im->graph->n_input; i++) {
        struct value *v = find_value(im, im->graph->input[i]->name);
        if (v->constant || (v->type != ONNX_INT32 && v->type != ONNX_INT64))
            continue;
        int64_t classes = classes_of(im, v->name);
        if (classes)
            v->text = field_name(im, v);
        v->classes = classes;
    }
}

/* Says which initializers, those of graphs within nodes too, arithmetic reads as numbers, since a
 * model may have been meant to learn them. */
static void note_numbers(const struct import *im)
{
    const char *first = NULL;
    int count = 0;
    for (int i = 0; i < im->value_count; i++) {
        const struct value *v = im->value[i];
        if (!v->initial || v->type != ONNX_FLOAT || v->trained || !v->user ||
            !made_has_word("Add Sub Mul Div Pow Sum Mean", v->user->op_type))
            continue;
        first = first ? first : v->name;
        count++;
    }
    if (count > 0)
        inv_note(im->errors, "%s: '%s'%s %s in the model file, which training leaves as it is; "
                 "write a param for what is to be learnt", im->path, made_plain(im->arena, first),
                 count == 1 ? "" : arena_printf(im->arena, " and %d initializers more", count - 1),
                 count == 1 ? "is a number" : "are numbers");
}

static const struct rule *find_rule(const struct import *im, const char *op)
{
    const struct rule *best = NULL;
    for (int i = 0; i < rule_count; i++)
        if (!strcmp(rules[i].op, op) && rules[i].since <= im->opset &&
            (!best || rules[i].since > best->since))
            best = &rules[i];
    return best;
}

/* Whether later versions of the standard have rows of the operator. */
static bool is_later(const struct import *im, const char *op)
{
    for (int i = 0; i < rule_count; i++)
        if (!strcmp(rules[i].op, op) && rules[i].since > im->opset)
            return true;
    return false;
}

/* Fills inputs and outputs; false where the node cannot be converted. */
static bool prepare(struct call *c)
{
    const Onnx__Node *n = c->node;
    bool failed = false;
    c->outs = n->n_output < OUTPUTS ? (int)n->n_output : OUTPUTS;
    for (int i = 0; i < c->outs; i++)
        c->out[i] = *n->output[i] ? find_value(c->im, n->output[i]) : NULL;
    if (!c->out[0]) {                   /* nobody reads the first one */
        c->out[0] = ARENA_NEW(c->im->arena, struct value);
        *c->out[0] = (struct value){.name = n->op_type, .rows = -1};
        c->outs = c->outs ? c->outs : 1;
    }
    bool preview = !strcmp(n->op_type, "FlexAttention") && n->domain &&
                   !strcmp(n->domain, "ai.onnx.preview");
    bool own = n->domain && *n->domain && strcmp(n->domain, "ai.onnx") && !preview;
    if (own || !c->rule) {
        refuse(c, "%s", own
               ? "it is an operator of its own domain, which nothing here knows"
               : is_later(c->im, n->op_type)
               ? "of an opset that old it is not known: convert the model by onnx.version_converter"
               : "this operator has no counterpart yet; docs/onnx.md lists those that have");
        return false;
    }
    if ((int)n->n_input < c->rule->least || (int)n->n_input > c->rule->most ||
        n->n_input > INPUTS) {
        refuse(c, "it has %zu inputs, where %d to %d are read", n->n_input, c->rule->least,
               c->rule->most);
        return false;
    }
    for (size_t i = 0; i < n->n_input; i++) {
        struct value *v = *n->input[i] ? find_value(c->im, n->input[i]) : NULL;
        c->in[i] = v;
        c->ins = v ? (int)i + 1 : c->ins;
        failed |= v && v->failed;
        if ((*n->input[i] && !v) || (v && !v->failed && !v->text && !v->constant) ||
            (!*n->input[i] && (int)i < c->rule->least)) {
            refuse(c, "its input '%s' is not made before it", n->input[i]);
            return false;
        }
    }
    for (int i = 0; failed && i < c->outs; i++)
        if (c->out[i])
            c->out[i]->failed = true;
    return !failed;
}

/* Operators whose gradient is 0 wherever it is. */
static bool is_flat(const char *op)
{
    static const char *const flat[] = {"Ceil", "Floor", "Hardmax", "Round", "Sign"};
    for (size_t i = 0; i < sizeof flat / sizeof *flat; i++)
        if (!strcmp(flat[i], op))
            return true;
    return false;
}

/* Whether outputs follow from what is trained: inputs that do, and parameters that are written as
 * such, by this node (those from number `saved` on) or by one before. */
static void note_learning(struct call *c, int saved)
{
    bool learns = false;
    for (int i = 0; i < c->ins; i++)
        learns |= c->in[i] && c->in[i]->type == ONNX_FLOAT &&
                  (c->in[i]->learns || (c->in[i]->trained && c->in[i]->written));
    for (int i = saved; i < c->im->made->saved_count; i++)
        learns |= c->im->made->saved[i].trained;
    for (int i = 0; i < c->outs && !is_flat(c->node->op_type); i++)
        if (c->out[i] && c->out[i]->type == ONNX_FLOAT)
            c->out[i]->learns = learns;
}

static void convert(struct import *im, const Onnx__Node *n)
{
    struct call c = {.im = im, .node = n, .rule = find_rule(im, n->op_type)};
    if (!prepare(&c))
        return;
    for (size_t i = 0; i < n->n_attribute; i++)
        if (!n->attribute[i]->name || !made_has_word(c.rule->attributes, n->attribute[i]->name)) {
            refuse(&c, "attribute '%s' is not understood",
                   n->attribute[i]->name ? n->attribute[i]->name : "");
            return;
        }
    bool known = c.ins > 0;
    for (int i = 0; i < c.ins; i++)
        known &= !c.in[i] || c.in[i]->constant;
    bool same = c.ins && c.in[0] && c.in[0]->trained && fold_copies(c.rule);
    /* one that others read, too, stays one parameter, which is turned here */
    known &= !same || c.in[0]->uses == 1 || c.rule->fold == fold_identity;
    im->folding = true;
    const struct tensor *t = known && c.rule->fold ? c.rule->fold(&c) : NULL;
    im->folding = false;
    if (t && same)
        give_weights(&c, t);
    else if (t)
        give_constant(&c, 0, t);
    else if (!c.outs || !c.out[0] || !c.out[0]->failed) {
        int saved = im->made->saved_count;
        c.rule->write(&c);
        note_learning(&c, saved);
    }
}

static bool convert_nodes(struct import *im)
{
    for (im->at = 0; im->at < im->node_count; im->at++)
        if (!im->node[im->at].done)
            convert(im, im->node[im->at].node);
    return im->refused == 0;
}

/* ---- the model file ---- */
static void print_type(struct text *t, const struct value *value)
{
    struct value standard = *value, *v = &standard;
    int64_t dim[AXES + 1];
    orderly(v);
    text_dims(v, dim);
    dim[text_axes(v)] = v->classes;
    text_puts(t, v->classes ? "class" : "f32");
    if (text_axes(v) || v->classes)
        text_puts(t, list_text(t->arena, text_axes(v) + (v->classes > 0), dim));
}

/* Noise of that kind: a stub. */
static void print_noise(struct text *t, const struct value *v)
{
    int64_t dim[AXES];
    text_dims(v, dim);
    const char *dims = list_text(t->arena, text_axes(v), dim);
    if (v->type == ONNX_FLOAT)
        text_printf(t, " = random_normal(%s)\n", dims);
    else
        text_printf(t, " = random_integer(%lld, %s)\n", v->classes ? (long long)v->classes : 2,
                    dims);
}

struct output { const char *name, *text; const struct value *value; };

/* Whether the text is what a value of that name is called: an output of another has its own. */
static bool is_named(const char *text, const char *name)
{
    size_t size = strlen(name);
    for (size_t i = 0; i < size; i++)
        if (text[i] != name[i] && text[i] != '_')
            return false;
    return !text[size] || text[size] == '_';
}

/* The outputs of the graph, each of the rows it has; NULL after an error. */
static struct output *find_outputs(struct import *im)
{
    struct output *list = ARENA_ARRAY(im->arena, struct output, im->graph->n_output + 1);
    for (size_t i = 0; i < im->graph->n_output; i++) {
        const char *name = im->graph->output[i]->name ? im->graph->output[i]->name : "";
        struct value *v = find_value(im, name);
        struct call c = {.im = im, .node = NULL};
        if (!v || (!v->text && !v->constant) || v->constant || v->rows > 0) {
            fail(im, arena_printf(im->arena, "output '%s' %s", name,
                                  v && v->constant ? "does not depend on any input"
                                  : v && v->rows > 0 ? "has the batch's rows not first"
                                                     : "is made by no node"),
                 "leave it out of the graph, or turn it round, and export again");
            return NULL;
        }
        const char *text = plain(&c, v);
        list[i] = (struct output){v->text && !strcmp(text, v->text) ? text : NULL, text, v};
        bool named = list[i].name && !strpbrk(text, "( ") && is_named(text, name);
        for (size_t k = 0; named && k < i; k++)
            named = strcmp(list[k].name, text) != 0;
        if (!named)
            list[i].name = made_identifier(im->made, name);
    }
    return list;
}

/* The model's arguments, or a line of the data for each. */
static void print_fields(struct text *t, const struct import *im, bool data)
{
    bool first = true;
    for (size_t i = 0; i < im->graph->n_input; i++) {
        const struct value *v = find_value(im, im->graph->input[i]->name);
        if (v->constant)
            continue;
        text_puts(t, data ? "  input " : first ? "" : ", ");
        text_printf(t, "%s: ", field_name(im, v));
        print_type(t, v);
        if (data)
            print_noise(t, v);
        first = false;
    }
}

/* The output that the stub of a loss is of: one by which something is learnt, where there is. */
static const struct output *first_real(const struct import *im, const struct output *list)
{
    const struct output *first = NULL;
    for (size_t i = 0; i < im->graph->n_output; i++)
        if (list[i].value->type == ONNX_FLOAT &&
            (!first || (list[i].value->learns && !first->value->learns)))
            first = &list[i];
    return first;
}

/* The last value on the way that training may learn by, of a file whose outputs are of none; or
 * NULL. */
static const struct value *last_learning(const struct import *im)
{
    const struct value *last = NULL;
    for (int i = 0; i < im->node_count; i++) {
        const Onnx__Node *n = im->node[i].node;
        const struct value *v = n && n->n_output ? find_value(im, n->output[0]) : NULL;
        if (v && v->learns && v->rows == 0 && v->text && !strpbrk(v->text, "( "))
            last = v;
    }
    return last;
}

static const char *model_text(struct import *im, const char *name, const struct output *list)
{
    struct text t;
    const struct output *main = first_real(im, list);
    const char *label = made_identifier(im->made, "truth"), *data = "rows_of";
    text_init(&t, im->arena);
    text_printf(&t, "# %s.inv: made of an ONNX file by invar import.\n"
                "# The model computes what the file does; data, loss and training are stubs, to be "
                "filled in.\ninvar 1\n\n", name);
    text_printf(&t,
                "# Noise in the place of data: name your files here.\ndata %s_%s = random(64) {\n",
                data, name);
    print_fields(&t, im, true);
    if (main) {
        struct value standard = *main->value;
        orderly(&standard);
        text_printf(&t, "  label %s: ", label);
        print_type(&t, &standard);
        print_noise(&t, &standard);
    }
    text_puts(&t, im->streams ? "  order fixed\n" : "");
    text_puts(&t, "}\n\n");
    made_print_blocks(im->made, &t);
    text_printf(&t, "model %s(", name);
    print_fields(&t, im, false);
    if (main) {
        text_printf(&t, ", %s: ", label);
        print_type(&t, main->value);
    }
    text_puts(&t, ") {\n");
    made_print_lines(im->made, &t);
    for (size_t i = 0; i < im->graph->n_output; i++)
        text_printf(&t, strcmp(list[i].name, list[i].text) ? "  output %s = %s\n" : "  output %s\n",
                    list[i].name, list[i].text);
    const struct value *inner = main ? NULL : last_learning(im);
    const char *offset =
        inner || (main && main->value->learns) ? NULL : made_identifier(im->made, "offset");
    struct tensor none = {.type = ONNX_FLOAT, .count = 1, .real = (float[]){0}};
    if (offset)
        save(im, true, offset, &none, NULL, 0, none.dim);
    if (offset)
        text_printf(&t, "  param %s: f32 = 0  # nothing else is learnt by this loss\n",
                    offset);
    if (main)
        text_printf(&t, "  loss mse(%s%s%s, %s)  # a stub: say what is wrong with a prediction\n",
                    main->text, offset ? " + " : "", offset ? offset : "", label);
    else if (inner)
        text_printf(&t, "  loss mean(square(%s))  # a stub: say what is wrong with a prediction\n",
                    inner->text);
    else
        text_printf(&t, "  loss square(%s)\n", offset);
    text_printf(&t, "}\n\ntrain %s on %s_%s {\n  seed 42\n  epochs 10\n  batch 32\n%s"
                "  optimizer adam(lr = 1e-3)\n}\n", name, data, name,
                im->streams ? "  shuffle false\n  drop_last true\n" : "");
    return t.data;
}

/* ---- the whole ---- */
static bool read_opset(struct import *im, const Onnx__Model *model)
{
    for (size_t i = 0; i < model->n_opset_import; i++) {
        const Onnx__OperatorSet *set = model->opset_import[i];
        if (!set->domain || !*set->domain || !strcmp(set->domain, "ai.onnx"))
            im->opset = set->version;
    }
    if (im->opset >= OPSET_LEAST && im->opset <= OPSET_MOST)
        return true;
    return fail(im, arena_printf(im->arena, "it is of opset %lld", (long long)im->opset),
                arena_printf(im->arena,
                             "%d to %d are read: convert it by onnx.version_converter, or "
                             "export it again",
                             OPSET_LEAST, OPSET_MOST));
}

/* Numbers of inputs are f32 in the model, whatever the file has. */
static void note_inputs(struct import *im)
{
    for (int i = 0; i < im->value_count; i++) {
        const struct value *v = im->value[i];
        if (v->text && !v->classes)
            made_note_type(im->made, field_name(im, v), "f32", text_axes(v));
    }
}

static bool import_model(struct import *im, const Onnx__Model *model)
{
    if (!read_opset(im, model))
        return false;
    if (model->n_functions)
        return fail(im, "it has functions of its own", "inline them by onnx.inliner");
    im->own = model->producer_name && !strcmp(model->producer_name, "invar");
    im->graph = model->graph;
    if (!im->graph || !im->graph->n_node)
        return fail(im, "it has no nodes", "this is no ONNX model, or an empty one");
    note_names(im, im->graph);
    if (!add_initializers(im))
        return false;
    bool rows = im->request->rows == ROWS_AUTO ? has_rows(im) : im->request->rows == ROWS_FIRST;
    for (size_t i = 0; i < im->graph->n_input; i++) {
        const Onnx__ValueInfo *info = im->graph->input[i];
        const struct value *there = info->name ? find_value(im, info->name) : NULL;
        if (!info->name || (there && !there->constant))
            return fail(im, "an input has no name, or that of another",
                        "this is no ONNX graph; export the model again");
        if (!there && !add_input(im, info, rows))
            return false;
    }
    if (!add_outputs(im))
        return false;
    said_operators(im);
    find_classes(im);
    note_inputs(im);
    if (!convert_nodes(im))
        return false;
    note_numbers(im);
    struct output *list = find_outputs(im);
    if (!list)
        return false;
    const char *name = made_name(im->made);
    const char *text = repeats_as_blocks(im->made, model_text(im, name, list),
                                         im->own ? REPEATS_KEEP : REPEATS_MOVE);
    return made_write(im->made, name, text);
}

int import_onnx(const char *path, const struct import_request *request)
{
    struct inv_errors errors = {.to = stderr, .program = "invar: "};
    struct arena *arena = arena_new();
    struct made made = {.arena = arena, .path = path, .request = request, .errors = &errors};
    struct import im = {.arena = arena, .path = path, .request = request, .errors = &errors,
                        .made = &made, .fold_room = (int64_t)1 << 26};
    Onnx__Model *model = (Onnx__Model *)onnx_read(arena, &onnx__model__descriptor, path, &errors);
    bool good = model && import_model(&im, model);
    inv_errors_close(&errors);
    arena_free(arena);
    return good ? 0 : 1;
}
