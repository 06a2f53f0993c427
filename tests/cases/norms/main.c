/* Trains in firmware and prints the hash of the weights. */
#include <stdio.h>
#include "core/sha256.h"
#include "net.h"

static unsigned char arena[NET_ARENA_BYTES] __attribute__((aligned(8)));
static int32_t order[NET_ORDER_WORDS(NET_DRAWN_ROWS)];
static struct inv_sha256 sha;

static int hash(void *user, const void *bytes, size_t count)
{
    (void)user;
    inv_sha256_update(&sha, bytes, count);
    return 0;
}

int main(void)
{
    static struct net net;
    static const struct net_data data = {.order = order};
    unsigned char digest[32];
    enum net_status status = net_init(&net, arena, sizeof arena);
    if (status == NET_OK)
        status = net_begin(&net, &data);
    while (status == NET_OK || status == NET_EPOCH)
        status = net_step(&net);
    inv_sha256_init(&sha);
    if (status != NET_DONE || net_write_weights(&net, hash, NULL) != NET_OK)
        return 1;
    inv_sha256_final(&sha, digest);
    for (int i = 0; i < 32; i++)
        printf("%02x", digest[i]);
    printf("\n");
    return 0;
}
