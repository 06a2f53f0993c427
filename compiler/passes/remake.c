/* pass_remake: a cheap map of one array is made again where it is read, and not stored.
 *
 * requires:    pass_fuse.
 * establishes: no group stores for others a map of few instructions that reads one array of its
 *              size, dense in scratch, beside constants and small values, where all who read it
 *              are maps, sums of columns or epilogues, by its own index or reshaped: each group of
 *              them has a copy of its own, made of that array - which takes as long to read - and,
 *              of arrays that are such maps themselves, of copies of these.  Where copies were
 *              made, pass_fuse has run again.  Same operators on the same operands: no bit changes.
 *
 * What batch norm makes of an image, x - mean, its product with a scale and their like in the
 * gradient, is such maps: each would be written once and read by several sums. */
#include <assert.h>

#include "graph/op.h"
#include "passes/schedule.h"

enum {
    SMALL = 32,                         /* an operand of a part this small is no array */
    DEPTH_MOST = 8                      /* maps of maps that are made again */
};

/* A copy of a map: whose it is, and its new id. */
struct copy {
    int group, id, next;                /* next: of the same map, or -1 */
    struct shape shape;
};

struct remake {
    struct graph *graph;
    const struct schedule *schedule;
    struct arena *arena;
    struct node **old;
    struct ids *users;                  /* by old id */
    int *depth;                         /* by old id: maps within each other that readers make again
                                         * in its place, itself counted; 0: they read it */
    int *map;                           /* old id -> new id */
    int *copies;                        /* old id -> the first of its copies, or -1 */
    struct copy *copy;
    int copy_count, copy_room;
};

static enum op_class class_of(const struct remake *r, int id)
{
    return op_def(r->old[id]->op)->class;
}

/* What all RESHAPEs around the value are of. */
static int base_of(const struct remake *r, int id)
{
    while (r->old[id]->op == OP_RESHAPE && r->schedule->group_of[id] < 0)
        id = r->old[id]->operand[0];
    return id;
}

/* Is it one value, or a row of so few that all reads of it are of the nearest cache? */
static bool is_small(const struct remake *r, const struct node *map, int operand)
{
    const struct node *x = r->old[operand];
    const struct program *program = r->graph->program;
    return x->shape.rows < 0 && SMALL * schedule_bytes(program, x->dtype, &x->shape) <=
                                    schedule_bytes(program, map->dtype, &map->shape);
}

/* The one array that the map reads, or -1: there is none, or more. */
static int array_of(const struct remake *r, const struct node *map)
{
    int array = -1;
    for (int i = 0; i < map->count; i++) {
        int operand = map->operand[i];
        if (is_small(r, map, operand))
            continue;
        if ((array >= 0 && array != operand) ||
            !shape_equal(&r->old[operand]->shape, &map->shape))
            return -1;
        array = operand;
    }
    return array;
}

/* Does each small operand stand in the trailing axes that the two shapes have in common? */
static bool fits_shape(const struct remake *r, const struct node *map, const struct shape *shape)
{
    int common = shape_common_suffix(&map->shape, shape);
    bool fits = true;
    for (int i = 0; i < map->count; i++)
        fits = fits && (shape_equal(&r->old[map->operand[i]]->shape, &map->shape) ||
                        r->old[map->operand[i]]->shape.rank <= common);
    return fits;
}

/* Could the map be made in that shape, with those that it would be made of? */
static bool chain_fits(const struct remake *r, const struct node *map, const struct shape *shape)
{
    int base = base_of(r, array_of(r, map));
    return fits_shape(r, map, shape) &&
           (r->depth[base] == 0 || chain_fits(r, r->old[base], shape));
}

/* Can the node compute the map for itself, which it sees in that shape? */
static bool can_make(const struct remake *r, int user, const struct node *map,
                     const struct shape *shape)
{
    int group = r->schedule->group_of[user];
    if (group < 0 || r->schedule->loop_of[user] >= 0 || !chain_fits(r, map, shape))
        return false;
    if (group == r->schedule->group_of[map->id])
        return true;
    enum op_class kind = r->schedule->group[group].kind, class = class_of(r, user);
    return (class == CLASS_MAP &&
            (kind == CLASS_MAP || kind == CLASS_COLUMN || kind == CLASS_CONTRACT)) ||
           r->old[user]->op == OP_COLUMN_SUM;
}

/* Can all who read the value, through RESHAPEs, too? */
static bool readers_can(const struct remake *r, int value, const struct node *map)
{
    const struct ids *users = &r->users[value];
    bool can = true;
    for (int i = 0; can && i < users->count; i++) {
        int user = users->id[i];
        bool reshapes = r->old[user]->op == OP_RESHAPE && r->schedule->group_of[user] < 0;
        can = reshapes ? readers_can(r, user, map)
                       : can_make(r, user, map, &r->old[value]->shape);
    }
    return can;
}

static bool lies_in_scratch(const struct remake *r, int id)
{
    return r->schedule->place[id].kind == PLACE_ARENA && r->schedule->group_of[id] >= 0 &&
           r->schedule->loop_of[id] < 0;
}

/* Is the node a local of its group? */
static bool is_local(const struct remake *r, int id)
{
    return r->schedule->place[id].kind == PLACE_INLINE && r->schedule->group_of[id] >= 0 &&
           r->schedule->loop_of[id] < 0;
}

/* Finds whether readers make the map again, or, of a local, whether a map of it can be. */
static void look_at(struct remake *r, int id)
{
    const struct node *node = r->old[id];
    bool local = is_local(r, id);
    if (!op_is_cheap(node->op) || r->schedule->whole[id] >= 0 || !(local || lies_in_scratch(r, id)))
        return;
    int array = array_of(r, node), base = array < 0 ? -1 : base_of(r, array);
    if (base < 0 || !(r->depth[base] > 0 || lies_in_scratch(r, base)) ||
        r->depth[base] == DEPTH_MOST || !(local || readers_can(r, id, node)))
        return;
    r->depth[id] = r->depth[base] + 1;
}

/* ---- copies ---- */

static int append(struct remake *r, struct node *node)
{
    struct graph *graph = r->graph;
    node->id = graph->count;
    ARENA_PUSH(graph->nodes, graph->node, graph->count, graph->room) = node;
    return node->id;
}

/* A node like the old one, with room for its operands, and new ids of what else it refers to. */
static struct node *renumbered(const struct remake *r, const struct node *old)
{
    struct node *node = ARENA_NEW(r->graph->nodes, struct node);
    *node = *old;
    node->operand = ARENA_ARRAY(r->graph->nodes, int, old->count + 1);
    node->forward = old->forward >= 0 ? r->map[old->forward] : -1;
    if (old->again && old->after >= 0)
        node->after = r->map[old->after];
    return node;
}

/* The new id of the value in that shape. */
static int reshaped(struct remake *r, int id, const struct shape *shape)
{
    if (shape_equal(&r->graph->node[id]->shape, shape))
        return id;
    struct node *view = ARENA_NEW(r->graph->nodes, struct node);
    *view = *r->graph->node[id];
    view->op = OP_RESHAPE;
    view->attr = (struct attr){0};
    view->shape = *shape;
    view->count = 1;
    view->operand = ARENA_ARRAY(r->graph->nodes, int, 1);
    view->operand[0] = id;
    return append(r, view);
}

/* Does the group read a copy of its own? */
static bool takes_copy(const struct remake *r, int base, int group)
{
    return group >= 0 && r->depth[base] > 0 && r->schedule->group_of[base] != group;
}

/* The copy of the map, an old id, in that shape that the reader's group has. */
static int copy_for(struct remake *r, int id, const struct shape *shape, const struct node *reader,
                    int group)
{
    for (int c = r->copies[id]; c >= 0; c = r->copy[c].next)
        if (r->copy[c].group == group && shape_equal(&r->copy[c].shape, shape))
            return r->copy[c].id;
    const struct node *map = r->old[id];
    struct node *made = renumbered(r, map);
    int array = array_of(r, map), base = base_of(r, array);
    made->gradient |= reader->gradient;
    made->shape = *shape;
    int from = takes_copy(r, base, group) ? copy_for(r, base, shape, reader, group)
                                          : reshaped(r, r->map[base], shape);
    for (int i = 0; i < map->count; i++)
        made->operand[i] = map->operand[i] == array ? from : r->map[map->operand[i]];
    struct copy copy = {group, append(r, made), r->copies[id], *shape};
    r->copies[id] = r->copy_count;
    ARENA_PUSH(r->arena, r->copy, r->copy_count, r->copy_room) = copy;
    return copy.id;
}

/* The node as it reads what is there now. */
static void move(struct remake *r, int id)
{
    const struct node *node = r->old[id];
    struct node *moved = renumbered(r, node);
    int group = r->schedule->group_of[id];
    for (int i = 0; i < node->count; i++) {
        int operand = node->operand[i], base = base_of(r, operand);
        moved->operand[i] = takes_copy(r, base, group)
                                ? copy_for(r, base, &r->old[operand]->shape, node, group)
                                : r->map[operand];
    }
    r->map[id] = append(r, moved);
}

static void find_users(struct remake *r, int count)
{
    for (int id = 0; id < count; id++)
        for (int i = 0; i < r->old[id]->count; i++)
            ids_add(r->arena, &r->users[r->old[id]->operand[i]], id);
}

/* Marks maps that readers make again; are there any? */
static bool find_maps(struct remake *r, int count)
{
    bool any = false;
    for (int id = 0; id < count; id++) {
        look_at(r, id);
        any |= r->depth[id] > 0 && !is_local(r, id);
    }
    return any;
}

void pass_remake(struct graph *graph)
{
    struct arena *arena = arena_new();
    int count = graph->count;
    struct remake r = {.graph = graph, .schedule = graph->schedule, .arena = arena,
                       .old = graph->node, .users = ARENA_ARRAY(arena, struct ids, count + 1),
                       .depth = ARENA_ARRAY(arena, int, count + 1),
                       .map = ARENA_ARRAY(arena, int, count + 1),
                       .copies = ARENA_ARRAY(arena, int, count + 1)};
    find_users(&r, count);
    if (find_maps(&r, count)) {
        graph->node = NULL;
        graph->count = graph->room = 0;
        for (int id = 0; id < count; id++)
            r.copies[id] = -1;
        for (int id = 0; id < count; id++)
            move(&r, id);
        graph_drop_dead(graph);
        graph_verify(graph, "remake");
        pass_fuse(graph);
    }
    arena_free(arena);
}
