/* Units of labels that are scaled: label price: f32[1] = column("price") -> zscore.
 *
 * Such a field holds what stands in the file, and the model's argument is (field - a) / b of the
 * fitted a and b, so that losses see scaled numbers.  Values that a loss subtracts from the
 * argument or compares with it are guesses: they have its scale.  Statements `metric` and `output`
 * wait until the body's end, when all guesses are known; in them the names of the label and of its
 * guesses stand for the label as it is and guess * b + a.  What else is made of a guess, or meets a
 * label in another way, is of no known scale, and an error where a metric or output needs it. */
#include <string.h>
#include "base/chains.h"
#include "lower/model.h"
#include "lower/units.h"
#include "lower/variable.h"

enum { NOTHING = 0, UNKNOWN = -1 };     /* else 1 + the number of a fitted field or f32 label */

/* A field that is fitted, or a label, and the nodes that stand for it in the phase at hand. */
struct scaled { const struct data_field *field; int own, scaled; bool label, met; };

/* What is known of a node. */
struct noted {
    struct node *node;                  /* its operands are the first ones of their values */
    int same;                           /* first node of this value */
    int mark;                           /* of the first node: whose scale it has */
    int field;                          /* as which field it is seen, through views */
    bool depends, trained;              /* on a scaled label's argument; on a parameter */
    bool own, unscaled;                 /* made of values in own units; is a guess in these */
};

/* A statement `metric` or `output`, and the nodes that it made. */
struct waiting {
    struct frame frame;
    const char *name;
    const struct ast *expr;
    bool metric;
    int first, end;
};

struct units {
    struct scaled *scaled;
    int count, room;
    struct noted *noted;
    int noted_count, noted_room;
    struct chains firsts;               /* first nodes by their values */
    struct waiting *waiting;
    int waiting_count, waiting_room;
};

void lower_begin_units(struct lower *l)
{
    if (!l->units) {
        l->units = ARENA_NEW(l->arena, struct units);
        chains_init(&l->units->firsts, l->arena);
    }
    l->units->count = l->units->noted_count = l->units->waiting_count = 0;
    chains_cut(&l->units->firsts, 0);
}

bool lower_has_units(const struct lower *l)
{
    for (int i = 0; i < l->units->count; i++)
        if (l->units->scaled[i].own >= 0)
            return true;
    return false;
}

/* ---- what is known of nodes ---- */
static bool same_elements(enum op op)
{
    return op == OP_RESHAPE || op == OP_BROADCAST || op == OP_STOP_GRADIENT;
}

/* Sets same: the first node with the operator, the attributes and operands of the same values. */
static void find_same(struct lower *l, struct noted *noted, const struct node *n)
{
    struct units *u = l->units;
    struct node first = *n;
    first.operand = ARENA_ARRAY(l->arena, int, n->count + 1);
    for (int i = 0; i < n->count; i++)
        first.operand[i] = u->noted[n->operand[i]].same;
    uint32_t h = node_hash(&first);
    for (int id = node_is_act(n) ? -1 : chains_first(&u->firsts, h); id >= 0;
         id = chains_next(&u->firsts, id))
        if (node_same(u->noted[id].node, &first)) {
            noted->same = id;
            return;
        }
    noted->node = ARENA_NEW(l->arena, struct node);
    *noted->node = first;
    noted->same = n->id;
    chains_add(&u->firsts, n->id, h);
}

/* What follows from the operands. */
static void note_node(struct lower *l, const struct node *n)
{
    struct units *u = l->units;
    struct noted noted = {0};
    find_same(l, &noted, n);
    for (int i = 0; i < n->count; i++) {
        const struct noted *from = &u->noted[n->operand[i]];
        noted.depends |= from->depends;
        noted.trained |= from->trained;
        noted.own |= from->own;
    }
    if (same_elements(n->op))
        noted.field = u->noted[n->operand[0]].field;
    if (n->op == OP_READ)
        noted.trained = program_variable(l->program, n->attr.variable)->kind == VAR_PARAM;
    ARENA_PUSH(l->arena, u->noted, u->noted_count, u->noted_room) = noted;
}

static struct noted *note(struct lower *l, int node)
{
    while (l->units->noted_count < l->graph->count)
        note_node(l, graph_node(l->graph, l->units->noted_count));
    return &l->units->noted[node];
}

static struct noted *first_of(struct lower *l, int node)
{
    return note(l, note(l, node)->same);
}

/* ---- scales ---- */
/* The fitted buffer in the shape in which it meets x; -1: x has not the field's elements. */
static int statistic(struct lower *l, int buffer, struct value x)
{
    const struct shape *s = &program_variable(l->program, buffer)->shape;
    const struct shape *to = &value_node(l, x)->shape;
    int node = lower_read(l, buffer), lead = x.per_row, rank = to->rank - lead;
    struct shape row = shape_of(rank, -1, to->dim + lead), scalar = shape_scalar(), joint;
    if (shape_elements(s) == 1)
        return graph_reshape(l->graph, node, &scalar);
    if (shape_elements(s) == shape_elements(&row))
        return graph_reshape(l->graph, node, &row);
    return shape_broadcast(s, &row, &joint) && shape_equal(&joint, &row) ? node : -1;
}

/* x * b + a, or an error value where x is no guess of all elements of the field. */
static struct value unscaled(struct lower *l, const struct data_field *field, struct value x)
{
    int a = statistic(l, field->fit_a, x), b = statistic(l, field->fit_b, x);
    if (a < 0 || b < 0)
        return value_error();
    x.node = graph_binary(l->graph, OP_ADD, graph_binary(l->graph, OP_MUL, x.node, b), a);
    struct noted *noted = note(l, x.node);
    noted->own = noted->unscaled = true;
    return x;
}

int lower_scale(struct graph *g, int x, const struct data_field *field)
{
    x = graph_binary(g, OP_SUB, x, graph_read(g, field->fit_a));
    return graph_binary(g, OP_DIV, x, graph_read(g, field->fit_b));
}

struct value lower_scaled(struct lower *l, const struct data_field *field, struct value v)
{
    struct units *u = l->units;
    struct scaled s = {.field = field, .own = -1, .scaled = v.node, .label = field->label};
    if (field->own_units) {
        s.own = v.node;
        v.node = s.scaled = lower_scale(l->graph, v.node, field);
        note(l, s.own)->own = true;
        note(l, s.scaled)->depends = true;
    }
    ARENA_PUSH(l->arena, u->scaled, u->count, u->room) = s;
    note(l, v.node)->field = u->count;
    if (s.own >= 0)
        note(l, s.own)->field = u->count;
    return v;
}

struct value lower_own_units(struct lower *l, const struct frame *frame, struct value v)
{
    struct units *u = l->units;
    const struct frame *in = l->results->own_frame;
    if (v.kind != V_TENSOR || !in || frame != in || !lower_has_units(l))
        return v;
    for (int i = 0; i < u->count; i++)
        if (u->scaled[i].own >= 0 && u->scaled[i].scaled == v.node) {
            v.node = u->scaled[i].own;
            return v;
        }
    int mark = first_of(l, v.node)->mark;
    if (mark <= 0 || u->scaled[mark - 1].own < 0)
        return v;
    struct value own = unscaled(l, u->scaled[mark - 1].field, v);
    return own.kind == V_TENSOR ? own : v;
}

/* unscale(x, field) */
struct value lower_unscale(struct lower *l, struct frame *frame, struct value x, struct value of,
                           struct span span)
{
    int at = of.kind == V_TENSOR ? note(l, of.node)->field : NOTHING;
    struct scaled *s = at ? &l->units->scaled[at - 1] : NULL;
    x = value_to_f32(l, x);
    if (x.kind == V_ERROR)
        return x;
    if (!s || !s->field->fit) {
        struct diag *d = lower_error(l, frame, of.span, "'unscale' takes a value and the field "
                                     "that it is scaled like, and this is %s",
                                     at ? "a field without a scale" : value_describe(l, of));
        diag_help(d, "the field is an argument of the model, with '-> zscore' or '-> minmax'");
        return value_error();
    }
    s->met = true;
    const struct noted *noted = note(l, x.node);
    if (noted->unscaled)
        return x;
    if (noted->field == at && s->own >= 0) {
        x.node = s->own;
        return x;
    }
    if (noted->own) {
        lower_error(l, frame, span, "what 'unscale' takes has the units of a label already: names "
                    "of the label and its guesses do in 'metric' and 'output'");
        return value_error();
    }
    struct value own = unscaled(l, s->field, x);
    if (own.kind == V_ERROR)
        lower_error(l, frame, span, "%s is not scaled like field '%s', which is %s",
                    value_describe(l, x), s->field->name, value_describe(l, of));
    return own;
}

/* ---- guesses ---- */
static bool compares(enum op op)
{
    return op == OP_SUB || (op >= OP_EQ && op <= OP_GE);
}

/* A value of no known scale; and that of which alone it is made, element by element. */
static void mark_unknown(struct lower *l, int node)
{
    while (node >= 0 && first_of(l, node)->mark == NOTHING) {
        const struct node *n = graph_node(l->graph, node);
        enum op_class class = op_def(n->op)->class;
        int only = -1, count = 0;
        first_of(l, node)->mark = UNKNOWN;
        for (int i = 0; i < n->count && (class == CLASS_MAP || class == CLASS_VIEW); i++)
            if (note(l, n->operand[i])->trained) {
                only = n->operand[i];
                count++;
            }
        node = count == 1 ? only : -1;
    }
}

/* The node, and what it is a view of, has the scale of a field; pieces and wholes are unknown. */
static void mark_guess(struct lower *l, int node, int field)
{
    bool own = l->units->scaled[field - 1].own >= 0;
    l->units->scaled[field - 1].met = true;
    for (;;) {
        const struct node *n = graph_node(l->graph, node);
        int *mark = &first_of(l, node)->mark;
        *mark = *mark == NOTHING || *mark == field ? field : UNKNOWN;
        if (!same_elements(n->op)) {
            bool pieces = op_def(n->op)->class == CLASS_VIEW || op_def(n->op)->class == CLASS_MOVE;
            for (int i = 0; own && pieces && i < n->count; i++)
                mark_unknown(l, n->operand[i]);
            return;
        }
        node = n->operand[0];
    }
}

/* Operand b of a node that has the operand a: marked where a is made of a label, and b is not. */
static void meet(struct lower *l, const struct node *n, int a, int b, bool guesses)
{
    const struct noted *label = note(l, a), *other = note(l, b);
    const struct node *of = graph_node(l->graph, b);
    bool guess = label->field && l->units->scaled[label->field - 1].label && compares(n->op);
    if (other->depends || other->field || !other->trained || of->dtype != F32 || of->shape.rows < 0)
        return;
    if (guesses && guess)
        mark_guess(l, b, label->field);
    else if (!guesses && !guess && label->depends)
        mark_unknown(l, b);
}

static void find_guesses(struct lower *l)
{
    note(l, 0);
    for (int guesses = 1; guesses >= 0; guesses--)
        for (int id = 0; id < l->graph->count; id++) {
            const struct node *n = graph_node(l->graph, id);
            for (int i = 0; i < n->count; i++)
                for (int k = 0; k < n->count; k++)
                    meet(l, n, n->operand[i], n->operand[k], guesses);
        }
}

/* ---- metrics and outputs ---- */
static void help_units(struct diag *d, const struct data_field *field)
{
    diag_help(d, "in 'metric' and 'output' the names of '%s' and of what a loss compares with it "
              "have its units: compute from these, or say unscale(E, %s); with '-> %s(units = "
              "scaled)' in data, all stays scaled", field->name, field->name,
              field->fit == FIT_ZSCORE ? "zscore" : "minmax");
}

/* The field like which something that `node` is made of is scaled, or of which that is unknown. */
static const struct data_field *made_of(struct lower *l, int node)
{
    struct units *u = l->units;
    bool *reached = ARENA_ARRAY(l->arena, bool, node + 1);
    memset(reached, 0, (size_t)node + 1);
    reached[node] = true;
    for (int id = node; id >= 0; id--) {
        const struct noted *noted = note(l, id);
        const struct node *n = graph_node(l->graph, id);
        enum op_class class = op_def(n->op)->class;
        int seen = noted->depends ? noted->field : NOTHING, marked = first_of(l, id)->mark;
        int mark = marked ? marked : seen;
        if (!reached[id] || noted->unscaled)
            continue;
        for (int i = 0; mark == UNKNOWN && i < u->count; i++)
            if (u->scaled[i].own >= 0)
                return u->scaled[i].field;
        if (mark > 0 && u->scaled[mark - 1].own >= 0)
            return u->scaled[mark - 1].field;
        bool indexed = class == CLASS_TAKE || class == CLASS_SCATTER; /* by the last operand */
        int last = class == CLASS_CONTRACT ? 0 : n->count - indexed;
        for (int i = 0; i < last; i++)
            reached[n->operand[i]] = true;
    }
    return NULL;
}

/* A layer that was trained on scaled values would get others; a label would meet values of which
 * no unit is known. */
static bool meets_well(struct lower *l, struct waiting *w, const struct node *n, int a, int b)
{
    const struct noted *own = note(l, a), *other = note(l, b);
    const struct node *of = graph_node(l->graph, b);
    if (!own->own || other->own || !other->trained)
        return true;
    if (of->shape.rows < 0) {
        lower_error(l, &w->frame, w->expr->span, "a layer takes a value here that has the units of "
                    "a label; what the model's body computes has the scale of training");
        return false;
    }
    if (!own->field || !compares(n->op) || of->dtype != F32)
        return true;
    const struct data_field *field = l->units->scaled[own->field - 1].field;
    help_units(lower_error(l, &w->frame, w->expr->span, "label '%s' meets a value here of which it "
                           "is not known whether it is scaled like it", field->name), field);
    return false;
}

static bool check_node(struct lower *l, struct waiting *w, const struct node *n)
{
    bool good = true;
    for (int i = 0; i < n->count; i++)
        for (int k = 0; good && k < n->count; k++)
            good = meets_well(l, w, n, n->operand[i], n->operand[k]);
    const struct data_field *field =
        good && n->op == OP_STORE ? made_of(l, n->operand[0]) : NULL;
    if (field)
        help_units(lower_error(l, &w->frame, w->expr->span, "this %s is made of values that are "
                               "scaled like label '%s', or may be",
                               w->metric ? "metric" : "output", field->name), field);
    return good && !field;
}

/* An output where nothing has met one of the labels: it may be a guess of that. */
static bool check_met(struct lower *l, struct waiting *w, const struct node *n)
{
    bool stores = l->phase == PHASE_PREDICT && n->op == OP_STORE;
    if (!stores || graph_node(l->graph, n->operand[0])->dtype == I32
        || note(l, n->operand[0])->own)
        return true;
    for (int i = 0; i < l->units->count; i++) {
        const struct scaled *s = &l->units->scaled[i];
        if (s->own < 0 || s->met)
            continue;
        help_units(lower_error(l, &w->frame, w->expr->span, "it is not known whether this output "
                               "is scaled like label '%s', which no loss compares with a value",
                               s->field->name), s->field);
        return false;
    }
    return true;
}

/* What the statements made, once all of them are made. */
static void check(struct lower *l, struct waiting *w,
                  bool good(struct lower *, struct waiting *, const struct node *))
{
    for (int i = 0; i < l->units->waiting_count; i++)
        for (int id = w[i].first; id < w[i].end; id++)
            if (!good(l, &w[i], graph_node(l->graph, id)))
                break;
}

bool lower_wait(struct lower *l, const struct frame *frame, const char *name,
                const struct ast *expr, bool metric)
{
    struct units *u = l->units;
    if (!lower_has_units(l))
        return false;
    ARENA_PUSH(l->arena, u->waiting, u->waiting_count, u->waiting_room) =
        (struct waiting){.frame = *frame, .name = name, .expr = expr, .metric = metric};
    return true;
}

void lower_waiting(struct lower *l)
{
    struct units *u = l->units;
    int errors = diags_error_count(l->diags);
    if (u->waiting_count == 0)
        return;
    find_guesses(l);
    for (int i = 0; i < u->waiting_count; i++) {
        struct waiting *w = &u->waiting[i];
        w->first = l->graph->count;
        lower_result(l, &w->frame, w->name, w->expr, w->metric);
        w->end = l->graph->count;
    }
    check(l, u->waiting, check_node);
    if (diags_error_count(l->diags) == errors)
        check(l, u->waiting, check_met);
}
