/* Sides of contractions: where their elements lie, and which loops walk them. */
#ifndef INVAR_EMIT_SIDE_H
#define INVAR_EMIT_SIDE_H
#include "emit/c/function.h"

/* A loop over a run of an operand's axes: what a step adds to the element's number, and to the
 * coordinate of each limit. */
struct walk {
    struct extent extent, stride;
    int64_t step[LIMITS_MAX];
};

/* One side of a contraction: storage, and strides of its page, of its own axis and of k. */
struct side {
    int node;                           /* whose storage it is */
    struct extent offset;               /* of its first element there */
    const char *base, *pointer;         /* the storage; its first element */
    struct extent page, own, k, length;
    struct walk page_walk;              /* of OP_CONTRACT */
    bool windowed;                      /* strides do not say it: walks and limits do */
    int owns, ks, limits;
    struct walk own_walk[RANK_MAX], k_walk[RANK_MAX];
    int64_t first[LIMITS_MAX], extent[LIMITS_MAX];
};

/* What a contraction computes: pages (1 unless `paged` or `beside`) of m rows and n columns, sums
 * over k.  Pages beside each other share rows of the product, of pages * n columns. */
struct contraction {
    bool paged, beside, windowed;
    int columns;                        /* axes that a row of the product is made of */
    struct extent pages, m, n, k, row;
};
struct contraction group_contraction(struct function *, const struct node *);
struct side group_contract_side(struct function *, const struct node *matmul, int index);
/* Where raw products lie: their own storage, or that of a value of the epilogue of the same shape
 * which then overwrites them; -1: in a tile. */
int group_product_storage(const struct function *, const struct node *);

/* The call in a skeleton: "inv_contract", or one with an argument more, `name`, which the line
 * declares. */
void group_contract_call(struct function *, const char *call, const char *line, const char *name);

#endif
