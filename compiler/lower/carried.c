/* scan(x, cell, stateful = true): VAR_STATEs of as many rows as a batch, and one of the epoch that
 * they are of.  A checkpoint has them as it has others; evaluation and prediction know none. */
#include "lower/carried.h"
#include "lower/expr.h"
#include "lower/model.h"
#include "lower/value.h"
#include "lower/variable.h"

struct carried {
    struct kept { int variable, last; } *item;
    int count, room;
    int epoch;                          /* VAR_STATE, I32: of the last step; -1: none is kept */
};

static struct carried *carried(struct lower *l)
{
    if (!l->carried) {
        l->carried = ARENA_NEW(l->arena, struct carried);
        l->carried->epoch = -1;
    }
    return l->carried;
}

static int epoch_now(struct lower *l)
{
    struct attr attr = {.step_value = VALUE_EPOCH};
    struct shape scalar = shape_scalar();
    return graph_add_shaped(l->graph, OP_STEP_VALUE, 0, NULL, &attr, I32, &scalar);
}

/* Before the first step there was none. */
static int epoch_before(struct lower *l)
{
    struct graph *init = l->program->phase[PHASE_INIT];
    struct shape scalar = shape_scalar();
    struct carried *c = carried(l);
    if (c->epoch < 0) {
        c->epoch = program_add_variable(l->program, VAR_STATE, "carried/epoch", I32, &scalar,
                                        l->graph->span)->id;
        graph_store(init, c->epoch, graph_const_whole(init, I32, -1));
        l->program->train.streams_span = l->graph->call;
    }
    return lower_read(l, c->epoch);
}

static int select_of(struct lower *l, int condition, int a, int b)
{
    struct value v[] = {{0}, {0}, {0}};
    int node[] = {condition, a, b};
    for (int i = 0; i < 3; i++)
        v[i] = value_tensor(l, node[i], graph_node(l->graph, node[i])->shape.rows >= 0,
                            l->graph->span);
    return value_map(l, OP_SELECT, 3, v, l->graph->span).node;
}

int lower_carried_start(struct lower *l, struct frame *frame, const char *name, int start,
                        int *kept)
{
    struct carried *c = carried(l);
    struct shape shape = graph_node(l->graph, start)->shape;
    struct span span = l->graph->span;
    int id = lower_declare(l, frame, VAR_STATE, path_join(l, frame->path, name), F32, &shape, span);
    for (int i = 0; i < c->count && id >= 0; i++) {
        if (c->item[i].variable != id)
            continue;
        lower_error(l, frame, span, "the carry '%s' is kept for the next batch, and two scans of "
                    "one layer would keep it", name);
        return -1;
    }
    if (id < 0)
        return -1;
    struct kept k = {id, -1};
    *kept = c->count;
    ARENA_PUSH(l->arena, c->item, c->count, c->room) = k;
    int goes_on = graph_binary(l->graph, OP_EQ, epoch_now(l), epoch_before(l));
    return select_of(l, goes_on, lower_read(l, id), start);
}

void lower_carry_on(struct lower *l, int kept, int last)
{
    carried(l)->item[kept].last = last;
}

/* Where the update is apart, nothing but this node knows that a step is skipped. */
static int unless_skipped(struct lower *l, int variable, int node)
{
    if (!program_updates_apart(l->program))
        return node;
    int loss = l->results->loss, apart = graph_binary(l->graph, OP_SUB, loss, loss);
    int finite = graph_binary(l->graph, OP_EQ, apart, graph_const(l->graph, 0));
    return select_of(l, finite, node, lower_read(l, variable));
}

void lower_store_carried(struct lower *l)
{
    const struct carried *c = carried(l);
    for (int i = 0; i < c->count; i++)
        if (c->item[i].last >= 0)
            graph_store(l->graph, c->item[i].variable,
                        unless_skipped(l, c->item[i].variable, c->item[i].last));
}

void lower_store_epoch(struct lower *l)
{
    if (carried(l)->epoch >= 0)
        graph_store(l->graph, carried(l)->epoch, epoch_now(l));
}

/* Whether each row goes on where the row before it ends, as far as data can tell. */
static void check_rows(struct lower *l, struct span span)
{
    const struct data_desc *data = &l->program->data;
    for (int i = 0; i < data->field_count; i++) {
        const struct data_field *f = &data->field[i];
        if (f->key == KEY_GROUP)
            diag_help(diag_error(l->diags, span, "this scan goes on from the batch before, and "
                                 "would go on from one group into the next"),
                      "in 'data': leave 'group' out, or train on each group by itself");
        if (!f->label && f->rows > 0 && data->window > 0 && f->rows != data->stride)
            diag_help(diag_error(l->diags, span, "this scan goes on from the batch before, and "
                                 "windows of field '%s' do not follow one another", f->name),
                      "in 'data': stride %lld, as many as the field has rows", (long long)f->rows);
    }
}

void lower_check_carried(struct lower *l)
{
    struct train_desc *train = &l->program->train;
    struct span span = train->streams_span;
    train->streams = carried(l)->epoch >= 0;
    if (train->streams)
        check_rows(l, span);
    if (train->streams && train->shuffle)
        diag_help(diag_error(l->diags, span, "this scan goes on from the batch before, and rows "
                             "are shuffled in every epoch"), "in 'train': shuffle false");
    if (train->streams && l->program->data.shuffle)
        diag_help(diag_error(l->diags, span, "this scan goes on from the batch before, and the "
                             "rows of data '%s' are permuted once", l->program->data.name),
                  "in 'data', where each row goes on where the one before it ends: order fixed");
    if (train->streams && !train->drop_last)
        diag_help(diag_error(l->diags, span, "this scan goes on from the batch before, and the "
                             "last one of an epoch may have fewer rows"),
                  "in 'train': drop_last true");
    if (train->streams && program_has_shards(l->program))
        diag_error(l->diags, train->shards_span, "a scan that goes on from the batch before knows "
                   "no shards yet: leave 'shards' out");
}
