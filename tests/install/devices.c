/* A program with two models for devices in it. */
#include "mlp.h"
#include "net.h"

int main(void)
{
    return mlp_selftest() == MLP_OK && net_selftest() == NET_OK ? 0 : 1;
}
