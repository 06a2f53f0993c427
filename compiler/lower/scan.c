/* `scan(x, cell)`: a cell run in each turn of a loop over the first axis; what it carries. */
#include <string.h>
#include "graph/loop.h"
#include "lower/arguments.h"
#include "lower/builtin.h"
#include "lower/call.h"
#include "lower/carried.h"
#include "lower/expr.h"
#include "lower/scan.h"

/* A carry, what its name is as a turn begins, and its keep once its block is through; -1 where no
 * turn changes it. */
struct scan_carry {
    int carry, seen, keep;
    int kept;                           /* its number for lower_carry_on; -1 */
};

/* A scan whose cell is being lowered. */
struct scan {
    int loop;
    bool per_row;                       /* carries have a value for each row */
    bool stateful;                      /* carries go on from the batch before */
    int fresh;                          /* BOOL of the turn: gradients end at its begin; or -1 */
    int mask;                           /* BOOL of the turn, of rows: they take part in it; or -1 */
    const struct graph *graph;          /* that of the loop: start values have another */
    struct scan_carry *carried;
    int count, room;
    struct scan *outer;
};

bool lower_in_scan(const struct lower *l)
{
    return l->scan && l->scan->graph == l->graph;
}

/* ---- what a turn sees ---- */

/* Puts axis `from` of the node first, or with `back` the first one there. */
static int move_first(struct lower *l, int node, int from, bool back)
{
    int perm[RANK_MAX], rank = graph_node(l->graph, node)->shape.rank;
    for (int i = 0; i < rank; i++)
        perm[i] = back ? (i == from ? 0 : i < from ? i + 1 : i) : i == 0 ? from : i - (i <= from);
    return graph_transpose(l->graph, node, perm);
}

/* The slice of the turn along the first axis of a row. */
static struct value slice(struct lower *l, int loop, struct value x)
{
    struct value out = x;
    out.node = graph_turn(l->graph, loop, move_first(l, x.node, x.per_row, false));
    return out;
}

/* The values of all turns along the first axis of a row. */
static struct value stack(struct lower *l, int loop, struct value x)
{
    struct value out = x;
    out.node = move_first(l, graph_stack(l->graph, loop, x.node), x.per_row, true);
    return out;
}

static int turn_axes(const struct lower *l, const struct scan *scan, int64_t *turns)
{
    int outer = scan->outer ? turn_axes(l, scan->outer, turns) : 0;
    turns[outer] = l->graph->loop[scan->loop].turns;
    return outer + 1;
}

int lower_turns(const struct lower *l, int64_t *turns)
{
    return lower_in_scan(l) ? turn_axes(l, l->scan, turns) : 0;
}

static struct value slice_all(struct lower *l, const struct scan *scan, struct value x)
{
    return slice(l, scan->loop, scan->outer ? slice_all(l, scan->outer, x) : x);
}

struct value lower_of_turn(struct lower *l, struct value x)
{
    return lower_in_scan(l) ? slice_all(l, l->scan, x) : x;
}

/* ---- carries ---- */

/* Nodes are looked at once, as they come, not once for each carry. */
static bool depends_on_turn(struct lower *l, int node)
{
    struct turned *seen = &l->turned;
    if (seen->graph != l->graph)
        *seen = (struct turned){.graph = l->graph};
    for (int id = seen->count; id <= node; id++) {
        int loop = loop_of_node(l->graph, graph_node(l->graph, id), seen->at);
        ARENA_PUSH(l->arena, seen->at, seen->count, seen->room) = loop;
    }
    return loop_within(l->graph, seen->at[node], l->scan->loop);
}

static bool carry_fits(struct lower *l, struct frame *frame, const char *name,
                       const struct shape *shape, struct value v, struct span at,
                       struct span declared)
{
    struct shape whole;
    if (shape_broadcast(&value_node(l, v)->shape, shape, &whole) && shape_equal(&whole, shape))
        return true;
    struct diag *d = lower_error(l, frame, at, "the carry '%s' cannot hold %s%s", name,
                                 value_describe(l, v),
                                 v.per_row && shape->rows < 0 ? " of each row" : "");
    diag_note(d, declared, "it is declared here");
    return false;
}

/* The shape that the statement declares; false after an error. */
static bool carry_shape(struct lower *l, struct frame *frame, const struct ast *ast, int *rank,
                        int64_t *dim)
{
    const struct ast *type = ast->kid[1];
    if (ast->count < 3 || !ast->kid[2] || !type) {
        struct diag *d = lower_error(l, frame, ast->span, "'carry %s' needs a type and a start "
                                     "value", ast->kid[0]->text);
        diag_help(d, "for example: carry %s: f32[n] = 0", ast->kid[0]->text);
        return false;
    }
    if (type->kind != AST_TYPE || strcmp(type->text, "f32")) {
        lower_error(l, frame, type->span, "'carry' holds f32, not %s",
                    lower_span_text(l, type->span));
        return false;
    }
    *rank = 0;
    return !type->kid[0] || lower_dims(l, frame, type->kid[0], rank, dim);
}

static int start_carry(struct lower *l, struct frame *frame, const struct ast *ast, int *kept)
{
    const struct ast *name = ast->kid[0];
    int64_t dim[RANK_MAX];
    int rank;
    if (!lower_in_scan(l)) {
        struct diag *d = lower_error(l, frame, ast->name_span, "'carry' belongs to a cell that "
                                     "'scan' runs, and nothing runs this one");
        diag_help(d, "for example: y = scan(x, %s)",
                  frame->declaration ? frame->declaration->text : "cell");
        return -1;
    }
    if (!carry_shape(l, frame, ast, &rank, dim))
        return -1;
    struct scan *scan = l->scan;
    l->scan = scan->outer;              /* what is drawn is drawn before the first turn */
    struct value init = value_to_f32(l, lower_expr(l, frame, ast->kid[2]));
    l->scan = scan;
    if (init.kind == V_ERROR)
        return -1;
    if (depends_on_turn(l, init.node)) {
        struct diag *d = lower_error(l, frame, ast->kid[2]->span, "the start value of the carry "
                                     "'%s' is one of each turn", name->text);
        diag_help(d, "it is there before the first turn: let the cell take it as an argument that "
                  "'scan' is given from outside");
        return -1;
    }
    struct shape shape = shape_rows(rank, dim, l->scan->per_row || init.per_row);
    if (!carry_fits(l, frame, name->text, &shape, init, ast->kid[2]->span, ast->span))
        return -1;
    int start = graph_broadcast(l->graph, init.node, &shape);
    *kept = -1;
    if (l->scan->stateful)
        start = lower_carried_start(l, frame, name->text, start, kept);
    return start < 0 ? -1 : graph_carry(l->graph, l->scan->loop, start);
}

void lower_carry(struct lower *l, struct frame *frame, const struct ast *ast)
{
    const struct ast *name = ast->kid[0];
    struct span span = l->graph->span, call = l->graph->call;
    l->graph->span = ast->span;
    l->graph->call = lower_user_span(l, frame, ast->span);
    int kept, carry = start_carry(l, frame, ast, &kept);
    struct value v = value_error();
    if (carry >= 0) {
        struct scan *scan = l->scan;
        int seen = carry;
        if (scan->fresh >= 0)
            seen = graph_select(l->graph, scan->fresh,
                                graph_unary(l->graph, OP_STOP_GRADIENT, carry), carry);
        v = value_tensor(l, seen, graph_node(l->graph, carry)->shape.rows == 0, ast->span);
        struct scan_carry c = {carry, seen, -1, kept};
        ARENA_PUSH(l->arena, scan->carried, scan->count, scan->room) = c;
    }
    frame_bind(l, frame, name->text, v, name->span)->carry = carry;
    l->graph->span = span;
    l->graph->call = call;
}

/* What the carry is in the next turn: rows that a mask leaves out keep theirs. */
static int kept_value(struct lower *l, struct frame *frame, const struct binding *b)
{
    struct value v = value_to_f32(l, b->value);
    const struct node *carry = graph_node(l->graph, b->carry);
    struct shape shape = carry->shape;
    if (v.kind == V_ERROR ||
        !carry_fits(l, frame, b->name, &shape, v, b->value.span.line ? b->value.span : b->span,
                    carry->span))
        return b->carry;
    if (l->scan->mask < 0)
        return v.node;
    struct value of[] = {value_tensor(l, l->scan->mask, true, b->span),
                         value_tensor(l, graph_broadcast(l->graph, v.node, &shape), true, b->span),
                         value_tensor(l, b->carry, true, b->span)};
    of[0] = value_row_rank(l, of[0], shape.rank - 1);
    return graph_select(l->graph, of[0].node, of[1].node, of[2].node);
}

/* The carry becomes its start value, which is outside of the loop, and so is what is made of it.
 * With `detach` its gradient ends here: the first turn's carry lets none through. */
static void settle(struct lower *l, int carry)
{
    struct node *n = l->graph->node[carry];
    n->op = l->scan->fresh >= 0 ? OP_STOP_GRADIENT : OP_RESHAPE;
    n->attr = (struct attr){0};
    l->turned.count = l->turned.count > carry ? carry : l->turned.count;
}

void lower_keep_carries(struct lower *l, struct frame *frame)
{
    for (int i = 0; lower_in_scan(l) && i < l->scan->count; i++) {
        struct scan_carry *c = &l->scan->carried[i];
        const struct binding *b = frame->names;
        while (b && b->carry != c->carry)
            b = b->next;
        if (!b || c->keep >= 0)
            continue;
        if (b->value.kind == V_TENSOR && b->value.node == c->seen)
            settle(l, c->carry);
        else
            c->keep = graph_keep(l->graph, kept_value(l, frame, b), c->carry);
    }
}

struct value call_last(struct lower *l, struct frame *frame, const struct builtin *b,
                       struct arguments *a, const char *path, struct span span)
{
    ARGUMENTS(1);
    const struct ast *name = a->ast[0];
    bool plain = name && name->kind == AST_NAME;
    const struct binding *of = plain ? frame_find(frame, name->text) : NULL;
    if (of && of->carry >= 0 && lower_in_scan(l))
        return (struct value){.kind = V_LAST, .node = of->carry, .span = span};
    struct diag *d = lower_error(l, frame, span, "'last' takes the name of a carry of this cell");
    diag_help(d, "for example: return h, last(h)");
    return value_error();
}

/* ---- the call ---- */

enum { SCAN_INPUTS = 8 };

/* The values that are sliced, in out; their number, or -1 after an error. */
static int scan_inputs(struct lower *l, struct frame *frame, struct value x, struct span span,
                       struct value *out)
{
    int count = x.kind == V_LIST ? x.count : 1;
    if (count < 1 || count > SCAN_INPUTS) {
        lower_error(l, frame, span, "'scan' goes over 1 to %d values at once, not %d", SCAN_INPUTS,
                    count);
        return -1;
    }
    for (int i = 0; i < count; i++) {
        out[i] = value_to_tensor(l, x.kind == V_LIST ? x.item[i] : x);
        if (out[i].kind == V_ERROR)
            return -1;
        if (value_rank(l, out[i]) < 1) {
            struct diag *d = lower_error(l, frame, span, "'scan' goes over the first axis, and %s "
                                         "has none", value_describe(l, out[i]));
            diag_help(d, "what is the same in each turn is an argument of the cell");
            return -1;
        }
        if (value_dim(l, out[i], 0) != value_dim(l, out[0], 0)) {
            lower_error(l, frame, span, "'scan' goes over values of as many turns each, not %s and "
                        "%s", value_describe(l, out[0]), value_describe(l, out[i]));
            return -1;
        }
    }
    return count;
}

/* A BOOL of the turn that is true where gradients do not go on to the turn before: every `detach`
 * turns, counted as they run.  The places are rows of so many, of which the last is not filled, or
 * where turns run backwards the first begun late. */
static int fresh_turns(struct lower *l, int loop, int64_t detach)
{
    int64_t turns = l->graph->loop[loop].turns, rows = (turns - 1) / detach + 1;
    bool reverse = l->graph->loop[loop].reverse;
    int64_t dim[] = {rows, detach}, all = rows * detach, start = reverse ? all - turns : 0;
    struct shape shape = shape_of(2, -1, dim);
    struct attr attr = {.axis = 1};
    int at = graph_add_shaped(l->graph, OP_POSITION, 0, NULL, &attr, I32, &shape);
    int first = graph_const_whole(l->graph, I32, reverse ? detach - 1 : 0);
    int marks = graph_binary(l->graph, OP_EQ, at, first);
    shape = shape_of(1, -1, &all);
    marks = graph_reshape(l->graph, marks, &shape);
    shape = shape_of(1, -1, &turns);
    return graph_turn(l->graph, loop, graph_slice(l->graph, marks, &start, &shape));
}

/* The carry after the last turn. */
static int last_of(struct lower *l, const struct scan_carry *c)
{
    return c->keep < 0 ? c->carry : graph_last(l->graph, c->keep);
}

/* A result of the cell as a result of the scan. */
static struct value scan_result(struct lower *l, struct frame *frame, struct scan *scan,
                                struct value v, struct span span)
{
    if (v.kind == V_LAST) {
        for (int i = 0; i < scan->count; i++)
            if (scan->carried[i].carry == v.node) {
                int last = last_of(l, &scan->carried[i]);
                return value_tensor(l, last, graph_node(l->graph, last)->shape.rows == 0, span);
            }
        return value_error();
    }
    v = value_to_tensor(l, v);
    if (v.kind == V_ERROR || !builtin_axis_fits(l, frame, value_rank(l, v), span))
        return value_error();
    int64_t classes = v.classes;
    if (scan->per_row)
        v = value_spread(l, v);
    v.classes = classes;
    if (scan->mask >= 0) {
        struct value of[3];
        of[1] = value_to_f32(l, v);
        of[2] = value_to_f32(l, value_number(0, span));
        of[0] = value_row_rank(l, value_tensor(l, scan->mask, true, span), value_rank(l, of[1]));
        v = value_map(l, OP_SELECT, 3, of, span);
    }
    v = stack(l, scan->loop, v);
    v.span = span;
    return v;
}

static struct value scan_results(struct lower *l, struct frame *frame, struct scan *scan,
                                 struct value v, struct span span)
{
    if (v.kind == V_ERROR || v.kind != V_LIST)
        return v.kind == V_ERROR ? v : scan_result(l, frame, scan, v, span);
    struct value list = {.kind = V_LIST, .count = v.count, .span = span};
    list.item = ARENA_ARRAY(l->arena, struct value, v.count + 1);
    for (int i = 0; i < v.count; i++)
        list.item[i] = scan_result(l, frame, scan, v.item[i], span);
    return list;
}

/* The argument `mask`: f32, bool or int [turns], true where the row takes part in the turn. */
static bool scan_mask(struct lower *l, struct frame *frame, struct value mask, int64_t turns,
                      struct value *out)
{
    *out = value_to_tensor(l, mask);
    if (out->kind == V_ERROR)
        return false;
    if (value_rank(l, *out) == 1 && value_dim(l, *out, 0) == turns && out->per_row &&
        !out->classes) {
        out->node = graph_to(l->graph, BOOL, out->node);
        return true;
    }
    lower_error(l, frame, mask.span, "'mask' says of each row's %lld turns whether it takes part: "
                "it is bool[%lld] or f32[%lld], not %s", (long long)turns, (long long)turns,
                (long long)turns, value_describe(l, *out));
    return false;
}

static bool scan_detach(struct lower *l, struct frame *frame, struct value v, int64_t turns,
                        int64_t *detach)
{
    if (value_whole(v, detach) && *detach >= 1) {
        *detach = *detach < turns ? *detach : turns;
        return true;
    }
    lower_error(l, frame, v.span, "'detach' is a whole number of turns from 1, after which "
                "gradients end, not %s", value_describe(l, v));
    return false;
}

static struct value run_cell(struct lower *l, struct frame *frame, struct layer *cell,
                             const struct expansion *call, int count, const struct value *x)
{
    struct expansion e = {.given = x, .given_count = count, .scope = {frame}, .span = call->span};
    const char *as = cell->as && !cell->path ? cell->as : "";
    e.path = path_join(l, call->path, as);
    e.random_path = path_join(l, call->random_path, as);
    return lower_apply(l, frame, cell, &e);
}

/* Are there as many loops around a scan as it may have at most? */
static bool is_too_deep(struct lower *l, struct frame *frame, struct span span)
{
    int depth = 1;
    for (const struct scan *scan = lower_in_scan(l) ? l->scan : NULL; scan; scan = scan->outer)
        depth++;
    if (depth <= LOOPS_DEEP)
        return false;
    struct diag *d = lower_error(l, frame, span, "this 'scan' runs within %d others, and there may "
                                 "be %d around one", depth - 1, LOOPS_DEEP - 1);
    diag_help(d, "an axis over which nothing is carried needs no scan: layers go over its places");
    return true;
}

/* Does the node read what stands outside of the loop and may have a gradient? */
static bool reads_outside(struct lower *l, const struct node *n)
{
    bool outside = false;
    for (int i = 0; i < n->count && depends_on_turn(l, n->id); i++) {
        const struct node *x = graph_node(l->graph, n->operand[i]);
        outside |= x->dtype == F32 && x->op != OP_CONST && !depends_on_turn(l, x->id);
    }
    return outside;
}

/* Gradients of what comes from outside are summed over an axis of turns before the others: is there
 * room for it in all nodes from `first` on? */
static bool leaves_axis(struct lower *l, struct frame *frame, int first)
{
    for (int id = first; l->training && id < l->graph->count; id++) {
        const struct node *n = graph_node(l->graph, id);
        if (n->shape.rank < RANK_MAX || !reads_outside(l, n))
            continue;
        struct diag *d = lower_error(l, frame, n->span, "what comes from outside of a 'scan' meets "
                                     "a value of %d axes here, and gradients have one of turns "
                                     "more", RANK_MAX - 1);
        diag_help(d, "reshape both to %d axes or fewer", RANK_MAX - 2);
        return false;
    }
    return true;
}

/* The argument `stateful`: may this scan go on from the batch before, and does it, here? */
static bool scan_stateful(struct lower *l, struct frame *frame, struct value v, bool reverse,
                          bool *stateful)
{
    struct diag *d = NULL;
    if (!builtin_flag(l, frame, v, "stateful", stateful))
        return false;
    if (*stateful && reverse)
        d = lower_error(l, frame, v.span, "a scan that runs backwards begins at the end: there is "
                        "nothing before it that it could go on from");
    else if (*stateful && lower_in_scan(l))
        d = lower_error(l, frame, v.span, "a scan in a cell begins anew in each turn, and cannot "
                        "go on from the batch before");
    else if (*stateful && frame->role == ROLE_METRIC)
        d = lower_error(l, frame, v.span, "a metric keeps nothing from batch to batch");
    return !d;
}

/* For export. */
static void note_scan(struct lower *l, int loop, int64_t detach, bool stateful)
{
    struct program *p = l->program;
    if (!p->notes_calls || l->phase != PHASE_PREDICT)
        return;
    struct scan_note *note = ARENA_NEW(l->arena, struct scan_note);
    *note = (struct scan_note){loop, detach, stateful, p->scanned};
    p->scanned = note;
}

/* scan(x, cell, reverse = false, detach, mask, stateful = false) */
struct value call_scan(struct lower *l, struct frame *frame, const struct builtin *b,
                       struct arguments *a, const char *path, struct span span)
{
    bool reverse = false, stateful = false;
    int64_t detach = 0;
    struct value x[SCAN_INPUTS], mask = {0};
    ARGUMENTS(6);
    bool model = frame->role == ROLE_BLOCK || frame->role == ROLE_MODEL ||
                 frame->role == ROLE_METRIC;
    if (!model || l->phase == PHASE_INIT) {
        lower_error(l, frame, span, "'scan' belongs to a model, a layer or a metric, and this "
                    "is %s",
                    role_name(l->phase == PHASE_INIT ? ROLE_INITIALISER : frame->role));
        return value_error();
    }
    int count = is_too_deep(l, frame, span) ? -1 : scan_inputs(l, frame, v[0], span, x);
    if (count < 0 || (given[2] && !builtin_flag(l, frame, v[2], "reverse", &reverse)) ||
        (given[3] && !scan_detach(l, frame, v[3], value_dim(l, x[0], 0), &detach)) ||
        (given[4] && !scan_mask(l, frame, v[4], value_dim(l, x[0], 0), &mask)) ||
        (given[5] && !scan_stateful(l, frame, v[5], reverse, &stateful)))
        return value_error();
    struct scan scan = {.fresh = -1, .mask = -1, .graph = l->graph,
                        .stateful = stateful && l->phase == PHASE_TRAIN,
                        .outer = lower_in_scan(l) ? l->scan : NULL};
    struct scan *around = l->scan;
    scan.per_row = given[4] || (scan.outer && scan.outer->per_row);
    for (int i = 0; i < count; i++)
        scan.per_row |= x[i].per_row;
    scan.loop = graph_add_loop(l->graph, value_dim(l, x[0], 0), reverse,
                               scan.outer ? scan.outer->loop : -1);
    note_scan(l, scan.loop, detach, stateful);
    for (int i = 0; i < count; i++)
        x[i] = slice(l, scan.loop, x[i]);
    if (given[4])
        scan.mask = slice(l, scan.loop, mask).node;
    if (detach)
        scan.fresh = fresh_turns(l, scan.loop, detach);
    l->scan = &scan;
    int first = l->graph->count;
    struct value out = run_cell(l, frame, v[1].layer, a->call, count, x);
    if (!leaves_axis(l, frame, first))
        out = value_error();
    l->scan = around;
    for (int i = 0; i < scan.count; i++)
        if (scan.carried[i].kept >= 0)
            lower_carry_on(l, scan.carried[i].kept, last_of(l, &scan.carried[i]));
    return scan_results(l, frame, &scan, out, span);
}
