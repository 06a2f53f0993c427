/* pass_fuse: which nodes are computed in one loop nest, and which values need no memory.
 *
 * requires:    a verified graph in which gradients are made; each variable is stored at most once.
 * establishes: schedule->group, group_of and the kind of each place as passes/pass.h says; groups
 *              depend on one another without a cycle, counting that what reads a variable comes
 *              before what stores it, and what a loop reads before all of it.  Changes no node, and
 *              so no bit. */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "graph/loop.h"
#include "graph/op.h"
#include "passes/line.h"
#include "passes/rows.h"

/* Nodes that will be one group, under the id of one of them. */
struct cluster {
    bool used;
    enum op_class kind;
    const struct shape *space;
    struct ids member;
    bool for_loss;                      /* some result is needed by a store of VAR_LOSS */
    bool updates;                       /* stores another variable */
    bool stores;                        /* any, or what a loop carries */
    bool copies;                        /* it is the copy of a view */
    bool fits;                          /* it was merged, and stores_fit() of it as it is */
};

struct fuse {
    struct graph *graph;
    struct arena *scratch;
    struct schedule *schedule;
    struct cluster *cluster;            /* by node id */
    struct ids *users;                  /* node id -> nodes it is an operand of */
    int *owner;                         /* node id -> STORE whose variable it is computed into */
    bool *early;                        /* node id -> scalar made of constants and step values */
    bool has_loss;
    struct line *line;                  /* of clusters by node id, and of the loss's barrier */
    struct ids sources;                 /* of an operand that is looked at */
    struct rows rows;                   /* of a ROW group that is looked at */
    struct ids both;                    /* members of two clusters */
    int *mark, marks;                   /* node id -> the search that came by it last; searches */
};

static enum op_class class_of(const struct fuse *fuse, int id)
{
    return op_def(fuse->graph->node[id]->op)->class;
}

/* Of what only the pass needs. */
static struct arena *arena_of(const struct fuse *fuse)
{
    return fuse->scratch;
}

/* ---- views ---- */

/* Can the node read operands through strides? */
static bool reads_strided(const struct fuse *fuse, int id)
{
    enum op op = fuse->graph->node[id]->op;
    bool dense = op == OP_RESHAPE || op == OP_TURN || op == OP_LAST;
    return class_has(class_of(fuse, id), READS_STRIDED) && !dense;
}

/* Views of constants and step values have no storage to share, only indices to look through. */
static bool is_constant(const struct fuse *fuse, int id)
{
    while (schedule_is_view(fuse->graph, id))
        id = fuse->graph->node[id]->operand[0];
    enum op op = fuse->graph->node[id]->op;
    return op == OP_CONST || op == OP_STEP_VALUE;
}

static bool is_stored(const struct fuse *fuse, int id)
{
    for (int i = 0; i < fuse->users[id].count; i++)
        if (fuse->graph->node[fuse->users[id].id[i]]->op == OP_STORE)
            return true;
    return false;
}

/* Does the view share its operand's storage?  A variable moved to another under a new shape is
 * copied first: two such moves could be an exchange. */
static bool shares_storage(const struct fuse *fuse, int id)
{
    const struct node *view = fuse->graph->node[id];
    enum place_kind kind = fuse->schedule->place[view->operand[0]].kind;
    int64_t start;
    if (is_constant(fuse, id) || kind == PLACE_INLINE ||
        (kind == PLACE_VARIABLE && is_stored(fuse, id)))
        return false;
    return view->op == OP_RESHAPE || view->op == OP_STOP_GRADIENT || view->op == OP_LAST ||
           schedule_dense(fuse->graph, id, &start);
}

/* Is a row of the value longer than what is put on the stack? */
static bool row_is_long(const struct fuse *fuse, int id)
{
    const struct shape *shape = &fuse->graph->node[id]->shape;
    int axis = shape->rank - 1;
    int64_t rows = axis == shape->rows ? fuse->graph->program->train.rows : 1;
    return axis >= 0 && shape->dim[axis] * rows > ROW_LOCAL_MAX;
}

/* What the views that are looked through from a node on make of indices. */
struct look {
    bool divides;                       /* an UNWINDOW */
    int limits;
    float outside;                      /* of all windows; NAN: they differ */
};

/* How many axes the view's windows go over. */
static int windows_over(const struct node *view)
{
    int first;
    return window_axes(&view->shape, &view->attr, &first);
}

static struct look look_through(const struct fuse *fuse, int id)
{
    const struct graph *graph = fuse->graph;
    struct look look = {0};
    for (bool first = true; first || fuse->schedule->place[id].kind == PLACE_INLINE;
         first = false) {
        const struct node *node = graph->node[id];
        bool windows = node->op == OP_WINDOW || node->op == OP_UNWINDOW;
        float outside = node->op == OP_WINDOW ? node->attr.value : 0.0f;
        if (windows) {
            look.outside = look.limits == 0 || look.outside == outside ? outside : NAN;
            look.limits += windows_over(node);
            look.divides = look.divides || node->op == OP_UNWINDOW;
        }
        if (!schedule_is_view(graph, id))
            break;
        id = node->operand[0];
    }
    return look;
}

/* Can the user not follow where the view leads?  Contractions read 0 outside of windows, and
 * windows of windows all read the same. */
static bool is_lost(const struct fuse *fuse, int id, int user)
{
    struct look look = look_through(fuse, id);
    const struct node *node = fuse->graph->node[user];
    if (class_of(fuse, user) == CLASS_CONTRACT)
        return look.divides || (look.limits > 0 && look.outside != 0.0f);
    if (node->op != OP_WINDOW && node->op != OP_UNWINDOW)
        return false;
    float outside = node->op == OP_WINDOW ? node->attr.value : 0.0f;
    return look.divides || look.limits + windows_over(node) > LIMITS_MAX ||
           (look.limits > 0 && look.outside != outside);
}

/* Would a product turn it as it packs it, in each turn of a loop, or wants it in panels? */
static bool is_turned_in_turns(const struct fuse *fuse, int id, int user)
{
    const struct schedule *schedule = fuse->schedule;
    const struct graph *graph = fuse->graph;
    return !graph->program->spares_memory && graph->node[id]->op == OP_TRANSPOSE &&
           graph->node[user]->op == OP_MATMUL && schedule->loop_of[user] >= 0 &&
           schedule->loop_of[id] != schedule->loop_of[user];
}

/* Is it a matrix for products that want it in panels?  Other targets have none: no trace has it. */
static bool lies_in_panels(const struct fuse *fuse, int id)
{
    const struct ids *users = &fuse->users[id];
    return users->count > 0 && fuse->graph->node[users->id[0]]->op == OP_MATMUL &&
           fuse->graph->node[users->id[0]]->attr.panel > 0;
}

/* Must it be copied, because somebody cannot look through it, or had to turn it often? */
static bool needs_copy(const struct fuse *fuse, int id)
{
    bool constant = is_constant(fuse, id);
    if (constant && fuse->graph->node[id]->op == OP_RESHAPE)
        return false;
    for (int i = 0; i < fuse->users[id].count; i++) {
        int user = fuse->users[id].id[i];
        if (!reads_strided(fuse, user) || is_lost(fuse, id, user) ||
            is_turned_in_turns(fuse, id, user) ||
            (constant && !class_has(class_of(fuse, user), READS_CONSTANTS)) ||
            (class_of(fuse, user) == CLASS_ROW && row_is_long(fuse, id)))
            return true;
    }
    return false;
}

static void place_view(struct fuse *fuse, int id)
{
    struct place *place = &fuse->schedule->place[id];
    int operand = fuse->graph->node[id]->operand[0];
    bool copy = fuse->graph->node[id]->op == OP_CARRY || schedule_is_copy(fuse->graph, id);
    if (!copy && shares_storage(fuse, id)) {
        place->kind = fuse->schedule->place[operand].kind;
    } else if (copy || needs_copy(fuse, id)) {
        place->kind = PLACE_ARENA;
        place->inner = lies_in_panels(fuse, id);
        fuse->schedule->group_of[id] = id;
    } else {
        place->kind = PLACE_INLINE;
    }
}

static void place_nodes(struct fuse *fuse)
{
    struct schedule *schedule = fuse->schedule;
    for (int id = 0; id < fuse->graph->count; id++) {
        const struct node *node = fuse->graph->node[id];
        struct place *place = &schedule->place[id];
        place->bytes = schedule_bytes(fuse->graph->program, node->dtype, &node->shape);
        place->variable = -1;
        enum op_class class = class_of(fuse, id);
        if (class == CLASS_VIEW) {
            place_view(fuse, id);
            continue;
        }
        if (class == CLASS_SOURCE)
            place->kind = node->op == OP_READ ? PLACE_VARIABLE : PLACE_INLINE;
        else
            place->kind = node->op == OP_STORE ? PLACE_VARIABLE : PLACE_ARENA;
        if (place->kind == PLACE_VARIABLE)
            place->variable = node->attr.variable;
        if (class != CLASS_SOURCE && node->op != OP_STACK)
            schedule->group_of[id] = id;
    }
}

/* The node of a group that the view is all of, element for element, or -1. */
static int whole_base(const struct fuse *fuse, int id)
{
    const struct graph *graph = fuse->graph;
    int64_t bytes = fuse->schedule->place[id].bytes;
    while (schedule_is_view(graph, id)) {
        if (fuse->schedule->place[id].kind == PLACE_INLINE)
            return -1;
        id = graph->node[id]->operand[0];
    }
    return fuse->schedule->group_of[id] >= 0 && fuse->schedule->place[id].bytes == bytes ? id : -1;
}

/* ---- what is put together in place ---- */

/* The value of a STACK is computed at its place of that: pass_loops has seen to it that it can be.
 * A copy that was put between is made in each turn, also of what does not depend on it. */
static void place_in_stacks(struct fuse *fuse)
{
    for (int id = 0; id < fuse->graph->count; id++) {
        const struct node *stack = fuse->graph->node[id];
        if (stack->op != OP_STACK)
            continue;
        int base = whole_base(fuse, stack->operand[0]);
        assert(base >= 0 && fuse->schedule->whole[base] < 0);
        fuse->schedule->whole[base] = id;
        if (schedule_is_copy(fuse->graph, base))
            fuse->schedule->loop_of[base] = stack->attr.loop;
    }
}

static bool concat_is_flat(const struct node *concat)
{
    if (concat->shape.rows >= 0)
        return false;
    for (int axis = 0; axis < concat->attr.axis; axis++)
        if (concat->shape.dim[axis] != 1)
            return false;
    return true;
}

/* Has the CONCAT's operands computed at their pieces of it, where they are whole values of
 * groups that lie nowhere else; without others it needs no group. */
static void place_pieces(struct fuse *fuse, int id)
{
    const struct node *concat = fuse->graph->node[id];
    if (!concat_is_flat(concat) || is_stored(fuse, id))
        return;
    bool all = true;
    for (int i = 0; i < concat->count; i++) {
        int base = whole_base(fuse, concat->operand[i]);
        bool fits = base >= 0 && fuse->schedule->whole[base] < 0 &&
                    fuse->graph->node[base]->op != OP_CONCAT &&
                    !schedule_stores(fuse->graph->node[base]) &&
                    fuse->schedule->loop_of[base] == fuse->schedule->loop_of[id];
        if (fits)
            fuse->schedule->whole[base] = id;
        all &= fits;
    }
    if (all)
        fuse->schedule->group_of[id] = -1;
}

/* ---- clusters ---- */

static int find(struct fuse *fuse, int id)
{
    return line_find(fuse->line, id);
}

static void make_clusters(struct fuse *fuse)
{
    const struct graph *graph = fuse->graph;
    for (int id = 0; id < graph->count; id++) {
        struct cluster *cluster = &fuse->cluster[id];
        const struct node *node = graph->node[id];
        enum op_class class = class_of(fuse, id);
        cluster->used = fuse->schedule->group_of[id] >= 0;
        cluster->kind = class_of_nest(class);
        bool reduces = class == CLASS_ROW || class == CLASS_COLUMN || class == CLASS_STORE;
        cluster->space = &graph->node[reduces ? node->operand[0] : id]->shape;
        cluster->copies = class == CLASS_VIEW;
        cluster->stores = schedule_stores(node);
        if (node->op == OP_STORE) {
            bool loss = graph->program->variable[node->attr.variable]->kind == VAR_LOSS;
            cluster->updates = !loss;
            cluster->for_loss = loss;
        }
        if (cluster->used)
            ids_add(arena_of(fuse), &cluster->member, id);
    }
}

/* The outermost loop in which the node runs, or -1. */
static int whole_loop(const struct fuse *fuse, int id)
{
    int loop = fuse->schedule->loop_of[id];
    while (loop >= 0 && fuse->graph->loop[loop].outer >= 0)
        loop = fuse->graph->loop[loop].outer;
    return loop;
}

/* Marks what marked nodes read, and all that runs in a loop where one does, by outermost loops; was
 * something marked of which those before it have not seen? */
static bool spread_loss(struct fuse *fuse, bool *in_loop)
{
    const struct graph *graph = fuse->graph;
    bool again = false;
    for (int id = graph->count - 1; id >= 0; id--) {
        const struct node *node = graph->node[id];
        struct cluster *cluster = &fuse->cluster[id];
        int loop = whole_loop(fuse, id);
        if (loop >= 0 && cluster->for_loss != in_loop[loop])
            cluster->for_loss = in_loop[loop] = again = true;
        fuse->has_loss |= cluster->for_loss;
        for (int i = 0; cluster->for_loss && i < node->count; i++)
            fuse->cluster[node->operand[i]].for_loss = true;
    }
    return again;
}

/* Marks what the stores of VAR_LOSS need. */
static void mark_loss(struct fuse *fuse)
{
    bool *in_loop = ARENA_ARRAY(arena_of(fuse), bool, fuse->graph->loop_count + 1);
    while (spread_loss(fuse, in_loop))
        continue;
}

/* The first must come before the second, and a loop that holds one of them as a whole. */
static void add_edge(struct fuse *fuse, int first, int second)
{
    const int *loop_of = fuse->schedule->loop_of, count = fuse->graph->count;
    int a = first < count ? loop_of[first] : -1, b = second < count ? loop_of[second] : -1;
    schedule_edge(fuse->graph, a, b, &first, &second);
    line_edge(fuse->line, first, second);
}

/* What runs in a loop stands between its begin and its end. */
static void bound_loops(struct fuse *fuse)
{
    const struct graph *graph = fuse->graph;
    for (int loop = 0; loop < graph->loop_count; loop++) {
        int outer = graph->loop[loop].outer;
        line_edge(fuse->line, schedule_begin(graph, loop), schedule_end(graph, loop));
        if (outer < 0)
            continue;
        line_edge(fuse->line, schedule_begin(graph, outer), schedule_begin(graph, loop));
        line_edge(fuse->line, schedule_end(graph, loop), schedule_end(graph, outer));
    }
    for (int id = 0; id < graph->count; id++) {
        int loop = fuse->schedule->loop_of[id];
        if (!fuse->cluster[id].used || loop < 0)
            continue;
        line_edge(fuse->line, schedule_begin(graph, loop), id);
        line_edge(fuse->line, id, schedule_end(graph, loop));
    }
}

static void find_order(struct fuse *fuse)
{
    struct graph *graph = fuse->graph;
    bound_loops(fuse);
    for (int id = 0; id < graph->count; id++) {
        struct ids *sources = &fuse->sources;
        sources->count = 0;
        for (int i = 0; fuse->cluster[id].used && i < graph->node[id]->count; i++)
            schedule_sources(graph, graph->node[id]->operand[i], arena_of(fuse), sources);
        for (int i = 0; i < sources->count; i++)
            if (fuse->cluster[sources->id[i]].used)
                add_edge(fuse, sources->id[i], id);
    }
    struct ids first = {0}, second = {0};
    schedule_hazards(graph, arena_of(fuse), &first, &second);
    for (int i = 0; i < first.count; i++)
        add_edge(fuse, first.id[i], second.id[i]);
}

/* ---- what may share a loop nest ---- */

static struct shape narrow(const struct shape *space)
{
    struct shape wide = *space;
    wide.dim[wide.rank - 1] = 1;
    if (wide.rows == wide.rank - 1)
        wide.rows = -1;
    return wide;
}

static bool is_member(struct fuse *fuse, int cluster, int id)
{
    return fuse->cluster[id].used && find(fuse, id) == cluster;
}

/* Does some matmul of `cluster` read what `other` computes? */
static bool feeds_matmul(struct fuse *fuse, int cluster, int other)
{
    const struct graph *graph = fuse->graph;
    struct ids sources = {0};
    for (int m = 0; m < fuse->cluster[cluster].member.count; m++) {
        const struct node *node = graph->node[fuse->cluster[cluster].member.id[m]];
        for (int i = 0; op_def(node->op)->class == CLASS_CONTRACT && i < node->count; i++)
            schedule_sources(graph, node->operand[i], arena_of(fuse), &sources);
    }
    for (int i = 0; i < sources.count; i++)
        if (is_member(fuse, other, sources.id[i]))
            return true;
    return false;
}

/* Is every value of the map cluster used by itself or the column reduction only? */
static bool only_feeds(struct fuse *fuse, int map, int column)
{
    const struct ids *member = &fuse->cluster[map].member;
    for (int m = 0; m < member->count; m++) {
        int id = member->id[m];
        if (class_of(fuse, id) != CLASS_MAP || fuse->schedule->whole[id] >= 0)
            return false;
        for (int i = 0; i < fuse->users[id].count; i++) {
            int user = fuse->users[id].id[i];
            if (!is_member(fuse, map, user) && !is_member(fuse, column, user))
                return false;
        }
    }
    return true;
}

static bool spaces_fit(const struct cluster *map, const struct cluster *row)
{
    struct shape rows = narrow(row->space);
    return shape_equal(map->space, row->space) || shape_equal(map->space, &rows);
}

/* May the clusters, of which the first computes something that the second reads, be one as far
 * as their kinds and shapes go?  *kind is then the kind of the whole. */
static bool kinds_fit(struct fuse *fuse, int first, int second, enum op_class *kind)
{
    const struct cluster *a = &fuse->cluster[first], *b = &fuse->cluster[second];
    bool same = shape_equal(a->space, b->space);
    *kind = a->kind == CLASS_MAP ? b->kind : a->kind;
    if (a->copies || b->copies)
        return false;
    if (a->kind == CLASS_MAP && b->kind == CLASS_MAP)
        return same;
    if (a->kind == CLASS_ROW && b->kind == CLASS_ROW)
        return same;
    if (a->kind == CLASS_MAP && b->kind == CLASS_ROW)
        return spaces_fit(a, b);
    if (a->kind == CLASS_ROW && b->kind == CLASS_MAP)
        return spaces_fit(b, a);
    if (a->kind == CLASS_CONTRACT && b->kind == CLASS_MAP)
        return same;
    if (a->kind == CLASS_MAP && b->kind == CLASS_CONTRACT)
        return same && !feeds_matmul(fuse, second, first);
    if (a->kind == CLASS_MAP && b->kind == CLASS_COLUMN)
        return same && only_feeds(fuse, first, second);
    return false;
}

/* Does the STORE or KEEP write to what the READ or CARRY reads? */
static bool stores_in(const struct graph *graph, const struct node *store, const struct node *read)
{
    if (store->op == OP_KEEP || read->op == OP_CARRY)
        return store->op == OP_KEEP && store->operand[1] == read->id;
    return schedule_overlap(graph->program, read->attr.variable, store->attr.variable);
}

/* Does the node read by that operand, from the variable that is the source, otherwise than at the
 * index at which the group stores it? */
static bool reads_elsewhere(const struct fuse *fuse, const struct node *node, int operand,
                            const struct node *source, int store, const struct shape *space,
                            enum op_class kind)
{
    const struct graph *graph = fuse->graph;
    const struct node *to = graph->node[store];
    if (!stores_in(graph, to, source))
        return false;
    if (kind != CLASS_MAP && !(kind == CLASS_CONTRACT && op_def(node->op)->class != CLASS_CONTRACT))
        return true;
    struct access access = schedule_access(graph, operand, space);
    bool whole = source->op == OP_CARRY || source->attr.variable == to->attr.variable;
    return !access.identity || !whole ||
           fuse->schedule->place[access.node].bytes != fuse->schedule->place[store].bytes;
}

/* The operand's sources, in a list that the next call takes again. */
static const struct ids *sources_of(struct fuse *fuse, int operand)
{
    fuse->sources.count = 0;
    schedule_sources(fuse->graph, operand, arena_of(fuse), &fuse->sources);
    return &fuse->sources;
}

/* Does the node read a variable that the nodes store, otherwise than there? */
static bool reads_stored(struct fuse *fuse, const struct node *node, const struct ids *members,
                         const struct shape *space, enum op_class kind)
{
    const struct graph *graph = fuse->graph;
    for (int i = 0; i < (schedule_stores(node) ? 1 : node->count); i++) {
        const struct ids *sources = sources_of(fuse, node->operand[i]);
        for (int s = 0; s < sources->count; s++) {
            const struct node *source = graph->node[sources->id[s]];
            bool stored = source->op == OP_READ || source->op == OP_CARRY;
            for (int m = 0; stored && m < members->count; m++)
                if (schedule_stores(graph->node[members->id[m]]) &&
                    reads_elsewhere(fuse, node, node->operand[i], source, members->id[m], space,
                                    kind))
                    return true;
        }
    }
    return false;
}

/* Would some node of one cluster read a variable that the other stores at other indices? */
static bool reads_other(struct fuse *fuse, const struct cluster *reader,
                        const struct cluster *other, const struct shape *space, enum op_class kind)
{
    for (int m = 0; other->stores && m < reader->member.count; m++)
        if (reads_stored(fuse, fuse->graph->node[reader->member.id[m]], &other->member, space,
                         kind))
            return true;
    return false;
}

/* Would a variable that the two clusters store be read at other indices by one of them?  What was
 * merged before need not be looked at by itself again, unless the loops around it change. */
static bool stores_fit(struct fuse *fuse, int first, int second, enum op_class kind)
{
    const struct cluster *part[2] = {&fuse->cluster[first], &fuse->cluster[second]};
    const struct shape *space = part[part[0]->kind != kind]->space;
    for (int p = 0; p < 2; p++) {
        bool stays = part[p]->fits && part[p]->kind == kind && shape_equal(part[p]->space, space);
        if ((!stays && reads_other(fuse, part[p], part[p], space, kind)) ||
            reads_other(fuse, part[p], part[1 - p], space, kind))
            return false;
    }
    return true;
}

/* Does a node of one cluster read what the other computes?  views: by a view, so that it must be in
 * memory first. */
static bool reads_cluster(struct fuse *fuse, int reader, int other, bool views)
{
    const struct ids *member = &fuse->cluster[reader].member;
    for (int m = 0; m < member->count; m++) {
        const struct node *node = fuse->graph->node[member->id[m]];
        for (int i = 0; i < node->count; i++) {
            if (views && (schedule_stores(node) || fuse->schedule->group_of[node->operand[i]] >= 0))
                continue;
            const struct ids *sources = sources_of(fuse, node->operand[i]);
            for (int s = 0; s < sources->count; s++)
                if (is_member(fuse, other, sources->id[s]))
                    return true;
        }
    }
    return false;
}

/* The members of both clusters, ascending, as fuse->both. */
static void find_both(struct fuse *fuse, int first, int second)
{
    const struct ids *a = &fuse->cluster[first].member, *b = &fuse->cluster[second].member;
    fuse->both.count = 0;
    for (int i = 0, j = 0; i < a->count || j < b->count;) {
        bool take = j == b->count || (i < a->count && a->id[i] < b->id[j]);
        ids_add(arena_of(fuse), &fuse->both, take ? a->id[i++] : b->id[j++]);
    }
}

/* Is every user of the node one of those nodes? */
static bool stays_inside(const struct fuse *fuse, int id, const struct rows *rows)
{
    for (int i = 0; i < fuse->users[id].count; i++)
        if (rows_position(rows, fuse->users[id].id[i]) < 0)
            return false;
    return fuse->users[id].count > 0;
}

/* Does the node lie in memory, if those nodes are a group of loops? */
static bool lies_in_memory(const struct fuse *fuse, int id, const struct rows *rows)
{
    enum op_class class = class_of(fuse, id);
    return class == CLASS_VIEW || class == CLASS_STORE || fuse->schedule->whole[id] >= 0 ||
           fuse->owner[id] >= 0 || !stays_inside(fuse, id, rows);
}

static bool rows_are_short(const struct fuse *fuse, const struct shape *space)
{
    int64_t columns = space->dim[space->rank - 1], batch = fuse->graph->program->train.rows;
    int64_t all = shape_elements(space) * (space->rows >= 0 ? batch : 1);
    return space->rows != space->rank - 1 && columns >= BESIDE_COLUMNS_MIN &&
           columns <= BESIDE_COLUMNS_MAX && all / columns >= BESIDE_ROWS_MIN;
}

/* Finds the stages and arrays of a ROW group of those nodes: fuse->rows. */
static void find_rows(struct fuse *fuse, const struct shape *space, const struct ids *member)
{
    struct rows *rows = &fuse->rows;
    int operands = 0;
    for (int i = 0; i < member->count; i++)
        operands += fuse->graph->node[member->id[i]]->count;
    rows_reserve(rows, arena_of(fuse), member->count, operands);
    rows->graph = fuse->graph;
    rows->node = member->id;
    rows->count = member->count;
    rows->space = *space;
    rows->beside = rows_are_short(fuse, space);
    rows->down = -1;
    for (int i = 0; i < member->count; i++)
        rows->stored[i] = lies_in_memory(fuse, member->id[i], rows);
    rows_find(rows);
}

/* Would the two be a group whose arrays take no more of a thread's stack than they should? */
static bool arrays_fit(struct fuse *fuse, int first, int second, enum op_class kind)
{
    if (kind != CLASS_ROW)
        return true;
    const struct cluster *wide = &fuse->cluster[first];
    if (wide->kind != CLASS_ROW)
        wide = &fuse->cluster[second];
    find_both(fuse, first, second);
    find_rows(fuse, wide->space, &fuse->both);
    return rows_bytes(&fuse->rows, 1) <= ROW_STACK_MAX;
}

static void merge(struct fuse *fuse, int first, int second, enum op_class kind)
{
    struct cluster *a = &fuse->cluster[first], *b = &fuse->cluster[second];
    if (a->kind != kind)
        a->space = b->space;
    a->kind = kind;
    a->for_loss |= b->for_loss;
    a->updates |= b->updates;
    a->stores |= b->stores;
    a->fits = false;
    line_join(fuse->line, first, second);
    find_both(fuse, first, second);
    a->member = fuse->both;
    fuse->both = (struct ids){0};
}

/* What the loss needs comes before all that updates. */
static bool times_fit(const struct cluster *a, const struct cluster *b)
{
    return !((a->for_loss || b->for_loss) && (a->updates || b->updates));
}

/* Merges two clusters of which the first feeds the second, if that is sound. */
static bool try_merge(struct fuse *fuse, int first, int second, enum op_class kind)
{
    const struct cluster *a = &fuse->cluster[first], *b = &fuse->cluster[second];
    if (!times_fit(a, b))
        return false;
    if (fuse->schedule->loop_of[first] != fuse->schedule->loop_of[second])
        return false;
    if (a->member.count + b->member.count > GROUP_NODES_MAX ||
        !stores_fit(fuse, first, second, kind) || reads_cluster(fuse, second, first, true) ||
        !arrays_fit(fuse, first, second, kind))
        return false;
    if (line_way_between(fuse->line, first, second))
        return false;
    merge(fuse, first, second, kind);
    fuse->cluster[first].fits = true;
    return true;
}

/* Variables that take each other's values are stored in one loop, for neither can come first. */
static void join_exchanges(struct fuse *fuse)
{
    const struct graph *graph = fuse->graph;
    struct ids moves = {0};
    for (int store = 0; store < graph->count; store++) {
        const struct node *node = graph->node[store];
        if (node->op != OP_STORE)
            continue;
        for (int i = 0; i < moves.count; i++) {
            int first = find(fuse, moves.id[i]), second = find(fuse, store);
            if (first != second && line_precedes(fuse->line, first, second) &&
                line_precedes(fuse->line, second, first))
                merge(fuse, first, second, CLASS_MAP);
        }
        if (graph->node[node->operand[0]]->op == OP_READ)
            ids_add(arena_of(fuse), &moves, store);
    }
}

/* A STORE or KEEP joins what computes its operand: straight into the variable, or as one more
 * output, as where a product lies in memory before its epilogue, which may read what is carried. */
static void join_store(struct fuse *fuse, int store)
{
    int operand = fuse->graph->node[store]->operand[0];
    int base = whole_base(fuse, operand);
    if (base < 0)
        return;
    int cluster = find(fuse, base);
    enum op_class kind = fuse->cluster[cluster].kind;
    bool free = fuse->owner[base] < 0 && fuse->schedule->whole[base] < 0 &&
                !(fuse->graph->node[store]->op == OP_KEEP && kind == CLASS_CONTRACT);
    if (!free && !(class_has(kind, HAS_EPILOGUE) && base == operand))
        return;
    if (try_merge(fuse, cluster, find(fuse, store), kind) && free)
        fuse->owner[base] = store;
}

static bool is_single(const struct shape *shape)
{
    return shape->rows < 0 && shape_elements(shape) == 1;
}

/* Is the node alone in its cluster, of the map's shape, and used by nothing but marked ones? */
static bool leads_to(struct fuse *fuse, int id, int map)
{
    const struct cluster *cluster = &fuse->cluster[id];
    bool leads = cluster->used && find(fuse, id) == id && cluster->member.count == 1 &&
                 fuse->schedule->whole[id] < 0 && times_fit(cluster, &fuse->cluster[map]) &&
                 shape_equal(&fuse->graph->node[id]->shape, fuse->cluster[map].space);
    for (int i = 0; leads && i < fuse->users[id].count; i++)
        leads = fuse->mark[fuse->users[id].id[i]] == fuse->marks;
    return leads;
}

/* Marks the map's nodes and, before them, maps that lead to it alone, none of them in the cluster
 * `besides`; returns the last of what these read, that would have to be there first, or -1. */
static int mark_maps(struct fuse *fuse, int map, int besides)
{
    const struct ids *member = &fuse->cluster[map].member;
    struct ids *maps = &fuse->both;
    int last = -1;
    maps->count = 0;
    fuse->marks++;
    for (int m = 0; m < member->count; m++) {
        fuse->mark[member->id[m]] = fuse->marks;
        ids_add(arena_of(fuse), maps, member->id[m]);
    }
    for (int m = 0; m < maps->count && maps->count <= GROUP_NODES_MAX; m++) {
        const struct node *node = fuse->graph->node[maps->id[m]];
        for (int i = 0; i < node->count; i++) {
            int id = node->operand[i];
            if (class_of(fuse, id) == CLASS_SOURCE || fuse->mark[id] == fuse->marks)
                continue;
            if (class_of(fuse, id) == CLASS_MAP && !is_member(fuse, besides, id) &&
                leads_to(fuse, id, map)) {
                fuse->mark[id] = fuse->marks;
                ids_add(arena_of(fuse), maps, id);
            } else if (id > last) {
                last = id;
            }
        }
    }
    return last;
}

/* Is the last of what the map waits for a product that leads to it alone? */
static bool has_own_product(struct fuse *fuse, int map, int besides)
{
    int last = mark_maps(fuse, map, besides);
    return last >= 0 && class_of(fuse, last) == CLASS_CONTRACT && leads_to(fuse, last, map);
}

/* Do both clusters have a product of which they can be the epilogue?  Were they one, in that of the
 * second, the first product would lie in memory until then, and so would all products of a sum. */
static bool are_of_two_products(struct fuse *fuse, int first, int second)
{
    enum op_class kind = fuse->cluster[second].kind;
    return fuse->cluster[first].kind == CLASS_MAP &&
           (kind == CLASS_CONTRACT || kind == CLASS_MAP) &&
           has_own_product(fuse, first, second) &&
           (kind == CLASS_CONTRACT || has_own_product(fuse, second, first));
}

/* Tries to merge what computes the node with each of its users: single elements with single
 * elements, or others with others. */
static void join_maps(struct fuse *fuse, int id, bool single)
{
    for (int i = 0; i < fuse->users[id].count; i++) {
        int user = fuse->users[id].id[i];
        if (!fuse->cluster[user].used)
            continue;
        int first = find(fuse, id), second = find(fuse, user);
        enum op_class kind;
        if (first != second && is_single(fuse->cluster[first].space) == single &&
            fuse->early[id] == fuse->early[user] && kinds_fit(fuse, first, second, &kind) &&
            !are_of_two_products(fuse, first, second))
            try_merge(fuse, first, second, kind);
    }
}

/* What a turn begins with is stacked in the loop, element by element, that stores what it ends
 * with. */
static void join_carried(struct fuse *fuse)
{
    const struct graph *graph = fuse->graph;
    const struct loops loops = loops_of(graph, arena_of(fuse));
    for (int id = 0; id < graph->count; id++) {
        const struct node *copy = graph->node[id];
        int carry = schedule_is_copy(graph, id) ? copy->operand[0] : -1;
        if (carry < 0 || graph->node[carry]->op != OP_CARRY || loops.keep[carry] < 0)
            continue;
        int first = find(fuse, id), second = find(fuse, loops.keep[carry]);
        if (fuse->cluster[second].kind == CLASS_MAP && first == id &&
            shape_equal(fuse->cluster[second].space, &copy->shape))
            try_merge(fuse, first, second, CLASS_MAP);
    }
}

/* Marks scalars that depend on nothing that runs. */
static void mark_early(struct fuse *fuse)
{
    const struct graph *graph = fuse->graph;
    for (int id = 0; id < graph->count; id++) {
        const struct node *node = graph->node[id];
        bool early = class_of(fuse, id) == CLASS_MAP && node->shape.rank == 0;
        for (int i = 0; i < node->count; i++) {
            const struct node *x = graph->node[node->operand[i]];
            early &= fuse->early[x->id] || x->op == OP_STEP_VALUE || x->op == OP_CONST;
        }
        fuse->early[id] = early;
    }
}

/* These, such as a learning rate or its bias corrections, make one group. */
static void join_early(struct fuse *fuse)
{
    int first = -1;
    for (int id = 0; id < fuse->graph->count; id++)
        if (fuse->early[id] && first < 0)
            first = id;
        else if (fuse->early[id] && find(fuse, first) != find(fuse, id))
            try_merge(fuse, find(fuse, first), find(fuse, id), CLASS_MAP);
}

/* ---- sums over the same rows ---- */

/* The first node of the cluster that is a COLUMN_SUM, and how many there are. */
static const struct node *first_sum(const struct fuse *fuse, int cluster, int *count)
{
    const struct ids *member = &fuse->cluster[cluster].member;
    const struct node *first = NULL;
    *count = 0;
    for (int m = member->count - 1; m >= 0; m--)
        if (fuse->graph->node[member->id[m]]->op == OP_COLUMN_SUM) {
            first = fuse->graph->node[member->id[m]];
            ++*count;
        }
    return first;
}

/* Are they sums over the same axes of operands of one shape, neither made of the other? */
static bool sums_fit(struct fuse *fuse, int first, int second)
{
    const struct cluster *a = &fuse->cluster[first], *b = &fuse->cluster[second];
    int sums, more;
    const struct node *x = first_sum(fuse, first, &sums), *y = first_sum(fuse, second, &more);
    return x && y && sums + more <= GROUP_SUMS_MOST && x->attr.over == y->attr.over &&
           shape_equal(a->space, b->space) && !reads_cluster(fuse, first, second, false) &&
           !reads_cluster(fuse, second, first, false);
}

/* The arrays as large as the cluster's space that it reads, in fuse->both. */
static void find_arrays(struct fuse *fuse, int cluster)
{
    const struct cluster *c = &fuse->cluster[cluster];
    int64_t bytes = schedule_bytes(fuse->graph->program, F32, c->space);
    fuse->both.count = 0;
    for (int m = 0; m < c->member.count; m++) {
        const struct node *node = fuse->graph->node[c->member.id[m]];
        for (int i = 0; i < node->count; i++) {
            int base = node->operand[i];
            while (schedule_is_view(fuse->graph, base))
                base = fuse->graph->node[base]->operand[0];
            if (fuse->schedule->place[base].bytes >= bytes && !is_constant(fuse, base) &&
                !is_member(fuse, cluster, base))
                ids_add(arena_of(fuse), &fuse->both, base);
        }
    }
}

/* Joins the sums of the cluster with those of one before that read an array that it reads. */
static void join_sum(struct fuse *fuse, int sum, int *reader)
{
    int cluster = find(fuse, sum);
    find_arrays(fuse, cluster);
    struct ids arrays = fuse->both;
    fuse->both = (struct ids){0};
    for (int i = 0; i < arrays.count; i++) {
        int other = reader[arrays.id[i]] < 0 ? -1 : find(fuse, reader[arrays.id[i]]);
        if (other >= 0 && other != cluster && sums_fit(fuse, other, cluster) &&
            try_merge(fuse, other, cluster, CLASS_COLUMN))
            cluster = other;
        reader[arrays.id[i]] = cluster;
    }
}

/* Sums over the same rows of the same array are made in one loop.  Last: what maps compute for
 * two of them lies in memory with or without. */
static void join_sums(struct fuse *fuse)
{
    int *reader = ARENA_ARRAY(arena_of(fuse), int, fuse->graph->count);
    for (int id = 0; id < fuse->graph->count; id++)
        reader[id] = -1;
    for (int id = 0; id < fuse->graph->count; id++)
        if (fuse->cluster[id].used && fuse->graph->node[id]->op == OP_COLUMN_SUM)
            join_sum(fuse, id, reader);
}

/* ---- the result ---- */

/* A value that only its own group reads, at the loop's own index, needs no memory. */
static bool is_local(struct fuse *fuse, int id)
{
    int cluster = find(fuse, id);
    const struct cluster *c = &fuse->cluster[cluster];
    bool loop = class_has(c->kind, HAS_EPILOGUE) ||
                (c->kind == CLASS_COLUMN && class_of(fuse, id) == CLASS_MAP);
    if (!loop || class_of(fuse, id) == CLASS_VIEW || fuse->schedule->whole[id] >= 0 ||
        fuse->users[id].count == 0)
        return false;
    for (int i = 0; i < fuse->users[id].count; i++)
        if (!is_member(fuse, cluster, fuse->users[id].id[i]))
            return false;
    return true;
}

/* ---- initial values are drawn where they will lie ---- */

/* How often each variable is read or stored. */
static int *count_touches(const struct fuse *fuse)
{
    const struct graph *graph = fuse->graph;
    int *touches = ARENA_ARRAY(arena_of(fuse), int, graph->program->variable_count);
    for (int id = 0; id < graph->count; id++) {
        const struct node *node = graph->node[id];
        if (node->op == OP_READ || node->op == OP_STORE)
            touches[node->attr.variable]++;
    }
    return touches;
}

/* The one cluster that reads the value, element for element, or -1. */
static int only_reader(struct fuse *fuse, int id)
{
    int reader = -1;
    for (int i = 0; i < fuse->users[id].count; i++) {
        int user = fuse->users[id].id[i];
        if (!fuse->cluster[user].used || (reader >= 0 && find(fuse, user) != reader))
            return -1;
        reader = find(fuse, user);
    }
    return reader >= 0 && reader != find(fuse, id) && fuse->cluster[reader].kind == CLASS_MAP &&
                   shape_equal(fuse->cluster[reader].space, &fuse->graph->node[id]->shape)
               ? reader : -1;
}

/* The variable which that cluster stores, as large as the value, that nothing else touches; until
 * then its storage is free.  Or -1. */
static int free_variable(const struct fuse *fuse, int reader, int id, const int *touches)
{
    const struct program *program = fuse->graph->program;
    const struct ids *member = &fuse->cluster[reader].member;
    for (int m = 0; m < member->count; m++) {
        const struct node *node = fuse->graph->node[member->id[m]];
        const struct variable *v = node->op == OP_STORE ? program->variable[node->attr.variable]
                                                        : NULL;
        if (v && v->kind != VAR_BLOCK && v->dtype == fuse->graph->node[id]->dtype &&
            shape_equal(&v->shape, &fuse->graph->node[id]->shape) && touches[v->id] == 1 &&
            (v->block < 0 || touches[v->block] == 0))
            return v->id;
    }
    return -1;
}

/* What a phase without a loss draws lies in the variable that is made of it, not in scratch as
 * large as all parameters.  (Where there is a loss, nothing is stored until it was looked at.) */
static void draw_in_place(struct fuse *fuse)
{
    int *touches = count_touches(fuse);
    for (int id = 0; id < fuse->graph->count; id++) {
        struct place *place = &fuse->schedule->place[id];
        if (class_of(fuse, id) != CLASS_RANDOM || place->kind != PLACE_ARENA ||
            fuse->schedule->whole[id] >= 0)
            continue;
        int reader = only_reader(fuse, id);
        int variable = reader < 0 ? -1 : free_variable(fuse, reader, id, touches);
        if (variable < 0)
            continue;
        place->kind = PLACE_VARIABLE;
        place->variable = variable;
        touches[variable]++;
    }
}

/* Arrays of long rows lie in memory instead. */
static void store_long_rows(struct fuse *fuse, const struct cluster *cluster)
{
    find_rows(fuse, cluster->space, &cluster->member);
    const struct rows *rows = &fuse->rows;
    for (int i = 0; rows_length(rows) > ROW_LOCAL_MAX && i < rows->count; i++)
        if (rows->array[i] && rows->full[i])
            fuse->schedule->place[rows->node[i]].kind = PLACE_ARENA;
}

/* The node is computed where the STORE or KEEP would put it. */
static void take_place(struct fuse *fuse, int id, int owner)
{
    struct place *place = &fuse->schedule->place[id];
    if (fuse->graph->node[owner]->op == OP_KEEP) {
        fuse->schedule->whole[id] = owner;
        return;
    }
    place->kind = PLACE_VARIABLE;
    place->variable = fuse->graph->node[owner]->attr.variable;
}

static void settle_places(struct fuse *fuse)
{
    for (int id = 0; id < fuse->graph->count; id++) {
        struct place *place = &fuse->schedule->place[id];
        if (schedule_stores(fuse->graph->node[id]) || !fuse->cluster[id].used)
            continue;
        if (fuse->owner[id] >= 0) {
            take_place(fuse, id, fuse->owner[id]);
        } else if (is_local(fuse, id)) {
            place->kind = PLACE_INLINE;
        }
    }
    for (int id = 0; id < fuse->graph->count; id++) {
        const struct cluster *cluster = &fuse->cluster[id];
        if (cluster->used && find(fuse, id) == id && cluster->kind == CLASS_ROW)
            store_long_rows(fuse, cluster);
    }
}

/* A CONTRACT group begins with its matmul. */
static void put_matmul_first(struct group *group, const struct graph *graph)
{
    for (int i = 1; group->kind == CLASS_CONTRACT && i < group->count; i++)
        if (op_def(graph->node[group->node[i]]->op)->class == CLASS_CONTRACT) {
            int matmul = group->node[i];
            memmove(group->node + 1, group->node, sizeof(int) * (size_t)i);
            group->node[0] = matmul;
        }
}

static void make_groups(struct fuse *fuse)
{
    struct schedule *schedule = fuse->schedule;
    struct arena *arena = fuse->graph->program->arena;
    for (int id = 0; id < fuse->graph->count; id++) {
        const struct cluster *cluster = &fuse->cluster[id];
        if (!cluster->used || find(fuse, id) != id)
            continue;
        struct group group = {.kind = cluster->kind, .count = cluster->member.count,
                              .loop = schedule->loop_of[id]};
        group.node = ARENA_ARRAY(arena, int, group.count);
        memcpy(group.node, cluster->member.id, sizeof(int) * (size_t)group.count);
        put_matmul_first(&group, fuse->graph);
        for (int m = 0; m < group.count; m++)
            schedule->group_of[group.node[m]] = schedule->group_count;
        ARENA_PUSH(arena, schedule->group, schedule->group_count, schedule->group_room) = group;
    }
}

static void prepare(struct fuse *fuse)
{
    struct arena *arena = arena_of(fuse), *kept = fuse->graph->program->arena;
    int count = fuse->graph->count;
    fuse->cluster = ARENA_ARRAY(arena, struct cluster, count);
    fuse->schedule->loop_of = loops_of(fuse->graph, kept).runs;
    fuse->line = line_new(arena, count + schedule_moments(fuse->graph));
    fuse->users = ARENA_ARRAY(arena, struct ids, count);
    fuse->owner = ARENA_ARRAY(arena, int, count);
    fuse->early = ARENA_ARRAY(arena, bool, count);
    fuse->mark = ARENA_ARRAY(arena, int, count);
    fuse->schedule->whole = ARENA_ARRAY(kept, int, count);
    fuse->schedule->group_of = ARENA_ARRAY(kept, int, count);
    fuse->schedule->place = ARENA_ARRAY(kept, struct place, count);
    for (int id = 0; id < count; id++) {
        fuse->owner[id] = fuse->schedule->whole[id] = fuse->schedule->group_of[id] = -1;
        const struct node *node = fuse->graph->node[id];
        for (int i = 0; i < node->count; i++)
            ids_add(arena, &fuse->users[node->operand[i]], id);
    }
}

void pass_fuse(struct graph *graph)
{
    struct fuse fuse = {.graph = graph, .scratch = arena_new()};
    fuse.schedule = graph->schedule = ARENA_NEW(graph->program->arena, struct schedule);
    prepare(&fuse);
    place_nodes(&fuse);
    place_in_stacks(&fuse);
    for (int id = 0; id < graph->count; id++)
        if (graph->node[id]->op == OP_CONCAT)
            place_pieces(&fuse, id);
    make_clusters(&fuse);
    mark_loss(&fuse);
    find_order(&fuse);
    join_exchanges(&fuse);
    line_sort(fuse.line);
    for (int id = 0; id < graph->count; id++)
        if (schedule_stores(graph->node[id]))
            join_store(&fuse, id);
    mark_early(&fuse);
    join_early(&fuse);
    for (int single = 0; single < 2; single++)
        for (int id = graph->count - 1; id >= 0; id--)
            if (fuse.cluster[id].used)
                join_maps(&fuse, id, single);
    join_carried(&fuse);
    if (!graph->program->spares_memory)
        join_sums(&fuse);
    settle_places(&fuse);
    if (!fuse.has_loss)
        draw_in_place(&fuse);
    make_groups(&fuse);
    arena_free(fuse.scratch);
}
