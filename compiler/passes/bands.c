/* pass_bands: groups that run together, some rows at a time, so that what one of them makes for the
 * next lies in a thread's scratch while a cache holds it.
 *
 * requires:    pass_order; before pass_plan.
 * establishes: schedule->band, the groups of each one after another, and row_bytes of the places in
 *              its scratch.  Each group still runs by a function of its own over its own outputs,
 *              so no sum changes its order.
 *
 * A band begins with a product of pages, q k' of attention, and has one of what was made of its
 * rows, each row of which takes one row of that.  Between them stand groups over the same rows.
 * Behind them may stand products that sum over the rows of a page, of gradients: then a thread has
 * all rows of a page, in pieces that are chunks of these sums, whose totals lie in the arena.
 * On devices, whose threads have no such scratch, a band is one in the order of groups and in what
 * traces leave out, so that these are the same there.
 *
 * Rows that are short enough to lie beside one another (passes/rows.h) are small as a whole, and
 * phases with loops have no bands yet. */
#include <assert.h>
#include <string.h>

#include "graph/op.h"
#include "passes/rows.h"

enum {
    SPAN_MAX = 32,                      /* groups that one may stretch over */
    TILE_BYTES = 512 << 10,             /* of scratch, for what lies in a level-2 cache */
    PIECE_BYTES = 8 << 20,              /* of scratch, where a piece is a chunk of sums */
    ROWS_MAX = 128, ROWS_MULTIPLE = 8   /* of a piece */
};

struct bands {
    const struct graph *graph;
    struct schedule *schedule;
    struct arena *arena;
    struct ids *before;                 /* group -> groups that must run before it */
    struct ids *readers;                /* node id -> groups that read it */
    bool *member, *behind;              /* by group, of the band that is looked for */
    struct extent rows;                 /* of that band */
    int64_t page;                       /* rows of a page */
    int first, last;                    /* groups */
    int free;                           /* the first group behind the band before */
};

static enum op_class class_of(const struct bands *bands, int id)
{
    return op_def(bands->graph->node[id]->op)->class;
}

/* ---- what depends on what ---- */

static void find_reads(struct bands *bands, int g)
{
    struct ids sources = {0};
    schedule_group_sources(bands->graph, &bands->schedule->group[g], bands->arena, &sources);
    for (int i = 0; i < sources.count; i++) {
        int from = bands->schedule->group_of[sources.id[i]];
        if (from < 0 || from == g)
            continue;
        ids_add(bands->arena, &bands->before[g], from);
        ids_add(bands->arena, &bands->readers[sources.id[i]], g);
    }
}

/* Of pairs beside what is read those with stores matter: all groups of a band are on one side of
 * the loss's moment, and what is made again waits for gradients for the sake of memory alone. */
static void find_edges(struct bands *bands)
{
    const struct schedule *schedule = bands->schedule;
    int count = bands->graph->count;
    struct ids first = {0}, second = {0};
    for (int g = 0; g < schedule->group_count; g++)
        find_reads(bands, g);
    schedule_hazards(bands->graph, bands->arena, &first, &second);
    for (int i = 0; i < first.count; i++)
        if (first.id[i] < count && second.id[i] < count &&
            schedule_stores(bands->graph->node[second.id[i]]))
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

/* A product of pages, and maps of it. */
static bool is_product(const struct bands *bands, const struct group *group)
{
    const struct node *node = bands->graph->node[group->node[0]];
    bool product = group->kind == CLASS_CONTRACT && node->op == OP_MATMUL && node->shape.rank == 3;
    for (int m = 0; product && m < group->count; m++)
        product = is_plain(bands, group->node[m]) &&
                  (m == 0 || class_of(bands, group->node[m]) == CLASS_MAP);
    return product;
}

/* Does the operand hold something that the members make? */
static bool is_made(const struct bands *bands, int operand)
{
    struct ids sources = {0};
    schedule_sources(bands->graph, operand, bands->arena, &sources);
    for (int i = 0; i < sources.count; i++) {
        int group = bands->schedule->group_of[sources.id[i]];
        if (group >= 0 && bands->member[group])
            return true;
    }
    return false;
}

/* Is the operand the band's rows, in their order? */
static bool is_rows(const struct bands *bands, int operand)
{
    const struct shape *shape = &bands->graph->node[operand]->shape;
    return has_rows(bands, shape) && reads_rows(bands, operand, shape);
}

/* Do the maps of a product read rows of the members' values? */
static bool finish_fits(const struct bands *bands, const struct group *group)
{
    const struct graph *graph = bands->graph;
    bool fits = true;
    for (int m = 1; m < group->count; m++)
        for (int i = 0; i < graph->node[group->node[m]]->count; i++)
            fits = fits && reads_rows(bands, graph->node[group->node[m]]->operand[i],
                                      &graph->node[group->node[0]]->shape);
    return fits;
}

/* Does it take a row of the left operand for a row of its result, and of the right one nothing
 * that the band makes? */
static bool product_fits(const struct bands *bands, const struct group *group)
{
    const struct node *node = bands->graph->node[group->node[0]];
    return is_product(bands, group) && !node->attr.transpose_a && finish_fits(bands, group) &&
           !is_made(bands, node->operand[1]) && is_rows(bands, node->operand[0]);
}

/* Is the operand the band's rows, page by page? */
static bool is_pages(const struct bands *bands, int operand)
{
    const struct shape *shape = &bands->graph->node[operand]->shape;
    return shape->rank == 3 && shape->rows != 1 && shape->dim[1] == bands->page &&
           is_rows(bands, operand);
}

/* Does it sum over the rows of each page, which one of its operands is? */
static bool columns_fit(const struct bands *bands, const struct group *group)
{
    const struct node *node = bands->graph->node[group->node[0]];
    if (group->kind != CLASS_CONTRACT || group->count > 1 || node->op != OP_MATMUL ||
        node->shape.rank != 3 || bands->schedule->place[node->id].kind != PLACE_ARENA ||
        bands->schedule->whole[node->id] >= 0)
        return false;
    bool left = node->attr.transpose_a && is_pages(bands, node->operand[0]);
    bool right = !node->attr.transpose_b && is_pages(bands, node->operand[1]);
    return is_made(bands, node->operand[0]) ? left && !is_made(bands, node->operand[1])
                                            : right;
}

static bool is_of_part(const struct bands *bands, const struct group *group)
{
    return group->update == bands->schedule->group[bands->first].update;
}

static bool group_fits(const struct bands *bands, int g)
{
    const struct group *group = &bands->schedule->group[g];
    if (!is_of_part(bands, group))
        return false;
    if (group->kind == CLASS_CONTRACT)
        return product_fits(bands, group);
    return (group->kind == CLASS_MAP || group->kind == CLASS_ROW) && maps_fit(bands, group);
}

/* No group of the band comes behind that one. */
static int span_end(const struct bands *bands)
{
    int count = bands->schedule->group_count;
    return count - bands->first < SPAN_MAX ? count : bands->first + SPAN_MAX;
}

/* Marks what follows the band's groups, up to the next that fits; is there one? */
static bool find_next(struct bands *bands)
{
    for (int g = bands->last + 1; g < span_end(bands); g++) {
        bool behind = follows(bands, g, bands->behind);
        if (!behind && !follows(bands, g, bands->member))
            continue;
        bands->member[g] = !behind && group_fits(bands, g);
        bands->behind[g] = !bands->member[g];
        if (bands->member[g]) {
            bands->last = g;
            return true;
        }
    }
    return false;
}

/* Finds the members of a band that begins with the group; is there an end to it? */
static bool find_members(struct bands *bands, int first)
{
    const struct schedule *schedule = bands->schedule;
    const struct group *group = &schedule->group[first];
    const struct shape *shape = &bands->graph->node[group->node[0]]->shape;
    if (shape->rank != 3 || shape->dim[2] <= BESIDE_COLUMNS_MAX)
        return false;
    bands->rows = rows_of(shape);
    bands->page = shape->rows == 1 ? 0 : shape->dim[1];
    if (extent_is(bands->rows, 1) || !is_product(bands, group))
        return false;
    bands->first = bands->last = first;
    bands->member[first] = true;
    while (find_next(bands))
        if (schedule->group[bands->last].kind == CLASS_CONTRACT)
            return true;
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

/* Must another group between the two run behind the first? */
static bool is_waited_for(const struct bands *bands, int first, int last)
{
    bool waits = false;
    for (int g = first + 1; g < last; g++)
        for (int i = 0; i < bands->before[g].count; i++)
            waits |= bands->before[g].id[i] == first && !bands->member[g];
    return waits;
}

/* Do all members that read the value read just the row that they are at, once it is made there? */
static bool readers_fit(const struct bands *bands, int id)
{
    bool fit = true;
    for (int i = 0; i < bands->readers[id].count; i++) {
        int reader = bands->readers[id].id[i];
        bands->member[reader] = false;  /* what it makes for itself may be of other rows */
        fit = fit && group_fits(bands, reader);
        bands->member[reader] = true;
    }
    return fit;
}

/* Does the group, marked as a member, make values of rows that members alone read, row by row? */
static bool is_source(const struct bands *bands, int g)
{
    const struct group *group = &bands->schedule->group[g];
    bool source = is_product(bands, group) && is_of_part(bands, group);
    for (int m = 0; source && m < group->count; m++)
        source = bands->schedule->place[group->node[m]].kind == PLACE_INLINE ||
                 (is_local(bands, group->node[m]) && readers_fit(bands, group->node[m]));
    return source && !is_waited_for(bands, g, bands->last);
}

/* Products that only the members read, and that read nothing of theirs, are members, too. */
static void pull_products(struct bands *bands)
{
    int from = bands->last < SPAN_MAX ? 0 : bands->last - SPAN_MAX + 1, first = bands->first;
    from = from > bands->free ? from : bands->free;
    for (int g = bands->last - 1; g >= from; g--) {
        if (bands->member[g] || bands->behind[g])
            continue;
        bands->member[g] = true;
        bands->member[g] = is_source(bands, g);
        first = bands->member[g] && g < first ? g : first;
    }
    bands->first = first;
}

/* Lets the value lie in scratch of so many rows, where there is some. */
static void place_local(const struct bands *bands, struct place *place, int64_t row_bytes,
                        int64_t rows)
{
    place->inner = true;
    if (bands->graph->program->has_scratch) {
        place->row_bytes = row_bytes;
        place->bytes = rows * row_bytes;
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
            if (rows > 0)
                place_local(bands, place, bytes, rows);
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

static void add_band(struct bands *bands, int64_t rows, int64_t page)
{
    struct schedule *schedule = bands->schedule;
    struct band band = {.rows = bands->graph->program->has_scratch ? rows : 0, .page = page};
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
static int64_t rows_of_tile(struct bands *bands)
{
    int64_t bytes = place_locals(bands, 0);
    int64_t rows = bytes > 0 ? TILE_BYTES / bytes / ROWS_MULTIPLE * ROWS_MULTIPLE : 0;
    return rows < ROWS_MAX ? rows : ROWS_MAX;
}

/* Rows of a piece where sums over a page are members: whole pages, or a chunk of these sums. */
static int64_t rows_of_piece(struct bands *bands)
{
    int64_t rows = rows_of_tile(bands) / bands->page * bands->page;
    rows = rows > 0 ? rows : bands->page < SUM_CHUNK ? bands->page : SUM_CHUNK;
    return rows * place_locals(bands, 0) <= PIECE_BYTES ? rows : 0;
}

/* Does it follow such a sum, which is not there before the last row of a page? */
static bool follows_sum(const struct bands *bands, int g)
{
    bool found = false;
    for (int i = 0; i < bands->before[g].count; i++)
        found |= bands->member[bands->before[g].id[i]] &&
                 bands->schedule->group[bands->before[g].id[i]].sums;
    return found;
}

/* Makes members of the sums over pages, also of those before the last product; are there any? */
static bool find_sums(struct bands *bands)
{
    bool any = false;
    for (int g = bands->first + 1; g < span_end(bands); g++) {
        bool behind = follows(bands, g, bands->behind) || follows_sum(bands, g);
        if (bands->member[g] || (!behind && !follows(bands, g, bands->member)))
            continue;
        struct group *group = &bands->schedule->group[g];
        group->sums = bands->member[g] = !behind && is_of_part(bands, group) &&
                                         columns_fit(bands, group);
        bands->behind[g] = !group->sums;
        bands->last = group->sums && g > bands->last ? g : bands->last;
        any |= group->sums;
    }
    return any;
}

/* The band without them. */
static void drop_sums(struct bands *bands, int last)
{
    for (int g = bands->first + 1; g < span_end(bands); g++) {
        struct group *group = &bands->schedule->group[g];
        bands->member[g] &= !group->sums;
        bands->behind[g] = g <= last && (bands->behind[g] || group->sums);
        group->sums = false;
    }
    bands->last = last;
}

/* Takes in the sums over pages, where there are some and scratch holds a piece of all that then
 * lies there; returns the rows of one, or 0. */
static int64_t add_sums(struct bands *bands)
{
    int last = bands->last;
    int64_t rows = bands->page > 0 && find_sums(bands) ? rows_of_piece(bands) : 0;
    if (rows == 0)
        drop_sums(bands, last);
    return rows;
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

/* The rows of a piece of the band that begins with the group, or 0; *page: as of struct band. */
static int64_t find_band(struct bands *bands, int first, int64_t *page)
{
    *page = 0;
    if (!find_members(bands, first))
        return 0;
    pull_products(bands);
    int64_t piece = add_sums(bands);
    *page = piece > 0 ? bands->page : 0;
    return piece > 0 ? piece : rows_of_tile(bands);
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
        int64_t page, rows = find_band(&bands, g, &page);
        bool marked = bands.member[g];
        if (rows > 0) {
            add_band(&bands, rows, page);
            g = bands.last;
            bands.free = g + 1;
            begin(&bands);
        }
        if (marked)
            forget(&bands);
    }
    arena_free(arena);
}
