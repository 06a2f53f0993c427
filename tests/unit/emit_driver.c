/* Runs pairs of models of test_emit.c and compares every report bit by bit. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "invar.h"

extern const struct inv_model *const models[];

/* How inv_for splits: 0 not at all, 1 each output alone, 2 three parts, last one first. */
static int split;

void inv_for(const struct inv_run *run, inv_group *group, int64_t count, int64_t cost)
{
    (void)cost;
    if (split == 0)
        group(run, 0, count);
    for (int64_t i = 0; split == 1 && i < count; i++)
        group(run, i, i + 1);
    for (int64_t part = 2; split == 2 && part >= 0; part--)
        group(run, part * count / 3, (part + 1) * count / 3);
}

static int64_t elements(const struct inv_variable *variable, int64_t rows)
{
    int64_t count = 1;
    for (int i = 0; i < variable->rank; i++)
        count *= variable->dim[i] * (i == variable->rows ? rows : 1);
    return count;
}

/* Inputs: floats in [-2, 2), whole numbers 0 .. 5 (of which the last is out of range). */
static void fill(const struct inv_model *model, unsigned char *arena, int64_t rows)
{
    uint32_t state = 12345;
    memset(arena, 0xee, (size_t)model->arena_bytes);
    for (int v = 0; v < model->variable_count; v++) {
        const struct inv_variable *variable = &model->variable[v];
        for (int64_t i = 0; variable->kind == INV_INPUT && i < elements(variable, rows); i++) {
            state = state * 1664525u + 1013904223u;
            float value = (float)(int32_t)state * 0x1p-30f;
            int32_t whole = (int32_t)((state >> 16) % 6);
            memcpy(arena + variable->offset + 4 * i,
                   variable->dtype == INV_F32 ? (void *)&value : (void *)&whole, 4);
        }
    }
}

static unsigned char *execute(const struct inv_model *model, int64_t rows)
{
    unsigned char *arena = aligned_alloc(64, (size_t)(model->arena_bytes + 63) / 64 * 64);
    struct inv_run run = {.arena = arena, .key = {42, 7}, .rows = rows, .first_row = 3,
                          .step = 5, .steps = 9, .epoch = 1};
    fill(model, arena, rows);
    if (model->phase[INV_TRAIN])
        model->phase[INV_TRAIN](&run);
    if (model->phase[INV_UPDATE])
        model->phase[INV_UPDATE](&run);
    return arena;
}

static int compare(const struct inv_model *a, const unsigned char *x, const struct inv_model *b,
                   const unsigned char *y, int64_t rows)
{
    int differ = 0;
    for (int v = 0; v < a->variable_count; v++) {
        const struct inv_variable *p = &a->variable[v], *q = &b->variable[v];
        int64_t size = p->dtype == INV_I64 ? 8 : 4;
        for (int64_t i = 0; p->kind == INV_REPORT && i < elements(p, rows); i++)
            if (memcmp(x + p->offset + i * size, y + q->offset + i * size, (size_t)size) != 0) {
                printf("%s and %s differ at %s[%lld], %lld rows, split %d\n", a->name, b->name,
                       p->path, (long long)i, (long long)rows, split);
                differ = 1;
                break;
            }
    }
    return differ;
}

static int check_pair(const struct inv_model *fused, const struct inv_model *plain, int64_t rows)
{
    split = 0;
    unsigned char *want = execute(plain, rows);
    int bad = 0;
    for (split = 0; split < 3; split++) {
        unsigned char *a = execute(fused, rows), *b = execute(plain, rows);
        bad += compare(fused, a, plain, want, rows) + compare(plain, b, plain, want, rows);
        free(a);
        free(b);
    }
    free(want);
    return bad;
}

int main(void)
{
    int bad = 0;
    for (int i = 0; models[i]; i += 2) {
        int64_t batch = models[i]->batch;
        bad += check_pair(models[i], models[i + 1], batch);
        bad += check_pair(models[i], models[i + 1], (batch + 1) / 2);
        bad += check_pair(models[i], models[i + 1], 1);
    }
    return bad ? 1 : 0;
}
