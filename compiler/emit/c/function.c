/* The frame of a group's function: its pointers into the arena, its comment, its skeleton. */
#include <assert.h>
#include <inttypes.h>
#include <string.h>
#include "emit/c/function.h"
#include "emit/share.h"
#include "emit/text.h"
#include "passes/schedule.h"

const struct place *function_place(const struct function *f, int id)
{
    return &f->graph->schedule->place[id];
}

const struct node *group_first(const struct function *f)
{
    return graph_node(f->graph, f->group->node[0]);
}

const struct node *group_class_node(const struct function *f, enum op_class class)
{
    for (int i = 0; i < f->group->count; i++) {
        const struct node *node = graph_node(f->graph, f->group->node[i]);
        if (op_def(node->op)->class == class)
            return node;
    }
    return NULL;
}

bool function_computes(const struct function *f, int id)
{
    for (int i = 0; i < f->group->count; i++)
        if (f->group->node[i] == id)
            return true;
    return false;
}

bool function_stores(const struct function *f, int id)
{
    enum place_kind kind = function_place(f, id)->kind;
    return function_computes(f, id) && (kind == PLACE_ARENA || kind == PLACE_VARIABLE);
}

bool function_writes(const struct function *f, const struct node *node)
{
    return op_def(node->op)->class != CLASS_VIEW || function_stores(f, node->id);
}

/* The node that fills the storage a view looks at from its first element. */
static const struct node *pointed_node(const struct function *f, int id)
{
    const struct node *node = graph_node(f->graph, id);
    while (schedule_is_view(f->graph, node->id) &&
           place_same(function_place(f, node->operand[0]), function_place(f, node->id)))
        node = graph_node(f->graph, node->operand[0]);
    return node;
}

bool function_store_is_idle(const struct function *f, const struct node *node)
{
    if (!schedule_stores(node))
        return false;
    const struct node *value = pointed_node(f, node->operand[0]);
    return function_stores(f, value->id) &&
           place_same(function_place(f, value->id), function_place(f, node->id));
}

struct function function_before(const struct function *f, const char *suffix)
{
    return (struct function){.emit = f->emit, .graph = f->graph, .group = f->group,
                             .index = f->index, .shared = f->shared,
                             .values = values_new(f->emit->arena),
                             .name = arena_printf(f->emit->arena, "%s_%s", f->name, suffix)};
}

void function_use(struct function *f, enum op op)
{
    f->emit->used[op] = true;
}

static const char *pointer_name(struct function *f, const struct node *node, bool write)
{
    const struct place *place = function_place(f, node->id);
    if (place->kind == PLACE_VARIABLE) {
        const char *path = program_variable(f->graph->program, place->variable)->path;
        const char *last = f->shared ? strrchr(path, '/') : NULL;
        return emit_identifier(f->emit->arena, last ? last + 1 : path);
    }
    bool own = write || function_computes(f, node->id);
    return emit_name(f->emit, own ? "out" : op_def(node->op)->stem, node->id);
}

static const char *unique_name(struct function *f, const char *name)
{
    for (int i = 0; i < f->pointer_count; i++)
        if (strcmp(f->pointer[i].name, name) == 0)
            return unique_name(f, arena_printf(f->emit->arena, "%s_", name));
    return name;
}

/* The CONCAT or STACK at whose place the node lies already as a piece, or NULL. */
static const struct node *whole_around(const struct function *f, int id)
{
    int whole = f->graph->schedule->whole[id];
    if (whole < 0 || graph_node(f->graph, whole)->op == OP_KEEP)
        return NULL;
    const struct place *at = function_place(f, id), *around = function_place(f, whole);
    bool inside = at->kind == PLACE_ARENA && around->kind == PLACE_ARENA &&
                  at->offset >= around->offset &&
                  at->offset + at->bytes <= around->offset + around->bytes;
    return inside ? graph_node(f->graph, whole) : NULL;
}

/* ", parameters dense1/bias to dense2/w" of a block; "" for what is none. */
static const char *block_text(const struct function *f, const struct place *place)
{
    const struct program *program = f->graph->program;
    const struct variable *first = NULL, *last = NULL;
    for (int i = 0; place->kind == PLACE_VARIABLE && i < program->variable_count; i++) {
        const struct variable *v = program_variable(program, i);
        if (v->kind != VAR_PARAM || v->block != place->variable)
            continue;
        first = !first || v->block_start < first->block_start ? v : first;
        last = !last || v->block_start > last->block_start ? v : last;
    }
    if (!first)
        return "";
    if (first == last)
        return arena_printf(f->emit->arena, ", parameter %s", first->path);
    return arena_printf(f->emit->arena, ", parameters %s to %s", first->path, last->path);
}

/* ": column_sum_64, matmul_66": the values that a CONCAT is made of; "" for what is none. */
static const char *pieces_text(const struct function *f, const struct node *concat)
{
    struct text text;
    text_init(&text, f->emit->arena);
    text_puts(&text, "");
    for (int k = 0; concat->op == OP_CONCAT && k < concat->count; k++) {
        const struct node *piece = pointed_node(f, concat->operand[k]);
        text_printf(&text, "%s%s_%d", k == 0 ? ": " : ", ", op_def(piece->op)->stem, piece->id);
    }
    return text.data;
}

/* The value that lies there and its shape; what it is a piece of, or made of. */
static const char *pointer_comment(struct function *f, const struct node *node, bool write)
{
    struct arena *arena = f->emit->arena;
    const char *shape = shape_print(arena, node->dtype, &node->shape);
    const struct place *place = function_place(f, node->id);
    if (place->kind == PLACE_VARIABLE)
        return arena_printf(arena, "%s%s", shape, block_text(f, place));
    if (!write)
        return arena_printf(arena, "%s%s", shape, pieces_text(f, pointed_node(f, node->id)));
    const struct node *whole = whole_around(f, node->id);
    const char *value = arena_printf(arena, "%s_%d: %s", op_def(node->op)->stem, node->id, shape);
    return whole ? arena_printf(arena, "%s, a piece of %s_%d", value, op_def(whole->op)->stem,
                                whole->id)
                 : value;
}

/* Says that another value takes the place of what lay there. */
static void add_successor(struct function *f, struct pointer *p, const struct node *node)
{
    if (p->value == node->id || function_place(f, node->id)->kind == PLACE_VARIABLE)
        return;
    p->value = node->id;
    p->comment = arena_printf(f->emit->arena, "%s, then %s_%d", p->comment,
                              op_def(node->op)->stem, node->id);
}

/* The pointer to that place, if there is one. */
static struct pointer *find_pointer(struct function *f, const struct place *place,
                                    enum dtype dtype)
{
    for (int i = 0; i < f->pointer_count; i++)
        if (place_same(f->pointer[i].place, place) && f->pointer[i].dtype == dtype)
            return &f->pointer[i];
    return NULL;
}

const char *function_chunks(struct function *f, bool write)
{
    const struct place *place = f->group->chunks;
    struct pointer pointer = {.place = place, .bytes = place->bytes, .dtype = F32, .value = -1,
                              .name = unique_name(f, "chunks"), .written = write,
                              .comment = "sums of chunks"};
    struct pointer *p = find_pointer(f, place, F32);
    if (p)
        return p->name;
    ARENA_PUSH(f->emit->arena, f->pointer, f->pointer_count, f->pointer_room) = pointer;
    return pointer.name;
}

const char *function_pointer(struct function *f, int id, bool write)
{
    const struct node *node = graph_node(f->graph, id);
    const struct place *place = function_place(f, id);
    assert(place->kind == PLACE_ARENA || place->kind == PLACE_VARIABLE);
    struct pointer *p = find_pointer(f, place, node->dtype);
    if (p) {
        p->written = p->written || write;
        p->bytes = p->bytes > place->bytes ? p->bytes : place->bytes;
        if (write)
            add_successor(f, p, node);
        return p->name;
    }
    const struct node *named = write ? node : pointed_node(f, id);
    struct pointer pointer = {.place = place, .bytes = place->bytes, .dtype = node->dtype,
                              .value = named->id, .written = write};
    pointer.name = unique_name(f, pointer_name(f, named, write));
    pointer.comment = pointer_comment(f, node, write);
    ARENA_PUSH(f->emit->arena, f->pointer, f->pointer_count, f->pointer_room) = pointer;
    return pointer.name;
}

/* An initialiser, which may not call a function. */
static const char *list_element(struct arena *arena, float value)
{
    if (value != value)
        return "__builtin_nanf(\"\")";
    if (value - value != 0.0f)
        return value > 0.0f ? "__builtin_inff()" : "-__builtin_inff()";
    return emit_float(arena, value);
}

/* The elements of a constant that are not all the same, as an array of the file. */
static const char *constant_array(struct function *f, const struct node *node)
{
    struct emit *emit = f->emit;
    const char *name = arena_printf(emit->arena, "%s_const_%d", f->graph->name, node->id);
    for (int i = 0; i < emit->constant_count; i++)
        if (strcmp(emit->constant[i], name) == 0)
            return emit->constant[i];
    ARENA_PUSH(emit->arena, emit->constant, emit->constant_count, emit->constant_room) = name;
    int64_t count = shape_elements(&node->shape);
    struct text text;
    text_init(&text, emit->arena);
    for (int64_t i = 0; i < count; i++)
        text_printf(&text, "%s%s", i == 0 ? "" : i % 8 == 0 ? ",\n    " : ", ",
                    list_element(emit->arena, node->attr.list[i]));
    struct values *item = values_add_item(emit->file, "constant");
    values_set(item, "name", name);
    values_printf(item, "count", "%" PRId64, count);
    values_set(item, "elements", text.data);
    return name;
}

static const char *step_value(struct function *f, const struct node *node)
{
    static const char *const field[] = {[VALUE_STEP] = "step", [VALUE_STEPS] = "steps",
                                        [VALUE_EPOCH] = "epoch", [VALUE_ROWS] = "rows",
                                        [VALUE_BATCH] = "batch"};
    const char *text = arena_printf(f->emit->arena, "run->%s", field[node->attr.step_value]);
    enum dtype of = node->attr.step_value >= VALUE_ROWS ? I64 : I32;
    if (node->dtype == of)
        return text;
    return arena_printf(f->emit->arena, "(%s)%s", emit_ctype(node->dtype), text);
}

const char *function_constant(struct function *f, int id)
{
    const struct node *node = graph_node(f->graph, id);
    if (node->op == OP_STEP_VALUE)
        return step_value(f, node);
    if (node->op != OP_CONST)
        return NULL;
    if (node->dtype != F32)
        return arena_printf(f->emit->arena, "%" PRId64, node->attr.whole);
    return node->attr.list ? constant_array(f, node)
                           : emit_float(f->emit->arena, node->attr.value);
}

const char *function_local(struct function *f, int id)
{
    return emit_name(f->emit, op_def(graph_node(f->graph, id)->op)->stem, id);
}

const char *function_stream(struct function *f, const struct node *node)
{
    struct arena *arena = f->emit->arena;
    for (int i = 0; f->shared && i < f->shared->streams; i++)
        if (f->shared->own[i] == node->attr.stream)
            return arena_printf(arena, "(uint32_t)%s[%d]", f->emit->target->own, i);
    return arena_printf(arena, "0x%08" PRIx32 "u", node->attr.stream);
}

/* The offset of storage in its piece of the arena, or where the function finds it. */
static const char *offset_text(struct function *f, const struct place *place)
{
    const struct emit_target *target = f->emit->target;
    int streams = f->shared ? f->shared->streams : 0;
    for (int i = streams; f->shared && i < f->shared->own_count; i++)
        if (place_same(f->shared->place[i - streams], place))
            return arena_printf(f->emit->arena, "%s[%d]", target->own, i);
    assert(!f->shared);
    return emit_offset(f->emit, place);
}

static bool overlaps_another(const struct function *f, int index)
{
    const struct pointer *p = &f->pointer[index];
    for (int i = 0; i < f->pointer_count; i++) {
        const struct pointer *q = &f->pointer[i];
        int64_t from = p->place->offset, other = q->place->offset;
        if (i != index && from < other + q->bytes && other < from + p->bytes &&
            (p->written || q->written))
            return true;
    }
    return false;
}

static void render_pointers(struct function *f)
{
    const struct emit_target *target = f->emit->target;
    for (int i = 0; i < f->pointer_count; i++) {
        const struct pointer *p = &f->pointer[i];
        struct values *item = values_add_item(f->values, "pointer");
        values_printf(item, "pointer", "%s%s *%s%s = %s; /* %s */",
                      p->written ? "" : "const ", emit_ctype(p->dtype),
                      overlaps_another(f, i) ? "" : target->restrict_word, p->name,
                      target->pointer(f->emit, p->dtype, p->place, p->written,
                                      offset_text(f, p->place)), p->comment);
    }
}

/* Adds a model line that is not there yet. */
static void add_line_once(struct text *lines, const char *line)
{
    if (*line && (!lines->data || !strstr(lines->data, line)))
        text_printf(lines, "%s\n * ", line);
}

/* "add, max", or what is copied where. */
static const char *group_summary(struct function *f)
{
    struct text ops;
    bool gradient = true;
    text_init(&ops, f->emit->arena);
    for (int i = 0; i < f->group->count; i++) {
        const struct node *node = graph_node(f->graph, f->group->node[i]);
        if (schedule_stores(node) || !function_writes(f, node))
            continue;
        gradient = gradient && node->forward >= 0;
        text_printf(&ops, "%s%s", ops.size > 0 ? ", " : "", node_title(node));
    }
    if (ops.size > 0)
        return arena_printf(f->emit->arena, "%s%s", gradient ? "gradient: " : "", ops.data);
    const struct node *store = graph_node(f->graph, f->group->node[0]);
    if (store->op == OP_KEEP)
        return arena_printf(f->emit->arena, "copy to carry_%d", store->operand[1]);
    return arena_printf(f->emit->arena, "copy to %s",
                        program_variable(f->graph->program, store->attr.variable)->path);
}

/* The model's lines that the function comes from, then its operators in order. */
static void render_comment(struct function *f)
{
    struct text lines;
    text_init(&lines, f->emit->arena);
    for (int i = 0; i < f->group->count; i++) {
        const struct node *node = graph_node(f->graph, f->group->node[i]);
        if (!schedule_stores(node) || f->group->count == 1)
            add_line_once(&lines, emit_model_line(f->emit, node));
    }
    const char *shared = "";
    if (f->shared && f->shared->groups == 1)
        shared = arena_printf(f->emit->arena, "\n * in a loop: %s says where its storage lies in "
                              "the turn", f->emit->target->own);
    else if (f->shared)
        shared = arena_printf(f->emit->arena, "\n * of %d groups%s, here the first: %s says where "
                              "the storage of each lies", f->shared->groups,
                              f->shared->flat ? " of any size" : "", f->emit->target->own);
    values_set(f->values, "comment",
               arena_printf(f->emit->arena, "/* %s%s%s%s%s */", lines.data ? lines.data : "",
                            group_summary(f), f->mapping ? "\n * " : "",
                            f->mapping ? f->mapping : "", shared));
}

static bool any_overlap(const struct function *f)
{
    for (int i = 0; i < f->pointer_count; i++)
        if (overlaps_another(f, i))
            return true;
    return false;
}

void function_set_code(struct function *f, const char *key, const struct code *code, int indent)
{
    ARENA_PUSH(f->emit->arena, f->part, f->part_count, f->part_room) =
        (struct part_of_skeleton){key, *code, indent};
}

void function_set_body(struct function *f, const struct code *body)
{
    f->skeleton = f->emit->target->loops;
    function_set_code(f, "body", body, 1);
}

/* The line before a loop whose iterations are independent (templates/program/model.c), or NULL. */
static const char *independent_mark(const struct function *f)
{
    return f->emit->target->independent && !any_overlap(f) ? "INDEPENDENT" : NULL;
}

static void print_parts(struct function *f)
{
    const char *mark = independent_mark(f);
    values_set(f->values, "independent", mark ? mark : "");
    for (int i = 0; i < f->part_count; i++) {
        const struct part_of_skeleton *part = &f->part[i];
        struct text text;
        text_init(&text, f->emit->arena);
        text_puts(&text, "");
        code_print(&part->code, part->indent, mark, &text);
        values_set(f->values, part->key, text.data);
    }
}

void function_finish(struct function *f)
{
    const struct emit_target *target = f->emit->target;
    values_set(f->values, "name", f->name);
    values_set(f->values, "own", "");
    if (f->shared)
        values_printf(f->values, "own", ", const inv_own<%d> own", f->shared->own_count);
    values_set(f->values, "int", target->integer);
    render_comment(f);
    render_pointers(f);
    print_parts(f);
    struct text work, text;
    text_init(&work, f->emit->arena);
    text_init(&text, f->emit->arena);
    template_render(f->skeleton, f->values, &work);
    values_set(f->values, "work", work.data);
    values_set(f->values, "batch", "");
    if (emit_names_rows(work.data))
        values_printf(f->values, "batch", "const %s b = run->rows;", target->integer);
    template_render(target->function, f->values, &text);
    values_set(values_add_item(f->emit->file, "function"), "function", text.data);
}

const char *function_extent(struct function *f, struct extent extent)
{
    return emit_extent(f->emit->arena, extent);
}

void function_set_extent(struct function *f, const char *key, struct extent extent)
{
    values_set(f->values, key, function_extent(f, extent));
}

/* "64 * " before an index that counts rows of that length; "" for 1. */
const char *function_factor(struct function *f, struct extent extent)
{
    if (extent_is(extent, 1))
        return "";
    return arena_printf(f->emit->arena, "%s * ", function_extent(f, extent));
}

/* "out + 64 * i"; an empty index is none. */
const char *function_pointer_at(struct function *f, const char *pointer, struct extent stride,
                              const char *index)
{
    if (*index == '\0')
        return pointer;
    struct text text;
    text_init(&text, f->emit->arena);
    emit_term(&text, stride, index);
    if (text.size == 0)
        return pointer;
    return arena_printf(f->emit->arena, "%s + %s", pointer, text.data);
}

int64_t function_most(const struct function *f, struct extent extent)
{
    return extent_at(extent, f->graph->program->train.rows);
}
