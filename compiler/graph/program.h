/* A program: what one model, one data declaration and one train declaration become. */
#ifndef INVAR_PROGRAM_H
#define INVAR_PROGRAM_H
#include "graph/graph.h"
#include "language/ast.h"

enum variable_kind {
    VAR_PARAM,                          /* trained; in the weights file */
    VAR_BUFFER,                         /* kept and saved, not trained */
    VAR_BLOCK,                          /* f32[P]: parameters of one optimizer group, end to end */
    VAR_STATE,                          /* of the optimizer */
    VAR_AVERAGE,                        /* moving average of a VAR_PARAM's block */
    VAR_ACCUMULATOR,                    /* of a metric; zeroed before each pass over a part */
    VAR_RAW,                            /* a data field as read: rows of cells */
    VAR_INPUT,                          /* a data field as the model sees it: a batch */
    VAR_SAMPLE,                         /* I32[b]: numbers of the batch's rows in the data set */
    VAR_LOSS,                           /* scalar results of the forward pass, before any update */
    VAR_REPORT,                         /* results of the finish phase: metrics */
    VAR_OUTPUT,                         /* results of the predict phase, per row */
    VAR_COLLECTED,                      /* what a ranking is of, per row: kept for all of a part */
    VAR_TOKEN,                          /* phase generate: the number of a place, and its token */
    VAR_KEPT,                           /* ... what of earlier places is read at later ones */
    VAR_LOGITS,                         /* ... what follows: f32[classes] */
    VAR_SHARD                           /* f32: a gradient or buffer for an update apart: what a
                                         * shard gives, by its share of the rows; the sum over the
                                         * shards when the step is updated */
};

/* An array of a file of weights. */
struct loaded {
    const char *file, *name;            /* as in the model; its name in the file */
    struct span span;
};

struct variable {
    int id;
    enum variable_kind kind;
    const char *path;                   /* "dense1/w" */
    enum dtype dtype;
    struct shape shape;
    struct span span;
    bool frozen;
    struct loaded *loaded;              /* `load` in train: what it begins with, or NULL */
    bool in_flash;                      /* no phase but init writes it: set by pass_frozen */
    int64_t classes;                    /* class values: k, else 0 */
    int labels;                         /* VAR_OUTPUT: 1 + the field with named classes that it
                                         * stands for, or 0 */
    int layer;                          /* VAR_PARAM, VAR_BUFFER: the call that declared it */
    int block;                          /* VAR_PARAM: the block it lies in, or -1 */
    int64_t block_start;                /* its first element there */
    int updated_by;                     /* 1 + the VAR_SHARD that updates it element by element, or
                                         * 0: set by pass_owners */
    int settled;                        /* VAR_SHARD: so many groups of train have run when it stays
                                         * as it is; VAR_LOSS: INT_MAX.  Set by pass_settle */
    int64_t offset;                     /* bytes in the arena: set by pass_plan */
};

enum phase {
    PHASE_INIT,                         /* parameters, buffers, optimizer state */
    PHASE_PREPARE,                      /* raw cells -> fields, before fitted normalisation */
    PHASE_NORMALISE,                    /* fields -> fields, with fitted buffers */
    PHASE_AUGMENT,                      /* fields -> fields, per sample and epoch */
    PHASE_TRAIN,                        /* forward, backward, stores */
    PHASE_UPDATE,                       /* where it is apart: what follows the sums over shards */
    PHASE_EVALUATE,                     /* forward, accumulators */
    PHASE_FINISH,                       /* accumulators -> reports */
    PHASE_PREDICT,                      /* inputs -> outputs */
    PHASE_GENERATE,                     /* a token, what is kept of those before -> logits */
    PHASE_COUNT
};

enum source_kind {
    SOURCE_CSV, SOURCE_IDX, SOURCE_NPY, SOURCE_NPZ, SOURCE_SAFETENSORS, SOURCE_RAW,
    SOURCE_CIFAR10, SOURCE_CIFAR100, SOURCE_LINES, SOURCE_TEXT, SOURCE_TOKENS_U8,
    SOURCE_TOKENS_U16, SOURCE_TOKENS_U32, SOURCE_RANDOM
};
/* What the cells of a field decide, if it is no field of the model: the part of a row, which rows
 * stay together, the order before the split. */
enum key_kind { KEY_NONE, KEY_PART, KEY_GROUP, KEY_ORDER, KEY_COUNT };
enum fit_kind { FIT_NONE, FIT_ZSCORE, FIT_MINMAX };

/* One stored array of a data source: columns of a CSV, or a named IDX, NPY or raw file. */
/* Columns by number, inclusive, or -1 and by name. */
struct column_range { int first, last; const char *first_name, *last_name; };

enum cell_form {
    FORM_NUMBER, FORM_MISSING, FORM_DAYS, FORM_SECONDS, FORM_WEEKDAY, FORM_MONTH, FORM_YEAR,
    FORM_DAY_OF_YEAR, FORM_IMAGE, FORM_SOUND
};
enum missing_kind { MISSING_ERROR, MISSING_DROP, MISSING_VALUE, MISSING_MEAN, MISSING_MEDIAN };

/* What a field takes of a sound: so many samples of one or two channels, and `rate` a second. */
struct sound_desc {
    int64_t samples, rate, channels;
    bool fill, cut;                     /* shorter ones end in zeros, longer ones are cut off */
    bool pieces;                        /* a second column says at which second each begins */
};

struct data_field {
    const char *name;                   /* model argument it feeds */
    bool label;                         /* not known when predicting; keys are labels, too */
    enum key_kind key;
    const char *array;                  /* idx, npy, raw: which named file; NULL for csv */
    struct column_range *range;         /* csv: the columns, in the field's order */
    int range_count, range_room;
    enum cell_form form;                /* csv: what a cell is read as */
    struct sound_desc sound;            /* FORM_SOUND */
    enum missing_kind missing;          /* csv: what becomes of a cell without a value */
    float missing_value;
    int fill;                           /* VAR_BUFFER of MISSING_MEAN and _MEDIAN, else -1 */
    const char **class_name;            /* text labels in order; NULL: numbers 0..k-1 */
    int class_count;                    /* names listed; with class_name NULL and text: k found */
    bool text;                          /* cells are names, numbered in byte order */
    const char *expression;             /* of a class, as written; NULL where it is its cells */
    bool image;                         /* [h, w, c] with c of 1, 3 or 4: --dump-batch draws it */
    enum fit_kind fit;
    bool fit_channels;                  /* a statistic for each place of the last axis */
    bool own_units;                     /* a label that is scaled in the model: the cells stay */
    int raw, input;                     /* VAR_RAW (or -1: random), VAR_INPUT */
    int single;                         /* VAR_INPUT of one row of a window, else as input */
    int64_t from, rows;                 /* of a window, the rows that are the field; rows 0: none.
                                         * from, of lines: the first character, -1 the end before */
    int fit_a, fit_b;                   /* VAR_BUFFER: mean, deviation; or low, range */
    int balance;                        /* VAR_BUFFER: balanced weights of its classes, or -1 */
    bool weight;                        /* of rows */
    struct span span;
};

struct data_file {
    const char *name, *path;
    const char *member;                 /* the array of a file that holds several; else NULL */
    enum source_kind kind;
    enum dtype raw_dtype;
    int rank;
    int64_t dim[RANK_MAX];
};

/* Rows that are split, and those of parts that have files of their own. */
enum { SOURCE_MAIN, SOURCE_TRAIN, SOURCE_VAL, SOURCE_TEST, SOURCE_COUNT };

/* How csv files are written. */
struct csv_desc {
    int header;                         /* 1 yes, 0 no, -1 found out from the first line */
    char delimiter, decimal, comment;   /* delimiter 0: found out; comment 0: none */
    int64_t skip;                       /* lines before the first record */
    const char **na;                    /* texts that mean: missing */
    int na_count;
    bool has_na;                        /* na is given */
};

struct data_source { int first_file, file_count; }; /* no files: absent, or drawn */

struct data_desc {
    const char *name;
    enum source_kind kind;
    enum cell_form listed;              /* csv: folders of such files are among its sources; or 0 */
    struct data_file *file;             /* csv: one */
    int file_count, file_room;
    struct csv_desc csv;
    int64_t rows;                       /* random(n) */
    int64_t window, stride;             /* rows of a window (0: none), and from one to the next */
    struct data_field *field;
    int field_count, field_room;
    struct data_source source[SOURCE_COUNT];
    double train_share, val_share, test_share; /* of the main source; 1, 0, 0 without a split */
    struct span split_span;
    int fold, folds;                    /* val is fold `fold` of so many; 0: no folds */
    int weight;                         /* the field of the rows' weights, or -1 */
    int total_weight;                   /* VAR_ACCUMULATOR of metrics: their sum, or -1 */
    bool over_weights;                  /* losses are divided by their sum, not by the rows */
    int stratify;                       /* the field whose classes are split alike, or -1 */
    bool by_column;                     /* KEY_PART says the part */
    const char *part_value[3];          /* its cells for train, val, test; NULL: none, or (train,
                                         * where another is given) all others */
    bool shuffle;                       /* the split draws a permutation */
    bool augmented;
    bool has_seed;
    uint64_t seed;
};

/* A report of the epoch before, as a VAR_STATE that the run sets. */
struct watched {
    const char *part, *name;            /* "val", "loss" */
    int report, variable;
    bool lower;                         /* better */
    struct span span;
};

/* The learning rate of some parameters, as the log tells it. */
struct rate {
    const char *name;                   /* "lr", or "lr PATTERN" by the `for` that it is of */
    float value;                        /* where variable is -1 */
    int variable;                       /* a VAR_STATE that holds that of the last step */
};

/* A total over the cases of a part in the order of their scores (docs/numerics.md, section 5). */
enum ranking_form { RANKING_NONE, RANKING_ROC_AREA, RANKING_AVERAGE_PRECISION, RANKING_COUNT };
struct ranking {
    enum ranking_form form;
    int score, mark;                    /* VAR_COLLECTED, f32[b, n]; mark: weight of a true case,
                                         * -weight of one that is not */
    int total;                          /* VAR_ACCUMULATOR of k elements: case i is of i % k */
    struct span span;
};

struct report { const char *name; bool loss; bool better_lower; int variable; };

struct train_desc {
    uint64_t seed;
    int64_t epochs, steps, batch;       /* one of epochs and steps is 0 */
    int64_t shards;                     /* that a batch is cut into; 1: not */
    struct span shards_span;
    int64_t rows;                       /* computed at a time: of a batch, or its largest shard */
    bool shuffle;                       /* a new order each epoch */
    bool drop_last;                     /* an epoch has full batches only */
    bool streams;                       /* a scan goes on from the batch before: each place of a
                                         * batch has a stretch of the part, in order */
    struct span streams_span;
    int64_t patience;                   /* 0: none */
    float patience_by;                  /* what is not better by more counts as none */
    float average;                      /* 0: none */
    const char *keep_best;              /* "val.accuracy" or NULL */
    int keep_report;
};

/* A call of a block where the user's own files make it, in phase train.  Its number is its place
 * in program->layer; number 0 is none, 1 the model itself. */
struct layer_call {
    const char *path, *block;           /* "stage/0/dense1", "dense" */
    const char *output;                 /* its type: "f32[128]" */
    int outer;                          /* the number of the call around it, or 0 */
};

/* What an argument of a block was given: a node of the graph, or numbers and words that are known
 * (a list has several numbers, false and true are 0 and 1, none has none). */
enum { GIVEN_NUMBERS = 8 };
struct block_given {
    const char *name, *word;
    double number[GIVEN_NUMBERS];
    int count, node;                    /* node: -1 where it is none */
};

/* A call of a block while phase predict is lowered.  Where its result is an argument as it is, a
 * node was put behind that, so that no two calls have one result. */
struct block_call {
    const char *block, *path;
    const char *random_path;            /* of the streams that it draws from */
    bool library;
    struct block_given *given;
    int given_count;
    int result;                         /* the node */
    int first_asked, last_asked;        /* of program->asked: those from within it, up to the last,
                                         * which is not of it */
    struct block_call *before;
};

/* A place at which the model asks whether it is `training`, while phase predict is lowered: of a
 * block of the library, the user's call of it. */
struct training_asked { struct span span; const char *block; /* of the library; or NULL */ };

/* What of a scan phase predict does not have. */
struct scan_note { int loop; int64_t detach; bool stateful; struct scan_note *before; };

/* A name of the model's body, while phase predict is lowered. */
struct node_name { const char *name; int node; struct node_name *before; };

/* A microcontroller's memory in bytes. */
struct target_desc {
    const char *name;
    int64_t ram, flash;
    struct span span, ram_span, flash_span;
};

/* output text = generate(logits, ...): how text is drawn from the logits of each place. */
struct generate_desc {
    int output, field;                  /* VAR_OUTPUT of the logits; the number of the input */
    int node;                           /* the logits, while they are lowered */
    const char *prompt;
    int64_t count, top_k;               /* tokens to add; of so many of the likeliest, 0: of all */
    float temperature;
    bool has_seed;                      /* else the run's */
    uint64_t seed;
    uint32_t stream;
    int place, token, logits;           /* of phase generate, or -1: set by pass_generate */
    const char *whole;                  /* where there is no such phase: the operator that stands */
    struct span whole_span;             /* against it, and its line */
    struct span span;
};

/* A place of a source that an editor asks about, and what lowering finds there: of the narrowest
 * expression or name around it. */
enum { LOOK_VALUES = 4 };
struct query {
    int source, line, column;
    struct span span, call;             /* of what was found; source 0: nothing */
    const char *value[LOOK_VALUES];     /* "f32[3]": different ones, of several calls of a block */
    int count;
    bool more;                          /* than fit */
    const char *path;                   /* of the call's parameters; NULL: no block is called */
};

/* An operator that the model declares, whose C is in a file beside it.  Numbers come last in calls
 * of its functions: graph/custom.h. */
struct custom_argument { const char *name; enum dtype dtype; };
struct custom {
    const char *name;
    int source;                         /* of its C, in diags */
    struct custom_argument *argument;   /* the tensors */
    const char **number;                /* names of the numbers */
    int argument_count, number_count, number_room;
    enum dtype dtype;                   /* of the result */
    struct span span;
};

struct program {
    struct arena *arena;
    struct diags *diags;
    const char *name;                   /* the model's, a C identifier */
    const char *model_path;             /* as the user gave it */
    const char *model_folder;           /* its folder from the trainer's; NULL: left open */
    const char **included;              /* files that it includes */
    int included_count;
    const char *const *define;          /* NAME=VALUE of -D */
    int define_count;
    char model_sha256[65];              /* of its tokens: see language/load.h */
    struct variable **variable;
    int variable_count, variable_room;
    struct graph *phase[PHASE_COUNT];   /* NULL where there is nothing to do */
    struct data_desc data;
    struct train_desc train;
    struct generate_desc *generate;     /* NULL: the model generates no text */
    struct report *report;
    int report_count, report_room;
    struct ranking *ranking;
    int ranking_count, ranking_room;
    struct watched *watched;
    int watched_count, watched_room;
    struct rate *rate;
    int rate_count, rate_room;
    struct layer_call *layer;
    int layer_count, layer_room;
    struct custom *custom;              /* those that something calls */
    int custom_count, custom_room;
    struct query *query;                /* asked for, by editors; or NULL */
    bool part;                          /* no model, but a file that models include */
    bool notes_calls;                   /* asked for, by export; then: */
    struct block_call *called;          /* the last one */
    struct node_name *named;
    struct training_asked *asked;
    int asked_count, asked_room;
    struct scan_note *scanned;          /* the last one */
    struct target_desc *target;
    int target_count, target_room;
    int sample;                         /* the VAR_SAMPLE */
    uint32_t stream_split, stream_shuffle;
    int64_t arena_bytes, arena_bound;   /* planned, and the liveness lower bound */
    int64_t saved_bytes;                /* parameters and buffers: the arena's first bytes */
    int64_t text_start, text_bytes;     /* the arena's end: what phase generate has to itself; 0
                                         * bytes: there is none */
    int64_t band_start, band_bytes;     /* scratch that a thread has for bands: where its offsets
                                         * begin, behind the arena; 0 bytes: there are no bands */
    int64_t frozen_bytes;               /* of them those of variables in flash, a multiple of 64 */
    int64_t sums, sums_bytes;           /* update apart: where VAR_LOSS and VAR_SHARD lie */
    int64_t partial_sums;               /* with shards: sums of earlier ones of the pairwise tree,
                                         * each of a multiple of 64 bytes */
    int64_t partial_bytes;              /* of all of them */
    int64_t shard_begin, shard_end;     /* with shards: what of the arena is of the shard at hand */
    int partial_count;                  /* how many wait at a time, at most */
    int tuning_groups;                  /* so many groups of init write all others */
    bool library_kernels;               /* CUDA: contractions by cuBLASLt, --kernels library */
    bool has_scratch;                   /* target c: threads have some, for bands */
    bool spares_memory;                 /* target firmware: nothing is copied to be read faster */
    bool only_predicts;                 /* pass_inference has run: it cannot train */
    bool keeps_gradients;               /* a trainer that has them in memory: --log-norms */
};

const char *phase_name(enum phase);
/* Whether a batch is cut into shards, each of which gives a part of the step's sums. */
bool program_has_shards(const struct program *);
/* Whether the update is a phase of its own, which reads gradients and buffers of the whole batch
 * from memory: with shards, or where gradients are kept. */
bool program_updates_apart(const struct program *);
struct variable *program_add_variable(struct program *, enum variable_kind, const char *path,
                                      enum dtype, const struct shape *, struct span);
struct variable *program_variable(const struct program *, int id);
/* Whether a step finds f32 in it that an earlier step left. */
bool variable_lasts(const struct variable *);
/* The parameter, or block of some, that an average is of; NULL where there is none. */
struct variable *program_average_of(const struct program *, const struct variable *average);
/* Whether it is a buffer that is fitted to the data, and no layer's. */
bool program_is_statistic(const struct program *, int variable);
/* Of one row, as a weights file has it. */
int64_t variable_file_bytes(const struct variable *);

/* Whether a field is read from such files: FORM_IMAGE, FORM_SOUND. */
bool program_reads(const struct program *, enum cell_form);

/* The path of the model or of what it includes, from the model's folder: so that what is emitted
 * does not depend on where the model lies. */
const char *program_file(const struct program *, const char *path);

#endif
