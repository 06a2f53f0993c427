/* A generator of valid random models: `generate SEED` prints the model of a seed, `generate SEED
 * --table` the CSV file that it reads, if any. */
#ifndef GENERATE_H
#define GENERATE_H
#include "draws.h"

enum { MAX_RANK = 4, MAX_VALUES = 600, MAX_GOALS = 8, MAX_LAYERS = 16 };

/* A value of one row, or a parameter. */
struct value {
    char name[24];
    int rank, dim[MAX_RANK];
    double size;                        /* what its elements are about, to keep numbers finite */
};

/* A guess beside a truth, as a loss has them. */
struct goal {
    char guess[24];
    const char *truth;
    enum { GOAL_CLASS, GOAL_SIDE, GOAL_NUMBER } kind;
};

enum scale { SMALL, WIDE, DEEP };

/* What the parts of a model file know of one another. */
struct plan {
    enum scale scale;
    /* data */
    bool csv, missing, weights, fit, has_y, has_t, has_v, has_c, has_val, has_test, own_parts;
    bool text_class, by_class, balanced, fixed;
    int rows, classes, kinds, targets, wide_v;
    struct value x;
    int part_by;                        /* 0 shares, 1 column, 2 group, 3 order, 4 fold */
    /* model */
    struct value value[MAX_VALUES];
    int values;
    struct goal goal[MAX_GOALS];
    int goals;
    char layer[MAX_LAYERS][24];         /* named dense layers */
    int layers, metrics, spares;
    bool lower[MAX_GOALS * 2];          /* of metric m0, m1, ... */
    bool has_bias;
};

extern struct plan plan;

int elements_of(const struct value *);
/* settings.c */
void choose_data(void);
void print_data(void);
void print_table(void);
void print_train(void);
/* expressions.c */
void print_blocks(void);
void print_model(void);
#endif
