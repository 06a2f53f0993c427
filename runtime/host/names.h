/* A set of texts, each with the number of its first arrival: columns of a header, labels. */
#ifndef INV_HOST_NAMES_H
#define INV_HOST_NAMES_H

struct inv_names {
    char **name;                        /* name[i]: that numbered i */
    int count, room;
    int *slot;                          /* hash table of number + 1; 0: free */
    int slots;                          /* a power of 2, or 0 */
};

/* The number of a name, or -1. */
int inv_names_find(const struct inv_names *, const char *name);
/* The number of a name, added where it is new. */
int inv_names_add(struct inv_names *, const char *name);
/* Numbers the names anew in byte order. */
void inv_names_sort(struct inv_names *);
void inv_names_free(struct inv_names *);

#endif
