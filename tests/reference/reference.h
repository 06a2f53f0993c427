/* A second implementation of docs/numerics.md: an evaluator of graphs as the compiler prints them
 * right after the gradient pass, one node at a time, one element at a time.  It shares nothing
 * with compiler/, runtime/ and templates/ but the names in ops.def and attributes.def: what
 * it computes follows from the text of docs/numerics.md alone. */
#ifndef REFERENCE_H
#define REFERENCE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { AXES = 9 };
enum type { TYPE_F32, TYPE_I32, TYPE_BOOL, TYPE_I64 };

/* As printed: axis `rows` (or -1) has dim * b elements. */
struct shape {
    int rank, rows;
    int64_t dim[AXES];
};

/* Elements in row-major order; b is multiplied out.  BOOL elements are whole, 0 or 1. */
struct tensor {
    enum type type;
    int rank;
    int64_t dim[AXES];
    int64_t count;
    union {
        void *bytes;
        float *real;
        int32_t *whole;                 /* I32, BOOL */
        int64_t *wide;
    };
};

/* Attributes of nodes, by their forms in compiler/graph/attributes.def.  Words stay words. */
#define FIELD_VARIABLE(name) int name
#define FIELD_WORD(name) char *name
#define FIELD_BARE(name) char *name
#define FIELD_WHOLE(name) int64_t name
#define FIELD_COUNT(name) int64_t name
#define FIELD_REAL(name) float name
#define FIELD_LIST(name) float *name
#define FIELD_MARK(name) bool name
#define FIELD_TEXT(name) char *name
#define FIELD_DERIVED(name) uint32_t name

struct call;

struct node {
    const char *stem;
    void (*compute)(const struct call *);
    int count, *operand;
    enum type type;
    struct shape shape;
#define ATTRIBUTE(enumerator, field, form, type) FIELD_##form(field);
#define PER_AXIS(enumerator, field) int64_t field[AXES];
#include "graph/attributes.def"
    bool wanted;                        /* a store depends on it */
    int at;                             /* the innermost loop in which it is computed anew in each
                                         * turn, or -1 */
};

/* Its turns have the places 0, 1, .. or with `reverse` T - 1, T - 2, .. */
struct loop {
    int64_t turns;
    bool reverse;
    int outer;                          /* the loop around it, or -1 */
};

struct graph {
    char *name;
    struct node *node;
    int count;
    struct loop *loop;
    int loop_count;
};

enum kind {
    KIND_PARAM, KIND_BUFFER, KIND_BLOCK, KIND_STATE, KIND_AVERAGE, KIND_ACCUMULATOR, KIND_RAW,
    KIND_INPUT, KIND_SAMPLE, KIND_LOSS, KIND_REPORT, KIND_OUTPUT, KIND_COLLECTED,
    KIND_SHARD, KINDS
};

struct variable {
    enum kind kind;
    char *path;
    enum type type;
    struct shape shape;
    int64_t classes;
    int block;
    int64_t start;
    void *data;                         /* a parameter in a block: its place there */
};

struct file {
    char *name, *path, *kind, *cells;
};

enum form {
    FORM_NUMBER, FORM_MISSING, FORM_DAYS, FORM_SECONDS, FORM_WEEKDAY, FORM_MONTH, FORM_YEAR,
    FORM_DAY_OF_YEAR
};
enum missing { FILL_NONE, FILL_DROP, FILL_VALUE, FILL_MEAN, FILL_MEDIAN };

struct field {
    char *name, *file, *fit;
    bool label, text;
    int key;                            /* 0; what cells decide: 1 part, 2 group, 3 order */
    char **row_text;                    /* of a key: the cell of each split row */
    int row_texts;
    struct range { int first, last; char *first_name, *last_name; } *range;
    int range_count;
    int *column, column_count;          /* of the CSV file */
    char **class_name;
    int class_count;
    enum form form;                     /* what a cell is read as */
    enum missing missing;               /* what becomes of a cell without a value */
    float missing_value;
    int fill;                           /* the variable of its statistics */
    bool *hole;                         /* of the row at hand, where it is filled in later */
    int raw, input, fit_a, fit_b, balance;
    unsigned char *row;                 /* prepared rows, end to end, 4 bytes an element */
    int64_t elements;                   /* of one row */
};

struct report {
    char *name;
    bool loss, lower;
    int variable;
};

struct ranking {
    bool roc;                           /* else: average precision */
    int score, mark, total;             /* variables */
    float *scores, *marks;              /* of the pass so far */
};

struct watched { bool val; int report, variable; };
struct rate { char *name; double value; int variable; };

enum phase {
    PHASE_INIT, PHASE_PREPARE, PHASE_NORMALISE, PHASE_AUGMENT, PHASE_TRAIN, PHASE_UPDATE,
    PHASE_EVALUATE, PHASE_FINISH, PHASE_PREDICT, PHASES
};

struct program {
    char *name;
    uint64_t seed;
    int64_t epochs, steps, batch, patience;
    int64_t shards;                     /* of a batch; 0: it is not cut */
    bool shuffle, drop_last;
    float average;
    char *keep;
    float patience_by;
    char *data_name, *data_kind;
    int64_t header, data_rows;
    int delimiter, decimal, comment;    /* of CSV files; comment 0: none */
    int64_t skip;
    char **na;                          /* texts that mean: missing */
    int na_count;
    bool drop;                          /* the row at hand */
    struct source { int first, count; } source[4]; /* split rows; own rows of the parts */
    double share[3];                    /* train, val, test */
    int fold, folds, stratify;
    char *part_value[3];
    int reading;                        /* the source at hand */
    bool data_shuffle, has_data_seed;
    uint64_t data_seed;
    struct file *file;
    int file_count;
    struct field *field;
    int field_count;
    struct report *report;
    int report_count;
    struct ranking *ranking;
    int ranking_count;
    struct watched *watched;
    int watched_count;
    struct rate *rate;
    int rate_count;
    struct variable *variable;
    int variable_count;
    struct graph *phase[PHASES];        /* NULL where there is nothing to do */
};

/* What a graph is evaluated with. */
struct moment {
    struct program *program;
    uint32_t key[2];
    int64_t rows, step, steps, epoch;
    int64_t first_row, batch;           /* of the shard, and the rows of all shards */
};

/* One node: operands, result (allocated, zero), moment. */
struct call {
    const struct node *node;
    const struct tensor *const *x;
    const struct tensor *y;
    const struct moment *at;
    int64_t turn;                       /* turn, stack: the place of the loop's turn */
};

/* ---- common.c ---- */
void die(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));
/* Zeroed; dies rather than fails. */
void *allocate(int64_t count, size_t size);
/* Doubles an array when it is full; the index of its new, zeroed element. */
int append(void *array, int *count, size_t size);
char *copy_text(const char *, size_t);
/* `path`, or where it is relative that below the folder. */
char *path_in(const char *folder, const char *path);
/* The whole file, a NUL behind it; gzip is unpacked. */
char *read_file(const char *path, size_t *size);
int64_t type_bytes(enum type);
uint32_t bits_of(float);
float float_of(uint32_t);

/* ---- text.c ---- */
/* `invar check MODEL --dump=program`, or graphs alone; dies at what it cannot read. */
struct program *program_read(const char *text);

/* ---- graph.c ---- */
int64_t shape_count(const struct shape *, int64_t rows);
/* Evaluates the nodes that stores depend on, in order; then look(state), unless NULL, may refuse;
 * then all stores.  False where look did. */
bool graph_run(const struct graph *, const struct moment *, const int *first, int firsts,
               bool (*look)(const struct moment *));

/* ---- map.c: element for element, operands broadcast ---- */
struct unary {
    float (*real)(float);
    int32_t (*whole)(int32_t);
    int64_t (*wide)(int64_t);
};
struct binary {
    float (*real)(float, float);
    int32_t (*whole)(int32_t, int32_t);
    int64_t (*wide)(int64_t, int64_t);
};
struct relation {
    int32_t (*real)(float, float);
    int32_t (*whole)(int32_t, int32_t);
    int32_t (*wide)(int64_t, int64_t);
};
void map_unary(const struct call *, const struct unary *);
void map_binary(const struct call *, const struct binary *);
void map_relation(const struct call *, const struct relation *);
/* The element of x that belongs to element e of y. */
int64_t broadcast_element(const struct tensor *x, const struct tensor *y, int64_t e);
/* The index of element e along each axis. */
void index_of(const struct tensor *, int64_t e, int64_t index[AXES]);
int64_t element_of(const struct tensor *, const int64_t index[AXES]);
/* Copies element `from` of x to element `to` of y, of one type. */
void copy_element(const struct tensor *y, int64_t to, const struct tensor *x, int64_t from);

/* ---- sums.c ---- */
float row_sum(const float *, int64_t count);
/* The sum of x[0], x[stride], ... */
float column_sum(const float *x, int64_t stride, int64_t count);

/* ---- elementary.c: what the elementary functions share ---- */
/* c[0] x^(n-1) + ... + c[n-1], by Horner's rule in fma. */
float polynomial(float x, const float *c, int n);
float limit(float x, float low, float high);
float copy_sign(float magnitude, float sign);
float times_power(float x, int e);
int nearest(float x, float *rounded);
struct exponential { float p, low; int n; };
struct exponential exponential(float x);
float power_tail(float r);
float mantissa(float x, float *exponent);
float logarithm(float exponent, float f, float low);
struct angle { float r, low; unsigned quadrant; };
struct angle reduce_angle(float x);
float sine_of(struct angle, unsigned turns);
float minimum(float, float);
float maximum(float, float);
/* The operators that others use. */
float log_real(float);
float sin_real(float);
float cos_real(float);

/* ---- philox.c ---- */
void philox(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]);
uint32_t stream_of(const char *path);
uint32_t random_word(const uint32_t key[2], uint64_t element, uint64_t moment, uint32_t stream);
float uniform_of(uint32_t word);
uint32_t integer_of(uint32_t word, uint32_t n);
float random_normal(const uint32_t key[2], uint64_t element, uint64_t moment, uint32_t stream);
void permute(int32_t *order, int64_t count, const uint32_t key[2], uint64_t moment,
             uint32_t stream);
/* Where each element of a random node's result is drawn. */
struct draw { uint64_t element, moment; uint32_t stream; };
struct draw draw_of(const struct call *, int64_t element);

/* ---- sha256.c ---- */
void sha256(const void *data, size_t size, unsigned char digest[32]);

/* ---- safetensors.c ---- */
/* Parameters and buffers.  Prints `sha256 HASH PATH`. */
void weights_write(const struct program *, const char *path);
void weights_read(struct program *, const char *path);

/* ---- data.c ---- */
struct data {
    int64_t rows;
    int32_t *order;                     /* parts end to end */
    int64_t begin[4];                   /* part p: order[begin[p]] .. order[begin[p + 1] - 1] */
};
void data_load(struct data *, struct moment *, const char *folder);
void data_fit(const struct data *, struct moment *);
void data_normalise(const struct data *, struct moment *);
/* Rows row[0 .. count-1] into the input and sample variables; at->rows = count. */
void data_gather(struct moment *at, const int32_t *row, int64_t count);
/* ---- cells.c ---- */
bool cell_is_missing(const struct program *, const struct field *, const char *cell);
float cell_date(enum form, const char *cell);
/* Statistics of what training rows have; then they take the places of NaN. */
void fill_fit(const struct program *, const struct data *);
void fill_holes(const struct program *, const struct data *);
/* table.c: calls take(state) after the cells of each row are in raw variables at slot 0. */
void table_read(struct program *, const struct file *, const char *folder,
                void (*take)(void *state), void *state);
/* arrays.c: the same of the files from number `first` on. */
void arrays_read(struct program *, int first, const char *folder, void (*take)(void *state),
                 void *state);

/* ---- case.c ---- */
void case_run(struct program *, const char *inputs, const char *outputs);

/* ---- train.c ---- */
/* Logs each step, epoch and the test part, in JSON as the trainer does with --log-every 1. */
void train(struct moment *, const struct data *, const char *log);

/* ranking.c: keeps the batch, `more` rows after so many; then sets the totals. */
void ranking_add(struct program *, int64_t rows, int64_t more);
void ranking_end(struct program *, int64_t rows);

/* exact.c: the sum of binary32 numbers, each so many times, without an error. */
struct exact {
    uint32_t word[16];
    bool up, down;                      /* infinities of either sign; a NaN is both */
};
void exact_add(struct exact *, float x, int64_t times);
/* From 14 digits of 24 bits, the lowest first, and two counts of infinities. */
struct exact exact_of_digits(const int64_t *digit, int64_t stride);
/* sum / by, rounded once; a zero is +0 */
float exact_mean(const struct exact *, int64_t by);

#endif
