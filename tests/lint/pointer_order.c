/* Addresses. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct node { struct node *next; int index; };

uint32_t hash_bytes(const void *bytes, size_t size);

static int by_address(const void *a, const void *b)
{
    struct node *const *x = a, *const *y = b;
    return (*x > *y) - (*x < *y);                       // found: pointer-order pointer-order
}

static int by_difference(const void *a, const void *b)
{
    return (int)(*(char *const *)a - *(char *const *)b);        // found: pointer-order
}

uint32_t faults(struct node **list, int n)
{
    uint32_t h = (uint32_t)(uintptr_t)list[0];          // found: pointer-order
    h ^= (uint32_t)((uintptr_t)list[1] >> 4) * 31u;     // found: pointer-order
    h += (uint32_t)((uintptr_t)list[2] % 1021);         // found: pointer-order
    h += hash_bytes(&list[0], sizeof list[0]);          // found: pointer-order
    uint64_t bits;
    memcpy(&bits, &list[2], sizeof bits);               // found: pointer-order
    h += (uint32_t)bits;
    if (list[0] < list[1])                              // found: pointer-order
        h++;
    (void)n;
    return h + (uint32_t)by_address(list, list + 1) + (uint32_t)by_difference(list, list);
}

size_t harmless(const float *begin, const float *end, void *memory, struct node **list,
                size_t size)
{
    size_t n = 0;
    for (const float *p = begin; p < end; p++)
        n += (size_t)(end - p);
    if ((uintptr_t)memory % 64 != 0 || ((uintptr_t)memory & 15) ||
        (uintptr_t)memory % size != 0 || list[0] == list[1])
        n++;
    struct node *copy;
    memcpy(&copy, &list[0], sizeof copy);
    if (memcmp(&copy, &list[1], sizeof copy) == 0)
        n++;
    char **cast = (char **)(uintptr_t)begin;
    return n + (cast != NULL) + (size_t)(list[0]->index < list[1]->index);
}
