/* Which outputs stand for the classes of a field that has names for them.
 *
 * A call such as cross_entropy(logits: f32[..., k], y: class[..., k]) says that the last axis of
 * its first argument is the classes of the second.  While evaluating, where labels are, those nodes
 * are marked with the field; the mark goes on through operators that keep the last axis, and back
 * through those of one such operand (softmax, a logarithm, a reshape).  Names of the model with a
 * marked value then mark the same names' values when predicting, and so reach the outputs. */
#include <string.h>
#include "lower/label.h"

enum { NO_FIELD = 0, SEVERAL_FIELDS = -1 }; /* else 1 + the number of a field */

struct labelled { struct span span; int mark; }; /* a name of the model, by where it is bound */

struct labels {
    struct label_seed { int node, mark; } *seed; /* of the phase at hand */
    int seed_count, seed_room;
    struct labelled *name;
    int name_count, name_room;
};

static struct labels *labels_of(struct lower *l)
{
    if (!l->labels)
        l->labels = ARENA_NEW(l->arena, struct labels);
    return l->labels;
}

static void add_seed(struct lower *l, int node, int mark)
{
    struct labels *labels = labels_of(l);
    ARENA_PUSH(l->arena, labels->seed, labels->seed_count, labels->seed_room) =
        (struct label_seed){.node = node, .mark = mark};
}

/* ---- seeds: arguments of one call that share the name of an axis ---- */
static const char *last_axis(const struct ast *formal, const char *type)
{
    const struct ast *t = formal->kid[0], *dims = t->count ? t->kid[0] : NULL;
    const struct ast *last = dims && dims->count ? dims->kid[dims->count - 1] : NULL;
    bool same = t->kind == AST_TYPE && !strcmp(t->text, type);
    return same && last && last->kind == AST_NAME ? last->text : NULL;
}

static int bound_node(struct frame *f, const struct ast *formal)
{
    struct binding *b = frame_find(f, formal->text);
    return b && b->value.kind == V_TENSOR ? b->value.node : -1;
}

/* The mark of the field with class names that a node reads, through views. */
static int mark_of_read(struct lower *l, int node)
{
    const struct data_desc *data = &l->program->data;
    const struct node *n = graph_node(l->graph, node);
    while (op_def(n->op)->class == CLASS_VIEW)
        n = graph_node(l->graph, n->operand[0]);
    for (int i = 0; n->op == OP_READ && i < data->field_count; i++)
        if (data->field[i].input == n->attr.variable && data->field[i].text)
            return i + 1;
    return NO_FIELD;
}

void lower_note_classes(struct lower *l, struct frame *f, const struct ast *formals)
{
    if (l->phase != PHASE_EVALUATE)
        return;
    for (int i = 0; i < formals->count; i++) {
        const char *axis = last_axis(formals->kid[i], "class");
        int node = axis ? bound_node(f, formals->kid[i]) : -1;
        int mark = node < 0 ? NO_FIELD : mark_of_read(l, node);
        for (int k = 0; mark && k < formals->count; k++) {
            const char *other = last_axis(formals->kid[k], "f32");
            int of = other && !strcmp(axis, other) ? bound_node(f, formals->kid[k]) : -1;
            if (of >= 0)
                add_seed(l, of, mark);
        }
    }
}

/* ---- marks ---- */
static int64_t last_extent(const struct node *n)
{
    return n->shape.rank > 0 ? n->shape.dim[n->shape.rank - 1] : 0;
}

/* Whether the last axis of operand i is that of the node. */
static bool keeps_last(const struct graph *g, const struct node *n, int i)
{
    enum op_class class = op_def(n->op)->class;
    const struct node *from = graph_node(g, n->operand[i]);
    bool moved = n->op == OP_TRANSPOSE && n->attr.perm[n->shape.rank - 1] != n->shape.rank - 1;
    return (class == CLASS_MAP || class == CLASS_VIEW) && !moved && last_extent(n) > 1
           && last_extent(from) == last_extent(n);
}

static bool set_mark(int *mark, int node, int new)
{
    if (mark[node] == new || mark[node] == SEVERAL_FIELDS || new == NO_FIELD)
        return false;
    mark[node] = mark[node] == NO_FIELD ? new : SEVERAL_FIELDS;
    return true;
}

/* The only operand whose last axis is the node's and which is no constant or variable, or -1. */
static int only_operand(const struct graph *g, const struct node *n)
{
    int only = -1, count = 0;
    for (int i = 0; i < n->count; i++) {
        if (!keeps_last(g, n, i) || op_def(graph_node(g, n->operand[i])->op)->class == CLASS_SOURCE)
            continue;
        only = n->operand[i];
        count++;
    }
    return count == 1 ? only : -1;
}

/* Marks what follows from the marks so far, until nothing does. */
static void spread(const struct graph *g, int *mark)
{
    for (bool changed = true; changed;) {
        changed = false;
        for (int id = 0; id < g->count; id++) {
            const struct node *n = graph_node(g, id);
            for (int i = 0; mark[id] == NO_FIELD && i < n->count; i++)
                changed |= keeps_last(g, n, i) && set_mark(mark, id, mark[n->operand[i]]);
        }
        for (int id = g->count - 1; id >= 0; id--) {
            int only = mark[id] > 0 ? only_operand(g, graph_node(g, id)) : -1;
            changed |= only >= 0 && mark[only] == NO_FIELD && set_mark(mark, only, mark[id]);
        }
    }
}

/* The marks of all nodes of the phase, from its seeds. */
static int *find_marks(struct lower *l)
{
    struct labels *labels = labels_of(l);
    int *mark = ARENA_ARRAY(l->arena, int, l->graph->count + 1);
    memset(mark, 0, sizeof *mark * (size_t)l->graph->count);
    for (int i = 0; i < labels->seed_count; i++)
        set_mark(mark, labels->seed[i].node, labels->seed[i].mark);
    spread(l->graph, mark);
    labels->seed_count = 0;
    return mark;
}

/* ---- names of the model, outputs ---- */
static bool same_span(struct span a, struct span b)
{
    return a.source == b.source && a.line == b.line && a.column == b.column;
}

void lower_keep_labelled(struct lower *l, const struct frame *frame)
{
    struct labels *labels = labels_of(l);
    if (labels->seed_count == 0)
        return;
    const int *mark = find_marks(l);
    for (const struct binding *b = frame->names; b; b = b->next)
        if (b->value.kind == V_TENSOR && b->graph == l->graph && mark[b->value.node] > 0)
            ARENA_PUSH(l->arena, labels->name, labels->name_count, labels->name_room) =
                (struct labelled){.span = b->span, .mark = mark[b->value.node]};
}

static void seed_names(struct lower *l, const struct frame *frame)
{
    struct labels *labels = labels_of(l);
    for (const struct binding *b = frame->names; b; b = b->next)
        for (int i = 0; b->value.kind == V_TENSOR && i < labels->name_count; i++)
            if (b->graph == l->graph && same_span(b->span, labels->name[i].span))
                add_seed(l, b->value.node, labels->name[i].mark);
}

/* What a stored output stands for: its last axis, or as a class the axis that argmax went along. */
static int mark_of_output(const struct graph *g, const int *mark, int node)
{
    const struct node *n = graph_node(g, node);
    if (n->dtype != I32)
        return mark[node];
    while (op_def(n->op)->class == CLASS_VIEW)
        n = graph_node(g, n->operand[0]);
    return n->op == OP_ROW_ARGMAX ? mark[n->operand[0]] : NO_FIELD;
}

void lower_label_outputs(struct lower *l, const struct frame *frame)
{
    seed_names(l, frame);
    if (labels_of(l)->seed_count == 0)
        return;
    const int *mark = find_marks(l);
    for (int id = 0; id < l->graph->count; id++) {
        const struct node *n = graph_node(l->graph, id);
        struct variable *v = n->op == OP_STORE ? program_variable(l->program, n->attr.variable)
                                               : NULL;
        if (v && v->kind == VAR_OUTPUT && mark_of_output(l->graph, mark, n->operand[0]) > 0)
            v->labels = mark_of_output(l->graph, mark, n->operand[0]);
    }
}
