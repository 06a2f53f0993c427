/* Each group is written down as numbers, in which its nodes and storage are counted as they come:
 * groups of the same numbers are alike. */
#include "emit/share.h"

#include <assert.h>
#include <limits.h>
#include <string.h>
#include "base/chains.h"
#include "emit/c/table.h"
#include "passes/schedule.h"

/* Storage, streams, and nodes outside, of groups that are looked at: others are long, and share
 * nothing.  In loops all are looked at, for storage may move. */
enum { PARTS_MAX = 64 };

struct storage_part {
    const struct place *place;
    int64_t bytes;                      /* of the largest value there */
};

struct writing {
    struct emit *emit;
    const struct graph *graph;
    int group;
    struct extent elements;             /* of a flat group; 0: the group is not flat */
    struct text numbers;
    int parts_max;
    int *outside;
    int outside_count, outside_room;
    struct storage_part *part;
    int part_count, part_room;
    int64_t stream[PARTS_MAX];
    int stream_count;
    bool long_group;
};

/* A text of numbers that some groups have. */
struct kind {
    const char *numbers;
    size_t size;
    struct shared *shared;
};

struct kinds {
    struct kind *kind;
    int count, room;
    struct chains by_numbers;
};

static bool computes(const struct writing *w, int id)
{
    return w->graph->schedule->group_of[id] == w->group;
}

static void put(struct writing *w, int64_t number)
{
    text_add(&w->numbers, (const char *)&number, sizeof number);
}

static bool is_flat(const struct writing *w)
{
    return w->elements.constant != 0 || w->elements.rows != 0;
}

/* In a flat group all the elements in their order, or one. */
static bool has_flat_shape(const struct writing *w, const struct node *node)
{
    struct extent all = extent_of_all(&node->shape);
    return extent_is(all, 1) || extent_equal(all, w->elements);
}

static void put_shape(struct writing *w, const struct node *node)
{
    const struct shape *shape = &node->shape;
    if (is_flat(w) && has_flat_shape(w, node)) {
        put(w, extent_is(extent_of_all(shape), 1) ? -1 : -2);
        return;
    }
    put(w, shape->rank);
    put(w, shape->rows);
    for (int axis = 0; axis < shape->rank; axis++)
        put(w, shape->dim[axis]);
}

static void put_number(void *to, int64_t number)
{
    put(to, number);
}

/* What the operator reads, but for the variable, the loop, and the stream, which is the group's
 * own. */
static void put_attributes(struct writing *w, const struct node *node)
{
    unsigned has = op_def(node->op)->attributes;
    node_numbers(node, has & ~(unsigned)(ATTR_VARIABLE | ATTR_LOOP | ATTR_PATH | ATTR_STREAM),
                 put_number, w);
    if (has & ATTR_STREAM && computes(w, node->id) && w->stream_count < PARTS_MAX)
        w->stream[w->stream_count++] = node->attr.stream;
}

/* Storage is named by its number: the same for values that begin at one place. */
static void put_place(struct writing *w, const struct place *place)
{
    put(w, place->kind);
    put(w, is_flat(w) ? 0 : place->bytes);
    put(w, place->row_bytes);
    if (place->kind != PLACE_ARENA && place->kind != PLACE_VARIABLE)
        return;
    int i = 0;
    while (i < w->part_count && !place_same(w->part[i].place, place))
        i++;
    if (i == w->parts_max) {
        w->long_group = true;
        return;
    }
    if (i == w->part_count)
        ARENA_PUSH(w->emit->arena, w->part, w->part_count, w->part_room) =
            (struct storage_part){.place = place};
    if (place->bytes > w->part[i].bytes)
        w->part[i].bytes = place->bytes;
    put(w, i);
}

static void put_node(struct writing *, int id);

/* A node that another one reads: its number in the group, or among those outside, which are
 * written down where they come first. */
static void put_operand(struct writing *w, int id)
{
    const struct group *group = &w->graph->schedule->group[w->group];
    put(w, computes(w, id));
    for (int i = 0; computes(w, id); i++)
        if (group->node[i] == id) {
            put(w, i);
            return;
        }
    int i = 0;
    while (i < w->outside_count && w->outside[i] != id)
        i++;
    put(w, i);
    if (i < w->outside_count || w->long_group)
        return;
    w->long_group = i == w->parts_max;
    if (w->long_group)
        return;
    ARENA_PUSH(w->emit->arena, w->outside, w->outside_count, w->outside_room) = id;
    put_node(w, id);
}

static void put_node(struct writing *w, int id)
{
    const struct node *node = graph_node(w->graph, id);
    bool view = op_def(node->op)->class == CLASS_VIEW;
    put(w, (int64_t)node->op);
    put(w, (int64_t)node->dtype);
    put_shape(w, node);
    put_attributes(w, node);
    put_place(w, &w->graph->schedule->place[id]);
    put(w, w->graph->schedule->group_of[id] < 0);
    for (int i = 0; i < node->count && (view || computes(w, id)); i++)
        put_operand(w, node->operand[i]);
}

/* Which storage overlaps, and how; in which piece of the arena each lies. */
static void put_overlaps(struct writing *w)
{
    const struct emit_target *target = w->emit->target;
    for (int i = 0; i < w->part_count; i++) {
        const struct storage_part *a = &w->part[i];
        int64_t from = a->place->offset;
        put(w, target->piece ? target->piece(w->emit, from) : 0);
        for (int j = 0; j < i; j++) {
            const struct storage_part *b = &w->part[j];
            int64_t other = b->place->offset;
            bool apart = from >= other + b->bytes || other >= from + a->bytes;
            put(w, apart ? INT64_MAX : from - other);
        }
    }
}

/* ---- groups of one loop over elements, whatever their number and shape ---- */

/* Does a loop over the elements read the operand at its own index, or as one value? */
static bool reads_flat(const struct writing *w, int id)
{
    const struct node *node = graph_node(w->graph, id);
    bool inlined = w->graph->schedule->place[id].kind == PLACE_INLINE && !computes(w, id);
    if (!has_flat_shape(w, node) || node->attr.list)
        return false;
    return op_def(node->op)->class != CLASS_VIEW || !inlined ||
           (node->op == OP_BROADCAST &&
            extent_is(extent_of_all(&graph_node(w->graph, node->operand[0])->shape), 1));
}

/* Only the lines of phases then say how many elements there are. */
static bool loops_flat(const struct writing *w)
{
    const struct group *group = &w->graph->schedule->group[w->group];
    if (!w->emit->target->flat || extent_is(w->elements, 1) ||
        schedule_is_by_rows(w->graph, group))
        return false;
    if (group->kind == CLASS_RANDOM) {
        const struct node *draw = graph_node(w->graph, group->node[0]);
        return draw->attr.domain != DOMAIN_SAMPLE && draw->shape.rows < 0 && group->count == 1;
    }
    bool flat = group->kind == CLASS_MAP;
    for (int i = 0; i < group->count && flat; i++) {
        const struct node *node = graph_node(w->graph, group->node[i]);
        flat = op_def(node->op)->class != CLASS_VIEW && node->op != OP_POSITION &&
               reads_flat(w, node->id);
        for (int k = 0; k < node->count && flat; k++)
            flat = reads_flat(w, node->operand[k]);
    }
    return flat;
}

/* Of the first that is more than one value: in a flat group all such have as many. */
static void find_elements(struct writing *w)
{
    const struct group *group = &w->graph->schedule->group[w->group];
    w->elements = (struct extent){.constant = 1};
    for (int i = 0; i < group->count && extent_is(w->elements, 1); i++)
        w->elements = extent_of_all(&graph_node(w->graph, group->node[i])->shape);
    if (!loops_flat(w))
        w->elements = (struct extent){0};
}

static void write_group(struct writing *w, const struct graph *graph, int index)
{
    const struct group *group = &graph->schedule->group[index];
    w->graph = graph;
    w->group = index;
    w->parts_max = group->loop < 0 ? PARTS_MAX : INT_MAX;
    find_elements(w);
    w->numbers.size = 0;
    w->outside_count = w->part_count = w->stream_count = 0;
    w->long_group = false;
    put(w, (int64_t)group->kind);
    put(w, schedule_is_by_rows(graph, group));
    put(w, group->sums);
    put(w, group->count);
    if (w->emit->target->own_loops)
        put(w, emit_group_gradient(w->emit, graph, group) > 0);
    for (int i = 0; i < group->count && !w->long_group; i++)
        put_node(w, group->node[i]);
    put(w, group->chunks != NULL);
    if (group->chunks)
        put_place(w, group->chunks);
    put_overlaps(w);
    assert(!w->long_group || group->loop < 0);
}

/* ---- kinds ---- */

static uint32_t hash_of(const struct text *numbers)
{
    uint64_t hash = 14695981039346656037u;
    for (size_t i = 0; i + sizeof(uint64_t) <= numbers->size; i += sizeof(uint64_t)) {
        uint64_t word;
        memcpy(&word, numbers->data + i, sizeof word);
        hash = (hash ^ word) * 1099511628211u;
        hash ^= hash >> 29;
    }
    return (uint32_t)(hash ^ hash >> 32);
}

/* The group's own numbers: streams, then offsets. */
static int64_t *list_own(const struct writing *w)
{
    int64_t *own = ARENA_ARRAY(w->emit->arena, int64_t, w->stream_count + w->part_count + 1);
    for (int i = 0; i < w->stream_count; i++)
        own[i] = w->stream[i];
    for (int i = 0; i < w->part_count; i++)
        own[w->stream_count + i] = w->part[i].place->offset;
    return own;
}

/* The places that these offsets are of. */
static const struct place **list_places(const struct writing *w)
{
    const struct place **place =
        ARENA_ARRAY(w->emit->arena, const struct place *, w->part_count + 1);
    for (int i = 0; i < w->part_count; i++)
        place[i] = w->part[i].place;
    return place;
}

static bool any_moves(const struct writing *w)
{
    bool moves = false;
    for (int i = 0; i < w->part_count; i++)
        moves = moves || place_moves(w->part[i].place);
    return moves;
}

static struct shared *new_shared(const struct writing *w)
{
    struct shared *shared = ARENA_NEW(w->emit->arena, struct shared);
    shared->own = list_own(w);
    shared->place = list_places(w);
    shared->own_count = w->stream_count + w->part_count;
    shared->streams = w->stream_count;
    shared->flat = is_flat(w);
    return shared;
}

/* Does a group stand in a line of its phase that has its storage's place in it? */
static bool stands_alone(const struct writing *w)
{
    const struct group *group = &w->graph->schedule->group[w->group];
    return w->long_group || (w->emit->program->library_kernels && group->kind == CLASS_CONTRACT);
}

static struct shared *find_shared(struct kinds *kinds, const struct writing *w)
{
    struct arena *arena = w->emit->arena;
    size_t size = w->numbers.size;
    uint32_t hash = hash_of(&w->numbers);
    if (stands_alone(w))
        return new_shared(w);
    for (int k = chains_first(&kinds->by_numbers, hash); k >= 0;
         k = chains_next(&kinds->by_numbers, k))
        if (kinds->kind[k].size == size &&
            memcmp(kinds->kind[k].numbers, w->numbers.data, size) == 0)
            return kinds->kind[k].shared;
    struct kind kind = {arena_strndup(arena, w->numbers.data, size), size, new_shared(w)};
    chains_add(&kinds->by_numbers, kinds->count, hash);
    ARENA_PUSH(arena, kinds->kind, kinds->count, kinds->room) = kind;
    return kind.shared;
}

bool share_has_own(const struct shared *shared)
{
    return shared->groups > 1 || shared->moves;
}

void share_groups(struct emit *emit)
{
    struct writing *w = ARENA_NEW(emit->arena, struct writing);
    struct kinds kinds = {0};
    w->emit = emit;
    chains_init(&kinds.by_numbers, emit->arena);
    text_init(&w->numbers, emit->arena);
    for (int phase = 0; phase < PHASE_COUNT; phase++) {
        const struct graph *graph = emit->program->phase[phase];
        int count = graph ? graph->schedule->group_count : 0;
        emit->user[phase] = ARENA_ARRAY(emit->arena, struct user, count + 1);
        for (int i = 0; i < count; i++) {
            write_group(w, graph, i);
            struct shared *shared = find_shared(&kinds, w);
            shared->groups++;
            shared->phases |= 1u << phase;
            shared->moves |= any_moves(w);
            emit->user[phase][i] = (struct user){shared, list_own(w), list_places(w),
                                                 w->elements};
        }
    }
}
