#include "ranking.h"
#include <stdlib.h>
#include <string.h>
#include "core/arith.h"
#include "variable.h"

/* ---- what is kept ---- */

struct inv_kept *inv_ranking_open(const struct inv_model *model)
{
    if (model->ranking_count == 0)
        return NULL;
    return inv_allocate(2 * (size_t)model->ranking_count * sizeof(struct inv_kept));
}

void inv_ranking_free(const struct inv_model *model, struct inv_kept *kept)
{
    for (int i = 0; kept && i < 2 * model->ranking_count; i++)
        free(kept[i].value);
    free(kept);
}

const struct inv_variable *inv_ranking_variable(const struct inv_model *model, int i)
{
    const struct inv_ranking *r = &model->ranking[i / 2];
    return &model->variable[i % 2 ? r->mark : r->score];
}

void inv_ranking_room(const struct inv_model *model, struct inv_kept *kept, int64_t rows)
{
    for (int i = 0; i < 2 * model->ranking_count; i++) {
        int64_t need = rows * inv_variable_elements(inv_ranking_variable(model, i));
        if (need <= kept[i].room)
            continue;
        kept[i].room = need > 2 * kept[i].room ? need + need % 2 : 2 * kept[i].room;
        kept[i].value = inv_resize(kept[i].value, (size_t)kept[i].room * sizeof(float));
    }
}

void inv_ranking_keep(const struct inv_model *model, const struct inv_run *run,
                      struct inv_kept *kept, int64_t first)
{
    inv_ranking_room(model, kept, first + run->rows);
    for (int i = 0; i < 2 * model->ranking_count; i++) {
        const struct inv_variable *v = inv_ranking_variable(model, i);
        int64_t count = inv_variable_elements(v);
        memcpy(kept[i].value + first * count, run->arena + v->offset,
               (size_t)(run->rows * count) * sizeof(float));
    }
}

/* ---- of several ranks ---- */

void inv_ranking_clear(const struct inv_model *model, struct inv_kept *kept, int64_t first,
                       int64_t rows)
{
    inv_ranking_room(model, kept, first + rows);
    for (int i = 0; i < 2 * model->ranking_count; i++) {
        int64_t count = inv_variable_elements(inv_ranking_variable(model, i));
        memset(kept[i].value + first * count, 0, (size_t)(rows * count) * sizeof(float));
    }
}

/* Two elements are a number of 64 bits, of which the room is a whole number. */
void inv_ranking_join(const struct inv_model *model, struct inv_kept *kept, int64_t rows,
                      struct inv_ranks *ranks)
{
    for (int i = 0; i < 2 * model->ranking_count; i++) {
        int64_t count = rows * inv_variable_elements(inv_ranking_variable(model, i));
        if (count % 2)
            kept[i].value[count] = 0;
        inv_ranks_sum(ranks, kept[i].value, (count + 1) / 2);
    }
}

/* ---- cases in order ---- */

/* Falls as x rises; the two zeros are one. */
static uint32_t falling(float x)
{
    uint32_t bits = inv_bits(inv_add(x, 0.0f));
    return bits >> 31 ? bits : ~bits & 0x7fffffffu;
}

static float risen(uint32_t key)
{
    return inv_from_bits(key >> 31 ? key : ~key & 0x7fffffffu);
}

/* The key of a case: by falling score, then by falling mark.  Cases of the same key are alike, so
 * the order of rows leaves no trace. */
static uint64_t key_of(float score, float mark)
{
    return (uint64_t)falling(score) << 32 | falling(mark);
}

/* Sorts by eight digits, the lowest first; digits that are the same in all keys are left out.
 * Returns where the sorted keys lie: key or spare. */
static uint64_t *sort_keys(uint64_t *key, uint64_t *spare, int64_t count)
{
    static const int digits = 8;
    for (int d = 0; d < digits; d++) {
        int64_t start[256] = { 0 }, sum = 0;
        for (int64_t i = 0; i < count; i++)
            start[key[i] >> 8 * d & 255]++;
        if (count == 0 || start[key[0] >> 8 * d & 255] == count)
            continue;
        for (int i = 0; i < 256; i++) {
            int64_t here = start[i];
            start[i] = sum;
            sum += here;
        }
        for (int64_t i = 0; i < count; i++)
            spare[start[key[i] >> 8 * d & 255]++] = key[i];
        uint64_t *sorted = spare;
        spare = key;
        key = sorted;
    }
    return key;
}

/* Cases `column`, column + columns, ... of `count`, as keys; cases without weight do not count.
 * -1: a score is NaN. */
static int64_t take_keys(const struct inv_kept *kept, int64_t count, int64_t column,
                         int64_t columns, uint64_t *key)
{
    int64_t taken = 0;
    for (int64_t i = column; i < count; i += columns) {
        float score = kept[0].value[i], mark = kept[1].value[i];
        if (mark == 0.0f)
            continue;
        if (score != score)
            return -1;
        key[taken++] = key_of(score, mark);
    }
    return taken;
}

/* ---- totals ---- */

/* Over the groups of cases of one score, in binary64 and this order: the trapezoids between true
 * and false, or the precision down to a group for each true of it. */
static float area_of(enum inv_ranking_form form, const uint64_t *key, int64_t count)
{
    double yes = 0, no = 0, area = 0;
    for (int64_t i = 0; i < count;) {
        double yes_before = yes, no_before = no;
        for (uint64_t score = key[i] >> 32; i < count && key[i] >> 32 == score; i++) {
            double mark = (double)risen((uint32_t)key[i]);
            yes += mark > 0 ? mark : 0;
            no += mark > 0 ? 0 : -mark;
        }
        if (form == INV_ROC_AREA)
            area += (no - no_before) * (yes + yes_before);
        else
            area += (yes - yes_before) * (yes / (yes + no));
    }
    if (yes <= 0 || (form == INV_ROC_AREA && no <= 0))
        return INV_NAN;
    return (float)(form == INV_ROC_AREA ? area / (2 * yes * no) : area / yes);
}

/* Sets the elements of one total; 1 where one of them has a result. */
static int rank(const struct inv_model *model, const struct inv_run *run,
                const struct inv_kept *kept, const struct inv_ranking *r, int64_t rows)
{
    const struct inv_variable *total = &model->variable[r->total];
    int64_t columns = inv_variable_elements(total);
    int64_t count = rows * inv_variable_elements(&model->variable[r->score]);
    float *to = (float *)(void *)(run->arena + total->offset);
    uint64_t *key = inv_allocate(2 * (size_t)(count / columns) * sizeof *key);
    int good = 0;
    for (int64_t c = 0; c < columns; c++) {
        int64_t taken = take_keys(kept, count, c, columns, key);
        uint64_t *spare = key + count / columns;
        to[c] = taken < 0 ? INV_NAN : area_of(r->form, sort_keys(key, spare, taken), taken);
        good |= to[c] == to[c];
    }
    free(key);
    if (run->device)
        run->device->type->upload(run, total->offset, columns * (int64_t)sizeof(float));
    return good;
}

const char *inv_ranking_finish(const struct inv_model *model, const struct inv_run *run,
                               const struct inv_kept *kept, int64_t rows)
{
    const char *without = NULL;
    for (int i = 0; i < model->ranking_count; i++)
        if (!rank(model, run, kept + 2 * i, &model->ranking[i], rows))
            without = model->variable[model->ranking[i].total].path;
    return without;
}
