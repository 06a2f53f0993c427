/* Trains net.inv in slices of about so many operations, and prints the hash of its weights. */
#include <stdio.h>
#include <stdlib.h>
#include "core/sha256.h"
#include "net.h"

static int add(void *user, const void *bytes, size_t count)
{
    inv_sha256_update(user, bytes, count);
    return 0;
}

int main(int argc, char **argv)
{
    static unsigned char arena[NET_ARENA_BYTES] __attribute__((aligned(64)));
    static int32_t order[NET_ORDER_WORDS(22) + 1];
    static struct net model;
    struct net_data data = {0, order, NULL, NULL, {0, 0, 0}};
    struct inv_sha256 sum;
    uint8_t digest[32];
    char text[65];
    int32_t budget = argc > 1 ? atoi(argv[1]) : 1000;
    int status = net_init(&model, arena, sizeof arena) || net_begin(&model, &data);
    for (int step = 0; !status && step < 6; step++) {
        int slice = net_step_begin(&model);
        while (slice == NET_OK || slice == NET_MORE)
            if ((slice = net_step_continue(&model, budget)) != NET_MORE)
                break;
        status = slice < 0;
    }
    inv_sha256_init(&sum);
    status = status || net_write_weights(&model, add, &sum);
    inv_sha256_final(&sum, digest);
    inv_sha256_hex(digest, text);
    printf("%s\n", text);
    return status;
}
