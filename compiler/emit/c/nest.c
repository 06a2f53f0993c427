/* Loop nests: axes that every access walks as one become one loop; a node's statement stands at
 * the innermost loop that it depends on; all elements are loaded before any is stored. */
#include <assert.h>
#include <inttypes.h>
#include <string.h>
#include "emit/c/nest.h"
#include "emit/text.h"
#include "passes/schedule.h"

static struct extent loop_stride(const struct nest *nest, const struct access *access, int loop)
{
    return access->stride[nest->loop[loop].axis];
}

/* ---- which axes become one loop ---- */

static bool form_walks_as_one(const struct shape *space, const struct linear *form, int outer,
                              int inner)
{
    if (inner == space->rows)
        return form->times[inner] == 0 && form->times[outer] == 0;
    return form->times[outer] == form->times[inner] * space->dim[inner];
}

/* Whether the access walks axes `outer` and `inner` as one axis. */
static bool walks_as_one(const struct shape *space, const struct access *access, int outer,
                         int inner)
{
    struct extent in = access->stride[inner], out = access->stride[outer];
    if (in.rows != 0 && inner == space->rows)
        return false;
    for (int i = 0; i < access->limits; i++)
        if (!form_walks_as_one(space, &access->limit[i].at, outer, inner))
            return false;
    return extent_equal(out, extent_multiply(in, extent_of(space, inner)));
}

static bool is_view(const struct node *node)
{
    return op_def(node->op)->class == CLASS_VIEW;
}

/* The access to the operand, or to the node itself where index is -1. */
static struct access nest_access(const struct nest *nest, const struct node *node, int index)
{
    const struct graph *graph = nest->function->graph;
    if (index >= 0 && is_view(node))
        return schedule_copied_access(graph, node->id, &nest->space);
    return schedule_access(graph, index < 0 ? node->id : node->operand[index], &nest->space);
}

/* The loops that the node's value depends on, as strides: position depends on its axis alone; where
 * that has extent 1 it is 0. */
static struct access value_access(const struct nest *nest, const struct node *node)
{
    struct access access = {.node = node->id};
    if (node->op != OP_POSITION)
        return nest_access(nest, node, -1);
    int axis = node->attr.axis;
    if (node->shape.dim[axis] != 1 || node->shape.rows == axis)
        access.stride[nest->space.rank - node->shape.rank + axis].constant = 1;
    return access;
}

static bool node_walks_as_one(const struct nest *nest, const struct node *node, int outer,
                              int inner)
{
    for (int k = -1; k < node->count; k++) {
        struct access access = nest_access(nest, node, k);
        if (!walks_as_one(&nest->space, &access, outer, inner))
            return false;
    }
    struct access value = value_access(nest, node);
    return walks_as_one(&nest->space, &value, outer, inner);
}

/* A nest with accesses of its own walks these, else those of the group's nodes. */
static bool all_walk_as_one(const struct nest *nest, int outer, int inner)
{
    const struct function *f = nest->function;
    for (int i = 0; i < nest->access_count; i++)
        if (!walks_as_one(&nest->space, &nest->access[i], outer, inner))
            return false;
    if (nest->access_count > 0)
        return true;
    for (int i = 0; i < f->group->count; i++) {
        const struct node *node = graph_node(f->graph, f->group->node[i]);
        bool inside = op_def(node->op)->class == CLASS_MAP || schedule_stores(node) ||
                      op_def(node->op)->class == CLASS_ROW || is_view(node);
        if (inside && function_writes(f, node) && !node_walks_as_one(nest, node, outer, inner))
            return false;
    }
    return true;
}

static void add_loop(struct nest *nest, int axis)
{
    static const char *const names[RANK_MAX] = {"i", "j", "k", "l", "m", "n", "o", "p", "ninth"};
    struct nest_loop *loop = &nest->loop[nest->rank];
    *loop = (struct nest_loop){.extent = extent_of(&nest->space, axis), .axis = axis,
                                 .name = names[nest->rank]};
    nest->rank++;
}

static bool is_kept(const struct nest *nest, int axis, unsigned keep)
{
    return (keep & KEEP_ALL) || (axis == 0 && keep & KEEP_FIRST) ||
           (axis == nest->space.rank - 1 && keep & KEEP_LAST);
}

void nest_init(struct nest *nest, struct function *f, const struct shape *space, unsigned keep)
{
    nest->function = f;
    nest->space = *space;
    int previous = -1;
    for (int axis = 0; axis < space->rank; axis++) {
        bool kept = is_kept(nest, axis, keep);
        if (extent_is(extent_of(space, axis), 1) && !kept)
            continue;
        kept = kept || (previous >= 0 && is_kept(nest, previous, keep));
        if (previous >= 0 && !kept && all_walk_as_one(nest, previous, axis)) {
            struct nest_loop *loop = &nest->loop[nest->rank - 1];
            loop->extent = extent_multiply(loop->extent, extent_of(space, axis));
            loop->axis = axis;
        } else {
            add_loop(nest, axis);
        }
        previous = axis;
    }
    for (int i = 0; i < nest->rank; i++)
        nest->loop[i].to = emit_extent(f->emit->arena, nest->loop[i].extent);
}

/* "i / 784", "i / 28 % 28", "i % 28": loop number `loop` of a joint index. */
static const char *joint_index(const struct nest *nest, int first, int loop, int last,
                               const char *name)
{
    struct arena *arena = nest->function->emit->arena;
    struct extent inner = {.constant = 1};
    for (int i = loop + 1; i < last; i++)
        inner = extent_multiply(inner, nest->loop[i].extent);
    const char *text = name;
    if (!extent_is(inner, 1))
        text = arena_printf(arena, inner.rows ? "%s / (%s)" : "%s / %s", text,
                            emit_extent(arena, inner));
    if (loop > first)
        text = arena_printf(arena, nest->loop[loop].extent.rows ? "%s %% (%s)" : "%s %% %s", text,
                            nest->loop[loop].to);
    return text;
}

void nest_join(struct nest *nest, int first, int last, const char *name, struct code *code)
{
    struct arena *arena = nest->function->emit->arena;
    if (last == first + 1)
        nest->loop[first].name = name;
    if (last <= first + 1)
        return;
    for (int i = first; i < last; i++) {
        bool one = extent_is(nest->loop[i].extent, 1);
        nest->loop[i].name = one ? "0" : arena_printf(arena, "%s%d", name, i - first);
        if (!one)
            code_line(code, "const %s %s = %s;", nest->function->emit->target->integer,
                      nest->loop[i].name, joint_index(nest, first, i, last, name));
    }
}

void nest_rows(struct nest *nest, struct code *code)
{
    struct extent rows = {.constant = 1};
    assert(nest->rank > 1);
    for (int i = 0; i < nest->rank - 1; i++)
        rows = extent_multiply(rows, nest->loop[i].extent);
    nest_join(nest, 0, nest->rank - 1, "r", code);
    nest->function->count = rows;
}

void nest_wrap_rows(const struct nest *nest, const struct code *body, struct code *code)
{
    const char *integer = nest->function->emit->target->integer;
    code_block(code, arena_printf(code->arena, "for (%s r = begin; r < end; r++)", integer), body);
}

void nest_split(struct nest *nest, int loop)
{
    nest->loop[loop].from = "begin";
    nest->loop[loop].to = "end";
    nest->function->count = nest->loop[loop].extent;
}

/* ---- reading ---- */

/* "2 * j + l - 1" */
static const char *form_text(const struct nest *nest, const struct linear *form)
{
    struct text text;
    text_init(&text, nest->function->emit->arena);
    text_puts(&text, "");
    for (int i = 0; i < nest->rank; i++) {
        int64_t times = form->times[nest->loop[i].axis];
        const char *sign = text.size == 0 ? times < 0 ? "-" : "" : times < 0 ? " - " : " + ";
        int64_t size = times < 0 ? -times : times;
        if (size > 1)
            text_printf(&text, "%s%" PRId64 " * %s", sign, size, nest->loop[i].name);
        else if (size == 1)
            text_printf(&text, "%s%s", sign, nest->loop[i].name);
    }
    if (text.size == 0)
        text_printf(&text, "%" PRId64, form->start);
    else if (form->start != 0)
        text_printf(&text, " %c %" PRId64, form->start < 0 ? '-' : '+',
                    form->start < 0 ? -form->start : form->start);
    return text.data;
}

/* The condition under which the access is to an element; NULL: always. */
static const char *nest_inside(const struct nest *nest, const struct access *access)
{
    struct text text;
    text_init(&text, nest->function->emit->arena);
    for (int i = 0; i < access->limits; i++) {
        const struct limit *limit = &access->limit[i];
        const char *at = form_text(nest, &limit->at), *and = i > 0 ? " && " : "";
        if (limit->divisor > 1)
            text_printf(&text, "%s%s >= 0 && (%s) %% %" PRId64 " == 0 && (%s) / %" PRId64
                        " < %" PRId64, and, at, at, limit->divisor, at, limit->divisor,
                        limit->extent);
        else
            text_printf(&text, "%s%s >= 0 && %s < %" PRId64, and, at, at, limit->extent);
    }
    return access->limits > 0 ? text.data : NULL;
}

/* The access where its limits hold, in what stands outside of them. */
static const char *within_limits(const struct nest *nest, const struct access *access,
                                 const char *element)
{
    struct arena *arena = nest->function->emit->arena;
    const char *inside = nest_inside(nest, access);
    return inside ? arena_printf(arena, "(%s ? %s : %s)", inside, element,
                                 emit_float(arena, access->outside))
                  : element;
}

const char *nest_index(const struct nest *nest, const struct access *access)
{
    struct text text;
    text_init(&text, nest->function->emit->arena);
    for (int i = 0; i < nest->rank; i++)
        emit_term(&text, loop_stride(nest, access, i), nest->loop[i].name);
    for (int i = 0; i < access->limits; i++)
        if (access->limit[i].divisor > 1)
            emit_term(&text, access->limit[i].stride,
                      arena_printf(text.arena, "((%s) / %" PRId64 ")",
                                   form_text(nest, &access->limit[i].at),
                                   access->limit[i].divisor));
    if (text.size > 0 && access->offset.rows == 0 && access->offset.constant < 0)
        text_printf(&text, " - %" PRId64, -access->offset.constant);
    else if (!extent_is(access->offset, 0) || text.size == 0)
        text_printf(&text, "%s%s", text.size > 0 ? " + " : "",
                    emit_extent(text.arena, access->offset));
    return text.data;
}

static const char *memory_text(struct nest *nest, const struct access *access)
{
    return arena_printf(nest->function->emit->arena, "%s[%s]",
                        function_pointer(nest->function, access->node, false),
                        nest_index(nest, access));
}

const char *nest_read(struct nest *nest, const struct access *access)
{
    struct function *f = nest->function;
    const char *constant = function_constant(f, access->node);
    if (constant && graph_node(f->graph, access->node)->attr.list)
        constant = arena_printf(f->emit->arena, "%s[%s]", constant, nest_index(nest, access));
    if (constant)
        return within_limits(nest, access, constant);
    if (!function_computes(f, access->node))
        return within_limits(nest, access, memory_text(nest, access));
    const char *text = nest->local ? nest->local(nest, access->node) : NULL;
    return text ? text : function_local(f, access->node);
}

const char *nest_operand(struct nest *nest, int operand)
{
    struct access access = schedule_access(nest->function->graph, operand, &nest->space);
    return nest_read(nest, &access);
}

/* ---- statements ---- */

static const char *position_text(struct nest *nest, const struct node *node)
{
    struct access access = value_access(nest, node);
    function_use(nest->function, node->op);
    return arena_printf(nest->function->emit->arena, "inv_position(%s)",
                        nest_index(nest, &access));
}

/* The dtype that names an operator's function: of the first operand that is no truth value. */
static enum dtype function_dtype(const struct function *f, const struct node *node)
{
    for (int k = 0; k < node->count; k++) {
        enum dtype dtype = graph_node(f->graph, node->operand[k])->dtype;
        if (dtype != BOOL)
            return dtype;
    }
    return BOOL;
}

static const char *nest_expression(struct nest *nest, const struct node *node)
{
    struct function *f = nest->function;
    if (node->op == OP_POSITION)
        return position_text(nest, node);
    if (op_def(node->op)->class == CLASS_ROW)
        return nest->reduction(nest, node);
    if (op_def(node->op)->class != CLASS_MAP) {
        struct access access = nest_access(nest, node, 0);
        return nest_read(nest, &access);
    }
    struct text text;
    text_init(&text, f->emit->arena);
    text_printf(&text, "inv_%s%s(", op_def(node->op)->stem,
                emit_suffix(function_dtype(f, node)));
    for (int k = 0; k < node->count; k++)
        text_printf(&text, "%s%s", k == 0 ? "" : ", ", nest_operand(nest, node->operand[k]));
    text_puts(&text, ")");
    function_use(f, node->op);
    return text.data;
}

const char *nest_target(struct nest *nest, const struct node *node)
{
    struct access access = nest_access(nest, node, -1);
    return arena_printf(nest->function->emit->arena, "%s[%s]",
                        function_pointer(nest->function, node->id, true),
                        nest_index(nest, &access));
}

/* ---- blocks of statements ---- */

bool block_holds(const struct block *block, int id)
{
    for (int i = 0; i < block->count; i++)
        if (block->node[i] == id)
            return true;
    return false;
}

/* Whether `user` reads the value of node `id` as a local; contractions read memory. */
static bool reads(const struct nest *nest, const struct node *user, int id)
{
    bool inside = op_def(user->op)->class != CLASS_CONTRACT;
    for (int k = 0; inside && k < user->count; k++)
        if (nest_access(nest, user, k).node == id)
            return true;
    return false;
}

/* Do other statements need the node as a local? */
static bool has_readers(const struct nest *nest, const struct block *block, int id)
{
    const struct function *f = nest->function;
    for (int i = 0; i < f->group->count; i++) {
        const struct node *user = graph_node(f->graph, f->group->node[i]);
        bool apart = nest->reread && nest->reread(nest, id) && !block_holds(block, user->id);
        bool idle = function_store_is_idle(f, user);
        if (user->id != id && !apart && !idle && reads(nest, user, id))
            return true;
    }
    return false;
}

static int count_readers(const struct nest *nest, int id)
{
    const struct function *f = nest->function;
    int count = 0;
    for (int i = 0; i < f->group->count; i++) {
        const struct node *user = graph_node(f->graph, f->group->node[i]);
        if (user->id != id && function_writes(f, user) && !function_store_is_idle(f, user))
            count += reads(nest, user, id);
    }
    return count;
}

/* What a block puts where: one node into its memory or row array. */
struct target {
    const struct node *node;
    const char *array;                  /* NULL: memory */
};

static int block_targets(struct nest *nest, const struct block *block, struct target *target)
{
    struct function *f = nest->function;
    int count = 0;
    for (int i = 0; i < block->count; i++) {
        const struct node *node = graph_node(f->graph, block->node[i]);
        const char *array = nest->array ? nest->array(nest, node->id) : NULL;
        if (array)
            target[count++] = (struct target){node, array};
        if (function_stores(f, node->id) && !function_store_is_idle(f, node))
            target[count++] = (struct target){.node = node};
    }
    return count;
}

/* Where a block stores only once, the value goes there without a local if nothing else reads it:
 * the node of that value, or -1. */
static int direct_node(struct nest *nest, const struct block *block,
                       const struct target *target, int count)
{
    if (count != 1)
        return -1;
    const struct node *node = target[0].node;
    if (nest->guard && !target[0].array && *nest->guard(nest, node))
        return -1;
    if (!schedule_stores(node))
        return has_readers(nest, block, node->id) ? -1 : node->id;
    int value = nest_access(nest, node, 0).node;
    for (int i = 0; i < block->count; i++)
        if (block->node[i] == value && count_readers(nest, value) == 1)
            return value;
    return -1;
}

static int node_depth(const struct nest *nest, const struct node *node)
{
    struct access value = value_access(nest, node);
    int depth = nest->outer;
    for (int i = nest->outer; i < nest->rank; i++)
        if (!extent_is(loop_stride(nest, &value, i), 0))
            depth = i + 1;
    return depth;
}

static void add_local(struct nest *nest, const struct node *node, struct code *code)
{
    code_line(code, "const %s %s = %s;", emit_ctype(node->dtype),
              function_local(nest->function, node->id), nest_expression(nest, node));
}

static void add_target(struct nest *nest, const struct target *target, int direct,
                       struct code *code)
{
    struct function *f = nest->function;
    const struct node *node = target->node;
    int value = schedule_stores(node) ? nest_access(nest, node, 0).node : node->id;
    const char *expression, *guard = "";
    if (nest->guard && !target->array)
        guard = nest->guard(nest, node);
    if (value == direct)
        expression = nest_expression(nest, graph_node(f->graph, direct));
    else
        expression = schedule_stores(node) ? nest_operand(nest, node->operand[0])
                                          : function_local(f, node->id);
    struct code store;
    code_init(&store, f->emit->arena);
    code_line(&store, "%s = %s;", target->array ? target->array : nest_target(nest, node),
              expression);
    if (*guard)
        code_block(code, arena_printf(f->emit->arena, "if (%s)", guard), &store);
    else
        code_append(code, &store);
}

void nest_block(struct nest *nest, const struct block *block, int depth, struct code *code)
{
    struct function *f = nest->function;
    struct target *target = ARENA_ARRAY(f->emit->arena, struct target, 2 * block->count + 1);
    int targets = block_targets(nest, block, target);
    int direct = direct_node(nest, block, target, targets);
    for (int i = 0; i < block->count; i++) {
        const struct node *node = graph_node(f->graph, block->node[i]);
        bool here = depth < 0 || node_depth(nest, node) == depth;
        if (here && !schedule_stores(node) && node->id != direct)
            add_local(nest, node, code);
    }
    if (nest->fence && targets > 0)
        code_line(code, "%s", nest->fence);
    for (int i = 0; i < targets; i++)
        if (depth < 0 || depth == nest->rank)
            add_target(nest, &target[i], direct, code);
}

/* Turns of a loop that compilers would take apart before they make vectors of them; fewer fill
 * none. */
enum { ROLLED_TURNS = 4 };

void nest_loop(struct nest *nest, int loop, bool innermost, const struct code *body,
               struct code *code)
{
    const struct nest_loop *l = &nest->loop[loop];
    const char *step = l->step ? l->step : arena_printf(code->arena, "%s++", l->name);
    const char *head = arena_printf(code->arena, "for (%s %s = %s; %s < %s; %s)",
                                    nest->function->emit->target->integer, l->name,
                                    l->from ? l->from : "0", l->name, l->to, step);
    nest->looped = true;
    if (innermost)
        code_loop(code, head, body, !l->from && l->extent.rows == 0 &&
                                        l->extent.constant >= ROLLED_TURNS);
    else
        code_block(code, head, body);
}

void nest_wrap(struct nest *nest, int loops, const struct code *body, struct code *code)
{
    struct code inner = *body;
    for (int loop = loops - 1; loop >= 0; loop--) {
        struct code outer;
        code_init(&outer, code->arena);
        nest_loop(nest, loop, !nest->looped, &inner, &outer);
        inner = outer;
    }
    code_append(code, &inner);
}

static void emit_depth(struct nest *nest, const struct block *block, int depth, struct code *code)
{
    nest_block(nest, block, depth, code);
    if (depth == nest->rank)
        return;
    struct code body;
    code_init(&body, code->arena);
    emit_depth(nest, block, depth + 1, &body);
    nest_loop(nest, depth, depth + 1 == nest->rank, &body, code);
}

bool nest_includes(const struct nest *nest, const struct node *node)
{
    const struct function *f = nest->function;
    if (!function_writes(f, node) || function_store_is_idle(f, node))
        return false;
    return function_stores(f, node->id) || count_readers(nest, node->id) > 0;
}

static struct block nest_statements(const struct nest *nest)
{
    const struct function *f = nest->function;
    struct block block = {.node = ARENA_ARRAY(f->emit->arena, int, f->group->count)};
    for (int i = 0; i < f->group->count; i++) {
        const struct node *node = graph_node(f->graph, f->group->node[i]);
        enum op_class class = op_def(node->op)->class;
        bool inside = class == CLASS_MAP || class == CLASS_VIEW || class == CLASS_STORE;
        if (inside && nest_includes(nest, node))
            block.node[block.count++] = node->id;
    }
    return block;
}

void nest_emit(struct nest *nest, struct code *code)
{
    struct block block = nest_statements(nest);
    if (block.count > 0)
        emit_depth(nest, &block, nest->outer, code);
}

void nest_emit_flat(struct nest *nest, struct code *code)
{
    struct block block = nest_statements(nest);
    nest_block(nest, &block, -1, code);
}
