/* pass_bands: groups that run together, some rows at a time, so that what one of them makes for the
 * next lies in a thread's scratch while a cache holds it.
 *
 * requires:    pass_order; before pass_plan.
 * establishes: schedule->band, the groups of each one after another, and row_bytes of the places in
 *              its scratch.  Each group still runs by a function of its own over its own outputs,
 *              so no sum changes its order.
 *
 * A band begins with a product of pages, q k' of attention, and ends with one of what was made of
 * its rows, each row of which takes one row of that.  Between them stand groups over the same rows.
 * Rows that are short enough to lie beside one another (passes/rows.h) are small as a whole, and
 * phases with loops have no bands yet. */
#include <assert.h>
#include <string.h>

#include "graph/op.h"
#include "passes/rows.h"

enum {
    SPAN_MAX = 32,                      /* groups that one may stretch over */
    TILE_BYTES = 512 << 10,             /* of scratch, for what lies in a level-2 cache */
    ROWS_MAX = 128, ROWS_MULTIPLE = 8,  /* of a piece */
    SCRATCH_ALIGN = 64
};

struct bands {
    const struct graph *graph;
    struct schedule *schedule;
    struct arena *arena;
    struct ids *before;                 /* group -> groups that must run before it */
    struct ids *readers;                /* node id -> groups that read it */
    bool *member, *behind;              /* by group, of the band that is looked for */
    struct extent rows;                 /* of that band */
    int first, last;                    /* groups */
};

static enum op_class class_of(const struct bands *bands, int id)
{
    return op_def(bands->graph->node[id]->op)->class;
}

/* ---- what depends on what ---- */

static void find_reads(struct bands *bands, int g)
{
    const struct graph *graph = bands->graph;
    const struct group *group = &bands->schedule->group[g];
    struct ids sources = {0};
    for (int m = 0; m < group->count; m++)
        for (int i = 0; i < graph->node[group->node[m]]->count; i++)
            schedule_sources(graph, graph->node[group->node[m]]->operand[i], bands->arena,
                             &sources);
    for (int i = 0; i < sources.count; i++) {
        int from = bands->schedule->group_of[sources.id[i]];
        if (from < 0 || from == g)
            continue;
        ids_add(bands->arena, &bands->before[g], from);
        ids_add(bands->arena, &bands->readers[sources.id[i]], g);
    }
}

/* Moments depend on groups and groups on moments, which all groups of a band are on one side of. */
static void find_edges(struct bands *bands)
{
    const struct schedule *schedule = bands->schedule;
    int count = bands->graph->count;
    struct ids first = {0}, second = {0};
    for (int g = 0; g < schedule->group_count; g++)
        find_reads(bands, g);
    schedule_hazards(bands->graph, bands->arena, &first, &second);
    for (int i = 0; i < first.count; i++)
        if (first.id[i] < count && second.id[i] < count)
            ids_add(bands->arena, &bands->before[schedule->group_of[second.id[i]]],
                    schedule->group_of[first.id[i]]);
}

static bool follows(const struct bands *bands, int g, const bool *marked)
{
    for (int i = 0; i < bands->before[g].count; i++)
        if (marked[bands->before[g].id[i]])
            return true;
    return false;
}

/* ---- what may be in a band ---- */

/* All axes but the last. */
static struct extent rows_of(const struct shape *shape)
{
    struct extent rows = {.constant = 1};
    for (int axis = 0; axis + 1 < shape->rank; axis++)
        rows = extent_multiply(rows, extent_of(shape, axis));
    return rows;
}

static bool has_rows(const struct bands *bands, const struct shape *shape)
{
    return shape->rank > 0 && shape->rows != shape->rank - 1 &&
           extent_equal(rows_of(shape), bands->rows);
}

/* Is the value in memory of its own, as whole rows of the band? */
static bool is_plain(const struct bands *bands, int id)
{
    const struct node *node = bands->graph->node[id];
    const struct place *place = &bands->schedule->place[id];
    return !schedule_stores(node) && bands->schedule->whole[id] < 0 &&
           (place->kind == PLACE_INLINE ||
            (place->kind == PLACE_ARENA && has_rows(bands, &node->shape)));
}

/* Does a loop over `space` read of the members' values just the row that it is at? */
static bool reads_rows(const struct bands *bands, int operand, const struct shape *space)
{
    const struct graph *graph = bands->graph;
    struct ids sources = {0};
    bool fits = true;
    schedule_sources(graph, operand, bands->arena, &sources);
    for (int i = 0; i < sources.count; i++) {
        int group = bands->schedule->group_of[sources.id[i]];
        if (group < 0 || !bands->member[group])
            continue;
        const struct shape *shape = &graph->node[sources.id[i]]->shape;
        struct access access = schedule_access(graph, operand, space);
        fits = fits && sources.count == 1 && access.identity &&
               extent_equal(extent_of_all(shape), extent_of_all(space)) &&
               bands->schedule->place[access.node].bytes ==
                   bands->schedule->place[sources.id[i]].bytes;
    }
    return fits;
}

/* What a group of maps and reductions of rows runs over. */
static bool find_space(const struct bands *bands, const struct group *group, struct shape *space)
{
    *space = shape_scalar();
    for (int m = 0; m < group->count; m++) {
        const struct node *node = bands->graph->node[group->node[m]];
        enum op_class class = class_of(bands, node->id);
        if ((class != CLASS_MAP && class != CLASS_ROW) || !is_plain(bands, node->id))
            return false;
        if (class == CLASS_ROW)
            node = bands->graph->node[node->operand[0]];
        if (!shape_broadcast(space, &node->shape, space))
            return false;
    }
    return has_rows(bands, space);
}

static bool maps_fit(const struct bands *bands, const struct group *group)
{
    struct shape space;
    bool fits = find_space(bands, group, &space);
    for (int m = 0; fits && m < group->count; m++) {
        const struct node *node = bands->graph->node[group->node[m]];
        for (int i = 0; fits && i < node->count; i++)
            fits = reads_rows(bands, node->operand[i], &space);
    }
    return fits;
}

/* A product of pages without an epilogue. */
static bool is_product(const struct bands *bands, const struct group *group)
{
    const struct node *node = bands->graph->node[group->node[0]];
    return group->kind == CLASS_CONTRACT && group->count == 1 && node->op == OP_MATMUL &&
           node->shape.rank == 3 && bands->schedule->place[node->id].kind == PLACE_ARENA;
}

/* Does it take a row of the left operand for a row of its result, and of the right one nothing
 * that the band makes? */
static bool product_fits(const struct bands *bands, const struct group *group)
{
    const struct graph *graph = bands->graph;
    const struct node *node = graph->node[group->node[0]];
    if (!is_product(bands, group) || node->attr.transpose_a || !is_plain(bands, node->id))
        return false;
    struct ids sources = {0};
    schedule_sources(graph, node->operand[1], bands->arena, &sources);
    for (int i = 0; i < sources.count; i++)
        if (bands->schedule->group_of[sources.id[i]] >= 0 &&
            bands->member[bands->schedule->group_of[sources.id[i]]])
            return false;
    const struct shape *left = &graph->node[node->operand[0]]->shape;
    return has_rows(bands, left) && reads_rows(bands, node->operand[0], left);
}

static bool group_fits(const struct bands *bands, int g)
{
    const struct group *group = &bands->schedule->group[g];
    if (group->update != bands->schedule->group[bands->first].update)
        return false;
    if (group->kind == CLASS_CONTRACT)
        return product_fits(bands, group);
    return (group->kind == CLASS_MAP || group->kind == CLASS_ROW) && maps_fit(bands, group);
}

/* Finds the members of a band that begins with the group; is there an end to it? */
static bool find_members(struct bands *bands, int first)
{
    const struct schedule *schedule = bands->schedule;
    const struct group *group = &schedule->group[first];
    const struct shape *shape = &bands->graph->node[group->node[0]]->shape;
    if (!is_product(bands, group) || shape->dim[2] <= BESIDE_COLUMNS_MAX)
        return false;
    bands->rows = rows_of(shape);
    if (extent_is(bands->rows, 1) || !is_plain(bands, group->node[0]))
        return false;
    bands->first = first;
    bands->member[first] = true;
    for (int g = first + 1; g < schedule->group_count && g < first + SPAN_MAX; g++) {
        bands->last = g;
        if (!follows(bands, g, bands->member) && !follows(bands, g, bands->behind))
            continue;
        bands->member[g] = !follows(bands, g, bands->behind) && group_fits(bands, g);
        bands->behind[g] = !bands->member[g];
        if (bands->member[g] && schedule->group[g].kind == CLASS_CONTRACT)
            return true;
    }
    return false;
}

/* ---- what lies in its scratch ---- */

/* Does no other group read the value?  Views of it lead to its readers. */
static bool is_local(const struct bands *bands, int id)
{
    const struct ids *readers = &bands->readers[id];
    bool local = bands->schedule->place[id].kind == PLACE_ARENA && readers->count > 0;
    for (int i = 0; local && i < readers->count; i++)
        local = bands->member[readers->id[i]];
    return local;
}

/* Products that only the members read, and that read nothing of theirs, are members, too. */
static void pull_products(struct bands *bands)
{
    for (int g = bands->first + 1; g < bands->last; g++) {
        const struct group *group = &bands->schedule->group[g];
        bool apart = !bands->member[g] && !bands->behind[g];
        bands->member[g] |= apart && is_product(bands, group) && is_plain(bands, group->node[0]) &&
                            is_local(bands, group->node[0]);
    }
}

/* Bytes that a row of all local values takes; `rows`: these get places in scratch, of so many. */
static int64_t place_locals(struct bands *bands, int64_t rows)
{
    int64_t sum = 0;
    for (int g = bands->first; g < bands->last; g++) {
        const struct group *group = &bands->schedule->group[g];
        for (int m = 0; bands->member[g] && m < group->count; m++) {
            const struct node *node = bands->graph->node[group->node[m]];
            struct place *place = &bands->schedule->place[node->id];
            int64_t bytes = node->shape.dim[node->shape.rank > 0 ? node->shape.rank - 1 : 0] *
                            dtype_bytes(node->dtype);
            if (!is_local(bands, node->id))
                continue;
            sum += bytes;
            if (rows > 0) {
                place->row_bytes = bytes;
                place->bytes = rows * bytes;
            }
        }
    }
    return sum;
}

/* Groups that wait for none of the members go before them, the others behind. */
static void sort_groups(struct bands *bands)
{
    struct schedule *schedule = bands->schedule;
    int count = bands->last + 1 - bands->first, at = bands->first;
    struct group *old = ARENA_ARRAY(bands->arena, struct group, count);
    memcpy(old, &schedule->group[bands->first], sizeof *old * (size_t)count);
    for (int turn = 0; turn < 3; turn++)
        for (int i = 0; i < count; i++) {
            int g = bands->first + i;
            if ((bands->member[g] ? 1 : bands->behind[g] ? 2 : 0) != turn)
                continue;
            schedule->group[at] = old[i];
            schedule->group[at++].band = turn == 1 ? schedule->band_count : 0;
        }
    for (int g = bands->first; g <= bands->last; g++)
        for (int m = 0; m < schedule->group[g].count; m++)
            schedule->group_of[schedule->group[g].node[m]] = g;
}

static void add_band(struct bands *bands, int64_t rows)
{
    struct schedule *schedule = bands->schedule;
    struct band band = {.rows = rows};
    place_locals(bands, rows);
    ARENA_PUSH(bands->graph->program->arena, schedule->band, schedule->band_count,
               schedule->band_room) = band;
    sort_groups(bands);
    struct band *added = &schedule->band[schedule->band_count - 1];
    for (int g = bands->last; g >= bands->first; g--)
        if (schedule->group[g].band == schedule->band_count) {
            added->first = g;
            added->count++;
        }
}

/* As many rows as the tile holds, or 0. */
static int64_t choose_rows(struct bands *bands)
{
    pull_products(bands);
    int64_t bytes = place_locals(bands, 0);
    int64_t rows = bytes > 0 ? TILE_BYTES / bytes / ROWS_MULTIPLE * ROWS_MULTIPLE : 0;
    return rows < ROWS_MAX ? rows : ROWS_MAX;
}

static void forget(struct bands *bands)
{
    size_t count = (size_t)bands->schedule->group_count;
    memset(bands->member, 0, count * sizeof *bands->member);
    memset(bands->behind, 0, count * sizeof *bands->behind);
}

/* Groups have other numbers once some have moved. */
static void begin(struct bands *bands)
{
    int count = bands->schedule->group_count;
    bands->before = ARENA_ARRAY(bands->arena, struct ids, count + 1);
    bands->readers = ARENA_ARRAY(bands->arena, struct ids, bands->graph->count + 1);
    find_edges(bands);
}

void pass_bands(struct graph *graph)
{
    struct arena *arena = arena_new();
    struct schedule *schedule = graph->schedule;
    struct bands bands = {.graph = graph, .schedule = schedule, .arena = arena,
                          .member = ARENA_ARRAY(arena, bool, schedule->group_count + 1),
                          .behind = ARENA_ARRAY(arena, bool, schedule->group_count + 1)};
    begin(&bands);
    for (int g = 0; graph->loop_count == 0 && g < schedule->group_count; g++) {
        int64_t rows = find_members(&bands, g) ? choose_rows(&bands) : 0;
        if (rows > 0) {
            add_band(&bands, rows);
            g = bands.last;
            begin(&bands);
        }
        forget(&bands);
    }
    arena_free(arena);
}
