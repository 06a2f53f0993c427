/* Trains hand.inv on the rows of rows.csv and val.csv, and infers one row. */
#include <stdio.h>
#include "core/sha256.h"
#include "hand.h"

static const float rows[][4] = {{-1, 96, 4, 10}, {1, 160, 12, 30}, {-1, 96, 4, 20},
                                {1, 160, 12, 10}, {0.5f, 140, 10, 17}, {-2, 60, -6, -8}};

static int fetch(void *user, const struct hand_row *row)
{
    const float *from = rows[row->sample];
    (void)user;
    row->x[0] = from[0];
    row->pair[0] = from[1];
    row->pair[1] = from[2];
    row->rent[0] = from[3];
    return 0;
}

static int add(void *user, const void *bytes, size_t count)
{
    inv_sha256_update(user, bytes, count);
    return 0;
}

int main(void)
{
    static unsigned char arena[HAND_ARENA_BYTES] __attribute__((aligned(64)));
    static int32_t order[HAND_ORDER_WORDS(4)];
    static struct hand model;
    struct hand_data data = {4, order, fetch, NULL, {0, 2, 0}};
    struct hand_reports of;
    struct hand_outputs out;
    struct inv_sha256 sum;
    uint8_t digest[32];
    char text[65];
    int status = hand_init(&model, arena, sizeof arena) || hand_begin(&model, &data);
    for (int step = 0; !status && step < 4; step++)
        status = hand_step(&model) < 0;
    status = status || hand_evaluate(&model, HAND_VAL, &of);
    inv_sha256_init(&sum);
    status = status || hand_write_weights(&model, add, &sum);
    inv_sha256_final(&sum, digest);
    inv_sha256_hex(digest, text);
    static const float x[] = {0.5f};
    status = status || hand_infer(&model, 1, x, &out);
    printf("%s %g %g %g %g %g\n", text, of.mean_absolute_error, of.rents, out.guess[0],
           out.guess[1], out.rent[0]);
    return status;
}
