/* r2 of the rows of rows.h on a device. */
#include <stdio.h>
#include "net.h"
#include "rows.h"

static int fetch(void *user, const struct net_row *row)
{
    (void)user;
    row->g[0] = rows[row->sample][0];
    row->t[0] = rows[row->sample][1];
    row->w[0] = rows[row->sample][2];
    return 0;
}

int main(void)
{
    enum { ROWS = sizeof rows / sizeof *rows };
    static unsigned char arena[NET_ARENA_BYTES] __attribute__((aligned(64)));
    static int32_t order[NET_ORDER_WORDS(ROWS)];
    static struct net model;
    struct net_data data = {ROWS, order, fetch, NULL, {0, 0, 0}};
    struct net_reports of;
    int status = net_init(&model, arena, sizeof arena) || net_begin(&model, &data);
    status = status || net_evaluate(&model, NET_TRAIN, &of);
    printf("%.9g\n", of.r2);
    return status;
}
