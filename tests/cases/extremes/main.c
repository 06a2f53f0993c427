/* Fits three rows of numbers in firmware: `main A B C` prints the status of begin. */
#include <stdio.h>
#include <stdlib.h>
#include "net.h"

static unsigned char arena[NET_ARENA_BYTES] __attribute__((aligned(8)));
static int32_t order[NET_ORDER_WORDS(3)];
static struct net model;

static int give(void *user, const struct net_row *row)
{
    char **number = user;
    *row->x = strtof(number[row->sample], NULL);
    *row->y = (float)(row->sample + 1);
    return 0;
}

int main(int argc, char **argv)
{
    struct net_data data = {.rows = 3, .order = order, .row = give, .user = argv + 1};
    if (argc != 4 || net_init(&model, arena, sizeof arena) != NET_OK)
        return 1;
    printf("%d\n", (int)net_begin(&model, &data));
    return 0;
}
