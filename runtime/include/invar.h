/* Between a generated model and the runtime: the tables a model consists of, and the state of
 * one run.  The generated NAME.c defines one `const struct inv_model` for each ISA level it was
 * compiled for; the host trainer picks one at start.  Nothing here is mutable but inv_run. */
#ifndef INVAR_H
#define INVAR_H
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What this file says, by a number: models and runtimes of different ones refuse each other.  It is
 * raised with each change of a structure, a list or a function here, of which the digest beside it
 * is (tests/tree). */
#define INV_ABI 4 /* 65250531520f2f0f */
#define INV_NUMERICS 1
#define INV_RANK 8 /* axes of a row, and of an array without rows */
/* Bytes of a thread's stack beside the arrays of a model's groups: a contraction's packed operands
 * (core/contract.c) and room to spare. */
#define INV_STACK (4 << 20)

enum inv_dtype { INV_F32, INV_I32, INV_BOOL, INV_I64 };

enum inv_kind {
    INV_PARAM, INV_BUFFER, INV_BLOCK, INV_STATE, INV_AVERAGE, INV_ACCUMULATOR, INV_RAW, INV_INPUT,
    INV_SAMPLE, INV_LOSS, INV_REPORT, INV_OUTPUT, INV_COLLECTED, INV_TOKEN,
    INV_KEPT, INV_LOGITS, INV_SHARD
};

/* A named array in the arena.  rows: the axis whose extent is dim * (rows of the batch), or -1. */
struct inv_variable {
    const char *path;
    enum inv_kind kind;
    enum inv_dtype dtype;
    int rank, rows;
    int64_t dim[INV_RANK + 1];
    int64_t classes;                    /* class values 0..classes-1, else 0 */
    int64_t offset;                     /* bytes from the arena's start, a multiple of 4 */
    int64_t gradient;                   /* offset of the sum over shards that updates it, element by
                                         * element, or that it is itself; 0: none does */
};

/* `load` in train: an array that a variable begins with, in a file of weights. */
struct inv_load {
    int variable;
    const char *path, *name;            /* of the file, as in the model file; of the array in it */
};

enum inv_phase {
    INV_INIT, INV_PREPARE, INV_NORMALISE, INV_AUGMENT, INV_TRAIN, INV_UPDATE, INV_EVALUATE,
    INV_FINISH, INV_PREDICT, INV_GENERATE, INV_PHASES
};

struct inv_run;

/* constant + rows * b */
struct inv_extent { int64_t constant, rows; };

/* A line of a model file, and its text. */
struct inv_trace_line {
    const char *path;
    int number;
    const char *source;
};

/* One computed node, for traces and for naming the first one that is not finite. */
struct inv_trace_node {
    const char *text;                   /* "add %3 %11 : f32[b, 64]" */
    const struct inv_trace_line *line;  /* one for all nodes of a line */
    int inner;                          /* so many before it went into it and were never stored */
    int64_t offset;                     /* where it lies in the arena; -1: it is not stored */
    struct inv_extent elements;
};

/* Work on outputs [begin, end) of one group: any partition gives the same bits. */
typedef void inv_group(const struct inv_run *, int64_t begin, int64_t end);

/* A group of a phase.  A function that several groups share takes from run->at what each has for
 * itself: numbers of streams, then offsets of storage. */
struct inv_step {
    inv_group *group;
    const int64_t *at;                  /* NULL: the function has them as constants */
    struct inv_extent outputs, operations;
    int traced, traced_end;             /* rows of the table of trace nodes: what it stores; the end
                                         * is traced - 1 where it makes chunks of sums for the next
                                         * step, which stores row `traced` */
    int64_t gradient;                   /* as of the variables that it stores */
};

/* Loops of a phase within one another, at most. */
#define INV_LOOPS_DEEP 3

/* Steps first .. end - 1 of a phase run in each turn: turn t at index t, or turns - 1 - t where it
 * is reversed.  A loop within another stands behind it. */
struct inv_loop {
    int first, end;
    int64_t turns;
    int reverse;
    int depth;                          /* how many loops are around it */
    int move;                           /* the first row of what moves in its steps */
};

/* Steps first .. first + count - 1 of a phase, of one number of outputs, run on so many of these
 * at a time (core/steps.h). */
struct inv_band {
    int first, count;
    int64_t rows;
    int64_t page;                       /* where some sum over the rows of a page: so many are one.
                                         * A thread has all rows of it, in order, and pieces are of
                                         * whole pages or end with one; else 0 */
};

/* Storage of a step that moves: number `number` of inv_step.at, of `numbers`, is so many bytes more
 * for each index of that loop.  Rows are in order of steps; behind the last is one of step -1. */
struct inv_move {
    int step, numbers, number, loop;
    struct inv_extent bytes;
};

/* What a run is made of.  The caller owns all of it. */
struct inv_run {
    unsigned char *arena;               /* inv_model.arena_bytes, aligned to 64 */
    int64_t aside;                      /* not 0: of a shard beside others.  From shard_begin to
                                         * shard_end all is its own; what shards share lies so many
                                         * bytes before where `arena` says */
    struct inv_pool *pool;              /* NULL: serial */
    uint32_t key[2];                    /* seed low, seed high */
    int64_t rows;                       /* b: rows of the batch at hand (of the part: INV_FINISH) */
    int64_t first_row;                  /* of this shard in the whole batch */
    int64_t batch;                      /* rows of all shards of the step */
    int32_t step, steps, epoch;
    const int64_t *at;                  /* of the group at hand: see struct inv_step */
    /* NULL, or called by INV_TRAIN and INV_UPDATE after each group with what it stored. */
    void (*trace)(const struct inv_run *, int node, const float *value, int64_t count);
    void *trace_state;
    /* NULL, or called behind each step of a phase with that and its number, and before the first
     * one with NULL and the phase (runtime/host/device.c). */
    void (*stepped)(const struct inv_run *, const struct inv_step *, int number);
    void *stepped_state;
    int64_t own_begin, own_end;         /* of several ranks: this one's chunk of the sums over
                                         * shards, in the arena; else 0 */
    int64_t first_output;               /* which inv_for counts from */
    const struct inv_band *band;        /* at hand, */
    const struct inv_step *band_step;   /* its first step, */
    unsigned char *band_scratch;        /* the thread's memory for what its steps alone use, */
    int64_t band_row;                   /* of rows from this one on */
    /* NULL: the arena is this program's memory.  Else the arena is the host's mirror of it, brought
     * up to date only where runtime/host/device.c says so; the device has a copy of this structure,
     * in which the arena is the device's. */
    struct inv_device *device;
    float *workspace;                   /* inv_model.workspace_bytes of the device; else NULL */
    const int32_t *stopped;             /* not 0: later work leaves everything as it is; or NULL */
};

/* ---- a device that the phases run on, such as a GPU ---- */

/* What a phase launches its kernels on; the back end keeps more behind these. */
struct inv_device {
    const struct inv_device_type *type;
    void *stream;                       /* cudaStream_t */
    struct inv_run *run;                /* in the device's memory: what kernels get */
    unsigned char *arena;               /* in the device's memory, which the host must not touch */
};

struct inv_model;
struct inv_library_mode;

/* What the user asks of a device. */
struct inv_device_wish {
    int64_t number;                     /* of --device */
    int64_t memory_limit;               /* bytes; 0: all that is free */
    int64_t later;                      /* bytes of what is taken when training begins */
    int update_lock;                    /* libraries' kernels are chosen anew */
};

/* The data set in the host's memory, 4 bytes an element, and where the device keeps a batch. */
struct inv_device_field {
    const unsigned char *value;         /* row r at value + r * step; NULL: all zeros */
    int64_t bytes, step;                /* of a row, multiples of 4: windows overlap */
    int64_t held;                       /* bytes at value, in all */
    int64_t offset;                     /* of the INV_INPUT variable in the arena */
};

/* A variable of kind INV_COLLECTED, and where its values for all rows of a pass go. */
struct inv_device_collected {
    int64_t offset;                     /* in the arena */
    int64_t bytes;                      /* of a row, a multiple of 4 */
    unsigned char *value;               /* out: rows * bytes */
};

/* Rows row[0] .. row[rows - 1] of the data set in batches: for each INV_AUGMENT, INV_TRAIN and
 * INV_UPDATE, or INV_EVALUATE.  A step whose loss is not finite ends a training pass before
 * its INV_UPDATE: then `done` counts the steps before it, and the device holds its batch, which the
 * run becomes that of; with shards totals are as before it, and run->rows and ->first_row those of
 * the first shard whose loss is not finite, or 0 rows where only the sum over all is not. */
struct inv_device_pass {
    int training;
    const int32_t *row;
    int64_t rows, batch;
    int32_t first_step;                 /* of the run; the batches of a pass are steps in a row */
    int64_t *sum;                       /* for each report, where it is a loss: of loss * rows, as
                                         * in core/exact.h */
    float *loss;                        /* NULL, or out: report 0 of each step */
    int collected_count;
    const struct inv_device_collected *collected;
    int64_t done;                       /* out */
};

typedef void inv_tell(void *state, const char *key, const char *value);

/* Bytes that tell a device from all others of a machine. */
enum { INV_DEVICE_ID = 16 };

/* Functions that a machine can let down print why and what helps, and end the program with
 * INV_UNTRUSTED.  All finish before they return, but for `launch`. */
struct inv_device_type {
    const char *name;                   /* "cuda" */
    /* NULL, or why there is no device of that number; then, why it must not be trusted. */
    const char *(*refuse)(int64_t number);
    const char *(*selftest)(int64_t number);
    /* Tells the device, its driver and the compiler's flags, one by one. */
    void (*describe)(const struct inv_model *, int64_t number, inv_tell *, void *state);
    /* Tells the kernels that a library's contractions took so far; nothing without a library. */
    void (*tell_kernels)(const struct inv_run *, inv_tell *, void *state);
    /* Takes memory for arena, workspace and batches and sets run->device.  The plan is printed to
     * `out`, a FILE, unless that is NULL. */
    void (*open)(const struct inv_model *, struct inv_run *, const struct inv_device_wish *,
                 void *out);
    void (*close)(struct inv_run *);
    /* Copies between the mirror and the device's arena, both at `offset`. */
    void (*upload)(const struct inv_run *, int64_t offset, int64_t bytes);
    void (*download)(const struct inv_run *, int64_t offset, int64_t bytes);
    /* Exchanges, or copies to `to`, within the device's arena. */
    void (*exchange)(const struct inv_run *, int64_t a, int64_t b, int64_t bytes);
    void (*copy)(const struct inv_run *, int64_t to, int64_t from, int64_t bytes);
    /* Runs a phase for run->rows, ->step and so on as the host has them. */
    void (*launch)(const struct inv_run *, enum inv_phase);
    /* Keeps the data set on the device where it fits; `pass`, of `rows` rows at most, reads it from
     * now on. */
    void (*keep)(const struct inv_run *, int count, const struct inv_device_field *, int64_t rows,
                 void *out);
    void (*pass)(struct inv_run *, struct inv_device_pass *);
    /* How many devices there are, 0 where there are none; which one has a number. */
    int (*count)(void);
    void (*identify)(int64_t number, unsigned char id[INV_DEVICE_ID]);
    /* Memory of the device beside its arena. */
    void *(*take)(const struct inv_run *, int64_t bytes, const char *what);
    void (*give)(const struct inv_run *, void *memory, int64_t bytes);
    /* Behind all that was begun, of memory of the device: to[i] = a[i] + b[i]; a copy to another
     * place; zeros.  They do not wait. */
    void (*add)(const struct inv_run *, float *to, const float *a, const float *b, int64_t count);
    void (*move)(const struct inv_run *, void *to, const void *from, int64_t bytes);
    void (*clear)(const struct inv_run *, void *at, int64_t bytes);
    /* Between memory of the host and of the device. */
    void (*put)(const struct inv_run *, void *device, const void *host, int64_t bytes);
    void (*get)(const struct inv_run *, void *host, const void *device, int64_t bytes);
    /* Waits for all that was begun. */
    void (*finish)(const struct inv_run *);
    /* Memory of the host that copies go to and from faster, and no longer. */
    void (*pin)(void *host, int64_t bytes);
    void (*unpin)(void *host);
};

/* ---- processes that train one model together ---- */

struct inv_ranks_type;

/* What carries messages from one device's memory into another's, such as NCCL, beside what carries
 * those of the host; functions as there. */
struct inv_ranks_direct {
    const char *name;                   /* "nccl" */
    /* Joins rank `number` of `count`, each with a device of its own: that of the run. */
    void (*begin)(const struct inv_ranks_type *, const struct inv_run *, int number, int count);
    void (*end)(void);
    void (*send)(const void *, int64_t bytes, int to);
    void (*receive)(void *, int64_t bytes, int from);
    void (*wait)(void);
};

/* What carries messages between them, such as MPI.  Functions that it lets down print why and end
 * the program.  One thread at a time calls them. */
struct inv_ranks_type {
    const char *name;                   /* "mpi" */
    /* Which of how many this process is, and of how many on this machine. */
    void (*begin)(int *number, int *count, int *here, int *near);
    void (*end)(void);
    void (*abort)(int status);          /* ends all of them */
    /* Begin to send and to receive.  What one rank sends to another comes in the order of sending;
     * the bytes stay as they are until `wait` returns. */
    void (*send)(const void *, int64_t bytes, int to);
    void (*receive)(void *, int64_t bytes, int from);
    void (*wait)(void);                 /* for all that was begun */
    void (*advance)(void);              /* what was begun gets on, where that takes the program */
    const struct inv_ranks_direct *direct; /* between devices; NULL: by way of the host */
};

enum inv_source_kind {
    INV_CSV, INV_IDX, INV_NPY, INV_NPZ, INV_SAFETENSORS, INV_FILE_RAW, INV_CIFAR10, INV_CIFAR100,
    INV_FILE_LINES, INV_FILE_TEXT, INV_TOKENS_U8, INV_TOKENS_U16, INV_TOKENS_U32, INV_RANDOM
};
/* A key is no field of the model: its cells decide the part of a row, which rows stay together, or
 * the order before the split. */
enum inv_key { INV_NO_KEY, INV_KEY_PART, INV_KEY_GROUP, INV_KEY_ORDER, INV_KEYS };
enum inv_fit { INV_FIT_NONE, INV_FIT_ZSCORE, INV_FIT_MINMAX };

struct inv_file {
    const char *name;                   /* "images"; csv: "" */
    const char *path;                   /* as in the model file */
    enum inv_source_kind kind;
    enum inv_dtype dtype;               /* raw files: INV_F32, or INV_I32 for u8 */
    int rank;
    int64_t dim[INV_RANK];              /* raw files: shape of one row */
    const char *member;                 /* the array of a file that holds several; else NULL */
};

/* Columns of a csv file, inclusive, or -1 and by name. */
struct inv_range {
    int first, last;
    const char *first_name, *last_name;
};

/* What a cell is read as: a number (or the number of a class), 1 where it is missing and else 0,
 * a part of an ISO 8601 date, or the path of an image or sound that is the whole field. */
enum inv_cell_form {
    INV_CELL_NUMBER, INV_CELL_MISSING, INV_CELL_DAYS, INV_CELL_SECONDS, INV_CELL_WEEKDAY,
    INV_CELL_MONTH, INV_CELL_YEAR, INV_CELL_DAY_OF_YEAR, INV_CELL_IMAGE, INV_CELL_SOUND
};

enum inv_missing {
    INV_MISSING_ERROR, INV_MISSING_DROP, INV_MISSING_VALUE, INV_MISSING_MEAN, INV_MISSING_MEDIAN
};

struct inv_errors;
struct inv_field;

/* The file that a cell names. */
struct inv_named {
    const char *where;                  /* begins messages */
    char *path;                         /* of what was read; it stays for the next cell */
    unsigned char *bytes;
    size_t size;
    unsigned char digest[32];           /* SHA-256 */
    int64_t first;                      /* sample that a piece begins with */
};

/* How files that cells name are read, in trainers of models that do (host/images.c, sounds.c). */
struct inv_reader {
    /* The text of a table of what lies at that path, in new memory: 1: a folder, 2: one file of the
     * kind, 0: neither, -1: an error.  again: nothing is noted. */
    int (*list)(const char *path, char **text, int again, struct inv_errors *);
    /* The file at that path as the field's f32[dim].  0 after an error. */
    int (*read)(struct inv_named *, const char *path, const struct inv_field *, const int64_t *dim,
                float *to, struct inv_errors *);
};
extern const struct inv_reader inv_images, inv_sounds;

/* What a field takes of a sound, f32[samples] or f32[samples, 2]. */
struct inv_sound {
    int64_t samples, rate;              /* rate: samples a second */
    int channels;                       /* 1: the mean of two, too */
    int fill, cut;                      /* shorter ones end in zeros, longer ones are cut off */
    int pieces;                         /* a second column says at which second each begins */
};

/* One field: cells of the source -> INV_RAW variable -> prepare -> INV_INPUT variable.  A window of
 * rows has an INV_INPUT variable for one of these, too: all up to the data set is done with that,
 * and `input` is filled as a batch is gathered. */
struct inv_field {
    const char *name;
    int label;                          /* not known when predicting; keys are labels, too */
    enum inv_key key;
    const char *file;                   /* name of an inv_file; csv: "" */
    int range_count;                    /* csv: the field's columns, in its order */
    const struct inv_range *range;
    enum inv_cell_form form;            /* csv */
    struct inv_sound sound;             /* INV_CELL_SOUND */
    enum inv_missing missing;           /* csv: what becomes of cells without a value */
    float missing_value;                /* INV_MISSING_VALUE: what they count as */
    int fill;                           /* INV_MISSING_MEAN, _MEDIAN: variable number */
    int text;                           /* cells are class names */
    int class_count;                    /* of class_name; 0: distinct values in byte order */
    const char *const *class_name;
    const char *expression;             /* of a class, as written; NULL: it is its cells */
    int image;                          /* row shape is [h, w, c], c in 1, 3, 4 */
    enum inv_fit fit;
    int raw, input;                     /* variable numbers; raw is -1 for random sources */
    int single;                         /* variable of one row of a window */
    int64_t from, rows;                 /* of a window, the rows that are the field; rows 0: none.
                                         * from, of lines: the first character, -1 the end before */
    int fit_a, fit_b;                   /* mean, deviation; or low, range */
    int balance;                        /* balanced weights of its classes, or -1 */
    int weight;                         /* of rows: from 0 on */
};

/* Where rows come from: those that are split into parts, and those of parts that have files of
 * their own.  Rows are numbered through these, in this order. */
enum inv_source_of { INV_MAIN, INV_OF_TRAIN, INV_OF_VAL, INV_OF_TEST, INV_SOURCES };

struct inv_source { int first_file, file_count; }; /* of inv_data.file; no files: absent */

struct inv_data {
    const char *name;
    enum inv_source_kind kind;
    int file_count;
    const struct inv_file *file;
    struct inv_source source[INV_SOURCES];
    int header;                         /* csv: 1, 0, or -1: found out from the first line */
    char delimiter;                     /* csv: between cells; 0: found out from the first line */
    char decimal;                       /* csv: the decimal point */
    char comment;                       /* csv: begins lines that are left out; 0: none */
    int64_t skip;                       /* csv: lines before the first record */
    int na_count;                       /* csv: texts that mean missing; -1: the usual ones */
    const char *const *na;
    const struct inv_reader *files;     /* csv: of those that cells name; NULL: they name none */
    const char *rows_key;               /* SHA-256, hex, of what decides the rows of the files but
                                         * for these themselves, before INV_NORMALISE; NULL: the
                                         * rows cannot be kept in a file */
    int rows_seeded;                    /* the seed decides them, too */
    int64_t rows;                       /* random(n) */
    int64_t window, stride;             /* rows of a window (0: none), and from one to the next */
    int field_count;
    const struct inv_field *field;
    double train_share, val_share, test_share;
    int fold, folds;                    /* val is fold `fold` of so many; 0: no folds */
    int stratify;                       /* the field whose classes are split alike, or -1 */
    const char *part_value[3];          /* INV_KEY_PART: cells for train, val, test; NULL: none, or
                                         * for train all others */
    int shuffle;                        /* the split is a permutation by stream_split */
    int has_seed;
    uint64_t seed;                      /* of the split and of random sources, else the run's */
    uint32_t stream_split, stream_shuffle;
};

struct inv_report {
    const char *name;                   /* "loss", "accuracy" */
    int loss;                           /* 1: a loss: variable is INV_LOSS, weighted by rows */
    int better_lower;
    int variable;
};

/* A total over the cases of a part in the order of their scores: f32[b, n] of scores, and of marks
 * (the weight of a true case, less than 0: of one that is not), is kept for all rows; element k of
 * the total, of K, is of cases k, k + K, ... of each row. */
enum inv_ranking_form { INV_ROC_AREA, INV_AVERAGE_PRECISION };
struct inv_ranking {
    enum inv_ranking_form form;
    int score, mark, total;             /* variables */
};

/* A scalar in the arena that is set to a report's value after every epoch. */
struct inv_watched {
    int val, report, variable;          /* val: of the val part, else of the train part */
};

/* The learning rate of some parameters in the last step. */
struct inv_rate {
    const char *name;
    float value;                        /* where variable is -1 */
    int variable;
};

/* An output whose values (whole numbers), or else the places along its last axis, are the classes
 * of a field that has names for them. */
struct inv_label { int variable, field; };

/* How text is drawn from logits f32[b, n, k], an output, for each place of a field [b, n] of k
 * classes. */
struct inv_generate {
    int output, field;                  /* variable; number of the field */
    int place, token, logits;           /* variables of INV_GENERATE: what it reads, f32[k] that it
                                         * makes; -1: none.  logits -1: there is no such phase */
    const char *prompt;                 /* where none is given */
    int64_t count, top_k;               /* tokens to add; of so many of the likeliest, 0: of all */
    float temperature;
    int has_seed;                       /* else the run's */
    uint64_t seed;
    uint32_t stream;
};

/* The file that pins the kernels of a library, by the name of the model. */
#define INV_LOCK_FILE "%s.kernels.lock"

/* Of so many words, for traces: see core/hash.h, where `what` is an enum inv_hash_words. */
typedef uint64_t inv_hash(const void *at, int64_t words, int what);

struct inv_model {
    uint32_t abi, numerics;
    const char *level;                  /* "portable", "avx2", ...: what it was compiled for */
    const char *(*selftest)(void);      /* NULL, or why this build must not be trusted */
    inv_hash *hash;                     /* inv_hash_piece of that level */
    const char *name, *path;            /* of the model; of its file, from its folder */
    const char *const *included;        /* files, as path, and NULL at the end; NULL: none */
    const char *const *define;          /* -D values, as NAME=VALUE, like included */
    const char *sha256;                 /* of its text, includes and -D values: 64 hex digits */
    const char *compiler;               /* "invar 0.1.0" */
    int64_t arena_bytes;
    int64_t saved_bytes;                /* parameters and buffers: the arena's first bytes */
    int64_t stack_bytes;                /* of a group's arrays on a thread's stack, at most */
    int variable_count;
    const struct inv_variable *variable;
    int load_count;
    const struct inv_load *load;
    void (*phase[INV_PHASES])(const struct inv_run *); /* NULL: nothing to do */
    int trace_count;
    const struct inv_trace_node *trace;
    struct inv_data data;
    uint64_t seed;
    int64_t epochs, steps;              /* one of them 0 */
    int64_t batch;                      /* rows of a batch, or of its largest shard */
    int64_t shards, step_rows;          /* how many; rows of all of them.  0: INV_UPDATE goes on
                                         * from INV_TRAIN; else it reads what that left in sums */
    int64_t sums, sums_bytes;           /* with shards: f32 in the arena, summed over them */
    const int64_t *settled;             /* of each step of INV_TRAIN: when it has run, so many first
                                         * bytes of the sums stay as they are; NULL: unknown */
    int64_t partial_sums;               /* ... and such of earlier ones, 64-byte aligned, as many as
                                         * a pairwise tree needs */
    int64_t shard_begin, shard_end;     /* with shards, multiples of 64: between them lies what
                                         * INV_AUGMENT and INV_TRAIN write, and the batch */
    int shuffle;
    int drop_last;                      /* an epoch has full batches only */
    int streams;                        /* place i of batch k has row i * batches + k of the part */
    int64_t patience;                   /* evaluations without a better one; 0: none */
    float patience_by;                  /* what is not better by more counts as none */
    float average;                      /* 0: none */
    const char *keep_best;              /* "val.accuracy", or NULL */
    int report_count;
    const struct inv_report *report;    /* report 0 is the total loss */
    int ranking_count;
    const struct inv_ranking *ranking;
    int watched_count, rate_count;
    const struct inv_watched *watched;
    const struct inv_rate *rate;
    int label_count;
    const struct inv_label *label;
    const struct inv_generate *generate; /* NULL: the model generates no text */
    int sample;                         /* INV_SAMPLE variable */
    const struct inv_device_type *device_type; /* NULL: the phases run on the processor */
    int64_t workspace_bytes;            /* device: what the groups need beside the arena */
    const struct inv_library_mode *library; /* device: for contractions; NULL: exact kernels */
};

/* Runs group over count outputs from run->first_output on: alone where pool is NULL or the work
 * (about `cost` scalar operations in all) is too small to gain; else in pieces that the threads
 * take. */
void inv_for(const struct inv_run *, inv_group *, int64_t count, int64_t cost);

/* The trainer program: chooses the best level in `level` (NULL-terminated) that this CPU has,
 * checks it, reads options, trains, writes weights.  Returns the exit status.  `folder`: the
 * model's, from that of the running program, or NULL: data is looked for there, unless the
 * environment's INVAR_MODEL_FOLDER names another, and here.  `ranks`: what joins several of these
 * programs to one run, or NULL: each is a run of its own. */
int inv_trainer_main(int argc, char **argv, const struct inv_model *const *level,
                     const char *folder, const struct inv_ranks_type *ranks);

/* runtime/mpi, for programs that are compiled with INV_WITH_MPI, and runtime/nccl, for those with
 * INV_WITH_NCCL, too. */
extern const struct inv_ranks_type inv_ranks_mpi;
extern const struct inv_ranks_direct inv_ranks_nccl;

#ifdef __cplusplus
}
#endif

#endif
